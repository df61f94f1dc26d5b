package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A SpreadPoint is where a run ended: how far above a lower bound, relative to the bound.
// What is zero or negative is drawn on the floor. A run that diverged, or ended infinitely
// far above, is counted, not placed; so is one whose distance is NaN.
type SpreadPoint struct {
	Distance         float64
	Chosen, Diverged bool
}

// A SpreadRow is the runs of a method.
type SpreadRow struct {
	Label  string
	Method int // its mark and colour, as in a Race
	Points []SpreadPoint
}

// A Spread is the picture of where the runs of several methods ended: a row for each
// method over a common logarithmic axis. Marks that would hide one another are moved up
// and down.
type Spread struct {
	Title, Subtitle string // one line each; what is too long is cut
	Floor           string // what the floor is
	Axis            string // what distances are; objective / lower bound - 1 if empty
	Rows            []SpreadRow
}

// The layout of a spread, in points.
const (
	spreadRadius = 3.2
	chosenRadius = 6
	spreadLeast  = 24 // height of a row
	spreadMost   = 48
	spreadFloor  = 26 // width of the floor
	spreadRight  = 76 // room for the counts

	// The largest distance that the axis has room for. Those above are at its end.
	spreadFarthest = 1e9
)

// counted says whether a run is counted only.
func (q SpreadPoint) counted() bool {
	return q.Diverged || math.IsNaN(q.Distance) || math.IsInf(q.Distance, 1)
}

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Spread) Write(w io.Writer, format string) error {
	l, floor := f.list()
	return write(w, format, sheetWidth, l.height(), func(p pen) { f.paint(p, l, floor) })
}

// list is the layout, and the distance below which the floor is.
func (f Spread) list() (l list, floor float64) {
	l = list{title: f.Title, subtitle: f.Subtitle, below: cmp.Or(f.Axis, "objective / lower bound - 1")}
	var all []float64
	chosen := false
	for _, row := range f.Rows {
		l.names, l.methods = append(l.names, row.Label), append(l.methods, row.Method)
		if row.counts() != "" {
			l.right = spreadRight
		}
		for _, q := range row.Points {
			chosen = chosen || q.Chosen && !q.counted()
			if !q.counted() && q.Distance > 0 {
				all = append(all, max(raceLeast, min(spreadFarthest, q.Distance)))
			}
		}
	}
	if len(all) == 0 {
		all = []float64{1e-6, 1} // whatever they would be, to compare with zero
	}
	l.x = logAxis(all, 0.04)
	width := sheetWidth - marginRight - l.right - l.left()
	l.x, floor = l.x.withFloor(float64(spreadFloor/width), float64(16/width))
	for _, row := range f.Rows {
		_, offsets := row.places(l.x, floor, width)
		var most vg.Length
		for _, o := range offsets {
			most = max(most, o, -o)
		}
		l.heights = append(l.heights, max(spreadLeast, min(spreadMost, 2*most+4*spreadRadius)))
	}
	l.key = key{{"at the floor: " + f.Floor, swatchWidth, func(p pen, at vg.Point) {
		p.FillPolygon(pale, corners(vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y - 5}, Max: vg.Point{X: at.X + swatchWidth, Y: at.Y + 5}}))
		p.line(ink, 1, nil, vg.Point{X: at.X + swatchWidth, Y: at.Y - 5}, vg.Point{X: at.X + swatchWidth, Y: at.Y + 5})
	}}}
	if f.Floor == "" {
		l.key[0].name = "at or below the lower bound"
	}
	if chosen {
		l.key = append(l.key, entry{"chosen run", 2 * chosenRadius, func(p pen, at vg.Point) {
			p.marks(disc, grey, spreadRadius, vg.Point{X: at.X + chosenRadius, Y: at.Y})
			p.circle(vg.Point{X: at.X + chosenRadius, Y: at.Y})
		}})
	}
	return l, floor
}

// circle draws the ring of what is chosen.
func (p pen) circle(at vg.Point) {
	var path vg.Path
	circleAt(&path, at, chosenRadius)
	p.SetColor(ink)
	p.SetLineWidth(1.3)
	p.SetLineDash(nil, 0)
	p.Stroke(path)
}

// corners are those of a rectangle.
func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

// counts says how many runs are not placed.
func (row SpreadRow) counts() string {
	diverged, unknown := 0, 0
	for _, q := range row.Points {
		switch {
		case q.Diverged || math.IsInf(q.Distance, 1):
			diverged++
		case math.IsNaN(q.Distance):
			unknown++
		}
	}
	var words []string
	if diverged > 0 {
		words = append(words, fmt.Sprintf("%d diverged", diverged))
	}
	if unknown > 0 {
		words = append(words, fmt.Sprintf("%d unknown", unknown))
	}
	return strings.Join(words, ", ")
}

// places are where the runs are in a frame of a width, from its left end, and how far
// above or below the middle of the row; NaN for those that are only counted.
func (row SpreadRow) places(x axis, floor float64, width vg.Length) (at, offsets []vg.Length) {
	onFloor := 0
	for _, q := range row.Points {
		place := vg.Length(math.NaN())
		if !q.counted() {
			d := min(q.Distance, spreadFarthest)
			if d > floor {
				place = vg.Length(x.at(d)) * width
			} else { // in three columns
				place = vg.Length(x.at(floor))*width/2 + []vg.Length{0, -2.1, 2.1}[onFloor%3]*spreadRadius
				onFloor++
			}
		}
		at = append(at, place)
	}
	return at, swarm(at, spreadRadius)
}

// swarm moves marks of a radius up and down until they do not overlap, the leftmost
// first, each as little as possible.
func swarm(x []vg.Length, radius vg.Length) []vg.Length {
	order := make([]int, 0, len(x))
	for k := range x {
		if x[k] == x[k] {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	offsets := make([]vg.Length, len(x))
	for i, k := range order {
		free := func(offset vg.Length) bool {
			for j := i - 1; j >= 0 && x[k]-x[order[j]] < 2*radius; j-- {
				if dx, dy := x[k]-x[order[j]], offset-offsets[order[j]]; dx*dx+dy*dy < 3.6*radius*radius {
					return false
				}
			}
			return true
		}
		for step := vg.Length(0); ; step += radius / 2 {
			if free(step) {
				offsets[k] = step
				break
			}
			if free(-step) {
				offsets[k] = -step
				break
			}
		}
	}
	return offsets
}

func (f Spread) paint(p pen, l list, floor float64) {
	c, middles := l.draw(p)
	edge := c.point(floor, 0).X
	strip := vg.Rectangle{Min: c.frame.Min, Max: vg.Point{X: edge, Y: c.frame.Max.Y}}
	p.FillPolygon(pale, corners(strip))
	p.line(ink, 1, nil, vg.Point{X: edge, Y: c.frame.Min.Y}, vg.Point{X: edge, Y: c.frame.Max.Y})
	words := style(labelSize, false, grey, text.XLeft, text.YCenter)
	for k, row := range f.Rows {
		at, offsets := row.places(l.x, floor, c.frame.Size().X)
		var most vg.Length
		for _, o := range offsets {
			most = max(most, o, -o)
		}
		squeeze := vg.Length(1)
		if room := l.heights[k]/2 - spreadRadius - 1; most > room {
			squeeze = room / most
		}
		var plain, chosen []vg.Point
		for i, q := range row.Points {
			if q.counted() {
				continue
			}
			place := vg.Point{X: c.frame.Min.X + at[i], Y: middles[k] + squeeze*offsets[i]}
			if q.Chosen {
				chosen = append(chosen, place)
			} else {
				plain = append(plain, place)
			}
		}
		m, colour := raceMarks[methodIndex(row.Method)].mark, methodColour(row.Method)
		for _, place := range append(plain, chosen...) {
			p.marks(m, colour, spreadRadius, place)
		}
		for _, place := range chosen {
			p.circle(place)
		}
		p.write(words, c.frame.Max.X+8, middles[k], cut(words, row.counts(), l.right+marginRight-12))
	}
}
