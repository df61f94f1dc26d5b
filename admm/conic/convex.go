package conic

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel"
)

// convex tests that Q is positive semidefinite up to rounding.
func convex(q *Matrix) error {
	if q.count() == 0 {
		return nil
	}
	pl := &plan{n: q.cols}
	pl.tie(q)
	place := make([]int, pl.n)
	norm := make([]float64, len(pl.blocks))
	dense := make([]blas64.General, len(pl.blocks))
	for b, block := range pl.blocks {
		dense[b] = kernel.Dense(len(block), len(block))
		for c, j := range block {
			place[j] = c
		}
	}
	var err error
	q.All(func(i, j int, v float64) {
		b := pl.of[j]
		switch {
		case b >= 0:
			dense[b].Data[place[i]*dense[b].Stride+place[j]] = v
			norm[b] = max(norm[b], math.Abs(v))
		case v < 0 && err == nil:
			err = fmt.Errorf("%w: Q[%d,%d] is %v", ErrNotConvex, i, j, v)
		}
	})
	for b, u := range dense {
		for c := range u.Rows {
			u.Data[c*(u.Stride+1)] += 1e-12 * float64(u.Rows) * norm[b]
		}
		if err == nil && !kernel.Cholesky(u) {
			err = fmt.Errorf("%w: on the %d coordinates that it ties to coordinate %d", ErrNotConvex, u.Rows, pl.blocks[b][0])
		}
	}
	return err
}
