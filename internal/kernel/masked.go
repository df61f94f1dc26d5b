package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/parallel"
)

const (
	rowChunk   = 64 // samples that one forward piece sums into
	blockChunk = 32 // patterns whose masked products share one buffer
)

// A Masked is the stacked operator [D_1 X, ..., D_P X] of n samples in d
// dimensions. It is immutable and safe for concurrent use.
type Masked struct {
	X    blas64.General // n x d
	Bits []bitset.Set   // D_p over the n samples

	xt blas64.General // d x n: long rows make the products below run along samples
}

// NewMasked returns the operator of x (n x d) and the patterns bits, each over
// n samples. Neither is copied; neither may change afterwards.
func NewMasked(x blas64.General, bits []bitset.Set) *Masked {
	return &Masked{X: x, Bits: bits, xt: Transpose(x)}
}

// Forward sets dst (n) to sum_p D_p X u_p, where u (P x d) holds u_p in row p:
//
//	for p, for i in D_p: dst[i] += x_i . u_p
func (k *Masked) Forward(dst, u []float64) {
	n, d, patterns := k.X.Rows, k.X.Cols, len(k.Bits)
	clear(dst[:n])
	active := nonzeroRows(u, patterns, d)
	if len(active) == 0 {
		return
	}
	// Weights as columns: the product below then runs along blocks, and the
	// sum over patterns of one sample is one pass over a row.
	ut := blas64.General{Rows: d, Cols: len(active), Stride: len(active), Data: make([]float64, d*len(active))}
	for c, p := range active {
		for l, v := range u[p*d : (p+1)*d] {
			ut.Data[l*ut.Stride+c] = v
		}
	}
	parallel.Chunks(n, rowChunk, func(_, lo, hi int) {
		tile := Dense(hi-lo, len(active))
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, rows(k.X, lo, hi), ut, 0, tile)
		for i := lo; i < hi; i++ {
			word, bit := i/64, uint(i)%64
			sum := 0.0
			for c, v := range tile.Data[(i-lo)*tile.Stride : (i-lo+1)*tile.Stride] {
				if k.Bits[active[c]][word]>>bit&1 != 0 {
					sum += v
				}
			}
			dst[i] = sum
		}
	})
}

// Adjoint sets row p of dst (P x d) to X' D_p r for r (n):
//
//	for p, for i in D_p: dst[p] += r[i] * x_i
func (k *Masked) Adjoint(dst, r []float64) {
	n, d := k.X.Rows, k.X.Cols
	parallel.Chunks(len(k.Bits), blockChunk, func(_, lo, hi int) {
		masked := Dense(hi-lo, n)
		for p := lo; p < hi; p++ {
			maskInto(masked.Data[(p-lo)*n:(p-lo+1)*n], r, k.Bits[p])
		}
		out := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: dst[lo*d : hi*d]}
		k.pull(1, masked, out)
	})
}

// Gram returns the n x n matrix (X K X') o C for a symmetric K (d x d), where
// C_ik counts the patterns that are active on both samples i and k:
//
//	N = sum_p D_p X K X' D_p
func (k *Masked) Gram(metric blas64.General) blas64.General {
	n := k.X.Rows
	c := k.GramColumns(metric)
	out := Dense(n, n)
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, c.xk, k.xt, 0, out)
	parallel.Chunks(n, rowChunk, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			row := out.Data[i*n : (i+1)*n]
			for j := range row {
				row[j] *= float64(c.samples[i].AndCount(c.samples[j]))
			}
		}
	})
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
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, k.X, metric, 0, g.xk)
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

// pull sets out (rows x d) to scale times a X for a (rows x n). The transposed
// copy of X lets the products run along samples, which are many, where d may be
// few.
func (k *Masked) pull(scale float64, a, out blas64.General) {
	blas64.Gemm(blas.NoTrans, blas.Trans, scale, a, k.xt, 0, out)
}

// maskInto sets dst to r where the bit is set and to zero elsewhere.
func maskInto(dst, r []float64, bits bitset.Set) {
	for w, word := range bits {
		lo := w * 64
		hi := min(lo+64, len(r))
		for i := lo; i < hi; i++ {
			dst[i] = r[i] * float64(word&1)
			word >>= 1
		}
	}
}

// nonzeroRows lists the rows of the count x d array u that hold a nonzero.
func nonzeroRows(u []float64, count, d int) []int {
	list := make([]int, 0, count)
	for p := range count {
		for _, v := range u[p*d : (p+1)*d] {
			if v != 0 {
				list = append(list, p)
				break
			}
		}
	}
	return list
}

// Dense returns a new r x c matrix of zeros.
func Dense(r, c int) blas64.General {
	return blas64.General{Rows: r, Cols: c, Stride: max(c, 1), Data: make([]float64, r*c)}
}

// rows returns rows [lo, hi) of a as a view.
func rows(a blas64.General, lo, hi int) blas64.General {
	return blas64.General{Rows: hi - lo, Cols: a.Cols, Stride: a.Stride, Data: a.Data[lo*a.Stride:]}
}

// Transpose returns a' as a new matrix.
func Transpose(a blas64.General) blas64.General {
	t := Dense(a.Cols, a.Rows)
	for i := range a.Rows {
		for j, v := range a.Data[i*a.Stride : i*a.Stride+a.Cols] {
			t.Data[j*t.Stride+i] = v
		}
	}
	return t
}
