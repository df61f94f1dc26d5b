package main

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// labelWidth is the width of the column of names in what is printed.
const labelWidth = 12

// row prints a name and a text.
func row(w io.Writer, name, format string, args ...any) {
	fmt.Fprintf(w, "%-*s%s\n", labelWidth, name, fmt.Sprintf(format, args...))
}

// lineWidth is where a paragraph is wrapped.
const lineWidth = 88

var percentSign = regexp.MustCompile(`([0-9])%`)

// paragraph prints a name and a text of several lines.
func paragraph(w io.Writer, name, text string) {
	line := ""
	// A number stays with its unit.
	for _, word := range strings.Fields(strings.ReplaceAll(text, " %", "%")) {
		word = percentSign.ReplaceAllString(word, "$1 %")
		if line != "" && labelWidth+utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > lineWidth {
			row(w, name, "%s", line)
			name, line = "", ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	row(w, name, "%s", line)
}

// printData prints what is trained on.
func (t *training) printData(w io.Writer) {
	d := t.data
	_, cols := d.train.x.Dims()
	split := plural(d.train.rows(), "training row")
	if d.test.rows() > 0 {
		split += ", " + plural(d.test.rows(), "test row")
	}
	row(w, "data", "%s: %s", d.name, split)
	bias := ""
	if d.encoding.Bias() {
		cols--
		bias = ", and the bias"
	}
	row(w, "features", "%d from %s%s", cols, plural(d.columns, "column"), bias)
	row(w, "target", "%s%s", d.encoding.TargetName(), d.target)
	if d.encoding.Task() == datasets.TaskClassification {
		negative, positive := d.encoding.Labels()
		width := max(len([]rune(negative)), len([]rune(positive)))
		row(w, "classes", "%s", d.class(negative, -1, width))
		row(w, "", "%s", d.class(positive, 1, width))
	}
	for _, n := range d.notices {
		row(w, "note", "%s", n)
	}
}

// class describes one class.
func (p *prepared) class(label string, value, width int) string {
	count := func(y []float64) (n int) {
		for _, v := range y {
			if int(v) == value {
				n++
			}
		}
		return n
	}
	text := fmt.Sprintf("%-*s -> %+d  (%d training", width, label, value, count(p.train.y))
	if p.test.rows() > 0 {
		text += fmt.Sprintf(", %d test", count(p.test.y))
	}
	return text + ")"
}

// printProgram prints what is going to be solved, once.
func (t *training) printProgram(w io.Writer, r *convexnn.Result) {
	if t.program {
		return
	}
	t.program = true
	row(w, "rank", "%d", r.Rank)
	if t.enumerates() {
		text := fmt.Sprintf("at most %v", count{r.PatternsPossible})
		if cost, err := passText(t.data.train.x); err == nil {
			text += fmt.Sprintf("; a pass over all of them takes %s. Training makes one a round, often dozens, and solves a program in between.", cost)
		}
		paragraph(w, "patterns", text)
	} else {
		origin := "sampled"
		if t.gates != nil {
			origin = "given"
		}
		row(w, "patterns", "%d %s, of at most %v", r.Patterns, origin, count{r.PatternsPossible})
	}
	row(w, "beta", "%s", betaText(r))
}

// printResult prints the network and what is known of it.
func (t *training) printResult(w io.Writer) {
	r := t.result
	t.printProgram(w, r)
	fmt.Fprintln(w)
	units := ""
	if t.standardized() {
		units = ", in standardised units of the target"
	}
	row(w, "network", "%v, %s", r.Network.Model, plural(len(r.Network.Neurons), "neuron"))
	row(w, "objective", "%.6g%s", r.Objective, units)
	paragraph(w, "proved", t.statement())
	if t.enumerates() {
		row(w, "searched", "%s", t.searched())
	}
	for _, n := range t.remarks() {
		row(w, "note", "%s", n)
	}
	row(w, "time", "%s", seconds(t.seconds))
	fmt.Fprintln(w)

	t.printMetrics(w)
	if f := t.flags; f.modelPath != "" || (f.reportOut != "" && f.reportOut != "-") {
		fmt.Fprintln(w)
		if f.modelPath != "" {
			row(w, "model", "%s", f.modelPath)
		}
		if f.reportOut != "" && f.reportOut != "-" {
			row(w, "report", "%s", f.reportOut)
		}
	}
}

func betaText(r *convexnn.Result) string {
	tilde, kind := "", ""
	if !r.BetaMax.Exact {
		tilde, kind = "~", ", estimated"
	}
	if r.BetaMax.Value == 0 {
		return fmt.Sprintf("%.4g (beta_max is %s0)", r.Beta, tilde)
	}
	return fmt.Sprintf("%.4g, that is %.3g of beta_max (%s%.4g%s)", r.Beta, r.Beta/r.BetaMax.Value, tilde, r.BetaMax.Value, kind)
}

func (t *training) enumerates() bool { return t.flags.mode == convexnn.Enumerate }

// searched says how much was looked at for the proof.
func (t *training) searched() string {
	r := t.result
	switch {
	case r.Cells == 0 && r.Status == convexnn.Stopped:
		return fmt.Sprintf("no pass over all patterns ended; %d of them in the last program", r.Patterns)
	case r.Cells == 0:
		return "nothing, as the statement needs no search"
	case r.Rounds == 0:
		return fmt.Sprintf("%s priced; no program was solved", plural(r.Cells, "pattern"))
	}
	return fmt.Sprintf("%s priced per pass, %s; %d of them in the last program",
		plural(r.Cells, "pattern"), plural(r.Rounds, "round"), r.Patterns)
}

// gap is the relative gap of the statement.
func (t *training) gap() float64 {
	if c := t.result.Certificate; c.Kind != convexnn.CertifiedProgram {
		return c.RelativeGap
	}
	return t.result.Certificate.ProgramGap
}

// statement is what is proved.
func (t *training) statement() string {
	if c := t.result.Certificate; c.Kind != convexnn.CertifiedProgram || c.ProgramGap < 1 || c.Patterns == 0 {
		return c.Statement()
	}
	return "Nothing: the training ended before a bound was known."
}

// remarks are what the user should know of the result.
func (t *training) remarks() []string {
	var out []string
	r := t.result
	switch {
	case r.Status == convexnn.Stopped && t.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v; this is the best found until then", t.flags.limits.time))
	case r.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt; this is the best found until then")
	case r.Status == convexnn.Limited:
		out = append(out, fmt.Sprintf("stopped short of --tol: gap %.2g, asked for %.2g", t.gap(), t.flags.tol))
	}
	if r.Status == convexnn.Stopped && len(r.Network.Neurons) == 0 && r.Beta < r.BetaMax.Value {
		text := "no usable network yet: give more time, or fewer --patterns"
		if t.enumerates() {
			text = "no usable network yet: give more time, or use --mode sampled"
		}
		out = append(out, text)
	}
	if r.BetaMax.Partial && t.flags.beta == 0 {
		out = append(out, "beta_max was cut short, so beta differs from that of a full run")
	}
	if t.zero() {
		out = append(out, fmt.Sprintf("beta is not below beta_max: the network has no neurons and predicts %s for every row", t.constant()))
	}
	if t.gates == nil && !t.enumerates() && r.Status != convexnn.Stopped && r.Patterns < t.flags.sampler.patterns {
		out = append(out, fmt.Sprintf("the data showed no more than %[2]d of the %[1]d patterns asked for", t.flags.sampler.patterns, r.Patterns))
	}
	return out
}

// standardized reports whether the target of a regression was scaled.
func (t *training) standardized() bool {
	p, ok := t.data.encoding.(*datasets.Preprocessor)
	return ok && p.Standardized() && p.Task() == datasets.TaskRegression
}

// printMetrics prints the table of metrics, beside those of the linear model.
func (t *training) printMetrics(w io.Writer) {
	train, held := t.trainMetrics.lines(), t.testMetrics.lines()
	linear, linearHeld := t.linearTrain.lines(), t.linearTest.lines()
	half := [][]string{{"train", "test"}, {"train", "test"}} // of each line: network, linear model
	for k := range train {
		half = append(half,
			[]string{train[k].value.String(), held[k].value.String()},
			[]string{linear[k].value.String(), linearHeld[k].value.String()})
	}
	width := 8 // of a cell
	for _, cells := range half {
		for _, c := range cells {
			width = max(width, len(c))
		}
	}
	columns := 1
	if t.data.test.rows() > 0 {
		columns = 2
	}
	text := func(cells []string) string {
		var b strings.Builder
		for _, c := range cells[:columns] {
			fmt.Fprintf(&b, "%-*s", width+2, c)
		}
		return b.String()
	}
	// One half is followed by a gap, and wide enough for its heading.
	cells := func(name, left, right string) {
		fmt.Fprintf(w, "%-*s%-*s%s\n", labelWidth, name, columns*(width+2)+2, left, strings.TrimRight(right, " "))
	}
	cells("", "network", "linear model ("+t.linearText()+")")
	cells("", text(half[0]), text(half[1]))
	for k, l := range train {
		cells(l.name, text(half[2*k+2]), text(half[2*k+3]))
	}
}

func (t *training) linearText() string {
	return fmt.Sprintf("%s on %s", t.linear.Method, plural(t.linear.Columns, "column"))
}

// ratio returns a/b, undefined for b = 0.
func ratio(a, b float64) number {
	if b == 0 {
		return number(math.NaN())
	}
	return number(a / b)
}
