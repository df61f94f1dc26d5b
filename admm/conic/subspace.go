package conic

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// A subspace follows the eigenvectors of a slowly changing symmetric matrix A on the
// smaller side of its spectrum, by Chebyshev-filtered subspace iteration (Zhou, Saad,
// Tiago and Chelikowsky, 2006): products with A, at the speed of the dense kernels.
//
// Of B = A or -A it knows W, whose orthonormal columns are near the eigenvectors with
// positive eigenvalues and a few next to them. What it returns is checked: with
// B = W_+ T W_+' + C, T the positive Ritz values, the projection onto the positive side is
// wrong by at most root 2 |B W_+ - W_+ T| and what C has above zero, both of which are
// measured.
type subspace struct {
	order int
	side  float64 // 1 or -1: B = side A
	w     blas64.General
	high  float64   // the lowest Ritz value
	top   float64   // the highest
	low   []float64 // an eigenvector near the lower end of B

	minus, positive, rest blas64.General // order x order, to work in
}

func newSubspace(order int) *subspace {
	return &subspace{order: order, minus: kernel.Dense(order, order), positive: kernel.Dense(order, order), rest: kernel.Dense(order, order)}
}

const (
	largestShare = 0.6 // of the order, that the subspace may have
	leastGuards  = 6   // columns for eigenvalues next to zero on the other side
	leastDegree  = 2   // of the filter
	mostDegree   = 16
	filterGain   = 1e9 // of the largest eigenvalue over those that are damped
	leastRounds  = 3   // of filtering, before a full decomposition is the better way
	roundOrders  = 32  // and one for so many of the order, as that grows faster
)

func (s *subspace) empty() bool { return s.w.Cols == 0 }

// take starts from a full decomposition, values increasing, so many of them negative.
func (s *subspace) take(z blas64.General, values []float64, negative int) {
	n := s.order
	from, to, low := 0, min(n, negative+guards(negative)), n-1
	s.side = -1
	if n-negative < negative {
		from, to, low = max(0, negative-guards(n-negative)), n, 0
		s.side = 1
	}
	if to-from > int(largestShare*float64(n)) {
		s.w = blas64.General{}
		return
	}
	s.w = kernel.Dense(n, to-from)
	if s.side > 0 {
		s.high, s.top = values[from], values[to-1]
	} else {
		s.high, s.top = -values[to-1], -values[from]
	}
	s.low = make([]float64, n)
	for i := range n {
		copy(s.w.Data[i*s.w.Stride:(i+1)*s.w.Stride], z.Data[i*z.Stride+from:i*z.Stride+to])
		s.low[i] = z.Data[i*z.Stride+low]
	}
}

func guards(wanted int) int { return max(leastGuards, wanted/5) }

// project replaces a by its projection onto the positive semidefinite matrices. It
// reports false, and leaves a alone, if it cannot show that the error is within accuracy.
func (s *subspace) project(a blas64.General, accuracy float64) bool {
	n := s.order
	norm := floats.Norm(a.Data, 2)
	accuracy = max(accuracy, 4*float64(n)*unitRoundoff*norm)
	b := a
	if s.side < 0 {
		b = s.minus
		for k, v := range a.Data {
			b.Data[k] = -v
		}
	}
	for range max(leastRounds, n/roundOrders) {
		s.filter(b, -s.lowest(b), s.high)
		bw := kernel.Dense(n, s.w.Cols)
		kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, b, s.w, 0, bw)
		ritz, ok := s.rayleighRitz(bw)
		if !ok {
			break
		}
		s.high, s.top = ritz[0], ritz[len(ritz)-1]
		first := 0 // of the positive ones
		for first < len(ritz) && ritz[first] <= 0 {
			first++
		}
		if first == 0 {
			break // there may be more of them
		}
		if math.Sqrt2*s.residual(bw, ritz, first) <= accuracy/2 {
			ok := s.assemble(a, b, ritz, first, accuracy/2)
			s.trim(ritz, first)
			return ok
		}
	}
	s.w = blas64.General{} // until there is a full decomposition again
	return false
}

// trim drops columns far from the positive ones.
func (s *subspace) trim(ritz []float64, first int) {
	if drop := first - guards(len(ritz)-first); drop > 0 {
		kept := kernel.Dense(s.order, s.w.Cols-drop)
		for i := range s.order {
			copy(kept.Data[i*kept.Stride:(i+1)*kept.Stride], s.w.Data[i*s.w.Stride+drop:])
		}
		s.w, s.high = kept, ritz[drop]
	}
}

// rayleighRitz makes the columns of W orthonormal and Ritz vectors of B, given bw = B W,
// which it turns in the same way. It returns the Ritz values, increasing.
func (s *subspace) rayleighRitz(bw blas64.General) ([]float64, bool) {
	q := s.w.Cols
	gram, form := kernel.Dense(q, q), kernel.Dense(q, q)
	for range 2 { // "twice is enough": the first factor has the rounding of the filter
		kernel.Gemm(blas.Trans, blas.NoTrans, 1, s.w, s.w, 0, gram)
		if !kernel.Cholesky(gram) {
			return nil, false
		}
		u := blas64.Triangular{Uplo: blas.Upper, Diag: blas.NonUnit, N: q, Data: gram.Data, Stride: q}
		inverse := kernel.Dense(q, q)
		for c := range q {
			inverse.Data[c*q+c] = 1
		}
		blas64.Trsm(blas.Left, blas.NoTrans, 1, u, inverse)
		s.turn(bw, inverse)
	}
	kernel.Gemm(blas.Trans, blas.NoTrans, 1, s.w, bw, 0, form)
	ritz := make([]float64, q)
	if _, ok := eigen(form, ritz, nil); !ok {
		return nil, false
	}
	s.turn(bw, form)
	return ritz, true
}

// turn multiplies W and B W by a matrix from the right.
func (s *subspace) turn(bw, by blas64.General) {
	out := kernel.Dense(s.order, by.Cols)
	kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, s.w, by, 0, out)
	s.w, out = out, s.w
	kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, bw, by, 0, out)
	copy(bw.Data, out.Data)
}

// residual returns |B W - W T| over the columns from first on.
func (s *subspace) residual(bw blas64.General, ritz []float64, first int) float64 {
	sum, q := 0.0, s.w.Cols
	for i := range s.order {
		for c := first; c < q; c++ {
			r := bw.Data[i*q+c] - ritz[c]*s.w.Data[i*q+c]
			sum += r * r
		}
	}
	return math.Sqrt(sum)
}

// assemble replaces a by its projection unless B less its positive part has an
// eigenvalue above zero by more than accuracy allows: then something was missed.
func (s *subspace) assemble(a, b blas64.General, ritz []float64, first int, accuracy float64) bool {
	n, q := s.order, s.w.Cols
	positive, rest := s.positive, s.rest // and margin I - (B - positive part)
	addSpectral(positive, 0, window(s.w, first, q), ritz[first:])
	for k, v := range positive.Data {
		rest.Data[k] = v - b.Data[k]
	}
	margin := accuracy / math.Sqrt(float64(n))
	for i := range n {
		rest.Data[i*(n+1)] += margin
	}
	if !kernel.Cholesky(rest) {
		return false
	}
	if s.side > 0 {
		copy(a.Data, positive.Data)
		return true
	}
	for k, v := range positive.Data {
		a.Data[k] += v
	}
	return true
}

// lowest returns about the absolute value of the lowest eigenvalue of B, with some room,
// by power iteration from where it was before.
func (s *subspace) lowest(b blas64.General) float64 {
	const steps, room = 3, 1.05
	n := s.order
	next := make([]float64, n)
	value, rest := 0.0, 0.0
	for range steps {
		kernel.MulVec(next, b, s.low)
		value = kernel.Dot(next, s.low)
		rest = math.Sqrt(max(0, kernel.Dot(next, next)-value*value))
		norm := floats.Norm(next, 2)
		if norm == 0 {
			return 0
		}
		floats.ScaleTo(s.low, 1/norm, next)
	}
	return room * (math.Abs(value) + rest)
}

// filter replaces W by p(B) W. p is the Chebyshev polynomial that is
// small on [low, high] and grows fast above.
func (s *subspace) filter(b blas64.General, low, high float64) {
	center, half := (low+high)/2, (high-low)/2
	if !(half > 0) {
		return
	}
	// More gain would leave nothing but the largest in all columns.
	degree := mostDegree
	if reach := (s.top - center) / half; reach > 1 {
		degree = int(min(max(math.Acosh(filterGain)/math.Acosh(reach), leastDegree), mostDegree))
	}
	// T_0 W = W, T_1 W = (B - center) W / half, T_k+1 = 2 (B - center)/half T_k - T_k-1.
	previous, current := s.w, kernel.Dense(s.order, s.w.Cols)
	for k, v := range previous.Data {
		current.Data[k] = -center / half * v
	}
	kernel.Gemm(blas.NoTrans, blas.NoTrans, 1/half, b, previous, 1, current)
	for range degree - 1 {
		for k, v := range current.Data {
			previous.Data[k] = -previous.Data[k] - 2*center/half*v
		}
		kernel.Gemm(blas.NoTrans, blas.NoTrans, 2/half, b, current, 1, previous)
		previous, current = current, previous
	}
	// Columns of one length keep the Gram matrix well conditioned.
	q := current.Cols
	norms := make([]float64, q)
	for i := range current.Rows {
		for c, v := range current.Data[i*q : (i+1)*q] {
			norms[c] += v * v
		}
	}
	for i := range current.Rows {
		for c := range q {
			current.Data[i*q+c] /= max(math.Sqrt(norms[c]), math.SmallestNonzeroFloat64)
		}
	}
	s.w = current
}
