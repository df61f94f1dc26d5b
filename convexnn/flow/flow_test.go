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

var losses = []flow.Loss{flow.Exponential, flow.Logistic}

// On three rays the flow finds the largest margin, known in closed form, and proves it, and
// neurons with weight are extreme points of the dual set.
func TestRays(t *testing.T) {
	x, y := rays()
	for _, loss := range losses {
		for seed := range uint64(5) {
			r := run(t, x, y, flow.Options{Loss: loss, Seed: seed})
			if r.Status != convexnn.Solved || !r.Separated || len(r.Warnings) > 0 {
				t.Fatalf("%v, seed %d: status %v, separated %v, warnings %v", loss, seed, r.Status, r.Separated, r.Warnings)
			}
			if r.Upper < raysOptimum*(1-1e-12) || r.Upper > raysOptimum*1.001 {
				t.Errorf("%v, seed %d: the network has %.6f, the best %.6f", loss, seed, r.Upper, raysOptimum)
			}
			if low := r.Certificate.LowerBound; low > raysOptimum || low < raysOptimum*0.998 || r.Certificate.Kind != convexnn.CertifiedExact {
				t.Errorf("%v, seed %d: the bound %.6f is %s", loss, seed, low, r.Certificate.Kind)
			}
			if !r.GloballyOptimal {
				t.Errorf("%v, seed %d: not globally optimal at a gap of %.2g", loss, seed, r.Certificate.RelativeGap)
			}
			if p := r.Program.Objective; math.Abs(p-raysOptimum) > 1e-5 {
				t.Errorf("the program has %.7f", p)
			}
			// lambda = (0, 1/sqrt 2, 1) in the limit. The first sample has the smallest margin
			// too, and its multiplier goes to zero slowly.
			for i, want := range []float64{0, 1 / math.Sqrt2, 1} {
				if math.Abs(r.Multiplier[i]-want) > 0.03 {
					t.Errorf("%v, seed %d: multiplier %d is %.5f, not %.5f", loss, seed, i, r.Multiplier[i], want)
				}
			}
			if p := r.MultiplierPrice; math.Abs(p.Upper-1) > 1e-3 {
				t.Errorf("%v, seed %d: the price of the multipliers is %.5f", loss, seed, p.Upper)
			}
			checkExtreme(t, r, 2e-3)
		}
	}
}

// checkExtreme asks neurons with weight to be extreme points of the dual set.
func checkExtreme(t *testing.T, r *flow.Result, tolerance float64) {
	t.Helper()
	shares := 0.0
	for j, h := range r.Neurons {
		shares += h.Share
		if math.Abs(h.Ratio-1) > 1e-9 {
			t.Errorf("neuron %d has the ratio %v", j, h.Ratio)
		}
		if h.Share < 1e-3 {
			continue
		}
		if math.Abs(h.Alignment-1) > tolerance || math.Abs(h.Length-1) > tolerance {
			t.Errorf("neuron %d of share %.2g has alignment %.6f and length %.6f", j, h.Share, h.Alignment, h.Length)
		}
	}
	if math.Abs(shares-1) > 1e-9 {
		t.Errorf("the shares add up to %v", shares)
	}
}

// On orthogonally separable data it does so too, with the hard-margin vectors of the two
// classes for a closed form.
func TestOrthogonallySeparable(t *testing.T) {
	for d := 2; d <= 6; d++ {
		for seed := range uint64(3) {
			x, y := orthogonal(rand.New(rand.NewPCG(seed, uint64(d))), 8, d)
			want := hardMargin(x, y, 1) + hardMargin(x, y, -1)
			r := run(t, x, y, flow.Options{Loss: losses[seed%2], Seed: seed, WithoutProgram: true})
			if r.Upper < want*(1-1e-9) || r.Upper > want*1.005 {
				t.Errorf("d=%d, seed %d: the network has %.6f, the best %.6f", d, seed, r.Upper, want)
			}
			low := r.Certificate.LowerBound
			if low > want*(1+1e-9) || low < want*0.995 || r.Certificate.Kind == convexnn.CertifiedEstimate {
				t.Errorf("d=%d, seed %d: the %s bound is %.6f, the best %.6f", d, seed, r.Certificate.Kind, low, want)
			}
			checkExtreme(t, r, 5e-3)
		}
	}
}

// On data without structure the bracket holds, and optimality is claimed of nothing that
// the program refutes.
func TestBracketHolds(t *testing.T) {
	claimed, above := 0, 0
	for seed := range uint64(8) {
		x, y := gaussian(rand.New(rand.NewPCG(seed, 1)), 5+int(seed%4), 2+int(seed%2))
		r := run(t, x, y, flow.Options{Seed: seed, Neurons: 10})
		optimum, least := r.Program.Objective, r.Program.Certificate.LowerBound
		if low := r.Certificate.LowerBound; low > optimum*(1+1e-9) || low <= 0 {
			t.Errorf("seed %d: the bound %.6f of an optimum of %.6f", seed, low, optimum)
		}
		if r.Separated && r.Upper < least*(1-1e-9) {
			t.Errorf("seed %d: the network has %.6f, the best at least %.6f", seed, r.Upper, least)
		}
		if r.GloballyOptimal {
			claimed++
			if r.Upper > optimum*1.011 {
				t.Errorf("seed %d: claimed to be optimal with %.6f, and the best is %.6f", seed, r.Upper, optimum)
			}
		} else if r.Separated && r.Upper > optimum*1.01 {
			above++
		}
		for k, c := range r.Checkpoints {
			if c.Lower > optimum*(1+1e-9) || c.Separated != (c.Upper > 0) || c.Upper > 0 && c.Upper < least*(1-1e-9) {
				t.Errorf("seed %d, checkpoint %d: bracket [%.6f, %.6f] of %.6f", seed, k, c.Lower, c.Upper, optimum)
			}
			if p := price(t, x, c.Dual); p > 1+1e-7 {
				t.Errorf("seed %d, checkpoint %d: the dual vector has the price %.9f", seed, k, p)
			}
			sum := 0.0
			for i, v := range c.Dual {
				sum += v * y[i]
				if v*y[i] < 0 {
					t.Errorf("seed %d, checkpoint %d: entry %d of the dual vector has the wrong sign", seed, k, i)
				}
			}
			if math.Abs(sum-c.DualValue) > 1e-9*sum || c.DualValue > c.Lower*(1+1e-12) {
				t.Errorf("seed %d, checkpoint %d: the dual vector has %.9f, said to be %.9f, and the best bound is %.9f", seed, k, sum, c.DualValue, c.Lower)
			}
		}
	}
	if above == 0 {
		t.Error("no run ends above the optimum, so that nothing was put to the test")
	}
	t.Logf("%d claimed, %d above the optimum", claimed, above)
}

// With outputs of one sign no network separates two classes, and with few neurons some
// seeds do not: both are results.
func TestNeverSeparated(t *testing.T) {
	x, y := gaussian(rand.New(rand.NewPCG(3, 2)), 6, 3)
	r := run(t, x, y, flow.Options{Signs: []int{1, 1, 1}, WithoutProgram: true})
	if r.Separated || r.Upper != 0 || r.GloballyOptimal || r.Status != convexnn.Limited || !slices.Contains(r.Warnings, flow.OneSign) {
		t.Errorf("separated %v, upper %v, status %v, warnings %v", r.Separated, r.Upper, r.Status, r.Warnings)
	}
	for i, v := range y {
		if v < 0 && !slices.Contains(r.Unseparated, i) {
			t.Errorf("positive outputs separate row %d, which is negative", i)
		}
	}
	never := 0
	for seed := range uint64(6) {
		r := run(t, x, y, flow.Options{Neurons: 2, Seed: seed, WithoutProgram: true})
		f, err := r.Network.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range f {
			if slices.Contains(r.Unseparated, i) != (v*y[i] <= 0) {
				t.Errorf("seed %d: row %d has the margin %v and is listed: %v", seed, i, v*y[i], slices.Contains(r.Unseparated, i))
			}
		}
		if !r.Separated {
			never++
			if r.Status != convexnn.Limited || len(r.Warnings) == 0 || len(r.Unseparated) == 0 {
				t.Errorf("seed %d: status %v, warnings %v", seed, r.Status, r.Warnings)
			}
		}
	}
	if never == 0 {
		t.Error("two neurons separate the samples from all seeds")
	}
}

// A flow that is slow to separate its samples is waited for.
func TestSlow(t *testing.T) {
	rng := rand.New(rand.NewPCG(56, 71))
	x, y := gaussian(rng, 6+rng.IntN(10), 2+rng.IntN(2))
	r := run(t, x, y, flow.Options{Seed: 56, WithoutProgram: true, Checkpoints: 2})
	if !r.Separated || r.SeparatedTime < 100 {
		t.Errorf("separated %v, at time %v", r.Separated, r.SeparatedTime)
	}
}

// What the flow keeps, and what it never does.
func TestInvariants(t *testing.T) {
	x, y := gaussian(rand.New(rand.NewPCG(1, 3)), 8, 3)
	for _, loss := range losses {
		r := run(t, x, y, flow.Options{Loss: loss, Neurons: 12, WithoutProgram: true, Checkpoints: 100})
		for k, c := range r.Checkpoints {
			size := 0.0
			for j, h := range c.Neurons {
				if off := math.Abs(math.Abs(h.Output)-floats.Norm(h.Weights, 2)) / math.Abs(h.Output); off > 1e-9 {
					t.Fatalf("checkpoint %d: neuron %d is out of balance by %.2g", k, j, off)
				}
				if math.Signbit(h.Output) != (j%2 == 1) {
					t.Fatalf("checkpoint %d: output %d has changed its sign", k, j)
				}
				size += floats.Dot(h.Weights, h.Weights) + h.Output*h.Output
			}
			if math.Abs(size-1) > 1e-9 || math.Abs(math.Log(c.Sharpness)-2*c.LogRho) > 1e-9 {
				t.Errorf("checkpoint %d: |w|^2 = %v, sharpness %v, log rho %v", k, size, c.Sharpness, c.LogRho)
			}
			checkClock(t, x, y, loss, c)
			if k == 0 {
				continue
			}
			before := r.Checkpoints[k-1]
			if c.LogLoss > before.LogLoss+1e-8 || c.Time <= before.Time || c.LogTime <= before.LogTime {
				t.Errorf("checkpoint %d: loss %v after %v, time %v after %v", k, c.LogLoss, before.LogLoss, c.Time, before.Time)
			}
			if before.Separated && (!c.Separated || c.LogRho <= before.LogRho) && before.LogLoss < -1 {
				t.Errorf("checkpoint %d: the samples were separated, and are no longer", k)
			}
		}
	}
}

// However coarse the steps, the loss does not rise but for what it takes to move onto a line.
func TestCoarse(t *testing.T) {
	for _, seed := range []uint64{1, 10} {
		x, y := gaussian(rand.New(rand.NewPCG(seed, 1)), 8, 3)
		r := run(t, x, y, flow.Options{Accuracy: 0.1, WithoutProgram: true, Seed: seed, Checkpoints: 1000})
		for k, c := range r.Checkpoints[1:] {
			if before := r.Checkpoints[k]; c.LogLoss > before.LogLoss+0.01*(1+math.Abs(before.LogLoss)) {
				t.Errorf("seed %d, checkpoint %d: loss exp(%v) after exp(%v)", seed, k, c.LogLoss, before.LogLoss)
			}
		}
	}
}

// checkClock computes loss and growth of a checkpoint from its network: (log rho)' is the
// inner product of the network with its gradient, 2 sum l_i y_i f(x_i)/|w|^2.
func checkClock(t *testing.T, x *mat.Dense, y []float64, loss flow.Loss, c *flow.Checkpoint) {
	t.Helper()
	net := convexnn.Network{Dim: x.RawMatrix().Cols, Neurons: c.Neurons}
	f, err := net.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	if c.Sharpness > 100 {
		return // sums below are plain, and overflow
	}
	sum, pulls, growth := 0.0, 0.0, 0.0
	for i := range f {
		q := c.Sharpness * f[i] * y[i]
		l, pull := math.Exp(-q), math.Exp(-q)
		if loss == flow.Logistic {
			l, pull = math.Log(1+math.Exp(-q)), 1/(1+math.Exp(q))
		}
		sum, pulls, growth = sum+l, pulls+pull, growth+2*pull*f[i]*y[i]
	}
	if math.Abs(math.Log(sum)-c.LogLoss) > 1e-6 {
		t.Errorf("the loss is exp(%v), not exp(%v)", math.Log(sum), c.LogLoss)
	}
	if math.Abs(growth/pulls-c.Growth) > 1e-6 {
		t.Errorf("log rho grows by %v, not %v", growth/pulls, c.Growth)
	}
}
