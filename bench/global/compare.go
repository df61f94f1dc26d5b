package main

import (
	"fmt"
	"math"
)

const (
	// same is the relative difference below which two objectives count as equal.
	same = 1e-6
	// nearly is how near a method must come to its best to have arrived.
	nearly = 1e-4
)

// A standing is how the objective of ours compares with a method's.
type standing string

const (
	betterThan standing = "better"
	equalTo    standing = "equal"
	worseThan  standing = "worse"
)

// A speed is how the time of ours compares with a method's.
type speed string

const (
	// soonest: at the method's best before any of its runs came within 1e-4 of it.
	soonest speed = "sooner than all runs"
	// sooner: at the method's best before the run that found it came within 1e-4 of it.
	sooner speed = "sooner"
	later  speed = "later"
)

// A contest is all methods on one data set and beta.
type contest struct {
	Data   string
	N, D   int
	Beta   float64
	Ours   *training
	Others []row
	// Loose says that our network ended above an objective reported on the way.
	Loose bool

	lines []line // of all runs
}

// A line is a run in a picture.
type line struct {
	method string // label; empty for ours
	best   bool
	trace  []point
}

// A row is the comparison of ours with one method.
type row struct {
	Method string
	Best   best
	Level  standing
	Speed  speed
	ByThen float64 `json:"-"` // our objective when its best run arrived, +Inf if there is none yet
	Near   float64 `json:"-"` // when ours came within 1e-4 of its best, +Inf if never
	Beaten float64 `json:"-"` // when ours reached it to 1e-6, +Inf if never
	// Refutes says that its best is below our lower bound.
	Refutes bool
}

// A best is what the runs of a method for one beta came to.
type best struct {
	Objective  float64
	Setting    string  // of the run that found it, in words
	Own        float64 // seconds to within 1e-4 of Objective in the run that found it
	Fastest    float64 // the same in the fastest run
	Total      float64 // seconds of all runs
	Trace      []point // of the run that found it
	FastTrace  []point // of the fastest run
	Runs       int
	WithinRuns int // runs that came within 1e-4
}

// lowest returns the run with the lowest objective, the first of equals.
func (a *swept) lowest() int {
	k := 0
	for i, r := range a.Runs {
		if r.Objective < a.Runs[k].Objective {
			k = i
		}
	}
	return k
}

// summarise returns the best of the runs.
func (a *swept) summarise(units string) best {
	r := a.Runs[a.lowest()]
	b := best{Objective: r.Objective, Setting: r.setting(units), Trace: r.trace(), Fastest: math.Inf(1), Runs: len(a.Runs)}
	level := b.Objective * (1 + nearly)
	b.Own = reached(b.Trace, level)
	for _, r := range a.Runs {
		b.Total += r.seconds()
		trace := r.trace()
		seconds := reached(trace, level)
		if seconds < b.Fastest {
			b.Fastest, b.FastTrace = seconds, trace
		}
		if !math.IsInf(seconds, 1) {
			b.WithinRuns++
		}
	}
	return b
}

// setting says how a run was made.
func (a *peerRun) setting(units string) string {
	text := fmt.Sprintf("width %d", a.Width)
	if a.Rate > 0 {
		text += fmt.Sprintf(", rate %g", a.Rate)
	}
	if a.Biases == free {
		text += ", biases free"
	}
	return fmt.Sprintf("%s, %d %s", text, a.Steps, units)
}

// alone returns the best of a single training of ours.
func (t *training) alone(setting string) best {
	own := reached(t.Trace, t.Objective*(1+nearly))
	return best{
		Objective: t.Objective, Setting: setting, Own: own, Fastest: own, Total: t.Seconds,
		Trace: t.Trace, FastTrace: t.Trace, Runs: 1, WithinRuns: 1,
	}
}

// newContest begins with our training.
func newContest(p *problem, beta float64, ours *training) *contest {
	n, d := p.x.Dims()
	return &contest{
		Data: p.name, N: n, D: d, Beta: beta, Ours: ours,
		Loose: ours.Objective > at(ours.Trace, ours.Seconds)*(1+1e-9),
		lines: []line{{best: true, trace: ours.Trace}},
	}
}

// addSampled adds our training on sampled patterns.
func (c *contest) addSampled(t *training, patterns int) {
	c.compare(sampled.label, t.alone(fmt.Sprintf("%d patterns, %d neurons", patterns, t.Neurons)))
	c.lines = append(c.lines, line{method: sampled.label, best: true, trace: t.Trace})
}

// addPeer adds the runs of a method.
func (c *contest) addPeer(m method, a *swept) {
	c.compare(m.label, a.summarise(m.units))
	k := a.lowest()
	for i, r := range a.Runs {
		c.lines = append(c.lines, line{method: m.label, best: i == k, trace: r.trace()})
	}
}

// compare judges. Ours is timed to the method's best itself, the method to within 1e-4 of
// it.
func (c *contest) compare(method string, b best) {
	r := row{Method: method, Best: b, Level: equalTo, Speed: later}
	level, trace := b.Objective, c.Ours.Trace
	r.ByThen = at(trace, b.Own)
	r.Near, r.Beaten = reached(trace, level*(1+nearly)), reached(trace, level*(1+same))
	switch {
	case c.Ours.Objective < level*(1-same):
		r.Level = betterThan
	case c.Ours.Objective > level*(1+same):
		r.Level = worseThan
	}
	switch {
	case r.Beaten <= b.Fastest:
		r.Speed = soonest
	case r.Beaten <= b.Own:
		r.Speed = sooner
	}
	r.Refutes = level < c.Ours.LowerBound*(1-1e-9)
	c.Others = append(c.Others, r)
}
