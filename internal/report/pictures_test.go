package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// awkward are numbers that pictures must bear.
var awkward = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0, 1e17, 1e17 + 16, -1}

const longName = "<&\x01\"\n\xff a method with a long name, and a step size of 0.0001, and momentum, on every other day"

// awkwardPictures are pictures of each kind with values, names and numbers of things that
// are rare; all names begin with that of the kind.
func awkwardPictures() map[string]picture {
	out := map[string]picture{
		"spread of nothing": Spread{}, "spread of one": exampleSpread(1, 1), "spread of 60 runs": exampleSpread(6, 60), "spread of 24 rows": exampleSpread(24, 24), "spread": exampleSpread(5, 24),
		"scores of nothing": Scores{}, "scores of one": exampleScores(1), "scores": exampleScores(5), "scores of 40": exampleScores(40),
		"fits of nothing": Fits{}, "fits without networks": Fits{Train: []XY{{1, 2}}}, "fits without samples": Fits{Panels: exampleFits(1, 0).Panels},
		"regions of nothing": Regions{}, "regions without networks": exampleRegions(0, 50, 0, true), "regions of a network without neurons": exampleRegions(1, 20, 0, true), "regions of many neurons": exampleRegions(1, 50, 200, true),
		"bounds of nothing": Bounds{}, "bounds of one": exampleBounds(1), "bounds": exampleBounds(4), "bounds of 40": exampleBounds(40),
		"flow of nothing": Flow{}, "flow of many": exampleFlow(sixSamples, 200), "flow without frames": Flow{Title: "flow", Subtitle: "of none", Samples: threeSamples}, "flow at the optimum": optimalFlow(),
		"film of nothing": FlowFilm{}, "film": stillFilm{FlowFilm(exampleFlow(threeSamples, 20))}, "film of one frame": FlowFilm(optimalFlow()),
		"brackets of nothing": Brackets{Optimum: math.NaN()}, "brackets": exampleBrackets(threeSamples, 3, 1+math.Sqrt2/2), "brackets that open": exampleBrackets(sixSamples, 1, 3.866),
		"shadow of nothing": DualShadow{Optimum: XY{math.NaN(), 0}, PMM: math.NaN()}, "shadow": exampleShadow(threeSamples), "shadow of six": exampleShadow(sixSamples),
		"widths of nothing": Widths{Floor: math.NaN()}, "widths of one": exampleWidths(1), "widths": exampleWidths(6), "widths of 40": exampleWidths(40), "widths of 1000": exampleWidths(1000),
	}
	for n := 1; n <= 9; n++ {
		out[fmt.Sprintf("flow in %d panels", n)] = exampleFlow(sixSamples, n)
	}
	for n := 1; n <= 6; n++ {
		out[fmt.Sprintf("fits in %d panels", n)] = exampleFits(n, 100)
		out[fmt.Sprintf("regions in %d panels", n)] = exampleRegions(n, 100, 5, true)
		out[fmt.Sprintf("regions in %d panels without classes", n)] = exampleRegions(n, 100, 5, false)
	}

	s, c, w := exampleSpread(2, 24), exampleScores(2), exampleWidths(6)
	b := exampleBounds(3)
	b.Title, b.Subtitle, b.Axis, b.ReachedName, b.Rows[0].Label = longName, longName, longName, longName, longName
	out["bounds of long names"] = b
	f, r := exampleFits(2, 20), exampleRegions(2, 20, 3, false)
	s.Title, s.Subtitle, s.Floor, s.Rows[0].Label = longName, longName, longName, longName
	c.Title, c.Subtitle, c.Metric, c.Rows[0].Label = longName, longName, longName, longName
	w.Title, w.Subtitle, w.FloorName = longName, longName, longName
	f.Title, f.Subtitle, f.XLabel, f.YLabel, f.Panels[0].Name = longName, longName, longName, longName, longName
	r.Title, r.Subtitle, r.XLabel, r.YLabel, r.Target, r.Panels[0].Name = longName, longName, longName, longName, longName, longName
	k := exampleRegions(1, 20, 3, true)
	k.Classes = [2]string{longName, ""}
	out["spread of long names"], out["scores of long names"], out["widths of long names"], out["fits of long names"], out["regions of long names"], out["regions of long classes"] = s, c, w, f, r, k

	g, h, d := exampleFlow(threeSamples, 2), exampleBrackets(threeSamples, 2, 1.7), exampleShadow(threeSamples)
	g.Title, g.Subtitle, g.Classes, g.Frames[0].Title, g.Frames[1].Note = longName, longName, [2]string{longName, longName}, longName, longName
	h.Title, h.Subtitle, h.Axis, h.YLabel, h.Before, h.OptimumName, h.Below[0].Heading = longName, longName, longName, longName, longName, longName, longName
	d.Title, d.Subtitle, d.PMMName, d.XLabel, d.YLabel = longName, longName, longName, longName, longName
	out["flow of long names"], out["film of long names"], out["brackets of long names"], out["shadow of long names"] = g, stillFilm{FlowFilm(g)}, h, d

	for i, a := range awkward {
		for j, b := range awkward {
			name := fmt.Sprintf(" of %g and %g", a, b)
			s, c, w := exampleSpread(1, 2), exampleScores(1), exampleWidths(2)
			s.Rows[0].Points[0].Distance, s.Rows[0].Points[1].Distance = a, b
			s.Rows[0].Method, s.Rows[0].Points[i%2].Diverged = -7, j%4 == 0
			c.Rows[0].Train, c.Rows[0].Test = a, b
			w.Points[0].Objective, w.Points[0].Bound, w.Points[1].Objective, w.Floor = a, b, b, a
			w.Points[0].Neurons *= i * j * 1e6
			f, r := exampleFits(1, 2), exampleRegions(1, 2, 1, i%2 == 0)
			f.Train = append(f.Train, XY{a, b}, XY{b, a})
			f.Panels[0].Line[7], f.Panels[0].Kinks[0], f.Panels[0].Kinks[1].Y = XY{a, b}, XY{b, a}, a
			r.Samples = append(r.Samples, RegionSample{X: a, Y: b, Value: a})
			r.Samples[0].Value = b
			r.Panels[0].Lines = []RegionLine{{A: a, B: b, C: 1}, {A: 1, B: a, C: b}, {}}
			r.Panels[0].F = func(x, _ float64) float64 {
				if x > 0 {
					return a
				}
				return b
			}
			e := exampleBounds(2)
			e.Rows[0].Proved, e.Rows[0].Value, e.Rows[1].Value, e.Reached = a, b, a, b
			out["bounds"+name] = e
			v := Flow{Samples: []FlowSample{{a, b, i%2 == 0}, {1, a, true}, {b, 2, false}}, Frames: []FlowFrame{
				{Title: "awkward", Note: "numbers", Nu: []float64{b, a}, Neurons: []FlowNeuron{{X: a, Y: b, Share: a}, {X: 1, Y: a, Share: b, Positive: true}}},
				{Title: "and", Note: "more", Nu: []float64{a, 1, b, 2}, Neurons: []FlowNeuron{{X: b, Y: a, Share: 0.5, Dead: j%2 == 0}}},
				{Title: "at", Note: "last", Nu: []float64{1, a, b}, Neurons: []FlowNeuron{{X: 1, Y: 1, Share: b}, {X: b, Y: 1, Share: a, Positive: i%2 == 0}}},
			}}
			k := Brackets{
				Axis: "axis", YLabel: "bound", Before: "nothing", Optimum: b, OptimumName: "optimum",
				Runs:  [][]BracketPoint{{{a, b, a, b}, {b, a, 1, a}, {3, 2, 1, 1.5}, {4, a, b, 1}}, {{1, b, a, a}, {2, a, a, b}}},
				Below: []CoursePanel{{Heading: "awkward", Level: a, Courses: []Course{{Points: []XY{{a, b}, {1, 2}, {b, a}, {2, b}}, Dead: i%2 == 0}}}},
			}
			m := DualShadow{Title: "awkward", Outer: []XY{{a, b}, {0, 1}, {b, a}, {1, 0}}, Path: []XY{{1, 1}, {a, a}, {b, 2}}, Optimum: XY{b, a}, PMM: a}
			out["flow"+name], out["film"+name], out["brackets"+name], out["shadow"+name] = v, stillFilm{FlowFilm(v)}, k, m
			out["spread"+name], out["scores"+name], out["widths"+name], out["fits"+name], out["regions"+name] = s, c, w, f, r
		}
	}
	return out
}

// Texts have room, nothing is off the page, files are small, and no number is shown that
// is none.
func TestTextsOfPicturesHaveRoom(t *testing.T) {
	for name, f := range awkwardPictures() {
		svg := bytesOf(t, f, "svg")
		var width, height float64
		if _, err := fmt.Sscanf(string(svg[bytes.Index(svg, []byte("viewBox")):]), `viewBox="0 0 %g %g"`, &width, &height); err != nil {
			t.Fatal(err)
		}
		if width != sheetWidth {
			t.Errorf("%s: as wide as %g", name, width)
		}
		least := 5
		if strings.HasSuffix(name, "nothing") || name == "fits without networks" {
			least = 1
		}
		checkRoom(t, name, svg, width, height, least)
		if len(svg) > 300e3 {
			t.Errorf("%s: %d bytes", name, len(svg))
		}
	}
}

func TestManySamplesMakeSmallFiles(t *testing.T) {
	for name, f := range map[string]picture{"fits": exampleFits(6, 20000), "classes": exampleRegions(6, 20000, 20, true), "regression": exampleRegions(6, 20000, 20, false)} {
		if size := len(bytesOf(t, f, "svg")); size > 350e3 {
			t.Errorf("%s: %d bytes", name, size)
		}
	}
}

func TestSameBytesOfPictures(t *testing.T) {
	for name, make := range map[string]func() picture{
		"spread":   func() picture { return exampleSpread(5, 24) },
		"scores":   func() picture { return exampleScores(5) },
		"fits":     func() picture { return exampleFits(3, 50) },
		"regions":  func() picture { return exampleRegions(2, 50, 9, false) },
		"widths":   func() picture { return exampleWidths(6) },
		"bounds":   func() picture { return exampleBounds(4) },
		"flow":     func() picture { return exampleFlow(sixSamples, 3) },
		"film":     func() picture { return FlowFilm(exampleFlow(sixSamples, 10)) },
		"brackets": func() picture { return exampleBrackets(threeSamples, 2, 1.7) },
		"shadow":   func() picture { return exampleShadow(threeSamples) },
	} {
		for format := range formats {
			if !bytes.Equal(bytesOf(t, make(), format), bytesOf(t, make(), format)) {
				t.Errorf("%s as %s: two pictures of the same differ", name, format)
			}
		}
		if err := make().Write(io.Discard, "pdf"); err == nil {
			t.Errorf("%s: a picture in pdf", name)
		}
	}
}

// pixels decodes a picture; its colour is looked up in points from the lower left corner.
func pixels(t *testing.T, f picture) func(at vg.Point) color.NRGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(bytesOf(t, f, "png")))
	if err != nil {
		t.Fatal(err)
	}
	const scale = 200.0 / 72
	return func(at vg.Point) color.NRGBA {
		p := image.Pt(int(float64(at.X)*scale), img.Bounds().Dy()-1-int(float64(at.Y)*scale))
		return color.NRGBAModel.Convert(img.At(p.X, p.Y)).(color.NRGBA)
	}
}

func wantColour(t *testing.T, what string, got, want color.NRGBA) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// between is the place of shares of a frame.
func between(f vg.Rectangle, x, y float64) vg.Point {
	return vg.Point{X: f.Min.X + vg.Length(x)*f.Size().X, Y: f.Min.Y + vg.Length(y)*f.Size().Y}
}

// The kink has its mark on the curve and on the axis, in the second panel of three.
func TestFitsInPlace(t *testing.T) {
	f := Fits{Title: "one kink", Train: []XY{{-1, 0}, {1, 1}}, Panels: make([]FitPanel, 3)}
	f.Panels[1] = FitPanel{Name: "kinked", Method: 2, Line: []XY{{-1, 0.5}, {0, 0.5}, {1, 1}}, Kinks: []XY{{0, 0.5}}}
	at := pixels(t, f)
	frame := f.sheet().frame(1)
	wantColour(t, "the middle of the kink", at(between(frame, 0.5, 0.5)), paper)
	wantColour(t, "the function left of the kink", at(between(frame, 0.25, 0.5)), vermilion)
	wantColour(t, "the function right of the kink", at(between(frame, 0.5+0.25/1.06, 0.5+0.25/1.12)), vermilion)
	wantColour(t, "the axis below the kink", at(between(frame, 0.5, 0).Add(vg.Point{Y: 3})), vermilion)
	wantColour(t, "the third panel", at(between(f.sheet().frame(2), 0.25, 0.55)), paper)
}

// The background tells the sign of the function, the boundary and the lines of the
// neurons are where they should be, and the samples have the colours of their classes.
func TestRegionsInPlace(t *testing.T) {
	f := Regions{Title: "a half plane", Classes: [2]string{"no", "yes"}, Samples: []RegionSample{
		{X: -1, Y: -1, Value: -1}, {X: 1, Y: 1, Value: 1}, {X: 0.5, Y: -0.5, Value: -1, Held: true},
	}}
	f.Panels = []RegionPanel{{F: func(x, y float64) float64 { return x - 0.25 }, Lines: []RegionLine{{A: 0, B: 2, C: -1, Positive: true}}}}
	at, frame := pixels(t, f), f.sheet().frame(0)
	place := func(x, y float64) vg.Point { return between(frame, 0.5+x/2.24, 0.5+y/2.24) }
	wantColour(t, "left of the boundary", at(place(0.2, 0.1)), classPale[0])
	wantColour(t, "right of the boundary", at(place(0.3, 0.1)), classPale[1])
	wantColour(t, "the boundary", at(place(0.25, 0.1)), ink)
	wantColour(t, "a sample of -1", at(place(-1, -1)), blue)
	wantColour(t, "a sample of +1", at(place(1, 1)), vermilion)
	wantColour(t, "a sample held out", at(place(0.5, -0.5)), paper)
	if c := at(place(-0.7, 0.5)); c.R > 160 {
		t.Errorf("the line of the neuron is %v", c)
	}
}

// The value of a function of regression has the colour of its band in the key.
func TestSurfaceInPlace(t *testing.T) {
	f := Regions{Samples: []RegionSample{{X: 0, Y: 0, Value: -5}, {X: 1, Y: 1, Value: 5}}}
	f.Panels = []RegionPanel{{F: func(x, y float64) float64 { return 1000 * (y - 0.25) }}}
	at, frame := pixels(t, f), f.sheet().frame(0)
	wantColour(t, "far above", at(between(frame, 0.3, 0.9)), bandColours[len(bandColours)-1])
	wantColour(t, "far below", at(between(frame, 0.3, 0.1)), bandColours[0])
}

// Marks are at the values, the chosen run has a ring, and runs at the floor are on it.
func TestSpreadInPlace(t *testing.T) {
	f := Spread{Rows: []SpreadRow{
		{Label: "one", Method: 0, Points: []SpreadPoint{{Distance: 0.001}, {Distance: 0.1, Chosen: true}, {Distance: 0.013, Diverged: true}}},
		{Label: "two", Method: 2, Points: []SpreadPoint{{Distance: -1}}},
	}}
	at := pixels(t, f)
	l, floor := f.list()
	frame := l.frame()
	x := func(d float64) vg.Length { return frame.Min.X + vg.Length(l.x.at(d))*frame.Size().X }
	one, two := frame.Max.Y-l.heights[0]/2, frame.Min.Y+l.heights[1]/2
	wantColour(t, "the first run", at(vg.Point{X: x(0.001), Y: one}), blue)
	wantColour(t, "the chosen run", at(vg.Point{X: x(0.1), Y: one}), blue)
	wantColour(t, "its ring", at(vg.Point{X: x(0.1) + chosenRadius, Y: one}), ink)
	wantColour(t, "where a run diverged", at(vg.Point{X: x(0.013), Y: one}), paper)
	wantColour(t, "the run on the floor", at(vg.Point{X: (frame.Min.X + x(floor)) / 2, Y: two}), vermilion)
	if svg := string(bytesOf(t, f, "svg")); !strings.Contains(svg, ">1 diverged<") {
		t.Error("the run that diverged is not counted")
	}
}

func TestSwarm(t *testing.T) {
	at := []vg.Length{5, 5, 5, 6, 30, vg.Length(math.NaN()), 8, 5, 50}
	offsets := swarm(at, 3)
	for i := range at {
		for j := range i {
			if d := math.Hypot(float64(at[i]-at[j]), float64(offsets[i]-offsets[j])); d < 5.6 {
				t.Errorf("marks %d and %d are %g apart", j, i, d)
			}
		}
	}
	if offsets[4] != 0 || offsets[8] != 0 {
		t.Errorf("marks by themselves are moved: %v", offsets)
	}
}

func TestScoresInPlace(t *testing.T) {
	f := Scores{Metric: "accuracy", Rows: []ScoreRow{{Label: "one", Method: 4, Train: 1, Validation: 0.96, Test: 0.9}, {Label: "two", Train: math.NaN(), Validation: math.NaN(), Test: math.NaN()}}}
	at, l := pixels(t, f), f.list()
	frame := l.frame()
	place := func(v float64, row int) vg.Point {
		return vg.Point{X: frame.Min.X + vg.Length(l.x.at(v))*frame.Size().X, Y: frame.Max.Y - vg.Length(row)*scoreRow - scoreRow/2}
	}
	wantColour(t, "the test metric", at(place(0.9, 0)), green)
	wantColour(t, "the line to the others", at(place(0.93, 0)), green)
	wantColour(t, "the validation metric, hollow", at(place(0.96, 0)), paper)
	wantColour(t, "the training metric, hollow", at(place(1, 0)), paper)
	wantColour(t, "the row of what is not known", at(place(0.93, 1)), paper)
}

func TestWidthsInPlace(t *testing.T) {
	f := Widths{Floor: 2, FloorName: "all widths", Points: []WidthPoint{{1, 6, 6}, {2, 5, 3}}}
	at, s := pixels(t, f), f.sheet()
	c := panel{x: s.x, y: s.y, frame: s.frame(0)}
	wantColour(t, "what is proved", at(c.point(1, 6)), blue)
	wantColour(t, "what is not", at(c.point(2, 5)), paper)
	wantColour(t, "its bracket", at(c.point(2, 4)), blue)
	if below := at(c.point(2, 2.5)); below.R < 200 {
		t.Errorf("below the bracket is %v", below)
	}
	found := false
	for x := 1.2; x < 1.8; x += 0.01 { // it is dashed
		found = found || at(c.point(x, 2)) == vermilion
	}
	if !found {
		t.Error("the floor is not seen")
	}
}

// The name of the floor is below its line, and in the key where a bracket would cross it.
func TestNameOfFloor(t *testing.T) {
	f := Widths{Floor: 2, FloorName: "optimum over all widths", Points: []WidthPoint{{1, 6, 6}, {2, 5, 5}, {3, 3, 1}}}
	for _, bound := range []float64{6, 1} {
		f.Points[0].Bound = bound
		frame := f.sheet().frame(0)
		for _, w := range words(t, bytesOf(t, f, "svg")) {
			if inKey := w.low > float64(frame.Max.Y); w.text == f.FloorName && inKey != (bound < 2) {
				t.Errorf("with the first bound at %g the name is in the key: %v", bound, inKey)
			}
		}
	}
}

// A bar ends where the bound is proved, the line is at what was reached, and a bound that
// meets it ends there.
func TestBoundsInPlace(t *testing.T) {
	f := Bounds{Reached: 8, ReachedName: "reached", Rows: []BoundRow{{"a", 4, math.NaN()}, {"b", 8, 8}}}
	l := f.list()
	at, frame := pixels(t, f), l.frame()
	place := func(v float64, row int) vg.Point {
		return vg.Point{X: frame.Min.X + vg.Length(l.x.at(v))*frame.Size().X, Y: frame.Max.Y - boundRow*(vg.Length(row)+0.5)}
	}
	for _, test := range []struct {
		v    float64
		row  int
		want bool
	}{{2, 0, true}, {3.9, 0, true}, {4.2, 0, false}, {6, 1, true}, {7.5, 1, true}, {8.3, 1, false}} {
		if got := at(place(test.v, test.row)) == blue; got != test.want {
			t.Errorf("row %d at %v: bar %v, want %v", test.row, test.v, got, test.want)
		}
	}
	reached := false
	for dy := range 12 {
		reached = reached || at(vg.Point{X: place(8, 0).X, Y: frame.Max.Y - vg.Length(dy)}) == vermilion
	}
	if !reached {
		t.Error("no line at what was reached")
	}
}
