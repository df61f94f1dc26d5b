package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A method is a way to train, with its runs for one beta.
type method struct {
	name  string // as -methods takes it
	label string
	units string // what its steps are
	full  sweep
	smoke sweep
}

// A sweep is the runs of a method for one beta: one for each width, rate, treatment of
// the biases and seed, and longer ones of the best of these settings.
type sweep struct {
	Widths    []int     `json:"widths"`
	Rates     []float64 `json:"rates"` // 0 where the method has none
	Biases    []biases  `json:"biases"`
	Seeds     []int     `json:"seeds"`
	Batch     int       `json:"batch"` // most samples of a step of PyTorch; 0 means all
	Steps     int       `json:"steps"`
	Finalists int       `json:"finalists"`  // settings that run longer
	LongSteps int       `json:"long_steps"` // of these runs
}

// A biases says how the weights of the column of ones are trained.
type biases string

const (
	penalised biases = "penalised" // like all others, as the objective has it
	free      biases = "free"      // without weight decay, and penalised in the end
)

// peers are the methods of other libraries.
var peers = []method{
	{
		name: "adam", label: "PyTorch Adam", units: "steps",
		full: sweep{
			Widths: []int{20, 100, 500}, Rates: []float64{1e-3, 3e-3, 1e-2, 3e-2}, Biases: []biases{penalised}, Seeds: []int{0, 1},
			Steps: 1000, Finalists: 2, LongSteps: 10000,
		},
		smoke: sweep{
			Widths: []int{20}, Rates: []float64{1e-2}, Biases: []biases{penalised}, Seeds: []int{0},
			Steps: 300, Finalists: 1, LongSteps: 1000,
		},
	},
	{
		name: "sgd", label: "PyTorch SGD, momentum", units: "steps",
		full: sweep{
			Widths: []int{20, 100, 500}, Rates: []float64{1e-2, 3e-2, 1e-1, 3e-1}, Biases: []biases{penalised}, Seeds: []int{0, 1},
			Batch: 128, Steps: 2000, Finalists: 2, LongSteps: 20000,
		},
		smoke: sweep{
			Widths: []int{20}, Rates: []float64{1e-1}, Biases: []biases{penalised}, Seeds: []int{0},
			Batch: 128, Steps: 300, Finalists: 1, LongSteps: 2000,
		},
	},
	{
		name: "sklearn-lbfgs", label: "scikit-learn L-BFGS", units: "evaluations",
		full: sweep{
			Widths: []int{20, 100, 500}, Rates: []float64{0}, Biases: []biases{penalised, free}, Seeds: []int{0, 1},
			Steps: 10000,
		},
		smoke: sweep{
			Widths: []int{20}, Rates: []float64{0}, Biases: []biases{penalised, free}, Seeds: []int{0},
			Steps: 500,
		},
	},
	{
		name: "sklearn-adam", label: "scikit-learn Adam", units: "epochs",
		full: sweep{
			Widths: []int{20, 100, 500}, Rates: []float64{1e-3, 3e-3, 1e-2, 3e-2}, Biases: []biases{penalised, free}, Seeds: []int{0, 1},
			Steps: 200, Finalists: 2, LongSteps: 2000,
		},
		smoke: sweep{
			Widths: []int{20}, Rates: []float64{1e-2}, Biases: []biases{penalised, free}, Seeds: []int{0},
			Steps: 100, Finalists: 1, LongSteps: 300,
		},
	},
}

// sampled is our training on sampled patterns, which is compared like a peer.
var sampled = method{name: "sampled", label: "convexnn, sampled patterns"}

// choose returns the peers named, all for an empty list.
func choose(names string) ([]method, error) {
	if names == "" {
		return peers, nil
	}
	var out []method
	for name := range strings.SplitSeq(names, ",") {
		k := slices.IndexFunc(peers, func(m method) bool { return m.name == name })
		if k < 0 {
			return nil, fmt.Errorf("there is no method %q", name)
		}
		out = append(out, peers[k])
	}
	return out, nil
}

// A task is what peers.py reads.
type task struct {
	sweep
	Method    string    `json:"method"`
	X         string    `json:"x"` // files of raw little-endian float64
	Y         string    `json:"y"`
	Betas     []float64 `json:"betas"`
	Threads   int       `json:"threads"`
	Precision string    `json:"precision"`
	Limit     float64   `json:"limit"` // seconds of a run; 0 means none
}

func newTask(s settings, m method, p *problem) task {
	t := task{sweep: m.full, Method: m.name, Betas: p.betas, Threads: s.threads, Precision: s.precision, Limit: s.limit.Seconds()}
	if s.quick {
		t.sweep = m.smoke
	}
	return t
}

// timing returns a task of short runs that tells what a step costs.
func (t task) timing() task {
	t.Betas, t.Rates, t.Biases, t.Seeds = t.Betas[:1], t.Rates[:1], t.Biases[:1], []int{0, 1, 2}
	t.Steps, t.Finalists = min(t.Steps, 300), 0
	return t
}

// fingerprint tells whether stored runs are of this task on these data, whatever the
// betas.
func (t task) fingerprint(p *problem) (string, error) {
	t.X, t.Y, t.Betas = "", "", nil
	settings, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, part := range [][]byte{raw(p.x.RawMatrix().Data), raw(p.y), settings} {
		fmt.Fprintln(hash, len(part))
		hash.Write(part)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
