package arrangements

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// ErrGateShape is the error for gates whose length fits the data neither by
// columns nor by rows.
var ErrGateShape = errors.New("gates do not fit the data")

// ErrNonFinite is the error for input with an infinite or undefined entry.
var ErrNonFinite = errors.New("value is not finite")

// FromGates returns the cells of given gates on the rows of x (n x d). The gates
// are the columns of a d x P matrix or the rows of a P x d one; a square matrix
// is read by columns.
//
// Duplicates and the pattern that is active on no row except rows of zeros are
// dropped. The patterns are read off the gates as they are, even where a gate
// lies on a hyperplane x_i.u = 0; witnesses are the gates scaled by powers of two
// to norms in [1/2, 1), which is exact, so that they show their pattern to the last
// sample (a gate of zeros, active everywhere, stays as it is).
//
// The error wraps [ErrGateShape] or [ErrNonFinite].
func FromGates(x, gates *mat.Dense) ([]Cell, error) {
	if err := finite("data", x); err != nil {
		return nil, err
	}
	if err := finite("gate file", gates); err != nil {
		return nil, err
	}
	_, d := x.Dims()
	rows, cols := gates.Dims()
	count, gate := cols, func(j int) []float64 { return mat.Col(nil, j, gates) }
	switch d {
	case rows:
	case cols:
		count, gate = rows, func(i int) []float64 { return mat.Row(nil, i, gates) }
	default:
		return nil, fmt.Errorf("%w: the gate matrix is %d x %d, but the data have %d columns (with the bias, if any): give one gate of length %d per column or per row",
			ErrGateShape, rows, cols, d, d)
	}
	seen := newCellSet()
	lengths := rowNorms(x)
	for j := range count {
		g := gate(j)
		p := PatternOf(x, g)
		if inactive(p, lengths) {
			continue
		}
		_, exp := math.Frexp(norm(g))
		for k := range g {
			g[k] = math.Ldexp(g[k], -exp)
		}
		seen.add(Cell{Pattern: p, Witness: g})
	}
	return seen.cells, nil
}

// inactive reports whether p is active on rows of zeros only.
func inactive(p Pattern, lengths []float64) bool {
	for i, l := range lengths {
		if l > 0 && p.Active(i) {
			return false
		}
	}
	return true
}

func finite(name string, x *mat.Dense) error {
	n, _ := x.Dims()
	for i := range n {
		for k, v := range x.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%s, row %d, column %d: %w: %g", name, i+1, k+1, ErrNonFinite, v)
			}
		}
	}
	return nil
}

// norm is the Euclidean norm, safe from overflow and underflow.
func norm(v []float64) float64 {
	return blas64.Nrm2(blas64.Vector{N: len(v), Data: v, Inc: 1})
}

func rowNorms(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	out := make([]float64, n)
	for i := range out {
		out[i] = norm(x.RawRowView(i))
	}
	return out
}

// biasColumn returns the last column of x that is constant and not zero, or -1.
func biasColumn(x *mat.Dense) int {
	n, d := x.Dims()
	for k := d - 1; k >= 0; k-- {
		c := x.At(0, k)
		constant := c != 0
		for i := 1; i < n && constant; i++ {
			constant = x.At(i, k) == c
		}
		if constant {
			return k
		}
	}
	return -1
}

// gaussianGate fills g with a standard normal vector.
func gaussianGate(rng *rand.Rand, g []float64) {
	for k := range g {
		g[k] = rng.NormFloat64()
	}
}

// pairGate fills g with the gate whose hyperplane bisects two random samples,
// in a random orientation: its normal is their difference, and it passes through
// their midpoint if there is a bias column to say so, through the origin
// otherwise. It reports false if the samples it drew coincide.
func pairGate(rng *rand.Rand, g []float64, x *mat.Dense, bias int) bool {
	n, _ := x.Dims()
	a, b := x.RawRowView(rng.IntN(n)), x.RawRowView(rng.IntN(n))
	floats.SubTo(g, a, b)
	l := norm(g)
	if l == 0 {
		return false
	}
	if rng.IntN(2) == 1 {
		l = -l
	}
	for k := range g {
		g[k] /= l
	}
	if bias >= 0 {
		// The normal has no part in the bias column, where samples agree.
		at := 0.0
		for k, v := range g {
			at += v * (a[k]/2 + b[k]/2)
		}
		g[bias] = -at / a[bias]
	}
	return true
}
