package convexnn_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// An error of the settings is not taken for the end of the context, which would leave
// a price of zero and prove everything.
func TestABadSettingProvesNothingOnACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x := mat.NewDense(3, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
	y := []float64{1, 1, 1}
	for name, how := range map[string]convexnn.PriceSettings{
		"given start of the wrong length": {Given: [2][][]float64{{{1}}}},
		"negative tolerance":              {Tolerance: -1},
	} {
		c, err := convexnn.Verify(ctx, x, y, y, 0.1, 1.5, convexnn.VerifySettings{Price: &how})
		if err == nil {
			t.Errorf("%s: no error, and the certificate %+v", name, c)
		}
	}
	c, err := convexnn.Verify(ctx, x, y, y, 0.1, 1.5, convexnn.VerifySettings{})
	if err != nil || c.LowerBound > 0.1*math.Sqrt(3) {
		t.Errorf("cancelled: bound %g, %v", c.LowerBound, err)
	}
}

// Local search alone proves nothing, in numbers that JSON can hold but for the
// infinite price.
func TestAnUnpricedVectorProvesNothing(t *testing.T) {
	x, y := sine(1, 20, 4)
	c, err := convexnn.Verify(t.Context(), x, y, y, 0.1, 10, convexnn.VerifySettings{Price: &convexnn.PriceSettings{MaxNodes: -1}})
	if err != nil || c.Kind != convexnn.CertifiedBounded || c.LowerBound != 0 || !math.IsInf(c.Price.Upper, 1) {
		t.Errorf("%+v, %v", c, err)
	}
	if got, want := c.Statement(), "Nothing"; got[:len(want)] != want {
		t.Error(got)
	}
}

// With an unpenalised intercept a vector is centred, however large its mean.
func TestABoundWithInterceptIgnoresTheMean(t *testing.T) {
	for seed := range uint64(20) {
		x, y := sine(seed, 10, 2)
		r := train(t, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: 0.3, Intercept: true, Tolerance: 1e-8})
		for _, offset := range []float64{1e3, 1e9, 1e12} {
			v := make([]float64, len(y))
			copy(v, r.Certificate.Dual)
			floats.AddConst(offset, v)
			c, err := convexnn.Verify(t.Context(), x, y, v, 0.3, r.Objective, convexnn.VerifySettings{Intercept: true})
			if err != nil || c.LowerBound > r.Objective {
				t.Errorf("seed %d, offset %g: bound %.12g above the objective %.12g (%v)", seed, offset, c.LowerBound, r.Objective, err)
			}
		}
	}
}

// An objective below what is proved is a contradiction, not a gap of zero.
func TestVerifySeesAnImpossibleObjective(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	r := train(t, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: 0.1})
	_, err := convexnn.Verify(t.Context(), x, y, r.Certificate.Dual, 0.1, 0.5, convexnn.VerifySettings{})
	if !errors.Is(err, convexnn.ErrContradiction) {
		t.Errorf("error %v, want ErrContradiction", err)
	}
}

// Solved is said of a proved gap only.
func TestCertifyStatus(t *testing.T) {
	x, y := sine(3, 40, 3)
	zero := &convexnn.Network{Dim: 3}
	c, err := convexnn.Certify(t.Context(), x, y, zero, 0.1, convexnn.CertifySettings{MaxRounds: -1})
	if err != nil || c.Status != convexnn.Limited {
		t.Errorf("without a search: %v, gap %g (%v)", c.Status, c.Certificate.RelativeGap, err)
	}
	c, err = convexnn.Certify(t.Context(), x, y, zero, 0.1, convexnn.CertifySettings{})
	if err != nil || c.Status != convexnn.Solved {
		t.Errorf("with a search: %v (%v)", c.Status, err)
	}
}

// Tolerances that rounding does not allow end the search all the same.
func TestGenerationEnds(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 77))
		n, d := 2+rng.IntN(8), 1+rng.IntN(3)
		x, y := mat.NewDense(n, d, nil), make([]float64, n)
		for i := range n {
			for k := range d {
				x.Set(i, k, rng.NormFloat64())
			}
			x.Set(i, d-1, 1)
			y[i] = rng.NormFloat64() + []float64{0, 3e4, 1e6}[seed%3]
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		r, err := convexnn.Train(ctx, x, y, convexnn.Options{Mode: convexnn.Enumerate, BetaRatio: 0.05, Tolerance: math.Pow(10, -9-3*rng.Float64())})
		cancel()
		if err != nil || r.Status == convexnn.Stopped {
			t.Errorf("seed %d: %v after %d rounds (%v)", seed, r.Status, r.Rounds, err)
		}
	}
}

// A run that is cut still prices the residual of its best network, where that is
// quick: its bound is that of the network's own residual, at least.
func TestAStoppedRunProvesWhatItsNetworkProves(t *testing.T) {
	x, y := sine(5, 60, 3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := convexnn.Train(ctx, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: 0.05, Progress: func(p convexnn.Progress) {
		if p.Stage == "generate" && p.Solve.Rounds == 2 {
			cancel()
		}
	}})
	if err != nil || r.Status != convexnn.Stopped {
		t.Fatal(r.Status, err)
	}
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Network.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	own, err := convexnn.Verify(t.Context(), x, y, floats.SubTo(f, y, f), 0.05, r.Objective,
		convexnn.VerifySettings{Price: &convexnn.PriceSettings{Cells: a}})
	if err != nil || r.Certificate.LowerBound < own.LowerBound*(1-1e-2) {
		t.Errorf("bound %g, the network's residual proves %g (%v)", r.Certificate.LowerBound, own.LowerBound, err)
	}
}
