package main

import (
	"fmt"
	"math"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/baseline"
)

// A contender is a row of the table.
type contender struct {
	method string // key of the method, such as adam
	chosen string // by what: objective, validation, or empty where there is no choice
	look   int    // mark and colour in pictures
	status string // of the run: solved, limited, stopped, done or diverged; empty for linear models

	network                 *convexnn.Network // nil for a linear model
	model                   *baseline.Model
	run                     *gradientRun // nil unless it is by gradients
	objective, loss         number
	neurons                 int // -1 for a linear model
	seconds                 number
	epoch                   int // of the checkpoint, by gradients
	train, validation, test measures
	best                    bool // on the test rows
}

// key names the row.
func (r *contender) key() string {
	if r.chosen == "" {
		return r.method
	}
	return r.method + "-" + r.chosen
}

// name is what people call the row.
func (r *contender) name() string {
	switch {
	case r.method == "linear":
		return "linear model"
	case r.method == "ridge":
		return "ridge regression"
	case r.chosen == "":
		return r.method
	}
	return fmt.Sprintf("%s, by %s", r.method, r.chosen)
}

// The looks of the first methods. Those by gradients follow, and then linear ones.
const (
	lookGlobal = iota
	lookSampled
	lookGradient
)

// line makes the rows and measures them.
func (c *comparison) line() error {
	c.rows = append(c.rows, c.convexRow("global", lookGlobal, c.global))
	if c.sampled != nil {
		c.rows = append(c.rows, c.convexRow("sampled", lookSampled, c.sampled))
	}
	for k, m := range c.flags.plan.methods {
		first, chosen := c.bestOf(m)
		if first == nil {
			continue // an interrupt came before
		}
		one := &contender{
			method: m.String(), chosen: "objective", look: lookGradient + k, status: string(first.result.Status), run: first,
			network: first.result.Network, epoch: first.result.Best.Epoch, neurons: first.width, seconds: number(first.result.Seconds),
		}
		other := &contender{
			method: m.String(), chosen: "validation", look: lookGradient + k, status: string(chosen.result.Status), run: chosen,
			network: chosen.early.net, epoch: chosen.early.Epoch, neurons: chosen.width, seconds: number(chosen.result.Seconds),
		}
		c.rows = append(c.rows, one, other)
	}
	last := lookGradient + len(c.flags.plan.methods)
	c.rows = append(
		c.rows,
		&contender{method: "linear", look: last, model: c.linear, neurons: -1, seconds: number(math.NaN())},
		&contender{method: "ridge", look: last + 1, model: c.ridge, neurons: -1, seconds: number(math.NaN())},
	)
	for _, r := range c.rows {
		if err := c.measureRow(r); err != nil {
			return err
		}
	}
	c.markBest()
	return nil
}

func (c *comparison) convexRow(method string, look int, t *convexTraining) *contender {
	return &contender{
		method: method, look: look, status: t.result.Status.String(), network: t.result.Network,
		neurons: len(t.result.Network.Neurons), seconds: number(t.seconds),
	}
}

// measureRow computes objective and metrics.
func (c *comparison) measureRow(r *contender) error {
	r.objective, r.loss = number(math.NaN()), number(math.NaN())
	if r.network != nil {
		objective, loss, err := r.network.Objective(c.data.train.x, c.data.train.y, c.beta)
		if err != nil {
			return err
		}
		r.objective, r.loss = number(objective), number(loss)
	}
	for _, p := range []struct {
		sample sample
		out    *measures
	}{{c.data.train, &r.train}, {c.validation, &r.validation}, {c.test, &r.test}} {
		var err error
		if r.network != nil {
			*p.out, _, err = c.measure(r.network, p.sample)
		} else {
			*p.out, err = c.measureModel(r.model, p.sample)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// measureModel compares the outputs of a linear model with the targets of some rows.
func (c *comparison) measureModel(m *baseline.Model, s sample) (measures, error) {
	if s.rows() == 0 {
		return measure(c.data.encoding, nil, nil), nil
	}
	scores, err := m.Predict(s.x)
	return measure(c.data.encoding, scores, s.y), err
}

// markBest marks the rows with the best test metric, whoever they are: those that the
// table shows with the same digits are equally good.
func (c *comparison) markBest() {
	best := number(math.Inf(-1))
	for _, r := range c.rows {
		if v := r.test.first(); v > best {
			best = v
		}
	}
	for _, r := range c.rows {
		v := r.test.first()
		r.best = v.defined() && tidy(v).String() == tidy(best).String()
	}
}

// find returns a row, nil if it is not there.
func (c *comparison) find(key string) *contender {
	for _, r := range c.rows {
		if r.key() == key {
			return r
		}
	}
	return nil
}

// bestGradient is the row by gradients with the lowest objective, nil if there is none.
func (c *comparison) bestGradient() (best *contender) {
	for _, r := range c.rows {
		if r.run != nil && (best == nil || r.objective < best.objective) {
			best = r
		}
	}
	return best
}
