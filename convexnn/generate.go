package convexnn

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
	"github.com/convexnn/convexnn/internal/lasso"
	"github.com/convexnn/convexnn/internal/metrics"
)

// A trainer searches for the best network of any width. It generates neurons first
// (package generation): that comes within a small gap fast, however many samples and
// neurons there are. Where the gap asked for is so small that this stalls, programs on
// the cells of these neurons go on ([trainer.finish]).
type trainer struct {
	loss      Loss // Squared or Hinge; HardMargin only to complete a bracket
	x         *mat.Dense
	y, target []float64 // target is y, centred if there is an intercept
	beta      float64
	intercept bool
	tolerance float64       // relative gap to reach
	maxRounds int           // 0 means no limit
	prover    PriceSettings // the way to price whose word counts; local search where nothing can be proved
	seed      uint64        // of local search
	progress  func(b *bracket)
	// rough trainings end with a careful search, and have neither an estimate nor, unless
	// a search proves by the way, a proof: their networks are steps to others.
	rough bool
}

func newTrainer(x *mat.Dense, y []float64, beta float64, intercept bool, tolerance float64) *trainer {
	t := &trainer{x: x, y: y, target: y, beta: beta, intercept: intercept, tolerance: tolerance}
	if intercept {
		t.target = centered(y)
	}
	t.progress = func(*bracket) {}
	return t
}

// A bracket is the best network and the best bounds over all rounds.
type bracket struct {
	network   *Network
	objective float64
	proved    Certificate  // exact or bounded
	estimate  *Certificate // audited; nil where it says no more than what is proved
	guess     Certificate  // what cheap searches suggest: for progress, and to be audited in the end
	status    Status
	rounds    int
	patterns  int   // of the last program: directions of a master, or cells
	cells     int64 // priced in each pass over all
}

// bound is the best lower bound, and whether it is an estimate.
func (b *bracket) bound() (bound float64, estimated bool) {
	if b.estimate != nil && b.estimate.LowerBound > b.proved.LowerBound {
		return b.estimate.LowerBound, true
	}
	return b.proved.LowerBound, false
}

func (b *bracket) gap() float64 {
	bound, _ := b.bound()
	return metrics.RelativeGap(b.objective, bound)
}

// report is what a progress callback is told.
func (b *bracket) report() SolveProgress {
	bound, estimated := b.bound()
	if b.guess.LowerBound > bound {
		bound, estimated = b.guess.LowerBound, true
	}
	return SolveProgress{
		Phase: "generate", Rounds: b.rounds,
		Objective: b.objective, LowerBound: bound, Gap: metrics.RelativeGap(b.objective, bound), Estimated: estimated,
	}
}

// zero is the network without neurons.
func (t *trainer) zero() (*bracket, error) {
	_, d := t.x.Dims()
	return t.from(constantNetwork(ReLU, d, t.y, t.intercept))
}

// from is a bracket that knows a network and nothing else.
func (t *trainer) from(net *Network) (*bracket, error) {
	objective, _, err := t.loss.Objective(net, t.x, t.y, t.beta)
	return &bracket{network: net, objective: objective, proved: Certificate{Kind: CertifiedBounded}}, err
}

// offer takes over a network if it is the best.
func (t *trainer) offer(b *bracket, net *Network) error {
	objective, _, err := t.loss.Objective(net, t.x, t.y, t.beta)
	if err == nil && objective < b.objective {
		b.network, b.objective = net, objective
	}
	return err
}

// run narrows the bracket, beginning with its network, until its gap is within
// tolerance, nothing improves any more, or ctx ends.
func (t *trainer) run(ctx context.Context, b *bracket) error {
	o := newOracle(t, b)
	if err := t.generate(ctx, o); err != nil {
		return err
	}
	if b.gap() > t.tolerance && ctx.Err() == nil && t.loss == Squared {
		if err := t.finish(ctx, o); err != nil {
			return err
		}
	}
	if b.gap() > t.tolerance && ctx.Err() != nil && !t.rough {
		if err := o.last(ctx); err != nil {
			return err
		}
	}
	gap := b.gap()
	if t.rough {
		gap = metrics.RelativeGap(b.objective, b.guess.LowerBound)
	}
	b.status = Limited
	switch {
	case gap <= t.tolerance:
		b.status = Solved
	case ctx.Err() != nil:
		b.status = Stopped
	}
	return nil
}

// generate generates neurons.
func (t *trainer) generate(ctx context.Context, o *oracle) error {
	problem := generation.Problem{
		X: o.units.Samples(t.x), Beta: max(o.units.Beta(t.beta), generation.LeastBeta), Intercept: t.intercept,
	}
	if t.loss == Hinge {
		problem.Labels = t.y
	} else {
		problem.Loss = lasso.NewSquared(o.units.Targets(t.y), 1)
	}
	before := o.best.rounds
	take := func(r *generation.Result) error {
		o.best.rounds, o.best.patterns = before+r.Rounds, r.Columns
		return t.offer(o.best, o.units.network(r, t))
	}
	var failure error
	_, err := generation.Run(ctx, problem, o, generation.Settings{
		Tolerance: t.tolerance, MaxRounds: t.maxRounds, Start: o.units.neurons(o.best.network),
		Progress: func(r *generation.Result) {
			if err := take(r); err != nil {
				failure = err
			}
			t.progress(o.best)
		},
	})
	if err == nil {
		err = failure
	}
	return err
}

// scales turn networks into scaled neurons and back.
type scales struct{ generation.Scales }

func newScales(loss Loss, x *mat.Dense, target []float64, beta float64) scales {
	k := scales{generation.NewScales(x, target, beta)}
	if loss != Squared {
		// Its dual vectors have no units, and margins are of order one.
		k.Y = 1
	}
	return k
}

// neurons are those of a network, scaled.
func (k scales) neurons(net *Network) []generation.Neuron {
	var out []generation.Neuron
	for _, h := range net.Neurons {
		if size(h) > 0 {
			gain := math.Copysign(size(h), h.Output) * k.X / k.Y
			out = append(out, generation.Neuron{Direction: unit(h.Weights), Gain: []float64{gain}})
		}
	}
	return out
}

// network is that of scaled neurons.
func (k scales) network(r *generation.Result, t *trainer) *Network {
	_, d := t.x.Dims()
	net := &Network{Model: ReLU, Dim: d}
	for _, h := range r.Neurons {
		net.Neurons = append(net.Neurons, Neuron{Weights: append([]float64(nil), h.Direction...), Output: h.Gain[0] * (k.Y / k.X)})
	}
	net.balance()
	if t.intercept {
		_ = net.fitIntercept(t.x, t.y) // shapes were checked at the door
	}
	return net
}
