package arora

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// A program solves the convex programs of tuples of signed cells,
//
//	minimise    1/2 |sum_j s_j D_j X u_j - y|^2 + beta sum_j |u_j|
//	subject to  (2 D_j - I) X u_j >= 0,
//
// and knows their duals. Everything is in scaled coordinates.
type program interface {
	// solve solves the program of a tuple. It returns blocks of the solution and a
	// dual vector: the residual. Where ctx ends it may return those of any network.
	solve(ctx context.Context, tuple []int) ([]block, []float64, error)
	// relax returns the residual of the tuple without signs and cone constraints.
	relax(tuple []int) []float64
	// price sets dst to upper bounds of the prices of all signed cells at v,
	//
	//	max { s v'(Xu)_+ : |u| <= 1, u in the cone }.
	//
	// A price at most enough need not be sharp. exact lists signed cells whose
	// prices are known to meet what v was computed for.
	price(dst, v []float64, enough float64, exact []int)
	// threshold is the largest price at which y'v and |v|^2 prove the bound.
	threshold(yv, vv, bound float64) float64
	// bound is the lower bound that v proves for tuples of prices at most top.
	bound(yv, vv, top float64) float64
}

// A cut is a dual vector v. By weak duality every tuple whose prices at v are at most
// t has a value of at least bound(y'v, |v|^2, t): a cut proves something of many
// tuples at once, and not of the one alone that it was computed for.
type cut struct {
	yv, vv float64
	prices []float64 // of all signed cells
}

// top is the largest price of a tuple.
func (c *cut) top(tuple []int) float64 {
	top := 0.0
	for _, k := range tuple {
		top = max(top, c.prices[k])
	}
	return top
}

// newCut prices v for bounds of at least the given one. exact is as in
// [program].price.
func newCut(p program, y, v []float64, cells int, bound float64, exact []int) *cut {
	c := &cut{yv: floats.Dot(y, v), vv: floats.Dot(v, v), prices: make([]float64, cells)}
	p.price(c.prices, v, p.threshold(c.yv, c.vv, bound), exact)
	return c
}

// The dual of a program is to maximise y'v - |v|^2/2 over all v with prices at most
// beta. Scaling v by t scales its prices by t, and t y'v - t^2 |v|^2/2 is largest at
// t = y'v/|v|^2.

// penalisedBound is the bound of v scaled to prices of at most beta, from top.
func penalisedBound(yv, vv, top, beta float64) float64 {
	if !(yv > 0) || vv == 0 {
		return 0
	}
	t := yv / vv
	if top > 0 {
		t = min(t, beta/top)
	}
	return t*yv - t*t*vv/2
}

// penalisedThreshold is the largest top at which penalisedBound is still the given
// bound, negative if there is none.
func penalisedThreshold(yv, vv, bound, beta float64) float64 {
	if bound <= 0 {
		return math.Inf(1)
	}
	root := yv*yv - 2*bound*vv
	if !(yv > 0) || vv == 0 || root < 0 {
		return -1
	}
	// The smaller root of t y'v - t^2 |v|^2/2 = bound, without cancellation.
	t := 2 * bound / (yv + math.Sqrt(root))
	return beta / t
}
