package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// inPlane moves the origin of a drawing to the middle of the disc, with y upwards.
func (s studio) inPlane(drawing string) string {
	at := s.plane.middle
	return fmt.Sprintf("<g transform=\"translate(%.1f,%.1f) scale(%g,%g)\">\n%s</g>\n", at.X, s.height-at.Y, 1.0/filmScale, -1.0/filmScale, drawing)
}

// fromMiddle are points from the middle of the disc.
func (s studio) fromMiddle(list []vg.Point) []vg.Point {
	for k := range list {
		list[k] = list[k].Sub(s.plane.middle)
	}
	return list
}

// movingPrices are the curves of the prices, with points at the same angles in all frames.
func (s studio) movingPrices() string {
	const steps, edges = 80, 40
	var b strings.Builder
	angles := s.cells.grid(steps, edges, s.last.Nu)
	for _, positive := range []bool{false, true} {
		values := make([]string, len(s.Frames))
		for k, q := range s.Frames {
			values[k] = pathData(s.fromMiddle(s.plane.curve(s.cells, q.Nu, positive, angles))) + "z"
		}
		var dashes []string
		for _, d := range priceDashes(positive) {
			dashes = append(dashes, tenths(d))
		}
		colour := hex(signColour(positive))
		fmt.Fprintf(&b, "<path style=\"fill:%s;fill-opacity:%g;stroke:%s;stroke-width:%s;stroke-dasharray:%s\" d=\"%s\">%s</path>\n",
			colour, priceOpacity, colour, tenths(priceWidth), cmp.Or(strings.Join(dashes, " "), "none"), values[len(values)-1], s.reel.animate("d", values))
	}
	return b.String()
}

// movingLevel is the circle of the level, in the frames that have one.
func (s studio) movingLevel() string {
	on, radii, last := make([]bool, len(s.Frames)), make([]string, len(s.Frames)), "0"
	for k, q := range s.Frames {
		if on[k] = q.leveled(); on[k] {
			last = tenths(vg.Length(q.Level) * s.plane.unit)
		}
		radii[k] = last
	}
	if !slices.Contains(on, true) {
		return ""
	}
	return fmt.Sprintf("<g>%s<circle style=\"fill:none;stroke:%s;stroke-width:%s;stroke-dasharray:%s %s\" r=\"%s\">%s</circle></g>\n",
		s.reel.shown(on), hex(ink), tenths(levelWidth), tenths(levelDashes[0]), tenths(levelDashes[1]), last, s.reel.animate("r", radii))
}

// movingTails are the tails of the neurons that have directions in all frames.
func (s studio) movingTails() string {
	const back, steps = 6, 12
	var b strings.Builder
	for j, n := range s.last.Neurons {
		course := newGlide(directions(s.Frames, j))
		if n.Dead || course.first > 0 {
			continue
		}
		values := make([]string, len(s.Frames))
		for k := range values {
			values[k] = pathData(s.fromMiddle(s.plane.tail(course, k, back, steps)))
		}
		fmt.Fprintf(&b, "<path style=\"fill:none;stroke:%s;stroke-opacity:%g;stroke-width:%s\" d=\"%s\">%s</path>\n",
			hex(signColour(n.Positive)), tailOpacity, tenths(1.3*tailWidth), values[len(values)-1], s.reel.animate("d", values))
	}
	return b.String()
}

// movingNeurons draws each neuron as it looks, alive or dead, in the frames in which it
// looks so.
func (s studio) movingNeurons() string {
	shares := make([][]float64, len(s.Frames))
	for k, q := range s.Frames {
		shares[k] = q.marks()
	}
	var b strings.Builder
	for _, j := range inOrder(s.last.Neurons, shares[len(shares)-1]) {
		angles := directions(s.Frames, j)
		for _, look := range []FlowNeuron{{Dead: true}, {Positive: true}, {}} {
			m := movingMark{FlowNeuron: look}
			angle, size := 0.0, 1.0
			for k, a := range angles {
				on := !math.IsNaN(a)
				if on {
					n := s.Frames[k].Neurons[j]
					angle, size = a*180/math.Pi, float64(s.plane.radius(shares[k][j]))
					on = n.name() == look.name()
				}
				m.on = append(m.on, on)
				m.turns, m.back, m.sizes = append(m.turns, short(angle, 1)), append(m.back, short(-angle, 1)), append(m.sizes, short(size, 2))
			}
			if slices.Contains(m.on, true) {
				b.WriteString(s.movingNeuron(m))
			}
		}
	}
	return b.String()
}

// A movingMark is a neuron of one look, with its angle, in degrees, and its size in each
// frame.
type movingMark struct {
	FlowNeuron
	on                 []bool
	turns, back, sizes []string
}

// movingNeuron turns a mark around the middle, and back around itself.
func (s studio) movingNeuron(m movingMark) string {
	shape, look := neuronMark(m.Positive), fmt.Sprintf("fill:%s;stroke:%s;stroke-width:0.8", hex(signColour(m.Positive)), hex(paper))
	if m.Dead {
		shape, look = ring, fmt.Sprintf("fill:%s;stroke:%s;stroke-width:3", hex(paper), hex(grey))
	}
	var outline vg.Path
	shape.outline(&outline, vg.Point{}, 1) // in the units of its size, in tenths of them
	last, r := len(m.on)-1, s.reel
	return fmt.Sprintf("<g>%s<g transform=\"rotate(%s)\">%s<g transform=\"translate(%s,0)\"><g transform=\"rotate(%s)\">%s<path style=\"%s\" d=\"%s\" transform=\"scale(%s)\">%s</path></g></g></g></g>\n",
		r.shown(m.on), m.turns[last], r.transform("rotate", m.turns), tenths(s.plane.unit), m.back[last], r.transform("rotate", m.back),
		look, outlineData(outline), m.sizes[last], r.transform("scale", m.sizes))
}

// movingPeaks are the marks of the extreme points of each frame.
func (s studio) movingPeaks() string {
	list := make([]string, len(s.Frames))
	for k, q := range s.Frames {
		for _, at := range s.fromMiddle(s.plane.touches(s.cells, q.Nu)) {
			list[k] += fmt.Sprintf("<circle style=\"fill:none;stroke:%s;stroke-width:%s\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>", hex(ink), tenths(peakWidth), tenths(at.X), tenths(at.Y), tenths(s.plane.bullseye()))
		}
	}
	return s.reel.inTurn(list)
}

// bar shows the time below the panel.
func (s studio) bar() string {
	const thick = 3
	draw := func(colour, inside string) string {
		return fmt.Sprintf("<rect style=\"fill:%s\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\">%s</rect>\n", colour, sheetEdge, s.height-12, int(flowWidth), thick, inside)
	}
	widths := make([]string, len(s.Frames))
	for k := range widths {
		widths[k] = strconv.Itoa(flowWidth * k / (len(widths) - 1))
	}
	return draw(hex(pale), "") + draw(hex(grey), s.reel.animate("width", widths))
}
