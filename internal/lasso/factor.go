package lasso

import (
	"math"

	"github.com/convexnn/convexnn/internal/kernel"
)

// dependent is the squared sine of the angle between a column and the span of
// the columns before it under which it does not enter a factor. The Newton step
// would move along such a direction by more than rounding lets it know.
const dependent = 1e-10

// factor is the Cholesky factor R of inner products G = R'R of a list that grows
// at the end and shrinks anywhere. See Golub and Van Loan, Matrix Computations,
// section 6.5.
type factor struct {
	n, stride int
	data      []float64 // stride x stride: R in the upper triangle
}

// tail returns row i of R from the diagonal on.
func (f *factor) tail(i int) []float64 {
	return f.data[i*f.stride+i : i*f.stride+f.n]
}

// forward replaces w by the solution of R'x = w.
func (f *factor) forward(w []float64) {
	for i := range f.n {
		r := f.tail(i)
		w[i] /= r[0]
		kernel.AddScaled(w[i+1:f.n], -w[i], r[1:])
	}
}

// backward replaces w by the solution of R x = w.
func (f *factor) backward(w []float64) {
	for i := f.n - 1; i >= 0; i-- {
		r := f.tail(i)
		w[i] = (w[i] - kernel.Dot(r[1:], w[i+1:f.n])) / r[0]
	}
}

// push appends a column with the inner products w with those before it, which
// become R'^-1 w, and square with itself. It returns false, and changes nothing
// else, if the column is dependent.
func (f *factor) push(w []float64, square float64) bool {
	f.forward(w)
	pivot := square - kernel.Dot(w, w)
	if !(pivot > dependent*square) {
		return false
	}
	if f.n == f.stride {
		stride := max(2*f.n, 64)
		data := make([]float64, stride*stride)
		for i := range f.n {
			copy(data[i*stride+i:], f.tail(i))
		}
		f.stride, f.data = stride, data
	}
	for i, v := range w {
		f.data[i*f.stride+f.n] = v
	}
	f.data[f.n*f.stride+f.n] = math.Sqrt(pivot)
	f.n++
	return true
}

// remove deletes column p.
func (f *factor) remove(p int) {
	last := f.n - 1
	for i := range f.n {
		row := f.data[i*f.stride : i*f.stride+f.n]
		copy(row[max(p, i-1):], row[max(p+1, i):])
	}
	// Rows from p on now start one place left of the diagonal. Rotating rows i
	// and i+1 clears that place in the latter.
	for i := p; i < last; i++ {
		a := f.data[i*f.stride+i : i*f.stride+last]
		b := f.data[(i+1)*f.stride+i : (i+1)*f.stride+last]
		h := math.Hypot(a[0], b[0])
		cos, sin := a[0]/h, b[0]/h
		for j, x := range a {
			y := b[j]
			a[j] = cos*x + sin*y
			b[j] = cos*y - sin*x
		}
	}
	f.n = last
}
