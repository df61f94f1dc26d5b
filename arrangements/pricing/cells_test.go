package pricing_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/qp"
)

func arrangement(t testing.TB, x *mat.Dense) *arrangements.Arrangement {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// priced runs ByCells and checks what holds of every result.
func priced(t *testing.T, x *mat.Dense, v []float64, s pricing.CellSettings) (plus, minus pricing.Result) {
	t.Helper()
	plus, minus, _, err := pricing.ByCells(context.Background(), x, arrangement(t, x), v, s)
	if err != nil {
		t.Fatal(err)
	}
	consistent(t, plus, s, func(u []float64) float64 { return pricing.Value(x, v, u) })
	consistent(t, minus, s, func(u []float64) float64 { return pricing.Value(x, negated(v), u) })
	ownPrice(t, x, v, plus)
	ownPrice(t, x, negated(v), minus)
	return plus, minus
}

func consistent(t *testing.T, r pricing.Result, s pricing.CellSettings, value func(u []float64) float64) {
	t.Helper()
	if !(r.Upper >= r.Value) || !(r.Upper >= s.Floor) || math.IsInf(r.Upper, 0) {
		t.Fatalf("value %g, upper bound %g, floor %g", r.Value, r.Upper, s.Floor)
	}
	if !r.Closed || s.Floor == 0 && !r.Exact {
		t.Fatalf("value %g, upper bound %g: exact %v, closed %v", r.Value, r.Upper, r.Exact, r.Closed)
	}
	if (r.Value == 0) != (r.Direction == nil) || (r.Value == 0) != (len(r.Found) == 0) {
		t.Fatalf("value %g, direction %v, %d found", r.Value, r.Direction, len(r.Found))
	}
	if keep := s.Keep; keep > 0 && len(r.Found) > keep {
		t.Fatalf("%d directions, want at most %d", len(r.Found), keep)
	}
	for k, f := range r.Found {
		if math.Abs(floats.Norm(f.Vector, 2)-1) > 1e-12 || f.Value != value(f.Vector) {
			t.Fatalf("direction %d: norm %g, value %g, want %g", k, floats.Norm(f.Vector, 2), f.Value, value(f.Vector))
		}
		if k > 0 && f.Value > r.Found[k-1].Value {
			t.Fatalf("direction %d is better than the one before", k)
		}
		for _, g := range r.Found[:k] {
			if floats.Dot(f.Vector, g.Vector) > 0.9991 {
				t.Fatalf("direction %d is not distinct", k)
			}
		}
	}
	if len(r.Found) > 0 && (r.Found[0].Value != r.Value || !reflect.DeepEqual(r.Found[0].Vector, r.Direction)) {
		t.Fatal("the first direction found is not the best")
	}
}

// ownPrice fails unless each direction has the value that its cell has as a whole.
func ownPrice(t *testing.T, x *mat.Dense, v []float64, r pricing.Result) {
	t.Helper()
	n, d := x.Dims()
	size := 0.0
	for i := range n {
		size += math.Abs(v[i]) * floats.Norm(x.RawRowView(i), 2)
	}
	p := qp.NewConeProjector(x.RawMatrix())
	g := make([]float64, d)
	for k, f := range r.Found {
		if f.Pattern.Len() != n {
			t.Fatalf("direction %d has a pattern of %d samples", k, f.Pattern.Len())
		}
		clear(g)
		for i := range n {
			s := floats.Dot(x.RawRowView(i), f.Vector)
			if f.Pattern.Active(i) {
				floats.AddScaled(g, v[i], x.RawRowView(i))
				s = -s
			}
			if s > 1e-9*floats.Norm(x.RawRowView(i), 2) {
				t.Fatalf("direction %d is not in its cell: sample %d is off by %g", k, i, s)
			}
		}
		if price := p.Project(g, g, f.Pattern.Bits(), nil, 0).Norm; math.Abs(price-f.Value) > 1e-9*size {
			t.Fatalf("direction %d has value %g, its cell %g", k, f.Value, price)
		}
	}
}

// nearestInZonotope returns the distance of a from {sum t_j b_j : 0 <= t <= 1}, by
// plain coordinate descent.
func nearestInZonotope(a []float64, b [][]float64) float64 {
	r := append([]float64(nil), a...)
	t := make([]float64, len(b))
	for range 100000 {
		moved := 0.0
		for j, row := range b {
			q := floats.Dot(row, row)
			if q == 0 {
				continue
			}
			to := min(1, max(0, t[j]+floats.Dot(r, row)/q))
			floats.AddScaled(r, t[j]-to, row)
			moved = max(moved, math.Abs(to-t[j]))
			t[j] = to
		}
		if moved < 1e-13 {
			break
		}
	}
	return floats.Norm(r, 2)
}

// bySubsets computes theta(v) as the largest distance of a sum over a subset of
// the positive samples from the zonotope of the negative ones.
func bySubsets(x *mat.Dense, v []float64) float64 {
	_, d := x.Dims()
	var plus, minus [][]float64
	for i, w := range v {
		row := make([]float64, d)
		floats.ScaleTo(row, math.Abs(w), x.RawRowView(i))
		if w > 0 {
			plus = append(plus, row)
		} else if w < 0 {
			minus = append(minus, row)
		}
	}
	best := 0.0
	a := make([]float64, d)
	for s := range 1 << len(plus) {
		clear(a)
		for k, row := range plus {
			if s>>k&1 != 0 {
				floats.Add(a, row)
			}
		}
		best = max(best, nearestInZonotope(a, minus))
	}
	return best
}

// instance returns data of many kinds, few of them in general position.
func instance(rng *rand.Rand, trial int) (*mat.Dense, []float64) {
	n, d := 1+rng.IntN(9), 1+rng.IntN(4)
	x := gaussian(rng, n, d)
	switch trial % 6 {
	case 1:
		x = ternary(rng, n, d)
	case 2: // duplicate, antipodal and zero rows
		for i := 1; i < n; i++ {
			if rng.IntN(2) == 0 {
				from := x.RawRowView(rng.IntN(i))
				x.SetRow(i, floats.ScaleTo(make([]float64, d), []float64{1, -1, 2, 0}[rng.IntN(4)], from))
			}
		}
	case 3: // of rank at most two
		var low mat.Dense
		low.Mul(ternary(rng, n, 2), ternary(rng, 2, d))
		x = &low
	case 4: // bias column, integers
		x = ternary(rng, n, d)
		for i := range n {
			x.Set(i, d-1, 1)
		}
	}
	v := gaussian(rng, 1, n).RawRowView(0)
	switch rng.IntN(8) {
	case 0:
		for i := range v {
			v[i] = math.Abs(v[i])
		}
	case 1:
		for i := range v {
			v[i] = -math.Abs(v[i])
		}
	case 2:
		v = ternary(rng, 1, n).RawRowView(0)
	}
	return x, v
}

func TestByCellsAgainstSubsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for trial := range 240 {
		x, v := instance(rng, trial)
		n, d := x.Dims()
		plus, minus := priced(t, x, v, pricing.CellSettings{})
		for k, r := range []pricing.Result{plus, minus} {
			w := v
			if k == 1 {
				w = negated(v)
			}
			want := bySubsets(x, w)
			if math.Abs(r.Value-want) > 1e-8*(1+want) || math.Abs(r.Upper-want) > 1e-8*(1+want) {
				t.Errorf("trial %d, n=%d d=%d, sign %d: value %.12g, upper bound %.12g, by subsets %.12g",
					trial, n, d, k, r.Value, r.Upper, want)
			}
			tree, err := pricing.BranchAndBound(context.Background(), x, w, pricing.TreeSettings{})
			if err != nil || math.Abs(r.Value-tree.Value) > 1e-7*(1+want) {
				t.Errorf("trial %d, n=%d d=%d, sign %d: value %.12g, by branch and bound %.12g, %v",
					trial, n, d, k, r.Value, tree.Value, err)
			}
		}
	}
}

func TestByCellsBoundsEveryDirection(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for _, size := range [][2]int{{25, 3}, {14, 4}, {10, 6}} {
		x := gaussian(rng, size[0], size[1])
		v := gaussian(rng, 1, size[0]).RawRowView(0)
		plus, minus := priced(t, x, v, pricing.CellSettings{})
		best := [2]float64{}
		for range 100_000 {
			u := gaussian(rng, 1, size[1]).RawRowView(0)
			floats.Scale(1/floats.Norm(u, 2), u)
			best[0] = max(best[0], pricing.Value(x, v, u))
			best[1] = max(best[1], pricing.Value(x, negated(v), u))
		}
		for k, r := range []pricing.Result{plus, minus} {
			if best[k] > r.Upper || size[1] < 5 && best[k] < 0.98*r.Value {
				t.Errorf("%v, sign %d: [%g, %g], random directions reach %g", size, k, r.Value, r.Upper, best[k])
			}
		}
	}
}

func TestByCellsSigns(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	x := gaussian(rng, 15, 3)
	v := gaussian(rng, 1, 15).RawRowView(0)
	plus, minus := priced(t, x, v, pricing.CellSettings{Keep: 40, Floor: 0.1})
	to, from := priced(t, x, negated(v), pricing.CellSettings{Keep: 40, Floor: 0.1})
	if !reflect.DeepEqual(plus, from) || !reflect.DeepEqual(minus, to) {
		t.Error("the results of -v are not those of v in exchange")
	}
	zero := pricing.Result{Exact: true, Closed: true}
	if plus, minus := priced(t, x, make([]float64, 15), pricing.CellSettings{}); !reflect.DeepEqual(plus, zero) || !reflect.DeepEqual(minus, zero) {
		t.Errorf("no weights: %+v and %+v", plus, minus)
	}
}

// With a floor every local maximum above it is found, and what is not found is
// below.
func TestByCellsFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for trial := range 12 {
		x := gaussian(rng, 18, 3)
		v := residual(t, rng, x)
		exact, _ := priced(t, x, v, pricing.CellSettings{})
		for _, share := range []float64{0.8, 0.999, 1.2} {
			floor := share * exact.Value
			r, _ := priced(t, x, v, pricing.CellSettings{Floor: floor, Keep: 50})
			if math.Abs(r.Upper-max(floor, exact.Value)) > 1e-9*r.Upper {
				t.Errorf("trial %d, floor %g: upper bound %g, theta is %g", trial, floor, r.Upper, exact.Value)
			}
			if share > 1 {
				continue
			}
			if math.Abs(r.Value-exact.Value) > 1e-9*r.Value {
				t.Errorf("trial %d, floor %g: value %g, theta is %g", trial, floor, r.Value, exact.Value)
			}
			// Ascents end at local maxima: each must be among those found.
			for range 40 {
				start := gaussian(rng, 1, 3).RawRowView(0)
				climb := local(t, x, v, pricing.LocalSettings{Starts: -1, Kicks: -1, Given: [][]float64{start}})
				found := climb.Direction == nil
				for _, f := range r.Found {
					found = found || floats.Dot(f.Vector, climb.Direction) > 0.9989
				}
				if climb.Value > floor*(1+1e-9) && !found {
					t.Errorf("trial %d, floor %g: a local maximum of %g was not found", trial, floor, climb.Value)
				}
			}
		}
	}
}

func TestByCellsReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rng := rand.New(rand.NewPCG(3, 6))
	x := gaussian(rng, 40, 3)
	v := gaussian(rng, 1, 40).RawRowView(0)
	for _, s := range []pricing.CellSettings{{}, {Floor: 2, Keep: 5}, {Floor: 1, Keep: 1000}} {
		var first []any
		for procs := 1; procs <= 3; procs++ {
			runtime.GOMAXPROCS(procs)
			plus, minus, cells, err := pricing.ByCells(context.Background(), x, arrangement(t, x), v, s)
			got := []any{plus, minus, cells, err}
			if first == nil {
				first = got
			}
			if !reflect.DeepEqual(first, got) {
				t.Errorf("%+v: %d processors give another result than 1", s, procs)
			}
		}
		if want := int64(2 * (1 + 39 + 39*38/2)); first[2] != want {
			t.Errorf("%d cells visited, want %d", first[2], want)
		}
	}
}

// stopping is a context that ends after a number of questions.
type stopping struct {
	context.Context
	left int
}

func (s *stopping) Err() error {
	if s.left--; s.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestByCellsCancelled(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // for the count of questions
	rng := rand.New(rand.NewPCG(3, 7))
	x := gaussian(rng, 15, 3)
	v := gaussian(rng, 1, 15).RawRowView(0)
	a := arrangement(t, x)
	want, _ := priced(t, x, v, pricing.CellSettings{})
	for _, left := range []int{0, 1, 10, 100, 200, 400, 600} {
		plus, minus, _, err := pricing.ByCells(&stopping{context.Background(), left}, x, a, v, pricing.CellSettings{})
		if err == nil {
			if plus.Value != want.Value || !plus.Exact {
				t.Errorf("%d questions: %+v", left, plus)
			}
			continue
		}
		if !errors.Is(err, context.Canceled) || plus.Exact || minus.Exact {
			t.Errorf("%d questions: %v", left, err)
		}
		if plus.Upper < want.Value || plus.Value > want.Value*(1+1e-12) {
			t.Errorf("%d questions: [%g, %g], theta is %g", left, plus.Value, plus.Upper, want.Value)
		}
	}
}
