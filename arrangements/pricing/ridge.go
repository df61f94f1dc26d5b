package pricing

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/orth"
)

// A ridge is the workspace of one goroutine for ascents by active sets, the method
// of Bartels, Conn and Sinclair (SIAM Journal on Numerical Analysis 15, 1978) on the
// sphere. The price bends down at the hyperplanes of negative samples, and a maximum
// lies on some of these ridges, the face. A step goes along the face, over other
// hyperplanes as long as the value rises, and ends between ridges or on one, which
// joins the face. A ridge leaves the face if the price rises to one side of it.
//
// Most steps are short compared with the distances of most samples from their
// hyperplanes, and those need no products. Samples are of unit length here, so that
// x_i.u is the sine of the angle between u and the hyperplane.
type ridge struct {
	*problem
	u, g, p []float64 // the direction; X'(v o active) without the face; its part along the face
	tau     []float64 // coefficients of the rest of g
	excess  []float64
	basis   *orth.Basis
	face    []int
	inFace  []bool
	on      []bool // the side of each sample

	// The sum of the lengths of all steps so far, and for each sample x_i.u when it
	// was last computed and the sum when it was. No step changes it by more than its
	// length, so that |z_i| + when_i - moved bounds |x_i.u| from below.
	moved   float64
	z, when []float64
	// The samples that the next step may meet, the change of x_i.u with its length,
	// and where it meets their hyperplanes.
	near    []int
	q       []float64
	heap    []crossing
	horizon float64 // a guess of its length
}

const (
	onRidge = 1e-9  // the sine up to which a start counts as lying on a hyperplane
	flat    = 1e-12 // the slope along a face, relative to the value, that counts as zero
	level   = 1e-15 // the rate at which a step nears a hyperplane that counts as zero
	// hopeless times the height from the value to the top of the concave piece is
	// what an ascent is credited with beyond that top.
	hopeless = 16
)

func (p *problem) newRidge() *ridge {
	n, d := p.unit.Rows, p.unit.Cols
	f := func(n int) []float64 { return make([]float64, n) }
	return &ridge{
		problem: p, u: f(d), g: f(d), p: f(d), tau: f(d), excess: f(d),
		basis: orth.New(d, d), face: make([]int, 0, d), inFace: make([]bool, n), on: make([]bool, n),
		z: f(n), when: f(n), near: make([]int, 0, n), q: f(n), heap: make([]crossing, 0, n),
	}
}

// sample returns x_i/|x_i| for the i-th sample that takes part.
func (p *problem) sample(i int) []float64 {
	return p.unit.Data[i*p.unit.Stride : i*p.unit.Stride+p.unit.Cols]
}

// climb ascends from u in at most so many steps, until it is unlikely to reach the
// floor. It returns the value at the end and the number of steps, and reports false
// if there were too few or rounding stopped it.
func (r *ridge) climb(u []float64, limit int) (value float64, steps int, done bool) {
	r.start(u)
	crossed := math.Inf(-1)
	for steps = range limit {
		var length, rise float64
		value, rise, length = r.slopes()
		left, top := r.leave(rise, length)
		if top+hopeless*(top-value) < r.floor {
			return value, steps, true
		}
		if left {
			value, rise, length = r.slopes()
		}
		if length <= 1e-13*r.size {
			return 0, steps, false
		}
		if rise <= flat*length { // the top of the face, or its lowest point
			if value > crossed+1e-12*r.size && r.cross() {
				crossed = value
				continue
			}
			return value, steps, value > 0
		}
		floats.Scale(1/rise, r.p)
		if !r.step(value, rise) {
			return value, steps, false
		}
	}
	return value, limit, false
}

// cross changes sides of a positive sample whose hyperplane u is on, and reports
// whether there is one: the price bends up there, so that the top of the face is not
// a maximum. Samples of integers often have one.
func (r *ridge) cross() bool {
	for i, w := range r.weight {
		if w < 0 || math.Abs(r.z[i])+r.when[i] > r.moved+onRidge {
			continue
		}
		x := r.sample(i)
		if math.Abs(kernel.Dot(x, r.u)) > onRidge {
			continue
		}
		copy(r.excess, x)
		r.basis.Complement(r.excess)
		if norm(r.excess) <= onRidge { // on the hyperplane wherever the face leads
			continue
		}
		if r.on[i] {
			w = -w
		}
		r.on[i] = !r.on[i]
		r.z[i], r.when[i] = 0, r.moved
		kernel.AddScaled(r.g, w, x)
		return true
	}
	return false
}

// start takes u as the direction, and the ridges it lies on as the face.
func (r *ridge) start(u []float64) {
	floats.ScaleTo(r.u, 1/norm(u), u)
	r.basis.Reset()
	r.face = r.face[:0]
	clear(r.inFace)
	clear(r.when)
	r.moved, r.horizon = 0, 0.1
	kernel.MulVec(r.z, r.unit, r.u)
	for i, z := range r.z {
		r.on[i] = z > 0
		if r.weight[i] < 0 && math.Abs(z) <= onRidge {
			r.join(i, 0.01)
		}
		r.q[i] = 0
		if r.on[i] && !r.inFace[i] {
			r.q[i] = r.weight[i]
		}
	}
	clear(r.g)
	kernel.AddMulTransVec(r.g, 1, r.unit, r.q)
	if len(r.face) > 0 {
		copy(r.p, r.u)
		r.basis.Complement(r.u)
		floats.Scale(1/norm(r.u), r.u)
		r.moved = floats.Distance(r.p, r.u, 2) + epsilon
	}
}

// join adds sample i to the face, unless it is within dependence of the span of the
// others or no direction would be left.
func (r *ridge) join(i int, dependence float64) bool {
	if len(r.face) >= len(r.u)-1 || !r.basis.Push(r.sample(i), 1, dependence) {
		return false
	}
	r.face = append(r.face, i)
	r.inFace[i] = true
	return true
}

// slopes sets p to the part of the gradient along the face and the sphere. It
// returns the value at u, the length of p, and that of the part along the face.
func (r *ridge) slopes() (value, rise, length float64) {
	copy(r.p, r.g)
	r.basis.Complement(r.p)
	value, length = kernel.Dot(r.p, r.u), norm(r.p)
	kernel.AddScaled(r.p, -value, r.u)
	return value, norm(r.p), length
}

// leave takes the sample out of the face beside which the price rises the most, if
// that is more than it rises along the face: the face is not worth leaving before.
// With g = p + sum_k tau_k x_k, sample k negative, the slopes beside it are -tau_k
// and v_k + tau_k. It also returns a bound of the value as long as positive samples
// stay on their sides: the length of g less a point of the zonotope, that of
// coefficients -tau_k/v_k clipped to [0, 1].
func (r *ridge) leave(rise, length float64) (left bool, bound float64) {
	tau := r.tau[:len(r.face)]
	r.basis.Fit(tau, r.g)
	out, most := -1, max(rise, 1e-13*r.size)
	clear(r.excess)
	for k, i := range r.face {
		over := tau[k] - min(max(tau[k], 0), -r.weight[i])
		if over == 0 {
			continue
		}
		kernel.AddScaled(r.excess, over, r.sample(i))
		if over = math.Abs(over); over > most {
			out, most = k, over
		}
	}
	bound = math.Hypot(length, norm(r.excess))
	if out < 0 {
		return false, bound
	}
	i := r.face[out]
	r.basis.Remove(out)
	r.face = slices.Delete(r.face, out, out+1)
	r.inFace[i] = false
	r.z[i], r.when[i] = 0, r.moved
	if r.on[i] = tau[out] > 0; r.on[i] {
		kernel.AddScaled(r.g, r.weight[i], r.sample(i))
	}
	return true, bound
}

// step moves from u along the unit vector p orthogonal to it, to the first maximum
// of the value (a + s b)/(1 + s^2)^(1/2) over s > 0. Between hyperplanes a and b are
// constant, and b - s a has the sign of the derivative. They are a and b at s = 0. It
// reports false if the ridge at the end of the step cannot join the face.
func (r *ridge) step(a, b float64) bool {
	r.near, r.heap = r.near[:0], r.heap[:0]
	from, to := -1.0, r.horizon
	r.look(from, to)
	for {
		next := to
		if len(r.heap) > 0 {
			next = min(next, r.heap[0].length)
		}
		if a > 0 && b <= next*a {
			r.move(b / a)
			return true
		}
		if len(r.heap) == 0 || r.heap[0].length > to {
			if math.IsInf(to, 1) {
				r.turn()
				return true
			}
			if from, to = to, 2*to; to > 1 {
				to = math.Inf(1)
			}
			r.look(from, to)
			continue
		}
		s, i := r.heap[0].length, r.heap[0].sample
		w := r.weight[i]
		if r.on[i] {
			w = -w
		}
		beyondA, beyondB := a+w*r.z[i], b+w*r.q[i]
		if r.weight[i] < 0 && beyondB <= s*beyondA {
			r.move(s)
			if !r.join(i, 1e-8) {
				return false
			}
			if r.on[i] {
				kernel.AddScaled(r.g, w, r.sample(i))
			}
			return true
		}
		a, b = beyondA, beyondB
		r.on[i] = !r.on[i]
		kernel.AddScaled(r.g, w, r.sample(i))
		r.heap = popped(r.heap)
	}
}

// look adds to the heap the samples at a distance of more than from and at most to
// from their hyperplanes, if p leads there. Those farther away are not met before.
func (r *ridge) look(from, to float64) {
	reach := r.moved + to + 1e-12 // for rounding
	for i, z := range r.z {
		if math.Abs(z)+r.when[i] > reach || r.inFace[i] {
			continue
		}
		x := r.sample(i)
		if r.when[i] != r.moved {
			z = kernel.Dot(x, r.u)
			r.z[i], r.when[i] = z, r.moved
		}
		if z = math.Abs(z); z <= from || z > to {
			continue
		}
		q := kernel.Dot(x, r.p)
		r.near = append(r.near, i)
		r.q[i] = q
		if r.on[i] {
			q = -q
		}
		if q > level {
			if r.on[i] == (r.z[i] < 0) { // by rounding
				z = 0
			}
			r.heap = append(r.heap, crossing{z / q, i})
		}
	}
	heapify(r.heap)
}

// move carries u along p by the length.
func (r *ridge) move(length float64) {
	kernel.AddScaled(r.u, length, r.p)
	scale := 1 / norm(r.u)
	floats.Scale(scale, r.u)
	r.moved += length
	for _, i := range r.near {
		r.z[i], r.when[i] = (r.z[i]+length*r.q[i])*scale, r.moved
	}
	r.horizon = max(length, 1e-9)
}

// turn carries u to p itself: from a negative value the way up goes farther than
// that. All samples are near.
func (r *ridge) turn() {
	copy(r.u, r.p)
	r.moved += 2
	for _, i := range r.near {
		r.z[i], r.when[i] = r.q[i], r.moved
	}
	r.horizon = 1
}
