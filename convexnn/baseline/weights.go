package baseline

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/convexnn"
)

// A shape says what the numbers of a vector of weights are, in the order of package
// descent: width x d hidden weights, the outputs, and the intercept if there is one.
type shape struct {
	width, d  int
	intercept bool
}

func (s shape) len() int {
	size := s.width * (s.d + 1)
	if s.intercept {
		size++
	}
	return size
}

// he draws weights from the normal distribution of mean 0 and variance 2/d for the
// hidden and 2/width for the output weights: 2 over the number of inputs of each layer
// (He, Zhang, Ren and Sun, 2015, equation 10). The intercept is 0.
func (s shape) he(rng *rand.Rand) []float64 {
	w := make([]float64, s.len())
	hidden, output := math.Sqrt(2/float64(s.d)), math.Sqrt(2/float64(s.width))
	for k := range s.width * s.d {
		w[k] = hidden * rng.NormFloat64()
	}
	for k := range s.width {
		w[s.width*s.d+k] = output * rng.NormFloat64()
	}
	return w
}

// from returns the weights of a network.
func (s shape) from(net *convexnn.Network) []float64 {
	w := make([]float64, s.len())
	for j, h := range net.Neurons {
		copy(w[j*s.d:(j+1)*s.d], h.Weights)
		w[s.width*s.d+j] = h.Output
	}
	if s.intercept {
		w[len(w)-1] = net.Intercept
	}
	return w
}

// network returns the network of the weights, with copies of them.
func (s shape) network(w []float64) *convexnn.Network {
	hidden := append([]float64(nil), w[:s.width*s.d]...)
	net := &convexnn.Network{Dim: s.d, Neurons: make([]convexnn.Neuron, s.width)}
	for j := range net.Neurons {
		net.Neurons[j] = convexnn.Neuron{Weights: hidden[j*s.d : (j+1)*s.d : (j+1)*s.d], Output: w[s.width*s.d+j]}
	}
	if s.intercept {
		net.Intercept = w[len(w)-1]
	}
	return net
}

// penalty returns sum_j |u_j| |alpha_j|.
func (s shape) penalty(w []float64) float64 {
	sum := 0.0
	for j := range s.width {
		sum += floats.Norm(w[j*s.d:(j+1)*s.d], 2) * math.Abs(w[s.width*s.d+j])
	}
	return sum
}
