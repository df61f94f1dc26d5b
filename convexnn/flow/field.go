package flow

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/orth"
)

// A field is the right-hand side of the flow for fixed activation patterns,
//
//	e_j' = s_j (I - e_j e_j') a_j,   b_j' = s_j a_j.e_j,   a_j = sum of l_i y_i x_i over the pattern,
//
// with s_j the signs of the outputs and l the shares of the samples in the gradient. See
// the package documentation.
type field struct {
	loss  Loss
	x     *mat.Dense
	y     []float64
	signs []float64
	sides *sides

	// At the last point.
	margins []float64 // q_i = y_i f(x_i)
	pull    []float64 // l_i
	forces  []float64 // a_j, m x d, without the part along ridges that the neuron slides on
	logPull float64   // log of -sum l'(q_i)
	logLoss float64

	outputs []float64 // s_j |alpha_j| u_j, m x d
	signed  []float64 // l_i y_i
}

func newField(loss Loss, x *mat.Dense, y, signs []float64, sides *sides) *field {
	n, d := x.Dims()
	m := len(signs)
	return &field{
		loss: loss, x: x, y: y, signs: signs, sides: sides,
		margins: make([]float64, n), pull: make([]float64, n), signed: make([]float64, n),
		forces: make([]float64, m*d), outputs: make([]float64, m*d),
	}
}

// at stores the velocity of s in v.
func (f *field) at(v, s state) {
	m := len(s.logs)
	d := len(s.dirs) / m
	for j, b := range s.logs {
		floats.ScaleTo(f.outputs[j*d:(j+1)*d], f.signs[j]*math.Exp(2*b), s.dir(j))
	}
	operator := f.sides.operator()
	operator.Forward(f.margins, f.outputs)
	floats.Mul(f.margins, f.y)
	f.logPull, f.logLoss = f.loss.pulls(f.pull, f.margins)
	floats.MulTo(f.signed, f.pull, f.y)
	operator.Adjoint(f.forces, f.signed)
	for j := range m {
		a, e, to := f.forces[j*d:(j+1)*d], s.dir(j), v.dir(j)
		if b := f.sides.bases[j]; b != nil {
			complement(b, a)
		}
		along := kernel.Dot(a, e)
		v.logs[j] = f.signs[j] * along
		floats.AddScaledTo(to, a, -along, e)
		if f.signs[j] < 0 {
			floats.Scale(-1, to)
		}
	}
}

// complement takes out of v its part in the span of a basis.
func complement(b *orth.Basis, v []float64) {
	if b.Len() > 0 {
		b.Complement(v)
	}
}

// stiffness bounds the largest rate at which the field contracts at s, the last point that
// it was asked for. The Jacobian is -B'(diag(l) - l l')B S, up to terms of the size of the
// field itself, with S holding exp(2 b_j) and B the derivatives of the margins: it has
// real eigenvalues, and their sum is a trace that is cheap.
func (f *field) stiffness(s state, products *mat.Dense) float64 {
	m := len(s.logs)
	d := len(s.dirs) / m
	trace, most := 0.0, 0.0
	for j, b := range s.logs {
		a := f.forces[j*d : (j+1)*d]
		long, along := kernel.Dot(a, a), kernel.Dot(a, s.dir(j))
		most = max(most, long)
		own := 0.0
		if f.loss == Exponential {
			own = -long - along*along
		}
		row := products.RawRowView(j)
		for i, l := range f.pull {
			if f.sides.bits[j].Has(i) {
				z := row[f.sides.line[i]] * f.sides.length[i]
				own += l * (f.sides.length[i]*f.sides.length[i] + z*z)
			}
		}
		trace += math.Exp(2*b) * max(own, 0)
	}
	return trace + 4*math.Sqrt(most)
}
