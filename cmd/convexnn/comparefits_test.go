package main

import (
	"math"
	"testing"

	figures "github.com/convexnn/convexnn/internal/report"
)

// The function bends at every kink, in the units of the table, and nowhere else.
func TestKinksAreWhereTheFunctionBends(t *testing.T) {
	c := compared(t, t.Context(), "piecewise", quickly...)
	f, ok := c.functions()
	fits, isFits := f.picture.(figures.Fits)
	if !ok || !isFits || len(fits.Panels) != 5 || len(fits.Train) != c.data.train.rows() || len(fits.Held) != c.validation.rows()+c.test.rows() {
		t.Fatalf("picture %T of %d panels", f.picture, len(fits.Panels))
	}
	panel := fits.Panels[0]
	if len(panel.Kinks) == 0 {
		t.Fatal("no kinks")
	}
	slope := func(k int) float64 {
		a, b := panel.Line[k], panel.Line[k+1]
		return (b.Y - a.Y) / (b.X - a.X)
	}
	for k := 1; k+1 < len(panel.Line); k++ {
		bends := math.Abs(slope(k)-slope(k-1)) > 1e-6
		kink := false
		for _, q := range panel.Kinks {
			kink = kink || q == panel.Line[k]
		}
		if bends != kink {
			t.Errorf("at %+v the slope goes from %g to %g, a kink is there: %v", panel.Line[k], slope(k-1), slope(k), kink)
		}
	}
	// The curve goes through the predictions, which lie among the samples.
	worst := 0.0
	for _, s := range fits.Train {
		for k := range len(panel.Line) - 1 {
			if a, b := panel.Line[k], panel.Line[k+1]; a.X <= s.X && s.X <= b.X {
				at := a.Y + (b.Y-a.Y)*(s.X-a.X)/(b.X-a.X)
				worst = max(worst, math.Abs(at-s.Y))
			}
		}
	}
	if worst == 0 || worst > 1.5 {
		t.Errorf("the curve is up to %g away from the samples", worst)
	}
}

// The gradient jumps at the line of every neuron, in the units of the table.
func TestLinesAreWhereTheFunctionBends(t *testing.T) {
	c := compared(t, t.Context(), "spirals", quickly...)
	f, ok := c.functions()
	regions, isRegions := f.picture.(figures.Regions)
	if !ok || !isRegions || len(regions.Panels) != 5 || regions.Classes != [2]string{"-1", "1"} {
		t.Fatalf("picture %T of %d panels", f.picture, len(regions.Panels))
	}
	for i, s := range regions.Samples[:c.data.train.rows()] {
		want, err := c.rows[0].network.Predict(c.data.train.x.Slice(i, i+1, 0, 3))
		if err != nil {
			t.Fatal(err)
		}
		if got := regions.Panels[0].F(s.X, s.Y); math.Abs(got-want[0]) > 1e-9*(1+math.Abs(want[0])) || s.Held || s.Value != c.data.train.y[i] {
			t.Fatalf("sample %d: %g, want %g", i, got, want[0])
		}
	}
	for _, panel := range regions.Panels[2:] { // of few neurons, whose lines do not meet
		for _, l := range panel.Lines {
			size := math.Hypot(l.A, l.B)
			nx, ny := l.A/size, l.B/size
			// The place of the line that is nearest to the origin, and a step across.
			px, py := -l.C/size*nx, -l.C/size*ny
			const h = 1e-7
			bend := (panel.F(px+h*nx, py+h*ny) - 2*panel.F(px, py) + panel.F(px-h*nx, py-h*ny)) / h
			if math.Abs(bend) < 1e-7 || (bend > 0) != l.Positive {
				t.Errorf("%s: across %+v the slope changes by %g", panel.Name, l, bend)
			}
		}
	}
}
