package qp

import (
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/orth"
)

// newBasis returns a basis for rows of length d that never allocates again.
func newBasis(d int) *orth.Basis {
	b := orth.New(d, d)
	b.Grow(d)
	return b
}

// unitRows returns a compact copy of x with rows scaled to unit length, and
// their lengths. Rows of zeros stay zero.
func unitRows(x blas64.General) (blas64.General, []float64) {
	u := blas64.General{Rows: x.Rows, Cols: x.Cols, Stride: max(1, x.Cols)}
	u.Data = make([]float64, x.Rows*x.Cols)
	lengths := make([]float64, x.Rows)
	for i := range lengths {
		row := rowOf(u, i)
		copy(row, rowOf(x, i))
		lengths[i] = norm(row)
		if lengths[i] > 0 {
			// Division, since the reciprocal of a tiny length overflows.
			for k := range row {
				row[k] /= lengths[i]
			}
		}
	}
	return u, lengths
}

func rowOf(x blas64.General, i int) []float64 {
	return x.Data[i*x.Stride : i*x.Stride+x.Cols]
}

// norm is the Euclidean norm, safe from overflow and underflow.
func norm(v []float64) float64 {
	return blas64.Nrm2(blas64.Vector{N: len(v), Data: v, Inc: 1})
}

func orDefault(v, def float64) float64 {
	if v > 0 {
		return v
	}
	return def
}
