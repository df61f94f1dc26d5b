package main

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

const (
	rowChunk   = 64 // samples that one forward piece sums into
	blockChunk = 32 // patterns whose masked products share one buffer
)

// gonumMasked is the stacked operator [D_1 X, ..., D_P X] by Dgemm and loops.
type gonumMasked struct {
	x, xt blas64.General // n x d, and its transpose: products along samples are faster
	bits  []bitset.Set
}

// forward sets dst (n) to sum_p D_p X u_p.
func (k *gonumMasked) forward(dst, u []float64) {
	n, d, patterns := k.x.Rows, k.x.Cols, len(k.bits)
	ut := kernel.Dense(d, patterns)
	for p := range patterns {
		for l, v := range u[p*d : (p+1)*d] {
			ut.Data[l*patterns+p] = v
		}
	}
	parallel.Chunks(n, rowChunk, func(_, lo, hi int) {
		tile := kernel.Dense(hi-lo, patterns)
		rows := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: k.x.Data[lo*d:]}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, rows, ut, 0, tile)
		for i := lo; i < hi; i++ {
			word, bit := i/64, uint(i)%64
			sum := 0.0
			for p, v := range tile.Data[(i-lo)*patterns : (i-lo+1)*patterns] {
				if k.bits[p][word]>>bit&1 != 0 {
					sum += v
				}
			}
			dst[i] = sum
		}
	})
}

// adjoint sets row p of dst (P x d) to X'D_p r.
func (k *gonumMasked) adjoint(dst, r []float64) {
	n := k.x.Rows
	parallel.Chunks(len(k.bits), blockChunk, func(_, lo, hi int) {
		masked := kernel.Dense(hi-lo, n)
		for p := lo; p < hi; p++ {
			row := masked.Data[(p-lo)*n : (p-lo+1)*n]
			for w, word := range k.bits[p] {
				for i := w * 64; i < min(w*64+64, n); i++ {
					row[i] = r[i] * float64(word&1)
					word >>= 1
				}
			}
		}
		k.pull(1, masked, dst, lo, hi)
	})
}

// pull sets rows lo to hi of dst to scale times a X.
func (k *gonumMasked) pull(scale float64, a blas64.General, dst []float64, lo, hi int) {
	d := k.x.Cols
	out := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: dst[lo*d : hi*d]}
	blas64.Gemm(blas.NoTrans, blas.Trans, scale, a, k.xt, 0, out)
}

// coneStep moves the state z (blocks x n) and sets dst (blocks x d) to what the
// weights see of it.
func (k *gonumMasked) coneStep(dst, z, u []float64, g, alpha float64) (squares [5]float64) {
	n, d := k.x.Rows, k.x.Cols
	blocks := len(u) / d
	parts := make([][5]float64, parallel.Count(blocks, blockChunk))
	parallel.Chunks(blocks, blockChunk, func(c, lo, hi int) {
		weights := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: u[lo*d : hi*d]}
		tile := kernel.Dense(hi-lo, n)
		blas64.Gemm(blas.NoTrans, blas.NoTrans, g, weights, k.xt, 0, tile)
		for j := lo; j < hi; j++ {
			coneRow(&parts[c], z[j*n:(j+1)*n], tile.Data[(j-lo)*n:(j-lo+1)*n], k.bits[j%len(k.bits)], alpha)
		}
		k.pull(g, tile, dst, lo, hi)
	})
	for _, p := range parts {
		for i, v := range p {
			squares[i] += v
		}
	}
	return squares
}

func coneRow(sums *[5]float64, z, p []float64, bits bitset.Set, alpha float64) {
	const tiny = 1e-200
	for w, word := range bits {
		for i := w * 64; i < min(w*64+64, len(p)); i++ {
			sign := float64(word&1)*2 - 1
			word >>= 1
			v := p[i] * sign
			old, t := z[i], z[i]
			if old < 0 {
				old = 0
			} else {
				t = (1 - alpha) * old
			}
			t += alpha * v
			if t < tiny && t > -tiny {
				t = 0
			}
			z[i] = t
			s := t
			if t < 0 {
				s, t = 0, -t
			}
			sums[0] += (v - s) * (v - s)
			sums[1] += (s - old) * (s - old)
			sums[2] += v * v
			sums[3] += s * s
			sums[4] += (t - s) * (t - s)
			p[i] = sign * t
		}
	}
}

// transpose returns a' as a new matrix.
func transpose(a blas64.General) blas64.General {
	t := kernel.Dense(a.Cols, a.Rows)
	for i := range a.Rows {
		for j, v := range a.Data[i*a.Stride : i*a.Stride+a.Cols] {
			t.Data[j*t.Stride+i] = v
		}
	}
	return t
}
