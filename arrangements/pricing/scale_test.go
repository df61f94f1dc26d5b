package pricing_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

// Only the products v_i x_i matter: rows that are huge where their weights are tiny,
// and the reverse, change no bit.
func TestTreeScalesRowByRow(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 3))
	for _, exp := range []int{10, 300, 500, 700, 900} {
		x, v := mat.NewDense(8, 4, nil), make([]float64, 8)
		y, w := mat.NewDense(8, 4, nil), make([]float64, 8)
		for i := range v {
			v[i] = rng.NormFloat64()
			s := exp - rng.IntN(2*exp)
			for k := range 4 {
				x.Set(i, k, rng.NormFloat64())
				y.Set(i, k, math.Ldexp(x.At(i, k), s))
			}
			w[i] = math.Ldexp(v[i], -s)
		}
		want, err := pricing.BranchAndBound(t.Context(), x, v, pricing.TreeSettings{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := pricing.BranchAndBound(t.Context(), y, w, pricing.TreeSettings{})
		if err != nil || got.Value != want.Value || got.Upper != want.Upper || want.Value == 0 {
			t.Errorf("rows to 2^%d: [%g, %g], want [%g, %g] (%v)", exp, got.Value, got.Upper, want.Value, want.Upper, err)
		}
	}
}

// theta = sqrt 2 for two orthogonal products of length one, whatever they are made of.
func TestTreeOppositeScales(t *testing.T) {
	x := mat.NewDense(2, 2, []float64{1e200, 0, 0, 1e-200})
	r, err := pricing.BranchAndBound(t.Context(), x, []float64{1e-200, 1e200}, pricing.TreeSettings{})
	if err != nil || math.Abs(r.Value-math.Sqrt2) > 1e-12 || r.Upper < math.Sqrt2 || r.Upper > math.Sqrt2*(1+1e-9) {
		t.Errorf("[%v, %v], want sqrt 2 (%v)", r.Value, r.Upper, err)
	}
}

// A value past the largest float64 is an error, and a floor there closes everything.
func TestTreeAtTheEndsOfTheRange(t *testing.T) {
	large := mat.NewDense(1, 1, []float64{1e200})
	if _, err := pricing.BranchAndBound(t.Context(), large, []float64{1e200}, pricing.TreeSettings{}); !errors.Is(err, arrangements.ErrNonFinite) {
		t.Errorf("error %v, want ErrNonFinite", err)
	}
	small := mat.NewDense(3, 2, []float64{1e-200, 0, 0, 1e-200, 1e-200, 1e-200})
	r, err := pricing.BranchAndBound(t.Context(), small, []float64{1e-200, 1e-200, 1e-200}, pricing.TreeSettings{Floor: 1})
	if err != nil || r.Upper != 1 || !r.Closed {
		t.Errorf("Upper %v, closed %v, want the floor 1 (%v)", r.Upper, r.Closed, err)
	}
}
