package convexnn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// A Mode is how [Train] chooses the activation patterns.
type Mode int

const (
	// Sampled draws patterns, or takes those of given gates, and solves the program
	// on them. The certificate speaks of these patterns.
	Sampled Mode = iota
	// Enumerate prices all patterns, and adds those that the program on a few of
	// them lacks until none does. The certificate speaks of all networks. It is for
	// data of low rank or few samples.
	Enumerate
)

// String returns "sampled" or "enumerate".
func (m Mode) String() string {
	if m == Enumerate {
		return "enumerate"
	}
	return "sampled"
}

// ParseMode is the inverse of [Mode.String]. The error is [ErrMode].
func ParseMode(s string) (Mode, error) {
	for _, m := range []Mode{Sampled, Enumerate} {
		if s == m.String() {
			return m, nil
		}
	}
	return 0, fmt.Errorf("%w %q: the modes are sampled and enumerate", ErrMode, s)
}

// Options steer [Train]. The zero value works.
type Options struct {
	// Mode is Sampled or Enumerate.
	Mode Mode
	// Model is ReLU or Gated.
	Model Model
	// Beta is the regularisation strength; 0 means BetaRatio times beta_max.
	Beta float64
	// BetaRatio is beta/beta_max where Beta is 0; 0 means 0.01.
	BetaRatio float64
	// Patterns is the number of distinct activation patterns to sample; 0 means
	// 500. Fewer are used where the data have fewer. Enumerate does without.
	Patterns int
	// MaxCells is the largest number of cells that Enumerate takes on; 0 means
	// 100 million. Where the data may have more, Train returns ErrTooManyCells
	// before it begins.
	MaxCells int64
	// Sampler draws the gates; the zero value is arrangements.Mixed.
	Sampler arrangements.Sampler
	// Gates, if set, are used instead of sampled ones: one a column (d rows) or
	// one a row (d columns); square means one a column.
	Gates *mat.Dense
	// Intercept adds an unpenalised output intercept.
	Intercept bool
	// Seed of the sampler.
	Seed uint64
	// Tolerance on the relative gap of the statement that the mode proves: that of
	// the program for Sampled, for which 0 means 1e-4, and that over all networks
	// for Enumerate, for which 0 means 1e-6.
	Tolerance float64
	// MemoryLimit in bytes is the most that the program may take; 0 means no
	// limit. Over it Train returns ErrMemory before allocating anything.
	MemoryLimit uint64
	// Progress, if set, is called now and then.
	Progress func(Progress)
}

// Progress is what a running training reports.
type Progress struct {
	// Stage is what comes next: "beta_max", "patterns", "solve" once, and then
	// "admm" or "polish" with each new bracket; for Enumerate "generate" with that
	// over all networks.
	Stage string
	// Known holds what is known so far: Rank and PatternsPossible from the
	// beginning, BetaMax and Beta after the stage beta_max, Patterns after the
	// stage patterns. It may be read until the callback returns.
	Known *Result
	// Solve is set in the stages admm, polish and generate.
	Solve SolveProgress
	// Tolerance is the gap that the solve aims at.
	Tolerance float64
}

// A Result is a trained network and what is known of it.
type Result struct {
	Network      *Network
	Objective    float64 // of Network, recomputed from its weights
	TrainingLoss float64 // 1/2 sum of squares, its first part
	Certificate  Certificate

	Beta             float64
	BetaMax          BetaMax
	Patterns         int      // in the last program
	Cells            int64    // enumerated, each time that a residual was priced; 0 if none
	PatternsPossible *big.Int // bound on the number of cells, see arrangements.MaxCells
	Rank             int      // of X
	Status           Status
	Iterations       int // of ADMM
	Rounds           int // of the polish, or of pattern generation
}

const (
	defaultPatterns  = 500
	defaultBetaRatio = 0.01
	defaultTolerance = 1e-4
	// An exact price costs little more where it is to be accurate.
	defaultGlobalTolerance = 1e-6
	defaultMaxCells        = 100_000_000
)

// Train trains a two-layer network on x (n x d) and y (n): it samples or generates
// activation patterns, solves the convex program on them, recovers the network and
// simplifies it. A column of ones in x acts as a hidden bias, penalised like any
// other coordinate; hyperplanes are then sampled through it.
//
// When ctx ends, Train returns the best network found so far with the status
// Stopped; at the least that is the network without neurons. The errors are
// those of [NewProgram], [ErrMode], [ErrTooManyCells], [ErrTolerance] and [ErrMemory], and of the arrangements
// package ErrGateShape and ErrNonFinite for gates, and ErrSampler.
func Train(ctx context.Context, x *mat.Dense, y []float64, options Options) (*Result, error) {
	if err := checkData(x, y); err != nil {
		return nil, err
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	n, d := x.Dims()
	result := &Result{Rank: arrangements.Rank(x), Status: Stopped}
	result.PatternsPossible = arrangements.MaxCells(arrangements.Lines(x), result.Rank)
	if err := options.checkMemory(n, d, result.PatternsPossible); err != nil {
		return nil, err
	}

	var all *arrangements.Arrangement
	if options.Mode == Enumerate {
		var err error
		if all, err = options.arrangement(x); err != nil {
			return nil, err
		}
	}

	options.report(Progress{Stage: "beta_max", Known: result})
	var err error
	if result.BetaMax, err = findBetaMax(ctx, x, y, options.Intercept, result.PatternsPossible); err != nil {
		return nil, err
	}
	result.Beta = options.beta(result.BetaMax)

	options.report(Progress{Stage: "patterns", Known: result})
	if options.Mode == Enumerate {
		return result.enumerate(ctx, x, y, all, options)
	}
	return result.sample(ctx, x, y, options)
}

// sample completes the result by training on sampled or given patterns.
func (result *Result) sample(ctx context.Context, x *mat.Dense, y []float64, options Options) (*Result, error) {
	cells, err := options.cells(ctx, x)
	if err != nil {
		return nil, err
	}
	result.Patterns = len(cells)
	if len(cells) == 0 {
		// Nothing was drawn before ctx ended, or no neuron can be active.
		return result.withoutNeurons(ctx, x, y, options)
	}

	program, err := NewProgram(Spec{X: x, Y: y, Cells: cells, Beta: result.Beta, Model: options.Model, Intercept: options.Intercept})
	if err != nil {
		return nil, err
	}
	options.report(Progress{Stage: "solve", Known: result})
	solution, err := program.Solve(ctx, SolveSettings{Tolerance: options.Tolerance, Progress: func(s SolveProgress) {
		options.report(Progress{Stage: s.Phase, Known: result, Solve: s})
	}})
	if err != nil {
		return nil, err
	}
	network, err := program.Network(solution.Weights)
	if err != nil {
		return nil, err
	}
	if network, err = network.Simplify(x, y, result.Beta, options.Intercept); err != nil {
		return nil, err
	}
	result.Status, result.Iterations, result.Rounds = solution.Status, solution.Iterations, solution.Rounds
	result.Certificate = Certificate{
		Kind: CertifiedProgram, Patterns: len(cells), Sampled: options.Gates == nil, Dual: solution.Dual,
		ProgramObjective: solution.Objective, ProgramBound: solution.LowerBound, ProgramGap: solution.Gap,
	}
	if err := result.describe(network, x, y); err != nil {
		return nil, err
	}
	result.settle(options.Tolerance)
	return result, nil
}

// settle makes the certificate speak of the network: should its objective be above
// that of the weights it was read from, the gap is that of the network.
func (r *Result) settle(tolerance float64) {
	c := &r.Certificate
	if r.Objective <= c.ProgramObjective {
		return
	}
	c.ProgramGap = relativeGap(r.Objective, c.ProgramBound)
	if r.Status == Solved && c.ProgramGap > tolerance {
		r.Status = Limited
	}
}

// describe sets the network and its objective.
func (r *Result) describe(network *Network, x *mat.Dense, y []float64) (err error) {
	r.Network = network
	r.Objective, r.TrainingLoss, err = network.Objective(x, y, r.Beta)
	return err
}

// withoutNeurons completes the result by the network without neurons.
func (r *Result) withoutNeurons(ctx context.Context, x *mat.Dense, y []float64, options Options) (*Result, error) {
	_, d := x.Dims()
	if err := r.describe(constantNetwork(options.Model, d, y, options.Intercept), x, y); err != nil {
		return nil, err
	}
	r.Certificate = Certificate{Kind: CertifiedProgram, ProgramObjective: r.Objective, Sampled: options.Gates == nil}
	// Without hyperplanes all neurons are zero on the data. A program on gates
	// that are active nowhere has nothing to choose either.
	if trivial := r.PatternsPossible.IsInt64() && r.PatternsPossible.Int64() == 1; trivial || (options.Gates != nil && ctx.Err() == nil) {
		r.Status, r.Certificate.ProgramBound = Solved, r.Objective
	}
	r.Certificate.ProgramGap = relativeGap(r.Objective, r.Certificate.ProgramBound)
	return r, nil
}

func (o *Options) check() error {
	if o.Beta != 0 {
		if err := checkBeta(o.Beta); err != nil {
			return err
		}
	}
	if o.BetaRatio < 0 || math.IsNaN(o.BetaRatio) || math.IsInf(o.BetaRatio, 0) {
		return fmt.Errorf("%w: the ratio to beta_max is %v", ErrBeta, o.BetaRatio)
	}
	if o.Patterns < 0 {
		return fmt.Errorf("%w: %d asked for", ErrNoPatterns, o.Patterns)
	}
	if o.Mode != Sampled && o.Mode != Enumerate {
		return fmt.Errorf("%w %d", ErrMode, int(o.Mode))
	}
	if o.Mode == Enumerate && (o.Model != ReLU || o.Gates != nil) {
		return fmt.Errorf("%w: enumerate is a statement about ReLU networks with any pattern, and takes neither gates nor the gated model", ErrMode)
	}
	if o.Tolerance == 0 {
		o.Tolerance = defaultTolerance
		if o.Mode == Enumerate {
			o.Tolerance = defaultGlobalTolerance
		}
	}
	if o.MaxCells == 0 {
		o.MaxCells = defaultMaxCells
	}
	if o.Patterns == 0 {
		o.Patterns = defaultPatterns
	}
	if o.BetaRatio == 0 {
		o.BetaRatio = defaultBetaRatio
	}
	if !(o.Tolerance >= 0) {
		return fmt.Errorf("%w, got %v", ErrTolerance, o.Tolerance)
	}
	if err := o.Model.check(); err != nil {
		return err
	}
	return nil
}

// beta returns the strength to use. Where beta_max is 0 the target is zero, any
// strength gives the zero network, and the ratio itself will do.
func (o *Options) beta(most BetaMax) float64 {
	switch {
	case o.Beta > 0:
		return o.Beta
	case most.Value > 0:
		return o.BetaRatio * most.Value
	}
	return o.BetaRatio
}

// cells returns the patterns of the given gates, or samples them.
func (o *Options) cells(ctx context.Context, x *mat.Dense) ([]arrangements.Cell, error) {
	if o.Gates != nil {
		return arrangements.FromGates(x, o.Gates)
	}
	cells, _, err := arrangements.Sample(ctx, x, o.Patterns, arrangements.SampleSettings{
		Sampler: o.Sampler, Seed: o.Seed,
	})
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = nil // what was drawn so far is enough to go on with
	}
	return cells, err
}

func (o *Options) report(p Progress) {
	if o.Progress != nil {
		p.Tolerance = o.Tolerance
		o.Progress(p)
	}
}

// checkMemory refuses a program that would take more than the limit.
func (o *Options) checkMemory(n, d int, possible *big.Int) error {
	patterns := o.Patterns
	if possible.IsInt64() {
		patterns = int(min(int64(patterns), possible.Int64()))
	}
	if o.Gates != nil {
		r, c := o.Gates.Dims()
		patterns = max(r, c)
	}
	need := EstimateMemory(n, d, patterns, o.Model)
	if o.MemoryLimit > 0 && need > float64(o.MemoryLimit) {
		return fmt.Errorf("%w: %d patterns on %d samples in %d dimensions need about %s, the limit is %s; use fewer patterns or raise the limit",
			ErrMemory, patterns, n, d, FormatBytes(need), FormatBytes(float64(o.MemoryLimit)))
	}
	return nil
}
