package report

import (
	"image/color"
	"io"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A RaceRun is a run of a method: how far its best objective was above a lower bound,
// relative to the bound, from some second on until the next. The last pair is where the
// run ends. What is zero or negative is drawn on the floor.
type RaceRun struct {
	Method            int  // index into Methods of the race
	Best              bool // drawn thick, with the mark of the method at its end
	Seconds, Distance []float64
}

// A RacePanel is one problem of a race.
type RacePanel struct {
	Heading string // one line
	Floor   string // what the floor is
	Runs    []RaceRun
}

// A Race is the picture of the objectives of several methods over time: panels one above
// the other over a common logarithmic axis of seconds.
type Race struct {
	Title, Subtitle string   // one line each; what is too long is cut
	Methods         []string // in the key; at most MaxMethods
	Panels          []RacePanel
}

// MaxMethods is the most methods of a race.
const MaxMethods = len(raceMarks)

// raceMarks are the colours and marks of the methods in their order.
var raceMarks = [...]struct {
	colour color.NRGBA
	mark   mark
}{
	{blue, disc},
	{sky, ring},
	{vermilion, box},
	{orange, pyramid},
	{green, triangle},
	{purple, cross},
	{grey, square},
	{ink, box},
}

// methodGlyph is the mark of a method; a method that has none takes that of another.
func methodGlyph(method int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: methodColour(method), Radius: 3.4, Shape: raceMarks[methodIndex(method)].mark}
}

func methodColour(method int) color.NRGBA { return raceMarks[methodIndex(method)].colour }

func methodIndex(method int) int { return (method%MaxMethods + MaxMethods) % MaxMethods }

// The layout of a race, in points.
const (
	raceWidth   = 576
	raceSingle  = 270 // height of a panel by itself
	raceSeveral = 190 // and of each of several
	raceKeyRow  = 16
	raceKeyCols = 3
	raceFloor   = 16 // height of the floor

	// The least distance that is drawn above the floor, and the largest that the axis
	// makes room for unless a best run ends above.
	raceLeast, raceMost = 3e-7, 10
	// The shortest time on the axis.
	raceShortest = 1e-3
)

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (r Race) Write(w io.Writer, format string) error {
	return write(w, format, raceWidth, r.height(), r.paint)
}

// keyRows is the number of rows of the key.
func (r Race) keyRows() int { return (len(r.Methods) + raceKeyCols - 1) / raceKeyCols }

// panelHeight is the height of each panel.
func (r Race) panelHeight() vg.Length {
	if len(r.Panels) == 1 {
		return raceSingle
	}
	return raceSeveral
}

func (r Race) height() vg.Length {
	return marginTop + marginFoot + vg.Length(raceKeyRow*r.keyRows()) + vg.Length(len(r.Panels))*(r.panelHeight()+panelGap-10)
}

func (r Race) paint(p pen) {
	top := r.height()
	p.title(marginLeft, r.Title, r.Subtitle)
	top -= marginTop
	r.paintKey(p, top)
	top -= vg.Length(raceKeyRow * r.keyRows())

	x := r.seconds()
	for k, q := range r.Panels {
		top -= panelGap - 10
		c := panel{pen: p, heading: q.Heading, below: "seconds", foot: k == len(r.Panels)-1, x: x, frame: vg.Rectangle{
			Min: vg.Point{X: marginLeft, Y: top - r.panelHeight()},
			Max: vg.Point{X: raceWidth - marginRight, Y: top},
		}}
		q.paint(c)
		top -= r.panelHeight()
	}
}

// paintKey names the methods below top.
func (r Race) paintKey(p pen, top vg.Length) {
	const swatch, column = 22, (raceWidth - marginLeft - marginRight) / raceKeyCols
	words := style(labelSize, false, ink, text.XLeft, text.YBottom)
	for k, name := range r.Methods {
		x := vg.Length(marginLeft + column*(k%raceKeyCols))
		y := top - vg.Length(raceKeyRow*(k/raceKeyCols)) - 8
		p.line(raceMarks[k].colour, raceLine(k), nil, vg.Point{X: x, Y: y}, vg.Point{X: x + swatch, Y: y})
		p.DrawGlyphNoClip(methodGlyph(k), vg.Point{X: x + swatch/2, Y: y})
		p.write(words, x+swatch+6, y-4, cut(words, name, column-swatch-14))
	}
}

// raceLine is the width of the best line of a method; the first stands out.
func raceLine(method int) vg.Length {
	if method == 0 {
		return 2.2
	}
	return 1.5
}

// seconds is the common axis of time.
func (r Race) seconds() axis {
	var all []float64
	for _, q := range r.Panels {
		for _, run := range q.Runs {
			for _, s := range run.Seconds {
				if s > 0 {
					all = append(all, max(s, raceShortest))
				}
			}
		}
	}
	return logAxis(all, 0.02)
}

// distances is the axis of distances, with the floor below its lowest value.
func (q RacePanel) distances(height vg.Length) (a axis, floor float64) {
	var all []float64
	for _, run := range q.Runs {
		for k, d := range run.Distance {
			if !run.Best || k < len(run.Distance)-1 {
				d = min(raceMost, d)
			}
			if d > 0 {
				all = append(all, max(raceLeast, d))
			}
		}
	}
	return logAxis(all, 0.06).withFloor(float64(raceFloor/height), float64(6/height))
}

// paint draws the panel.
func (q RacePanel) paint(c panel) {
	var floor float64
	c.y, floor = q.distances(c.frame.Size().Y)
	c.drawAxes()
	low, high := c.frame.Min, c.frame.Max
	line := c.point(c.x.low, floor).Y
	c.pen.FillPolygon(pale, []vg.Point{low, {X: high.X, Y: low.Y}, {X: high.X, Y: line}, {X: low.X, Y: line}})
	c.pen.line(ink, 1, nil, vg.Point{X: low.X, Y: line}, vg.Point{X: high.X, Y: line})
	words := style(labelSize, false, ink, text.XLeft, text.YCenter)
	c.pen.write(words, low.X+6, (low.Y+line)/2, cut(words, q.Floor, high.X-low.X-12))

	inside := c.inside()
	for _, best := range []bool{false, true} {
		// The first method lies on top.
		for method := MaxMethods - 1; method >= 0; method-- {
			for _, run := range q.Runs {
				if run.Best != best || run.Method != method || len(run.Seconds) == 0 {
					continue
				}
				stairs := c.stairs(run, floor)
				look := draw.LineStyle{Color: faded(raceMarks[method].colour, 0.45), Width: 0.6}
				if best {
					look = draw.LineStyle{Color: raceMarks[method].colour, Width: raceLine(method)}
				}
				inside.StrokeLines(look, inside.ClipLinesXY(stairs)...)
				if best {
					inside.DrawGlyph(methodGlyph(method), stairs[len(stairs)-1])
				}
			}
		}
	}
}

// stairs is the line of a run: level until the next objective. Steps too small to be seen
// are left out.
func (c panel) stairs(run RaceRun, floor float64) []vg.Point {
	const seen = 0.6
	var out []vg.Point
	for k, s := range run.Seconds {
		next := c.point(max(s, c.x.low), max(run.Distance[k], floor))
		switch {
		case len(out) == 0:
		case s <= c.x.low:
			out = out[:0] // the line begins with what was known at the edge
		default:
			last := out[len(out)-1]
			if k < len(run.Seconds)-1 && next.X-last.X < seen && last.Y-next.Y < seen {
				continue
			}
			out = append(out, vg.Point{X: next.X, Y: last.Y})
		}
		out = append(out, next)
	}
	return out
}
