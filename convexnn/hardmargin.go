package convexnn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/metrics"
)

// hardMargin completes the result by the network of the largest margin. With the hinge
// loss and a beta below the reciprocal of the largest dual variable no slack pays, and its
// network is that of the hard margin. That beta is not known: it is divided by ten as long
// as there is slack, and each training begins with the network of the one before. Whatever
// the beta, a dual vector of the hinge divided by its price is one of the hard margin.
func (result *Result) hardMargin(ctx context.Context, x *mat.Dense, y []float64, prover PriceSettings, options Options) (*Result, error) {
	options.report(Progress{Stage: "solve", Known: result})
	_, d := x.Dims()
	best := &bracket{network: constantNetwork(ReLU, d, y, false), objective: math.Inf(1), proved: Certificate{Loss: HardMargin, Kind: CertifiedBounded}}
	if options.Start != nil {
		start := *options.Start
		start.Intercept = 0
		if err := best.offerMargin(&start, x, y); err != nil {
			return nil, err
		}
	}
	const leastRatio, finest = 1e-13, 1e-11
	beta, accuracy := result.BetaMax.Value/10, 0.1
	for beta > leastRatio*result.BetaMax.Value && accuracy > finest && best.gap() > options.Tolerance && ctx.Err() == nil {
		soft, err := result.soften(ctx, x, y, beta, accuracy, best, prover, options)
		if err != nil {
			return nil, err
		}
		best.rounds, best.patterns, best.cells = best.rounds+soft.rounds, soft.patterns, soft.cells
		loss, _, err := Hinge.Objective(soft.network, x, y, 0)
		if err != nil {
			return nil, err
		}
		if loss > 2*accuracy*soft.objective || best.network.isZero() {
			beta /= 10
		} else {
			accuracy /= 10
		}
	}
	return result.separated(ctx, x, y, best, options)
}

// soften trains with the hinge loss and takes what follows for the hard margin into best.
func (result *Result) soften(ctx context.Context, x *mat.Dense, y []float64, beta, accuracy float64, best *bracket, prover PriceSettings, options Options) (*bracket, error) {
	t := newTrainer(x, y, beta, false, accuracy)
	t.loss, t.prover, t.seed = Hinge, prover, options.Seed
	take := func(b *bracket) {
		_ = best.offerMargin(b.network, x, y) // shapes were checked at the door
		best.proveMargin(y, b)
		best.guess = max(best.guess, b.guess/beta)
	}
	before := best.rounds
	t.progress = func(b *bracket) {
		take(b)
		now := *best
		now.rounds = before + b.rounds
		result.Patterns, result.Cells = b.patterns, b.cells
		options.report(Progress{Stage: "generate", Known: result, Solve: now.report()})
	}
	soft, err := t.from(best.network)
	if err != nil {
		return nil, err
	}
	if err := t.run(ctx, soft); err != nil {
		return nil, err
	}
	if err := t.prove(ctx, soft, trainProof(x)); err != nil {
		return nil, err
	}
	take(soft)
	return soft, nil
}

// offerMargin takes over a network, scaled to the margins asked for, if it is the best.
func (b *bracket) offerMargin(net *Network, x *mat.Dense, y []float64) error {
	objective, _, err := HardMargin.Objective(net, x, y, 0)
	if err == nil && objective < b.objective {
		b.network, b.objective = net.rescaled(nil), objective
	}
	return err
}

// proveMargin takes over what the dual vectors of a training with the hinge loss say of
// the hard margin.
func (b *bracket) proveMargin(y []float64, soft *bracket) {
	if soft.proved.Dual != nil {
		if c := HardMargin.Certificate(y, soft.proved.Dual, 1, b.objective, soft.proved.Price); c.LowerBound > b.proved.LowerBound {
			b.proved = c
		}
	}
	if soft.estimate != nil {
		c := HardMargin.Certificate(y, soft.estimate.Dual, 1, b.objective, soft.estimate.Price)
		b.estimate = &c
	}
	if b.estimate != nil && b.estimate.LowerBound <= b.proved.LowerBound {
		b.estimate = nil
	}
}

func (net *Network) isZero() bool { return len(net.Neurons) == 0 }

// separated completes the result by the best network and bounds.
func (result *Result) separated(ctx context.Context, x *mat.Dense, y []float64, best *bracket, options Options) (*Result, error) {
	if err := best.network.reachMargin(x, y); err != nil {
		return nil, err
	}
	network, err := best.network.simplify(HardMargin, x, y, 1, false)
	if err != nil {
		return nil, err
	}
	if err := network.reachMargin(x, y); err != nil {
		return nil, err
	}
	result.Rounds, result.Patterns, result.Cells = best.rounds, best.patterns, best.cells
	result.Certificate, result.Estimate = best.proved, best.estimate
	if err := result.describe(network, x, y); err != nil {
		return nil, err
	}
	c := &result.Certificate
	c.RelativeGap = metrics.RelativeGap(result.Objective, c.LowerBound)
	gap := c.RelativeGap
	if e := result.Estimate; e != nil {
		e.RelativeGap = metrics.RelativeGap(result.Objective, e.LowerBound)
		gap = min(gap, e.RelativeGap)
	}
	result.Status = Limited
	switch {
	case gap <= options.Tolerance:
		result.Status = Solved
	case ctx.Err() != nil:
		result.Status = Stopped
	}
	return result, nil
}

// reachMargin scales the network until its margins are those asked for, if it separates
// the samples.
func (net *Network) reachMargin(x *mat.Dense, y []float64) error {
	f, err := net.Predict(x)
	if err != nil {
		return err
	}
	m := Margin(y, f)
	if !(m > 0) {
		return nil
	}
	for j := range net.Neurons {
		net.Neurons[j].Output /= m
	}
	net.balance()
	return nil
}
