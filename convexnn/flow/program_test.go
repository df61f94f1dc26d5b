package flow_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/convexnn"
)

// The max-margin program of classes that are orthogonally separable is |w+| + |w-|, the
// hard margins of either class alone.
func TestProgramOfOrthogonalClasses(t *testing.T) {
	check := func(name string, got *convexnn.Result, want float64) {
		if c := got.Certificate; math.Abs(got.Objective-want) > 1e-6*want || c.LowerBound > want*(1+1e-9) || c.LowerBound < want*(1-1e-6) {
			t.Errorf("%s: program in [%.9g, %.9g], closed form %.9g", name, c.LowerBound, got.Objective, want)
		}
	}
	x, y := rays()
	r, err := convexnn.Train(context.Background(), x, y, convexnn.Options{Loss: convexnn.HardMargin})
	if err != nil {
		t.Fatal(err)
	}
	check("rays", r, 1+math.Sqrt2/2)
	for d := 2; d <= 6; d++ {
		for seed := range uint64(4) {
			x, y := orthogonal(rand.New(rand.NewPCG(seed, uint64(d))), 8, d)
			r, err := convexnn.Train(context.Background(), x, y, convexnn.Options{Loss: convexnn.HardMargin, Tolerance: 1e-7})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("d = %d, seed %d: %.9f, %d neurons", d, seed, r.Objective, len(r.Network.Neurons))
			check("random", r, hardMargin(x, y, 1)+hardMargin(x, y, -1))
		}
	}
}
