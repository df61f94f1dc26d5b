package flow

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/qp"
)

// A Neuron is one of the network, and how it lies to the dual vector nu = y o lambda, lambda
// the multipliers of [Result], or, where there are none, the shares of the samples in the
// gradient as the weights remember them, in units of their own. At a KKT point of the max-margin problem a neuron with weight
// has Alignment 1 and Length 1: its direction is an extreme point of the dual set (Wang and
// Pilanci, 2022).
type Neuron struct {
	Weights []float64 // u_j, of [Result.Network]
	Output  float64   // alpha_j
	Norm    float64   // |u_j|
	Ratio   float64   // |alpha_j|/|u_j|
	Share   float64   // of |w|^2
	Active  int       // samples with x_i.u_j > 0
	// Sliding is the number of hyperplanes {u : x_i.u = 0} that the flow keeps it on.
	Sliding int
	// Dead: it is active on no sample and will never move again.
	Dead bool
	// WrongSide: it is active only on samples whose label is not the sign of its output.
	// It shrinks, until it is dead, comes to other samples, or these have no share left in
	// the gradient.
	WrongSide bool
	// Alignment is the cosine of u_j and s_j X'D_j nu, s_j the sign of its output, and
	// Length is |X'D_j nu|; 0 if there is no such vector. Where x_i.u_j = 0, to 1e-6 of
	// |x_i||u_j|, any d_i in [0,1] is allowed, and the best is taken.
	Alignment, Length float64
}

// near is the product of two unit vectors up to which they count as orthogonal here.
const near = 1e-6

// describe returns the neurons of the network scaled by exp(shift), against the dual vector
// of multipliers.
func (r *run) describe(shift float64, lambda []float64) []Neuron {
	g, f := r.flow, r.flow.field
	signed := floats.MulTo(make([]float64, len(lambda)), lambda, r.y)
	out := make([]Neuron, 0, len(f.signs))
	for j, h := range g.now.network(f.signs, shift).Neurons {
		n := Neuron{
			Weights: h.Weights, Output: h.Output, Norm: floats.Norm(h.Weights, 2),
			Share: 2 * math.Exp(2*(g.now.logs[j]-g.logRho)), Sliding: len(f.sides.slides[j]),
		}
		n.Ratio = math.Abs(h.Output) / n.Norm
		right := 0
		for i, label := range r.y {
			if f.sides.bits[j].Has(i) {
				n.Active++
				if label == f.signs[j] {
					right++
				}
			}
		}
		n.Dead = n.Active == 0 && n.Sliding == 0
		n.WrongSide = n.Active > 0 && right == 0
		n.Alignment, n.Length = r.align(j, signed)
		out = append(out, n)
	}
	return out
}

// align returns the cosine of neuron j and s_j X'D_j v, and the length of the latter, with the
// best shares of the samples whose hyperplanes it is on. Of samples on one hyperplane each has
// its own share, as the conditions of a KKT point allow.
func (r *run) align(j int, v []float64) (cosine, length float64) {
	f, e := r.flow.field, r.flow.now.dir(j)
	d := len(e)
	products := r.flow.products.RawRowView(j)
	point, bends := make([]float64, d), blas64.General{Cols: d, Stride: d}
	for i, w := range v {
		switch row := r.x.RawRowView(i); {
		case math.Abs(products[f.sides.line[i]]) <= near:
			bends.Rows++
			bends.Data = append(bends.Data, floats.ScaleTo(make([]float64, d), f.signs[j]*w, row)...)
		case f.sides.bits[j].Has(i):
			floats.AddScaled(point, f.signs[j]*w, row)
		}
	}
	if bends.Rows > 0 {
		rest := floats.SubTo(make([]float64, d), e, point)
		qp.NewBoxProjector(bends).Project(rest, make([]float64, bends.Rows), rest)
		floats.SubTo(point, e, rest)
	}
	if length = floats.Norm(point, 2); length == 0 {
		return 0, 0
	}
	return floats.Dot(point, e) / length, length
}
