package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/convexnn/convexnn/convexnn"
)

const (
	// same is the relative difference below which two objectives count as equal.
	same = 1e-6
	// nearly is how near Adam must come to its best to have arrived.
	nearly = 1e-4
)

// A point of a trace: the best objective and lower bound after so many seconds.
type point struct {
	Seconds, Objective float64
	LowerBound         float64 `json:",omitempty"`
}

// A training is one of ours.
type training struct {
	Objective   float64
	LowerBound  float64
	Certificate convexnn.CertificateKind
	Status      string
	Neurons     int
	Seconds     float64
	Trace       []point
}

// train trains on the problem and notes what is reported on the way.
func train(ctx context.Context, s settings, p *problem, beta float64) (*training, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	t := new(training)
	best := math.Inf(1)
	start := time.Now()
	result, err := convexnn.Train(ctx, p.x, p.y, convexnn.Options{
		Mode: s.mode, Beta: beta, Tolerance: s.tolerance, Seed: s.seed,
		Progress: func(g convexnn.Progress) {
			if f := g.Solve.Objective; g.Solve != (convexnn.SolveProgress{}) && f < best {
				best = f
				t.Trace = append(t.Trace, point{time.Since(start).Seconds(), f, g.Solve.LowerBound})
			}
		},
	})
	if err != nil {
		return nil, err
	}
	t.Seconds = time.Since(start).Seconds()
	if t.Objective, _, err = result.Network.Objective(p.x, p.y, beta); err != nil {
		return nil, err
	}
	t.Certificate, t.LowerBound = result.Certificate.Kind, result.Certificate.LowerBound
	if t.Certificate == convexnn.CertifiedProgram {
		t.LowerBound = result.Certificate.ProgramBound
	}
	t.Status, t.Neurons = result.Status.String(), len(result.Network.Neurons)
	t.Trace = append(t.Trace, point{t.Seconds, t.Objective, t.LowerBound})
	return t, nil
}

// reached returns when a trace first came down to a level, +Inf if never.
func reached(trace []point, level float64) float64 {
	for _, p := range trace {
		if p.Objective <= level {
			return p.Seconds
		}
	}
	return math.Inf(1)
}

// at returns the lowest objective of a trace after so many seconds, +Inf if there is
// none yet.
func at(trace []point, seconds float64) float64 {
	best := math.Inf(1)
	for _, p := range trace {
		if p.Seconds <= seconds {
			best = min(best, p.Objective)
		}
	}
	return best
}

// trace returns the trace of a run in seconds.
func (a *adamRun) trace() []point {
	out := make([]point, len(a.Trace))
	for i, t := range a.Trace {
		out[i] = point{Seconds: t[0] * a.StepSeconds, Objective: t[1]}
	}
	return out
}

// A standing is how the objective of ours compares with Adam's.
type standing string

const (
	betterThan standing = "better"
	equalTo    standing = "equal"
	worseThan  standing = "worse"
)

// A speed is how the time of ours compares with Adam's.
type speed string

const (
	// soonest: at Adam's best before any run of Adam came within 1e-4 of it.
	soonest speed = "sooner than all runs"
	// sooner: at Adam's best before the run that found it came within 1e-4 of it.
	sooner speed = "sooner"
	later  speed = "later"
)

// A row is the comparison for one data set and beta.
type row struct {
	Data   string
	N, D   int
	Beta   float64
	Adam   best
	Ours   *training
	ByThen float64 `json:"-"` // our objective when Adam's best run arrived, +Inf if there is none yet
	Near   float64 `json:"-"` // when ours came within 1e-4 of Adam's best, +Inf if never
	Beaten float64 `json:"-"` // when ours reached it to 1e-6, +Inf if never
	Level  standing
	Speed  speed
	// Loose says that the network ended above an objective reported on the way.
	Loose bool
}

// A best is what Adam's runs for one beta came to.
type best struct {
	Objective  float64
	Width      int
	Rate       float64
	Seed       int
	Steps      int
	Own        float64 // seconds to within 1e-4 of Objective in the run that found it
	Fastest    float64 // the same in the fastest run
	Total      float64 // seconds of all runs
	Trace      []point // of the run that found it
	FastTrace  []point // of the fastest run
	Runs       int
	WithinRuns int // runs that came within 1e-4
}

// summarise returns the best of the runs.
func (a *swept) summarise() best {
	b := best{Objective: math.Inf(1), Fastest: math.Inf(1), Runs: len(a.Runs)}
	for _, r := range a.Runs {
		if r.Objective < b.Objective {
			b.Objective, b.Width, b.Rate, b.Seed, b.Steps, b.Trace = r.Objective, r.Width, r.Rate, r.Seed, r.Steps, r.trace()
		}
		b.Total += r.StepSeconds * float64(r.Steps)
	}
	level := b.Objective * (1 + nearly)
	b.Own = reached(b.Trace, level)
	for _, r := range a.Runs {
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

// compare judges. Ours is timed to Adam's best itself, Adam to within 1e-4 of it.
func compare(p *problem, adam swept, ours *training) row {
	n, d := p.x.Dims()
	r := row{Data: p.name, N: n, D: d, Beta: adam.Beta, Adam: adam.summarise(), Ours: ours}
	level := r.Adam.Objective
	r.ByThen = at(ours.Trace, r.Adam.Own)
	r.Near, r.Beaten = reached(ours.Trace, level*(1+nearly)), reached(ours.Trace, level*(1+same))
	r.Level, r.Speed = equalTo, later
	switch {
	case ours.Objective < level*(1-same):
		r.Level = betterThan
	case ours.Objective > level*(1+same):
		r.Level = worseThan
	}
	switch {
	case r.Beaten <= r.Adam.Fastest:
		r.Speed = soonest
	case r.Beaten <= r.Adam.Own:
		r.Speed = sooner
	}
	r.Loose = ours.Objective > at(ours.Trace, ours.Seconds)*(1+1e-9)
	return r
}

const header = `| data | n x d | beta | Adam's best | width, rate, steps | its seconds (fastest run) | seconds of all runs | ours by then | ours at the end | seconds to within 1e-4 of Adam's best | seconds to Adam's best | seconds in all | lower bound | gap | ours is |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

// String returns the row of the table.
func (r row) String() string {
	a, o := r.Adam, r.Ours
	gap := "-"
	if o.Certificate != convexnn.CertifiedProgram && o.Objective > 0 {
		gap = fmt.Sprintf("%.1e", max(0, 1-o.LowerBound/o.Objective))
	}
	return fmt.Sprintf("| %s | %d x %d | %.4g | %.7g | %d, %g, %d | %s (%s) | %s | %s | %.7g | %s | %s | %s | %.7g %s | %s | %s, %s |",
		r.Data, r.N, r.D, r.Beta, a.Objective, a.Width, a.Rate, a.Steps, seconds(a.Own), seconds(a.Fastest), seconds(a.Total),
		number(r.ByThen), o.Objective, seconds(r.Near), seconds(r.Beaten), seconds(o.Seconds), o.LowerBound, o.Certificate, gap, r.Level, r.Speed)
}

// number writes an objective, or a dash where there is none.
func number(v float64) string {
	if math.IsInf(v, 0) {
		return "-"
	}
	return fmt.Sprintf("%.7g", v)
}

// seconds writes a time with two digits at least.
func seconds(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "-"
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
