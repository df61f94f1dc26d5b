package outputs

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// VerifySettings steer [Verify]. The zero value works.
type VerifySettings struct {
	// Intercept says that the bound is to hold for networks with an unpenalised
	// intercept too.
	Intercept bool
	// Cells is the arrangement of X to price by; nil means all cells where these are
	// few, and norms elsewhere, unless Value is set.
	Cells *arrangements.Arrangement
	// Norms means norms in any case.
	Norms bool
	// Value, if positive, means branch and bound for combinations of two or three outputs,
	// as the training does: it is the price that a neuron was found to attain.
	Value float64
	// Floor is a price below which nothing matters; 0 means beta.
	Floor float64
}

// Verify derives anew what a dual point v (n x c, row by row) proves on x (n x d), y (n x c)
// and beta: it prices v and returns the certificate for a network with the given objective.
//
// If ctx ends, the certificate is what was proved by then. The errors are those of
// [FindPrice], [convexnn.ErrBeta] and [convexnn.ErrContradiction].
func Verify(ctx context.Context, x, y *mat.Dense, v []float64, beta, objective float64, s VerifySettings) (convexnn.Certificate, error) {
	if err := CheckData(x, y); err != nil {
		return convexnn.Certificate{}, err
	}
	if !(beta > 0 && !math.IsInf(beta, 1)) {
		return convexnn.Certificate{}, fmt.Errorf("%w, got %v", convexnn.ErrBeta, beta)
	}
	n, c := y.Dims()
	if len(v) != n*c {
		return convexnn.Certificate{}, fmt.Errorf("%w: the dual point has %d entries, the targets %d", convexnn.ErrShape, len(v), n*c)
	}
	target := flat(y)
	if s.Intercept {
		target, v = centered(target, c), centered(v, c)
	}
	if err := CheckData(x, mat.NewDense(n, c, v)); err != nil {
		return convexnn.Certificate{}, err
	}
	price, err := s.price(ctx, x, v, beta)
	if err != nil && !stopped(ctx, err) {
		return convexnn.Certificate{}, err
	}
	out := convexnn.NewCertificate(target, v, beta, objective, price)
	const same = 1e-9 // of an objective: what rounding makes of it elsewhere
	if objective < out.LowerBound*(1-same) {
		return out, fmt.Errorf("%w: no network has less than %.9g on these data, and the objective is said to be %.9g", convexnn.ErrContradiction, out.LowerBound, objective)
	}
	return out, nil
}

// price is what is proved of theta(V).
func (s VerifySettings) price(ctx context.Context, x *mat.Dense, v []float64, beta float64) (convexnn.Price, error) {
	n, _ := x.Dims()
	m, a := mat.NewDense(n, len(v)/n, v), s.Cells
	if a == nil && !s.Norms && enumerable(arrangements.Lines(x), arrangements.Rank(x), len(v)/n) {
		var err error
		if a, err = arrangements.NewArrangement(x); err != nil {
			return convexnn.Price{}, err
		}
	}
	if nodes := netNodes(n, x.RawMatrix().Cols, len(v)/n); s.Value > 0 && nodes > 0 {
		// A quarter more nodes allow for rounding.
		price, err := priceByNet(ctx, x, v, s.Value, nodes+nodes/4)
		price.Value = quickPrice(x, m)
		return price, err
	}
	if a == nil || s.Norms {
		return priceByNorms(x, v), nil
	}
	floor := s.Floor
	if floor == 0 {
		floor = beta
	}
	count, err := a.Count(ctx)
	if err != nil && !stopped(ctx, err) {
		return convexnn.Price{}, err
	}
	price, err := findPrice(ctx, x, m, PriceSettings{Cells: a, Floor: floor})
	if err == nil {
		price.Cells = count
	}
	return price, err
}
