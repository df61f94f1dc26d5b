package convexnn

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// What admm is told about the operator fits together: the Gram matrix is
// F M^-1 F', the adjoint is the adjoint, and M is I + G'G for the cones.
func TestOperatorIsConsistent(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n, d = 17, 3
	x := mat.NewDense(n, d, nil)
	y := make([]float64, n)
	for i := range n {
		y[i] = rng.NormFloat64()
		for l := range d {
			x.Set(i, l, rng.NormFloat64())
		}
	}
	cells, _, err := arrangements.Sample(t.Context(), x, 9, arrangements.SampleSettings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []Model{ReLU, Gated} {
		for _, intercept := range []bool{false, true} {
			p, err := NewProgram(Spec{X: x, Y: y, Cells: cells, Beta: 1, Model: model, Intercept: intercept})
			if err != nil {
				t.Fatal(err)
			}
			o := newOperator(p)
			_, m, _ := o.Dims()
			gram := o.Gram()
			e, u, column := make([]float64, n), make([]float64, m*d), make([]float64, n)
			for i := range n {
				clear(e)
				e[i] = 1
				o.Adjoint(u, e)
				o.SolveMetric(u, u)
				o.Apply(column, u)
				for k, v := range column {
					if math.Abs(gram.Data[k*n+i]-v) > 1e-12*float64(m) {
						t.Fatalf("%v, intercept %v: Gram (%d, %d) is %v, F M^-1 F' gives %v", model, intercept, k, i, gram.Data[k*n+i], v)
					}
				}
				if !intercept { // single columns leave the mean out
					o.GramColumn(column, i)
					if math.Abs(column[0]-gram.Data[i]) > 1e-12*float64(m) || math.Abs(o.GramDiagonal()[i]-gram.Data[i*n+i]) > 1e-12*float64(m) {
						t.Fatalf("%v: single entries of column %d differ from Gram", model, i)
					}
				}
			}
			if o.Cones() == nil {
				continue
			}
			// G'(G u) from a step at z = 0 with alpha = 1: there |z| = |G u|, and
			// the signs of u's own pattern make G u positive.
			g := newOperator(p).g
			w := append([]float64(nil), cells[0].Witness...)
			clear(u)
			copy(u, w)
			pulled, cones := make([]float64, m*d), o.Cones()
			cones.Refine()
			cones.Step(pulled, u, 1)
			for l := range d {
				want := 0.0
				for i := range n {
					dot := 0.0
					for a := range d {
						dot += x.At(i, a) * w[a]
					}
					want += g * g * x.At(i, l) * dot
				}
				if math.Abs(pulled[l]-want) > 1e-12 {
					t.Errorf("G'G u is %v, want %v", pulled[l], want)
				}
			}
		}
	}
}
