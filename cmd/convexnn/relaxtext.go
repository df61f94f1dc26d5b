package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/relax"
	figures "github.com/convexnn/convexnn/internal/report"
)

// rungs are the bounds in the order of the ladder, with their names for people.
var rungs = []struct {
	rung relax.Rung
	name string
}{
	{relax.Gated, "gated network"}, {relax.Pattern, "moments"}, {relax.Signs, "split signs"}, {relax.TraceForm, "trace form"},
}

// updateRelax shows the rung at work, and how far it is.
func (p *progress) updateRelax(tol float64, u relax.Progress) {
	if p == nil {
		return
	}
	name := ""
	for _, r := range rungs {
		if r.rung == u.Rung {
			name = r.name
		}
	}
	p.bar.Describe(fmt.Sprintf("%-13s residual %-8.2g", name, u.Residual))
	p.bar.Set(way(u.Residual, tol))
}

// prepare settles beta, and says how large the programs are.
func (r *relaxed) prepare(ctx context.Context, text io.Writer) (err error) {
	f := r.flags
	beta := 1.0
	if f.beta > 0 {
		beta = f.beta
	}
	r.problem, err = relax.New(r.data.x, r.data.y, beta)
	if err = tooFar("beta", f.beta, err); err != nil {
		return err
	}
	r.sizes = r.problem.Sizes()
	row(text, "rank", "%d", r.problem.Rank())
	for _, v := range rungs {
		if s, ok := r.sizes[v.rung]; ok && s.Blocks > 0 && v.rung != relax.Gated {
			words := s.String()
			if s.Cells > 0 {
				words = "at most " + words
			}
			paragraph(text, v.name, words)
		}
	}
	if r.beta = f.beta; r.beta > 0 {
		row(text, "beta", "%.4g", r.beta)
		return nil
	}
	settings := relax.TraceSettings{MaxCells: int(f.cells), MemoryLimit: f.limits.memory.limit()}
	r.most, err = r.problem.BetaMax(ctx, settings)
	if errors.Is(err, relax.ErrTooLarge) && r.sizes[relax.TraceForm].Cells <= float64(f.cells) {
		return fmt.Errorf("%w: --beta F needs none, --rows N takes fewer rows", err)
	}
	if err != nil {
		return r.mend(err)
	}
	r.beta = f.ratio * r.most
	if r.most == 0 {
		r.beta = 1 // the zero network is optimal whatever it is
	}
	row(text, "beta", "%.4g, that is %.3g of beta_max (%.4g)", r.beta, f.ratio, r.most)
	r.problem, err = relax.New(r.data.x, r.data.y, r.beta)
	return tooFar("beta-ratio", f.ratio, err)
}

// bound is that of a rung; false where there is none. Its value is NaN where the solver
// stopped so early that it found one above a network's objective, which the optimum of a
// relaxation is not.
func (r *relaxed) bound(rung relax.Rung) (relax.Bound, bool) {
	const room = 1e-4 // for what a solver's tolerance explains
	b, ok := r.found(rung)
	if b.Value > r.ladder.Objective*(1+room) {
		b.Value = math.NaN()
	}
	return b, ok
}

func (r *relaxed) found(rung relax.Rung) (relax.Bound, bool) {
	l := r.ladder
	switch {
	case rung == relax.Gated:
		return l.Gated.Bound, true
	case rung == relax.TraceForm:
		return l.Trace.Bound, true
	case rung == relax.Pattern && l.Moments != nil:
		return *l.Moments, true
	case rung == relax.Signs && l.SignSplit != nil:
		return *l.SignSplit, true
	}
	return relax.Bound{}, false
}

// print prints the ladder and what is proved.
func (r *relaxed) print(w io.Writer) {
	l := r.ladder
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "bound\tproved\tvalue\tof the objective\tsolver")
	for _, v := range rungs {
		if b, ok := r.bound(v.rung); ok {
			value := "-"
			if !math.IsNaN(b.Value) {
				value = fmt.Sprintf("%.6g", b.Value)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", v.name, atLeast(b.Lower, 6), value, percentOf(b.Lower, l.Objective), solverText(b))
		}
	}
	fmt.Fprintf(table, "network found\t\t%.6g\t\t%s\n", l.Objective, plural(len(l.Network.Neurons), "neuron"))
	table.Flush()
	fmt.Fprintln(w)
	paragraph(w, "proved", r.statement())
	if r.problem.Rank() > 0 {
		paragraph(w, "trace form", r.exactness())
	}
	for _, n := range r.remarks() {
		paragraph(w, "note", n)
	}
	row(w, "time", "%s", seconds(r.seconds))
}

// percentOf writes a part in per cent, rounded down but for rounding errors.
func percentOf(part, whole float64) string {
	if !(whole > 0) {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", math.Floor(1e4*part/whole*(1+1e-12))/100)
}

func solverText(b relax.Bound) string {
	return fmt.Sprintf("%v after %s, residual %.1g", b.Status, plural(b.Iterations, "step"), b.Residual)
}

// statement is what is proved of networks.
func (r *relaxed) statement() string {
	const rounding = 1e-9
	l := r.ladder
	outputs := ""
	if c := r.problem.Outputs(); c > 1 {
		outputs = fmt.Sprintf(" whose %d outputs share their neurons", c)
	}
	if l.Gap() == 0 {
		return fmt.Sprintf("No two-layer ReLU network of any width%s has a smaller objective, up to rounding.", outputs)
	}
	return fmt.Sprintf("No two-layer ReLU network of any width%s has an objective below %s: that of the network found, %.7g, is optimal within %.2g %%.",
		outputs, atLeast(l.Lower, 7), l.Objective, 100*max(rounding, l.Gap()))
}

// exactness says what is known of the trace form.
func (r *relaxed) exactness() string {
	t := r.ladder.Trace
	if t.Size.Cells == 0 {
		return "nothing to solve"
	}
	if t.Exact() {
		return fmt.Sprintf("exact for such data: of %s none has more than 4 facets", plural(int(t.Size.Cells), "activation pattern"))
	}
	return fmt.Sprintf("%s, of up to %d facets: with more than 4 the trace form need not be exact", plural(int(t.Size.Cells), "activation pattern"), t.Facets)
}

// remarks are what the user should know of the result.
func (r *relaxed) remarks() []string {
	var out []string
	l := r.ladder
	switch {
	case r.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v; what is proved holds", r.flags.limits.time))
	case l.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt; what is proved holds")
	case l.Status == convexnn.Limited:
		out = append(out, fmt.Sprintf("stopped short of --tol: a gap of %.2g is left, asked for %.2g", l.Gap(), r.flags.tol))
	}
	for _, v := range rungs {
		if err := l.Refused[v.rung]; err != nil {
			out = append(out, fmt.Sprintf("%s: left out: %v; --rows N, --max-equations N or --memory-limit SIZE", v.name, err))
		}
	}
	if !l.Priced {
		out = append(out, "the activation patterns have too many faces to price several outputs over all of them: the bracket is that of the trace form")
	}
	return out
}

// picture is the ladder.
func (r *relaxed) picture() figures.Bounds {
	l := r.ladder
	n, _ := r.data.x.Dims()
	p := figures.Bounds{
		Title:    "Lower bounds on training: " + r.data.name,
		Subtitle: fmt.Sprintf("%s, %s, beta %.4g", plural(n, "row"), plural(r.problem.Outputs(), "output"), r.beta),
		Reached:  l.Objective, ReachedName: fmt.Sprintf("objective of the network found: %.6g", l.Objective),
	}
	for _, v := range rungs {
		if b, ok := r.bound(v.rung); ok {
			p.Rows = append(p.Rows, figures.BoundRow{Label: v.name, Proved: b.Lower, Value: b.Value})
		}
	}
	p.Rows = append(p.Rows, figures.BoundRow{Label: "best bound", Proved: l.Lower, Value: math.NaN()})
	return p
}
