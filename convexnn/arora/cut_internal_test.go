package arora

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Weak duality: whatever v is, the bound of a cut holds for every tuple, and so does
// every bound that its threshold promises.
func TestCutsAreLowerBounds(t *testing.T) {
	sharp := 0
	for seed := range uint64(16) {
		rng := rand.New(rand.NewPCG(seed, 6))
		n, d := 4+rng.IntN(4), 1+rng.IntN(3)
		x, y := mat.NewDense(n, d, nil), make([]float64, n)
		for i := range n {
			for j := range d {
				x.Set(i, j, float64(rng.IntN(7)-3))
			}
			y[i] = rng.NormFloat64()
		}
		settings := Settings{Neurons: 2, Intercept: rng.IntN(2) == 0}
		if rng.IntN(2) == 0 {
			settings.Beta = rng.Float64()
		}
		p, err := newProblem(t.Context(), x, y, settings)
		if err != nil || len(p.cells) == 0 {
			t.Fatal(err, len(p.cells))
		}
		s := newSearch(p, Cost{Neurons: 2, Samples: n, Cells: float64(len(p.cells))}, settings)
		draw := func() []int { return []int{rng.IntN(p.signed()), rng.IntN(p.signed())} }
		for range 12 {
			own := draw()
			var v []float64
			switch rng.IntN(3) {
			case 0:
				v = s.program.relax(own)
			case 1:
				if _, v, err = s.program.solve(t.Context(), own); err != nil {
					t.Fatal(err)
				}
			case 2:
				v = append([]float64(nil), p.y...)
				for i := range v {
					v[i] += 0.1 * rng.NormFloat64()
				}
				p.centre(v)
			}
			c := newCut(s.program, p.y, v, p.signed(), 0, nil)
			for range 12 {
				tuple := draw()
				blocks, _, err := s.program.solve(t.Context(), tuple)
				if err != nil {
					t.Fatal(err)
				}
				net, err := p.network(blocks)
				if err != nil {
					t.Fatal(err)
				}
				value, _, err := net.Objective(x, y, settings.Beta)
				if err != nil {
					t.Fatal(err)
				}
				value /= p.units(1)
				bound := s.program.bound(c.yv, c.vv, c.top(tuple))
				if bound > value+1e-9*(1+value) {
					t.Fatalf("seed %d: bound %.12g of a tuple with the value %.12g", seed, bound, value)
				}
				if bound > 0.9*value {
					sharp++
				}
				if most := s.program.threshold(c.yv, c.vv, bound*(1-1e-9)); bound > 0 && c.top(tuple) > most*(1+1e-9) {
					t.Fatalf("seed %d: top price %g of the bound %g, the threshold says %g", seed, c.top(tuple), bound, most)
				}
			}
		}
	}
	if sharp < 100 {
		t.Errorf("only %d bounds were near their values, which tests little", sharp)
	}
}
