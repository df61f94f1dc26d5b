package ipm

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/parallel"
)

// backoff keeps iterates away from the boundary of the cones.
const backoff = 0.99

// mostCentering bounds Mehrotra's centering parameter. From an infeasible start
// the affine step is short at first, and centering more than this only waits:
// with the bound real tables took a fifth fewer iterations.
const mostCentering = 0.1

// patience is the number of iterations without noticeable progress after which a
// solve ends. Far from the solution several may pass.
const patience = 15

// state is one primal-dual iterate. Slacks and multipliers of the k second-order
// cones are k x (d+1) with the scalar part first.
type state struct {
	u, t       []float64 // k x d, k
	slack, mul []float64 // k x r: of the linear cones
	q, zeta    []float64 // k x (d+1): of the second-order cones
}

func newState(k, r, d int) *state {
	return &state{
		u: make([]float64, k*d), t: make([]float64, k),
		slack: make([]float64, k*r), mul: make([]float64, k*r),
		q: make([]float64, k*(d+1)), zeta: make([]float64, k*(d+1)),
	}
}

type solver struct {
	*Problem
	Settings
	*geometry
	iter    *state
	newton  *newton
	scaling *scaling
	fit     []float64 // F u, centred if asked
	res     *state    // residuals of the optimality conditions, laid out as their equations
}

// Solve runs the method until the tolerance is met, no more progress is made, a
// limit is reached or ctx ends; it returns the best iterate. U is strictly inside
// the (relaxed) cones up to the reported gap.
func Solve(ctx context.Context, p *Problem, settings Settings) (*Result, error) {
	if settings.Tolerance == 0 {
		settings.Tolerance = 1e-9
	}
	if settings.MaxIterations == 0 {
		settings.MaxIterations = 100
	}
	g := newGeometry(p)
	r := len(g.rows)
	s := &solver{
		Problem: p, Settings: settings, geometry: g,
		iter: newState(g.k, r, g.d), res: newState(g.k, r, g.d),
		scaling: newScaling(g.k, r, g.d), newton: newNewton(p, g), fit: make([]float64, g.n),
	}
	return s.run(ctx)
}

func (s *solver) run(ctx context.Context) (*Result, error) {
	s.initialise()
	best := &Result{Gap: math.Inf(1)}
	least := defects{math.Inf(1), math.Inf(1), math.Inf(1)}
	stalled := 0
	for k := 0; ; k++ {
		now := s.residuals()
		if gap := now.worst(); gap < best.Gap {
			s.record(best, gap)
		}
		stalled++
		if now.improve(&least) {
			stalled = 0
		}
		best.Iterations = k
		best.Converged = best.Gap <= s.Tolerance
		if best.Converged || k >= s.MaxIterations || stalled >= patience || ctx.Err() != nil || !s.step() {
			break
		}
	}
	if best.U == nil {
		return nil, ErrNumerical
	}
	return best, nil
}

// defects are the three relative errors of an iterate: the duality gap, and the
// residuals of the dual and of the primal equations.
type defects struct{ gap, dual, primal float64 }

func (e defects) worst() float64 {
	// Slacks are smaller than weights, and their infeasibility is repaired by a
	// projection afterwards.
	const primalWeight = 0.1
	return max(e.gap, e.dual, primalWeight*e.primal)
}

// improve lowers least to e and reports whether any of the three fell noticeably.
// On the way one often rises while another falls.
func (e defects) improve(least *defects) bool {
	const noticeable = 0.99
	better := e.gap < noticeable*least.gap || e.dual < noticeable*least.dual || e.primal < noticeable*least.primal
	least.gap, least.dual, least.primal = min(least.gap, e.gap), min(least.dual, e.dual), min(least.primal, e.primal)
	return better
}

// The first point, in units of the weights' size and of the multipliers': chosen
// by the number of iterations that real tables took. Slacks start infeasible.
const (
	firstWeight     = 0.01
	firstSlack      = 0.1
	firstMultiplier = 0.1
	// leastMultiplier times the largest gradient bounds the multipliers' size
	// from below. Without it complementarity is gone before infeasibility is,
	// where beta is tiny.
	leastMultiplier = 1e-3
)

// initialise takes zero weights, and slacks and multipliers in the middle of
// their cones.
func (s *solver) initialise() {
	size := s.start()
	s.newton.adjoint(s.res.u, s.Y)
	multiplier := s.Beta
	for j := range s.k {
		multiplier = max(multiplier, leastMultiplier*floats.Norm(s.res.u[j*s.d:(j+1)*s.d], 2))
	}
	for j := range s.k {
		s.iter.t[j] = firstWeight * size
		s.iter.q[j*(s.d+1)] = firstWeight * size
		s.iter.zeta[j*(s.d+1)] = multiplier
	}
	for i := range s.iter.slack {
		s.iter.slack[i] = firstSlack * size
		s.iter.mul[i] = firstMultiplier * multiplier
	}
}

// residuals fills res with the residuals of the four optimality conditions and
// returns their sizes relative to what they compare.
func (s *solver) residuals() defects {
	it, d := s.iter, s.d
	s.newton.forward(s.fit, it.u)
	s.newton.adjoint(s.res.u, floats.SubTo(make([]float64, s.n), s.fit, s.Y)) // F'(F u - y)
	cone := s.newton.pull(it.mul)
	product := s.newton.push(it.u)
	var dual, primal, compl, norms float64
	for j := range s.k {
		zeta, q := it.zeta[j*(d+1):(j+1)*(d+1)], it.q[j*(d+1):(j+1)*(d+1)]
		for l := range d {
			s.res.u[j*d+l] -= cone[j*d+l] + zeta[1+l]
			s.res.q[j*(d+1)+1+l] = q[1+l] - it.u[j*d+l]
		}
		s.res.t[j] = s.Beta - zeta[0]
		s.res.q[j*(d+1)] = q[0] - it.t[j]
		dual = max(dual, math.Hypot(floats.Norm(s.res.u[j*d:(j+1)*d], 2), s.res.t[j]))
		primal = max(primal, floats.Norm(s.res.q[j*(d+1):(j+1)*(d+1)], 2))
		compl += floats.Dot(q, zeta)
		norms += it.t[j]
	}
	for i := range it.slack {
		s.res.slack[i] = it.slack[i] - product[i] - s.Relax
		primal = max(primal, math.Abs(s.res.slack[i]))
		compl += it.slack[i] * it.mul[i]
	}
	residual := floats.Distance(s.fit, s.Y, 2)
	objective := residual*residual/2 + s.Beta*norms
	scale := floats.Max(it.t)
	return defects{
		gap:    compl / max(objective, math.SmallestNonzeroFloat64),
		dual:   dual / s.Beta,
		primal: primal / max(scale, math.SmallestNonzeroFloat64),
	}
}

// record copies the iterate into best.
func (s *solver) record(best *Result, gap float64) {
	best.Gap = gap
	best.U = append(best.U[:0], s.iter.u...)
	best.Residual = append(best.Residual[:0], s.Y...)
	floats.Sub(best.Residual, s.fit)
	// The gradient of block j, e_j X'D_j r + X'S_j lambda_j, is what its dual
	// equation compares with zeta_j: no product is needed.
	best.Price = make([]float64, s.k)
	grad := make([]float64, s.d)
	for j := range best.Price {
		floats.AddTo(grad, s.res.u[j*s.d:(j+1)*s.d], s.iter.zeta[j*(s.d+1)+1:(j+1)*(s.d+1)])
		best.Price[j] = floats.Norm(grad, 2)
	}
}

// step does one predictor and one corrector; false if the system fails.
func (s *solver) step() bool {
	it, sc := s.iter, s.scaling
	if !sc.update(it) || !s.newton.factor(sc) {
		return false
	}
	mu := sc.complementarity() / float64(s.k+len(it.slack))

	predictor := s.direction(sc.predictorTarget())
	affine := min(1, s.maxStep(predictor))
	sigma := min(mostCentering, math.Pow(1-affine, 3))
	corrector := s.direction(sc.correctorTarget(predictor, sigma*mu))
	length := min(1, backoff*s.maxStep(corrector))
	if math.IsNaN(length) || length < 1e-12 {
		return false
	}
	for _, pair := range [][2][]float64{
		{it.u, corrector.u},
		{it.t, corrector.t},
		{it.slack, corrector.slack},
		{it.mul, corrector.mul},
		{it.q, corrector.q},
		{it.zeta, corrector.zeta},
	} {
		floats.AddScaled(pair[0], length, pair[1])
	}
	return true
}

// direction solves the Newton equations
//
//	P dx + G'dz = -res_x,  G dx + ds = -res_z,  W dz + W^-1 ds = target
//
// for the given scaled targets of the cones.
func (s *solver) direction(target *conePair) *state {
	step := newState(s.k, len(s.rows), s.d)
	s.newton.solve(step, s.res, target, s.scaling)
	return step
}

// maxStep returns the largest step that keeps slacks and multipliers in their
// cones, +Inf if there is no limit.
func (s *solver) maxStep(step *state) float64 {
	const chunk = 4096
	longest := math.Inf(1)
	parts := make([]float64, parallel.Count(len(step.slack), chunk))
	parallel.Work(4*float64(len(step.slack)), len(step.slack), chunk, func(c, lo, hi int) {
		best := math.Inf(1)
		for i := lo; i < hi; i++ {
			if ds := step.slack[i]; ds < 0 {
				best = min(best, -s.iter.slack[i]/ds)
			}
			if dz := step.mul[i]; dz < 0 {
				best = min(best, -s.iter.mul[i]/dz)
			}
		}
		parts[c] = best
	})
	for _, p := range parts {
		longest = min(longest, p)
	}
	w := s.d + 1
	for j := range s.k {
		longest = min(longest,
			coneStep(s.iter.q[j*w:(j+1)*w], step.q[j*w:(j+1)*w]),
			coneStep(s.iter.zeta[j*w:(j+1)*w], step.zeta[j*w:(j+1)*w]))
	}
	return longest
}
