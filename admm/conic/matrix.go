package conic

import (
	"fmt"
	"math"
	"slices"
)

// A Matrix is a sparse matrix in compressed columns, rows increasing within each. A
// [Builder] makes one. The nil Matrix stands for one without entries.
type Matrix struct {
	rows, cols int
	start      []int // cols + 1: column j is [start[j], start[j+1])
	row        []int
	val        []float64
	err        error // of the builder
}

// Dims returns the numbers of rows and columns.
func (a *Matrix) Dims() (rows, cols int) {
	if a == nil {
		return 0, 0
	}
	return a.rows, a.cols
}

// All calls f for each stored entry, by columns.
func (a *Matrix) All(f func(i, j int, v float64)) {
	if a == nil {
		return
	}
	for j := range a.cols {
		for k := a.start[j]; k < a.start[j+1]; k++ {
			f(a.row[k], j, a.val[k])
		}
	}
}

// AddMul adds alpha A x to dst (rows).
func (a *Matrix) AddMul(dst []float64, alpha float64, x []float64) {
	if a == nil {
		return
	}
	for j, v := range x[:a.cols] {
		if v *= alpha; v == 0 {
			continue
		}
		rows := a.row[a.start[j]:a.start[j+1]]
		for k, w := range a.val[a.start[j]:a.start[j+1]] {
			dst[rows[k]] += v * w
		}
	}
}

// AddMulTrans adds alpha A'y to dst (columns).
func (a *Matrix) AddMulTrans(dst []float64, alpha float64, y []float64) {
	if a == nil {
		return
	}
	for j := range a.cols {
		sum := 0.0
		rows := a.row[a.start[j]:a.start[j+1]]
		for k, w := range a.val[a.start[j]:a.start[j+1]] {
			sum += w * y[rows[k]]
		}
		dst[j] += alpha * sum
	}
}

func (a *Matrix) count() int {
	if a == nil {
		return 0
	}
	return len(a.val)
}

// finite returns the place of an entry that is not finite, if there is one.
func (a *Matrix) finite() (i, j int, ok bool) {
	ok = true
	a.All(func(r, c int, v float64) {
		if ok && !finite(v) {
			i, j, ok = r, c, false
		}
	})
	return i, j, ok
}

// transpose returns A'.
func (a *Matrix) transpose() *Matrix {
	if a == nil {
		return nil
	}
	t := &Matrix{
		rows: a.cols, cols: a.rows, start: make([]int, a.rows+1),
		row: make([]int, len(a.row)), val: make([]float64, len(a.val)),
	}
	for _, i := range a.row {
		t.start[i+1]++
	}
	for i := range a.rows {
		t.start[i+1] += t.start[i]
	}
	next := slices.Clone(t.start)
	a.All(func(i, j int, v float64) {
		t.row[next[i]], t.val[next[i]] = j, v
		next[i]++
	})
	return t
}

// symmetric returns the whole of a symmetric matrix of which all or the upper triangle
// is stored. Where both triangles are, and differ by rounding, it is their mean, which
// has the same quadratic form.
func (a *Matrix) symmetric() (*Matrix, error) {
	if a == nil {
		return nil, nil
	}
	lower, largest := false, 0.0
	a.All(func(i, j int, v float64) {
		lower = lower || i > j && v != 0
		largest = max(largest, math.Abs(v))
	})
	if lower {
		t := a.transpose()
		difference, mean := NewBuilder(a.rows, a.cols), NewBuilder(a.rows, a.cols)
		a.All(func(i, j int, v float64) { difference.Add(i, j, v); mean.Add(i, j, v/2) })
		t.All(func(i, j int, v float64) { difference.Add(i, j, -v); mean.Add(i, j, v/2) })
		var err error
		difference.Matrix().All(func(i, j int, v float64) {
			if math.Abs(v) > 1e-12*largest && err == nil {
				err = fmt.Errorf("%w: Q[%d,%d] and Q[%d,%d] differ by %g; Q is symmetric, or its upper triangle alone", ErrInvalid, i, j, j, i, v)
			}
		})
		return mean.Matrix(), err
	}
	b := NewBuilder(a.rows, a.cols)
	a.All(func(i, j int, v float64) {
		b.Add(i, j, v)
		if i != j {
			b.Add(j, i, v)
		}
	})
	return b.Matrix(), nil
}

// A Builder collects the entries of a [Matrix].
type Builder struct {
	rows, cols int
	entries    []entry
	err        error
}

type entry struct {
	i, j int
	v    float64
}

// NewBuilder returns a builder of a matrix of zeros. Negative sizes make the matrix
// invalid.
func NewBuilder(rows, cols int) *Builder {
	if rows < 0 || cols < 0 {
		return &Builder{err: fmt.Errorf("%w: a matrix of size %d x %d", ErrInvalid, rows, cols)}
	}
	return &Builder{rows: rows, cols: cols}
}

// Add adds v to the entry (i, j), counted from 0. Where there is no such entry, the
// matrix becomes invalid, which [Problem.Validate] reports.
func (b *Builder) Add(i, j int, v float64) {
	if i < 0 || i >= b.rows || j < 0 || j >= b.cols {
		if b.err == nil {
			b.err = fmt.Errorf("%w: entry (%d, %d) was added to a %d x %d matrix", ErrInvalid, i, j, b.rows, b.cols)
		}
		return
	}
	b.entries = append(b.entries, entry{i, j, v})
}

// Matrix returns the matrix so far; the builder can go on. Entries that are exactly
// zero are left out.
func (b *Builder) Matrix() *Matrix {
	// Stable, so that duplicates are summed in the order in which they came.
	slices.SortStableFunc(b.entries, func(x, y entry) int {
		if x.j != y.j {
			return x.j - y.j
		}
		return x.i - y.i
	})
	a := &Matrix{rows: b.rows, cols: b.cols, start: make([]int, b.cols+1), err: b.err}
	for k := 0; k < len(b.entries); {
		e := b.entries[k]
		for k++; k < len(b.entries) && b.entries[k].i == e.i && b.entries[k].j == e.j; k++ {
			e.v += b.entries[k].v
		}
		if e.v != 0 {
			a.row, a.val = append(a.row, e.i), append(a.val, e.v)
			a.start[e.j+1]++
		}
	}
	for j := range b.cols {
		a.start[j+1] += a.start[j]
	}
	return a
}
