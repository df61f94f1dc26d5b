package main

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

func problemOf(t *testing.T, name string) *problem {
	t.Helper()
	p, err := load(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every built-in set is standardised and has a bias; labels are -1 and +1.
func TestProblems(t *testing.T) {
	for _, info := range datasets.Builtins() {
		p := problemOf(t, info.Name)
		n, d := p.x.Dims()
		if n != info.Rows || len(p.y) != n {
			t.Errorf("%s: %d rows and %d targets of %d", info.Name, n, len(p.y), info.Rows)
		}
		for k := range d - 1 {
			if mean, dev := stat.PopMeanStdDev(mat.Col(nil, k, p.x), nil); math.Abs(mean) > 1e-9 || math.Abs(dev-1) > 1e-9 {
				t.Errorf("%s, column %d: mean %g, deviation %g", info.Name, k, mean, dev)
			}
		}
		count := map[float64]int{}
		for i, y := range p.y {
			count[y]++
			if p.x.At(i, d-1) != 1 {
				t.Fatalf("%s: row %d has the bias %g", info.Name, i, p.x.At(i, d-1))
			}
		}
		if labels := info.Task == datasets.TaskClassification; labels && (count[1] == 0 || count[1]+count[-1] != n) {
			t.Errorf("%s: labels %v", info.Name, count)
		}
		if len(p.betas) != 3 || math.Abs(p.betas[0]/p.betas[2]-100) > 1 {
			t.Errorf("%s: betas %v", info.Name, p.betas)
		}
	}
}

func TestTimesOfATrace(t *testing.T) {
	trace := []point{{Seconds: 1, Objective: 8}, {Seconds: 2, Objective: 4}, {Seconds: 3, Objective: 2}}
	for _, test := range []struct{ level, want float64 }{{9, 1}, {8, 1}, {7.9, 2}, {4, 2}, {2, 3}, {1.9, math.Inf(1)}} {
		if got := reached(trace, test.level); got != test.want {
			t.Errorf("level %g reached at %g, not %g", test.level, got, test.want)
		}
	}
	for _, test := range []struct{ seconds, want float64 }{{0.9, math.Inf(1)}, {1, 8}, {2.5, 4}, {10, 2}} {
		if got := at(trace, test.seconds); got != test.want {
			t.Errorf("objective %g after %g s, not %g", got, test.seconds, test.want)
		}
	}
}

// Two widths, three runs: the narrow one arrives first, the wide one gets further.
func TestComparison(t *testing.T) {
	r := runs{Sweeps: []swept{{Beta: 1, Runs: []adamRun{
		{Width: 20, Steps: 100, StepSeconds: 0.03, Objective: 10.0005, Trace: [][2]float64{{0, 50}, {40, 10.0005}}},
		{Width: 20, Steps: 100, StepSeconds: 0.01, Objective: 10.5, Trace: [][2]float64{{0, 60}, {90, 10.5}}},
		{Width: 99, Steps: 100, StepSeconds: 0.05, Objective: 10, Trace: [][2]float64{{0, 70}, {80, 10.0011}, {100, 10}}},
	}}}}
	if err := r.level(r.stepSeconds()); err != nil {
		t.Fatal(err)
	}
	p := &problem{name: "none", x: mat.NewDense(2, 2, nil)}
	b := r.Sweeps[0].summarise()
	if b.Objective != 10 || b.Width != 99 || math.Abs(b.Own-5) > 1e-12 || math.Abs(b.Fastest-0.4) > 1e-12 || math.Abs(b.Total-7) > 1e-12 || b.WithinRuns != 2 {
		t.Errorf("best %+v", b)
	}
	for _, test := range []struct {
		objective, when float64
		level           standing
		speed           speed
		byThen, near    float64
	}{
		{9, 0.3, betterThan, soonest, 9, 0.3},
		{9, 4.5, betterThan, sooner, 9, 4.5},
		{9, 5.5, betterThan, later, 30, 5.5},
		{10.000001, 0.3, equalTo, soonest, 10.000001, 0.3},
		{9.999999, 5.5, equalTo, later, 30, 5.5},
		{10.0005, 0.3, worseThan, later, 10.0005, 0.3},
		{10.5, 0.3, worseThan, later, 10.5, math.Inf(1)},
	} {
		ours := &training{Objective: test.objective, Seconds: 6, Trace: []point{{0.1, 30, 0}, {test.when, test.objective, 0}, {6, test.objective, 0}}}
		got := compare(p, r.Sweeps[0], ours)
		if got.Level != test.level || got.Speed != test.speed || got.Loose || got.ByThen != test.byThen || got.Near != test.near {
			t.Errorf("%g after %g s: %+v", test.objective, test.when, got)
		}
	}
	ours := &training{Objective: 9.5, Seconds: 2, Trace: []point{{0.1, 9, 0}, {2, 9.5, 0}}}
	if !compare(p, r.Sweeps[0], ours).Loose {
		t.Error("a network above what was reported passes")
	}
}

// Runs are taken from the file for the same data and settings only.
func TestArchive(t *testing.T) {
	p := problemOf(t, "xor")
	s := settings{python: "/no/such/python", threads: 1, precision: "float32", sweep: smoke, adamFile: filepath.Join(t.TempDir(), "runs.json"), storedTimes: true}
	fingerprint, err := newTask(s, p).fingerprint(p)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]runs{"xor": {Fingerprint: fingerprint, Torch: "2", Sweeps: make([]swept, 3)}}
	for k := range stored["xor"].Sweeps {
		stored["xor"].Sweeps[k].Network = convexnn.Network{Dim: 3}
	}
	if err := table.WriteJSON(s.adamFile, stored); err != nil {
		t.Fatal(err)
	}
	results := func(s settings, p *problem) error {
		a, err := openArchive(s.adamFile)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.results(context.Background(), s, p)
		return err
	}
	if err := results(s, p); err != nil {
		t.Errorf("stored runs are not used: %v", err)
	}
	timed := s
	timed.storedTimes = false
	if results(timed, p) == nil {
		t.Error("stored runs are not timed")
	}
	longer, other := s, problemOf(t, "xor")
	longer.sweep.Steps++
	other.y[0] = -other.y[0]
	for name, err := range map[string]error{"settings": results(longer, p), "data": results(s, other)} {
		if err == nil || !strings.Contains(err.Error(), "/no/such/python") {
			t.Errorf("runs with other %s are used: %v", name, err)
		}
	}
}

// A network whose objective was reported wrongly is found out.
func TestCheckOfTheNetwork(t *testing.T) {
	p := problemOf(t, "xor")
	net := convexnn.Network{Dim: 3, Neurons: []convexnn.Neuron{{Weights: []float64{1, 1, 0}, Output: 0.5}}}
	// At the corners (+-1, +-1) f is 1 in one and 0 in the others; |u||alpha| = sqrt(1/2).
	loss := 0.0
	for i, y := range p.y {
		f := 0.5 * max(0, p.x.At(i, 0)+p.x.At(i, 1))
		loss += (f - y) * (f - y) / 2
	}
	a := swept{Beta: 0.3, Objective: loss + 0.3*math.Sqrt(0.5), Network: net}
	if err := a.check(p); err != nil {
		t.Error(err)
	}
	for _, wrong := range []float64{a.Objective * (1 + 1e-8), a.Objective * (1 - 1e-8), math.NaN()} {
		a.Objective = wrong
		if a.check(p) == nil {
			t.Errorf("%v passes", wrong)
		}
	}
}

// The script, where Python has PyTorch: it comes near the optimum of xor, never below.
func TestScriptLive(t *testing.T) {
	python := os.Getenv("CONVEXNN_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import torch, numpy").Run() != nil {
		t.Skip("no Python with PyTorch")
	}
	p := problemOf(t, "xor")
	for _, precision := range []string{"float32", "float64"} {
		s := settings{python: python, threads: 1, precision: precision, sweep: smoke, mode: convexnn.Enumerate, limit: time.Minute, tolerance: 1e-9}
		a, err := openArchive("")
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.results(context.Background(), s, p)
		if err != nil {
			t.Fatal(err)
		}
		for k, adam := range r.Sweeps {
			if err := adam.check(p); err != nil {
				t.Error(err)
			}
			ours, err := train(context.Background(), s, p, adam.Beta)
			if err != nil {
				t.Fatal(err)
			}
			if adam.Objective < ours.LowerBound || (k == 0 && adam.Objective > ours.LowerBound*(1+1e-4)) {
				t.Errorf("%s, beta=%g: Adam's best is %g, the optimum %g", precision, adam.Beta, adam.Objective, ours.LowerBound)
			}
			for _, run := range adam.Runs {
				for i := 1; i < len(run.Trace); i++ {
					if run.Trace[i][1] >= run.Trace[i-1][1] || run.Trace[i][0] <= run.Trace[i-1][0] {
						t.Fatalf("the trace does not fall: %v, %v", run.Trace[i-1], run.Trace[i])
					}
				}
			}
		}
	}
}
