package lasso

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// Report says how a call of [Master.Solve] ended.
type Report struct {
	Sweeps    int     // passes over all columns
	Steps     int     // linear systems solved for the nonzero gains
	Violation float64 // of the optimality conditions at the gains, relative to beta
	Converged bool    // Violation is within the tolerance
}

const (
	// rounding is the relative rise of an objective that is put down to rounding.
	rounding = 1e-14
	// A solve ends after so many rounds, or so many without progress.
	mostRounds = 1000
	idleRounds = 20
)

// Solve improves the gains until the optimality conditions hold within
// tolerance: with V the residual, every penalised column has
// |a_k'V| <= beta (1 + tolerance), those with nonzero gains have
// |a_k'V - beta g_k/|g_k|| <= tolerance beta, and free ones
// |a_k'V| <= tolerance beta. The objective never rises but for rounding.
//
// A context that ends stops it with the gains found so far, which are no worse
// than those at hand before the call. It also stops, not converged, where
// rounding allows no further progress, and after 1000 rounds, as where the loss
// of separable classes falls for ever along a free column.
func (m *Master) Solve(ctx context.Context, tolerance float64) Report {
	for _, col := range m.columns {
		if col.square == 0 && col.active() {
			clear(col.gain)
			m.fresh = false
		}
	}
	var r Report
	bestViolation, bestObjective, idle := math.Inf(1), math.Inf(1), 0
	cautious := false
	for {
		m.refresh()
		prices := m.prices()
		violations := m.violations(prices)
		r.Sweeps++
		r.Violation = largest(violations)
		r.Converged = r.Violation <= tolerance
		objective := m.Objective()
		idle++
		if r.Violation < 0.9*bestViolation || objective < bestObjective-rounding*math.Abs(bestObjective) {
			idle = 0
		}
		bestViolation, bestObjective = min(bestViolation, r.Violation), min(bestObjective, objective)
		if r.Converged || idle > idleRounds || r.Sweeps >= mostRounds || ctx.Err() != nil {
			return r
		}
		m.choose(violations)
		steps, ok := m.improve(ctx, prices, r.Violation, tolerance, cautious)
		r.Steps += steps
		cautious = !ok
	}
}

// improve is one round over the members: it minimises a quadratic model of the
// loss, with the penalty as it is, and moves the gains as far as the objective
// falls. A cautious model is an upper bound everywhere. improve returns the
// number of linear systems solved and whether the gains could move.
func (m *Master) improve(ctx context.Context, prices []float64, violation, tolerance float64, cautious bool) (steps int, ok bool) {
	// The next round knows better what lacks than a model solved to the end.
	target := max(tolerance/2, 0.1*violation)
	if !m.exact {
		// Weights are dear, models cheap.
		target = max(tolerance/4, 0.01*violation)
		m.scalar.reset()
		m.members.reweigh(m.weights(cautious))
	}
	start := m.gains()
	if m.c == 1 {
		m.gather(&m.scalar.q, prices, 0)
		steps = m.scalar.minimise(ctx, target)
	} else {
		for l := range m.groups.q {
			m.gather(&m.groups.q[l], prices, l)
		}
		m.groups.minimise(target)
	}
	ok = m.accept(start, prices)
	if m.c > 1 {
		steps += m.polish(ctx, target)
	}
	return steps, ok
}

// prices returns a_k'V of all columns, K x c.
func (m *Master) prices() []float64 {
	c := m.c
	planes(m.plane, m.dual, c)
	p := make([]float64, len(m.columns)*c)
	const chunk = 128
	parallel.Chunks(len(m.columns), chunk, func(_, lo, hi int) {
		for k := lo; k < hi; k++ {
			for l := range c {
				p[k*c+l] = kernel.Dot(m.columns[k].feature, m.plane[l*m.n:(l+1)*m.n])
			}
		}
	})
	return p
}

// gather sets *q to the prices of the members for output l.
func (m *Master) gather(q *[]float64, prices []float64, l int) {
	dst := resize(q, m.members.len())
	for k, col := range m.columns {
		if col.slot >= 0 {
			dst[col.slot] = prices[k*m.c+l]
		}
	}
}

// violations returns how far each column violates its optimality condition.
func (m *Master) violations(prices []float64) []float64 {
	v := make([]float64, len(m.columns))
	p := make([]float64, m.c)
	for k, col := range m.columns {
		copy(p, prices[k*m.c:])
		v[k] = violation(p, col, m.beta)
	}
	return v
}

// choose makes members of the columns that the next round is about: those with
// nonzero gains, free ones, and the worst violators. Others stay while they are
// few, since their inner products may be wanted again.
func (m *Master) choose(violations []float64) {
	const few = 100
	need := map[*column]bool{}
	var violators []int
	for k, col := range m.columns {
		switch {
		case col.square == 0:
		case col.free || col.active():
			need[col] = true
		case violations[k] > 0:
			violators = append(violators, k)
		}
	}
	slices.SortStableFunc(violators, func(a, b int) int { return cmp.Compare(violations[b], violations[a]) })
	// As many as the support at most: few of the worst of a cold start survive.
	for _, k := range violators[:min(len(violators), max(few, len(need)))] {
		need[m.columns[k]] = true
	}
	if m.members.len() > len(need)+len(need)/4+few/2 || !m.exact {
		keep := func(col *column) bool { return need[col] }
		m.scalar.retain(keep)
		m.members.retain(keep)
	}
	var enter []*column
	for _, col := range m.columns {
		if need[col] && col.slot < 0 {
			enter = append(enter, col)
		}
	}
	m.members.add(enter)
}

// weights returns for each sample a bound on the curvature of its loss at the
// current predictions, or anywhere if cautious.
func (m *Master) weights(cautious bool) []float64 {
	// Against samples whose loss is flat as far as rounding sees.
	const least = 1e-12
	n, c := m.n, m.c
	smooth := m.loss.Smoothness()
	h := make([]float64, n*c*c)
	m.loss.Hessian(h, m.fit)
	w := make([]float64, n)
	for i := range w {
		if cautious {
			w[i] = smooth
			continue
		}
		// No eigenvalue exceeds the greatest sum of magnitudes in a row.
		for l := range c {
			w[i] = max(w[i], floats.Norm(h[(i*c+l)*c:(i*c+l+1)*c], 1))
		}
		w[i] = min(max(w[i], least*smooth), smooth)
	}
	return w
}

// gains returns a copy of the gains of the members.
func (m *Master) gains() []float64 {
	g := make([]float64, 0, m.members.len()*m.c)
	for _, col := range m.members.columns {
		g = append(g, col.gain...)
	}
	return g
}

// accept goes from the gains of the members at start, which had the given
// prices, towards those at hand as far as the objective falls in proportion. It
// reports whether it moved.
func (m *Master) accept(start, prices []float64) bool {
	end := m.gains()
	place := func(t float64) float64 {
		for i, col := range m.members.columns {
			for l := range col.gain {
				if j := i*m.c + l; t == 1 {
					col.gain[l] = end[j]
				} else {
					col.gain[l] = start[j] + t*(end[j]-start[j])
				}
			}
		}
		m.fresh = false
		return m.Objective()
	}
	from := place(0)
	slope := 0.0
	if !m.exact {
		for k, col := range m.columns {
			if col.slot < 0 {
				continue
			}
			j := col.slot * m.c
			for l := range m.c {
				slope += prices[k*m.c+l] * (end[j+l] - start[j+l])
			}
			if !col.free {
				slope -= m.beta * (floats.Norm(end[j:j+m.c], 2) - floats.Norm(start[j:j+m.c], 2))
			}
		}
	}
	const least, share = 1e-9, 1e-4
	for t := 1.0; t > least; t /= 2 {
		if place(t) <= from-share*t*max(slope, 0)+rounding*math.Abs(from) {
			return true
		}
	}
	place(0)
	m.scalar.reset()
	return false
}
