package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// updateFlow shows how far the flow is: the way of the logarithm of the sharpness from where
// it began to its end.
func (p *progress) updateFlow(u *flow.Checkpoint, begin, sharpness, optimum float64) {
	if p == nil {
		return
	}
	bracket := "not separated"
	if u.Separated {
		bracket = fmt.Sprintf("upper %-9.5g lower %-9.5g", u.Upper, max(u.Lower, u.Estimate))
	}
	const usual = 2000 // times the optimum is about where the smallest margin is 1000
	end := sharpness
	if end == 0 && !math.IsInf(optimum, 1) {
		end = usual * optimum
	}
	begun := math.Log(begin)
	p.bar.Set(int(progressSteps * min(max(0, (2*u.LogRho-begun)/(math.Log(max(end, 10*begin))-begun)), 0.999)))
	p.bar.Describe(fmt.Sprintf("step %-6d sharpness %-8.2g %s", u.Step, u.Sharpness, bracket))
}

// printProgram prints the largest margin.
func (c *course) printProgram(w io.Writer) {
	r, f := c.program, c.flags
	row(w, "rank", "%d", r.Rank)
	switch text := fmt.Sprintf("%.7g, the least sum |u||alpha| at margin 1, by %s", r.Objective, plural(len(r.Network.Neurons), "neuron")); {
	case math.IsInf(r.Objective, 1):
		row(w, "optimum", "not found in time")
	default:
		row(w, c.bestName(), "%s", text)
		if e := r.Estimate; e != nil {
			paragraph(w, "estimated", estimateText(e, r.Objective, r.Objective))
		}
		paragraph(w, "proved", r.Certificate.Statement())
	}
	neurons := plural(f.neurons, "neuron") + " with outputs of either sign in turn"
	if f.signs != "" {
		neurons = plural(len(f.signs), "neuron") + " with outputs " + f.signs
	}
	row(w, "flow", "%v loss, %s, seed %d", f.loss, neurons, f.fit.seed)
}

// bestName is what the program has found: the optimum, or only the best network that is
// known.
func (c *course) bestName() string {
	const meets = 1e-3
	if k := c.program.Certificate; k.Kind != convexnn.CertifiedEstimate && k.RelativeGap <= meets {
		return "optimum"
	}
	return "best known"
}

// print prints the course and its end.
func (c *course) print(w io.Writer) {
	r := c.result
	fmt.Fprintln(w)
	c.printCheckpoints(w)
	fmt.Fprintln(w)
	c.printEnd(w)
	for _, v := range r.Warnings {
		paragraph(w, "note", string(v))
	}
	for _, n := range c.remarks() {
		paragraph(w, "note", n)
	}
	row(w, "time", "%s for the optimum, %s for %s", seconds(c.solving), seconds(c.flowing), plural(r.Steps, "step"))
	fmt.Fprintln(w)
	c.printNeurons(w)
}

// remarks are what the user should know of the run.
func (c *course) remarks() (out []string) {
	switch stopped := c.result.Status == convexnn.Stopped; {
	case !stopped && c.program.Status == convexnn.Stopped:
		out = append(out, "the search for the optimum was stopped at half of the time limit")
	case stopped && c.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v", c.flags.limits.time))
	case stopped:
		out = append(out, "stopped early by an interrupt")
	}
	if c.flags.modelPath != "" && !c.result.Separated {
		out = append(out, "no model is written, as the network does not separate the rows")
	}
	return out
}

// checkpointRows is the most checkpoints in the table; the report has all.
const checkpointRows = 14

// shown picks checkpoints for the table: first and last, and the first that separates.
func (c *course) shown() []*flow.Checkpoint {
	all := c.result.Checkpoints
	var out []*flow.Checkpoint
	before := false
	for k, p := range all {
		first := p.Separated && !before
		before = before || p.Separated
		if first || k == len(all)-1 || k*(checkpointRows-2)/len(all) != (k-1)*(checkpointRows-2)/len(all) || k == 0 {
			out = append(out, p)
		}
	}
	return out
}

// courseTable is the table of the checkpoints.
func (c *course) courseTable() [][]string {
	lines := [][]string{{"step", "time", "sharpness", "right", "margin", "upper", "above", "lower", "gap"}}
	n := len(c.data.train.y)
	for _, p := range c.shown() {
		// Adding 0 takes the sign off a zero.
		line := []string{
			fmt.Sprint(p.Step), fmt.Sprintf("%.4g", p.Time), fmt.Sprintf("%.3g", p.Sharpness),
			fmt.Sprintf("%d/%d", n-p.Unseparated, n), fmt.Sprintf("%.4g", p.MinMargin+0), "-", "-", "-", "-",
		}
		bound, tilde := p.Lower, ""
		if p.Estimate > bound {
			bound, tilde = p.Estimate, "~"
		}
		if p.Separated {
			line[5] = fmt.Sprintf("%.6g", p.Upper)
			if best := c.program.Objective; !math.IsInf(best, 1) {
				line[6] = aboveText(p.Upper / best)
			}
			if bound > 0 {
				line[8] = tilde + percentAbove((p.Upper-bound)/p.Upper)
			}
		}
		if bound > 0 {
			line[7] = tilde + atLeast(bound, 6)
		}
		if last := len(lines) - 1; slices.Equal(line[1:], lines[last][1:]) {
			lines = lines[:last] // a last step too short to be seen
		}
		lines = append(lines, line)
	}
	return lines
}

// aboveText says how far a bound is above the optimum, given their ratio.
func aboveText(ratio float64) string {
	if ratio >= 2 {
		return fmt.Sprintf("x %.3g", ratio)
	}
	return percentText(ratio - 1)
}

// percentText writes a share.
func percentText(share float64) string {
	p := 100 * max(0, share)
	if p >= 99.5 {
		return fmt.Sprintf("%.3g %%", p)
	}
	return fmt.Sprintf("%.2g %%", p)
}

// percentAbove writes a share, no less than it is.
func percentAbove(share float64) string {
	p := 100 * max(0, share)
	digits := 2.0
	if p >= 99 {
		digits = 3
	}
	if p > 0 {
		unit := math.Pow(10, math.Floor(math.Log10(p))+1-digits)
		p = min(100, math.Ceil(p/unit*(1-1e-12))*unit)
	}
	return fmt.Sprintf("%.*g %%", int(digits), p)
}

func (c *course) printCheckpoints(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range c.courseTable() {
		fmt.Fprintln(tw, strings.Join(line, "\t")+"\t")
	}
	tw.Flush()
}

// printEnd prints where the flow has come to.
func (c *course) printEnd(w io.Writer) {
	r := c.result
	if !r.Separated {
		paragraph(w, "result", c.verdict())
		return
	}
	row(w, "separated", "since sharpness %.3g, time %.4g", r.SeparatedSharpness, r.SeparatedTime)
	row(w, "upper", "%.6g, of the network scaled to margin 1", r.Upper)
	lower := fmt.Sprintf("%s, proved by a dual vector of the flow (%s)", atLeast(r.Certificate.LowerBound, 6), r.Certificate.Kind)
	if e := r.Estimate; e != nil {
		lower = fmt.Sprintf("~%.6g, suggested by a dual vector of the flow and local search; proved is %s", e.LowerBound, atLeast(r.Certificate.LowerBound, 6))
	}
	paragraph(w, "lower", lower)
	paragraph(w, "multiplier", c.multiplierText())
	paragraph(w, "result", c.verdict())
}

// multiplierText says how near the end is to a stationary point, and what its multiplier
// says of the optimum.
func (c *course) multiplierText() string {
	r := c.result
	if r.Multiplier == nil {
		return "not found, as it takes too much work"
	}
	price := "the price of nu is "
	switch p := r.MultiplierPrice; {
	case p.Kind == convexnn.CertifiedExact:
		price += fmt.Sprintf("%.5g", p.Value)
	case p.Kind == convexnn.CertifiedBounded && !math.IsInf(p.Upper, 1):
		price += fmt.Sprintf("from %.5g to %.5g", p.Value, p.Upper)
	case p.Value > 0:
		price += fmt.Sprintf("~%.5g, by local search", p.Value)
	default:
		price += "not known"
	}
	return fmt.Sprintf("the neurons are %.2g from alpha X'D nu, relative to |u|, lambda adds up to %.6g, and %s; in the limit, where the distance is 0 and the sum is the upper bound, a price of at most 1 proves the optimum",
		r.Residual, floats.Sum(r.Multiplier), price)
}

// verdict is what the flow has come to, and what is known of that.
func (c *course) verdict() string {
	r := c.result
	if !r.Separated {
		end := ""
		switch {
		case r.Status == convexnn.Stopped:
			end = "does not separate the rows when it is stopped"
		case r.Status == convexnn.Limited && !slices.Contains(r.Warnings, flow.StepsUsedUp) && !slices.Contains(r.Warnings, flow.StepTooSmall):
			end = "has all but come to a rest, and does not separate the rows"
		default:
			end = "ends before it separates the rows"
		}
		return fmt.Sprintf("The flow %s: %d of %d not on the right side, %s. There is no margin, and nothing to compare.",
			end, len(r.Unseparated), len(c.data.train.y), rowList(r.Unseparated))
	}
	above := ""
	if !math.IsInf(c.program.Objective, 1) {
		above = "The flow has come to " + c.aboveBest(r.Upper) + ". "
	}
	switch gap := r.Certificate.RelativeGap; {
	case r.GloballyOptimal:
		return above + fmt.Sprintf("Its own dual vector proves that no network of any width is better by more than %s.", percentAbove(gap))
	case r.Estimate != nil && r.Estimate.RelativeGap <= c.flags.tol:
		return above + fmt.Sprintf("Its own dual vector suggests that no network is better by more than ~%s; this is not proved.", percentAbove(r.Estimate.RelativeGap))
	default:
		return above + fmt.Sprintf("Its own dual vectors leave a gap of %s: nothing is claimed.", percentAbove(gap))
	}
}

// aboveBest says how far an upper bound is above the best of the program.
func (c *course) aboveBest(upper float64) string {
	best, name := c.program.Objective, "the optimum"
	if c.bestName() != "optimum" {
		name = "the best network known"
		if upper < best*(1-1e-6) {
			return percentText(1-upper/best) + " below " + name
		}
	}
	if upper >= 2*best {
		return fmt.Sprintf("%.3g times %s", upper/best, name)
	}
	return percentText(upper/best-1) + " above " + name
}

// rowList names rows, a few of them.
func rowList(rows []int) string {
	const most = 8
	var names []string
	for k, i := range rows {
		if k == most {
			names = append(names, "...")
			break
		}
		names = append(names, fmt.Sprint(i+1))
	}
	if len(rows) == 1 {
		return "row " + names[0]
	}
	return "rows " + strings.Join(names, ", ")
}

// neuronRows is the most kinds of neurons in the table; the report has all neurons.
const neuronRows = 12

// A neuronKind is neurons that do the same as far as the table shows it.
type neuronKind struct {
	cells [6]string // what comes after the share
	count int
	share float64
}

// neuronKinds lists the kinds, those with the largest shares first.
func (c *course) neuronKinds() []neuronKind {
	var kinds []neuronKind
	for _, h := range c.result.Neurons {
		sign, state := "+", ""
		if h.Output < 0 {
			sign = "-"
		}
		switch {
		case h.Dead:
			state = "dead"
		case h.WrongSide:
			state = "shrinks"
		case h.Sliding > 0:
			state = "on an edge"
		}
		length := "-" // of a vector in the units of X
		if c.result.Separated {
			length = fmt.Sprintf("%.4f", h.Length)
		}
		cells := [...]string{
			sign, fmt.Sprintf("%.4f", h.Ratio), fmt.Sprintf("%.4f", h.Alignment), length,
			fmt.Sprintf("%d/%d", h.Active, len(c.data.train.y)), state,
		}
		k := slices.IndexFunc(kinds, func(q neuronKind) bool { return q.cells == cells })
		if k < 0 {
			k, kinds = len(kinds), append(kinds, neuronKind{cells: cells})
		}
		kinds[k].count++
		kinds[k].share += h.Share
	}
	slices.SortStableFunc(kinds, func(a, b neuronKind) int { return cmp.Compare(b.share, a.share) })
	return kinds
}

// neuronTable is the table of the neurons, and how many it leaves out.
func (c *course) neuronTable() (lines [][]string, rest string) {
	lines = [][]string{{"neurons", "output", "share", "|alpha|/|u|", "cosine", "|X'D nu|", "active", ""}}
	left := 0
	for k, q := range c.neuronKinds() {
		const negligible = 1e-6
		if k >= neuronRows || q.share < negligible {
			left += q.count
			continue
		}
		lines = append(lines, append([]string{fmt.Sprint(q.count), q.cells[0], fmt.Sprintf("%.4f", q.share)}, q.cells[1:]...))
	}
	if left > 0 {
		rest = fmt.Sprintf("and %s of smaller shares", plural(left, "neuron"))
	}
	return lines, rest
}

func (c *course) printNeurons(w io.Writer) {
	lines, rest := c.neuronTable()
	if len(lines) > 1 {
		heading := "neurons, against X'D nu, where cosine and length are 1 in the limit:"
		if !c.result.Separated {
			heading = "neurons, against X'D nu, with the rows' shares in the gradient for nu:"
		}
		fmt.Fprintln(w, heading)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, line := range lines {
			state := ""
			if line[7] != "" {
				state = "  " + line[7]
			}
			fmt.Fprintln(tw, strings.Join(line[:7], "\t")+"\t"+state)
		}
		tw.Flush()
	}
	if rest != "" {
		fmt.Fprintln(w, rest)
	}
}
