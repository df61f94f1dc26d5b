package relax

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A Network is x -> sum_j (u_j.x)_+ g_j, with one or several outputs that share their
// neurons. Those of this package are balanced, |u_j| = |g_j|.
type Network struct {
	Inputs, Outputs int      // d and c
	Neurons         []Neuron // none: the network is zero
}

// A Neuron has weights u (d) and gains g (c).
type Neuron struct {
	Weights []float64
	Gains   []float64
}

// Predict returns the outputs on the rows of x (n x d), n x c. The error is
// convexnn.ErrShape.
func (net *Network) Predict(x *mat.Dense) (*mat.Dense, error) {
	n, d := x.Dims()
	if d != net.Inputs {
		return nil, fmt.Errorf("%w: X has %d columns, the network takes %d", convexnn.ErrShape, d, net.Inputs)
	}
	f := mat.NewDense(n, net.Outputs, nil)
	for i := range n {
		row, out := x.RawRowView(i), f.RawRowView(i)
		for _, v := range net.Neurons {
			if h := floats.Dot(row, v.Weights); h > 0 {
				floats.AddScaled(out, h, v.Gains)
			}
		}
	}
	return f, nil
}

// Penalty returns sum_j |u_j||g_j|.
func (net *Network) Penalty() float64 {
	sum := 0.0
	for _, v := range net.Neurons {
		sum += floats.Norm(v.Weights, 2) * floats.Norm(v.Gains, 2)
	}
	return sum
}

// Scalar returns a network with one output as package convexnn has it. The error is
// [ErrOutputs] for more.
func (net *Network) Scalar() (*convexnn.Network, error) {
	if net.Outputs != 1 {
		return nil, fmt.Errorf("%w: this network has %d", ErrOutputs, net.Outputs)
	}
	out := &convexnn.Network{Model: convexnn.ReLU, Dim: net.Inputs}
	for _, v := range net.Neurons {
		out.Neurons = append(out.Neurons, convexnn.Neuron{Weights: append([]float64(nil), v.Weights...), Output: v.Gains[0]})
	}
	return out, nil
}

// network returns that of directions in the units of the problem, with gains for each.
func (p *Problem) network(directions, gains [][]float64) *Network {
	net := &Network{Inputs: p.Inputs(), Outputs: p.Outputs()}
	for j, u := range directions {
		size := floats.Norm(u, 2) * floats.Norm(gains[j], 2) * p.sizeY / p.sizeX
		if !(size > 0) {
			continue
		}
		half := math.Sqrt(size)
		v := Neuron{Weights: make([]float64, p.Inputs()), Gains: make([]float64, len(gains[j]))}
		floats.ScaleTo(v.Gains, half/floats.Norm(gains[j], 2), gains[j])
		if p.basis == nil {
			copy(v.Weights, u)
		} else {
			mat.NewVecDense(p.Inputs(), v.Weights).MulVec(p.basis, mat.NewVecDense(len(u), u))
		}
		floats.Scale(half/floats.Norm(v.Weights, 2), v.Weights)
		net.Neurons = append(net.Neurons, v)
	}
	return net
}
