package orth

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// A Basis is the factorisation F' = Q'R of a changing list of k vectors of
// length d, the rows of F. It is a workspace for one goroutine.
type Basis struct {
	d, limit, k int
	// Rows of Q (length d) and of R (length limit, the entries left of the
	// diagonal meaningless). There are at least k of each; the rest wait for
	// the list to grow.
	q, r [][]float64
	h    []float64 // scratch for one column of R
	v    []float64 // scratch for the vector that enters
}

// New returns the basis of an empty list of vectors of length d that will hold
// at most limit of them. Memory for a vector, d + limit numbers, is allocated
// when the list first grows to it.
func New(d, limit int) *Basis {
	return &Basis{d: d, limit: limit, h: make([]float64, limit), v: make([]float64, d)}
}

// Grow allocates what a list of k vectors needs, in one piece. Until the list is
// longer no method allocates.
func (b *Basis) Grow(k int) {
	k -= len(b.q)
	if k <= 0 {
		return
	}
	data := make([]float64, k*(b.d+b.limit))
	q, r := data[:k*b.d], data[k*b.d:]
	for i := range k {
		b.q = append(b.q, q[i*b.d:(i+1)*b.d:(i+1)*b.d])
		b.r = append(b.r, r[i*b.limit:(i+1)*b.limit:(i+1)*b.limit])
	}
}

// Len returns k, the length of the list.
func (b *Basis) Len() int { return b.k }

// Reset empties the list and keeps the memory.
func (b *Basis) Reset() { b.k = 0 }

// Pop takes the last vector off the list.
func (b *Basis) Pop() { b.k-- }

// Push appends scale*v to the list and reports true, unless the list is full or
// the part of scale*v outside the span of the list is shorter than dependence,
// which must be positive.
func (b *Basis) Push(v []float64, scale, dependence float64) bool {
	if b.k == b.limit {
		return false
	}
	for i, x := range v {
		b.v[i] = scale * x
	}
	h := b.h[:b.k]
	clear(h)
	// Two passes leave the remainder orthogonal to working precision even when
	// it is a tiny fraction of the vector ("twice is enough", Parlett and Kahan).
	for range 2 {
		for i, q := range b.q[:b.k] {
			c := floats.Dot(q, b.v)
			floats.AddScaled(b.v, -c, q)
			h[i] += c
		}
	}
	rho := blas64.Nrm2(blas64.Vector{N: b.d, Data: b.v, Inc: 1})
	if rho < dependence {
		return false
	}
	b.Grow(b.k + 1)
	floats.ScaleTo(b.q[b.k], 1/rho, b.v)
	for i, c := range h {
		b.r[i][b.k] = c
	}
	b.r[b.k][b.k] = rho
	b.k++
	return true
}

// Remove deletes vector j of the list; the vectors after it move up by one.
func (b *Basis) Remove(j int) {
	b.shift(j)
	b.rotate(j, b.k-1)
	b.k--
}

// Replace deletes vector j of the list, as Remove does, and appends scale*v,
// which must lie in the span of the list before. It reports false, and appends
// nothing, if the part of scale*v outside the span of the vectors that remain is
// shorter than dependence.
func (b *Basis) Replace(j int, v []float64, scale, dependence float64) bool {
	b.shift(j)
	last := b.k - 1
	for i, q := range b.q[:b.k] {
		b.r[i][last] = scale * floats.Dot(q, v)
	}
	b.rotate(j, b.k)
	rho := b.r[last][last]
	if math.Abs(rho) < dependence {
		b.k--
		return false
	}
	if rho < 0 {
		b.r[last][last] = -rho
		floats.Scale(-1, b.q[last])
	}
	return true
}

// shift moves the columns of R right of column j one to the left. Those now have
// an entry below the diagonal.
func (b *Basis) shift(j int) {
	for i, r := range b.r[:b.k] {
		from := max(i, j+1)
		copy(r[from-1:b.k-1], r[from:b.k])
	}
}

// rotate makes the given number of columns of R triangular again after a shift to
// column j.
func (b *Basis) rotate(j, columns int) {
	for i := j; i < b.k-1; i++ {
		upper, lower := b.r[i], b.r[i+1]
		x, y := upper[i], lower[i]
		h := math.Hypot(x, y)
		c, s := x/h, y/h
		rotate(upper[i:columns], lower[i:columns], c, s)
		upper[i], lower[i] = h, 0
		rotate(b.q[i], b.q[i+1], c, s)
	}
}

func rotate(x, y []float64, c, s float64) {
	y = y[:len(x)]
	for i, a := range x {
		x[i], y[i] = c*a+s*y[i], c*y[i]-s*a
	}
}

// Fit stores in z (length k) the coefficients of the combination of the list
// that is nearest to v.
func (b *Basis) Fit(z, v []float64) {
	for i, q := range b.q[:b.k] {
		z[i] = floats.Dot(q, v)
	}
	for i := b.k - 1; i >= 0; i-- {
		r := b.r[i][:b.k]
		s := z[i]
		for j := i + 1; j < len(r); j++ {
			s -= r[j] * z[j]
		}
		z[i] = s / r[i]
	}
}

// Complement removes from v its part in the span of the list.
func (b *Basis) Complement(v []float64) {
	for range 2 {
		for _, q := range b.q[:b.k] {
			floats.AddScaled(v, -floats.Dot(q, v), q)
		}
	}
}
