package conic

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// inconsistent tests whether Ax = b has a solution at all. A dependent row of A whose
// equation the others contradict leaves a residual r after the projection onto the
// other rows. Less what these make of it, r is a y with A'y = 0 and b'y > 0.
func (s *solver) inconsistent() bool {
	p := s.p
	if len(p.B) == 0 {
		return false
	}
	x, y := make([]float64, len(p.C)), make([]float64, len(p.B))
	s.system.solve(x, y)
	r := append([]float64(nil), p.B...)
	p.A.AddMul(r, -1, x)
	if largest(r) < 1e-9*max(1, largest(p.B)) {
		return false
	}
	s.measure()
	// y = r - N^+ A H^-1 A'r over the rows that the factor keeps.
	pulled := make([]float64, len(p.C))
	p.A.AddMulTrans(pulled, 1, r)
	s.system.applyInverse(pulled)
	clear(y)
	p.A.AddMul(y, -1, pulled)
	s.system.normal.solve(y)
	for i := range y {
		y[i] = r[i] + s.system.scale*y[i]
	}
	return s.acceptInfeasible(y)
}

// firstLook is the least number of iterations between looks for certificates, which cost
// as much as an iteration, or a few of large orders.
const firstLook = 50

// certify looks for certificates in the direction in which v moves. Where the problem is
// infeasible or unbounded that tends to one or both: its part in the cone is a direction
// to go on for ever, and the rest, turned, a slack that grows for ever (Banjac, Goulart,
// Stellato and Boyd, 2019).
func (s *solver) certify() bool {
	k := s.result.Iterations
	if k < s.looked {
		return false
	}
	s.looked = k + max(firstLook, k/4)
	// Steps that become shorter lead to a solution.
	shorter := s.step < 0.5*s.lastStep
	s.lastStep = s.step
	if shorter {
		return false
	}
	move, d := make([]float64, len(s.p.C)), make([]float64, len(s.p.C))
	for j := range move {
		move[j] = s.x[j] - s.z[j]
	}
	if !s.spare().project(d, move, 0) {
		return false
	}
	for j := range move {
		move[j] = s.rho * s.w[j] * (move[j] - d[j])
	}
	if s.acceptUnbounded(d) {
		return true
	}
	if len(s.p.B) == 0 {
		return false
	}
	// The y with A'y = move in the least squares sense.
	s.system.applyInverse(move)
	y := make([]float64, len(s.p.B))
	s.p.A.AddMul(y, 1, move)
	s.system.normal.solve(y)
	return s.acceptInfeasible(y)
}

// spare returns a projector for points that have nothing to do with the iterates.
func (s *solver) spare() *projector {
	if s.others == nil {
		s.others = newProjector(s.user.Cones)
	}
	return s.others
}

// acceptInfeasible tests a y of the equilibrated problem, which it scales to b'y = 1,
// and ends the solve with it if it proves that nothing within reach is feasible: for x in
// K with Ax = b, 1 = <A'y, x> is at most |x| times the distance of -A'y from the dual cone.
func (s *solver) acceptInfeasible(y []float64) bool {
	value := floats.Dot(s.p.B, y)
	if !(value > 0) || math.IsInf(value, 1) {
		return false
	}
	floats.Scale(1/value, y)
	if !(s.distance(s.p, y) <= s.near(s.p.A, y)) {
		return false
	}
	for i := range y {
		y[i] *= s.scale.e[i] / s.scale.primal
	}
	s.result.Status, s.result.Certificate = Infeasible, y
	s.result.CertificateResidual = s.distance(s.user, y)
	s.keep()
	return true
}

// distance returns that of -A'y from the dual cone: the length of the projection of A'y
// onto the cone.
func (s *solver) distance(p *Problem, y []float64) float64 {
	pulled := make([]float64, len(p.C))
	p.A.AddMulTrans(pulled, 1, y)
	if !s.spare().project(pulled, append([]float64(nil), pulled...), 0) {
		return math.Inf(1)
	}
	return floats.Norm(pulled, 2)
}

// acceptUnbounded tests a direction d in the cones.
func (s *solver) acceptUnbounded(d []float64) bool {
	value := -floats.Dot(s.p.C, d)
	if !(value > 0) || math.IsInf(value, 1) {
		return false
	}
	floats.Scale(1/value, d)
	ad, qd := rest(s.p, s.p.Q, d)
	if !(math.Hypot(ad, qd) <= s.InfeasibilityTolerance && ad <= s.near(s.p.A, d) && qd <= s.near(s.p.Q, d)) {
		return false
	}
	for j := range d {
		d[j] *= s.scale.d[j] / s.scale.dual
	}
	s.result.Status, s.result.Certificate = Unbounded, d
	s.result.CertificateResidual = math.Hypot(rest(s.user, s.q, d))
	s.keep()
	return true
}

// near is the length below which the product of a matrix and v counts as zero. Small
// entries of the matrix are no reason: beside a large c, those of an equilibrated Q are
// small however strongly convex the objective is.
func (s *solver) near(a *Matrix, v []float64) float64 {
	most := 0.0
	if a != nil {
		most = largest(a.val)
	}
	return s.InfeasibilityTolerance * min(1, most*floats.Norm(v, 1))
}

// rest returns the lengths of Ad and Qd.
func rest(p *Problem, q *Matrix, d []float64) (float64, float64) {
	ad, qd := make([]float64, len(p.B)), make([]float64, len(p.C))
	p.A.AddMul(ad, 1, d)
	q.AddMul(qd, 1, d)
	return floats.Norm(ad, 2), floats.Norm(qd, 2)
}
