package convexnn

import (
	"context"
	"math/big"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

// BetaMax is the smallest regularisation strength for which the network without
// neurons is optimal among all two-layer ReLU networks:
// max(theta(y), theta(-y)) with theta(v) = max {v'(Xu)_+ : |u| <= 1}. It depends
// on the data alone.
type BetaMax struct {
	Value float64
	// Exact says that Value was computed exactly. Otherwise it is an estimate
	// from local search, and the true value may be larger.
	Exact bool
	// Partial says that the search was cut short, so that Value depends on when.
	Partial bool
}

// FindBetaMax computes beta_max of x (n x d) and y (n): exactly where the cells or
// the samples are few, by local search from fixed starts otherwise. With an
// intercept the mean is taken off y first. If ctx ends, the best value so far is returned, an
// estimate from fewer starts. The errors are [ErrShape] and [ErrNotFinite].
func FindBetaMax(ctx context.Context, x *mat.Dense, y []float64, intercept bool) (BetaMax, error) {
	if err := CheckData(x, y); err != nil {
		return BetaMax{}, err
	}
	return findBetaMax(ctx, x, y, intercept, arrangements.CellBound(x))
}

// findBetaMax is FindBetaMax for data that have passed, and a bound on the number of
// their cells.
func findBetaMax(ctx context.Context, x *mat.Dense, y []float64, intercept bool, possible *big.Int) (BetaMax, error) {
	if intercept {
		y = centered(y)
	}
	// About a second at most: it is computed whatever the mode.
	limits := priceLimits{cells: 1e8, nodes: 1e6}
	settings, err := limits.settings(x, possible)
	if err != nil {
		return BetaMax{}, err
	}
	price, err := FindPrice(ctx, x, y, settings)
	if failed(ctx, err) {
		return BetaMax{}, err
	}
	most := BetaMax{Value: price.Value, Exact: price.Kind == CertifiedExact, Partial: err != nil}
	if most.Partial {
		for _, sign := range []float64{1, -1} {
			v := floats.ScaleTo(make([]float64, len(y)), sign, y)
			most.Value = max(most.Value, quickPrice(x, v))
		}
	}
	return most, nil
}

// quickPrice is the price at one direction, X'v_+: what a search that was cut
// short can fall back on.
func quickPrice(x *mat.Dense, v []float64) float64 {
	positive := mat.NewVecDense(len(v), nil)
	for i, w := range v {
		positive.SetVec(i, max(w, 0))
	}
	var u mat.VecDense
	u.MulVec(x.T(), positive)
	norm := mat.Norm(&u, 2)
	if norm == 0 {
		return 0
	}
	return max(0, pricing.Value(x, v, u.RawVector().Data)/norm)
}
