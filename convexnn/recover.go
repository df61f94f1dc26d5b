package convexnn

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Network returns the network of the weights u (blocks x d): each nonzero block
// becomes one neuron u_j/sqrt|u_j| with output +-sqrt|u_j| (Pilanci and Ergen,
// 2020, theorem 1). If u satisfies the cone constraints, the objective of the
// network is that of u; otherwise it is another one, and still that of a network.
// With an intercept in the program the network's is the best for its neurons.
// The error is [ErrShape].
func (p *Program) Network(u *mat.Dense) (*Network, error) {
	if err := p.checkWeights(u); err != nil {
		return nil, err
	}
	net := &Network{Model: p.spec.Model, Dim: p.masked.X.Cols}
	for _, j := range nonzeroRows(u) {
		h := Neuron{Weights: slices.Clone(u.RawRowView(j)), Output: p.sign(j)}
		if p.spec.Model == Gated {
			h.Gate = slices.Clone(p.spec.Cells[j].Witness)
		}
		net.Neurons = append(net.Neurons, h)
	}
	net.balance()
	return net, p.fitIntercept(net)
}

// fitIntercept sets the network's intercept to the best value for its neurons,
// zero if the program has none.
func (p *Program) fitIntercept(net *Network) error {
	net.Intercept = 0
	if !p.spec.Intercept {
		return nil
	}
	f, err := net.Predict(p.spec.X)
	if err != nil {
		return err
	}
	net.Intercept = (floats.Sum(p.spec.Y) - floats.Sum(f)) / float64(len(f))
	return nil
}

// Weights is the way back: it returns weights (blocks x d) of the program that
// give the network's fit at no larger penalty. Each neuron goes to a pattern
// whose cone contains it up to a violation of tol |x_i| |u_j| (0 is exact; 1e-9
// allows for rounding). The error is [ErrMissingPattern] if there is none,
// [ErrShape] if the network does not belong to the data, [ErrNetwork] if it is
// malformed.
func (p *Program) Weights(net *Network, tol float64) (*mat.Dense, error) {
	d := p.masked.X.Cols
	if err := net.validate(); err != nil {
		return nil, err
	}
	if net.Dim != d || net.Model != p.spec.Model {
		return nil, fmt.Errorf("%w: a %s network with %d inputs for a %s program in %d dimensions", ErrShape, net.Model, net.Dim, p.spec.Model, d)
	}
	u := mat.NewDense(p.Blocks(), d, nil)
	for k, h := range net.Neurons {
		pattern := p.patternOf(h, tol)
		if pattern < 0 {
			return nil, fmt.Errorf("%w: neuron %d", ErrMissingPattern, k)
		}
		scale := h.Output
		if p.spec.Model == ReLU && h.Output < 0 {
			pattern, scale = pattern+p.Patterns(), -h.Output
		}
		floats.AddScaled(u.RawRowView(pattern), scale, h.Weights)
	}
	return u, nil
}

// patternOf returns the pattern in whose cone the neuron lies with the least
// violation, -1 if that is over tol. For a gated neuron it is its gate's.
func (p *Program) patternOf(h Neuron, tol float64) int {
	direction := h.Weights
	if p.spec.Model == Gated {
		direction, tol = h.Gate, 0
	}
	norm := floats.Norm(direction, 2)
	best, least := -1, math.Inf(1)
	for c, bits := range p.masked.Bits {
		worst := 0.0
		for i := range len(p.target) {
			row := p.spec.X.RawRowView(i)
			v := floats.Dot(row, direction)
			switch {
			case p.spec.Model == Gated:
				if (v >= 0) != bits.Has(i) {
					worst = math.Inf(1)
				}
			case bits.Has(i):
				worst = max(worst, -v/(floats.Norm(row, 2)*norm+math.SmallestNonzeroFloat64))
			default:
				worst = max(worst, v/(floats.Norm(row, 2)*norm+math.SmallestNonzeroFloat64))
			}
			if worst >= least {
				break
			}
		}
		if worst < least {
			best, least = c, worst
		}
	}
	if least > tol {
		return -1
	}
	return best
}
