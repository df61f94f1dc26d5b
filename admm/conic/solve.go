package conic

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Weights of the coordinates in the penalty, relative to rho. There is no bound to meet
// on a free coordinate and none to miss on a zero one.
const (
	freeWeight = 1e-3
	zeroWeight = 1e3
)

// solver is the state of one solve, in the units of the equilibrated problem, named as
// in the package comment.
type solver struct {
	Settings
	user   *Problem
	q      *Matrix // of the user, whole
	scale  scaling
	p      *Problem // equilibrated
	cones  *projector
	others *projector // see spare
	system *system
	anderson

	w        []float64 // weights: rho w_j penalises coordinate j
	v        []float64 // n: the point that is iterated on
	z        []float64 // n: its projection
	x        []float64 // n: the minimiser on Ax = b
	y        []float64 // m: its multipliers
	rho      float64
	step     float64 // length of x - z
	lastStep float64 // that at the last look for certificates
	balanced int     // iteration of the next look at rho
	looked   int     // and of the next look for certificates

	result Result
	best   float64 // largest of the residuals and the gap of result
	point  measure // the latest
}

// Solve finds the minimum, until it is within tolerance, until a limit, or until ctx
// ends; the status says which. Errors wrap [ErrInvalid], [ErrNotConvex], [ErrMemory] or
// [ErrNumerical].
func Solve(ctx context.Context, p *Problem, settings Settings) (*Result, error) {
	s, err := newSolver(p, settings.withDefaults())
	if err != nil {
		return nil, err
	}
	return s.run(ctx)
}

func newSolver(p *Problem, settings Settings) (*solver, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := settings.validate(p); err != nil {
		return nil, err
	}
	q, err := p.Q.symmetric()
	if err != nil {
		return nil, err
	}
	if q.count() == 0 {
		q = nil
	}
	pl := newPlan(p, q, settings.memoryLimit())
	if need, limit := memoryOf(p, pl, settings.Memory), settings.memoryLimit(); need > limit {
		return nil, fmt.Errorf("%w: %v: it takes about %.3g GB, and the limit is %.3g GB", ErrMemory, p, need/1e9, limit/1e9)
	}
	if err := convex(q); err != nil {
		return nil, err
	}
	n, m := len(p.C), len(p.B)
	s := &solver{
		Settings: settings, user: p, q: q, rho: settings.Rho, best: math.Inf(1),
		w: ones(n), v: make([]float64, n), z: make([]float64, n), x: make([]float64, n), y: make([]float64, m),
		balanced: firstBalance, looked: firstLook, cones: newProjector(p.Cones), anderson: newAnderson(settings.Memory),
	}
	s.scale, s.p = equilibrate(p, q)
	for k, c := range p.Cones {
		switch c.Kind {
		case Free:
			fill(s.w[s.cones.start[k]:s.cones.start[k+1]], freeWeight)
		case Zero:
			fill(s.w[s.cones.start[k]:s.cones.start[k+1]], zeroWeight)
		}
	}
	s.startFrom(settings.Start)
	s.system, err = newSystem(pl, s.p.A, s.p.Q, s.p.B, s.w, s.rho)
	return s, err
}

// startFrom sets v to x - s/(rho w), whose projection is x.
func (s *solver) startFrom(start *Start) {
	if start == nil {
		return
	}
	for j, x := range start.X {
		s.v[j] = x / (s.scale.primal * s.scale.d[j])
	}
	for j, v := range start.S {
		s.v[j] -= v * s.scale.d[j] / (s.scale.dual * s.rho * s.w[j])
	}
}

// run is the method, line by line as in the package comment.
func (s *solver) run(ctx context.Context) (*Result, error) {
	s.result.Status = Limited
	if s.inconsistent() {
		return s.end()
	}
	for k := 1; k <= s.MaxIterations; k++ {
		if ctx.Err() != nil {
			s.result.Status = Stopped
			break
		}
		if !s.cones.project(s.z, s.v, s.accuracy()) {
			return nil, ErrNumerical
		}
		s.minimise()
		s.result.Iterations = k
		if k%s.CheckEvery == 0 || k == s.MaxIterations || s.step == 0 {
			if s.check() {
				break
			}
			if err := s.balance(); err != nil {
				return nil, err
			}
		}
		s.relax()
	}
	if s.result.X == nil { // stopped before the first test
		s.cones.project(s.z, s.v, 0)
		s.minimise()
		s.measure()
		s.keep()
	}
	return s.end()
}

// end returns the result if all its numbers are finite.
func (s *solver) end() (*Result, error) {
	r := &s.result
	r.Factorisations, r.Rho = s.system.factorisations, s.rho
	numbers := []float64{r.Objective, r.Dual, r.PrimalResidual, r.DualResidual, r.Gap, r.CertificateResidual}
	for _, v := range slices.Concat(numbers, r.X, r.Y, r.S, r.Certificate) {
		if !finite(v) {
			return nil, ErrNumerical
		}
	}
	return r, nil
}

// minimise sets x to the minimiser of <c,x> + 1/2 x'Qx + rho/2 |x - (2z - v)|_w^2 on
// Ax = b, and y to its multipliers.
func (s *solver) minimise() {
	for j, w := range s.w {
		s.x[j] = s.rho*w*(2*s.z[j]-s.v[j]) - s.p.C[j]
	}
	s.system.solve(s.x, s.y)
	s.step = 0
	for j, w := range s.w {
		s.step += w * (s.x[j] - s.z[j]) * (s.x[j] - s.z[j])
	}
	s.step = math.Sqrt(s.step)
}

// relax sets v to v + alpha (x - z), or to what Anderson's method makes of that.
func (s *solver) relax() {
	next := slices.Clone(s.v)
	for j := range next {
		next[j] += s.Relaxation * (s.x[j] - s.z[j])
	}
	s.v = s.accelerate(s.v, next, s.step)
}

// accuracy is how well a projection is computed where it is computed by iteration: a
// fraction of the last step, so that its errors vanish with the steps (Eckstein and
// Bertsekas, 1992, theorem 8).
func (s *solver) accuracy() float64 {
	const fraction, tightest = 1e-3, 1e-13
	if s.result.Iterations == 0 {
		return tightest
	}
	return max(fraction*s.step, tightest)
}

// check tests the residuals, then the certificates. It reports whether the solve is at
// its end.
func (s *solver) check() bool {
	s.measure()
	worst := s.keep()
	if s.Progress != nil {
		s.Progress(Progress{
			Iteration: s.result.Iterations, Rho: s.rho, Objective: s.point.objective,
			Primal: s.point.primal, Dual: s.point.dual, Gap: s.point.gap,
		})
	}
	// In the user's units residuals are relative to the largest entries, and say nothing of
	// a cone whose costs are a millionth of another's.
	if worst <= s.Tolerance && s.point.scaled <= s.Tolerance {
		s.result.Status = Solved
		return true
	}
	return s.certify()
}

const (
	firstBalance = 20
	freeRatio    = 3 // how far apart the lengths may be, where a new rho is free
	costlyRatio  = 4 // and where it costs a factorisation

	// In an infeasible or unbounded problem one of the lengths grows for ever.
	leastRho, mostRho = 1e-9, 1e9
	// A rho so far below the largest entry of Q leaves H too singular for the directions
	// that Q does not see, which are what certificates are made of.
	leastShare = 1e-4
)

// balance moves rho towards |slack| / |z|, where steps of one length are as large a part
// of the primal iterate as of the dual one (the relative residuals of Wohlberg, 2017),
// and from there some way towards equal residuals (Boyd et al., section 3.4.1): where one
// of them is far below the other, iterates drift. It does so less and less often, so that
// the method is one with a fixed rho in the end.
func (s *solver) balance() error {
	k := s.result.Iterations
	if k < s.balanced {
		return nil
	}
	s.balanced = k + max(k/2, firstBalance)
	least := float64(freeRatio)
	if !s.system.fixed() {
		if least = costlyRatio; s.system.factorisations >= s.MaxFactorisations {
			return nil
		}
	}
	const most, noise = 20.0, 1e-12
	imbalance := max(s.point.primal, noise) / max(s.point.dual, noise)
	ratio := min(max(s.lengths()*math.Sqrt(math.Sqrt(imbalance)), 1/most), most)
	if ratio < least && ratio > 1/least {
		return nil
	}
	lowest := leastRho
	if s.q != nil {
		lowest = max(lowest, min(s.rho, leastShare*largest(s.p.Q.val)))
	}
	rho := min(max(s.rho*ratio, lowest), mostRho)
	if rho == s.rho {
		return nil
	}
	if s.system.refactor(rho) != nil {
		// Rounding makes H indefinite at a small rho: stay where it is not.
		s.MaxFactorisations = 0
		return s.system.refactor(s.rho)
	}
	// The slack rho w (z - v) stays what it is.
	for j, z := range s.z {
		s.v[j] = z + s.rho/rho*(s.v[j]-z)
	}
	s.rho = rho
	s.minimise()
	s.reset()
	return nil
}

// lengths returns |slack| / (rho |z|), one if that means nothing yet. The slack is
// rho w (z - v).
func (s *solver) lengths() float64 {
	var primal, dual float64
	for j, w := range s.w {
		primal += w * s.z[j] * s.z[j]
		dual += w * (s.z[j] - s.v[j]) * (s.z[j] - s.v[j])
	}
	if primal == dual { // both may be zero
		return 1
	}
	return math.Sqrt(dual / primal)
}
