package arrangements

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
)

// CellAt returns a full-dimensional cell of the rows of x (n x d) whose closure
// contains u, a vector of length d. The signs of the rows with
// |x_i.u| > 1e-9 |x_i||u| are those at u; on the others u counts as lying on
// their hyperplanes, and a step off in a generic direction, the same in every
// run, decides. The witness has unit norm, and shows the pattern with Margin, or
// Margin is 0 if float64 cannot. Any u of zeros lies in the closure of all cells.
//
// The error wraps [ErrGateShape] or [ErrNonFinite].
func CellAt(x *mat.Dense, u []float64) (Cell, error) {
	n, d := x.Dims()
	if len(u) != d {
		return Cell{}, fmt.Errorf("%w: the gate has length %d, but the data have %d columns", ErrGateShape, len(u), d)
	}
	if err := finite("data", x); err != nil {
		return Cell{}, err
	}
	for k, v := range u {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Cell{}, fmt.Errorf("gate, entry %d: %w: %g", k+1, ErrNonFinite, v)
		}
	}
	if d == 0 {
		return Cell{Margin: 1}, nil
	}
	unit, lengths := unitSamples(x)
	start := make([]float64, d)
	copy(start, u)
	if top := floats.Norm(start, math.Inf(1)); top > 0 {
		// Twice, so that subnormal lengths do not matter.
		_, e := math.Frexp(top)
		for k, v := range start {
			start[k] = math.Ldexp(v, -e)
		}
		floats.Scale(1/norm(start), start)
	}
	at := make([]float64, n)
	for i := range n {
		at[i] = floats.Dot(unit.RawRowView(i), start)
	}

	const on, tries = 1e-9, 16
	rng := rand.New(rand.NewPCG(0, 0xa7))
	best := Cell{Margin: -1}
	z, w := make([]float64, d), make([]float64, d)
	for range tries {
		gaussianGate(rng, z)
		floats.Scale(1/norm(z), z)
		// Half way to the first hyperplane that u is clearly off.
		step := 1.0
		for i, v := range at {
			if math.Abs(v) > on {
				if across := math.Abs(floats.Dot(unit.RawRowView(i), z)); across > 0 {
					step = min(step, math.Abs(v)/across/2)
				}
			}
		}
		floats.AddScaledTo(w, start, step, z)
		floats.Scale(1/norm(w), w)
		p := Pattern{bits: bitset.New(n), n: n}
		margin := 1.0
		for i, l := range lengths {
			v := floats.Dot(unit.RawRowView(i), w)
			if l > 0 {
				margin = min(margin, math.Abs(v))
			}
			if l == 0 || v >= 0 {
				p.bits.Add(i)
			}
		}
		if margin <= float64(d+4)*0x1p-52 {
			margin = 0
		}
		if margin > best.Margin {
			best = Cell{Pattern: p, Witness: append([]float64(nil), w...), Margin: margin}
		}
	}
	return best, nil
}

// unitSamples returns the rows of x scaled to unit length, zeros as they are,
// and their lengths, +Inf where these overflow.
func unitSamples(x *mat.Dense) (*mat.Dense, []float64) {
	n, d := x.Dims()
	unit, lengths := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		lengths[i] = unitRow(unit.RawRowView(i), x.RawRowView(i))
	}
	return unit, lengths
}

// unitRow stores the row scaled to unit length in dst, a row of zeros as it is,
// and returns its length, which may be +Inf. The power of two that goes first
// keeps it from overflow and from the few bits of subnormal numbers.
func unitRow(dst, row []float64) float64 {
	e := exponent(row)
	for k, v := range row {
		dst[k] = math.Ldexp(v, -e)
	}
	l := norm(dst)
	if l > 0 {
		for k := range dst {
			dst[k] /= l
		}
	}
	return math.Ldexp(l, e)
}
