package arrangements_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

var xor = mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1})

var samplers = []arrangements.Sampler{arrangements.Mixed, arrangements.Gaussian, arrangements.Pairs}

// check verifies what holds for every result: distinct patterns, unit witnesses
// that have the pattern with a margin, no inactive pattern.
func check(t *testing.T, x *mat.Dense, cells []arrangements.Cell, stats arrangements.SampleStats) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range cells {
		if seen[c.Pattern.String()] {
			t.Fatalf("pattern %v twice", c.Pattern)
		}
		seen[c.Pattern.String()] = true
		if !arrangements.PatternOf(x, c.Witness).Equal(c.Pattern) {
			t.Fatalf("witness %v does not have pattern %v", c.Witness, c.Pattern)
		}
		if l := mat.Norm(mat.NewVecDense(len(c.Witness), c.Witness), 2); l < 0.5 || l > 1+1e-12 {
			t.Fatalf("witness of norm %g", l)
		}
		any := false
		for i := range c.Pattern.Len() {
			row := x.RowView(i)
			l := mat.Norm(row, 2)
			if l == 0 {
				if !c.Pattern.Active(i) {
					t.Fatal("row of zeros is not active")
				}
				continue
			}
			if math.Abs(mat.Dot(row, mat.NewVecDense(len(c.Witness), c.Witness))) < 1e-10*l {
				t.Fatalf("witness %v lies on hyperplane %d", c.Witness, i)
			}
			any = any || c.Pattern.Active(i)
		}
		if !any {
			t.Fatal("the inactive pattern is a cell")
		}
	}
	if stats.Draws != len(cells)+stats.Duplicates+stats.Inactive+stats.Degenerate {
		t.Fatalf("%d cells do not match %+v", len(cells), stats)
	}
}

func TestSampleFindsAllCells(t *testing.T) {
	for _, c := range []struct {
		name  string
		x     *mat.Dense
		cells int // without the inactive one
		full  bool
	}{
		{"xor with bias", xor, 13, true},
		// The Boolean arrangement; its cell bound is 16 too.
		{"axes", mat.NewDense(4, 4, []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}), 15, true},
		// No half-plane holds (1,0) and (-1,0): no gate is inactive on all rows.
		{"plane", mat.NewDense(6, 2, []float64{1, 0, 2, 0, -1, 0, 0, 1, 0, 0, 1, 1}), 6, true},
		{"points on a line with bias", mat.NewDense(5, 2, []float64{-2, 1, -1, 1, 0, 1, 1, 1, 2, 1}), 9, true},
		{"degenerate", mat.NewDense(5, 2, []float64{1, 0, 1, 0, -2, 0, 0, 0, 0, 1}), 4, true},
		{"one sample", mat.NewDense(1, 1, []float64{3}), 1, true},
		// The braid arrangement of four letters has 4! cells, fewer than the bound.
		{"braid", mat.NewDense(6, 4, []float64{1, -1, 0, 0, 1, 0, -1, 0, 1, 0, 0, -1, 0, 1, -1, 0, 0, 1, 0, -1, 0, 0, 1, -1}), 23, false},
		{"zeros", mat.NewDense(2, 2, nil), 0, true},
	} {
		for _, s := range samplers {
			cells, stats, err := arrangements.Sample(context.Background(), c.x, 1000, arrangements.SampleSettings{Sampler: s})
			if err != nil {
				t.Fatal(err)
			}
			check(t, c.x, cells, stats)
			if len(cells) != c.cells && s != arrangements.Pairs || len(cells) > c.cells {
				t.Errorf("%s, %v: %d cells, want %d; %+v", c.name, s, len(cells), c.cells, stats)
			}
			if stats.Complete != c.full && s != arrangements.Pairs {
				t.Errorf("%s, %v: Complete = %v", c.name, s, stats.Complete)
			}
		}
	}
}

// TestSampleAgainstSweep compares with all patterns seen by a dense sweep of
// directions in the plane.
func TestSampleAgainstSweep(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for trial := range 20 {
		n := 1 + rng.IntN(8)
		x := gaussian(rng, n, 2)
		if trial%2 == 1 {
			for i := range n {
				x.SetRow(i, []float64{float64(rng.IntN(5) - 2), float64(rng.IntN(5) - 2)})
			}
		}
		want := map[string]bool{}
		for k := range 200000 {
			sin, cos := math.Sincos(2 * math.Pi * (float64(k) + 0.5) / 200000)
			p := arrangements.PatternOf(x, []float64{cos, sin})
			for i := range n {
				if p.Active(i) && mat.Norm(x.RowView(i), 2) > 0 {
					want[p.String()] = true
					break
				}
			}
		}
		cells, stats, err := arrangements.Sample(context.Background(), x, 1000,
			arrangements.SampleSettings{Sampler: arrangements.Gaussian, Patience: 20000})
		if err != nil {
			t.Fatal(err)
		}
		check(t, x, cells, stats)
		if len(cells) != len(want) {
			t.Errorf("trial %d: %d cells, the sweep saw %d", trial, len(cells), len(want))
		}
		for _, c := range cells {
			if !want[c.Pattern.String()] {
				t.Errorf("trial %d: the sweep did not see %v", trial, c.Pattern)
			}
		}
	}
}

func TestSamplePairsBisect(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	const n, d = 12, 4
	// d-1 features and a bias column.
	x := gaussian(rng, n, d)
	for i := range n {
		x.Set(i, 1, 2.5)
	}
	cells, stats, err := arrangements.Sample(context.Background(), x, 60, arrangements.SampleSettings{Sampler: arrangements.Pairs})
	if err != nil {
		t.Fatal(err)
	}
	check(t, x, cells, stats)
	for _, c := range cells {
		g := c.Witness
		bisects := false
		for a := range n {
			for b := range n {
				// The normal is along x_a - x_b, and the two are at opposite
				// distances from the hyperplane.
				ra, rb := x.RawRowView(a), x.RawRowView(b)
				var sum, cross, gg, dd float64
				for k := range d {
					sum += g[k] * (ra[k] + rb[k])
					if k != 1 {
						cross += g[k] * (ra[k] - rb[k])
						gg += g[k] * g[k]
						dd += (ra[k] - rb[k]) * (ra[k] - rb[k])
					}
				}
				bisects = bisects || a != b && math.Abs(sum) < 1e-9 && math.Abs(cross*cross-gg*dd) < 1e-9*gg*dd
			}
		}
		if !bisects {
			t.Fatalf("witness %v bisects no pair", g)
		}
	}
}

func TestSampleNudges(t *testing.T) {
	// On a grid of integers many bisecting hyperplanes pass through samples.
	x := mat.NewDense(9, 3, nil)
	for i := range 9 {
		x.SetRow(i, []float64{float64(i % 3), float64(i / 3), 1})
	}
	cells, stats, err := arrangements.Sample(context.Background(), x, 50, arrangements.SampleSettings{Sampler: arrangements.Pairs})
	if err != nil {
		t.Fatal(err)
	}
	check(t, x, cells, stats)
	if stats.Nudged == 0 || stats.Degenerate > 0 {
		t.Errorf("%+v: want gates moved off hyperplanes, and none given up", stats)
	}
}

func TestSampleReproducible(t *testing.T) {
	x := gaussian(rand.New(rand.NewPCG(6, 6)), 100, 8)
	for i := range 100 {
		x.Set(i, 7, 1)
	}
	run := func(count int, seed uint64) []arrangements.Cell {
		cells, stats, err := arrangements.Sample(context.Background(), x, count, arrangements.SampleSettings{Seed: seed})
		if err != nil || len(cells) != count {
			t.Fatalf("%d cells, %v", len(cells), err)
		}
		check(t, x, cells, stats)
		return cells
	}
	same := func(a, b []arrangements.Cell) bool {
		return slices.EqualFunc(a, b, func(a, b arrangements.Cell) bool {
			return a.Pattern.Equal(b.Pattern) && slices.Equal(a.Witness, b.Witness)
		})
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := run(700, 1)
	runtime.GOMAXPROCS(5)
	if !same(one, run(700, 1)) {
		t.Error("five processors give other cells than one")
	}
	if !same(one[:300], run(300, 1)) {
		t.Error("fewer cells are not the first ones of more")
	}
	if same(one, run(700, 2)) {
		t.Error("the seed does not matter")
	}
}

func TestSampleStops(t *testing.T) {
	x := gaussian(rand.New(rand.NewPCG(7, 7)), 40, 6)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := arrangements.Sample(ctx, x, 10, arrangements.SampleSettings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	cells, stats, err := arrangements.Sample(context.Background(), x, 1e6, arrangements.SampleSettings{Patience: 3})
	if err != nil || stats.Complete || len(cells) == 0 || len(cells) > 1e5 {
		t.Errorf("patience 3: %d cells, %+v, %v", len(cells), stats, err)
	}
	check(t, x, cells, stats)
	for _, count := range []int{0, -1} {
		if _, _, err := arrangements.Sample(context.Background(), x, count, arrangements.SampleSettings{}); !errors.Is(err, arrangements.ErrCount) {
			t.Errorf("count %d: %v", count, err)
		}
	}
	x.Set(3, 2, math.NaN())
	if _, _, err := arrangements.Sample(context.Background(), x, 1, arrangements.SampleSettings{}); !errors.Is(err, arrangements.ErrNonFinite) {
		t.Errorf("NaN: %v", err)
	}
	if _, _, err := arrangements.Sample(context.Background(), xor, 1, arrangements.SampleSettings{Sampler: 9}); !errors.Is(err, arrangements.ErrSampler) {
		t.Errorf("sampler 9: %v", err)
	}
}

func TestParseSampler(t *testing.T) {
	for _, s := range samplers {
		if got, err := arrangements.ParseSampler(s.String()); err != nil || got != s {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	if _, err := arrangements.ParseSampler("uniform"); !errors.Is(err, arrangements.ErrSampler) {
		t.Errorf("uniform: %v", err)
	}
}

// Gates on hyperplanes: the witness shows the pattern that was read off the gate,
// to the last sample. Dividing by the norm would lose it here.
func TestGatesOnHyperplanesKeepTheirPattern(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{-8, 2, 4, 8, -8, -9, -4, 5})
	gates := mat.NewDense(2, 3, []float64{-9, 8, -9, 8, -4, 8})
	for a := -9.0; a <= 9; a++ {
		for b := -9.0; b <= 9; b++ {
			gates.SetCol(0, []float64{a, b})
			cells, err := arrangements.FromGates(x, gates)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cells {
				if !arrangements.PatternOf(x, c.Witness).Equal(c.Pattern) {
					t.Fatalf("gate (%v, %v): witness %v does not have pattern %v", a, b, c.Witness, c.Pattern)
				}
			}
		}
	}
}

func TestFromGates(t *testing.T) {
	// Four gates in R^3: two of one cell, one inactive on every sample.
	gates := mat.NewDense(3, 4, []float64{
		2, 4, 0, -1,
		2, 4, 0, -1,
		-1, -2, -1, 1.5,
	})
	want := []string{"-+++", "+++-"}
	for name, g := range map[string]*mat.Dense{"columns": gates, "rows": mat.DenseCopyOf(gates.T())} {
		cells, err := arrangements.FromGates(xor, g)
		if err != nil {
			t.Fatal(err)
		}
		check(t, xor, cells, arrangements.SampleStats{Draws: len(cells)})
		if len(cells) != 2 || cells[0].Pattern.String() != want[0] || cells[1].Pattern.String() != want[1] {
			t.Errorf("%s: %v, want %v", name, cells, want)
		}
	}
	// A square matrix is read by columns.
	square := mat.NewDense(3, 3, []float64{1, 0, 0, -2, 0, 0, 1, 1, 1})
	cells, err := arrangements.FromGates(xor, square)
	if err != nil {
		t.Fatal(err)
	}
	if p := cells[0].Pattern; p.String() != "+-++" {
		t.Errorf("first column (1, -2, 1) has pattern %v, want +-++", p)
	}
	if _, err := arrangements.FromGates(xor, mat.NewDense(2, 4, nil)); !errors.Is(err, arrangements.ErrGateShape) {
		t.Errorf("2 x 4 gates: %v", err)
	}
	if _, err := arrangements.FromGates(xor, mat.NewDense(3, 1, []float64{1, math.Inf(1), 0})); !errors.Is(err, arrangements.ErrNonFinite) {
		t.Errorf("infinite gate: %v", err)
	}
	// Gates on hyperplanes are taken as they are.
	if cells, err := arrangements.FromGates(xor, mat.NewDense(3, 1, nil)); err != nil || len(cells) != 1 || cells[0].Pattern.Count() != 4 {
		t.Errorf("zero gate: %v, %v", cells, err)
	}
}

func BenchmarkSample(b *testing.B) {
	x := gaussian(rand.New(rand.NewPCG(8, 8)), 569, 31)
	for b.Loop() {
		if _, _, err := arrangements.Sample(context.Background(), x, 500, arrangements.SampleSettings{}); err != nil {
			b.Fatal(err)
		}
	}
}
