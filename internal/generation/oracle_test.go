package generation_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/generation"
)

// value is |V'(Xu)_+| by its definition.
func value(x *mat.Dense, v, u []float64) float64 {
	n, _ := x.Dims()
	c := len(v) / n
	sum := make([]float64, c)
	for i := range n {
		z := max(0, floats.Dot(x.RawRowView(i), u))
		for l := range c {
			sum[l] += z * v[i*c+l]
		}
	}
	return floats.Norm(sum, 2)
}

func direction(angle float64) []float64 {
	s, c := math.Sincos(angle)
	return []float64{c, s}
}

// A peak is a direction and its price.
type peak struct {
	u     []float64
	price float64
}

// inPlane lists directions in the plane among which the one of the largest price is:
// those where a sample changes sides, and for each arc between them, where (Xu)_+ =
// DXu, the leading singular vectors of V'DX.
func inPlane(x *mat.Dense, v []float64) []peak {
	n, _ := x.Dims()
	c := len(v) / n
	var angles []float64
	for i := range n {
		across := math.Atan2(x.At(i, 0), -x.At(i, 1))
		angles = append(angles, across, math.Remainder(across+math.Pi, 2*math.Pi))
	}
	slices.Sort(angles)
	for k, a := range slices.Clone(angles) {
		next := angles[0] + 2*math.Pi
		if k+1 < 2*n {
			next = angles[k+1]
		}
		middle := direction((a + next) / 2)
		b := make([]float64, 2*c)
		for i := range n {
			if row := x.RawRowView(i); floats.Dot(row, middle) > 0 {
				for l := range c {
					b[2*l] += v[i*c+l] * row[0]
					b[2*l+1] += v[i*c+l] * row[1]
				}
			}
		}
		var xx, xy, yy float64
		for l := range c {
			xx, xy, yy = xx+b[2*l]*b[2*l], xy+b[2*l]*b[2*l+1], yy+b[2*l+1]*b[2*l+1]
		}
		leading := math.Atan2(2*xy, xx-yy) / 2
		angles = append(angles, leading, leading+math.Pi)
	}
	var list []peak
	for _, a := range angles {
		list = append(list, peak{direction(a), value(x, v, direction(a))})
	}
	return list
}

// onLine is inPlane in one dimension.
func onLine(x *mat.Dense, v []float64) []peak {
	return []peak{{[]float64{1}, value(x, v, []float64{1})}, {[]float64{-1}, value(x, v, []float64{-1})}}
}

// byCells is inPlane in any dimension, by package pricing.
func byCells(t testing.TB, x *mat.Dense) func(x *mat.Dense, v []float64) []peak {
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	return func(x *mat.Dense, v []float64) []peak {
		n, _ := x.Dims()
		var found []pricing.Direction
		if len(v) == n {
			plus, minus, _, err := pricing.ByCells(context.Background(), x, a, v, pricing.CellSettings{Keep: 30})
			if err != nil {
				t.Fatal(err)
			}
			found = slices.Concat(plus.Found, minus.Found)
		} else {
			r, err := pricing.OutputsByCells(context.Background(), x, a, mat.NewDense(n, len(v)/n, v), pricing.CellSettings{Keep: 30})
			if err != nil {
				t.Fatal(err)
			}
			found = r.Found
		}
		var list []peak
		for _, f := range found {
			list = append(list, peak{f.Vector, value(x, v, f.Vector)})
		}
		return list
	}
}

// overAngles is the largest price in the plane by a dense grid and golden sections.
func overAngles(x *mat.Dense, v []float64) float64 {
	const grid = 2000
	f := func(angle float64) float64 { return value(x, v, direction(angle)) }
	values := make([]float64, grid)
	for k := range values {
		values[k] = f(2 * math.Pi * float64(k) / grid)
	}
	best := slices.Max(values)
	for k, p := range values {
		if p < values[(k+1)%grid] || p < values[(k+grid-1)%grid] || p < 0.98*best {
			continue
		}
		lo, hi := 2*math.Pi*float64(k-1)/grid, 2*math.Pi*float64(k+1)/grid
		for range 40 {
			a, b := hi-(hi-lo)*(math.Sqrt(5)-1)/2, lo+(hi-lo)*(math.Sqrt(5)-1)/2
			fa, fb := f(a), f(b)
			best = max(best, fa, fb)
			if fa < fb {
				lo = a
			} else {
				hi = b
			}
		}
	}
	return best
}

// A problem is one whose loss has a known conjugate.
type problem struct {
	generation.Problem
	loss convex
}

func newProblem(x *mat.Dense, loss convex, beta float64, intercept bool) problem {
	return problem{generation.Problem{X: x, Loss: loss, Beta: beta, Intercept: intercept}, loss}
}

// bound is what v proves if no direction has a price above theta, and the feasible
// point behind it.
func (p problem) bound(v []float64, theta float64) (feasible []float64, bound float64) {
	scale := 1.0
	if theta > p.Beta {
		scale = p.Beta / theta
	}
	feasible = floats.ScaleTo(make([]float64, len(v)), scale, v)
	return feasible, p.loss.conjugate(feasible)
}

// An exact oracle lists all directions that are worth it.
type exact struct {
	problem
	peaks func(x *mat.Dense, v []float64) []peak
	keep  int // the most directions; 0 means all
	// weak, if set, replaces searches of less effort than the final one.
	weak    func(q generation.Query) []peak
	queries []generation.Query
	found   []int // directions that each query gave
	best    [generation.Final + 1]struct {
		dual  []float64
		bound float64
	}
}

func newExact(p problem, peaks func(x *mat.Dense, v []float64) []peak) *exact {
	return &exact{problem: p, peaks: peaks}
}

func (o *exact) Price(_ context.Context, q generation.Query) ([][]float64, error) {
	o.queries = append(o.queries, q)
	v := q.Dual
	if o.Intercept {
		v = o.loss.balanced(v)
	}
	var list []peak
	if o.weak != nil && q.Effort < generation.Final {
		list = o.weak(q)
	} else {
		list = o.peaks(o.X, v)
	}
	theta := 0.0
	for _, p := range list {
		theta = max(theta, p.price)
	}
	dual, bound := o.bound(v, theta)
	for e := range o.best[:q.Effort+1] {
		if b := &o.best[e]; b.dual == nil || bound > b.bound {
			b.dual, b.bound = dual, bound
		}
	}
	slices.SortStableFunc(list, func(a, b peak) int { return cmp.Compare(b.price, a.price) })
	var found [][]float64
	for _, p := range list {
		if p.price > o.Beta && (o.keep == 0 || len(found) < o.keep) {
			found = append(found, p.u)
		}
	}
	o.found = append(o.found, len(found))
	return found, nil
}

func (o *exact) Best(least generation.Effort) ([]float64, float64) {
	return o.best[least].dual, o.best[least].bound
}
