package admm

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// partialCholesky approximates rho I + N by rho I + L L' with a few columns of N,
// chosen by pivoting on the largest diagonal entry left (Harbrecht, Peters and
// Schneider, 2012). It needs columns of N one at a time and is inverted by the
// Woodbury identity.
type partialCholesky struct {
	rho   float64
	rows  blas64.General // L', q x n
	gram  blas64.General // L'L, q x q
	inner blas64.General // factor of rho I + L'L, by kernel.Cholesky
	t     []float64      // q
}

// maxColumns bounds q: 256 columns take 2 kB for each sample.
const (
	maxColumns  = 256
	columnsDone = 1e-6 // of the largest diagonal entry: what is left then is noise
)

func newPartialCholesky(op Operator) *partialCholesky {
	n, _, _ := op.Dims()
	left := op.GramDiagonal()
	first := floats.Max(left)
	most := min(maxColumns, n)
	c := &partialCholesky{rows: blas64.General{Cols: n, Stride: n, Data: make([]float64, 0, most*n)}}
	for range most {
		pivot := floats.MaxIdx(left)
		if !(left[pivot] > columnsDone*first) {
			break
		}
		row := make([]float64, n)
		op.GramColumn(row, pivot)
		for k := range c.rows.Rows {
			earlier := c.row(k)
			floats.AddScaled(row, -earlier[pivot], earlier)
		}
		floats.Scale(1/math.Sqrt(left[pivot]), row)
		for i, v := range row {
			left[i] -= v * v
		}
		left[pivot] = 0
		c.rows.Data = append(c.rows.Data, row...)
		c.rows.Rows++
	}
	q := c.rows.Rows
	c.t = make([]float64, q)
	c.gram = blas64.General{Rows: q, Cols: q, Stride: max(q, 1), Data: make([]float64, q*q)}
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, c.rows, c.rows, 0, c.gram)
	return c
}

func (c *partialCholesky) row(k int) []float64 {
	return c.rows.Data[k*c.rows.Stride : k*c.rows.Stride+c.rows.Cols]
}

func (c *partialCholesky) refactor(rho float64) error {
	q := c.gram.Rows
	factor := c.gram
	factor.Data = append([]float64(nil), c.gram.Data...)
	for k := range q {
		factor.Data[k*q+k] += rho
	}
	if !kernel.Cholesky(factor) {
		return ErrNotPositiveDefinite
	}
	c.rho, c.inner = rho, factor
	return nil
}

// apply sets dst to (rho I + L L')^-1 r.
func (c *partialCholesky) apply(dst, r []float64) {
	copy(dst, r)
	if c.rows.Rows > 0 {
		kernel.MulVec(c.t, c.rows, r)
		kernel.SolveCholesky(c.inner, c.t)
		kernel.AddMulTransVec(dst, -1, c.rows, c.t)
	}
	floats.Scale(1/c.rho, dst)
}
