package report

import (
	"image/color"
	"io"
	"math"
	"slices"
	"strings"
	"unicode"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A PathPoint is one strength of a path. What is not known is NaN.
type PathPoint struct {
	Beta              float64 // positive
	Objective         float64
	Proved, Estimated float64 // lower bounds on the objective
	Train, Validation float64 // the metric
	Neurons           int
}

// A Path is the picture of a regularisation path.
type Path struct {
	Title, Subtitle string // one line each; a long title is cut
	Metric          string // name of the metric, at most 1
	Points          []PathPoint
	Chosen          int // index of the point that is marked; negative for none
}

// The layout, in points.
const (
	pageWidth   = 504
	pageHeight  = 612
	marginLeft  = 58
	marginRight = 20
	marginTop   = 50
	marginFoot  = 44
	panelGap    = 38 // holds the heading of the next panel

	headSize  = 13
	textSize  = 10
	labelSize = 9.5
	tickSize  = 9
)

// heights are the shares of the panels.
var heights = [...]float64{0.42, 0.36, 0.22}

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Path) Write(w io.Writer, format string) error {
	return write(w, format, pageWidth, pageHeight, f.paint)
}

func (f Path) paint(p pen) {
	p.write(style(headSize, true, ink, text.XLeft, text.YBottom), marginLeft, pageHeight-26, short(f.Title))
	p.write(style(textSize, false, grey, text.XLeft, text.YBottom), marginLeft, pageHeight-41, f.Subtitle)

	x := logAxis(f.column(func(q PathPoint) float64 { return q.Beta }), 0.03)
	free := vg.Length(pageHeight - marginTop - marginFoot - panelGap*len(heights))
	top := vg.Length(pageHeight - marginTop)
	for k, panel := range []func() panel{f.objectives, f.metrics, f.neurons} {
		top -= panelGap - 10
		height := free * vg.Length(heights[k])
		c := panel()
		c.pen = p
		c.x, c.frame = x, vg.Rectangle{
			Min: vg.Point{X: marginLeft, Y: top - height},
			Max: vg.Point{X: pageWidth - marginRight, Y: top},
		}
		c.draw(f.chosenBeta(), k == len(heights)-1)
		top -= height + 10
	}
}

// short cuts what is too long for a line, and marks what cannot be printed.
func short(words string) string {
	const most = 56
	words = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, words)
	if runes := []rune(words); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return words
}

// chosenBeta is the beta that is marked, NaN for none.
func (f Path) chosenBeta() float64 {
	if f.Chosen < 0 || f.Chosen >= len(f.Points) {
		return math.NaN()
	}
	return f.Points[f.Chosen].Beta
}

// column lists a value of all points.
func (f Path) column(value func(PathPoint) float64) []float64 {
	out := make([]float64, len(f.Points))
	for k, q := range f.Points {
		out[k] = value(q)
	}
	return out
}

// objectives is the panel of objectives and their brackets.
func (f Path) objectives() panel {
	beta := f.column(func(q PathPoint) float64 { return q.Beta })
	objective := f.column(func(q PathPoint) float64 { return q.Objective })
	proved := f.column(func(q PathPoint) float64 { return q.Proved })
	estimated := f.column(func(q PathPoint) float64 { return q.Estimated })
	c := panel{heading: "objective"}
	low, high := extent(objective, func(v float64) bool { return v > 0 })
	if high > 8*low {
		c.y = logAxis(objective, 0.06)
	} else {
		c.y = linearAxis(0, 1.04*high, 4)
	}
	if slices.ContainsFunc(proved, finite) {
		c.series = append(c.series, series{name: "proved bracket", x: beta, y: objective, floor: proved, colour: sky, opacity: 0.35})
	}
	if slices.ContainsFunc(estimated, finite) {
		c.series = append(c.series, series{name: "estimated bracket", x: beta, y: objective, floor: estimated, colour: blue, opacity: 0.35})
	}
	c.series = append(c.series, series{name: "network found", x: beta, y: objective, colour: blue, mark: draw.CircleGlyph{}})
	return c
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// metrics is the panel of the metric.
func (f Path) metrics() panel {
	beta := f.column(func(q PathPoint) float64 { return q.Beta })
	train := f.column(func(q PathPoint) float64 { return q.Train })
	validation := f.column(func(q PathPoint) float64 { return q.Validation })
	// Far below a constant prediction, how far says nothing.
	const least = -1
	low, high := extent(append(train, validation...), finite)
	low = max(low, least)
	pad := max(0.05*(high-low), 0.005)
	c := panel{heading: f.Metric, y: linearAxis(low-pad, max(low, min(1, high))+pad, 3.5)}
	c.series = []series{
		{name: "training", x: beta, y: train, colour: green, mark: draw.BoxGlyph{}},
		{name: "validation", x: beta, y: validation, colour: vermilion, mark: draw.CircleGlyph{}},
	}
	if f.Chosen >= 0 && f.Chosen < len(f.Points) {
		c.ring = vg.Point{X: vg.Length(beta[f.Chosen]), Y: vg.Length(validation[f.Chosen])}
		c.ringed = finite(validation[f.Chosen])
	}
	return c
}

// neurons is the panel of the sizes.
func (f Path) neurons() panel {
	beta := f.column(func(q PathPoint) float64 { return q.Beta })
	count := f.column(func(q PathPoint) float64 { return float64(q.Neurons) })
	_, high := extent(count, finite)
	c := panel{heading: "neurons", y: linearAxis(0, max(4, 1.08*high), 2.5)}
	c.series = []series{{x: beta, y: count, colour: ink, mark: draw.CircleGlyph{}}}
	return c
}

// A series is a line with marks, or a band between two lines.
type series struct {
	name        string // in the key; empty for none
	x, y, floor []float64
	colour      color.NRGBA
	opacity     float64          // of a band
	mark        draw.GlyphDrawer // nil for a band
}

// A panel is a frame with series in it.
type panel struct {
	pen     pen
	heading string
	x, y    axis
	frame   vg.Rectangle
	series  []series
	ring    vg.Point // in the units of the data
	ringed  bool
}

// point is the place of a pair of values.
func (c panel) point(x, y float64) vg.Point {
	size := c.frame.Size()
	return vg.Point{X: c.frame.Min.X + vg.Length(c.x.at(x))*size.X, Y: c.frame.Min.Y + vg.Length(c.y.at(y))*size.Y}
}

// draw draws the panel, with a line at beta, and with the labels of the common axis if
// it is the last.
func (c panel) draw(beta float64, last bool) {
	below := ""
	if last {
		below = "beta, the strength of the weight decay"
	}
	c.drawAxes(below)
	inside := pen{draw.Canvas{Canvas: c.pen.Canvas.Canvas, Rectangle: c.frame}}
	if finite(beta) {
		at := c.point(beta, c.y.low).X
		c.pen.line(grey, 1, []vg.Length{4, 3}, vg.Point{X: at, Y: c.frame.Min.Y}, vg.Point{X: at, Y: c.frame.Max.Y})
	}
	for _, s := range c.series {
		if s.mark == nil {
			c.drawBand(inside, s)
		} else {
			c.drawLine(inside, s)
		}
	}
	if c.ringed {
		style := draw.GlyphStyle{Color: ink, Radius: 6, Shape: draw.RingGlyph{}}
		inside.DrawGlyph(style, c.point(float64(c.ring.X), float64(c.ring.Y)))
	}
	c.drawKey()
}

// drawAxes draws frame, grid and labels; the horizontal axis has labels if it has a
// title.
func (c panel) drawAxes(below string) {
	p, f := c.pen, c.frame
	for _, t := range c.y.ticks {
		y := c.point(c.x.low, t.value).Y
		if t.label != "" {
			p.line(pale, 0.6, nil, vg.Point{X: f.Min.X, Y: y}, vg.Point{X: f.Max.X, Y: y})
			p.write(style(tickSize, false, ink, text.XRight, text.YCenter), f.Min.X-7, y, t.label)
		}
		p.line(grey, 0.6, nil, vg.Point{X: f.Min.X - tickLength(t), Y: y}, vg.Point{X: f.Min.X, Y: y})
	}
	for _, t := range c.x.ticks {
		x := c.point(t.value, c.y.low).X
		if t.label != "" {
			p.line(pale, 0.6, nil, vg.Point{X: x, Y: f.Min.Y}, vg.Point{X: x, Y: f.Max.Y})
			if below != "" {
				p.write(style(tickSize, false, ink, text.XCenter, text.YTop), x, f.Min.Y-7, t.label)
			}
		}
		p.line(grey, 0.6, nil, vg.Point{X: x, Y: f.Min.Y - tickLength(t)}, vg.Point{X: x, Y: f.Min.Y})
	}
	p.line(grey, 0.6, nil, f.Min, vg.Point{X: f.Max.X, Y: f.Min.Y}, f.Max, vg.Point{X: f.Min.X, Y: f.Max.Y}, f.Min)
	p.write(style(textSize, true, ink, text.XLeft, text.YBottom), f.Min.X, f.Max.Y+6, c.heading)
	if below != "" {
		p.write(style(textSize, false, ink, text.XCenter, text.YTop), (f.Min.X+f.Max.X)/2, f.Min.Y-23, below)
	}
}

func tickLength(t tick) vg.Length {
	if t.label == "" {
		return 2
	}
	return 4
}

// drawBand fills what is between two lines.
func (c panel) drawBand(inside pen, s series) {
	var up, down []vg.Point
	flush := func() {
		polygon := up
		for k := len(down) - 1; k >= 0; k-- {
			polygon = append(polygon, down[k])
		}
		if len(up) > 1 {
			inside.FillPolygon(faded(s.colour, s.opacity), inside.ClipPolygonXY(polygon))
		}
		up, down = nil, nil
	}
	for k := range s.x {
		if !finite(s.floor[k]) {
			flush()
			continue
		}
		up, down = append(up, c.point(s.x[k], s.y[k])), append(down, c.point(s.x[k], s.floor[k]))
	}
	flush()
}

// drawLine draws a line and its marks, with gaps where there is no value.
func (c panel) drawLine(inside pen, s series) {
	var run []vg.Point
	flush := func() {
		inside.StrokeLines(draw.LineStyle{Color: s.colour, Width: 1.4}, inside.ClipLinesXY(run)...)
		for _, at := range run {
			inside.DrawGlyph(c.glyph(s), at)
		}
		run = nil
	}
	for k := range s.x {
		if !finite(s.y[k]) {
			flush()
			continue
		}
		run = append(run, c.point(s.x[k], s.y[k]))
	}
	flush()
}

func (c panel) glyph(s series) draw.GlyphStyle {
	radius := vg.Length(2.4)
	if len(s.x) > 60 {
		radius = 1.4
	}
	return draw.GlyphStyle{Color: s.colour, Radius: radius, Shape: s.mark}
}

// drawKey names the series above the frame, from the right.
func (c panel) drawKey() {
	const swatch, gap = 18, 14
	x, base, y := c.frame.Max.X, c.frame.Max.Y+6, c.frame.Max.Y+11
	words := style(labelSize, false, ink, text.XLeft, text.YBottom)
	for k := len(c.series) - 1; k >= 0; k-- {
		s := c.series[k]
		if s.name == "" {
			continue
		}
		x -= words.Width(s.name)
		c.pen.write(words, x, base, s.name)
		x -= swatch + 5
		if s.mark == nil {
			c.pen.FillPolygon(faded(s.colour, s.opacity), []vg.Point{{X: x, Y: y - 4}, {X: x + swatch, Y: y - 4}, {X: x + swatch, Y: y + 4}, {X: x, Y: y + 4}})
		} else {
			c.pen.line(s.colour, 1.4, nil, vg.Point{X: x, Y: y}, vg.Point{X: x + swatch, Y: y})
			c.pen.DrawGlyphNoClip(c.glyph(s), vg.Point{X: x + swatch/2, Y: y})
		}
		x -= gap
	}
}
