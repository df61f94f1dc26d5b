package convexnn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// trainedTo trains with a loss, and checks objective and bracket against the optimum.
func trainedTo(t *testing.T, x *mat.Dense, y []float64, o convexnn.Options, want float64) *convexnn.Result {
	t.Helper()
	r, err := convexnn.Train(context.Background(), x, y, o)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Certificate
	if math.Abs(r.Objective-want) > tight*want || r.Status != convexnn.Solved {
		t.Errorf("%v, %v: objective %.10g, want %.10g (%v)", o.Loss, o.Mode, r.Objective, want, r.Status)
	}
	if c.LowerBound > want*(1+1e-9) || c.LowerBound < want*(1-tight) || c.Kind != convexnn.CertifiedExact || c.Loss != o.Loss {
		t.Errorf("%v, %v: the bound %.10g is %s of %v, the optimum %.10g", o.Loss, o.Mode, c.LowerBound, c.Kind, c.Loss, want)
	}
	// Objective and margins once more, in plain loops.
	loss, penalty := 0.0, 0.0
	for i := range y {
		f := 0.0
		for _, h := range r.Network.Neurons {
			f += h.Output * max(0, floats.Dot(h.Weights, x.RawRowView(i)))
		}
		if o.Loss == convexnn.HardMargin && f*y[i] < y[i]*y[i]*(1-1e-12) {
			t.Errorf("row %d has f = %v, and %v was asked for", i, f, y[i])
		}
		loss += max(0, math.Abs(y[i])-math.Copysign(1, y[i])*f)
	}
	for _, h := range r.Network.Neurons {
		penalty += math.Abs(h.Output) * floats.Norm(h.Weights, 2)
	}
	if plain := penalty*r.Beta + loss; math.Abs(plain-r.Objective) > 1e-9*want {
		t.Errorf("%v: the network has the objective %.12g, said to be %.12g", o.Loss, plain, r.Objective)
	}
	return r
}

// modes train over all networks.
var modes = []convexnn.Mode{convexnn.Enumerate, convexnn.Global}

// On XOR with a hidden bias it costs c_i |f_i| to fit sample i alone, with
// c = (sqrt 2, sqrt 2, sqrt 3, sqrt 3), and sharing does not pay: what the optimum of the
// squared loss is made of holds of any loss.
func TestHingeOfXOR(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	c := []float64{math.Sqrt2, math.Sqrt2, math.Sqrt(3), math.Sqrt(3)}
	for _, mode := range modes {
		for _, beta := range []float64{1e-3, 0.1, 0.55, 0.6, 0.65} {
			want := 0.0
			for _, v := range c {
				want += min(1, beta*v)
			}
			trainedTo(t, x, y, convexnn.Options{Loss: convexnn.Hinge, Mode: mode, Beta: beta, Tolerance: 1e-8}, want)
		}
		r := trainedTo(t, x, y, convexnn.Options{Loss: convexnn.HardMargin, Mode: mode, Tolerance: 1e-8}, floats.Sum(c))
		if len(r.Network.Neurons) != 4 {
			t.Errorf("%v: %d neurons, and four do it", mode, len(r.Network.Neurons))
		}
	}
}

// From beta_max on, max theta(+-sign y), the network without neurons is optimal.
func TestHingeAboveBetaMax(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	most, err := convexnn.FindBetaMax(context.Background(), x, y, false)
	if err != nil || !most.Exact {
		t.Fatal(most, err)
	}
	r := trainedTo(t, x, y, convexnn.Options{Loss: convexnn.Hinge, Beta: 1.0001 * most.Value}, 4)
	if len(r.Network.Neurons) > 0 {
		t.Errorf("%d neurons", len(r.Network.Neurons))
	}
	r, err = convexnn.Train(context.Background(), x, y, convexnn.Options{Loss: convexnn.Hinge, Beta: 0.999 * most.Value})
	if err != nil || r.Objective >= 4*(1-1e-6) {
		t.Errorf("objective %v just below beta_max, %v", r.Objective, err)
	}
}

// The example of the geometry of backpropagation: classes at right angles or more to each
// other have one neuron each, with the hard margins of the classes.
func TestHardMarginOfClasses(t *testing.T) {
	x, y := dense([]float64{2, 0}, []float64{1, 1}, []float64{-1, 0}), []float64{1, 1, -1}
	for _, mode := range modes {
		r := trainedTo(t, x, y, convexnn.Options{Loss: convexnn.HardMargin, Mode: mode, Tolerance: 1e-8}, 1+math.Sqrt2/2)
		if len(r.Network.Neurons) != 2 {
			t.Errorf("%d neurons, want 2", len(r.Network.Neurons))
		}
	}
	// Margins other than one: (4, 0) and (2, 2) fit 2 each, (-1, 0) fits 3.
	trainedTo(t, x, []float64{2, 2, -3}, convexnn.Options{Loss: convexnn.HardMargin, Tolerance: 1e-8}, 2*math.Sqrt2/2+3)
}

// Units: X and the margins in other units change the objective by their factors, and the
// hinge loss its beta.
func TestUnitsOfMargins(t *testing.T) {
	x, y := dense([]float64{2, 0}, []float64{1, 1}, []float64{-1, 0}, []float64{-1, 2}), []float64{1, 1, -1, -1}
	base, err := convexnn.Train(context.Background(), x, y, convexnn.Options{Loss: convexnn.Hinge, Beta: 0.2, Tolerance: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct{ x, y float64 }{{1e5, 1}, {1e-5, 1}, {3, 1e4}, {1, 1e-4}, {1, 1e18}, {1, 1e-100}} {
		var xs mat.Dense
		xs.Scale(k.x, x)
		ys := floats.ScaleTo(make([]float64, 4), k.y, y)
		trainedTo(t, &xs, ys, convexnn.Options{Loss: convexnn.Hinge, Beta: 0.2 * k.x, Tolerance: 1e-8}, base.Objective*k.y)
	}
}

// Bounds that no float64 holds are none.
func TestBoundsOutOfRange(t *testing.T) {
	y, tiny := []float64{1, -1}, math.SmallestNonzeroFloat64
	for _, loss := range []convexnn.Loss{convexnn.Hinge, convexnn.HardMargin} {
		for _, c := range []struct{ v, price float64 }{{tiny, 0}, {tiny, tiny}, {1e300, tiny}, {1, 0}, {1, 1e-320}, {1, math.NaN()}} {
			got := loss.Certificate(y, []float64{c.v, -c.v}, 1, 3, convexnn.Price{Upper: c.price, Kind: convexnn.CertifiedExact})
			if !(got.LowerBound >= 0) || math.IsInf(got.LowerBound, 1) || floats.HasNaN(got.Dual) || math.IsInf(floats.Sum(got.Dual), 0) {
				t.Errorf("%v of %g at the price %g: bound %v by %v", loss, c.v, c.price, got.LowerBound, got.Dual)
			}
			if loss == convexnn.Hinge && got.LowerBound > 2 {
				t.Errorf("the hinge loss of no network is 2, and the bound is %v", got.LowerBound)
			}
		}
	}
}

// Every vector of the right signs proves a bound that holds, whatever its scale, and one
// of wrong signs proves nothing.
func TestLossBounds(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	rng := rand.New(rand.NewPCG(7, 7))
	hard := 2*math.Sqrt2 + 2*math.Sqrt(3)
	for range 200 {
		v := make([]float64, 4)
		for i := range v {
			v[i] = rng.Float64() * y[i] * math.Exp(3*rng.NormFloat64())
		}
		for loss, want := range map[convexnn.Loss]float64{convexnn.Hinge: 0.1 * hard, convexnn.HardMargin: hard} {
			c, err := convexnn.Verify(context.Background(), x, y, v, 0.1, want, convexnn.VerifySettings{Loss: loss})
			if err != nil {
				t.Fatal(err)
			}
			if c.LowerBound <= 0 || c.LowerBound > want*(1+1e-9) {
				t.Errorf("%v: the bound of %v is %v, the optimum %v", loss, v, c.LowerBound, want)
			}
			if math.Abs(loss.DualObjective(y, c.Dual)-c.LowerBound) > 1e-9*want {
				t.Errorf("%v: the dual vector has the value %v, its bound is %v", loss, loss.DualObjective(y, c.Dual), c.LowerBound)
			}
			v[0] = -v[0]
			price, err := convexnn.FindPrice(context.Background(), x, v, convexnn.PriceSettings{})
			if err != nil {
				t.Fatal(err)
			}
			if c := loss.Certificate(y, v, 0.1, want, price); c.LowerBound != 0 {
				t.Errorf("%v: a vector of wrong signs proves %v", loss, c.LowerBound)
			}
			v[0] = -v[0]
			// Hard margins have no beta, whatever is said.
			if one, c := loss.Certificate(y, v, 1, want, price), loss.Certificate(y, v, 7, want, price); loss == convexnn.HardMargin && (c.LowerBound != one.LowerBound || c.LowerBound <= 0) {
				t.Errorf("the bound at beta = 7 is %v, and %v at 1", c.LowerBound, one.LowerBound)
			}
		}
	}
}

func TestLossErrors(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	hinge, hard := convexnn.Hinge, convexnn.HardMargin
	for name, c := range map[string]struct {
		y       []float64
		options convexnn.Options
		want    error
	}{
		"no such loss":  {y, convexnn.Options{Loss: 7}, convexnn.ErrLoss},
		"sampled":       {y, convexnn.Options{Loss: hinge, Mode: convexnn.Sampled}, convexnn.ErrLoss},
		"patterns":      {y, convexnn.Options{Loss: hinge, Patterns: 10}, convexnn.ErrLoss},
		"gated":         {y, convexnn.Options{Loss: hinge, Model: convexnn.Gated}, convexnn.ErrLoss},
		"intercept":     {y, convexnn.Options{Loss: hinge, Intercept: true}, convexnn.ErrLoss},
		"beta":          {y, convexnn.Options{Loss: hard, Beta: 1}, convexnn.ErrLoss},
		"ratio":         {y, convexnn.Options{Loss: hard, BetaRatio: 1}, convexnn.ErrLoss},
		"zero label":    {[]float64{1, 0, -1, 1}, convexnn.Options{Loss: hinge}, convexnn.ErrLabels},
		"zero in row 1": {[]float64{0, 1, -1, 1}, convexnn.Options{Loss: hinge}, convexnn.ErrLabels},
		"one class":     {[]float64{1, 1, 1, 1}, convexnn.Options{Loss: hard}, convexnn.ErrLabels},
		"one class, -1": {[]float64{-1, -1, -1, -1}, convexnn.Options{Loss: hinge}, convexnn.ErrLabels},
	} {
		if _, err := convexnn.Train(context.Background(), x, c.y, c.options); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	if _, err := convexnn.ParseLoss("huber"); !errors.Is(err, convexnn.ErrLoss) {
		t.Error(err)
	}
	for _, l := range []convexnn.Loss{convexnn.Squared, hinge, hard} {
		if back, err := convexnn.ParseLoss(l.String()); back != l || err != nil {
			t.Errorf("%v is read as %v, %v", l, back, err)
		}
	}
}

func TestSeparable(t *testing.T) {
	for name, c := range map[string]struct {
		x  [][]float64
		y  []float64
		ok bool
	}{
		"XOR":                    {xorX, []float64{-1, 1, 1, -1}, true},
		"zero row":               {[][]float64{{0, 0}, {1, 0}}, []float64{1, -1}, false},
		"same direction":         {[][]float64{{1, 2}, {3, 1}, {2, 4}}, []float64{1, 1, -1}, false},
		"same direction, agreed": {[][]float64{{1, 2}, {3, 1}, {2, 4}}, []float64{1, -1, 1}, true},
		"opposite, even":         {[][]float64{{1, 0}, {-1, 0}, {0, 1}}, []float64{1, 1, -1}, true},
		"opposite, odd":          {[][]float64{{1, 0}, {-2, 0}, {0, 1}, {0, -1}}, []float64{1, -1, -1, 1}, true},
		// w has a positive and a negative first coordinate.
		"odd and not linear": {
			[][]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}},
			[]float64{1, -1, 1, -1, -1, 1},
			false,
		},
		"odd and linear": {
			[][]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}},
			[]float64{1, -1, 1, -1, 1, -1},
			true,
		},
		// The third line has one label, and so an even part of its own.
		"odd on two lines": {
			[][]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}},
			[]float64{1, -1, 1, -1, -1, -1},
			true,
		},
	} {
		err := convexnn.Separable(dense(c.x...), c.y)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, convexnn.ErrNotSeparable) {
			t.Errorf("%s: %v, want separable %v", name, err, c.ok)
		}
		if _, trained := convexnn.Train(context.Background(), dense(c.x...), c.y, convexnn.Options{Loss: convexnn.HardMargin}); (trained == nil) != c.ok {
			t.Errorf("%s: training says %v", name, trained)
		}
	}
}

// Multiples of a row have its direction, though rounding may turn them a little, and so
// have opposite ones.
func TestMultiplesAreNotSeparable(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		d := 1 + rng.IntN(6)
		u, w := make([]float64, d), make([]float64, d)
		for l := range u {
			u[l], w[l] = rng.NormFloat64(), rng.NormFloat64()
		}
		factor := math.Exp(10 * rng.NormFloat64())
		x := dense(u, w, scaledBy(factor, u))
		if err := convexnn.Separable(x, []float64{1, 1, -1}); !errors.Is(err, convexnn.ErrNotSeparable) {
			t.Fatalf("%v times %v: %v", factor, u, err)
		}
		if err := convexnn.Separable(x, []float64{1, -1, 1}); err != nil && d > 1 {
			t.Fatalf("%v times %v, agreed: %v", factor, u, err)
		}
		// An odd pair that contradicts another on the same line in its sum only.
		x = dense(u, scaledBy(-factor, u), w, scaledBy(-1, w), axpyed(u, w), scaledBy(-factor, axpyed(u, w)))
		if err := convexnn.Separable(x, []float64{1, -1, 1, -1, -1, 1}); !errors.Is(err, convexnn.ErrNotSeparable) {
			t.Fatalf("%v, %v and their sum: %v", u, w, err)
		}
	}
}

// axpyed is the sum of two vectors.
func axpyed(a, b []float64) []float64 {
	out := scaledBy(1, a)
	axpy(out, 1, b)
	return out
}

// A stop leaves what there is, and no contradiction.
func TestHardMarginStops(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	x := mat.NewDense(60, 8, nil)
	y := make([]float64, 60)
	for i := range y {
		for l := range 8 {
			x.Set(i, l, rng.NormFloat64())
		}
		y[i] = float64(1 - 2*rng.IntN(2))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := convexnn.Train(ctx, x, y, convexnn.Options{Loss: convexnn.HardMargin})
	if err != nil || r.Status != convexnn.Stopped || !math.IsInf(r.Objective, 1) || len(r.Network.Neurons) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	rounds := 0
	r, err = convexnn.Train(ctx, x, y, convexnn.Options{Loss: convexnn.HardMargin, Tolerance: 1e-9, Progress: func(p convexnn.Progress) {
		if rounds++; p.Stage == "generate" && !math.IsInf(p.Solve.Objective, 1) {
			cancel()
		}
	}})
	if err != nil || r.Status != convexnn.Stopped || math.IsInf(r.Objective, 1) || r.Certificate.LowerBound > r.Objective {
		t.Errorf("objective %v, bound %v, status %v, %v", r.Objective, r.Certificate.LowerBound, r.Status, err)
	}
}

// The largest margin of the example that package flow approaches by gradients.
func ExampleTrain_hardMargin() {
	x := mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0})
	y := []float64{1, 1, -1}
	r, err := convexnn.Train(context.Background(), x, y, convexnn.Options{Loss: convexnn.HardMargin})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.6f with %d neurons\n", r.Objective, len(r.Network.Neurons))
	fmt.Println(r.Certificate.Statement())
	// Output:
	// 1.707107 with 2 neurons
	// Globally optimal within 0.001 %: no two-layer ReLU network of any width separates the samples with an objective below 1.7071.
}
