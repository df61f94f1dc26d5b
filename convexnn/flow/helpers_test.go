package flow_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// rays is the smallest orthogonally separable example: w_+ = (1/2, 1/2), w_- = (-1, 0).
func rays() (*mat.Dense, []float64) {
	return mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0}), []float64{1, 1, -1}
}

const raysOptimum = 1 + 1/math.Sqrt2

// orthogonal draws data with x_i.x_j > 0 within a class and <= 0 between the two, in a
// random orthonormal basis: the classes have the coordinates of one orthant and, in all
// but one of them, those of its opposite; the last is only of use to one class.
func orthogonal(rng *rand.Rand, n, d int) (*mat.Dense, []float64) {
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		y[i] = float64(1 - 2*(i%2))
		for k := range d {
			v := 0.1 + rng.Float64()
			if rng.IntN(4) == 0 && k > 0 {
				v = 0
			}
			x.Set(i, k, y[i]*v)
		}
	}
	square := mat.NewDense(d, d, nil)
	for i := range d {
		for j := range d {
			square.Set(i, j, rng.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(square)
	var q, turned mat.Dense
	qr.QTo(&q)
	turned.Mul(x, &q)
	return &turned, y
}

// gaussian draws data without structure.
func gaussian(rng *rand.Rand, n, d int) (*mat.Dense, []float64) {
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		y[i] = float64(1 - 2*(i%2))
		for k := range d {
			x.Set(i, k, rng.NormFloat64())
		}
	}
	return x, y
}

// hardMargin returns the length of the shortest w with w.x_i >= 1 for the rows of one
// class, by ascent in one multiplier after the other.
func hardMargin(x *mat.Dense, y []float64, class float64) float64 {
	n, d := x.Dims()
	lambda, w := make([]float64, n), make([]float64, d)
	for range 20000 {
		for i := range n {
			if y[i] != class {
				continue
			}
			row := x.RawRowView(i)
			to := max(0, lambda[i]+(1-floats.Dot(w, row))/floats.Dot(row, row))
			floats.AddScaled(w, to-lambda[i], row)
			lambda[i] = to
		}
	}
	return floats.Norm(w, 2)
}

func run(t testing.TB, x *mat.Dense, y []float64, o flow.Options) *flow.Result {
	t.Helper()
	r, err := flow.Run(t.Context(), x, y, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// price is max(theta(v), theta(-v)).
func price(t testing.TB, x *mat.Dense, v []float64) float64 {
	t.Helper()
	p, err := convexnn.FindPrice(t.Context(), x, v, convexnn.PriceSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind != convexnn.CertifiedExact {
		t.Fatalf("a price is %s", p.Kind)
	}
	return p.Upper
}
