package report

import (
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A list is a picture of rows with a name each over a common horizontal axis.
type list struct {
	title, subtitle string
	key             key
	names           []string
	methods         []int       // nil for rows without marks
	heights         []vg.Length // of the rows
	x               axis
	below           string // the name of the axis
	right           vg.Length
}

const (
	listName = 190 // the most room for a name
	listEdge = 22
)

func (l list) left() vg.Length {
	words := style(textSize, false, ink, 0, 0)
	var wide vg.Length
	for _, name := range l.names {
		wide = max(wide, words.Width(cut(words, name, listName)))
	}
	return max(marginLeft, listEdge+14+wide+12)
}

func (l list) keyWidth() vg.Length { return sheetWidth - listEdge - marginRight }

func (l list) above() vg.Length {
	return titleHeight(l.title, l.subtitle) + l.key.height(l.keyWidth()) + 8
}

// rows is the height of all rows, of some room if there are none.
func (l list) rows() vg.Length {
	if len(l.heights) == 0 {
		return 60
	}
	var sum vg.Length
	for _, h := range l.heights {
		sum += h
	}
	return sum
}

func (l list) height() vg.Length { return l.above() + l.rows() + marginFoot }

func (l list) frame() vg.Rectangle {
	top := l.height() - l.above()
	return vg.Rectangle{Min: vg.Point{X: l.left(), Y: top - l.rows()}, Max: vg.Point{X: sheetWidth - marginRight - l.right, Y: top}}
}

// draw draws all but what is in the rows, and returns the frame and the middle of each
// row.
func (l list) draw(p pen) (c panel, middles []vg.Length) {
	p.title(listEdge, l.title, l.subtitle)
	l.key.draw(p, vg.Point{X: listEdge, Y: l.height() - titleHeight(l.title, l.subtitle)}, l.keyWidth())
	frame := l.frame()
	x := l.x.spaced(frame.Size().X, func(label string) vg.Length { return style(tickSize, false, ink, 0, 0).Width(label) + 8 })
	c = panel{pen: p, frame: frame, x: x, y: axis{high: 1}, below: cut(style(textSize, false, ink, 0, 0), l.below, frame.Size().X), foot: true}
	c.drawAxes()
	words := style(textSize, false, ink, text.XLeft, text.YCenter)
	y := frame.Max.Y
	for k, name := range l.names {
		middle := y - l.heights[k]/2
		middles = append(middles, middle)
		if k > 0 {
			p.line(pale, 0.6, nil, vg.Point{X: frame.Min.X, Y: y}, vg.Point{X: frame.Max.X, Y: y})
		}
		at := vg.Length(listEdge)
		if l.methods != nil {
			p.DrawGlyphNoClip(methodGlyph(l.methods[k]), vg.Point{X: listEdge + 4, Y: middle})
			at += 14
		}
		p.write(words, at, middle, cut(words, name, listName))
		y -= l.heights[k]
	}
	if len(l.names) == 0 {
		c.drawNothing("no results")
	}
	return c, middles
}
