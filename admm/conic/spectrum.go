package conic

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/convexnn/convexnn/internal/kernel"
)

// A spectrum projects symmetric matrices of one order to the positive semidefinite
// ones, by what their positive or their negative eigenvalues contribute.
type spectrum struct {
	order  int
	a, z   blas64.General // the matrix; eigenvectors in the columns
	values []float64      // increasing
	work   []float64
}

func newSpectrum(order int) *spectrum {
	return &spectrum{order: order, a: kernel.Dense(order, order), z: kernel.Dense(order, order), values: make([]float64, order)}
}

// project sets dst to the projection of v, both in svec.
func (s *spectrum) project(dst, v []float64, accuracy float64) bool {
	unpack(s.a, v)
	if !s.dense() {
		return false
	}
	s.assemble()
	pack(dst, s.a)
	return true
}

// dense computes all eigenvalues and eigenvectors.
func (s *spectrum) dense() bool {
	copy(s.z.Data, s.a.Data)
	var ok bool
	s.work, ok = eigen(s.z, s.values, s.work)
	return ok
}

// eigen replaces the symmetric matrix a by its eigenvectors, one a column, and sets
// values to its eigenvalues, increasing. It returns work, grown to what it needed.
func eigen(a blas64.General, values, work []float64) (_ []float64, ok bool) {
	sym := blas64.Symmetric{N: a.Rows, Stride: a.Stride, Data: a.Data, Uplo: blas.Upper}
	size := []float64{0}
	lapack64.Syev(lapack.EVCompute, sym, values, size, -1)
	if len(work) < int(size[0]) {
		work = make([]float64, int(size[0]))
	}
	return work, lapack64.Syev(lapack.EVCompute, sym, values, work, len(work))
}

// assemble replaces a by its projection: the positive part of the spectrum, or a less
// the negative part, whichever has fewer eigenvalues.
func (s *spectrum) assemble() {
	n := s.order
	negative := 0
	for negative < n && s.values[negative] < 0 {
		negative++
	}
	from, to, keep := 0, negative, 1.0
	if n-negative < negative {
		from, to, keep = negative, n, 0
	}
	// b b' with b the eigenvectors times the roots of their eigenvalues.
	b := kernel.Dense(n, to-from)
	for i := range n {
		for c := range b.Cols {
			b.Data[i*b.Stride+c] = s.z.Data[i*s.z.Stride+from+c] * math.Sqrt(math.Abs(s.values[from+c]))
		}
	}
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, b, b, keep, s.a)
}
