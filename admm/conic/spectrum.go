package conic

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/convexnn/convexnn/internal/kernel"
)

// partialOrder is the order from which the smaller side of a spectrum is followed from
// one projection to the next, rather than all of it computed: see BenchmarkProjection.
const partialOrder = 100

// A spectrum projects symmetric matrices of one order to the positive semidefinite
// ones, by what their positive or their negative eigenvalues contribute.
type spectrum struct {
	order  int
	a, z   blas64.General // the matrix; eigenvectors in the columns
	values []float64      // increasing
	work   []float64
	track  *subspace // of the smaller side, nil for small orders
	skip   int       // projections before that is tried again
	failed int       // times that it failed in a row
}

func newSpectrum(order int) *spectrum {
	s := &spectrum{order: order, a: kernel.Dense(order, order), z: kernel.Dense(order, order), values: make([]float64, order)}
	if order >= partialOrder {
		s.track = newSubspace(order)
	}
	return s
}

// project sets dst to the projection of v, both in svec, up to an error of the given
// length; zero asks for all that float64 has.
func (s *spectrum) project(dst, v []float64, accuracy float64) bool {
	unpack(s.a, v)
	if s.follow(accuracy) {
		pack(dst, s.a)
		return true
	}
	if !s.dense() {
		return false
	}
	s.assemble()
	pack(dst, s.a)
	return true
}

// follow replaces a by its projection from the subspace of the last one. Where that
// fails, as it does while the spectrum still changes, some projections pass before the
// next attempt.
func (s *spectrum) follow(accuracy float64) bool {
	if s.track == nil || accuracy == 0 || s.track.empty() {
		return false
	}
	if s.skip > 0 {
		s.skip--
		return false
	}
	if s.track.project(s.a, accuracy) {
		s.failed = 0
		return true
	}
	s.failed = min(s.failed+1, 4)
	s.skip = 1<<s.failed - 2
	return false
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
	if s.track != nil {
		s.track.take(s.z, s.values, negative)
	}
	addSpectral(s.a, keep, window(s.z, from, to), s.values[from:to])
}

// addSpectral sets a to keep a + sum |values_c| z_c z_c', z_c the columns of z.
func addSpectral(a blas64.General, keep float64, z blas64.General, values []float64) {
	b := kernel.Dense(z.Rows, z.Cols)
	for c, v := range values {
		root := math.Sqrt(math.Abs(v))
		for i := range z.Rows {
			b.Data[i*b.Stride+c] = root * z.Data[i*z.Stride+c]
		}
	}
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, b, b, keep, a)
}

// window returns the columns from, ..., to-1 of a.
func window(a blas64.General, from, to int) blas64.General {
	w := blas64.General{Rows: a.Rows, Cols: to - from, Stride: a.Stride}
	if from < to {
		w.Data = a.Data[from:]
	}
	return w
}
