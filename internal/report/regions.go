package report

import (
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A RegionLine is the line A x + B y + C = 0 where a neuron switches; Positive if its
// output weight is.
type RegionLine struct {
	A, B, C  float64
	Positive bool
}

// A RegionSample is a sample with its target, or its class -1 or +1.
type RegionSample struct {
	X, Y, Value float64
	Held        bool // not used for training
}

// A RegionPanel is the function of one network.
type RegionPanel struct {
	Name   string
	Method int // its mark and colour, as in a Race
	F      func(x, y float64) float64
	Lines  []RegionLine
}

// A Regions is the picture of functions of two features, each in a panel by itself: the
// sign of the function or, in bands, its value, the samples, and the line of each neuron.
// All panels have the same axes. Of very many samples it shows some.
type Regions struct {
	Title, Subtitle string // one line each; what is too long is cut
	XLabel, YLabel  string
	Classes         [2]string // the names of -1 and +1; both empty for regression
	Target          string    // of regression: what the colours are; may be empty
	Samples         []RegionSample
	Panels          []RegionPanel
}

// regionCells is the number of cells along a side at whose corners functions are taken.
const regionCells = 120

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Regions) Write(w io.Writer, format string) error {
	s := f.sheet()
	return write(w, format, sheetWidth, s.height(), func(p pen) { f.paint(p, s) })
}

func (f Regions) classes() bool { return f.Classes != [2]string{} }

// panels are those to draw; without any, the samples have one by themselves.
func (f Regions) panels() []RegionPanel {
	if len(f.Panels) == 0 {
		return []RegionPanel{{}}
	}
	return f.Panels
}

func (f Regions) sheet() sheet {
	var points []XY
	for _, q := range f.Samples {
		points = append(points, XY{q.X, q.Y})
	}
	s := sheet{
		title: f.Title, subtitle: f.Subtitle, xlabel: f.XLabel, ylabel: f.YLabel,
		x: spanAxis(points, func(p XY) float64 { return p.X }, 0.06), y: spanAxis(points, func(p XY) float64 { return p.Y }, 0.06),
		count: len(f.panels()), one: 400, many: 228,
	}
	for _, held := range []bool{false, true} {
		for class := range 2 {
			group := f.group(class, held)
			if len(group.samples) > 0 {
				s.key.mark(true, group.name, group.mark, 3, group.colour)
			}
		}
	}
	if f.classes() && len(f.Panels) > 0 {
		s.key = append(s.key, entry{"decision boundary", swatchWidth, func(p pen, at vg.Point) {
			p.FillPolygon(classPale[0], corners(vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y - 6}, Max: vg.Point{X: at.X + swatchWidth, Y: at.Y}}))
			p.FillPolygon(classPale[1], corners(vg.Rectangle{Min: at, Max: vg.Point{X: at.X + swatchWidth, Y: at.Y + 6}}))
			p.line(ink, boundaryWidth, nil, at, vg.Point{X: at.X + swatchWidth, Y: at.Y})
		}})
	}
	for _, positive := range []bool{true, false} {
		name := "neuron, output weight negative"
		if positive {
			name = "neuron, output weight positive"
		}
		if f.anyLine(positive) {
			s.key = append(s.key, entry{name, swatchWidth, func(p pen, at vg.Point) {
				p.line(lineColour, neuronWidth, neuronDashes(positive), at, vg.Point{X: at.X + swatchWidth, Y: at.Y})
			}})
		}
	}
	if f.scaled() {
		s.foot = 36
	}
	return s
}

// scaled says whether there is a scale of values.
func (f Regions) scaled() bool { return !f.classes() && len(f.Samples) > 0 }

func (f Regions) anyLine(positive bool) bool {
	for _, q := range f.Panels {
		for _, l := range q.Lines {
			if l.Positive == positive {
				return true
			}
		}
	}
	return false
}

const (
	boundaryWidth = 2
	neuronWidth   = 0.8
)

// The colours of the two classes, their backgrounds, and the lines of neurons.
var (
	classColour = [2]color.NRGBA{blue, vermilion}
	classPale   = [2]color.NRGBA{rgb(0xdc, 0xea, 0xf5), rgb(0xfb, 0xe6, 0xd8)}
	lineColour  = ink
)

// neuronDashes tell the sign of the output weight of a neuron.
func neuronDashes(positive bool) []vg.Length {
	if positive {
		return nil
	}
	return []vg.Length{4, 3}
}

// A group is the samples that look alike.
type group struct {
	name    string
	mark    mark
	colour  color.NRGBA
	samples []RegionSample
}

// group lists the samples of a class, 0 or 1, for training or held out. In regression all
// are of class 0.
func (f Regions) group(class int, held bool) group {
	g := group{colour: ink, mark: ring, name: "training sample"}
	if held {
		g.mark, g.name = square, "held-out sample"
	}
	if f.classes() {
		g.mark = [2]mark{disc, pyramid}[class]
		if held {
			g.mark = [2]mark{ring, triangle}[class]
		}
		g.colour = classColour[class]
		g.name = f.Classes[class] + map[bool]string{true: ", held out"}[held]
	}
	for _, q := range f.Samples {
		of := 0
		if f.classes() && q.Value > 0 {
			of = 1
		}
		if of == class && q.Held == held && finite(q.X) && finite(q.Y) {
			g.samples = append(g.samples, q)
		}
	}
	return g
}

// scale is that of the targets.
func (f Regions) scale() scale {
	var values []float64
	for _, q := range f.Samples {
		values = append(values, q.Value)
	}
	low, high := extent(values, finite)
	return newScale(low, high)
}

func (f Regions) paint(p pen, s sheet) {
	panels := f.panels()
	colours := f.scale()
	for k, c := range s.draw(p, func(k int) (string, int) { return panels[k].Name, panels[k].Method }) {
		if panels[k].F != nil {
			f.paintFunction(c, panels[k].F, colours)
		}
		c.plain = true
		c.drawAxes()
		width := vg.Length(neuronWidth)
		if len(panels[k].Lines) > 30 {
			width /= 2
		}
		for _, l := range panels[k].Lines {
			if a, b, ok := c.across(l); ok {
				inside := c.inside()
				inside.StrokeLines(draw.LineStyle{Color: faded(lineColour, 0.6), Width: width, Dashes: neuronDashes(l.Positive)}, inside.ClipLinesXY([]vg.Point{a, b})...)
			}
		}
		if len(s.x.ticks) == 0 {
			c.drawNothing("no samples")
		}
		f.paintSamples(c, colours)
	}
	if f.scaled() {
		name := f.Target
		if name == "" {
			name = "value"
		}
		width := min(s.keyWidth(), 360)
		colours.draw(p, vg.Point{X: s.left(), Y: 30}, width, name)
	}
}

// paintFunction fills a panel by the values of a function.
func (f Regions) paintFunction(c panel, value func(x, y float64) float64, colours scale) {
	x0, y0 := c.x.low, c.y.low
	dx, dy := c.x.high-x0, c.y.high-y0
	g := newGrid(c.frame, regionCells, func(x, y float64) float64 { return value(x0+x*dx, y0+y*dy) })
	levels, below := colours.edges, colours.band(0)
	if f.classes() {
		levels, below = []float64{0}, classPale[0]
	}
	c.pen.FillPolygon(below, corners(c.frame))
	for k, level := range levels {
		outlines := g.above(level)
		fill := classPale[1]
		if !f.classes() {
			fill = colours.band(k + 1)
		}
		var path vg.Path
		for _, loop := range outlines {
			polygonAt(&path, vg.Point{}, simplified(loop, 0.06)...)
		}
		if len(path) > 0 {
			c.pen.SetColor(fill)
			c.pen.Fill(path)
		}
		if f.classes() {
			for _, line := range g.inner(outlines) {
				c.pen.line(ink, boundaryWidth, nil, simplified(line, 0.06)...)
			}
		}
	}
}

// across is where a line would enter and leave a frame, were it as long in the other
// direction as it needs; false for none that crosses it.
func (c panel) across(l RegionLine) (from, to vg.Point, ok bool) {
	// In the units of the frame the line is a x + b y + d = 0.
	a, b := l.A*(c.x.high-c.x.low), l.B*(c.y.high-c.y.low)
	d := l.A*c.x.low + l.B*c.y.low + l.C
	size := max(math.Abs(a), math.Abs(b))
	a, b, d = a/size, b/size, d/size
	if !finite(a) || !finite(b) || !finite(d) || math.Abs(d) > 2 {
		return vg.Point{}, vg.Point{}, false
	}
	place := func(x, y float64) vg.Point {
		s := c.frame.Size()
		return vg.Point{X: c.frame.Min.X + vg.Length(x)*s.X, Y: c.frame.Min.Y + vg.Length(y)*s.Y}
	}
	if math.Abs(b) >= math.Abs(a) {
		return place(0, -d/b), place(1, -(a+d)/b), true
	}
	return place(-d/a, 0), place(-(b+d)/a, 1), true
}

// paintSamples draws the samples: those of classes in the colour of their class, those of
// regression with the colour of their target inside.
func (f Regions) paintSamples(c panel, colours scale) {
	radius := sampleRadius(len(f.Samples))
	for _, held := range []bool{true, false} {
		for class := range 2 {
			g := f.group(class, held)
			var places []vg.Point
			for _, q := range g.samples {
				places = append(places, c.point(q.X, q.Y))
			}
			shown := apart(places, c.frame, marksFor(len(places), len(f.Samples), len(f.panels())))
			inside := make(map[color.NRGBA][]vg.Point)
			var plain []vg.Point
			for _, k := range shown {
				if v := g.samples[k].Value; !f.classes() && finite(v) {
					inside[colours.colour(v)] = append(inside[colours.colour(v)], places[k])
				} else {
					plain = append(plain, places[k])
				}
			}
			c.pen.marks(g.mark, g.colour, radius, plain...)
			for k := range len(colours.edges) + 1 {
				band := colours.band(k)
				c.pen.filledMarks(g.mark, g.colour, band, radius+0.3, inside[band]...)
			}
		}
	}
}
