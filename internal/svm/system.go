package svm

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// system is what is left of Newton's equations without slacks and multipliers:
//
//	  D dq + B dg        = e          D (n), theta (k) positive diagonals
//	-B' dq + dg / theta  = u / theta
//
// Eliminating dg or dq leaves
//
//	(D + B theta B') dq = e - B u     or     (1/theta + B'D^-1 B) dg = u/theta + B'D^-1 e,
//
// of order n or k; the smaller is factored at first. Each has a weakness where the
// diagonals have spread: the first cannot tell samples apart that are the same, the
// second columns. Where a solution is lost to that, the other one takes over.
type system struct {
	*program
	d, theta []float64
	samples  bool           // of order n
	diagonal []float64      // of the matrix, without shift
	scaled   blas64.General // k x n: diag(theta)^1/2 B' or B' D^-1/2
	matrix   blas64.General // its factor in the upper triangle
}

func newSystem(p *program) *system {
	s := &system{
		program: p, d: make([]float64, p.n), theta: make([]float64, p.k), scaled: kernel.Dense(p.k, p.n),
		samples: p.n > p.k,
	}
	s.turn()
	return s
}

// turn changes the side that is eliminated.
func (s *system) turn() {
	s.samples = !s.samples
	order := s.k
	if s.samples {
		order = s.n
	}
	s.diagonal, s.matrix = make([]float64, order), kernel.Dense(order, order)
}

// factor factors the matrix of the current diagonals. It reports false if rounding
// leaves nothing of it.
func (s *system) factor() bool {
	if s.samples {
		for k := range s.k {
			floats.ScaleTo(s.scaled.Data[k*s.n:(k+1)*s.n], math.Sqrt(s.theta[k]), s.rows.Data[k*s.n:(k+1)*s.n])
		}
	} else {
		root := make([]float64, s.n)
		for i, v := range s.d {
			root[i] = 1 / math.Sqrt(v)
		}
		for k := range s.k {
			floats.MulTo(s.scaled.Data[k*s.n:(k+1)*s.n], root, s.rows.Data[k*s.n:(k+1)*s.n])
		}
	}
	// The shift is relative to the diagonal: rows may differ by many powers of ten. It
	// is nothing where the matrix is sound, and refinement makes up for it elsewhere.
	const first, more, last = 1e-15, 100, 1e-6
	for shift := first; shift < last; shift *= more {
		s.form(shift)
		if kernel.Cholesky(s.matrix) {
			return true
		}
	}
	return false
}

// form computes the upper triangle of the matrix.
func (s *system) form(shift float64) {
	const block = 192 // rows; what is left of it is not computed
	order, g, a := s.matrix.Rows, s.scaled, s.matrix
	for lo := 0; lo < order; lo += block {
		rows := min(block, order-lo)
		dst := blas64.General{Rows: rows, Cols: order - lo, Stride: a.Stride, Data: a.Data[lo*a.Stride+lo:]}
		if s.samples {
			left := blas64.General{Rows: s.k, Cols: rows, Stride: s.n, Data: g.Data[lo:]}
			right := blas64.General{Rows: s.k, Cols: order - lo, Stride: s.n, Data: g.Data[lo:]}
			kernel.Gemm(blas.Trans, blas.NoTrans, 1, left, right, 0, dst)
		} else {
			left := blas64.General{Rows: rows, Cols: s.n, Stride: s.n, Data: g.Data[lo*s.n:]}
			right := blas64.General{Rows: order - lo, Cols: s.n, Stride: s.n, Data: g.Data[lo*s.n:]}
			kernel.Gemm(blas.NoTrans, blas.Trans, 1, left, right, 0, dst)
		}
	}
	for i := range order {
		add := 0.0
		if s.samples {
			add = s.d[i]
		} else {
			add = 1 / s.theta[i]
		}
		at := &a.Data[i*a.Stride+i]
		*at += add
		s.diagonal[i] = *at
		*at *= 1 + shift
	}
}

// solve sets dq (n) and dg (k) to the solution for e (n) and u (k), with steps of
// refinement as long as they help. It reports false if these are not enough.
//
// The step that was eliminated is a small number times or divided by a large one. It is
// therefore accumulated, not recomputed: what lacks is what these very numbers leave.
func (s *system) solve(dq, dg, e, u []float64) bool {
	// Solutions come out at 1e-15 or, if they are lost, above 1e-9.
	const steps, enough, sound = 4, 1e-15, 1e-12
	r := make([]float64, len(s.diagonal))
	if s.samples {
		copy(r, e)
		s.subtract(r, u)
		copy(dg, u)
	} else {
		for i, v := range e {
			dq[i] = v / s.d[i]
		}
		s.adjoint(r, dq)
		for k, v := range u {
			r[k] += v / s.theta[k]
		}
	}
	first := s.size(r)
	last := math.Inf(1)
	tq, tg := make([]float64, s.n), make([]float64, s.k)
	for range steps {
		copy(tq, dq)
		copy(tg, dg)
		s.advance(tq, tg, r)
		now := s.defect(r, tq, tg, e, u)
		if !(now < last) {
			break
		}
		copy(dq, tq)
		copy(dg, tg)
		if last = now; now <= enough*first {
			break
		}
	}
	return last <= sound*first
}

// advance adds to dq and dg the solution for the defect r.
func (s *system) advance(dq, dg, r []float64) {
	x := append([]float64(nil), r...)
	kernel.SolveCholesky(s.matrix, x)
	if s.samples {
		floats.Add(dq, x)
		w := make([]float64, s.k)
		s.adjoint(w, x)
		for k, v := range w {
			dg[k] += s.theta[k] * v
		}
		return
	}
	floats.Add(dg, x)
	w := make([]float64, s.n)
	s.subtract(w, x)
	for i, v := range w {
		dq[i] += v / s.d[i]
	}
}

// defect sets r to what dq and dg leave of the equation that is reduced to, and returns
// its size.
func (s *system) defect(r, dq, dg, e, u []float64) float64 {
	if s.samples {
		copy(r, e)
		for i, v := range dq {
			r[i] -= s.d[i] * v
		}
		s.subtract(r, dg)
	} else {
		s.adjoint(r, dq)
		for k, v := range dg {
			r[k] += (u[k] - v) / s.theta[k]
		}
	}
	return s.size(r)
}

// size is a norm of right sides in which all rows count alike.
func (s *system) size(r []float64) float64 {
	sum := 0.0
	for i, v := range r {
		sum += v * v / s.diagonal[i]
	}
	return math.Sqrt(sum)
}
