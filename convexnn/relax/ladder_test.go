package relax_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/relax"
)

// Optima that are known in closed form, and what the ladder makes of them.
func TestClosedForms(t *testing.T) {
	x, y := xor()
	degenerate := mat.NewDense(5, 2, []float64{1, 0, 1, 0, -2, 0, 0, 0, 0, 1})
	eye := mat.NewDense(4, 4, []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1})
	classes := mat.NewDense(4, 2, []float64{1, 0, 1, 0, 1, 0, 0, 1})
	for _, test := range []struct {
		name string
		x, y *mat.Dense
		beta float64
		want float64
	}{
		// Four neurons of one sample each: sum of beta c - beta^2 c^2/2, c^2 = 2, 2, 3, 3.
		{"xor", x, y, 0.1, 0.2*(math.Sqrt2+math.Sqrt(3)) - 0.05},
		{"xor, stronger", x, y, 0.3, 0.6*(math.Sqrt2+math.Sqrt(3)) - 0.45},
		// beta is above beta_max = 1/sqrt 2.
		{"xor, zero", x, y, 0.71, 2},
		// beta |y|/|x| - beta^2/(2|x|^2).
		{"one row", mat.NewDense(1, 2, []float64{3, 4}), mat.NewDense(1, 1, []float64{2}), 1, 0.38},
		{"opposite rows", mat.NewDense(2, 1, []float64{1, -1}), mat.NewDense(2, 1, []float64{2, -3}), 0.5, 2.25},
		{"degenerate", degenerate, mat.NewDense(5, 1, []float64{1, 2, 1, 3, -1}), 0.25, 5.4453125},
		// Soft thresholds of the singular values sqrt 3 and 1 of one-hot targets.
		{"whitened classes", eye, classes, 0.5, 0.5*math.Sqrt(3) - 0.125 + 0.5 - 0.125},
		{"a class below the threshold", eye, classes, 1.2, 1.2*math.Sqrt(3) - 0.72 + 0.5},
		{"zero rows", mat.NewDense(2, 2, nil), mat.NewDense(2, 2, []float64{1, 2, 3, 4}), 1, 15},
		{"zero targets", eye, mat.NewDense(4, 2, nil), 1, 0},
	} {
		start := time.Now()
		l := ladder(t, test.x, test.y, test.beta, relax.Settings{})
		t.Logf("%s: %.9g in [%.9g, %.9g], gated %.9g, trace %.9g, moments %.9g, %v", test.name, test.want, l.Lower, l.Objective, l.Gated.Value, l.Trace.Value, l.Moments.Value, time.Since(start).Round(time.Millisecond))
		if math.Abs(l.Objective-test.want) > 1e-6*(test.want+1e-6) {
			t.Errorf("%s: the network has %.9g, want %.9g", test.name, l.Objective, test.want)
		}
		if l.Lower > test.want*(1+1e-12) || l.Lower < test.want*(1-1e-6) || l.Kind != convexnn.CertifiedExact {
			t.Errorf("%s: bound %.12g, want %.12g, %v", test.name, l.Lower, test.want, l.Kind)
		}
	}
}

// The values of the pattern-free relaxations of XOR: exact with split signs; without, by
// CVXPY and Clarabel on the form with rows for both parts (testdata).
func TestXORMoments(t *testing.T) {
	x, y := xor()
	l := ladder(t, x, y, 0.1, relax.Settings{})
	exact := 0.2*(math.Sqrt2+math.Sqrt(3)) - 0.05
	if v := l.SignSplit.Value; math.Abs(v-exact) > 1e-6 {
		t.Errorf("sign split %.9g, want the optimum %.9g", v, exact)
	}
	if v := l.Moments.Value; math.Abs(v-0.57515025) > 1e-6 {
		t.Errorf("moments %.9g, want 0.57515025", v)
	}
}

// The values are in the order that is proved, and proved bounds are below the network,
// whatever the data: zero, equal and opposite rows, rank below the columns, any scale.
func TestOrder(t *testing.T) {
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 72))
		n, d, c := 1+rng.IntN(6), 1+rng.IntN(3), 1+rng.IntN(3)
		x, y := gaussian(rng, n, d), gaussian(rng, n, c)
		for i := range n {
			switch j := rng.IntN(i + 1); rng.IntN(8) {
			case 0:
				x.SetRow(i, make([]float64, d))
			case 1:
				x.SetRow(i, mat.Row(nil, j, x))
			case 2:
				for k, v := range mat.Row(nil, j, x) {
					x.Set(i, k, -2*v)
				}
			}
		}
		if d > 1 && seed%4 == 0 {
			x.SetCol(1, mat.Col(nil, 0, x))
		}
		x.Scale(math.Exp(3*rng.NormFloat64()), x)
		y.Scale(math.Exp(3*rng.NormFloat64()), y)
		beta := math.Exp(-4*rng.Float64()) * mat.Norm(x, 2) * mat.Norm(y, 2) / 2
		if beta == 0 {
			beta = 1
		}
		start := time.Now()
		l := ladder(t, x, y, beta, relax.Settings{MaxIterations: 3000})
		t.Logf("seed %d (%d, %d, %d): gated %.7g, moments %.7g, trace %.7g, network %.9g, gap %.1e, %v", seed, n, d, c,
			l.Gated.Value, l.Moments.Value, l.Trace.Value, l.Objective, l.Gap(), time.Since(start).Round(time.Millisecond))
		const slack = 1e-5
		size := l.Objective
		below := func(what string, a, b, slack float64) {
			if a > b+slack*size {
				t.Errorf("seed %d: %s: %.12g above %.12g", seed, what, a, b)
			}
		}
		below("gated, trace", l.Gated.Value, l.Trace.Value, slack)
		below("trace, network", l.Trace.Value, l.Objective, slack)
		below("the network does not pass the program", l.Objective, l.Trace.Value, slack)
		// The moments may have stopped short of a value, but not the proved bounds.
		below("moments, trace", l.Moments.Lower, l.Trace.Value, 1e-12)
		for what, b := range map[string]*relax.Bound{"gated": &l.Gated.Bound, "trace": &l.Trace.Bound, "moments": l.Moments, "split": l.SignSplit} {
			if b != nil {
				below("proved "+what, b.Lower, l.Objective, 1e-12)
			}
		}
		if c == 1 && l.Moments.Status == convexnn.Solved && l.SignSplit.Status == convexnn.Solved {
			below("moments, split", l.Moments.Value, l.SignSplit.Value, slack)
			below("split, network", l.SignSplit.Value, l.Objective, slack)
		}
		if gap := l.Gap(); gap > 1e-6 {
			t.Errorf("seed %d: gap %.2g", seed, gap)
		}
	}
}

// Above beta_max the zero network is optimal, and not below.
func TestBetaMax(t *testing.T) {
	x, y := xor()
	got, err := problem(t, x, y, 1).BetaMax(t.Context(), relax.TraceSettings{})
	if err != nil || math.Abs(got-1/math.Sqrt2) > 1e-12 {
		t.Errorf("xor: %v, %v; want the root of a half", got, err)
	}
	for seed := range uint64(4) {
		x, y := random(seed, 6, 1+int(seed)%3, 1+int(seed)%2)
		most, err := problem(t, x, y, 1).BetaMax(t.Context(), relax.TraceSettings{})
		if err != nil {
			t.Fatal(err)
		}
		zero := mat.Norm(y, 2) * mat.Norm(y, 2) / 2
		for part, optimal := range map[float64]bool{0.98: false, 1.0001: true} {
			_, r := recovered(t, problem(t, x, y, part*most))
			if is := len(r.Network.Neurons) == 0; is != optimal || optimal && math.Abs(r.Lower-zero) > 1e-7*zero {
				t.Errorf("seed %d at %v of beta_max: %d neurons, proved %.9g of %.9g", seed, part, len(r.Network.Neurons), r.Lower, zero)
			}
		}
	}
}

// What a solver calls solved is that to the stated part of the value, also where the
// optimum is tiny beside the loss of the zero network: XOR with a small beta, where p* is
// known and relaxations are not above it.
func TestResidualsAreRelative(t *testing.T) {
	x, y := xor()
	for _, beta := range []float64{1e-3, 1e-5, 1e-7} {
		exact := 2*beta*(math.Sqrt2+math.Sqrt(3)) - 5*beta*beta
		l := ladder(t, x, y, beta, relax.Settings{MaxIterations: 3000})
		for what, b := range map[string]*relax.Bound{"moments": l.Moments, "sign split": l.SignSplit} {
			if b.Value > exact*(1+3*b.Residual+1e-9) && b.Residual < 1 || b.Residual > 1 {
				t.Errorf("beta %g, %s: value %.9g above the optimum %.9g, residual %.2g", beta, what, b.Value, exact, b.Residual)
			}
			if b.Status == convexnn.Solved && b.Residual > 1e-6 {
				t.Errorf("beta %g, %s: solved with the residual %.2g", beta, what, b.Residual)
			}
			if b.Lower > exact*(1+1e-12) {
				t.Errorf("beta %g, %s: proved %.12g of %.12g", beta, what, b.Lower, exact)
			}
		}
	}
}

// A coarse tolerance is met early, and does not make a wide bracket an exact one.
func TestCoarseIsNotExact(t *testing.T) {
	x, y := random(3, 7, 3, 2)
	l := ladder(t, x, y, 0.05, relax.Settings{Tolerance: 0.5})
	if l.Gap() < 1e-3 {
		t.Fatalf("the gap is %.2g, too small to tell", l.Gap())
	}
	if l.Kind != convexnn.CertifiedBounded || l.Status != convexnn.Solved {
		t.Errorf("gap %.2g: %v, %v", l.Gap(), l.Kind, l.Status)
	}
}

// A context that ends once the patterns are known leaves a bracket, not an error.
func TestStoppedLadder(t *testing.T) {
	x, y := random(3, 7, 3, 2)
	for _, at := range []relax.Rung{relax.TraceForm, relax.Gated, relax.Pattern} {
		ctx, cancel := context.WithCancel(t.Context())
		l, err := problem(t, x, y, 0.05).Ladder(ctx, relax.Settings{Progress: func(p relax.Progress) {
			if p.Rung == at && (p.Residual < 1 || at != relax.TraceForm) {
				cancel()
			}
		}})
		cancel()
		if err != nil {
			t.Errorf("stopped at %s: %v", at, err)
			continue
		}
		if l.Status != convexnn.Stopped || l.Lower > l.Objective || !(l.Objective > 0) || l.Gated.Lower > l.Objective {
			t.Errorf("stopped at %s: %v, [%g, %g]", at, l.Status, l.Lower, l.Objective)
		}
	}
}
