package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

// Dense returns a new r x c matrix of zeros.
func Dense(r, c int) blas64.General {
	return blas64.General{Rows: r, Cols: c, Stride: max(c, 1), Data: make([]float64, r*c)}
}

// Mirror copies the upper triangle of a square matrix into the lower.
func Mirror(a blas64.General) {
	const tile = 32 // for the cache: one of the two sides runs down columns
	parallel.Work(float64(a.Rows)*float64(a.Rows), a.Rows, tile, func(_, lo, hi int) {
		for from := 0; from < hi; from += tile {
			for i := lo; i < hi; i++ {
				for j := from; j < min(from+tile, i); j++ {
					a.Data[i*a.Stride+j] = a.Data[j*a.Stride+i]
				}
			}
		}
	})
}

// Gemm sets c to alpha op(a) op(b) + beta c, as [blas64.Gemm] does.
func Gemm(ta, tb blas.Transpose, alpha float64, a, b blas64.General, beta float64, c blas64.General) {
	gemm(micro.Float64(), ta, tb, alpha, a, b, beta, c)
}

func gemm(m *micro.Kernels[float64], ta, tb blas.Transpose, alpha float64, a, b blas64.General, beta float64, c blas64.General) {
	rows, k := a.Rows, a.Cols
	if ta != blas.NoTrans {
		rows, k = k, rows
	}
	inner, columns := b.Rows, b.Cols
	if tb != blas.NoTrans {
		inner, columns = columns, inner
	}
	if inner != k || c.Rows != rows || c.Cols != columns {
		panic("kernel: Gemm of matrices that do not fit")
	}
	scale(beta, c)
	if alpha == 0 || rows == 0 || columns == 0 {
		return
	}
	for l := 0; l < k; l += depth {
		steps := min(depth, k-l)
		right := newOperand(m, steps, columns)
		parallel.Work(float64(steps)*float64(columns), right.count, groupPanels, func(_, from, to int) {
			for q := from; q < to; q++ {
				right.packBlock(q, tb, alpha, b, l)
			}
		})
		parallel.Work(2*float64(steps)*float64(rows)*float64(columns), rows, rowChunk, func(_, lo, hi int) {
			if ta == blas.NoTrans {
				right.multiply(m.MulN, hi-lo, &a.Data[lo*a.Stride+l], a.Stride, c, lo)
				return
			}
			// Columns of a are far apart: a tile of them, next to each other, is read
			// once for each panel.
			packed := scratch[float64](steps * rowChunk)
			defer packed.free()
			for i := lo; i < hi; i += m.Rows {
				tile := packed.data[(i-lo)*steps:]
				count := min(m.Rows, hi-i)
				for s := range steps {
					copy(tile[s*m.Rows:s*m.Rows+count], a.Data[(l+s)*a.Stride+i:])
				}
				right.multiply(m.MulT, count, &tile[0], m.Rows, c, i)
			}
		})
		right.free()
	}
}

// scale replaces c by beta c.
func scale(beta float64, c blas64.General) {
	if beta == 1 || c.Cols == 0 {
		return
	}
	for i := range c.Rows {
		row := c.Data[i*c.Stride : i*c.Stride+c.Cols]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}

// An operand is the right matrix of a product in float64.
type operand struct{ *panels[float64] }

func newOperand(m *micro.Kernels[float64], k, columns int) operand {
	return operand{newPanels(m, k, columns)}
}

// packBlock fills panel q with alpha times rows l, l+1, ... of op(b).
func (p operand) packBlock(q int, tb blas.Transpose, alpha float64, b blas64.General, l int) {
	data, from, to := p.panel(q)
	w := p.micro.Width
	if tb != blas.NoTrans {
		packTransposed(data, w, p.k, alpha, b.Data[from*b.Stride+l:], b.Stride, to-from)
		return
	}
	for s := range p.k {
		row := data[s*w : (s+1)*w]
		n := copy(row, b.Data[(l+s)*b.Stride+from:(l+s)*b.Stride+to])
		clear(row[n:])
		if alpha != 1 {
			for j := range row {
				row[j] *= alpha
			}
		}
	}
}

type product = func(rows, k int, a *float64, lda int, panel, c *float64, ldc int, add bool)

// multiply adds the product of a with all panels to rows of c from row i on.
func (p operand) multiply(mul product, rows int, a *float64, lda int, c blas64.General, i int) {
	for q := range p.count {
		p.multiplyPanel(q, mul, rows, a, lda, c, i)
	}
}

// multiplyPanel adds that with panel q.
func (p operand) multiplyPanel(q int, mul product, rows int, a *float64, lda int, c blas64.General, i int) {
	p.multiplyRows(q, p.k, mul, rows, a, lda, c, i)
}

// multiplyRows is multiplyPanel for the first k rows of the panel.
func (p operand) multiplyRows(q, k int, mul product, rows int, a *float64, lda int, c blas64.General, i int) {
	w := p.micro.Width
	from, to := q*w, min((q+1)*w, p.columns)
	if to-from == w {
		mul(rows, k, a, lda, p.at(q, 0), &c.Data[i*c.Stride+from], c.Stride, true)
		return
	}
	// The last panel is wider than what is left of c.
	out := scratch[float64](rows * w)
	defer out.free()
	mul(rows, k, a, lda, p.at(q, 0), &out.data[0], w, false)
	for r := range rows {
		dst := c.Data[(i+r)*c.Stride+from : (i+r)*c.Stride+to]
		for j := range dst {
			dst[j] += out.data[r*w+j]
		}
	}
}
