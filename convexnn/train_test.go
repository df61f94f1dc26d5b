package convexnn_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// sine is a small regression with a column of ones.
func sine(seed uint64, n, d int) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	x := random(rng, n, d)
	y := make([]float64, n)
	for i := range n {
		x.Set(i, d-1, 1)
		y[i] = math.Sin(2 * x.At(i, 0))
	}
	return x, y
}

func train(t testing.TB, x *mat.Dense, y []float64, options convexnn.Options) *convexnn.Result {
	t.Helper()
	r, err := convexnn.Train(t.Context(), x, y, options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The first-order method alone, factored or by conjugate gradients, and the
// second-order one share little but the bound, and agree.
func TestADMMAloneAgreesWithThePolish(t *testing.T) {
	x, y := sine(1, 60, 4)
	cells, _, err := arrangements.Sample(t.Context(), x, 40, arrangements.SampleSettings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []convexnn.Model{convexnn.ReLU, convexnn.Gated} {
		p, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.5, Model: model})
		if err != nil {
			t.Fatal(err)
		}
		fine, err := p.Solve(t.Context(), convexnn.SolveSettings{Tolerance: 1e-8})
		if err != nil || fine.Gap > 1e-8 {
			t.Fatal(fine.Gap, err)
		}
		for _, direct := range []int{0, -1} {
			coarse, err := p.Solve(t.Context(), convexnn.SolveSettings{Tolerance: 1e-3, PolishLimit: -1, DirectLimit: direct})
			if err != nil {
				t.Fatal(err)
			}
			if coarse.Rounds != 0 || coarse.Iterations == 0 || coarse.Gap > 1e-3 {
				t.Errorf("%v, direct limit %d: gap %g after %d iterations and %d rounds", model, direct, coarse.Gap, coarse.Iterations, coarse.Rounds)
			}
			if coarse.LowerBound > fine.Objective || coarse.Objective < fine.LowerBound {
				t.Errorf("%v: [%g, %g] and [%g, %g] exclude each other", model, coarse.LowerBound, coarse.Objective, fine.LowerBound, fine.Objective)
			}
		}
	}
}

func TestSameBitsForAnyNumberOfThreadsAndAnyRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x, y := sine(2, 150, 6)
	var first []byte
	for _, threads := range []int{1, 2, 2, 3} {
		runtime.GOMAXPROCS(threads)
		r := train(t, x, y, convexnn.Options{Patterns: 60, Seed: 3})
		r.Certificate.Dual = slices.Clone(r.Certificate.Dual)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if string(b) != string(first) {
			t.Errorf("%d threads give another result", threads)
		}
	}
}

// Multiplying X by a and y by b multiplies beta_max by a b and objectives by b^2.
func TestScaleEquivariance(t *testing.T) {
	x, y := sine(3, 40, 3)
	base := train(t, x, y, convexnn.Options{Patterns: 30, Tolerance: 1e-7})
	for _, c := range []struct{ a, b float64 }{{1e150, 1}, {1e-145, 1}, {1, 1e150}, {1, 1e-145}, {3e5, 7e-9}} {
		var xs mat.Dense
		xs.Scale(c.a, x)
		ys := make([]float64, len(y))
		for i := range ys {
			ys[i] = c.b * y[i]
		}
		r := train(t, &xs, ys, convexnn.Options{Patterns: 30, Tolerance: 1e-7})
		if got, want := r.Beta/c.a/c.b, base.Beta; math.Abs(got-want) > 1e-9*want {
			t.Errorf("scales %g, %g: beta %g, want %g", c.a, c.b, got, want)
		}
		if got, want := r.Objective/c.b/c.b, base.Objective; math.Abs(got-want) > 1e-6*want {
			t.Errorf("scales %g, %g: objective %g, want %g", c.a, c.b, got, want)
		}
		f, err := r.Network.Predict(&xs)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range f {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("scales %g, %g: prediction %v", c.a, c.b, v)
			}
		}
	}
}

// More columns than rows: the program is solved in the row space of X. Embedding
// few columns in many by an orthonormal map changes no objective.
func TestWideData(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const n, d = 12, 40
	narrow, y := sine(8, n, 5)
	var q mat.Dense
	var qr mat.QR
	qr.Factorize(random(rng, d, 5))
	qr.QTo(&q)
	var x mat.Dense
	x.Mul(narrow, q.Slice(0, d, 0, 5).T())
	for _, model := range []convexnn.Model{convexnn.ReLU, convexnn.Gated} {
		gates := random(rng, 5, 20)
		var wide mat.Dense
		wide.Mul(q.Slice(0, d, 0, 5), gates)
		a := train(t, narrow, y, convexnn.Options{Beta: 0.1, Gates: gates, Model: model, Tolerance: 1e-8})
		b := train(t, &x, y, convexnn.Options{Beta: 0.1, Gates: &wide, Model: model, Tolerance: 1e-8})
		if a.Patterns != b.Patterns || math.Abs(a.Objective-b.Objective) > 1e-7*a.Objective {
			t.Errorf("%v: %g on %d patterns in 5 columns, %g on %d in 40", model, a.Objective, a.Patterns, b.Objective, b.Patterns)
		}
		if b.Status != convexnn.Solved {
			t.Errorf("%v: %v with gap %g", model, b.Status, b.Certificate.ProgramGap)
		}
	}
}

// Rows that are nearly one: rho I + N is nearly singular for every rho of use,
// and ADMM has to live with it.
func TestNearlyEqualRows(t *testing.T) {
	seconds := mat.NewDense(30, 2, nil)
	y := make([]float64, 30)
	for i := range 30 {
		seconds.SetRow(i, []float64{1.7e9 + float64(i), 1})
		y[i] = math.Sin(float64(i))
	}
	for _, c := range []struct {
		x *mat.Dense
		y []float64
	}{
		{dense([]float64{1.40000005}, []float64{1.40000006}, []float64{1.40000003}), []float64{2, 0, 1}},
		{seconds, y},
		{dense([]float64{1, 1 + 1e-7, 1}, []float64{1, 1, 1 - 2e-7}, []float64{1 + 1e-7, 1, 1}), []float64{1, -1, 2}},
	} {
		for _, intercept := range []bool{false, true} {
			for _, model := range []convexnn.Model{convexnn.ReLU, convexnn.Gated} {
				r := train(t, c.x, c.y, convexnn.Options{Mode: convexnn.Sampled, Intercept: intercept, Model: model})
				if r.Network == nil || r.Certificate.ProgramBound > r.Certificate.ProgramObjective {
					t.Errorf("%+v", r)
				}
			}
		}
	}
}

// The certificate is about the network that is returned: its objective is that of
// the program's solution or better, and the stored dual vector proves the bound.
func TestCertificateMatchesTheNetwork(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for trial := range 150 {
		n, d := 1+rng.IntN(12), 1+rng.IntN(4)
		x, gates := mat.NewDense(n, d, nil), mat.NewDense(d, 12, nil)
		for i := range n {
			for l := range d {
				x.Set(i, l, float64(rng.IntN(7)-3))
			}
		}
		for l := range d {
			for k := range 12 {
				gates.Set(l, k, float64(rng.IntN(7)-3)) // many lie on hyperplanes
			}
		}
		y := mat.Col(nil, 0, random(rng, n, 1))
		options := convexnn.Options{Mode: convexnn.Sampled, BetaRatio: math.Pow(10, -3*rng.Float64()), Tolerance: 1e-6, Intercept: trial%2 == 0}
		if trial%3 == 0 {
			options.Model = convexnn.Gated
		}
		if trial%4 != 0 {
			options.Gates = gates
		}
		r := train(t, x, y, options)
		c := r.Certificate
		if r.Objective > c.ProgramObjective*(1+1e-9) {
			t.Errorf("trial %d: network %.12g, program %.12g", trial, r.Objective, c.ProgramObjective)
		}
		if r.Status != convexnn.Solved {
			t.Errorf("trial %d: %v with gap %g", trial, r.Status, c.ProgramGap)
		}
		if r.Patterns == 0 {
			continue
		}
		cells, err := arrangements.FromGates(x, gates)
		if options.Gates == nil {
			cells, _, err = arrangements.Sample(t.Context(), x, 500, arrangements.SampleSettings{})
		}
		if err != nil {
			t.Fatal(err)
		}
		p, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: r.Beta, Model: options.Model, Intercept: options.Intercept})
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.DualBound(c.Dual)
		if err != nil || math.Abs(b.Value-c.ProgramBound) > 1e-8*c.ProgramBound {
			t.Errorf("trial %d: the dual vector proves %.12g, reported %.12g (%v)", trial, b.Value, c.ProgramBound, err)
		}
		if shifted := append([]float64(nil), c.Dual...); options.Intercept {
			for i := range shifted {
				shifted[i] += 3
			}
			if s, _ := p.DualBound(shifted); math.Abs(s.Value-b.Value) > 1e-8*b.Value {
				t.Errorf("trial %d: with an intercept a constant in the dual vector moves the bound to %g", trial, s.Value)
			}
		}
	}
}

func TestTrainOnUnusualData(t *testing.T) {
	ones := dense([]float64{1, 1}, []float64{1, 1}, []float64{2, 1})
	for _, c := range []struct {
		name    string
		x       *mat.Dense
		y       []float64
		options convexnn.Options
		neurons int
		loss    float64 // with no or one neuron known in closed form; -1: not checked
	}{
		{"one row", dense([]float64{3, 4}), []float64{2}, convexnn.Options{Beta: 1}, 1, 0.02},
		{"tiny beta", dense([]float64{1, 2, 3}, []float64{0, 1, 1}), []float64{1, -1}, convexnn.Options{Beta: 5e-324}, -1, -1},
		{"zero target", ones, []float64{0, 0, 0}, convexnn.Options{}, 0, 0},
		{"beta above beta_max", ones, []float64{1, 2, 3}, convexnn.Options{BetaRatio: 1.5}, 0, 7},
		{"equal rows, different targets", ones, []float64{0, 2, 1}, convexnn.Options{Beta: 1e-9}, -1, 1},
		{"zero data", mat.NewDense(3, 2, nil), []float64{1, -1, 1}, convexnn.Options{}, 0, 1.5},
		{"zero data and intercept", mat.NewDense(3, 2, nil), []float64{1, 1, 4}, convexnn.Options{Intercept: true}, 0, 3},
		{"constant target and intercept", ones, []float64{5, 5, 5}, convexnn.Options{Intercept: true}, 0, 0},
		{"negative samples only", dense([]float64{-1}, []float64{-2}), []float64{1, 2}, convexnn.Options{Beta: 1e-9}, 1, 0},
		{"more patterns than cells", ones, []float64{1, 2, 3}, convexnn.Options{Patterns: 5000}, -1, -1},
		{"gated", ones, []float64{1, 2, 3}, convexnn.Options{Model: convexnn.Gated}, -1, -1},
	} {
		for _, mode := range []convexnn.Mode{convexnn.Auto, convexnn.Sampled, convexnn.Enumerate, convexnn.Global} {
			c.options.Mode, c.options.Tolerance = mode, 1e-4
			if sampled := c.options.Model == convexnn.Gated || c.options.Patterns > 0; sampled && mode > convexnn.Sampled {
				continue
			}
			r, err := convexnn.Train(t.Context(), c.x, c.y, c.options)
			if err != nil {
				t.Errorf("%s, %v: %v", c.name, mode, err)
				continue
			}
			if c.neurons >= 0 && len(r.Network.Neurons) != c.neurons {
				t.Errorf("%s, %v: %d neurons, want %d", c.name, mode, len(r.Network.Neurons), c.neurons)
			}
			if c.loss >= 0 && math.Abs(r.TrainingLoss-c.loss) > 1e-6 {
				t.Errorf("%s, %v: loss %g, want %g", c.name, mode, r.TrainingLoss, c.loss)
			}
			gap := r.Certificate.RelativeGap
			if r.Mode == convexnn.Sampled {
				gap = r.Certificate.ProgramGap
			}
			if c.name != "tiny beta" && (r.Status != convexnn.Solved || !(gap <= 1e-4)) {
				t.Errorf("%s, %v: %v with gap %g", c.name, mode, r.Status, gap)
			}
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("%s, %v: the result holds a value that is not finite: %v", c.name, mode, err)
			}
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	x, y := sine(4, 10, 3)
	with := func(i, j int, v float64) *mat.Dense {
		z := mat.DenseCopyOf(x)
		z.Set(i, j, v)
		return z
	}
	for _, c := range []struct {
		name    string
		x       *mat.Dense
		y       []float64
		options convexnn.Options
		want    error
	}{
		{"NaN in X", with(3, 1, math.NaN()), y, convexnn.Options{}, convexnn.ErrNotFinite},
		{"Inf in X", with(3, 1, math.Inf(1)), y, convexnn.Options{}, convexnn.ErrNotFinite},
		{"overflowing X", with(3, 1, 1e308), y, convexnn.Options{}, convexnn.ErrNotFinite},
		{"unknown mode", x, y, convexnn.Options{Mode: 7}, convexnn.ErrMode},
		{"unknown model", x, y, convexnn.Options{Model: 7}, convexnn.ErrModel},
		{"negative tolerance", x, y, convexnn.Options{Tolerance: -1}, convexnn.ErrTolerance},
		{"overflowing y", x, append([]float64{1e200}, y[1:]...), convexnn.Options{}, convexnn.ErrNotFinite},
		{"short y", x, y[1:], convexnn.Options{}, convexnn.ErrShape},
		{"no data", &mat.Dense{}, nil, convexnn.Options{}, convexnn.ErrShape},
		{"negative beta", x, y, convexnn.Options{Beta: -1}, convexnn.ErrBeta},
		{"NaN beta", x, y, convexnn.Options{Beta: math.NaN()}, convexnn.ErrBeta},
		{"infinite ratio", x, y, convexnn.Options{BetaRatio: math.Inf(1)}, convexnn.ErrBeta},
		{"negative patterns", x, y, convexnn.Options{Patterns: -1}, convexnn.ErrNoPatterns},
		{"gates of the wrong shape", x, y, convexnn.Options{Gates: mat.NewDense(4, 5, nil)}, arrangements.ErrGateShape},
		{"memory", x, y, convexnn.Options{Patterns: 50, MemoryLimit: 1000}, convexnn.ErrMemory},
	} {
		_, err := convexnn.Train(t.Context(), c.x, c.y, c.options)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: err = %v, want %v", c.name, err, c.want)
		}
	}
}

func TestManyPatternsAreRefusedBeforeTheyAreSampled(t *testing.T) {
	x, y := sine(5, 2000, 20)
	start := time.Now()
	_, err := convexnn.Train(t.Context(), x, y, convexnn.Options{Patterns: 1e9, MemoryLimit: 1 << 34})
	if !errors.Is(err, convexnn.ErrMemory) {
		t.Errorf("err = %v", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v to find out", d)
	}
}

func TestInterruptKeepsTheBest(t *testing.T) {
	x, y := sine(6, 200, 8)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := convexnn.Train(done, x, y, convexnn.Options{})
	if err != nil || r.Status != convexnn.Stopped || r.Network == nil {
		t.Fatalf("cancelled before it began: %+v, %v", r, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var last convexnn.SolveProgress
	r, err = convexnn.Train(ctx, x, y, convexnn.Options{Mode: convexnn.Sampled, Tolerance: 1e-9, Progress: func(p convexnn.Progress) {
		if p.Stage == "admm" {
			last = p.Solve
			stop()
		}
	}})
	if err != nil || r.Status != convexnn.Stopped {
		t.Fatalf("cancelled within: %v", err)
	}
	if r.Certificate.ProgramObjective > last.Objective || r.Certificate.ProgramBound < last.LowerBound {
		t.Errorf("the result [%g, %g] is worse than what was reported, [%g, %g]",
			r.Certificate.ProgramBound, r.Certificate.ProgramObjective, last.LowerBound, last.Objective)
	}
	if r.Certificate.ProgramGap <= 1e-9 || len(r.Network.Neurons) == 0 {
		t.Errorf("gap %g with %d neurons", r.Certificate.ProgramGap, len(r.Network.Neurons))
	}
}

// Smaller beta, or more patterns, never make the optimum larger.
func TestProgramOptimumIsMonotone(t *testing.T) {
	x, y := sine(7, 50, 4)
	const tol = 1e-7
	last := math.Inf(1)
	for _, patterns := range []int{5, 20, 80} {
		// A smaller sample is the beginning of a larger one.
		cells, _, err := arrangements.Sample(t.Context(), x, patterns, arrangements.SampleSettings{Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		s := solve(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.3}, tol)
		if s.LowerBound > last {
			t.Errorf("%d patterns: optimum at least %g, %g with fewer", patterns, s.LowerBound, last)
		}
		last = s.Objective
		less := solve(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.1}, tol)
		if less.LowerBound > s.Objective {
			t.Errorf("%d patterns: optimum %g at beta 0.1, %g at 0.3", patterns, less.LowerBound, s.Objective)
		}
	}
}
