package conic

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// unitRoundoff of float64.
const unitRoundoff = 0x1p-53

// leastError is what a product or a sum of products is allowed for underflow, unless all
// of them are exactly zero.
const leastError = 0x1p-1000

// Bound returns a number below the optimum, whatever y (m) and x (n) are; those of a
// [Result] give a good one. x serves the quadratic part alone and may be nil, for zero.
//
// limits holds one number for each cone, and the caller states that some minimiser
// respects them (or, where none exists, points with objectives as near the optimum as
// one likes): the trace of a semidefinite block is at most its limit, as is the t of a
// second-order cone, each entry of a non-negative one, and each absolute value of a free
// one. A limit of +Inf states nothing, and nil none of them; then the bound is -Inf unless
// the slack is in the dual cone with room for rounding. The limit of a zero cone is not
// read.
//
// The bound, derived in the package comment, is
//
//	b'y - 1/2 x'Qx - sum over cones of limit * (how far the slack c + Qx - A'y is out).
//
// It allows for the rounding of its own arithmetic, that of eigenvalues included, so that
// it holds for the numbers in the Problem; Q must be positive semidefinite, which is
// tested up to rounding. Errors wrap [ErrInvalid], [ErrNotConvex] or [ErrNumerical].
func Bound(p *Problem, y, x, limits []float64) (float64, error) {
	if err := p.Validate(); err != nil {
		return 0, err
	}
	if err := checkBound(p, y, x, limits); err != nil {
		return 0, err
	}
	q, err := p.Q.symmetric()
	if err != nil {
		return 0, err
	}
	if err := convex(q); err != nil {
		return 0, err
	}
	n := len(p.C)
	// The slack, and a bound on the rounding of each of its entries: terms added up, each
	// with a relative error.
	slack, size, terms := slices.Clone(p.C), make([]float64, n), make([]float64, n)
	for j, c := range p.C {
		size[j] = math.Abs(c)
	}
	subtract := func(j int, v, w float64) {
		if v != 0 && w != 0 {
			slack[j] -= v * w
			size[j] += math.Abs(v * w)
			terms[j]++
		}
	}
	sum, sumSize, lost := 0.0, 0.0, 0.0
	add := func(v float64) { sum += v; sumSize += math.Abs(v) }
	for i, b := range p.B {
		add(b * y[i])
		if b != 0 && y[i] != 0 {
			lost += leastError
		}
	}
	count := float64(len(p.B))
	if x != nil {
		q.All(func(i, j int, v float64) {
			subtract(i, -v, x[j])
			add(-v / 2 * x[i] * x[j])
			if x[i] != 0 && x[j] != 0 {
				lost += leastError * max(1, math.Abs(x[j]))
			}
		})
		count += float64(q.count())
	}
	p.A.All(func(i, j int, v float64) { subtract(j, v, y[i]) })
	for j := range size {
		size[j] *= 2 * (terms[j] + 3) * unitRoundoff
		if terms[j] > 0 {
			size[j] += leastError
		}
	}
	at := 0
	for k, c := range p.Cones {
		d := c.Dim()
		limit := math.Inf(1)
		if limits != nil {
			limit = limits[k]
		}
		cost, ok := repair(c, slack[at:at+d], size[at:at+d], limit)
		if !ok {
			return 0, ErrNumerical
		}
		add(-cost)
		if cost != 0 {
			lost += leastError
		}
		at += d
	}
	count += float64(len(p.Cones))
	sum -= 2*(count+3)*unitRoundoff*sumSize + 2*lost
	if math.IsNaN(sum) {
		return math.Inf(-1), nil
	}
	return sum, nil
}

// repair returns a number that -<s, x> does not pass for x in the cone within the limit,
// for every s that differs from the given slack by at most the given errors.
func repair(c Cone, slack, errors []float64, limit float64) (cost float64, ok bool) {
	out, terms := 0.0, float64(len(slack)+4)
	switch c.Kind {
	case Zero:
		return 0, true
	case Free:
		for j, s := range slack {
			out += math.Abs(s) + errors[j]
		}
	case NonNegative:
		for j, s := range slack {
			out += max(0, errors[j]-s)
		}
	case SecondOrder:
		if len(slack) > 0 {
			norm := floats.Norm(slack[1:], 2)
			room := slack[0] - norm
			out = max(0, floats.Norm(errors, 2)*math.Sqrt2+2*terms*unitRoundoff*(norm+math.Abs(slack[0]))-room)
		}
	case Semidefinite:
		least, margin, finite := leastEigenvalue(c.Size, slack)
		if !finite {
			return 0, false
		}
		out = max(0, floats.Norm(errors, 2)*(1+terms*unitRoundoff)+margin-least)
	}
	if out == 0 {
		return 0, true
	}
	return max(out*limit*(1+2*terms*unitRoundoff), min(limit, math.SmallestNonzeroFloat64)), true
}

// leastEigenvalue returns that of the matrix of v, and how wrong it may be: the method is
// backward stable, with an error of a modest multiple of the order times the roundoff
// times the norm (Golub and Van Loan, 2013, section 8.3).
func leastEigenvalue(order int, v []float64) (least, margin float64, ok bool) {
	if order == 0 {
		return 0, 0, true
	}
	norm := floats.Norm(v, 2)
	if !finite(norm) {
		return 0, 0, false
	}
	a, values := kernel.Dense(order, order), make([]float64, order)
	unpack(a, v)
	if _, ok := eigen(a, values, nil); !ok {
		return 0, 0, false
	}
	return values[0], 8 * float64(order) * unitRoundoff * norm, true
}

func checkBound(p *Problem, y, x, limits []float64) error {
	if len(y) != len(p.B) {
		return fmt.Errorf("%w: y has %d entries, B has %d", ErrInvalid, len(y), len(p.B))
	}
	if x != nil && len(x) != len(p.C) {
		return fmt.Errorf("%w: x has %d entries, C has %d", ErrInvalid, len(x), len(p.C))
	}
	if limits != nil && len(limits) != len(p.Cones) {
		return fmt.Errorf("%w: there are %d limits for %d cones", ErrInvalid, len(limits), len(p.Cones))
	}
	for _, v := range slices.Concat(x, y) {
		if !finite(v) {
			return fmt.Errorf("%w: x or y holds %v", ErrInvalid, v)
		}
	}
	for k, l := range limits {
		if !(l >= 0) && p.Cones[k].Kind != Zero {
			return fmt.Errorf("%w: the limit of cone %d is %v", ErrInvalid, k, l)
		}
	}
	return nil
}
