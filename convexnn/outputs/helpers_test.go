package outputs_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
)

func gaussian(rng *rand.Rand, n, d int) *mat.Dense {
	x := mat.NewDense(n, d, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
	return x
}

// orthogonal is a random orthogonal matrix.
func orthogonal(rng *rand.Rand, n int) *mat.Dense {
	var qr mat.QR
	qr.Factorize(gaussian(rng, n, n))
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

// value is the objective of a network by its definition.
func value(net *outputs.Network, x, y *mat.Dense, beta float64) float64 {
	n, c := y.Dims()
	sum := 0.0
	for i := range n {
		for l := range c {
			f := -y.At(i, l)
			if len(net.Intercept) > 0 {
				f += net.Intercept[l]
			}
			for _, h := range net.Neurons {
				f += max(0, floats.Dot(h.Weights, x.RawRowView(i))) * h.Gains[l]
			}
			sum += f * f / 2
		}
	}
	for _, h := range net.Neurons {
		sum += beta * floats.Norm(h.Weights, 2) * floats.Norm(h.Gains, 2)
	}
	return sum
}

// train trains and checks what holds of every result.
func train(t *testing.T, x, y *mat.Dense, options outputs.Options) *outputs.Result {
	t.Helper()
	r, err := outputs.Train(t.Context(), x, y, options)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, x, y, r)
	return r
}

func valid(t *testing.T, x, y *mat.Dense, r *outputs.Result) {
	t.Helper()
	n, c := y.Dims()
	if got := value(r.Network, x, y, r.Beta); math.Abs(got-r.Objective) > 1e-11*got || r.TrainingLoss > r.Objective {
		t.Errorf("objective %.15g, by definition %.15g", r.Objective, got)
	}
	if len(r.Network.Neurons) > n*c {
		t.Errorf("%d neurons for %d x %d targets", len(r.Network.Neurons), n, c)
	}
	for j, h := range r.Network.Neurons {
		if a, b := floats.Norm(h.Weights, 2), floats.Norm(h.Gains, 2); math.Abs(a-b) > 1e-9*a {
			t.Errorf("neuron %d is not balanced: %g and %g", j, a, b)
		}
	}
	k := r.Certificate
	if k.Kind != convexnn.CertifiedExact && k.Kind != convexnn.CertifiedBounded {
		t.Errorf("the certificate is %v", k.Kind)
	}
	if k.LowerBound > r.Objective*(1+1e-9) {
		t.Errorf("bound %.15g, objective %.15g", k.LowerBound, r.Objective)
	}
	if e := r.Estimate; e != nil && (e.Kind != convexnn.CertifiedEstimate || e.LowerBound <= k.LowerBound || e.LowerBound > r.Objective*(1+1e-9)) {
		t.Errorf("estimate of %.15g, bound %.15g, objective %.15g", e.LowerBound, k.LowerBound, r.Objective)
	}
	// What the dual point is worth, by its definition.
	if k.Dual != nil {
		dual, target := mat.NewDense(n, c, k.Dual), mat.DenseCopyOf(y)
		if r.Network.Intercept != nil {
			for l := range c {
				if s := floats.Sum(mat.Col(nil, l, dual)); math.Abs(s) > 1e-12*mat.Norm(dual, 2) {
					t.Errorf("output %d of the dual sums to %g", l, s)
				}
				mean := floats.Sum(mat.Col(nil, l, y)) / float64(n)
				for i := range n {
					target.Set(i, l, y.At(i, l)-mean)
				}
			}
		}
		worth := floats.Dot(target.RawMatrix().Data, k.Dual) - floats.Dot(k.Dual, k.Dual)/2
		if math.Abs(worth-k.LowerBound) > 1e-9*r.Objective+1e-300 {
			t.Errorf("the dual is worth %.15g, not %.15g", worth, k.LowerBound)
		}
		if k.Price.Upper > r.Beta*(1+1e-9) {
			t.Errorf("the dual's price is up to %g, above beta = %g", k.Price.Upper, r.Beta)
		}
	}
}

// isOptimal fails unless the proved bracket holds want and is within tol of it.
func isOptimal(t *testing.T, what string, r *outputs.Result, want, tol float64) {
	t.Helper()
	slack := tol*want + 1e-300
	if math.Abs(r.Objective-want) > slack || r.Certificate.LowerBound > want+slack || r.Certificate.LowerBound < want-2*slack {
		t.Errorf("%s: [%.12g, %.12g], want %.12g (%v, %v)", what, r.Certificate.LowerBound, r.Objective, want, r.Certificate.Kind, r.Status)
	}
}

// shrunk is the optimum of 1/2 (g - y)^2 + beta |g|.
func shrunk(y, beta float64) float64 {
	if y <= beta {
		return y * y / 2
	}
	return beta*y - beta*beta/2
}
