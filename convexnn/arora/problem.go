package arora

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
)

// A problem is the training problem in scaled coordinates of the row space of X, with
// its signed cells. With regularisation they are orthonormal, without in any case such
// that the columns of X are; see [orthonormal]. Signed cell c is pattern c/2 with the output sign + if c is even
// and - if c is odd.
type problem struct {
	// As given.
	given     *mat.Dense
	targets   []float64
	intercept bool
	strength  float64 // beta

	// Scaled: x B = x~ sx, y = y~ sy, beta = beta~ sx sy.
	x      *mat.Dense // n x r
	y      []float64  // centred if there is an intercept
	beta   float64
	sx, sy float64
	basis  *mat.Dense // B: d x r; nil for the identity
	rank   int
	near   int // lines that count as parallel to others and are not

	cells []arrangements.Cell // those with an active sample
	place map[uint64][]int    // index of cells by the hash of their patterns
}

func newProblem(ctx context.Context, x *mat.Dense, y []float64, s Settings) (*problem, error) {
	n, d := x.Dims()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		return nil, err
	}
	p := &problem{
		given: x, targets: y, intercept: s.Intercept, strength: s.Beta,
		rank: a.Rank(), place: map[uint64][]int{},
	}
	p.y = append([]float64(nil), y...)
	if s.Intercept {
		floats.AddConst(-stat.Mean(y, nil), p.y)
	}
	p.sx = kernel.PowerOfTwo(mat.Norm(x, 2) / math.Sqrt(float64(n)))
	p.sy = kernel.PowerOfTwo(floats.Norm(p.y, 2) / math.Sqrt(float64(n)))
	floats.Scale(1/p.sy, p.y)
	p.beta = s.Beta / p.sx / p.sy
	p.x = mat.DenseCopyOf(x)
	p.x.Scale(1/p.sx, p.x)
	switch {
	case p.rank == 0:
	case s.Beta == 0:
		p.basis, p.x = orthonormal(p.x, p.rank)
		p.near = max(0, a.Lines()-len(representatives(p.x)))
	case p.rank < d:
		p.basis = rowSpace(p.x, p.rank)
		var reduced mat.Dense
		reduced.Mul(p.x, p.basis)
		p.x = &reduced
	}

	lengths := rowNorms(x)
	for cell, err := range a.Cells(ctx) {
		if ctx.Err() != nil {
			break // the search has nothing to go through, and says so
		}
		if err != nil {
			return nil, err
		}
		if active(cell.Pattern, lengths) {
			h := cell.Pattern.Hash()
			p.place[h] = append(p.place[h], len(p.cells))
			p.cells = append(p.cells, cell)
		}
	}
	return p, nil
}

// active reports whether a pattern has an active sample that is not zero.
func active(p arrangements.Pattern, lengths []float64) bool {
	for i, length := range lengths {
		if length > 0 && p.Active(i) {
			return true
		}
	}
	return false
}

func rowNorms(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	out := make([]float64, n)
	for i := range out {
		out[i] = floats.Norm(x.RawRowView(i), 2)
	}
	return out
}

// signed is the number of signed cells.
func (p *problem) signed() int { return 2 * len(p.cells) }

func sign(c int) float64 { return float64(1 - 2*(c&1)) }

// bits is the pattern of a signed cell.
func (p *problem) bits(c int) bitset.Set { return p.cells[c/2].Pattern.Bits() }

// find is the index of a pattern among the cells, negative if it is none of them.
func (p *problem) find(pattern arrangements.Pattern) int {
	for _, k := range p.place[pattern.Hash()] {
		if p.cells[k].Pattern.Equal(pattern) {
			return k
		}
	}
	return -1
}

// A block is the weights of one neuron in scaled coordinates: its output is
// sign (x~ u)_+.
type block struct {
	u    []float64 // r
	sign float64
}

// network is the balanced network of some blocks in the units given, with the best
// intercept if it may have one.
func (p *problem) network(blocks []block) (*convexnn.Network, error) {
	_, d := p.given.Dims()
	net := &convexnn.Network{Model: convexnn.ReLU, Dim: d}
	for _, b := range blocks {
		u := append([]float64(nil), b.u...)
		if p.basis != nil {
			u = make([]float64, d)
			mat.NewVecDense(d, u).MulVec(p.basis, mat.NewVecDense(p.rank, b.u))
		}
		size := floats.Norm(u, 2)
		if size == 0 {
			continue
		}
		root := math.Sqrt(size * (p.sy / p.sx))
		floats.Scale(root/size, u)
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: u, Output: b.sign * root})
	}
	if p.intercept {
		f, err := net.Predict(p.given)
		if err != nil {
			return nil, err
		}
		net.Intercept = (floats.Sum(p.targets) - floats.Sum(f)) / float64(len(f))
	}
	return net, nil
}

// units turns an objective of the scaled problem into one of the problem given.
func (p *problem) units(objective float64) float64 { return objective * p.sy * p.sy }

// centre takes the mean off v if there is an intercept.
func (p *problem) centre(v []float64) {
	if p.intercept {
		floats.AddConst(-stat.Mean(v, nil), v)
	}
}

// centreColumn takes the mean off v if there is an intercept, and returns the length.
// What rounding leaves of a constant becomes zero.
func (p *problem) centreColumn(v []float64) float64 {
	before := floats.Norm(v, 2)
	p.centre(v)
	after := floats.Norm(v, 2)
	if after <= constant*before {
		clear(v)
		return 0
	}
	return after
}

// constant is the part of a column's length outside of the constants below which it
// counts as constant.
const constant = 1e-12

// masked is the n x r matrix D X of a pattern.
func (p *problem) masked(bits bitset.Set) *mat.Dense {
	n, r := p.x.Dims()
	out := mat.NewDense(n, r, nil)
	for i := range n {
		if bits.Has(i) {
			out.SetRow(i, p.x.RawRowView(i))
		}
	}
	return out
}

// distinct lists the cells of a tuple of signed cells, each once.
func distinct(tuple []int) []int {
	var out []int
	for _, c := range tuple {
		if !slices.Contains(out, c/2) {
			out = append(out, c/2)
		}
	}
	return out
}
