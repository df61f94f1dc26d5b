package outputs

import (
	"context"
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/metrics"
)

// Options steer [Train]. The zero value works.
type Options struct {
	// Mode is convexnn.Auto, Enumerate or Global, as for one output.
	Mode convexnn.Mode
	// Beta is the regularisation strength; 0 means BetaRatio times beta_max.
	Beta float64
	// BetaRatio is beta/beta_max where Beta is 0; 0 means 0.01.
	BetaRatio float64
	// Intercept adds an unpenalised constant to each output.
	Intercept bool
	// Start, if set, is a network to begin with. It is copied.
	Start *Network
	// Seed of local searches.
	Seed uint64
	// Tolerance on the relative gap of the statement over all networks; 0 means 1e-6 with
	// Enumerate and 1e-3 with Global.
	Tolerance float64
	// MaxCells is the largest number of cells that Enumerate takes on; 0 means 100
	// million.
	MaxCells int64
	// MemoryLimit in bytes is the most that the training may take, as [EstimateMemory]
	// counts; 0 means no limit.
	MemoryLimit uint64
	// Progress, if set, is called now and then.
	Progress func(Progress)
}

// Progress is what a running training reports.
type Progress struct {
	// Stage is what comes next: "beta_max", "solve" once, and then "generate" with each
	// new bracket.
	Stage string
	// Known holds what is known so far: Mode, Rank and PatternsPossible from the
	// beginning, BetaMax and Beta from the stage solve on. It may be read until the
	// callback returns.
	Known *Result
	// Solve is set in the stage generate.
	Solve convexnn.SolveProgress
	// Tolerance is the gap that the training aims at.
	Tolerance float64
}

// A Result is a trained network and what is known of it.
type Result struct {
	Network      *Network
	Objective    float64 // of Network, recomputed from its weights
	TrainingLoss float64 // 1/2 |F - Y|^2, its first part
	// Certificate is what is proved: exact or bounded. Its Dual is V, n x c, row by row.
	Certificate convexnn.Certificate
	// Estimate is what local search suggests, where this is more than is proved, and nil
	// elsewhere. It was audited from many fresh starts, and may still be wrong.
	Estimate *convexnn.Certificate
	// Mode that was used: never Auto.
	Mode convexnn.Mode

	Beta             float64
	BetaMax          convexnn.BetaMax
	Patterns         int      // directions in the last program
	Cells            int64    // priced in each pass over all; 0 if none
	PatternsPossible *big.Int // bound on the number of cells, see arrangements.MaxCells
	Rank             int      // of X
	Status           convexnn.Status
	Rounds           int
}

const (
	defaultBetaRatio          = 0.01
	defaultEnumerateTolerance = 1e-6
	defaultGlobalTolerance    = 1e-3
	defaultMaxCells           = 100_000_000
)

// Train trains a two-layer network with shared neurons on x (n x d) and y (n x c) over all
// widths. A column of ones in x acts as a hidden bias.
//
// When ctx ends, Train returns the best network found so far with the status Stopped; at
// the least that is the network without neurons. The errors are those of [CheckData], and
// [convexnn.ErrBeta], [convexnn.ErrMode], [convexnn.ErrTolerance], [convexnn.ErrNetwork],
// [convexnn.ErrTooManyCells] and [convexnn.ErrMemory].
func Train(ctx context.Context, x, y *mat.Dense, options Options) (*Result, error) {
	if err := CheckData(x, y); err != nil {
		return nil, err
	}
	if err := options.check(x, y); err != nil {
		return nil, err
	}
	r := &Result{Rank: arrangements.Rank(x), Status: convexnn.Stopped}
	lines := arrangements.Lines(x)
	_, c := y.Dims()
	few := enumerable(lines, r.Rank, c)
	r.PatternsPossible = arrangements.MaxCells(lines, r.Rank)
	options.choose(few, r.PatternsPossible)
	r.Mode = options.Mode
	t, err := options.trainer(x, y, few, r)
	if err != nil {
		return nil, err
	}
	options.report(Progress{Stage: "beta_max", Known: r})
	if r.BetaMax, err = findBetaMax(ctx, x, y, options.Intercept, few); err != nil {
		return nil, err
	}
	r.Beta = options.beta(r.BetaMax)
	t.beta = r.Beta
	options.report(Progress{Stage: "solve", Known: r})
	return r, r.fill(ctx, t, options)
}

// fill completes the result by training.
func (r *Result) fill(ctx context.Context, t *trainer, options Options) error {
	t.progress = func(b *bracket) {
		r.Patterns, r.Cells = b.patterns, b.cells
		options.report(Progress{Stage: "generate", Known: r, Solve: b.report()})
	}
	var err error
	if t.cells != nil {
		if t.count, err = t.cells.Count(ctx); err != nil && !stopped(ctx, err) {
			return err
		}
	}
	_, d := t.x.Dims()
	best, err := t.from(constantNetwork(d, t.y, options.Intercept))
	if err != nil {
		return err
	}
	if options.Start != nil {
		start := options.Start.rescaled(nil)
		start.Intercept = nil
		if options.Intercept {
			if err := start.fitIntercept(t.x, t.y); err != nil {
				return err
			}
		}
		if err := t.offer(best, start); err != nil {
			return err
		}
	}
	if err := t.run(ctx, best); err != nil {
		return err
	}
	if err := t.prove(ctx, best); err != nil {
		return err
	}
	return r.conclude(t, best)
}

// conclude simplifies the network and takes over what is known of it.
func (r *Result) conclude(t *trainer, best *bracket) (err error) {
	if r.Network, err = best.network.Simplify(t.x, t.y, t.beta, t.intercept); err != nil {
		return err
	}
	r.Status, r.Rounds, r.Patterns, r.Cells = best.status, best.rounds, best.patterns, best.cells
	if r.Objective, r.TrainingLoss, err = r.Network.Objective(t.x, t.y, t.beta); err != nil {
		return err
	}
	r.Certificate = best.proved
	r.Certificate.RelativeGap = metrics.RelativeGap(r.Objective, r.Certificate.LowerBound)
	gap := r.Certificate.RelativeGap
	if e := best.estimate; e != nil && e.LowerBound > best.proved.LowerBound {
		e.RelativeGap = metrics.RelativeGap(r.Objective, e.LowerBound)
		r.Estimate, gap = e, min(gap, e.RelativeGap)
	}
	switch met := gap <= t.tolerance; {
	case met:
		r.Status = convexnn.Solved
	case r.Status == convexnn.Solved:
		r.Status = convexnn.Limited
	}
	return nil
}

func (o *Options) check(x, y *mat.Dense) error {
	if o.Beta != 0 && !(o.Beta > 0 && !math.IsInf(o.Beta, 1)) {
		return fmt.Errorf("%w, got %v", convexnn.ErrBeta, o.Beta)
	}
	if o.BetaRatio < 0 || math.IsNaN(o.BetaRatio) || math.IsInf(o.BetaRatio, 0) {
		return fmt.Errorf("%w: the ratio to beta_max is %v", convexnn.ErrBeta, o.BetaRatio)
	}
	if o.Mode != convexnn.Auto && o.Mode != convexnn.Enumerate && o.Mode != convexnn.Global {
		return fmt.Errorf("%w %v: networks with several outputs are trained over all patterns, by auto, enumerate or global", convexnn.ErrMode, o.Mode)
	}
	if !(o.Tolerance >= 0) {
		return fmt.Errorf("%w, got %v", convexnn.ErrTolerance, o.Tolerance)
	}
	if o.Start != nil {
		if err := o.Start.validate(); err != nil {
			return err
		}
		_, d := x.Dims()
		if _, c := y.Dims(); o.Start.Dim != d || o.Start.Outputs != c {
			return fmt.Errorf("%w: a network of %d inputs and %d outputs to begin with, for data of %d and %d",
				convexnn.ErrShape, o.Start.Dim, o.Start.Outputs, d, c)
		}
	}
	if o.MaxCells == 0 {
		o.MaxCells = defaultMaxCells
	}
	if o.BetaRatio == 0 {
		o.BetaRatio = defaultBetaRatio
	}
	return nil
}

// choose settles the mode, by whether the cells are few, and the tolerance.
func (o *Options) choose(few bool, possible *big.Int) {
	if o.Mode == convexnn.Auto {
		o.Mode = convexnn.Global
		if few && possible.Cmp(big.NewInt(o.MaxCells)) <= 0 {
			o.Mode = convexnn.Enumerate
		}
	}
	if o.Tolerance == 0 {
		o.Tolerance = defaultGlobalTolerance
		if o.Mode == convexnn.Enumerate {
			o.Tolerance = defaultEnumerateTolerance
		}
	}
}

// trainer prepares a training, or refuses one that is too large.
func (o *Options) trainer(x, y *mat.Dense, few bool, known *Result) (*trainer, error) {
	n, d := x.Dims()
	_, c := y.Dims()
	t := &trainer{x: x, y: y, c: c, target: flat(y), intercept: o.Intercept, tolerance: o.Tolerance, seed: o.Seed}
	if o.Intercept {
		t.target = centered(t.target, c)
	}
	need := EstimateMemory(n, d, c)
	if o.Mode == convexnn.Enumerate || few {
		if o.Mode == convexnn.Enumerate && known.PatternsPossible.Cmp(big.NewInt(o.MaxCells)) > 0 {
			return nil, fmt.Errorf("%w: %d samples of rank %d have up to %.3g cells, the limit is %d; train with the mode Global, or use fewer columns",
				convexnn.ErrTooManyCells, n, known.Rank, new(big.Float).SetInt(known.PatternsPossible), o.MaxCells)
		}
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			return nil, err
		}
		t.cells = a
		need += a.Memory()
	}
	if o.MemoryLimit > 0 && need > float64(o.MemoryLimit) {
		return nil, fmt.Errorf("%w: training %d outputs on %d samples in %d dimensions needs about %s, the limit is %s; use fewer rows or raise the limit",
			convexnn.ErrMemory, c, n, d, convexnn.FormatBytes(need), convexnn.FormatBytes(float64(o.MemoryLimit)))
	}
	return t, nil
}

// EstimateMemory returns about how many bytes [Train] takes for n samples, d dimensions
// and c outputs: copies of the data, and the features of the directions in the restricted
// program, hardly ever more than 2000, with their inner products. Passes over cells need
// more, see arrangements.Arrangement.Memory.
func EstimateMemory(n, d, c int) float64 {
	const (
		word       = 8
		garbage    = 2
		directions = 2000
		copies     = 8
	)
	rows := float64(n)
	return garbage * word * (copies*rows*float64(d+c) + directions*(rows+directions+float64(d+c)))
}

// beta returns the strength to use. Where beta_max is 0 the target is zero, any strength
// gives the zero network, and the ratio itself will do.
func (o *Options) beta(most convexnn.BetaMax) float64 {
	switch {
	case o.Beta > 0:
		return o.Beta
	case most.Value > 0:
		return o.BetaRatio * most.Value
	}
	return o.BetaRatio
}

func (o *Options) report(p Progress) {
	if o.Progress != nil {
		p.Tolerance = o.Tolerance
		o.Progress(p)
	}
}
