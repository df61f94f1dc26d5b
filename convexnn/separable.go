package convexnn

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

// Separable reports whether some two-layer ReLU network without output intercept has
// sign(y_i) f(x_i) > 0 on all rows of x (n x d) for the labels y (n), as [HardMargin] asks:
// nil, or [ErrNotSeparable] with the rows that stand against it. Other errors are
// [ErrShape], [ErrNotFinite] and [ErrLabels].
//
// Such a network is positively homogeneous, f(cx) = c f(x) for c > 0, and the functions
// u -> (x_i.u)_+ of rows of different directions are linearly independent but for opposite
// rows, where (x.u)_+ - (-x.u)_+ = x.u is linear in x. So there are three obstacles and no
// others: a row of zeros, two rows of one direction with different labels, and opposite
// rows with different labels at either end on which no linear function has the right
// signs. With a column of ones in x only equal rows can be an obstacle.
func Separable(x *mat.Dense, y []float64) error {
	if err := CheckData(x, y); err != nil {
		return err
	}
	if err := HardMargin.check(y); err != nil {
		return err
	}
	n, d := x.Dims()
	directions := make([][]float64, n)
	for i := range n {
		row := x.RawRowView(i)
		if floats.Norm(row, 2) == 0 {
			return fmt.Errorf("%w: row %d of X is zero, where every such network is zero", ErrNotSeparable, i+1)
		}
		directions[i] = unit(row)
	}
	var odd []float64 // rows y_i x_i whose opposite row has the other label
	var first [2]int
	for _, l := range linesOf(directions, y) {
		for _, side := range l {
			if side[0] > 0 && side[1] > 0 {
				return fmt.Errorf("%w: rows %d and %d have the same direction and different labels", ErrNotSeparable, min(side[0], side[1]), max(side[0], side[1]))
			}
		}
		for label := range 2 {
			i, j := l[0][label], l[1][1-label]
			if i == 0 || j == 0 {
				continue
			}
			if odd == nil {
				first = [2]int{min(i, j), max(i, j)}
			}
			for _, v := range directions[i-1] {
				odd = append(odd, math.Copysign(1, y[i-1])*v)
			}
			// One coordinate more turns the question into a projection.
			odd = append(odd, 1)
		}
	}
	if rows := len(odd) / (d + 1); rows > 0 && !halfSpace(odd, rows) {
		return fmt.Errorf("%w: at opposite rows, such as rows %d and %d, the difference of a network's values is linear, and no linear function has the signs of all %d pairs with different labels",
			ErrNotSeparable, first[0], first[1], rows)
	}
	return nil
}

// sameLine is the distance up to which two unit rows count as one, or as opposite.
const sameLine = 1e-12

// A line is, for each of its two directions and for each label, negative and positive, the
// number from 1 of the first row that it has, 0 for none.
type line [2][2]int

// linesOf sorts unit rows with labels into the lines that they span.
func linesOf(directions [][]float64, y []float64) []*line {
	// Only rows with nearly the same product with a random vector can be on one line.
	rng := rand.New(rand.NewPCG(1, 1))
	probe := make([]float64, len(directions[0]))
	for l := range probe {
		probe[l] = rng.NormFloat64()
	}
	near := 2 * sameLine * floats.Norm(probe, 2)
	keys, order := make([]float64, len(directions)), make([]int, len(directions))
	for i, u := range directions {
		order[i], keys[i] = i, math.Abs(floats.Dot(u, probe))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	var lines []*line
	var bases []int // the row that each line was begun with
	recent := 0
	for _, i := range order {
		for recent < len(bases) && keys[i]-keys[bases[recent]] > near {
			recent++
		}
		k, side := recent, 0
		for ; k < len(bases); k++ {
			u, v := directions[bases[k]], directions[i]
			if floats.Distance(u, v, 2) <= sameLine {
				break
			}
			if floats.Norm(floats.AddTo(make([]float64, len(u)), u, v), 2) <= sameLine {
				side = 1
				break
			}
		}
		if k == len(bases) {
			lines, bases = append(lines, new(line)), append(bases, i)
		}
		label := 0
		if y[i] > 0 {
			label = 1
		}
		if at := &lines[k][side][label]; *at == 0 || i+1 < *at {
			*at = i + 1
		}
	}
	return lines
}

// halfSpace reports whether some w has z.w > 0 for all rows (z, 1), with unit z: whether
// the convex hull of the z does not hold 0. The point of the cone {p : z.p' + p” >= 0}
// nearest to (0, -1) is 0 if it does, and has z.p' >= |p|^2 if not (Lawson and Hanson,
// Solving Least Squares Problems, 1974, chapter 23, problem LDP).
func halfSpace(lifted []float64, rows int) bool {
	cols := len(lifted) / rows
	all := bitset.New(rows)
	for i := range rows {
		all.Add(i)
	}
	p, g := make([]float64, cols), make([]float64, cols)
	g[cols-1] = -1
	proj := qp.NewConeProjector(blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: lifted})
	const nothing = 1e-9
	return proj.Project(p, g, all, nil, 0).Norm > nothing
}
