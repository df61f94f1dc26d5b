package flow_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// Bad input is refused with an error that says what to do.
func TestBadInput(t *testing.T) {
	x, y := rays()
	net := func(weights []float64, output float64) *convexnn.Network {
		return &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{{Weights: weights, Output: output}}}
	}
	for _, c := range []struct {
		name string
		x    *mat.Dense
		y    []float64
		o    flow.Options
		want error
		says string
	}{
		{"no data", nil, nil, flow.Options{}, convexnn.ErrShape, ""},
		{"lengths", x, y[:2], flow.Options{}, convexnn.ErrShape, ""},
		{"NaN", mat.NewDense(1, 1, []float64{math.NaN()}), []float64{1}, flow.Options{}, convexnn.ErrNotFinite, "row 1"},
		{"labels", x, []float64{1, 0, -1}, flow.Options{}, convexnn.ErrLabels, "row 2"},
		{"margins", x, []float64{1, 2, -1}, flow.Options{}, convexnn.ErrLabels, "row 2"},
		{"one class", x, []float64{1, 1, 1}, flow.Options{}, convexnn.ErrLabels, "same"},
		{"zero row", mat.NewDense(2, 1, []float64{1, 0}), []float64{1, -1}, flow.Options{}, convexnn.ErrNotSeparable, "row 2"},
		{"not separable", mat.NewDense(2, 1, []float64{1, 2}), []float64{1, -1}, flow.Options{}, convexnn.ErrNotSeparable, "same direction"},
		{"loss", x, y, flow.Options{Loss: 2}, flow.ErrLoss, "2"},
		{"no neurons", x, y, flow.Options{Neurons: -1}, flow.ErrOption, "-1"},
		{"no signs", x, y, flow.Options{Signs: []int{}}, flow.ErrOption, "neurons"},
		{"signs", x, y, flow.Options{Signs: []int{1, 0}}, flow.ErrOption, "neuron 2"},
		{"widths", x, y, flow.Options{Signs: []int{1, -1}, Neurons: 3}, flow.ErrOption, "3"},
		{"init", x, y, flow.Options{Init: -1}, flow.ErrOption, "start"},
		{"large init", x, y, flow.Options{Init: 1e200}, flow.ErrStart, "smaller"},
		{"sharpness", x, y, flow.Options{Sharpness: math.Inf(1)}, flow.ErrOption, "sharpness"},
		{"sharpness below the start", x, y, flow.Options{Sharpness: 1e-7}, flow.ErrOption, "begins"},
		{"step", x, y, flow.Options{Step: 0.6}, flow.ErrStep, "at most 0.5"},
		{"negative step", x, y, flow.Options{Step: -1}, flow.ErrOption, "step"},
		{"accuracy", x, y, flow.Options{Accuracy: 1}, flow.ErrOption, "accuracy"},
		{"tolerance", x, y, flow.Options{Tolerance: math.NaN()}, flow.ErrOption, "tolerance"},
		{"steps", x, y, flow.Options{MaxSteps: -1}, flow.ErrOption, "steps"},
		{"program", x, y, flow.Options{Program: &convexnn.Result{}}, flow.ErrOption, "squared"},
		{"start of another dimension", x, y, flow.Options{Start: &convexnn.Network{Dim: 3}}, flow.ErrStart, "2 columns"},
		{"empty start", x, y, flow.Options{Start: &convexnn.Network{Dim: 2}}, flow.ErrStart, "no neurons"},
		{"start of zeros", x, y, flow.Options{Start: net([]float64{0, 0}, 1)}, flow.ErrStart, "neuron 1"},
		{"start without output", x, y, flow.Options{Start: net([]float64{1, 0}, 0)}, flow.ErrStart, "neuron 1"},
		{"start and signs", x, y, flow.Options{Start: net([]float64{1, 0}, 1), Signs: []int{1}}, flow.ErrStart, "signs"},
		{"gated start", x, y, flow.Options{Start: &convexnn.Network{Dim: 2, Model: convexnn.Gated}}, flow.ErrStart, "ReLU"},
	} {
		_, err := flow.Run(t.Context(), c.x, c.y, c.o)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		if early := c.o.Check(c.x, c.y); early == nil || early.Error() != err.Error() {
			t.Errorf("%s: before that %v", c.name, early)
		}
	}
}

func TestParseLoss(t *testing.T) {
	for _, loss := range losses {
		if got, err := flow.ParseLoss(loss.String()); got != loss || err != nil {
			t.Errorf("%v: %v, %v", loss, got, err)
		}
	}
	if _, err := flow.ParseLoss("hinge"); !errors.Is(err, flow.ErrLoss) {
		t.Error(err)
	}
}

// Neurons to begin with are balanced, and their function kept.
func TestStart(t *testing.T) {
	x, y := rays()
	net := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{3e-3, 4e-3}, Output: 5e-5}, {Weights: []float64{-3e-5, 1e-5}, Output: -1e-2},
	}}
	if err := (flow.Options{Start: net}).Check(x, y); err != nil {
		t.Error(err)
	}
	r := run(t, x, y, flow.Options{Start: net, WithoutProgram: true})
	first := r.Checkpoints[0]
	for j, h := range first.Neurons {
		was := net.Neurons[j]
		for k, v := range h.Weights {
			if got, want := first.Sharpness*v*h.Output, was.Weights[k]*was.Output; math.Abs(got-want) > 1e-12*math.Abs(want) {
				t.Errorf("neuron %d: alpha u = %v, not %v", j, got, want)
			}
		}
	}
	if math.Abs(r.Upper-raysOptimum) > 1e-3*raysOptimum {
		t.Errorf("the network has %v", r.Upper)
	}
}

// Limits are kept, and said.
func TestLimits(t *testing.T) {
	x, y := rays()
	r := run(t, x, y, flow.Options{MaxSteps: 50, WithoutProgram: true})
	if r.Steps != 50 || r.Status != convexnn.Limited || len(r.Warnings) == 0 || r.Warnings[0] != flow.StepsUsedUp {
		t.Errorf("%d steps, %v, %v", r.Steps, r.Status, r.Warnings)
	}
	// A flow that was cut off is not said to be at rest.
	r = run(t, x, y, flow.Options{MaxSteps: 1, Seed: 1, WithoutProgram: true})
	if r.Separated || len(r.Warnings) != 1 {
		t.Errorf("after one step separated: %v, %v", r.Separated, r.Warnings)
	}
	r = run(t, x, y, flow.Options{Sharpness: 50, WithoutProgram: true})
	if s := math.Exp(2 * r.LogRho); r.Status != convexnn.Solved || s < 50 || s > 51 {
		t.Errorf("%v at the sharpness %v", r.Status, s)
	}
	free, held := run(t, x, y, flow.Options{WithoutProgram: true}), run(t, x, y, flow.Options{Step: 0.01, WithoutProgram: true})
	if held.Time/0.01 > float64(held.Steps)*(1+1e-9) || math.Abs(held.Time-free.Time) > 1e-2*free.Time {
		t.Errorf("%d steps of at most 0.01 in %v, and %v without", held.Steps, held.Time, free.Time)
	}
	for _, n := range []int{2, 20, 100} {
		r := run(t, x, y, flow.Options{Checkpoints: n, WithoutProgram: true})
		if got := len(r.Checkpoints); got < n*7/10 || got > n*13/10+1 {
			t.Errorf("%d checkpoints, about %d asked for", got, n)
		}
	}
}
