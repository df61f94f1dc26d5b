package pricing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/orth"
	"github.com/convexnn/convexnn/internal/parallel"
	"github.com/convexnn/convexnn/internal/qp"
)

// ErrShape is the error for vectors whose length does not fit the data.
var ErrShape = errors.New("length does not fit the data")

// ErrSetting is the error for a setting out of its range.
var ErrSetting = errors.New("setting out of range")

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
	// MaxIterations bounds the steps of each ascent. 0 means 200, and 10 more for each
	// column.
	MaxIterations int
	// Polish is the number of the best distinct directions that are improved by
	// moving single samples into or out of the active set. 0 means 4. Negative
	// means none.
	Polish int
	// Kicks is the number of further ascents around each of those directions,
	// from random ones nearby. 0 means 24. Negative means none.
	Kicks int
	// Keep is the most directions that Result.Found holds. 0 means 16.
	Keep int
	// Floor is a value below which directions are of no use, such as beta. Ascents
	// unlikely to reach it end early. That takes a third off the time where few
	// reach it, and loses one in fifty of the directions above it for residuals of
	// training, one in ten where all peaks are near it. Directions below it are
	// reported, but may not be the ends of ascents: what was not found may be worth
	// up to Floor. 0 means none.
	Floor float64
	// NoPatterns leaves the patterns of Result.Found empty. To find them takes about
	// as long as a short search.
	NoPatterns bool
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
	samePeak   = 1e-6       // 1 - cosine of directions up to which they count as one
	kickStream = 0x6b69636b // keeps the random numbers of kicks apart from those of starts
)

// Local searches for the direction of the largest value of
// sum_i v_i (x_i.u)_+ over unit vectors u, for the rows of x (n x d) and v of
// length n, by monotone ascent from many starts. It is exact when the rows of x
// span at most a plane or no v_i is positive. Otherwise the value is a lower bound
// of theta(v) and nothing is proved: Upper is +Inf.
//
// The result is a function of x, v and the settings. If ctx is cancelled, the
// best direction found so far is returned with its error. Other errors wrap
// [ErrShape], [ErrSetting] or [arrangements.ErrNonFinite].
func Local(ctx context.Context, x *mat.Dense, v []float64, settings LocalSettings) (Result, error) {
	r, err := localSearch(ctx, x, v, settings)
	if !settings.NoPatterns {
		r.addPatterns(x)
	}
	return r, err
}

// localSearch is Local without the patterns, which cost as much as a short search.
func localSearch(ctx context.Context, x *mat.Dense, v []float64, settings LocalSettings) (Result, error) {
	if err := validate(x, v, settings.Given); err != nil {
		return Result{}, err
	}
	if !(settings.Floor >= 0) || math.IsInf(settings.Floor, 0) {
		return Result{}, fmt.Errorf("pricing: floor %g: %w: it must be at least 0 and finite", settings.Floor, ErrSetting)
	}
	x, v, exp := unscaled(x, v)
	p := newProblem(x, v, settings.MaxIterations)
	p.floor = math.Ldexp(settings.Floor, -exp)
	var r Result
	ok := false
	if !p.spatial() {
		r, ok = closedForm(p, newKinks(x, v), keepOr(settings.Keep))
	}
	if !ok {
		r = p.result(p.search(ctx, settings), keepOr(settings.Keep))
		r.Upper = math.Inf(1)
	}
	if err := r.rescale(exp); err != nil {
		return Result{}, err
	}
	return r, ctx.Err()
}

func keepOr(keep int) int {
	if keep <= 0 {
		return 16
	}
	return keep
}

// search is local search: the ends of the ascents.
func (p *problem) search(ctx context.Context, settings LocalSettings) []point {
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
	return append(found, improved...)
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
	unit          blas64.General // x_i/||x_i|| for the samples of both
	weight        []float64      // v_i ||x_i|| for those
	size          float64        // sum_i |v_i| ||x_i||, the scale of rounding errors
	floor         float64
	maxIterations int

	once     sync.Once
	rows     blas64.General   // v_i x_i for i in plus
	zonotope *qp.BoxProjector // of |v_j| x_j for j in minus
}

// spatial reports that some v_i is positive and that three samples clearly span
// three dimensions, so that there is no closed form.
func (p *problem) spatial() bool {
	basis := orth.New(p.unit.Cols, p.unit.Cols)
	for i := 0; i < p.unit.Rows && basis.Len() < 3; i++ {
		basis.Push(p.sample(i), 1, 0.01)
	}
	return basis.Len() == 3 && len(p.plus) > 0
}

// result keeps the best distinct points, their values recomputed from the data.
func (p *problem) result(points []point, keep int) Result {
	for i, pt := range points {
		if pt.u == nil {
			continue
		}
		points[i].value = Value(p.x, p.v, pt.u)
		// What rounding leaves of a zero is not a direction worth anything.
		if points[i].value <= 1e-14*p.size {
			points[i].u = nil
		}
	}
	r := Result{}
	for _, pt := range distinct(points, keep) {
		r.Found = append(r.Found, Direction{Vector: pt.u, Value: pt.value})
	}
	if len(r.Found) > 0 {
		r.Value, r.Direction = r.Found[0].Value, r.Found[0].Vector
	}
	return r
}

// addPatterns gives each direction the pattern of a cell of the rows of x that it
// touches.
func (r *Result) addPatterns(x *mat.Dense) {
	parallel.For(len(r.Found), func(k int) {
		// It fails for data that do not get here.
		if cell, err := arrangements.CellAt(x, r.Found[k].Vector); err == nil {
			r.Found[k].Pattern = cell.Pattern
		}
	})
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
			if floats.Dot(p.u, q.u) >= 1-samePeak {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
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
