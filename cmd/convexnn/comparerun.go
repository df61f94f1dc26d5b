package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/baseline"
)

// A comparison is the data and the results of compare.
type comparison struct {
	*parts
	flags *compareFlags
	batch int
	limit time.Duration // of each run by gradients; 0 for none
	// Limit of the two convex trainings.
	convexLimit time.Duration
	beta        float64
	betaMax     convexnn.BetaMax

	global, sampled *convexTraining // sampled is nil where it was not done
	runs            []*gradientRun
	linear, ridge   *baseline.Model
	rows            []*contender
	floor           floor

	drawn       []figure // the pictures, once they were asked for
	skipped     []string // what was not done, and why
	interrupted bool
	seconds     float64
}

// A point of a trace is the best objective after so many seconds.
type point struct{ seconds, objective float64 }

// A convexTraining is a training by package convexnn.
type convexTraining struct {
	result    *convexnn.Result
	trace     []point
	seconds   float64
	tolerance float64
	cut       bool // ended by the time limit
}

// A gradientRun is a training by package baseline.
type gradientRun struct {
	setting
	result *baseline.Result
	early  checkpoint // the best by validation
	first  bool       // whether it is the best of its method by objective
	chosen bool       // or by validation
}

// A checkpoint is a network as it was on the way.
type checkpoint struct {
	baseline.Point
	metric number
	loss   float64 // sum of squares on the validation rows
	net    *convexnn.Network
}

// better says whether a checkpoint does better on the validation rows than another.
func (c checkpoint) better(than checkpoint) bool {
	a, b := float64(c.metric), float64(than.metric)
	switch {
	case math.IsNaN(a) != math.IsNaN(b):
		return math.IsNaN(b)
	case a != b && !math.IsNaN(a):
		return a > b
	}
	return c.loss < than.loss
}

// run does all trainings, one after the other, and compares them.
func (c *comparison) run(ctx context.Context, bar *progress) (err error) {
	defer bar.clear()
	start := time.Now()
	f, train := c.flags, c.data.train
	bar.updateCompare(0, 1, 0, "beta_max")
	if c.betaMax, err = convexnn.FindBetaMax(ctx, train.x, train.y, f.intercept); err != nil {
		return err
	}
	switch c.beta = f.beta; {
	case c.beta > 0:
	case c.betaMax.Value > 0:
		c.beta = f.ratio * c.betaMax.Value
	default:
		c.beta = f.ratio
	}
	settings := f.plan.settings()
	of := len(settings) + 2
	if c.global, err = c.trainConvex(ctx, convexnn.Auto, func(share float64, text string) {
		bar.updateCompare(0, of, share, "global "+text)
	}); err != nil {
		return tooFar("beta", f.beta, tooFar("beta-ratio", f.ratio, err))
	}
	if c.linear, err = baseline.Fit(train.x, train.y); err != nil {
		return err
	}
	if c.ridge, err = baseline.FitRidge(train.x, train.y, baseline.RidgeSettings{}); err != nil {
		return err
	}
	if err := c.trainSampled(ctx, func(share float64, text string) {
		bar.updateCompare(1, of, share, "sampled "+text)
	}); err != nil {
		return err
	}
	for k, s := range settings {
		if ctx.Err() != nil {
			break
		}
		if err := c.trainGradient(ctx, s, func(share float64, text string) {
			bar.updateCompare(k+2, of, share, fmt.Sprintf("%v %v %s", s.method, s, text))
		}); err != nil {
			return err
		}
	}
	c.interrupted = ctx.Err() != nil
	c.seconds = time.Since(start).Seconds()
	return c.compare()
}

// trainConvex trains by package convexnn.
func (c *comparison) trainConvex(ctx context.Context, mode convexnn.Mode, show func(share float64, text string)) (*convexTraining, error) {
	ctx, cancel := context.WithTimeout(ctx, c.convexLimit)
	defer cancel()
	t := new(convexTraining)
	start, best := time.Now(), math.Inf(1)
	options := c.convexOptions(mode)
	options.Progress = func(p convexnn.Progress) {
		t.tolerance = p.Tolerance
		now := time.Since(start)
		if p.Solve == (convexnn.SolveProgress{}) {
			show(share(now, c.convexLimit), preparing(p))
			return
		}
		show(share(now, c.convexLimit), fmt.Sprintf("objective %-9.5g", p.Solve.Objective))
		if o := p.Solve.Objective; o < best {
			best = o
			t.trace = append(t.trace, point{now.Seconds(), o})
		}
	}
	var err error
	if t.result, err = convexnn.Train(ctx, c.data.train.x, c.data.train.y, options); err != nil {
		return nil, err
	}
	t.seconds = time.Since(start).Seconds()
	t.cut = t.result.Status == convexnn.Stopped && errors.Is(ctx.Err(), context.DeadlineExceeded)
	t.trace = append(t.trace, point{t.seconds, t.result.Objective})
	return t, nil
}

func share(now, limit time.Duration) float64 { return min(now.Seconds()/limit.Seconds(), 1) }

// trainSampled trains on sampled patterns, if there is memory for them.
func (c *comparison) trainSampled(ctx context.Context, show func(share float64, text string)) (err error) {
	if ctx.Err() != nil {
		return nil
	}
	c.sampled, err = c.trainConvex(ctx, convexnn.Sampled, show)
	if errors.Is(err, convexnn.ErrMemory) {
		c.skipped = append(c.skipped, fmt.Sprintf("sampled training was left out: %v", err))
		return nil
	}
	return err
}

// trainGradient trains one network by gradients, and keeps the best that it was on the
// validation rows.
func (c *comparison) trainGradient(ctx context.Context, s setting, show func(share float64, text string)) error {
	r := &gradientRun{setting: s}
	options := c.gradientSettings(s)
	var failure error
	options.Progress = func(q baseline.State) {
		m, scores, err := c.measure(q.Network, c.validation)
		if err != nil {
			failure = err
			return
		}
		at := checkpoint{Point: q.Point, metric: m.first(), net: q.Network}
		for i, y := range c.validation.y {
			at.loss += (scores[i] - y) * (scores[i] - y)
		}
		if r.early.net == nil || at.better(r.early) {
			r.early = at
		}
		done := 0.0
		if c.flags.epochs > 0 {
			done = float64(q.Epoch) / float64(c.flags.epochs)
		}
		if c.limit > 0 {
			done = max(done, q.Seconds/c.limit.Seconds())
		}
		show(min(done, 1), fmt.Sprintf("objective %-9.5g", q.Objective))
	}
	var err error
	if r.result, err = baseline.Train(ctx, c.data.train.x, c.data.train.y, options); err != nil {
		return err
	}
	c.runs = append(c.runs, r)
	c.forget()
	return failure
}

// forget drops the networks of all runs that are not the best of their method, of which
// there may be many.
func (c *comparison) forget() {
	for _, m := range c.flags.plan.methods {
		first, chosen := c.bestOf(m)
		for _, r := range c.runs {
			if r.method != m {
				continue
			}
			if r.first = r == first; !r.first {
				r.result.Network = nil
			}
			if r.chosen = r == chosen; !r.chosen {
				r.early.net = nil
			}
		}
	}
}

// bestOf returns the best runs of a method, by objective and by validation; nil if there
// is none.
func (c *comparison) bestOf(m baseline.Optimizer) (first, chosen *gradientRun) {
	for _, r := range c.runs {
		if r.method != m {
			continue
		}
		if first == nil || r.result.Objective < first.result.Objective {
			first = r
		}
		if chosen == nil || r.early.better(chosen.early) {
			chosen = r
		}
	}
	return first, chosen
}

// lowest is the lowest objective at any checkpoint.
func (r *gradientRun) lowest() float64 {
	low := r.result.Objective
	for _, p := range r.result.Trace {
		low = min(low, p.Objective)
	}
	return low
}

// compare judges the bounds by all that was seen, and measures the networks that stand
// for the methods.
func (c *comparison) compare() error {
	g := c.global.result
	c.floor = floor{certificate: g.Certificate, estimate: g.Estimate, tolerance: c.global.tolerance}
	lowest := g.Objective
	for _, p := range c.global.trace {
		lowest = min(lowest, p.objective)
	}
	seen := []sighting{{"global training", lowest}}
	if c.sampled != nil {
		seen = append(seen, sighting{"training on sampled patterns", c.sampled.result.Objective})
	}
	for _, r := range c.runs {
		seen = append(seen, sighting{fmt.Sprintf("%v (%v)", r.method, r.setting), r.lowest()})
	}
	if err := c.floor.judge(seen); err != nil {
		return err
	}
	return c.line()
}

// diverged lists the settings of a method that diverged.
func (c *comparison) diverged(m baseline.Optimizer) (list []setting) {
	for _, r := range c.runs {
		if r.method == m && r.result.Status == baseline.Diverged {
			list = append(list, r.setting)
		}
	}
	return list
}

// tried is the number of runs of a method.
func (c *comparison) tried(m baseline.Optimizer) int {
	return len(slices.DeleteFunc(slices.Clone(c.runs), func(r *gradientRun) bool { return r.method != m }))
}
