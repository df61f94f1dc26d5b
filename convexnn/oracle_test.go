package convexnn

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/generation"
	"github.com/convexnn/convexnn/internal/metrics"
)

// TrainBy is [Train] over all networks at options.Beta with the prover given, for the
// external tests. Nothing is proved after the rounds: where the prover has a negative
// MaxNodes, the last word is an audit.
func TrainBy(ctx context.Context, x *mat.Dense, y []float64, options Options, prover PriceSettings) (*Result, error) {
	t := newTrainer(x, y, options.Beta, options.Intercept, options.Tolerance)
	t.prover, t.seed = prover, options.Seed
	t.progress = func(b *bracket) { options.report(Progress{Stage: "generate", Solve: b.report()}) }
	best, err := t.zero()
	if err != nil {
		return nil, err
	}
	if err := t.run(ctx, best); err != nil {
		return nil, err
	}
	network, err := best.network.Simplify(x, y, t.beta, t.intercept)
	if err != nil {
		return nil, err
	}
	r := &Result{
		Mode: Global, Beta: t.beta, Status: best.status, Rounds: best.rounds, Patterns: best.patterns, Cells: best.cells,
		Certificate: best.proved, Estimate: best.estimate,
	}
	if err := r.describe(network, x, y); err != nil {
		return nil, err
	}
	for _, c := range []*Certificate{&r.Certificate, r.Estimate} {
		if c != nil {
			c.RelativeGap = metrics.RelativeGap(r.Objective, c.LowerBound)
		}
	}
	return r, nil
}

// wave is y = sin(2 x_1) on n Gaussian samples with a column of ones.
func wave(seed uint64, n, d int) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range y {
		for k := range d - 1 {
			x.Set(i, k, rng.NormFloat64())
		}
		x.Set(i, d-1, 1)
		y[i] = math.Sin(2 * x.At(i, 0))
	}
	return x, y
}

// lying returns the trainer of an instance, with a network of so many neurons at hand,
// and an oracle that believes in a bound far too high: the price of y, which is the
// dual vector that gives the highest, is said to be beta/2.
func lying(t *testing.T, seed uint64, neurons int, intercept bool) (*trainer, *oracle) {
	t.Helper()
	x, y := wave(seed, 25, 4)
	trainer := newTrainer(x, y, 0.5, intercept, 1e-3)
	trainer.prover = PriceSettings{MaxNodes: -1}
	best, err := trainer.zero()
	if err != nil {
		t.Fatal(err)
	}
	if neurons > 0 {
		r, err := Train(t.Context(), x, y, Options{Mode: Sampled, Beta: trainer.beta, Patterns: neurons, Seed: seed, Intercept: intercept})
		if err != nil {
			t.Fatal(err)
		}
		if err := trainer.offer(best, r.Network); err != nil {
			t.Fatal(err)
		}
	}
	o := newOracle(trainer, best)
	lie := NewCertificate(trainer.target, trainer.target, trainer.beta, best.objective, Price{Value: trainer.beta / 2, Upper: math.Inf(1), Kind: CertifiedEstimate})
	for e := range o.bounds {
		o.bounds[e] = lie
	}
	if lie.LowerBound < best.objective*(1-1e-12) { // that of no neurons is as high
		t.Fatalf("seed %d: the lie %g is below the objective %g", seed, lie.LowerBound, best.objective)
	}
	return trainer, o
}

// estimates are all bounds that an oracle holds or tells.
func (o *oracle) estimates() []float64 {
	list := []float64{o.best.guess.LowerBound}
	for e, c := range o.bounds {
		_, told := o.Best(generation.Effort(e))
		list = append(list, c.LowerBound, told*o.units.Y*o.units.Y)
	}
	if o.best.estimate != nil {
		list = append(list, o.best.estimate.LowerBound)
	}
	return list
}

// Whatever vector is behind an estimate: the neurons of a network, priced at it, bring
// it down to the objective of the network, by weak duality for these neurons alone.
func TestNeuronsRefuteAnEstimate(t *testing.T) {
	for seed := range uint64(6) {
		trainer, o := lying(t, seed, 10, seed%2 == 1)
		neurons := o.units.neurons(o.best.network)
		if len(neurons) < 2 {
			t.Fatalf("seed %d: %d neurons", seed, len(neurons))
		}
		given := bySign(neurons)
		residual, err := trainer.residual(o.best.network)
		if err != nil {
			t.Fatal(err)
		}
		for k, sign := range []float64{1, -1} { // they are optimal for the residual of their sign
			for _, u := range given[k] {
				if value := sign * pricing.Value(trainer.x, residual, u); value < trainer.beta/2 {
					t.Errorf("seed %d: a neuron of sign %g has the price %g", seed, sign, value)
				}
			}
		}
		// What is recorded knows nothing of its own: its vector has no bound at all.
		nothing := make([]float64, len(trainer.y))
		o.record(nothing, Price{Upper: math.Inf(1), Kind: CertifiedEstimate}, generation.Quick, given)
		for _, bound := range o.estimates() {
			if bound > o.best.objective*(1+1e-12) {
				t.Errorf("seed %d: estimate %.12g, the network has %.12g", seed, bound, o.best.objective)
			}
		}
		if o.best.estimate == nil {
			t.Errorf("seed %d: nothing is left of the estimate", seed)
		}
	}
}

// Directions that a search finds at one vector count at all others. The price of each
// vector is at least that of the directions, so that its bound is at most the one that
// the largest price of them gives.
func TestFoundDirectionsRefuteAnEstimate(t *testing.T) {
	for seed := range uint64(6) {
		trainer, o := lying(t, seed, 0, seed%2 == 1)
		before := o.bounds[generation.Final]
		price, err := o.search(t.Context(), before.Dual, generation.Quick, [2][][]float64{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for _, found := range price.Found {
			for _, f := range found {
				most = max(most, math.Abs(pricing.Value(trainer.x, before.Dual, f.Vector)))
			}
		}
		if most < trainer.beta {
			t.Fatalf("seed %d: the search found %g at most", seed, most)
		}
		truth := NewCertificate(trainer.target, before.Dual, trainer.beta, 1, Price{Value: most, Kind: CertifiedEstimate})
		for _, bound := range o.estimates() {
			if bound > truth.LowerBound*(1+1e-12) {
				t.Errorf("seed %d: estimate %.12g, directions at hand allow %.12g", seed, bound, truth.LowerBound)
			}
		}
	}
}

// A proved bound does not fall, whatever is found.
func TestNothingRefutesAProof(t *testing.T) {
	trainer, o := lying(t, 1, 10, false)
	proved := NewCertificate(trainer.target, trainer.target, trainer.beta, 1, Price{Value: 1, Upper: 100, Kind: CertifiedBounded})
	o.best.proved = proved
	for e := range o.bounds {
		o.bounds[e] = Certificate{}
	}
	if _, err := o.search(t.Context(), trainer.target, generation.Quick, bySign(o.units.neurons(o.best.network)), 1); err != nil {
		t.Fatal(err)
	}
	if o.best.proved.LowerBound != proved.LowerBound {
		t.Errorf("the proved bound %g is %g now", proved.LowerBound, o.best.proved.LowerBound)
	}
	o.record(trainer.target, Price{Value: 1, Upper: 1000, Kind: CertifiedBounded}, generation.Final, [2][][]float64{})
	if o.best.proved.LowerBound != proved.LowerBound {
		t.Errorf("a worse proof takes the bound from %g to %g", proved.LowerBound, o.best.proved.LowerBound)
	}
	// An estimate that says no more than a proof is none.
	o.record(trainer.target, Price{Value: 1000, Upper: math.Inf(1), Kind: CertifiedEstimate}, generation.Final, [2][][]float64{})
	if o.best.estimate != nil {
		t.Errorf("an estimate of %g beside a proof of %g", o.best.estimate.LowerBound, o.best.proved.LowerBound)
	}
}

// An oracle that believes in a wrong bound at the beginning does not end the training:
// what it finds brings the bound down, and the optimum is reached.
func TestTrainingSurvivesAWrongEstimate(t *testing.T) {
	for seed := range uint64(4) {
		trainer, o := lying(t, seed, 0, seed%2 == 1)
		if err := trainer.generate(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		exact, err := Train(t.Context(), trainer.x, trainer.y, Options{Mode: Enumerate, Beta: trainer.beta, Intercept: trainer.intercept})
		if err != nil || exact.Certificate.Kind != CertifiedExact || exact.Status != Solved {
			t.Fatal(exact.Status, err)
		}
		if exact.Objective > 0.9*floats.Dot(trainer.target, trainer.target)/2 {
			t.Fatalf("seed %d: the lie was none", seed)
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

// An audit that finds more than the cheap searches is believed: a search of a round
// that is told of a price too small does not become the final word.
func TestCheapSearchesAreNoFinalWord(t *testing.T) {
	trainer, o := lying(t, 2, 10, false)
	o.bounds = [generation.Final + 1]Certificate{}
	neurons := bySign(o.units.neurons(o.best.network))
	for _, effort := range []generation.Effort{generation.Quick, generation.Careful} {
		if _, err := o.search(t.Context(), trainer.target, effort, neurons, 1); err != nil {
			t.Fatal(err)
		}
		if o.best.estimate != nil || o.bounds[generation.Final].Dual != nil {
			t.Errorf("a search of effort %d counts as an audit", effort)
		}
		if o.best.guess.LowerBound == 0 {
			t.Error("a search suggests nothing")
		}
	}
	price, err := o.search(t.Context(), trainer.target, generation.Final, neurons, 1)
	if err != nil {
		t.Fatal(err)
	}
	if o.best.estimate == nil || o.best.estimate.Kind != CertifiedEstimate {
		t.Errorf("the audit says %+v", o.best.estimate)
	}
	// What it finds is for the next master.
	if price.Value <= trainer.beta || len(price.Found[0]) == 0 || len(price.Found[1]) == 0 {
		t.Errorf("the audit found %+v", price)
	}
	// Audits start from many places, and from others than the searches before them.
	cheap, audit := o.local(generation.Careful, neurons, 1), o.local(generation.Final, neurons, 1)
	if audit.Starts < 10*cheap.Starts || audit.Polish < 0 || len(audit.Given[0])+len(audit.Given[1]) == 0 {
		t.Errorf("an audit with %+v", audit)
	}
	for round := range 1000 {
		if o.local(generation.Quick, neurons, round).Seed == audit.Seed {
			t.Errorf("the audit of round 1 has the seed of round %d", round)
		}
	}
	trainer.seed++
	if o.local(generation.Final, neurons, 1).Seed == audit.Seed {
		t.Error("the audit ignores the seed of the training")
	}
	// A search that was cut short estimates nothing.
	o.bounds, o.best.estimate = [generation.Final + 1]Certificate{}, nil
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.search(done, trainer.target, generation.Final, neurons, 1); err != nil {
		t.Fatal(err)
	}
	if o.best.estimate != nil {
		t.Errorf("a cancelled audit says %+v", o.best.estimate)
	}
}

// A proof that falls short stands beside the estimate; one that closes takes its place.
func TestProofsStandBesideEstimates(t *testing.T) {
	x, y := wave(2, 100, 8)
	trainer := newTrainer(x, y, 0.5, false, 1e-3)
	trainer.prover = PriceSettings{MaxNodes: -1}
	best, err := trainer.zero()
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(trainer, best)
	if _, err := o.search(t.Context(), trainer.target, generation.Final, [2][][]float64{}, 1); err != nil || o.best.estimate == nil {
		t.Fatal(o.best.estimate, err)
	}
	estimate := o.best.estimate.LowerBound
	if err := trainer.prove(t.Context(), o.best, PriceSettings{MaxNodes: 1}); err != nil {
		t.Fatal(err)
	}
	short := o.best.proved
	if short.Kind != CertifiedBounded || short.LowerBound <= 0 || short.LowerBound >= estimate || o.best.estimate == nil || o.best.estimate.LowerBound != estimate {
		t.Errorf("%v bound %g beside the estimate %+v", short.Kind, short.LowerBound, o.best.estimate)
	}
	if err := trainer.prove(t.Context(), o.best, PriceSettings{MaxNodes: 100_000}); err != nil {
		t.Fatal(err)
	}
	if c := o.best.proved; c.Kind != CertifiedExact || c.LowerBound < short.LowerBound || c.LowerBound > estimate*(1+1e-9) || o.best.estimate != nil {
		t.Errorf("%v bound %g after %g, estimate %g before and %+v after", c.Kind, c.LowerBound, short.LowerBound, estimate, o.best.estimate)
	}
}

// Only better networks are taken over.
func TestOffersAreWeighed(t *testing.T) {
	trainer, o := lying(t, 3, 10, false)
	before := *o.best
	worse := *before.network
	worse.Neurons = worse.Neurons[:1]
	if err := trainer.offer(o.best, &worse); err != nil || o.best.network != before.network || o.best.objective != before.objective {
		t.Errorf("objective %g after an offer, %g before (%v)", o.best.objective, before.objective, err)
	}
}

// With an intercept a constant on a vector changes nothing.
func TestSearchesIgnoreTheMeanWithIntercept(t *testing.T) {
	trainer, o := lying(t, 1, 0, true)
	var bounds [2]float64
	for k, constant := range []float64{0, 7} {
		o.bounds = [generation.Final + 1]Certificate{}
		v := slices.Clone(trainer.target)
		floats.AddConst(constant, v)
		if _, err := o.search(t.Context(), v, generation.Final, [2][][]float64{}, 1); err != nil {
			t.Fatal(err)
		}
		bounds[k] = o.bounds[generation.Final].LowerBound
		if sum := floats.Sum(o.bounds[generation.Final].Dual); math.Abs(sum) > 1e-12 {
			t.Errorf("the dual vector sums to %g", sum)
		}
	}
	if math.Abs(bounds[0]-bounds[1]) > 1e-9*bounds[0] {
		t.Errorf("bounds %g", bounds)
	}
}
