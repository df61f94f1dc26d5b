package pricing

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// bySorting maximises F exactly where the samples span a line or a plane. It
// returns the local maxima and a bound of F over unit vectors.
//
// In a plane F is A.u between two neighbouring directions at which a sample has
// x_i.u = 0, with A constant: its maximum there is |A| if A points between the
// two, and is at one of them otherwise.
func (k *kinks) bySorting() (peaks [][]float64, bound float64) {
	if k.dim == 0 {
		return nil, 0
	}
	if k.dim == 1 {
		for _, s := range []float64{1, -1} {
			f := s * k.linear[0]
			for i, a := range k.weight {
				f += a * max(s*k.rows[i], 0)
			}
			peaks, bound = append(peaks, []float64{s}), max(bound, f)
		}
		return peaks, bound
	}
	if k.count() == 0 { // all kinks cancel
		return [][]float64{slices.Clone(k.linear)}, norm(k.linear)
	}
	type crossing struct {
		angle float64
		u     [2]float64
		kink  int
		gain  float64 // 1 if the kink is active after the crossing, -1 if before
	}
	crossings := make([]crossing, 0, 2*k.count())
	for i := range k.count() {
		x, y := k.rows[2*i], k.rows[2*i+1]
		// Turning left, e.u grows through zero at (y, -x).
		for _, s := range []float64{1, -1} {
			crossings = append(crossings, crossing{math.Atan2(-s*x, s*y), [2]float64{s * y, -s * x}, i, s})
		}
	}
	slices.SortStableFunc(crossings, func(a, b crossing) int { return cmp.Compare(a.angle, b.angle) })
	// Begin in the widest gap, in whose middle no sample is near its crossing.
	gap := func(i int) float64 {
		if i == 0 {
			return crossings[0].angle - crossings[len(crossings)-1].angle + 2*math.Pi
		}
		return crossings[i].angle - crossings[i-1].angle
	}
	begin := 0
	for i := range crossings {
		if gap(i) > gap(begin) {
			begin = i
		}
	}
	sin, cos := math.Sincos(crossings[begin].angle - gap(begin)/2)
	crossings = slices.Concat(crossings[begin:], crossings[:begin])
	a := [2]float64{k.linear[0], k.linear[1]}
	for i, w := range k.weight {
		if e := k.row(i); e[0]*cos+e[1]*sin > 0 {
			a[0] += w * e[0]
			a[1] += w * e[1]
		}
	}
	for i, c := range crossings {
		e, w := k.row(c.kink), c.gain*k.weight[c.kink]
		before := a[1]*c.u[0] - a[0]*c.u[1] // slope of F on the way in
		a[0] += w * e[0]
		a[1] += w * e[1]
		after := a[1]*c.u[0] - a[0]*c.u[1]
		bound = max(bound, a[0]*c.u[0]+a[1]*c.u[1])
		if before >= 0 && after <= 0 {
			peaks = append(peaks, []float64{c.u[0], c.u[1]})
		}
		next := crossings[(i+1)%len(crossings)]
		if end := a[1]*next.u[0] - a[0]*next.u[1]; after > 0 && end < 0 {
			peaks = append(peaks, []float64{a[0], a[1]})
			bound = max(bound, math.Hypot(a[0], a[1]))
		}
	}
	return peaks, bound
}

// closedForm returns theta where it takes no search: no v_i is positive, or the
// samples span a plane at most.
func closedForm(p *problem, k *kinks, keep int) (Result, bool) {
	if len(p.plus) == 0 {
		return Result{Exact: true, Closed: true}, true
	}
	if k.dim > 2 {
		return Result{}, false
	}
	peaks, bound := k.bySorting()
	points := make([]point, 0, len(peaks))
	for _, c := range peaks {
		points = append(points, point{u: k.lift(c)})
	}
	r := p.result(points, keep)
	r.Upper = max(r.Value, (bound+2*k.slack)*k.scale)
	r.Exact, r.Closed = true, true
	return r, true
}

// unscaled returns x and v with sizes whose products and squares are safe, and
// the exponent of two of what was taken off their product.
func unscaled(x *mat.Dense, v []float64) (*mat.Dense, []float64, int) {
	n, _ := x.Dims()
	most := func(s []float64) float64 {
		m := 0.0
		for _, e := range s {
			m = max(m, math.Abs(e))
		}
		return m
	}
	xs := 0.0
	for i := range n {
		xs = max(xs, most(x.RawRowView(i)))
	}
	_, ex := math.Frexp(xs)
	_, ev := math.Frexp(most(v))
	const safe = 100
	if max(ex, -ex) <= safe && max(ev, -ev) <= safe {
		return x, v, 0
	}
	y := mat.DenseCopyOf(x)
	y.Apply(func(_, _ int, e float64) float64 { return math.Ldexp(e, -ex) }, y)
	w := slices.Clone(v)
	for i := range w {
		w[i] = math.Ldexp(w[i], -ev)
	}
	return y, w, ex + ev
}

// rescale undoes unscaled.
func (r *Result) rescale(exp int) {
	r.Value, r.Upper = math.Ldexp(r.Value, exp), math.Ldexp(r.Upper, exp)
	for i := range r.Found {
		r.Found[i].Value = math.Ldexp(r.Found[i].Value, exp)
	}
}
