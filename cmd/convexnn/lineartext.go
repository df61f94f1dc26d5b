package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/linear"
)

// print prints the network, what is proved of it, and the views side by side.
func (m *deepLinear) print(w io.Writer) {
	r := m.result
	row(w, "rank", "%d of X; at most %d of the network, its bottleneck", r.RankX, r.Bottleneck)
	paragraph(w, "beta", m.betaText())
	fmt.Fprintln(w)
	row(w, "network", "%s", m.networkText())
	units := ""
	if m.data.standardized {
		units = ", in standardised units of the targets"
	}
	row(w, "objective", "%s%s", m.value(r.Objective), units)
	paragraph(w, "proved", m.statement())
	m.printSpectrum(w)
	for _, n := range m.remarks() {
		paragraph(w, "note", n)
	}
	fmt.Fprintln(w)
	m.printViews(w)
	fmt.Fprintln(w)
	m.printMetrics(w)
	first := true
	for _, o := range []named{{"plot", m.flags.plotPath}, {"sdpa", m.flags.sdpaPath}, {"report", m.flags.reportOut}} {
		if o.path == "" || o.path == "-" {
			continue
		}
		if first {
			fmt.Fprintln(w)
			first = false
		}
		row(w, o.flag, "%s", o.path)
	}
	if v := &m.lifted; m.flags.sdpaPath != "" && v.relaxation != nil {
		row(w, "", "(its minimum, times %.10g, plus %.10g, is the lower bound)", v.relaxation.Unit, v.rest)
	}
}

func (m *deepLinear) betaText() string {
	text := "0: no weight decay"
	if m.flags.beta > 0 {
		text = fmt.Sprintf("%.4g", m.flags.beta)
	}
	switch low, high := m.vanishing[0], m.vanishing[1]; {
	case math.IsNaN(low) || high == 0:
		return text
	case low == high:
		return fmt.Sprintf("%s; all weights vanish at %.4g", text, low)
	default:
		return fmt.Sprintf("%s; all weights vanish somewhere between %.4g and %.4g", text, low, high)
	}
}

// networkText writes the layers with their shapes.
func (m *deepLinear) networkText() string {
	sizes := []string{fmt.Sprint(len(m.data.inputs))}
	for _, k := range m.widths {
		sizes = append(sizes, fmt.Sprint(k))
	}
	sizes = append(sizes, fmt.Sprint(len(m.data.targets)))
	if len(sizes) > 12 {
		sizes = append(append(sizes[:5:5], "..."), sizes[len(sizes)-3:]...)
	}
	return fmt.Sprintf("linear, %s: %s", plural(len(m.widths)+1, "layer"), strings.Join(sizes, " -> "))
}

// value writes an objective, and one that is rounding as zero.
func (m *deepLinear) value(v float64) string {
	if v <= 1e-12*(m.result.Loss+m.size()) && v != 0 {
		return "0, within rounding"
	}
	return fmt.Sprintf("%.6g", v)
}

// rough writes a value of the relaxation, which is solved to fewer digits.
func (m *deepLinear) rough(v float64) string {
	if v < 1e-6*m.size() {
		return "0"
	}
	return fmt.Sprintf("%.5g", v)
}

// size is the objective of zero weights.
func (m *deepLinear) size() float64 {
	y := m.data.train.y
	if m.flags.intercept {
		y, _ = linear.Centred(y)
	}
	sum, n := 0.0, m.data.train.rows()
	for i := range n {
		for _, v := range y.RawRowView(i) {
			sum += v * v / 2
		}
	}
	return sum
}

// statement is what is proved, by any of the views.
func (m *deepLinear) statement() string {
	r := m.result
	if m.lifted.relaxed == nil || m.bound() <= r.LowerBound || r.Exact {
		return r.Statement()
	}
	return fmt.Sprintf("%s The relaxation of the lifted program proves more: none has an objective below %s (gap %.2g %%).", r.Statement(), atLeast(m.bound(), 6), 100*m.gapTo(r.Objective))
}

// printSpectrum prints the singular values of the fit and of the network.
func (m *deepLinear) printSpectrum(w io.Writer) {
	const most = 8
	list := func(values []float64) string {
		words := make([]string, 0, most)
		for _, v := range values {
			if len(words) == most {
				words = append(words, fmt.Sprintf("... (%d in all)", len(values)))
				break
			}
			words = append(words, fmt.Sprintf("%.5g", v))
		}
		return strings.Join(words, "  ")
	}
	row(w, "spectrum", "%s  of W1...WL", list(m.result.Singular))
	row(w, "", "%s  of the targets, projected on the columns of X", list(m.result.Targets))
}

// printViews prints the three views of the problem side by side.
func (m *deepLinear) printViews(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "view\tprogram\tsize\tobjective\tlower bound\ttime")
	line := func(view, program, size, objective, bound, time string) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", view, program, size, objective, bound, time)
	}
	r := m.result
	if d := m.descent; d != nil {
		line("factorised", fmt.Sprintf("gradient descent, best of %s", plural(len(d.Ends), "start")),
			plural(m.parameters(), "weight"), m.value(d.Objective), "-", seconds(m.descentSeconds))
	}
	view, program, size := m.convexText()
	line(view, program, size, m.value(r.Objective), m.value(r.LowerBound), seconds(m.seconds))
	if m.kyFan != nil {
		line("convex", "Ky Fan program", fmt.Sprintf("symmetric, order %d", len(m.data.targets)), m.value(m.kyFan.value), m.value(m.kyFan.bound), "-")
	}
	if r.Nuclear > 0 && r.Method == linear.Local {
		line("convex", "nuclear norm, no bottleneck", fmt.Sprintf("%d x %d", len(m.data.inputs), len(m.data.targets)), "-", m.value(r.Nuclear), "-")
	}
	v := &m.lifted
	if v.program != nil {
		objective := "-"
		if v.check != nil && v.check.Feasible {
			objective = m.value(v.check.Objective)
		}
		line("lifted", "completely positive, at the network", fmt.Sprintf("order %d, %d equations", v.program.Order(), v.program.Equations()), objective, "-", "-")
	}
	if v.relaxed != nil {
		n := v.relaxed.W.RawMatrix().Rows + len(m.data.targets)
		value := "-" // an estimate that has not settled may be on either side of the bound
		if v.relaxed.Status == conic.Solved {
			value = m.rough(v.value)
		}
		line("relaxed", "semidefinite, localised", fmt.Sprintf("orders %d, %d, %[2]d, %d", n*(n+1), n*n, n), value, m.rough(v.bound), seconds(v.seconds))
	}
	table.Flush()
}

// convexText names the way in which the network was found.
func (m *deepLinear) convexText() (view, program, size string) {
	d, c := len(m.data.inputs), len(m.data.targets)
	size = fmt.Sprintf("%d x %d", d, c)
	switch m.result.Method {
	case linear.Local:
		return "local", "local search from many starts", size
	case linear.Shrinkage:
		return "closed form", string(linear.Shrinkage), plural(min(d, c), "number")
	case linear.ReducedRank:
		return "closed form", string(linear.ReducedRank), size
	}
	return "convex", string(m.result.Method), size
}

// parameters is the number of weights in all layers.
func (m *deepLinear) parameters() int {
	sum := 0
	for _, l := range m.result.Layers {
		rows, cols := l.Dims()
		sum += rows * cols
	}
	return sum
}

// printMetrics prints the metrics of each target.
func (m *deepLinear) printMetrics(w io.Writer) {
	const most = 12
	train := m.data.measure(m.data.train, m.result.W, m.result.Intercept)
	test := m.data.measure(m.data.test, m.result.W, m.result.Intercept)
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	held := m.data.test.rows() > 0
	if held {
		fmt.Fprintln(table, "target\tR2, train\ttest\tRMSE, train\ttest")
	} else {
		fmt.Fprintln(table, "target\tR2\tRMSE")
	}
	for k, v := range train {
		switch {
		case k == most:
			fmt.Fprintf(table, "... (%d in all)\n", len(train))
		case k > most:
		case held:
			fmt.Fprintf(table, "%s\t%v\t%v\t%v\t%v\n", v.Target, v.R2, test[k].R2, v.RMSE, test[k].RMSE)
		default:
			fmt.Fprintf(table, "%s\t%v\t%v\n", v.Target, v.R2, v.RMSE)
		}
	}
	table.Flush()
}

// remarks are what the user should know of the result.
func (m *deepLinear) remarks() []string {
	var out []string
	v := &m.lifted
	if v.why != "" {
		what := "the lifted program: "
		if v.program != nil {
			what += fmt.Sprintf("of order %d; ", v.program.Order())
		}
		out = append(out, what+v.why)
	}
	if v.check != nil && !v.check.Feasible {
		out = append(out, fmt.Sprintf("the lifted network misses the constraints of the lifted program by %.2g, by rounding", max(v.check.Cone, v.check.Rank, v.check.Orthogon)))
	}
	if v.relaxed != nil && v.bound < m.result.Objective-1e-4*m.size() {
		what := "the relaxation is not tight here: it"
		if v.relaxed.Status != conic.Solved {
			what = fmt.Sprintf("the relaxation was not solved within %s; until then it", plural(v.relaxed.Iterations, "step"))
		}
		out = append(out, fmt.Sprintf("%s proves %.6g, and the network has %s", what, v.bound, m.value(m.result.Objective)))
	}
	if d := m.descent; d != nil {
		if above := (d.Objective - m.result.Objective) / d.Objective; above > 1e-4 {
			out = append(out, fmt.Sprintf("gradient descent ends %.2g %% above this network; its starts ended at %s", 100*above, m.endsText()))
		}
	}
	switch {
	case m.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v; this is the best found until then", m.flags.limits.time))
	case m.result.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt; this is the best found until then")
	case m.cut:
		out = append(out, "stopped early by an interrupt; the picture lacks points")
	}
	return out
}

func (m *deepLinear) endsText() string {
	words := make([]string, 0, len(m.descent.Ends))
	for k, v := range m.descent.Ends {
		if k == 6 {
			words = append(words, "...")
			break
		}
		words = append(words, m.value(v))
	}
	return strings.Join(words, ", ")
}
