package flow_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// Small integers make rows repeat, oppose and depend on each other, and forces cancel to the
// last bit. The flow gets through, brackets do not cross, and dead neurons are dead.
func TestCoincidences(t *testing.T) {
	runs, dead, slid := 0, 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 77))
		n, d := 2+rng.IntN(9), 1+rng.IntN(3)
		x, y := mat.NewDense(n, d, nil), make([]float64, n)
		for i := range n {
			y[i] = float64(1 - 2*rng.IntN(2))
			for k := range d {
				x.Set(i, k, float64(rng.IntN(3)-1))
			}
		}
		r, err := flow.Run(t.Context(), x, y, flow.Options{
			Seed: seed, Neurons: 1 + rng.IntN(20), WithoutProgram: true, Checkpoints: 10, Loss: losses[seed%2], MaxSteps: 5000,
		})
		if errors.Is(err, convexnn.ErrNotSeparable) || errors.Is(err, convexnn.ErrLabels) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		runs++
		if slices.Contains(r.Warnings, flow.StepsUsedUp) || slices.Contains(r.Warnings, flow.StepTooSmall) {
			t.Errorf("seed %d: %v after %d steps", seed, r.Warnings, r.Steps)
		}
		if r.Separated && r.Certificate.LowerBound > r.Upper*(1+1e-9) {
			t.Errorf("seed %d: the bracket is [%v, %v]", seed, r.Certificate.LowerBound, r.Upper)
		}
		for j, h := range r.Neurons {
			active, right := 0, 0
			for i := range n {
				if z := floats.Dot(h.Weights, x.RawRowView(i)); z > 1e-6*h.Norm {
					active++
					if y[i]*h.Output > 0 {
						right++
					}
				}
			}
			if h.Dead && (active > 0 || h.Sliding > 0 || h.WrongSide) || h.WrongSide && right > 0 || !h.Dead && active == 0 && h.Sliding == 0 && h.Active == 0 {
				t.Errorf("seed %d, neuron %d: dead %v, on the wrong side %v, active on %d samples, %d of its sign", seed, j, h.Dead, h.WrongSide, active, right)
			}
			if h.Dead {
				dead++
			}
			slid += h.Sliding
		}
	}
	if runs < 40 || dead == 0 || slid == 0 {
		t.Errorf("%d runs with %d dead neurons and %d slides are no test", runs, dead, slid)
	}
}
