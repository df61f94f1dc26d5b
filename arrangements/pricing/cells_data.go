package pricing

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// cellData is the data in the scale in which cells are priced. Only the products
// v_i x_i matter to a value and only directions of rows to a cell, so that rows
// are scaled to unit length and weights by their lengths: with c_i = v_i |x_i|
// and y_i = x_i / |x_i| the value is sum c_i (y_i.u)_+. A power of two common to
// all c_i brings the largest of them near one. This keeps squares of whatever
// data from overflow and underflow.
type cellData struct {
	x      *mat.Dense
	n, d   int
	unit   blas64.General // rows y_i, zero where x_i is
	length []float64      // |x_i| = length_i 2^binary_i
	binary []int
	// shift bounds |y_i - z_i|, where z_i = x~_i / |x_i| for the nearby matrix x~
	// whose cells are visited: x itself, or the one that [Arrangement.Shift] tells
	// of. Besides that it holds the rounding of y_i.
	shift []float64
	long  bool // whether some |x_i| overflows, and products with it might
}

const unitRoundoff = 0x1p-53

// newCellData scales x; a may be nil if no cells are visited.
func newCellData(x *mat.Dense, a *arrangements.Arrangement) *cellData {
	n, d := x.Dims()
	p := &cellData{
		x: x, n: n, d: d,
		unit:   blas64.General{Rows: n, Cols: d, Stride: max(1, d), Data: make([]float64, n*d)},
		length: make([]float64, n), binary: make([]int, n), shift: make([]float64, n),
	}
	var shift []float64
	if a != nil {
		shift = a.Shift()
	}
	for i := range n {
		row := p.row(i)
		largest := 0.0
		for _, e := range x.RawRowView(i) {
			largest = max(largest, math.Abs(e))
		}
		if largest == 0 {
			continue
		}
		_, p.binary[i] = math.Frexp(largest)
		for k, e := range x.RawRowView(i) {
			row[k] = math.Ldexp(e, -p.binary[i])
		}
		p.length[i] = norm(row)
		for k := range row {
			row[k] /= p.length[i]
		}
		// Squares, sum, root and quotient each round.
		p.shift[i] = float64(d+4) * unitRoundoff
		if shift != nil {
			p.shift[i] += math.Ldexp(shift[i]/p.length[i], -p.binary[i])
		}
		// On the unit sphere no row is off by more, however far z_i is.
		p.shift[i] = min(p.shift[i], 2)
		p.long = p.long || math.IsInf(math.Ldexp(p.length[i], p.binary[i]), 0)
	}
	return p
}

// matrix returns the rows y_i.
func (p *cellData) matrix() *mat.Dense { return mat.NewDense(p.n, p.d, p.unit.Data) }

func (p *cellData) row(i int) []float64 {
	return p.unit.Data[i*p.unit.Stride : i*p.unit.Stride+p.d]
}

// weights returns v_ik |x_i| / 2^exp for the n x c matrix v, row by row, with exp
// such that the largest is between 1/2 and sqrt(d). Each is off by at most 2^-1075
// and by rounding: those that are too small next to the largest are lost.
func (p *cellData) weights(v []float64, c int) (scaled []float64, exp int, err error) {
	exp = math.MinInt
	for j, w := range v {
		if i := j / c; w != 0 && p.length[i] > 0 {
			_, e := math.Frexp(w)
			exp = max(exp, e+p.binary[i])
		}
	}
	scaled = make([]float64, len(v))
	if exp == math.MinInt {
		return scaled, 0, nil
	}
	total := 0.0
	for j, w := range v {
		if i := j / c; w != 0 && p.length[i] > 0 {
			f, e := math.Frexp(w)
			scaled[j] = math.Ldexp(f*p.length[i], e+p.binary[i]-exp)
			total += math.Abs(scaled[j])
		}
	}
	if math.IsInf(math.Ldexp(2*total, exp), 0) {
		return nil, 0, fmt.Errorf("pricing: sum of |v_i||x_i|: %w: scale the data down", arrangements.ErrNonFinite)
	}
	return scaled, exp, nil
}

// scaledUp returns a number of at least v 2^exp, where v is a bound from scaled
// weights, with what underflow may have taken from these.
func (p *cellData) scaledUp(v float64, exp int) float64 {
	return scaledUp(v+float64(p.n+1)*math.SmallestNonzeroFloat64, exp)
}

// scaledUp returns a number of at least v 2^exp.
func scaledUp(v float64, exp int) float64 {
	if v == 0 {
		return 0
	}
	return math.Ldexp(v*(1+0x1p-50), exp) + math.SmallestNonzeroFloat64
}

// roundoff bounds the relative error of sums of n terms and of the weights.
func (p *cellData) roundoff() float64 { return float64(p.n+p.d+8) * unitRoundoff }
