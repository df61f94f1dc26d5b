package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/arora"
	figures "github.com/convexnn/convexnn/internal/report"
)

// updateExact shows how far the search at one width is: the way of the gap.
func (p *progress) updateExact(neurons int, tol float64, u arora.Progress) {
	if p == nil {
		return
	}
	gap := 1.0
	if u.Objective > 0 {
		gap = (u.Objective - u.LowerBound) / u.Objective
	}
	p.bar.Describe(fmt.Sprintf("%s: objective %-9.5g bound %-9.5g %d programs", plural(neurons, "neuron"), u.Objective, u.LowerBound, u.Counts.QPs))
	p.bar.Set(way(gap, tol))
}

// printCost prints what the search will go through.
func (e *exhaustive) printCost(w io.Writer) {
	c := e.cost
	row(w, "rank", "%d", c.Rank)
	choices := fmt.Sprintf("%s for %s among at most %s, each with either sign", countText(c.Tuples, "choice"), plural(c.Neurons, "neuron"), countText(c.Cells, "activation pattern"))
	if c.Convex() {
		choices = fmt.Sprintf("at most %s; with as many neurons as rows one convex program settles it", countText(c.Cells, "activation pattern"))
	}
	paragraph(w, "search", choices)
	switch {
	case e.beta == 0:
		row(w, "beta", "0: plain least squares")
	case e.flags.ratio > 0:
		row(w, "beta", "%s", betaText(&convexnn.Result{Beta: e.beta, BetaMax: e.most}))
	default:
		row(w, "beta", "%.4g", e.beta)
	}
}

// countText writes a count that may be large.
func countText(v float64, thing string) string {
	if v < 1e6 {
		return plural(int64(v), thing)
	}
	return fmt.Sprintf("%.2g %ss", v, thing)
}

// print prints the network and what is proved of it.
func (e *exhaustive) print(w io.Writer) {
	r := e.last().result
	fmt.Fprintln(w)
	if len(e.widths) > 1 {
		e.printWidths(w)
	}
	units := ""
	if e.data.standardized() {
		units = ", in standardised units of the target"
	}
	row(w, "network", "%v, %s", r.Network.Model, plural(len(r.Network.Neurons), "neuron"))
	row(w, "objective", "%s%s", objectiveText(r), units)
	paragraph(w, "proved", r.Certificate.Statement())
	if text := anyWidth(r); text != "" {
		paragraph(w, "any width", text)
	}
	c := r.Counts
	row(w, "searched", "%s, %s, %s", plural(c.QPs, "convex program"), plural(c.Bounds, "least squares bound"), plural(c.Nodes, "partial choice"))
	for _, n := range e.remarks() {
		paragraph(w, "note", n)
	}
	total := 0.0
	for _, v := range e.widths {
		total += v.seconds
	}
	row(w, "time", "%s", seconds(total))
	fmt.Fprintln(w)

	e.measured.print(w)
}

// objectiveText writes an objective that is zero but for rounding as that.
func objectiveText(r *arora.Result) string {
	if r.Certificate.RelativeGap == 0 && r.Certificate.LowerBound == 0 && r.Objective > 0 {
		return "0, within rounding"
	}
	return fmt.Sprintf("%.6g", r.Objective)
}

// anyWidth says what is proved of wider networks, if anything.
func anyWidth(r *arora.Result) string {
	const same = 2e-6 // relative difference of two bounds that say the same
	switch gap := r.Objective - r.Global; {
	case r.Global <= 1e-9*r.Objective || r.Objective == 0:
		return ""
	case gap <= same*r.Objective:
		return "The same bound holds of networks of any width: more neurons gain nothing."
	default:
		return convexnn.Certificate{Kind: convexnn.CertifiedBounded, LowerBound: r.Global, RelativeGap: gap / r.Objective}.Statement()
	}
}

// printWidths prints the optimum at each width.
func (e *exhaustive) printWidths(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "neurons\tobjective\tlower bound\tconvex programs\ttime")
	for _, v := range e.widths {
		r := v.result
		fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\n", v.neurons, objectiveText(r), atLeast(r.Certificate.LowerBound, 6), r.Counts.QPs, seconds(v.seconds))
	}
	table.Flush()
	fmt.Fprintln(w)
}

// remarks are what the user should know of the result.
func (e *exhaustive) remarks() []string {
	var out []string
	r, last := e.last().result, e.last().neurons
	switch {
	case r.Status == convexnn.Stopped && e.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v; this is the best found until then", e.flags.limits.time))
	case r.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt; this is the best found until then")
	case e.status() == convexnn.Limited:
		out = append(out, fmt.Sprintf("stopped short of --tol: rounding leaves a gap of %.2g, asked for %.2g", r.Certificate.RelativeGap, e.flags.tol))
	}
	if len(e.refused) > 0 {
		words := strings.Trim(strings.ReplaceAll(fmt.Sprint(e.refused), " ", ", "), "[]")
		out = append(out, fmt.Sprintf("too many choices to search for %s neurons: --max-choices N insists", words))
	}
	if r.Status == convexnn.Stopped && last < e.flags.neurons {
		out = append(out, fmt.Sprintf("wider networks than of %s were not begun", plural(last, "neuron")))
	}
	if r.NearLines > 0 {
		rows := "1 row is"
		if r.NearLines > 1 {
			rows = fmt.Sprintf("%d rows are", r.NearLines)
		}
		out = append(out, rows+" parallel to others but for an angle below 1e-9, as decimals leave it, and counts as parallel: what is proved does not hold of networks that tell such rows apart")
	}
	if e.flags.ratio > 0 && e.most.Partial {
		out = append(out, "beta_max was cut short, so beta differs from that of a full run")
	}
	return out
}

// picture is the optimum at each width.
func (e *exhaustive) picture() figures.Widths {
	p := figures.Widths{
		Title: "The best network of each width: " + e.data.name, Floor: math.NaN(),
		Subtitle: fmt.Sprintf("%s, beta %.4g", plural(e.data.train.rows(), "row"), e.beta),
	}
	if e.data.standardized() {
		p.Subtitle += ", objective in standardised units of the target"
	}
	for _, v := range e.widths {
		r := v.result
		q := figures.WidthPoint{Neurons: v.neurons, Objective: r.Objective, Bound: r.Certificate.LowerBound}
		if r.Status == convexnn.Solved {
			q.Bound = q.Objective // within the tolerance
		}
		p.Points = append(p.Points, q)
	}
	if e.beta > 0 {
		p.Floor, p.FloorName = e.last().result.Global, "optimum over all widths"
	}
	return p
}
