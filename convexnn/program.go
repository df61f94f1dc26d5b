package convexnn

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
)

// A Spec says what program to build.
type Spec struct {
	X     *mat.Dense          // n x d, one sample a row
	Y     []float64           // n
	Cells []arrangements.Cell // P activation patterns over the n samples
	Beta  float64             // regularisation strength, positive
	Model Model               // ReLU (default) or Gated
	// Intercept adds an unpenalised output intercept.
	Intercept bool
}

// A Program is the convex training program over given activation patterns
// D_1..D_P (Pilanci and Ergen, 2020, equation 8). For [ReLU] it is
//
//	minimise    1/2 |sum_p D_p X (v_p - w_p) - y|^2 + beta sum_p (|v_p| + |w_p|)
//	subject to  (2 D_p - I) X v_p >= 0,  (2 D_p - I) X w_p >= 0
//
// and for [Gated] the group lasso without w and without constraints. Its
// weights are a matrix with one block a row: rows 0..P-1 hold v_p, and for ReLU
// rows P..2P-1 hold w_p.
//
// A Program is immutable and safe for concurrent use.
type Program struct {
	spec   Spec
	target []float64 // Y, centred if there is an intercept
	masked *kernel.Masked
}

// NewProgram validates the spec and returns its program. X and Y are not copied
// and may not change afterwards. The errors are [ErrShape], [ErrNotFinite],
// [ErrBeta] and [ErrNoPatterns].
func NewProgram(spec Spec) (*Program, error) {
	if err := checkData(spec.X, spec.Y); err != nil {
		return nil, err
	}
	if !(spec.Beta > 0) || math.IsInf(spec.Beta, 0) {
		return nil, fmt.Errorf("%w, got %v", ErrBeta, spec.Beta)
	}
	if len(spec.Cells) == 0 {
		return nil, fmt.Errorf("%w: a program needs at least one", ErrNoPatterns)
	}
	n, d := spec.X.Dims()
	bits := make([]bitset.Set, len(spec.Cells))
	for p, c := range spec.Cells {
		if c.Pattern.Len() != n {
			return nil, fmt.Errorf("%w: pattern %d is over %d samples, the data have %d", ErrShape, p, c.Pattern.Len(), n)
		}
		if spec.Model == Gated && len(c.Witness) != d {
			return nil, fmt.Errorf("%w: the gate of pattern %d has %d coordinates, the data have %d", ErrShape, p, len(c.Witness), d)
		}
		bits[p] = c.Pattern.Bits()
	}
	p := &Program{spec: spec, target: spec.Y, masked: kernel.NewMasked(spec.X.RawMatrix(), bits)}
	if spec.Intercept {
		p.target = centered(spec.Y)
	}
	return p, nil
}

// checkData refuses data that no program can be built on.
func checkData(x *mat.Dense, y []float64) error {
	if x == nil || x.IsEmpty() {
		return fmt.Errorf("%w: X has no rows or no columns", ErrShape)
	}
	n, d := x.Dims()
	if len(y) != n {
		return fmt.Errorf("%w: X has %d rows, y has %d values", ErrShape, n, len(y))
	}
	for i := range n {
		for l, v := range x.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%w: X at row %d, column %d is %v", ErrNotFinite, i+1, l+1, v)
			}
		}
		if math.IsNaN(y[i]) || math.IsInf(y[i], 0) {
			return fmt.Errorf("%w: y at row %d is %v", ErrNotFinite, i+1, y[i])
		}
	}
	if loss := floats.Dot(y, y); math.IsInf(loss, 0) {
		return fmt.Errorf("%w: the sum of squares of y overflows; rescale y", ErrNotFinite)
	}
	if norm := mat.Norm(x, 2); math.IsInf(norm, 0) || d == 0 {
		return fmt.Errorf("%w: the sum of squares of X overflows; rescale X", ErrNotFinite)
	}
	return nil
}

// Patterns returns P, the number of activation patterns.
func (p *Program) Patterns() int { return len(p.spec.Cells) }

// Blocks returns the number of weight blocks: 2P for ReLU, P for Gated.
func (p *Program) Blocks() int {
	if p.spec.Model == Gated {
		return p.Patterns()
	}
	return 2 * p.Patterns()
}

// Beta returns the regularisation strength.
func (p *Program) Beta() float64 { return p.spec.Beta }

// sign returns the sign with which a block enters the fit.
func (p *Program) sign(block int) float64 {
	if block < p.Patterns() {
		return 1
	}
	return -1
}

// Residual returns y - F u (n) for the weights u (blocks x d), the mean taken
// off if there is an intercept. It is the dual variable of the program.
func (p *Program) Residual(u *mat.Dense) []float64 {
	fit := make([]float64, len(p.target))
	p.apply(fit, u.RawMatrix().Data)
	floats.SubTo(fit, p.target, fit)
	return fit
}

// Objective returns 1/2 |F u - y|^2 + beta sum_j |u_j| of the weights u
// (blocks x d), whether or not they satisfy the cone constraints.
func (p *Program) Objective(u *mat.Dense) float64 {
	r := p.Residual(u)
	return floats.Dot(r, r)/2 + p.spec.Beta*groupNorms(u)
}

// Violation returns the largest violation of a cone constraint by the weights u
// (blocks x d), max over blocks and samples of (-s_i x_i.u_j)_+ / |x_i|, in units
// of the weights; 0 for Gated.
func (p *Program) Violation(u *mat.Dense) float64 {
	if p.spec.Model == Gated {
		return 0
	}
	worst := 0.0
	for i := range len(p.target) {
		row := p.spec.X.RawRowView(i)
		norm := floats.Norm(row, 2)
		if norm == 0 {
			continue
		}
		for j := range p.Blocks() {
			v := floats.Dot(row, u.RawRowView(j)) / norm
			if p.masked.Bits[j%p.Patterns()].Has(i) {
				v = -v
			}
			worst = max(worst, v)
		}
	}
	return worst
}

// apply sets dst (n) to F u: the masked products, signed, and centred if there
// is an intercept, which an optimal intercept amounts to.
func (p *Program) apply(dst, u []float64) {
	if p.spec.Model == ReLU {
		half := len(u) / 2
		u = floats.SubTo(make([]float64, half), u[:half], u[half:])
	}
	p.masked.Forward(dst, u)
	if p.spec.Intercept {
		kernel.Center(dst)
	}
}

// adjoint sets dst (blocks x d) to F' r.
func (p *Program) adjoint(dst, r []float64) {
	if p.spec.Intercept {
		r = centered(r)
	}
	half := p.Patterns() * p.masked.X.Cols
	p.masked.Adjoint(dst[:half], r)
	if p.spec.Model == ReLU {
		floats.ScaleTo(dst[half:], -1, dst[:half])
	}
}

// groupNorms returns the sum of the norms of the rows of u.
func groupNorms(u *mat.Dense) float64 {
	sum := 0.0
	rows, _ := u.Dims()
	for j := range rows {
		sum += floats.Norm(u.RawRowView(j), 2)
	}
	return sum
}

// centered returns v minus its mean.
func centered(v []float64) []float64 {
	out := slices.Clone(v)
	kernel.Center(out)
	return out
}
