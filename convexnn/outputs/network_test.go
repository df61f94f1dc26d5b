package outputs_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
)

func network(rng *rand.Rand, d, c, m int) *outputs.Network {
	net := &outputs.Network{Dim: d, Outputs: c}
	for range m {
		net.Neurons = append(net.Neurons, outputs.Neuron{Weights: gaussian(rng, 1, d).RawRowView(0), Gains: gaussian(rng, 1, c).RawRowView(0)})
	}
	return net
}

func TestJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, m := range []int{0, 3} {
		for _, intercept := range [][]float64{nil, {1, -2}} {
			net := network(rng, 4, 2, m)
			net.Intercept = intercept
			data, err := json.Marshal(net)
			if err != nil {
				t.Fatal(err)
			}
			var back outputs.Network
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			if m == 0 {
				back.Neurons = nil
			}
			if !reflect.DeepEqual(*net, back) {
				t.Errorf("%+v became %+v", net, back)
			}
		}
	}
	for _, text := range []string{
		`{}`, `{"model":"relu","dim":0,"outputs":1}`, `{"model":"gated","dim":1,"outputs":1}`,
		`{"model":"relu","dim":1,"outputs":0}`, `{"model":"relu","dim":1,"outputs":2,"intercept":[1]}`,
		`{"model":"relu","dim":2,"outputs":1,"neurons":[{"weights":[1],"gains":[1]}]}`,
		`{"model":"relu","dim":1,"outputs":2,"neurons":[{"weights":[1],"gains":[1]}]}`,
		`{"model":"relu","dim":1,"outputs":1,"neurons":[],"more":1}`, `[]`,
	} {
		var net outputs.Network
		if err := net.UnmarshalJSON([]byte(text)); !errors.Is(err, convexnn.ErrNetwork) {
			t.Errorf("%s: %v", text, err)
		}
	}
	net := network(rng, 1, 1, 1)
	net.Neurons[0].Gains[0] = math.Inf(1)
	if _, err := net.MarshalJSON(); !errors.Is(err, convexnn.ErrNetwork) {
		t.Error(err)
	}
}

func TestPredict(t *testing.T) {
	net := &outputs.Network{Dim: 2, Outputs: 2, Intercept: []float64{1, 0}, Neurons: []outputs.Neuron{
		{Weights: []float64{1, 0}, Gains: []float64{2, -1}}, {Weights: []float64{-1, 1}, Gains: []float64{0, 3}},
	}}
	f, err := net.Predict(mat.NewDense(2, 2, []float64{2, 5, -1, -3}))
	if err != nil || !mat.Equal(f, mat.NewDense(2, 2, []float64{5, 7, 1, 0})) {
		t.Error(f, err)
	}
	if want := math.Sqrt(5) + 3*math.Sqrt2; math.Abs(net.Penalty()-want) > 1e-15 {
		t.Errorf("penalty %g, want %g", net.Penalty(), want)
	}
	if _, err := net.Predict(mat.NewDense(2, 3, nil)); !errors.Is(err, convexnn.ErrShape) {
		t.Error(err)
	}
	if _, _, err := net.Objective(mat.NewDense(2, 2, nil), mat.NewDense(2, 1, nil), 1); !errors.Is(err, convexnn.ErrShape) {
		t.Error(err)
	}
}

// Three planes of rank three have 8 cells and meet in 3 planes of 4 cells each; four in
// general position 14, and 4 of 6 each.
func TestFaces(t *testing.T) {
	for _, c := range [][3]int{{3, 3, 20}, {4, 3, 38}, {7, 2, 14}, {1, 1, 2}, {0, 0, 1}} {
		if got := outputs.Faces(c[0], c[1]); got != float64(c[2]) {
			t.Errorf("%d lines of rank %d: %g faces, want %d", c[0], c[1], got, c[2])
		}
	}
}

// At most n c neurons remain, none of which raises the objective, however many and
// however dependent they were.
func TestSimplify(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for trial := range 60 {
		n, d, c := 1+rng.IntN(5), 1+rng.IntN(3), 1+rng.IntN(3)
		x, y := gaussian(rng, n, d), gaussian(rng, n, c)
		net := network(rng, d, c, 3*n*c)
		for j := range net.Neurons {
			switch rng.IntN(5) {
			case 0: // the direction of another
				floats.ScaleTo(net.Neurons[j].Weights, 0.1+rng.Float64(), net.Neurons[rng.IntN(j+1)].Weights)
			case 1:
				clear(net.Neurons[j].Gains)
			}
		}
		if trial%2 == 0 {
			net.Intercept = gaussian(rng, 1, c).RawRowView(0)
		}
		before := value(net, x, y, 0.1)
		small, err := net.Simplify(x, y, 0.1, trial%4 == 0)
		if err != nil {
			t.Fatal(err)
		}
		if after := value(small, x, y, 0.1); after > before*(1+1e-12) || len(small.Neurons) > n*c {
			t.Errorf("%d x %d outputs: %d neurons with %.15g from %.15g", n, c, len(small.Neurons), after, before)
		}
	}
}

// The price of cells is at least that of local search, and norms bound both.
func TestPrices(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for range 10 {
		n, d, c := 3+rng.IntN(8), 1+rng.IntN(3), 1+rng.IntN(3)
		x, v := gaussian(rng, n, d), gaussian(rng, n, c)
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := outputs.FindPrice(t.Context(), x, v, outputs.PriceSettings{Cells: a})
		if err != nil || exact.Kind != convexnn.CertifiedExact {
			t.Fatal(exact, err)
		}
		local, err := outputs.FindPrice(t.Context(), x, v, outputs.PriceSettings{Keep: 5})
		if err != nil || local.Kind != convexnn.CertifiedEstimate || local.Value > exact.Upper || local.Value < 0.9*exact.Value {
			t.Errorf("local search %+v, by cells %+v, %v", local.Value, exact.Value, err)
		}
		if most := outputs.NormBound(x, v.RawMatrix().Data); most < exact.Value*(1-1e-12) {
			t.Errorf("norms bound the price by %g, it is %g", most, exact.Value)
		}
	}
	// A direction that all samples share attains the bound.
	x := mat.NewDense(3, 2, []float64{1, 2, 2, 4, 3, 6})
	v := mat.NewDense(3, 1, []float64{1, 2, 3})
	if most := outputs.NormBound(x, v.RawMatrix().Data); math.Abs(most-14*math.Sqrt(5)) > 1e-8 {
		t.Errorf("bound %g, want %g", most, 14*math.Sqrt(5))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := outputs.FindPrice(ctx, gaussian(rng, 9, 4), gaussian(rng, 9, 2), outputs.PriceSettings{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
