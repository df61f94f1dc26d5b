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
		if s.Cells == nil {
			out.Method = ByNorms // of zeros, which leave local search nothing to do
		}
	default:
		out.Kind = convexnn.CertifiedBounded
	}
	return out, err
}

// roundFaces is the most faces, times outputs, that the final search of a round may look
// at: about a second. It chooses the way to price by counts alone.
const roundFaces = 3e6

// faces is a bound on the cells of the arrangement of so many lines and of all flats in
// which they meet: what a pass looks at. For 20 samples of rank 9 it is 200 times the
// number of cells.
func faces(lines, rank int) float64 {
	sum := 0.0
	for k := range max(1, rank-1) {
		flats, _ := new(big.Float).SetInt(new(big.Int).Binomial(int64(lines), int64(k))).Float64()
		cells, _ := new(big.Float).SetInt(arrangements.MaxCells(lines-k, rank-k)).Float64()
		if sum += flats * cells; sum > 1e300 {
			break
		}
	}
	return sum
}

// enumerable reports whether the price of c outputs may be computed from all cells
// whenever it is wanted.
func enumerable(lines, rank, c int) bool {
	return faces(lines, rank)*float64(c) <= roundFaces
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
	_, c := y.Dims()
	return findBetaMax(ctx, x, y, intercept, enumerable(arrangements.Lines(x), arrangements.Rank(x), c))
}

func findBetaMax(ctx context.Context, x, y *mat.Dense, intercept, exact bool) (convexnn.BetaMax, error) {
	n, c := y.Dims()
	if intercept {
		y = mat.NewDense(n, c, centered(flat(y), c))
	}
	var s PriceSettings
	if exact {
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

// quickPrice is the largest price at some rows of x: what a search that was cut short can
// fall back on.
func quickPrice(x, v *mat.Dense) float64 {
	most := 0.0
	n, _ := x.Dims()
	for i := 0; i < n; i += 1 + n/64 {
		u := x.RawRowView(i)
		if length := mat.Norm(mat.NewVecDense(len(u), u), 2); length > 0 {
			most = max(most, pricing.OutputsValue(x, v, u)/length)
		}
	}
	return most
}
