package convexnn

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/metrics"
)

// reconcile holds the points against each other.
func (p *PathResult) reconcile(x *mat.Dense, y []float64, options Options) error {
	if err := p.exchange(x, y, options.Intercept); err != nil {
		return err
	}
	b := &pathBounds{x: x, target: y, points: p.Points, tolerance: options.Tolerance}
	if options.Intercept {
		b.target = centered(y)
	}
	b.settle()
	for _, r := range p.Points {
		gap := r.Certificate.RelativeGap
		if r.Estimate != nil {
			gap = min(gap, r.Estimate.RelativeGap)
		}
		switch {
		case gap <= options.Tolerance:
			r.Status = Solved
		case r.Status == Solved:
			r.Status = Limited
		}
	}
	return nil
}

// exchange gives each point the best network of all.
func (p *PathResult) exchange(x *mat.Dense, y []float64, intercept bool) error {
	// A network resized for one strength can be the best at another. That ends soon;
	// the last pass takes networks as they are, which leaves none behind.
	const passes = 5
	penalties := make([]float64, len(p.Points))
	for k, r := range p.Points {
		penalties[k] = r.Network.Penalty()
	}
	for pass := range passes {
		moved := false
		for k, r := range p.Points {
			best, value := k, r.Objective
			for j, other := range p.Points {
				if f := other.TrainingLoss + r.Beta*penalties[j]; f < value {
					best, value = j, f
				}
			}
			if value >= r.Objective*(1-rounding) {
				continue
			}
			moved = true
			network := p.Points[best].Network
			if err := r.describe(network, x, y); err != nil {
				return err
			}
			if pass < passes-1 {
				if err := r.resize(x, y, intercept); err != nil {
					return err
				}
			}
			penalties[k] = r.Network.Penalty()
		}
		if !moved {
			break
		}
	}
	return nil
}

// resize simplifies the network of another strength for this one.
func (r *Result) resize(x *mat.Dense, y []float64, intercept bool) error {
	network, err := r.Network.Simplify(x, y, r.Beta, intercept)
	if err != nil {
		return err
	}
	if objective, loss, _ := network.Objective(x, y, r.Beta); objective <= r.Objective {
		r.Network, r.Objective, r.TrainingLoss = network, objective, loss
	}
	return nil
}

// pathBounds are what the points of a path prove of each other. Certificates of two
// lists are moved and mixed: those that are proved, and the best of each point, some of
// them estimates.
type pathBounds struct {
	x         *mat.Dense
	target    []float64 // y, centred if there is an intercept
	points    []*Result // in the order of decreasing beta
	tolerance float64   // gap at which a point's own certificate is good enough
}

// settle tightens the certificates and estimates of all points.
func (b *pathBounds) settle() {
	proved, best := make([]Certificate, len(b.points)), make([]Certificate, len(b.points))
	for k, r := range b.points {
		proved[k] = r.Certificate
		proved[k].RelativeGap = metrics.RelativeGap(r.Objective, proved[k].LowerBound)
		best[k] = proved[k]
		if r.Estimate != nil {
			best[k] = *r.Estimate
			best[k].RelativeGap = metrics.RelativeGap(r.Objective, best[k].LowerBound)
		}
	}
	b.refute(best)
	b.tighten(proved)
	for k := range best {
		if proved[k].LowerBound >= best[k].LowerBound {
			best[k] = proved[k]
		}
	}
	b.tighten(best)
	for k, r := range b.points {
		r.Certificate, r.Estimate = proved[k], nil
		if best[k].Kind == CertifiedEstimate && best[k].LowerBound > proved[k].LowerBound {
			r.Estimate = &best[k]
		}
	}
}

// tighten replaces the certificates that are not good enough by those of other points,
// moved to this point's beta, and then by mixtures of two.
func (b *pathBounds) tighten(list []Certificate) {
	moved := slices.Clone(list)
	for k, r := range b.points {
		if list[k].RelativeGap <= b.tolerance {
			continue
		}
		from, most := -1, list[k].LowerBound
		for j, c := range list {
			if len(c.Dual) == 0 {
				continue
			}
			if _, bound := scaledDual(b.target, c.Dual, r.Beta, c.price()); bound > most {
				from, most = j, bound
			}
		}
		if from >= 0 {
			moved[k] = b.move(list[from], r)
		}
	}
	mixed := slices.Clone(moved)
	hull := b.hull(moved)
	for h := 1; h < len(hull); h++ {
		for k := hull[h-1] + 1; k < hull[h]; k++ {
			if list[k].RelativeGap > b.tolerance {
				mixed[k] = b.mix(moved[hull[h-1]], moved[hull[h]], hull[h-1], hull[h], k)
			}
		}
	}
	b.refute(mixed)
	for k := range list {
		for _, c := range []Certificate{moved[k], mixed[k]} {
			if c.LowerBound > list[k].LowerBound {
				list[k] = c
			}
		}
	}
}

// price is what bounds the dual constraint at the vector of c: proved, or what a local
// search suggests.
func (c Certificate) price() float64 {
	if c.Kind == CertifiedEstimate {
		return c.Price.Value
	}
	return c.Price.Upper
}

// move is what the vector of c says at another strength.
func (b *pathBounds) move(c Certificate, r *Result) Certificate {
	out := NewCertificate(b.target, c.Dual, r.Beta, r.Objective, c.Price)
	// A price that was exact because it was below the old beta may now be what
	// holds the vector back.
	if p := out.Price; out.Kind == CertifiedExact && p.Upper > p.Value*(1+defaultPriceTolerance) && p.Upper >= r.Beta*(1-defaultPriceTolerance) {
		out.Kind, out.Price.Kind = CertifiedBounded, CertifiedBounded
	}
	return out
}

// hull lists the points whose bounds are vertices of the least concave function above
// all, in the order of the points. Where a vertex has no vector, its bound is zero.
func (b *pathBounds) hull(list []Certificate) []int {
	var hull []int
	for k := range list {
		for len(hull) > 1 {
			i, j := hull[len(hull)-2], hull[len(hull)-1]
			t := b.share(i, k, j)
			if list[j].LowerBound > t*list[i].LowerBound+(1-t)*list[k].LowerBound {
				break
			}
			hull = hull[:len(hull)-1]
		}
		hull = append(hull, k)
	}
	return hull
}

// share is the t for which beta_k = t beta_i + (1-t) beta_j.
func (b *pathBounds) share(i, j, k int) float64 {
	from, to := b.points[j].Beta, b.points[i].Beta
	return (b.points[k].Beta - from) / (to - from)
}

// mix is the certificate at point k of the mixture of those of points i and j. The
// price is a convex function of the vector, so that of the mixture is at most the
// mixture of theirs.
func (b *pathBounds) mix(ci, cj Certificate, i, j, k int) Certificate {
	r := b.points[k]
	if len(ci.Dual) == 0 || len(cj.Dual) == 0 {
		return Certificate{Kind: CertifiedBounded, RelativeGap: 1}
	}
	t := b.share(i, j, k)
	v := make([]float64, len(ci.Dual))
	terms := 0.0 // what rounding of v can add to the price, in units of roundoff
	for l := range v {
		v[l] = t*ci.Dual[l] + (1-t)*cj.Dual[l]
		terms += (math.Abs(t*ci.Dual[l]) + math.Abs((1-t)*cj.Dual[l])) * floats.Norm(b.x.RawRowView(l), 2)
	}
	most := t*ci.price() + (1-t)*cj.price() + roundoff*terms
	price := Price{Upper: most, Kind: CertifiedBounded, Method: ci.Price.Method, Cells: max(ci.Price.Cells, cj.Price.Cells), Nodes: ci.Price.Nodes + cj.Price.Nodes}
	if ci.Kind == CertifiedEstimate || cj.Kind == CertifiedEstimate {
		price.Value, price.Upper, price.Kind, price.Method = most, math.Inf(1), CertifiedEstimate, ByAscent
	}
	return NewCertificate(b.target, v, r.Beta, r.Objective, price)
}

// refute prices the vectors of the certificates at the neurons of all networks, and
// lowers the estimates that a neuron shows to be too high.
func (b *pathBounds) refute(list []Certificate) {
	n, _ := b.x.Dims()
	most := make([]float64, len(list))
	feature := mat.NewVecDense(n, nil)
	for _, r := range b.points {
		for _, h := range r.Network.Neurons {
			length := floats.Norm(h.Weights, 2)
			if length == 0 {
				continue
			}
			feature.MulVec(b.x, mat.NewVecDense(len(h.Weights), h.Weights))
			for i, z := range feature.RawVector().Data {
				feature.SetVec(i, max(z, 0))
			}
			for k, c := range list {
				if len(c.Dual) > 0 {
					value := blas64.Dot(feature.RawVector(), blas64.Vector{N: n, Inc: 1, Data: c.Dual})
					most[k] = max(most[k], math.Abs(value)/length)
				}
			}
		}
	}
	for k := range list {
		c := &list[k]
		if !(most[k] > c.Price.Value) {
			continue
		}
		if c.Kind == CertifiedEstimate {
			*c = c.pricedAt(most[k], b.target, b.points[k].Beta, b.points[k].Objective)
			continue
		}
		c.Price.Value = min(most[k], c.Price.Upper)
	}
}
