package admm

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// firstRho is the first penalty parameter relative to the mean eigenvalue of the
// system. From 0.01 to 0.3, three tables of 400 to 2500 rows took about the same number
// of iterations at middling strengths of the penalty; conjugate gradients need few
// steps for the larger ones.
const firstRho = 0.1

// balanceEvery is the number of iterations between looks at the balance of the
// residuals, and balanceRatio how far apart they may be.
const (
	balanceEvery = 25
	balanceRatio = 4
)

// solver is the state of one solve, named as in the package comment.
type solver struct {
	Problem
	Settings
	cones   Cones
	n, m, d int

	rho         float64
	least, most float64 // bounds of rho
	system      gramSolver

	u, v, lambda []float64 // m x d
	pulled       []float64 // G'(s - nu)
	c, scratch   []float64 // m x d
	h, fit       []float64 // n

	result Result
}

func newSolver(p Problem, start *State, settings Settings) (*solver, error) {
	n, m, d := p.Operator.Dims()
	s := &solver{
		Problem: p, Settings: settings, n: n, m: m, d: d, rho: settings.Rho,
		u: make([]float64, m*d), v: make([]float64, m*d), lambda: make([]float64, m*d),
		pulled: make([]float64, m*d), c: make([]float64, m*d), scratch: make([]float64, m*d),
		h: make([]float64, n), fit: make([]float64, n),
	}
	s.cones = p.Operator.Cones()
	if start != nil {
		s.rho = start.rho
		copy(s.v, start.v)
		copy(s.lambda, start.lambda)
		if s.cones != nil && start.cones != nil {
			s.cones.Take(start.cones)
			s.cones.Pull(s.pulled)
		}
	}
	if n <= s.DirectLimit {
		s.system = newCholesky(p.Operator.Gram())
	} else {
		s.system = newConjugateGradient(p.Operator)
	}
	// Past these bounds float64 no longer tells rho I + N from one of the two.
	trace := floats.Sum(p.Operator.GramDiagonal())
	if !(trace > 0) {
		trace = 1
	}
	s.least, s.most = 1e-9*trace, 1e9*trace
	if s.rho == 0 {
		s.rho = firstRho * trace / float64(n)
	}
	s.rho = min(max(s.rho, s.least), s.most)
	return s, s.system.refactor(s.rho)
}

// run is the method, line by line as in the package comment.
func (s *solver) run(ctx context.Context) (*Result, error) {
	s.result.Status = IterationLimit
	nextCheck := s.FirstCheck
	for k := 1; k <= s.MaxIterations; k++ {
		if ctx.Err() != nil {
			s.result.Status = Interrupted
			break
		}
		s.result.Iterations = k
		s.updateWeights()
		primal, dual, moved := s.updateCopies()

		s.result.Primal, s.result.Dual = primal, dual
		if s.cones != nil && (max(primal, dual) < s.RefineBelow || min(primal, moved) < s.RefineBelow/10) {
			s.cones.Refine()
		}
		if s.Progress != nil {
			s.Progress(Progress{Iteration: k, Rho: s.rho, Primal: primal, Dual: dual})
		}
		converged := max(primal, dual) <= s.Tolerance
		if s.Bracket != nil && (k == nextCheck || converged) {
			nextCheck = k + k/2
			converged = s.Bracket(Iterate{Iteration: k, Weights: s.v}) || converged
		}
		if converged {
			s.result.Status = Converged
			break
		}
		if k%balanceEvery == 0 {
			s.balance(primal, dual)
		}
	}
	s.result.Rho = s.rho
	s.result.Weights = s.v
	s.result.State = &State{rho: s.rho, v: s.v, lambda: s.lambda, cones: s.cones}
	s.result.Residual = s.residual()
	return &s.result, nil
}

// updateWeights solves for u by the Woodbury identity.
func (s *solver) updateWeights() {
	for i := range s.c {
		s.c[i] = s.v[i] - s.lambda[i] + s.pulled[i]
	}
	s.Operator.SolveMetric(s.c, s.c)
	s.Operator.Apply(s.fit, s.c)
	floats.SubTo(s.fit, s.Y, s.fit)
	s.system.solve(s.h, s.fit, s.accuracy())
	s.Operator.Adjoint(s.scratch, s.h)
	s.Operator.SolveMetric(s.scratch, s.scratch)
	floats.AddTo(s.u, s.c, s.scratch)
}

// accuracy is how well the weight update is solved where it is solved by
// iteration: a fraction of the residuals that it moves, so that its errors
// vanish with them (inexact ADMM, Eckstein and Bertsekas, 1992, theorem 8).
func (s *solver) accuracy() float64 {
	const fraction, loosest, tightest = 0.02, 1e-3, 1e-12
	if s.result.Iterations <= 1 {
		return loosest
	}
	return min(loosest, max(tightest, fraction*min(s.result.Primal, s.result.Dual)))
}

// updateCopies moves v, s and the multipliers, and returns the residuals
// relative to the quantities that they compare, and how far v and s moved relative
// to their own size: what less than full precision can tell.
func (s *solver) updateCopies() (primal, dual, moved float64) {
	alpha, threshold := s.OverRelaxation, s.Beta/s.rho
	var gap, move, weights, copies, multipliers float64
	for j := 0; j < s.m*s.d; j += s.d {
		u, v, lambda := s.u[j:j+s.d], s.v[j:j+s.d], s.lambda[j:j+s.d]
		norm := 0.0
		for l := range u {
			// lambda becomes u~ + lambda, of which v is then taken away.
			lambda[l] += alpha*u[l] + (1-alpha)*v[l]
			norm += lambda[l] * lambda[l]
		}
		shrink := max(0, 1-threshold/max(math.Sqrt(norm), math.SmallestNonzeroFloat64))
		for l := range u {
			next := shrink * lambda[l]
			move += (next - v[l]) * (next - v[l])
			gap += (u[l] - next) * (u[l] - next)
			weights += u[l] * u[l]
			copies += next * next
			v[l] = next
			lambda[l] -= next
			multipliers += lambda[l] * lambda[l]
		}
	}
	if s.cones != nil {
		norms := s.cones.Step(s.pulled, s.u, alpha)
		gap += norms.Primal
		move += norms.Dual
		weights += norms.Value
		copies += norms.Slack
		multipliers += norms.Multiplier
	}
	primal = math.Sqrt(gap) / max(math.Sqrt(max(weights, copies)), math.SmallestNonzeroFloat64)
	dual = math.Sqrt(move) / max(math.Sqrt(multipliers), math.SmallestNonzeroFloat64)
	moved = math.Sqrt(move) / max(math.Sqrt(copies), math.SmallestNonzeroFloat64)
	if gap == 0 {
		primal = 0
	}
	if move == 0 {
		dual, moved = 0, 0
	}
	return primal, dual, moved
}

// balance moves rho towards equal residuals (Boyd et al., section 3.4.1, with
// the relative residuals of Wohlberg, 2017), few times in all: each change costs
// a factorisation.
func (s *solver) balance(primal, dual float64) {
	if s.result.Refactorizations >= s.MaxRefactorizations {
		return
	}
	ratio := math.Sqrt(primal / max(dual, math.SmallestNonzeroFloat64))
	if ratio < balanceRatio && ratio > 1.0/balanceRatio {
		return
	}
	ratio = min(max(ratio, 0.1), 10)
	ratio = min(max(ratio*s.rho, s.least), s.most) / s.rho
	if ratio == 1 {
		return
	}
	s.result.Refactorizations++
	if s.system.refactor(s.rho*ratio) != nil {
		// The old factor still stands: go on with it, and leave rho alone.
		s.MaxRefactorizations = s.result.Refactorizations
		return
	}
	s.rho *= ratio
	// The unscaled multipliers stay what they are.
	floats.Scale(1/ratio, s.lambda)
	floats.Scale(1/ratio, s.h)
	if s.cones != nil {
		s.cones.ScaleMultipliers(1 / ratio)
		s.cones.Pull(s.pulled)
	}
}

// residual returns y - F u, which is rho h.
func (s *solver) residual() []float64 {
	r := make([]float64, s.n)
	floats.ScaleTo(r, s.rho, s.h)
	return r
}
