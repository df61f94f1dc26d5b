package conic_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

// Two second-order cones whose costs differ by up to a factor of 1e12: the residuals in
// the units given say nothing of the smaller one, and a solve that looked at nothing else
// would end with any value for it. The optimum is known by construction.
func TestConesOfDifferentScale(t *testing.T) {
	sizes := []int{5, 3}
	const m = 3
	solved := 0
	for seed := range uint64(220) {
		rng := rand.New(rand.NewPCG(seed, 20))
		n := sizes[0] + sizes[1]
		x, s, scale := make([]float64, n), make([]float64, n), make([]float64, n)
		at := 0
		for _, size := range sizes {
			// On opposite rays of the boundary, so that they are orthogonal.
			norm, d := 0.0, math.Pow(10, 12*rng.Float64()-6)
			for j := 1; j < size; j++ {
				x[at+j] = rng.NormFloat64()
				norm = math.Hypot(norm, x[at+j])
			}
			x[at] = norm
			for j := range size {
				s[at+j], scale[at+j] = -0.7*x[at+j], d
			}
			s[at] = 0.7 * norm
			at += size
		}
		a := conic.NewBuilder(m, n)
		b, c := make([]float64, m), make([]float64, n)
		optimum := 0.0
		for j := range n {
			c[j] = s[j] * scale[j]
		}
		for i := range m {
			y := rng.NormFloat64()
			for j := range n {
				v := rng.NormFloat64()
				a.Add(i, j, v*scale[j])
				b[i] += v * x[j]
				c[j] += v * y * scale[j]
			}
			optimum += b[i] * y
		}
		p := &conic.Problem{C: c, A: a.Matrix(), B: b, Cones: []conic.Cone{
			{Kind: conic.SecondOrder, Size: sizes[0]}, {Kind: conic.SecondOrder, Size: sizes[1]},
		}}
		r, err := conic.Solve(t.Context(), p, conic.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != conic.Solved {
			continue
		}
		solved++
		if math.Abs(r.Objective-optimum) > 1e-3*(1+math.Abs(optimum)) {
			t.Errorf("seed %d: solved with the objective %.9g, the optimum is %.9g", seed, r.Objective, optimum)
		}
	}
	if solved < 165 {
		t.Errorf("only %d of 220 were solved", solved)
	}
}
