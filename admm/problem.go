package admm

import (
	"context"
	"errors"

	"gonum.org/v1/gonum/blas/blas64"
)

// ErrNotPositiveDefinite is returned when the n x n system of the first weight
// update cannot be factored: the operator holds NaN or numbers whose squares
// overflow.
var ErrNotPositiveDefinite = errors.New("admm: the linear system is not positive definite; rescale the data")

// An Operator is the linear algebra of a group-cone program: the fit F, the
// metric M = I + G'G that all blocks share, and the step over the cones.
// Weights of m blocks in d dimensions are m x d row-major.
type Operator interface {
	// Dims returns the number of samples n, of blocks m, and the dimension d.
	Dims() (n, m, d int)
	// Apply sets dst (n) to F u for the weights u (m x d).
	Apply(dst, u []float64)
	// Adjoint sets dst (m x d) to F' r for r (n).
	Adjoint(dst, r []float64)
	// SolveMetric sets dst (m x d) to M^-1 b, block by block. dst may be b.
	SolveMetric(dst, b []float64)
	// Gram returns F M^-1 F' (n x n, both triangles).
	Gram() blas64.General
	// GramDiagonal returns the diagonal of Gram without forming it. It and
	// GramColumn serve to precondition, and may be approximate.
	GramDiagonal() []float64
	// GramColumn sets dst (n) to column i of Gram.
	GramColumn(dst []float64, i int)
	// Cones returns the cone constraints with slacks and multipliers zero, nil if
	// there are none.
	Cones() Cones
}

// Cones does the part of an iteration that works on the slacks s and the scaled
// multipliers nu of G u >= 0, which it holds.
type Cones interface {
	// Step moves both by the over-relaxed update at the weights u and sets dst
	// (m x d) to G'(s - nu).
	Step(dst, u []float64, alpha float64) ConeNorms
	// Pull sets dst (m x d) to G'(s - nu).
	Pull(dst []float64)
	// ScaleMultipliers multiplies nu by a positive factor.
	ScaleMultipliers(factor float64)
	// Refine ends the work in less than full precision, if there is any.
	Refine()
	// Take takes over the slacks and multipliers of cones of the same type and
	// dimensions, which are of no use afterwards.
	Take(from Cones)
}

// ConeNorms are sums of squares over all constraints after a step.
type ConeNorms struct {
	Primal     float64 // |G u - s|^2
	Dual       float64 // |s - s_old|^2
	Value      float64 // |G u|^2
	Slack      float64 // |s|^2
	Multiplier float64 // |nu|^2
}

// Status says why a solve ended.
type Status int

const (
	// Converged: the residuals, or the bracket's gap, are within tolerance.
	Converged Status = iota
	// IterationLimit: MaxIterations were done first.
	IterationLimit
	// Interrupted: the context was cancelled or its deadline passed.
	Interrupted
)

// String returns a short name: converged, iteration limit, interrupted.
func (s Status) String() string {
	switch s {
	case Converged:
		return "converged"
	case IterationLimit:
		return "iteration limit"
	default:
		return "interrupted"
	}
}

// Settings steer a solve. The zero value works.
type Settings struct {
	// MaxIterations; 0 means 5000.
	MaxIterations int
	// Tolerance on the primal and dual residual, relative to the quantities
	// that they compare; 0 means 1e-5.
	Tolerance float64
	// OverRelaxation alpha in (0, 2); 0 means 1.6.
	OverRelaxation float64
	// Rho is the first penalty parameter; 0 means a tenth of the mean eigenvalue of
	// F M^-1 F', which is its scale. It is adapted afterwards.
	Rho float64
	// MaxRefactorizations bounds how often rho may change; 0 means 20.
	MaxRefactorizations int
	// DirectLimit is the largest n whose system is factored; past it conjugate
	// gradients are used. 0 means 4000 (128 MB for the factor), negative never.
	DirectLimit int
	// RefineBelow is the relative residual below which the cones go on in full
	// precision; 0 means 1e-4. They also do when one of the residuals, relative to the
	// weights and slacks, is below a tenth of it, so that rounding cannot keep the
	// other one up.
	RefineBelow float64
	// FirstCheck is the iteration of the first call of Bracket, and each later
	// call comes after half as many iterations again; 0 means 20.
	FirstCheck int
	// Bracket, if set, is given the iterate now and then. Returning true ends
	// the solve as converged. It must not keep or change the slices.
	Bracket func(Iterate) bool
	// Progress, if set, is called once in each iteration.
	Progress func(Progress)
}

// An Iterate is a view of the state of a running solve.
type Iterate struct {
	Iteration int
	Weights   []float64 // m x d, after the shrinkage: inactive blocks are exactly zero
}

// Progress is what each iteration reports.
type Progress struct {
	Iteration    int
	Rho          float64
	Primal, Dual float64 // residuals relative to their scale
}

// A Result is the end of a solve.
type Result struct {
	Status           Status
	Iterations       int
	Refactorizations int
	Rho              float64
	Primal, Dual     float64   // relative residuals of the last iteration
	Weights          []float64 // m x d, after the shrinkage
	Residual         []float64 // n: y - F u of the last weight update
	State            *State    // to start another solve from
}

// A State is all that an iteration works on; a later solve of a similar program
// with the same dimensions can start from it. Such a solve changes it.
type State struct {
	rho       float64
	v, lambda []float64
	cones     Cones
}

// A Problem is a group-cone program.
type Problem struct {
	Operator Operator
	Y        []float64 // n
	Beta     float64   // positive
}

// Solve runs the method until it converges, until a limit, or until ctx ends;
// the result then holds the last iterate. start may be nil, or the State of an
// earlier result. The only error is
// [ErrNotPositiveDefinite].
func Solve(ctx context.Context, p Problem, start *State, settings Settings) (*Result, error) {
	s, err := newSolver(p, start, settings.withDefaults())
	if err != nil {
		return nil, err
	}
	return s.run(ctx)
}

func (s Settings) withDefaults() Settings {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	deff := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&s.MaxIterations, 5000)
	def(&s.MaxRefactorizations, 20)
	def(&s.DirectLimit, 4000)
	def(&s.FirstCheck, 20)
	deff(&s.Tolerance, 1e-5)
	deff(&s.OverRelaxation, 1.6)
	deff(&s.RefineBelow, 1e-4)
	return s
}
