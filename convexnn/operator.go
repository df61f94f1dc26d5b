package convexnn

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm"
	"github.com/convexnn/convexnn/internal/kernel"
)

// operator is a program as admm sees it. All cone constraints are scaled by one
// factor g, so that the metric of every block is M = I + g^2 X'X: the sign
// matrices satisfy (2D - I)^2 = I.
type operator struct {
	*Program
	g       float64
	metric  blas64.General      // M^-1, d x d
	columns *kernel.GramColumns // made when first asked for
}

// coneScale times sqrt(d)/|X|_F is the scale g of the cone constraints: it makes
// them weigh about as much as the copies of the weights.
const coneScale = 2

func newOperator(p *Program) *operator {
	d := p.masked.X.Cols
	o := &operator{Program: p}
	gram := mat.NewSymDense(d, nil)
	for l := range d {
		gram.SetSym(l, l, 1)
	}
	if norm := mat.Norm(p.spec.X, 2); p.spec.Model == ReLU && norm > 0 {
		o.g = coneScale * math.Sqrt(float64(d)) / norm
		gram.SymRankK(gram, o.g*o.g, p.spec.X.T())
	}
	var factor mat.Cholesky
	inverse := mat.NewSymDense(d, nil)
	// I + g^2 X'X is positive definite with eigenvalues in [1, 1 + 4d].
	if !factor.Factorize(gram) || factor.InverseTo(inverse) != nil {
		panic("convexnn: I + g^2 X'X is not positive definite")
	}
	full := mat.DenseCopyOf(inverse)
	o.metric = full.RawMatrix()
	return o
}

func (o *operator) Dims() (n, m, d int) { return len(o.target), o.Blocks(), o.masked.X.Cols }

func (o *operator) Apply(dst, u []float64) { o.apply(dst, u) }

func (o *operator) Adjoint(dst, r []float64) { o.adjoint(dst, r) }

func (o *operator) SolveMetric(dst, b []float64) {
	if o.g == 0 {
		copy(dst, b)
		return
	}
	d := o.masked.X.Cols
	in := blas64.General{Rows: len(b) / d, Cols: d, Stride: d, Data: append([]float64(nil), b...)}
	out := blas64.General{Rows: in.Rows, Cols: d, Stride: d, Data: dst}
	kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, in, o.metric, 0, out)
}

// multiplicity is how many blocks share a pattern: F M^-1 F' sums over blocks,
// the kernel's Gram over patterns.
func (o *operator) multiplicity() float64 { return float64(o.Blocks() / o.Patterns()) }

func (o *operator) Gram() blas64.General {
	gram := o.masked.Gram(o.metric)
	floats.Scale(o.multiplicity(), gram.Data)
	if o.spec.Intercept {
		kernel.CenterSymmetric(gram)
	}
	return gram
}

// The mean that an intercept takes off is left out of single columns: they serve
// to precondition.
func (o *operator) GramDiagonal() []float64 {
	diag := o.gramColumns().Diagonal()
	floats.Scale(o.multiplicity(), diag)
	return diag
}

func (o *operator) GramColumn(dst []float64, i int) {
	o.gramColumns().Column(dst, i)
	floats.Scale(o.multiplicity(), dst)
}

func (o *operator) gramColumns() *kernel.GramColumns {
	if o.columns == nil {
		o.columns = o.masked.GramColumns(o.metric)
	}
	return o.columns
}

func (o *operator) Cones() admm.Cones {
	if o.spec.Model == Gated {
		return nil
	}
	return coneStepper{kernel.NewCones(o.masked, o.Blocks(), o.g)}
}

// coneStepper is the kernel's cones with the report that admm knows.
type coneStepper struct{ *kernel.Cones }

func (c coneStepper) Take(from admm.Cones) { c.Cones.Take(from.(coneStepper).Cones) }

func (c coneStepper) Step(dst, u []float64, alpha float64) admm.ConeNorms {
	return admm.ConeNorms(c.Cones.Step(dst, u, alpha))
}
