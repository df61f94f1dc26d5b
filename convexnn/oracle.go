package convexnn

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/generation"
)

// An oracle prices dual vectors for a trainer and keeps what they prove or suggest. It
// is the [generation.Oracle] of the trainer's loss.
//
// Cheap searches are local. The final one is the trainer's prover; where that proves
// too little, an audit takes its place: local search from many fresh starts. Estimates
// are never trusted for long: every direction found, and every neuron of the network,
// is priced at the dual vectors behind them, and they fall where it shows more than was
// known. So no estimate stays above the objective of a network at hand.
type oracle struct {
	*trainer
	best   *bracket
	units  scales
	proves bool // whether the final search can be left to the prover
	rough  bool // whether there is none
	// bounds are the best ones that searches of each effort and above gave.
	bounds [generation.Final + 1]Certificate
	length float64 // norm of X
}

func newOracle(t *trainer, b *bracket) *oracle {
	return &oracle{
		trainer: t, best: b, units: newScales(t.loss, t.x, t.target, t.beta), length: mat.Norm(t.x, 2),
		rough:  t.rough,
		proves: t.prover.Cells != nil || t.prover.MaxNodes > 0,
	}
}

const (
	// quickStarts and carefulStarts are starts of local search for each sign,
	// besides the active directions; leastAudit and mostAudit those of an audit.
	quickStarts   = 64
	carefulStarts = 64
	leastAudit    = 1024
	mostAudit     = 4096
	// fullAudit is the starts times entries of X of an audit between these: a second
	// or two.
	fullAudit = 50_000_000
	// roundDirections is the most directions that one search gives for each sign.
	roundDirections = 60
)

// Price implements [generation.Oracle].
func (o *oracle) Price(ctx context.Context, q generation.Query) ([][]float64, error) {
	v := floats.ScaleTo(make([]float64, len(q.Dual)), o.units.Y, q.Dual)
	price, err := o.search(ctx, v, q.Effort, bySign(q.Active), q.Round)
	if err != nil {
		return nil, err
	}
	var found [][]float64
	for _, f := range slices.Concat(price.Found[0], price.Found[1]) {
		found = append(found, f.Vector)
	}
	return found, nil
}

// Best implements [generation.Oracle].
func (o *oracle) Best(least generation.Effort) (dual []float64, bound float64) {
	if o.rough {
		least = min(least, generation.Careful)
	}
	c := o.bounds[least]
	if c.Dual == nil {
		return nil, 0
	}
	dual = floats.ScaleTo(make([]float64, len(c.Dual)), 1/o.units.Y, c.Dual)
	return dual, c.LowerBound / o.units.Y / o.units.Y
}

// bySign lists the directions with positive and with negative gains.
func bySign(neurons []generation.Neuron) (given [2][][]float64) {
	for _, h := range neurons {
		k := 0
		if h.Gain[0] < 0 {
			k = 1
		}
		given[k] = append(given[k], h.Direction)
	}
	return given
}

// search prices v with an effort, keeps the bounds that follow, and returns the price,
// with the directions found. That ctx ends is no error.
func (o *oracle) search(ctx context.Context, v []float64, effort generation.Effort, given [2][][]float64, round int) (Price, error) {
	if o.rough {
		effort = min(effort, generation.Careful)
	}
	if o.intercept {
		v = centered(v)
	}
	// A perfect fit leaves a residual of nothing but rounding, which would ask for
	// neurons for ever. The dual vectors of classifiers are no residuals: they are small
	// where beta is, whatever the margins.
	const nothing = 1e-14
	fits := o.loss == Squared && floats.Norm(v, 2) <= nothing*floats.Norm(o.target, 2)
	if size := floats.Norm(v, 2); size > 0 && (fits || checkScale(o.length, size) != nil) {
		return Price{}, nil
	}
	var found [2][]pricing.Direction
	if effort == generation.Final && o.proves {
		how := o.prover
		how.Floor, how.Keep, how.Given, how.Seed = o.beta, roundDirections, given, o.seed
		price, err := FindPrice(ctx, o.x, v, how)
		if failed(ctx, err) {
			return Price{}, err
		}
		if err == nil {
			o.best.cells = price.Cells
		}
		o.record(v, price, generation.Final, given)
		if price.Kind == CertifiedExact || err != nil {
			return price, nil
		}
		// What does not close once will not close at the next vector.
		o.proves = false
		found = price.Found
	}
	price, err := FindPrice(ctx, o.x, v, o.local(effort, given, round))
	if failed(ctx, err) {
		return Price{}, err
	}
	for sign := range found {
		price.Found[sign] = append(price.Found[sign], found[sign]...)
	}
	if err == nil || price.Kind != CertifiedEstimate { // a search that was cut short estimates nothing
		o.record(v, price, effort, given)
	}
	return price, nil
}

// local is local search with an effort.
func (o *oracle) local(effort generation.Effort, given [2][][]float64, round int) PriceSettings {
	how := PriceSettings{MaxNodes: -1, Given: given, Keep: roundDirections, Seed: o.seed + uint64(round), NoPatterns: true}
	switch effort {
	case generation.Quick:
		how.Starts, how.Polish = quickStarts, -1
	case generation.Careful:
		how.Starts = carefulStarts
	case generation.Final:
		n, d := o.x.Dims()
		how.Starts, how.Seed = min(max(fullAudit/(n*d), leastAudit), mostAudit), how.Seed+1<<32
	}
	return how
}

// record keeps the bound of v and its price, and holds what was found, and the neurons
// of the network, against the estimates so far.
func (o *oracle) record(v []float64, price Price, effort generation.Effort, given [2][][]float64) {
	if price.Kind == CertifiedExact {
		effort = generation.Final
	}
	o.refute(price, given)
	c := o.loss.Certificate(o.target, v, o.beta, o.best.objective, price)
	if c.Kind != CertifiedEstimate && c.LowerBound >= o.best.proved.LowerBound {
		o.best.proved = c
	}
	if c.Kind != CertifiedBounded {
		for e := range o.bounds[:effort+1] {
			if b := &o.bounds[e]; b.Dual == nil || c.LowerBound > b.LowerBound {
				*b = c
			}
		}
	}
	o.best.guess = o.bounds[generation.Quick]
	o.best.estimate = nil
	if e := o.bounds[generation.Final]; e.Kind == CertifiedEstimate && e.LowerBound > o.best.proved.LowerBound {
		o.best.estimate = &e
	}
}

// refute prices the vectors behind the estimates at directions.
func (o *oracle) refute(price Price, given [2][][]float64) {
	directions := slices.Concat(given[0], given[1])
	for _, f := range slices.Concat(price.Found[0], price.Found[1]) {
		directions = append(directions, f.Vector)
	}
	n, _ := o.x.Dims()
	feature := mat.NewVecDense(n, nil)
	var most [len(o.bounds)]float64
	for _, u := range directions {
		feature.MulVec(o.x, mat.NewVecDense(len(u), u))
		values := feature.RawVector().Data
		for i, z := range values {
			values[i] = max(z, 0)
		}
		length := floats.Norm(u, 2)
		for e, c := range o.bounds {
			if c.Dual != nil && c.Kind == CertifiedEstimate {
				most[e] = max(most[e], math.Abs(blas64.Dot(feature.RawVector(), blas64.Vector{N: n, Inc: 1, Data: c.Dual}))/length)
			}
		}
	}
	for e, c := range o.bounds {
		if most[e] > c.Price.Value {
			o.bounds[e] = c.pricedAt(most[e], o.target, o.beta, o.best.objective)
		}
	}
}

// last completes the bracket after ctx has ended: where a pass over all cells is soon
// done, the residual of the best network proves more than those on the way, if there is
// one; else the
// best estimate is audited from as many starts as a second allows.
func (o *oracle) last(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	neurons := o.units.neurons(o.best.network)
	if o.prover.Cells != nil {
		if !quickPass.admits(o.x, o.prover.Cells.MaxCells()) {
			return nil
		}
		v := o.bounds[generation.Quick].Dual
		if o.loss == Squared {
			var err error
			if v, err = o.residual(o.best.network); err != nil {
				return err
			}
		}
		if v == nil {
			return nil
		}
		_, err := o.search(ctx, v, generation.Final, bySign(neurons), o.best.rounds)
		return err
	}
	dual := o.bounds[generation.Quick].Dual
	if dual == nil {
		return nil
	}
	given := bySign(neurons)
	how := o.local(generation.Final, given, o.best.rounds)
	n, d := o.x.Dims()
	how.Starts = min(max(quickAudit/(n*d), 16), leastAudit)
	price, err := FindPrice(ctx, o.x, dual, how)
	if err == nil {
		o.record(dual, price, generation.Final, given)
	}
	return err
}

// quickAudit is the starts times entries of X of an audit that takes about a second.
const quickAudit = 4_000_000

// residual is y - f, the natural dual vector of a network.
func (t *trainer) residual(net *Network) ([]float64, error) {
	f, err := net.Predict(t.x)
	if err != nil {
		return nil, err
	}
	return floats.SubTo(f, t.y, f), nil
}
