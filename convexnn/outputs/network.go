package outputs

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A Neuron is one hidden unit with a gain for each output.
type Neuron struct {
	Weights []float64 `json:"weights"` // u, d coordinates
	Gains   []float64 `json:"gains"`   // g, c coordinates
}

// A Network is f(x) = sum_j g_j max(u_j.x, 0) + b with values in R^c. The networks that
// this package returns are balanced: |u_j| = |g_j|.
type Network struct {
	Dim       int // d
	Outputs   int // c
	Neurons   []Neuron
	Intercept []float64 // b, unpenalised; nil for none
}

// constantNetwork is the network without neurons, with the best intercept for y if it may
// have one.
func constantNetwork(d int, y *mat.Dense, intercept bool) *Network {
	n, c := y.Dims()
	net := &Network{Dim: d, Outputs: c}
	if intercept {
		net.Intercept = make([]float64, c)
		for l := range c {
			net.Intercept[l] = floats.Sum(mat.Col(nil, l, y)) / float64(n)
		}
	}
	return net
}

// Predict returns the outputs of the network on x (n x d), an n x c matrix. The error is
// [convexnn.ErrShape].
func (net *Network) Predict(x mat.Matrix) (*mat.Dense, error) {
	n, d := x.Dims()
	if d != net.Dim || n == 0 {
		return nil, fmt.Errorf("%w: the network takes %d inputs, the data are %d x %d", convexnn.ErrShape, net.Dim, n, d)
	}
	out := mat.NewDense(n, net.Outputs, nil)
	row := make([]float64, d)
	for i := range n {
		mat.Row(row, i, x)
		f := out.RawRowView(i)
		copy(f, net.Intercept)
		for _, h := range net.Neurons {
			if z := floats.Dot(h.Weights, row); z > 0 {
				floats.AddScaled(f, z, h.Gains)
			}
		}
	}
	return out, nil
}

// Penalty returns sum_j |u_j| |g_j|.
func (net *Network) Penalty() float64 {
	sum := 0.0
	for _, h := range net.Neurons {
		sum += h.size()
	}
	return sum
}

// Objective returns the training objective and its first part, the loss 1/2 |F - Y|^2, on
// x (n x d) and y (n x c). The error is [convexnn.ErrShape].
func (net *Network) Objective(x mat.Matrix, y *mat.Dense, beta float64) (objective, loss float64, err error) {
	f, err := net.Predict(x)
	if err != nil {
		return 0, 0, err
	}
	n, c := f.Dims()
	if rows, cols := y.Dims(); rows != n || cols != c {
		return 0, 0, fmt.Errorf("%w: the outputs are %d x %d, the targets %d x %d", convexnn.ErrShape, n, c, rows, cols)
	}
	f.Sub(f, y)
	dist := mat.Norm(f, 2)
	loss = dist * dist / 2
	return loss + beta*net.Penalty(), loss, nil
}

// fitIntercept sets the intercept to the best one for y (n x c).
func (net *Network) fitIntercept(x, y *mat.Dense) error {
	net.Intercept = nil
	f, err := net.Predict(x)
	if err != nil {
		return err
	}
	f.Sub(y, f)
	net.Intercept = constantNetwork(net.Dim, f, true).Intercept
	return nil
}

// size is the neuron's term of the penalty.
func (h Neuron) size() float64 { return floats.Norm(h.Weights, 2) * floats.Norm(h.Gains, 2) }

// balance scales each neuron to |u_j| = |g_j|, which changes neither function nor
// penalty.
func (net *Network) balance() {
	for _, h := range net.Neurons {
		norm, size := floats.Norm(h.Weights, 2), floats.Norm(h.Gains, 2)
		if norm == 0 || size == 0 {
			continue
		}
		t := math.Sqrt(size) / math.Sqrt(norm)
		floats.Scale(t, h.Weights)
		floats.Scale(1/t, h.Gains)
	}
}
