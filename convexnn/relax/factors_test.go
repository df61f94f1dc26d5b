package relax

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// In the plane the second moments of a cell are a sum of squares of neurons in it, and
// these neurons with the gains of ridge regression have the objective of the program.
func TestFactorsInThePlane(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 76))
		n, c := 3+rng.IntN(6), 1+rng.IntN(3)
		x, y := mat.NewDense(n, 2, nil), mat.NewDense(n, c, nil)
		for _, a := range []*mat.Dense{x, y} {
			a.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, a)
		}
		p, err := New(x, y, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		trace, err := p.Trace(t.Context(), TraceSettings{})
		if err != nil {
			t.Fatal(err)
		}
		var atoms [][]float64
		decay := 0.0
		for i, k := range trace.cones {
			sum := mat.NewSymDense(2, nil)
			for _, u := range trace.atoms(i) {
				sum.SymRankOne(sum, 1, mat.NewVecDense(2, u))
				for _, f := range k.facets {
					if floats.Dot(f, u) < -1e-12*floats.Norm(u, 2) {
						t.Errorf("seed %d: a neuron is %g outside of its cell", seed, floats.Dot(f, u))
					}
				}
				atoms = append(atoms, u)
				decay += floats.Dot(u, u)
			}
			if want := trace.moment(i); !mat.EqualApprox(sum, want, 1e-12*(1+mat.Trace(want))) {
				t.Errorf("seed %d: squares add up to %v, want %v", seed, mat.Formatted(sum), mat.Formatted(want))
			}
		}
		h := mat.NewDense(n, len(atoms), nil)
		for j, u := range atoms {
			h.SetCol(j, p.feature(u))
		}
		gram := mat.NewSymDense(len(atoms), nil)
		gram.SymOuterK(1, h.T())
		for j := range atoms {
			gram.SetSym(j, j, gram.At(j, j)+p.beta)
		}
		var chol mat.Cholesky
		if !chol.Factorize(gram) {
			t.Fatal("ridge regression failed")
		}
		targets := mat.NewDense(n, c, p.y.Data)
		var cross, gains, fit mat.Dense
		cross.Mul(h.T(), targets)
		if err := chol.SolveTo(&gains, &cross); err != nil {
			t.Fatal(err)
		}
		fit.Mul(h, &gains)
		fit.Sub(&fit, targets)
		loss, gain := mat.Norm(&fit, 2), mat.Norm(&gains, 2)
		got := p.back(loss*loss/2 + p.beta/2*(decay+gain*gain))
		if math.Abs(got-trace.Value) > 1e-9*trace.Value {
			t.Errorf("seed %d: the network has %.12g, the program %.12g", seed, got, trace.Value)
		}
	}
}
