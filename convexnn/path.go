package convexnn

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// PathOptions steer [Path]. The zero value works.
type PathOptions struct {
	// Options are those of each training. Beta and BetaRatio are to be 0, since Betas
	// or Count and Ratio take their place, and the mode cannot be Sampled.
	Options
	// Betas are the strengths, positive and decreasing. Nil means Count values,
	// equally spaced in the logarithm, from a little below beta_max down to Ratio
	// times beta_max.
	Betas []float64
	// Count is the number of strengths where Betas is nil; 0 means 20. One alone is
	// Ratio times beta_max.
	Count int
	// Ratio is the smallest strength as a part of beta_max where Betas is nil, above 0
	// and below 1; 0 means 1e-3.
	Ratio float64
	// Step, if set, is called after each training with the strengths, the index of
	// this one, and its result as it was trained. What the others prove of it is only
	// known in the end.
	Step func(betas []float64, index int, r *Result)
}

const (
	defaultPathCount = 20
	defaultPathRatio = 1e-3
)

// A PathResult is the networks of several regularisation strengths.
type PathResult struct {
	// Points are those that were trained, from the largest Beta down. Of each point,
	// Rounds and what was counted are those of its own training, even where its
	// network or its bound comes from another one.
	Points  []*Result
	Betas   []float64 // all that were asked for
	BetaMax BetaMax
	// Status is Stopped if ctx ended before the work was done, else Solved if all
	// points are, and Limited if not.
	Status Status
}

// Path trains a network at each of several regularisation strengths on x (n x d) and
// y (n), from the largest down, each beginning with the network of the one before.
// Where beta_max is 0 and Betas nil there is one point, at beta 1: the network without
// neurons is best at any strength.
//
// In the end, each point is held against the others. The optimal value p*(beta) is
// the least of loss + beta penalty over all networks, each of which is a line in
// beta, so that it increases and is concave. Hence
//
//   - every network bounds it from above at every beta: a point takes over the network
//     of another one if that is better, with the sizes of its neurons optimised anew;
//   - every dual vector bounds it from below at every beta, once it is scaled;
//   - between two strengths, the bounds of both, joined by a chord, hold: the mixture of
//     the two dual vectors is feasible, since the dual constraint is convex, and proves
//     at least the chord's value.
//
// A certificate that came this way is bounded rather than exact, unless its vector's
// own price is known; where an estimate went into it, it is an [Result.Estimate]. So no
// objective of the result is above that of another point's network at the same beta,
// up to rounding, and no estimate above that of any network at hand.
//
// When ctx ends, the points trained by then are returned, with the one under way, whose
// status is Stopped. The errors are those of [Train], [ErrBeta] for strengths that do
// not decrease, and [ErrMode] for sampled patterns: their programs speak of different
// sets of networks.
func Path(ctx context.Context, x *mat.Dense, y []float64, options PathOptions) (*PathResult, error) {
	if err := CheckData(x, y); err != nil {
		return nil, err
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	one, most, err := options.prepare(ctx, x, y)
	if err != nil {
		return nil, err
	}
	result := &PathResult{BetaMax: most, Betas: options.betas(most.Value)}
	for k, beta := range result.Betas {
		if k > 0 && ctx.Err() != nil {
			break
		}
		one.Beta = beta
		point, err := Train(ctx, x, y, one)
		if err != nil {
			return nil, err
		}
		result.Points = append(result.Points, point)
		one.Start = point.Network
		if options.Step != nil {
			options.Step(result.Betas, k, point)
		}
	}
	last := result.Points[len(result.Points)-1]
	stopped := len(result.Points) < len(result.Betas) || last.Status == Stopped
	if err := result.reconcile(x, y, one); err != nil {
		return nil, err
	}
	for _, r := range result.Points {
		result.Status = max(result.Status, r.Status)
	}
	if stopped {
		result.Status = Stopped
	}
	return result, nil
}

// prepare settles what all trainings share: the options, with the mode and the
// tolerance that the data ask for, and beta_max.
func (o *PathOptions) prepare(ctx context.Context, x *mat.Dense, y []float64) (Options, BetaMax, error) {
	one := o.Options
	if err := one.check(); err != nil {
		return one, BetaMax{}, err
	}
	known := &Result{Rank: arrangements.Rank(x), Status: Stopped}
	known.PatternsPossible = arrangements.MaxCells(arrangements.Lines(x), known.Rank)
	one.choose(x, known.PatternsPossible)
	known.Mode = one.Mode
	if err := one.checkMemory(x, known.PatternsPossible); err != nil {
		return one, BetaMax{}, err
	}
	if _, err := one.prover(x, known.PatternsPossible); err != nil {
		return one, BetaMax{}, err
	}
	if one.betaMax == nil {
		one.report(Progress{Stage: "beta_max", Known: known})
		most, err := findBetaMax(ctx, x, y, one.Intercept, known.PatternsPossible)
		if err != nil {
			return one, most, err
		}
		one.betaMax = &most
	}
	return one, *one.betaMax, nil
}

// check validates the options and sets the defaults.
func (o *PathOptions) check() error {
	if o.Beta != 0 || o.BetaRatio != 0 {
		return fmt.Errorf("%w: a path takes a list of strengths, and Beta %v and BetaRatio %v are to be 0", ErrBeta, o.Beta, o.BetaRatio)
	}
	settled := o.Options // as check settles them, which Auto leaves to each training
	if err := settled.check(); err != nil {
		return err
	}
	if settled.Mode == Sampled {
		return fmt.Errorf("%w: a path needs bounds on all networks, which sampled or given patterns do not have; use auto, enumerate or global", ErrMode)
	}
	for k, beta := range o.Betas {
		if err := checkBeta(beta); err != nil {
			return err
		}
		if k > 0 && beta >= o.Betas[k-1] {
			return fmt.Errorf("%w: the strengths of a path are to decrease, and %v comes after %v", ErrBeta, beta, o.Betas[k-1])
		}
	}
	if o.Count == 0 {
		o.Count = defaultPathCount
	}
	if o.Ratio == 0 {
		o.Ratio = defaultPathRatio
	}
	switch {
	case o.Betas != nil && len(o.Betas) == 0:
		return fmt.Errorf("%w: the list of strengths is empty", ErrBeta)
	case o.Count < 1:
		return fmt.Errorf("%w: a path of %d strengths asked for", ErrBeta, o.Count)
	case !(o.Ratio > 0 && o.Ratio < 1):
		return fmt.Errorf("%w: the smallest strength is %v of beta_max, and is to be above 0 and below 1", ErrBeta, o.Ratio)
	}
	return nil
}

// betas returns the strengths for data with this beta_max.
func (o *PathOptions) betas(most float64) []float64 {
	if o.Betas != nil {
		return o.Betas
	}
	if most == 0 {
		return []float64{1}
	}
	// At beta_max itself there is nothing to see; a hundredth below, there is.
	out := make([]float64, o.Count)
	first := 1 - (1-o.Ratio)/100
	for k := range out {
		out[k] = most * math.Pow(o.Ratio/first, float64(k)/float64(max(1, o.Count-1))) * first
	}
	out[o.Count-1] = most * o.Ratio
	return out
}
