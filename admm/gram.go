package admm

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// A gramSolver solves (rho I + N) h = b, N = F M^-1 F', for changing rho.
type gramSolver interface {
	refactor(rho float64) error
	solve(h, b []float64)
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

func (c *cholesky) solve(h, b []float64) {
	copy(h, b)
	x := blas64.Vector{N: len(h), Data: h, Inc: 1}
	blas64.Trsv(blas.Trans, c.upper, x)
	blas64.Trsv(blas.NoTrans, c.upper, x)
}

// conjugateGradient runs on rho I + N without forming N. In the space of the
// samples the method sees the weights' system preconditioned by M; the diagonal
// of N evens out what samples of different length leave. Each solve starts from
// the last solution, so late iterations need a few products only.
type conjugateGradient struct {
	op       Operator
	rho      float64
	diagonal []float64
	weights  []float64 // m x d
	r, p, q  []float64
}

// cgTolerance is the relative residual of a solve. ADMM tolerates inexact steps
// as long as their errors are summable; warm starts make this one shrink with
// the moves of the iterates.
const (
	cgTolerance     = 1e-10
	cgMaxIterations = 200
)

func newConjugateGradient(op Operator) *conjugateGradient {
	n, m, d := op.Dims()
	return &conjugateGradient{
		op: op, diagonal: op.GramDiagonal(), weights: make([]float64, m*d),
		r: make([]float64, n), p: make([]float64, n), q: make([]float64, n),
	}
}

func (c *conjugateGradient) refactor(rho float64) error {
	c.rho = rho
	return nil
}

// apply sets dst to (rho I + N) x.
func (c *conjugateGradient) apply(dst, x []float64) {
	c.op.Adjoint(c.weights, x)
	c.op.SolveMetric(c.weights, c.weights)
	c.op.Apply(dst, c.weights)
	floats.AddScaled(dst, c.rho, x)
}

func (c *conjugateGradient) solve(h, b []float64) {
	c.apply(c.r, h)
	floats.SubTo(c.r, b, c.r)
	target := cgTolerance * floats.Norm(b, 2)
	clear(c.p)
	last := 0.0
	for range cgMaxIterations {
		if floats.Norm(c.r, 2) <= target {
			return
		}
		now := 0.0
		for i, r := range c.r {
			now += r * r / (c.rho + c.diagonal[i])
		}
		momentum := 0.0
		if last > 0 {
			momentum = now / last
		}
		for i, r := range c.r {
			c.p[i] = r/(c.rho+c.diagonal[i]) + momentum*c.p[i]
		}
		c.apply(c.q, c.p)
		curvature := floats.Dot(c.p, c.q)
		if !(curvature > 0) || math.IsInf(curvature, 0) {
			return
		}
		step := now / curvature
		floats.AddScaled(h, step, c.p)
		floats.AddScaled(c.r, -step, c.q)
		last = now
	}
}
