package qp

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// A basis is the factorisation F' = Q'R of a changing list of k unit rows F
// (k x d): the rows of Q are orthonormal and R is upper triangular with a
// positive diagonal, column j holding row j of F in the basis Q.
type basis struct {
	d, k int
	q    []float64 // k rows of length d, room for d
	r    []float64 // r[i*d+j], room for d x d
	h    []float64 // scratch for one column of R
	v    []float64 // scratch for the row that enters
}

func newBasis(d int) basis {
	return basis{
		d: d,
		q: make([]float64, d*d),
		r: make([]float64, d*d),
		h: make([]float64, d),
		v: make([]float64, d),
	}
}

func (b *basis) row(i int) []float64 { return b.q[i*b.d : (i+1)*b.d] }

// push appends sign*row to the list and reports true, unless the part of row
// outside the span of the list is shorter than dependence.
func (b *basis) push(row []float64, sign, dependence float64) bool {
	if b.k == b.d {
		return false
	}
	for i, x := range row {
		b.v[i] = sign * x
	}
	h := b.h[:b.k]
	clear(h)
	// Two passes leave the remainder orthogonal to working precision even when
	// it is a tiny fraction of the row ("twice is enough", Parlett and Kahan).
	for range 2 {
		for i := range b.k {
			q := b.row(i)
			c := floats.Dot(q, b.v)
			floats.AddScaled(b.v, -c, q)
			h[i] += c
		}
	}
	rho := norm(b.v)
	if rho < dependence {
		return false
	}
	floats.ScaleTo(b.row(b.k), 1/rho, b.v)
	for i, c := range h {
		b.r[i*b.d+b.k] = c
	}
	b.r[b.k*b.d+b.k] = rho
	b.k++
	return true
}

// remove deletes entry j of the list; the entries after it move up by one.
func (b *basis) remove(j int) {
	d := b.d
	for i := range b.k {
		copy(b.r[i*d+j:i*d+b.k-1], b.r[i*d+j+1:i*d+b.k])
	}
	b.k--
	// Columns j.. now have one entry below the diagonal: rotate it away.
	for i := j; i < b.k; i++ {
		x, y := b.r[i*d+i], b.r[(i+1)*d+i]
		h := math.Hypot(x, y)
		c, s := x/h, y/h
		rotate(b.r[i*d+i:i*d+b.k], b.r[(i+1)*d+i:(i+1)*d+b.k], c, s)
		b.r[i*d+i], b.r[(i+1)*d+i] = h, 0
		rotate(b.row(i), b.row(i+1), c, s)
	}
}

func rotate(x, y []float64, c, s float64) {
	y = y[:len(x)]
	for i, a := range x {
		x[i], y[i] = c*a+s*y[i], c*y[i]-s*a
	}
}

// fit stores in z the coefficients of the combination of the list that is
// nearest to v. The length of z is k.
func (b *basis) fit(z, v []float64) {
	for i := range z {
		z[i] = floats.Dot(b.row(i), v)
	}
	for i := len(z) - 1; i >= 0; i-- {
		r := b.r[i*b.d : i*b.d+len(z)]
		s := z[i]
		for j := i + 1; j < len(z); j++ {
			s -= r[j] * z[j]
		}
		z[i] = s / r[i]
	}
}

// complement removes from v its part in the span of the list.
func (b *basis) complement(v []float64) {
	for range 2 {
		for i := range b.k {
			q := b.row(i)
			floats.AddScaled(v, -floats.Dot(q, v), q)
		}
	}
}

// unitRows returns a compact copy of x with rows scaled to unit length, and
// their lengths. Rows of zeros stay zero.
func unitRows(x blas64.General) (blas64.General, []float64) {
	u := blas64.General{Rows: x.Rows, Cols: x.Cols, Stride: max(1, x.Cols)}
	u.Data = make([]float64, x.Rows*x.Cols)
	lengths := make([]float64, x.Rows)
	for i := range lengths {
		row := rowOf(u, i)
		copy(row, rowOf(x, i))
		lengths[i] = norm(row)
		if lengths[i] > 0 {
			// Division, since the reciprocal of a tiny length overflows.
			for k := range row {
				row[k] /= lengths[i]
			}
		}
	}
	return u, lengths
}

func rowOf(x blas64.General, i int) []float64 {
	return x.Data[i*x.Stride : i*x.Stride+x.Cols]
}

// mulVec stores x v in dst.
func mulVec(dst []float64, x blas64.General, v []float64) {
	if x.Rows == 0 {
		return
	}
	blas64.Implementation().Dgemv(blas.NoTrans, x.Rows, x.Cols, 1, x.Data, x.Stride, v, 1, 0, dst, 1)
}

// norm is the Euclidean norm, safe from overflow and underflow.
func norm(v []float64) float64 {
	return blas64.Nrm2(blas64.Vector{N: len(v), Data: v, Inc: 1})
}

func orDefault(v, def float64) float64 {
	if v > 0 {
		return v
	}
	return def
}
