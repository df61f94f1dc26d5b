package svm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Where a solve ends, products of numbers and their multipliers differ little: the dual
// point is not near the boundary of what is feasible, but where its bound demands that.
func TestCentral(t *testing.T) {
	for trial := range 12 {
		rng := rand.New(rand.NewPCG(4, uint64(trial)))
		const n = 80
		size := []int{30, 80, 200}[trial%3]
		y := normals(rng, n)
		for i, v := range y {
			y[i] = math.Copysign(1, v)
		}
		m := New(y, []float64{0.5, 3}[trial/3%2])
		for range size {
			a := normals(rng, n)
			for i, v := range a {
				a[i] = max(0, v)
			}
			m.Add(a)
		}
		for _, tolerance := range []float64{1e-2, 1e-3, 1e-5} {
			p := newProgram(m)
			s, it := newSearch(m, p), newInterior(p)
			if s.run(t.Context(), it, tolerance); s.gap() > tolerance {
				t.Errorf("trial %d: gap %v", trial, s.gap())
			}
			least, most := math.Inf(1), 0.0
			for j, x := range it.at.x {
				product := x * it.at.z[j] / it.mu
				least, most = min(least, product), max(most, product)
			}
			if least < 0.01 || most > 100 {
				t.Errorf("trial %d, tolerance %v: products from %g to %g of their mean", trial, tolerance, least, most)
			}
		}
	}
}
