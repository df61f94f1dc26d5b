package convexnn

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/prune"
)

// rounding is the relative rise of the objective that one of the three steps of
// Simplify may cause: what the sums over samples and neurons lose to rounding.
const rounding = 3e-13

// Settings of the steps of Simplify, from the loosest to the strictest; the first
// that keeps the objective is taken.
var (
	// mergeAngles are the angles (radians) below which two directions count as equal.
	mergeAngles = [...]float64{1e-6, 1e-9, 1e-12}
	// dependences are the distances from the span of others below which a fit
	// counts as inside, relative to the length that it would have if no term of
	// it cancelled. The last one is below rounding: only as many neurons go as
	// have no room.
	dependences = [...]float64{1e-12, 1e-14, 1e-17}
)

// Simplify returns a network with fewer neurons and an objective on x (n x d), y
// (n) and beta that is not larger: neurons of equal direction and sign are
// merged, neurons whose fits depend linearly on the others' are removed (Mishkin
// and Pilanci, Optimal sets and solution paths of ReLU networks, 2023,
// algorithm 1), and the sizes of the remaining ones are optimised. With intercept
// the network's is optimised too, otherwise it is kept. Gated neurons are not
// merged. The receiver is left as it is.
//
// At most rank many neurons remain, the rank of the matrix of their fits (centred
// if there is an intercept) and so at most n, where fits nearer to the span of
// others than 1e-12 of their length count as dependent. A result is minimal in
// that no neuron can be removed this way; it need not have the fewest neurons
// possible.
//
// "Not larger" is up to rounding: the objective computed may rise by 1e-12 of
// itself. A step that would raise it by more is tried with stricter notions of
// equal and dependent and at last not taken, so that more neurons may remain
// where the objective is so small that rounding governs it, as at beta = 0 with
// no loss. The error is [ErrShape].
func (net *Network) Simplify(x *mat.Dense, y []float64, beta float64, intercept bool) (*Network, error) {
	return net.simplify(Squared, x, y, beta, intercept)
}

// simplify is Simplify for any loss. For those of classifiers at most as many neurons
// remain as there are samples at their margins, and a network for HardMargin is to have
// the margins asked for.
func (net *Network) simplify(loss Loss, x *mat.Dense, y []float64, beta float64, intercept bool) (*Network, error) {
	value, _, err := loss.Objective(net, x, y, beta)
	if err != nil {
		return nil, err
	}
	s := &simplifier{loss: loss, x: x, y: y, beta: beta, intercept: intercept}
	if intercept {
		s.target = centered(y)
	} else {
		s.target = slices.Clone(y)
		floats.AddConst(-net.Intercept, s.target)
	}
	best := net.rescaled(nil)
	best.balance()
	allowed := s.rounding(best)
	accept := func(trial *Network) bool {
		trial = s.resize(trial)
		f := s.objective(trial)
		if !(f <= value*(1+allowed)) { // nor is NaN accepted
			return false
		}
		best, value = trial, f
		return true
	}
	accept(best)
	accept(s.mergeCells(best))
	for _, limit := range mergeAngles {
		if accept(s.merge(best, limit)) {
			break
		}
	}
	for _, limit := range dependences {
		if accept(s.prune(best, limit)) || loss != Squared { // which knows no limit
			break
		}
	}
	return best, nil
}

// rounding is the relative rise of the objective that a step may cause. Margins are what is
// left where the outputs of neurons cancel, and rounding is in proportion to what cancels.
func (s *simplifier) rounding(net *Network) float64 {
	if s.loss != HardMargin {
		return rounding
	}
	const most = 1e-9
	cancel := 1.0
	sizes := make([]float64, len(s.y))
	for _, fit := range s.fits(net) {
		for i, f := range fit {
			sizes[i] += math.Abs(f / s.y[i])
			cancel = max(cancel, sizes[i])
		}
	}
	return min(most, rounding*cancel)
}

type simplifier struct {
	loss      Loss
	x         *mat.Dense
	y, target []float64 // target is what the neurons are to fit, see fits
	beta      float64
	intercept bool
}

func (s *simplifier) objective(net *Network) float64 {
	// Shapes were checked at the door.
	f, _, _ := s.loss.Objective(net, s.x, s.y, s.beta)
	return f
}

// fits returns the contribution of each neuron to the outputs (n each), centred
// if there is an intercept.
func (s *simplifier) fits(net *Network) [][]float64 {
	n, _ := s.x.Dims()
	out := make([][]float64, len(net.Neurons))
	for j, h := range net.Neurons {
		out[j] = make([]float64, n)
		for i := range n {
			out[j][i] = h.Output * net.hidden(h, s.x.RawRowView(i))
		}
		if s.intercept {
			out[j] = centered(out[j])
		}
	}
	return out
}

// merge adds up neurons of the same output sign whose directions, as unit vectors,
// are less than limit apart. Gated neurons are left alone: each has a gate of its
// own.
func (s *simplifier) merge(net *Network, limit float64) *Network {
	if net.Model == Gated {
		return net
	}
	out := &Network{Model: net.Model, Dim: net.Dim, Intercept: net.Intercept}
	var directions [][]float64 // of the neurons of out
	for _, j := range bySize(net) {
		h := net.Neurons[j]
		if size(h) == 0 {
			continue
		}
		direction := unit(h.Weights)
		match := 0
		for match < len(directions) &&
			(out.Neurons[match].Output*h.Output < 0 || floats.Distance(directions[match], direction, 2) >= limit) {
			match++
		}
		if match == len(directions) {
			directions = append(directions, direction)
			out.Neurons = append(out.Neurons, Neuron{Weights: scaledWeights(h), Output: math.Copysign(1, h.Output)})
			continue
		}
		sum := out.Neurons[match].Weights
		floats.Add(sum, scaledWeights(h))
		directions[match] = unit(sum)
	}
	out.balance()
	return out
}

// mergeCells adds up neurons of the same output sign that are active on the same samples:
// on these the sum does what they do, and costs no more.
func (s *simplifier) mergeCells(net *Network) *Network {
	if net.Model == Gated {
		return net
	}
	type cell struct {
		active string
		sign   bool
	}
	out := &Network{Model: net.Model, Dim: net.Dim, Intercept: net.Intercept}
	at := map[cell]int{}
	for _, j := range bySize(net) {
		h := net.Neurons[j]
		if size(h) == 0 {
			continue
		}
		active := make([]byte, len(s.y))
		for i := range active {
			if net.hidden(h, s.x.RawRowView(i)) > 0 {
				active[i] = 1
			}
		}
		key := cell{string(active), h.Output > 0}
		if k, ok := at[key]; ok {
			floats.Add(out.Neurons[k].Weights, scaledWeights(h))
			continue
		}
		at[key] = len(out.Neurons)
		out.Neurons = append(out.Neurons, Neuron{Weights: scaledWeights(h), Output: math.Copysign(1, h.Output)})
	}
	out.balance()
	return out
}

// prune removes neurons while the fits of those left are linearly dependent, so that no
// output changes and the penalty does not rise; where the loss is that of a classifier, it
// moves to a vertex of the objective.
func (s *simplifier) prune(net *Network, dependence float64) *Network {
	neurons := s.neurons(net)
	if s.loss != Squared {
		order := bySize(net)
		slices.Reverse(order)
		out := net.rescaled(neurons.Vertex(s.y, s.beta, s.loss == HardMargin, order))
		out.balance()
		return out
	}
	neurons.Units = s.units(net)
	out := net.rescaled(neurons.Scales(bySize(net), dependence))
	out.balance()
	return out
}

// neurons is what package prune sees of a network.
func (s *simplifier) neurons(net *Network) *prune.Neurons {
	sizes := make([]float64, len(net.Neurons))
	for j, h := range net.Neurons {
		sizes[j] = size(h)
	}
	return &prune.Neurons{Fits: s.fits(net), Sizes: sizes}
}

// units returns for each neuron the reciprocal of the length that its fit would
// have if no term of it cancelled, |alpha||u| (sum of |x_i|^2 over the samples at
// which it is active)^(1/2), or 0. Rounding of a fit is in proportion to that,
// and a fit that is nothing but rounding has a tiny part of it.
func (s *simplifier) units(net *Network) []float64 {
	norms := make([]float64, len(s.y))
	for i := range norms {
		norms[i] = floats.Norm(s.x.RawRowView(i), 2)
	}
	units := make([]float64, len(net.Neurons))
	for j, h := range net.Neurons {
		length := 0.0
		for i, norm := range norms {
			if net.hidden(h, s.x.RawRowView(i)) != 0 {
				length = math.Hypot(length, norm)
			}
		}
		if u := 1 / (length * size(h)); !math.IsInf(u, 0) {
			units[j] = u
		}
	}
	return units
}

// resize finds the best non-negative scale of each neuron and the best intercept. It
// starts from the network given and only descends.
func (s *simplifier) resize(net *Network) *Network {
	if s.loss != Squared {
		return net
	}
	out := net.rescaled(s.neurons(net).Resize(s.target, s.beta))
	out.balance()
	if s.intercept {
		_ = out.fitIntercept(s.x, s.y) // shapes were checked at the door
	}
	return out
}

// rescaled returns a copy of the network with output j times scale_j, without the
// neurons of scale 0. Nil is all ones.
func (net *Network) rescaled(scale []float64) *Network {
	out := &Network{Model: net.Model, Dim: net.Dim, Intercept: net.Intercept}
	for j, h := range net.Neurons {
		t := 1.0
		if scale != nil {
			t = scale[j]
		}
		if t > 0 {
			out.Neurons = append(out.Neurons, Neuron{Weights: slices.Clone(h.Weights), Output: h.Output * t, Gate: slices.Clone(h.Gate)})
		}
	}
	return out
}

// bySize lists the neurons from the largest contribution to the penalty to the
// smallest.
func bySize(net *Network) []int {
	keys := make([]float64, len(net.Neurons))
	order := make([]int, len(net.Neurons))
	for j, h := range net.Neurons {
		keys[j] = -size(h)
	}
	floats.ArgsortStable(keys, order)
	return order
}

// size returns |u||alpha|, the neuron's term of the penalty.
func size(h Neuron) float64 {
	return floats.Norm(h.Weights, 2) * math.Abs(h.Output)
}

// scaledWeights returns |alpha| u.
func scaledWeights(h Neuron) []float64 {
	return floats.ScaleTo(make([]float64, len(h.Weights)), math.Abs(h.Output), h.Weights)
}

// unit returns v scaled to unit length.
func unit(v []float64) []float64 {
	out, norm := make([]float64, len(v)), floats.Norm(v, 2)
	for l, x := range v {
		out[l] = x / norm
	}
	return out
}
