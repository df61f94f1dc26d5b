package flow

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/convexnn"
)

// checkpoint notes where the flow is.
func (r *run) checkpoint(ctx context.Context) error {
	g, f := r.flow, r.flow.field
	r.change = 0
	net := g.now.network(f.signs, -g.logRho)
	c := &Checkpoint{
		Step: g.steps, Time: g.time, LogTime: logAdd(0, g.logTime),
		LogRho: g.logRho, Sharpness: math.Exp(2 * g.logRho), Growth: g.growth(), LogLoss: f.logLoss,
		Neurons: net.Neurons,
	}
	margins, err := net.Predict(r.x)
	if err != nil {
		return err
	}
	floats.Mul(margins, r.y)
	for _, q := range margins {
		if !(q > 0) {
			c.Unseparated++
		}
	}
	c.Separated = c.Unseparated == 0
	c.Accuracy = 1 - float64(c.Unseparated)/float64(len(margins))
	c.MinMargin = floats.Min(margins)
	if c.Separated {
		// At the smallest margin 1, half of |w|^2.
		c.Upper = net.Penalty() / c.MinMargin
		r.bracket.upper = c.Upper
	}
	if ctx.Err() == nil {
		if err := r.bracket.take(ctx, c, r.candidates(c.Separated), g.now); err != nil {
			return err
		}
	}
	c.Lower, c.LowerKind = r.bracket.proved.LowerBound, r.bracket.proved.Kind
	if e := r.bracket.estimate; e != nil {
		c.Estimate = e.LowerBound
	}
	r.result.Checkpoints = append(r.result.Checkpoints, c)
	if r.Progress != nil {
		r.Progress(c)
	}
	return nil
}

// candidates lists multipliers (n each) to price, first those that stand for this moment.
func (r *run) candidates(separated bool) [][]float64 {
	shares := r.average.windows
	switch lambda, _, ok := r.multiplier(); {
	case !ok:
		return shares
	case separated:
		return append([][]float64{lambda}, shares...)
	default:
		return append(slices.Clip(shares), lambda)
	}
}

// finish completes the result.
func (r *run) finish(ctx context.Context) (*Result, error) {
	g, f, result := r.flow, r.flow.field, r.result
	last := result.Checkpoints[len(result.Checkpoints)-1]
	result.Time, result.LogTime, result.LogRho, result.LogLoss = last.Time, last.LogTime, last.LogRho, last.LogLoss
	result.Steps, result.Rejected, result.Evaluations = g.steps, g.rejected, g.evaluations
	result.Separated, result.Upper = last.Separated, last.Upper

	shift := 0.0
	if last.Separated {
		shift = -(2*g.logRho + math.Log(last.MinMargin)) / 2
	}
	result.Network = g.now.network(f.signs, shift)
	margins, err := result.Network.Predict(r.x)
	if err != nil {
		return nil, err
	}
	for i, v := range margins {
		if !(v*r.y[i] > 0) {
			result.Unseparated = append(result.Unseparated, i)
		}
	}
	dual := r.average.remembered()
	if last.Separated {
		// At the smallest margin 1, sum lambda_i = sum alpha_j^2.
		dual = floats.ScaleTo(make([]float64, len(dual)), last.Upper, dual)
		if lambda, residual, ok := r.multiplier(); ok {
			result.Multiplier, result.Residual = lambda, residual
			dual = lambda
		}
	}
	if err := r.bracket.finish(ctx, result, g.now); err != nil {
		return nil, err
	}
	result.Neurons = r.describe(shift, dual)
	result.warn(f.signs)
	c := result.Certificate
	result.GloballyOptimal = result.Separated && c.Kind != convexnn.CertifiedEstimate && c.LowerBound > 0 && c.RelativeGap <= r.Tolerance
	return result, nil
}

// warn adds the warnings that follow from the rest.
func (r *Result) warn(signs []float64) {
	alive := map[float64]int{}
	for j, h := range r.Neurons {
		if !h.Dead {
			alive[signs[j]]++
		}
	}
	switch one := floats.Min(signs) == floats.Max(signs); {
	case one:
		r.Warnings = append(r.Warnings, OneSign)
	case alive[1] == 0 || alive[-1] == 0:
		r.Warnings = append(r.Warnings, SignDied)
	case !r.Separated && r.Status == convexnn.Limited && len(r.Warnings) == 0:
		r.Warnings = append(r.Warnings, NotSeparated)
	}
	if r.Estimate != nil {
		r.Warnings = append(r.Warnings, Unproved)
	}
}
