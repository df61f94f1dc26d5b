package admm

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// A gramSolver solves (rho I + N) h = b, N = F M^-1 F', for changing rho.
// accuracy is the residual relative to b that an iterative one may leave.
type gramSolver interface {
	refactor(rho float64) error
	solve(h, b []float64, accuracy float64)
}

// cholesky keeps N and a factor of rho I + N.
type cholesky struct {
	gram   blas64.General
	factor blas64.General
	upper  blas64.Triangular
}

func newCholesky(gram blas64.General) *cholesky {
	return &cholesky{gram: gram, factor: blas64.General{
		Rows: gram.Rows, Cols: gram.Cols, Stride: gram.Cols, Data: make([]float64, gram.Rows*gram.Cols),
	}}
}

func (c *cholesky) refactor(rho float64) error {
	n := c.gram.Rows
	for i := range n {
		row := c.factor.Data[i*n : (i+1)*n]
		copy(row, c.gram.Data[i*c.gram.Stride:i*c.gram.Stride+n])
		row[i] += rho
	}
	sym := blas64.Symmetric{N: n, Stride: n, Data: c.factor.Data, Uplo: blas.Upper}
	upper, ok := lapack64.Potrf(sym)
	if !ok {
		return ErrNotPositiveDefinite
	}
	c.upper = upper
	return nil
}

func (c *cholesky) solve(h, b []float64, _ float64) {
	copy(h, b)
	x := blas64.Vector{N: len(h), Data: h, Inc: 1}
	blas64.Trsv(blas.Trans, c.upper, x)
	blas64.Trsv(blas.NoTrans, c.upper, x)
}
