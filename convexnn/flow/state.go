package flow

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/convexnn"
)

// A state is a balanced network in polar coordinates: neuron j has u_j = exp(b_j) e_j and
// |alpha_j| = exp(b_j). What the flow keeps, balance and the signs of the outputs, it
// keeps by construction, and no size is too small or too large.
type state struct {
	dirs []float64 // e_j, unit vectors, m x d
	logs []float64 // b_j, m
}

func newState(m, d int) state { return state{make([]float64, m*d), make([]float64, m)} }

func (s state) copy(from state) {
	copy(s.dirs, from.dirs)
	copy(s.logs, from.logs)
}

// dir is e_j.
func (s state) dir(j int) []float64 {
	d := len(s.dirs) / len(s.logs)
	return s.dirs[j*d : (j+1)*d]
}

// normalise makes the directions unit vectors again.
func (s state) normalise() {
	for j := range s.logs {
		e := s.dir(j)
		floats.Scale(1/floats.Norm(e, 2), e)
	}
}

// logRho is log |w|, where |w|^2 = sum_j |u_j|^2 + alpha_j^2 = 2 sum_j exp(2 b_j).
func (s state) logRho() float64 {
	twice := make([]float64, len(s.logs))
	floats.ScaleTo(twice, 2, s.logs)
	return (math.Ln2 + floats.LogSumExp(twice)) / 2
}

// draw returns m neurons of Gaussian weights, scaled to |w| = size.
func draw(rng *rand.Rand, m, d int, size float64) state {
	s := newState(m, d)
	for k := range s.dirs {
		s.dirs[k] = rng.NormFloat64()
	}
	for j := range s.logs {
		s.logs[j] = math.Log(floats.Norm(s.dir(j), 2))
	}
	s.normalise()
	floats.AddConst(math.Log(size)-s.logRho(), s.logs)
	return s
}

// stateOf returns the neurons of a network, each balanced, and the signs of their outputs.
func stateOf(net *convexnn.Network) (state, []float64) {
	s := newState(len(net.Neurons), net.Dim)
	signs := make([]float64, len(net.Neurons))
	for j, h := range net.Neurons {
		copy(s.dir(j), h.Weights)
		s.logs[j] = (math.Log(floats.Norm(h.Weights, 2)) + math.Log(math.Abs(h.Output))) / 2
		signs[j] = math.Copysign(1, h.Output)
	}
	s.normalise()
	return s, signs
}

// network returns the network of a state, all weights multiplied by exp(shift).
func (s state) network(signs []float64, shift float64) *convexnn.Network {
	d := len(s.dirs) / len(s.logs)
	net := &convexnn.Network{Model: convexnn.ReLU, Dim: d}
	for j, sign := range signs {
		size := math.Exp(s.logs[j] + shift)
		net.Neurons = append(net.Neurons, convexnn.Neuron{
			Weights: floats.ScaleTo(make([]float64, d), size, s.dir(j)), Output: sign * size,
		})
	}
	return net
}
