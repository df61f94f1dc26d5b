package flow_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// The network of a result has the smallest margin 1 and the objective Upper, its neurons are
// those described, and the multipliers fulfil the KKT conditions up to the residual.
func TestResult(t *testing.T) {
	x, y := orthogonal(rand.New(rand.NewPCG(1, 1)), 7, 3)
	r := run(t, x, y, flow.Options{WithoutProgram: true, Neurons: 8})
	f, err := r.Network.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	floats.Mul(f, y)
	if math.Abs(floats.Min(f)-1) > 1e-9 || math.Abs(r.Network.Penalty()-r.Upper) > 1e-9*r.Upper {
		t.Errorf("the smallest margin is %v, the penalty %v and Upper %v", floats.Min(f), r.Network.Penalty(), r.Upper)
	}
	sum := 0.0
	for j, h := range r.Neurons {
		if !floats.Equal(h.Weights, r.Network.Neurons[j].Weights) || h.Output != r.Network.Neurons[j].Output || h.Norm != floats.Norm(h.Weights, 2) {
			t.Errorf("neuron %d is another one", j)
		}
		force := make([]float64, 3)
		for i, l := range r.Multiplier {
			if row := x.RawRowView(i); floats.Dot(row, h.Weights) > 1e-6*h.Norm {
				floats.AddScaled(force, h.Output*l*y[i], row)
			}
		}
		sum += square(floats.Distance(force, h.Weights, 2)) / square(h.Norm) * h.Share
	}
	if got := math.Sqrt(sum); got > 1e-3 || math.Abs(got-r.Residual) > 1e-6 {
		t.Errorf("the conditions are missed by %v, said to be %v", got, r.Residual)
	}
	if p := price(t, x, floats.MulTo(make([]float64, len(y)), r.Multiplier, y)); math.Abs(p-r.MultiplierPrice.Upper) > 1e-6 || math.Abs(p-r.MultiplierPrice.Value) > 1e-6 {
		t.Errorf("the multipliers have the price %v, said to be %v", p, r.MultiplierPrice.Upper)
	}

	last := r.Checkpoints[len(r.Checkpoints)-1]
	if last.DualValue < 0.99*r.Certificate.LowerBound || last.Upper < r.Upper*(1-1e-9) || last.Upper > r.Upper*(1+1e-9) {
		t.Errorf("the last checkpoint has [%v, %v], the result [%v, %v]", last.DualValue, last.Upper, r.Certificate.LowerBound, r.Upper)
	}
	if want := (r.Upper - r.Certificate.LowerBound) / r.Upper; math.Abs(r.Certificate.RelativeGap-want) > 1e-12 {
		t.Errorf("the gap is %v, not %v", r.Certificate.RelativeGap, want)
	}
	if last.Accuracy != 1 || last.Unseparated != 0 || r.Unseparated != nil {
		t.Errorf("accuracy %v, %d and %v not separated", last.Accuracy, last.Unseparated, r.Unseparated)
	}
}

// Optimal within the tolerance is what is proved to be, and no more.
func TestTolerance(t *testing.T) {
	x, y := rays()
	gap := run(t, x, y, flow.Options{WithoutProgram: true}).Certificate.RelativeGap
	for factor, want := range map[float64]bool{0.99: false, 1.01: true} {
		if r := run(t, x, y, flow.Options{WithoutProgram: true, Tolerance: factor * gap}); r.GloballyOptimal != want {
			t.Errorf("a gap of %v with the tolerance %v: globally optimal %v", gap, factor*gap, r.GloballyOptimal)
		}
	}
}

// A sign whose neurons are all dead is said to be so.
func TestSignDied(t *testing.T) {
	x, y := mat.NewDense(2, 2, []float64{1, 0, 0, 1}), []float64{1, -1}
	start := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{-1e-3, -1e-3}, Output: 1e-3}, {Weights: []float64{5e-4, 1e-3}, Output: -1e-3},
	}}
	r := run(t, x, y, flow.Options{Start: start, WithoutProgram: true})
	if !slices.Contains(r.Warnings, flow.SignDied) || r.Separated || !r.Neurons[0].Dead || r.Neurons[1].Dead {
		t.Errorf("separated %v, warnings %v", r.Separated, r.Warnings)
	}
}

func square(v float64) float64 { return v * v }

// It is said when the samples are separated.
func TestSeparatedTime(t *testing.T) {
	x, y := gaussian(rand.New(rand.NewPCG(0, 1)), 5, 2)
	r := run(t, x, y, flow.Options{Neurons: 10, WithoutProgram: true})
	at := slices.IndexFunc(r.Checkpoints, func(c *flow.Checkpoint) bool { return c.Time >= r.SeparatedTime })
	if at < 1 {
		t.Fatalf("separated at %v, checkpoint %d", r.SeparatedTime, at)
	}
	if before, after := r.Checkpoints[at-1], r.Checkpoints[at]; before.Separated || !after.Separated ||
		r.SeparatedSharpness < before.Sharpness || r.SeparatedSharpness > after.Sharpness {
		t.Errorf("separated at %v and %v, not separated at %v and %v, separated at %v and %v", r.SeparatedTime, r.SeparatedSharpness,
			before.Time, before.Sharpness, after.Time, after.Sharpness)
	}
}

// Where the samples are separated from the start, this is so, and said.
func TestSeparatedAtStart(t *testing.T) {
	x, y := rays()
	start := &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{{Weights: []float64{1, 1}, Output: 1}, {Weights: []float64{-1, 0}, Output: -1}}}
	r := run(t, x, y, flow.Options{Start: start, WithoutProgram: true})
	if first := r.Checkpoints[0]; !first.Separated || r.SeparatedTime != 0 || math.Abs(r.SeparatedSharpness-first.Sharpness) > 1e-12 {
		t.Errorf("separated at sharpness %v and time %v, and %v at the start", r.SeparatedSharpness, r.SeparatedTime, first.Sharpness)
	}
	if r := run(t, x, y, flow.Options{Signs: []int{1}, WithoutProgram: true}); r.SeparatedSharpness != 0 {
		t.Errorf("never separated, and so since %v", r.SeparatedSharpness)
	}
}

// What local search suggests is never called proved.
func TestEstimate(t *testing.T) {
	x, y := orthogonal(rand.New(rand.NewPCG(5, 1)), 60, 30)
	r := run(t, x, y, flow.Options{WithoutProgram: true, Neurons: 4, Checkpoints: 5, Price: &convexnn.PriceSettings{MaxNodes: -1, Starts: 64}})
	// Vectors of one sign have a closed form, and prove something.
	if r.GloballyOptimal || r.Certificate.LowerBound > 0.9*r.Upper || r.Certificate.Kind == convexnn.CertifiedEstimate {
		t.Errorf("local search proves the %s bound %v, globally optimal: %v", r.Certificate.Kind, r.Certificate.LowerBound, r.GloballyOptimal)
	}
	if r.Estimate == nil || r.Estimate.Kind != convexnn.CertifiedEstimate || r.Estimate.LowerBound < 0.99*r.Upper || !slices.Contains(r.Warnings, flow.Unproved) {
		t.Errorf("estimate %v of %v, warnings %v", r.Estimate, r.Upper, r.Warnings)
	}
	for k, c := range r.Checkpoints {
		if c.Lower >= c.Estimate || c.Lower > r.Certificate.LowerBound || c.DualKind != convexnn.CertifiedEstimate || c.DualValue == 0 {
			t.Errorf("checkpoint %d: lower bound %v, estimate %v, %s dual vector of %v", k, c.Lower, c.Estimate, c.DualKind, c.DualValue)
		}
	}
	// Nothing is known of the gap of a network that separates nothing.
	z, labels := rays()
	if r := run(t, z, labels, flow.Options{Signs: []int{1}, WithoutProgram: true}); r.Certificate.RelativeGap != 1 || r.Certificate.LowerBound <= 0 {
		t.Errorf("a gap of %v from %v", r.Certificate.RelativeGap, r.Certificate.LowerBound)
	}
}
