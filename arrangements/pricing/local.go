package pricing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/parallel"
	"github.com/convexnn/convexnn/internal/qp"
)

// ErrShape is the error for vectors whose length does not fit the data.
var ErrShape = errors.New("length does not fit the data")

// LocalSettings are the settings of [Local]. The zero value is usable.
type LocalSettings struct {
	// Starts is the number of starting directions besides Given: half of them
	// Gaussian, the others sums, members and differences of the weighted samples.
	// 0 means 64. Negative means none.
	Starts int
	// Seed selects the starting directions.
	Seed uint64
	// Given are further starting directions of length d and any norm, such as
	// the neurons of a network at hand.
	Given [][]float64
	// MaxIterations bounds the steps of each ascent. 0 means 200.
	MaxIterations int
	// Polish is the number of the best distinct directions that are improved by
	// moving single samples into or out of the active set. 0 means 4. Negative
	// means none.
	Polish int
	// Kicks is the number of further ascents around each of those directions,
	// from random ones nearby. 0 means 24. Negative means none.
	Kicks int
}

// A Result is a direction and its value.
type Result struct {
	// Value is sum_i v_i (x_i.u)_+ at u = Direction, a lower bound of theta(v).
	Value float64
	// Direction is the unit vector u of length d; nil if Value is 0.
	Direction []float64
	// Exact reports that Value is theta(v) up to rounding.
	Exact bool
}

// Value returns sum_i v_i (x_i.u)_+ for the rows of x (n x d), v of length n and
// u of length d.
func Value(x *mat.Dense, v, u []float64) float64 {
	sum := 0.0
	for i, w := range v {
		if w != 0 {
			if s := floats.Dot(x.RawRowView(i), u); s > 0 {
				sum += w * s
			}
		}
	}
	return sum
}

const (
	startChunk = 4          // starts that share a workspace
	kickStream = 0x6b69636b // keeps the random numbers of kicks apart from those of starts
)

// Local searches for the direction of the largest value of
// sum_i v_i (x_i.u)_+ over unit vectors u, for the rows of x (n x d) and v of
// length n, by monotone ascent from many starts. It is exact when the rows of x
// span at most a line or no v_i is positive, and a lower bound of theta(v)
// otherwise.
//
// The result is a function of x, v and the settings. If ctx is cancelled, the
// best direction found so far is returned with its error. Other errors wrap
// [ErrShape] or [arrangements.ErrNonFinite].
func Local(ctx context.Context, x *mat.Dense, v []float64, settings LocalSettings) (Result, error) {
	if err := validate(x, v, settings.Given); err != nil {
		return Result{}, err
	}
	p := newProblem(x, v, settings.MaxIterations)
	if len(p.plus) == 0 {
		return Result{Exact: true}, nil
	}
	if axis := commonLine(x); axis != nil {
		return p.best([]point{{u: axis}, {u: negated(axis)}}, true), nil
	}
	starts := startingDirections(p, settings)
	found := make([]point, len(starts))
	parallel.Chunks(len(starts), startChunk, func(_, lo, hi int) {
		a := p.newAscent()
		for k := lo; k < hi && ctx.Err() == nil; k++ {
			found[k] = a.climb(starts[k])
		}
	})
	polish := settings.Polish
	if polish == 0 {
		polish = 4
	}
	kicks := settings.Kicks
	if kicks == 0 {
		kicks = 24
	}
	top := distinct(found, polish)
	improved := make([]point, len(top))
	parallel.For(len(top), func(k int) {
		rng := rand.New(rand.NewPCG(settings.Seed^kickStream, uint64(k)*0x9e3779b97f4a7c15))
		improved[k] = p.newAscent().kick(ctx, top[k], kicks, rng)
	})
	return p.best(append(found, improved...), false), ctx.Err()
}

// A point is a direction reached by an ascent and the value known for it; u is
// nil where there is none.
type point struct {
	u     []float64
	value float64
}

// A problem holds theta in the form that the ascents use. Samples with v_i = 0
// do not take part.
type problem struct {
	x             *mat.Dense
	v             []float64
	plus, minus   []int
	rows          blas64.General   // v_i x_i for i in plus
	zonotope      *qp.BoxProjector // of |v_j| x_j for j in minus
	size          float64          // sum_i |v_i| ||x_i||, the scale of rounding errors
	maxIterations int
}

// best returns the point with the largest value, recomputed from the data.
func (p *problem) best(points []point, exact bool) Result {
	r := Result{Exact: exact}
	for _, pt := range points {
		if pt.u == nil {
			continue
		}
		// What rounding leaves of a zero is not a direction worth anything.
		if value := Value(p.x, p.v, pt.u); value > r.Value && value > 1e-14*p.size {
			r.Value, r.Direction = value, pt.u
		}
	}
	return r
}

// distinct returns the count best points with different directions, best first.
func distinct(points []point, count int) []point {
	sorted := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return p.u == nil })
	slices.SortStableFunc(sorted, func(a, b point) int { return cmp.Compare(b.value, a.value) })
	var out []point
next:
	for _, p := range sorted {
		if len(out) >= count {
			break
		}
		for _, q := range out {
			if floats.Dot(p.u, q.u) > 1-1e-8 {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}

// commonLine returns a unit vector on the line that all rows of x that are not
// zero lie on, or nil if there is no such line.
func commonLine(x *mat.Dense) []float64 {
	n, d := x.Dims()
	var axis []float64
	for i := range n {
		row := x.RawRowView(i)
		l := norm(row)
		if l == 0 {
			continue
		}
		if axis == nil {
			axis = make([]float64, d)
			for k, v := range row {
				axis[k] = v / l
			}
			continue
		}
		// The part of the row off the line.
		c, off := floats.Dot(row, axis)/l, 0.0
		for k, v := range row {
			off = math.Hypot(off, v/l-c*axis[k])
		}
		if off > 1e-14 {
			return nil
		}
	}
	return axis
}

func negated(u []float64) []float64 {
	w := make([]float64, len(u))
	floats.ScaleTo(w, -1, u)
	return w
}

func norm(v []float64) float64 {
	return blas64.Nrm2(blas64.Vector{N: len(v), Data: v, Inc: 1})
}

func validate(x *mat.Dense, v []float64, given [][]float64) error {
	n, d := x.Dims()
	if len(v) != n {
		return fmt.Errorf("pricing: %w: %d weights for %d rows", ErrShape, len(v), n)
	}
	for i := range n {
		for k, e := range x.RawRowView(i) {
			if math.IsNaN(e) || math.IsInf(e, 0) {
				return fmt.Errorf("pricing: data, row %d, column %d: %w: %g", i+1, k+1, arrangements.ErrNonFinite, e)
			}
		}
	}
	for i, e := range v {
		if math.IsNaN(e) || math.IsInf(e, 0) {
			return fmt.Errorf("pricing: weight %d: %w: %g", i+1, arrangements.ErrNonFinite, e)
		}
	}
	for j, g := range given {
		if len(g) != d {
			return fmt.Errorf("pricing: given start %d: %w: %d entries for %d columns", j+1, ErrShape, len(g), d)
		}
		for _, e := range g {
			if math.IsNaN(e) || math.IsInf(e, 0) {
				return fmt.Errorf("pricing: given start %d: %w: %g", j+1, arrangements.ErrNonFinite, e)
			}
		}
	}
	return nil
}
