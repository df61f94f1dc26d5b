package svm

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
)

func randomSystem(rng *rand.Rand, n, k int, spread float64) *system {
	p := &program{n: n, k: k, rows: kernel.Dense(k, n)}
	for i := range p.rows.Data {
		p.rows.Data[i] = rng.NormFloat64()
	}
	s := newSystem(p)
	for _, diagonal := range [][]float64{s.d, s.theta} {
		for i := range diagonal {
			diagonal[i] = math.Pow(10, spread*(2*rng.Float64()-1))
		}
	}
	return s
}

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// Whichever side is eliminated, the solution is that of the whole system.
func TestSystem(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, size := range [][2]int{{1, 1}, {7, 3}, {3, 7}, {250, 30}, {30, 250}} {
		n, k := size[0], size[1]
		s := randomSystem(rng, n, k, 2)
		e, u := normals(rng, n), normals(rng, k)
		whole, right := mat.NewDense(n+k, n+k, nil), mat.NewVecDense(n+k, nil)
		for i := range n {
			whole.Set(i, i, s.d[i])
			right.SetVec(i, e[i])
			for j := range k {
				whole.Set(i, n+j, s.rows.Data[j*n+i])
				whole.Set(n+j, i, -s.rows.Data[j*n+i])
			}
		}
		for j := range k {
			whole.Set(n+j, n+j, 1/s.theta[j])
			right.SetVec(n+j, u[j]/s.theta[j])
		}
		var want mat.VecDense
		if err := want.SolveVec(whole, right); err != nil {
			t.Fatal(err)
		}
		if s.samples != (n <= k) {
			t.Errorf("%v: order n: %v", size, s.samples)
		}
		for range 2 {
			dq, dg := make([]float64, n), make([]float64, k)
			if !s.factor() || !s.solve(dq, dg, e, u) {
				t.Fatalf("%v: no solution", size)
			}
			off := max(floats.Distance(dq, want.RawVector().Data[:n], math.Inf(1)), floats.Distance(dg, want.RawVector().Data[n:], math.Inf(1)))
			if scale := mat.Norm(&want, math.Inf(1)); !(off < 1e-10*scale) {
				t.Errorf("%v, order n %v: off by %g of %g", size, s.samples, off, scale)
			}
			s.turn()
		}
	}
}

// Diagonals that have spread as they do near a solution leave both equations true, as
// dq and dg stand, to the last digits.
func TestSystemNearASolution(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 20 {
		// Ten samples on their margin and ten columns with gains.
		s := randomSystem(rng, 30, 20, 1)
		e, u := normals(rng, 30), normals(rng, 20)
		for i := range s.d {
			if s.d[i] *= 1e9; i < 10 {
				s.d[i] *= 1e-18
				e[i] *= 1e-9
			}
		}
		for k := range s.theta {
			if s.theta[k] *= 1e9; k >= 10 {
				s.theta[k] *= 1e-18
				u[k] *= 1e-9
			}
		}
		dq, dg := make([]float64, 30), make([]float64, 20)
		if !s.factor() || !s.solve(dq, dg, e, u) {
			t.Fatal("no solution")
		}
		prices := make([]float64, 20)
		s.adjoint(prices, dq)
		for k, v := range prices {
			size := math.Abs(u[k]/s.theta[k]) + math.Abs(dg[k]/s.theta[k]) + floats.Norm(dq, 1)
			if lack := u[k]/s.theta[k] + v - dg[k]/s.theta[k]; math.Abs(lack) > 1e-13*size {
				t.Errorf("column %d: %g of %g is missing", k, lack, size)
			}
		}
		fit := make([]float64, 30)
		s.subtract(fit, dg)
		for i, v := range fit {
			if lack := e[i] + v - s.d[i]*dq[i]; math.Abs(lack) > 1e-13*(math.Abs(e[i])+floats.Norm(dg, 1)) {
				t.Errorf("sample %d: %g is missing", i, lack)
			}
		}
	}
}

// Equal columns that both matter are told apart in order n only, equal samples in order K
// only, and a solution that is lost is known to be.
func TestLostSolutions(t *testing.T) {
	const n, large, small = 8, 1e12, 1e-12
	rng := rand.New(rand.NewPCG(3, 1))
	for _, columns := range []bool{true, false} {
		s := randomSystem(rng, n, n, 0)
		e, u := normals(rng, n), normals(rng, n)
		for i := range n {
			s.d[i], s.theta[i] = large, small
			u[i] *= small
		}
		s.d[0], s.theta[0], e[0], u[0] = small, large, 1e3*small, 1e3
		if columns {
			copy(s.rows.Data[n:2*n], s.rows.Data[:n])
			s.theta[1], u[1] = 2*large, -1e3
		} else {
			for k := range n {
				s.rows.Data[k*n+1] = s.rows.Data[k*n]
			}
			s.d[1], e[1] = 2*small, -1e3*small
		}
		for range 2 {
			dq, dg := make([]float64, n), make([]float64, n)
			if sound := s.factor() && s.solve(dq, dg, e, u); sound != (s.samples == columns) {
				t.Errorf("columns %v, order n %v: sound %v", columns, s.samples, sound)
			}
			s.turn()
		}
	}
}
