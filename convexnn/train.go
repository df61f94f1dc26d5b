package convexnn

import (
	"context"
	"errors"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/metrics"
)

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
