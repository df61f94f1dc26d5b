package outputs

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/prune"
)

// rounding is the relative rise of the objective that one step of Simplify may cause:
// what sums over samples and neurons lose to rounding.
const rounding = 3e-13

// Settings of the steps of Simplify, from the loosest to the strictest; the first that
// keeps the objective is taken.
var (
	// mergeAngles are the angles (radians) below which two directions count as equal.
	mergeAngles = [...]float64{1e-6, 1e-9, 1e-12}
	// dependences are the distances from the span of others below which a fit counts as
	// inside, relative to the length that it would have if no term of it cancelled.
	dependences = [...]float64{1e-12, 1e-14, 1e-17}
)

// Simplify returns a network with fewer neurons and an objective on x (n x d), y (n x c)
// and beta that is not larger, up to rounding: neurons of equal direction are merged, those
// whose fits (Xu_j)_+ g_j' depend linearly on the others' are removed (Mishkin and
// Pilanci, Optimal sets and solution paths of ReLU networks, 2023, algorithm 1), and the
// sizes of the rest are optimised. At most n c neurons remain. With intercept the
// network's is optimised too, otherwise it is kept. No step is taken that raises the
// objective. The receiver is left as it is. The error is [convexnn.ErrShape].
func (net *Network) Simplify(x, y *mat.Dense, beta float64, intercept bool) (*Network, error) {
	value, _, err := net.Objective(x, y, beta)
	if err != nil {
		return nil, err
	}
	s := newSimplifier(net, x, y, beta, intercept)
	best := net.rescaled(nil)
	best.balance()
	accept := func(trial *Network) bool {
		f, _, _ := trial.Objective(x, y, beta) // shapes were checked at the door
		if !(f <= value*(1+rounding)) {        // nor is NaN accepted
			return false
		}
		best, value = trial, f
		return true
	}
	accept(s.resize(best))
	for _, limit := range mergeAngles {
		merged := merge(best, limit)
		if len(merged.Neurons) == len(best.Neurons) || accept(s.resize(merged)) {
			break
		}
	}
	if s.independent(best) {
		return best, nil
	}
	for _, limit := range dependences {
		if accept(s.resize(s.prune(best, limit))) {
			break
		}
	}
	return best, nil
}

type simplifier struct {
	x, y      *mat.Dense
	target    []float64 // n x c, what the neurons are to fit
	norms     []float64 // of the rows of x
	beta      float64
	intercept bool
}

func newSimplifier(net *Network, x, y *mat.Dense, beta float64, intercept bool) *simplifier {
	n, c := y.Dims()
	s := &simplifier{x: x, y: y, target: flat(y), beta: beta, intercept: intercept, norms: make([]float64, n)}
	if intercept {
		s.target = centered(s.target, c)
	} else if net.Intercept != nil {
		for i := range n {
			floats.Sub(s.target[i*c:(i+1)*c], net.Intercept)
		}
	}
	for i := range s.norms {
		s.norms[i] = floats.Norm(x.RawRowView(i), 2)
	}
	return s
}

// features returns (X u_j)_+ for each neuron, one a row.
func (s *simplifier) features(net *Network) blas64.General {
	directions := make([][]float64, len(net.Neurons))
	for j, h := range net.Neurons {
		directions[j] = h.Weights
	}
	return features(s.x, directions)
}

// independent reports whether the features are linearly independent, and with them the
// fits, so that there is nothing to prune. Centred features may depend on each other
// where the others do not.
func (s *simplifier) independent(net *Network) bool {
	f := s.features(net)
	list := make([][]float64, f.Rows)
	for j := range list {
		list[j] = f.Data[j*f.Stride : j*f.Stride+f.Cols]
		if s.intercept {
			list[j] = centered(list[j], 1)
		}
	}
	return prune.Independent(list, dependences[0])
}

// neurons is what package prune sees of a network.
func (s *simplifier) neurons(net *Network) *prune.Neurons {
	f, c := s.features(net), net.Outputs
	out := &prune.Neurons{}
	for j, h := range net.Neurons {
		fit := make([]float64, f.Cols*c)
		length := 0.0
		for i, z := range f.Data[j*f.Stride : j*f.Stride+f.Cols] {
			if z > 0 {
				floats.AddScaled(fit[i*c:(i+1)*c], z, h.Gains)
				length = math.Hypot(length, s.norms[i])
			}
		}
		if s.intercept {
			fit = centered(fit, c)
		}
		unit := 1 / (length * h.size())
		if math.IsInf(unit, 0) {
			unit = 0
		}
		out.Fits, out.Sizes, out.Units = append(out.Fits, fit), append(out.Sizes, h.size()), append(out.Units, unit)
	}
	return out
}

func (s *simplifier) prune(net *Network, dependence float64) *Network {
	out := net.rescaled(s.neurons(net).Scales(bySize(net), dependence))
	out.balance()
	return out
}

func (s *simplifier) resize(net *Network) *Network {
	out := net.rescaled(s.neurons(net).Resize(s.target, s.beta))
	out.balance()
	if s.intercept {
		_ = out.fitIntercept(s.x, s.y) // shapes were checked at the door
	}
	return out
}

// merge adds up neurons whose directions, as unit vectors, are less than limit apart.
func merge(net *Network, limit float64) *Network {
	out := &Network{Dim: net.Dim, Outputs: net.Outputs, Intercept: slices.Clone(net.Intercept)}
	for _, j := range bySize(net) {
		h := net.Neurons[j]
		if h.size() == 0 {
			continue
		}
		// Neurons of out have unit weights, those of the largest that they stand for.
		norm := floats.Norm(h.Weights, 2)
		u := floats.ScaleTo(make([]float64, len(h.Weights)), 1/norm, h.Weights)
		g := floats.ScaleTo(make([]float64, len(h.Gains)), norm, h.Gains)
		match := slices.IndexFunc(out.Neurons, func(o Neuron) bool { return floats.Distance(o.Weights, u, 2) < limit })
		if match < 0 {
			out.Neurons = append(out.Neurons, Neuron{Weights: u, Gains: g})
		} else {
			floats.Add(out.Neurons[match].Gains, g)
		}
	}
	out.Neurons = slices.DeleteFunc(out.Neurons, func(h Neuron) bool { return h.size() == 0 })
	out.balance()
	return out
}

// rescaled returns a copy of the network with the gains of neuron j times scale_j, without
// the neurons of scale 0. Nil is all ones.
func (net *Network) rescaled(scale []float64) *Network {
	out := &Network{Dim: net.Dim, Outputs: net.Outputs, Intercept: slices.Clone(net.Intercept)}
	for j, h := range net.Neurons {
		t := 1.0
		if scale != nil {
			t = scale[j]
		}
		if t > 0 {
			out.Neurons = append(out.Neurons, Neuron{
				Weights: slices.Clone(h.Weights), Gains: floats.ScaleTo(make([]float64, net.Outputs), t, h.Gains),
			})
		}
	}
	return out
}

// bySize lists the neurons from the largest term of the penalty to the smallest.
func bySize(net *Network) []int {
	keys, order := make([]float64, len(net.Neurons)), make([]int, len(net.Neurons))
	for j, h := range net.Neurons {
		keys[j] = -h.size()
	}
	floats.ArgsortStable(keys, order)
	return order
}

// flat returns the entries of m, row by row, in a new slice.
func flat(m *mat.Dense) []float64 { return mat.DenseCopyOf(m).RawMatrix().Data }

// centered returns v (n x c, row by row) with the mean of each column taken off, exactly
// zero where a column is constant up to rounding: dust would look like a target.
func centered(v []float64, c int) []float64 {
	const epsilon = 0x1p-52
	out, n := slices.Clone(v), len(v)/c
	column := make([]float64, n)
	for l := range c {
		for i := range column {
			column[i] = v[i*c+l]
		}
		before := floats.Norm(column, 2)
		kernel.Center(column)
		if floats.Norm(column, 2) <= 4*epsilon*float64(n)*before {
			clear(column)
		}
		for i, z := range column {
			out[i*c+l] = z
		}
	}
	return out
}
