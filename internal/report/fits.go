package report

import (
	"io"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// An XY is a point.
type XY struct{ X, Y float64 }

// A FitPanel is the function of one network.
type FitPanel struct {
	Name   string
	Method int  // its mark and colour, as in a Race
	Line   []XY // the function, in the order of X; where Y is NaN there is a gap
	Kinks  []XY // where the slope changes; of one whose Y is NaN only X is marked
}

// A Fits is the picture of functions of one feature, each in a panel by itself: the
// samples, the function, and its kinks as dots on the curve over ticks on the axis. All
// panels have the same axes. Of very many samples it shows some.
type Fits struct {
	Title, Subtitle string // one line each; what is too long is cut
	XLabel, YLabel  string
	Train, Held     []XY // samples, for training and held out
	Panels          []FitPanel
}

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Fits) Write(w io.Writer, format string) error {
	s := f.sheet()
	return write(w, format, sheetWidth, s.height(), func(p pen) { f.paint(p, s) })
}

// panels are those to draw; without any, the samples have one by themselves.
func (f Fits) panels() []FitPanel {
	if len(f.Panels) == 0 {
		return []FitPanel{{}}
	}
	return f.Panels
}

func (f Fits) sheet() sheet {
	points := append(append([]XY(nil), f.Train...), f.Held...)
	kinks := false
	for _, q := range f.Panels {
		points = append(points, q.Line...)
		kinks = kinks || len(q.Kinks) > 0
	}
	s := sheet{
		title: f.Title, subtitle: f.Subtitle, xlabel: f.XLabel, ylabel: f.YLabel,
		x: spanAxis(points, func(p XY) float64 { return p.X }, 0.03), y: spanAxis(points, func(p XY) float64 { return p.Y }, 0.06),
		count: len(f.panels()), one: 290, many: 170,
	}
	s.key.mark(len(f.Train) > 0, "training sample", disc, 3, grey)
	s.key.mark(len(f.Held) > 0, "held-out sample", ring, 3, grey)
	if len(f.Panels) > 0 {
		s.key = append(s.key, entry{"network", swatchWidth, func(p pen, at vg.Point) {
			p.line(ink, fitWidth, nil, at, vg.Point{X: at.X + swatchWidth, Y: at.Y})
		}})
	}
	if kinks {
		s.key = append(s.key, entry{"kink: a neuron switches", swatchWidth, func(p pen, at vg.Point) {
			middle := vg.Point{X: at.X + swatchWidth/2, Y: at.Y + 2}
			p.line(ink, fitWidth, nil, vg.Point{X: at.X, Y: at.Y - 2}, middle, vg.Point{X: at.X + swatchWidth, Y: at.Y - 1})
			p.marks(ring, ink, kinkRadius, middle)
		}})
	}
	return s
}

// spanAxis is a linear axis that holds a coordinate of all points, with a margin, a part
// of its length.
func spanAxis(points []XY, coordinate func(XY) float64, margin float64) axis {
	values := make([]float64, 0, len(points))
	for _, p := range points {
		if finite(p.X) && finite(p.Y) {
			values = append(values, coordinate(p))
		}
	}
	if len(values) == 0 {
		return blank
	}
	low, high := extent(values, finite)
	pad := margin * (high - low)
	return linearAxis(low-pad, high+pad, 3.5)
}

const fitWidth, kinkRadius = 1.8, 2.6

func (f Fits) paint(p pen, s sheet) {
	panels := f.panels()
	for k, c := range s.draw(p, func(k int) (string, int) { return panels[k].Name, panels[k].Method }) {
		c.drawAxes()
		if len(s.x.ticks) == 0 {
			c.drawNothing("no samples")
		}
		radius := sampleRadius(len(f.Train) + len(f.Held))
		samples := len(f.Train) + len(f.Held)
		p.marks(disc, faded(grey, 0.7), radius, some(c.points(f.Train), c.frame, marksFor(len(f.Train), samples, s.count))...)
		p.marks(ring, grey, radius, some(c.points(f.Held), c.frame, marksFor(len(f.Held), samples, s.count))...)
		panels[k].paint(c)
	}
}

// sampleRadius is the size of the marks of so many samples.
func sampleRadius(samples int) vg.Length {
	switch {
	case samples > 300:
		return 1.5
	case samples > 80:
		return 2
	}
	return 2.6
}

// points are the places of those that can be drawn.
func (c panel) points(list []XY) []vg.Point {
	var out []vg.Point
	for _, q := range list {
		if finite(q.X) && finite(q.Y) {
			out = append(out, c.point(q.X, q.Y))
		}
	}
	return out
}

// paint draws the function over what is in its panel.
func (q FitPanel) paint(c panel) {
	colour := methodColour(q.Method)
	inside := c.inside()
	var run []vg.Point
	flush := func() {
		inside.StrokeLines(draw.LineStyle{Color: colour, Width: fitWidth}, inside.ClipLinesXY(simplified(run, 0.04))...)
		run = nil
	}
	for _, at := range q.Line {
		if !finite(at.X) || !finite(at.Y) {
			flush()
			continue
		}
		run = append(run, c.point(at.X, at.Y))
	}
	flush()
	var dots []vg.Point
	for _, at := range q.Kinks {
		place := c.point(at.X, c.y.low)
		if !finite(at.X) || !within(c.frame, place) {
			continue
		}
		c.pen.line(colour, 1.4, nil, place, vg.Point{X: place.X, Y: place.Y + 7})
		if dot := c.point(at.X, at.Y); finite(at.Y) && within(c.frame, dot) {
			c.pen.line(colour, 0.5, []vg.Length{1.5, 2}, vg.Point{X: place.X, Y: place.Y + 7}, dot)
			dots = append(dots, dot)
		}
	}
	c.pen.marks(ring, colour, kinkRadius, dots...)
}

// simplified leaves out points of a line that are not seen: those nearer than a tolerance
// to the line without them (Douglas and Peucker, 1973).
func simplified(line []vg.Point, tolerance vg.Length) []vg.Point {
	if len(line) < 3 {
		return line
	}
	keep := make([]bool, len(line))
	keep[0], keep[len(line)-1] = true, true
	for stack := [][2]int{{0, len(line) - 1}}; len(stack) > 0; {
		first, last := stack[len(stack)-1][0], stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		far, at := tolerance, -1
		for k := first + 1; k < last; k++ {
			if d := offLine(line[k], line[first], line[last]); d > far {
				far, at = d, k
			}
		}
		if at >= 0 {
			keep[at] = true
			stack = append(stack, [2]int{first, at}, [2]int{at, last})
		}
	}
	var out []vg.Point
	for k, p := range line {
		if keep[k] {
			out = append(out, p)
		}
	}
	return out
}

// offLine is the distance of a point from the line between two others.
func offLine(p, a, b vg.Point) vg.Length {
	along, to := b.Sub(a), p.Sub(a)
	t := vg.Length(0)
	if square := along.Dot(along); square > 0 {
		t = max(0, min(1, to.Dot(along)/square))
	}
	off := to.Sub(along.Scale(t))
	return vg.Length(math.Hypot(float64(off.X), float64(off.Y)))
}
