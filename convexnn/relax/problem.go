package relax

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

var (
	// ErrTooLarge is returned before a program is built that would not be solved in a
	// useful time. The error states its size, and what would fit.
	ErrTooLarge = errors.New("the program is too large")
	// ErrOutputs is returned for the sign split of several outputs: their gains have no
	// sign to split by.
	ErrOutputs = errors.New("the sign split is for one output")
)

// A Problem is the training of a two-layer ReLU network, minimise over networks F of any
// width
//
//	1/2 |F(X) - Y|^2 + beta sum_j |u_j||g_j|,   F(x) = sum_j (u_j.x)_+ g_j.
//
// It is immutable and safe for concurrent use.
type Problem struct {
	X    *mat.Dense // n x d
	Y    *mat.Dense // n x c
	Beta float64

	// The same problem in units of its own: rows of X that are zero left out, coordinates
	// of the row space, X of spectral norm one, Y of norm one.
	x, y  blas64.General // m x r, m x c
	beta  float64
	basis *mat.Dense // d x r with orthonormal columns: weights u are basis u'; nil for none
	rows  []int      // of X that are kept, m
	sizeX float64    // spectral norm of X
	sizeY float64    // norm of Y on the rows that are kept
	unit  float64    // objective of training in units of that here
	rest  float64    // what is left out: 1/2 |Y|^2 of the rows that are zero
	known float64    // a number that the optimum here does not pass
}

// New returns the problem for x (n x d), y (n x c) and a positive beta. It keeps copies.
// The errors are convexnn.ErrShape, convexnn.ErrNotFinite and convexnn.ErrBeta.
func New(x, y *mat.Dense, beta float64) (*Problem, error) {
	if err := checkData(x, y); err != nil {
		return nil, err
	}
	if !(beta > 0) || math.IsInf(beta, 1) {
		return nil, fmt.Errorf("%w, got %v", convexnn.ErrBeta, beta)
	}
	p := &Problem{X: mat.DenseCopyOf(x), Y: mat.DenseCopyOf(y), Beta: beta, sizeX: 1, sizeY: 1, unit: 1, known: 0.5}
	p.reduce()
	return p, p.checkScale()
}

func checkData(x, y *mat.Dense) error { return convexnn.CheckMatrices(x, y, 1e100) }

// checkScale refuses a beta at which the zero network and its rivals differ by less than
// rounding.
func (p *Problem) checkScale() error {
	const least = 1e-9
	if !p.trivial() && p.beta < least {
		return fmt.Errorf("%w: %v is %.2g of the norms of X and Y, and below %.0g bounds are rounding; a larger beta", convexnn.ErrBeta, p.Beta, p.beta, least)
	}
	return nil
}

// reduce fills the second half of the struct.
func (p *Problem) reduce() {
	n, d := p.X.Dims()
	_, c := p.Y.Dims()
	for i := range n {
		if floats.Norm(p.X.RawRowView(i), math.Inf(1)) > 0 {
			p.rows = append(p.rows, i)
			continue
		}
		y := p.Y.RawRowView(i)
		p.rest += floats.Dot(y, y) / 2
	}
	m := len(p.rows)
	if m == 0 {
		p.x, p.y = zeros(0, d), zeros(0, c)
		return
	}
	kept, targets := mat.NewDense(m, d, nil), mat.NewDense(m, c, nil)
	for k, i := range p.rows {
		kept.SetRow(k, p.X.RawRowView(i))
		targets.SetRow(k, p.Y.RawRowView(i))
	}
	var svd mat.SVD
	svd.Factorize(kept, mat.SVDThin)
	p.sizeX = svd.Values(nil)[0]
	if r := arrangements.Rank(kept); r < d {
		var v mat.Dense
		svd.VTo(&v)
		p.basis = mat.DenseCopyOf(v.Slice(0, d, 0, r))
		var turned mat.Dense
		turned.Mul(kept, p.basis)
		kept = &turned
	}
	kept.Scale(1/p.sizeX, kept)
	if norm := mat.Norm(targets, 2); norm > 0 {
		p.sizeY = norm
		targets.Scale(1/norm, targets)
	} else {
		p.known = 0
	}
	p.x, p.y = kept.RawMatrix(), targets.RawMatrix()
	p.unit = p.sizeY * p.sizeY
	p.beta = p.Beta / p.sizeX / p.sizeY
}

// trivial reports whether the zero network is optimal at a glance: no row of X, or no
// target on the rows that are not zero.
func (p *Problem) trivial() bool { return p.x.Rows == 0 || p.known == 0 }

// Samples, Inputs and Outputs are n, d and c.
func (p *Problem) Samples() int { n, _ := p.X.Dims(); return n }

// Inputs is d.
func (p *Problem) Inputs() int { _, d := p.X.Dims(); return d }

// Outputs is c.
func (p *Problem) Outputs() int { _, c := p.Y.Dims(); return c }

// Rank is the numerical rank of X, in which the programs are written.
func (p *Problem) Rank() int {
	if p.x.Rows == 0 {
		return 0
	}
	return p.x.Cols
}

// back returns an objective in the units of training.
func (p *Problem) back(v float64) float64 { return p.rest + p.unit*v }

// Objective returns that of a network on the problem. The error is convexnn.ErrShape.
func (p *Problem) Objective(net *Network) (float64, error) {
	f, err := net.Predict(p.X)
	if err != nil {
		return 0, err
	}
	if _, c := f.Dims(); c != p.Outputs() {
		return 0, fmt.Errorf("%w: the network has %d outputs, the problem %d", convexnn.ErrShape, c, p.Outputs())
	}
	f.Sub(f, p.Y)
	loss := mat.Norm(f, 2)
	return loss*loss/2 + p.Beta*net.Penalty(), nil
}

func zeros(rows, cols int) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: max(1, cols), Data: make([]float64, rows*cols)}
}

func rowOf(a blas64.General, i int) []float64 { return a.Data[i*a.Stride : i*a.Stride+a.Cols] }
