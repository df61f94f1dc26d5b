package svm

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// Report says how a call of [Master.Solve] ended.
type Report struct {
	Steps     int     // of the interior point method: matrices factored
	Bound     float64 // proved by the dual point: no gains have a lower objective
	Gap       float64 // (objective - Bound) / objective; 0 if the two are equal
	Converged bool    // Gap is within the tolerance
}

const (
	// A solve ends after so many steps, or so many without progress: a fall of the gap,
	// of the mean product or of what lacks in the equations by this factor.
	mostSteps = 100
	idleSteps = 10
	progress  = 0.98
)

// Solve replaces the gains by some whose objective exceeds its least value by no more
// than tolerance (relative), and finds the dual point that proves it. It ends as soon as
// it has them, so that gains and dual point are near the middle of all those that are as
// good, and where the ones at hand will do it leaves them as they are. Gains that the
// method has merely not brought to zero yet are set to zero. The objective never rises,
// but for what this may add within the tolerance.
//
// A context that ends stops it with the best gains and the best dual point so far. It
// also stops, not converged, where rounding allows no further progress. That is at gaps of
// 1e-11 or less, but larger where columns that are nearly equal have gains of a million
// times the margins, as with a beta of a millionth of the largest useful one.
func (m *Master) Solve(ctx context.Context, tolerance float64) Report {
	p := newProgram(m)
	s := newSearch(m, p)
	var r Report
	if s.gap() > tolerance {
		it := newInterior(p)
		r.Steps = s.run(ctx, it, tolerance)
		s.clean(it, tolerance)
	}
	s.store(m)
	objective := m.Objective()
	r.Bound = kernel.Dot(m.margin, m.dual)
	r.Gap = relativeGap(objective, r.Bound)
	r.Converged = r.Gap <= tolerance
	return r
}

// relativeGap returns (objective - bound) / objective, or 0 where rounding has put the
// bound above.
func relativeGap(objective, bound float64) float64 {
	if objective <= bound {
		return 0
	}
	return (objective - bound) / objective
}

// search keeps the best gains and the best dual point of a program.
type search struct {
	*program
	gains []float64 // k
	value float64   // objective of the gains
	dual  []float64 // n: a feasible q
	bound float64   // m'q
}

// newSearch returns a search that knows the gains and the dual point of m, and those of
// a program without columns.
func newSearch(m *Master, p *program) *search {
	s := &search{program: p, value: math.Inf(1), bound: math.Inf(-1)}
	g, margin := make([]float64, p.k), slices.Clone(p.target)
	s.offerGains(g, margin)
	for j, k := range p.columns {
		g[j] = m.columns[k].gain[0] / p.scale[j]
	}
	p.subtract(margin, g)
	s.offerGains(g, margin)

	ones, prices := make([]float64, p.n), make([]float64, p.k)
	for i := range ones {
		ones[i] = 1
	}
	for _, q := range [][]float64{ones, m.dual} {
		p.adjoint(prices, q)
		s.offerDual(q, prices)
	}
	return s
}

func (s *search) gap() float64 { return relativeGap(s.value, s.bound) }

// offerGains takes gains g with m - B g = margin if they are the best so far.
func (s *search) offerGains(g, margin []float64) {
	if value := s.objective(g, margin); value < s.value {
		s.value, s.gains = value, append(s.gains[:0], g...)
	}
}

// offerDual takes a multiple of q >= 0, with B'q = prices, if it is the best dual point
// so far.
func (s *search) offerDual(q, prices []float64) {
	c := s.shrink(q, prices)
	if bound := c * kernel.Dot(s.target, q); bound > s.bound {
		s.bound = bound
		s.dual = append(s.dual[:0], q...)
		floats.Scale(c, s.dual)
	}
}

// run takes steps of the interior point method until the gap is within tolerance, and
// returns their number.
func (s *search) run(ctx context.Context, it *interior, tolerance float64) (steps int) {
	lowest := slices.Repeat([]float64{math.Inf(1)}, 4)
	for idle := 0; ; idle++ {
		s.offerGains(it.gain, it.margin)
		s.offerDual(it.at.q, it.prices)
		for j, v := range []float64{s.gap(), it.mu, floats.Norm(it.primal, math.Inf(1)), floats.Norm(it.up, math.Inf(1))} {
			if v < progress*lowest[j] {
				lowest[j], idle = v, 0
			}
		}
		if s.gap() <= tolerance || idle > idleSteps || steps >= mostSteps || ctx.Err() != nil || !it.step() {
			return steps
		}
		steps++
	}
}

// store sets the gains and the dual point of m. Columns that are not in the program
// have gain 0.
func (s *search) store(m *Master) {
	for _, col := range m.columns {
		col.gain[0] = 0
	}
	for j, k := range s.columns {
		m.columns[k].gain[0] = s.gains[j] * s.scale[j]
	}
	m.fresh = false
	copy(m.dual, s.dual)
}
