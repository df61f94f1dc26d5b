package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The layout that pictures share, in points.
const (
	marginLeft  = 58
	marginRight = 20
	marginTop   = 50
	marginFoot  = 44
	panelGap    = 38 // holds the heading of the next panel

	headSize  = 13
	textSize  = 10
	labelSize = 9.5
	tickSize  = 9
)

// The colours of Okabe and Ito, and greys.
var (
	blue      = rgb(0x00, 0x72, 0xb2)
	sky       = rgb(0x56, 0xb4, 0xe9)
	vermilion = rgb(0xd5, 0x5e, 0x00)
	green     = rgb(0x00, 0x9e, 0x73)
	orange    = rgb(0xe6, 0x9f, 0x00)
	purple    = rgb(0xcc, 0x79, 0xa7)
	ink       = rgb(0x22, 0x22, 0x22)
	grey      = rgb(0x66, 0x66, 0x66)
	pale      = rgb(0xe6, 0xe6, 0xe6)
	paper     = rgb(0xff, 0xff, 0xff)
)

func rgb(r, g, b uint8) color.NRGBA { return color.NRGBA{r, g, b, 0xff} }

// faded is a colour with an opacity.
func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(opacity * 0xff)
	return c
}

// handler sets text in Liberation Sans, regular and bold.
var handler = sync.OnceValue(func() text.Plain {
	var faces font.Collection
	for _, f := range []struct {
		weight xfont.Weight
		data   []byte
	}{
		{xfont.WeightNormal, liberationsansregular.TTF},
		{xfont.WeightBold, liberationsansbold.TTF},
	} {
		face, err := opentype.Parse(f.data)
		if err != nil {
			panic("report: the font does not parse: " + err.Error())
		}
		faces = append(faces, font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: f.weight}, Face: face})
	}
	return text.Plain{Fonts: font.NewCache(faces)}
})

// A pen draws on a canvas, whose origin is the lower left corner.
type pen struct{ draw.Canvas }

// style is a style of text.
func style(size vg.Length, bold bool, c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	weight := xfont.WeightNormal
	if bold {
		weight = xfont.WeightBold
	}
	return text.Style{
		Color: c, XAlign: x, YAlign: y, Handler: handler(),
		Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
	}
}

// line draws a polygon line.
func (p pen) line(c color.Color, width vg.Length, dashes []vg.Length, points ...vg.Point) {
	p.StrokeLines(draw.LineStyle{Color: c, Width: width, Dashes: dashes}, points)
}

// write draws text.
func (p pen) write(s text.Style, x, y vg.Length, words string) {
	if s.YAlign == text.YCenter {
		y += 0.09 * s.Font.Size // letters without descenders are in the middle
	}
	p.FillText(s, vg.Point{X: x, Y: y}, words)
}

// title writes the title and the subtitle at the top.
func (p pen) title(left vg.Length, title, subtitle string) {
	bold, plain := style(headSize, true, ink, text.XLeft, text.YBottom), style(textSize, false, grey, text.XLeft, text.YBottom)
	room := p.Max.X - left - marginRight
	p.write(bold, left, p.Max.Y-26, cut(bold, title, room))
	p.write(plain, left, p.Max.Y-41, cut(plain, subtitle, room))
}

// titleHeight is the room that titles need.
func titleHeight(title, subtitle string) vg.Length {
	switch {
	case subtitle != "":
		return marginTop
	case title != "":
		return marginTop - 15
	}
	return 14
}

// cut shortens what is too long for a room, and marks what cannot be printed.
func cut(s text.Style, words string, room vg.Length) string {
	words = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, words)
	runes := []rune(words)
	for most := min(len(runes), int(room)); s.Width(words) > room && most > 0; most-- {
		words = strings.TrimRight(string(runes[:most-1]), " ") + "…"
	}
	return words
}

// formats are the ways to write a picture.
var formats = map[string]func(w io.Writer, width, height vg.Length, paint func(pen)) error{
	"svg": writeSVG,
	"png": writePNG,
}

func writeSVG(w io.Writer, width, height vg.Length, paint func(pen)) error {
	b, err := svgOf(width, height, func(p pen) {
		p.fillPaper()
		paint(p)
	})
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// svgOf is a drawing as a file, without paper.
func svgOf(width, height vg.Length, paint func(pen)) ([]byte, error) {
	c := vgsvg.New(width, height)
	paint(pen{draw.New(c)})
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, err
	}
	const family = "font-family:Liberation Sans"
	return bytes.ReplaceAll(b.Bytes(), []byte(family+";"), []byte(family+",Arial,Helvetica,sans-serif;")), nil
}

// fillPaper makes a canvas as white as paper.
func (p pen) fillPaper() { p.FillPolygon(paper, corners(p.Rectangle)) }

func writePNG(w io.Writer, width, height vg.Length, paint func(pen)) error {
	const dpi = 200
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(paper))
	paint(pen{draw.New(c)})
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// write writes a picture in a format, svg or png.
func write(w io.Writer, format string, width, height vg.Length, paint func(pen)) error {
	f, ok := formats[format]
	if !ok {
		return fmt.Errorf("a picture is svg or png, and not %q", format)
	}
	return f(w, width, height, paint)
}
