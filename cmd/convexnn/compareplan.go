package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/baseline"
)

// A plan is which networks are trained by gradients.
type plan struct {
	methods  []baseline.Optimizer
	rates    []float64 // empty for those of each optimiser
	widths   []int
	schedule baseline.Schedule
}

// compareRates are the rates that are tried of each optimiser unless others are given.
var compareRates = map[baseline.Optimizer][]float64{
	baseline.SGD:      {0.01, 0.03, 0.1},
	baseline.Momentum: {0.001, 0.003, 0.01},
	baseline.Nesterov: {0.001, 0.003, 0.01},
	baseline.Adam:     {0.001, 0.003, 0.01},
}

// mostRuns is the most runs of a comparison: more are a mistake.
const mostRuns = 1000

func optimizerNames() (names []string) {
	for _, o := range baseline.Optimizers() {
		names = append(names, o.String())
	}
	return names
}

// read takes the lists of flags, leaving out what is named again.
func (p *plan) read(methods, rates, widths []string) error {
	for _, name := range trimmed(methods) {
		o, err := baseline.ParseOptimizer(name)
		if err != nil {
			return usagef("--methods: there is no %q%s; there are %s", name, nearest(name, optimizerNames()), strings.Join(optimizerNames(), ", "))
		}
		p.methods = appendNew(p.methods, o)
	}
	for _, text := range trimmed(rates) {
		v, err := strconv.ParseFloat(text, 64)
		if (err != nil && !errors.Is(err, strconv.ErrRange)) || !positive(v) {
			return usagef("--rates: %q is not a positive and finite number", text)
		}
		p.rates = appendNew(p.rates, v)
	}
	for _, text := range trimmed(widths) {
		v, err := strconv.Atoi(text)
		switch {
		case errors.Is(err, strconv.ErrRange):
			v = math.MaxInt // memory will refuse it
		case err != nil || v < 1:
			return usagef("--widths: %q is not a number of neurons, a whole number from 1", text)
		}
		p.widths = appendNew(p.widths, v)
	}
	switch {
	case len(p.methods) == 0:
		return usagef("--methods is empty; name at least one of %s", strings.Join(optimizerNames(), ", "))
	case len(p.widths) == 0:
		return usagef("--widths is empty; give at least one number of neurons")
	}
	if n := len(p.settings()); n > mostRuns {
		return usagef("--methods, --rates and --widths make %d trainings, and at most %d are done", n, mostRuns)
	}
	return nil
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// nearest suggests the name that begins most like a word, if any does.
func nearest(word string, names []string) string {
	best, most := "", 1
	for _, name := range names {
		k := 0
		for k < min(len(word), len(name)) && strings.EqualFold(word[:k+1], name[:k+1]) {
			k++
		}
		if k > most {
			best, most = name, k
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// A setting is what distinguishes a run by gradients.
type setting struct {
	method baseline.Optimizer
	rate   float64
	width  int
}

func (s setting) String() string { return fmt.Sprintf("rate %g, width %d", s.rate, s.width) }

// settings lists the runs. The methods take turns, so that an interrupt leaves all of
// them with about as many.
func (p *plan) settings() (list []setting) {
	for _, width := range p.widths {
		for k := range p.most() {
			for _, m := range p.methods {
				if rates := p.ratesOf(m); k < len(rates) {
					list = append(list, setting{m, rates[k], width})
				}
			}
		}
	}
	return list
}

// most is the largest number of rates.
func (p *plan) most() (n int) {
	for _, m := range p.methods {
		n = max(n, len(p.ratesOf(m)))
	}
	return n
}

func (p *plan) ratesOf(m baseline.Optimizer) []float64 {
	if len(p.rates) > 0 {
		return p.rates
	}
	return compareRates[m]
}

// prepare settles what depends on the data, and refuses what cannot be trained before
// anything is.
func (c *comparison) prepare() error {
	f, train := c.flags, c.data.train
	n := train.rows()
	switch c.batch = f.batch; {
	case f.batchSet && f.batch > n:
		return fmt.Errorf("--batch %d is more than the %d training rows; give at most these, or 0 for all", f.batch, n)
	case c.batch == 0 || c.batch > n:
		c.batch = n
	}
	switch {
	case f.timed:
		c.limit, c.convexLimit = f.limits.time, f.limits.time
	case f.epochs > 0:
		c.convexLimit = globalLimit
	default:
		c.limit, c.convexLimit = compareLimit, compareLimit
	}
	for _, s := range f.plan.settings() {
		err := c.gradientSettings(s).Check(train.x, train.y)
		if errors.Is(err, baseline.ErrMemory) {
			return fmt.Errorf("--widths: %w; --memory-limit allows more", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gradientSettings are those of a run.
func (c *comparison) gradientSettings(s setting) baseline.Settings {
	f := c.flags
	return baseline.Settings{
		Optimizer: s.method, Schedule: f.plan.schedule, Rate: s.rate, Width: s.width, Batch: c.batch,
		Epochs: f.epochs, TimeLimit: c.limit, Seed: f.fit.seed, Beta: c.beta, Intercept: f.intercept,
		MemoryLimit: f.limits.memory.limit(),
	}
}

// printPlan says what is going to be done.
func (c *comparison) printPlan(w io.Writer) {
	n := len(c.flags.plan.settings())
	var names []string
	for _, m := range c.flags.plan.methods {
		names = append(names, m.String())
	}
	row(w, "trainings", "global, sampled, and %s by %s", plural(n, "run"), strings.Join(names, ", "))
	switch {
	case c.limit > 0 && c.flags.epochs > 0:
		paragraph(w, "time", fmt.Sprintf("at most %s for each of %d, and %s: about %s in all, or less", brief(c.limit), n+2, plural(c.flags.epochs, "epoch"), brief(time.Duration(n+2)*c.limit)))
	case c.limit > 0:
		paragraph(w, "time", fmt.Sprintf("at most %s for each of %d: about %s in all", brief(c.limit), n+2, brief(time.Duration(n+2)*c.limit)))
	default:
		paragraph(w, "time", fmt.Sprintf("%s for each run by gradients, and at most %s for global and for sampled", plural(c.flags.epochs, "epoch"), brief(c.convexLimit)))
	}
}

// brief writes a time for people, in the two largest units that it has.
func brief(d time.Duration) string {
	const hour, minute = time.Hour, time.Minute
	join := func(n time.Duration, unit string, rest time.Duration, small string) string {
		text := fmt.Sprintf("%d %s", n, unit)
		if rest > 0 {
			text += fmt.Sprintf(" %d %s", rest, small)
		}
		return text
	}
	switch {
	case d >= hour:
		d = d.Round(minute)
		return join(d/hour, "h", d%hour/minute, "min")
	case d >= minute:
		d = d.Round(time.Second)
		return join(d/minute, "min", d%minute/time.Second, "s")
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return fmt.Sprintf("%.3g ms", 1e3*d.Seconds())
}

// convexOptions are those of the convex trainings.
func (c *comparison) convexOptions(mode convexnn.Mode) convexnn.Options {
	f := c.flags
	return convexnn.Options{
		Mode: mode, Beta: c.beta, Intercept: f.intercept, Seed: f.fit.seed, MemoryLimit: f.limits.memory.limit(),
	}
}
