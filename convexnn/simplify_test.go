package convexnn_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// nasty returns samples, targets and a network of many sorts that break rank
// decisions: small integers, equal and opposite rows, rows of zeros, dependent
// columns, equal and nearly equal directions, neurons without effect, far more
// neurons than samples. Without near, whether fits depend on each other is beyond
// doubt.
func nasty(rng *rand.Rand, near bool) (*mat.Dense, []float64, *convexnn.Network) {
	n, d := 1+rng.IntN(12), 1+rng.IntN(5)
	m := rng.IntN(2 * n)
	if rng.IntN(2) == 0 {
		m = rng.IntN(12*n + 12)
	}
	integers := rng.IntN(2) == 0
	entry := func() float64 {
		if integers {
			return float64(rng.IntN(5) - 2)
		}
		return rng.NormFloat64()
	}
	vector := func() []float64 {
		v := make([]float64, d)
		for l := range v {
			v[l] = entry()
		}
		return v
	}

	x := mat.NewDense(n, d, nil)
	y := make([]float64, n)
	for i := range n {
		x.SetRow(i, vector())
		if i > 0 && rng.IntN(4) == 0 {
			t := [...]float64{1, -1, 0, 1000}[rng.IntN(4)]
			floats.ScaleTo(x.RawRowView(i), t, x.RawRowView(rng.IntN(i)))
		}
		y[i] = 3 * entry()
	}
	if d > 1 && rng.IntN(3) == 0 { // the last column depends on the others
		for i := range n {
			row := x.RawRowView(i)
			row[d-1] = floats.Sum(row[:d-1])
		}
	}

	net := &convexnn.Network{Dim: d, Intercept: float64(rng.IntN(2)) * entry()}
	if rng.IntN(4) == 0 {
		net.Model = convexnn.Gated
	}
	gates := [][]float64{vector(), vector(), vector()}
	for range m {
		h := convexnn.Neuron{Weights: vector(), Output: entry()}
		if k := len(net.Neurons); k > 0 {
			switch rng.IntN(8) {
			case 0: // the same direction again
				floats.ScaleTo(h.Weights, 3*rng.Float64(), net.Neurons[rng.IntN(k)].Weights)
			case 1: // the opposite one
				floats.ScaleTo(h.Weights, -1, net.Neurons[rng.IntN(k)].Weights)
			case 2: // nearly the same
				if near {
					floats.AddScaledTo(h.Weights, net.Neurons[rng.IntN(k)].Weights, math.Pow(10, -16+12*rng.Float64()), vector())
				}
			case 3:
				clear(h.Weights)
			}
		}
		if net.Model == convexnn.Gated {
			h.Gate = gates[rng.IntN(len(gates))]
		}
		net.Neurons = append(net.Neurons, h)
	}
	return x, y, net
}

// rankOfFits returns the number of singular values above 1e-13 of the matrix
// (n x m) of the contributions of the neurons, scaled to unit length.
func rankOfFits(t *testing.T, net *convexnn.Network, x *mat.Dense, intercept bool) int {
	t.Helper()
	n, _ := x.Dims()
	if len(net.Neurons) == 0 {
		return 0
	}
	fits := mat.NewDense(n, len(net.Neurons), nil)
	for j, h := range net.Neurons {
		single := &convexnn.Network{Model: net.Model, Dim: net.Dim, Neurons: []convexnn.Neuron{h}}
		f, err := single.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		norm := floats.Norm(f, 2)
		if norm == 0 {
			continue
		}
		if intercept {
			floats.AddConst(-floats.Sum(f)/float64(n), f)
		}
		floats.Scale(1/norm, f)
		fits.SetCol(j, f)
	}
	var svd mat.SVD
	if !svd.Factorize(fits, mat.SVDNone) {
		t.Fatal("no singular value decomposition")
	}
	rank := 0
	for _, s := range svd.Values(nil) {
		if s > 1e-13 {
			rank++
		}
	}
	return rank
}

func TestSimplifyNastyNetworks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for trial := range 3000 {
		near := trial%3 == 0
		x, y, net := nasty(rng, near)
		beta := math.Pow(10, -6+7*rng.Float64())
		intercept := rng.IntN(2) == 0
		before, err := json.Marshal(net)
		if err != nil {
			t.Fatal(err)
		}
		slim, err := net.Simplify(x, y, beta, intercept)
		if err != nil {
			t.Fatal(err)
		}
		if after, _ := json.Marshal(net); !bytes.Equal(before, after) {
			t.Fatalf("trial %d: Simplify changed its receiver", trial)
		}
		if slim.Model != net.Model || slim.Dim != net.Dim {
			t.Errorf("trial %d: another kind of network", trial)
		}
		if !intercept && slim.Intercept != net.Intercept {
			t.Errorf("trial %d: the intercept moved from %v to %v", trial, net.Intercept, slim.Intercept)
		}
		a, b := objective(t, slim, x, y, beta), objective(t, net, x, y, beta)
		if !(a <= b*(1+1e-12)) {
			t.Errorf("trial %d: the objective rose from %v to %v", trial, b, a)
		}
		if len(slim.Neurons) > len(y) {
			t.Errorf("trial %d: %d neurons on %d samples", trial, len(slim.Neurons), len(y))
		}
		if rank := rankOfFits(t, net, x, intercept); !near && len(slim.Neurons) > rank {
			t.Errorf("trial %d: %d neurons for fits of rank %d", trial, len(slim.Neurons), rank)
		}
	}
}

// Pruning alone may not raise the penalty: where the neurons fit the targets and
// beta is next to nothing, no neuron is dropped but along a dependency.
func TestPruningKeepsTheFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for trial := range 300 {
		n, d := 5+rng.IntN(30), 2+rng.IntN(4)
		x := random(rng, n, d)
		net := randomNetwork(rng, 100, d)
		y, err := net.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		const beta = 1e-7
		slim, err := net.Simplify(x, y, beta, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(slim.Neurons) > n {
			t.Errorf("trial %d: %d neurons on %d samples", trial, len(slim.Neurons), n)
		}
		if a, b := objective(t, slim, x, y, beta), beta*net.Penalty(); !(a <= b*(1+1e-12)) {
			t.Errorf("trial %d: the objective rose from %v to %v", trial, b, a)
		}
	}
}

// Neurons of nearly one direction and pattern add up, though their fits are
// independent: pruning cannot do it.
func TestSimplifyMergesNearDirections(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const n, d = 20, 4
	x := random(rng, n, d)
	direction := random(rng, 1, d).RawRowView(0)
	net := &convexnn.Network{Dim: d}
	for range 3 {
		h := convexnn.Neuron{Weights: floats.ScaleTo(make([]float64, d), 1+rng.Float64(), direction), Output: 1}
		floats.AddScaled(h.Weights, 1e-8, random(rng, 1, d).RawRowView(0))
		net.Neurons = append(net.Neurons, h)
	}
	y, err := net.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: net.Neurons[0].Weights, Output: -1e-3})
	if rank := rankOfFits(t, net, x, false); rank != 3 {
		t.Fatalf("the fits have rank %d", rank)
	}
	for _, beta := range []float64{1e-3, 1} {
		slim, err := net.Simplify(x, y, beta, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(slim.Neurons) != 1 {
			t.Errorf("beta %g: %d neurons, want 1", beta, len(slim.Neurons))
		}
	}
}

// One pair of directions that cannot be merged without loss does not keep another
// from it.
func TestSimplifyMergesWhatItCan(t *testing.T) {
	x := dense([]float64{1, 0}, []float64{1, 1}, []float64{-1, 2e7}, []float64{-1, -1}, []float64{-1, 0})
	net := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{1, 0}, Output: 1}, // inactive at the third sample, the next is not
		{Weights: []float64{1, 1e-7}, Output: 1},
		{Weights: []float64{-1, 0}, Output: 1},
		{Weights: []float64{-1, 1e-10}, Output: 1},
	}}
	y, err := net.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	slim, err := net.Simplify(x, y, 1e-3, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(slim.Neurons) != 3 {
		t.Errorf("%d neurons, want 3", len(slim.Neurons))
	}
}

// A neuron that is nearly dependent, but not so nearly that it can go, does not
// keep another from going: it alone reaches the third sample, with 1e-13 of its
// size.
func TestSimplifyPrunesWhatItCan(t *testing.T) {
	x := dense([]float64{1, 0}, []float64{0, 1}, []float64{-1, 1})
	for _, target := range []float64{1, -1} {
		net := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
			{Weights: []float64{2, 1}, Output: 100},
			{Weights: []float64{3, 1}, Output: 100},
			{Weights: []float64{5, 1}, Output: 100},
			{Weights: []float64{1, 1 + 3e-13}, Output: 100},
		}}
		y, err := net.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		y[2] = target
		const beta = 1e-17 // a lower penalty is no compensation
		slim, err := net.Simplify(x, y, beta, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(slim.Neurons) > 3 {
			t.Errorf("target %g: %d neurons, want at most 3", target, len(slim.Neurons))
		}
		if a, b := objective(t, slim, x, y, beta), objective(t, net, x, y, beta); !(a <= b*(1+1e-12)) {
			t.Errorf("target %g: the objective rose from %v to %v", target, b, a)
		}
	}
}

// A network of thousands of neurons, none of which sizing removes, takes about half
// a second, and a few under the race detector.
func TestSimplifyIsFast(t *testing.T) {
	const n, m, d = 300, 2000, 10
	rng := rand.New(rand.NewPCG(7, 7))
	x := random(rng, n, d)
	net := randomNetwork(rng, m, d)
	y, err := net.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	slim, err := net.Simplify(x, y, 1e-6, false)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	t.Logf("%d neurons of %d remain after %v", len(slim.Neurons), m, took)
	if len(slim.Neurons) > n {
		t.Errorf("%d neurons on %d samples", len(slim.Neurons), n)
	}
	if took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func randomNetwork(rng *rand.Rand, m, d int) *convexnn.Network {
	net := &convexnn.Network{Dim: d}
	for range m {
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: random(rng, 1, d).RawRowView(0), Output: rng.NormFloat64()})
	}
	return net
}
