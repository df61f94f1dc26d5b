package kernel

import (
	"math/bits"
	"sync"

	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

// panels is a k x columns matrix cut into panels of the kernels' width, columns
// past the end zero.
type panels[T micro.Float] struct {
	micro   *micro.Kernels[T]
	k       int // rows
	columns int
	count   int
	buffer[T]
}

func newPanels[T micro.Float](m *micro.Kernels[T], k, columns int) *panels[T] {
	p := &panels[T]{micro: m, k: k, columns: columns, count: parallel.Count(columns, m.Width)}
	p.buffer = scratch[T](p.count * k * m.Width)
	return p
}

// kept returns panels that are not to be freed.
func kept[T micro.Float](m *micro.Kernels[T], k, columns int) *panels[T] {
	p := &panels[T]{micro: m, k: k, columns: columns, count: parallel.Count(columns, m.Width)}
	p.data = make([]T, p.count*k*m.Width)
	return p
}

// at returns row l of panel q.
func (p *panels[T]) at(q, l int) *T { return &p.data[(q*p.k+l)*p.micro.Width] }

// panel returns panel q and the columns it holds.
func (p *panels[T]) panel(q int) (data []T, from, to int) {
	w := p.micro.Width
	return p.data[q*p.k*w : (q+1)*p.k*w], q * w, min((q+1)*w, p.columns)
}

// packRows fills panel q with scale times rows of a (columns x k), which become
// columns. It reports whether all are zero.
func (p *panels[T]) packRows(q int, scale float64, a []float64) (empty bool) {
	data, from, to := p.panel(q)
	return packTransposed(data, p.micro.Width, p.k, scale, a[from*p.k:], p.k, to-from)
}

// packTransposed writes scale times the count x k matrix a as the first columns
// of a panel and zeros behind them. It reports whether all are zero.
func packTransposed[T micro.Float](panel []T, width, k int, scale float64, a []float64, lda, count int) (empty bool) {
	if count < width {
		clear(panel)
	}
	empty = true
	for c := range count {
		for l, v := range a[c*lda : c*lda+k] {
			panel[l*width+c] = T(scale * v)
			if v != 0 {
				empty = false
			}
		}
	}
	return empty
}

// unpackRows sets the rows of dst (columns of the panel x k) to scale times the
// columns of panel q.
func (p *panels[T]) unpackRows(q int, scale float64, dst []float64) {
	data, w := p.data[q*p.k*p.micro.Width:(q+1)*p.k*p.micro.Width], p.micro.Width
	for c := range len(dst) / p.k {
		row := dst[c*p.k : (c+1)*p.k]
		for l := range row {
			row[l] = scale * float64(data[l*w+c])
		}
	}
}

// A buffer is memory to work in. It holds anything at first.
type buffer[T micro.Float] struct {
	data []T
	home *[]T
}

// Pools of *[]float64 and of *[]float32, by the number of bits of the length, so that
// small buffers do not hold on to the memory of large ones.
var doubles, singles [bits.UintSize + 1]sync.Pool

func pool[T micro.Float](n int) *sync.Pool {
	if _, single := any(T(0)).(float32); single {
		return &singles[bits.Len(uint(n))]
	}
	return &doubles[bits.Len(uint(n))]
}

func scratch[T micro.Float](n int) buffer[T] {
	home, _ := pool[T](n).Get().(*[]T)
	if home == nil {
		home = new([]T)
	}
	if cap(*home) < n {
		*home = make([]T, n)
	}
	return buffer[T]{data: (*home)[:n], home: home}
}

// free gives the memory back. The buffer may not be used again.
func (b buffer[T]) free() { pool[T](len(b.data)).Put(b.home) }
