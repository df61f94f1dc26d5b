package report

import (
	"fmt"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A WidthPoint is the best network of so many neurons. What is not known is NaN.
type WidthPoint struct {
	Neurons          int
	Objective, Bound float64 // of the network found, and a lower bound; equal if proved optimal
}

// A Widths is the picture of the optimum at each number of neurons, against that over all
// widths.
type Widths struct {
	Title, Subtitle string // one line each; what is too long is cut
	Points          []WidthPoint
	Floor           float64 // the optimum over all widths; NaN for none
	FloorName       string
}

const widthsFrame = 270 // height of the frame, in points

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Widths) Write(w io.Writer, format string) error {
	s := f.sheet()
	return write(w, format, sheetWidth, s.height(), func(p pen) { f.paint(p, s) })
}

// proved says whether the objective meets its bound, to rounding.
func (q WidthPoint) proved() bool {
	return q.Bound >= q.Objective-1e-9*math.Abs(q.Objective)
}

func (f Widths) sheet() sheet {
	var widths, heights []float64
	proved, open := false, false
	for _, q := range f.Points {
		if !finite(q.Objective) {
			continue
		}
		widths, heights = append(widths, float64(q.Neurons)), append(heights, q.Objective, q.Bound)
		proved, open = proved || q.proved(), open || !q.proved()
	}
	heights = append(heights, f.Floor)
	s := sheet{
		title: f.Title, subtitle: f.Subtitle, xlabel: "neurons", ylabel: "objective",
		x: wholeAxis(widths), y: heightAxis(heights), count: 1, one: widthsFrame, nameless: true,
	}
	if len(widths) == 0 {
		s.x, s.y = blank, blank
	}
	s.key.mark(proved, "proved optimal for so many neurons", disc, 3.4, blue)
	if open {
		s.key = append(s.key, entry{"best found, with its bracket", markWidth, func(p pen, at vg.Point) {
			middle := vg.Point{X: at.X + markWidth/2, Y: at.Y + 3}
			p.brackets([][2]vg.Point{{middle, {X: middle.X, Y: at.Y - 6}}})
			p.marks(ring, blue, 3, middle)
		}})
	}
	if finite(f.Floor) && f.floorInKey(s) {
		s.key = append(s.key, entry{f.FloorName, swatchWidth, func(p pen, at vg.Point) {
			p.line(vermilion, 1.4, []vg.Length{6, 3}, at, vg.Point{X: at.X + swatchWidth, Y: at.Y})
		}})
	}
	return s
}

// floorInKey says whether a bracket is where the name of the floor would be, below its
// left end.
func (f Widths) floorInKey(s sheet) bool {
	end := 12 + style(labelSize, false, ink, 0, 0).Width(f.FloorName)
	for _, q := range f.Points {
		if finite(q.Objective) && q.Bound < f.Floor && vg.Length(s.x.at(float64(q.Neurons)))*s.size().X < end {
			return true
		}
	}
	return false
}

// brackets draws lines from marks down to bounds.
func (p pen) brackets(list [][2]vg.Point) {
	const half = 3.5
	var path vg.Path
	for _, b := range list {
		path.Move(b[0])
		path.Line(b[1])
		path.Move(vg.Point{X: b[1].X - half, Y: b[1].Y})
		path.Line(vg.Point{X: b[1].X + half, Y: b[1].Y})
	}
	p.SetLineStyle(draw.LineStyle{Color: blue, Width: 1.2})
	p.Stroke(path)
}

// wholeAxis is an axis with whole numbers on it.
func wholeAxis(values []float64) axis {
	low, high := extent(values, finite)
	pad := 0.5 + 0.02*(high-low)
	a := axis{low: low - pad, high: high + pad}
	a.ticks = ticksEvery(max(1, niceStep(a.high-a.low, 5)), a.low, a.high)
	if high-low <= 12 {
		a.ticks = ticksEvery(1, a.low, a.high)
	}
	return a
}

// heightAxis is an axis of objectives, logarithmic if they differ much, with room for a
// line of text below the lowest.
func heightAxis(values []float64) axis {
	const foot, head = 0.11, 0.09
	low, high := extent(values, finite)
	if low > 1/farthestLog && high > 8*low {
		a := logAxis(values, 0)
		length := math.Log(a.high / a.low)
		return logAxis([]float64{a.low * math.Exp(-foot*length), a.high * math.Exp(head*length)}, 0)
	}
	if span := high - low; span > 1e-7*math.Abs(high) {
		return linearAxis(low-foot*span, high+head*span, 4)
	}
	return linearAxis(low, low, 4)
}

func (f Widths) paint(p pen, s sheet) {
	c := s.draw(p, func(int) (string, int) { return "", 0 })[0]
	c.drawAxes()
	var line, proved, open []vg.Point
	for _, q := range f.Points {
		if !finite(q.Objective) {
			continue
		}
		at := c.point(float64(q.Neurons), q.Objective)
		line = append(line, at)
		if q.proved() {
			proved = append(proved, at)
		} else {
			open = append(open, at)
		}
	}
	if len(line) == 0 {
		c.drawNothing("no results")
		return
	}
	p.line(faded(blue, 0.45), 1.2, nil, line...)
	if finite(f.Floor) {
		y := c.point(c.x.low, f.Floor).Y
		p.line(vermilion, 1.4, []vg.Length{6, 3}, vg.Point{X: c.frame.Min.X, Y: y}, vg.Point{X: c.frame.Max.X, Y: y})
		if !f.floorInKey(s) {
			words := style(labelSize, false, ink, text.XLeft, text.YTop)
			p.write(words, c.frame.Min.X+6, y-5, cut(words, f.FloorName, s.size().X-12))
		}
	}
	var brackets [][2]vg.Point
	for _, q := range f.Points {
		if finite(q.Objective) && finite(q.Bound) && !q.proved() {
			end := c.point(float64(q.Neurons), q.Bound)
			end.Y = max(c.frame.Min.Y, end.Y)
			brackets = append(brackets, [2]vg.Point{c.point(float64(q.Neurons), q.Objective), end})
		}
	}
	p.brackets(brackets)
	p.marks(disc, blue, 3.4, proved...)
	p.marks(ring, blue, 3.4, open...)
	f.label(c)
}

// label writes the objectives beside their marks, if there is room.
func (f Widths) label(c panel) {
	const room = 44
	if vg.Length(c.x.at(c.x.low+1))*c.frame.Size().X < room {
		return
	}
	words := style(tickSize, false, ink, text.XLeft, text.YBottom)
	for _, q := range f.Points {
		if finite(q.Objective) {
			at := c.point(float64(q.Neurons), q.Objective)
			// Zeros at the end are digits, too.
			c.pen.write(words, at.X+4, at.Y+4, strings.TrimSuffix(plainExponent(fmt.Sprintf("%#.5g", q.Objective)), "."))
		}
	}
}
