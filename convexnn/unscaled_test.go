package convexnn_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// Numbers so far apart that only float64 holds them come out as those of the same
// program in better units do: beta matters in neither.
func TestUnscaledWeights(t *testing.T) {
	const n, d = 60, 4
	rng := rand.New(rand.NewPCG(7, 8))
	unit, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range y {
		for l := range d {
			unit.Set(i, l, rng.NormFloat64())
		}
		y[i] = rng.NormFloat64()
	}
	cells, _, err := arrangements.Sample(context.Background(), unit, 10, arrangements.SampleSettings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	solve := func(x, y0, beta float64) float64 {
		xs, ys := mat.NewDense(n, d, nil), make([]float64, n)
		xs.Scale(x, unit)
		floats.ScaleTo(ys, y0, y)
		p, err := convexnn.NewProgram(convexnn.Spec{X: xs, Y: ys, Cells: cells, Beta: beta})
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Solve(context.Background(), convexnn.SolveSettings{MaxIterations: 5000, PolishLimit: -1})
		if err != nil {
			t.Fatal(err)
		}
		return s.Objective / y0 / y0
	}
	far, near := solve(1e100, 1e50, 1e-180), solve(1, 1, 1e-3)
	if !(far < 1.05*near) {
		t.Errorf("objective %v, in better units %v", far, near)
	}
}

// A beta that leaves the range of float64 next to the data leaves them unscaled, and
// numbers far out of the range of float32. The network must still be found: y is
// what one neuron gives, so that little is left of its square.
func TestUnscaledData(t *testing.T) {
	for _, e := range []struct{ x, y, beta float64 }{{1e140, 1e140, 1e-60}, {1e120, 1e120, 1e-120}, {1e-140, 1e-140, 1e-290}, {1e100, 1e50, 1e-180}} {
		t.Run(fmt.Sprint(e), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 6))
			x, y := mat.NewDense(30, 3, nil), make([]float64, 30)
			for i := range y {
				for l := range 3 {
					x.Set(i, l, rng.NormFloat64())
				}
			}
			cells, _, err := arrangements.Sample(context.Background(), x, 10, arrangements.SampleSettings{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i := range y {
				y[i] = e.y * max(0, floats.Dot(x.RawRowView(i), cells[0].Witness)) / floats.Norm(cells[0].Witness, 2)
			}
			x.Scale(e.x, x)
			p, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: e.beta})
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.Solve(context.Background(), convexnn.SolveSettings{MaxIterations: 2000, PolishLimit: -1})
			if err != nil {
				t.Fatal(err)
			}
			if zero := floats.Dot(y, y) / 2; !(s.Objective < 1e-6*zero) || math.IsNaN(s.LowerBound) {
				t.Errorf("objective %v, %v without neurons", s.Objective, zero)
			}
		})
	}
}
