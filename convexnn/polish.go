package convexnn

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/ipm"
)

// polish solves the program on a working set of blocks by an interior point
// method, and adds the blocks whose dual constraint the result violates, until
// the gap of the whole program is within tolerance.
func (s *search) polish(ctx context.Context) error {
	if !s.polishes() {
		return nil
	}
	work := s.firstWorkingSet()
	for !s.solved() && ctx.Err() == nil && s.best.Rounds < maxPolishRounds {
		if len(work) == 0 {
			return nil // nothing is violated: what remains is rounding
		}
		result, err := ipm.Solve(ctx, s.restricted(work), ipm.Settings{Tolerance: max(s.Tolerance/20, 1e-11)})
		if errors.Is(err, ipm.ErrNumerical) {
			return nil
		}
		if err != nil {
			return err
		}
		s.best.Rounds++
		s.offer(s.expand(work, result.U), result.Residual)
		s.report("polish")
		next := s.nextWorkingSet(work, result)
		if slices.Equal(next, work) {
			return nil // no block is missing: what remains is rounding
		}
		work = next
	}
	return nil
}

// polishShare is the cost of the polish, as estimated, of which ADMM spends this
// share before it hands over. The longer ADMM runs, the fewer blocks it leaves,
// and the cheaper the polish is; spending a fixed share keeps the sum within a
// constant of the best moment. Measured on tables of 100 to 2000 rows.
const polishShare = 0.3

// polishPays compares the multiplications that ADMM has done with those that a
// polish from here would do. It counts instead of timing, so that every run takes
// the same path.
func (s *search) polishPays() bool {
	if !s.polishes() {
		return false
	}
	const steps = 40 // of the interior point method, typically
	n, d := float64(len(s.target)), float64(s.masked.X.Cols)
	blocks := float64(len(s.firstWorkingSet()))
	polish := steps * (blocks*d*n*(n/2+d) + n*n*n/3)
	// Weights to samples and back, for the fit and for the cones.
	iteration := n * d * (2*float64(s.Patterns()) + 2*float64(s.Blocks()))
	return float64(s.best.Iterations)*iteration >= polishShare*polish
}

const (
	maxPolishRounds = 60
	keepRounds      = 4    // after so many rounds no block is dropped any more: the loop is finite
	idle            = 1e-5 // weights below this times the largest are idle
	slackPrice      = 0.95 // idle blocks priced below this times beta are dropped
	mostAdded       = 100
)

// firstWorkingSet lists the blocks that ADMM left with weights of note, and
// those whose dual constraint is violated or nearly so.
func (s *search) firstWorkingSet() []int {
	norms := rowNorms(s.current)
	largest := floats.Max(norms)
	var work []int
	for j, norm := range norms {
		if norm > 1e-3*largest {
			work = append(work, j)
		}
	}
	return s.withViolated(work)
}

// nextWorkingSet drops idle blocks and adds the most violated ones.
func (s *search) nextWorkingSet(work []int, result *ipm.Result) []int {
	norms := rowNorms(mat.NewDense(len(work), s.masked.X.Cols, result.U))
	largest := floats.Max(norms)
	var next []int
	for c, j := range work {
		if s.best.Rounds > keepRounds || norms[c] > idle*largest || result.Price[c] > slackPrice*s.spec.Beta {
			next = append(next, j)
		}
	}
	return s.withViolated(next)
}

// withViolated adds to work the blocks with the highest price over beta, and
// returns it sorted.
func (s *search) withViolated(work []int) []int {
	have := make(map[int]bool, len(work))
	for _, j := range work {
		have[j] = true
	}
	limit := s.spec.Beta * (1 + s.Tolerance/20)
	var violated []int
	for j, price := range s.prices {
		if price > limit && !have[j] {
			violated = append(violated, j)
		}
	}
	slices.SortStableFunc(violated, func(a, b int) int { return cmp.Compare(s.prices[b], s.prices[a]) })
	out := append(slices.Clone(work), violated[:min(len(violated), mostAdded)]...)
	slices.Sort(out)
	return out
}

// restricted returns the program on the working set for the interior point
// method.
func (s *search) restricted(work []int) *ipm.Problem {
	p := &ipm.Problem{
		X: s.masked.X, Y: s.target, Beta: s.spec.Beta,
		Cones: s.spec.Model == ReLU, Center: s.spec.Intercept,
	}
	for _, j := range work {
		p.Blocks = append(p.Blocks, ipm.Block{Bits: s.masked.Bits[j%s.Patterns()], Sign: s.sign(j)})
		if p.Cones && p.Relax == 0 && s.flat(j%s.Patterns()) {
			p.Relax = flatCone
		}
	}
	return p
}

// flatCone is the relaxation that gives a cone without interior one, in units of
// scaled weights. The repair projects back onto the cone.
const flatCone = 1e-9

// flat reports whether a pattern's witness does not show that its cone has an
// interior: it is missing, or not strictly on its side of every hyperplane.
func (s *search) flat(pattern int) bool {
	cell := s.spec.Cells[pattern]
	if len(cell.Witness) == 0 {
		return true
	}
	for i, length := range s.pricer.lengths {
		v := floats.Dot(s.spec.X.RawRowView(i), cell.Witness)
		if !cell.Pattern.Active(i) {
			v = -v
		}
		if length > 0 && !(v > 0) {
			return true
		}
	}
	return false
}

// expand puts the rows of a restricted solution in their blocks.
func (s *search) expand(work []int, u []float64) *mat.Dense {
	d := s.masked.X.Cols
	out := mat.NewDense(s.Blocks(), d, nil)
	norms := rowNorms(mat.NewDense(len(work), d, u))
	threshold := 1e-9 * floats.Max(norms)
	for c, j := range work {
		// An interior point leaves dust on blocks that are zero at the optimum.
		if norms[c] > threshold {
			out.SetRow(j, u[c*d:(c+1)*d])
		}
	}
	return out
}
