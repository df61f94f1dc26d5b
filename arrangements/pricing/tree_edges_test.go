package pricing_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
)

func TestTreeDegenerate(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 1))
	ones := func(n int) []float64 {
		v := make([]float64, n)
		floats.AddConst(1, v)
		return v
	}
	same := mat.NewDense(6, 3, nil)
	for i := range 6 {
		same.SetRow(i, []float64{1, 2, 2})
	}
	for _, c := range []struct {
		name string
		x    *mat.Dense
		v    []float64
		want float64
	}{
		{"equal rows", same, ones(6), 18},
		{"equal rows that cancel", same, []float64{1, -1, 1, -1, 1, -1}, 0},
		{"zeros", mat.NewDense(3, 2, nil), ones(3), 0},
		{"no positive weight", gaussian(rng, 5, 4), []float64{-1, 0, -2, -3, 0}, 0},
		{"one sample in many dimensions", mat.NewDense(1, 5, []float64{1, 1, 1, 1, 0}), []float64{3}, 6},
		// Orthogonal rows: theta is the length of the positive weights.
		{"orthogonal", mat.NewDense(4, 4, []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}), []float64{2, 3, 6, -5}, 7},
		// z_+ - z_+ + z_+ and (-z)_+ of three orthogonal lines: max of |z|'s.
		{"antipodal", mat.NewDense(6, 3, []float64{1, 0, 0, -1, 0, 0, 0, 2, 0, 0, -2, 0, 0, 0, 1, 0, 0, -1}), []float64{1, 1, 1, 1, 2, 2}, 3},
		// |z| of each axis, written as 2 z_+ - z: a linear part remains.
		{"opposite weights", mat.NewDense(6, 3, []float64{1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1}), []float64{1, -1, 2, -2, 2, -2}, 3},
	} {
		r := tree(t, c.x, c.v, pricing.TreeSettings{})
		if !r.Exact || math.Abs(r.Value-c.want) > 1e-8*c.want || math.Abs(r.Upper-c.want) > 1e-8*c.want+1e-9*sizeOf(c.x, c.v) {
			t.Errorf("%s: [%.15g, %.15g], want %g", c.name, r.Value, r.Upper, c.want)
		}
	}
}

func TestTreeScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 1))
	x := gaussian(rng, 25, 5)
	v := gaussian(rng, 1, 25).RawRowView(0)
	want := tree(t, x, v, pricing.TreeSettings{})
	for _, e := range [][2]int{{-330, -330}, {330, 330}, {-330, 600}, {900, -900}} {
		// Powers of two change no bit of the mantissas.
		var y mat.Dense
		y.Apply(func(_, _ int, s float64) float64 { return math.Ldexp(s, e[0]) }, x)
		w := make([]float64, len(v))
		for i := range w {
			w[i] = math.Ldexp(v[i], e[1])
		}
		r, err := pricing.BranchAndBound(context.Background(), &y, w, pricing.TreeSettings{})
		if err != nil {
			t.Fatal(err)
		}
		back := func(s float64) float64 { return math.Ldexp(s, -e[0]-e[1]) }
		if !r.Exact || math.Abs(back(r.Value)-want.Value) > 1e-12*want.Value || math.Abs(back(r.Upper)-want.Upper) > 1e-7*want.Upper {
			t.Errorf("scales 2^%v: [%g, %g], want [%g, %g]", e, back(r.Value), back(r.Upper), want.Value, want.Upper)
		}
	}
	// Rows of very different lengths.
	for i := range 25 {
		s := math.Pow(10, float64(i%7)-3)
		floats.Scale(s, x.RawRowView(i))
		v[i] /= s
	}
	if r := tree(t, x, v, pricing.TreeSettings{}); !r.Exact || math.Abs(r.Value-want.Value) > 1e-9*want.Value {
		t.Errorf("rows rescaled: %g, want %g", r.Value, want.Value)
	}
}
