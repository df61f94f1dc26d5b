package convexnn

import (
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
)

// signs is wave with the signs of its targets.
func signs(seed uint64, n, d int) (*mat.Dense, []float64) {
	x, y := wave(seed, n, d)
	for i, v := range y {
		y[i] = math.Copysign(1, v)
	}
	return x, y
}

// softTrainer is a trainer by local search with the hinge loss that knows the network
// without neurons.
func softTrainer(t *testing.T, seed uint64) (*trainer, *bracket) {
	t.Helper()
	x, y := signs(seed, 25, 4)
	trainer := newTrainer(x, y, 0.5, false, 1e-3)
	trainer.loss, trainer.prover = Hinge, PriceSettings{MaxNodes: -1}
	best, err := trainer.zero()
	if err != nil {
		t.Fatal(err)
	}
	return trainer, best
}

// An oracle that believes in a wrong bound at the beginning ends the training with the
// hinge loss neither early nor above the optimum.
func TestHingeSurvivesAWrongEstimate(t *testing.T) {
	for seed := range uint64(4) {
		trainer, best := softTrainer(t, seed)
		o := newOracle(trainer, best)
		lie := Hinge.Certificate(trainer.y, trainer.y, trainer.beta, best.objective, Price{Value: trainer.beta / 2, Upper: math.Inf(1), Kind: CertifiedEstimate})
		if lie.LowerBound < best.objective*(1-1e-9) {
			t.Fatalf("the lie %g is below the objective %g", lie.LowerBound, best.objective)
		}
		for e := range o.bounds {
			o.bounds[e] = lie
		}
		if err := trainer.generate(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		exact, err := Train(t.Context(), trainer.x, trainer.y, Options{Loss: Hinge, Mode: Enumerate, Beta: trainer.beta})
		if err != nil || exact.Certificate.Kind != CertifiedExact || exact.Status != Solved || exact.Objective > 0.9*lie.LowerBound {
			t.Fatal(exact.Status, exact.Objective, err)
		}
		for _, bound := range o.estimates() {
			if bound > exact.Objective*(1+1e-9) {
				t.Errorf("seed %d: estimate %.12g over the optimum %.12g", seed, bound, exact.Objective)
			}
		}
		if o.best.objective > exact.Certificate.LowerBound*(1+2*trainer.tolerance) {
			t.Errorf("seed %d: objective %.9g, the optimum is %.9g", seed, o.best.objective, exact.Objective)
		}
	}
}

// What is left of an estimate beside a network is no higher than its objective, and a
// network that says nothing new leaves it as it is.
func TestNetworksRefuteEstimates(t *testing.T) {
	for seed := range uint64(4) {
		x, y := signs(seed, 25, 4)
		for _, loss := range []Loss{Squared, Hinge, HardMargin} {
			o := Options{Loss: loss, Mode: Enumerate, Beta: 0.5}
			if loss == HardMargin {
				o.Beta = 0
			}
			r, err := Train(t.Context(), x, y, o)
			if err != nil {
				t.Fatal(err)
			}
			lie := loss.Certificate(y, y, r.Beta, r.Objective, Price{Value: 1e-3, Upper: math.Inf(1), Kind: CertifiedEstimate})
			if loss != HardMargin && lie.LowerBound < r.Objective {
				t.Fatalf("%v: the lie %g is below the objective %g", loss, lie.LowerBound, r.Objective)
			}
			best := &bracket{proved: r.Certificate, estimate: &lie, status: Limited}
			if c := lie.refuted(r.Network, x, y, r.Beta, r.Objective); c.LowerBound > r.Objective*(1+1e-9) || c.Kind != CertifiedEstimate || c.Price.Value > r.Beta*(1+1e-9) {
				t.Errorf("%v: %v bound %g at the price %g, the network has %g", loss, c.Kind, c.LowerBound, c.Price.Value, r.Objective)
			}
			if err := r.conclude(best, r.Network, x, y, y, 1e-6); err != nil {
				t.Fatal(err)
			}
			// The vector of the lie is far from the best one, and the proof says more.
			if r.Estimate != nil || r.Status != Solved {
				t.Errorf("%v: estimate %+v, %v", loss, r.Estimate, r.Status)
			}
		}
		truth := Hinge.Certificate(y, y, 0.5, 1, Price{Value: 1e9, Upper: math.Inf(1), Kind: CertifiedEstimate})
		net := &Network{Dim: 4, Neurons: []Neuron{{Weights: []float64{0, 0, 0, 1}, Output: 1}, {Weights: make([]float64, 4), Output: 1}}}
		if c := truth.refuted(net, x, y, 0.5, 1); c.LowerBound != truth.LowerBound {
			t.Errorf("bound %g, before %g", c.LowerBound, truth.LowerBound)
		}
	}
	var none *Certificate
	if none.refuted(nil, nil, nil, 1, 1) != nil {
		t.Error("something came of no estimate")
	}
}

// A rough training ends by itself, near the optimum, and leaves no estimate.
func TestRoughTrainings(t *testing.T) {
	trainer, best := softTrainer(t, 1)
	trainer.rough, trainer.tolerance = true, 1e-2
	if err := trainer.run(t.Context(), best); err != nil {
		t.Fatal(err)
	}
	if best.status != Solved || best.estimate != nil || best.proved.LowerBound > 0 || best.guess.LowerBound < best.objective*(1-1e-2) {
		t.Errorf("%v, objective %g, guess %g, bound %g, estimate %+v", best.status, best.objective, best.guess.LowerBound, best.proved.LowerBound, best.estimate)
	}
	exact, err := Train(t.Context(), trainer.x, trainer.y, Options{Loss: Hinge, Mode: Enumerate, Beta: trainer.beta})
	if err != nil || best.objective > exact.Objective*1.02 {
		t.Errorf("objective %g, the optimum is %g (%v)", best.objective, exact.Objective, err)
	}
}

// The oracle of a rough training has no word that is final.
func TestRoughOracles(t *testing.T) {
	trainer, best := softTrainer(t, 2)
	trainer.rough = true
	o := newOracle(trainer, best)
	price, err := o.search(t.Context(), trainer.y, generation.Final, [2][][]float64{}, 1)
	if err != nil || price.Value == 0 {
		t.Fatal(price, err)
	}
	if o.bounds[generation.Final].Dual != nil || o.bounds[generation.Careful].Dual == nil {
		t.Errorf("final bound %+v", o.bounds[generation.Final])
	}
	careful, bound := o.Best(generation.Careful)
	if final, told := o.Best(generation.Final); told != bound || !slices.Equal(final, careful) || bound == 0 {
		t.Errorf("the final bound is %g, the careful one %g", told, bound)
	}
}

// Rows of different labels that nearly coincide: f rises by 2 over a short way, which costs
// at least 2 over its length, and their one neuron each at most some multiple of it.
func TestHardMarginOfRowsNearby(t *testing.T) {
	for k, apart := range []float64{1e-2, 1e-4, 1e-6, 1e-6} {
		x, y := signs(uint64(k), 12, 3)
		x.SetRow(1, x.RawRowView(0))
		x.Set(1, 0, x.At(0, 0)+apart)
		y[0], y[1] = 1, -1
		r, err := Train(t.Context(), x, y, Options{Loss: HardMargin, Tolerance: 1e-6})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != Solved || r.Certificate.Kind != CertifiedExact || r.Objective < 2/apart {
			t.Errorf("%g apart: objective %g, %v, %v", apart, r.Objective, r.Status, r.Certificate.Kind)
		}
		if m := len(r.Network.Neurons); m > len(y) {
			t.Errorf("%g apart: %d neurons", apart, m)
		}
	}
}

// Rows so near that rounding ends the trainings: the last of them proves what it can.
func TestHardMarginOfRowsTooNear(t *testing.T) {
	x, y := signs(3, 14, 3)
	x.SetRow(1, x.RawRowView(0))
	x.Set(1, 0, x.At(0, 0)+1e-10)
	y[0], y[1] = 1, -1
	r, err := Train(t.Context(), x, y, Options{Loss: HardMargin, Tolerance: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Certificate; r.Status != Limited || c.LowerBound < r.Objective/2 || c.LowerBound > r.Objective || math.IsInf(r.Objective, 1) {
		t.Errorf("objective %g, bound %g, %v", r.Objective, c.LowerBound, r.Status)
	}
}

// Where no round proved anything, the end does, with the vector of the estimate.
func TestHardMarginIsProvedInTheEnd(t *testing.T) {
	x, y := signs(6, 25, 4)
	r, err := Train(t.Context(), x, y, Options{Loss: HardMargin})
	if err != nil {
		t.Fatal(err)
	}
	local := PriceSettings{MaxNodes: -1}
	price, err := FindPrice(t.Context(), x, r.Certificate.Dual, local)
	if err != nil {
		t.Fatal(err)
	}
	guess := HardMargin.Certificate(y, r.Certificate.Dual, 1, r.Objective, price)
	b := &bracket{network: r.Network, objective: r.Objective, proved: Certificate{Kind: CertifiedBounded}, estimate: &guess}
	if err := b.complete(t.Context(), x, y, local, Options{Tolerance: 1e-3}); err != nil {
		t.Fatal(err)
	}
	if c := b.proved; c.Kind != CertifiedExact || c.LowerBound < guess.LowerBound*(1-1e-6) || c.LowerBound > r.Objective || c.Loss != HardMargin || b.estimate != nil {
		t.Errorf("%v bound %g of %v, the estimate was %g, and is %+v", c.Kind, c.LowerBound, c.Loss, guess.LowerBound, b.estimate)
	}
}

// A start with an intercept is not taken for one that separates by itself.
func TestHardMarginFromAStart(t *testing.T) {
	x, y := mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0}), []float64{1, 1, -1}
	start := &Network{Dim: 2, Neurons: []Neuron{{Weights: []float64{-1, 0}, Output: -2}}, Intercept: 1}
	if f, err := start.Predict(x); err != nil || Margin(y, f) < 1 {
		t.Fatal(f, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := Train(done, x, y, Options{Loss: HardMargin, Start: start})
	if err != nil || !math.IsInf(r.Objective, 1) {
		t.Errorf("objective %g (%v)", r.Objective, err)
	}
	// A good one is kept, and scaled to its margins.
	start = &Network{Dim: 2, Neurons: []Neuron{{Weights: []float64{1, 1}, Output: 0.25}, {Weights: []float64{-3, 0}, Output: -1}}}
	r, err = Train(done, x, y, Options{Loss: HardMargin, Start: start})
	if err != nil || r.Status != Stopped {
		t.Fatal(r, err)
	}
	f, err := r.Network.Predict(x)
	if err != nil || math.Abs(Margin(y, f)-1) > 1e-12 || math.Abs(r.Network.Penalty()-r.Objective) > 1e-12*r.Objective || r.Objective > 3.5*math.Sqrt2+6 {
		t.Errorf("objective %g, penalty %g, predictions %v (%v)", r.Objective, r.Network.Penalty(), f, err)
	}
}

// Worse bounds do not take the place of better ones, and an estimate that says no more than
// what is proved is none.
func TestProofsOfMarginsStand(t *testing.T) {
	y := []float64{1, -1}
	v := []float64{0.5, -0.5}
	proof := func(price float64) Certificate {
		return Hinge.Certificate(y, v, 0.1, 10, Price{Value: price, Upper: price, Kind: CertifiedExact})
	}
	b := &bracket{objective: 10, proved: Certificate{Loss: HardMargin, Kind: CertifiedBounded}}
	for _, price := range []float64{1, 0.5, 2} {
		b.proveMargin(y, &bracket{proved: proof(price)})
	}
	if math.Abs(b.proved.LowerBound-2) > 1e-12 || b.proved.Kind != CertifiedExact || b.proved.Loss != HardMargin {
		t.Errorf("%v bound %g", b.proved.Kind, b.proved.LowerBound)
	}
	for price, want := range map[float64]float64{0.25: 4, 0.75: 0} {
		c := Hinge.Certificate(y, v, 0.1, 10, Price{Value: price, Upper: math.Inf(1), Kind: CertifiedEstimate})
		b.proveMargin(y, &bracket{estimate: &c})
		if got := b.estimate; (got == nil) != (want == 0) || got != nil && math.Abs(got.LowerBound-want) > 1e-12 {
			t.Errorf("estimate %+v at the price %g, want %g", got, price, want)
		}
		b.estimate = nil
	}
}

// Networks are scaled to the margins asked for, up or down.
func TestReachMargin(t *testing.T) {
	x, y := mat.NewDense(2, 1, []float64{1, -1}), []float64{2, -1}
	for _, c := range []struct{ right, left, want float64 }{{1, 1, 4}, {8, 8, 4}, {4, 1, 5.0 / 1}, {-1, 1, 0}} {
		net := &Network{Dim: 1, Neurons: []Neuron{{Weights: []float64{1}, Output: c.right}, {Weights: []float64{-1}, Output: -c.left}}}
		before := net.Penalty()
		if err := net.reachMargin(x, y); err != nil {
			t.Fatal(err)
		}
		f, err := net.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		if c.want == 0 {
			if net.Penalty() != before {
				t.Errorf("a network that does not separate was scaled from %g to %g", before, net.Penalty())
			}
		} else if math.Abs(Margin(y, f)-1) > 1e-14 || math.Abs(net.Penalty()-c.want) > 1e-14*c.want {
			t.Errorf("%+v: margin %g, penalty %g", c, Margin(y, f), net.Penalty())
		}
	}
}

// Whenever it is stopped, the best network stands, and what was guessed by then is audited.
func TestHardMarginStopsAnywhere(t *testing.T) {
	x, y := signs(5, 60, 6)
	full, err := Train(t.Context(), x, y, Options{Loss: HardMargin})
	if err != nil {
		t.Fatal(err)
	}
	for rounds := 1; rounds < full.Rounds; rounds += 3 {
		ctx, cancel := context.WithCancel(t.Context())
		known := math.Inf(1)
		r, err := Train(ctx, x, y, Options{Loss: HardMargin, Progress: func(p Progress) {
			if p.Stage == "generate" {
				known = p.Solve.Objective
				if p.Solve.Rounds == rounds {
					cancel()
				}
			}
		}})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if (r.Status != Stopped && r.Status != Solved) || r.Rounds != rounds || !(r.Objective <= known*(1+1e-9)) || r.Objective < full.Certificate.LowerBound*(1-1e-9) {
			t.Errorf("round %d: %v after %d rounds, objective %g, known %g", rounds, r.Status, r.Rounds, r.Objective, known)
		}
		bound := r.Certificate.LowerBound
		if r.Estimate != nil {
			bound = r.Estimate.LowerBound
		}
		if !(bound > 0 && bound <= full.Objective*(1+1e-6)) {
			t.Errorf("round %d: the bound is %g, the optimum about %g", rounds, bound, full.Objective)
		}
	}
}

// Where search is local, the trainings on the way to the hard margin take no audits: a
// stop soon finds a network.
func TestHardMarginByLocalSearch(t *testing.T) {
	x, y := signs(5, 60, 6)
	var searches, stages int
	last := math.Inf(1)
	r, err := Train(t.Context(), x, y, Options{Loss: HardMargin, Tolerance: 1e-3, Progress: func(p Progress) {
		if p.Stage == "generate" {
			if searches++; p.Solve.Rounds <= 0 || p.Solve.LowerBound > p.Solve.Objective*(1+1e-9) || p.Solve.Objective > last*(1+1e-12) {
				t.Errorf("round %d: objective %g after %g", p.Solve.Rounds, p.Solve.Objective, last)
			}
			last = p.Solve.Objective
			stages = max(stages, p.Solve.Rounds)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != Solved || r.Rounds != stages || searches != stages || r.Objective > last*(1+1e-9) {
		t.Errorf("%v, %d rounds, of which %d and up to %d were told, objective %g after %g", r.Status, r.Rounds, searches, stages, r.Objective, last)
	}
	if r.Estimate != nil && r.Estimate.LowerBound > r.Objective {
		t.Errorf("estimate %g, objective %g", r.Estimate.LowerBound, r.Objective)
	}
}

// Neurons of one sign that are active on the same samples become one, which costs no more;
// those of different signs do not.
func TestNeuronsOfACellAreMerged(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{1, 0.1, 1, -0.1, -1, 0.2, 0.9, 0.3})
	net := &Network{Dim: 2, Neurons: []Neuron{
		{Weights: []float64{1, 1}, Output: 0.5}, {Weights: []float64{1, -1}, Output: -1}, {Weights: []float64{1, -1}, Output: 1.5}, {Weights: []float64{2, -1}, Output: -0.25},
	}}
	before, err := net.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	s := &simplifier{x: x, y: before}
	merged := s.mergeCells(net)
	after, err := merged.Predict(x)
	if err != nil || len(merged.Neurons) != 2 || merged.Penalty() > net.Penalty() {
		t.Fatalf("%d neurons of penalty %g, before %g (%v)", len(merged.Neurons), merged.Penalty(), net.Penalty(), err)
	}
	for i := range after {
		if math.Abs(after[i]-before[i]) > 1e-14 {
			t.Errorf("row %d is predicted as %g, before as %g", i+1, after[i], before[i])
		}
	}
	simple, err := net.Simplify(x, before, 1e-3, false)
	if err != nil || len(simple.Neurons) > 2 {
		t.Errorf("%d neurons are left (%v)", len(simple.Neurons), err)
	}
	// Of the same cell, but not a merger of gated neurons, which have gates of their own.
	gated := &Network{Model: Gated, Dim: 2, Neurons: []Neuron{{Weights: []float64{1, 0}, Output: 1, Gate: []float64{1, 0}}, {Weights: []float64{1, 0}, Output: 1, Gate: []float64{1, 0.1}}}}
	if got := s.mergeCells(gated); got != gated {
		t.Errorf("gated neurons were merged: %+v", got)
	}
}

// Outputs that cancel to a millionth leave a margin with a million times the rounding.
func TestRoundingOfMargins(t *testing.T) {
	x, y := mat.NewDense(2, 1, []float64{1, -1}), []float64{1, -2}
	net := &Network{Dim: 1, Neurons: []Neuron{{Weights: []float64{1}, Output: 100}, {Weights: []float64{1}, Output: -99}, {Weights: []float64{-1}, Output: -2}}}
	for _, c := range []struct {
		loss   Loss
		factor float64
		want   float64
	}{{HardMargin, 1, 199 * rounding}, {HardMargin, 1e-6, rounding}, {HardMargin, 1e9, 1e-9}, {Hinge, 1, rounding}, {Squared, 1, rounding}} {
		s := &simplifier{loss: c.loss, x: x, y: y}
		if got := s.rounding(net.rescaled([]float64{c.factor, c.factor, c.factor})); math.Abs(got-c.want) > 1e-12*c.want {
			t.Errorf("%v, outputs times %g: %g, want %g", c.loss, c.factor, got, c.want)
		}
	}
}

// However small the tolerance, the last training is not rough.
func TestHardMarginBeyondRounding(t *testing.T) {
	x, y := mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}), []float64{-1, 1, 1, -1} // XOR
	r, err := Train(t.Context(), x, y, Options{Loss: HardMargin, Tolerance: 1e-30})
	if err != nil {
		t.Fatal(err)
	}
	want := 2*math.Sqrt2 + 2*math.Sqrt(3)
	if c := r.Certificate; c.LowerBound < want*(1-1e-9) || c.LowerBound > want*(1+1e-15) || math.Abs(r.Objective-want) > 1e-9*want {
		t.Errorf("objective %.15g, bound %.15g, the optimum is %.15g", r.Objective, c.LowerBound, want)
	}
}
