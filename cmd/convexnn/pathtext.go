package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/convexnn/convexnn/convexnn"
)

// updatePath shows what the training at one of several strengths reports: which one
// it is, and its bracket.
func (p *progress) updatePath(at, of int, u convexnn.Progress) {
	if p == nil {
		return
	}
	text := preparing(u)
	switch u.Stage {
	case "beta_max":
		p.bar.Describe("beta_max")
		p.bar.RenderBlank()
		return
	case "generate":
		text = roundText(u.Solve)
	}
	p.bar.Describe(fmt.Sprintf("%d/%d beta %-9.4g %s", at+1, of, u.Known.Beta, text))
	share := 0.0
	if u.Stage == "generate" {
		share = float64(way(u.Solve.Gap, u.Tolerance)) / progressSteps
	}
	p.bar.Set(int(progressSteps * min((float64(at)+share)/float64(of), 0.999)))
}

// printResult prints the path, and the network chosen with what is known of it.
func (p *selection) printResult(w io.Writer) {
	q := p.best()
	r := q.result
	row(w, "rank", "%d", r.Rank)
	row(w, "patterns", "at most %v; %s", count{r.PatternsPossible}, p.how())
	fmt.Fprintln(w)
	p.printTable(w)
	fmt.Fprintln(w)

	units := ""
	if p.data.standardized() {
		units = ", in standardised units of the target"
	}
	row(w, "chosen", "by %s on %s", p.metricName(), plural(p.validation.rows(), "validation row"))
	row(w, "beta", "%s", betaText(r))
	row(w, "network", "%v, %s", r.Network.Model, plural(len(r.Network.Neurons), "neuron"))
	row(w, "objective", "%.6g%s", r.Objective, units)
	if c, estimated := p.bound(r); estimated {
		paragraph(w, "estimated", estimateText(&c, r.Objective, r.Objective))
	}
	paragraph(w, "proved", r.Certificate.Statement())
	for _, n := range p.remarks() {
		paragraph(w, "note", n)
	}
	row(w, "time", "%s", seconds(p.seconds))
	fmt.Fprintln(w)
	p.printMetrics(w)
}

// how says how the networks were bounded.
func (p *selection) how() string {
	if p.best().result.Mode == convexnn.Enumerate {
		return "bounds are proved by passes over all of them"
	}
	return "neurons with any pattern are generated"
}

const chosenMark = "  <- chosen"

// printTable prints the points from the largest beta down.
func (p *selection) printTable(w io.Writer) {
	name := p.metricName()
	lines := [][]string{{"beta", "objective", "lower bound", "gap", "neurons", "train " + name, "validation"}}
	for k, q := range p.points {
		r := q.result
		tilde, mark := "", ""
		c, estimated := p.bound(r)
		if estimated {
			tilde = "~"
		}
		if k == p.chosen {
			mark = chosenMark
		}
		lines = append(lines, []string{
			fmt.Sprintf("%#.4g", r.Beta), fmt.Sprintf("%#.6g", r.Objective), tilde + fmt.Sprintf("%#.6g", c.LowerBound), tilde + gapText(c.RelativeGap),
			fmt.Sprint(len(r.Network.Neurons)), tidy(q.train.first()).String(), tidy(q.validation.first()).String() + mark,
		})
	}
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for k, c := range cells {
			widths[k] = max(widths[k], len(strings.TrimSuffix(c, chosenMark)))
		}
	}
	for _, cells := range lines {
		var b strings.Builder
		for k, c := range cells {
			plain, mark := strings.CutSuffix(c, chosenMark)
			fmt.Fprintf(&b, "%*s", widths[k]+2*min(k, 1), plain)
			if mark {
				b.WriteString(chosenMark)
			}
		}
		fmt.Fprintln(w, b.String())
	}
}

// remarks are what the user should know of the result.
func (p *selection) remarks() []string {
	var out []string
	r, asked, done := p.best().result, len(p.result.Betas), len(p.points)
	short, guessed := 0, false
	for _, q := range p.points {
		if q.result.Status == convexnn.Limited {
			short++
		}
		_, estimated := p.bound(q.result)
		guessed = guessed || estimated
	}
	trained := fmt.Sprintf("these are %d of %s, the last one as far as it got", done, plural(asked, "strength"))
	if done == asked {
		trained = "the last strength is trained as far as it got"
	}
	switch {
	case p.result.Status == convexnn.Stopped && p.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v: %s", p.flags.limits.time, trained))
	case p.result.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt: "+trained)
	}
	if short > 0 {
		out = append(out, fmt.Sprintf("%s of %d stopped short of --tol; the table has the gaps", plural(short, "strength"), done))
	}
	if guessed {
		out = append(out, "lower bounds with ~ are estimated by local search and may be wrong; the report has the proved ones too")
	}
	if p.result.BetaMax.Partial {
		out = append(out, "beta_max was cut short, so the strengths differ from those of a full run")
	}
	if p.result.BetaMax.Value == 0 {
		out = append(out, "beta_max is 0: at any strength the best network has no neurons, and one stands for all")
	}
	if !p.best().validation.first().defined() {
		out = append(out, fmt.Sprintf("%s is not defined on the validation rows; the sum of squares chose", p.metricName()))
	}
	if len(r.Network.Neurons) == 0 && p.result.BetaMax.Value > 0 {
		out = append(out, "the chosen network has no neurons and predicts the same for every row")
	} else if p.chosen == asked-1 && asked > 1 {
		out = append(out, "the smallest strength was chosen; smaller ones may do better: --smallest-ratio")
	}
	return out
}

// printMetrics prints the metrics of the chosen network.
func (p *selection) printMetrics(w io.Writer) {
	q := p.best()
	names, parts := []string{"train", "validation"}, []measures{q.train, q.validation}
	if p.test.rows() > 0 {
		names, parts = append(names, "test"), append(parts, p.tested)
	}
	cells := func(name string, values []string) {
		text := ""
		for _, v := range values {
			text += fmt.Sprintf("%-12s", v)
		}
		row(w, name, "%s", strings.TrimRight(text, " "))
	}
	cells("", names)
	for k, l := range q.train.lines() {
		var values []string
		for _, m := range parts {
			values = append(values, m.lines()[k].value.String())
		}
		cells(l.name, values)
	}
}
