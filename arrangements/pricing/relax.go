package pricing

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/qp"
)

// A region is a set of unit vectors, {u : lo_k <= e_k.u <= hi_k for all kinks k},
// and where to start bounding F on it.
type region[T float32 | float64] struct {
	lo, hi []T
	x      []T // the coefficient of e_k in the linear part of the last relaxation
	mean   []T // the first moment of e_k.u there
	square []T // and the second
	lambda float64
}

func newRegion[T float32 | float64](m int) *region[T] {
	data := make([]T, 5*m)
	part := func(i int) []T { return data[i*m : (i+1)*m : (i+1)*m] }
	return &region[T]{lo: part(0), hi: part(1), x: part(2), mean: part(3), square: part(4)}
}

// packed returns a copy of r in half the memory, its intervals rounded outwards.
func packed(r *region[float64]) *region[float32] {
	p := newRegion[float32](len(r.lo))
	for k := range r.lo {
		p.lo[k], p.hi[k] = float32(r.lo[k]), float32(r.hi[k])
		if float64(p.lo[k]) > r.lo[k] {
			p.lo[k] = math.Nextafter32(p.lo[k], -2)
		}
		if float64(p.hi[k]) < r.hi[k] {
			p.hi[k] = math.Nextafter32(p.hi[k], 2)
		}
		p.x[k], p.mean[k], p.square[k] = float32(r.x[k]), float32(r.mean[k]), float32(r.square[k])
	}
	p.lambda = r.lambda
	return p
}

// unpack is the reverse.
func (r *region[T]) unpack(p *region[float32]) {
	for k := range r.lo {
		r.lo[k], r.hi[k] = T(p.lo[k]), T(p.hi[k])
		r.x[k], r.mean[k], r.square[k] = T(p.x[k]), T(p.mean[k]), T(p.square[k])
	}
	r.lambda = p.lambda
}

// root returns the region of all unit vectors.
func (k *kinks) root() *region[float32] {
	r := newRegion[float32](k.count())
	for i := range r.lo {
		r.lo[i], r.hi[i] = -1-0x1p-20, 1+0x1p-20
		r.square[i] = 1 / float32(k.dim)
	}
	r.lambda = 0.5
	return r
}

// A relaxer bounds F over regions. It is the workspace of one goroutine.
type relaxer struct {
	*kinks
	*region[float64]
	bound float64   // the least bound of F over the region that was found
	c     []float64 // the maximiser of the last relaxation

	q        []float64 // lower triangle of Q, dim x dim
	factor   []float64 // the Cholesky factor of H = lambda I - Q
	inverse  []float64 // and its inverse
	y        []float64 // inverse e_k
	width    []float64 // |y_k|^2 = e_k'H^-1 e_k
	base, r  []float64 // the linear part without and with the coefficients x
	reduced  []float64 // inverse r
	scratch  []float64
	lower    []float64 // the bounds of x
	upper    []float64
	variable []int // the kinks that have an x
	constant float64
	size     float64 // of the numbers in the relaxation
	zonotope *qp.BoxProjector
	t        []float64
}

func newRelaxer(k *kinks) *relaxer {
	m, d := k.count(), k.dim
	f := func(n int) []float64 { return make([]float64, n) }
	return &relaxer{
		kinks: k, region: newRegion[float64](m), c: f(d),
		q: f(d * d), factor: f(d * d), inverse: f(d * d), y: f(m * d), width: f(m),
		base: f(d), r: f(d), reduced: f(d), scratch: f(d), lower: f(m), upper: f(m),
		zonotope: k.zonotope.Clone(), t: f(len(k.concave)),
	}
}

const (
	// maxRelaxations bounds the relaxations of one region.
	maxRelaxations = 8
	// maxSweeps bounds the sweeps over the coefficients in one relaxation.
	maxSweeps = 8
	// centering is the part of the gap that the smoothing of the moments aims to
	// leave: an interior-point parameter. Well below 1 the parabolas follow the
	// maximiser of the moment, which jumps; above it bounds do not settle.
	centering = 0.9
	// leastRelaxations come before the first judgement of whether more pay.
	leastRelaxations = 5
)

// free reports that region r holds vectors on both sides of kink k.
func (r *region[T]) free(k int) bool { return r.lo[k] < 0 && r.hi[k] > 0 }

// tighten bounds F over the region, and cuts off the region what a bound shows to
// have F <= cut, in turns, while it pays. It reports false if nothing is left.
func (w *relaxer) tighten(cut float64) bool {
	w.bound = math.Inf(1)
	for step := range maxRelaxations {
		last := w.bound
		w.relax()
		trace, ok := w.invert()
		if !ok {
			break
		}
		w.descend()
		bound := w.evaluate()
		w.bound = min(w.bound, bound)
		if w.bound <= cut {
			return false
		}
		before, after, left := w.shrink(bound - cut)
		if !left {
			return false
		}
		w.moments(step == 0, centering*(w.bound-cut)/float64(w.dim), trace)
		if step+1 >= leastRelaxations && after > 0.9*before && last-w.bound < 0.1*(last-cut) {
			break
		}
	}
	return true
}

// invert factors H = lambda I - Q, with a larger lambda if need be, and prepares
// what is needed of its inverse. It returns the trace of that. It reports false if
// no lambda gives a well-conditioned H.
func (w *relaxer) invert() (trace float64, ok bool) {
	const tries = 60
	for range tries {
		if trace, ok = w.cholesky(); ok {
			break
		}
		w.lambda = 1.3*w.lambda + 1e-3
	}
	d := w.dim
	for k := range w.width {
		y := rowsOf(w.y, d, k)
		w.transform(y, w.row(k))
		w.width[k] = dot(y, y)
	}
	return trace, ok
}

// cholesky is invert for the lambda at hand.
func (w *relaxer) cholesky() (trace float64, ok bool) {
	d := w.dim
	for i := range d {
		li := w.factor[i*d : i*d+i+1]
		for j := range i {
			lj := w.factor[j*d : j*d+j+1]
			li[j] = (-w.q[i*d+j] - dot(lj[:j], li[:j])) / lj[j]
		}
		s := w.lambda - w.q[i*d+i] - dot(li[:i], li[:i])
		if !(s > 1e-9*w.lambda) {
			return 0, false
		}
		li[i] = math.Sqrt(s)
	}
	for i := range d {
		row := rowsOf(w.inverse, d, i)
		li := w.factor[i*d : i*d+i+1]
		clear(row)
		row[i] = 1
		for j := range i {
			axpy(-li[j], w.inverse[j*d:j*d+j+1], row)
		}
		for j := range i + 1 {
			row[j] /= li[i]
			trace += row[j] * row[j]
		}
	}
	// The trace bounds 1/(least eigenvalue of H), and with it the condition.
	return trace, trace*(w.lambda+w.size) < 1e9
}

// transform stores inverse x in y.
func (w *relaxer) transform(y, x []float64) {
	d := w.dim
	for i := range y {
		y[i] = dot(w.inverse[i*d:i*d+i+1], x)
	}
}

// descend minimises r'H^-1 r = |reduced|^2 over one coefficient after the other.
// Any coefficients within their bounds give a bound of F, so that a few sweeps do.
func (w *relaxer) descend() {
	for _, k := range w.variable {
		w.x[k] = min(max(w.x[k], w.lower[k]), w.upper[k])
	}
	w.sum()
	before := dot(w.reduced, w.reduced)
	for range maxSweeps {
		for _, k := range w.variable {
			y := rowsOf(w.y, w.dim, k)
			x := min(max(w.x[k]-dot(y, w.reduced)/w.width[k], w.lower[k]), w.upper[k])
			if x != w.x[k] {
				axpy(x-w.x[k], y, w.reduced)
				w.x[k] = x
			}
		}
		after := dot(w.reduced, w.reduced)
		if before-after <= 0.005*after {
			break
		}
		before = after
	}
	w.sum() // afresh, since the bound rests on it
}

// sum computes r from the coefficients.
func (w *relaxer) sum() {
	copy(w.r, w.base)
	for _, k := range w.variable {
		axpy(w.x[k], w.row(k), w.r)
	}
	w.transform(w.reduced, w.r)
}

// evaluate computes c = H^-1 r / 2 and returns a bound of F over the region. For
// any c, u'Hu >= 2c'Hu - c'Hc, hence for unit vectors u
//
//	constant + r.u + u'Qu = constant + lambda + r.u - u'Hu
//	                     <= constant + lambda + c'Hc + |r - 2Hc|,
//
// which holds for the c computed, not only for the c meant.
//
// Rounding: each of these numbers is a sum of at most n + d products, whose
// relative error is at most (n + d + 2) epsilon of the sum of their sizes, and
// those are at most size. Cholesky's method succeeded, so that H is positive
// semidefinite up to d (d + 2) epsilon times its largest diagonal entry (Higham,
// Accuracy and Stability of Numerical Algorithms, theorem 10.3), which is at most
// lambda + size and is charged to lambda. rounding is at least four times the sum
// of the two factors.
func (w *relaxer) evaluate() float64 {
	d := w.dim
	clear(w.c)
	for i, s := range w.reduced {
		axpy(s/2, w.inverse[i*d:i*d+i+1], w.c)
	}
	curve, off := 0.0, 0.0
	for i := range d {
		s := w.lambda*w.c[i] - dot(w.q[i*d:i*d+i+1], w.c)
		for j := i + 1; j < d; j++ {
			s -= w.q[j*d+i] * w.c[j]
		}
		curve += w.c[i] * s
		off += (w.r[i] - 2*s) * (w.r[i] - 2*s)
	}
	size := w.size + w.lambda + curve
	for _, k := range w.variable {
		size += math.Abs(w.x[k])
	}
	length := 1 + dot(w.c, w.c)
	return w.constant + w.lambda + curve + math.Sqrt(off) + w.rounding*size*length
}

// shrink cuts off the region what lies outside the ellipsoid of vectors that may
// exceed the cut: with bound = cut + gap, the inequality in evaluate reads
//
//	F(u) <= bound - (u-c)'H(u-c),
//
// so that (u-c)'H(u-c) <= gap where F(u) > cut, and e_k.u is within
// (gap e_k'H^-1 e_k)^(1/2) of e_k.c. It returns the width of what is undecided
// before and after, and false if nothing is left.
func (w *relaxer) shrink(gap float64) (before, after float64, left bool) {
	for k, a := range w.weight {
		z := dot(rowsOf(w.y, w.dim, k), w.reduced) / 2
		w.mean[k] = z
		// H is well conditioned enough for the first margin; the second is for the
		// rounding of z.
		radius := math.Sqrt(gap*w.width[k])*(1+1e-4) + 1e-10*(1+math.Abs(z))
		lo, hi := w.lo[k], w.hi[k]
		free := a > 0 && w.free(k)
		if free {
			before += a * min(-lo, hi)
		}
		lo, hi = max(lo, z-radius), min(hi, z+radius)
		if lo > hi {
			return 0, 0, false
		}
		w.lo[k], w.hi[k] = lo, hi
		if free && w.free(k) {
			after += a * min(-lo, hi)
		}
	}
	return before, after, true
}

// moments updates the moments of e_k.u at the maximum of the relaxation, smoothed
// by the barrier -mu log det H, and lambda with them: at the minimum over lambda
// the second moments of all coordinates, |c|^2 + mu tr H^-1, sum to 1.
func (w *relaxer) moments(first bool, mu, trace float64) {
	d := w.dim
	for k, z := range w.mean {
		s := z*z + mu*w.width[k]
		if !first {
			s = math.Sqrt(s * w.square[k]) // the two depend on each other: damp
		}
		w.square[k] = s
	}
	total := dot(w.c, w.c) + mu*trace
	w.transform(w.scratch, w.c)
	slope := dot(w.scratch, w.scratch) // c'H^-1 c
	for i := range d {
		for j := range i + 1 {
			s := 0.0
			for l := i; l < d; l++ {
				s += w.inverse[l*d+i] * w.inverse[l*d+j]
			}
			if i != j {
				s *= math.Sqrt2
			}
			slope += mu / 2 * s * s // of the trace
		}
	}
	// Newton's method for total^(-1/2) = 1, which is nearly linear in lambda.
	step := total / slope * (math.Sqrt(total) - 1)
	if next := w.lambda + step; !math.IsNaN(next) {
		w.lambda = min(max(next, 0.3*w.lambda, 1e-9), 3*w.lambda)
	}
}

// leaf bounds F on a region where the sides of all convex kinks are known: there F
// is the support function of a point minus that of a zonotope. It leaves the
// direction of the maximum in c. The distance, that of an explicit point of the
// zonotope, is recomputed here.
func (w *relaxer) leaf() {
	copy(w.base, w.linear)
	for k, a := range w.weight {
		if a > 0 && w.lo[k] >= 0 {
			axpy(a, w.row(k), w.base)
		}
	}
	for i, k := range w.concave {
		w.t[i] = min(max(w.x[k]/w.weight[k], 0), 1)
	}
	w.zonotope.Project(w.c, w.t, w.base)
	r := slices.Clone(w.base)
	for i, k := range w.concave {
		axpy(w.t[i]*w.weight[k], w.row(k), r)
	}
	w.bound = min(w.bound, floats.Norm(r, 2)+2*w.rounding)
}
