package convexnn

import (
	"context"
	"fmt"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/metrics"
)

// overAll completes the result by training over all networks.
func (result *Result) overAll(ctx context.Context, x *mat.Dense, y []float64, prover PriceSettings, options Options) (*Result, error) {
	options.report(Progress{Stage: "solve", Known: result})
	t := newTrainer(x, y, result.Beta, options.Intercept, options.Tolerance)
	t.loss = result.Loss
	t.prover, t.seed = prover, options.Seed
	t.progress = func(b *bracket) {
		result.Patterns, result.Cells = b.patterns, b.cells
		options.report(Progress{Stage: "generate", Known: result, Solve: b.report()})
	}
	best, err := t.zero()
	if err != nil {
		return nil, err
	}
	if options.Start != nil {
		start := *options.Start
		start.Intercept = 0 // which only networks that may have one have
		if options.Intercept {
			if err := start.fitIntercept(x, y); err != nil {
				return nil, err
			}
		}
		if err := t.offer(best, &start); err != nil {
			return nil, err
		}
	}
	if err := t.run(ctx, best); err != nil {
		return nil, err
	}
	if err := t.prove(ctx, best, trainProof(x)); err != nil {
		return nil, err
	}
	network, err := best.network.simplify(result.Loss, x, y, result.Beta, options.Intercept)
	if err != nil {
		return nil, err
	}
	return result, result.conclude(best, network, x, y, t.target, options.Tolerance)
}

// conclude completes the result by a network, the bracket behind it, and targets, which
// are those of the bounds.
func (result *Result) conclude(best *bracket, network *Network, x *mat.Dense, y, target []float64, tolerance float64) error {
	result.Status, result.Rounds, result.Patterns, result.Cells = best.status, best.rounds, best.patterns, best.cells
	if err := result.describe(network, x, y); err != nil {
		return err
	}
	result.Certificate, result.Estimate = best.proved, best.estimate.refuted(network, x, target, result.Beta, result.Objective)
	c := &result.Certificate
	c.RelativeGap = metrics.RelativeGap(result.Objective, c.LowerBound)
	gap := c.RelativeGap
	if e := result.Estimate; e != nil && e.LowerBound <= c.LowerBound {
		result.Estimate = nil
	} else if e != nil {
		e.RelativeGap = metrics.RelativeGap(result.Objective, e.LowerBound)
		gap = min(gap, e.RelativeGap)
	}
	switch met := gap <= tolerance; {
	case met:
		result.Status = Solved
	case result.Status == Solved:
		result.Status = Limited
	}
	return nil
}

// prove proves what it can of the best estimate's dual vector.
func (t *trainer) prove(ctx context.Context, b *bracket, how PriceSettings) error {
	if b.estimate == nil || how.MaxNodes < 0 {
		return nil
	}
	how.Floor, how.Seed = t.beta, t.seed
	// The vector is centred already where it has to be.
	c, err := prove(ctx, t.loss, t.x, t.target, b.estimate.Dual, t.beta, b.objective, how)
	if err == nil && c.LowerBound > b.proved.LowerBound {
		b.proved = c
	}
	if b.proved.LowerBound >= b.estimate.LowerBound || c.Kind == CertifiedExact {
		b.estimate = nil
	}
	return err
}

// roundLimits are what the final search of a round may cost: about a second.
var roundLimits = priceLimits{cells: 1e8, nodes: 5e6}

// trainProof is how the last bound of a training is proved where no round could: by a
// tree. It may take a few seconds where it has a chance to close, and about one on more
// samples, where it proves little, and more time would prove little more.
func trainProof(x *mat.Dense) PriceSettings {
	const few, least = 100, 16
	n, d := x.Dims()
	work := 6e7
	if n <= few {
		work = 4e8
	}
	nodes := int(work / float64(n) / float64(d*d))
	if nodes < least {
		return PriceSettings{MaxNodes: -1}
	}
	return PriceSettings{MaxNodes: min(nodes, defaultNodes)}
}

// quickPass is what may be done after a stop: about a second.
var quickPass = priceLimits{cells: 5e7}

// arrangement returns the arrangement of x, or refuses one that is too large.
func (o *Options) arrangement(x *mat.Dense) (*arrangements.Arrangement, error) {
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		return nil, err
	}
	if cells := a.MaxCells(); cells.Cmp(big.NewInt(o.MaxCells)) > 0 {
		return nil, fmt.Errorf("%w: %d distinct hyperplanes of rank %d have up to %s cells, the limit is %d; sample patterns instead, or use fewer columns",
			ErrTooManyCells, a.Lines(), a.Rank(), formatCount(cells), o.MaxCells)
	}
	n, d := x.Dims()
	need := a.Memory() + EstimateMemory(n, d, programPatterns, ReLU)
	if o.MemoryLimit > 0 && need > float64(o.MemoryLimit) {
		return nil, fmt.Errorf("%w: enumerating the patterns of %d samples of rank %d needs about %s, the limit is %s; sample patterns instead, or raise the limit",
			ErrMemory, n, a.Rank(), FormatBytes(need), FormatBytes(float64(o.MemoryLimit)))
	}
	return a, nil
}

// programPatterns is how many patterns the programs of a generation hold, hardly ever
// more.
const programPatterns = 500

// formatCount writes a count for people.
func formatCount(c *big.Int) string {
	if c.IsInt64() && c.Int64() < 1e15 {
		return c.String()
	}
	return fmt.Sprintf("%.3g", new(big.Float).SetInt(c))
}
