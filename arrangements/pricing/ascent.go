package pricing

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/qp"
)

func newProblem(x *mat.Dense, v []float64, maxIterations int) *problem {
	p := &problem{x: x, v: v, maxIterations: maxIterations}
	if p.maxIterations <= 0 {
		p.maxIterations = 200
	}
	for i, w := range v {
		l := norm(x.RawRowView(i))
		p.size += math.Abs(w) * l
		switch {
		case l == 0:
		case w > 0:
			p.plus = append(p.plus, i)
		case w < 0:
			p.minus = append(p.minus, i)
		}
	}
	p.rows = p.weighted(p.plus)
	p.zonotope = qp.NewBoxProjector(p.weighted(p.minus))
	return p
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

// An ascent is the workspace of one goroutine. Between steps it holds a subset
// S of plus and the projection of a_S on the zonotope of minus.
type ascent struct {
	*problem
	zonotope *qp.BoxProjector
	in       []bool    // the subset S
	margin   []float64 // v_i x_i.u for i in plus
	mask     []float64
	a, r     []float64
	t, trial []float64 // coefficients of the projection, a warm start
}

func (p *problem) newAscent() *ascent {
	m, k, d := len(p.plus), len(p.minus), p.rows.Cols
	return &ascent{
		problem: p, zonotope: p.zonotope.Clone(),
		in: make([]bool, m), margin: make([]float64, m), mask: make([]float64, m),
		a: make([]float64, d), r: make([]float64, d),
		t: make([]float64, k), trial: make([]float64, k),
	}
}

// restart forgets the warm start, so that a result depends on its start alone:
// t_j is 1 where x_j.u > 0, which is optimal for the direction u.
func (a *ascent) restart(u []float64) {
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
	blas64.Gemv(blas.NoTrans, 1, a.rows, vector(u), 0, vector(a.margin))
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
	blas64.Gemv(blas.Trans, 1, a.rows, vector(a.mask), 0, vector(a.a))
	return a.zonotope.Project(a.r, a.t, a.a).Norm
}

// climb ascends from u. With S the active subset at u, the next direction w is
// that of r, and value(w) >= a_S.w - h(w) = ||r|| >= a_S.u - h(u) = value(u) for
// the support function h of the zonotope.
func (a *ascent) climb(u []float64) point {
	a.restart(u)
	a.choose(u)
	return a.ascend()
}

// ascend climbs from the subset S to one that reproduces itself.
func (a *ascent) ascend() point {
	var best point
	for range a.maxIterations {
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
			if res := a.zonotope.Project(a.r, a.trial, a.r); res.Norm > best.value*(1+1e-9) {
				a.in[k] = !a.in[k]
				better = a.ascend()
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

func vector(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Data: v, Inc: 1} }
