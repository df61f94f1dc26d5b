package report

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// optimalNu is the dual optimum of threeSamples, in closed form.
var optimalNu = []float64{0, math.Sqrt2 / 2, -1}

// plainPrice is sign nu'(Xu)_+, summed as it is written.
func plainPrice(samples []FlowSample, nu []float64, sign, angle float64) (sum float64) {
	for i, q := range samples {
		sum += sign * nu[i] * max(0, q.X*math.Cos(angle)+q.Y*math.Sin(angle))
	}
	return sum
}

// randomSamples have all signs, and multipliers of any sign.
func randomSamples(r *rand.Rand, count int) (samples []FlowSample, nu []float64) {
	for range count {
		samples = append(samples, FlowSample{X: r.NormFloat64(), Y: r.NormFloat64(), Positive: r.IntN(2) == 0})
		nu = append(nu, r.NormFloat64())
	}
	return samples, nu
}

// The price is that of its formula; in each cell its curve is an arc of a circle through
// the origin, for three points of it and the origin are on one.
func TestPrices(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		samples, nu := randomSamples(r, 1+r.IntN(7))
		f := newFan(samples)
		for k, from := range f.rays {
			to := f.rays[(k+1)%len(f.rays)]
			for _, positive := range []bool{true, false} {
				var places []vg.Point
				for _, share := range []float64{0.2, 0.5, 0.9} {
					angle := from + share*around(to-from)
					got, want := f.price(nu, positive, angle), max(0, plainPrice(samples, nu, signOf(positive), angle))
					if math.Abs(got-want) > 1e-12*(1+want) {
						t.Fatalf("price %g, want %g", got, want)
					}
					if want > 0 {
						places = append(places, vg.Point{X: vg.Length(want * math.Cos(angle)), Y: vg.Length(want * math.Sin(angle))})
					}
				}
				if len(places) < 3 {
					continue
				}
				// Inversion makes a line of a circle through the origin.
				for i, p := range places {
					places[i] = p.Scale(1 / p.Dot(p))
				}
				a, b := places[1].Sub(places[0]), places[2].Sub(places[0])
				if turn := a.X*b.Y - a.Y*b.X; math.Abs(float64(turn)) > 1e-9*float64(1+a.Dot(a)+b.Dot(b)) {
					t.Errorf("the arc of a cell is no circle: %g", turn)
				}
			}
		}
	}
}

// The peaks are those that a search over many angles finds, in cells and on their edges.
func TestPeaks(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	const angles = 20000
	edges := 0
	for range 40 {
		samples, nu := randomSamples(r, 1+r.IntN(6))
		f := newFan(samples)
		for _, positive := range []bool{true, false} {
			at := func(k int) float64 { return 2 * math.Pi * float64(k) / angles }
			price := func(k int) float64 { return plainPrice(samples, nu, signOf(positive), at(k)) }
			var want []peak
			for k := range angles {
				if p := price(k); p > 1e-6 && p > price(k-1) && p >= price(k+1) {
					want = append(want, peak{at(k), p})
				}
			}
			got := f.peaks(nu, positive)
			if len(got) != len(want) {
				t.Fatalf("peaks at %v, want %v", got, want)
			}
			for k, p := range got {
				if math.Abs(p.angle-want[k].angle) > 2*math.Pi/angles || math.Abs(p.height-want[k].height) > 1e-3*(1+p.height) {
					t.Errorf("peak %v, want %v", p, want[k])
				}
				for _, ray := range f.rays {
					if ray == p.angle {
						edges++
					}
				}
			}
		}
	}
	if edges == 0 {
		t.Error("no peak on an edge was tried")
	}
}

// However many cells there are, curves are taken at their peaks.
func TestGridHasPeaks(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	samples, nu := randomSamples(r, 200)
	f := newFan(samples)
	best, angle := 0.0, 0.0
	for _, q := range append(f.peaks(nu, true), f.peaks(nu, false)...) {
		if q.height > best {
			best, angle = q.height, q.angle
		}
	}
	near := math.Inf(1)
	for _, a := range f.grid(80, 40, nu) {
		near = min(near, math.Abs(turnBetween(a, angle)))
	}
	if near > 1e-6 {
		t.Errorf("the curve comes no nearer than %g to its peak", near)
	}
}

// The extreme points of three samples are those of the closed form, at price 1.
func TestExtremePoints(t *testing.T) {
	f := newFan(threeSamples)
	if got := f.peaks(optimalNu, true); len(got) != 1 || math.Abs(got[0].angle-math.Pi/4) > 1e-12 || math.Abs(got[0].height-1) > 1e-12 {
		t.Errorf("peaks of positive neurons at %v", got)
	}
	if got := f.peaks(optimalNu, false); len(got) != 1 || math.Abs(got[0].angle-math.Pi) > 1e-12 || math.Abs(got[0].height-1) > 1e-12 {
		t.Errorf("peaks of negative neurons at %v", got)
	}
}

// optimalFlow is one frame at the optimum, with a neuron on each extreme point and a dead
// one.
func optimalFlow() Flow {
	return Flow{Title: "three samples", Samples: threeSamples, Frames: []FlowFrame{{
		Title: "the optimum", Nu: optimalNu,
		Neurons: []FlowNeuron{{X: 3, Y: 3, Share: 0.4, Positive: true}, {X: -1, Share: 0.6}, {X: 0, Y: -1, Dead: true}},
	}}}
}

// Neurons on extreme points are drawn there, in rings, the prices are as far out as they
// should be, and samples and cells are in place.
func TestFlowInPlace(t *testing.T) {
	f := optimalFlow()
	at, c := pixels(t, f), f.plane(0)
	degrees := func(angle, distance float64) vg.Point { return c.at(angle*math.Pi/180, distance) }
	beside := func(p vg.Point, angle float64) vg.Point {
		sin, cos := math.Sincos(angle * math.Pi / 180)
		return p.Add(vg.Point{X: c.bullseye() * vg.Length(cos), Y: c.bullseye() * vg.Length(sin)})
	}
	wantColour(t, "the positive neuron", at(degrees(45, 1)), vermilion)
	wantColour(t, "the negative neuron", at(degrees(180, 1)), blue)
	wantColour(t, "the dead neuron, hollow", at(degrees(270, 1)), paper)
	for _, q := range []float64{45, 180} {
		wantColour(t, fmt.Sprintf("the ring at %g degrees", q), at(beside(degrees(q, 1), q+180)), ink)
		wantColour(t, fmt.Sprintf("the ring at %g degrees, outside", q), at(beside(degrees(q, 1), q)), ink)
	}
	for _, angle := range []float64{-20, 20, 100} {
		price := plainPrice(threeSamples, optimalNu, 1, angle*math.Pi/180)
		wantColour(t, fmt.Sprintf("the price at %g degrees", angle), at(degrees(angle, price)), vermilion)
		if got := at(degrees(angle, price/2)); got == vermilion || got == discTone {
			t.Errorf("within the price at %g degrees: %v", angle, got)
		}
	}
	dashes, gaps := 0, 0
	for angle := 150.0; angle < 210; angle += 0.5 {
		if math.Abs(angle-180) < 12 { // the ring
			continue
		}
		switch at(degrees(angle, plainPrice(threeSamples, optimalNu, -1, angle*math.Pi/180))) {
		case blue:
			dashes++
		default:
			gaps++
		}
	}
	if dashes < 20 || gaps < 10 {
		t.Errorf("the price of negative neurons is seen at %d of %d angles", dashes, dashes+gaps)
	}
	wantColour(t, "the disc", at(degrees(300, 0.5)), discTone)
	wantColour(t, "outside of the disc", at(degrees(300, 1.1)), paper)
	if got := at(degrees(315, 0.6)); got == discTone || got == paper {
		t.Errorf("the edge of a cell is %v", got)
	}
	wantColour(t, "a sample, hollow", at(degrees(0, sampleReach)), paper)
	wantColour(t, "a sample half as far", at(degrees(180, sampleReach/2)), paper)
}

// The level is a dotted circle, in the disc only, in the picture and in the film where it
// stands still.
func TestLevel(t *testing.T) {
	f := optimalFlow()
	f.Frames = append(f.Frames, f.Frames[0])
	f.Frames[1].Level = 0.6
	f.Frames[0].Level = 1.1 // none
	seen := func(at func(vg.Point) color.NRGBA, c plane, distance float64) (dots int) {
		for angle := 200.0; angle < 340; angle++ {
			sin, cos := math.Sincos(angle * math.Pi / 180)
			r := c.unit * vg.Length(distance)
			p := at(vg.Point{X: c.middle.X + r*vg.Length(cos), Y: c.middle.Y + r*vg.Length(sin)})
			if p.R < 0x80 && p.G < 0x80 && p.B < 0x80 {
				dots++
			}
		}
		return dots
	}
	at := pixels(t, f)
	if got := seen(at, f.plane(1), 0.6); got < 20 || got > 110 {
		t.Errorf("%d of 140 places on the circle are dots", got)
	}
	for _, c := range []struct {
		frame    int
		distance float64
	}{{1, 0.55}, {0, 0.6}, {0, 1.1}} {
		if got := seen(at, f.plane(c.frame), c.distance); got > 10 {
			t.Errorf("frame %d has %d dots at %g", c.frame, got, c.distance)
		}
	}
	if got := seen(pixels(t, FlowFilm(f)), newStudio(f).plane, 0.6); got < 20 || got > 110 {
		t.Errorf("%d of 140 places on the circle of the film are dots", got)
	}
	if svg := string(bytesOf(t, FlowFilm(f), "svg")); strings.Count(svg, "stroke-dasharray:12 24") != 1 {
		t.Error("no circle moves in the film")
	}
}

// Areas are shares, and those of neurons on one another add up.
func TestSharesOfNeurons(t *testing.T) {
	c := optimalFlow().plane(0)
	if a, b := c.radius(0.2), c.radius(0.8); math.Abs(float64(b/a)-2) > 1e-9 {
		t.Errorf("the radii of 0.2 and 0.8 are %g and %g", a, b)
	}
	if c.radius(1) >= c.bullseye() {
		t.Error("a neuron hides the ring around it")
	}
	n := func(angle, share float64, positive, dead bool) FlowNeuron {
		return FlowNeuron{math.Cos(angle), math.Sin(angle), share, positive, dead}
	}
	all := []FlowNeuron{n(1, 0.2, true, false), n(1, 0.3, true, false), n(1, 0.1, false, false), n(1, 0.1, true, true), n(1.5, 0.3, true, false)}
	got := together(all, all)
	for j, want := range []float64{0.5, 0.5, 0.1, 0.1, 0.3} {
		if math.Abs(got[j]-want) > 1e-12 {
			t.Errorf("neuron %d has the share %g, want %g", j, got[j], want)
		}
	}
}

// A tail ends at the neuron, goes the short way, and begins no earlier than the frames.
func TestTails(t *testing.T) {
	frames := make([]FlowFrame, 3)
	degrees := []float64{170, 190, -150}
	for k, d := range degrees {
		frames[k].Neurons = []FlowNeuron{{X: math.Cos(d * math.Pi / 180), Y: math.Sin(d * math.Pi / 180)}}
	}
	angles := directions(frames, 0)
	for k, want := range []float64{170, 190, 210} {
		if math.Abs(angles[k]*180/math.Pi-want) > 1e-9 {
			t.Errorf("frame %d: %g degrees, want %g", k, angles[k]*180/math.Pi, want)
		}
	}
	c := plane{unit: 100}
	tail := c.tail(newGlide(angles), 2, 4, 8)
	first, last := tail[0], tail[len(tail)-1]
	if d := last.Sub(c.at(angles[2], 1)); math.Hypot(float64(d.X), float64(d.Y)) > 1e-9 {
		t.Errorf("the tail ends at %v", last)
	}
	if d := first.Sub(c.at(angles[0], 1+tailLength/2)); math.Hypot(float64(d.X), float64(d.Y)) > 1e-9 {
		t.Errorf("the tail begins at %v", first)
	}
	for _, p := range tail {
		if p.X > 0 {
			t.Errorf("the tail goes the long way, by %v", p)
		}
	}
	frames[1].Neurons[0] = FlowNeuron{}
	if tail := c.tail(newGlide(directions(frames, 0)), 2, 4, 8); len(tail) == 0 || tail[0].Sub(tail[len(tail)-1]).X > tailLength*c.unit {
		t.Errorf("after a gap the tail is %v", tail)
	}
}

// Of many frames and neurons the first and the last frame, and the largest neurons, are
// kept.
func TestSomeOfManyFrames(t *testing.T) {
	if got := fmt.Sprint(evenly([]int{0, 1, 2, 3, 4, 5, 6}, 3), evenly([]int{1, 2}, 3)); got != "[0 3 6] [1 2]" {
		t.Errorf("some of seven: %s", got)
	}
	frames := []FlowFrame{{Neurons: make([]FlowNeuron, 2)}, {Neurons: []FlowNeuron{{X: 1, Share: 0.1}, {X: 1, Share: 0.5}, {X: 1, Share: 0.4}}}}
	frames[0].Neurons[1].X = 7
	got := someNeurons(frames, 2)
	// Marks keep the shares of what is left out beside them.
	for _, w := range got[1].shares {
		if want := got[1].Neurons[0].Share + got[1].Neurons[1].Share + 0.1; math.Abs(w-want) > 1e-12 {
			t.Errorf("a mark has the share %g, want %g", w, want)
		}
	}
	if len(got[0].Neurons) != 1 || got[0].Neurons[0].X != 7 || len(got[1].Neurons) != 2 || got[1].Neurons[1].Share != 0.4 {
		t.Errorf("neurons kept: %v", got)
	}
}
