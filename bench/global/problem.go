package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// positive are the classes to tell from the rest: of three and more classes one that
// is not linearly separable.
var positive = map[string]string{"iris": "versicolor", "wine": "class_1", "digits": "3"}

// ratios are the betas relative to beta_max.
var ratios = []float64{0.1, 0.01, 0.001}

// A problem is a data set ready for training.
type problem struct {
	name  string
	x     *mat.Dense // n x d, standardised, with a column of ones
	y     []float64
	betas []float64
}

// load returns all rows of a built-in data set and the betas to train with, rounded so
// that they do not depend on the last digits of beta_max.
func load(ctx context.Context, name string) (*problem, error) {
	table, err := datasets.Load(name, 0)
	if err != nil {
		return nil, err
	}
	rows := make([]int, table.Rows())
	for i := range rows {
		rows[i] = i
	}
	pre, _, err := datasets.Fit(table, rows, datasets.FitOptions{Positive: positive[name], Standardize: true, Bias: true})
	if err != nil {
		return nil, err
	}
	p := &problem{name: name}
	if p.x, err = pre.Transform(table); err != nil {
		return nil, err
	}
	if p.y, err = pre.Target(table); err != nil {
		return nil, err
	}
	most, err := convexnn.FindBetaMax(ctx, p.x, p.y, false)
	if err != nil {
		return nil, err
	}
	for _, ratio := range ratios {
		beta, err := strconv.ParseFloat(strconv.FormatFloat(ratio*most.Value, 'g', 3, 64), 64)
		if err != nil {
			return nil, err
		}
		p.betas = append(p.betas, beta)
	}
	return p, nil
}

// A sweep is the runs of Adam for one beta.
type sweep struct {
	Widths    []int     `json:"widths"`
	Rates     []float64 `json:"rates"`
	Seeds     []int     `json:"seeds"`
	Steps     int       `json:"steps"`      // of a run of each width, rate and seed
	Finalists int       `json:"finalists"`  // pairs of width and rate that run longer
	LongSteps int       `json:"long_steps"` // of these runs
}

var (
	full  = sweep{Widths: []int{20, 100, 500}, Rates: []float64{1e-3, 3e-3, 1e-2, 3e-2}, Seeds: []int{0, 1}, Steps: 1000, Finalists: 2, LongSteps: 10000}
	smoke = sweep{Widths: []int{20}, Rates: []float64{1e-2}, Seeds: []int{0}, Steps: 300, Finalists: 1, LongSteps: 1000}
)

// A task is what adam.py reads.
type task struct {
	sweep
	X         string    `json:"x"` // files of raw little-endian float64
	Y         string    `json:"y"`
	Betas     []float64 `json:"betas"`
	Threads   int       `json:"threads"`
	Precision string    `json:"precision"`
}

func newTask(s settings, p *problem) task {
	return task{sweep: s.sweep, Betas: p.betas, Threads: s.threads, Precision: s.precision}
}

// timing returns a task of short runs that tells what a step costs.
func (t task) timing() task {
	t.Betas, t.Rates, t.Seeds = t.Betas[:1], t.Rates[:1], []int{0, 1, 2}
	t.Steps, t.Finalists = 300, 0
	return t
}

// fingerprint tells whether stored runs are of this task on these data.
func (t task) fingerprint(p *problem) (string, error) {
	t.X, t.Y = "", ""
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

// raw returns the bytes of values.
func raw(values []float64) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic(err) // a slice of float64 has a fixed size
	}
	return b
}

func writeRaw(path string, values []float64) error {
	return os.WriteFile(path, raw(values), 0o644)
}
