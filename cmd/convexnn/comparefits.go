package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
	figures "github.com/convexnn/convexnn/internal/report"
)

// An affine maps numbers of the matrix to the units of the table.
type affine struct{ at, by float64 }

func (a affine) value(z float64) float64 { return a.at + a.by*z }
func (a affine) back(v float64) float64  { return (v - a.at) / a.by }

// features are the columns but for the bias: their names, and how to undo their scaling.
func (c *comparison) features() (names []string, units []affine) {
	_, d := c.data.train.x.Dims()
	if c.data.encoding.Bias() {
		d--
	}
	pre, _ := c.data.encoding.(*datasets.Preprocessor)
	for j := range d {
		name, unit := fmt.Sprintf("column %d", j+1), affine{0, 1}
		if pre != nil {
			name = pre.FeatureNames()[j]
			zero := pre.FeatureValue(j, 0)
			unit = affine{zero, pre.FeatureValue(j, 1) - zero}
		}
		names, units = append(names, name), append(units, unit)
	}
	return names, units
}

// functions is the picture of the networks themselves, where there are one or two
// features.
func (c *comparison) functions() (figure, bool) {
	names, units := c.features()
	for _, u := range units {
		if !(u.by > 0) || math.IsInf(u.at, 0) || math.IsInf(u.by, 0) {
			return figure{}, false
		}
	}
	switch len(names) {
	case 1:
		return c.fits(names[0], units[0]), true
	case 2:
		return c.regions(names, units), true
	}
	return figure{}, false
}

// pictured are the rows whose networks are drawn: of each method the one with the lowest
// objective, and of those by validation the best.
func (c *comparison) pictured() (list []*contender) {
	var chosen *contender
	for _, r := range c.rows {
		switch {
		case r.network == nil:
		case r.chosen != "validation":
			list = append(list, r)
		case chosen == nil || r.run.early.better(chosen.run.early):
			chosen = r
		}
	}
	if chosen != nil {
		list = append(list, chosen)
	}
	return list
}

// aboutPanels says which networks are drawn.
func (c *comparison) aboutPanels() string {
	text := "of each method the network with the lowest objective"
	if c.bestGradient() != nil {
		text += "; the last one is the best by validation"
	}
	return text
}

func (r *contender) panelName() string {
	name := r.method
	if r.chosen == "validation" {
		name = r.name()
	}
	return fmt.Sprintf("%s, %s", name, plural(r.neurons, "neuron"))
}

// targets are the targets of some rows in the user's units, or classes.
func (c *comparison) targets(s sample) []float64 {
	if s.rows() == 0 {
		return nil
	}
	return c.data.encoding.Unscale(s.y)
}

// held are the validation and test rows.
func (c *comparison) held() []sample { return []sample{c.validation, c.test} }

// targetLabel names the vertical axis.
func (c *comparison) targetLabel() string {
	e := c.data.encoding
	if e.Task() == datasets.TaskClassification {
		negative, positive := e.Labels()
		return fmt.Sprintf("%s (-1: %s, +1: %s)", e.TargetName(), negative, positive)
	}
	return e.TargetName()
}

// fits shows functions of one feature.
func (c *comparison) fits(name string, unit affine) figure {
	out := figures.Fits{
		Title: "What the networks are, " + dataName(c.data.name), Subtitle: c.aboutPanels(),
		XLabel: name, YLabel: c.targetLabel(),
	}
	low, high := math.Inf(1), math.Inf(-1)
	take := func(list []figures.XY, s sample) []figures.XY {
		for i, y := range c.targets(s) {
			z := s.x.At(i, 0)
			low, high = min(low, z), max(high, z)
			list = append(list, figures.XY{X: unit.value(z), Y: y})
		}
		return list
	}
	out.Train = take(out.Train, c.data.train)
	for _, s := range c.held() {
		out.Held = take(out.Held, s)
	}
	pad := 0.03 * (high - low)
	for _, r := range c.pictured() {
		panel := figures.FitPanel{Name: r.panelName(), Method: r.look}
		kinks := kinksOf(r.network, c.data.encoding.Bias(), low-pad, high+pad)
		const steps = 200
		var at []float64
		for k := range steps + 1 {
			at = append(at, low-pad+(high-low+2*pad)*float64(k)/steps)
		}
		at = append(at, kinks...)
		slices.Sort(at)
		panel.Line = c.curve(r.network, unit, at)
		panel.Kinks = c.curve(r.network, unit, kinks)
		out.Panels = append(out.Panels, panel)
	}
	return figure{
		id: "fits", picture: out,
		caption: "The function of each network over the rows. A network of one feature is a chain of straight pieces; a kink, marked on the curve and on the axis, is where a neuron switches on or off. " +
			"Weight decay on both layers pays for the change of slope at every kink, so that the best network has few of them. Filled samples were trained on, hollow ones were held out.",
		alt: fmt.Sprintf("Curves of %d networks over %s.", len(out.Panels), name),
	}
}

// curve evaluates a network of one feature.
func (c *comparison) curve(net *convexnn.Network, unit affine, at []float64) []figures.XY {
	if len(at) == 0 {
		return nil
	}
	x := mat.NewDense(len(at), net.Dim, nil)
	for i, z := range at {
		x.Set(i, 0, z)
		if c.data.encoding.Bias() {
			x.Set(i, net.Dim-1, 1)
		}
	}
	f, err := net.Predict(x)
	if err != nil {
		return nil // a network of another size is drawn as none
	}
	out := make([]figures.XY, len(at))
	for i, y := range c.data.encoding.Unscale(f) {
		out[i] = figures.XY{X: unit.value(at[i]), Y: y}
	}
	return out
}

// kinksOf lists where the neurons of a network of one feature switch, each place once.
// Neurons that change the slope by next to nothing have none.
func kinksOf(net *convexnn.Network, bias bool, low, high float64) []float64 {
	const least = 1e-6 // of the largest change of slope
	type kink struct{ at, change float64 }
	var list []kink
	most := 0.0
	for _, h := range net.Neurons {
		u := h.Weights[0]
		if u == 0 {
			continue
		}
		at := 0.0
		if bias {
			at = -h.Weights[1] / u
		}
		change := math.Abs(u * h.Output)
		most = max(most, change)
		if at > low && at < high {
			list = append(list, kink{at, change})
		}
	}
	list = slices.DeleteFunc(list, func(k kink) bool { return k.change <= least*most })
	slices.SortFunc(list, func(a, b kink) int { return cmp.Compare(a.at, b.at) })
	var out []float64
	for _, k := range list {
		if len(out) == 0 || k.at-out[len(out)-1] > 1e-9*(high-low) {
			out = append(out, k.at)
		}
	}
	return out
}

// regions shows functions of two features.
func (c *comparison) regions(names []string, units []affine) figure {
	classes := c.data.encoding.Task() == datasets.TaskClassification
	out := figures.Regions{
		Title: "What the networks are, " + dataName(c.data.name), Subtitle: c.aboutPanels(),
		XLabel: names[0], YLabel: names[1],
	}
	caption, samples := "The value of each network in the plane of the two features. ", "Circles were trained on, squares were held out."
	if classes {
		out.Classes[0], out.Classes[1] = c.data.encoding.Labels()
		caption = "The class that each network says in the plane of the two features, and between the classes the line where it is undecided. "
		samples = "Filled samples were trained on, hollow ones were held out."
	} else {
		out.Target = c.data.encoding.TargetName()
	}
	take := func(s sample, held bool) {
		for i, y := range c.targets(s) {
			out.Samples = append(out.Samples, figures.RegionSample{X: units[0].value(s.x.At(i, 0)), Y: units[1].value(s.x.At(i, 1)), Value: y, Held: held})
		}
	}
	take(c.data.train, false)
	for _, s := range c.held() {
		take(s, true)
	}
	for _, r := range c.pictured() {
		out.Panels = append(out.Panels, c.regionPanel(r, units))
	}
	return figure{
		id: "regions", picture: out,
		caption: caption + "Each thin line is where a neuron switches, solid if its output weight is positive and dashed if it is negative; the network is linear between the lines. " + samples,
		alt:     fmt.Sprintf("Planes of %s and %s with the regions of %d networks.", names[0], names[1], len(out.Panels)),
	}
}

func (c *comparison) regionPanel(r *contender, units []affine) figures.RegionPanel {
	net, bias := r.network, c.data.encoding.Bias()
	row := mat.NewDense(1, net.Dim, nil)
	if bias {
		row.Set(0, net.Dim-1, 1)
	}
	panel := figures.RegionPanel{Name: r.panelName(), Method: r.look, F: func(x, y float64) float64 {
		row.Set(0, 0, units[0].back(x))
		row.Set(0, 1, units[1].back(y))
		f, err := net.Predict(row)
		if err != nil {
			return math.NaN()
		}
		return c.data.encoding.Unscale(f)[0]
	}}
	most := 0.0
	for _, h := range net.Neurons {
		most = max(most, importance(h))
	}
	for _, h := range net.Neurons {
		a, b := h.Weights[0]/units[0].by, h.Weights[1]/units[1].by
		if importance(h) <= 1e-6*most || (a == 0 && b == 0) {
			continue
		}
		at := 0.0
		if bias {
			at = h.Weights[2]
		}
		panel.Lines = append(panel.Lines, figures.RegionLine{A: a, B: b, C: at - a*units[0].at - b*units[1].at, Positive: h.Output > 0})
	}
	return panel
}

// importance is |u||alpha|, what a neuron can do.
func importance(h convexnn.Neuron) float64 {
	return mat.Norm(mat.NewVecDense(len(h.Weights), h.Weights), 2) * math.Abs(h.Output)
}
