package pricing

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
)

// CellSettings are the settings of [ByCells] and [OutputsByCells]. The zero value
// is usable.
type CellSettings struct {
	// Floor is a value below which the caller does not care: Result.Upper bounds
	// max(theta, Floor), and Result.Found looks in every cell for directions above
	// the floor and above half of the best that local search finds. 0 means that
	// theta itself is wanted, and then only cells that beat local search are looked
	// into.
	Floor float64
	// Tolerance is the difference of Upper and Value, relative to Upper, up to
	// which a result counts as exact. 0 means 1e-8. It does not change the work.
	// Less than 1e-12 sum |v_i||x_i|, and for ByCells less than 1e-6 of the same sum
	// over v_i > 0, counts as rounding, and is no difference.
	Tolerance float64
	// Keep is the most directions that Result.Found holds. 0 means 16.
	Keep int
	// Given are starting directions for the local search that comes first, of
	// length d and any norm.
	Given [][]float64
	// Seed selects the random starts of that local search.
	Seed uint64
}

// ByCells computes theta(v) and theta(-v) for the rows of x (n x d) and v of
// length n by a visit of every cell of a, the arrangement of the same x, entry by
// entry.
//
// On the closure of a cell with pattern D, in the cone K = {u : s_i x_i.u >= 0},
// the value is linear, g.u with g = X'Dv, so that its maximum over unit vectors
// is the norm of the projection of g onto K (Pilanci and Ergen, ICML 2020), and
// theta(v) is the largest of these. The same visit serves -v, whose gradients
// are -g. A cell is passed over if |g| shows that it cannot beat what local
// search has found or the floor, which most do.
//
// Each of the directions found comes with the pattern of a cell whose price it
// is: local maxima of the value first, then others that are distinct from them.
// They are sorted by value.
//
// Where some |x_i| is above the largest float64 the values of directions are those
// of rows scaled to unit length.
//
// The results are a function of x, v and the settings. cells is the number of
// cells visited. If ctx is cancelled, the best directions so far are returned
// with its error, and Upper is a bound that holds without cells,
// sum v_i |x_i| over v_i > 0. Other errors wrap [ErrShape], [ErrSetting] or
// [arrangements.ErrNonFinite], the last also where sum |v_i||x_i| overflows, or come
// from the visit ([arrangements.Arrangement.Visit]).
func ByCells(ctx context.Context, x *mat.Dense, a *arrangements.Arrangement, v []float64, settings CellSettings) (plus, minus Result, cells int64, err error) {
	if err := validate(x, v, settings.Given); err != nil {
		return Result{}, Result{}, 0, err
	}
	if err := settings.check(x, a); err != nil {
		return Result{}, Result{}, 0, err
	}
	data := newCellData(x, a)
	p, err := newCellPass(data, a.Pieces(), v, settings)
	if err != nil {
		return Result{}, Result{}, 0, err
	}
	for k := range p.side {
		if err = p.start(ctx, k); err != nil {
			break
		}
	}
	complete := false
	if err == nil {
		if p.side[0].some || p.side[1].some {
			err = a.Visit(ctx, p.visit)
		}
		complete = err == nil
	}
	for _, piece := range p.pieces {
		if piece != nil {
			cells += piece.cells
		}
	}
	return p.result(0, complete), p.result(1, complete), cells, err
}

func (s CellSettings) check(x *mat.Dense, a *arrangements.Arrangement) error {
	if err := (TreeSettings{Tolerance: s.Tolerance, Floor: s.Floor}).check(); err != nil {
		return err
	}
	n, d := x.Dims()
	if a.Samples() != n || a.Dim() != d {
		return fmt.Errorf("pricing: %w: an arrangement of %d x %d for data of %d x %d", ErrShape, a.Samples(), a.Dim(), n, d)
	}
	// The bounds would be of no worth.
	if !a.Of(x) {
		return fmt.Errorf("pricing: %w: an arrangement of other data of %d x %d", ErrShape, n, d)
	}
	return nil
}

// result puts together what the pieces found for one sign, in their order.
func (p *cellPass) result(k int, complete bool) Result {
	s := &p.side[k]
	list := shortlist{keep: p.keep, list: s.found}
	upper := s.mark
	for _, piece := range p.pieces {
		if piece != nil {
			list.list = append(list.list, piece.found[k].list...)
			upper = max(upper, piece.upper[k])
		}
	}
	// The value is at most sum v_i x_i.u over v_i > 0 and x_i.u > 0.
	crude := s.positive * (1 + 4*p.roundoff())
	if !complete {
		upper = crude
	}
	if !s.some {
		return Result{}.finish(0, 0, p.settings)
	}
	r := Result{Found: p.directions(list.best(), func(u []float64) float64 { return p.value(s, u) })}
	// Both signs round alike. Where that is not little next to what theta can be at
	// most, nothing is exact.
	rounding := math.Ldexp(min(1e-12*p.size, 1e-6*s.positive), p.exp)
	return r.finish(p.scaledUp(min(upper, crude), p.exp), rounding, p.settings)
}

// value is the value at u for the data as given.
func (p *cellPass) value(s *cellSide, u []float64) float64 {
	if p.long {
		return math.Ldexp(Value(p.matrix(), s.c, u), p.exp)
	}
	return Value(p.x, s.v, u)
}

// directions turns candidates into directions, best first, those without value
// left out.
func (d *cellData) directions(list []candidate, value func(u []float64) float64) []Direction {
	var out []Direction
	for _, c := range list {
		out = append(out, Direction{Vector: c.u, Value: value(c.u), Pattern: d.pattern(c.active)})
	}
	return sortedDirections(out)
}

// finish fills in what follows from Found, an upper bound, the size of what
// rounding leaves of zero, and the settings.
func (r Result) finish(upper, rounding float64, settings CellSettings) Result {
	tolerance := settings.Tolerance
	if tolerance <= 0 {
		tolerance = 1e-8
	}
	if len(r.Found) > 0 {
		r.Value, r.Direction = r.Found[0].Value, r.Found[0].Vector
	}
	r.Upper = max(upper, r.Value, settings.Floor)
	gap := max(tolerance*r.Upper, rounding)
	r.Exact = r.Upper-r.Value <= gap
	r.Closed = r.Upper-max(r.Value, settings.Floor) <= gap
	return r
}

// pattern turns the set of active samples into a pattern, nil into that of none.
func (d *cellData) pattern(active bitset.Set) arrangements.Pattern {
	if active == nil {
		return arrangements.Pattern{}
	}
	return arrangements.NewPattern(active, d.n)
}
