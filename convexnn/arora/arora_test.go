package arora_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/arora"
	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/lasso"
)

func train(t *testing.T, x *mat.Dense, y []float64, s arora.Settings) *arora.Result {
	t.Helper()
	r, err := arora.Train(t.Context(), x, y, s)
	if err != nil {
		t.Fatal(err)
	}
	objective, loss, err := r.Network.Objective(x, y, s.Beta)
	if err != nil || objective != r.Objective || loss != r.TrainingLoss {
		t.Fatalf("the network has objective %v and loss %v (%v), the result says %v and %v", objective, loss, err, r.Objective, r.TrainingLoss)
	}
	if len(r.Network.Neurons) > s.Neurons {
		t.Fatalf("%d neurons, at most %d asked for", len(r.Network.Neurons), s.Neurons)
	}
	if c := r.Certificate; c.Kind != convexnn.CertifiedFixedWidth || c.LowerBound > r.Objective || r.Global > c.LowerBound {
		t.Fatalf("%s: bounds %v and %v, objective %v", c.Kind, r.Global, c.LowerBound, r.Objective)
	}
	return r
}

// gaussian returns n Gaussian samples in d dimensions with Gaussian targets.
func gaussian(rng *rand.Rand, n, d int) (*mat.Dense, []float64) {
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for j := range d {
			x.Set(i, j, rng.NormFloat64())
		}
		y[i] = rng.NormFloat64()
	}
	return x, y
}

// withOnes appends a column of ones.
func withOnes(x *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	ones := mat.NewDense(n, 1, nil)
	for i := range n {
		ones.Set(i, 0, 1)
	}
	var out mat.Dense
	out.Augment(x, ones)
	return &out
}

var (
	fivePoints = withOnes(mat.NewDense(5, 1, []float64{-2, -1, 0, 1, 2}))
	corners    = mat.NewDense(4, 2, []float64{-1, -1, -1, 1, 1, -1, 1, 1})
	xor        = []float64{1, -1, -1, 1}
)

// The values follow by hand: a fit with too few kinks is a regression on one side of
// each, and the corners of a square separate into single ones.
func TestKnownOptima(t *testing.T) {
	for _, test := range []struct {
		name string
		x    *mat.Dense
		y    []float64
		want []float64 // at m = 1, 2, ...
	}{
		{"absolute value", fivePoints, []float64{2, 1, 0, 1, 2}, []float64{1.4, 0}},
		{"tents", fivePoints, []float64{0, 1, 0, 1, 0}, []float64{0.6, 0.4}},
		{"exclusive or", corners, xor, []float64{1.5, 1, 0.5, 0}},
		{"exclusive or with bias", withOnes(corners), xor, []float64{1.5, 0.5, 0}},
	} {
		for k, want := range test.want {
			for _, method := range []arora.Method{arora.Branch, arora.List} {
				r := train(t, test.x, test.y, arora.Settings{Neurons: k + 1, Method: method})
				if math.Abs(r.Objective-want) > 1e-9 || r.Status != convexnn.Solved || r.Certificate.LowerBound < want-2e-6 {
					t.Errorf("%s, m=%d, %v: objective %.9g, bound %.9g, %v, want %g", test.name, k+1, method, r.Objective, r.Certificate.LowerBound, r.Status, want)
				}
			}
		}
	}
}

// Half of the list's programs are pruned by its bound; cuts that hold for many tuples at
// once leave only a few.
func TestBranchSolvesFewPrograms(t *testing.T) {
	var ratios []float64
	for seed := range uint64(10) {
		x, y := gaussian(rand.New(rand.NewPCG(seed, 0)), 8, 2)
		list := train(t, x, y, arora.Settings{Neurons: 3, Method: arora.List, Starts: 10})
		branch := train(t, x, y, arora.Settings{Neurons: 3, Starts: 10})
		if math.Abs(list.Objective-branch.Objective) > 2e-6*list.Objective || list.Status != convexnn.Solved || branch.Status != convexnn.Solved {
			t.Errorf("seed %d: list %.9g (%v), branch %.9g (%v)", seed, list.Objective, list.Status, branch.Objective, branch.Status)
		}
		ratios = append(ratios, float64(list.Counts.QPs)/float64(branch.Counts.QPs))
	}
	slices.Sort(ratios)
	t.Logf("programs of the list for each of the branch and bound: %.3g", ratios)
	if median := (ratios[4] + ratios[5]) / 2; median < 20 {
		t.Errorf("the list solves only %.3g times as many programs (median)", median)
	}
}

// Local search from 200 random starts finds nothing below what is proved.
func TestLocalSearchFindsNothingBetter(t *testing.T) {
	instances, starts := 50, 200
	if testing.Short() {
		instances = 10
	}
	for seed := range uint64(instances) {
		rng := rand.New(rand.NewPCG(seed, 2))
		n, d, m, beta := 5+rng.IntN(6), 2, 1+rng.IntN(3), 0.0
		x, y := gaussian(rng, n, d)
		if rng.IntN(2) == 0 {
			x = withOnes(x)
			d++
		}
		if rng.IntN(2) == 0 {
			beta = 0.3 * rng.Float64()
		}
		r := train(t, x, y, arora.Settings{Neurons: m, Beta: beta, Starts: -1})
		if r.Status != convexnn.Solved {
			t.Errorf("seed %d: %v", seed, r.Status)
		}
		local := descent.New(x, lasso.NewSquared(y, 1), beta, m, false)
		for range starts {
			w := make([]float64, local.Len())
			for k := range w {
				w[k] = rng.NormFloat64()
			}
			if _, f := local.Minimise(t.Context(), w, 30); f < r.Objective*(1-1e-6)-1e-12 {
				t.Errorf("seed %d (n=%d d=%d m=%d beta=%.3g): local search found %.9g, the exact training %.9g", seed, n, d, m, beta, f, r.Objective)
			}
		}
	}
}

// With enough neurons the width is no restriction: the optimum is that of the convex
// program over all patterns. With fewer it is above, and falls with the width.
func TestWidthsReachTheGlobalOptimum(t *testing.T) {
	for seed := range uint64(4) {
		x, y := gaussian(rand.New(rand.NewPCG(seed, 3)), 8, 2)
		const beta = 0.05
		global, err := convexnn.Train(t.Context(), x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: beta, Tolerance: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		enough := len(global.Network.Neurons)
		last := math.Inf(1)
		for m := 1; m <= enough+1; m++ {
			r := train(t, x, y, arora.Settings{Neurons: m, Beta: beta, Starts: 5})
			near := math.Abs(r.Objective-global.Objective) <= 1e-6*global.Objective
			switch {
			case r.Objective < global.Certificate.LowerBound*(1-1e-9), r.Objective > last*(1+1e-6):
				t.Errorf("seed %d, m=%d: %.9g, after %.9g, over all widths %.9g", seed, m, r.Objective, last, global.Objective)
			case m >= enough && !near:
				t.Errorf("seed %d, m=%d: %.9g, over all widths %.9g with %d neurons", seed, m, r.Objective, global.Objective, enough)
			case m == 1 && near:
				t.Errorf("seed %d: one neuron is as good as %d, which tests nothing", seed, enough)
			}
			last = r.Objective
		}
	}
}

func TestDegenerateData(t *testing.T) {
	for name, test := range map[string]struct {
		x         *mat.Dense
		y         []float64
		m         int
		intercept bool
		want      float64
	}{
		"zero target":         {corners, make([]float64, 4), 2, false, 0},
		"constant, intercept": {corners, []float64{3, 3, 3, 3}, 1, true, 0},
		"rows of zeros":       {mat.NewDense(3, 2, nil), []float64{1, 2, 2}, 1, false, 4.5},
		"one sample":          {mat.NewDense(1, 2, []float64{3, 4}), []float64{-2}, 1, false, 0},
		// Equal rows fit their mean; a zero row fits nothing.
		"repeated rows": {mat.NewDense(4, 1, []float64{1, 1, -2, 0}), []float64{1, 3, -1, 2}, 2, false, 1 + 2},
		"one neuron":    {mat.NewDense(4, 1, []float64{1, 1, -2, 0}), []float64{1, 3, -1, 2}, 1, false, 1 + 2 + 0.5},
		// Three columns of rank one.
		"dependent columns": {mat.NewDense(2, 3, []float64{1, 2, -1, -1, -2, 1}), []float64{1, 5}, 1, false, 0.5},
		// The mean of each side is met by a neuron there and the intercept.
		"intercept": {mat.NewDense(4, 1, []float64{1, 1, -1, -1}), []float64{1, 2, 5, 7}, 1, true, 0.25 + 1},
	} {
		for _, scale := range []float64{1, 1e-40, 1e40} {
			var x mat.Dense
			x.Scale(scale, test.x)
			r := train(t, &x, test.y, arora.Settings{Neurons: test.m, Intercept: test.intercept})
			if math.Abs(r.Objective-test.want) > 1e-9 || r.Status != convexnn.Solved || r.Certificate.LowerBound < test.want*(1-1e-6) {
				t.Errorf("%s at scale %g: objective %.9g, bound %.9g, %v, want %g", name, scale, r.Objective, r.Certificate.LowerBound, r.Status, test.want)
			}
		}
	}
}

// Without regularisation a linear map of the features changes the weights and nothing else,
// however far apart it brings their units, or together the directions of the samples.
func TestFeaturesOfAnyUnits(t *testing.T) {
	tents := []float64{0, 1, 0, 1, 0}
	for _, units := range []struct{ step, offset, one float64 }{
		{1, 1e3, 1}, {1, 1e6, 1}, {86400, 1.7e9, 1}, {1, 1.7e9, 1}, {1, 0, 1e-12}, {0x1p-160, 0, 1}, {1, 1 << 20, 1e-40},
	} {
		x := mat.DenseCopyOf(fivePoints)
		for i := range 5 {
			x.Set(i, 0, units.offset+units.step*x.At(i, 0))
			x.Set(i, 1, units.one)
		}
		for _, test := range []struct {
			m         int
			intercept bool
			want      float64
		}{{1, false, 0.6}, {2, false, 0.4}, {1, true, 0.5}, {2, true, 1. / 3}} {
			r := train(t, x, tents, arora.Settings{Neurons: test.m, Intercept: test.intercept})
			if math.Abs(r.Objective-test.want) > 2e-6 || r.Status != convexnn.Solved || math.Abs(r.Certificate.LowerBound-test.want) > 2e-6 {
				t.Errorf("%+v, %+v: objective %.9g, bound %.9g, %v", units, test, r.Objective, r.Certificate.LowerBound, r.Status)
			}
		}
	}
}

// What is said before the search holds after it.
func TestCostIsAnUpperBound(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 7))
		x, y := gaussian(rng, 3+rng.IntN(8), 1+rng.IntN(3))
		if seed%2 == 0 { // nearly one line
			for i := range y {
				x.Set(i, 0, 1e7+x.At(i, 0))
			}
		}
		cost, err := arora.NewCost(x, 2)
		if err != nil {
			t.Fatal(err)
		}
		r := train(t, x, y, arora.Settings{Neurons: 2, Starts: -1})
		if c := r.Counts; float64(c.Cells) > cost.Cells || (!cost.Convex() && c.Tuples > cost.Tuples) || r.Rank != cost.Rank {
			t.Errorf("seed %d: %d cells, %g tuples, rank %d; at most %g, %g and rank %d were said", seed, c.Cells, c.Tuples, r.Rank, cost.Cells, cost.Tuples, cost.Rank)
		}
	}
}

// The optimum over all widths is next to nothing here, and says nothing of two neurons: its
// last digits, which are hard to prove, are not worth waiting for.
func TestLittleBeta(t *testing.T) {
	for seed := range uint64(4) {
		x, y := gaussian(rand.New(rand.NewPCG(seed, 8)), 7, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a thousand times what it takes
		r, err := arora.Train(ctx, x, y, arora.Settings{Neurons: 2, Beta: 1e-8})
		cancel()
		if err != nil || r.Status == convexnn.Stopped || r.Certificate.RelativeGap > 1e-3 {
			t.Fatalf("seed %d: %v, %+v", seed, err, r)
		}
		plain := train(t, x, y, arora.Settings{Neurons: 2})
		if most := plain.Objective + 1e-8*weights(plain.Network); r.Objective > most*(1+2e-6) || r.Objective < plain.Certificate.LowerBound {
			t.Errorf("seed %d: objective %.9g, without regularisation %.9g, with it at most %.9g", seed, r.Objective, plain.Objective, most)
		}
	}
}

// weights is sum |u||alpha|.
func weights(net *convexnn.Network) (sum float64) {
	for _, h := range net.Neurons {
		sum += floats.Norm(h.Weights, 2) * math.Abs(h.Output)
	}
	return sum
}

func TestInterrupt(t *testing.T) {
	x, y := gaussian(rand.New(rand.NewPCG(1, 4)), 14, 3)
	whole := train(t, x, y, arora.Settings{Neurons: 3})
	for _, after := range []int{0, 1, 2, 4, 8} {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		if after == 0 {
			cancel()
		}
		r, err := arora.Train(ctx, x, y, arora.Settings{Neurons: 3, Progress: func(p arora.Progress) {
			if p.LowerBound > p.Objective {
				t.Errorf("progress: bound %v above the objective %v", p.LowerBound, p.Objective)
			}
			if calls++; calls == after {
				cancel()
			}
		}})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != convexnn.Stopped || r.Certificate.LowerBound > whole.Objective || r.Objective < whole.Certificate.LowerBound {
			t.Errorf("after %d reports: %v, [%.6g, %.6g], whole [%.6g, %.6g]", after, r.Status, r.Certificate.LowerBound, r.Objective, whole.Certificate.LowerBound, whole.Objective)
		}
	}
}

func TestErrors(t *testing.T) {
	x, y := gaussian(rand.New(rand.NewPCG(1, 5)), 40, 5)
	holed := mat.DenseCopyOf(x)
	holed.Set(2, 1, math.NaN())
	for _, test := range []struct {
		name     string
		x        *mat.Dense
		y        []float64
		settings arora.Settings
		want     error
		words    string
	}{
		{"no neurons", x, y, arora.Settings{}, arora.ErrNeurons, "got 0"},
		{"negative", x, y, arora.Settings{Neurons: -3}, arora.ErrNeurons, "got -3"},
		{"beta", x, y, arora.Settings{Neurons: 1, Beta: math.Inf(1)}, arora.ErrBeta, "Inf"},
		{"tolerance", x, y, arora.Settings{Neurons: 1, Tolerance: -1}, convexnn.ErrTolerance, "-1"},
		{"shape", x, y[:3], arora.Settings{Neurons: 1}, convexnn.ErrShape, "3"},
		{"NaN", holed, y, arora.Settings{Neurons: 1}, convexnn.ErrNotFinite, "row 3, column 2"},
		{"too many cells", x, y, arora.Settings{Neurons: 2}, arora.ErrTooLarge, "samples of this rank would fit"},
		{"too many neurons", mat.DenseCopyOf(x.Slice(0, 20, 0, 3)), y[:20], arora.Settings{Neurons: 9}, arora.ErrTooLarge, "up to 3 neurons would fit"},
		{"memory", mat.DenseCopyOf(x.Slice(0, 20, 0, 3)), y[:20], arora.Settings{Neurons: 2, MemoryLimit: 1000}, convexnn.ErrMemory, "1000 B"},
	} {
		_, err := arora.Train(t.Context(), test.x, test.y, test.settings)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: error %v, want %v with %q", test.name, err, test.want, test.words)
		}
	}
}

// Samples that are parallel on paper and not in float64 count as parallel, which is said.
func TestNearLines(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{0.1, 0.3, 0.3, 0.9, 1, 0, 0, 1}) // 3 times 0.1 is not 0.3
	y := []float64{1, -1, 0, 0}
	r := train(t, x, y, arora.Settings{Neurons: 2})
	if r.NearLines != 1 || r.Status != convexnn.Solved || r.Objective < 0.4 {
		t.Errorf("%d lines near others, %v, objective %v", r.NearLines, r.Status, r.Objective)
	}
	if r := train(t, x, y, arora.Settings{Neurons: 2, Beta: 0.1}); r.NearLines != 0 {
		t.Errorf("with regularisation: %d lines", r.NearLines)
	}
	x.SetRow(1, []float64{0.2, 0.6}) // twice is exact
	if r := train(t, x, y, arora.Settings{Neurons: 2}); r.NearLines != 0 {
		t.Errorf("exactly parallel: %d lines", r.NearLines)
	}
}
