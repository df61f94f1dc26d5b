package outputs

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/generation"
	"github.com/convexnn/convexnn/internal/lasso"
	"github.com/convexnn/convexnn/internal/metrics"
)

// A trainer searches for the best network of any width.
type trainer struct {
	x, y      *mat.Dense
	c         int
	target    []float64 // Y row by row, centred if there is an intercept
	beta      float64
	intercept bool
	tolerance float64                   // relative gap to reach
	cells     *arrangements.Arrangement // to prove prices by; nil for local search
	count     int64                     // of cells
	seed      uint64
	progress  func(b *bracket)
}

// A bracket is the best network and the best bounds over all rounds.
type bracket struct {
	network   *Network
	objective float64
	proved    convexnn.Certificate  // exact or bounded
	estimate  *convexnn.Certificate // audited; nil where it says no more than what is proved
	guess     float64               // bound that cheap searches suggest, for progress alone
	status    convexnn.Status
	rounds    int
	patterns  int // directions in the last master
	cells     int64
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
func (b *bracket) report() convexnn.SolveProgress {
	bound, estimated := b.bound()
	if b.guess > bound {
		bound, estimated = b.guess, true
	}
	return convexnn.SolveProgress{
		Phase: "generate", Rounds: b.rounds, Objective: b.objective,
		LowerBound: bound, Gap: metrics.RelativeGap(b.objective, bound), Estimated: estimated,
	}
}

// from is a bracket that knows a network and nothing else.
func (t *trainer) from(net *Network) (*bracket, error) {
	objective, _, err := net.Objective(t.x, t.y, t.beta)
	return &bracket{network: net, objective: objective, proved: convexnn.Certificate{Kind: convexnn.CertifiedBounded}}, err
}

// offer takes over a network if it is the best.
func (t *trainer) offer(b *bracket, net *Network) error {
	objective, _, err := net.Objective(t.x, t.y, t.beta)
	if err == nil && objective < b.objective {
		b.network, b.objective = net, objective
	}
	return err
}

// run narrows the bracket, beginning with its network, until its gap is within tolerance,
// nothing improves any more, or ctx ends.
func (t *trainer) run(ctx context.Context, b *bracket) error {
	o := newOracle(t, b)
	for {
		gap := b.gap()
		if err := t.generate(ctx, o); err != nil {
			return err
		}
		if b.gap() <= t.tolerance || ctx.Err() != nil {
			break
		}
		// Where positions have to move by little, all at once, steps on all weights do
		// in one go what takes prices many rounds.
		before := b.objective
		if err := t.descend(ctx, o); err != nil {
			return err
		}
		if b.objective >= before*(1-1e-9) && b.gap() > gap/2 {
			break
		}
	}
	if b.gap() > t.tolerance && ctx.Err() != nil {
		if err := o.last(ctx); err != nil {
			return err
		}
	}
	// Steps downhill may have led to neurons that no estimate knows.
	o.refute(directionsOf(o.units.neurons(b.network)))
	o.settle()
	b.status = convexnn.Limited
	switch {
	case b.gap() <= t.tolerance:
		b.status = convexnn.Solved
	case ctx.Err() != nil:
		b.status = convexnn.Stopped
	}
	return nil
}

// prove proves what it can where the cells are too many: by norms, and by trees of the best
// estimate's dual point where the samples are few enough.
func (t *trainer) prove(ctx context.Context, b *bracket) error {
	if b.proved.Kind == convexnn.CertifiedExact {
		return nil
	}
	take := func(c convexnn.Certificate) {
		if c.LowerBound > b.proved.LowerBound {
			b.proved = c
		}
	}
	if b.estimate == nil {
		take(proveByNorms(t.x, t.target, nil, t.beta, b.objective))
		return nil
	}
	e := *b.estimate
	take(proveByNorms(t.x, t.target, e.Dual, t.beta, b.objective))
	n, d := t.x.Dims()
	nodes := netNodes(n, d, t.c)
	if nodes == 0 || ctx.Err() != nil {
		return nil
	}
	price, err := priceByNet(ctx, t.x, e.Dual, e.Price.Value, nodes)
	if err != nil || math.IsInf(price.Upper, 1) {
		return err
	}
	take(convexnn.NewCertificate(t.target, e.Dual, t.beta, b.objective, price))
	return nil
}

// problem is the training in scaled units.
func (t *trainer) problem(units scales) generation.Problem {
	return generation.Problem{
		X: units.Samples(t.x), Loss: lasso.NewSquared(units.Targets(flat(t.y)), t.c),
		Beta: max(units.Beta(t.beta), generation.LeastBeta), Intercept: t.intercept,
	}
}

// generate generates neurons.
func (t *trainer) generate(ctx context.Context, o *oracle) error {
	before := o.best.rounds
	var failure error
	_, err := generation.Run(ctx, t.problem(o.units), o, generation.Settings{
		Tolerance: t.tolerance, Start: o.units.neurons(o.best.network),
		Progress: func(r *generation.Result) {
			o.best.rounds, o.best.patterns = before+r.Rounds, r.Columns
			if err := t.offer(o.best, o.units.network(r.Neurons, t)); err != nil {
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

// descendSteps is the most first-order steps at a time.
const descendSteps = 2000

// descend moves all neurons of the best network downhill together.
func (t *trainer) descend(ctx context.Context, o *oracle) error {
	net, err := o.best.network.Simplify(t.x, t.y, t.beta, t.intercept)
	if err != nil {
		return err
	}
	neurons := o.units.neurons(net)
	if len(neurons) == 0 {
		return nil
	}
	var weights, gains []float64
	for _, h := range neurons {
		root := math.Sqrt(floats.Norm(h.Gain, 2))
		for _, v := range h.Direction {
			weights = append(weights, v*root)
		}
		for _, v := range h.Gain {
			gains = append(gains, v/root)
		}
	}
	p, m := t.problem(o.units), len(neurons)
	_, d := t.x.Dims()
	w := slices.Concat(weights, gains, o.units.Targets(net.Intercept))
	w, _ = descent.New(p.X, p.Loss, p.Beta, m, t.intercept).Minimise(ctx, w, descendSteps)
	var moved []generation.Neuron
	for j := range m {
		u, g := w[j*d:(j+1)*d], w[m*d+j*t.c:m*d+(j+1)*t.c]
		if size := floats.Norm(u, 2); size > 0 {
			floats.Scale(1/size, u)
			floats.Scale(size, g)
			moved = append(moved, generation.Neuron{Direction: u, Gain: g})
		}
	}
	return t.offer(o.best, o.units.network(moved, t))
}
