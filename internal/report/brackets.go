package report

import (
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A BracketPoint is a moment of a run of training, with bounds on the optimum that the run
// may reach. What is not known is NaN.
type BracketPoint struct {
	At                float64 // where on the horizontal axis
	Upper             float64 // of the network at this moment
	Proved, Estimated float64 // lower bounds, the best so far
}

// A Brackets is the picture of upper and lower bounds on an optimum in the course of
// training, and of the gap between them. The first run has a band between its bounds, and
// where it has no upper bound the ground is grey; others, from other starts, are thin
// lines. Bounds far above the optimum are cut off, unless the runs end there. More panels
// show what becomes of the neurons.
type Brackets struct {
	Title, Subtitle string // one line each; what is too long is cut
	Axis            string // what is on the horizontal axis, which is logarithmic if its values are positive and differ much
	YLabel          string
	Before          string // why there is no upper bound
	Runs            [][]BracketPoint
	Optimum         float64 // NaN if it is not known
	OptimumName     string
	Below           []CoursePanel
}

// The layout, in points.
const (
	bracketFrame = 220 // height of the frame of the bounds
	lowerFrame   = 96  // and of those below
	lowerGap     = 30
	bracketMark  = 2.6

	bracketsMost, coursesMost = 40, 60 // lines in a frame
)

// A boundKind is a kind of bounds.
type boundKind struct {
	name   string
	of     func(BracketPoint) float64
	line   draw.LineStyle
	mark   mark
	stairs bool // it holds from then on
}

// boundKinds are all kinds, the best last.
var boundKinds = [...]boundKind{
	{"upper bound, from the margin", func(q BracketPoint) float64 { return q.Upper }, draw.LineStyle{Color: blue, Width: 1.6}, disc, false},
	{"lower bound, estimated", func(q BracketPoint) float64 { return q.Estimated }, draw.LineStyle{Color: green, Width: 1.4, Dashes: []vg.Length{2.5, 2}}, triangle, true},
	{"lower bound, proved", func(q BracketPoint) float64 { return q.Proved }, draw.LineStyle{Color: green, Width: 1.6}, pyramid, true},
}

var optimumLine = draw.LineStyle{Color: vermilion, Width: 1.4, Dashes: []vg.Length{6, 3}}

// thin is the line of a run that is not the first.
func thin(line draw.LineStyle) draw.LineStyle {
	line.Color, line.Width = faded(line.Color.(color.NRGBA), 0.6), 0.7
	return line
}

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Brackets) Write(w io.Writer, format string) error {
	f.Runs = evenly(f.Runs, bracketsMost)
	s := f.sheet()
	return write(w, format, sheetWidth, s.height(), func(p pen) { f.paint(p, s) })
}

// sheet is the layout: the frame of the bounds, and room for the others.
func (f Brackets) sheet() sheet {
	lower := f.lower()
	s := sheet{
		title: f.Title, subtitle: f.Subtitle, ylabel: f.YLabel, x: f.moments(), y: f.heights(),
		count: 1, one: bracketFrame, nameless: true, foot: vg.Length(len(lower)) * (lowerFrame + lowerGap),
	}
	for _, q := range lower {
		s.also = append(s.also, q.y.labels()...)
	}
	add := func(name string, line draw.LineStyle, marks ...mark) {
		s.key = append(s.key, entry{name, swatchWidth, func(p pen, at vg.Point) {
			p.StrokeLine2(line, at.X, at.Y, at.X+swatchWidth, at.Y)
			for _, m := range marks {
				p.marks(m, line.Color, bracketMark, vg.Point{X: at.X + swatchWidth/2, Y: at.Y})
			}
		}})
	}
	for _, kind := range boundKinds {
		if f.has(kind.of) {
			add(kind.name, kind.line, kind.mark)
		}
	}
	if finite(f.Optimum) && !f.named(s) {
		add(f.OptimumName, optimumLine)
	}
	if len(f.Runs) > 1 {
		add("other runs", thin(draw.LineStyle{Color: ink}))
	}
	seen := make(map[string]bool)
	for _, q := range f.Below {
		for _, course := range q.Courses {
			if name := course.name(); !seen[name] {
				seen[name] = true
				add(name, course.line())
			}
		}
	}
	return s
}

// all lists the points of all runs.
func (f Brackets) all() []BracketPoint { return slices.Concat(f.Runs...) }

// has says whether a run has something.
func (f Brackets) has(of func(BracketPoint) float64) bool {
	return slices.ContainsFunc(f.all(), func(q BracketPoint) bool { return finite(q.At) && finite(of(q)) })
}

// moments is the horizontal axis.
func (f Brackets) moments() axis {
	var values []float64
	for _, q := range f.all() {
		values = append(values, q.At)
	}
	for _, panel := range f.Below {
		for _, course := range panel.Courses {
			for _, q := range course.Points {
				values = append(values, q.X)
			}
		}
	}
	values = slices.DeleteFunc(values, func(v float64) bool { return !finite(v) })
	if len(values) == 0 {
		return blank
	}
	if low, high := slices.Min(values), slices.Max(values); low <= 1/farthestLog || high < 8*low {
		return linearAxis(low, high, 5)
	}
	return logAxis(values, 0.01)
}

// heights is the vertical axis of the bounds, as far up as is worth seeing.
func (f Brackets) heights() axis {
	const worth = 2 // times the optimum, or the best lower bound
	values := []float64{f.Optimum}
	for _, q := range f.all() {
		values = append(values, q.Proved, q.Estimated)
	}
	_, reach := extent(values, finite)
	reach *= worth
	for _, run := range f.Runs {
		for _, q := range slices.Backward(run) {
			if finite(q.Upper) {
				values = append(values, q.Upper)
				break
			}
		}
	}
	if !slices.ContainsFunc(values, finite) {
		return blank
	}
	for _, q := range f.all() {
		if finite(q.Upper) {
			values = append(values, min(q.Upper, reach))
		}
	}
	// The optimum is a norm: what is below zero says nothing.
	low, high := extent(values, func(v float64) bool { return finite(v) && v >= 0 })
	pad := 0.07 * (high - low)
	return linearAxis(max(0, low-pad), high+pad, 4)
}

// gap is the part of an upper bound that is above a lower one; NaN if one is not known.
func gap(upper, lower float64) float64 {
	if !(upper > 0) || !finite(upper) || !finite(lower) {
		return math.NaN()
	}
	return max(0, 1-lower/upper)
}

// gaps is the axis of the gaps, with what they are of; false if none is known.
func (f Brackets) gaps() (axis, bool) {
	const least = 1e-7 // what is less is off the frame
	var values []float64
	for _, q := range f.all() {
		for _, v := range []float64{gap(q.Upper, q.Proved), gap(q.Upper, q.Estimated)} {
			if finite(q.At) && v >= 0 {
				values = append(values, min(1, max(least, v)))
			}
		}
	}
	return logAxis(values, 0.08), len(values) > 0
}
