package generation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
)

// shrunk is the optimum of 1/2 (g - y)^2 + beta |g|.
func shrunk(y, beta float64) float64 {
	if y = math.Abs(y); y <= beta {
		return y * y / 2
	}
	return beta*y - beta*beta/2
}

var noSettings = generation.Settings{}

func TestOneSample(t *testing.T) {
	x := mat.NewDense(1, 2, []float64{3, 4})
	for _, beta := range []float64{0.01, 1, 5, 9.9, 10.1, 20} {
		for _, y := range [][]float64{{2}, {-2}, {1.2, -1.6}} {
			p := newProblem(x, newSquared(y, len(y)), beta, false)
			isOptimal(t, "squared", trained(t, p, newExact(p, inPlane), noSettings), shrunk(2, beta/5))
		}
		// The neuron's share q of the dual point is at most beta/|x|.
		p := newProblem(x, logistic{[]float64{-1}}, beta, false)
		isOptimal(t, "logistic", trained(t, p, newExact(p, inPlane), noSettings), entropy(min(0.5, beta/5)))
	}
	p := newProblem(x, newSquared([]float64{2}, 1), 1, false)
	isOptimal(t, "the spelt-out one", trained(t, p, newExact(p, inPlane), noSettings), 0.38)
}

// In one dimension there are two neurons, and no sample is seen by both.
func TestOneDimension(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 1))
	for trial := range 20 {
		n, c := 1+rng.IntN(6), 1+trial%3
		x, y := mat.NewDense(n, 1, normals(rng, n)), normals(rng, n*c)
		p := newProblem(x, newSquared(y, c), 0.7, false)
		want := floats.Dot(y, y) / 2
		for _, side := range []float64{1, -1} {
			square := 0.0
			for i := range n {
				z := max(0, side*x.At(i, 0))
				square += z * z
			}
			if square > 0 {
				want += shrunk(value(x, y, []float64{side})/math.Sqrt(square), p.Beta/math.Sqrt(square))
				want -= math.Pow(value(x, y, []float64{side}), 2) / square / 2
			}
		}
		isOptimal(t, "one dimension", trained(t, p, newExact(p, onLine), noSettings), want)
	}
	p := newProblem(mat.NewDense(2, 1, []float64{1, -1}), newSquared([]float64{2, -3}, 1), 0.5, false)
	isOptimal(t, "opposite samples", trained(t, p, newExact(p, onLine), noSettings), 2.25)
}

// Four neurons, each active on one corner alone.
func TestXOR(t *testing.T) {
	x := mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1})
	cells := byCells(t, x)
	for _, beta := range []float64{0.1, 0.3, 0.5, 0.57, 0.6, 0.7, 1} {
		p := newProblem(x, newSquared([]float64{-1, 1, 1, -1}, 1), beta, false)
		want := 0.0
		for _, c := range []float64{math.Sqrt2, math.Sqrt2, math.Sqrt(3), math.Sqrt(3)} {
			want += shrunk(1, beta*c)
		}
		isOptimal(t, "exclusive or", trained(t, p, newExact(p, cells), noSettings), want)
	}
}

// Of orthonormal samples (Xu)_+ is any a >= 0 with |a| <= 1. Let the rows of Y be
// t_i w_g with t_i > 0 and unit vectors w_g of groups of samples, no two of which
// have a positive inner product. For V = Y, scaled by s_g in group g,
//
//	|V'a|^2 <= sum_g s_g^2 (t_g.a_g)^2 <= max_g s_g^2 |t_g|^2,
//
// as the mixed terms are not positive. With s_g = min(1, beta/|t_g|) that proves what
// one neuron a = t_g/|t_g| for each group attains: groups decouple, and |t_g| is
// shrunk. Samples with an acute angle between their rows do not decouple.
func TestOrthonormalSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 2))
	third := func(k int) []float64 { return direction(2 * math.Pi * float64(k) / 3) }
	for _, groups := range [][][]float64{
		{{1}, {-1}},
		{{1, 0}, {0, 1}},
		{{1, 0}, {0, 1}, {-1, 0}, {0, -1}},
		{third(0), third(1), third(2)},
		{{0.6, 0, 0.8}},
	} {
		name := fmt.Sprint("groups ", groups)
		for n := 2; n <= 4; n++ {
			var qr mat.QR
			qr.Factorize(mat.NewDense(n, n, normals(rng, n*n)))
			var x mat.Dense
			qr.QTo(&x)
			var y []float64
			lengths := make([]float64, len(groups))
			for range n {
				g, size := rng.IntN(len(groups)), 0.2+rng.Float64()
				lengths[g] = math.Hypot(lengths[g], size)
				for _, w := range groups[g] {
					y = append(y, size*w)
				}
			}
			peaks := byCells(t, &x)
			theta := 0.0
			for _, p := range peaks(&x, y) {
				theta = max(theta, p.price)
			}
			if most := slices.Max(lengths); math.Abs(theta-most) > 1e-9 || n == 2 && math.Abs(overAngles(&x, y)-most) > 1e-9 {
				t.Errorf("%s, n=%d: theta %.12g, want %.12g", name, n, theta, most)
			}
			for _, beta := range []float64{0.1, 0.6} {
				want := 0.0
				for _, length := range lengths {
					want += shrunk(length, beta)
				}
				p := newProblem(&x, newSquared(y, len(groups[0])), beta, false)
				isOptimal(t, name, trained(t, p, newExact(p, peaks), noSettings), want)
			}
		}
	}
}

// The entropies of a logistic dual point are concave and alike: samples of one label
// share what beta leaves, |q| <= beta.
func TestOrthonormalLogistic(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 3))
	const n = 4
	var qr mat.QR
	qr.Factorize(mat.NewDense(n, n, normals(rng, n*n)))
	var x mat.Dense
	qr.QTo(&x)
	peaks := byCells(t, &x)
	for _, beta := range []float64{0.05, 0.3, 0.6, 0.8, 1} {
		p := newProblem(&x, logistic{[]float64{1, 1, -1, 1}}, beta, false)
		want := 3*entropy(min(0.5, beta/math.Sqrt(3))) + entropy(min(0.5, beta))
		isOptimal(t, "logistic", trained(t, p, newExact(p, peaks), noSettings), want)
	}
}

// With a large beta the intercept is alone.
func TestInterceptAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 4))
	const n = 10
	x := mat.NewDense(n, 2, normals(rng, 2*n))
	y := normals(rng, 2*n)
	rest := newSquared(y, 2).balanced(y)
	for name, c := range map[string]struct {
		loss      convex
		want      float64
		intercept []float64
	}{
		"squared": {newSquared(y, 2), floats.Dot(rest, rest) / 2, []float64{y[0] - rest[0], y[1] - rest[1]}},
		"logistic": {
			logistic{[]float64{1, 1, 1, 1, 1, 1, 1, -1, -1, -1}},
			n * entropy(0.3),
			[]float64{math.Log(7. / 3)},
		},
		"softmax": {
			softmax{[]int{0, 0, 0, 0, 0, 1, 1, 1, 2, 2}, 3},
			n * (surprise(0.5) + surprise(0.3) + surprise(0.2)), nil, // its sum is not determined
		},
	} {
		p := newProblem(x, c.loss, 100, true)
		r := trained(t, p, newExact(p, inPlane), noSettings)
		isOptimal(t, name, r, c.want)
		if len(r.Neurons) > 0 || c.intercept != nil && floats.Distance(r.Intercept, c.intercept, 2) > 1e-3 {
			t.Errorf("%s: intercept %v, want %v, with %d neurons", name, r.Intercept, c.intercept, len(r.Neurons))
		}
	}
}

// Of two orthonormal samples the residuals are beta and -beta, wherever the targets lie:
// what the intercept takes off one neuron it adds to the other, as long as both are
// active.
func TestInterceptBesideNeurons(t *testing.T) {
	x := mat.NewDense(2, 2, []float64{0.6, 0.8, -0.8, 0.6})
	for _, shift := range []float64{0, 1, -50} {
		p := newProblem(x, newSquared([]float64{shift + 1.5, shift - 1.5}, 1), 0.4, true)
		r := trained(t, p, newExact(p, inPlane), noSettings)
		isOptimal(t, "two samples", r, 2*shrunk(1.5, 0.4))
		if math.Abs(r.Intercept[0]-shift) > 1.5-0.4+1e-2 {
			t.Errorf("intercept %g, want %g within 1.1", r.Intercept[0], shift)
		}
	}
}

// Targets may be moved by anything if there is an intercept for each output.
func TestShiftedTargets(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 5))
	const n, c = 9, 2
	x, y := mat.NewDense(n, 2, normals(rng, 2*n)), normals(rng, n*c)
	var first *generation.Result
	for _, shift := range [][]float64{{0, 0}, {2, -3}} {
		z := slices.Clone(y)
		for i := range n {
			floats.Add(z[i*c:(i+1)*c], shift)
		}
		p := newProblem(x, newSquared(z, c), 0.5, true)
		r := trained(t, p, newExact(p, inPlane), noSettings)
		if first == nil {
			first = r
		}
		isOptimal(t, "shifted", r, first.Objective*(1-tight/2))
		if floats.Sub(r.Intercept, shift); floats.Distance(r.Intercept, first.Intercept, 2) > 0.01 {
			t.Errorf("intercept %v and the shift, %v without", r.Intercept, first.Intercept)
		}
	}
}
