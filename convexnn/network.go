package convexnn

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Model is the kind of network that is trained.
type Model int

const (
	// ReLU is f(x) = sum_j alpha_j max(u_j.x, 0).
	ReLU Model = iota
	// Gated is f(x) = sum_j alpha_j 1[g_j.x >= 0] u_j.x with fixed gates g_j
	// (Fiat, Malach and Shalev-Shwartz, 2019). It is a different model: its
	// training objective is not near that of ReLU.
	Gated
)

// String returns "relu" or "gated".
func (m Model) String() string {
	if m == Gated {
		return "gated"
	}
	return "relu"
}

// ParseModel is the inverse of [Model.String]. The error is [ErrModel].
func ParseModel(s string) (Model, error) {
	switch s {
	case "relu":
		return ReLU, nil
	case "gated":
		return Gated, nil
	}
	return 0, fmt.Errorf("%w %q: the models are relu and gated", ErrModel, s)
}

func (m Model) check() error {
	if m != ReLU && m != Gated {
		return fmt.Errorf("%w %d", ErrModel, int(m))
	}
	return nil
}

// A Neuron is one hidden unit with its output weight.
type Neuron struct {
	Weights []float64 `json:"weights"`        // u, d coordinates
	Output  float64   `json:"output"`         // alpha
	Gate    []float64 `json:"gate,omitempty"` // g, d coordinates, for Gated only
}

// A Network is a two-layer network with one output. The networks that this
// package returns are balanced: |u_j| = |alpha_j|. No neurons is the constant
// Intercept.
type Network struct {
	Model     Model
	Dim       int // d
	Neurons   []Neuron
	Intercept float64 // unpenalised, added to the output
}

// constantNetwork returns the network without neurons, with the best intercept for y
// if it may have one.
func constantNetwork(model Model, d int, y []float64, intercept bool) *Network {
	net := &Network{Model: model, Dim: d}
	if intercept {
		net.Intercept = stat.Mean(y, nil)
	}
	return net
}

// Predict returns the n outputs of the network on x (n x d). The error is
// [ErrShape].
func (net *Network) Predict(x mat.Matrix) ([]float64, error) {
	n, d := x.Dims()
	if d != net.Dim {
		return nil, fmt.Errorf("%w: the network takes %d inputs, the data have %d columns", ErrShape, net.Dim, d)
	}
	out := make([]float64, n)
	row := make([]float64, d)
	for i := range n {
		mat.Row(row, i, x)
		out[i] = net.Intercept
		for _, h := range net.Neurons {
			out[i] += h.Output * net.hidden(h, row)
		}
	}
	return out, nil
}

// hidden returns the output of one hidden unit.
func (net *Network) hidden(h Neuron, x []float64) float64 {
	v := floats.Dot(h.Weights, x)
	if net.Model == Gated {
		if floats.Dot(h.Gate, x) >= 0 {
			return v
		}
		return 0
	}
	return max(v, 0)
}

// Penalty returns sum_j |u_j| |alpha_j|.
func (net *Network) Penalty() float64 {
	sum := 0.0
	for _, h := range net.Neurons {
		sum += floats.Norm(h.Weights, 2) * math.Abs(h.Output)
	}
	return sum
}

// Objective returns the training objective of the squared loss and its first part, the
// loss 1/2 sum_i (f(x_i) - y_i)^2, on x (n x d) and y (n). The error is [ErrShape].
func (net *Network) Objective(x mat.Matrix, y []float64, beta float64) (objective, loss float64, err error) {
	return Squared.Objective(net, x, y, beta)
}

// fitIntercept sets the intercept to the best one. The error is [ErrShape].
func (net *Network) fitIntercept(x mat.Matrix, y []float64) error {
	net.Intercept = 0
	f, err := net.Predict(x)
	if err != nil {
		return err
	}
	net.Intercept = (floats.Sum(y) - floats.Sum(f)) / float64(len(f))
	return nil
}

// balance scales each neuron to |u_j| = |alpha_j|, which changes neither the
// function nor the penalty.
func (net *Network) balance() {
	for j := range net.Neurons {
		h := &net.Neurons[j]
		norm, size := floats.Norm(h.Weights, 2), math.Abs(h.Output)
		if norm == 0 || size == 0 {
			continue
		}
		t := math.Sqrt(size) / math.Sqrt(norm)
		floats.Scale(t, h.Weights)
		h.Output /= t
	}
}
