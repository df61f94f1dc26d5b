package report

import (
	"cmp"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A DualShadow is the picture of the dual of a program of largest margins in the plane of
// two sums, of lambda over the positive samples and over the negative ones. The dual
// maximises their sum over those that are feasible, a convex set. The line on which the sum
// is the optimum touches the set.
type DualShadow struct {
	Title, Subtitle string // one line each; what is too long is cut
	Outer           []XY   // the corners of the feasible set, in their order
	Path            []XY   // the dual points of training, scaled into the set
	Optimum         XY     // NaN if it is not known
	PMM             float64
	PMMName         string // "the sum is PMM" if empty
	XLabel, YLabel  string // "lambda, positive samples" and "lambda, negative samples" if empty
}

const (
	shadowSide = 340 // of the frame
	shadowGap  = 20  // between it and the key
)

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f DualShadow) Write(w io.Writer, format string) error {
	return write(w, format, sheetWidth, f.height(), f.paint)
}

func (f DualShadow) height() vg.Length {
	return titleHeight(f.Title, f.Subtitle) + 10 + shadowSide + marginFoot
}

// panel is the frame, a square with the same scale on both axes.
func (f DualShadow) panel() panel {
	c := panel{foot: true, plain: true, x: blank, y: blank}
	c.frame.Min = vg.Point{X: marginLeft, Y: marginFoot}
	c.frame.Max = c.frame.Min.Add(vg.Point{X: shadowSide, Y: shadowSide})
	points := append(append(append([]XY(nil), f.Outer...), f.Path...), f.Optimum)
	var xs, ys []float64
	for _, q := range points {
		if finite(q.X) && finite(q.Y) {
			xs, ys = append(xs, q.X), append(ys, q.Y)
		}
	}
	if len(xs) == 0 {
		return c
	}
	// Sums of what is not negative: zero is in sight unless it is far away.
	lowX, highX := extent(append(xs, 0), finite)
	lowY, highY := extent(append(ys, 0), finite)
	span := 1.16 * max(highX-lowX, highY-lowY)
	// The foot is as wide as the sets need that are cut by an axis.
	foot := 0.03 * span
	c.x, c.y = linearAxis(lowX-foot, lowX-foot+span, 4), linearAxis(lowY-foot, lowY-foot+span, 4)
	return c
}

func (f DualShadow) paint(p pen) {
	c := f.panel()
	label := style(textSize, false, ink, text.XCenter, text.YTop)
	c.pen, c.below = p, cut(label, cmp.Or(f.XLabel, "lambda, positive samples"), shadowSide)
	p.title(marginLeft, f.Title, f.Subtitle)
	c.x = c.x.spaced(shadowSide, func(l string) vg.Length { return style(tickSize, false, ink, 0, 0).Width(l) + 8 })
	label.Rotation = math.Pi / 2
	p.write(label, sheetEdge, (c.frame.Min.Y+c.frame.Max.Y)/2, cut(style(textSize, false, ink, 0, 0), cmp.Or(f.YLabel, "lambda, negative samples"), shadowSide))
	inside := c.inside()
	set := c.points(f.Outer)
	if len(set) > 2 {
		inside.FillPolygon(faded(sky, 0.3), inside.ClipPolygonXY(simplified(set, 0.02)))
	}
	c.drawAxes()
	if len(c.x.ticks) == 0 {
		c.drawNothing("no points")
	}
	if len(set) > 2 {
		inside.StrokeLines(shadowOutline, inside.ClipLinesXY(simplified(append(set, set[0]), 0.02))...)
	}
	if a, b, ok := c.across(RegionLine{A: 1, B: 1, C: -f.PMM}); ok {
		inside.StrokeLines(optimumLine, inside.ClipLinesXY([]vg.Point{a, b})...)
	}
	path := c.points(f.Path)
	inside.StrokeLines(shadowPath, inside.ClipLinesXY(simplified(path, 0.05))...)
	p.marks(disc, ink, 1.5, some(path, c.frame, 200)...)
	if len(path) > 0 {
		p.marks(ring, ink, 3.2, some(path[:1], c.frame, 1)...)
		p.marks(box, ink, 3.2, some(path[len(path)-1:], c.frame, 1)...)
	}
	for _, at := range some(c.points([]XY{f.Optimum}), c.frame, 1) {
		p.bullseye(at, 7)
	}
	f.key().draw(p, vg.Point{X: c.frame.Max.X + shadowGap, Y: c.frame.Max.Y}, f.keyWidth(c))
}

func (f DualShadow) keyWidth(c panel) vg.Length {
	return sheetWidth - marginRight - c.frame.Max.X - shadowGap
}

var (
	shadowOutline = draw.LineStyle{Color: blue, Width: 1.4}
	shadowPath    = draw.LineStyle{Color: ink, Width: 0.8}
)

// key names what there is, one below the other.
func (f DualShadow) key() (k key) {
	if len(f.Outer) > 2 {
		k = append(k, entry{"dual feasible", swatchWidth, func(p pen, at vg.Point) {
			area := corners(vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y - 5}, Max: vg.Point{X: at.X + swatchWidth, Y: at.Y + 5}})
			p.FillPolygon(faded(sky, 0.3), area)
			p.StrokeLines(shadowOutline, append(area, area[0]))
		}})
	}
	if finite(f.PMM) {
		name := cmp.Or(f.PMMName, "the sum is "+plainExponent(fmt.Sprintf("%.6g", f.PMM)))
		k = append(k, entry{name, swatchWidth, func(p pen, at vg.Point) {
			p.StrokeLine2(optimumLine, at.X, at.Y, at.X+swatchWidth, at.Y)
		}})
	}
	if finite(f.Optimum.X) && finite(f.Optimum.Y) {
		k = append(k, entry{"optimum of the dual", swatchWidth, func(p pen, at vg.Point) {
			p.bullseye(vg.Point{X: at.X + swatchWidth/2, Y: at.Y}, 6)
		}})
	}
	for _, q := range []struct {
		name string
		m    mark
	}{{"first point of training", ring}, {"last point of training", box}} {
		if len(f.Path) > 0 {
			k = append(k, entry{q.name, swatchWidth, func(p pen, at vg.Point) {
				p.StrokeLine2(shadowPath, at.X, at.Y, at.X+swatchWidth, at.Y)
				p.marks(q.m, ink, 3.2, vg.Point{X: at.X + swatchWidth/2, Y: at.Y})
			}})
		}
	}
	return k
}
