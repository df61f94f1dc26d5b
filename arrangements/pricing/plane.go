package pricing

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
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

// unscaled returns x and v with rows of a size near one and weights of at most
// that, and the exponent of two of what was taken off their products. Only the
// products v_i x_i matter, so that each row may be scaled on its own.
func unscaled(x *mat.Dense, v []float64) (*mat.Dense, []float64, int) {
	y, w := mat.DenseCopyOf(x), slices.Clone(v)
	exp, most := make([]int, len(v)), math.MinInt
	for i := range w {
		row, largest := y.RawRowView(i), 0.0
		for _, e := range row {
			largest = max(largest, math.Abs(e))
		}
		if largest == 0 || w[i] == 0 {
			continue
		}
		var ev int
		_, exp[i] = math.Frexp(largest)
		for j, e := range row {
			row[j] = math.Ldexp(e, -exp[i])
		}
		w[i], ev = math.Frexp(w[i])
		exp[i] += ev
		most = max(most, exp[i])
	}
	if most == math.MinInt {
		return y, w, 0
	}
	for i := range w {
		// A weight too small for the scale of the others is dropped if it is negative
		// and raised if it is positive: both raise theta, and an upper bound holds.
		if w[i] > 0 {
			w[i] = math.Ldexp(w[i], max(exp[i]-most, -1000))
		} else {
			w[i] = math.Ldexp(w[i], exp[i]-most)
		}
	}
	return y, w, most
}

// rescale undoes unscaled. The error wraps [arrangements.ErrNonFinite] where the
// value is too large for a float64.
func (r *Result) rescale(exp int) error {
	r.Value, r.Upper = math.Ldexp(r.Value, exp), scaledUp(r.Upper, exp)
	if math.IsInf(r.Value, 0) {
		return fmt.Errorf("pricing: sum of v_i x_i: %w: scale the data down", arrangements.ErrNonFinite)
	}
	for i := range r.Found {
		r.Found[i].Value = math.Ldexp(r.Found[i].Value, exp)
	}
	return nil
}
