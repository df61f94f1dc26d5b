package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A problem is the data in the coordinates of the singular vectors of X: with the thin
// decomposition X = U S V', where S (q x q) holds the singular values that are not zero,
// and W = V B,
//
//	1/2 |X W - Y|^2 = rest + 1/2 |S B - T|^2,   T = U'Y.
//
// Weights outside the row space of X change no fit, and projecting them out raises no
// singular value of W: some best W has this form, whatever the penalty.
type problem struct {
	x, y    *mat.Dense // n x d and n x c, centred where there is an intercept
	meanX   []float64  // what was taken off; nil for nothing
	meanY   []float64
	u, v    *mat.Dense // n x q and d x q; empty for q = 0
	s       []float64  // q, decreasing
	t       *mat.Dense // q x c
	rest    float64    // 1/2 |Y - U U'Y|^2
	half    float64    // 1/2 |Y|^2
	n, d, c int
}

// rankTolerance is the part of the largest singular value below which others count as
// zero, times the larger dimension: what rounding leaves of a zero.
const rankTolerance = 4 * 0x1p-52

func newProblem(x, y *mat.Dense, intercept bool) (*problem, error) {
	p := &problem{x: x, y: y}
	p.n, p.d = x.Dims()
	_, p.c = y.Dims()
	if intercept {
		p.x, p.meanX = Centred(x)
		p.y, p.meanY = Centred(y)
	}
	p.half = sumOfSquares(p.y) / 2
	var svd mat.SVD
	if !svd.Factorize(p.x, mat.SVDThin) {
		return nil, fmt.Errorf("%w: the singular values of X were not found", convexnn.ErrNotFinite)
	}
	values := svd.Values(nil)
	least := values[0] * rankTolerance * float64(max(p.n, p.d))
	q := 0
	for q < len(values) && values[q] > least {
		q++
	}
	p.s = values[:q]
	if q == 0 {
		p.rest = p.half
		return p, nil
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	p.u, p.v = mat.DenseCopyOf(u.Slice(0, p.n, 0, q)), mat.DenseCopyOf(v.Slice(0, p.d, 0, q))
	p.t = product(p.u.T(), p.y)
	left := product(p.u, p.t)
	left.Sub(p.y, left)
	p.rest = sumOfSquares(left) / 2
	return p, nil
}

// Centred returns a without the means of its columns, and these. Training on centred
// data is training with an intercept.
func Centred(a *mat.Dense) (*mat.Dense, []float64) {
	n, d := a.Dims()
	out, means := mat.DenseCopyOf(a), make([]float64, d)
	for j := range d {
		sum := 0.0
		for i := range n {
			sum += a.At(i, j)
		}
		means[j] = sum / float64(n)
		for i := range n {
			out.Set(i, j, a.At(i, j)-means[j])
		}
	}
	return out, means
}

// q is the rank of X.
func (p *problem) q() int { return len(p.s) }

// scaled returns S B.
func (p *problem) scaled(b mat.Matrix) *mat.Dense {
	out := mat.DenseCopyOf(b)
	for i, s := range p.s {
		row := out.RawRowView(i)
		for j := range row {
			row[j] *= s
		}
	}
	return out
}

// residual returns T - S B.
func (p *problem) residual(b mat.Matrix) *mat.Dense {
	out := p.scaled(b)
	out.Sub(p.t, out)
	return out
}

// weights returns W = V B (d x c).
func (p *problem) weights(b mat.Matrix) *mat.Dense {
	if p.q() == 0 {
		return mat.NewDense(p.d, p.c, nil)
	}
	return product(p.v, b)
}

// loss returns 1/2 |X W - Y|^2 on the data themselves.
func (p *problem) loss(w mat.Matrix) float64 {
	fit := product(p.x, w)
	fit.Sub(fit, p.y)
	return sumOfSquares(fit) / 2
}

// intercept returns the constants that go with W.
func (p *problem) intercept(w *mat.Dense) []float64 {
	out := make([]float64, p.c)
	if p.meanX == nil {
		return out
	}
	for k := range out {
		out[k] = p.meanY[k]
		for j, m := range p.meanX {
			out[k] -= m * w.At(j, k)
		}
	}
	return out
}

func product(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Mul(a, b)
	return &out
}

func sumOfSquares(a *mat.Dense) float64 {
	r, _ := a.Dims()
	sum := 0.0
	for i := range r {
		for _, v := range a.RawRowView(i) {
			sum += v * v
		}
	}
	return sum
}

func inner(a, b *mat.Dense) float64 {
	r, _ := a.Dims()
	sum := 0.0
	for i := range r {
		other := b.RawRowView(i)
		for j, v := range a.RawRowView(i) {
			sum += v * other[j]
		}
	}
	return sum
}

// A spectrum is a thin singular value decomposition.
type spectrum struct {
	u, v   *mat.Dense // rows x k and columns x k
	values []float64  // k = min(rows, columns), decreasing
}

// decompose returns the singular value decomposition of a matrix.
func decompose(a mat.Matrix) spectrum {
	var svd mat.SVD
	// The decomposition of what is not finite would not end, and for finite matrices it
	// does not fail; zero proves nothing and improves nothing.
	if norm := mat.Norm(a, 1); math.IsNaN(norm) || math.IsInf(norm, 0) || !svd.Factorize(a, mat.SVDThin) {
		r, c := a.Dims()
		k := min(r, c)
		return spectrum{mat.NewDense(r, k, nil), mat.NewDense(c, k, nil), make([]float64, k)}
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	return spectrum{&u, &v, svd.Values(nil)}
}

// norm is the largest singular value of a.
func norm(a mat.Matrix) float64 {
	var svd mat.SVD
	if one := mat.Norm(a, 1); math.IsNaN(one) || math.IsInf(one, 0) || !svd.Factorize(a, mat.SVDNone) {
		return math.Inf(1) // which proves nothing
	}
	return svd.Values(nil)[0]
}

// compose returns the matrix whose singular values are replaced, of which only the first
// len(values) are kept.
func (s spectrum) compose(values []float64) *mat.Dense {
	r, _ := s.u.Dims()
	c, _ := s.v.Dims()
	out := mat.NewDense(r, c, nil)
	for k, sigma := range values {
		if sigma == 0 {
			continue
		}
		for i := range r {
			row, left := out.RawRowView(i), sigma*s.u.At(i, k)
			for j := range row {
				row[j] += left * s.v.At(j, k)
			}
		}
	}
	return out
}
