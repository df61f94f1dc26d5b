package convexnn

import (
	"context"
	"fmt"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// enumerate completes the result by training over all patterns, each round priced
// over every cell.
func (result *Result) enumerate(ctx context.Context, x *mat.Dense, y []float64, a *arrangements.Arrangement, options Options) (*Result, error) {
	options.report(Progress{Stage: "solve", Known: result})
	g := newGeneration(x, y, result.Beta, options.Intercept, options.Tolerance)
	g.price = func(ctx context.Context, v []float64) (Price, error) {
		p, err := FindPrice(ctx, x, v, PriceSettings{Cells: a, Floor: result.Beta, Keep: roundPatterns})
		if err == nil {
			result.Cells = p.Cells
		}
		return p, err
	}
	g.progress = func(b *generatedResult) {
		result.Patterns = b.certificate.Patterns
		options.report(Progress{Stage: "generate", Known: result, Solve: b.progress()})
	}
	// A network from a few patterns at random is there before the first pass over all.
	start, _, err := arrangements.Sample(ctx, x, 2*roundPatterns, arrangements.SampleSettings{Sampler: options.Sampler, Seed: options.Seed})
	if failed(ctx, err) {
		return nil, err
	}
	for _, cell := range start {
		g.add(cell.Pattern)
	}
	best, err := g.zero()
	if err != nil {
		return nil, err
	}
	if err := g.run(ctx, best, nil); err != nil {
		return nil, err
	}
	if best.status == Stopped && quickPass.admits(x, a.MaxCells()) {
		if err := g.last(ctx, best); err != nil {
			return nil, err
		}
	}
	network, err := best.network.Simplify(x, y, result.Beta, options.Intercept)
	if err != nil {
		return nil, err
	}
	result.Status, result.Iterations, result.Rounds = best.status, best.iterations, best.rounds
	result.Certificate, result.Patterns = best.certificate, best.certificate.Patterns
	if err := result.describe(network, x, y); err != nil {
		return nil, err
	}
	c := &result.Certificate
	c.RelativeGap = relativeGap(result.Objective, c.LowerBound)
	switch met := c.RelativeGap <= options.Tolerance; {
	case met:
		result.Status = Solved
	case result.Status == Solved:
		result.Status = Limited
	}
	return result, nil
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
