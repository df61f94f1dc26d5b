package report

import (
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A ScoreRow is the metric of a network. What is not known is NaN.
type ScoreRow struct {
	Label                   string
	Method                  int // its mark and colour, as in a Race
	Train, Validation, Test float64
}

// A Scores is the picture of the metric on training, validation and test rows: a row for
// each network over a common axis. A metric far below a constant prediction is at the
// left end.
type Scores struct {
	Title, Subtitle string // one line each; what is too long is cut
	Metric          string
	Rows            []ScoreRow
}

const (
	scoreRow   = 26
	scoreRight = 48 // room for the numbers
	scoreLeast = -1 // the least metric on the axis: far below a constant, how far says nothing
)

// scoreMarks are the marks of the three metrics.
var scoreMarks = [...]struct {
	name   string
	mark   mark
	radius vg.Length
	value  func(ScoreRow) float64
}{
	{"training", square, 4.6, func(r ScoreRow) float64 { return r.Train }},
	{"validation", ring, 3.8, func(r ScoreRow) float64 { return r.Validation }},
	{"test", disc, 3, func(r ScoreRow) float64 { return r.Test }},
}

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Scores) Write(w io.Writer, format string) error {
	l := f.list()
	return write(w, format, sheetWidth, l.height(), func(p pen) { f.paint(p, l) })
}

func (f Scores) list() list {
	l := list{title: f.Title, subtitle: f.Subtitle, below: f.Metric, right: scoreRight}
	var all []float64
	var known [len(scoreMarks)]bool
	for _, row := range f.Rows {
		l.names, l.methods, l.heights = append(l.names, row.Label), append(l.methods, row.Method), append(l.heights, scoreRow)
		for k, m := range scoreMarks {
			if v := m.value(row); finite(v) {
				known[k] = true
				all = append(all, max(scoreLeast, v))
			}
		}
	}
	low, high := extent(all, finite)
	pad := max(0.06*(high-low), 0.002)
	l.x = linearAxis(low-pad, high+pad, 4)
	if len(all) == 0 {
		l.x = blank
	}
	for k, m := range scoreMarks {
		l.key.mark(known[k], m.name, m.mark, m.radius, ink)
	}
	return l
}

func (f Scores) paint(p pen, l list) {
	c, middles := l.draw(p)
	if len(f.Rows) == 0 {
		return
	}
	words := style(labelSize, false, grey, text.XRight, text.YBottom)
	p.write(words, c.frame.Max.X+scoreRight, c.frame.Max.Y+4, "test")
	words = style(labelSize, false, ink, text.XRight, text.YCenter)
	for k, row := range f.Rows {
		colour := methodColour(row.Method)
		y := middles[k]
		var places [len(scoreMarks)]vg.Point
		low, high := c.frame.Max.X, c.frame.Min.X
		for i, m := range scoreMarks {
			if v := m.value(row); finite(v) {
				places[i] = c.point(max(scoreLeast, v), 0)
				places[i].Y = y
				low, high = min(low, places[i].X), max(high, places[i].X)
			}
		}
		if low < high {
			p.line(colour, 1, nil, vg.Point{X: low, Y: y}, vg.Point{X: high, Y: y})
		}
		for i, m := range scoreMarks {
			if finite(m.value(row)) {
				p.marks(m.mark, colour, m.radius, places[i])
			}
		}
		if finite(row.Test) {
			p.write(words, c.frame.Max.X+scoreRight, y, scoreText(row.Test))
		}
	}
}

// scoreText writes a metric with four decimals, one that is large with four digits.
func scoreText(v float64) string {
	if math.Abs(v) < 100 {
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return plainExponent(strconv.FormatFloat(v, 'g', 4, 64))
}
