package convexnn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// storedNetwork is the stable JSON form of a network.
type storedNetwork struct {
	Model     string   `json:"model"`
	Dim       int      `json:"dim"`
	Intercept float64  `json:"intercept"`
	Neurons   []Neuron `json:"neurons"`
}

// MarshalJSON writes the network with all its weights. A network that holds a
// value that is not finite is refused with [ErrNetwork].
func (net *Network) MarshalJSON() ([]byte, error) {
	if err := net.validate(); err != nil {
		return nil, err
	}
	stored := storedNetwork{Model: net.Model.String(), Dim: net.Dim, Intercept: net.Intercept, Neurons: net.Neurons}
	if stored.Neurons == nil {
		stored.Neurons = []Neuron{}
	}
	return json.Marshal(stored)
}

// UnmarshalJSON reads what [Network.MarshalJSON] wrote. Anything malformed,
// missing, unknown or not finite is refused with [ErrNetwork].
func (net *Network) UnmarshalJSON(data []byte) error {
	var stored storedNetwork
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&stored); err != nil {
		return fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	model, err := ParseModel(stored.Model)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	read := Network{Model: model, Dim: stored.Dim, Neurons: stored.Neurons, Intercept: stored.Intercept}
	if err := read.validate(); err != nil {
		return err
	}
	*net = read
	return nil
}

// validate checks shapes and finiteness.
func (net *Network) validate() error {
	if net.Dim < 1 {
		return fmt.Errorf("%w: it takes %d inputs", ErrNetwork, net.Dim)
	}
	if !finite(net.Intercept) {
		return fmt.Errorf("%w: the intercept is %v", ErrNetwork, net.Intercept)
	}
	for j, h := range net.Neurons {
		if len(h.Weights) != net.Dim {
			return fmt.Errorf("%w: neuron %d has %d weights, the network takes %d inputs", ErrNetwork, j, len(h.Weights), net.Dim)
		}
		gates := 0
		if net.Model == Gated {
			gates = net.Dim
		}
		if len(h.Gate) != gates {
			return fmt.Errorf("%w: neuron %d has a gate of %d coordinates, expected %d", ErrNetwork, j, len(h.Gate), gates)
		}
		if !finite(h.Output) || !finite(h.Weights...) || !finite(h.Gate...) {
			return fmt.Errorf("%w: neuron %d has a weight that is not finite", ErrNetwork, j)
		}
	}
	return nil
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
