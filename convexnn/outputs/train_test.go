package outputs_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/lasso"
)

var exact = outputs.Options{Mode: convexnn.Enumerate}

// Of orthonormal samples (Xu)_+ is any a >= 0 with |a| <= 1, and one-hot targets are a
// singular value decomposition with nonnegative left vectors: the square roots of the
// class counts are shrunk.
func TestOneHot(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, test := range []struct {
		classes []int
		beta    float64
		want    float64
	}{
		{[]int{0, 0, 0, 1}, 0.5, 1.1160254},
		{[]int{0, 0, 1, 2, 2}, 0.7, 2*(0.7*math.Sqrt2-0.245) + 0.455},
		{[]int{0, 1, 1, 0}, 1.2, 2 * (1.2*math.Sqrt2 - 0.72)},
		{[]int{0, 0, 0, 0, 1}, 1.5, 1.5*2 - 1.125 + 0.5},
	} {
		n, c := len(test.classes), 0
		for _, k := range test.classes {
			c = max(c, k+1)
		}
		y := mat.NewDense(n, c, nil)
		for i, k := range test.classes {
			y.Set(i, k, 1)
		}
		options := exact
		options.Beta = test.beta
		r := train(t, orthogonal(rng, n), y, options)
		isOptimal(t, "one-hot", r, test.want, 1e-6)
		if r.Certificate.Kind != convexnn.CertifiedExact || !strings.HasPrefix(r.Certificate.Statement(), "Globally optimal") {
			t.Errorf("certificate %v: %s", r.Certificate.Kind, r.Certificate.Statement())
		}
	}
}

// One sample and one column have closed forms: the neurons have disjoint supports.
func TestClosedForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		n, c, beta := 1+rng.IntN(6), 1+rng.IntN(3), 0.1+rng.Float64()
		x, y := gaussian(rng, n, 1), gaussian(rng, n, c)
		want := math.Pow(mat.Norm(y, 2), 2) / 2
		most := 0.0
		for _, side := range []float64{1, -1} {
			h := make([]float64, n)
			for i := range h {
				h[i] = max(0, side*x.At(i, 0))
			}
			var p mat.VecDense
			p.MulVec(y.T(), mat.NewVecDense(n, h))
			if length := floats.Norm(h, 2); length > 0 {
				price := mat.Norm(&p, 2)
				most = max(most, price)
				want -= math.Pow(max(0, price-beta)/length, 2) / 2
			}
		}
		options := exact
		options.Beta = beta
		isOptimal(t, "one column", train(t, x, y, options), want, 1e-6)
		got, err := outputs.FindBetaMax(t.Context(), x, y, false)
		if err != nil || !got.Exact || math.Abs(got.Value-most) > 1e-12*most {
			t.Errorf("beta_max %+v, want %g, %v", got, most, err)
		}
	}
	options := exact
	options.Beta = 1
	r := train(t, mat.NewDense(1, 2, []float64{3, 4}), mat.NewDense(1, 2, []float64{1.2, -1.6}), options)
	isOptimal(t, "one sample", r, shrunk(2, 0.2), 1e-9)
}

// With one output the optimum is that of package convexnn.
func TestOneOutput(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, intercept := range []bool{false, true} {
		for range 4 {
			n, d := 5+rng.IntN(15), 2+rng.IntN(2)
			x, y := gaussian(rng, n, d), gaussian(rng, n, 1)
			scalar, err := convexnn.Train(t.Context(), x, mat.Col(nil, 0, y), convexnn.Options{Mode: convexnn.Enumerate, BetaRatio: 0.1, Intercept: intercept})
			if err != nil {
				t.Fatal(err)
			}
			options := exact
			options.BetaRatio, options.Intercept = 0.1, intercept
			r := train(t, x, y, options)
			if math.Abs(r.Beta-scalar.Beta) > 1e-9*r.Beta {
				t.Errorf("beta %g, %g for one output", r.Beta, scalar.Beta)
			}
			isOptimal(t, "one output", r, scalar.Objective, 3e-6)
		}
	}
}

// Y = y g' is the scalar problem of y|g|, and a rotation of the outputs changes nothing:
// one network for each output would be neither.
func TestRotations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	for range 2 {
		n, d, c := 8+rng.IntN(8), 2+rng.IntN(2), 2+rng.IntN(2)
		x, y, g := gaussian(rng, n, d), gaussian(rng, n, 1), gaussian(rng, 1, c)
		var outer mat.Dense
		outer.Mul(y, g)
		options := exact
		options.Beta = 0.3
		r := train(t, x, &outer, options)
		y.Scale(mat.Norm(g, 2), y)
		scalar, err := convexnn.Train(t.Context(), x, mat.Col(nil, 0, y), convexnn.Options{Mode: convexnn.Enumerate, Beta: 0.3})
		if err != nil {
			t.Fatal(err)
		}
		isOptimal(t, "outputs up to scale", r, scalar.Objective, 3e-6)

		several := gaussian(rng, n, c)
		plain := train(t, x, several, options)
		several.Mul(several, orthogonal(rng, c))
		isOptimal(t, "rotated outputs", train(t, x, several, options), plain.Objective, 3e-6)
	}
}

// Optima by another program and an outside solver; see bench/oracles/make_output_traces.py.
func TestTraces(t *testing.T) {
	data, err := os.ReadFile("testdata/clarabel.json")
	if err != nil {
		t.Fatal(err)
	}
	var traces []struct {
		X, Y          [][]float64
		Beta, Optimum float64
	}
	if err := json.Unmarshal(data, &traces); err != nil || len(traces) == 0 {
		t.Fatal(err)
	}
	matrix := func(rows [][]float64) *mat.Dense {
		m := mat.NewDense(len(rows), len(rows[0]), nil)
		for i, r := range rows {
			m.SetRow(i, r)
		}
		return m
	}
	for _, trace := range traces {
		options := exact
		options.Beta = trace.Beta
		isOptimal(t, "trace", train(t, matrix(trace.X), matrix(trace.Y), options), trace.Optimum, 2e-6)
	}
}

// No network that another optimiser finds is below a proved bound, and the best of many
// is not below ours by more than the gap.
func TestBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for k, size := range [][3]int{{6, 3, 2}, {10, 2, 3}, {15, 4, 2}, {8, 6, 3}} {
		n, d, c := size[0], size[1], size[2]
		intercept := k%2 == 1
		x, y := gaussian(rng, n, d), gaussian(rng, n, c)
		r := train(t, x, y, outputs.Options{BetaRatio: 0.05, Intercept: intercept, Tolerance: 1e-5})
		m := n * c
		o := descent.New(x, lasso.NewSquared(y.RawMatrix().Data, c), r.Beta, m, intercept)
		best := math.Inf(1)
		for range 8 {
			w := make([]float64, o.Len())
			for i := range w {
				w[i] = 0.5 * rng.NormFloat64()
			}
			_, f := o.Minimise(context.Background(), w, 500)
			best = min(best, f)
		}
		if best < r.Certificate.LowerBound*(1-1e-9) {
			t.Errorf("%v: a network of %.12g below the proved %.12g", size, best, r.Certificate.LowerBound)
		}
		if best < r.Objective*(1-2e-5) {
			t.Errorf("%v: a network of %.12g below ours of %.12g", size, best, r.Objective)
		}
	}
}

// Where all cells are too many, the estimate stays within what enumeration proves, and
// norms prove something.
func TestEstimates(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	x, y := gaussian(rng, 40, 9), gaussian(rng, 40, 2)
	for i := range 40 {
		y.Set(i, 0, math.Abs(x.At(i, 0))+0.1*y.At(i, 0))
	}
	r := train(t, x, y, outputs.Options{BetaRatio: 0.2})
	if r.Mode != convexnn.Global || r.Estimate == nil || r.Status != convexnn.Solved || r.Estimate.RelativeGap > 1e-3 {
		t.Fatalf("%v, %v, estimate %+v", r.Mode, r.Status, r.Estimate)
	}
	if k := r.Certificate; k.Kind != convexnn.CertifiedBounded || k.Price.Method != convexnn.ByTree || k.LowerBound <= 0.9*r.Objective {
		t.Errorf("certificate %v by %v of %g, objective %g", k.Kind, k.Price.Method, k.LowerBound, r.Objective)
	}
	// Four outputs are too many for nets.
	norms := train(t, x, gaussian(rng, 40, 4), outputs.Options{BetaRatio: 0.3, Tolerance: 0.05})
	if k := norms.Certificate; k.Kind != convexnn.CertifiedBounded || k.Price.Method != outputs.ByNorms || k.LowerBound <= 0.1*norms.Objective {
		t.Errorf("certificate %v by %v of %g, objective %g", k.Kind, k.Price.Method, k.LowerBound, norms.Objective)
	}
	// Cells that enumeration would be asked to take on, but no more than that.
	small := train(t, gaussian(rng, 6, 3), gaussian(rng, 6, 2), outputs.Options{MaxCells: 10})
	if small.Mode != convexnn.Global || small.Certificate.Kind != convexnn.CertifiedExact {
		t.Errorf("mode %v, certificate %v", small.Mode, small.Certificate.Kind)
	}
	if r.BetaMax.Exact || r.Cells != 0 {
		t.Errorf("beta_max exact %v, %d cells", r.BetaMax.Exact, r.Cells)
	}
}

func TestBetaMax(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for _, intercept := range []bool{false, true} {
		x, y := gaussian(rng, 12, 3), gaussian(rng, 12, 2)
		for ratio, neurons := range map[float64]bool{1.001: false, 0.99: true} {
			options := exact
			options.BetaRatio, options.Intercept = ratio, intercept
			if r := train(t, x, y, options); len(r.Network.Neurons) > 0 != neurons || !r.BetaMax.Exact {
				t.Errorf("at %g of beta_max there are %d neurons", ratio, len(r.Network.Neurons))
			}
		}
	}
}

func TestDegenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 8))
	x, y := gaussian(rng, 9, 3), gaussian(rng, 9, 2)
	zero := func(r, c int) *mat.Dense { return mat.NewDense(r, c, nil) }
	twice, column := mat.DenseCopyOf(x), mat.DenseCopyOf(y)
	for i := range 9 {
		twice.SetRow(i, x.RawRowView(i%3))
		column.Set(i, 1, 0)
	}
	collinear := mat.DenseCopyOf(x)
	for i := range 9 {
		collinear.Set(i, 2, collinear.At(i, 0)-collinear.At(i, 1))
	}
	for name, data := range map[string][2]*mat.Dense{
		"no samples' values": {zero(9, 3), y}, "no targets": {x, zero(9, 2)}, "nothing": {zero(9, 3), zero(9, 2)},
		"equal rows": {twice, y}, "an empty output": {x, column}, "dependent columns": {collinear, y},
		"one row of zeros": {zero(1, 1), zero(1, 1)},
	} {
		for _, intercept := range []bool{false, true} {
			for _, mode := range []convexnn.Mode{convexnn.Enumerate, convexnn.Global} {
				r := train(t, data[0], data[1], outputs.Options{Mode: mode, BetaRatio: 0.1, Intercept: intercept})
				if r.Status != convexnn.Solved {
					t.Errorf("%s, %v: %v, gap %g", name, mode, r.Status, r.Certificate.RelativeGap)
				}
			}
		}
	}
	// Powers of two change nothing but the units.
	plain := train(t, x, y, outputs.Options{BetaRatio: 0.1})
	for _, s := range [][2]float64{{0x1p-150, 0x1p120}, {0x1p200, 0x1p-100}} {
		var a, b mat.Dense
		a.Scale(s[0], x)
		b.Scale(s[1], y)
		if r := train(t, &a, &b, outputs.Options{BetaRatio: 0.1}); math.Abs(r.Objective/s[1]/s[1]-plain.Objective) > 1e-9*plain.Objective {
			t.Errorf("scaled by %g: objective %g", s, r.Objective/s[1]/s[1])
		}
	}
}

func TestReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rng := rand.New(rand.NewPCG(1, 9))
	x, y := gaussian(rng, 16, 5), gaussian(rng, 16, 3)
	var first *outputs.Result
	for procs := 1; procs <= 3; procs++ {
		runtime.GOMAXPROCS(procs)
		r := train(t, x, y, outputs.Options{BetaRatio: 0.1, Tolerance: 1e-2})
		if first == nil {
			first = r
		}
		if !reflect.DeepEqual(first, r) {
			t.Errorf("%d processors give another result than 1", procs)
		}
	}
}

func TestStopped(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 10))
	x, y := gaussian(rng, 30, 8), gaussian(rng, 30, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := outputs.Train(ctx, x, y, outputs.Options{Intercept: true})
	if err != nil || r.Status != convexnn.Stopped || len(r.Network.Neurons) > 0 || !r.BetaMax.Partial {
		t.Fatalf("%+v, %v", r, err)
	}
	valid(t, x, y, r)
	// In the middle.
	for _, rounds := range []int{2, 5} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := outputs.Train(ctx, x, y, outputs.Options{BetaRatio: 0.01, Tolerance: 1e-6, Progress: func(p outputs.Progress) {
			if p.Solve.Rounds >= rounds {
				cancel()
			}
		}})
		cancel()
		if err != nil || r.Status != convexnn.Stopped || len(r.Network.Neurons) == 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		valid(t, x, y, r)
	}
}

func TestStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 11))
	x, y := gaussian(rng, 15, 3), gaussian(rng, 15, 2)
	options := exact
	options.BetaRatio = 0.1
	cold := train(t, x, y, options)
	options.Start = cold.Network
	warm := train(t, x, y, options)
	isOptimal(t, "warm start", warm, cold.Objective, 1e-6)
	if warm.Rounds >= cold.Rounds {
		t.Errorf("%d rounds from the optimum, %d without", warm.Rounds, cold.Rounds)
	}
}

func TestTrainErrors(t *testing.T) {
	x, y := mat.NewDense(2, 2, []float64{1, 2, 3, 4}), mat.NewDense(2, 2, []float64{1, 2, 3, 4})
	bad := mat.NewDense(2, 2, []float64{1, math.NaN(), 3, 4})
	rng := rand.New(rand.NewPCG(1, 12))
	for _, test := range []struct {
		x, y    *mat.Dense
		options outputs.Options
		want    error
	}{
		{x, mat.NewDense(3, 2, nil), outputs.Options{}, convexnn.ErrShape},
		{x, nil, outputs.Options{}, convexnn.ErrShape},
		{nil, y, outputs.Options{}, convexnn.ErrShape},
		{x, bad, outputs.Options{}, convexnn.ErrNotFinite},
		{bad, y, outputs.Options{}, convexnn.ErrNotFinite},
		{x, y, outputs.Options{Beta: -1}, convexnn.ErrBeta},
		{x, y, outputs.Options{BetaRatio: math.NaN()}, convexnn.ErrBeta},
		{x, y, outputs.Options{Mode: convexnn.Sampled}, convexnn.ErrMode},
		{x, y, outputs.Options{Tolerance: -1}, convexnn.ErrTolerance},
		{x, y, outputs.Options{MemoryLimit: 1000}, convexnn.ErrMemory},
		{x, y, outputs.Options{Start: &outputs.Network{Dim: 3, Outputs: 2}}, convexnn.ErrShape},
		{gaussian(rng, 40, 8), gaussian(rng, 40, 2), exact, nil},
	} {
		if test.want == nil {
			test.options.MaxCells, test.want = 1000, convexnn.ErrTooManyCells
		}
		if _, err := outputs.Train(t.Context(), test.x, test.y, test.options); !errors.Is(err, test.want) {
			t.Errorf("%v, want %v", err, test.want)
		}
	}
}
