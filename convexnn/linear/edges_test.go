package linear_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/linear"
)

func TestDegenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	x, y := gaussian(rng, 8, 4), gaussian(rng, 8, 3)
	var low, wide mat.Dense
	low.Mul(gaussian(rng, 8, 2), gaussian(rng, 2, 4))
	wide.Augment(x, x)
	uneven := mat.DenseCopyOf(x)
	uneven.Apply(func(_, j int, v float64) float64 { return v * math.Pow(30, float64(j)) }, uneven)
	for _, test := range []struct {
		name string
		x, y *mat.Dense
		rank int // of X
	}{
		{"zero X", mat.NewDense(8, 4, nil), y, 0},
		{"zero Y", x, mat.NewDense(8, 3, nil), 4},
		{"rank deficient", &low, y, 2},
		{"twice the columns", &wide, y, 4},
		{"columns of other scales", uneven, y, 4},
		{"one sample", mat.DenseCopyOf(x.Slice(0, 1, 0, 4)), mat.DenseCopyOf(y.Slice(0, 1, 0, 3)), 1},
		{"one of each", mat.NewDense(1, 1, []float64{2}), mat.NewDense(1, 1, []float64{3}), 1},
		{"small", scaled(x, 1e-40), scaled(y, 1e-40), 4},
		{"large", scaled(x, 1e40), scaled(y, 1e40), 4},
	} {
		for _, beta := range []float64{0, 0.2} {
			if test.name == "large" || test.name == "small" {
				beta *= math.Pow(mat.Norm(test.x, 2), 2)
			}
			for depth := 1; depth <= 4; depth++ {
				for _, k := range []int{1, 2, 9} {
					r := train(t, test.x, test.y, linear.Settings{Widths: same(depth, k), Beta: beta, Starts: 2})
					half := mat.Norm(test.y, 2) * mat.Norm(test.y, 2) / 2
					if r.RankX != test.rank || r.Objective > half*(1+1e-12) || math.IsNaN(r.Objective) {
						t.Errorf("%s, depth %d, width %d: rank %d, objective %v of %v", test.name, depth, k, r.RankX, r.Objective, half)
					}
					if (beta == 0 || depth == 1) && !r.Exact {
						t.Errorf("%s, depth %d, width %d, beta %g: gap %v", test.name, depth, k, beta, r.RelativeGap)
					}
				}
			}
		}
	}
	// The copies of a column share its weight: the fit is that of one, and so is the loss.
	one, two := train(t, x, y, linear.Settings{Widths: []int{2}}), train(t, &wide, y, linear.Settings{Widths: []int{2}})
	if math.Abs(one.Objective-two.Objective) > 1e-12*one.Objective {
		t.Errorf("%v with the columns twice, %v once", two.Objective, one.Objective)
	}
}

func scaled(a *mat.Dense, f float64) *mat.Dense {
	out := mat.DenseCopyOf(a)
	out.Scale(f, out)
	return out
}

// A free constant is the same as a column of ones without weight decay; and shifting the
// columns changes nothing.
func TestIntercept(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	x, y := gaussian(rng, 12, 3), gaussian(rng, 12, 2)
	for _, s := range []linear.Settings{{Widths: []int{1}}, {Widths: []int{2}, Beta: 0.5}, {Widths: []int{2, 2}, Beta: 0.2}} {
		s.Intercept = true
		r := train(t, x, y, s)
		shifted, moved := mat.DenseCopyOf(x), mat.DenseCopyOf(y)
		shifted.Apply(func(_, j int, v float64) float64 { return v + float64(j) - 3 }, shifted)
		moved.Apply(func(_, j int, v float64) float64 { return v + 7 - float64(j) }, moved)
		if q := train(t, shifted, moved, s); math.Abs(q.Objective-r.Objective) > 1e-9*r.Objective {
			t.Errorf("%v, shifted %v", r.Objective, q.Objective)
		}
		for k := range 2 { // optimal: the residuals of each output add up to zero
			sum := 0.0
			for i := range 12 {
				sum += r.Intercept[k] - y.At(i, k) + mat.Dot(x.RowView(i), r.W.ColView(k))
			}
			if math.Abs(sum) > 1e-10 {
				t.Errorf("the residuals of output %d add up to %v", k, sum)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	x, y := eye(3), eye(3)
	holed := eye(3)
	holed.Set(1, 2, math.NaN())
	for _, test := range []struct {
		name string
		x, y *mat.Dense
		s    linear.Settings
		want error
		word string
	}{
		{"no X", nil, y, linear.Settings{}, convexnn.ErrShape, "X has no rows"},
		{"no Y", x, &mat.Dense{}, linear.Settings{}, convexnn.ErrShape, "Y has no rows"},
		{"rows", x, eye(2), linear.Settings{}, convexnn.ErrShape, "X has 3 rows, Y has 2"},
		{"NaN", x, holed, linear.Settings{}, convexnn.ErrNotFinite, "Y at row 2, column 3"},
		{"scale", scaled(x, 1e80), y, linear.Settings{}, convexnn.ErrNotFinite, "powers of X"},
		{"width", x, y, linear.Settings{Widths: []int{2, 0}}, linear.ErrWidths, "layer 2 has width 0"},
		{"beta", x, y, linear.Settings{Beta: -1}, linear.ErrBeta, "got -1"},
		{"tolerance", x, y, linear.Settings{Tolerance: math.NaN()}, convexnn.ErrTolerance, "NaN"},
		{"start", x, y, linear.Settings{Start: eye(2)}, convexnn.ErrShape, "Start is 2 x 2, want 3 x 3"},
		{"memory", x, y, linear.Settings{Widths: []int{1000}, MemoryLimit: 1000}, convexnn.ErrMemory, "the limit is 1000 B"},
	} {
		if _, err := linear.Train(t.Context(), test.x, test.y, test.s); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.word) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, s := range []linear.DescentSettings{{Steps: -1}, {Starts: -1}, {Part: math.NaN()}} {
		if _, err := linear.Descend(t.Context(), x, y, s); !errors.Is(err, linear.ErrSteps) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := linear.Factor(eye(3), []int{5, 2}); !errors.Is(err, convexnn.ErrShape) || !strings.Contains(err.Error(), "rank 3") {
		t.Error(err)
	}
}

// The search is never worse than where it starts.
func TestStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 13))
	x, y := gaussian(rng, 9, 4), gaussian(rng, 9, 3)
	d, err := linear.Descend(t.Context(), x, y, linear.DescentSettings{Widths: []int{2, 2}, Beta: 1.2})
	if err != nil {
		t.Fatal(err)
	}
	w := d.Layers[0]
	for _, l := range d.Layers[1:] {
		var next mat.Dense
		next.Mul(w, l)
		w = &next
	}
	r := train(t, x, y, linear.Settings{Widths: []int{2, 2}, Beta: 1.2, Start: w, Starts: -1})
	if r.Objective > d.Objective*(1+1e-9) {
		t.Errorf("%v from a start with %v", r.Objective, d.Objective)
	}
}

func TestStops(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	x, y := gaussian(rng, 30, 8), gaussian(rng, 30, 5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, widths := range [][]int{{3}, {8, 8}} {
		r, err := linear.Train(ctx, x, y, linear.Settings{Widths: widths, Beta: 1})
		if err != nil || r.Status != convexnn.Stopped || r.LowerBound > r.Objective {
			t.Errorf("%v: %v, %v, [%v, %v]", widths, err, r.Status, r.LowerBound, r.Objective)
		}
	}
	// What it was started from is not lost.
	start := train(t, x, y, linear.Settings{Widths: []int{8, 8}, Beta: 1})
	r, err := linear.Train(ctx, x, y, linear.Settings{Widths: []int{8, 8}, Beta: 1, Start: start.W})
	if err != nil || r.Objective > start.Objective*(1+1e-9) || !strings.HasPrefix(r.Statement(), "Stopped early") {
		t.Errorf("%v: objective %v from a start with %v: %s", err, r.Objective, start.Objective, r.Statement())
	}
	if d, err := linear.Descend(ctx, x, y, linear.DescentSettings{Widths: []int{2}}); err != nil || d.Status != convexnn.Stopped {
		t.Error(err)
	}
}

// Gradient descent ends at the optimum of a small problem, and its trace never rises.
func TestDescend(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	x, y := gaussian(rng, 12, 4), gaussian(rng, 12, 3)
	for _, s := range []linear.DescentSettings{
		{Widths: []int{2}}, {Widths: []int{3}, Beta: 0.5}, {Widths: []int{3, 3}, Beta: 0.1, Intercept: true}, {},
	} {
		s.Steps, s.Starts = 3000, 2
		d, err := linear.Descend(t.Context(), x, y, s)
		if err != nil {
			t.Fatal(err)
		}
		best := train(t, x, y, linear.Settings{Widths: s.Widths, Beta: s.Beta, Intercept: s.Intercept})
		if d.Objective < best.LowerBound*(1-1e-12) || d.Objective > best.Objective*1.001 {
			t.Errorf("%v: descent %v, optimum %v", s.Widths, d.Objective, best.Objective)
		}
		last := d.Trace[len(d.Trace)-1]
		if last.Step != 3000 || math.Abs(last.Objective-d.Objective) > 1e-9*d.Objective || len(d.Ends) != 2 {
			t.Errorf("the trace ends with %+v, the layers have %v", last, d.Objective)
		}
		for k := 1; k < len(d.Trace); k++ {
			if d.Trace[k].Objective > d.Trace[k-1].Objective || d.Trace[k].Step <= d.Trace[k-1].Step {
				t.Errorf("the trace rises: %v", d.Trace)
			}
		}
	}
}

// Columns that are dependent but for the last digits: an answer that is right to the digits
// that there are, or an error, and never a bound that a network undercuts.
func TestNearlyDependent(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 14))
	for k := 6; k <= 14; k++ {
		x, y := gaussian(rng, 12, 4), gaussian(rng, 12, 3)
		for i := range 12 {
			x.Set(i, 3, x.At(i, 0)+math.Pow(10, -float64(k))*x.At(i, 3))
		}
		for _, width := range []int{1, 3} {
			r, err := linear.Train(t.Context(), x, y, linear.Settings{Widths: []int{width}})
			switch {
			case errors.Is(err, convexnn.ErrContradiction) && k >= 9 && strings.Contains(err.Error(), "nearly dependent"):
			case err != nil:
				t.Errorf("1e-%d, width %d: %v", k, width, err)
			case r.LowerBound > r.Objective || k <= 12 && r.RelativeGap > 1e-3 || k <= 7 && !r.Exact:
				t.Errorf("1e-%d, width %d: [%v, %v], exact %v", k, width, r.LowerBound, r.Objective, r.Exact)
			}
		}
	}
}
