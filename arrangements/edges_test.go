package arrangements_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
)

// No rows leave one cell, the whole space.
func TestEmpty(t *testing.T) {
	x := &mat.Dense{}
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.Count(context.Background()); err != nil || n != 1 || a.Rank() != 0 || a.Lines() != 0 || a.Memory() != 0 || !a.Of(x) {
		t.Errorf("%d cells, rank %d, %d lines, %v", n, a.Rank(), a.Lines(), err)
	}
	visits := 0
	if err := a.Visit(context.Background(), func(int, bitset.Set) { visits++ }); err != nil || visits != 1 {
		t.Errorf("%d visits, %v", visits, err)
	}
	for c, err := range a.Cells(context.Background()) {
		if err != nil || c.Pattern.Len() != 0 || c.Margin != 1 {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if c, err := arrangements.CellAt(x, nil); err != nil || c.Pattern.Len() != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if arrangements.Lines(x) != 0 || arrangements.Rank(x) != 0 {
		t.Errorf("%d lines, rank %d", arrangements.Lines(x), arrangements.Rank(x))
	}
}

// Rows longer than the largest float64 have a direction all the same.
func TestLongRows(t *testing.T) {
	x := rows(2, 1.5e308, 1.5e308, 1.5e308, -1.5e308)
	if arrangements.Rank(x) != 2 || arrangements.Lines(x) != 2 {
		t.Errorf("rank %d, %d lines", arrangements.Rank(x), arrangements.Lines(x))
	}
	for c, err := range arrangement(t, x).Cells(context.Background()) {
		if err != nil || math.Abs(c.Margin-math.Sqrt(0.5)) > 1e-9 && c.Margin < 1e-9 {
			t.Errorf("%v, margin %g, %v", c.Pattern, c.Margin, err)
		}
	}
	for _, u := range [][]float64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		c, err := arrangements.CellAt(x, u)
		// Both rows are half a right angle off each axis.
		want := [2]bool{u[0]+u[1] > 0, u[0]-u[1] > 0}
		if err != nil || c.Margin < 0.1 || c.Pattern.Active(0) != want[0] || c.Pattern.Active(1) != want[1] {
			t.Errorf("at %v: %v, margin %g, %v", u, c.Pattern, c.Margin, err)
		}
	}
	// Of subnormal rows the norm alone has too few bits.
	cells, _, err := arrangements.Sample(context.Background(), rows(2, 5e-324, 5e-324, 5e-324, -5e-324), 9, arrangements.SampleSettings{})
	if err != nil || len(cells) != 3 {
		t.Fatalf("%d cells, %v", len(cells), err)
	}
	for _, c := range cells {
		sum, difference := math.Abs(c.Witness[0]+c.Witness[1]), math.Abs(c.Witness[0]-c.Witness[1])
		if want := min(sum, difference) / math.Sqrt2; math.Abs(c.Margin-want) > 1e-12 {
			t.Errorf("margin %g, want %g", c.Margin, want)
		}
	}
}

// The margins of sampled cells are the least sines of the angles.
func TestSampleMargins(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 4))
	nudged := 0
	for trial := range 20 {
		x := gaussian(rng, 9, 3)
		if trial%2 == 1 { // a grid, where gates are moved off hyperplanes
			for i := range 9 {
				x.SetRow(i, []float64{float64(i % 3), float64(i / 3), float64(trial % 4 / 2)})
			}
		}
		cells, stats, err := arrangements.Sample(context.Background(), x, 40, arrangements.SampleSettings{Seed: uint64(trial)})
		if err != nil {
			t.Fatal(err)
		}
		nudged += stats.Nudged
		for _, c := range cells {
			want := 1.0
			for i := range 9 {
				if l := floats.Norm(x.RawRowView(i), 2); l > 0 {
					want = min(want, math.Abs(floats.Dot(x.RawRowView(i), c.Witness))/l)
				}
			}
			if !(c.Margin > 0) || math.Abs(c.Margin-want) > 1e-14 {
				t.Errorf("trial %d: margin %g, want %g", trial, c.Margin, want)
			}
		}
	}
	if nudged == 0 {
		t.Error("no gate was moved")
	}
	if cells, _, err := arrangements.Sample(context.Background(), rows(2, 0, 0), 1, arrangements.SampleSettings{}); err != nil || len(cells) > 0 {
		t.Errorf("%d cells of a row of zeros, %v", len(cells), err)
	}
}

func TestOf(t *testing.T) {
	x := rows(2, 1, 2, 3, 4)
	a := arrangement(t, x)
	y := mat.DenseCopyOf(x)
	if !a.Of(x) || !a.Of(y) {
		t.Error("not the arrangement of its data")
	}
	y.Set(1, 1, 5)
	if a.Of(y) || a.Of(rows(2, 1, 2)) || a.Of(rows(4, 1, 2, 3, 4)) {
		t.Error("the arrangement of other data")
	}
}

func TestNewPattern(t *testing.T) {
	bits := bitset.New(70)
	bits.Add(3)
	bits.Add(69)
	p := arrangements.NewPattern(bits, 70)
	gates := mat.NewDense(70, 1, nil)
	for i := range 70 {
		gates.Set(i, 0, -1)
	}
	gates.Set(3, 0, 1)
	gates.Set(69, 0, 2)
	if want := arrangements.PatternOf(gates, []float64{1}); !p.Equal(want) || p.Hash() != want.Hash() || p.Len() != 70 || p.Count() != 2 {
		t.Errorf("%v, want %v", p, want)
	}
}

// More sections than int32 numbers are refused before anything is listed.
func TestTooManySections(t *testing.T) {
	a := arrangement(t, gaussian(rand.New(rand.NewPCG(16, 5)), 120, 8))
	if a.Memory() > 1<<40 {
		t.Fatalf("%g bytes are refused for themselves", a.Memory())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.Count(ctx); !errors.Is(err, arrangements.ErrTooMany) {
		t.Errorf("%v", err)
	}
}

func arrangement(t *testing.T, x *mat.Dense) *arrangements.Arrangement {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
