package pricing_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

// tree runs branch and bound and checks what holds of every result.
func tree(t *testing.T, x *mat.Dense, v []float64, s pricing.TreeSettings) pricing.Result {
	t.Helper()
	r, err := pricing.BranchAndBound(context.Background(), x, v, s)
	if err != nil {
		t.Fatal(err)
	}
	checkResult(t, x, v, r, s)
	return r
}

func checkResult(t *testing.T, x *mat.Dense, v []float64, r pricing.Result, s pricing.TreeSettings) {
	t.Helper()
	if math.IsNaN(r.Value) || math.IsNaN(r.Upper) || r.Upper < r.Value || r.Upper < s.Floor {
		t.Fatalf("bracket [%g, %g], floor %g", r.Value, r.Upper, s.Floor)
	}
	if r.Exact && (!r.Closed || r.Value < s.Floor) || r.Closed != (r.Open == 0) {
		t.Fatalf("exact %v, closed %v, open %d, value %g, floor %g", r.Exact, r.Closed, r.Open, r.Value, s.Floor)
	}
	keep := s.Keep
	if keep == 0 {
		keep = 16
	}
	if (r.Value > 0) != (r.Direction != nil) || (r.Value > 0) != (len(r.Found) > 0) || len(r.Found) > keep {
		t.Fatalf("value %g, direction %v, %d found", r.Value, r.Direction, len(r.Found))
	}
	for i, f := range r.Found {
		if math.Abs(floats.Norm(f.Vector, 2)-1) > 1e-12 || f.Value != pricing.Value(x, v, f.Vector) {
			t.Fatalf("direction %d: length %g, value %g, price %g", i, floats.Norm(f.Vector, 2), f.Value, pricing.Value(x, v, f.Vector))
		}
		if i == 0 && (f.Value != r.Value || !slices.Equal(f.Vector, r.Direction)) || i > 0 && f.Value > r.Found[i-1].Value {
			t.Fatalf("direction %d out of order", i)
		}
		for _, g := range r.Found[:i] {
			if floats.Distance(f.Vector, g.Vector, 2) < 1e-6 {
				t.Fatalf("direction %d twice", i)
			}
		}
	}
}

func sizeOf(x *mat.Dense, v []float64) float64 {
	s := 0.0
	for i, w := range v {
		s += math.Abs(w) * floats.Norm(x.RawRowView(i), 2)
	}
	return s
}

func TestTreeAgainstSubsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	searched := 0
	for trial := range 900 {
		x, v := instance(rng, trial)
		want, size := bySubsets(x, v), sizeOf(x, v)
		r := tree(t, x, v, pricing.TreeSettings{Seed: uint64(trial)})
		if !r.Exact || r.Value > want+1e-9*size || r.Value < want*(1-2e-8)-1e-9*size ||
			r.Upper < want-1e-10*size || r.Upper > want*(1+2e-8)+1e-9*size {
			t.Fatalf("trial %d: [%.12g, %.12g], want %.12g of %g", trial, r.Value, r.Upper, want, size)
		}
		if r.Nodes > 1 {
			searched++
		}
		l := local(t, x, v, pricing.LocalSettings{})
		if l.Value > r.Upper || l.Exact != !math.IsInf(l.Upper, 1) || l.Upper < want-1e-10*size {
			t.Fatalf("trial %d: local search found %.12g, at most %.12g (exact: %v), theta is %.12g", trial, l.Value, l.Upper, l.Exact, want)
		}
	}
	if searched < 50 {
		t.Errorf("only %d trees grew past their roots", searched)
	}
}

// With one start and no improvement local search often fails, and the tree has to
// find the maximum itself.
func TestTreeFindsWhatLocalSearchMisses(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	missed := 0
	for range 12 {
		x := gaussian(rng, 40, 6)
		v := residual(t, rng, x)
		r := tree(t, x, v, pricing.TreeSettings{})
		if !r.Exact || r.Upper > r.Value*(1+1e-8) {
			t.Fatalf("[%g, %g] after %d nodes", r.Value, r.Upper, r.Nodes)
		}
		more := local(t, x, v, pricing.LocalSettings{Starts: 400, Seed: 5})
		if more.Value > r.Upper {
			t.Fatalf("%d starts found %.12g, the tree proved %.12g", 400, more.Value, r.Upper)
		}
		if few := local(t, x, v, pricing.LocalSettings{Starts: 2, Polish: -1}); few.Value < r.Value*(1-1e-6) {
			missed++
		}
	}
	if missed < 3 {
		t.Errorf("two ascents missed %d of 12: too easy a test", missed)
	}
}

// The default local search should find nearly all that the tree proves.
func TestLocalAgainstTree(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	missed, worst := 0, 1.0
	for range 20 {
		n, d := 20+rng.IntN(20), 4+rng.IntN(6)
		x := gaussian(rng, n, d)
		for i := range n {
			x.Set(i, d-1, 1)
		}
		v := residual(t, rng, x)
		r, l := tree(t, x, v, pricing.TreeSettings{}), local(t, x, v, pricing.LocalSettings{})
		if !r.Exact {
			t.Fatal("not exact")
		}
		if l.Value < r.Value*(1-1e-8) {
			missed++
			worst = min(worst, l.Value/r.Value)
		}
	}
	if missed > 3 || worst < 0.97 {
		t.Errorf("local search missed %d of 20 maxima, worst ratio %.4f", missed, worst)
	}
}

func TestTreeStopsAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	for trial := range 40 {
		n, d := 14+rng.IntN(8), 3+rng.IntN(4)
		x := gaussian(rng, n, d)
		v := gaussian(rng, 1, n).RawRowView(0)
		for i := range v { // at most 8 positive ones, for the oracle
			if i >= 8 {
				v[i] = -math.Abs(v[i]) / 2
			}
		}
		want, size := bySubsets(x, v), sizeOf(x, v)
		for _, nodes := range []int{1, 2, 3, 5, 9, 40} {
			for _, floor := range []float64{0, want * 0.7, want * (1 + 1e-12), want * 1.3} {
				r := tree(t, x, v, pricing.TreeSettings{MaxNodes: nodes, Floor: floor})
				if r.Upper < want-1e-11*size || r.Value > want+1e-9*size || r.Nodes > nodes {
					t.Fatalf("trial %d: [%g, %g] after %d of %d nodes, want %g", trial, r.Value, r.Upper, r.Nodes, nodes, want)
				}
				if level := max(r.Value, floor)*(1+1.01e-8) + 1e-10*size; r.Closed != (r.Upper <= level) {
					t.Fatalf("trial %d: closed %v with upper %.12g, level %.12g", trial, r.Closed, r.Upper, level)
				}
			}
		}
	}
}

// The upper bound holds at each call of Progress and never grows, and the value
// never shrinks.
func TestTreeProgress(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	x := gaussian(rng, 40, 5)
	v := residual(t, rng, x)
	exact := tree(t, x, v, pricing.TreeSettings{})
	calls, low, up, done := 0, 0.0, math.Inf(1), 0
	r := tree(t, x, v, pricing.TreeSettings{Progress: func(lower, upper float64, nodes int) {
		if lower < low || upper > up || nodes <= done || lower > exact.Upper || upper < exact.Value {
			t.Errorf("[%g, %g] after %d nodes, before [%g, %g] after %d; theta is %g", lower, upper, nodes, low, up, done, exact.Value)
		}
		calls, low, up, done = calls+1, lower, upper, nodes
	}})
	if calls < 3 || done != r.Nodes || low != r.Value || up != r.Upper {
		t.Errorf("%d calls, last [%g, %g] after %d nodes; result [%g, %g] after %d", calls, low, up, done, r.Value, r.Upper, r.Nodes)
	}
	// A context that ends in the middle, and one that ended before.
	ctx, cancel := context.WithCancel(context.Background())
	rounds := 0
	s := pricing.TreeSettings{Progress: func(float64, float64, int) {
		if rounds++; rounds == 2 {
			cancel()
		}
	}}
	for range 2 {
		r, err := pricing.BranchAndBound(ctx, x, v, s)
		if !errors.Is(err, context.Canceled) || rounds != 2 || r.Closed {
			t.Errorf("error %v after %d rounds, closed: %v", err, rounds, r.Closed)
		}
		checkResult(t, x, v, r, s)
		if r.Upper < exact.Value || r.Value > exact.Upper {
			t.Errorf("[%g, %g], theta is %g", r.Value, r.Upper, exact.Value)
		}
	}
}

func TestTreeFloorSavesWork(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 1))
	x := gaussian(rng, 40, 6)
	v := residual(t, rng, x)
	all := tree(t, x, v, pricing.TreeSettings{})
	floor := 1.2 * all.Value
	some := tree(t, x, v, pricing.TreeSettings{Floor: floor})
	if !some.Closed || some.Exact || some.Upper > floor*(1+1e-8) || some.Nodes > all.Nodes/2 {
		t.Errorf("%d nodes with a floor, %d without: %+v", some.Nodes, all.Nodes, some)
	}
	rough := tree(t, x, v, pricing.TreeSettings{Tolerance: 0.1})
	// What was closed may exceed the value by nearly the tolerance.
	if !rough.Exact || rough.Upper > rough.Value*1.1 || rough.Upper < rough.Value*1.09 || rough.Nodes >= all.Nodes {
		t.Errorf("%d nodes for a tenth, %d for 1e-8: [%g, %g]", rough.Nodes, all.Nodes, rough.Value, rough.Upper)
	}
}

func TestTreeBoundsEveryDirection(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 1))
	for trial := range 20 {
		x, v := instance(rng, trial)
		_, d := x.Dims()
		r := tree(t, x, v, pricing.TreeSettings{MaxNodes: 1 + trial%4})
		for range 10000 {
			u := gaussian(rng, 1, d).RawRowView(0)
			floats.Scale(1/floats.Norm(u, 2), u)
			if value := pricing.Value(x, v, u); value > r.Upper {
				t.Fatalf("trial %d: a direction of %.15g, upper bound %.15g", trial, value, r.Upper)
			}
		}
	}
}

// In a plane, against a fine grid of angles refined by golden sections, and with
// the plane turned into more dimensions.
func TestPlane(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 1))
	for trial := range 60 {
		n := 1 + rng.IntN(40)
		flat := gaussian(rng, n, 2)
		if trial%3 == 1 {
			flat = ternary(rng, n, 2)
		}
		v := gaussian(rng, 1, n).RawRowView(0)
		value := func(angle float64) float64 {
			sin, cos := math.Sincos(angle)
			return pricing.Value(flat, v, []float64{cos, sin})
		}
		want := 0.0
		const grid = 4000
		for g := range grid {
			lo, hi := float64(g-1)*2*math.Pi/grid, float64(g+1)*2*math.Pi/grid
			if value((lo+hi)/2) < max(value(lo), value(hi)) {
				continue
			}
			for range 60 {
				a, b := lo+0.382*(hi-lo), lo+0.618*(hi-lo)
				if value(a) > value(b) {
					hi = b
				} else {
					lo = a
				}
			}
			want = max(want, value((lo+hi)/2))
		}
		size := sizeOf(flat, v)
		var turned mat.Dense
		turned.Mul(flat, ternary(rng, 2, 4)) // perhaps a line, or nothing
		for _, r := range []pricing.Result{tree(t, flat, v, pricing.TreeSettings{}), local(t, flat, v, pricing.LocalSettings{})} {
			if !r.Exact || r.Nodes > 0 || math.Abs(r.Value-want) > 1e-9*size || r.Upper < want-1e-12*size || r.Upper > want+1e-9*size {
				t.Fatalf("trial %d: [%.12g, %.12g], by angles %.12g", trial, r.Value, r.Upper, want)
			}
		}
		if r := tree(t, &turned, v, pricing.TreeSettings{}); !r.Exact || r.Nodes > 0 {
			t.Fatalf("trial %d: %+v", trial, r)
		} else if n <= 9 {
			if want := bySubsets(&turned, v); math.Abs(r.Value-want) > 1e-9*sizeOf(&turned, v) {
				t.Fatalf("trial %d: turned: %.12g, want %.12g", trial, r.Value, want)
			}
		}
	}
}

func TestTreeReproducible(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	x := gaussian(rng, 40, 6)
	v := residual(t, rng, x)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first pricing.Result
	for p := 1; p <= 3; p++ {
		runtime.GOMAXPROCS(p)
		r := tree(t, x, v, pricing.TreeSettings{Seed: 3})
		if p == 1 {
			first = r
			continue
		}
		same := r.Value == first.Value && r.Upper == first.Upper && r.Nodes == first.Nodes && len(r.Found) == len(first.Found)
		for i := 0; same && i < len(r.Found); i++ {
			same = slices.Equal(r.Found[i].Vector, first.Found[i].Vector)
		}
		if !same {
			t.Errorf("%d processors: %v, one: %v", p, r, first)
		}
	}
	if first.Nodes < 200 {
		t.Errorf("%d nodes are too few to tell", first.Nodes)
	}
}

func TestTreeErrors(t *testing.T) {
	x := gaussian(rand.New(rand.NewPCG(22, 1)), 5, 3)
	v := []float64{1, 2, -3, 4, 5}
	for _, c := range []struct {
		v    []float64
		s    pricing.TreeSettings
		want error
	}{
		{v[:3], pricing.TreeSettings{}, pricing.ErrShape},
		{v, pricing.TreeSettings{Given: [][]float64{{1}}}, pricing.ErrShape},
		{[]float64{1, 2, math.Inf(1), 4, 5}, pricing.TreeSettings{}, arrangements.ErrNonFinite},
		{v, pricing.TreeSettings{Tolerance: -1}, pricing.ErrSetting},
		{v, pricing.TreeSettings{Floor: math.NaN()}, pricing.ErrSetting},
		{v, pricing.TreeSettings{MaxNodes: -1}, pricing.ErrSetting},
	} {
		if _, err := pricing.BranchAndBound(context.Background(), x, c.v, c.s); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.s, err, c.want)
		}
	}
}

func BenchmarkBranchAndBound(b *testing.B) {
	for _, size := range [][2]int{{30, 10}, {60, 10}, {100, 5}} {
		b.Run(fmt.Sprintf("n=%d,d=%d", size[0], size[1]), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(23, 1))
			x := gaussian(rng, size[0], size[1])
			v := gaussian(rng, 1, size[0]).RawRowView(0)
			nodes := 0
			for b.Loop() {
				r, err := pricing.BranchAndBound(context.Background(), x, v, pricing.TreeSettings{})
				if err != nil {
					b.Fatal(err)
				}
				nodes = r.Nodes
			}
			b.ReportMetric(float64(nodes), "nodes")
		})
	}
}
