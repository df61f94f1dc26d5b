package conic_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/admm/conic"
)

// A linear contraction in five dimensions is solved in a few dozen steps, the plain
// iteration takes thousands.
func TestAndersonOfALinearMap(t *testing.T) {
	rates := []float64{0.999, -0.9, 0.5, 0.99, 0.1}
	next := func(v []float64) ([]float64, float64) {
		g := make([]float64, len(v))
		for i, r := range rates {
			g[i] = r*(v[i]-1) + 1
		}
		return g, floats.Distance(g, v, 2)
	}
	a, v := conic.NewAnderson(10), make([]float64, len(rates))
	steps := 0
	for ; steps < 100; steps++ {
		g, norm := next(v)
		if norm < 1e-10 {
			break
		}
		v = a.Next(v, g, norm)
	}
	if off := floats.Distance(v, []float64{1, 1, 1, 1, 1}, 2); steps > 40 || off > 1e-6 {
		t.Errorf("off by %g after %d steps", off, steps)
	}
}

// A combined step after which the residual is larger is taken back; no step is longer
// than the iterate.
func TestAndersonFallsBack(t *testing.T) {
	a := conic.NewAnderson(5)
	v := []float64{1, 1}
	for k := range 30 {
		// A map that is contracting here, and whose residuals pretend to grow.
		g := []float64{0.9 * v[0], -0.8 * v[1]}
		next := a.Next(v, g, math.Pow(2, float64(k)))
		if d := floats.Distance(next, g, 2); d > floats.Norm(g, 2) {
			t.Fatalf("step %d: %g from the plain one", k, d)
		}
		if k > 0 && floats.Distance(next, g, 2) > 0 {
			// Combined: whatever comes next is taken back to g.
			if back := a.Next(next, []float64{7, 7}, math.Pow(2, float64(k+1))); !floats.Equal(back, g) {
				t.Fatalf("step %d: went on to %v, the plain step was %v", k, back, g)
			}
			return
		}
		v = next
	}
	t.Fatal("no step was combined")
}
