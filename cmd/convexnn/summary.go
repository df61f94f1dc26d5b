package main

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
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

// print prints what is trained on.
func (d *prepared) print(w io.Writer) {
	d.printParts(w, part{"training", d.train}, part{"test", d.test})
}

// A part is some of the rows, and what they are for.
type part struct {
	name string
	sample
}

// printParts prints the data, and how many rows each part has, of each class too.
func (d *prepared) printParts(w io.Writer, parts ...part) {
	_, cols := d.train.x.Dims()
	var counts []string
	for _, p := range parts {
		if p.rows() > 0 {
			counts = append(counts, plural(p.rows(), p.name+" row"))
		}
	}
	row(w, "data", "%s: %s", d.name, strings.Join(counts, ", "))
	bias := ""
	if d.encoding.Bias() {
		cols--
		bias = ", and the bias"
	}
	row(w, "features", "%d from %s%s", cols, plural(d.columns, "column"), bias)
	d.printTargets(w)
	if d.encoding.Task() == datasets.TaskClassification && d.encoding.Outputs() == 1 {
		negative, positive := d.encoding.Labels()
		width := max(utf8.RuneCountInString(negative), utf8.RuneCountInString(positive))
		row(w, "classes", "%s", classText(negative, -1, width, parts))
		row(w, "", "%s", classText(positive, 1, width, parts))
	}
	for _, n := range d.notices {
		paragraph(w, "note", n)
	}
}

// classText describes one class.
func classText(label string, value, width int, parts []part) string {
	var counts []string
	for _, p := range parts {
		n := 0
		for _, v := range p.y {
			if int(v) == value {
				n++
			}
		}
		if p.rows() > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, p.name))
		}
	}
	return fmt.Sprintf("%-*s -> %+d  (%s)", width, label, value, strings.Join(counts, ", "))
}

// printProgram prints what is going to be solved, once.
func (t *training) printProgram(w io.Writer, r *convexnn.Result) {
	if t.program {
		return
	}
	t.program = true
	row(w, "rank", "%d", r.Rank)
	paragraph(w, "patterns", t.patternsText(r))
	if r.Loss != convexnn.HardMargin {
		row(w, "beta", "%s", betaText(r))
	}
}

// patternsText says how many activation patterns there may be, and how the training
// chooses among them.
func (t *training) patternsText(r *convexnn.Result) string {
	most := count{r.PatternsPossible}
	switch {
	case r.Mode == convexnn.Global:
		return fmt.Sprintf("at most %v; none is sampled: neurons with any pattern are generated, until a search finds none that lowers the objective", most)
	case r.Mode == convexnn.Enumerate:
		text := fmt.Sprintf("at most %v; neurons with any pattern are generated, and passes over all patterns prove the bound", most)
		if cost, err := passText(t.data.train.x); err == nil && t.data.encoding.Outputs() == 1 {
			text += fmt.Sprintf(". A pass takes %s.", cost)
		}
		return text
	case t.gates != nil:
		return fmt.Sprintf("%d given, of at most %v", r.Patterns, most)
	}
	return fmt.Sprintf("%d sampled, of at most %v", r.Patterns, most)
}

// printResult prints the network and what is known of it.
func (t *training) printResult(w io.Writer) {
	r := t.result
	t.printProgram(w, r)
	fmt.Fprintln(w)
	row(w, "network", "%s", t.networkText())
	row(w, "objective", "%s", t.objectiveText())
	// A proof that is good enough leaves nothing to estimate.
	if e := r.Estimate; e != nil && r.Certificate.RelativeGap > t.tolerance {
		paragraph(w, "estimated", estimateText(e, r.Objective, r.Objective))
	}
	paragraph(w, "proved", t.statement())
	if r.Mode != convexnn.Sampled {
		paragraph(w, "searched", t.searched())
	}
	for _, n := range t.remarks() {
		paragraph(w, "note", n)
	}
	row(w, "time", "%s", seconds(t.seconds))
	fmt.Fprintln(w)

	t.measured.print(w)
	t.printConfusions(w)
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

// searched says how much was looked at.
func (t *training) searched() string {
	r := t.result
	passes := ""
	switch {
	case r.Cells > 0:
		passes = fmt.Sprintf("%s priced per pass; ", plural(r.Cells, "pattern"))
	case r.Rounds == 0 && r.Status == convexnn.Stopped:
		return "nothing: the first round did not begin"
	case r.Rounds == 0:
		return "nothing, as the statement needs no search"
	case r.Mode == convexnn.Enumerate && r.Certificate.Kind != convexnn.CertifiedExact:
		passes = "no pass over all patterns ended; "
	}
	return fmt.Sprintf("%s%s, %s in the last program", passes, plural(r.Rounds, "round"), plural(r.Patterns, "candidate neuron"))
}

// estimateText is the bracket that local search suggests for the least objective of all
// networks, from an estimated bound to the best objective known, with the gap of the
// network at hand.
func estimateText(e *convexnn.Certificate, objective, best float64) string {
	gap, digits := "gap", "%.2g"
	if best < objective {
		gap = "gap of this network"
	}
	// The last digit that is printed is a millionth; a full gap is not 1e+02.
	percent := max(100*e.RelativeGap, 1e-3)
	if percent >= 99.5 {
		digits = "%.3g"
	}
	return fmt.Sprintf("~%.6g to %.6g (%s ~"+digits+" %%): the best that any two-layer ReLU network can do, by local search, audited from fresh starts; not a proof",
		e.LowerBound, best, gap, percent)
}

// gap is the relative gap of the best statement, if only estimated.
func (t *training) gap() float64 {
	r := t.result
	switch c := r.Certificate; {
	case c.Kind == convexnn.CertifiedProgram:
		return c.ProgramGap
	case r.Estimate != nil:
		return min(c.RelativeGap, r.Estimate.RelativeGap)
	default:
		return c.RelativeGap
	}
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
	case r.Status == convexnn.Stopped && t.timeout && t.flags.limits.time == 0:
		out = append(out, fmt.Sprintf("stopped early by the default time limit of %v; this is the best found until then, and --time-limit 10m, say, gives it more time", t.assumed))
	case r.Status == convexnn.Stopped && t.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v; this is the best found until then", t.flags.limits.time))
	case r.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt; this is the best found until then")
	case r.Status == convexnn.Limited:
		out = append(out, fmt.Sprintf("stopped short of --tol: gap %.2g, asked for %.2g", t.gap(), t.tolerance))
	case t.ended && r.Estimate != nil && r.Certificate.RelativeGap > t.tolerance:
		out = append(out, "the training was done, and the proof was cut short: with more time more may be proved")
	}
	if r.Status == convexnn.Stopped && t.neurons() == 0 && (r.Beta < r.BetaMax.Value || r.Loss == convexnn.HardMargin) {
		out = append(out, "no usable network yet: "+t.shorter())
	}
	if r.BetaMax.Partial && t.flags.beta == 0 && r.Loss != convexnn.HardMargin {
		out = append(out, "beta_max was cut short, so beta differs from that of a full run")
	}
	if t.zero() {
		out = append(out, fmt.Sprintf("beta is not below beta_max: the network has no neurons and predicts %s for every row", t.constant()))
	}
	if t.gates == nil && r.Mode == convexnn.Sampled && r.Status != convexnn.Stopped && r.Patterns < t.flags.sampler.patterns {
		out = append(out, fmt.Sprintf("the data showed no more than %[2]d of the %[1]d patterns asked for", t.flags.sampler.patterns, r.Patterns))
	}
	return out
}

// standardized reports whether the target of a regression was scaled.
func (d *prepared) standardized() bool {
	p, ok := d.encoding.(*datasets.Preprocessor)
	return ok && p.Standardized() && p.Task() == datasets.TaskRegression
}

// ratio returns a/b, undefined for b = 0.
func ratio(a, b float64) number {
	if b == 0 {
		return number(math.NaN())
	}
	return number(a / b)
}

// atLeast writes a proved bound in a few digits, rounded down: what is printed is proved.
func atLeast(v float64, digits int) string {
	s := fmt.Sprintf("%.*g", digits, v)
	if short, err := strconv.ParseFloat(s, 64); err == nil && short > v && v > 0 {
		half := math.Pow(10, math.Floor(math.Log10(v))+1-float64(digits)) / 2
		s = fmt.Sprintf("%.*g", digits, v-half)
	}
	return s
}
