package kernel

import (
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
	empty   []bool // panels of zeros, as far as packRows knows
	buffer[T]
}

func newPanels[T micro.Float](m *micro.Kernels[T], k, columns int) *panels[T] {
	count := parallel.Count(columns, m.Width)
	return &panels[T]{micro: m, k: k, columns: columns, count: count, empty: make([]bool, count), buffer: scratch[T](count * k * m.Width)}
}

// at returns row l of panel q.
func (p *panels[T]) at(q, l int) *T { return &p.data[(q*p.k+l)*p.micro.Width] }

// panel returns panel q and the columns it holds.
func (p *panels[T]) panel(q int) (data []T, from, to int) {
	w := p.micro.Width
	return p.data[q*p.k*w : (q+1)*p.k*w], q * w, min((q+1)*w, p.columns)
}

// packRows fills panel q with scale times rows of a (columns x k), which become
// columns.
func (p *panels[T]) packRows(q int, scale float64, a []float64) {
	data, from, to := p.panel(q)
	p.empty[q] = packTransposed(data, p.micro.Width, p.k, scale, a[from*p.k:], p.k, to-from)
}

// packTransposed writes scale times the count x k matrix a as the first columns
// of a panel and zeros behind them. It reports whether all are zero.
func packTransposed[T micro.Float](panel []T, width, k int, scale float64, a []float64, lda, count int) (empty bool) {
	if count < width {
		clear(panel)
	}
	any := 0.0
	for c := range count {
		for l, v := range a[c*lda : c*lda+k] {
			panel[l*width+c] = T(scale * v)
			if v != 0 {
				any = 1
			}
		}
	}
	return any == 0
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

var doubles, singles sync.Pool // of *[]float64 and *[]float32

func pool[T micro.Float]() *sync.Pool {
	if _, single := any(T(0)).(float32); single {
		return &singles
	}
	return &doubles
}

func scratch[T micro.Float](n int) buffer[T] {
	home, _ := pool[T]().Get().(*[]T)
	if home == nil {
		home = new([]T)
	}
	if cap(*home) < n {
		*home = make([]T, n)
	}
	return buffer[T]{data: (*home)[:n], home: home}
}

// free gives the memory back. The buffer may not be used again.
func (b buffer[T]) free() { pool[T]().Put(b.home) }
