package conic_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

// Data of any size give finite numbers or an error.
func TestExtremes(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p, _ := random(rng, mixtures[seed%4], 10, seed%2 == 0)
		size := func() float64 { return math.Pow(10, float64(100*(rng.IntN(7)-3))) }
		stretch := func(a *conic.Matrix, by func() float64) *conic.Matrix {
			b := conic.NewBuilder(a.Dims())
			a.All(func(i, j int, v float64) { b.Add(i, j, v*by()) })
			return b.Matrix()
		}
		if seed%3 == 0 {
			s := size()
			p.A = stretch(p.A, func() float64 { return s })
		}
		if seed%5 == 0 {
			s := size()
			for i := range p.B {
				p.B[i] *= s
			}
		}
		if seed%7 == 0 {
			s := size()
			for j := range p.C {
				p.C[j] *= s
			}
		}
		if seed%11 == 0 {
			p.A = stretch(p.A, size)
		}
		r, err := conic.Solve(t.Context(), p, conic.Settings{MaxIterations: 100})
		if err != nil {
			if !errors.Is(err, conic.ErrNumerical) && !errors.Is(err, conic.ErrInvalid) {
				t.Errorf("seed %d: %v", seed, err)
			}
			continue
		}
		numbers := []float64{r.Objective, r.Dual, r.PrimalResidual, r.DualResidual, r.Gap, r.CertificateResidual}
		for _, v := range slices.Concat(numbers, r.X, r.Y, r.S, r.Certificate) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("seed %d: a result of %v", seed, v)
			}
		}
		if bound, err := conic.Bound(p, r.Y, r.X, nil); math.IsNaN(bound) || math.IsInf(bound, 1) {
			t.Errorf("seed %d: bound %v, %v", seed, bound, err)
		}
	}
}
