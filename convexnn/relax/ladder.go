package relax

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
)

// DefaultMaxEquations is the most equations of a pattern-free relaxation in a ladder
// unless [Settings] says otherwise: that of about 45 rows, or 30 with split signs. The solver
// factors a matrix of that order, which a context does not interrupt.
const DefaultMaxEquations = 4000

// Settings steer [Problem.Ladder]. The zero value works.
type Settings struct {
	// Tolerance is the relative gap that the recovered network and each bound aim at; 0
	// means 1e-6.
	Tolerance float64
	// MaxCells and MaxEquations bound the size of the programs; 0 means DefaultMaxCells
	// and DefaultMaxEquations.
	MaxCells, MaxEquations int
	// MaxIterations of the conic solver in each relaxation; 0 means 20000.
	MaxIterations int
	MemoryLimit   uint64 // in bytes; 0 means half of the machine's
	// Progress, if set, is called when a rung begins and now and then.
	Progress func(Progress)
}

// Progress says which rung is at work, and its bracket or residual so far.
type Progress struct {
	Rung     Rung
	Residual float64 // relative; 1 at the beginning
}

// A Rung is one of the bounds.
type Rung string

// The rungs, by their names in reports.
const (
	Gated     Rung = "gated"
	TraceForm Rung = "trace"
	Pattern   Rung = "moments"
	Signs     Rung = "sign-split"
)

// A Ladder holds lower bounds on the training of one problem, and a network. Their
// values are ordered, p* being the optimum of training,
//
//	gated <= trace form <= p*,   moments <= sign split <= p*,   moments <= trace form:
//
// the gated program has fewer constraints than the trace form, and so has the relaxation
// by moments than that with split signs. The moments of the neurons of a solution of
// the trace form, U_i = sum uu' in cell i for which a = D_i X u, are feasible for the
// relaxation by moments.
type Ladder struct {
	Gated, Trace *Trace
	// Moments and SignSplit are nil where they were refused or not begun in time, SignSplit
	// also for several outputs.
	Moments, SignSplit *Bound
	// Refused are the reasons, by rung.
	Refused map[Rung]error
	*Recovery
	// Kind of what is proved of the network: convexnn.CertifiedExact if the gap is within
	// the tolerance and 1e-4, else convexnn.CertifiedBounded.
	Kind   convexnn.CertificateKind
	Status convexnn.Status
}

// Sizes returns how large the programs of a ladder are, by rung, before anything is built.
func (p *Problem) Sizes() map[Rung]Size {
	out := map[Rung]Size{Gated: p.TraceSize(), TraceForm: p.TraceSize(), Pattern: p.MomentsSize(false)}
	if p.Outputs() == 1 {
		out[Signs] = p.MomentsSize(true)
	}
	return out
}

// Ladder computes all bounds and a network. The errors are those of [Problem.Trace]; a
// relaxation by moments that is too large is left out.
func (p *Problem) Ladder(ctx context.Context, s Settings) (*Ladder, error) {
	if s.Tolerance <= 0 {
		s.Tolerance = 1e-6
	}
	if s.MaxEquations <= 0 {
		s.MaxEquations = DefaultMaxEquations
	}
	l := &Ladder{Refused: map[Rung]error{}}
	report := func(r Rung, residual float64) {
		if s.Progress != nil {
			s.Progress(Progress{r, residual})
		}
	}
	trace := func(r Rung) TraceSettings {
		report(r, 1)
		return TraceSettings{
			Tolerance: s.Tolerance, MaxCells: s.MaxCells, MemoryLimit: s.MemoryLimit,
			Progress: func(lower, value float64) { report(r, (value-lower)/max(value, 1e-300)) },
		}
	}
	var err error
	// The trace form first: it may be refused, and has the network.
	if l.Trace, err = p.Trace(ctx, trace(TraceForm)); err != nil {
		return nil, err
	}
	// What is proved of the network may be wanted even where time is up.
	if l.Recovery, err = l.Trace.Recover(ctx, RecoverSettings{Tolerance: s.Tolerance / 10}); err != nil {
		return nil, err
	}
	l.Gated = l.Trace.gated(ctx, trace(Gated))
	if err := p.pattern(ctx, s, l, report); err != nil {
		return nil, err
	}
	for _, b := range l.bounds() {
		l.Lower = max(l.Lower, b.Lower)
		if b.Status == convexnn.Stopped {
			l.Status = convexnn.Stopped
		}
	}
	if ctx.Err() != nil {
		l.Status = convexnn.Stopped
	}
	const exact = 1e-4 // a coarse tolerance asks for less, and gets no such word
	l.Kind = convexnn.CertifiedBounded
	if l.Gap() <= math.Min(s.Tolerance, exact) {
		l.Kind = convexnn.CertifiedExact
	}
	if l.Gap() > s.Tolerance && l.Status == convexnn.Solved {
		l.Status = convexnn.Limited
	}
	return l, nil
}

// pattern adds the pattern-free bounds.
func (p *Problem) pattern(ctx context.Context, s Settings, l *Ladder, report func(Rung, float64)) error {
	for _, r := range []Rung{Pattern, Signs} {
		split := r == Signs
		if split && p.Outputs() > 1 || ctx.Err() != nil {
			continue
		}
		size := p.MomentsSize(split)
		if size.Equations > float64(s.MaxEquations) {
			l.Refused[r] = fmt.Errorf("%w: %v; %d equations are the limit", ErrTooLarge, size, s.MaxEquations)
			continue
		}
		// The network's objective is one that the limits may use.
		known := *p
		known.known = math.Min(p.known, ((l.Objective-p.rest)*(1+1e-9)+1e-14*l.Objective)/p.unit)
		program, err := known.moments(split, s.MemoryLimit)
		if errors.Is(err, convexnn.ErrMemory) {
			l.Refused[r] = err
			continue
		}
		if err != nil {
			return err
		}
		report(r, 1)
		// That of the solver is relative to a half, here to what the value is at most.
		const least = 1e-12
		tolerance := math.Max(least, s.Tolerance/10*math.Min(1, 2*known.known))
		bound, err := program.Solve(ctx, conic.Settings{
			Tolerance: tolerance, MaxIterations: s.MaxIterations, MemoryLimit: s.MemoryLimit,
			Progress: func(q conic.Progress) { report(r, max(q.Primal, q.Dual, q.Gap)) },
		})
		if err != nil {
			return err
		}
		if bound.Status == convexnn.Solved && bound.Residual > s.Tolerance {
			bound.Status = convexnn.Limited
		}
		if split {
			l.SignSplit = bound
		} else {
			l.Moments = bound
		}
	}
	return nil
}

// bounds are those that there are.
func (l *Ladder) bounds() []Bound {
	out := []Bound{l.Gated.Bound, l.Trace.Bound}
	for _, b := range []*Bound{l.Moments, l.SignSplit} {
		if b != nil {
			out = append(out, *b)
		}
	}
	return out
}
