package main

import (
	"context"
	"math"
	"time"

	"github.com/convexnn/convexnn/convexnn"
)

// A point of a trace: the best objective and lower bound after so many seconds.
type point struct {
	Seconds, Objective float64
	LowerBound         float64 `json:",omitempty"`
}

// A training is one of ours.
type training struct {
	Mode       string
	Objective  float64
	LowerBound float64 // on the networks of any width, or of the patterns if they are sampled
	Estimated  bool    // whether LowerBound comes from local search and may be wrong
	Status     string
	Neurons    int
	Seconds    float64
	Trace      []point
}

// options are those of our main training.
func (s settings) options(beta float64) convexnn.Options {
	return convexnn.Options{Mode: s.mode, Beta: beta, Tolerance: s.tolerance, Seed: s.seed}
}

// sampledOptions are those of our training on sampled patterns, to its own tolerance.
func (s settings) sampledOptions(beta float64) convexnn.Options {
	return convexnn.Options{Mode: convexnn.Sampled, Beta: beta, Patterns: s.patterns, Seed: s.seed}
}

// train trains on the problem and notes what is reported on the way.
func train(ctx context.Context, p *problem, options convexnn.Options, limit time.Duration) (*training, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t := new(training)
	best := math.Inf(1)
	start := time.Now()
	options.Progress = func(g convexnn.Progress) {
		if f := g.Solve.Objective; g.Solve != (convexnn.SolveProgress{}) && f < best {
			best = f
			t.Trace = append(t.Trace, point{time.Since(start).Seconds(), f, g.Solve.LowerBound})
		}
	}
	result, err := convexnn.Train(ctx, p.x, p.y, options)
	if err != nil {
		return nil, err
	}
	t.Seconds = time.Since(start).Seconds()
	if t.Objective, _, err = result.Network.Objective(p.x, p.y, options.Beta); err != nil {
		return nil, err
	}
	t.LowerBound = result.Certificate.LowerBound
	switch {
	case result.Estimate != nil:
		t.LowerBound, t.Estimated = result.Estimate.LowerBound, true
	case result.Certificate.Kind == convexnn.CertifiedProgram:
		t.LowerBound = result.Certificate.ProgramBound
	}
	t.Mode, t.Status, t.Neurons = result.Mode.String(), result.Status.String(), len(result.Network.Neurons)
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

// trace returns the trace of a run in seconds, up to its end.
func (a *peerRun) trace() []point {
	out := make([]point, len(a.Trace), len(a.Trace)+1)
	for i, t := range a.Trace {
		out[i] = point{Seconds: t[0] * a.StepSeconds, Objective: t[1]}
	}
	return append(out, point{Seconds: a.seconds(), Objective: a.Objective})
}

// seconds is how long the run takes.
func (a *peerRun) seconds() float64 { return a.StepSeconds * float64(a.Steps) }
