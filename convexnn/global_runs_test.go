package convexnn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// follow returns a Progress that fails unless the objective never rises and proved bounds
// never fall, with the last report.
func follow(t *testing.T, also func(p convexnn.Progress)) (func(p convexnn.Progress), *convexnn.SolveProgress) {
	last := &convexnn.SolveProgress{Objective: math.Inf(1)}
	proved := 0.0
	return func(p convexnn.Progress) {
		if p.Stage != "generate" {
			return
		}
		s := p.Solve
		if !(s.Objective <= last.Objective) {
			t.Errorf("round %d: objective %.17g after %.17g", s.Rounds, s.Objective, last.Objective)
		}
		if s.Gap < 0 || s.Gap > 1 || s.Rounds < last.Rounds {
			t.Errorf("gap %g in round %d, after round %d", s.Gap, s.Rounds, last.Rounds)
		}
		if !s.Estimated {
			if s.LowerBound < proved {
				t.Errorf("round %d: proved bound %.17g after %.17g", s.Rounds, s.LowerBound, proved)
			}
			proved = s.LowerBound
		}
		*last = s
		if also != nil {
			also(p)
		}
	}, last
}

// isNoWorse fails unless r is at least as good as what was reported last, and says
// nothing that the optimum in [low, high] contradicts.
func isNoWorse(t *testing.T, what string, r *convexnn.Result, last *convexnn.SolveProgress, low, high float64) {
	t.Helper()
	if r.Network == nil || r.Objective > last.Objective*(1+1e-9) || r.Objective < low*(1-1e-9) {
		t.Errorf("%s: objective %.12g, the last report has %.12g and the optimum is above %.12g", what, r.Objective, last.Objective, low)
	}
	c, e := r.Certificate, r.Estimate
	if c.LowerBound > high*(1+1e-9) || c.Kind != convexnn.CertifiedExact && c.Kind != convexnn.CertifiedBounded {
		t.Errorf("%s: %v bound %.12g over the optimum %.12g", what, c.Kind, c.LowerBound, high)
	}
	if !last.Estimated && last.Rounds > 0 && c.LowerBound < last.LowerBound {
		t.Errorf("%s: bound %.12g, the last report has %.12g", what, c.LowerBound, last.LowerBound)
	}
	if e != nil && (e.Kind != convexnn.CertifiedEstimate || e.LowerBound > r.Objective*(1+1e-9)) {
		t.Errorf("%s: %v of %.12g for the objective %.12g", what, e.Kind, e.LowerBound, r.Objective)
	}
	written(t, r)
}

// written is a result as JSON, but for the prices that are infinite where nothing is
// proved. Whatever else is not finite fails the test.
func written(t *testing.T, r *convexnn.Result) string {
	t.Helper()
	shown := *r
	shown.Certificate.Price.Upper = 0
	if r.Estimate != nil {
		e := *r.Estimate
		if !math.IsInf(e.Price.Upper, 1) {
			t.Errorf("an estimate with the proved price %g", e.Price.Upper)
		}
		e.Price.Upper, shown.Estimate = 0, &e
	}
	b, err := json.Marshal(shown)
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprint(string(b), r.Certificate.Price.Upper)
}

// However early training ends, it keeps the best network and bound.
func TestGlobalKeepsTheBest(t *testing.T) {
	x, y := sine(7, 30, 5)
	const beta = 0.1
	report, last := follow(t, nil)
	options := convexnn.Options{Mode: convexnn.Global, Beta: beta, Progress: report}
	full := train(t, x, y, options)
	if full.Status != convexnn.Solved || full.Rounds < 4 {
		t.Fatal(full.Status, full.Rounds)
	}
	low, high := full.Certificate.LowerBound, full.Objective
	if full.Certificate.Kind != convexnn.CertifiedExact {
		t.Fatal(full.Certificate.Kind)
	}
	isNoWorse(t, "to the end", full, last, low, high)

	for _, by := range provers[1:] {
		for _, rounds := range []int{1, 2, full.Rounds / 2} {
			ctx, cancel := context.WithCancel(t.Context())
			options.Progress, last = follow(t, func(p convexnn.Progress) {
				if p.Solve.Rounds == rounds {
					cancel()
				}
			})
			options.Tolerance = 1e-3
			r, err := convexnn.TrainBy(ctx, x, y, options, *by.how)
			cancel()
			if err != nil || r.Status != convexnn.Stopped || r.Rounds != rounds {
				t.Fatalf("%s, cancelled in round %d: %v in round %d, %v", by.name, rounds, r.Status, r.Rounds, err)
			}
			isNoWorse(t, by.name, r, last, low, high)
			// The first round has nothing but the targets to price.
			if rounds > 1 && len(r.Network.Neurons) == 0 || r.Certificate.LowerBound == 0 && r.Estimate == nil {
				t.Errorf("%s, cancelled in round %d: %d neurons, %+v", by.name, rounds, len(r.Network.Neurons), r.Certificate)
			}
		}
	}
	for _, limit := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		options.Progress, last = follow(t, nil)
		r, err := convexnn.Train(ctx, x, y, options)
		cancel()
		if err != nil {
			t.Fatal(limit, err)
		}
		isNoWorse(t, limit.String(), r, last, low, high)
		if limit == 0 && r.Status != convexnn.Stopped {
			t.Errorf("without any time: %v", r.Status)
		}
	}
}

// The same seed and input give the same bits, for any number of threads.
func TestGlobalIsDeterministic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x, y := sine(8, 24, 4)
	for _, by := range provers {
		first := ""
		for _, threads := range []int{1, 2, 2} {
			runtime.GOMAXPROCS(threads)
			got := written(t, trainBy(t, x, y, by.how, convexnn.Options{Beta: 0.2, Tolerance: 1e-3, Seed: 5}))
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s: %d threads give another result", by.name, threads)
			}
		}
	}
}

// A network to begin with changes the way, not the end.
func TestGlobalBeginsWithANetwork(t *testing.T) {
	x, y := sine(9, 20, 4)
	const beta, tol = 0.1, 1e-5
	for _, intercept := range []bool{false, true} {
		options := convexnn.Options{Mode: convexnn.Global, Beta: beta, Tolerance: tol, Intercept: intercept}
		cold := train(t, x, y, options)
		bad := &convexnn.Network{Dim: 4, Intercept: -40}
		for k := range 7 {
			h := convexnn.Neuron{Weights: make([]float64, 4), Output: 100}
			h.Weights[k%4] = float64(k - 3)
			bad.Neurons = append(bad.Neurons, h)
		}
		coarse := options
		coarse.Tolerance = 0.05
		for name, net := range map[string]*convexnn.Network{
			"optimum": cold.Network, "near": train(t, x, y, coarse).Network, "bad": bad, "empty": {Dim: 4},
		} {
			before, err := json.Marshal(net)
			if err != nil {
				t.Fatal(err)
			}
			options.Start = net
			warm := train(t, x, y, options)
			if warm.Status != convexnn.Solved || warm.Certificate.Kind != convexnn.CertifiedExact || warm.Certificate.LowerBound > cold.Objective || warm.Objective < cold.Certificate.LowerBound {
				t.Errorf("%s, intercept %v: [%.12g, %.12g] (%v), without it [%.12g, %.12g]", name, intercept,
					warm.Certificate.LowerBound, warm.Objective, warm.Status, cold.Certificate.LowerBound, cold.Objective)
			}
			if own, _, err := net.Objective(x, y, beta); err != nil || intercept && warm.Objective > own*(1+1e-9) {
				t.Errorf("%s: it has %.12g, and became %.12g (%v)", name, own, warm.Objective, err)
			}
			if name == "optimum" && warm.Rounds >= cold.Rounds {
				t.Errorf("%d rounds from the optimum, %d from nothing", warm.Rounds, cold.Rounds)
			}
			if after, err := json.Marshal(net); err != nil || string(after) != string(before) {
				t.Errorf("%s: the network was changed", name)
			}
		}
	}
}

// A network with an intercept that nobody asked for is no network to end with: without
// it the optimum is higher.
func TestGlobalTakesNoInterceptFromItsStart(t *testing.T) {
	x, y := sine(10, 20, 4)
	for i := range y {
		y[i] += 5
	}
	start := &convexnn.Network{Dim: 4, Intercept: 5}
	for _, mode := range []convexnn.Mode{convexnn.Enumerate, convexnn.Global} {
		options := convexnn.Options{Mode: mode, Beta: 1, Tolerance: 1e-4}
		cold := train(t, x, y, options)
		options.Start = start
		warm := train(t, x, y, options)
		if warm.Network.Intercept != 0 || warm.Objective < cold.Certificate.LowerBound {
			t.Errorf("%v: intercept %g and objective %.9g, no network without one has less than %.9g", mode, warm.Network.Intercept, warm.Objective, cold.Certificate.LowerBound)
		}
	}
}

func TestGlobalRefuses(t *testing.T) {
	x, y := sine(4, 10, 3)
	gates := mat.NewDense(3, 2, []float64{1, 0, 0, 1, 0, 0})
	gated := &convexnn.Network{Model: convexnn.Gated, Dim: 3}
	nan := &convexnn.Network{Dim: 3, Neurons: []convexnn.Neuron{{Weights: []float64{1, math.NaN(), 0}, Output: 1}}}
	short := &convexnn.Network{Dim: 3, Neurons: []convexnn.Neuron{{Weights: []float64{1, 0}, Output: 1}}}
	for _, mode := range []convexnn.Mode{convexnn.Global, convexnn.Enumerate} {
		for name, c := range map[string]struct {
			options convexnn.Options
			want    error
		}{
			"start of another dimension": {convexnn.Options{Start: &convexnn.Network{Dim: 4}}, convexnn.ErrShape},
			"gated start":                {convexnn.Options{Start: gated}, convexnn.ErrModel},
			"NaN in the start":           {convexnn.Options{Start: nan}, convexnn.ErrNetwork},
			"malformed start":            {convexnn.Options{Start: short}, convexnn.ErrNetwork},
			"gates":                      {convexnn.Options{Gates: gates}, convexnn.ErrMode},
			"gated model":                {convexnn.Options{Model: convexnn.Gated}, convexnn.ErrMode},
			"negative tolerance":         {convexnn.Options{Tolerance: -1}, convexnn.ErrTolerance},
			"little memory":              {convexnn.Options{MemoryLimit: 1000}, convexnn.ErrMemory},
		} {
			c.options.Mode = mode
			if _, err := convexnn.Train(t.Context(), x, y, c.options); !errors.Is(err, c.want) {
				t.Errorf("%v, %s: err = %v, want %v", mode, name, err, c.want)
			}
		}
	}
}

// cells counts the cells of n hyperplanes through the origin of R^d in general position:
// 2 sum_{k<d} C(n-1, k) (Cover, 1965).
func cells(n, d int) *big.Int {
	sum := new(big.Int)
	for k := range d {
		sum.Add(sum, new(big.Int).Binomial(int64(n-1), int64(k)))
	}
	return sum.Lsh(sum, 1)
}

// The mode is chosen by counts: all cells where they, times the samples, are at most
// three hundred million, and the cells at most MaxCells.
func TestAutoChoosesByCounts(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	mode := func(n, d int, options convexnn.Options) convexnn.Mode {
		x, y := sine(1, n, d)
		r, err := convexnn.Train(done, x, y, options)
		if err != nil {
			t.Fatal(n, d, err)
		}
		return r.Mode
	}
	for _, d := range []int{3, 5, 8, 12} {
		n := d
		for work := new(big.Int); work.Mul(cells(n, d), big.NewInt(int64(n))).Cmp(big.NewInt(1e8)) <= 0; {
			n++
		}
		if got := mode(n-1, d, convexnn.Options{}); got != convexnn.Enumerate {
			t.Errorf("n=%d, d=%d: %v", n-1, d, got)
		}
		if got := mode(n, d, convexnn.Options{}); got != convexnn.Global {
			t.Errorf("n=%d, d=%d: %v", n, d, got)
		}
	}
	few := cells(10, 3).Int64()
	for _, c := range []struct {
		options convexnn.Options
		want    convexnn.Mode
	}{
		{convexnn.Options{MaxCells: few}, convexnn.Enumerate},
		{convexnn.Options{MaxCells: few - 1}, convexnn.Global},
		{convexnn.Options{Patterns: 7}, convexnn.Sampled},
		{convexnn.Options{Model: convexnn.Gated}, convexnn.Sampled},
		{convexnn.Options{Gates: mat.NewDense(3, 2, []float64{1, 0, 0, 1, 0, 0})}, convexnn.Sampled},
		{convexnn.Options{Mode: convexnn.Global}, convexnn.Global},
		{convexnn.Options{Mode: convexnn.Sampled}, convexnn.Sampled},
	} {
		if got := mode(10, 3, c.options); got != c.want {
			t.Errorf("%+v: %v, want %v", c.options, got, c.want)
		}
	}
}

func TestModeNames(t *testing.T) {
	modes := []convexnn.Mode{convexnn.Auto, convexnn.Sampled, convexnn.Enumerate, convexnn.Global}
	var names []string
	for _, m := range modes {
		names = append(names, m.String())
		if back, err := convexnn.ParseMode(m.String()); err != nil || back != m {
			t.Errorf("%v is read as %v (%v)", m, back, err)
		}
	}
	if want := []string{"auto", "sampled", "enumerate", "global"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	for _, s := range []string{"", "Global", "global ", "mode 7"} {
		if _, err := convexnn.ParseMode(s); !errors.Is(err, convexnn.ErrMode) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if got := convexnn.Mode(7).String(); got != "mode 7" {
		t.Error(got)
	}
}
