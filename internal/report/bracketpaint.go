package report

import (
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A lowerPanel is a frame below that of the bounds.
type lowerPanel struct {
	heading string
	y       axis
	paint   func(c panel)
}

// lower lists the frames below.
func (f Brackets) lower() (out []lowerPanel) {
	if y, ok := f.gaps(); ok {
		out = append(out, lowerPanel{"relative gap between the bounds", y, f.paintGaps})
	}
	for _, q := range f.Below {
		out = append(out, lowerPanel{q.Heading, q.heights(), q.paint})
	}
	return out
}

func (f Brackets) paint(p pen, s sheet) {
	c := s.draw(p, func(int) (string, int) { return "", 0 })[0]
	lower := f.lower()
	c.foot, c.below = len(lower) == 0, cut(style(textSize, false, ink, 0, 0), f.Axis, s.size().X)
	f.paintUnknown(c)
	c.drawAxes()
	if len(f.all()) == 0 {
		c.drawNothing("no bounds")
	}
	f.paintWhy(c)
	f.paintBounds(c, f.named(s))
	for k, q := range lower {
		c.frame.Max.Y = c.frame.Min.Y - lowerGap
		c.frame.Min.Y = c.frame.Max.Y - lowerFrame
		c.foot, c.heading = k == len(lower)-1, q.heading
		c.y = q.y.spaced(lowerFrame, func(string) vg.Length { return tickSize + 3 })
		f.paintUnknown(c)
		c.drawAxes()
		q.paint(c)
	}
}

// unknown lists the parts of a frame in which the first run has no upper bound.
func (f Brackets) unknown(c panel) (out []vg.Rectangle) {
	if len(f.Runs) == 0 {
		return nil
	}
	edge, known, last := c.frame.Min.X, false, c.frame.Min.X
	add := func(to vg.Length) {
		if to > edge {
			out = append(out, vg.Rectangle{Min: vg.Point{X: edge, Y: c.frame.Min.Y}, Max: vg.Point{X: to, Y: c.frame.Max.Y}})
		}
	}
	for _, q := range f.Runs[0] {
		if !finite(q.At) {
			continue
		}
		at := max(c.frame.Min.X, min(c.point(q.At, c.y.low).X, c.frame.Max.X))
		switch now := finite(q.Upper); {
		case now && !known:
			add(at)
			known = true
		case !now && known:
			edge, known = last, false
		}
		last = at
	}
	if !known {
		add(c.frame.Max.X)
	}
	return out
}

// widest is the widest part in which the first run has no upper bound.
func (f Brackets) widest(c panel) (out vg.Rectangle) {
	for _, r := range f.unknown(c) {
		if r.Size().X > out.Size().X {
			out = r
		}
	}
	return out
}

// named says whether the name of the optimum has room where the ground is grey.
func (f Brackets) named(s sheet) bool {
	c := panel{x: s.x, y: s.y, frame: s.frame(0)}
	y := c.point(c.x.low, f.Optimum).Y
	return f.widest(c).Size().X > 12+keyStyle().Width(f.OptimumName) && y > c.frame.Min.Y+4 && y < c.frame.Max.Y-34
}

// paintUnknown makes the ground grey where there is no upper bound, with a line where one
// begins.
func (f Brackets) paintUnknown(c panel) {
	for _, r := range f.unknown(c) {
		c.pen.FillPolygon(discTone, corners(r))
		if r.Max.X < c.frame.Max.X {
			c.pen.line(grey, 0.9, []vg.Length{3, 3}, vg.Point{X: r.Max.X, Y: r.Min.Y}, r.Max)
		}
	}
}

// paintWhy says why there is no upper bound, where there is room.
func (f Brackets) paintWhy(c panel) {
	words := style(labelSize, false, grey, text.XLeft, text.YTop)
	if r := f.widest(c); words.Width(f.Before) < r.Size().X-12 {
		c.pen.write(words, r.Min.X+6, r.Max.Y-6, cut(words, f.Before, r.Size().X-12))
	}
}

// paintBounds draws the bounds of all runs, the first on top.
func (f Brackets) paintBounds(c panel, named bool) {
	if len(f.Runs) > 0 {
		c.paintBands(f.Runs[0])
	}
	for k := len(f.Runs) - 1; k >= 0; k-- {
		for _, kind := range boundKinds {
			c.paintBound(f.Runs[k], kind, k == 0)
		}
	}
	if finite(f.Optimum) {
		y := c.point(c.x.low, f.Optimum).Y
		inside := c.inside()
		inside.StrokeLines(optimumLine, inside.ClipLinesXY([]vg.Point{{X: c.frame.Min.X, Y: y}, {X: c.frame.Max.X, Y: y}})...)
		if named {
			words := style(labelSize, false, ink, text.XLeft, text.YBottom)
			r := f.widest(c)
			c.pen.write(words, r.Min.X+6, y+4, cut(words, f.OptimumName, r.Size().X-12))
		}
	}
}

// paintGaps draws the gaps of all runs, with the lines of their lower bounds.
func (f Brackets) paintGaps(c panel) {
	for k := len(f.Runs) - 1; k >= 0; k-- {
		for _, kind := range boundKinds[1:] {
			lower := kind.of
			kind.of = func(q BracketPoint) float64 { return gap(q.Upper, lower(q)) }
			kind.stairs = false
			c.paintBound(f.Runs[k], kind, k == 0)
		}
	}
}

// paintBound draws the line of one kind of bounds of a run, with marks if it is the first.
func (c panel) paintBound(run []BracketPoint, kind boundKind, first bool) {
	const apart = 18 // points between marks
	line, inside := kind.line, c.inside()
	if !first {
		line = thin(line)
	}
	var part, marks []vg.Point
	flush := func() {
		inside.StrokeLines(line, inside.ClipLinesXY(simplified(part, 0.05))...)
		part = nil
	}
	for k, q := range run {
		if !finite(q.At) {
			continue
		}
		v := kind.of(q)
		if !finite(v) {
			flush()
			continue
		}
		at := c.point(q.At, v)
		if kind.stairs && len(part) > 0 {
			part = append(part, vg.Point{X: at.X, Y: part[len(part)-1].Y})
		}
		part = append(part, at)
		if n := len(marks); first && within(c.frame, at) && (n == 0 || k == len(run)-1 || math.Hypot(float64(at.X-marks[n-1].X), float64(at.Y-marks[n-1].Y)) > apart) {
			marks = append(marks, at)
		}
	}
	flush()
	c.pen.marks(kind.mark, kind.line.Color, bracketMark, marks...)
}

// paintBands fills what is between the upper bound and the best lower one; paler where
// that is estimated.
func (c panel) paintBands(run []BracketPoint) {
	var up, down []vg.Point
	inside, opacity := c.inside(), 0.0
	flush := func() {
		for k := len(down) - 1; k >= 0; k-- {
			up = append(up, down[k])
		}
		if len(up) > 3 {
			inside.FillPolygon(faded(sky, opacity), inside.ClipPolygonXY(up))
		}
		up, down = nil, nil
	}
	for _, q := range run {
		lower, look := q.Proved, 0.32
		if !finite(lower) || finite(q.Estimated) && q.Estimated > lower {
			lower, look = q.Estimated, 0.16
		}
		if !finite(q.At) {
			continue
		}
		if !finite(q.Upper) || !finite(lower) {
			flush()
			continue
		}
		top, bottom := c.point(q.At, q.Upper), c.point(q.At, lower)
		if n := len(down); n > 0 {
			down = append(down, vg.Point{X: bottom.X, Y: down[n-1].Y})
			if look != opacity { // the next band begins where this one ends
				up = append(up, top)
				flush()
			}
		}
		up, down, opacity = append(up, top), append(down, bottom), look
	}
	flush()
}
