package outputs

import (
	"context"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/convexnn"
)

// ByNorms is the price of a bound that holds for any data and proves little: see
// [FindPrice].
const ByNorms convexnn.PriceMethod = "norms"

// PriceSettings steer [FindPrice]. The zero value works.
type PriceSettings struct {
	// Floor is a price below which nothing matters, such as beta.
	Floor float64
	// Cells is the arrangement of X, if theta is to be computed from all its cells;
	// nil means local search.
	Cells *arrangements.Arrangement
	// Starts is the number of starts of local search, and Polish that of the directions
	// it improves further; 0 means those of the pricing package, and a negative Polish
	// none.
	Starts, Polish int
	// Seed of the local search.
	Seed uint64
	// Keep is the number of directions to report; 0 means 1.
	Keep int
	// Given are directions to search from.
	Given [][]float64
}

// FindPrice prices v (n x c) on x (n x d): it brackets theta(V), the largest
// |V'(Xu)_+| over unit vectors u (Sahiner, Ergen, Pauly and Pilanci, 2021). All directions
// found are in Found[0] of the price, and Cells counts nothing. If ctx ends, the result is
// what is known by then, with the error of ctx. Other errors wrap [convexnn.ErrShape] and
// [convexnn.ErrNotFinite], or come from the pricing package.
func FindPrice(ctx context.Context, x, v *mat.Dense, s PriceSettings) (convexnn.Price, error) {
	if err := CheckData(x, v); err != nil {
		return convexnn.Price{}, err
	}
	return findPrice(ctx, x, v, s)
}

func findPrice(ctx context.Context, x, v *mat.Dense, s PriceSettings) (out convexnn.Price, err error) {
	var r pricing.Result
	keep := max(1, s.Keep)
	if s.Cells != nil {
		out.Method = convexnn.ByCells
		r, err = pricing.OutputsByCells(ctx, x, s.Cells, v, pricing.CellSettings{Floor: s.Floor, Keep: keep, Given: s.Given, Seed: s.Seed})
	} else {
		out.Method = convexnn.ByAscent
		r, err = pricing.LocalOutputs(ctx, x, v, pricing.LocalSettings{
			Starts: s.Starts, Polish: s.Polish, Seed: s.Seed, Given: s.Given, Keep: keep, NoPatterns: true,
		})
	}
	out.Value, out.Upper, out.Found[0] = r.Value, r.Upper, r.Found
	switch {
	case err != nil && !stopped(ctx, err):
		return convexnn.Price{}, err
	case math.IsInf(r.Upper, 1):
		out.Kind = convexnn.CertifiedEstimate
	case r.Closed:
		out.Kind = convexnn.CertifiedExact
	default:
		out.Kind = convexnn.CertifiedBounded
	}
	return out, err
}

// priceLimits say how much work a price may take: the cells times the entries of Y that
// may be enumerated. They choose the way to price by counts alone.
type priceLimits float64

const (
	// roundLimits are what the final search of a round may cost: about a second.
	roundLimits priceLimits = 1e8
	// quickPass is what may be done after a stop.
	quickPass priceLimits = 5e7
)

// admits reports whether so many cells may be enumerated.
func (l priceLimits) admits(y *mat.Dense, possible *big.Int) bool {
	n, c := y.Dims()
	cells, _ := new(big.Float).SetInt(possible).Float64()
	return cells*float64(n*c) <= float64(l)
}

// FindBetaMax computes beta_max, the smallest strength for which the network without
// neurons is optimal, theta(Y): exactly where the cells are few, by local search from
// fixed starts otherwise. With an intercept the mean of each column is taken off first. If
// ctx ends, the best value so far is returned. The errors are [convexnn.ErrShape] and
// [convexnn.ErrNotFinite].
func FindBetaMax(ctx context.Context, x, y *mat.Dense, intercept bool) (convexnn.BetaMax, error) {
	if err := CheckData(x, y); err != nil {
		return convexnn.BetaMax{}, err
	}
	return findBetaMax(ctx, x, y, intercept, arrangements.CellBound(x))
}

func findBetaMax(ctx context.Context, x, y *mat.Dense, intercept bool, possible *big.Int) (convexnn.BetaMax, error) {
	n, c := y.Dims()
	if intercept {
		y = mat.NewDense(n, c, centered(flat(y), c))
	}
	var s PriceSettings
	if roundLimits.admits(y, possible) {
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			return convexnn.BetaMax{}, err
		}
		s.Cells = a
	}
	price, err := findPrice(ctx, x, y, s)
	if err != nil && !stopped(ctx, err) {
		return convexnn.BetaMax{}, err
	}
	most := convexnn.BetaMax{Value: price.Value, Exact: price.Kind == convexnn.CertifiedExact && err == nil, Partial: err != nil}
	if most.Partial {
		most.Value = max(most.Value, quickPrice(x, y))
	}
	return most, nil
}

// quickPrice is the largest price at the rows of x: what a search that was cut short can
// fall back on.
func quickPrice(x, v *mat.Dense) float64 {
	most := 0.0
	n, _ := x.Dims()
	for i := range n {
		u := x.RawRowView(i)
		if length := mat.Norm(mat.NewVecDense(len(u), u), 2); length > 0 {
			most = max(most, pricing.OutputsValue(x, v, u)/length)
		}
	}
	return most
}
