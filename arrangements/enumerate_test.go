package arrangements_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
)

// listed returns the patterns of Cells, after checking what holds for every
// result: patterns are distinct, witnesses have length 1 and the margin that is
// stated, and show the pattern if it is above rounding.
func listed(t *testing.T, x *mat.Dense) (map[string]bool, []arrangements.Cell) {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	n, d := x.Dims()
	patterns := map[string]bool{}
	var cells []arrangements.Cell
	for c, err := range a.Cells(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		s := c.Pattern.String()
		if patterns[s] {
			t.Fatalf("pattern %v twice", s)
		}
		patterns[s] = true
		cells = append(cells, c)
		w := mat.NewVecDense(d, c.Witness)
		if l := mat.Norm(w, 2); math.Abs(l-1) > 1e-12 {
			t.Fatalf("witness of norm %g", l)
		}
		margin := 1.0
		for i := range n {
			l := mat.Norm(x.RowView(i), 2)
			if l == 0 {
				if !c.Pattern.Active(i) {
					t.Fatalf("%v: row %d of zeros is not active", s, i)
				}
				continue
			}
			v := mat.Dot(x.RowView(i), w)
			margin = min(margin, math.Abs(v)/l)
			if c.Margin > 1e-12 && (v > 0) != c.Pattern.Active(i) {
				t.Fatalf("%v: witness %v of margin %g does not show row %d", s, c.Witness, c.Margin, i)
			}
		}
		if c.Margin != 0 && math.Abs(margin-c.Margin) > 1e-13 {
			t.Fatalf("%v: margin %g, stated as %g", s, margin, c.Margin)
		}
	}
	count, err := a.Count(context.Background())
	if err != nil || int(count) != len(cells) {
		t.Fatalf("Count is %d, %v; there are %d cells", count, err, len(cells))
	}
	return patterns, cells
}

func rows(d int, v ...float64) *mat.Dense { return mat.NewDense(len(v)/d, d, v) }

// differences returns the rows e_i - e_j, and with sums also e_i + e_j, and with
// axes also e_i.
func differences(k int, sums, axes bool) *mat.Dense {
	var v []float64
	add := func(i int, a float64, j int, b float64) {
		row := make([]float64, k)
		row[i] += a
		row[j] += b
		v = append(v, row...)
	}
	for i := range k {
		if axes {
			add(i, 1, i, 0)
		}
		for j := i + 1; j < k; j++ {
			add(i, 1, j, -1)
			if sums {
				add(i, 1, j, 1)
			}
		}
	}
	return rows(k, v...)
}

// corners returns the corners of the unit cube of k dimensions, with a bias.
func corners(k int) *mat.Dense {
	x := mat.NewDense(1<<k, k+1, nil)
	for i := range 1 << k {
		x.Set(i, k, 1)
		for j := range k {
			x.Set(i, j, float64(i>>j&1))
		}
	}
	return x
}

// Numbers of cells that are known: general position (Cover 1965), reflection
// arrangements, whose cells are the elements of the group, and small cases by
// hand.
func TestCellNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	product := func(n, r, d int) *mat.Dense {
		// Integers, so that the rank is exact.
		round := func(m *mat.Dense) *mat.Dense {
			m.Apply(func(_, _ int, v float64) float64 { return math.Round(1000 * v) }, m)
			return m
		}
		var p mat.Dense
		p.Mul(round(gaussian(rng, n, r)), round(gaussian(rng, r, d)))
		return &p
	}
	tail := func(n, r int) int { return int(arrangements.MaxCells(n, r).Int64()) }
	for _, c := range []struct {
		name              string
		x                 *mat.Dense
		cells, rank, line int
	}{
		{"gaussian 5, 1", gaussian(rng, 5, 1), 2, 1, 1},
		{"gaussian 5, 2", gaussian(rng, 5, 2), 10, 2, 5},
		{"gaussian 4, 3", gaussian(rng, 4, 3), 14, 3, 4},
		{"gaussian 7, 4", gaussian(rng, 7, 4), 84, 4, 7},
		{"gaussian 3, 7", gaussian(rng, 3, 7), 8, 3, 3},
		{"gaussian 70, 3", gaussian(rng, 70, 3), tail(70, 3), 3, 70},
		{"gaussian 130, 2", gaussian(rng, 130, 2), 260, 2, 130},
		{"gaussian 13, 6", gaussian(rng, 13, 6), tail(13, 6), 6, 13},
		{"gaussian 14, 9", gaussian(rng, 14, 9), tail(14, 9), 9, 14},
		{"rank 2 in four columns", product(5, 2, 4), 10, 2, 5},
		{"rank 3 in seven columns", product(9, 3, 7), tail(9, 3), 3, 9},
		{"axes", rows(4, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1), 16, 4, 4},
		{"braid 3", differences(3, false, false), 6, 2, 3},
		{"braid 4", differences(4, false, false), 24, 3, 6},
		{"braid 5", differences(5, false, false), 120, 4, 10},
		{"braid 6", differences(6, false, false), 720, 5, 15},
		{"B3", differences(3, true, true), 48, 3, 9},
		{"B4", differences(4, true, true), 384, 4, 16},
		{"D4", differences(4, true, false), 192, 4, 12},
		{"D5", differences(5, true, false), 1920, 5, 20},
		{"xor", xor, 14, 3, 4},
		// The Boolean functions of three and four variables that a threshold gate
		// computes (Muroga, Toda and Takasu 1961).
		{"threshold 3", corners(3), 104, 4, 8},
		{"threshold 4", corners(4), 1882, 5, 16},
		{"points on a line with bias", rows(2, -2, 1, -1, 1, 0, 1, 1, 1, 2, 1), 10, 2, 5},
		{"two lines", rows(2, 1, 0, 1, 0, -2, 0, 0, 0, 0, 1), 4, 2, 2},
		{"three lines", rows(2, 1, 0, 2, 0, -1, 0, 0, 1, 0, 0, 1, 1), 6, 2, 3},
		{"zeros", rows(2, 0, 0, 0, 0), 1, 0, 0},
		{"one sample", rows(1, 3), 2, 1, 1},
		{"antipodes", rows(3, 1, 2, 3, -2, -4, -6, 0, 0, 0), 2, 1, 1},
		// The determinant is the prime 2^61 - 1.
		{"prime determinant", rows(2, 1<<31, 1, 1, 1<<30), 4, 2, 2},
		{"prime determinant of three", rows(3, 1, 0, 0, 0, 1<<31, 1, 0, 1, 1<<30), 8, 3, 3},
		{"prime minors", rows(3, 1<<31, 1, 0, 1, 1<<30, 0, 1<<31+1, 1<<30+1, 0, 1, 1, 1), 12, 3, 4},
		{"parallel but for a bit", rows(2, 3, 1, 3, math.Nextafter(1, 2), 0, 1), 6, 2, 3},
		{"far units", rows(2, 1e-300, 1e300, 1e-300, -1e300, 3e-300, 1e300), 6, 2, 3},
		{"range within rows", rows(3, 1, 1e-300, 1e300, 1e-310, 1, 1e-300, 1e300, 5e-324, 1, 1, 1, 1), 14, 3, 4},
	} {
		a, err := arrangements.NewArrangement(c.x)
		if err != nil {
			t.Fatal(err)
		}
		if a.Rank() != c.rank || a.Lines() != c.line || a.Shift() != nil {
			t.Errorf("%s: rank %d, %d lines, shift %v; want %d and %d", c.name, a.Rank(), a.Lines(), a.Shift(), c.rank, c.line)
			continue
		}
		if patterns, _ := listed(t, c.x); len(patterns) != c.cells {
			t.Errorf("%s: %d cells, want %d", c.name, len(patterns), c.cells)
		}
		if max := a.MaxCells(); max.Cmp(big.NewInt(int64(c.cells))) < 0 {
			t.Errorf("%s: at most %v cells", c.name, max)
		}
	}
}

// TestCellsAgainstTopes compares with all compositions of rays.
func TestCellsAgainstTopes(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	shifted := 0
	for trial := range 240 {
		d := 1 + rng.IntN(5)
		n := 1 + rng.IntN(9)
		x := mat.NewDense(n, d, nil)
		kind := trial % 6
		for i := range n {
			for k := range d {
				v := float64(rng.IntN(3) - 1)
				switch kind {
				case 1:
					v = rng.NormFloat64()
				case 2:
					// Nearly degenerate.
					v += float64(rng.IntN(5)-2) * 0x1p-50
				case 3:
					// Units far apart, and noise of the last bit.
					v *= math.Pow(10, float64(40*k-80))
					v *= 1 + float64(rng.IntN(3)-1)*0x1p-52
				case 4:
					// Decimals.
					v = float64(rng.IntN(12)) / 10
				}
				x.Set(i, k, v)
			}
			if kind == 5 && i > 1 && rng.IntN(2) == 0 {
				// Combinations of other rows.
				a, b := x.RawRowView(rng.IntN(i)), x.RawRowView(rng.IntN(i))
				f := float64(rng.IntN(5) - 2)
				for k := range d {
					x.Set(i, k, f*a[k]+b[k])
				}
			}
		}
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		if a.Shift() != nil {
			shifted++
			continue // the cells are those of another matrix
		}
		got, cells := listed(t, x)
		if want := topes(x); !same(got, want) {
			t.Errorf("trial %d: %d cells, want %d, of\n%v", trial, len(got), len(want), mat.Formatted(x))
		}
		for _, c := range cells {
			if kind%5 == 0 && c.Margin < 1e-4 {
				t.Errorf("trial %d: %v has margin %g in integer data", trial, c.Pattern, c.Margin)
			}
		}
	}
	if shifted > 40 {
		t.Errorf("%d of 240 matrices were shifted", shifted)
	}
}

func TestVisitAgreesWithCells(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	grid := mat.NewDense(40, 4, nil)
	for i := range 40 {
		for k := range 4 {
			grid.Set(i, k, float64(rng.IntN(3)-1))
		}
	}
	for name, x := range map[string]*mat.Dense{
		"gaussian": gaussian(rng, 80, 3), "grid": grid, "line": gaussian(rng, 9, 1),
		"zeros": rows(2, 0, 0), "high": gaussian(rng, 9, 7),
	} {
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		visit := func() [][]string {
			pieces := make([][]string, a.Pieces())
			n, _ := x.Dims()
			err := a.Visit(context.Background(), func(piece int, active bitset.Set) {
				s := make([]byte, n)
				for i := range s {
					s[i] = '-'
					if active.Has(i) {
						s[i] = '+'
					}
				}
				pieces[piece] = append(pieces[piece], string(s))
			})
			if err != nil {
				t.Fatal(err)
			}
			return pieces
		}
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		one := visit()
		_, cells := listed(t, x)
		runtime.GOMAXPROCS(3)
		if three := visit(); !slices.EqualFunc(one, three, slices.Equal) {
			t.Errorf("%s: three processors visit otherwise than one", name)
		}
		if _, again := listed(t, x); !slices.EqualFunc(cells, again, func(a, b arrangements.Cell) bool {
			return a.Pattern.Equal(b.Pattern) && slices.Equal(a.Witness, b.Witness) && a.Margin == b.Margin
		}) {
			t.Errorf("%s: three processors find other cells than one", name)
		}
		flat := slices.Concat(one...)
		if !slices.EqualFunc(flat, cells, func(s string, c arrangements.Cell) bool { return s == c.Pattern.String() }) {
			t.Errorf("%s: Visit finds %d cells, Cells %d, or in other order", name, len(flat), len(cells))
		}
	}
}

func TestEnumerationStops(t *testing.T) {
	a, err := arrangements.NewArrangement(gaussian(rand.New(rand.NewPCG(16, 1)), 90, 5))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var count atomic.Int64
	err = a.Visit(ctx, func(int, bitset.Set) {
		if count.Add(1) == 10 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || count.Load() < 10 || count.Load() > 1e6 {
		t.Errorf("%d cells, %v", count.Load(), err)
	}
	if _, err := a.Count(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Count: %v", err)
	}
	small, err := arrangements.NewArrangement(gaussian(rand.New(rand.NewPCG(16, 2)), 150, 4))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancelCells := context.WithCancel(context.Background())
	defer cancelCells()
	cells, ended := 0, false
	for _, err := range small.Cells(ctx) {
		if ended {
			t.Fatal("a cell after the error")
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			ended = true
			continue
		}
		if cells++; cells == 100 {
			cancelCells()
		}
	}
	if !ended || cells < 100 || cells > 1e5 {
		t.Errorf("%d cells before the end, %v", cells, ended)
	}
	// A reader may leave.
	cells = 0
	for range small.Cells(context.Background()) {
		if cells++; cells == 1000 {
			break
		}
	}
	if _, err := arrangements.NewArrangement(rows(1, math.NaN())); !errors.Is(err, arrangements.ErrNonFinite) {
		t.Errorf("NaN: %v", err)
	}
	// The main data set of the README.
	big, err := arrangements.NewArrangement(gaussian(rand.New(rand.NewPCG(16, 3)), 569, 31))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := big.Count(context.Background()); !errors.Is(err, arrangements.ErrTooMany) {
		t.Errorf("569 x 31: %v", err)
	}
}
