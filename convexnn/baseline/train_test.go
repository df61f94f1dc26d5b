package baseline_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/baseline"
)

// bumps returns n rows of two features and a bias, and a target that is not linear.
func bumps(n int) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(5, 6))
	x, y := mat.NewDense(n, 3, nil), make([]float64, n)
	for i := range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x.SetRow(i, []float64{a, b, 1})
		y[i] = math.Abs(a) - b + 0.1*rng.NormFloat64()
	}
	return x, y
}

func train(t *testing.T, x *mat.Dense, y []float64, s baseline.Settings) *baseline.Result {
	t.Helper()
	r, err := baseline.Train(context.Background(), x, y, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// One sample x and one neuron: the best gain along x is shrunk by beta/|x|, so that the
// optimum over networks of any width is y beta/|x| - beta^2/(2 |x|^2) = 0.38. All
// optimisers find it.
func TestOneSample(t *testing.T) {
	x, y := mat.NewDense(1, 2, []float64{3, 4}), []float64{2}
	start := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{{Weights: []float64{0.5, 0.1}, Output: 0.3}}}
	for _, o := range baseline.Optimizers() {
		r := train(t, x, y, baseline.Settings{Optimizer: o, Rate: 0.01, Beta: 1, Start: start, Epochs: 4000, Batch: 1})
		if math.Abs(r.Objective-0.38) > 1e-6 || r.Status != baseline.Done {
			t.Errorf("%v: objective %.9g, %s", o, r.Objective, r.Status)
		}
	}
}

// An intercept is not decayed: with a large beta it is all that is left.
func TestIntercept(t *testing.T) {
	x, y := bumps(40)
	sum, squares := 0.0, 0.0
	for i := range y {
		y[i] += 3
		sum += y[i]
	}
	for _, v := range y {
		squares += (v - sum/40) * (v - sum/40) / 2
	}
	r := train(t, x, y, baseline.Settings{Optimizer: baseline.Momentum, Width: 3, Beta: 1000, Intercept: true, Epochs: 400})
	if math.Abs(r.Network.Intercept-sum/40) > 1e-3 || math.Abs(r.Objective-squares) > 1e-3*squares {
		t.Errorf("intercept %g, objective %g; want %g, %g", r.Network.Intercept, r.Objective, sum/40, squares)
	}
}

// No network is below a proved bound, and long enough training is near it.
func TestAboveTheBound(t *testing.T) {
	x, y := bumps(40)
	const beta = 0.5
	for _, batch := range []int{0, 8} {
		r := train(t, x, y, baseline.Settings{Rate: 0.02, Width: 30, Batch: batch, Beta: beta, Epochs: 1500})
		c, err := convexnn.Certify(context.Background(), x, y, r.Network, beta, convexnn.CertifySettings{})
		if err != nil {
			t.Fatal(err)
		}
		if gap := c.Certificate.RelativeGap; gap < 0 || gap > 0.02 {
			t.Errorf("batch %d: gap %g", batch, gap)
		}
		if math.Abs(c.Objective-r.Objective) > 1e-9*r.Objective || math.Abs(c.TrainingLoss-r.Loss) > 1e-9*r.Loss {
			t.Errorf("objective %.12g and loss %.12g, certified are %.12g and %.12g", r.Objective, r.Loss, c.Objective, c.TrainingLoss)
		}
	}
}

func TestCheckpoints(t *testing.T) {
	x, y := bumps(30)
	var states []baseline.State
	s := baseline.Settings{Width: 8, Rate: 0.03, Batch: 7, Beta: 0.3, Epochs: 400, Restarts: 3, Seed: 9}
	s.Progress = func(q baseline.State) { states = append(states, q) }
	r := train(t, x, y, s)
	if r.Epochs != 1200 || r.Steps != 1200*5 || r.Status != baseline.Done || r.Diverged != 0 {
		t.Errorf("%d epochs, %d steps, %s", r.Epochs, r.Steps, r.Status)
	}
	if len(states) != len(r.Trace) || len(states) < 3*40 || len(states) > 3*60 {
		t.Fatalf("%d checkpoints, %d reported", len(r.Trace), len(states))
	}
	best := math.Inf(1)
	for k, q := range states {
		if q.Point != r.Trace[k] {
			t.Errorf("checkpoint %d: reported %+v, traced %+v", k, q.Point, r.Trace[k])
		}
		objective, loss, err := q.Network.Objective(x, y, s.Beta)
		if err != nil || math.Abs(objective-q.Objective) > 1e-12*objective || math.Abs(loss-q.Loss) > 1e-12*loss || q.Steps != 5*q.Epoch {
			t.Errorf("checkpoint %d: %+v, its network has %g and %g, %v", k, q.Point, objective, loss, err)
		}
		first := k == 0 || q.Restart != states[k-1].Restart
		if first != (q.Epoch == 0) || (!first && q.Epoch-states[k-1].Epoch > 1+q.Epoch/10) {
			t.Errorf("checkpoint %d: epoch %d of run %d", k, q.Epoch, q.Restart)
		}
		if k > 0 && q.Seconds < states[k-1].Seconds {
			t.Errorf("checkpoint %d: time runs backwards", k)
		}
		best = min(best, q.Objective)
	}
	if last := states[len(states)-1]; last.Epoch != 400 || last.Restart != 2 {
		t.Errorf("the last checkpoint is %+v", last.Point)
	}
	if r.Best.Objective != best || math.Abs(r.Objective-best) > 1e-12*best {
		t.Errorf("objective %g, best %+v, the least seen is %g", r.Objective, r.Best, best)
	}
	if states[0].Network.Neurons[0].Output == states[len(states)-1].Network.Neurons[0].Output {
		t.Error("reported networks share weights")
	}
}

func flatten(net *convexnn.Network) []float64 {
	out := []float64{net.Intercept}
	for _, h := range net.Neurons {
		out = append(append(out, h.Weights...), h.Output)
	}
	return out
}

// The same seed gives the same bits for any number of threads, another seed others.
func TestReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x, y := bumps(700)
	for _, o := range baseline.Optimizers() {
		s := baseline.Settings{Optimizer: o, Width: 300, Batch: 256, Beta: 1, Epochs: 3, Seed: 4, Restarts: 2}
		var first []float64
		for procs := 1; procs <= 3; procs++ {
			runtime.GOMAXPROCS(procs)
			// A limit that is far away changes nothing, nor does who looks on.
			s.TimeLimit = time.Duration(procs-1) * time.Hour
			s.Progress = func(baseline.State) { time.Sleep(time.Microsecond) }
			w := flatten(train(t, x, y, s).Network)
			if first == nil {
				first = w
			}
			if !slices.Equal(first, w) {
				t.Errorf("%v: %d processors give another network than 1", o, procs)
			}
		}
		s.Seed++
		if slices.Equal(first, flatten(train(t, x, y, s).Network)) {
			t.Errorf("%v: another seed gives the same network", o)
		}
	}
}

func TestDivergence(t *testing.T) {
	x, y := bumps(40)
	for _, o := range baseline.Optimizers() {
		for _, rate := range []float64{1e6, 1e150, math.MaxFloat64} {
			r := train(t, x, y, baseline.Settings{Optimizer: o, Rate: rate, Width: 6, Batch: 8, Beta: 0.1, Epochs: 50, Schedule: baseline.Constant, Restarts: 2})
			if r.Status != baseline.Diverged || r.Diverged != 2 {
				t.Errorf("%v, rate %g: %s", o, rate, r.Status)
			}
			checkFinite(t, r, x, y, 0.1)
		}
	}
}

// checkFinite checks that a result has no number that is not finite, and that its
// network is the best of the trace.
func checkFinite(t *testing.T, r *baseline.Result, x *mat.Dense, y []float64, beta float64) {
	t.Helper()
	for _, v := range append(flatten(r.Network), r.Objective, r.Loss) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%v in a result", v)
		}
	}
	objective, _, err := r.Network.Objective(x, y, beta)
	if err != nil || math.Abs(objective-r.Best.Objective) > 1e-12*objective {
		t.Errorf("objective %g, the best checkpoint is %+v", objective, r.Best)
	}
	for _, p := range r.Trace {
		if !(p.Objective >= r.Best.Objective) || math.IsInf(p.Objective, 1) {
			t.Errorf("checkpoint %+v, the best is %+v", p, r.Best)
		}
	}
}

// A run that diverges does not spoil those that do not: the rate is too large for the
// large weights of one start only.
func TestSomeDiverge(t *testing.T) {
	x, y := bumps(40)
	for rate := 0.3; rate < 3; rate *= 1.1 {
		r := train(t, x, y, baseline.Settings{Optimizer: baseline.SGD, Rate: rate, Width: 10, Batch: 4, Beta: 0.1, Epochs: 30, Restarts: 6, Schedule: baseline.Constant})
		if r.Diverged > 0 && r.Diverged < 6 {
			if r.Status != baseline.Done {
				t.Errorf("%d of 6 diverged: %s", r.Diverged, r.Status)
			}
			checkFinite(t, r, x, y, 0.1)
			return
		}
	}
	t.Error("at each rate all runs diverge or none does")
}

func TestEnds(t *testing.T) {
	x, y := bumps(60)
	s := baseline.Settings{Width: 10, Batch: 4, Beta: 0.1, Epochs: 1 << 40, Restarts: 3}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := baseline.Train(ended, x, y, s)
	if err != nil || r.Status != baseline.Stopped || r.Steps != 0 || r.Network == nil {
		t.Errorf("ended before: %+v, %v", r, err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	late := s
	late.Progress = func(q baseline.State) {
		if q.Epoch == 12 {
			cancel()
		}
	}
	r, err = baseline.Train(ctx, x, y, late)
	if err != nil || r.Status != baseline.Stopped || r.Epochs != 12 {
		t.Errorf("cancelled after 12 epochs: %+v, %v", r, err)
	}
	checkFinite(t, r, x, y, 0.1)

	s.Epochs, s.TimeLimit = 0, 60*time.Millisecond
	slow := 0
	s.Progress = func(q baseline.State) {
		if slow++; slow == 5 {
			time.Sleep(100 * time.Millisecond) // is not the training's time
		}
	}
	r = train(t, x, y, s)
	runs := map[int]bool{}
	for _, p := range r.Trace {
		runs[p.Restart] = true
	}
	if r.Status != baseline.Done || r.Seconds < 0.06 || r.Seconds > 0.5 || len(runs) != 3 {
		t.Errorf("time limit: %s after %g s, %d runs", r.Status, r.Seconds, len(runs))
	}
	// Too little time for a step is no failure.
	s.TimeLimit = time.Nanosecond
	if r = train(t, x, y, s); r.Status != baseline.Done || r.Network == nil {
		t.Errorf("no time: %s", r.Status)
	}
}

func TestTrainErrors(t *testing.T) {
	x, y := bumps(12)
	good := baseline.Settings{Width: 4, Epochs: 1}
	neuron := []convexnn.Neuron{{Weights: []float64{1, 2, 3}, Output: 1}}
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		change func(s *baseline.Settings, x *mat.Dense, y []float64)
		want   error
		words  string
	}{
		"width 0":     {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Width = 0 }, baseline.ErrWidth, "got 0"},
		"width below": {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Width = -3 }, baseline.ErrWidth, "got -3"},
		"width above": {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Width = 1 << 50 }, baseline.ErrMemory, "1125899906842624"},
		"memory":      {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Width, s.MemoryLimit = 1000, 1<<16 }, baseline.ErrMemory, "64.0 KiB"},
		"rate below":  {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Rate = -1 }, baseline.ErrRate, "got -1"},
		"rate NaN":    {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Rate = nan }, baseline.ErrRate, "NaN"},
		"rate above":  {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Rate = inf }, baseline.ErrRate, "+Inf"},
		"batch":       {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Batch = 13 }, baseline.ErrBatch, "13 for 12"},
		"beta":        {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Beta = -0.1 }, baseline.ErrBeta, "-0.1"},
		"beta NaN":    {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Beta = nan }, baseline.ErrBeta, "NaN"},
		"epochs":      {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Epochs = -1 }, baseline.ErrLimit, "-1 epochs"},
		"optimiser":   {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Optimizer = 9 }, baseline.ErrOptimizer, "9"},
		"schedule":    {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Schedule = -1 }, baseline.ErrSchedule, "-1"},
		"NaN in x":    {func(_ *baseline.Settings, x *mat.Dense, _ []float64) { x.Set(3, 1, nan) }, baseline.ErrNotFinite, "row 3, column 1 of X"},
		"Inf in y":    {func(_ *baseline.Settings, _ *mat.Dense, y []float64) { y[5] = inf }, baseline.ErrNotFinite, "row 5 of y"},
		"scale":       {func(_ *baseline.Settings, _ *mat.Dense, y []float64) { y[5] = 1e200 }, baseline.ErrNotFinite, "scale"},
		"start of gates": {func(s *baseline.Settings, _ *mat.Dense, _ []float64) {
			s.Start = &convexnn.Network{Model: convexnn.Gated, Dim: 3}
		}, baseline.ErrStart, "gated"},
		"start of dim": {func(s *baseline.Settings, _ *mat.Dense, _ []float64) { s.Start = &convexnn.Network{Dim: 2} }, baseline.ErrStart, "2 inputs"},
		"start of width": {func(s *baseline.Settings, _ *mat.Dense, _ []float64) {
			s.Start = &convexnn.Network{Dim: 3, Neurons: neuron}
		}, baseline.ErrStart, "1 neurons"},
		"start of NaN": {func(s *baseline.Settings, _ *mat.Dense, _ []float64) {
			s.Width, s.Start = 1, &convexnn.Network{Dim: 3, Neurons: neuron, Intercept: nan}
		}, baseline.ErrStart, "not finite"},
	} {
		s, badX, badY := good, mat.DenseCopyOf(x), slices.Clone(y)
		c.change(&s, badX, badY)
		r, err := baseline.Train(context.Background(), badX, badY, s)
		if r != nil || !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := baseline.Train(context.Background(), x, y[1:], good); !errors.Is(err, baseline.ErrShape) {
		t.Errorf("short y: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, o := range baseline.Optimizers() {
		if back, err := baseline.ParseOptimizer(o.String()); err != nil || back != o || !(o.DefaultRate() > 0) {
			t.Errorf("%v: %v, %v", o, back, err)
		}
	}
	for _, s := range []baseline.Schedule{baseline.Constant, baseline.Cosine} {
		if back, err := baseline.ParseSchedule(s.String()); err != nil || back != s {
			t.Errorf("%v: %v, %v", s, back, err)
		}
	}
	if _, err := baseline.ParseOptimizer("newton"); !errors.Is(err, baseline.ErrOptimizer) {
		t.Error(err)
	}
	if _, err := baseline.ParseSchedule("linear"); !errors.Is(err, baseline.ErrSchedule) {
		t.Error(err)
	}
}

func ExampleTrain() {
	// |x| on five points, with a column of ones as the bias.
	x := mat.NewDense(5, 2, []float64{-2, 1, -1, 1, 0, 1, 1, 1, 2, 1})
	y := []float64{2, 1, 0, 1, 2}
	r, err := baseline.Train(context.Background(), x, y, baseline.Settings{
		Optimizer: baseline.Nesterov, Rate: 0.02, Width: 20, Batch: 2, Beta: 0.1, Epochs: 500, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	c, err := convexnn.Certify(context.Background(), x, y, r.Network, 0.1, convexnn.CertifySettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, objective %.2f; no network has less than %.2f\n", r.Status, r.Objective, c.Certificate.LowerBound)
	// Output: done, objective 0.20; no network has less than 0.20
}

// The weights at the start have the variances 2/d and 2/width, and differ in restarts.
func TestStart(t *testing.T) {
	x, y := bumps(5)
	const width = 4000
	var outputs []float64
	s := baseline.Settings{Width: width, Epochs: 1, Restarts: 2, Seed: 3}
	s.Progress = func(q baseline.State) {
		if q.Epoch > 0 {
			return
		}
		hidden, output := 0.0, 0.0
		for _, h := range q.Network.Neurons {
			output += h.Output * h.Output / width
			for _, v := range h.Weights {
				hidden += v * v / (3 * width)
			}
		}
		// The standard error of a variance is sqrt(2/count) of it.
		if math.Abs(hidden*3/2-1) > 0.06 || math.Abs(output*width/2-1) > 0.1 || q.Network.Intercept != 0 {
			t.Errorf("run %d: variances %g and %g, want %g and %g", q.Restart, hidden, output, 2.0/3, 2.0/width)
		}
		outputs = append(outputs, q.Network.Neurons[0].Output)
	}
	train(t, x, y, s)
	if len(outputs) != 2 || outputs[0] == outputs[1] {
		t.Errorf("starts %v", outputs)
	}
}

// A width that fits is named only where one does.
func TestMemoryThatFits(t *testing.T) {
	x, y := mat.NewDense(30, 2, nil), make([]float64, 30)
	for _, test := range []struct {
		limit uint64
		width int
		want  string
	}{
		{100_000, 1000, "a width of about "},
		{1000, 1, "no width fits"},
	} {
		err := baseline.Settings{Width: test.width, MemoryLimit: test.limit}.Check(x, y)
		if !errors.Is(err, baseline.ErrMemory) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "about 0 ") {
			t.Errorf("limit of %d: %v", test.limit, err)
		}
	}
	// The width that is named is small enough, and not by much.
	var width int
	err := baseline.Settings{Width: 1000, MemoryLimit: 100_000}.Check(x, y)
	text := err.Error()
	if n, _ := fmt.Sscanf(text[strings.LastIndex(text, "about ")+6:], "%d fits", &width); n != 1 {
		t.Fatal(text)
	}
	if err := (baseline.Settings{Width: width, MemoryLimit: 100_000}).Check(x, y); err != nil {
		t.Error(err)
	}
	if err := (baseline.Settings{Width: width + 2, MemoryLimit: 100_000}).Check(x, y); err == nil {
		t.Errorf("a width of %d fits as well as %d", width+2, width)
	}
}
