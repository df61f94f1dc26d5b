package report

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A plane is a square with the unit disc of the weights of neurons.
type plane struct {
	middle vg.Point
	unit   vg.Length // radius of the disc
}

const (
	// How far a plane reaches, in units of the radius, and the part of it for prices.
	flowReach, priceReach = 1.27, 1.23
	// The farthest sample is drawn so far out, for no distance is meant.
	sampleReach = 0.74
	// Prices above 1 less this touch the circle, to the eye.
	touching = 0.02

	circleWidth, priceWidth, rayWidth, tailWidth, peakWidth, levelWidth = 0.9, 1.6, 0.5, 0.8, 1.1, 0.9

	priceOpacity, tailOpacity = 0.13, 0.55

	// The tail of a neuron: how many frames, and how far out it begins.
	tailFrames, tailLength = 3, 0.2
)

// The colours of the disc, or of ground on which less is known, and of the edges of cells.
var (
	discTone = rgb(0xf1, 0xf3, 0xf5)
	rayTone  = faded(grey, 0.55)
)

// levelDashes are those of the circle of a level.
var levelDashes = []vg.Length{1.2, 2.4}

func priceDashes(positive bool) []vg.Length { return neuronDashes(positive) }

func neuronMark(positive bool) mark {
	if positive {
		return pyramid
	}
	return disc
}

func sampleMark(positive bool) mark {
	if positive {
		return triangle
	}
	return ring
}

// frame is the square.
func (c plane) frame() vg.Rectangle {
	half := vg.Point{X: c.unit * flowReach, Y: c.unit * flowReach}
	return vg.Rectangle{Min: c.middle.Sub(half), Max: c.middle.Add(half)}
}

// at is the place at an angle and a distance in units.
func (c plane) at(angle, distance float64) vg.Point {
	sin, cos := math.Sincos(angle)
	r := vg.Length(min(distance, priceReach)) * c.unit
	return vg.Point{X: c.middle.X + r*vg.Length(cos), Y: c.middle.Y + r*vg.Length(sin)}
}

// paintHeading writes title and note above a frame.
func (q FlowFrame) paintHeading(p pen, frame vg.Rectangle) {
	bold, plain := style(textSize, true, ink, text.XLeft, text.YBottom), style(labelSize, false, grey, text.XLeft, text.YBottom)
	room := frame.Size().X
	p.write(bold, frame.Min.X, frame.Max.Y+15, cut(bold, q.Title, room))
	p.write(plain, frame.Min.X, frame.Max.Y+3, cut(plain, q.Note, room))
}

// paintGround draws the disc and the edges of the cells; of very many, some.
func (c plane) paintGround(p pen, cells fan) {
	const most = 90
	var circle vg.Path
	circleAt(&circle, c.middle, c.unit)
	p.SetColor(discTone)
	p.Fill(circle)
	var rays vg.Path
	for _, angle := range evenly(cells.rays, most) {
		rays.Move(c.middle)
		rays.Line(c.at(angle, 1))
	}
	width := vg.Length(rayWidth)
	if len(cells.rays) > 40 {
		width /= 2
	}
	p.stroke(rays, rayTone, width)
	p.stroke(circle, grey, circleWidth)
}

// curve is the price in all directions, as a closed line.
func (c plane) curve(cells fan, nu []float64, positive bool, angles []float64) []vg.Point {
	out := make([]vg.Point, len(angles))
	for k, angle := range angles {
		out[k] = c.at(angle, cells.price(nu, positive, angle))
	}
	return out
}

// paintPrices draws the curves of the prices.
func (c plane) paintPrices(p pen, cells fan, nu []float64) {
	const steps, edges = 180, 200
	for _, positive := range []bool{false, true} {
		line := c.curve(cells, nu, positive, cells.grid(steps, edges, nu))
		if !slices.ContainsFunc(line, func(at vg.Point) bool { return at != c.middle }) {
			continue
		}
		line = simplified(append(line, line[0]), 0.03)
		p.FillPolygon(faded(signColour(positive), priceOpacity), line)
		p.line(signColour(positive), priceWidth, priceDashes(positive), line...)
	}
}

// leveled reports whether a frame has a level in the disc.
func (q FlowFrame) leveled() bool { return q.Level > 0 && q.Level <= 1 }

// paintLevel draws the circle of a level.
func (c plane) paintLevel(p pen, level float64) {
	if (FlowFrame{Level: level}).leveled() {
		var circle vg.Path
		circleAt(&circle, c.middle, vg.Length(level)*c.unit)
		p.SetLineStyle(draw.LineStyle{Color: ink, Width: levelWidth, Dashes: levelDashes})
		p.Stroke(circle)
	}
}

// paintSamples draws the samples, all by one scale; of very many, some, for one of so many
// panels.
func (c plane) paintSamples(p pen, samples []FlowSample, panels int) {
	farthest := 0.0
	for _, q := range samples {
		if q.drawn() {
			farthest = max(farthest, math.Hypot(q.X, q.Y))
		}
	}
	radius := min(2.6, sampleRadius(len(samples))) * max(1, c.unit/90)
	for _, positive := range []bool{false, true} {
		var places []vg.Point
		for _, q := range samples {
			if q.drawn() && q.Positive == positive {
				places = append(places, c.at(math.Atan2(q.Y, q.X), sampleReach*math.Hypot(q.X/farthest, q.Y/farthest)))
			}
		}
		p.marks(sampleMark(positive), signColour(positive), radius, some(places, c.frame(), marksFor(len(places), 2*len(samples), panels))...)
	}
}

// touches are the places where the prices touch the circle; of very many, some.
func (c plane) touches(cells fan, nu []float64) (out []vg.Point) {
	const most = 60
	for _, positive := range []bool{false, true} {
		for _, q := range cells.peaks(nu, positive) {
			if q.height >= 1-touching {
				out = append(out, c.at(q.angle, q.height))
			}
		}
	}
	return evenly(out, most)
}

// paintPeaks marks the extreme points.
func (c plane) paintPeaks(p pen, cells fan, nu []float64) {
	for _, at := range c.touches(cells, nu) {
		p.bullseye(at, c.bullseye())
	}
}

// bullseye is the radius of the ring around an extreme point, outside of any neuron.
func (c plane) bullseye() vg.Length { return c.largest() + 1.4 }

// bullseye draws a ring, which stays in sight around a mark.
func (p pen) bullseye(at vg.Point, r vg.Length) {
	var path vg.Path
	circleAt(&path, at, r)
	p.stroke(path, ink, peakWidth)
}

// stroke draws the line of a path.
func (p pen) stroke(path vg.Path, c color.Color, width vg.Length) {
	if len(path) > 0 {
		p.SetLineStyle(draw.LineStyle{Color: c, Width: width})
		p.Stroke(path)
	}
}
