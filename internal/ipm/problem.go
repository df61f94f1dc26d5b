package ipm

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
)

// ErrNumerical is returned when rounding makes a Newton system unsolvable before
// the first iterate of use was found.
var ErrNumerical = errors.New("ipm: the Newton system cannot be factored")

// A Block is one group of weights: the pattern whose samples it feeds and the
// sign with which it enters the fit.
type Block struct {
	Bits bitset.Set
	Sign float64 // +1 or -1
}

// A Problem is a group-cone program over few blocks. Data should be scaled so
// that the entries of X and y are of order one.
type Problem struct {
	X      blas64.General // n x d
	Y      []float64      // n; mean zero if Center
	Blocks []Block
	Beta   float64 // positive
	Cones  bool    // whether S_j X u_j >= 0 is imposed
	// Center takes the mean off the fit, which is what an unpenalised output
	// intercept does.
	Center bool
	// Relax allows s_i x_i.u >= -Relax |x_i|. A positive value gives cones
	// without interior one, at the price of a violation of that size.
	Relax float64
}

// Settings steer a solve. The zero value works.
type Settings struct {
	// Tolerance on the duality gap relative to the objective, and on the
	// residuals relative to the data; 0 means 1e-9.
	Tolerance float64
	// MaxIterations; 0 means 100.
	MaxIterations int
}

// A Result is the best iterate found.
type Result struct {
	U          []float64 // k x d
	Residual   []float64 // n: y - F u
	Price      []float64 // k: |e_j X'D_j r + X'S_j lambda_j|, an upper bound on each block's price
	Gap        float64   // relative duality gap, infeasibility included
	Iterations int
	Converged  bool
}

// geometry is what stays fixed during a solve: unit rows for the cones, without
// zero rows.
type geometry struct {
	n, d, k int
	rows    []int          // samples with a nonzero row
	unit    blas64.General // len(rows) x d
	signs   []float64      // k x len(rows): +1 or -1
}

func newGeometry(p *Problem) *geometry {
	g := &geometry{n: p.X.Rows, d: p.X.Cols, k: len(p.Blocks)}
	if !p.Cones {
		g.unit = blas64.General{Cols: g.d, Stride: g.d}
		return g
	}
	var data []float64
	for i := range g.n {
		row := p.X.Data[i*p.X.Stride : i*p.X.Stride+g.d]
		norm := blas64.Nrm2(blas64.Vector{N: g.d, Data: row, Inc: 1})
		if norm == 0 {
			continue
		}
		g.rows = append(g.rows, i)
		for _, v := range row {
			data = append(data, v/norm)
		}
	}
	r := len(g.rows)
	g.unit = blas64.General{Rows: r, Cols: g.d, Stride: g.d, Data: data}
	g.signs = make([]float64, g.k*r)
	for j, b := range p.Blocks {
		for c, i := range g.rows {
			g.signs[j*r+c] = -1
			if b.Bits.Has(i) {
				g.signs[j*r+c] = 1
			}
		}
	}
	return g
}

// start returns the size of the first weights: the network that fits y with
// the help of all blocks would need about this much in each.
func (p *Problem) start() float64 {
	y := blas64.Nrm2(blas64.Vector{N: len(p.Y), Data: p.Y, Inc: 1})
	x := 0.0
	for i := range p.X.Rows {
		x = math.Hypot(x, blas64.Nrm2(blas64.Vector{N: p.X.Cols, Data: p.X.Data[i*p.X.Stride:], Inc: 1}))
	}
	if y == 0 || x == 0 {
		return 1
	}
	return y / x
}
