package flow

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Lines are the distinct hyperplanes {u : x_i.u = 0} of the rows: all rows of one line,
// opposite ones too, change sides together.
type lines struct {
	normals blas64.General // unit vectors, one for each line
	line    []int          // of each row
	facing  []float64      // +1 where the row points along the normal, -1 where against it
	length  []float64      // |x_i|
	members [][]int        // rows of each line
}

// sameLine is the distance up to which two unit rows count as one, or as opposite.
const sameLine = 1e-12

func newLines(x *mat.Dense) *lines {
	n, d := x.Dims()
	l := &lines{line: make([]int, n), facing: make([]float64, n), length: make([]float64, n)}
	rng := rand.New(rand.NewPCG(1, 1))
	probe := make([]float64, d)
	for k := range probe {
		probe[k] = rng.NormFloat64()
	}
	units, keys, order := make([][]float64, n), make([]float64, n), make([]int, n)
	for i := range n {
		row := x.RawRowView(i)
		l.length[i] = floats.Norm(row, 2)
		unit := make([]float64, d)
		for k, v := range row {
			unit[k] = v / l.length[i] // the reciprocal of a tiny length overflows
		}
		l.facing[i] = math.Copysign(1, floats.Dot(unit, probe))
		floats.Scale(l.facing[i], unit)
		units[i], keys[i], order[i] = unit, floats.Dot(unit, probe), i
	}
	// Only rows with nearly the same product with the probe can be on one line.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	near := 2 * sameLine * floats.Norm(probe, 2)
	for at, i := range order {
		l.line[i] = -1
		for k := at - 1; k >= 0 && keys[i]-keys[order[k]] <= near; k-- {
			if floats.Distance(units[i], units[order[k]], 2) <= sameLine {
				l.line[i] = l.line[order[k]]
				break
			}
		}
		if l.line[i] < 0 {
			l.line[i] = len(l.members)
			l.members = append(l.members, nil)
			l.normals.Data = append(l.normals.Data, units[i]...)
		}
		l.members[l.line[i]] = append(l.members[l.line[i]], i)
	}
	l.normals.Rows, l.normals.Cols, l.normals.Stride = len(l.members), d, d
	return l
}

// normal is the unit normal of line k.
func (l *lines) normal(k int) []float64 {
	d := l.normals.Cols
	return l.normals.Data[k*d : (k+1)*d]
}
