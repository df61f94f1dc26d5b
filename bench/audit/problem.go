package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// A problem is a table with a strength of regularisation.
type problem struct {
	name, positive string // table, and its class to tell from the rest
	beta           float64
	limit          time.Duration // of a training
	// target is the objective whose time is taken: what long trainings came to, to
	// four or five digits.
	target float64

	x *mat.Dense
	y []float64
}

func problems() []*problem {
	return []*problem{
		{name: "breast-cancer", beta: 10, limit: 20 * time.Second, target: 41.481},
		{name: "breast-cancer", beta: 1, limit: time.Minute, target: 11.30},
		{name: "diabetes", beta: 10, limit: 20 * time.Second, target: 106.790},
		{name: "wine", positive: "class_0", beta: 1, limit: 20 * time.Second, target: 3.653},
	}
}

// choose returns the problems on the tables named, all for no name.
func choose(names []string) ([]*problem, error) {
	all := problems()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(p *problem) bool { return p.name == name }) {
			return nil, fmt.Errorf("there is no problem on %q", name)
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(p *problem) bool { return !slices.Contains(names, p.name) }), nil
}

func (p *problem) String() string {
	n, d := p.x.Dims()
	return fmt.Sprintf("%s, %d x %d, beta %g", p.name, n, d, p.beta)
}

// load sets x and y to all rows of the table.
func (p *problem) load() error {
	table, err := datasets.Load(p.name, 0)
	if err != nil {
		return err
	}
	rows := make([]int, table.Rows())
	for i := range rows {
		rows[i] = i
	}
	pre, _, err := datasets.Fit(table, rows, datasets.FitOptions{Positive: p.positive, Standardize: true, Bias: true})
	if err != nil {
		return err
	}
	if p.x, err = pre.Transform(table); err != nil {
		return err
	}
	p.y, err = pre.Target(table)
	return err
}

func (p *problem) options(s settings) convexnn.Options {
	return convexnn.Options{Mode: convexnn.Global, Beta: p.beta, Tolerance: s.tolerance, Seed: s.seed}
}

// A training is a result and its times.
type training struct {
	*convexnn.Result
	toTarget float64 // seconds to the target of the problem, +Inf if never
	seconds  float64
}

// train trains within a time limit.
func train(ctx context.Context, p *problem, options convexnn.Options, limit time.Duration) (*training, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t := &training{toTarget: math.Inf(1)}
	start := time.Now()
	reached := func(objective float64) {
		if objective <= p.target {
			t.toTarget = min(t.toTarget, time.Since(start).Seconds())
		}
	}
	options.Progress = func(g convexnn.Progress) {
		if g.Solve.Rounds > 0 {
			reached(g.Solve.Objective)
		}
	}
	var err error
	if t.Result, err = convexnn.Train(ctx, p.x, p.y, options); err != nil {
		return nil, err
	}
	t.seconds = time.Since(start).Seconds()
	reached(t.Objective)
	return t, nil
}

// bound is the certificate of the best bound, and whether it is an estimate.
func (t *training) bound() (c convexnn.Certificate, estimated bool) {
	if t.Estimate != nil {
		return *t.Estimate, true
	}
	return t.Certificate, false
}

func (t *training) String() string {
	c, estimated := t.bound()
	kind := "proved"
	if estimated {
		kind = "estimated"
	}
	text := fmt.Sprintf("objective %.7g, %d neurons, %d rounds, %s; %s s to the target, %s s in all; %s bound %.7g, gap %.2g",
		t.Objective, len(t.Network.Neurons), t.Rounds, t.Status, seconds(t.toTarget), seconds(t.seconds), kind, c.LowerBound, c.RelativeGap)
	if estimated {
		text += fmt.Sprintf("; proved %.7g", t.Certificate.LowerBound)
	}
	return text
}

// seconds writes a time, or a dash where it never was.
func seconds(v float64) string {
	if math.IsInf(v, 0) {
		return "-"
	}
	return fmt.Sprintf("%.3g", v)
}
