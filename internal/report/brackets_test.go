package report

import (
	"bytes"
	"image/color"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// twoRuns has a run that is separated from 10 on, and not between 20 and 40.
func twoRuns() Brackets {
	nan := math.NaN()
	return Brackets{
		Axis: "x", YLabel: "bound", Before: "no upper bound", Optimum: 2, OptimumName: "the optimum",
		Runs: [][]BracketPoint{
			{{0, nan, nan, nan}, {10, 3.5, 1, nan}, {20, 3.2, 1.2, nan}, {40, nan, 1.2, nan}, {60, 3, 1.2, 1.5}, {80, 2.5, 1.2, 1.8}, {100, 2.2, 1.2, 1.8}},
			{{0, 3.8, nan, nan}, {100, 3.8, nan, nan}},
		},
		Below: []CoursePanel{{Heading: "ratio", Level: 1, Courses: []Course{{Points: []XY{{0, 0.5}, {100, 1}}, Positive: true}}}},
	}
}

// frameOf is the frame of the bounds.
func (f Brackets) frameOf() panel {
	s := f.sheet()
	return panel{x: s.x, y: s.y, frame: s.frame(0)}
}

// Bounds are where their values are, lower ones hold until the next, the band is between
// the bounds, and the ground is grey where there is no upper bound.
func TestBracketsInPlace(t *testing.T) {
	f := twoRuns()
	at, c := pixels(t, f), f.frameOf()
	if got := at(c.point(70, 2.75)); got != blue {
		t.Errorf("the upper bound is %v", got)
	}
	wantColour(t, "the proved bound, before it is better", at(c.point(17, 1)), green)
	wantColour(t, "the proved bound of later", at(c.point(95, 1.2)), green)
	dash := false
	for x := 85.0; x < 95; x += 0.1 {
		dash = dash || at(c.point(x, 1.8)) == green
	}
	if !dash {
		t.Error("the estimated bound is not seen")
	}
	optimum := false
	for x := 5.0; x < 95; x++ {
		optimum = optimum || at(c.point(x, 2)) == vermilion
	}
	if !optimum {
		t.Error("the optimum is not seen")
	}
	wantColour(t, "the ground before the first bound", at(c.point(5, 1.7)), discTone)
	wantColour(t, "the ground where the bound is lost", at(c.point(50, 2.7)), discTone)
	wantColour(t, "the ground below the bounds", at(c.point(15, 0.95)), paper)
	tint := func(q color.NRGBA) int { return 255 - int(q.R) }
	proved, estimated := tint(at(c.point(15, 1.7))), tint(at(c.point(75, 2.3)))
	if proved < 30 || estimated < 10 || estimated > proved*2/3 {
		t.Errorf("bands with a proved and an estimated bound have the tints %d and %d", proved, estimated)
	}
	if got := at(c.point(75, 1.35)); got != paper {
		t.Errorf("between the estimated and the proved bound is %v", got)
	}
}

func TestUnknownParts(t *testing.T) {
	f, c := twoRuns(), panel{x: axis{low: 0, high: 100}, y: blank}
	c.frame.Max = vg.Point{X: 100, Y: 1}
	parts := f.unknown(c)
	if len(parts) != 2 || parts[0].Min.X != 0 || parts[0].Max.X != 10 || parts[1].Min.X != 20 || parts[1].Max.X != 60 {
		t.Errorf("no upper bound in %v", parts)
	}
	f.Runs[0] = f.Runs[0][:1]
	if parts := f.unknown(c); len(parts) != 1 || parts[0].Max.X != 100 {
		t.Errorf("of a run without upper bounds %v", parts)
	}
}

func TestGap(t *testing.T) {
	for _, test := range [][3]float64{{4, 3, 0.25}, {2, 2, 0}, {2, 2.1, 0}, {math.NaN(), 1, math.NaN()}, {0, 0, math.NaN()}, {1, math.Inf(-1), math.NaN()}} {
		if got := gap(test[0], test[1]); got != test[2] && !(math.IsNaN(got) && math.IsNaN(test[2])) {
			t.Errorf("the gap of %g and %g is %g, want %g", test[0], test[1], got, test[2])
		}
	}
}

// What is not there is not in the key; the optimum is named on grey ground if that is wide
// enough, else in the key.
func TestKeyOfBrackets(t *testing.T) {
	f := twoRuns()
	inKey := func(f Brackets, text string) bool {
		for _, e := range f.sheet().key {
			if e.name == text {
				return true
			}
		}
		return false
	}
	for _, name := range []string{"upper bound, from the margin", "lower bound, proved", "lower bound, estimated", "other runs", "positive neuron"} {
		if !inKey(f, name) {
			t.Errorf("%q is not in the key", name)
		}
	}
	for _, before := range []float64{math.NaN(), 4} {
		f.Runs[0][3].Upper = before // with it only the first tenth is grey
		if svg := bytesOf(t, f, "svg"); inKey(f, f.OptimumName) != (before == 4) || bytes.Count(svg, []byte(f.OptimumName)) != 1 || strings.Contains(string(svg), f.Before) != (before != 4) {
			t.Errorf("with the bound %g: the optimum in the key %v", before, inKey(f, f.OptimumName))
		}
	}
	f.Runs = f.Runs[:1]
	for k := range f.Runs[0] {
		f.Runs[0][k].Estimated = math.NaN()
	}
	f.Below[0].Courses[0].Dead = true
	for _, name := range []string{"lower bound, estimated", "other runs", "positive neuron"} {
		if inKey(f, name) {
			t.Errorf("%q is in the key", name)
		}
	}
}

// The set is filled up to its border, the line of the sum is where the sum is, and the
// path ends at its last point.
func TestShadowInPlace(t *testing.T) {
	f := DualShadow{Title: "a triangle", Outer: []XY{{0, 0}, {1, 0}, {0, 2}}, Path: []XY{{0.1, 0.1}, {0.3, 1}}, Optimum: XY{0, 2}, PMM: 2}
	at, c := pixels(t, f), f.panel()
	if size := c.frame.Size(); size.X != size.Y || math.Abs((c.x.high-c.x.low)-(c.y.high-c.y.low)) > 1e-12 {
		t.Error("the axes have other scales")
	}
	inside, outside := at(c.point(0.4, 0.4)), at(c.point(0.8, 0.9))
	if inside == paper || outside != paper {
		t.Errorf("inside %v, outside %v", inside, outside)
	}
	wantColour(t, "the border", at(c.point(0.5, 1)), blue)
	wantColour(t, "the last point", at(c.point(0.3, 1)), ink)
	wantColour(t, "the first point, hollow", at(c.point(0.1, 0.1)), paper)
	wantColour(t, "the path", at(c.point(0.2, 0.55)), ink)
	wantColour(t, "the ring of the optimum", at(c.point(0, 2).Add(vg.Point{Y: 7})), ink)
	seen := false
	for x := 0.5; x < 2; x += 0.01 {
		seen = seen || at(c.point(x, 2-x)) == vermilion
	}
	if !seen {
		t.Error("the line of the sum is not seen")
	}
}

// The axis leaves off what is far above the optimum, unless a run ends there, and what
// differs little from a level is near it.
func TestAxesOfBrackets(t *testing.T) {
	f := twoRuns()
	f.Runs[0][1].Upper = 500
	if a := f.heights(); a.high < 4 || a.high > 5 || a.low > 1 {
		t.Errorf("bounds from %g to %g", a.low, a.high)
	}
	f.Runs[0][6].Upper = 9
	if a := f.heights(); a.high < 9 || a.high > 10 {
		t.Errorf("with a run that ends at 9 up to %g", a.high)
	}
	if a := f.moments(); a.logarithmic || a.at(0) != 0 {
		t.Errorf("an axis from zero: %v", a)
	}
	f.Runs = [][]BracketPoint{{{At: 1e-6}, {At: 1e3}}}
	f.Below = nil
	if a := f.moments(); !a.logarithmic || a.at(1e-6) < 0 || a.at(1e3) > 1 {
		t.Errorf("an axis of nine powers of ten: %v", a)
	}
	if a := (CoursePanel{Level: 1, Courses: []Course{{Points: []XY{{0, 0.9999}, {1, 1}}}}}).heights(); a.low > 0.95 || a.high < 1.05 {
		t.Errorf("ratios near 1 from %g to %g", a.low, a.high)
	}
}
