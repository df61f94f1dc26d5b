package convexnn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
)

// hardMargin completes the result by the network of the largest margin. With the hinge
// loss and a beta below the reciprocal of the largest dual variable no slack pays, and its
// network is that of the hard margin. That beta is not known: it is divided by ten as long
// as there is slack, and each training begins with the network of the one before. Until a
// network separates the samples, and the tolerance is near, these trainings are rough: they
// lead to the next, and are neither audited nor proved. Whatever the beta, a dual vector of
// the hinge divided by its price is one of the hard margin.
func (result *Result) hardMargin(ctx context.Context, x *mat.Dense, y []float64, prover PriceSettings, options Options) (*Result, error) {
	options.report(Progress{Stage: "solve", Known: result})
	_, d := x.Dims()
	best := &bracket{network: constantNetwork(ReLU, d, y, false), objective: math.Inf(1), proved: Certificate{Loss: HardMargin, Kind: CertifiedBounded}}
	best.guess = best.proved
	if options.Start != nil {
		start := *options.Start
		start.Intercept = 0
		if err := best.offerMargin(&start, x, y); err != nil {
			return nil, err
		}
	}
	const leastRatio, finest = 1e-13, 1e-11
	soft, rough, more := best, true, true
	beta, accuracy := result.BetaMax.Value/10, 0.1
	for more && best.gap() > options.Tolerance && ctx.Err() == nil {
		before := best.gap()
		rough = rough && (accuracy > options.Tolerance || best.network.isZero())
		t := newTrainer(x, y, beta, false, accuracy)
		t.loss, t.prover, t.seed, t.rough = Hinge, prover, options.Seed, rough
		var err error
		if soft, err = result.soften(ctx, t, soft.network, best, options); err != nil {
			return nil, err
		}
		loss, _, err := Hinge.Objective(soft.network, x, y, 0)
		if err != nil {
			return nil, err
		}
		slack := loss > 2*accuracy*soft.objective || best.network.isZero()
		switch {
		case slack && beta > leastRatio*result.BetaMax.Value:
			beta /= 10
		case !slack && accuracy > finest && (rough || soft.status == Solved || best.gap() < before/2):
			accuracy = max(finest, min(accuracy, soft.gap())/10)
		default:
			more, rough = rough, false // the last one is not rough
		}
	}
	if err := best.complete(ctx, x, y, prover, options); err != nil {
		return nil, err
	}
	return result.separated(ctx, x, y, best, options)
}

// complete audits what was only guessed when ctx ended, and proves what it can.
func (b *bracket) complete(ctx context.Context, x *mat.Dense, y []float64, prover PriceSettings, options Options) error {
	t := newTrainer(x, y, 1, false, options.Tolerance)
	t.loss, t.prover, t.seed = HardMargin, prover, options.Seed
	if ctx.Err() != nil && b.estimate == nil && b.gap() > options.Tolerance {
		o := newOracle(t, b)
		o.bounds[generation.Quick] = b.guess
		if err := o.last(ctx); err != nil {
			return err
		}
	}
	return t.prove(ctx, b, trainProof(x))
}

// soften trains with the hinge loss, from the better of a network and the best one, and
// takes what follows for the hard margin into best.
func (result *Result) soften(ctx context.Context, t *trainer, start *Network, best *bracket, options Options) (*bracket, error) {
	take := func(b *bracket) {
		_ = best.offerMargin(b.network, t.x, t.y) // shapes were checked at the door
		best.proveMargin(t.y, b)
		if b.guess.Dual != nil {
			if c := HardMargin.Certificate(t.y, b.guess.Dual, 1, best.objective, b.guess.Price); c.LowerBound > best.guess.LowerBound {
				best.guess = c
			}
		}
	}
	before := best.rounds
	t.progress = func(b *bracket) {
		take(b)
		now := *best
		now.rounds = before + b.rounds
		result.Patterns, result.Cells = b.patterns, b.cells
		options.report(Progress{Stage: "generate", Known: result, Solve: now.report()})
	}
	soft, err := t.from(start)
	if err != nil {
		return nil, err
	}
	if err := t.offer(soft, best.network); err != nil {
		return nil, err
	}
	if err := t.run(ctx, soft); err != nil {
		return nil, err
	}
	take(soft)
	best.rounds, best.patterns, best.cells = before+soft.rounds, soft.patterns, max(best.cells, soft.cells)
	best.estimate = best.estimate.refuted(best.network, t.x, t.y, 1, best.objective)
	best.guess = *best.guess.refuted(best.network, t.x, t.y, 1, best.objective)
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
	best.status = Limited
	if ctx.Err() != nil {
		best.status = Stopped
	}
	return result, result.conclude(best, network, x, y, y, options.Tolerance)
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
