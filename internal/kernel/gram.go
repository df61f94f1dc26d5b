package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/parallel"
)

// Gram returns the n x n matrix (X K X') o C for a symmetric K (d x d), where
// C_ik counts the patterns that are active on both samples i and k:
//
//	N = sum_p D_p X K X' D_p
func (k *Masked) Gram(metric blas64.General) blas64.General {
	n := k.X.Rows
	c := k.GramColumns(metric)
	out := Dense(n, n)
	Gemm(blas.NoTrans, blas.Trans, 1, c.xk, k.X, 0, out)
	parallel.Chunks(n, 16, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			row := out.Data[i*n : (i+1)*n]
			for j := i; j < n; j++ {
				row[j] *= float64(c.samples[i].AndCount(c.samples[j]))
			}
		}
	})
	Mirror(out)
	return out
}

// GramColumns gives single entries of the matrix of [Masked.Gram].
type GramColumns struct {
	k       *Masked
	xk      blas64.General // X K, n x d
	samples []bitset.Set   // patterns by sample
}

// GramColumns prepares the columns for a metric K (d x d, symmetric).
func (k *Masked) GramColumns(metric blas64.General) *GramColumns {
	g := &GramColumns{k: k, xk: Dense(k.X.Rows, k.X.Cols), samples: bitset.Transpose(k.Bits, k.X.Rows)}
	Gemm(blas.NoTrans, blas.NoTrans, 1, k.X, metric, 0, g.xk)
	return g
}

// Diagonal returns the diagonal.
func (g *GramColumns) Diagonal() []float64 {
	diag := make([]float64, g.k.X.Rows)
	for i := range diag {
		diag[i] = g.at(i, i)
	}
	return diag
}

// Column sets dst (n) to column i.
func (g *GramColumns) Column(dst []float64, i int) {
	parallel.Chunks(len(dst), rowChunk, func(_, lo, hi int) {
		for j := lo; j < hi; j++ {
			dst[j] = g.at(j, i)
		}
	})
}

func (g *GramColumns) at(i, j int) float64 {
	d := g.k.X.Cols
	inner := floats.Dot(g.xk.Data[i*d:(i+1)*d], g.k.X.Data[j*g.k.X.Stride:j*g.k.X.Stride+d])
	return inner * float64(g.samples[i].AndCount(g.samples[j]))
}
