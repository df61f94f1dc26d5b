package convexnn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/metrics"
)

// A Mode is how [Train] chooses the activation patterns.
type Mode int

const (
	// Auto is Enumerate where the data have few cells and Global elsewhere. It is
	// Sampled where the options ask for the gated model, gates, or a number of
	// patterns.
	Auto Mode = iota
	// Sampled draws patterns, or takes those of given gates, and solves the program
	// on them. The certificate speaks of these patterns.
	Sampled
	// Enumerate trains over all networks like Global, and prices all patterns in the
	// end, which makes the certificate exact. It is for data of low rank or few
	// samples.
	Enumerate
	// Global trains over all networks: it generates the neurons that violate the
	// dual constraint until a search finds none. Where prices can be proved, by
	// branch and bound, so is the bound; elsewhere it is an estimate.
	Global
)

// modeNames are the names of the modes in their order.
var modeNames = [...]string{"auto", "sampled", "enumerate", "global"}

// String returns "auto", "sampled", "enumerate" or "global".
func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("mode %d", int(m))
	}
	return modeNames[m]
}

// ParseMode is the inverse of [Mode.String]. The error is [ErrMode].
func ParseMode(s string) (Mode, error) {
	if m := slices.Index(modeNames[:], s); m >= 0 {
		return Mode(m), nil
	}
	return 0, fmt.Errorf("%w %q: the modes are auto, sampled, enumerate and global", ErrMode, s)
}

// Options steer [Train]. The zero value works.
type Options struct {
	// Mode is Auto, Sampled, Enumerate or Global.
	Mode Mode
	// Model is ReLU or Gated.
	Model Model
	// Loss is Squared, or one of the two of a classifier, Hinge and HardMargin, which
	// train over all networks: not with Sampled, nor with an intercept. HardMargin
	// takes neither Beta nor BetaRatio.
	Loss Loss
	// Beta is the regularisation strength; 0 means BetaRatio times beta_max.
	Beta float64
	// BetaRatio is beta/beta_max where Beta is 0; 0 means 0.01.
	BetaRatio float64
	// Patterns is the number of distinct activation patterns to sample; 0 means
	// 500. Fewer are used where the data have fewer. Only Sampled draws any.
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
	// Start, if set, is a ReLU network to begin with, where Mode is not Sampled: a good
	// one saves rounds. It is copied, and trained on, and changes nothing but the way.
	Start *Network
	// Seed of the sampler, and of local searches.
	Seed uint64
	// Tolerance on the relative gap of the statement that the mode makes: that of
	// the program for Sampled, for which 0 means 1e-4, and that over all networks
	// otherwise, for which 0 means 1e-6 with Enumerate and 1e-3 with Global.
	Tolerance float64
	// MemoryLimit in bytes is the most that the program may take; 0 means no
	// limit. Over it Train returns ErrMemory before allocating anything.
	MemoryLimit uint64
	// Progress, if set, is called now and then.
	Progress func(Progress)

	betaMax *BetaMax // where it is known already
}

// Progress is what a running training reports.
type Progress struct {
	// Stage is what comes next: "beta_max", "patterns", "solve" once, and then
	// "admm" or "polish" with each new bracket, or "generate" with that over all
	// networks.
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
	Loss         Loss
	Objective    float64 // of Network, recomputed from its weights; +Inf if HardMargin was stopped before one separates the samples
	TrainingLoss float64 // its first part, for Squared 1/2 the sum of squares
	// Certificate is what is proved.
	Certificate Certificate
	// Estimate is what local search suggests, where this is more than is proved, and
	// nil elsewhere. It was audited by a search from many fresh starts, and may still
	// be wrong.
	Estimate *Certificate
	// Mode that was used: never Auto.
	Mode Mode

	Beta             float64 // 1 for HardMargin
	BetaMax          BetaMax
	Patterns         int      // in the last program; with Global directions in the last one
	Cells            int64    // priced in each pass over all; 0 if none
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
	defaultEnumerateTolerance = 1e-6
	defaultGlobalTolerance    = 1e-3
	defaultMaxCells           = 100_000_000
)

// Train trains a two-layer network on x (n x d) and y (n): it samples or generates
// activation patterns, solves the convex program on them, recovers the network and
// simplifies it. A column of ones in x acts as a hidden bias, penalised like any
// other coordinate; hyperplanes are then sampled through it.
//
// When ctx ends, Train returns the best network found so far with the status
// Stopped; at the least that is the network without neurons. The errors are
// those of [NewProgram], [ErrMode], [ErrLoss], [ErrLabels], [ErrNotSeparable], [ErrTooManyCells], [ErrTolerance]
// and [ErrMemory], and of the arrangements package ErrGateShape and ErrNonFinite for gates, and ErrSampler.
func Train(ctx context.Context, x *mat.Dense, y []float64, options Options) (*Result, error) {
	if err := CheckData(x, y); err != nil {
		return nil, err
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	if err := options.Loss.check(y); err != nil {
		return nil, err
	}
	if options.Loss == HardMargin {
		if err := Separable(x, y); err != nil {
			return nil, err
		}
	}
	result := &Result{Loss: options.Loss, Rank: arrangements.Rank(x), Status: Stopped}
	result.PatternsPossible = arrangements.MaxCells(arrangements.Lines(x), result.Rank)
	options.choose(x, result.PatternsPossible)
	result.Mode = options.Mode
	if err := options.checkMemory(x, result.PatternsPossible); err != nil {
		return nil, err
	}
	prover, err := options.prover(x, result.PatternsPossible)
	if err != nil {
		return nil, err
	}

	if options.betaMax != nil {
		result.BetaMax = *options.betaMax
	} else {
		options.report(Progress{Stage: "beta_max", Known: result})
		if result.BetaMax, err = findBetaMax(ctx, x, options.Loss.origin(y), options.Intercept, result.PatternsPossible); err != nil {
			return nil, err
		}
	}
	result.Beta = options.beta(result.BetaMax)
	if options.Loss == HardMargin {
		result.Beta = 1
	}

	options.report(Progress{Stage: "patterns", Known: result})
	if options.Loss == HardMargin {
		return result.hardMargin(ctx, x, y, prover, options)
	}
	if options.Mode != Sampled {
		return result.overAll(ctx, x, y, prover, options)
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
	c.ProgramGap = metrics.RelativeGap(r.Objective, c.ProgramBound)
	if r.Status == Solved && c.ProgramGap > tolerance {
		r.Status = Limited
	}
}

// describe sets the network and its objective.
func (r *Result) describe(network *Network, x *mat.Dense, y []float64) (err error) {
	r.Network = network
	r.Objective, r.TrainingLoss, err = r.Loss.Objective(network, x, y, r.Beta)
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
	r.Certificate.ProgramGap = metrics.RelativeGap(r.Objective, r.Certificate.ProgramBound)
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
	if o.Mode < Auto || o.Mode > Global {
		return fmt.Errorf("%w %d", ErrMode, int(o.Mode))
	}
	if err := o.Model.check(); err != nil {
		return err
	}
	if err := o.checkLoss(); err != nil {
		return err
	}
	if o.Mode == Auto && (o.Model == Gated || o.Gates != nil || o.Patterns > 0) {
		o.Mode = Sampled
	}
	if o.Mode != Sampled && (o.Model != ReLU || o.Gates != nil) {
		return fmt.Errorf("%w: %v is about ReLU networks with any pattern, and takes neither gates nor the gated model", ErrMode, o.Mode)
	}
	if o.Start != nil {
		if err := o.Start.validate(); err != nil {
			return err
		}
		if o.Start.Model != ReLU {
			return fmt.Errorf("%w: training over all networks begins with ReLU networks, and this one is %v", ErrModel, o.Start.Model)
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
	return nil
}

// checkLoss refuses what the losses of classifiers do not go with.
func (o *Options) checkLoss() error {
	switch {
	case o.Loss == Squared:
	case o.Mode == Sampled || o.Model == Gated || o.Gates != nil || o.Patterns > 0:
		return fmt.Errorf("%w: %v trains ReLU networks over all patterns, and takes no sampled or given ones", ErrLoss, o.Loss)
	case o.Intercept:
		return fmt.Errorf("%w: %v takes no output intercept; append a column of ones to X, a hidden bias", ErrLoss, o.Loss)
	case o.Loss == HardMargin && (o.Beta != 0 || o.BetaRatio != 0):
		return fmt.Errorf("%w: %v has no beta", ErrLoss, o.Loss)
	}
	return nil
}

// choose settles what depends on the data: the mode, by a bound on the number of cells,
// and the tolerance.
func (o *Options) choose(x *mat.Dense, possible *big.Int) {
	if o.Mode == Auto {
		o.Mode = Global
		if roundLimits.admits(x, possible) && possible.Cmp(big.NewInt(o.MaxCells)) <= 0 {
			o.Mode = Enumerate
		}
	}
	if o.Tolerance == 0 {
		o.Tolerance = [...]float64{Sampled: defaultTolerance, Enumerate: defaultEnumerateTolerance, Global: defaultGlobalTolerance}[o.Mode]
	}
}

// prover is the strongest way to price for the mode.
func (o *Options) prover(x *mat.Dense, possible *big.Int) (PriceSettings, error) {
	switch o.Mode {
	case Enumerate:
		a, err := o.arrangement(x)
		return PriceSettings{Cells: a}, err
	case Global:
		return roundLimits.settings(x, possible)
	}
	return PriceSettings{}, nil
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
func (o *Options) checkMemory(x *mat.Dense, possible *big.Int) error {
	n, d := x.Dims()
	patterns := o.Patterns
	if o.Mode != Sampled {
		patterns = programPatterns
	}
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
