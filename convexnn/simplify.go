package convexnn

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Simplify returns a network with fewer neurons and an objective on x (n x d), y
// (n) and beta that is not larger: neurons of equal direction and sign are
// merged, neurons whose fits depend linearly on the others' are removed (Mishkin
// and Pilanci, 2023, algorithm 1), and the sizes of the remaining ones are
// optimised. At most rank many neurons remain, the rank of the matrix of their
// fits; no step is taken that raises the objective. A result is minimal in that
// no neuron can be removed this way; it need not have the fewest neurons
// possible.
func (net *Network) Simplify(x *mat.Dense, y []float64, beta float64, intercept bool) (*Network, error) {
	if _, _, err := net.Objective(x, y, beta); err != nil {
		return nil, err
	}
	s := &simplifier{x: x, y: y, beta: beta, intercept: intercept, target: y}
	if intercept {
		s.target = centered(y)
	}
	best := s.resize(net)
	for _, step := range []func(*Network) *Network{s.merge, s.prune} {
		if trial := s.resize(step(best)); s.objective(trial) <= s.objective(best) {
			best = trial
		}
	}
	if s.objective(best) > s.objective(net) {
		return net, nil
	}
	return best, nil
}

type simplifier struct {
	x         *mat.Dense
	y, target []float64 // target is y, centred if there is an intercept
	beta      float64
	intercept bool
}

func (s *simplifier) objective(net *Network) float64 {
	// Shapes were checked at the door.
	f, _, _ := net.Objective(s.x, s.y, s.beta)
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

// mergeAngle is the angle below which two directions count as equal.
const mergeAngle = 1e-6

// merge adds up neurons of the same direction and output sign. Gated neurons are
// left alone: each has a gate of its own.
func (s *simplifier) merge(net *Network) *Network {
	if net.Model == Gated {
		return net
	}
	out := &Network{Model: net.Model, Dim: net.Dim}
	for _, j := range bySize(net) {
		h := net.Neurons[j]
		sum := scaledWeights(h)
		match := -1
		for k, kept := range out.Neurons {
			if kept.Output*h.Output > 0 && angle(kept.Weights, sum) < mergeAngle {
				match = k
				break
			}
		}
		if match < 0 {
			out.Neurons = append(out.Neurons, Neuron{Weights: sum, Output: math.Copysign(1, h.Output)})
			continue
		}
		floats.Add(out.Neurons[match].Weights, sum)
	}
	out.balance()
	return out
}

// prune removes neurons while the fits of those left are linearly dependent.
// Moving along a dependency sum_j c_j a_j = 0 scales neuron j by 1 - t c_j and
// changes no output; the sign of c that lowers the penalty, or keeps it, is taken
// until the first neuron is gone.
func (s *simplifier) prune(net *Network) *Network {
	fits := s.fits(net)
	sizes := make([]float64, len(net.Neurons))
	scale := make([]float64, len(net.Neurons))
	for j, h := range net.Neurons {
		sizes[j] = floats.Norm(h.Weights, 2) * math.Abs(h.Output)
		scale[j] = 1
	}
	basis := new(basis)
	for _, j := range bySize(net) {
		for {
			c := basis.add(j, fits[j])
			if c == nil {
				break
			}
			members := append(slices.Clone(basis.members), j)
			gone := s.moveAlong(c, members, sizes, scale)
			if gone == len(members)-1 {
				break
			}
			basis.remove(gone)
		}
	}
	out := &Network{Model: net.Model, Dim: net.Dim}
	for _, j := range basis.members {
		if scale[j] > 0 {
			h := net.Neurons[j]
			out.Neurons = append(out.Neurons, Neuron{Weights: slices.Clone(h.Weights), Output: h.Output * scale[j], Gate: h.Gate})
		}
	}
	out.balance()
	return out
}

// moveAlong scales the members along the dependency c of their fits until one is
// gone, and returns which.
func (s *simplifier) moveAlong(c []float64, members []int, sizes, scale []float64) (gone int) {
	change, most := 0.0, 0.0
	for k, j := range members {
		change += c[k] * sizes[j]
	}
	if change < 0 || (change == 0 && floats.Max(c) <= 0) {
		floats.Scale(-1, c)
	}
	for k, j := range members {
		if ratio := c[k] / scale[j]; ratio > most {
			most, gone = ratio, k
		}
	}
	for k, j := range members {
		scale[j] = max(0, scale[j]-c[k]/most)
	}
	scale[members[gone]] = 0
	return gone
}

// resize finds the best non-negative scale of each neuron, by coordinate descent
// on 1/2 |sum_j c_j a_j - y|^2 + beta sum_j c_j |u_j||alpha_j|, and the best
// intercept. It starts from the network given and only descends.
func (s *simplifier) resize(net *Network) *Network {
	const sweeps = 200
	fits := s.fits(net)
	r := slices.Clone(s.target)
	scale := make([]float64, len(fits))
	sizes, energy := make([]float64, len(fits)), make([]float64, len(fits))
	for j, a := range fits {
		floats.Sub(r, a)
		scale[j] = 1
		sizes[j] = floats.Norm(net.Neurons[j].Weights, 2) * math.Abs(net.Neurons[j].Output)
		energy[j] = floats.Dot(a, a)
	}
	for range sweeps {
		moved := 0.0
		for j, a := range fits {
			if energy[j] == 0 {
				scale[j] = 0
				continue
			}
			next := max(0, scale[j]+(floats.Dot(a, r)-s.beta*sizes[j])/energy[j])
			if step := next - scale[j]; step != 0 {
				floats.AddScaled(r, -step, a)
				scale[j] = next
				moved = max(moved, math.Abs(step))
			}
		}
		if moved < 1e-12 {
			break
		}
	}
	out := &Network{Model: net.Model, Dim: net.Dim, Intercept: net.Intercept}
	for j, h := range net.Neurons {
		if scale[j] > 0 {
			out.Neurons = append(out.Neurons, Neuron{Weights: slices.Clone(h.Weights), Output: h.Output * scale[j], Gate: h.Gate})
		}
	}
	out.balance()
	if s.intercept {
		out.Intercept = 0
		f, _ := out.Predict(s.x)
		out.Intercept = (floats.Sum(s.y) - floats.Sum(f)) / float64(len(f))
	}
	return out
}

// bySize lists the neurons from the largest contribution to the penalty to the
// smallest.
func bySize(net *Network) []int {
	size := make([]float64, len(net.Neurons))
	order := make([]int, len(net.Neurons))
	for j, h := range net.Neurons {
		size[j] = -floats.Norm(h.Weights, 2) * math.Abs(h.Output)
	}
	floats.ArgsortStable(size, order)
	return order
}

// scaledWeights returns |alpha| u.
func scaledWeights(h Neuron) []float64 {
	return floats.ScaleTo(make([]float64, len(h.Weights)), math.Abs(h.Output), h.Weights)
}

// angle returns the angle between a and b, accurate for small ones.
func angle(a, b []float64) float64 {
	na, nb := floats.Norm(a, 2), floats.Norm(b, 2)
	if na == 0 || nb == 0 {
		return math.Inf(1)
	}
	sum := 0.0
	for l := range a {
		diff := a[l]/na - b[l]/nb
		sum += diff * diff
	}
	return 2 * math.Asin(min(1, math.Sqrt(sum)/2))
}
