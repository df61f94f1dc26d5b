package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A mark is a kind of sign for a point. Unlike the glyphs of gonum, which it can stand in
// for, a hollow one hides what is below and has an outline that is seen when small.
type mark struct {
	outline func(p *vg.Path, at vg.Point, r vg.Length)
	look    int
}

// The looks of marks.
const (
	filled = iota
	hollow
	stroked
)

var (
	disc     = mark{circleAt, filled}
	ring     = mark{circleAt, hollow}
	box      = mark{squareAt, filled}
	square   = mark{squareAt, hollow}
	pyramid  = mark{triangleAt, filled}
	triangle = mark{triangleAt, hollow}
	cross    = mark{crossAt, stroked}
)

// marksFor is the most marks in a panel for a part of all samples, so that the file of a
// picture with so many panels stays small.
func marksFor(part, all, panels int) int {
	const most = 2000 // in all panels
	return 1 + most*part/(panels*max(1, all))
}

// DrawGlyph draws one mark.
func (m mark) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	pen{*c}.marks(m, s.Color, s.Radius, at)
}

// marks draws many marks as one path, which keeps files small.
func (p pen) marks(m mark, c color.Color, r vg.Length, at ...vg.Point) {
	fill := c
	if m.look == hollow {
		fill = paper
	}
	p.filledMarks(m, c, fill, r, at...)
}

// filledMarks draws marks whose inside has a colour of its own.
func (p pen) filledMarks(m mark, c, fill color.Color, r vg.Length, at ...vg.Point) {
	if len(at) == 0 {
		return
	}
	var path vg.Path
	for _, a := range at {
		m.outline(&path, a, r)
	}
	if m.look != stroked {
		p.SetColor(fill)
		p.Fill(path)
	}
	if m.look != filled {
		p.SetLineStyle(draw.LineStyle{Color: c, Width: max(0.5, min(1.1, r/3))})
		p.Stroke(path)
	}
}

func circleAt(p *vg.Path, at vg.Point, r vg.Length) {
	p.Move(vg.Point{X: at.X + r, Y: at.Y})
	p.Arc(at, r, 0, 2*math.Pi)
	p.Close()
}

func squareAt(p *vg.Path, at vg.Point, r vg.Length) {
	r *= 0.88 // as large as the circle to the eye
	polygonAt(p, at, vg.Point{X: -r, Y: -r}, vg.Point{X: r, Y: -r}, vg.Point{X: r, Y: r}, vg.Point{X: -r, Y: r})
}

func triangleAt(p *vg.Path, at vg.Point, r vg.Length) {
	polygonAt(p, at, vg.Point{X: -1.08 * r, Y: -0.7 * r}, vg.Point{X: 1.08 * r, Y: -0.7 * r}, vg.Point{Y: 1.2 * r})
}

func crossAt(p *vg.Path, at vg.Point, r vg.Length) {
	r *= 0.8
	p.Move(vg.Point{X: at.X - r, Y: at.Y - r})
	p.Line(vg.Point{X: at.X + r, Y: at.Y + r})
	p.Move(vg.Point{X: at.X - r, Y: at.Y + r})
	p.Line(vg.Point{X: at.X + r, Y: at.Y - r})
}

func polygonAt(p *vg.Path, at vg.Point, corners ...vg.Point) {
	p.Move(at.Add(corners[0]))
	for _, c := range corners[1:] {
		p.Line(at.Add(c))
	}
	p.Close()
}

// apart lists the points in a frame by number, and of those so close that their marks
// hide one another only one; of more than most, every so many.
func apart(points []vg.Point, frame vg.Rectangle, most int) []int {
	const near = 1
	seen := make(map[[2]int]bool)
	var out []int
	for k, p := range points {
		cell := [2]int{int(p.X / near), int(p.Y / near)}
		if !within(frame, p) || seen[cell] {
			continue
		}
		seen[cell] = true
		out = append(out, k)
	}
	every := (len(out) + most - 1) / most
	if every <= 1 {
		return out
	}
	some := out[:0]
	for k := 0; k < len(out); k += every {
		some = append(some, out[k])
	}
	return some
}

// some lists the points that apart leaves.
func some(points []vg.Point, frame vg.Rectangle, most int) (out []vg.Point) {
	for _, k := range apart(points, frame, most) {
		out = append(out, points[k])
	}
	return out
}

// within says whether a point is in a frame, to rounding.
func within(frame vg.Rectangle, p vg.Point) bool {
	const rounding = 1e-6
	return p.X >= frame.Min.X-rounding && p.X <= frame.Max.X+rounding && p.Y >= frame.Min.Y-rounding && p.Y <= frame.Max.Y+rounding
}
