package report

import (
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A sheet is a picture of small multiples: panels with the same axes in one or two
// columns below a title and a key.
type sheet struct {
	title, subtitle string
	key             key
	x, y            axis
	xlabel, ylabel  string
	count           int       // number of panels, at least one
	one, many       vg.Length // height of a frame by itself, and of one among several
	foot            vg.Length // room for more below the panels
	nameless        bool      // panels have no heading
	also            []string  // more labels that need room left of the frames
}

const (
	sheetWidth = 576
	sheetEdge  = 14 // left of everything but the title
	tileGapX   = 18
	tileGapY   = 32 // holds the heading of the next panel
)

// left is where the frames begin, right of the labels of the vertical axis.
func (s sheet) left() vg.Length {
	words := style(tickSize, false, ink, 0, 0)
	var wide vg.Length
	for _, l := range append(s.y.labels(), s.also...) {
		wide = max(wide, words.Width(l))
	}
	x := sheetEdge + wide + 9
	if s.ylabel != "" {
		x += 16
	}
	return max(x, 40)
}

func (s sheet) columns() int {
	if s.count == 1 {
		return 1
	}
	return 2
}

func (s sheet) rows() int { return (s.count + s.columns() - 1) / s.columns() }

// size is the size of a frame.
func (s sheet) size() vg.Point {
	width := sheetWidth - marginRight - s.left()
	if s.count == 1 {
		return vg.Point{X: width, Y: s.one}
	}
	return vg.Point{X: (width - tileGapX) / 2, Y: s.many}
}

// above is the height of all that is above the frames.
func (s sheet) above() vg.Length {
	const gap, heading = 8, 18
	height := titleHeight(s.title, s.subtitle) + s.key.height(s.keyWidth()) + gap
	if !s.nameless {
		height += heading
	}
	return height
}

func (s sheet) keyWidth() vg.Length { return sheetWidth - marginRight - s.left() }

func (s sheet) height() vg.Length {
	return s.above() + vg.Length(s.rows())*(s.size().Y+tileGapY) + marginFoot - tileGapY + s.foot
}

// frame is where a panel is.
func (s sheet) frame(k int) vg.Rectangle {
	size := s.size()
	x := s.left() + vg.Length(k%s.columns())*(size.X+tileGapX)
	y := s.height() - s.above() - vg.Length(k/s.columns())*(size.Y+tileGapY)
	return vg.Rectangle{Min: vg.Point{X: x, Y: y - size.Y}, Max: vg.Point{X: x + size.X, Y: y}}
}

// draw draws all but what is in the panels, and returns them.
func (s sheet) draw(p pen, heading func(int) (name string, method int)) []panel {
	p.title(s.left(), s.title, s.subtitle)
	s.key.draw(p, vg.Point{X: s.left(), Y: s.height() - titleHeight(s.title, s.subtitle)}, s.keyWidth())
	size := s.size()
	x := s.x.spaced(size.X, func(l string) vg.Length { return style(tickSize, false, ink, 0, 0).Width(l) + 8 })
	y := s.y.spaced(size.Y, func(string) vg.Length { return tickSize + 3 })
	label := style(textSize, false, ink, text.XCenter, text.YTop)
	panels := make([]panel, s.count)
	for k := range panels {
		below := k+s.columns() >= s.count
		panels[k] = panel{
			pen: p, x: x, y: y, frame: s.frame(k),
			below: cut(label, s.xlabel, size.X), foot: below, bare: k%s.columns() > 0,
		}
	}
	if s.ylabel != "" {
		label := style(textSize, false, ink, text.XCenter, text.YTop)
		label.Rotation = math.Pi / 2
		for k := 0; k < s.count; k += s.columns() {
			f := s.frame(k)
			p.write(label, sheetEdge, (f.Min.Y+f.Max.Y)/2, cut(style(textSize, false, ink, 0, 0), s.ylabel, size.Y))
		}
	}
	for k, c := range panels {
		name, method := heading(k)
		c.drawHeading(name, method)
	}
	return panels
}

// drawHeading writes a name above the frame, after the mark of its method.
func (c panel) drawHeading(name string, method int) {
	if name == "" {
		return
	}
	words := style(textSize, true, ink, text.XLeft, text.YBottom)
	x, y := c.frame.Min.X, c.frame.Max.Y+6
	c.pen.DrawGlyphNoClip(methodGlyph(method), vg.Point{X: x + 4, Y: y + 4.6})
	c.pen.write(words, x+13, y, cut(words, name, c.frame.Size().X-13))
}

// spaced drops labels until each has the room that it needs on an axis so long.
func (a axis) spaced(length vg.Length, need func(string) vg.Length) axis {
	var labelled []int
	for k, t := range a.ticks {
		if t.label != "" {
			labelled = append(labelled, k)
		}
	}
	tight := func(every int) bool {
		for k := every; k < len(labelled); k += every {
			one, next := a.ticks[labelled[k-every]], a.ticks[labelled[k]]
			if vg.Length(a.at(next.value)-a.at(one.value))*length < (need(one.label)+need(next.label))/2 {
				return true
			}
		}
		return false
	}
	every := 1
	for every < len(labelled) && tight(every) {
		every++
	}
	ticks := append([]tick(nil), a.ticks...)
	for k, at := range labelled {
		if k%every != 0 {
			ticks[at].label = ""
		}
	}
	a.ticks = ticks
	return a
}
