package convexnn

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
)

// Powers of two come and go without a trace, and beta with them; gains come back.
func TestScalesAreUndone(t *testing.T) {
	x, y := wave(3, 20, 4)
	for _, c := range []struct{ a, b float64 }{{1, 1}, {1 << 20, 1}, {1, 1 << 20}, {1e-7, 1e9}} {
		var xs mat.Dense
		xs.Scale(c.a, x)
		ys := make([]float64, len(y))
		for i := range ys {
			ys[i] = c.b * y[i]
		}
		k := newScales(Squared, &xs, ys, 0.3*c.a*c.b)
		samples, targets := k.Samples(&xs), k.Targets(ys)
		if s := mat.Norm(samples, 2) / math.Sqrt(20); s < 0.5 || s > 2 {
			t.Errorf("scales %g, %g: samples of order %g", c.a, c.b, s)
		}
		rng := rand.New(rand.NewPCG(4, 4))
		net := &Network{Dim: 4}
		for range 5 {
			h := Neuron{Weights: make([]float64, 4), Output: rng.NormFloat64() * c.b / c.a}
			for i := range h.Weights {
				h.Weights[i] = rng.NormFloat64()
			}
			net.Neurons = append(net.Neurons, h)
		}
		want, _, err := net.Objective(&xs, ys, 0.3*c.a*c.b)
		if err != nil {
			t.Fatal(err)
		}
		// The scaled problem at the scaled neurons has the scaled objective.
		scaled := &Network{Dim: 4}
		neurons := k.neurons(net)
		for _, h := range neurons {
			scaled.Neurons = append(scaled.Neurons, Neuron{Weights: h.Direction, Output: h.Gain[0]})
		}
		got, _, err := scaled.Objective(samples, targets, k.Beta(0.3*c.a*c.b))
		if err != nil || math.Abs(got*k.Y*k.Y-want) > 1e-12*want {
			t.Errorf("scales %g, %g: objective %.12g, scaled %.12g (%v)", c.a, c.b, want, got*k.Y*k.Y, err)
		}
		back := k.network(&generation.Result{Neurons: neurons}, newTrainer(&xs, ys, 0.3*c.a*c.b, false, 1e-3))
		if got, _, err = back.Objective(&xs, ys, 0.3*c.a*c.b); err != nil || math.Abs(got-want) > 1e-12*want {
			t.Errorf("scales %g, %g: objective %.12g, and back %.12g (%v)", c.a, c.b, want, got, err)
		}
	}
}
