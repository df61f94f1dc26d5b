package admm

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"
)

// kernelOperator has a given matrix as its Gram matrix and does nothing else.
type kernelOperator struct {
	Operator
	n    int
	gram []float64
}

func (k kernelOperator) Dims() (n, m, d int) { return k.n, 1, 1 }

func (k kernelOperator) Gram() blas64.General {
	return blas64.General{Rows: k.n, Cols: k.n, Stride: k.n, Data: k.gram}
}

func (k kernelOperator) GramDiagonal() []float64 {
	diag := make([]float64, k.n)
	for i := range diag {
		diag[i] = k.gram[i*k.n+i]
	}
	return diag
}

func (k kernelOperator) GramColumn(dst []float64, i int) { copy(dst, k.gram[i*k.n:(i+1)*k.n]) }

// With as many columns as the matrix has rank, the preconditioner is the inverse:
// (rho I + N) applied to its answer gives back what it was asked.
func TestPartialCholeskyInverts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n, rank, rho = 30, 7, 0.3
	factor := make([]float64, n*rank)
	for i := range factor {
		factor[i] = rng.NormFloat64()
	}
	op := kernelOperator{n: n, gram: make([]float64, n*n)}
	for i := range n {
		for j := range n {
			for k := range rank {
				op.gram[i*n+j] += factor[i*rank+k] * factor[j*rank+k]
			}
		}
	}
	c := newPartialCholesky(op)
	if c.rows.Rows != rank {
		t.Errorf("%d columns for a matrix of rank %d", c.rows.Rows, rank)
	}
	for _, r := range []float64{rho, 10 * rho} {
		if err := c.refactor(r); err != nil {
			t.Fatal(err)
		}
		b, x := make([]float64, n), make([]float64, n)
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		c.apply(x, b)
		for i := range n {
			got := r * x[i]
			for j := range n {
				got += op.gram[i*n+j] * x[j]
			}
			if math.Abs(got-b[i]) > 1e-9 {
				t.Fatalf("rho %v: entry %d is %v, want %v", r, i, got, b[i])
			}
		}
	}
}
