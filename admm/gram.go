package admm

import (
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel"
)

// A gramSolver solves (rho I + N) h = b, N = F M^-1 F', for changing rho.
// accuracy is the residual relative to b that an iterative one may leave. A
// refactor that fails leaves the solver as it was.
type gramSolver interface {
	refactor(rho float64) error
	solve(h, b []float64, accuracy float64)
}

// cholesky keeps N and a factor of rho I + N.
type cholesky struct {
	gram  blas64.General
	spare []float64      // n x n, for the next factor
	upper blas64.General // of kernel.Cholesky
}

func newCholesky(gram blas64.General) *cholesky {
	return &cholesky{gram: gram}
}

func (c *cholesky) refactor(rho float64) error {
	n := c.gram.Rows
	if c.spare == nil {
		c.spare = make([]float64, n*n)
	}
	for i := range n {
		row := c.spare[i*n : (i+1)*n]
		copy(row, c.gram.Data[i*c.gram.Stride:i*c.gram.Stride+n])
		row[i] += rho
	}
	next := blas64.General{Rows: n, Cols: n, Stride: n, Data: c.spare}
	if !kernel.Cholesky(next) {
		return ErrNotPositiveDefinite
	}
	c.spare, c.upper = c.upper.Data, next
	return nil
}

func (c *cholesky) solve(h, b []float64, _ float64) {
	copy(h, b)
	kernel.SolveCholesky(c.upper, h)
}
