package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// Runs are taken from the file for the same data and settings only.
func TestArchive(t *testing.T) {
	p := problemOf(t, "xor")
	adam := peers[0]
	s := settings{python: "/no/such/python", threads: 1, precision: "float32", quick: true, limit: time.Minute, peersFile: filepath.Join(t.TempDir(), "runs.json"), storedTimes: true}
	fingerprint, err := newTask(s, adam, p).fingerprint(p)
	if err != nil {
		t.Fatal(err)
	}
	stored := runs{Fingerprint: fingerprint}
	for _, beta := range p.betas {
		stored.Sweeps = append(stored.Sweeps, swept{Beta: beta, Network: &convexnn.Network{Dim: 3}})
	}
	a, err := openArchive(s.peersFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.keep("xor", "adam", stored); err != nil {
		t.Fatal(err)
	}
	results := func(s settings, m method, p *problem) error {
		a, err := openArchive(s.peersFile)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.results(t.Context(), s, m, p)
		return err
	}
	one := *p
	one.betas = p.betas[1:2]
	for name, p := range map[string]*problem{"all betas": p, "one beta": &one} {
		if err := results(s, adam, p); err != nil {
			t.Errorf("%s: stored runs are not used: %v", name, err)
		}
	}
	timed, longer, slower, other, more := s, s, s, problemOf(t, "xor"), problemOf(t, "xor")
	timed.storedTimes = false
	longer.quick = false
	slower.limit *= 2
	other.y[0] = -other.y[0]
	more.betas = append(more.betas, 1)
	for name, err := range map[string]error{
		"without new times": results(timed, adam, p), "for another method": results(s, peers[1], p),
		"for other settings": results(longer, adam, p), "for another limit": results(slower, adam, p),
		"for other data": results(s, adam, other), "for another beta": results(s, adam, more),
	} {
		if err == nil || !strings.Contains(err.Error(), "/no/such/python") {
			t.Errorf("stored runs are used %s: %v", name, err)
		}
	}
}

// A network whose objective was reported wrongly is found out.
func TestCheckOfTheNetwork(t *testing.T) {
	p := problemOf(t, "xor")
	net := &convexnn.Network{Dim: 3, Neurons: []convexnn.Neuron{{Weights: []float64{1, 1, 0}, Output: 0.5}}}
	// At the corners (+-1, +-1) f is 1 in one and 0 in the others; |u||alpha| = sqrt(1/2).
	loss := 0.0
	for i, y := range p.y {
		f := 0.5 * max(0, p.x.At(i, 0)+p.x.At(i, 1))
		loss += (f - y) * (f - y) / 2
	}
	a := swept{Beta: 0.3, Objective: loss + 0.3*math.Sqrt(0.5), Network: net}
	if err := a.check(p, peers[0]); err != nil {
		t.Error(err)
	}
	for _, wrong := range []float64{a.Objective * (1 + 1e-8), a.Objective * (1 - 1e-8), math.NaN()} {
		a.Objective = wrong
		if a.check(p, peers[0]) == nil {
			t.Errorf("%v passes", wrong)
		}
	}
}

// The biases of other libraries become weights of the column of ones, and the intercept a
// neuron: by hand, f is -14.5 at 1 and -0.5 at -2, the neurons are (3, 4) with -2, (0, -1)
// with 7 and (0, 1) with -0.5, so that the penalty is 10 + 7 + 0.5 and the loss
// (0.5^2 + 2^2) / 2.
func TestLayers(t *testing.T) {
	x, y := mat.NewDense(2, 2, []float64{1, 1, -2, 1}), []float64{-14, 1.5}
	for name, l := range map[string]layers{
		"biases apart":       {Weights: [][]float64{{3, 0}}, Biases: []float64{4, -1}, Outputs: []float64{-2, 7}, Intercept: -0.5},
		"in the last column": {Weights: [][]float64{{3, 0}, {4, -1}}, Outputs: []float64{-2, 7}, Intercept: -0.5},
		"in both":            {Weights: [][]float64{{3, 0}, {2, 1}}, Biases: []float64{2, -2}, Outputs: []float64{-2, 7}, Intercept: -0.5},
	} {
		net, err := l.network(2)
		if err != nil {
			t.Fatal(err)
		}
		f, loss, err := net.Objective(x, y, 0.1)
		if err != nil || len(net.Neurons) != 3 || math.Abs(f-3.875) > 1e-14 || math.Abs(loss-2.125) > 1e-14 {
			t.Errorf("%s: objective %v, loss %v, %d neurons, %v", name, f, loss, len(net.Neurons), err)
		}
	}
	plain, err := layers{Weights: [][]float64{{3}, {4}}, Outputs: []float64{1}}.network(2)
	if err != nil || len(plain.Neurons) != 1 {
		t.Errorf("without intercept: %+v, %v", plain, err)
	}
	for name, l := range map[string]layers{
		"too many inputs": {Weights: [][]float64{{1}, {1}, {1}}, Outputs: []float64{1}},
		"no inputs":       {Outputs: []float64{1}},
		"biases":          {Weights: [][]float64{{1}}, Biases: []float64{1, 2}, Outputs: []float64{1}},
		"rows":            {Weights: [][]float64{{1}, {1, 2}}, Outputs: []float64{1}},
	} {
		if _, err := l.network(2); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParse(t *testing.T) {
	p := problemOf(t, "xor")
	const one = `{"beta": 2, "runs": [{"width": 1, "steps": 3, "trace": [[0, 5]]}], "objective": 4, "network": {"weights": [[1], [0]], "biases": [2], "outputs": [3], "intercept": 0}}`
	r, err := parse([]byte(`{"versions": {"a": "1"}, "sweeps": [`+one+`]}`), task{Betas: []float64{2}}, p)
	if err != nil {
		t.Fatal(err)
	}
	a := r.of(2)
	if a == nil || r.of(3) != nil || r.Versions["a"] != "1" || a.Objective != 4 || a.Runs[0].Trace[0] != [2]float64{0, 5} || a.Network.Neurons[0].Weights[2] != 2 {
		t.Errorf("%+v", r)
	}
	for _, text := range []string{"", `{"sweeps": []}`, `{"sweeps": [` + strings.Replace(one, "[[1], [0]]", "[[1]]", 1) + `]}`} {
		if _, err := parse([]byte(text), task{Betas: []float64{2}}, p); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// The scripts, where Python has the libraries: no method comes below the lower bound, and
// the best come near it on xor.
func TestScriptsLive(t *testing.T) {
	python := os.Getenv("CONVEXNN_PYTHON")
	if python == "" {
		python = "python3"
	}
	p := problemOf(t, "xor")
	near := map[string]float64{"adam": 1e-4, "sgd": 1e-4, "sklearn-lbfgs": 0.02, "sklearn-adam": 0.02}
	for _, m := range peers {
		precisions := []string{"float32"}
		if m.name == "adam" {
			precisions = append(precisions, "float64")
		}
		for _, precision := range precisions {
			t.Run(m.name+" "+precision, func(t *testing.T) {
				library := "torch"
				if strings.HasPrefix(m.name, "sklearn") {
					library = "sklearn, threadpoolctl"
				}
				if exec.CommandContext(t.Context(), python, "-c", "import numpy, "+library).Run() != nil {
					t.Skip("no Python with " + library)
				}
				s := settings{python: python, threads: 1, precision: precision, quick: true, mode: convexnn.Enumerate, limit: time.Minute, tolerance: 1e-9}
				testLive(t, s, m, p, near[m.name])
			})
		}
	}
}

func testLive(t *testing.T, s settings, m method, p *problem, near float64) {
	a, err := openArchive("")
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.results(t.Context(), s, m, p)
	if err != nil {
		t.Fatal(err)
	}
	for k, beta := range p.betas {
		found := r.of(beta)
		if err := found.check(p, m); err != nil {
			t.Error(err)
		}
		ours, err := train(t.Context(), p, s.options(beta), s.limit)
		if err != nil {
			t.Fatal(err)
		}
		if found.Objective < ours.LowerBound || (k == 0 && found.Objective > ours.LowerBound*(1+near)) {
			t.Errorf("beta=%g: the best is %g, the optimum %g", beta, found.Objective, ours.LowerBound)
		}
		for _, run := range found.Runs {
			if run.StepSeconds <= 0 || run.Trace[0][0] != 0 {
				t.Errorf("a run has steps of %g s and begins with %v", run.StepSeconds, run.Trace[0])
			}
			for i := 1; i < len(run.Trace); i++ {
				if run.Trace[i][1] >= run.Trace[i-1][1] || run.Trace[i][0] <= run.Trace[i-1][0] {
					t.Fatalf("the trace does not fall: %v, %v", run.Trace[i-1], run.Trace[i])
				}
			}
		}
	}
}
