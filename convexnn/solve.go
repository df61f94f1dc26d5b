package convexnn

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm"
	"github.com/convexnn/convexnn/internal/metrics"
)

// SolveSettings steer [Program.Solve]. The zero value works.
type SolveSettings struct {
	// Tolerance on the duality gap of the program relative to its objective;
	// 0 means 1e-4.
	Tolerance float64
	// MaxIterations bounds the ADMM iterations; 0 means 20000.
	MaxIterations int
	// PolishLimit is the largest n for which a second-order method finishes what
	// ADMM began; 0 means 4000, negative means never.
	PolishLimit int
	// DirectLimit is the largest n for which ADMM factors its n x n system
	// instead of solving it by conjugate gradients; 0 means 4000, negative never.
	DirectLimit int
	// Progress, if set, is called whenever the bracket is known anew.
	Progress func(SolveProgress)
}

// SolveProgress is what a running solve knows.
type SolveProgress struct {
	Phase      string // "admm", "polish" or "generate"
	Iterations int    // of ADMM so far
	Rounds     int    // of the polish or of generation so far
	Objective  float64
	LowerBound float64
	Gap        float64
	Estimated  bool // whether LowerBound comes from local search and may be wrong
}

// Status says how a solve ended.
type Status int

const (
	// Solved: the gap is within tolerance.
	Solved Status = iota
	// Limited: an iteration limit or the limits of float64 came first.
	Limited
	// Stopped: the context was cancelled or its deadline passed; the result is
	// the best found so far.
	Stopped
)

// String returns "solved", "limited" or "stopped".
func (s Status) String() string {
	return [...]string{"solved", "limited", "stopped"}[s]
}

// A Solution is the best pair of weights and lower bound found for a program.
type Solution struct {
	Weights    *mat.Dense // blocks x d, satisfies the cone constraints up to rounding
	Dual       []float64  // n: the vector whose bound is LowerBound
	Objective  float64    // of Weights
	LowerBound float64    // proved, see Program.DualBound
	Gap        float64    // (Objective - LowerBound)/Objective, 0 if both are 0
	Status     Status
	Iterations int // of ADMM
	Rounds     int // of the polish
}

// Solve minimises the program: ADMM finds good weights and the blocks that
// matter, an interior point method on these blocks finds the optimum, and blocks
// whose dual constraint it violates are added until none is. Where rounding stops
// the second method short of the tolerance, ADMM goes on. Solve returns the best
// found when ctx ends. The error is [ErrTolerance].
func (p *Program) Solve(ctx context.Context, settings SolveSettings) (*Solution, error) {
	if !(settings.Tolerance >= 0) {
		return nil, fmt.Errorf("%w, got %v", ErrTolerance, settings.Tolerance)
	}
	s := newSearch(ctx, p, settings)
	if err := s.admm(ctx, s.polishPays); err != nil {
		return nil, err
	}
	if err := s.polish(ctx); err != nil {
		return nil, err
	}
	if err := s.admm(ctx, never); err != nil {
		return nil, err
	}
	return s.finish(ctx), nil
}

// defaultDirectLimit is the largest n for which n x n matrices are formed.
const defaultDirectLimit = 4000

// search is the state of one solve: a scaled copy of the program and the best
// bracket so far, in its units.
type search struct {
	SolveSettings
	*Program
	units   units
	pricer  *pricer
	best    Solution
	current *mat.Dense // the last weights, repaired or not: where the polish starts
	prices  []float64  // of the last residual
	state   *admm.State
}

func newSearch(ctx context.Context, p *Program, settings SolveSettings) *search {
	if settings.Tolerance == 0 {
		settings.Tolerance = defaultTolerance
	}
	if settings.MaxIterations == 0 {
		settings.MaxIterations = 20000
	}
	if settings.PolishLimit == 0 {
		settings.PolishLimit = defaultDirectLimit
	}
	if settings.DirectLimit == 0 {
		settings.DirectLimit = defaultDirectLimit
	}
	scaled, units := p.scaled()
	s := &search{SolveSettings: settings, Program: scaled, units: units, pricer: newPricer(ctx, scaled)}
	// Zero weights are always feasible, and optimal past the largest useful beta.
	zero := mat.NewDense(s.Blocks(), s.masked.X.Cols, nil)
	s.best = Solution{Weights: zero, Objective: floats.Dot(s.target, s.target) / 2, Dual: slices.Clone(s.target), Status: Limited}
	s.offer(zero, s.target)
	return s
}

// offer updates the bracket by weights and a dual vector.
func (s *search) offer(u *mat.Dense, v []float64) {
	feasible := s.pricer.repair(u)
	if f := s.objective(feasible); f < s.best.Objective {
		s.best.Objective, s.best.Weights = f, feasible
	}
	var bound DualBound
	bound, s.prices = s.pricer.bound(v)
	if bound.Value > s.best.LowerBound {
		s.best.LowerBound = bound.Value
		s.best.Dual = floats.ScaleTo(make([]float64, len(v)), bound.Scale, v)
	}
	s.best.Gap = metrics.RelativeGap(s.best.Objective, s.best.LowerBound)
	s.current = u
}

func (s *search) solved() bool { return s.best.Gap <= s.Tolerance }

func (s *search) report(phase string) {
	if s.Progress == nil {
		return
	}
	s.Progress(SolveProgress{
		Phase: phase, Iterations: s.best.Iterations, Rounds: s.best.Rounds,
		Objective: s.units.objective(s.best.Objective), LowerBound: s.units.objective(s.best.LowerBound), Gap: s.best.Gap,
	})
}

// polishes reports whether a second-order method may be used.
func (s *search) polishes() bool { return len(s.target) <= s.PolishLimit }

// admm runs ADMM from where it last stopped until the bracket is as narrow as
// asked for, or handOver says so.
func (s *search) admm(ctx context.Context, handOver func() bool) error {
	before := s.best.Iterations
	if s.solved() || ctx.Err() != nil || before >= s.MaxIterations {
		return nil
	}
	_, d := s.current.Dims()
	problem := admm.Problem{Operator: newOperator(s.Program), Y: s.target, Beta: s.spec.Beta}
	result, err := admm.Solve(ctx, problem, s.state, admm.Settings{
		MaxIterations: s.MaxIterations - before,
		Tolerance:     residualTolerance,
		DirectLimit:   s.DirectLimit,
		// A bracket projects every block, a row or more of the active set for each
		// dimension: it costs some d iterations.
		FirstCheck: max(20, d),
		Bracket: func(it admm.Iterate) bool {
			s.best.Iterations = before + it.Iteration
			u := mat.NewDense(s.Blocks(), d, slices.Clone(it.Weights))
			s.offer(u, s.residual(u))
			s.report("admm")
			return s.solved() || handOver()
		},
	})
	if errors.Is(err, admm.ErrNotPositiveDefinite) {
		return nil // the bracket so far is what float64 can do
	}
	if err != nil {
		return err
	}
	s.state = result.State
	if total := before + result.Iterations; total != s.best.Iterations {
		s.best.Iterations = total
		u := mat.NewDense(s.Blocks(), d, slices.Clone(result.Weights))
		s.offer(u, s.residual(u))
	}
	return nil
}

// residualTolerance is so small that it is the bracket that ends ADMM, unless
// nothing moves any more.
const residualTolerance = 1e-14

func never() bool { return false }

// finish returns the best bracket in the units of the program asked for.
func (s *search) finish(ctx context.Context) *Solution {
	out := s.best
	switch {
	case s.solved():
		out.Status = Solved
	case ctx.Err() != nil:
		out.Status = Stopped
	}
	s.units.restore(&out)
	return &out
}
