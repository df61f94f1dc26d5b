package report

import (
	"image/color"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A key explains marks and lines, in rows that break where the line ends.
type key []entry

// An entry draws a sample of a width to the right of a point.
type entry struct {
	name  string
	width vg.Length
	draw  func(p pen, at vg.Point)
}

const (
	keyRow      = 16
	swatchWidth = 18 // of lines and areas
	markWidth   = 9
	swatchGap   = 5
)

func keyStyle() text.Style { return style(labelSize, false, ink, text.XLeft, text.YBottom) }

// rows breaks the key into rows.
func (k key) rows(width vg.Length) (rows []key) {
	const gap = 16
	words := keyStyle()
	var x vg.Length
	for _, e := range k {
		e.name = cut(words, e.name, width-e.width-swatchGap)
		need := e.width + swatchGap + words.Width(e.name)
		if len(rows) == 0 || x+need > width {
			rows, x = append(rows, nil), 0
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], e)
		x += need + gap
	}
	return rows
}

func (k key) height(width vg.Length) vg.Length { return vg.Length(keyRow * len(k.rows(width))) }

// draw draws the key below and to the right of a point.
func (k key) draw(p pen, corner vg.Point, width vg.Length) {
	const gap = 16
	words := keyStyle()
	for i, row := range k.rows(width) {
		x, y := corner.X, corner.Y-vg.Length(keyRow*i)-8
		for _, e := range row {
			e.draw(p, vg.Point{X: x, Y: y})
			x += e.width + swatchGap
			p.write(words, x, y-4, e.name)
			x += words.Width(e.name) + gap
		}
	}
}

// mark adds an entry of a mark if it is wanted.
func (k *key) mark(wanted bool, name string, m mark, radius vg.Length, c color.Color) {
	if wanted {
		*k = append(*k, entry{name, markWidth, func(p pen, at vg.Point) {
			p.marks(m, c, radius, vg.Point{X: at.X + markWidth/2, Y: at.Y})
		}})
	}
}
