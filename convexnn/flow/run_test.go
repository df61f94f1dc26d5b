package flow_test

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// The units of X change no direction.
func TestUnits(t *testing.T) {
	x, y := rays()
	one := run(t, x, y, flow.Options{WithoutProgram: true})
	for _, scale := range []float64{0x1p-100, 0x1p20, 0x1p100} {
		var scaled mat.Dense
		scaled.Scale(scale, x)
		r := run(t, &scaled, y, flow.Options{WithoutProgram: true})
		if math.Abs(r.Upper*scale/one.Upper-1) > 1e-4 || math.Abs(r.Certificate.LowerBound*scale/one.Certificate.LowerBound-1) > 1e-4 {
			t.Errorf("scale %g: bracket [%g, %g], not [%g, %g]", scale, r.Certificate.LowerBound*scale, r.Upper*scale, one.Certificate.LowerBound, one.Upper)
		}
		if math.Abs(r.Time*scale/one.Time-1) > 3e-3 {
			t.Errorf("scale %g: time %g, not %g", scale, r.Time*scale, one.Time)
		}
	}
}

func TestReproducible(t *testing.T) {
	x, y := gaussian(rand.New(rand.NewPCG(2, 4)), 12, 3)
	o := flow.Options{Neurons: 30, Seed: 7, WithoutProgram: true}
	a := run(t, x, y, o)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if b := run(t, x, y, o); !reflect.DeepEqual(a, b) {
		t.Error("two runs with one seed differ")
	}
}

func TestStopped(t *testing.T) {
	x, y := rays()
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	r, err := flow.Run(ctx, x, y, flow.Options{WithoutProgram: true, Progress: func(c *flow.Checkpoint) {
		if calls++; calls == 10 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != convexnn.Stopped || len(r.Checkpoints) < 10 || len(r.Checkpoints) > 11 || calls != len(r.Checkpoints) {
		t.Errorf("status %v, %d checkpoints, %d calls", r.Status, len(r.Checkpoints), calls)
	}
	if last := r.Checkpoints[len(r.Checkpoints)-1]; last.LogRho != r.LogRho || len(r.Network.Neurons) != 20 {
		t.Errorf("the result is at %v, the last checkpoint at %v", r.LogRho, last.LogRho)
	}
	if r.Certificate.LowerBound <= 0 || r.Certificate.LowerBound > raysOptimum {
		t.Errorf("the bound is %v", r.Certificate.LowerBound)
	}
	cancelled, stop := context.WithCancel(t.Context())
	stop()
	if r, err = flow.Run(cancelled, x, y, flow.Options{}); err != nil || r.Status != convexnn.Stopped || r.GloballyOptimal {
		t.Errorf("after the end of ctx: %v, %v", r, err)
	}
}
