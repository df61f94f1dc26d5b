package report

import (
	"fmt"
	"image/color"
	"io"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A ShrinkagePanel is how the singular values of networks of one depth shrink as the
// weight decay grows. What is not known is NaN.
type ShrinkagePanel struct {
	Name   string
	Beta   []float64   // increasing
	Values [][]float64 // for each beta, in decreasing order
}

// A Shrinkage is the picture of singular values over the weight decay, one panel for each
// depth, each with an axis of its own.
type Shrinkage struct {
	Title, Subtitle string // one line each; what is too long is cut
	Panels          []ShrinkagePanel
}

const (
	shrinkageFrame = 190 // height of a frame, in points
	shrinkageGap   = 62  // between two: the labels of one axis and the heading of the next
)

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Shrinkage) Write(w io.Writer, format string) error {
	return write(w, format, pageWidth, f.height(), f.paint)
}

func (f Shrinkage) height() vg.Length {
	count := vg.Length(max(1, len(f.Panels)))
	return marginTop + 18 + count*shrinkageFrame + (count-1)*shrinkageGap + marginFoot
}

// shrinkageColours are those of the largest values; the lines never cross, so that
// their order tells them apart too.
var shrinkageColours = []color.NRGBA{blue, vermilion, green, purple, orange, sky}

func (f Shrinkage) paint(p pen) {
	p.title(marginLeft, f.Title, f.Subtitle)
	top := f.height() - marginTop - 18
	panels := f.Panels
	if len(panels) == 0 {
		panels = []ShrinkagePanel{{}}
	}
	for _, q := range panels {
		c := panel{
			pen: p, heading: q.Name, below: "beta, the strength of the weight decay", foot: true, x: blank, y: blank,
			frame: vg.Rectangle{Min: vg.Point{X: marginLeft, Y: top - shrinkageFrame}, Max: vg.Point{X: pageWidth - marginRight, Y: top}},
		}
		q.paint(c)
		top -= shrinkageFrame + shrinkageGap
	}
}

func (q ShrinkagePanel) paint(c panel) {
	lines, highest := q.lines()
	if len(lines) == 0 {
		c.drawAxes()
		c.drawNothing("no singular values")
		return
	}
	_, last := extent(q.Beta, finite)
	c.x, c.y = linearAxis(0, last, 5), linearAxis(0, 1.08*highest, 4)
	c.drawAxes()
	inside := c.inside()
	for k, line := range slices.Backward(lines) { // the largest on top
		colour := shrinkageColours[min(k, len(shrinkageColours)-1)]
		q.line(c, inside, colour, line, highest)
	}
	words := style(tickSize, false, ink, text.XLeft, text.YBottom)
	free := c.frame.Max.Y
	for k, line := range lines {
		at := c.point(q.Beta[0], line[0])
		if !finite(line[0]) || at.Y+tickSize > free || k >= len(shrinkageColours) {
			continue // no room for another label
		}
		free = at.Y - 1
		c.pen.write(words, at.X+5, at.Y+2, fmt.Sprintf("value %d", k+1))
	}
}

// lines are the values by their rank, and the largest of all.
func (q ShrinkagePanel) lines() (lines [][]float64, highest float64) {
	for j, values := range q.Values {
		if j >= len(q.Beta) {
			break
		}
		for k, v := range values {
			if k == len(lines) {
				lines = append(lines, make([]float64, min(len(q.Values), len(q.Beta))))
			}
			lines[k][j] = v
			if finite(v) {
				highest = max(highest, v)
			}
		}
	}
	if highest == 0 && len(lines) > 0 {
		highest = 1
	}
	return lines, highest
}

// line draws one value over beta; where it jumps to zero the line is dashed, between a
// full and a hollow mark.
func (q ShrinkagePanel) line(c panel, inside pen, colour color.NRGBA, values []float64, highest float64) {
	// A value that glides to zero is about as large as its last step before; one that
	// jumps is larger.
	jumps := func(k int) bool {
		least := 0.01 * highest
		if k > 1 && finite(values[k-2]) {
			least += 2.5 * max(0, values[k-2]-values[k-1])
		}
		return values[k] == 0 && values[k-1] > least
	}
	var run, ends, feet []vg.Point
	flush := func() {
		inside.StrokeLines(draw.LineStyle{Color: colour, Width: 1.6}, inside.ClipLinesXY(run)...)
		run = nil
	}
	for k, v := range values {
		if !finite(v) {
			flush()
			continue
		}
		at := c.point(q.Beta[k], v)
		if len(run) > 0 && jumps(k) {
			from := run[len(run)-1]
			flush()
			foot := vg.Point{X: from.X, Y: at.Y}
			c.pen.line(colour, 1, []vg.Length{3, 3}, from, foot)
			ends, feet = append(ends, from), append(feet, foot)
			run = append(run, foot)
		}
		run = append(run, at)
	}
	flush()
	c.pen.marks(disc, colour, 2.6, ends...)
	c.pen.marks(ring, colour, 2.6, feet...)
}
