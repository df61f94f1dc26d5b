package report

import (
	"fmt"
	"image/color"
	"regexp"
	"strconv"
	"strings"
)

// A tone is a colour of the pictures, and what a page shows in its place: on a light
// background the colours of Okabe and Ito that are too pale for thin lines are darker,
// on a dark background all are lighter.
type tone struct {
	name            string // of the CSS variable
	colour          color.NRGBA
	onLight, onDark color.NRGBA
}

// tones are all colours that pictures have.
var tones = func() []tone {
	dark := rgb(0x16, 0x19, 0x1d)
	list := []tone{
		{name: "paper", colour: paper, onLight: paper, onDark: dark},
		{name: "ink", colour: ink, onLight: ink, onDark: rgb(0xe8, 0xe8, 0xe6)},
		{name: "grey", colour: grey, onLight: rgb(0x5f, 0x5f, 0x5f), onDark: rgb(0xa9, 0xad, 0xb3)},
		{name: "pale", colour: pale, onLight: pale, onDark: rgb(0x30, 0x35, 0x3b)},
		{name: "disc", colour: discTone, onLight: discTone, onDark: rgb(0x21, 0x26, 0x2c)},
		{name: "blue", colour: blue, onLight: blue, onDark: rgb(0x4c, 0xa6, 0xe6)},
		{name: "sky", colour: sky, onLight: rgb(0x36, 0x94, 0xd0), onDark: rgb(0x9a, 0xd6, 0xf6)},
		{name: "vermilion", colour: vermilion, onLight: vermilion, onDark: rgb(0xf0, 0x84, 0x46)},
		{name: "green", colour: green, onLight: rgb(0x00, 0x93, 0x6b), onDark: rgb(0x35, 0xc8, 0x9c)},
		{name: "orange", colour: orange, onLight: rgb(0xb5, 0x7a, 0x00), onDark: rgb(0xf0, 0xb4, 0x3c)},
		{name: "purple", colour: purple, onLight: rgb(0xbb, 0x66, 0x94), onDark: rgb(0xe2, 0x9f, 0xc6)},
		{name: "class0", colour: classPale[0], onLight: classPale[0], onDark: rgb(0x15, 0x2c, 0x40)},
		{name: "class1", colour: classPale[1], onLight: classPale[1], onDark: rgb(0x44, 0x28, 0x18)},
	}
	for k, c := range bandColours {
		end, share := rgb(0x2f, 0x83, 0xbf), float64(bandsPerSide-k)/(bandsPerSide+0.5)
		if k >= bandsPerSide {
			end, share = rgb(0xc8, 0x65, 0x2c), float64(k-bandsPerSide+1)/(bandsPerSide+0.5)
		}
		list = append(list, tone{name: fmt.Sprintf("band%d", k), colour: c, onLight: c, onDark: mixed(dark, end, share)})
	}
	return list
}()

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// variables declares the tones as CSS variables.
func variables(dark bool) string {
	var b strings.Builder
	for _, t := range tones {
		c := t.onLight
		if dark {
			c = t.onDark
		}
		fmt.Fprintf(&b, "--%s:%s;", t.name, hex(c))
	}
	return b.String()
}

var (
	styleAttribute = regexp.MustCompile(`style="[^"]*"`)
	hexColour      = regexp.MustCompile(`#[0-9A-F]{6}`)
	svgStart       = regexp.MustCompile(`(?s)^.*?<svg[^>]*viewBox="0 0 ([0-9.]+) ([0-9.]+)"[^>]*>`)
)

// themed makes the colours of an SVG those of CSS variables. Words are left as they are:
// they hold no quotation marks.
func themed(svg []byte) []byte {
	return styleAttribute.ReplaceAllFunc(svg, func(attribute []byte) []byte {
		return hexColour.ReplaceAllFunc(attribute, func(c []byte) []byte {
			if t, ok := toneOf(c); ok {
				return []byte("var(--" + t.name + ")")
			}
			return c
		})
	})
}

// toneOf is the tone of a colour written #RRGGBB. Those with an opacity were rounded on
// their way.
func toneOf(written []byte) (tone, bool) {
	const rounding = 2
	v, err := strconv.ParseUint(string(written[1:]), 16, 32)
	if err != nil {
		return tone{}, false
	}
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= rounding }
	for _, t := range tones {
		if near(t.colour.R, uint8(v>>16)) && near(t.colour.G, uint8(v>>8)) && near(t.colour.B, uint8(v)) {
			return t, true
		}
	}
	return tone{}, false
}
