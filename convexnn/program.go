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
// [ErrBeta], [ErrModel] and [ErrNoPatterns].
func NewProgram(spec Spec) (*Program, error) {
	if err := CheckData(spec.X, spec.Y); err != nil {
		return nil, err
	}
	if err := checkBeta(spec.Beta); err != nil {
		return nil, err
	}
	if err := spec.Model.check(); err != nil {
		return nil, err
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

func checkBeta(beta float64) error {
	if !(beta > 0) || math.IsInf(beta, 0) {
		return fmt.Errorf("%w, got %v", ErrBeta, beta)
	}
	return nil
}

// CheckData refuses data that no program can be built on.
func CheckData(x *mat.Dense, y []float64) error {
	if x == nil || x.IsEmpty() {
		return fmt.Errorf("%w: X has no rows or no columns", ErrShape)
	}
	n, _ := x.Dims()
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
	return checkScale(mat.Norm(x, 2), floats.Norm(y, 2))
}

// CheckMatrices refuses X (n x d) and Y (n x c) that are empty, of different length or not
// finite, or of norms outside [1/most, most]. The errors are [ErrShape] and [ErrNotFinite].
func CheckMatrices(x, y *mat.Dense, most float64) error {
	for _, a := range []struct {
		name string
		data *mat.Dense
	}{{"X", x}, {"Y", y}} {
		if a.data == nil || a.data.IsEmpty() {
			return fmt.Errorf("%w: %s has no rows or no columns", ErrShape, a.name)
		}
		n, _ := a.data.Dims()
		for i := range n {
			for j, v := range a.data.RawRowView(i) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("%w: %s at row %d, column %d is %v", ErrNotFinite, a.name, i+1, j+1, v)
				}
			}
		}
		if norm := mat.Norm(a.data, 2); norm != 0 && (norm < 1/most || norm > most) {
			return fmt.Errorf("%w: powers of %s leave the range of float64 (its norm is %.3g); multiply it by a constant", ErrNotFinite, a.name, norm)
		}
	}
	n, _ := x.Dims()
	if m, _ := y.Dims(); m != n {
		return fmt.Errorf("%w: X has %d rows, Y has %d", ErrShape, n, m)
	}
	return nil
}

// checkScale refuses norms of X and y whose squares, products or quotients leave
// the range of float64.
func checkScale(x, y float64) error {
	const least, most = 1e-150, 1.2e154 // the square of the latter is near the largest float64
	for _, c := range []struct {
		name  string
		value float64
	}{{"X", x}, {"y", y}} {
		if c.value > most {
			return fmt.Errorf("%w: the squares of %s overflow (its norm is %.3g); divide it by a constant", ErrNotFinite, c.name, c.value)
		}
		if c.value != 0 && c.value < least {
			return fmt.Errorf("%w: the squares of %s underflow (its norm is %.3g); multiply it by a constant", ErrNotFinite, c.name, c.value)
		}
	}
	if ratio := x / y; x != 0 && y != 0 && (ratio > 1e250 || ratio < 1e-250) {
		return fmt.Errorf("%w: X (norm %.3g) and y (norm %.3g) are too far apart in scale; rescale one", ErrNotFinite, x, y)
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
// off if there is an intercept. It is the dual variable of the program. The error
// is [ErrShape].
func (p *Program) Residual(u *mat.Dense) ([]float64, error) {
	if err := p.checkWeights(u); err != nil {
		return nil, err
	}
	return p.residual(mat.DenseCopyOf(u)), nil
}

// Objective returns 1/2 |F u - y|^2 + beta sum_j |u_j| of the weights u
// (blocks x d), whether or not they satisfy the cone constraints. The error is
// [ErrShape].
func (p *Program) Objective(u *mat.Dense) (float64, error) {
	if err := p.checkWeights(u); err != nil {
		return 0, err
	}
	return p.objective(mat.DenseCopyOf(u)), nil
}

func (p *Program) checkWeights(u *mat.Dense) error {
	rows, d := u.Dims()
	if rows != p.Blocks() || d != p.masked.X.Cols {
		return fmt.Errorf("%w: weights are %d x %d, the program has %d blocks in %d dimensions", ErrShape, rows, d, p.Blocks(), p.masked.X.Cols)
	}
	return nil
}

// residual is Residual for a compact u of the right shape.
func (p *Program) residual(u *mat.Dense) []float64 {
	fit := make([]float64, len(p.target))
	p.apply(fit, u.RawMatrix().Data)
	floats.SubTo(fit, p.target, fit)
	return fit
}

// objective is Objective for a compact u of the right shape.
func (p *Program) objective(u *mat.Dense) float64 {
	r := p.residual(u)
	return floats.Dot(r, r)/2 + p.spec.Beta*floats.Sum(rowNorms(u))
}

// Violation returns the largest violation of a cone constraint by the weights u
// (blocks x d), max over blocks and samples of (-s_i x_i.u_j)_+ / |x_i|, in units
// of the weights; 0 for Gated. The error is [ErrShape].
func (p *Program) Violation(u *mat.Dense) (float64, error) {
	if err := p.checkWeights(u); err != nil || p.spec.Model == Gated {
		return 0, err
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
	return worst, nil
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

// rowNorms returns the norms of the rows of u.
func rowNorms(u *mat.Dense) []float64 {
	rows, _ := u.Dims()
	norms := make([]float64, rows)
	for j := range norms {
		norms[j] = floats.Norm(u.RawRowView(j), 2)
	}
	return norms
}

// centered returns v minus its mean, exactly zero where v is constant up to
// rounding: dust would look like a target.
func centered(v []float64) []float64 {
	const epsilon = 0x1p-52
	out := slices.Clone(v)
	kernel.Center(out)
	if floats.Norm(out, 2) <= 4*epsilon*float64(len(v))*floats.Norm(v, 2) {
		clear(out)
	}
	return out
}
