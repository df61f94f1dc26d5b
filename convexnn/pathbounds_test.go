package convexnn

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// squarePath is XOR with a column of ones at three strengths: the first and the last
// trained, and the middle with the network without neurons and no bound.
func squarePath(t *testing.T) (*mat.Dense, []float64, *PathResult) {
	t.Helper()
	x := mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1})
	y := []float64{-1, 1, 1, -1}
	p, err := Path(t.Context(), x, y, PathOptions{Betas: []float64{0.3, 0.2, 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	middle := p.Points[1]
	if err := middle.describe(constantNetwork(ReLU, 3, y, false), x, y); err != nil {
		t.Fatal(err)
	}
	middle.Certificate, middle.Status = Certificate{Kind: CertifiedBounded}, Stopped
	return x, y, p
}

// squareBest is the optimal value below 1/sqrt(3): four neurons, each active on one
// sample alone.
func squareBest(beta float64) float64 {
	return 2*(beta*math.Sqrt2-beta*beta) + 2*(beta*math.Sqrt(3)-1.5*beta*beta)
}

// estimateOf is a certificate as if local search had found its price.
func estimateOf(c Certificate) *Certificate {
	c.Kind, c.Price.Kind, c.Price.Upper, c.Price.Method = CertifiedEstimate, CertifiedEstimate, math.Inf(1), ByAscent
	return &c
}

// checkDual fails unless the vector of r proves its bound, priced over all cells.
func checkDual(t *testing.T, x *mat.Dense, y []float64, r *Result) {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	price, err := FindPrice(t.Context(), x, r.Certificate.Dual, PriceSettings{Cells: a})
	if err != nil || price.Value > r.Beta*(1+1e-9) || price.Value > r.Certificate.Price.Upper*(1+1e-9) || r.Certificate.Price.Value > price.Upper*(1+1e-9) {
		t.Errorf("the price of the vector at beta %g is %.12g, [%.12g, %.12g] claimed (%v)", r.Beta, price.Value, r.Certificate.Price.Value, r.Certificate.Price.Upper, err)
	}
	v := r.Certificate.Dual
	if value := floats.Dot(y, v) - floats.Dot(v, v)/2; math.Abs(value-r.Certificate.LowerBound) > 1e-9*value {
		t.Errorf("the vector at beta %g gives %.12g, and the bound is %.12g", r.Beta, value, r.Certificate.LowerBound)
	}
}

// Between close strengths the mixture of two vectors is nearly the best one, where
// each alone, scaled, is not.
func TestReconcileMixesProofs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := mat.NewDense(24, 3, nil), make([]float64, 24)
	for i := range y {
		x.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64(), 1})
		y[i] = rng.NormFloat64()
	}
	for _, intercept := range []bool{false, true} {
		options := Options{Tolerance: 1e-7, Intercept: intercept}
		p, err := Path(t.Context(), x, y, PathOptions{Options: options, Betas: []float64{1, 0.97, 0.92}})
		if err != nil {
			t.Fatal(err)
		}
		r, target := p.Points[1], y
		if intercept {
			target = centered(y)
		}
		best := *r
		if err := r.describe(constantNetwork(ReLU, 3, y, intercept), x, y); err != nil {
			t.Fatal(err)
		}
		r.Certificate, r.Status = Certificate{Kind: CertifiedBounded}, Stopped
		if err := p.reconcile(x, y, options); err != nil {
			t.Fatal(err)
		}
		c, first, last := r.Certificate, p.Points[0].Certificate, p.Points[2].Certificate
		chord := first.LowerBound*5/8 + last.LowerBound*3/8
		if c.Kind != CertifiedBounded || c.LowerBound < chord || c.LowerBound > best.Objective || c.LowerBound < best.Certificate.LowerBound*0.999 {
			t.Errorf("bound %.12g of kind %s, the chord is %.12g and the optimum %.12g", c.LowerBound, c.Kind, chord, best.Objective)
		}
		checkDual(t, x, target, r)
		if p := c.Price; p.Value < 0.99*r.Beta || p.Value > p.Upper {
			t.Errorf("price [%g, %g] at beta %g, though the network's neurons show more", p.Value, p.Upper, r.Beta)
		}
		if r.Objective > best.Objective*1.001 || r.Objective < best.Certificate.LowerBound || math.Abs(c.RelativeGap-(1-c.LowerBound/r.Objective)) > 1e-12 {
			t.Errorf("[%.12g, %.12g], gap %g, around %.12g", c.LowerBound, r.Objective, c.RelativeGap, best.Objective)
		}
		if first.Kind != CertifiedExact || last.Kind != CertifiedExact {
			t.Error("the proofs of the others were replaced")
		}

		// The same with one of the two an estimate.
		p.Points[0].Estimate, p.Points[0].Certificate = estimateOf(first), Certificate{Kind: CertifiedBounded}
		r.Certificate, r.Status = Certificate{Kind: CertifiedBounded}, Stopped
		if err := p.reconcile(x, y, options); err != nil {
			t.Fatal(err)
		}
		if e := r.Estimate; e == nil || e.Kind != CertifiedEstimate || math.Abs(e.LowerBound-c.LowerBound) > 1e-9*c.LowerBound || !math.IsInf(e.Price.Upper, 1) {
			t.Errorf("estimate %+v, where proofs gave %.12g", e, c.LowerBound)
		}
		if r.Certificate.LowerBound >= c.LowerBound {
			t.Errorf("an estimate proves %.12g", r.Certificate.LowerBound)
		}
	}
}

// With one neighbour there is no chord, and its vector is scaled, both ways.
func TestReconcileMovesProofs(t *testing.T) {
	for _, from := range []int{0, 2} {
		x, y, p := squarePath(t)
		p.Points[2-from].Certificate = Certificate{Kind: CertifiedBounded}
		if err := p.reconcile(x, y, Options{Tolerance: 1e-5}); err != nil {
			t.Fatal(err)
		}
		r := p.Points[1]
		checkDual(t, x, y, r)
		// The best vectors are beta times one of price 1 here, and so are exact.
		want := squareBest(0.2)
		if c := r.Certificate; c.Kind != CertifiedExact || math.Abs(c.LowerBound-want) > 1e-6*want || r.Status != Solved || math.Abs(r.Objective-want) > 1e-6*want {
			t.Errorf("from %g: [%.12g, %.12g], %s, %v; optimum %.12g", p.Points[from].Beta, c.LowerBound, r.Objective, c.Kind, r.Status, want)
		}
	}
}

// What comes from an estimate is an estimate, and what proved bounds alone give is not.
func TestReconcileKeepsEstimatesApart(t *testing.T) {
	x, y, p := squarePath(t)
	for k, r := range p.Points {
		if k != 1 {
			r.Estimate, r.Certificate = estimateOf(r.Certificate), Certificate{Kind: CertifiedBounded}
		}
	}
	proved := p.Points[0].Estimate.Dual
	p.Points[0].Certificate = NewCertificate(y, proved, 0.3, p.Points[0].Objective, Price{Upper: 0.6, Kind: CertifiedBounded})
	if err := p.reconcile(x, y, Options{Tolerance: 1e-6}); err != nil {
		t.Fatal(err)
	}
	r, half := p.Points[1], p.Points[0].Certificate
	if c := r.Certificate; c.Kind != CertifiedBounded || c.LowerBound > half.LowerBound || c.LowerBound <= 0 {
		t.Errorf("proved %g of kind %s, from %g", c.LowerBound, c.Kind, half.LowerBound)
	}
	if e := r.Estimate; e == nil || e.Kind != CertifiedEstimate || e.LowerBound < r.Certificate.LowerBound || math.Abs(e.LowerBound-squareBest(0.2)) > 1e-5 {
		t.Errorf("estimate %+v, the optimum is %g", e, squareBest(0.2))
	}
}

// An estimate whose price was found too low falls to where the neurons of the other
// points show it to be, and a point that it made look solved is not.
func TestReconcileRefutesEstimates(t *testing.T) {
	x, y, p := squarePath(t)
	middle := p.Points[1]
	middle.Estimate, middle.Status = estimateOf(NewCertificate(y, y, 0.2, middle.Objective, Price{Value: 0.2, Upper: 0.2})), Solved
	if middle.Estimate.LowerBound < 1.9 {
		t.Fatalf("the estimate is %g", middle.Estimate.LowerBound)
	}
	for _, r := range p.Points {
		r.Certificate = Certificate{Kind: CertifiedBounded}
	}
	if err := p.reconcile(x, y, Options{Tolerance: 1e-6}); err != nil {
		t.Fatal(err)
	}
	// The neurons are of price 1/sqrt(2) at y itself.
	s := 0.2 * math.Sqrt2
	if e := middle.Estimate; e == nil || math.Abs(e.LowerBound-(4*s-2*s*s)) > 1e-6 || middle.Status != Limited {
		t.Errorf("%v, estimate %+v, want %.12g", middle.Status, e, 4*s-2*s*s)
	}
}

// A price that was exact because a floor was all that mattered is only a bound of it
// where the floor is higher.
func TestReconcileTakesFloorsForBounds(t *testing.T) {
	x, y, p := squarePath(t)
	last := p.Points[2]
	half := floats.ScaleTo(make([]float64, 4), 0.5, last.Certificate.Dual)
	price := Price{Value: last.Certificate.Price.Value / 2, Upper: last.Beta, Kind: CertifiedExact, Method: ByCells}
	p.Points[0].Certificate = Certificate{Kind: CertifiedBounded}
	last.Certificate = NewCertificate(y, half, last.Beta, last.Objective, price)
	if last.Certificate.Kind != CertifiedExact {
		t.Fatal("the price is not exact at its own floor")
	}
	if err := p.reconcile(x, y, Options{Tolerance: 1e-6}); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Points[:2] {
		if c := r.Certificate; c.Kind != CertifiedBounded || c.LowerBound < last.Certificate.LowerBound || c.LowerBound > squareBest(r.Beta)*0.99 {
			t.Errorf("at %g: bound %g of kind %s", r.Beta, c.LowerBound, c.Kind)
		}
		checkDual(t, x, y, r)
	}
}

// A bound within tolerance stays, though others would give a better one.
func TestReconcileKeepsWhatIsGoodEnough(t *testing.T) {
	for _, stays := range []bool{true, false} {
		x, y, p := squarePath(t)
		middle, v := p.Points[1], p.Points[2].Certificate.Dual
		// Half of the best vector, below the chord.
		middle.Certificate = NewCertificate(y, v, 0.1, middle.Objective, Price{Value: 0.1, Upper: 0.1, Kind: CertifiedExact})
		before := middle.Certificate.LowerBound
		tolerance := 1e-6
		if stays {
			tolerance = 0.99
		}
		if err := p.reconcile(x, y, Options{Tolerance: tolerance}); err != nil {
			t.Fatal(err)
		}
		if after := middle.Certificate.LowerBound; (after == before) != stays {
			t.Errorf("tolerance %g: bound %g became %g", tolerance, before, after)
		}
	}
}
