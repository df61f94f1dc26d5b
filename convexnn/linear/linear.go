package linear

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// Settings steer [Train]. The zero value works, and is a linear model.
type Settings struct {
	// Widths are k_1, ..., k_{L-1}, those of the hidden layers: a network of depth L has
	// L-1 of them. None is depth 1, linear regression.
	Widths []int
	// Beta is the weight decay: beta/2 times all squared weights are added.
	Beta float64
	// Intercept adds a constant for each output, without weight decay.
	Intercept bool
	// Tolerance is the relative gap between objective and bound at which the convex
	// program counts as solved; 0 means 1e-9.
	Tolerance float64
	// MaxIterations of proximal gradient steps of the convex program; 0 means 100,000.
	MaxIterations int
	// Starts is the most random starting points where only local search is left; 0 means
	// 8, and a negative number none.
	Starts int
	// Start (d x c), if set, is another starting point of the local search.
	Start *mat.Dense
	// Seed of the random starting points.
	Seed uint64
	// MemoryLimit in bytes; 0 means no limit.
	MemoryLimit uint64
}

const (
	defaultTolerance  = 1e-9
	defaultIterations = 100_000
	defaultStarts     = 8
)

func (s *Settings) check(x, y *mat.Dense) error {
	if err := checkData(x, y); err != nil {
		return err
	}
	if err := checkWidths(s.Widths); err != nil {
		return err
	}
	if err := checkBeta(s.Beta); err != nil {
		return err
	}
	if !(s.Tolerance >= 0) {
		return fmt.Errorf("%w, got %v", convexnn.ErrTolerance, s.Tolerance)
	}
	if s.Tolerance == 0 {
		s.Tolerance = defaultTolerance
	}
	if s.MaxIterations == 0 {
		s.MaxIterations = defaultIterations
	}
	if s.Starts == 0 {
		s.Starts = defaultStarts
	}
	n, d := x.Dims()
	_, c := y.Dims()
	if s.Start != nil {
		if rows, cols := s.Start.Dims(); rows != d || cols != c {
			return fmt.Errorf("%w: Start is %d x %d, want %d x %d", convexnn.ErrShape, rows, cols, d, c)
		}
	}
	need := EstimateMemory(n, d, c, s.Widths)
	if s.MemoryLimit > 0 && need > float64(s.MemoryLimit) {
		return fmt.Errorf("%w: %d samples, %d inputs and %d outputs need about %s, the limit is %s",
			convexnn.ErrMemory, n, d, c, convexnn.FormatBytes(need), convexnn.FormatBytes(float64(s.MemoryLimit)))
	}
	return nil
}

// EstimateMemory returns about how many bytes [Train] takes for n samples, d inputs and c
// outputs: the data a few times over, their singular vectors, and the layers.
func EstimateMemory(n, d, c int, widths []int) float64 {
	const word, copies = 8, 4
	rows, from, layers := float64(n), float64(d), 0.0
	q := min(rows, from)
	for _, k := range widths {
		layers += from * float64(k)
		from = float64(k)
	}
	layers += from * float64(c)
	return word * (copies*(rows*float64(d)+rows*float64(c)+q*q) + 20*q*float64(c) + float64(d)*q + 2*layers)
}

// A Method is the way in which weights were found.
type Method string

const (
	// Regression is linear regression, with a ridge where there is weight decay: depth 1.
	Regression Method = "linear regression"
	// ReducedRank is reduced-rank regression: no weight decay.
	ReducedRank Method = "reduced-rank regression"
	// Shrinkage is the closed form for X'X a multiple of a projection: each singular
	// value of the targets is shrunk by itself ([Shrink]).
	Shrinkage Method = "singular value shrinkage"
	// Nuclear is the convex program of depth 2, with the nuclear norm.
	Nuclear Method = "nuclear norm program"
	// Local is local search, from many starts: nothing but the lower bound is proved.
	Local Method = "local search"
)

// A Result is the best network found and what is proved of it.
type Result struct {
	W         *mat.Dense   // d x c, the product of the layers
	Layers    []*mat.Dense // W_1 (d x k_1), ..., W_L (k_{L-1} x c), balanced
	Intercept []float64    // c; zeros without one

	Objective float64 // 1/2 |X W - Y|^2 + beta/2 sum |W_l|^2, recomputed from the layers
	Loss      float64 // its first part
	// LowerBound is proved, up to rounding: no network of these widths has a lower
	// objective.
	LowerBound float64
	// RelativeGap is (Objective - LowerBound)/Objective, 0 if both are 0.
	RelativeGap float64
	// Exact says whether the gap is within the tolerance, so that the network is optimal.
	Exact  bool
	Method Method
	Status convexnn.Status // Solved, Limited, or Stopped where ctx ended

	Singular []float64 // of W, decreasing; min(d, c) of them
	Targets  []float64 // singular values of the projection of Y on the columns of X
	Rank     int       // of W
	RankX    int
	// Bottleneck is r, the most that the rank of W may be.
	Bottleneck int
	// Nuclear is the lower bound of the convex program of depth 2 without a bottleneck,
	// where it was solved; else 0.
	Nuclear float64
	// Dual (n x c) is the matrix behind Nuclear, see [NuclearBound]; nil without.
	Dual       *mat.Dense
	Iterations int // proximal gradient steps of the convex program
	Starts     int // descents of the local search
}

// Train finds weights of a deep linear network x -> x W_1 W_2 ... W_L with the hidden
// widths of the settings for x (n x d) and y (n x c), of small
//
//	1/2 |X W_1 ... W_L - Y|^2 + beta/2 (|W_1|^2 + ... + |W_L|^2),
//
// and says what is proved of them; see the package documentation for what is exact and
// what is not. When ctx ends, it returns the best so far with the status Stopped. The
// errors are [ErrWidths], [ErrBeta], and convexnn.ErrShape, convexnn.ErrNotFinite,
// convexnn.ErrTolerance, convexnn.ErrMemory, and convexnn.ErrContradiction where rounding
// puts a bound above the objective.
func Train(ctx context.Context, x, y *mat.Dense, settings Settings) (*Result, error) {
	if err := settings.check(x, y); err != nil {
		return nil, err
	}
	p, err := newProblem(x, y, settings.Intercept)
	if err != nil {
		return nil, err
	}
	return p.train(ctx, settings)
}

func (p *problem) train(ctx context.Context, settings Settings) (*Result, error) {
	out := &Result{RankX: p.q(), Bottleneck: Bottleneck(p.d, p.c, settings.Widths), Targets: make([]float64, min(p.d, p.c))}
	if p.q() == 0 {
		// X is zero, and so are the best weights.
		out.Method, out.LowerBound = ReducedRank, p.half
		return out, out.finish(p, mat.NewDense(p.d, p.c, nil), settings)
	}
	copy(out.Targets, decompose(p.t).values)
	b := out.solve(ctx, p, settings)
	return out, out.finish(p, p.weights(b), settings)
}

// solve finds B and the bound on the objective.
func (out *Result) solve(ctx context.Context, p *problem, s Settings) *mat.Dense {
	depth, r := len(s.Widths)+1, out.Bottleneck
	switch {
	case depth == 1:
		out.Method = Regression
		b := p.ridge(s.Beta)
		out.LowerBound = p.rest + p.penalised(b, s.Beta, 1)
		return b
	case s.Beta == 0:
		out.Method, out.LowerBound = ReducedRank, p.rest+p.plainLoss(r)
		return p.plain(r)
	case p.isotropic():
		out.Method = Shrinkage
		b, value := p.shrunk(s.Beta, depth, r)
		out.LowerBound = p.rest + value
		return b
	}
	var nuclear convex
	var given []*mat.Dense
	if depth == 2 {
		nuclear = p.nuclear(ctx, s.Beta, s.Tolerance, s.MaxIterations)
		out.Nuclear, out.Iterations, out.Status = p.rest+nuclear.bound, nuclear.steps, nuclear.status
		out.Dual = p.dual(nuclear)
		rank := numericalRank(decompose(nuclear.b).values)
		if rank <= r {
			out.Method, out.LowerBound = Nuclear, out.Nuclear
			return nuclear.b
		}
		given = append(given, nuclear.b)
	}
	if s.Start != nil {
		given = append(given, product(p.v.T(), s.Start))
	}
	out.Method = Local
	bound := p.newLocalBound(depth, r, nuclear, s)
	found := p.search(ctx, s.Beta, depth, r, s, func(b *mat.Dense, objective float64) bool { return bound.improve(ctx, b, objective) }, given...)
	out.Starts, out.Status = found.starts, max(out.Status, found.status)
	out.LowerBound = p.rest + bound.best
	return found.b
}

// dual is the matrix that proves the bound of the convex program: the residual, scaled
// within the columns of X, where the constraint is.
func (p *problem) dual(v convex) *mat.Dense {
	inside := product(p.u, p.residual(v.b))
	inside.Scale(v.scale, inside)
	outside := product(p.u, p.t)
	outside.Sub(p.y, outside)
	outside.Add(outside, inside)
	return outside
}

// vanishing is the part of 1/2 |Y|^2 that counts as a zero objective: what is left is
// rounding.
const vanishing = 1e-20

// finish recovers the layers and recomputes the objective from them.
func (out *Result) finish(p *problem, w *mat.Dense, s Settings) (err error) {
	if out.Layers, err = Factor(w, s.Widths); err != nil {
		return err
	}
	out.W = out.Layers[0]
	for _, layer := range out.Layers[1:] {
		out.W = product(out.W, layer)
	}
	out.Intercept = p.intercept(out.W)
	out.Singular = decompose(out.W).values
	out.Rank = numericalRank(out.Singular)
	clear(out.Singular[out.Rank:]) // of rounding
	out.Loss = p.loss(out.W)
	out.Objective = out.Loss
	for _, layer := range out.Layers {
		out.Objective += s.Beta / 2 * sumOfSquares(layer)
	}
	// Residuals carry the rounding of the targets.
	rounding := 1e-9*out.Objective + 1e-13*math.Sqrt(out.Objective*p.half)
	switch {
	case out.Objective <= vanishing*p.half:
		out.LowerBound = 0
	case out.LowerBound > out.Objective+rounding:
		return fmt.Errorf("%w: the bound %.12g, the objective %.12g; the columns of X are too uneven or too nearly dependent for float64; scale them, or leave some out",
			convexnn.ErrContradiction, out.LowerBound, out.Objective)
	default:
		out.LowerBound = min(out.LowerBound, out.Objective) // they can cross by rounding
		out.RelativeGap = relativeGap(out.Objective, out.LowerBound)
	}
	out.Exact = out.RelativeGap <= s.Tolerance
	if !out.Exact && out.Method != Local && out.Status == convexnn.Solved {
		out.Status = convexnn.Limited
	}
	return nil
}
