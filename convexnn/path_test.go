package convexnn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

func path(t testing.TB, x *mat.Dense, y []float64, options convexnn.PathOptions) *convexnn.PathResult {
	t.Helper()
	p, err := convexnn.Path(context.Background(), x, y, options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkPath fails unless the points are what theory says of the optimal value: each
// bracket is right for its network, no network beats another point, the objectives
// increase and are concave in beta, up to the gaps.
func checkPath(t *testing.T, what string, x *mat.Dense, y []float64, p *convexnn.PathResult) {
	t.Helper()
	const slack = 1e-9
	upper := func(k int) float64 { return p.Points[k].Objective }
	lower := func(k int) float64 {
		r := p.Points[k]
		if r.Estimate != nil {
			return r.Estimate.LowerBound
		}
		return r.Certificate.LowerBound
	}
	for k, r := range p.Points {
		f, loss, err := r.Network.Objective(x, y, r.Beta)
		if err != nil || math.Abs(f-r.Objective) > slack*f || math.Abs(loss-r.TrainingLoss) > slack*f {
			t.Errorf("%s at %g: objective %.12g, loss %.12g, and the network has %.12g, %.12g (%v)", what, r.Beta, r.Objective, r.TrainingLoss, f, loss, err)
		}
		if lower(k) > f*(1+slack) {
			t.Errorf("%s at %g: bound %.12g above the objective %.12g", what, r.Beta, lower(k), f)
		}
		for _, other := range p.Points {
			g, _, err := other.Network.Objective(x, y, r.Beta)
			if err != nil || g < f*(1-1e-11) {
				t.Errorf("%s: the network of %g has %.12g at %g, where %.12g was reported", what, other.Beta, g, r.Beta, f)
			}
		}
		if k > 0 && !(r.Beta < p.Points[k-1].Beta && lower(k) <= upper(k-1)*(1+slack) && upper(k) <= upper(k-1)*(1+slack)) {
			t.Errorf("%s: [%.12g, %.12g] at %g after [%.12g, %.12g] at %g", what, lower(k), upper(k), r.Beta, lower(k-1), upper(k-1), p.Points[k-1].Beta)
		}
		if k > 1 {
			a, b := p.Points[k-2].Beta, r.Beta
			s := (p.Points[k-1].Beta - b) / (a - b)
			if chord := s*lower(k-2) + (1-s)*lower(k); chord > upper(k-1)*(1+slack) {
				t.Errorf("%s at %g: objective %.12g below the chord %.12g", what, p.Points[k-1].Beta, upper(k-1), chord)
			}
		}
	}
}

func TestPathMeetsXOR(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	for _, mode := range []convexnn.Mode{convexnn.Auto, convexnn.Enumerate, convexnn.Global} {
		p := path(t, x, y, convexnn.PathOptions{Options: convexnn.Options{Mode: mode, Tolerance: 1e-6}, Count: 12})
		checkPath(t, fmt.Sprint(mode), x, y, p)
		if len(p.Points) != 12 || p.Status != convexnn.Solved || math.Abs(p.BetaMax.Value-1/math.Sqrt2) > 1e-12 {
			t.Errorf("%v: %d points, %v, beta_max %v", mode, len(p.Points), p.Status, p.BetaMax)
		}
		if first, last := p.Betas[0]*math.Sqrt2, p.Betas[11]*math.Sqrt2; first >= 1 || first < 0.98 || math.Abs(last-1e-3) > 1e-12 {
			t.Errorf("%v: from %g to %g of beta_max", mode, first, last)
		}
		for k, r := range p.Points {
			want := xorOptimum(r.Beta)
			if c := r.Certificate; c.LowerBound > want*(1+1e-12) || r.Objective < want*(1-1e-12) || c.RelativeGap > 1e-6 || r.Status != convexnn.Solved {
				t.Errorf("%v at %g: [%.12g, %.12g] around %.12g, %v", mode, r.Beta, c.LowerBound, r.Objective, want, r.Status)
			}
			if k > 1 {
				if q := p.Betas[k-1] * p.Betas[k-1] / p.Betas[k] / p.Betas[k-2]; math.Abs(q-1) > 1e-12 {
					t.Errorf("%v: not spaced by a constant factor at %d: %g", mode, k, q)
				}
			}
		}
	}
}

// One sample: beta 2/|x| - beta^2/(2 |x|^2) below beta_max = 2 |x|, and the network
// without neurons above.
func TestPathOfOneSample(t *testing.T) {
	x, y := dense([]float64{3, 4}), []float64{2}
	betas := []float64{100, 10.1, 9.9, 5, 1, 0.01}
	p := path(t, x, y, convexnn.PathOptions{Betas: betas})
	checkPath(t, "one sample", x, y, p)
	for k, r := range p.Points {
		b := min(betas[k], 10)
		if want := b*2/5 - b*b/50; r.Beta != betas[k] || math.Abs(r.Objective-want) > 1e-6*want || r.Certificate.RelativeGap > 1e-6 || (len(r.Network.Neurons) == 0) != (betas[k] > 10) {
			t.Errorf("at %g: [%.9g, %.9g], want %.9g", r.Beta, r.Certificate.LowerBound, r.Objective, want)
		}
	}
}

// planted is noise on a teacher of two neurons, with a column of ones.
func planted(n, d int, seed uint64) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for j := range d - 1 {
			x.Set(i, j, rng.NormFloat64())
		}
		x.Set(i, d-1, 1)
		y[i] = max(0, x.At(i, 0)-0.5) - max(0, 0.3-x.At(i, 1%d)) + 0.1*rng.NormFloat64()
	}
	return x, y
}

// The brackets of a path are those of single trainings, of which those by enumeration
// know nothing of neighbours.
func TestPathMeetsTrain(t *testing.T) {
	for _, intercept := range []bool{false, true} {
		x, y := planted(20, 3, 7)
		for _, mode := range []convexnn.Mode{convexnn.Enumerate, convexnn.Global} {
			p := path(t, x, y, convexnn.PathOptions{Options: convexnn.Options{Mode: mode, Intercept: intercept, Tolerance: 1e-5}, Count: 6, Ratio: 0.01})
			what := fmt.Sprint(mode, ", intercept ", intercept)
			checkPath(t, what, x, y, p)
			for _, r := range p.Points {
				one := train(t, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: r.Beta, Intercept: intercept})
				if r.Certificate.LowerBound > one.Objective*(1+1e-9) || r.Objective < one.Certificate.LowerBound*(1-1e-9) || r.Objective > one.Objective*(1+1e-5) {
					t.Errorf("%s at %g: [%.9g, %.9g], alone [%.9g, %.9g]", what, r.Beta, r.Certificate.LowerBound, r.Objective, one.Certificate.LowerBound, one.Objective)
				}
			}
		}
	}
}

// Points that were hardly trained are bracketed by what the others know: their bounds
// hold, priced anew over all cells, and are no worse than the chord.
func TestPathTightensLoosePoints(t *testing.T) {
	x, y := planted(24, 3, 3)
	for _, mode := range []convexnn.Mode{convexnn.Enumerate, convexnn.Global} {
		options := convexnn.PathOptions{Options: convexnn.Options{Mode: mode, Tolerance: 0.2}, Count: 9, Ratio: 0.01}
		var alone []convexnn.Result
		options.Step = func(_ []float64, _ int, r *convexnn.Result) { alone = append(alone, *r) }
		p := path(t, x, y, options)
		checkPath(t, fmt.Sprint(mode), x, y, p)
		for k, r := range p.Points {
			if r.Objective > alone[k].Objective || r.Certificate.LowerBound < alone[k].Certificate.LowerBound {
				t.Errorf("%v at %g: [%g, %g] became [%g, %g]", mode, r.Beta, alone[k].Certificate.LowerBound, alone[k].Objective, r.Certificate.LowerBound, r.Objective)
			}
			verifyPoint(t, x, y, r)
			// What is good enough stays as it is.
			if c := alone[k].Certificate; c.RelativeGap <= 0.2 && (r.Certificate.LowerBound != c.LowerBound || r.Certificate.Kind != c.Kind) {
				t.Errorf("%v at %g: bound %g of kind %s became %g, %s", mode, r.Beta, c.LowerBound, c.Kind, r.Certificate.LowerBound, r.Certificate.Kind)
			}
		}
	}
}

// verifyPoint prices the vector of a point over all cells.
func verifyPoint(t *testing.T, x *mat.Dense, y []float64, r *convexnn.Result) {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	c, err := convexnn.Verify(context.Background(), x, y, r.Certificate.Dual, r.Beta, r.Objective, convexnn.VerifySettings{Price: &convexnn.PriceSettings{Cells: a}})
	if err != nil || c.LowerBound < r.Certificate.LowerBound*(1-1e-8) {
		t.Errorf("at %g: bound %.12g of kind %s, and its vector proves %.12g (%v)", r.Beta, r.Certificate.LowerBound, r.Certificate.Kind, c.LowerBound, err)
	}
}

func TestPathOfNothing(t *testing.T) {
	x := dense([]float64{1, 2}, []float64{3, 4})
	p := path(t, x, []float64{0, 0}, convexnn.PathOptions{})
	if r := p.Points[0]; len(p.Points) != 1 || r.Beta != 1 || r.Objective != 0 || r.Certificate.RelativeGap != 0 || p.Status != convexnn.Solved {
		t.Errorf("zero target: %d points, the first %+v", len(p.Points), r)
	}
	// With an intercept a constant target leaves nothing to fit.
	p = path(t, x, []float64{3, 3}, convexnn.PathOptions{Options: convexnn.Options{Intercept: true}})
	if r := p.Points[0]; len(p.Points) != 1 || r.Objective != 0 || r.Network.Intercept != 3 {
		t.Errorf("constant target: %d points, the first %+v", len(p.Points), r)
	}
	p = path(t, x, []float64{1, -1}, convexnn.PathOptions{Count: 1, Ratio: 0.5})
	if len(p.Points) != 1 || math.Abs(p.Points[0].Beta-p.BetaMax.Value/2) > 1e-12 {
		t.Errorf("one point: %v of %v", p.Betas, p.BetaMax)
	}
}

func TestPathStopsEarly(t *testing.T) {
	x, y := planted(20, 3, 1)
	ctx, cancel := context.WithCancel(context.Background())
	options := convexnn.PathOptions{Count: 8, Ratio: 0.01, Step: func(betas []float64, k int, _ *convexnn.Result) {
		if len(betas) != 8 {
			t.Errorf("%d strengths", len(betas))
		}
		if k == 2 {
			cancel()
		}
	}}
	p, err := convexnn.Path(ctx, x, y, options)
	if err != nil || len(p.Points) != 3 || len(p.Betas) != 8 || p.Status != convexnn.Stopped {
		t.Fatalf("%d points of %d, %v, %v", len(p.Points), len(p.Betas), p.Status, err)
	}
	checkPath(t, "stopped", x, y, p)
	for _, r := range p.Points {
		if r.Status != convexnn.Solved {
			t.Errorf("the point at %g is %v", r.Beta, r.Status)
		}
	}
	// Nothing at all was done: there is one point, which says so.
	if p, err = convexnn.Path(ctx, x, y, options); err != nil || len(p.Points) != 1 || p.Status != convexnn.Stopped || p.Points[0].Status != convexnn.Stopped {
		t.Errorf("cancelled: %d points, %v, %v", len(p.Points), p.Status, err)
	}
}

func TestPathRefuses(t *testing.T) {
	x, y := dense([]float64{1, 2}, []float64{3, 4}), []float64{1, 2}
	for name, test := range map[string]struct {
		options convexnn.PathOptions
		want    error
	}{
		"sampled":    {convexnn.PathOptions{Options: convexnn.Options{Mode: convexnn.Sampled}}, convexnn.ErrMode},
		"patterns":   {convexnn.PathOptions{Options: convexnn.Options{Patterns: 5}}, convexnn.ErrMode},
		"gated":      {convexnn.PathOptions{Options: convexnn.Options{Model: convexnn.Gated}}, convexnn.ErrMode},
		"beta":       {convexnn.PathOptions{Options: convexnn.Options{Beta: 1}}, convexnn.ErrBeta},
		"ratio":      {convexnn.PathOptions{Options: convexnn.Options{BetaRatio: 0.1}}, convexnn.ErrBeta},
		"increasing": {convexnn.PathOptions{Betas: []float64{1, 2}}, convexnn.ErrBeta},
		"twice":      {convexnn.PathOptions{Betas: []float64{1, 1}}, convexnn.ErrBeta},
		"zero":       {convexnn.PathOptions{Betas: []float64{1, 0}}, convexnn.ErrBeta},
		"NaN":        {convexnn.PathOptions{Betas: []float64{math.NaN()}}, convexnn.ErrBeta},
		"none":       {convexnn.PathOptions{Betas: []float64{}}, convexnn.ErrBeta},
		"count":      {convexnn.PathOptions{Count: -1}, convexnn.ErrBeta},
		"smallest":   {convexnn.PathOptions{Ratio: 1}, convexnn.ErrBeta},
		"negative":   {convexnn.PathOptions{Ratio: -0.1}, convexnn.ErrBeta},
		"tolerance":  {convexnn.PathOptions{Options: convexnn.Options{Tolerance: -1}}, convexnn.ErrTolerance},
		"cells":      {convexnn.PathOptions{Options: convexnn.Options{Mode: convexnn.Enumerate, MaxCells: 1}}, convexnn.ErrTooManyCells},
	} {
		if p, err := convexnn.Path(context.Background(), x, y, test.options); !errors.Is(err, test.want) || p != nil {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, err := convexnn.Path(context.Background(), x, y[:1], convexnn.PathOptions{}); !errors.Is(err, convexnn.ErrShape) {
		t.Errorf("shape: %v", err)
	}
}

// Each training begins with the network of the one before.
func TestPathStartsWarm(t *testing.T) {
	x, y := planted(30, 3, 2)
	var before *convexnn.Network
	first := math.NaN() // the first objective of a training
	check := func(beta float64) {
		if f, _, err := before.Objective(x, y, beta); err != nil || !(first <= f*(1+1e-12)) {
			t.Errorf("at %g: begun with objective %g, and the network before has %g (%v)", beta, first, f, err)
		}
	}
	options := convexnn.PathOptions{Betas: []float64{4, 3.9, 3.8, 3.7}}
	options.Mode, options.Tolerance = convexnn.Global, 1e-6
	options.Progress = func(u convexnn.Progress) {
		if u.Stage == "generate" && math.IsNaN(first) {
			first = u.Solve.Objective
		}
	}
	options.Step = func(_ []float64, _ int, r *convexnn.Result) {
		if before != nil {
			check(r.Beta)
		}
		before, first = r.Network, math.NaN()
	}
	path(t, x, y, options)
	if before == nil || len(before.Neurons) == 0 {
		t.Fatal("nothing was trained")
	}
}

func TestPathIsDeterministic(t *testing.T) {
	x, y := planted(30, 4, 5)
	options := convexnn.PathOptions{Options: convexnn.Options{Mode: convexnn.Global, Seed: 3}, Count: 4, Ratio: 0.05}
	first := path(t, x, y, options)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for k, r := range path(t, x, y, options).Points {
		one := first.Points[k]
		if r.Objective != one.Objective || r.Certificate.LowerBound != one.Certificate.LowerBound || !slices.Equal(r.Certificate.Dual, one.Certificate.Dual) {
			t.Errorf("another result at %g", r.Beta)
		}
	}
}
