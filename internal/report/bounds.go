package report

import (
	"fmt"
	"io"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A BoundRow is a lower bound: what is proved, and the value that a solver found for the
// program behind it. What is not known is NaN.
type BoundRow struct {
	Label         string
	Proved, Value float64
}

// A Bounds is the picture of lower bounds on an objective against one that was reached: a
// row for each bound over a common axis from zero.
type Bounds struct {
	Title, Subtitle string // one line each; what is too long is cut
	Rows            []BoundRow
	Reached         float64 // the objective of a network; NaN for none
	ReachedName     string
	Axis            string // what is bounded; objective if empty
}

const (
	boundRow   = 28
	boundRight = 62 // room for the numbers
	boundWidth = 3
)

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Bounds) Write(w io.Writer, format string) error {
	l := f.list()
	return write(w, format, sheetWidth, l.height(), func(p pen) { f.paint(p, l) })
}

func (f Bounds) list() list {
	l := list{title: f.Title, subtitle: f.Subtitle, below: f.Axis, right: boundRight}
	if l.below == "" {
		l.below = "objective"
	}
	var all []float64
	values := false
	for _, row := range f.Rows {
		l.names, l.heights = append(l.names, row.Label), append(l.heights, boundRow)
		all = append(all, row.Proved, row.Value)
		values = values || finite(row.Value)
	}
	_, high := extent(append(all, f.Reached), func(v float64) bool { return finite(v) && v >= 0 })
	l.x = linearAxis(0, 1.04*high, 5)
	if !(high > 0) {
		l.x = linearAxis(0, 1, 5)
	}
	l.key = key{{"proved", swatchWidth, func(p pen, at vg.Point) {
		p.line(blue, boundWidth, nil, at, vg.Point{X: at.X + swatchWidth, Y: at.Y})
	}}}
	l.key.mark(values, "value of the program", ring, 3.4, blue)
	if finite(f.Reached) {
		l.key = append(l.key, entry{f.ReachedName, swatchWidth, func(p pen, at vg.Point) {
			p.line(vermilion, 1.4, []vg.Length{6, 3}, at, vg.Point{X: at.X + swatchWidth, Y: at.Y})
		}})
	}
	return l
}

func (f Bounds) paint(p pen, l list) {
	c, middles := l.draw(p)
	if len(f.Rows) == 0 {
		return
	}
	words := style(labelSize, false, grey, text.XLeft, text.YCenter)
	for k, row := range f.Rows {
		at := func(v float64) vg.Point { return vg.Point{X: c.point(v, 0).X, Y: middles[k]} }
		number := row.Value
		if finite(row.Proved) && row.Proved >= 0 {
			p.line(blue, boundWidth, nil, at(0), at(row.Proved))
		}
		if finite(row.Value) && row.Value >= 0 {
			p.marks(ring, blue, 3.4, at(row.Value))
		} else {
			number = row.Proved
		}
		if finite(number) {
			p.write(words, c.frame.Max.X+8, middles[k], cut(words, plainExponent(fmt.Sprintf("%.6g", number)), l.right+marginRight-12))
		}
	}
	if finite(f.Reached) && f.Reached >= 0 {
		x := c.point(f.Reached, 0).X
		p.line(vermilion, 1.4, []vg.Length{6, 3}, vg.Point{X: x, Y: c.frame.Min.Y}, vg.Point{X: x, Y: c.frame.Max.Y})
	}
}
