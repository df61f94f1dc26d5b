package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A scale colours numbers in bands: blue below a round middle, orange above, paler the
// nearer to it.
type scale struct {
	edges []float64 // between the bands, ascending
	step  float64
}

// bandsPerSide is the most bands on each side of the middle.
const bandsPerSide = 5

// bandColours are from the lowest to the highest.
var bandColours = func() (out [2 * bandsPerSide]color.NRGBA) {
	for k := range bandsPerSide {
		share := 0.12 + 0.68*float64(k)/(bandsPerSide-1)
		out[bandsPerSide-1-k] = mixed(paper, blue, share)
		out[bandsPerSide+k] = mixed(paper, vermilion, share)
	}
	return out
}()

// mixed is a colour on the way from a to b.
func mixed(a, b color.NRGBA, share float64) color.NRGBA {
	mix := func(x, y uint8) uint8 {
		return uint8(math.Round(float64(x) + share*(float64(y)-float64(x))))
	}
	return rgb(mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B))
}

// newScale covers a range.
func newScale(low, high float64) scale {
	if !(high-low > 1e-7*max(math.Abs(low), math.Abs(high))) {
		half := max(math.Abs(low)/2, 0.5)
		low, high = low-half, high+half
	}
	// Zero is in the middle if it is about there.
	if mean := low/2 + high/2; low < 0 && high > 0 && math.Abs(mean) < 0.25*(high-low) {
		high = max(high, -low)
		low = -high
	}
	for steps := 2.0 * bandsPerSide; ; steps *= 0.8 {
		step := niceStep(high-low, steps)
		middle := step * math.Round((low/2+high/2)/step)
		side := math.Ceil(max(high-middle, middle-low)/step - 1e-9)
		if side > bandsPerSide {
			continue
		}
		s := scale{step: step}
		for k := 1 - side; k < side; k++ {
			s.edges = append(s.edges, middle+k*step)
		}
		return s
	}
}

// band is the colour of the k-th band.
func (s scale) band(k int) color.NRGBA {
	side := (len(s.edges) + 1) / 2
	// Few bands are as different as many.
	at := func(k int) int { return int((float64(k) + 0.5) * bandsPerSide / float64(side)) }
	if k < side {
		return bandColours[bandsPerSide-1-at(side-1-k)]
	}
	return bandColours[bandsPerSide+at(k-side)]
}

// colour is that of a value.
func (s scale) colour(v float64) color.NRGBA {
	k := 0
	for k < len(s.edges) && v >= s.edges[k] {
		k++
	}
	return s.band(k)
}

// draw draws the scale from a point to the right, with its name before it.
func (s scale) draw(p pen, left vg.Point, width vg.Length, name string) {
	const height = 10
	words := style(labelSize, false, ink, text.XLeft, text.YCenter)
	name = cut(words, name, width/3)
	p.write(words, left.X, left.Y, name)
	x := left.X + words.Width(name) + 10
	each := (left.X + width - x) / vg.Length(len(s.edges)+1)
	frame := vg.Rectangle{Min: vg.Point{X: x, Y: left.Y - height/2}, Max: vg.Point{X: left.X + width, Y: left.Y + height/2}}
	ticks := axis{low: 0, high: float64(len(s.edges) + 1)}
	reach := max(math.Abs(s.edges[0]), math.Abs(s.edges[len(s.edges)-1]))
	for k := range len(s.edges) + 1 {
		from := x + each*vg.Length(k)
		p.FillPolygon(s.band(k), corners(vg.Rectangle{Min: vg.Point{X: from, Y: frame.Min.Y}, Max: vg.Point{X: from + each, Y: frame.Max.Y}}))
		if k > 0 {
			ticks.ticks = append(ticks.ticks, tick{float64(k), stepLabel(s.edges[k-1], s.step, reach)})
		}
	}
	p.line(grey, 0.6, nil, append(corners(frame), frame.Min)...)
	small := style(tickSize, false, ink, text.XCenter, text.YTop)
	for _, t := range ticks.spaced(left.X+width-x, func(l string) vg.Length { return small.Width(l) + 6 }).ticks {
		at := x + each*vg.Length(t.value)
		p.line(grey, 0.6, nil, vg.Point{X: at, Y: frame.Min.Y - 3}, vg.Point{X: at, Y: frame.Min.Y})
		p.write(small, at, frame.Min.Y-5, t.label)
	}
}
