package kernel

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

const (
	outerBlock = 192 // columns that are eliminated before the rest is touched
	innerBlock = 24  // and within these
	corner     = 8   // the triangles that are inverted
)

// Cholesky replaces the upper triangle of the symmetric matrix a by its factor U,
// U'U = a, and what is below the diagonal by anything. It reports false if a is not
// positive definite.
func Cholesky(a blas64.General) bool { return cholesky(micro.Float64(), a, outerBlock) }

func cholesky(m *micro.Kernels[float64], a blas64.General, block int) bool {
	for j := 0; j < a.Rows; j += block {
		b := min(block, a.Rows-j)
		diagonal := window(a, j, j, b, b)
		switch {
		case block > innerBlock:
			if !cholesky(m, diagonal, innerBlock) {
				return false
			}
		case !factorSmall(m, diagonal):
			return false
		}
		if rest := a.Rows - j - b; rest > 0 {
			eliminate(m, diagonal, window(a, j, j+b, b, rest), window(a, j+b, j+b, rest, rest))
		}
	}
	return true
}

// window returns the r x c matrix whose first entry is at (i, j) of a.
func window(a blas64.General, i, j, r, c int) blas64.General {
	return blas64.General{Rows: r, Cols: c, Stride: a.Stride, Data: a.Data[i*a.Stride+j:]}
}

// factorSmall is Cholesky row by row.
func factorSmall(m *micro.Kernels[float64], a blas64.General) bool {
	n := a.Rows
	for k := range n {
		row := a.Data[k*a.Stride : k*a.Stride+n]
		if !(row[k] > 0) || math.IsInf(row[k], 1) {
			return false
		}
		row[k] = math.Sqrt(row[k])
		scale := 1 / row[k]
		for j := k + 1; j < n; j++ {
			row[j] *= scale
		}
		for i := k + 1; i < n; i++ {
			m.Axpy(n-i, -row[i], &row[i], &a.Data[i*a.Stride+i])
		}
	}
	return true
}

// eliminate replaces right by U'^-1 right for the factor U of the diagonal block,
// and takes right'right off the rest.
func eliminate(m *micro.Kernels[float64], u, right, rest blas64.General) {
	t := newTriangle(m, u)
	defer t.free()
	b, negative := newOperand(m, right.Rows, right.Cols), newOperand(m, right.Rows, right.Cols)
	defer b.free()
	defer negative.free()
	order, columns := float64(right.Rows), float64(right.Cols)
	parallel.Work(order*order*columns, b.count, 1, func(_, q, _ int) {
		b.packBlock(q, blas.NoTrans, 1, right, 0)
		data, from, to := b.panel(q)
		t.solve(data)
		minus, _, _ := negative.panel(q)
		for i, v := range data {
			minus[i] = -v
		}
		for l := range right.Rows {
			copy(right.Data[l*right.Stride+from:l*right.Stride+to], data[l*m.Width:])
		}
	})
	parallel.Work(order*columns*columns, b.count, 1, func(_, p, _ int) {
		_, from, to := b.panel(p)
		for q := p; q < b.count; q++ {
			b.multiplyPanel(q, m.MulT, to-from, negative.at(p, 0), m.Width, rest, from)
		}
	})
}

// A triangle solves U'x = b for panels b.
type triangle struct {
	micro   *micro.Kernels[float64]
	n       int
	minus   buffer[float64] // n x n: -U
	corners buffer[float64] // corner x corner for each: inverses of the triangles of U' on its diagonal
}

func newTriangle(m *micro.Kernels[float64], u blas64.General) *triangle {
	n := u.Rows
	count := parallel.Count(n, corner)
	t := &triangle{micro: m, n: n, minus: scratch[float64](n * n), corners: scratch[float64](count * corner * corner)}
	for i := range n {
		for j, v := range u.Data[i*u.Stride+i : i*u.Stride+n] {
			t.minus.data[i*n+i+j] = -v
		}
	}
	clear(t.corners.data)
	for c := range count {
		lo := c * corner
		size := min(corner, n-lo)
		inverse := t.corners.data[c*corner*corner:]
		// Forward substitution in each unit vector.
		for j := range size {
			for i := j; i < size; i++ {
				sum := 0.0
				if i == j {
					sum = 1
				}
				for l := j; l < i; l++ {
					sum -= u.Data[(lo+l)*u.Stride+lo+i] * inverse[l*corner+j]
				}
				inverse[i*corner+j] = sum / u.Data[(lo+i)*u.Stride+lo+i]
			}
		}
	}
	return t
}

func (t *triangle) free() {
	t.minus.free()
	t.corners.free()
}

// solve replaces the panel b (n x Width) by the solution.
func (t *triangle) solve(b []float64) {
	w := t.micro.Width
	tile := scratch[float64](corner * w)
	defer tile.free()
	for lo := 0; lo < t.n; lo += corner {
		size := min(corner, t.n-lo)
		if lo > 0 {
			t.micro.MulT(size, lo, &t.minus.data[lo], t.n, &b[0], &b[lo*w], w, true)
		}
		copy(tile.data, b[lo*w:(lo+size)*w])
		t.micro.MulN(size, size, &t.corners.data[lo*corner], corner, &tile.data[0], &b[lo*w], w, false)
	}
}

// SolveCholesky replaces x by the solution of U'U x = b, b the old x, for a factor
// U of [Cholesky]. Large factors do not fit in the cache: what is right of a
// diagonal block is read by all processors.
func SolveCholesky(u blas64.General, x []float64) {
	m, n := micro.Float64(), u.Rows
	const columns = 512 // that one piece of work reads of a block
	for lo := 0; lo < n; lo += outerBlock {
		hi := min(lo+outerBlock, n)
		for i := lo; i < hi; i++ {
			row := u.Data[i*u.Stride : i*u.Stride+hi]
			x[i] /= row[i]
			if i+1 < hi {
				m.Axpy(hi-i-1, -x[i], &row[i+1], &x[i+1])
			}
		}
		parallel.Work(2*float64(hi-lo)*float64(n-hi), n-hi, columns, func(_, from, to int) {
			for i := lo; i < hi; i++ {
				m.Axpy(to-from, -x[i], &u.Data[i*u.Stride+hi+from], &x[hi+from])
			}
		})
	}
	for hi := n; hi > 0; {
		lo := (hi - 1) / outerBlock * outerBlock
		if hi < n {
			parallel.Work(2*float64(hi-lo)*float64(n-hi), hi-lo, outerBlock/8, func(_, from, to int) {
				for i := lo + from; i < lo+to; i++ {
					x[i] -= m.Dot(n-hi, &u.Data[i*u.Stride+hi], &x[hi])
				}
			})
		}
		for i := hi - 1; i >= lo; i-- {
			row := u.Data[i*u.Stride : i*u.Stride+hi]
			if i+1 < hi {
				x[i] -= m.Dot(hi-i-1, &row[i+1], &x[i+1])
			}
			x[i] /= row[i]
		}
		hi = lo
	}
}
