package arrangements

import (
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
)

// A reduction is a matrix of full column rank whose arrangement has the cells of
// the data: independent columns, one row for each line.
type reduction struct {
	rank    int
	columns []int        // the independent columns of the data
	powers  []int        // column columns[k] was multiplied by 2^powers[k]
	rows    [][]*big.Int // lines x rank, each row an integer multiple of a row of the data
	// line and opposite say of each sample which line it spans, -1 for none, and
	// whether it is a negative multiple of that line's row.
	line     []int
	opposite []bool
	spanning bitset.Set // the samples that span a line
	plain    bool       // every sample spans its own line
	shift    []float64
}

// reduce returns the reduction of x (n x d), every entry of which is finite.
func reduce(x *mat.Dense) *reduction {
	if x.IsEmpty() {
		return &reduction{}
	}
	n, d := x.Dims()
	red := &reduction{line: make([]int, n), opposite: make([]bool, n)}
	// Powers of two bring columns of different units together without rounding.
	powers := make([]int, d)
	for k := range d {
		powers[k] = -exponent(mat.Col(nil, k, x))
	}
	rows := make([][]*big.Int, n)
	unit := mat.NewDense(n, d, nil)
	for i := range n {
		rows[i] = integers(x.RawRowView(i), powers)
		roundRow(unit.RawRowView(i), rows[i])
	}
	// Units that are too far apart for Rank of x are not for the scaled rows.
	red.rank = max(Rank(x), Rank(unit))
	if red.rank > 0 {
		red.columns, red.rank = independent(unit, rows, red.rank)
	}
	for _, k := range red.columns {
		red.powers = append(red.powers, powers[k])
	}
	// Columns of zeros need no proof.
	if red.rank < min(n, present(unit)) && !exactRankAtMost(rows, red.rank) {
		red.shift = shifts(x, unit, powers, red.columns)
	}
	kept := make([][]*big.Int, n)
	for i, row := range rows {
		kept[i] = make([]*big.Int, red.rank)
		for k, c := range red.columns {
			kept[i][k] = row[c]
		}
	}
	red.group(kept)
	red.spanning = bitset.New(n)
	for i, l := range red.line {
		if l >= 0 {
			red.spanning.Add(i)
		}
	}
	red.plain = len(red.rows) == n
	return red
}

// present returns the number of columns that are not zero.
func present(x *mat.Dense) int {
	_, d := x.Dims()
	count := 0
	for k := range d {
		if slices.ContainsFunc(mat.Col(nil, k, x), func(v float64) bool { return v != 0 }) {
			count++
		}
	}
	return count
}

// exponent returns the least e with |v_k| < 2^e for all k, 0 if all are zero.
func exponent(v []float64) int {
	_, e := math.Frexp(floats.Norm(v, math.Inf(1)))
	return e
}

// integers returns the least integers that are v_k 2^powers[k] times a common
// power of two.
func integers(v []float64, powers []int) []*big.Int {
	mantissas, exps := make([]int64, len(v)), make([]int, len(v))
	least := math.MaxInt
	for k, f := range v {
		if f == 0 {
			continue
		}
		fraction, e := math.Frexp(f)
		m := int64(fraction * (1 << 53))
		e += powers[k] - 53
		for m&1 == 0 {
			m >>= 1
			e++
		}
		mantissas[k], exps[k] = m, e
		least = min(least, e)
	}
	out := make([]*big.Int, len(v))
	for k, m := range mantissas {
		out[k] = big.NewInt(m)
		if m != 0 {
			out[k].Lsh(out[k], uint(exps[k]-least))
		}
	}
	return out
}

// roundRow stores in dst the integers scaled by a power of two to a largest
// absolute value in [1/2, 1]. Each entry is off by at most 2^-53, and by 2^-53 of
// itself if it is above 2^-1000.
func roundRow(dst []float64, row []*big.Int) {
	length := 0
	for _, v := range row {
		length = max(length, v.BitLen())
	}
	for k, v := range row {
		dst[k] = roundInt(v, length)
	}
}

// roundInt returns v 2^-length, rounded once unless it is subnormal.
func roundInt(v *big.Int, length int) float64 {
	if v.BitLen() <= 63 {
		return math.Ldexp(float64(v.Int64()), -length)
	}
	f := new(big.Float).SetPrec(53).SetInt(v)
	f.SetMantExp(f, -length)
	out, _ := f.Float64()
	return out
}

// independent returns rank columns that are linearly independent, found by
// Gram-Schmidt with column pivoting so that the rest are combinations of them
// with small coefficients, and their number, which is less than rank if no more
// are proved independent.
func independent(unit *mat.Dense, rows [][]*big.Int, rank int) ([]int, int) {
	n, d := unit.Dims()
	left := make([][]float64, d)
	for k := range left {
		left[k] = mat.Col(nil, k, unit)
		if l := norm(left[k]); l > 0 {
			floats.Scale(1/l, left[k])
		}
	}
	var columns []int
	for range rank {
		best, length := -1, 0.0
		for k, col := range left {
			if l := norm(col); l > length && !slices.Contains(columns, k) {
				best, length = k, l
			}
		}
		if best < 0 {
			break
		}
		columns = append(columns, best)
		pivot := left[best]
		floats.Scale(1/length, pivot)
		for k, col := range left {
			if !slices.Contains(columns, k) {
				for range 2 {
					floats.AddScaled(col, -floats.Dot(pivot, col), pivot)
				}
			}
		}
	}
	// The pivots came in order of importance.
	for ; len(columns) > 0; columns = columns[:len(columns)-1] {
		kept := slices.Sorted(slices.Values(columns))
		sub := make([][]*big.Int, n)
		for i, row := range rows {
			for _, k := range kept {
				sub[i] = append(sub[i], row[k])
			}
		}
		// Modulo one prime alone independent columns may be dependent.
		if !exactRankAtMost(sub, len(kept)-1) {
			return kept, len(kept)
		}
	}
	return nil, 0
}

// shifts returns bounds on |x_i - x~_i| where x~ = x_J B, J are the columns, and B
// is the least squares fit of the others.
func shifts(x, unit *mat.Dense, powers, columns []int) []float64 {
	n, d := x.Dims()
	basis := mat.NewDense(n, len(columns), nil)
	for j, k := range columns {
		basis.SetCol(j, mat.Col(nil, k, unit))
	}
	var qr mat.QR
	qr.Factorize(basis)
	fit := mat.NewDense(len(columns), d, nil)
	// A fit that is poor, even none, leaves the bounds right.
	if err := qr.SolveTo(fit, false, unit); err != nil {
		if _, poor := err.(mat.Condition); !poor {
			fit.Zero()
		}
	}
	if finite("fit", fit) != nil {
		fit.Zero()
	}
	out := make([]float64, n)
	row := make([]float64, d)
	for i := range n {
		for k := range d {
			row[k] = 0
			if slices.Contains(columns, k) {
				continue
			}
			// With all columns near one nothing overflows. Terms and their sum are
			// rounded to 2^-53 of the absolute values, and underflow loses at most lost.
			sum := math.Ldexp(x.At(i, k), powers[k])
			size, lost := math.Abs(sum), 0.0
			if x.At(i, k) != 0 {
				lost = 0x1p-1074
			}
			for j, c := range columns {
				if f := fit.At(j, k); f != 0 && x.At(i, c) != 0 {
					term := math.Ldexp(x.At(i, c), powers[c]) * f
					sum -= term
					size += math.Abs(term)
					lost += 0x1p-1074 * (2 + math.Abs(f))
				}
			}
			row[k] = math.Ldexp(math.Abs(sum)+float64(len(columns)+3)*0x1p-52*size+lost, -powers[k])
			if lost > 0 {
				row[k] = math.Nextafter(row[k], math.Inf(1))
			}
		}
		if out[i] = norm(row) * (1 + float64(d+4)*0x1p-52); out[i] > 0 {
			out[i] = math.Nextafter(out[i], math.Inf(1))
		}
	}
	return out
}

// group finds the rows that are multiples of each other, and keeps the first row
// of each line.
func (red *reduction) group(rows [][]*big.Int) {
	type direction struct {
		row int
		key float64
		v   []float64
	}
	var list []direction
	rng := rand.New(rand.NewPCG(0, 0))
	axis := make([]float64, red.rank)
	for k := range axis {
		axis[k] = rng.NormFloat64()
	}
	const tol = 1e-12
	window := 2 * tol * norm(axis)
	for i, row := range rows {
		red.line[i] = -1
		v := make([]float64, red.rank)
		roundRow(v, row)
		if l := norm(v); l > 0 {
			floats.Scale(1/l, v)
			list = append(list, direction{i, math.Abs(floats.Dot(axis, v)), v})
		}
	}
	slices.SortStableFunc(list, func(a, b direction) int { return cmp.Compare(a.key, b.key) })
	first := make([]int, len(rows)) // the first row of the line of row i
	for p, l := range list {
		first[l.row] = l.row
		for k := p - 1; k >= 0 && l.key-list[k].key <= window; k-- {
			if f := list[k]; sameLine(l.v, f.v, tol) && parallelRows(rows[l.row], rows[f.row]) {
				// Of a line found before, all rows name the same first one.
				first[l.row] = first[f.row]
				break
			}
		}
	}
	// The sort leaves the members of a line in any order: name the least.
	least := make(map[int]int)
	for _, l := range list {
		f := first[l.row]
		if old, ok := least[f]; !ok || l.row < old {
			least[f] = l.row
		}
	}
	number := make(map[int]int)
	for i, row := range rows {
		if !slices.ContainsFunc(row, func(v *big.Int) bool { return v.Sign() != 0 }) {
			continue
		}
		f := least[first[i]]
		if f == i {
			number[i] = len(red.rows)
			red.rows = append(red.rows, row)
		}
		red.line[i] = number[f]
		red.opposite[i] = opposite(row, rows[f])
	}
}

// parallelRows reports whether the rows, which are not zero, are multiples of
// each other.
func parallelRows(a, b []*big.Int) bool {
	k := slices.IndexFunc(a, func(v *big.Int) bool { return v.Sign() != 0 })
	var left, right big.Int
	for j := range a {
		if left.Mul(a[j], b[k]).Cmp(right.Mul(a[k], b[j])) != 0 {
			return false
		}
	}
	return b[k].Sign() != 0
}

// opposite reports whether a is a negative multiple of b, given that it is a
// multiple.
func opposite(a, b []*big.Int) bool {
	k := slices.IndexFunc(a, func(v *big.Int) bool { return v.Sign() != 0 })
	return a[k].Sign() != b[k].Sign()
}
