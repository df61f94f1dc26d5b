package convexnn

import (
	"cmp"
	"context"
	"math"
	"math/big"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

// A Price is what is known of the dual constraint of all networks at a vector v,
//
//	max(theta(v), theta(-v)),  theta(v) = max {v'(Xu)_+ : |u| <= 1}
//
// (Pilanci and Ergen, 2020, equation 6).
type Price struct {
	// Value is attained by a neuron: a lower bound.
	Value float64
	// Upper is a proved upper bound on the larger of the constraint and the floor
	// asked for; +Inf after local search alone.
	Upper float64
	// Kind is CertifiedExact if Upper meets Value, or the floor where that is
	// larger, CertifiedBounded if it does not, and CertifiedEstimate if nothing is
	// proved.
	Kind   CertificateKind
	Method PriceMethod
	// Found are directions of large prices, best first; those of theta(v) and of
	// theta(-v) apart.
	Found [2][]pricing.Direction
	// Cells and Nodes count what was searched.
	Cells int64
	Nodes int
}

// PriceMethod says how a price was found.
type PriceMethod string

// The ways to price, from the strongest to the weakest.
const (
	BySorting PriceMethod = "sorting"           // of angles, where X has rank one or two
	ByCells   PriceMethod = "cells"             // every cell of the arrangement
	ByTree    PriceMethod = "branch and bound"  // over the signs of the samples with v_i > 0
	ByAscent  PriceMethod = "local search only" // proves nothing
)

// PriceSettings steer [FindPrice]. The zero value works.
type PriceSettings struct {
	// Floor is a price below which nothing matters, such as beta: Upper then bounds
	// the larger of the two, which takes less work.
	Floor float64
	// Tolerance between Value and Upper, relative to Upper, at which a branch and
	// bound ends; 0 means 1e-8.
	Tolerance float64
	// Cells is the arrangement of X to price by, if it is to be enumerated.
	Cells *arrangements.Arrangement
	// MaxNodes bounds the nodes of a branch and bound for each sign; 0 means
	// 200,000, negative means local search only.
	MaxNodes int
	// Starts is the number of starts of local search for each sign, and Polish that of
	// the directions it improves further; 0 means those of the pricing package, and a
	// negative Polish none.
	Starts, Polish int
	// Seed of the local search.
	Seed uint64
	// Keep is the number of directions to report for each sign; 0 means 1.
	Keep int
	// NoPatterns leaves out the patterns of what local search finds, which take about
	// as long to find as a short search.
	NoPatterns bool
	// Given are directions to search from: those for theta(v), and those for theta(-v).
	Given [2][][]float64
}

// FindPrice prices v (n) on x (n x d): by sorting where that is enough, else by
// cells if they are given, else by branch and bound. If ctx ends, the result is
// what is known by then, with the error of ctx. Other errors wrap [ErrShape] and
// [ErrNotFinite].
func FindPrice(ctx context.Context, x *mat.Dense, v []float64, settings PriceSettings) (Price, error) {
	if err := CheckData(x, v); err != nil {
		return Price{}, err
	}
	if settings.Cells != nil {
		return priceByCells(ctx, x, v, settings)
	}
	var (
		results [2]pricing.Result
		first   error
	)
	for k, sign := range []float64{1, -1} {
		w := floats.ScaleTo(make([]float64, len(v)), sign, v)
		r, err := priceOne(ctx, x, w, settings.Given[k], settings)
		if failed(ctx, err) {
			return Price{}, err
		}
		first = cmp.Or(first, err)
		results[k] = r
	}
	var out Price
	out.join(results, settings)
	switch {
	case out.Nodes == 0 && results[0].Closed && results[1].Closed:
		out.Method = BySorting
	case settings.MaxNodes < 0:
		out.Method = ByAscent
	default:
		out.Method = ByTree
	}
	return out, first
}

// priceOne is theta(v).
func priceOne(ctx context.Context, x *mat.Dense, v []float64, given [][]float64, s PriceSettings) (pricing.Result, error) {
	if s.MaxNodes < 0 {
		return pricing.Local(ctx, x, v, pricing.LocalSettings{
			Starts: s.Starts, Polish: s.Polish, Seed: s.Seed, Given: given, Keep: max(1, s.Keep), NoPatterns: s.NoPatterns,
		})
	}
	return pricing.BranchAndBound(ctx, x, v, pricing.TreeSettings{
		Tolerance: s.Tolerance, Floor: s.Floor, MaxNodes: cmp.Or(s.MaxNodes, defaultNodes), Seed: s.Seed, Given: given, Keep: max(1, s.Keep),
	})
}

func priceByCells(ctx context.Context, x *mat.Dense, v []float64, s PriceSettings) (Price, error) {
	plus, minus, cells, err := pricing.ByCells(ctx, x, s.Cells, v, pricing.CellSettings{
		Floor: s.Floor, Tolerance: s.Tolerance, Keep: max(1, s.Keep), Given: slices.Concat(s.Given[0], s.Given[1]), Seed: s.Seed,
	})
	if failed(ctx, err) {
		return Price{}, err
	}
	out := Price{Method: ByCells, Cells: cells}
	out.join([2]pricing.Result{plus, minus}, s)
	return out, err
}

// proved returns p as a statement of nothing but its Upper, infinite as that may be.
func (p Price) proved() Price {
	if p.Kind == CertifiedEstimate {
		p.Kind = CertifiedBounded
	}
	return p
}

// join takes in the results of both signs.
func (p *Price) join(results [2]pricing.Result, s PriceSettings) {
	closed := true
	for sign, r := range results {
		p.Value = max(p.Value, r.Value)
		p.Upper = max(p.Upper, r.Upper)
		p.Found[sign] = r.Found
		p.Nodes += r.Nodes
		closed = closed && r.Closed
	}
	// It is the larger of the two that counts: a gap below it does no harm.
	tolerance := cmp.Or(s.Tolerance, defaultPriceTolerance)
	switch {
	case math.IsInf(p.Upper, 1):
		p.Kind = CertifiedEstimate
	case closed || p.Upper <= max(p.Value, s.Floor)*(1+tolerance):
		p.Kind = CertifiedExact
	default:
		p.Kind = CertifiedBounded
	}
}

const (
	defaultPriceTolerance = 1e-8
	defaultNodes          = 200_000
)

// priceLimits say how much work a price may take. They choose the way to price by
// counts alone.
type priceLimits struct {
	cells float64 // cells times samples that may be enumerated
	nodes float64 // nodes of a branch and bound times entries of X
}

// leastNodes is the number of nodes below which a tree is not worth its root.
const leastNodes = 1000

// settings returns the strongest way to price x within the limits, given a bound on
// the number of its cells: all cells, or a tree, or local search.
func (l priceLimits) settings(x *mat.Dense, possible *big.Int) (PriceSettings, error) {
	if l.admits(x, possible) {
		a, err := arrangements.NewArrangement(x)
		return PriceSettings{Cells: a}, err
	}
	return l.tree(x), nil
}

// admits reports whether so many cells may be enumerated.
func (l priceLimits) admits(x *mat.Dense, possible *big.Int) bool {
	n, _ := x.Dims()
	cells, _ := new(big.Float).SetInt(possible).Float64()
	return cells*float64(n) <= l.cells
}

// tree is settings without the cells.
func (l priceLimits) tree(x *mat.Dense) PriceSettings {
	n, d := x.Dims()
	if nodes := l.nodes / float64(n*d); nodes >= leastNodes {
		return PriceSettings{MaxNodes: int(nodes)}
	}
	return PriceSettings{MaxNodes: -1}
}
