package convexnn

import (
	"context"
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/parallel"
	"github.com/convexnn/convexnn/internal/qp"
)

// A DualBound is a lower bound on the optimum of a program.
type DualBound struct {
	// Value is the bound: s y'v - s^2 |v|^2/2.
	Value float64
	// Scale is s: s v, centred if there is an intercept, satisfies all dual
	// constraints.
	Scale float64
	// Price is an upper bound on max_j max {e_j v'D_j X u : |u| <= 1, u in the
	// cone of block j}, exact where it is above beta.
	Price float64
}

// DualBound returns the lower bound that any vector v (n) proves. The dual of
// the program is
//
//	maximise    1/2 |y|^2 - 1/2 |v - y|^2
//	subject to  |Proj_K(e_j X'D_j v)| <= beta  for every block j with cone K
//
// (Pilanci and Ergen, 2020, equation 7, block by block), and v is scaled down
// until it is feasible. Blocks whose gradient is within beta are not projected, so
// that a v whose prices are all far below beta proves less than a multiple of it
// would.
//
// The bound is rigorous up to rounding, since each projection's norm is bounded by
// |e_j X'D_j v + A_j' lambda| for an explicit lambda >= 0, with an allowance for
// the rounding of that sum. The residual of a good solution proves a good bound.
// The error is [ErrShape].
func (p *Program) DualBound(v []float64) (DualBound, error) {
	if len(v) != len(p.target) {
		return DualBound{}, fmt.Errorf("%w: the vector has %d entries, the data %d rows", ErrShape, len(v), len(p.target))
	}
	bound, _ := newPricer(context.Background(), p).bound(v)
	return bound, nil
}

// pricer evaluates dual constraints and projects weights. It remembers which
// cone constraints were active for each block: near a solution these change
// little, and projections that start from them are cheap.
//
// When ctx ends, what is left of a call is done roughly: prices become the norms of
// gradients, which bound them, and weights that are not repaired yet become zero.
type pricer struct {
	*Program
	ctx        context.Context
	projectors sync.Pool
	gradients  [][]int   // active constraints of each block's gradient, when last priced
	repairs    [][]int   // and of its weights, when last repaired
	lengths    []float64 // |x_i|
}

// roundoff times the terms of a sum bounds what rounding does to it here: the
// sums have at most a few thousand terms, and errors mostly cancel.
const roundoff = 0x1p-50

func newPricer(ctx context.Context, p *Program) *pricer {
	pr := &pricer{Program: p, ctx: ctx, gradients: make([][]int, p.Blocks()), repairs: make([][]int, p.Blocks()), lengths: rowNorms(p.spec.X)}
	first := qp.NewConeProjector(p.masked.X)
	pr.projectors.New = func() any { return first.Clone() }
	return pr
}

// bound returns the bound of v and the price of each block, exact where it
// exceeds beta and an upper bound elsewhere.
func (pr *pricer) bound(v []float64) (DualBound, []float64) {
	if pr.spec.Intercept {
		v = centered(v)
	}
	prices := pr.prices(v)
	b := DualBound{Price: floats.Max(prices)}
	b.Scale, b.Value = scaledDual(pr.target, v, pr.spec.Beta, b.Price)
	return b, prices
}

func (pr *pricer) prices(v []float64) []float64 {
	d := pr.masked.X.Cols
	grad := make([]float64, pr.Blocks()*d)
	pr.adjoint(grad, v)
	allowance := roundoff * floats.Norm(pr.lengths, 2) * floats.Norm(v, 2)
	prices := make([]float64, pr.Blocks())
	pr.eachProjector(pr.Blocks(), func(proj *qp.ConeProjector, j int) {
		g := grad[j*d : (j+1)*d]
		prices[j] = floats.Norm(g, 2)
		if prices[j] > pr.spec.Beta && pr.spec.Model == ReLU && pr.ctx.Err() == nil {
			prices[j] = pr.project(proj, make([]float64, d), g, j, pr.spec.Beta)
		}
		prices[j] += allowance
	})
	return prices
}

// project sets dst to the projection of g onto the cone of block j, or to a
// point past it once the norm is known to be at most enough, and returns a
// bound of the norm that rounding cannot undercut.
func (pr *pricer) project(proj *qp.ConeProjector, dst, g []float64, j int, enough float64) float64 {
	res := proj.Project(dst, g, pr.masked.Bits[j%pr.Patterns()], pr.gradients[j], enough)
	pr.gradients[j] = append(pr.gradients[j][:0], res.Active...)
	terms := floats.Norm(g, 2)
	for k, i := range res.Active {
		terms += res.Lambda[k] * pr.lengths[i]
	}
	return res.Norm + roundoff*terms
}

// eachProjector calls body for each index with a projector that no other call
// uses at the same time.
func (pr *pricer) eachProjector(count int, body func(proj *qp.ConeProjector, i int)) {
	const chunk = 4
	parallel.Chunks(count, chunk, func(_, lo, hi int) {
		proj := pr.projectors.Get().(*qp.ConeProjector)
		defer pr.projectors.Put(proj)
		for i := lo; i < hi; i++ {
			body(proj, i)
		}
	})
}

// repair returns the nearest weights that satisfy all cone constraints, scaled
// as a whole to the best objective: a feasible point of the program.
func (pr *pricer) repair(u *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(u)
	if pr.spec.Model == ReLU {
		blocks := nonzeroRows(u)
		pr.eachProjector(len(blocks), func(proj *qp.ConeProjector, c int) {
			j := blocks[c]
			if pr.ctx.Err() != nil {
				clear(out.RawRowView(j))
				return
			}
			res := proj.Project(out.RawRowView(j), u.RawRowView(j), pr.masked.Bits[j%pr.Patterns()], pr.repairs[j], 0)
			pr.repairs[j] = append(pr.repairs[j][:0], res.Active...)
		})
	}
	fit := make([]float64, len(pr.target))
	pr.apply(fit, out.RawMatrix().Data)
	if energy := floats.Dot(fit, fit); energy > 0 {
		gain := floats.Dot(fit, pr.target) - pr.spec.Beta*floats.Sum(rowNorms(out))
		out.Scale(max(0, gain/energy), out)
	}
	return out
}

// scaledDual returns the scale s >= 0 with s price <= beta that maximises
// s y'v - s^2 |v|^2/2, and that maximum less what rounding can amount to: the best
// lower bound along v.
func scaledDual(y, v []float64, beta, price float64) (scale, value float64) {
	inner, energy := floats.Dot(y, v), floats.Dot(v, v)
	if !(inner > 0) || math.IsInf(energy, 0) || math.IsNaN(price) { // which proves nothing
		return 0, 0
	}
	scale = inner / energy
	if price > 0 {
		scale = min(scale, beta/price)
	}
	value = scale*inner - scale*scale*energy/2
	terms := scale*floats.Norm(y, 2)*math.Sqrt(energy) + scale*scale*energy
	return scale, max(0, value-roundoff*terms)
}

// nonzeroRows lists the rows of u that hold a nonzero.
func nonzeroRows(u *mat.Dense) []int {
	var list []int
	for j, norm := range rowNorms(u) {
		if norm != 0 {
			list = append(list, j)
		}
	}
	return list
}
