package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// printResult prints the table and what it says.
func (c *comparison) printResult(w io.Writer) {
	row(w, "beta", "%s", c.betaText())
	fmt.Fprintln(w)
	printAligned(w, c.table())
	fmt.Fprintln(w)
	if c.data.standardized() {
		row(w, "units", "objectives are in standardised units of the target")
	}
	paragraph(w, "bound", c.boundText())
	for _, text := range c.verdicts() {
		paragraph(w, "result", text)
	}
	for _, text := range c.remarks() {
		paragraph(w, "note", text)
	}
	row(w, "time", "%s", seconds(c.seconds))
}

// printFiles names the files that were written.
func (f *compareFlags) printFiles(w io.Writer) {
	for _, o := range []named{{"page", f.page}, {"plots", f.plots}, {"report", f.reportOut}} {
		if o.path != "" && o.path != "-" {
			row(w, o.flag, "%s", o.path)
		}
	}
}

func (c *comparison) betaText() string {
	return betaText(&convexnn.Result{Beta: c.beta, BetaMax: c.betaMax})
}

// table is the header and the rows, as text.
func (c *comparison) table() [][]string {
	lines := [][]string{{"method", "objective", "gap", "train", "validation", "test  ", "neurons", "seconds", "rate"}}
	for _, r := range c.rows {
		mark := "  "
		if r.best {
			mark = " *"
		}
		lines = append(lines, []string{
			r.name(), r.objectiveText(), c.gapText(r),
			tidy(r.train.first()).String(), tidy(r.validation.first()).String(), tidy(r.test.first()).String() + mark,
			r.neuronsText(), r.secondsText(), r.rateText(),
		})
	}
	return lines
}

func (r *contender) objectiveText() string {
	if !r.objective.defined() {
		return "-"
	}
	return fmt.Sprintf("%#.6g", float64(r.objective))
}

// gapText is the gap of a row, with a tilde where it is to an estimate.
func (c *comparison) gapText(r *contender) string {
	gap := c.floor.gap(float64(r.objective))
	if math.IsNaN(gap) {
		return "-"
	}
	if _, estimated := c.floor.bound(); estimated {
		return "~" + gapText(gap)
	}
	return gapText(gap)
}

func (r *contender) neuronsText() string {
	if r.neurons < 0 {
		return "-"
	}
	return fmt.Sprint(r.neurons)
}

func (r *contender) secondsText() string {
	if !r.seconds.defined() {
		return "-"
	}
	return fmt.Sprintf("%.2g", float64(r.seconds))
}

// rateText is the rate, and whether the run diverged.
func (r *contender) rateText() string {
	switch {
	case r.run == nil:
		return "-"
	case r.status == "diverged":
		return fmt.Sprintf("%g, diverged", r.run.rate)
	}
	return fmt.Sprintf("%g", r.run.rate)
}

// printAligned prints lines of cells, the first of each to the left, the others to the
// right.
func printAligned(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for k, text := range cells {
			widths[k] = max(widths[k], utf8.RuneCountInString(text))
		}
	}
	for _, cells := range lines {
		var b strings.Builder
		for k, text := range cells {
			pad := strings.Repeat(" ", widths[k]-utf8.RuneCountInString(text))
			if k == 0 {
				b.WriteString(text + pad)
			} else {
				b.WriteString("  " + pad + text)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// boundText says what the gaps are to, and what the least of them is.
func (c *comparison) boundText() string {
	best := float64(c.lowest().objective)
	proved := c.floor.certificate
	proved.RelativeGap = max(0, 1-proved.LowerBound/best)
	if best <= 0 {
		proved.RelativeGap = 0
	}
	switch value, estimated := c.floor.bound(); {
	case value <= 0 && best > 0:
		return "not known: none above zero was proved."
	case estimated:
		e := *c.floor.estimate
		e.RelativeGap = c.floor.gap(best)
		return fmt.Sprintf("estimated, %s. Proved: %s", estimateText(&e, best, best), proved.Statement())
	}
	return "proved. " + proved.Statement()
}

// lowest is the row with the lowest objective, global unless another is below it by more
// than rounding.
func (c *comparison) lowest() *contender {
	lowest := c.find("global")
	for _, r := range c.rows {
		if r.network != nil && r.objective < lowest.objective*(1-rounding) {
			lowest = r
		}
	}
	return lowest
}

// verdicts are plain sentences about who is where.
func (c *comparison) verdicts() []string {
	return append([]string{c.trainingVerdict()}, c.testVerdict()...)
}

// trainingVerdict compares objectives.
func (c *comparison) trainingVerdict() string {
	global, lowest := c.find("global"), c.lowest()
	g := float64(global.objective)
	if lowest != global {
		return fmt.Sprintf("on the training rows %s has the lowest objective, %.6g, and global %.6g, %s", lowest.setting(), float64(lowest.objective), g, more(g/float64(lowest.objective)-1))
	}
	other := c.bestGradient()
	if other == nil {
		return fmt.Sprintf("global training ends at the objective %.6g; no run by gradients was done", g)
	}
	switch o := float64(other.objective); {
	case o <= g*(1+rounding):
		return fmt.Sprintf("on the training rows global and %s have the same objective, %.6g", other.setting(), g)
	case g <= 0:
		return fmt.Sprintf("on the training rows global has the lowest objective, %.6g; the best by gradients is %s with %.6g", g, other.setting(), o)
	default:
		return fmt.Sprintf("on the training rows global has the lowest objective, %.6g; the best by gradients, %s, has %.6g, %s", g, other.setting(), o, more(o/g-1))
	}
}

// setting is the method, with rate and width by gradients.
func (r *contender) setting() string {
	if r.run == nil {
		return r.method
	}
	return fmt.Sprintf("%s (%v)", r.method, r.run.setting)
}

// more says that something is larger by a share of it.
func more(share float64) string {
	switch {
	case share < 1e-5:
		return "less than 0.001 % more"
	case share < 0.995:
		return fmt.Sprintf("%.2g %% more", 100*share)
	}
	return fmt.Sprintf("%.3g times as much", share+1)
}

// testVerdict says who is best on the test rows, whoever it is.
func (c *comparison) testVerdict() []string {
	n := c.test.rows()
	var names []string
	value := number(math.NaN())
	for _, r := range c.rows {
		if r.best {
			names = append(names, r.name())
			value = tidy(r.test.first())
		}
	}
	if n == 0 || len(names) == 0 {
		return nil
	}
	metric, global := c.metricName(), c.find("global")
	networks := 0
	for _, r := range c.rows {
		if r.network != nil {
			networks++
		}
	}
	switch {
	case len(names) == networks && networks > 1 && !c.find("linear").best && !c.find("ridge").best:
		return []string{fmt.Sprintf("on the %s all networks are equally good, %s %v", plural(n, "test row"), metric, value)}
	case global.best && len(names) == 1:
		return []string{fmt.Sprintf("on the %s global is the best, %s %v", plural(n, "test row"), metric, value)}
	case global.best:
		return []string{fmt.Sprintf("on the %s %s are equally good, %s %v", plural(n, "test row"), listed(names), metric, value)}
	}
	verb := "is"
	if len(names) > 1 {
		verb = "are"
	}
	text := fmt.Sprintf("on the %s %s %s the best, %s %v, and global has %v", plural(n, "test row"), listed(names), verb, metric, value, tidy(global.test.first()))
	if c.data.encoding.Task() == datasets.TaskClassification {
		more := int(math.Round(float64(n) * float64(value-global.test.first())))
		text += fmt.Sprintf(": that is %s of %d", plural(more, "row"), n)
	}
	return []string{text + "; the lowest training objective is not always the best on new rows, and another beta may do better: convexnn path chooses one"}
}

// listed joins names with commas and "and".
func listed(names []string) string {
	for k, n := range names { // names have commas of their own
		if strings.Contains(n, ",") {
			names[k] = strings.Replace(n, ", ", " ", 1)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// remarks are what the user should know of the result.
func (c *comparison) remarks() []string {
	var out []string
	if text := c.floor.notice(); text != "" {
		out = append(out, text)
	}
	if c.interrupted {
		done := "no run by gradients"
		if len(c.runs) > 0 {
			done = fmt.Sprintf("%s of %d by gradients, the last one as far as it got", plural(len(c.runs), "run"), len(c.flags.plan.settings()))
		}
		out = append(out, "stopped early by an interrupt: "+done)
	}
	out = append(out, c.skipped...)
	if c.betaMax.Partial && c.flags.beta == 0 {
		out = append(out, "beta_max was cut short, so beta differs from that of a full run")
	}
	empty := len(c.global.result.Network.Neurons) == 0
	switch unfinished := empty && c.beta < c.betaMax.Value; {
	case unfinished && c.interrupted && !c.global.cut:
		out = append(out, "global has no usable network: the interrupt came before")
	case unfinished:
		out = append(out, "global has no usable network yet: give more time by --time-limit")
	case c.global.cut:
		out = append(out, "global was cut by the time limit: objective and bound are as far as it got, and --time-limit gives it more")
	case empty: // where beta_max is an estimate, larger values can have neurons
		out = append(out, "beta is not below beta_max: the best network has no neurons and predicts the same for every row")
	}
	switch s := c.sampled; {
	case s == nil || !s.cut:
	case len(s.result.Network.Neurons) == 0:
		out = append(out, "sampled has no usable network yet: give more time by --time-limit")
	default:
		out = append(out, "sampled was cut by the time limit: its objective is as far as it got, and --time-limit gives it more")
	}
	if c.flags.epochs > 0 && !c.flags.timed && (c.global.cut || c.sampled != nil && c.sampled.cut) {
		out = append(out, fmt.Sprintf("a convex training was cut by the time limit of %s, so that another run may end elsewhere; --time-limit gives more", brief(c.convexLimit)))
	}
	for _, m := range c.flags.plan.methods {
		if list := c.diverged(m); len(list) > 0 {
			var words []string
			for _, s := range list {
				words = append(words, s.String())
			}
			text := fmt.Sprintf("%s of %d by %v diverged (%s)", plural(len(list), "run"), c.tried(m), m, strings.Join(words, "; "))
			if len(list) == c.tried(m) {
				text += ": its rows are networks from before, and a lower rate may do better"
			}
			out = append(out, text)
		}
	}
	short := 0
	for _, r := range c.runs {
		if r.result.Epochs == 0 && r.result.Status != "diverged" {
			short++
		}
	}
	if short > 0 && !c.interrupted {
		out = append(out, fmt.Sprintf("%s by gradients ended before the first pass over the rows: give more time by --time-limit", plural(short, "run")))
	}
	if c.test.rows() == 0 {
		out = append(out, "there are no test rows, so nothing is said of new ones")
	}
	if c.test.rows() > 0 && !c.find("global").test.first().defined() {
		out = append(out, c.metricName()+" is not defined on the test rows")
	}
	return out
}
