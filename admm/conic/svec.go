package conic

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Svec appends to dst the k(k+1)/2 coordinates of a symmetric matrix of order k: its
// lower triangle by columns, entries off the diagonal times the root of two. Inner
// products are those of matrices, <svec M, svec N> = tr MN.
func Svec(dst []float64, m mat.Symmetric) []float64 {
	k := m.SymmetricDim()
	for j := range k {
		dst = append(dst, m.At(j, j))
		for i := j + 1; i < k; i++ {
			dst = append(dst, math.Sqrt2*m.At(i, j))
		}
	}
	return dst
}

// Smat is the inverse of [Svec]. It returns nil where the length of v is not
// k(k+1)/2 for a k.
func Smat(v []float64) *mat.SymDense {
	k, ok := order(len(v))
	if !ok {
		return nil
	}
	if k == 0 {
		return &mat.SymDense{}
	}
	a := make([]float64, k*k)
	unpack(blas64.General{Rows: k, Cols: k, Stride: k, Data: a}, v)
	return mat.NewSymDense(k, a)
}

// SvecIndex returns the coordinate of the entries (i, j) and (j, i) of a symmetric
// matrix of order k. A linear form <M, X> has the coefficient M_ii on that of (i, i),
// and the root of two times M_ij on that of (i, j).
func SvecIndex(k, i, j int) int {
	if i < j {
		i, j = j, i
	}
	return j*k - j*(j-1)/2 + i - j
}

// order returns k for a length k(k+1)/2.
func order(length int) (k int, ok bool) {
	k = int(math.Sqrt(2 * float64(length)))
	return k, k*(k+1)/2 == length
}

// unpack writes both triangles of the matrix of v.
func unpack(a blas64.General, v []float64) {
	at := 0
	for j := range a.Rows {
		a.Data[j*a.Stride+j] = v[at]
		at++
		for i := j + 1; i < a.Rows; i++ {
			w := v[at] * (1 / math.Sqrt2)
			a.Data[i*a.Stride+j], a.Data[j*a.Stride+i] = w, w
			at++
		}
	}
}

// pack reads the upper triangle of a.
func pack(v []float64, a blas64.General) {
	at := 0
	for j := range a.Rows {
		row := a.Data[j*a.Stride : j*a.Stride+a.Rows]
		v[at] = row[j]
		at++
		for _, w := range row[j+1:] {
			v[at] = math.Sqrt2 * w
			at++
		}
	}
}
