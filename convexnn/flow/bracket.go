package flow

import (
	"context"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/metrics"
)

// A bracket keeps the best lower bounds on the optimum of the max-margin program: for any
// lambda >= 0 and nu = y o lambda,
//
//	sum_i lambda_i / max(theta(nu), theta(-nu))
//
// is one. What is proved and what local search suggests are kept apart.
type bracket struct {
	x             *mat.Dense
	y             []float64
	quick, strong convexnn.PriceSettings

	optimum  float64 // of the max-margin program; 0 if not known
	upper    float64 // of the network at hand; 0 for none
	proved   convexnn.Certificate
	estimate *convexnn.Certificate
}

func newBracket(x *mat.Dense, y []float64, o Options) (*bracket, error) {
	b := &bracket{x: x, y: y, proved: convexnn.Certificate{Loss: convexnn.HardMargin, Kind: convexnn.CertifiedBounded}}
	var err error
	if b.quick, err = priceSettings(x, 2e5, 9e5); err != nil {
		return nil, err
	}
	if b.strong, err = priceSettings(x, 1e8, 6e7); err != nil {
		return nil, err
	}
	if o.Price != nil {
		b.strong = *o.Price
	}
	return b, nil
}

// priceSettings returns the strongest way to price that takes at most so many cells times
// samples, or nodes of a tree times samples times squared dimensions: 1e8 and 6e7 are about
// a second.
func priceSettings(x *mat.Dense, cells, nodes float64) (convexnn.PriceSettings, error) {
	const leastNodes = 100
	n, d := x.Dims()
	if arrangements.Rank(x) <= 2 {
		return convexnn.PriceSettings{}, nil // by sorting
	}
	if possible, _ := arrangements.CellBound(x).Float64(); possible*float64(n) <= cells {
		a, err := arrangements.NewArrangement(x)
		return convexnn.PriceSettings{Cells: a}, err
	}
	if most := nodes / float64(n*d*d); most >= leastNodes {
		return convexnn.PriceSettings{MaxNodes: int(most)}, nil
	}
	return convexnn.PriceSettings{MaxNodes: -1}, nil
}

// take prices the candidates (n each, not negative) of a checkpoint: the first in any case,
// which becomes the checkpoint's dual vector, the others if they may be better than what is
// known.
func (b *bracket) take(ctx context.Context, c *Checkpoint, candidates [][]float64, at state) error {
	for k, lambda := range candidates {
		if k > 0 && b.hope(lambda, at) <= max(b.proved.LowerBound, c.DualValue) {
			continue
		}
		found, err := b.price(ctx, lambda, b.quick, at)
		if err != nil {
			return err
		}
		b.keep(found)
		if k == 0 {
			dual := found.proved
			if !(dual.LowerBound > 0) {
				dual = found.guess
			}
			c.Dual, c.DualValue, c.DualKind = dual.Dual, dual.LowerBound, dual.Kind
		}
	}
	return nil
}

// hope is the bound that lambda would give if no direction had a larger price than those of
// the neurons.
func (b *bracket) hope(lambda []float64, at state) float64 {
	nu := floats.MulTo(make([]float64, len(b.y)), lambda, b.y)
	price := 0.0
	for j := range at.logs {
		price = max(price, math.Abs(pricing.Value(b.x, nu, at.dir(j))))
	}
	if price == 0 {
		return math.Inf(1)
	}
	return floats.Sum(lambda) / price
}

// A bound is what multipliers of sum 1 prove, and what local search suggests that they do.
type bound struct {
	price         convexnn.Price
	proved, guess convexnn.Certificate
}

// price prices multipliers.
func (b *bracket) price(ctx context.Context, lambda []float64, how convexnn.PriceSettings, at state) (bound, error) {
	nu := floats.MulTo(make([]float64, len(b.y)), lambda, b.y)
	floats.Scale(1/floats.Sum(lambda), nu)
	for i, v := range nu {
		const nothing = 1e-30
		if math.Abs(v) < nothing {
			nu[i] = 0
		}
	}
	how.NoPatterns = true
	for sign := range how.Given {
		how.Given[sign] = slices.Clone(how.Given[sign])
		for j := range at.logs {
			how.Given[sign] = append(how.Given[sign], at.dir(j))
		}
	}
	price, err := convexnn.FindPrice(ctx, b.x, nu, how)
	if err != nil && !errors.Is(err, ctx.Err()) {
		return bound{}, err
	}
	price.Found = [2][]pricing.Direction{}
	sure, likely := price, price
	if sure.Kind == convexnn.CertifiedEstimate {
		sure.Kind = convexnn.CertifiedBounded // by nothing, as Upper is infinite
	}
	likely.Kind = convexnn.CertifiedEstimate
	found := bound{price: price, proved: b.certificate(nu, sure)}
	if err == nil { // a search that was cut short suggests nothing
		found.guess = b.certificate(nu, likely)
	}
	return found, nil
}

// certificate is that of the network at hand.
func (b *bracket) certificate(nu []float64, price convexnn.Price) convexnn.Certificate {
	return b.speakOf(convexnn.HardMargin.Certificate(b.y, nu, 1, 1, price))
}

// speakOf sets the gap of a certificate to that of the network at hand, 1 without one.
func (b *bracket) speakOf(c convexnn.Certificate) convexnn.Certificate {
	c.RelativeGap = 1
	if b.upper > 0 {
		c.RelativeGap = metrics.RelativeGap(b.upper, c.LowerBound)
	}
	return c
}

// keep takes over what is better. An estimate is one only while it says more than is
// proved, and no network refutes it.
func (b *bracket) keep(found bound) {
	if found.proved.LowerBound > b.proved.LowerBound {
		b.proved = found.proved
	}
	if guess := found.guess; b.estimate == nil || guess.LowerBound > b.estimate.LowerBound {
		b.estimate = &guess
	}
	const meets, rounding = 1e-7, 1e-9
	e := b.estimate.LowerBound
	for _, above := range []float64{b.optimum, b.upper} {
		if above > 0 && e > above*(1+rounding) || e <= b.proved.LowerBound*(1+meets) {
			b.estimate = nil
		}
	}
}

// finish prices with more work the dual vector behind the estimate, and the multipliers of
// the result.
func (b *bracket) finish(ctx context.Context, r *Result, at state) error {
	var last [][]float64
	if b.estimate != nil {
		last = append(last, absolute(b.estimate.Dual))
	}
	if r.Multiplier != nil {
		last = append(last, r.Multiplier)
	}
	for k, lambda := range last {
		if ctx.Err() != nil {
			break
		}
		found, err := b.price(ctx, lambda, b.strong, at)
		if err != nil {
			return err
		}
		if k == 0 {
			b.estimate = nil // which this search speaks of again
		}
		b.keep(found)
		if k == len(last)-1 && r.Multiplier != nil {
			r.MultiplierPrice = found.price
			r.MultiplierPrice.Value *= floats.Sum(lambda)
			if !math.IsInf(r.MultiplierPrice.Upper, 1) {
				r.MultiplierPrice.Upper *= floats.Sum(lambda)
			}
		}
	}
	r.Certificate = b.speakOf(b.proved)
	if b.estimate != nil {
		e := b.speakOf(*b.estimate)
		r.Estimate = &e
	}
	return nil
}

func absolute(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, w := range v {
		out[i] = math.Abs(w)
	}
	return out
}
