package report

import (
	"image/color"
	"io"

	"gonum.org/v1/plot/vg"
)

// A FlowSample is a sample of two features and its class.
type FlowSample struct {
	X, Y     float64
	Positive bool
}

// A FlowNeuron is a hidden neuron: the direction of its weights, whose length plays no
// part, its share of the squared norm of all weights, at most 1, and the sign of its
// output weight. A dead one is zero at all samples.
type FlowNeuron struct {
	X, Y, Share    float64
	Positive, Dead bool
}

// A FlowFrame is a moment of training: the neurons, in the same order in all frames, and
// the dual variables nu = y o lambda, one for each sample, scaled by whoever gives them;
// none if they are not known. Level is the radius of a dotted circle, the price that
// neurons with weight are to have; 0 for none.
type FlowFrame struct {
	Title, Note string // one line each; what is too long is cut
	Nu          []float64
	Level       float64
	shares      []float64 // of the marks of Neurons where others are left out; nil if none are
	Neurons     []FlowNeuron
}

// A Flow is the picture of how the neurons of a network of two features slide into the
// extreme points of the dual, a panel for each frame. It shows the plane of weights with
// the unit disc. From the origin as far as the price |nu'(Xu)_+| in each direction u there
// are two curves, one for neurons of each sign. They are chains of circular arcs, for in a
// cell the price is g'u with g = X'D nu, are in the disc if nu is dual feasible, and where
// they touch the circle are the extreme points. A neuron is on the circle; its tail, which
// comes from outside, shows where it was in the frames before; the marks of those that lie
// on one another grow together. What would be off a panel is drawn at its edge. Of very
// many frames some are shown, of very many neurons those with the largest shares at last.
//
// Source: Wang and Pilanci, The convex geometry of backpropagation, ICLR 2022.
type Flow struct {
	Title, Subtitle string    // one line each; what is too long is cut
	Classes         [2]string // the names of -1 and +1; may be empty
	Samples         []FlowSample
	Frames          []FlowFrame
}

// The layout of a flow, in points.
const (
	flowGap     = 14
	flowHeading = 34  // a title and a note
	flowMost    = 12  // frames
	flowMarks   = 400 // neurons in all panels
	flowSingle  = 400
)

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Flow) Write(w io.Writer, format string) error {
	f.Frames = evenly(f.Frames, flowMost)
	f.Frames = someNeurons(f.Frames, flowMarks/max(1, len(f.Frames)))
	return write(w, format, sheetWidth, f.height(), f.paint)
}

// evenly picks at most so many of a list, the first and the last among them.
func evenly[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	out := make([]T, most)
	for k := range out {
		out[k] = list[k*(len(list)-1)/(most-1)]
	}
	return out
}

func (f Flow) columns() int {
	switch n := max(1, len(f.Frames)); n {
	case 1, 2, 3:
		return n
	case 4:
		return 2
	}
	return 3
}

// side is the length of the sides of a panel.
func (f Flow) side() vg.Length {
	c := vg.Length(f.columns())
	return min(flowSingle, (flowWidth-(c-1)*flowGap)/c)
}

const flowWidth = sheetWidth - sheetEdge - marginRight

func (f Flow) above() vg.Length {
	return titleHeight(f.Title, f.Subtitle) + f.key().height(flowWidth) + 6
}

func (f Flow) height() vg.Length {
	rows := (max(1, len(f.Frames)) + f.columns() - 1) / f.columns()
	return f.above() + vg.Length(rows)*(f.side()+flowHeading) + 8
}

// plane is where a frame is drawn.
func (f Flow) plane(k int) plane {
	side, c := f.side(), f.columns()
	wide := vg.Length(c)*side + vg.Length(c-1)*flowGap
	left := sheetEdge + (flowWidth-wide)/2 + vg.Length(k%c)*(side+flowGap)
	top := f.height() - f.above() - vg.Length(k/c)*(side+flowHeading) - flowHeading
	return plane{middle: vg.Point{X: left + side/2, Y: top - side/2}, unit: side / (2 * flowReach)}
}

func (f Flow) paint(p pen) {
	p.title(sheetEdge, f.Title, f.Subtitle)
	f.key().draw(p, vg.Point{X: sheetEdge, Y: f.height() - titleHeight(f.Title, f.Subtitle)}, flowWidth)
	cells := newFan(f.Samples)
	if len(f.Frames) == 0 {
		at := f.plane(0)
		at.paintGround(p, cells)
		panel{pen: p, frame: at.frame()}.drawNothing("no frames")
	}
	for k, q := range f.Frames {
		at := f.plane(k)
		q.paintHeading(p, at.frame())
		at.paintGround(p, cells)
		at.paintPrices(p, cells, q.Nu)
		at.paintLevel(p, q.Level)
		at.paintSamples(p, f.Samples, len(f.Frames))
		at.paintNeurons(p, f.Frames[:k+1])
		at.paintPeaks(p, cells, q.Nu)
	}
}

// signColour is the colour of what has to do with neurons of a sign, or with a class.
func signColour(positive bool) color.NRGBA {
	if positive {
		return classColour[1]
	}
	return classColour[0]
}

// key explains what there is.
func (f Flow) key() key {
	var k key
	seen := make(map[string]bool)
	for _, q := range f.Frames {
		seen["nu"] = seen["nu"] || len(q.Nu) > 0
		seen["level"] = seen["level"] || q.leveled()
		for _, n := range q.Neurons {
			seen[n.name()] = true
		}
	}
	for _, q := range f.Samples {
		seen[f.className(q.Positive)] = true
	}
	swatch := func(name string, draw func(p pen, from, to vg.Point)) {
		k = append(k, entry{name, swatchWidth, func(p pen, at vg.Point) { draw(p, at, vg.Point{X: at.X + swatchWidth, Y: at.Y}) }})
	}
	swatch("unit disc: price at most 1", func(p pen, from, to vg.Point) {
		box := corners(vg.Rectangle{Min: vg.Point{X: from.X, Y: from.Y - 5}, Max: vg.Point{X: to.X, Y: to.Y + 5}})
		p.FillPolygon(discTone, box)
		p.line(grey, circleWidth, nil, append(box, box[0])...)
	})
	if seen["nu"] {
		for _, positive := range []bool{true, false} {
			swatch("price of a "+FlowNeuron{Positive: positive}.name(), func(p pen, from, to vg.Point) {
				p.line(signColour(positive), priceWidth, priceDashes(positive), from, to)
			})
		}
		k = append(k, entry{"extreme point of the dual", 13, func(p pen, at vg.Point) {
			p.bullseye(vg.Point{X: at.X + 6.5, Y: at.Y}, 5)
		}})
	}
	if seen["level"] {
		swatch("price of all neurons with weight, in the limit", func(p pen, from, to vg.Point) {
			p.line(ink, levelWidth, levelDashes, from, to)
		})
	}
	for _, n := range []FlowNeuron{{Positive: true}, {}} {
		k.mark(seen[n.name()], n.name(), neuronMark(n.Positive), 4, signColour(n.Positive))
	}
	k.mark(seen[FlowNeuron{Dead: true}.name()], "dead neuron", ring, 3, grey)
	for _, positive := range []bool{true, false} {
		name := f.className(positive)
		k.mark(seen[name], name, sampleMark(positive), 2.6, signColour(positive))
	}
	if len(f.Frames) > 1 {
		swatch("where it was before", func(p pen, from, to vg.Point) {
			p.line(faded(signColour(true), tailOpacity), tailWidth, nil, vg.Point{X: from.X, Y: from.Y + 3}, to)
		})
	}
	if len(f.Samples) > 0 {
		swatch("edge of a cell", func(p pen, from, to vg.Point) { p.line(rayTone, rayWidth, nil, from, to) })
	}
	return k
}

func (n FlowNeuron) name() string {
	switch {
	case n.Dead:
		return "dead neuron"
	case n.Positive:
		return "positive neuron"
	}
	return "negative neuron"
}

func (f Flow) className(positive bool) string {
	name, sign := f.Classes[0], "-1"
	if positive {
		name, sign = f.Classes[1], "+1"
	}
	if name == "" {
		name = "class " + sign
	}
	return "sample: " + name
}
