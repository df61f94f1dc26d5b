package outputs_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
)

func TestVerify(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, intercept := range []bool{false, true} {
		x, y := gaussian(rng, 12, 3), gaussian(rng, 12, 2)
		options := exact
		options.BetaRatio, options.Intercept = 0.1, intercept
		r := train(t, x, y, options)
		verify := func(s outputs.VerifySettings) convexnn.Certificate {
			s.Intercept = intercept
			c, err := outputs.Verify(t.Context(), x, y, r.Certificate.Dual, r.Beta, r.Objective, s)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []outputs.VerifySettings{{}, {Cells: a}, {Floor: 1e-3}} {
			if c := verify(s); c.Kind != convexnn.CertifiedExact || math.Abs(c.LowerBound-r.Certificate.LowerBound) > 1e-9*r.Objective || c.Price.Cells != r.Cells {
				t.Errorf("%+v: %v of %.15g with %d cells, trained with %.15g and %d", s, c.Kind, c.LowerBound, c.Price.Cells, r.Certificate.LowerBound, r.Cells)
			}
		}
		if c := verify(outputs.VerifySettings{Norms: true}); c.Kind != convexnn.CertifiedBounded || c.LowerBound <= 0 || c.LowerBound > r.Certificate.LowerBound {
			t.Errorf("by norms %v of %g, by cells %g", c.Kind, c.LowerBound, r.Certificate.LowerBound)
		}
		// Twice the vector is scaled back.
		twice := make([]float64, len(r.Certificate.Dual))
		for i, v := range r.Certificate.Dual {
			twice[i] = 2 * v
		}
		c, err := outputs.Verify(t.Context(), x, y, twice, r.Beta, r.Objective, outputs.VerifySettings{Intercept: intercept})
		if err != nil || math.Abs(c.LowerBound-r.Certificate.LowerBound) > 1e-9*r.Objective {
			t.Errorf("bound %g of twice the vector, %v", c.LowerBound, err)
		}
		if _, err := outputs.Verify(t.Context(), x, y, twice, r.Beta, r.Objective/2, outputs.VerifySettings{Intercept: intercept}); !errors.Is(err, convexnn.ErrContradiction) {
			t.Errorf("half the objective: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if c, err := outputs.Verify(ctx, x, y, twice, r.Beta, r.Objective, outputs.VerifySettings{Intercept: intercept}); err != nil || c.LowerBound > r.Certificate.LowerBound*(1+1e-9) || c.Kind == convexnn.CertifiedExact {
			t.Errorf("stopped: %v of %g, %v", c.Kind, c.LowerBound, err)
		}
	}
	// What trees proved, trees prove again.
	long, two := gaussian(rng, 30, 8), gaussian(rng, 30, 2)
	r := train(t, long, two, outputs.Options{BetaRatio: 0.2, Tolerance: 0.02})
	c, err := outputs.Verify(t.Context(), long, two, r.Certificate.Dual, r.Beta, r.Objective, outputs.VerifySettings{Value: r.Certificate.Price.Value})
	if err != nil || c.Price.Method != convexnn.ByTree || math.Abs(c.LowerBound-r.Certificate.LowerBound) > 1e-7*r.Objective {
		t.Errorf("%v by %v of %.12g, trained with %v of %.12g, %v", c.Kind, c.Price.Method, c.LowerBound, r.Certificate.Price.Method, r.Certificate.LowerBound, err)
	}
	x, y := mat.NewDense(2, 1, []float64{1, 2}), mat.NewDense(2, 2, []float64{1, 2, 3, 4})
	for _, test := range []struct {
		v    []float64
		beta float64
		want error
	}{
		{[]float64{1, 2}, 1, convexnn.ErrShape},
		{[]float64{1, 2, 3, math.NaN()}, 1, convexnn.ErrNotFinite},
		{[]float64{1, 2, 3, 4}, 0, convexnn.ErrBeta},
	} {
		if _, err := outputs.Verify(t.Context(), x, y, test.v, test.beta, 1, outputs.VerifySettings{}); !errors.Is(err, test.want) {
			t.Errorf("%v, want %v", err, test.want)
		}
	}
}
