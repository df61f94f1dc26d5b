package outputs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/convexnn/convexnn/convexnn"
)

// storedNetwork is the stable JSON form of a network.
type storedNetwork struct {
	Model     string    `json:"model"`
	Dim       int       `json:"dim"`
	Outputs   int       `json:"outputs"`
	Intercept []float64 `json:"intercept,omitempty"`
	Neurons   []Neuron  `json:"neurons"`
}

// MarshalJSON writes the network with all its weights. A network that is malformed or
// holds a value that is not finite is refused with [convexnn.ErrNetwork].
func (net *Network) MarshalJSON() ([]byte, error) {
	if err := net.validate(); err != nil {
		return nil, err
	}
	stored := storedNetwork{
		Model: convexnn.ReLU.String(), Dim: net.Dim, Outputs: net.Outputs, Intercept: net.Intercept, Neurons: net.Neurons,
	}
	if stored.Neurons == nil {
		stored.Neurons = []Neuron{}
	}
	return json.Marshal(stored)
}

// UnmarshalJSON reads what [Network.MarshalJSON] wrote. Anything malformed, missing,
// unknown or not finite is refused with [convexnn.ErrNetwork].
func (net *Network) UnmarshalJSON(data []byte) error {
	var stored storedNetwork
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&stored); err != nil {
		return fmt.Errorf("%w: %w", convexnn.ErrNetwork, err)
	}
	if stored.Model != convexnn.ReLU.String() {
		return fmt.Errorf("%w: the model is %.40q; networks with several outputs are relu", convexnn.ErrNetwork, stored.Model)
	}
	read := Network{Dim: stored.Dim, Outputs: stored.Outputs, Neurons: stored.Neurons, Intercept: stored.Intercept}
	if err := read.validate(); err != nil {
		return err
	}
	*net = read
	return nil
}

// validate checks shapes and finiteness.
func (net *Network) validate() error {
	const most = 1 << 20 // outputs: a file without neurons could ask for any memory
	if net.Dim < 1 || net.Outputs < 1 || net.Outputs > most {
		return fmt.Errorf("%w: it takes %d inputs and has %d outputs", convexnn.ErrNetwork, net.Dim, net.Outputs)
	}
	if k := len(net.Intercept); k != 0 && k != net.Outputs || !finite(net.Intercept) {
		return fmt.Errorf("%w: its intercept is not one finite number for each of %d outputs", convexnn.ErrNetwork, net.Outputs)
	}
	for j, h := range net.Neurons {
		if len(h.Weights) != net.Dim || len(h.Gains) != net.Outputs {
			return fmt.Errorf("%w: neuron %d has %d weights and %d gains, the network %d inputs and %d outputs",
				convexnn.ErrNetwork, j, len(h.Weights), len(h.Gains), net.Dim, net.Outputs)
		}
		if !finite(h.Weights) || !finite(h.Gains) {
			return fmt.Errorf("%w: neuron %d has a weight that is not finite", convexnn.ErrNetwork, j)
		}
	}
	return nil
}

func finite(values []float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
