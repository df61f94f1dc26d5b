package arrangements

import (
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// MaxCells returns the largest number of full-dimensional cells that n
// hyperplanes through the origin with normals of rank r can have,
//
//	2 sum_{k=0}^{r-1} C(n-1, k),
//
// which is attained in general position (Cover 1965). It is 1 if n or r is not
// positive: without hyperplanes the whole space is one cell.
func MaxCells(n, r int) *big.Int {
	if n <= 0 || r <= 0 {
		return big.NewInt(1)
	}
	sum, term := new(big.Int), big.NewInt(1)
	for k := range min(r, n) {
		sum.Add(sum, term)
		// C(n-1, k+1) = C(n-1, k) (n-1-k) / (k+1), always an integer.
		term.Mul(term, big.NewInt(int64(n-1-k)))
		term.Quo(term, big.NewInt(int64(k+1)))
	}
	return sum.Lsh(sum, 1)
}

// CellBound returns an upper bound of the number of cells of the rows of x
// (n x d): MaxCells(Lines(x), Rank(x)).
func CellBound(x *mat.Dense) *big.Int { return MaxCells(Lines(x), Rank(x)) }

// Lines returns the number of distinct lines through the origin that the rows of
// x (n x d) span: rows of zeros do not count, and rows that are multiples of
// each other count once, where directions of unit length that differ by at most
// 1e-12 are taken to be the same.
func Lines(x *mat.Dense) int {
	const tol = 1e-12
	rows := unitRows(x)
	if len(rows) == 0 {
		return 0
	}
	// Equal lines have equal |projections| on any direction, and on a random one
	// different lines do not: sorting by them leaves few pairs to compare.
	rng := rand.New(rand.NewPCG(0, 0))
	axis := make([]float64, len(rows[0]))
	for k := range axis {
		axis[k] = rng.NormFloat64()
	}
	window := 2 * tol * floats.Norm(axis, 2)
	type line struct {
		key float64
		row []float64
	}
	lines := make([]line, len(rows))
	for i, row := range rows {
		lines[i] = line{math.Abs(floats.Dot(axis, row)), row}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.key, b.key) })
	distinct := lines[:0]
next:
	for _, l := range lines {
		for k := len(distinct) - 1; k >= 0 && l.key-distinct[k].key <= window; k-- {
			if sameLine(l.row, distinct[k].row, tol) {
				continue next
			}
		}
		distinct = append(distinct, l)
	}
	return len(distinct)
}

// sameLine reports whether the unit vectors a and b agree up to sign.
func sameLine(a, b []float64, tol float64) bool {
	var minus, plus float64
	for k, v := range a {
		minus += (v - b[k]) * (v - b[k])
		plus += (v + b[k]) * (v + b[k])
	}
	return min(minus, plus) <= tol*tol
}

// unitRows returns the rows of x that are not zero, scaled to unit length.
func unitRows(x *mat.Dense) [][]float64 {
	n, d := x.Dims()
	store := make([]float64, n*d)
	rows := make([][]float64, 0, n)
	for i := range n {
		row := store[i*d : (i+1)*d]
		if unitRow(row, x.RawRowView(i)) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// Rank returns the numerical rank of x (n x d): the number of singular values
// above max(n, d) times the unit roundoff 2^-52 times the largest one, after
// the rows and then the columns are scaled to unit length, so that units of
// measurement do not matter.
func Rank(x *mat.Dense) int {
	rows := unitRows(x)
	if len(rows) == 0 {
		return 0
	}
	n, d := len(rows), len(rows[0])
	a := mat.NewDense(n, d, nil)
	for k := range d {
		col := make([]float64, n)
		for i, row := range rows {
			col[i] = row[k]
		}
		if l := norm(col); l > 0 {
			for i := range col {
				col[i] /= l
			}
		}
		a.SetCol(k, col)
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDNone) {
		return min(n, d)
	}
	values := svd.Values(nil)
	rank := 0
	for _, s := range values {
		if s > float64(max(n, d))*0x1p-52*values[0] {
			rank++
		}
	}
	return rank
}
