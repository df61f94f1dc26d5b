package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/convexnn/convexnn/convexnn/baseline"
	figures "github.com/convexnn/convexnn/internal/report"
)

// page is the page of the comparison.
func (c *comparison) page() figures.Page {
	p := figures.Page{
		Title: "Comparison of trainings on " + dataName(c.data.name),
		Lead:  sentences(c.verdicts()...),
		Facts: c.facts(),
		Foot:  fmt.Sprintf("Written by convexnn %s, which trains two-layer ReLU networks by convex optimisation.", version()),
	}
	if text := c.floor.notice(); text != "" {
		p.Notices = append(p.Notices, figures.Notice{Kind: "warning", Text: sentences(text)})
	}
	for _, text := range append(append([]string{}, c.data.notices...), c.remarks()...) {
		if text != c.floor.notice() {
			p.Notices = append(p.Notices, figures.Notice{Kind: "note", Text: sentences(text)})
		}
	}
	p.Sections = []figures.Section{
		{Title: "The result", Paragraphs: c.howToRead(), Tables: []figures.PageTable{c.pageTable()}},
		{Title: "How far from the optimum", Paragraphs: c.aboutObjective(), Figures: c.pageFigures("race", "spread")},
		{Title: "On rows that were held out", Paragraphs: c.aboutScores(), Figures: c.pageFigures("scores")},
	}
	if list := c.pageFigures("fits", "regions"); len(list) > 0 {
		p.Sections = append(p.Sections, figures.Section{Title: "The networks themselves", Figures: list})
	}
	p.Sections = append(
		p.Sections,
		figures.Section{Title: "What is fair here, and what is not", Paragraphs: c.fairness()},
		figures.Section{Title: "All trainings", Tables: []figures.PageTable{c.runTable()}},
	)
	return p
}

// sentences makes texts that begin in lower case into sentences.
func sentences(texts ...string) string {
	for k, t := range texts {
		texts[k] = strings.TrimSuffix(capital(t), ".") + "."
	}
	return strings.Join(texts, " ")
}

// pageFigures are those with the names that there are.
func (c *comparison) pageFigures(names ...string) (out []figures.Figure) {
	for _, f := range c.figures() {
		for _, name := range names {
			if f.id == name {
				out = append(out, figures.Figure{ID: f.id, Picture: f.picture, Caption: f.caption, Alt: f.alt})
			}
		}
	}
	return out
}

// facts are data and settings.
func (c *comparison) facts() [][2]string {
	f := c.flags
	_, d := c.data.train.x.Dims()
	if c.data.encoding.Bias() {
		d--
	}
	rows := fmt.Sprintf("%d to train, %d to choose, %d to test", c.data.train.rows(), c.validation.rows(), c.test.rows())
	limit := brief(c.limit) + " for each training"
	switch {
	case c.limit == 0:
		limit = fmt.Sprintf("%s by gradients; at most %s global and sampled", plural(f.epochs, "epoch"), brief(c.convexLimit))
	case f.epochs > 0:
		limit += fmt.Sprintf(", at most %s", plural(f.epochs, "epoch"))
	}
	value, estimated := c.floor.bound()
	bound := fmt.Sprintf("%.6g, proved", value)
	switch {
	case estimated:
		bound = fmt.Sprintf("%.6g, estimated", value)
	case value <= 0 && c.global.result.Objective > 0:
		bound = "not known"
	}
	bias := "none"
	if c.data.encoding.Bias() {
		bias = "hidden, penalised like other weights"
	}
	if f.intercept {
		bias += "; output intercept, not penalised"
	}
	return [][2]string{
		{"data", dataName(c.data.name)},
		{"target", c.data.encoding.TargetName()},
		{"features", fmt.Sprint(d)},
		{"rows", rows},
		{"beta", c.betaText()},
		{"lower bound", bound},
		{"bias", bias},
		{"time", limit},
		{"steps", fmt.Sprintf("%s, %v schedule", plural(c.batch, "row"), f.plan.schedule)},
		{"seed", fmt.Sprint(f.fit.seed)},
		{"in all", seconds(c.seconds)},
		{"version", version()},
	}
}

// pageTable is the table of the rows.
func (c *comparison) pageTable() figures.PageTable {
	const rate = 8 // this column is in the table of all trainings
	lines := c.table()
	for k := range lines {
		lines[k] = lines[k][:rate]
	}
	out := figures.PageTable{
		Caption: fmt.Sprintf("Objective on the training rows, gap to the lower bound, and %s on the three parts of the rows. The best on the test rows is bold.", c.metricName()),
	}
	for _, name := range lines[0] {
		out.Header = append(out.Header, strings.TrimSpace(name))
	}
	for k, r := range c.rows {
		var cells []figures.Cell
		for j, text := range lines[k+1] {
			cell := figures.Cell{Text: strings.TrimRight(text, " *")}
			cell.Strong = j == 5 && r.best
			cells = append(cells, cell)
		}
		if r.status == string(baseline.Diverged) {
			cells[0].Text += " (diverged)"
		}
		if r.run != nil {
			cells[0].Note = fmt.Sprintf("%v, checkpoint after %s, run %s", r.run.setting, plural(r.epoch, "epoch"), r.status)
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// runTable is the table of all runs.
func (c *comparison) runTable() figures.PageTable {
	out := figures.PageTable{
		Caption: "Every training, with the lowest objective of its checkpoints and the best validation metric of them.",
		Header:  []string{"method", "rate", "neurons", "status", "objective", "gap", "validation", "epochs", "seconds"},
	}
	tilde := ""
	if _, estimated := c.floor.bound(); estimated {
		tilde = "~"
	}
	add := func(method string, objective float64, texts ...string) {
		gap := "-"
		if g := c.floor.gap(objective); !math.IsNaN(g) {
			gap = tilde + gapText(g)
		}
		cells := []figures.Cell{{Text: method}}
		for _, t := range append(append(texts[:3:3], fmt.Sprintf("%#.6g", objective), gap), texts[3:]...) {
			cells = append(cells, figures.Cell{Text: t})
		}
		out.Rows = append(out.Rows, cells)
	}
	convex := func(key string, t *convexTraining) {
		r := t.result
		status := r.Status.String()
		if t.cut {
			status += " by the time limit"
		}
		add(key, r.Objective, "-", fmt.Sprint(len(r.Network.Neurons)), status, c.find(key).validation.first().String(), "-", fmt.Sprintf("%.2g", t.seconds))
	}
	convex("global", c.global)
	if c.sampled != nil {
		convex("sampled", c.sampled)
	}
	for _, r := range c.runs {
		add(r.method.String(), r.result.Objective, fmt.Sprintf("%g", r.rate), fmt.Sprint(r.width), string(r.result.Status),
			tidy(r.early.metric).String(), fmt.Sprint(r.result.Epochs), fmt.Sprintf("%.2g", r.result.Seconds))
	}
	return out
}

// howToRead explains the table.
func (c *comparison) howToRead() []string {
	f := c.flags
	words := []string{
		"Global training generates neurons until a search finds none that lowers the objective, and knows how far from the optimum it may be. " +
			"Sampled training solves a convex program on activation patterns drawn at random. The others begin with random weights and follow gradients on small batches, as networks are usually trained. " +
			"Linear models are there to show what needs no network; they have no weight decay of this kind, and so no objective to compare.",
		"Of each optimiser there are two rows: the network with the lowest training objective, and the one that does best on the validation rows, at any checkpoint of any of its runs. Nothing was chosen by the test rows.",
		"The lower bound is " + c.boundText(),
	}
	if c.data.standardized() {
		words = append(words, "Objectives are in standardised units of the target; metrics are in its own.")
	}
	if len(c.runs) > 0 && f.plan.schedule == baseline.Cosine {
		words = append(words, "Rates fall to zero along a cosine over each run.")
	}
	return words
}

func (c *comparison) aboutObjective() []string {
	g := c.ground()
	text := "All networks minimise the same number on the training rows: 1/2 of the sum of squared errors, and beta times the sum over neurons of the sizes of their weights, |u||alpha|. No network of any width has less than the lower bound"
	if _, estimated := c.floor.bound(); estimated {
		text += ", as far as local search can tell"
	}
	out := []string{text + "."}
	if g.unbounded {
		out = append(out, "Here that bound is so low that it would tell nothing apart, so that the pictures measure from the lowest objective of all trainings, which is no bound.")
	}
	return out
}

func (c *comparison) aboutScores() []string {
	if c.test.rows() == 0 {
		return []string{"There are no test rows, so that nothing is said of new ones."}
	}
	return []string{fmt.Sprintf("A low training objective is a means. What counts is new rows, and there the lowest objective need not be the best: beta decides how closely the rows are followed, and early stopping can do what a larger beta would. "+
		"Here all have the same beta; convexnn path chooses one. With %s, small differences may be chance: another --seed splits in another way.", plural(c.test.rows(), "test row"))}
}

func (c *comparison) fairness() []string {
	budget := fmt.Sprintf("Every training was given %s", brief(c.convexLimit))
	if c.limit != c.convexLimit {
		budget = fmt.Sprintf("Runs by gradients had %s, and global and sampled training were given %s", plural(c.flags.epochs, "epoch"), brief(c.convexLimit))
	}
	return []string{
		budget + ". The time that a method needs in practice is that of all its runs, since nobody knows rate and width beforehand: " + c.totals() + ". When its time is over, a convex training still closes its bracket, which takes moments on small data and can take many times the limit on large; the table counts that.",
		"All trainings run on the same rows, encoded and scaled in the same way, with the same beta, seed, processors and matrix products. What gradients follow is the mean of the objective with beta/2 (|u|² + alpha²) in the place of beta |u||alpha|, which is equal when the weights of each neuron are balanced; the table has the second form for all.",
		"Gradients have the advantage that their best run is chosen of many, and by validation rows in one of two rows; global training has one run, and uses no validation rows. Global training has the advantage that beta is chosen for it, not for early stopping. Other libraries, or other hardware, may be faster.",
		"If a network of any method had been found below a proved bound, this page would not have been written, but an error. If one had been found below an estimated bound, the estimate would be withdrawn, with a notice at the top.",
	}
}

// totals says what all runs of a method took.
func (c *comparison) totals() string {
	parts := []string{"global " + seconds(c.global.seconds)}
	if c.sampled != nil {
		parts = append(parts, "sampled "+seconds(c.sampled.seconds))
	}
	for _, m := range c.flags.plan.methods {
		sum := 0.0
		for _, r := range c.runs {
			if r.method == m {
				sum += r.result.Seconds
			}
		}
		if n := c.tried(m); n > 0 {
			parts = append(parts, fmt.Sprintf("%v %s for %s", m, seconds(sum), plural(n, "run")))
		}
	}
	return englishList(parts)
}
