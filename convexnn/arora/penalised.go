package arora

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/ipm"
	"github.com/convexnn/convexnn/internal/qp"
)

// penalised is the program with regularisation: a second-order cone program for the
// interior point method.
type penalised struct {
	*problem
	raw  blas64.General // x
	on   []*mat.Dense   // D X of each cell
	gram []*mat.SymDense
	cone *qp.ConeProjector
	g    []float64 // scratch: X'D v
	into []float64
}

func newPenalised(p *problem) *penalised {
	n, r := p.x.Dims()
	q := &penalised{problem: p, raw: p.x.RawMatrix(), g: make([]float64, r), into: make([]float64, r)}
	q.cone = qp.NewConeProjector(q.raw)
	q.on, q.gram = make([]*mat.Dense, len(p.cells)), make([]*mat.SymDense, len(p.cells))
	for c, cell := range p.cells {
		q.on[c] = p.masked(cell.Pattern.Bits())
		column := make([]float64, n)
		centred := mat.DenseCopyOf(q.on[c])
		for l := range r {
			mat.Col(column, l, centred)
			p.centreColumn(column)
			centred.SetCol(l, column)
		}
		q.gram[c] = mat.NewSymDense(n, nil)
		q.gram[c].SymOuterK(1, centred)
	}
	return q
}

// thin is the margin below which a cone is relaxed by as much, to have an interior.
const thin = 1e-9

func (q *penalised) solve(_ context.Context, tuple []int) ([]block, []float64, error) {
	spec := &ipm.Problem{X: q.raw, Y: q.y, Beta: q.beta, Cones: true, Center: q.intercept}
	for _, c := range tuple {
		spec.Blocks = append(spec.Blocks, ipm.Block{Bits: q.bits(c), Sign: sign(c)})
		if q.cells[c/2].Margin < thin {
			spec.Relax = thin
		}
	}
	result, err := ipm.Solve(context.Background(), spec, ipm.Settings{Tolerance: accuracy})
	if err != nil {
		return nil, nil, fmt.Errorf("arora: %w", err)
	}
	var blocks []block
	for k, c := range tuple {
		u := append([]float64(nil), result.U[k*q.rank:(k+1)*q.rank]...)
		// A thin cone was relaxed, and an interior point leaves dust.
		q.cone.Project(u, u, q.bits(c), nil, 0)
		blocks = append(blocks, block{u: u, sign: sign(c)})
	}
	q.drop(blocks)
	return blocks, result.Residual, nil
}

// accuracy is the relative duality gap of the interior point method.
const accuracy = 1e-9

// drop makes neurons zero that are only not zero because the method is interior.
func (q *penalised) drop(blocks []block) {
	const dust = 1e-7
	most := 0.0
	for _, b := range blocks {
		most = max(most, floats.Norm(b.u, 2))
	}
	for _, b := range blocks {
		if floats.Norm(b.u, 2) < dust*most {
			clear(b.u)
		}
	}
}

// relax solves the group lasso over the patterns roughly. With |u| <= |u|^2/(2 eta) +
// eta/2 for any eta > 0 it is a ridge regression for fixed sizes eta_j, whose residual is
//
//	v = (I + sum_j (eta_j/beta) D_j XX' D_j)^-1 y,   u_j = (eta_j/beta) X'D_j v,
//
// and eta_j = |u_j| are the best sizes next. Any v is a dual vector.
func (q *penalised) relax(tuple []int) []float64 {
	const rounds = 12
	n := len(q.y)
	cells := distinct(tuple)
	eta := make([]float64, len(cells))
	for k, c := range cells {
		if size := mat.Norm(q.on[c], 2); size > 0 {
			eta[k] = floats.Norm(q.y, 2) / size
		}
	}
	v, target := mat.NewVecDense(n, nil), mat.NewVecDense(n, q.y)
	system, term := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	var factor mat.Cholesky
	for range rounds {
		system.Zero()
		for i := range n {
			system.SetSym(i, i, 1)
		}
		for k, c := range cells {
			term.ScaleSym(eta[k]/q.beta, q.gram[c])
			system.AddSym(system, term)
		}
		if !factor.Factorize(system) || factor.SolveVecTo(v, target) != nil {
			break
		}
		for k, c := range cells {
			mat.NewVecDense(q.rank, q.g).MulVec(q.on[c].T(), v)
			eta[k] *= floats.Norm(q.g, 2) / q.beta
		}
	}
	out := append([]float64(nil), v.RawVector().Data...)
	q.centre(out)
	return out
}

func (q *penalised) price(dst, v []float64, enough float64, _ []int) {
	for c := range q.cells {
		mat.NewVecDense(q.rank, q.g).MulVec(q.on[c].T(), mat.NewVecDense(len(v), v))
		most := floats.Norm(q.g, 2)
		for k := range 2 {
			dst[2*c+k] = most
			if most > enough {
				if k == 1 {
					floats.Scale(-1, q.g)
				}
				stop := enough
				if math.IsInf(stop, 0) || stop < 0 {
					stop = 0
				}
				dst[2*c+k] = q.cone.Project(q.into, q.g, q.bits(2*c), nil, stop).Norm
			}
		}
	}
}

func (q *penalised) bound(yv, vv, top float64) float64 {
	return penalisedBound(yv, vv, top, q.beta)
}

func (q *penalised) threshold(yv, vv, bound float64) float64 {
	return penalisedThreshold(yv, vv, bound, q.beta)
}
