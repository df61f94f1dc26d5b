package flow

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

type trace struct {
	Name   string
	Loss   string
	X      [][]float64
	Y      []float64
	U      [][]float64
	Alpha  []float64
	Points []struct {
		Time  float64
		U     [][]float64
		Alpha []float64
	}
}

// Every neuron is where SciPy's integrator has it, sliding ones too.
func TestAgainstSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var traces []trace
	if err := json.Unmarshal(data, &traces); err != nil {
		t.Fatal(err)
	}
	slid := 0
	for _, c := range traces {
		x := mat.NewDense(len(c.X), len(c.X[0]), nil)
		for i, row := range c.X {
			x.SetRow(i, row)
		}
		net := &convexnn.Network{Dim: len(c.X[0])}
		for j, u := range c.U {
			net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: u, Output: c.Alpha[j]})
		}
		loss, err := ParseLoss(c.Loss)
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, x, c.Y, Options{Loss: loss, Start: net, Accuracy: 1e-9})
		for _, p := range c.Points {
			r.to(t, p.Time)
			for j, h := range r.flow.now.network(r.flow.field.signs, 0).Neurons {
				size := floats.Norm(p.U[j], 2)
				if off := floats.Distance(h.Weights, p.U[j], 2) / size; off > 2e-4 {
					t.Errorf("%s, %s: neuron %d is off by %.2g at time %g", c.Name, c.Loss, j, off, p.Time)
				}
				if off := math.Abs(h.Output-p.Alpha[j]) / size; off > 2e-4 {
					t.Errorf("%s, %s: output %d is off by %.2g at time %g", c.Name, c.Loss, j, off, p.Time)
				}
				slid += len(r.flow.field.sides.slides[j])
			}
		}
	}
	if slid == 0 {
		t.Error("no neuron slides in any trace")
	}
}

// start begins a run.
func start(t *testing.T, x *mat.Dense, y []float64, o Options) *run {
	t.Helper()
	o, err := o.resolve(x, y)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRun(x, y, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// to follows the flow to a time.
func (r *run) to(t *testing.T, time float64) {
	t.Helper()
	for r.flow.time < time*(1-1e-12) {
		if !r.flow.advance(time - r.flow.time) {
			t.Fatalf("no step is short enough at time %g", r.flow.time)
		}
	}
}
