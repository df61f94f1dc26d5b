package convexnn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

func random(rng *rand.Rand, n, d int) *mat.Dense {
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for l := range d {
			x.Set(i, l, rng.NormFloat64())
		}
	}
	return x
}

// network recovers and simplifies the network of a solution.
func network(t testing.TB, spec convexnn.Spec, s *convexnn.Solution) *convexnn.Network {
	t.Helper()
	p, err := convexnn.NewProgram(spec)
	if err != nil {
		t.Fatal(err)
	}
	net, err := p.Network(s.Weights)
	if err != nil {
		t.Fatal(err)
	}
	if net, err = net.Simplify(spec.X, spec.Y, spec.Beta, spec.Intercept); err != nil {
		t.Fatal(err)
	}
	return net
}

func objective(t testing.TB, net *convexnn.Network, x *mat.Dense, y []float64, beta float64) float64 {
	t.Helper()
	f, _, err := net.Objective(x, y, beta)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRecoveryBothWays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for trial := range 20 {
		x := random(rng, 15, 3)
		y := mat.Col(nil, 0, random(rng, 15, 1))
		spec := convexnn.Spec{X: x, Y: y, Beta: 0.2, Intercept: trial%3 == 0}
		spec.Cells, _, _ = arrangements.Sample(t.Context(), x, 30, arrangements.SampleSettings{Seed: uint64(trial)})
		if trial%4 == 3 {
			spec.Model = convexnn.Gated
		}
		p, err := convexnn.NewProgram(spec)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Solve(t.Context(), convexnn.SolveSettings{Tolerance: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := p.Violation(s.Weights); v > 1e-12 || err != nil {
			t.Errorf("trial %d: the solution violates its cones by %g", trial, v)
		}
		if f, err := p.Objective(s.Weights); math.Abs(f-s.Objective) > 1e-12*f || err != nil {
			t.Errorf("trial %d: the weights' objective is %v, reported %v", trial, f, s.Objective)
		}
		net, err := p.Network(s.Weights)
		if err != nil {
			t.Fatal(err)
		}
		if f := objective(t, net, x, y, spec.Beta); math.Abs(f-s.Objective) > 1e-10*f {
			t.Errorf("trial %d: network %.14g, weights %.14g", trial, f, s.Objective)
		}
		for j, h := range net.Neurons {
			if math.Abs(floats.Norm(h.Weights, 2)-math.Abs(h.Output)) > 1e-12 {
				t.Errorf("trial %d: neuron %d is not balanced", trial, j)
			}
		}
		back, err := p.Weights(net, 1e-9)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := p.Objective(back); f > s.Objective*(1+1e-10) || err != nil {
			t.Errorf("trial %d: back in the program the objective rose from %.14g to %.14g", trial, s.Objective, f)
		}
	}
}

func TestWeightsNeedThePattern(t *testing.T) {
	x := dense([]float64{1, 0}, []float64{0, 1})
	p, err := convexnn.NewProgram(convexnn.Spec{
		X: x, Y: []float64{1, 2}, Beta: 1,
		Cells: []arrangements.Cell{{Pattern: arrangements.PatternOf(x, []float64{1, 1}), Witness: []float64{1, 1}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	net := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{{Weights: []float64{1, -1}, Output: 1}}}
	if _, err := p.Weights(net, 1e-9); !errors.Is(err, convexnn.ErrMissingPattern) {
		t.Errorf("err = %v", err)
	}
	net.Neurons[0].Weights = []float64{1, 0} // on a face of the cone
	if _, err := p.Weights(net, 0); err != nil {
		t.Error(err)
	}
}

// A network of many neurons in few samples: the fits depend on each other.
func TestSimplifyNeverRaisesTheObjective(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for trial := range 60 {
		n, d, m := 2+rng.IntN(8), 1+rng.IntN(4), rng.IntN(30)
		x := random(rng, n, d)
		y := mat.Col(nil, 0, random(rng, n, 1))
		net := &convexnn.Network{Dim: d}
		if trial%3 == 2 {
			net.Model = convexnn.Gated
		}
		for range m {
			h := convexnn.Neuron{Weights: random(rng, 1, d).RawRowView(0), Output: rng.NormFloat64()}
			if rng.IntN(3) == 0 && len(net.Neurons) > 0 { // the same direction again
				h.Weights = floats.ScaleTo(make([]float64, d), 3*rng.Float64(), net.Neurons[0].Weights)
			}
			if net.Model == convexnn.Gated {
				h.Gate = random(rng, 1, d).RawRowView(0)
			}
			net.Neurons = append(net.Neurons, h)
		}
		before, _ := json.Marshal(net)
		intercept := trial%2 == 0
		slim, err := net.Simplify(x, y, 0.01, intercept)
		if err != nil {
			t.Fatal(err)
		}
		if after, _ := json.Marshal(net); !bytes.Equal(before, after) {
			t.Fatal("Simplify changed its receiver")
		}
		if a, b := objective(t, slim, x, y, 0.01), objective(t, net, x, y, 0.01); a > b*(1+1e-12) {
			t.Errorf("trial %d: the objective rose from %v to %v", trial, b, a)
		}
		if len(slim.Neurons) > n {
			t.Errorf("trial %d: %d neurons on %d samples", trial, len(slim.Neurons), n)
		}
	}
}

// At an optimum of a program with many equivalent solutions, merging and pruning
// keep the objective and leave at most n neurons.
func TestSimplifyAtAnOptimum(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	spec := convexnn.Spec{X: x, Y: y, Beta: 0.1, Cells: allCells(t, x, 14)}
	s := solve(t, spec, 1e-9)
	net := network(t, spec, s)
	if len(net.Neurons) != 4 {
		t.Errorf("%d neurons, want the 4 of the closed form", len(net.Neurons))
	}
	if f := objective(t, net, x, y, 0.1); math.Abs(f-xorOptimum(0.1)) > 1e-8 {
		t.Errorf("objective %.12g, want %.12g", f, xorOptimum(0.1))
	}
}

func TestNetworkJSON(t *testing.T) {
	for _, net := range []*convexnn.Network{
		{Dim: 2, Intercept: -0.25, Neurons: []convexnn.Neuron{{Weights: []float64{0.1, -1e-17}, Output: 3}}},
		{Dim: 1, Model: convexnn.Gated, Neurons: []convexnn.Neuron{{Weights: []float64{1}, Output: -1, Gate: []float64{2}}}},
		{Dim: 5},
	} {
		b, err := json.Marshal(net)
		if err != nil {
			t.Fatal(err)
		}
		var back convexnn.Network
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(&back)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("%s came back as %s (%v)", b, again, err)
		}
	}
}

func TestMalformedNetworks(t *testing.T) {
	for _, s := range []string{
		`{}`, `{"model":"relu"}`, `{"model":"tanh","dim":1,"neurons":[]}`, `{"model":"relu","dim":-3,"neurons":[]}`,
		`{"model":"relu","dim":2,"neurons":[{"weights":[1],"output":1}]}`,
		`{"model":"gated","dim":1,"neurons":[{"weights":[1],"output":1}]}`,
		`{"model":"relu","dim":1,"neurons":[{"weights":[1],"output":1,"gate":[1]}]}`,
		`{"model":"relu","dim":1,"neurons":[{"weights":[1e999],"output":1}]}`,
		`{"model":"relu","dim":1,"neurons":[],"layers":3}`,
		`{"model":"relu","dim":"1"}`, `[]`, `{"model":"relu","dim":1`,
	} {
		var net convexnn.Network
		if err := json.Unmarshal([]byte(s), &net); err == nil {
			t.Errorf("%s was accepted", s)
		}
	}
	bad := &convexnn.Network{Dim: 1, Neurons: []convexnn.Neuron{{Weights: []float64{math.NaN()}, Output: 1}}}
	if _, err := json.Marshal(bad); !errors.Is(err, convexnn.ErrNetwork) {
		t.Errorf("NaN was written: %v", err)
	}
}

func FuzzNetworkJSON(f *testing.F) {
	f.Add([]byte(`{"model":"relu","dim":2,"intercept":0,"neurons":[{"weights":[1,2],"output":-1}]}`))
	f.Add([]byte(`{"model":"gated","dim":1,"neurons":[{"weights":[1],"output":1,"gate":[0]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var net convexnn.Network
		if json.Unmarshal(data, &net) != nil || net.Dim > 1000 {
			return
		}
		// What loads predicts, and only finite weights load.
		if _, err := net.Predict(mat.NewDense(1, net.Dim, nil)); err != nil {
			t.Errorf("a loaded network does not predict: %v", err)
		}
		if _, err := json.Marshal(&net); err != nil {
			t.Errorf("a loaded network cannot be stored: %v", err)
		}
	})
}
