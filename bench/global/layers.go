package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/convexnn/convexnn/convexnn"
)

// A layers is a network as other libraries hold it, with
//
//	f(x) = outputs (weights' x + biases)_+ + intercept.
type layers struct {
	Weights   [][]float64 `json:"weights"` // one row for each input
	Biases    []float64   `json:"biases"`  // nil for none
	Outputs   []float64   `json:"outputs"`
	Intercept float64     `json:"intercept"`
}

// network returns the same function on d inputs, the last of which is always 1. The
// biases become weights of that input, or are added to those it has; the intercept
// becomes a neuron that is active everywhere, with a product |u||alpha| of its size.
func (l layers) network(d int) (*convexnn.Network, error) {
	rows := len(l.Weights)
	if rows != d && rows != d-1 {
		return nil, fmt.Errorf("a network of %d inputs, where there are %d and that of ones", rows, d-1)
	}
	if l.Biases != nil && len(l.Biases) != len(l.Outputs) {
		return nil, fmt.Errorf("a network of %d biases and %d outputs", len(l.Biases), len(l.Outputs))
	}
	for _, row := range l.Weights {
		if len(row) != len(l.Outputs) {
			return nil, errors.New("a network whose rows of weights are not as long as the list of outputs")
		}
	}
	net := &convexnn.Network{Dim: d}
	for j, output := range l.Outputs {
		u := make([]float64, d)
		for k, row := range l.Weights {
			u[k] = row[j]
		}
		if l.Biases != nil {
			u[d-1] += l.Biases[j]
		}
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: u, Output: output})
	}
	if l.Intercept != 0 {
		one := slices.Repeat([]float64{0}, d)
		one[d-1] = 1
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: one, Output: l.Intercept})
	}
	return net, nil
}
