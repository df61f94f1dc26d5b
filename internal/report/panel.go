package report

import (
	"image/color"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
	below   string // the name of the horizontal axis
	foot    bool   // the horizontal axis has labels
	bare    bool   // the vertical axis has none
	plain   bool   // there is no grid
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

// inside is a pen that clips to the frame.
func (c panel) inside() pen {
	return pen{draw.Canvas{Canvas: c.pen.Canvas.Canvas, Rectangle: c.frame}}
}

// draw draws the panel, with a line at beta.
func (c panel) draw(beta float64) {
	c.drawAxes()
	inside := c.inside()
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

// drawAxes draws frame, grid and labels.
func (c panel) drawAxes() {
	p, f := c.pen, c.frame
	for _, t := range c.y.ticks {
		y := c.point(c.x.low, t.value).Y
		if t.label != "" {
			c.drawGrid(vg.Point{X: f.Min.X, Y: y}, vg.Point{X: f.Max.X, Y: y})
			if !c.bare {
				p.write(style(tickSize, false, ink, text.XRight, text.YCenter), f.Min.X-7, y, t.label)
			}
		}
		p.line(grey, 0.6, nil, vg.Point{X: f.Min.X - tickLength(t), Y: y}, vg.Point{X: f.Min.X, Y: y})
	}
	for _, t := range c.x.ticks {
		x := c.point(t.value, c.y.low).X
		if t.label != "" {
			c.drawGrid(vg.Point{X: x, Y: f.Min.Y}, vg.Point{X: x, Y: f.Max.Y})
			if c.foot {
				p.write(style(tickSize, false, ink, text.XCenter, text.YTop), x, f.Min.Y-7, t.label)
			}
		}
		p.line(grey, 0.6, nil, vg.Point{X: x, Y: f.Min.Y - tickLength(t)}, vg.Point{X: x, Y: f.Min.Y})
	}
	p.line(grey, 0.6, nil, f.Min, vg.Point{X: f.Max.X, Y: f.Min.Y}, f.Max, vg.Point{X: f.Min.X, Y: f.Max.Y}, f.Min)
	words := style(textSize, true, ink, text.XLeft, text.YBottom)
	p.write(words, f.Min.X, f.Max.Y+6, cut(words, c.heading, f.Size().X))
	if c.foot {
		p.write(style(textSize, false, ink, text.XCenter, text.YTop), (f.Min.X+f.Max.X)/2, f.Min.Y-23, c.below)
	}
}

func (c panel) drawGrid(from, to vg.Point) {
	if !c.plain {
		c.pen.line(pale, 0.6, nil, from, to)
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

// drawNothing says in the middle of the frame why it is empty.
func (c panel) drawNothing(why string) {
	c.pen.write(style(textSize, false, grey, text.XCenter, text.YCenter), (c.frame.Min.X+c.frame.Max.X)/2, (c.frame.Min.Y+c.frame.Max.Y)/2, why)
}
