package pricing

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/qp"
)

func newProblem(x *mat.Dense, v []float64, maxIterations int) *problem {
	n, d := x.Dims()
	p := &problem{x: x, v: v, maxIterations: maxIterations, weight: make([]float64, 0, n)}
	if p.maxIterations <= 0 {
		p.maxIterations = 200 + 10*d
	}
	unit := make([]float64, 0, n*d)
	for i, w := range v {
		row := x.RawRowView(i)
		l := norm(row)
		if w == 0 || l == 0 {
			continue
		}
		if w > 0 {
			p.plus = append(p.plus, i)
		} else {
			p.minus = append(p.minus, i)
		}
		p.size += math.Abs(w) * l
		p.weight = append(p.weight, w*l)
		for _, e := range row {
			unit = append(unit, e/l)
		}
	}
	p.unit = blas64.General{Rows: len(p.weight), Cols: d, Stride: max(1, d), Data: unit}
	return p
}

// split prepares the data of ascents by subsets, which few searches need.
func (p *problem) split() {
	p.once.Do(func() {
		p.rows = p.weighted(p.plus)
		p.zonotope = qp.NewBoxProjector(p.weighted(p.minus))
	})
}

// weighted returns the rows |v_i| x_i for i in index.
func (p *problem) weighted(index []int) blas64.General {
	_, d := p.x.Dims()
	g := blas64.General{Rows: len(index), Cols: d, Stride: d, Data: make([]float64, len(index)*d)}
	for k, i := range index {
		floats.ScaleTo(g.Data[k*d:(k+1)*d], math.Abs(p.v[i]), p.x.RawRowView(i))
	}
	return g
}

// row returns v_i x_i for the k-th i in plus.
func (p *problem) row(k int) []float64 {
	return p.rows.Data[k*p.rows.Stride : k*p.rows.Stride+p.rows.Cols]
}

// An ascent is the workspace of one goroutine.
type ascent struct {
	*problem
	ridge *ridge
	// Between steps it holds a subset S of plus and the projection of a_S on the
	// zonotope of minus.
	zonotope *qp.BoxProjector
	in       []bool    // the subset S
	margin   []float64 // v_i x_i.u for i in plus
	mask     []float64
	a, r     []float64
	t, trial []float64 // coefficients of the projection, a warm start
}

func (p *problem) newAscent() *ascent { return &ascent{problem: p, ridge: p.newRidge()} }

// split allocates what ascents by subsets need.
func (a *ascent) split() {
	if a.zonotope != nil {
		return
	}
	a.problem.split()
	m, k, d := len(a.plus), len(a.minus), a.rows.Cols
	a.zonotope = a.problem.zonotope.Clone()
	a.in, a.margin, a.mask = make([]bool, m), make([]float64, m), make([]float64, m)
	a.a, a.r = make([]float64, d), make([]float64, d)
	a.t, a.trial = make([]float64, k), make([]float64, k)
}

// restart forgets the warm start, so that a result depends on its start alone:
// t_j is 1 where x_j.u > 0, which is optimal for the direction u.
func (a *ascent) restart(u []float64) {
	a.split()
	for k, j := range a.minus {
		a.t[k] = 0
		if floats.Dot(a.x.RawRowView(j), u) > 0 {
			a.t[k] = 1
		}
	}
}

// choose sets S to the samples of plus that are active at u and reports whether
// that changed it.
func (a *ascent) choose(u []float64) bool {
	kernel.MulVec(a.margin, a.rows, u)
	changed := false
	for k, s := range a.margin {
		if a.in[k] != (s > 0) {
			a.in[k] = s > 0
			changed = true
		}
	}
	return changed
}

// project computes a_S, its residual r off the zonotope and the length of r, a
// lower bound of theta.
func (a *ascent) project() float64 {
	for k, in := range a.in {
		a.mask[k] = 0
		if in {
			a.mask[k] = 1
		}
	}
	clear(a.a)
	kernel.AddMulTransVec(a.a, 1, a.rows, a.mask)
	return a.zonotope.Project(a.r, a.t, a.a).Norm
}

// climb ascends from u along ridges. Where rounding does not let it come to an end,
// steps by subsets go on from there.
func (a *ascent) climb(u []float64) point {
	value, steps, done := a.ridge.climb(u, a.maxIterations)
	end := point{u: slices.Clone(a.ridge.u), value: value}
	if !done {
		a.restart(end.u)
		a.choose(end.u)
		if to := a.ascend(max(1, a.maxIterations-steps)); to.value > value {
			end = to
		}
	}
	if end.value <= 1e-13*a.size {
		return point{}
	}
	return end
}

// ascend climbs from the subset S to one that reproduces itself, in at most so many
// steps. With S the active subset at u, the next direction w is that of r, and
// value(w) >= a_S.w - h(w) = ||r|| >= a_S.u - h(u) = value(u) for the support
// function h of the zonotope.
func (a *ascent) ascend(limit int) point {
	var best point
	for range limit {
		length := a.project()
		// On the way up each value is at least the last one; rounding ends it.
		if length <= 1e-13*a.size || best.u != nil && length <= best.value {
			break
		}
		if best.u == nil {
			best.u = make([]float64, len(a.r))
		}
		floats.ScaleTo(best.u, 1/norm(a.r), a.r)
		best.value = length
		if !a.choose(best.u) {
			break
		}
	}
	return best
}

// polish tries to improve a point at the end of an ascent by moving one sample
// of plus into or out of its subset, those nearest to their hyperplane first,
// ascending again from each improvement.
func (a *ascent) polish(ctx context.Context, from point) point {
	best := from
	a.restart(best.u)
	order := make([]int, len(a.plus))
	distance := make([]float64, len(a.plus))
	for {
		a.choose(best.u)
		if a.project() <= 1e-13*a.size {
			return best
		}
		for k := range order {
			order[k] = k
			distance[k] = math.Abs(a.margin[k]) / norm(a.row(k))
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(distance[i], distance[j]) })
		better := point{}
		for _, k := range order[:min(len(order), 4*a.rows.Cols)] {
			if ctx.Err() != nil {
				return best
			}
			move := 1.0
			if a.in[k] {
				move = -1
			}
			floats.AddScaledTo(a.r, a.a, move, a.row(k))
			copy(a.trial, a.t)
			// Most moves shorten the residual, which shows early.
			a.zonotope.Enough = best.value * (1 + 1e-9)
			res := a.zonotope.Project(a.r, a.trial, a.r)
			a.zonotope.Enough = 0
			if res.Norm > best.value*(1+1e-9) {
				a.in[k] = !a.in[k]
				better = a.ascend(a.maxIterations)
				break
			}
		}
		if better.value <= best.value {
			return best
		}
		best = better
	}
}

// kick looks for better points around one: it ascends from random directions
// near the best point so far and polishes what improves on it.
func (a *ascent) kick(ctx context.Context, from point, kicks int, rng *rand.Rand) point {
	best := a.polish(ctx, from)
	u := make([]float64, len(best.u))
	for k := 0; k < kicks && ctx.Err() == nil; k++ {
		// The length of the noise against that of the unit vector it is added to:
		// short kicks for the nearest optima, long ones for the other side.
		length := 0.2 * float64(1+k%6)
		for i := range u {
			u[i] = rng.NormFloat64()
		}
		floats.Scale(length/norm(u), u)
		floats.Add(u, best.u)
		if to := a.climb(u); to.value > best.value*(1+1e-9) {
			best = a.polish(ctx, to)
		}
	}
	return best
}
