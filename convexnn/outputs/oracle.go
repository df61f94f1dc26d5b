package outputs

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/generation"
)

// An oracle prices dual points for a trainer and keeps what they prove or suggest. It is
// the [generation.Oracle] of the squared loss with several outputs.
//
// Cheap searches are local. The final one goes over all cells, where they are few; else an
// audit takes its place: local search from many fresh starts. Every direction found, and
// every neuron of the network, is priced at the dual points behind the estimates, and
// these fall where it shows more than was known. So no estimate stays above the objective
// of a network at hand.
type oracle struct {
	*trainer
	best  *bracket
	units scales
	// bounds are the best ones that searches of each effort and above gave.
	bounds [generation.Final + 1]convexnn.Certificate
}

func newOracle(t *trainer, b *bracket) *oracle {
	return &oracle{trainer: t, best: b, units: newScales(t.x, t.target, t.beta)}
}

const (
	// quickStarts and carefulStarts are starts of local search besides the active
	// directions; leastAudit and mostAudit those of an audit, and fullAudit starts times
	// entries of X and outputs of one between these: a second or two.
	quickStarts   = 32
	carefulStarts = 64
	leastAudit    = 256
	mostAudit     = 1024
	fullAudit     = 50_000_000
	// quickAudit is the same of an audit that takes about a second.
	quickAudit = 4_000_000
	// roundDirections is the most directions that one search gives.
	roundDirections = 100
)

// Price implements [generation.Oracle].
func (o *oracle) Price(ctx context.Context, q generation.Query) ([][]float64, error) {
	v := floats.ScaleTo(make([]float64, len(q.Dual)), o.units.Y, q.Dual)
	price, err := o.search(ctx, v, q.Effort, directionsOf(q.Active), q.Round)
	if err != nil {
		return nil, err
	}
	var found [][]float64
	for _, f := range price.Found[0] {
		found = append(found, f.Vector)
	}
	return found, nil
}

// Best implements [generation.Oracle].
func (o *oracle) Best(least generation.Effort) (dual []float64, bound float64) {
	c := o.bounds[least]
	if c.Dual == nil {
		return nil, 0
	}
	dual = floats.ScaleTo(make([]float64, len(c.Dual)), 1/o.units.Y, c.Dual)
	return dual, c.LowerBound / o.units.Y / o.units.Y
}

func directionsOf(neurons []generation.Neuron) [][]float64 {
	var out [][]float64
	for _, h := range neurons {
		out = append(out, h.Direction)
	}
	return out
}

// search prices v with an effort, keeps the bounds that follow, and returns the price,
// with the directions found. That ctx ends is no error.
func (o *oracle) search(ctx context.Context, v []float64, effort generation.Effort, given [][]float64, round int) (convexnn.Price, error) {
	if o.intercept {
		v = centered(v, o.c)
	}
	// A perfect fit leaves a residual of nothing but rounding, which would ask for
	// neurons for ever.
	const nothing = 1e-14
	if size := floats.Norm(v, 2); size > 0 && size <= nothing*floats.Norm(o.target, 2) {
		return convexnn.Price{}, nil
	}
	how := o.local(effort, given, round)
	if effort == generation.Final && o.cells != nil {
		how = PriceSettings{Cells: o.cells, Floor: o.beta, Keep: roundDirections, Given: given, Seed: o.seed}
	}
	price, err := findPrice(ctx, o.x, o.matrix(v), how)
	if err != nil && !stopped(ctx, err) {
		return convexnn.Price{}, err
	}
	if err == nil || price.Kind != convexnn.CertifiedEstimate { // a search that was cut short estimates nothing
		price.Cells = 0
		if how.Cells != nil && err == nil {
			price.Cells = o.count
		}
		o.best.cells = max(o.best.cells, price.Cells)
		o.record(v, price, effort, given)
	}
	return price, nil
}

func (o *oracle) matrix(v []float64) *mat.Dense { return mat.NewDense(len(v)/o.c, o.c, v) }

// local is local search with an effort.
func (o *oracle) local(effort generation.Effort, given [][]float64, round int) PriceSettings {
	how := PriceSettings{Given: given, Keep: roundDirections, Seed: o.seed + uint64(round)}
	switch effort {
	case generation.Quick:
		how.Starts, how.Polish = quickStarts, -1
	case generation.Careful:
		how.Starts = carefulStarts
	case generation.Final:
		how.Starts, how.Seed = min(max(fullAudit/o.entries(), leastAudit), mostAudit), how.Seed+1<<32
	}
	return how
}

func (o *oracle) entries() int {
	n, d := o.x.Dims()
	return n * d * o.c
}

// record keeps the bound of v and its price, and holds what was found, and the neurons of
// the network, against the estimates so far.
func (o *oracle) record(v []float64, price convexnn.Price, effort generation.Effort, given [][]float64) {
	if price.Kind == convexnn.CertifiedExact {
		effort = generation.Final
	}
	directions := slices.Clone(given)
	for _, f := range price.Found[0] {
		directions = append(directions, f.Vector)
	}
	o.refute(directions)
	c := convexnn.NewCertificate(o.target, v, o.beta, o.best.objective, price)
	if c.Kind != convexnn.CertifiedEstimate && c.LowerBound >= o.best.proved.LowerBound {
		o.best.proved = c
	}
	if c.Kind != convexnn.CertifiedBounded {
		for e := range o.bounds[:effort+1] {
			if b := &o.bounds[e]; b.Dual == nil || c.LowerBound > b.LowerBound {
				*b = c
			}
		}
	}
	o.settle()
}

// settle takes over the best bounds.
func (o *oracle) settle() {
	o.best.guess = o.bounds[generation.Quick].LowerBound
	o.best.estimate = nil
	if e := o.bounds[generation.Final]; e.Kind == convexnn.CertifiedEstimate && e.LowerBound > o.best.proved.LowerBound {
		o.best.estimate = &e
	}
}

// refute prices the points behind the estimates at directions.
func (o *oracle) refute(directions [][]float64) {
	f := features(o.x, directions)
	for e, c := range o.bounds {
		if c.Dual == nil || c.Kind != convexnn.CertifiedEstimate {
			continue
		}
		if most := mostPrice(f, directions, c.Dual); most > c.Price.Value {
			c.Price.Value = most
			o.bounds[e] = convexnn.NewCertificate(o.target, c.Dual, o.beta, o.best.objective, c.Price)
		}
	}
}

// last completes the bracket after ctx has ended: where a pass over all cells is soon
// done, the residual of the best network proves more than those on the way; else the best
// estimate is audited from as many starts as a second allows.
func (o *oracle) last(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	given := directionsOf(o.units.neurons(o.best.network))
	if o.cells != nil {
		if !enumerable(o.cells.Lines(), o.cells.Rank(), o.c) {
			return nil
		}
		v, err := o.residual(o.best.network)
		if err != nil {
			return err
		}
		_, err = o.search(ctx, v, generation.Final, given, o.best.rounds)
		return err
	}
	dual := o.bounds[generation.Quick].Dual
	if dual == nil {
		return nil
	}
	how := o.local(generation.Final, given, o.best.rounds)
	how.Starts, how.Polish = min(max(quickAudit/o.entries(), 16), leastAudit), 1
	if how.Starts == 16 {
		how.Polish = -1 // which takes longer than the starts
	}
	if len(given) > how.Starts {
		how.Given = nil // quick searches began there; their prices count below
	}
	price, err := findPrice(ctx, o.x, o.matrix(dual), how)
	if err == nil {
		o.record(dual, price, generation.Final, given)
	}
	return err
}

// residual is Y - F, the natural dual point of a network.
func (t *trainer) residual(net *Network) ([]float64, error) {
	f, err := net.Predict(t.x)
	if err != nil {
		return nil, err
	}
	f.Sub(t.y, f)
	return f.RawMatrix().Data, nil
}
