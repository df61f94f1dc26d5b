package conic

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// measure is the current point in the user's units, and how far it is from optimal.
type measure struct {
	x, y, s           []float64
	objective, value  float64
	primal, dual, gap float64
	scaled            float64   // the larger residual of the equilibrated problem
	ax, qx, aty       []float64 // work
}

// measure computes the residuals of z with the multipliers y and the slack
// rho w (z - v), which is in the dual cone and orthogonal to z.
func (s *solver) measure() {
	p, m := s.user, &s.point
	n, rows := len(p.C), len(p.B)
	m.x, m.y, m.s = resize(m.x, n), resize(m.y, rows), resize(m.s, n)
	for j := range m.x {
		m.x[j] = s.scale.primal * s.scale.d[j] * s.z[j]
		m.s[j] = s.scale.dual / s.scale.d[j] * s.rho * s.w[j] * (s.z[j] - s.v[j])
	}
	for i := range m.y {
		m.y[i] = s.scale.dual * s.scale.e[i] * s.y[i]
	}
	m.ax, m.qx, m.aty = zeros(m.ax, rows), zeros(m.qx, n), zeros(m.aty, n)
	p.A.AddMul(m.ax, 1, m.x)
	s.q.AddMul(m.qx, 1, m.x)
	p.A.AddMulTrans(m.aty, 1, m.y)

	m.scaled = 0
	var gap float64
	for i, v := range m.ax {
		gap = max(gap, math.Abs(v-p.B[i]))
		m.scaled = max(m.scaled, math.Abs(v-p.B[i])*s.scale.e[i]/s.scale.primal)
	}
	m.primal = gap / max(1, largest(m.ax), largest(p.B))
	gap = 0
	for j, c := range p.C {
		r := math.Abs(c + m.qx[j] - m.aty[j] - m.s[j])
		gap = max(gap, r)
		m.scaled = max(m.scaled, r*s.scale.d[j]/s.scale.dual)
	}
	m.dual = gap / max(1, largest(p.C), largest(m.qx), largest(m.aty), largest(m.s))
	quadratic := floats.Dot(m.x, m.qx) / 2
	m.objective = floats.Dot(p.C, m.x) + quadratic
	m.value = floats.Dot(p.B, m.y) - quadratic
	m.gap = math.Abs(m.objective-m.value) / max(1, math.Abs(m.objective), math.Abs(m.value))
}

// keep makes the measured point the result if it is the best so far, and returns the
// largest of its residuals and gap.
func (s *solver) keep() float64 {
	m := &s.point
	worst := max(m.primal, m.dual, m.gap)
	if !(worst < s.best) && s.result.X != nil {
		return worst
	}
	s.best = worst
	r := &s.result
	r.X, r.Y, r.S = append(r.X[:0], m.x...), append(r.Y[:0], m.y...), append(r.S[:0], m.s...)
	if r.X == nil {
		r.X = []float64{}
	}
	r.Objective, r.Dual = m.objective, m.value
	r.PrimalResidual, r.DualResidual, r.Gap = m.primal, m.dual, m.gap
	return worst
}

func resize(v []float64, n int) []float64 {
	if len(v) != n {
		return make([]float64, n)
	}
	return v
}

func zeros(v []float64, n int) []float64 {
	v = resize(v, n)
	clear(v)
	return v
}
