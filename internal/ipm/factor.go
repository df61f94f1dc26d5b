package ipm

import (
	"slices"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// factors are the Cholesky factors of a Newton system: one of order d for each
// block, and one of order n.
type factors struct {
	hess   []blas64.General     // k of d x d: U_j in the upper triangle
	schur  blas64.General       // n x n: U of I + sum B_j'B_j in the upper triangle
	gram   *kernel.WeightedGram // X'Omega X, X with unit rows
	stack  *kernel.Stack        // the B_j of one group of blocks
	qcoeff []float64            // k: 2 a^2 - 1
}

// groupBlocks is the number of blocks whose B_j are held at once: so many that a
// panel of all of them stays in the cache.
func groupBlocks(d int) int { return max(1, 192/d) }

func newFactors(g *geometry, masked *kernel.Masked) factors {
	f := factors{
		hess: make([]blas64.General, g.k), schur: kernel.Dense(g.n, g.n), qcoeff: make([]float64, g.k),
		gram: kernel.NewWeightedGram(g.unit), stack: kernel.NewStack(masked, min(g.k, groupBlocks(g.d))),
	}
	for j := range f.hess {
		f.hess[j] = kernel.Dense(g.d, g.d)
	}
	return f
}

// factor computes the block factors and the Schur complement at a scaling.
func (nt *newton) factor(sc *scaling) bool {
	clear(nt.schur.Data)
	for lo := 0; lo < nt.k; lo += groupBlocks(nt.d) {
		hi := min(lo+groupBlocks(nt.d), nt.k)
		ok := make([]bool, hi-lo)
		parallel.For(hi-lo, func(c int) {
			if ok[c] = nt.factorBlock(sc, lo+c); ok[c] {
				nt.stack.Set(c, lo+c, nt.hess[lo+c])
			}
		})
		if slices.Contains(ok, false) {
			return false
		}
		nt.stack.AddTo(nt.schur, hi-lo)
	}
	if nt.Center {
		kernel.Mirror(nt.schur)
		kernel.CenterSymmetric(nt.schur)
	}
	for i := range nt.n {
		nt.schur.Data[i*nt.n+i]++
	}
	return kernel.Cholesky(nt.schur)
}

// factorBlock forms H_j and its factor U_j.
func (nt *newton) factorBlock(sc *scaling, j int) bool {
	d, r := nt.d, len(nt.rows)
	h := nt.hess[j]
	omega := make([]float64, r)
	for c, w := range sc.w[j*r : (j+1)*r] {
		omega[c] = 1 / (w * w)
	}
	nt.gram.Set(h, omega)
	p := sc.point[j*(d+1) : (j+1)*(d+1)]
	nt.qcoeff[j] = 2*p[0]*p[0] - 1
	inv := 1 / (sc.eta[j] * sc.eta[j])
	for a := range d {
		for b := range d {
			h.Data[a*d+b] -= inv * 2 / nt.qcoeff[j] * p[1+a] * p[1+b]
		}
		h.Data[a*d+a] += inv
	}
	return choleskyShifted(h)
}

// choleskyShifted factors h in place. Near the solution the condition of h passes
// what float64 holds; a shift of the size of the rounding then keeps the factor,
// and refinement makes up for the shift.
func choleskyShifted(h blas64.General) bool {
	d := h.Rows
	largest := 0.0
	for a := range d {
		largest = max(largest, h.Data[a*d+a])
	}
	work := slices.Clone(h.Data)
	for shift := 0.0; shift < 1e-6; shift = max(10*shift, 1e-16) {
		copy(h.Data, work)
		for a := range d {
			h.Data[a*d+a] += shift * largest
		}
		if kernel.Cholesky(h) {
			return true
		}
	}
	return false
}
