package conic

import (
	"cmp"
	"container/heap"
	"slices"
)

// symbolic is the structure of a sparse factor LDL' of a symmetric matrix M whose rows
// and columns are taken in some order.
type symbolic struct {
	order   []int   // order[k] is the row of M that comes at place k
	place   []int   // its inverse
	columns [][]int // below the diagonal of L, by places, increasing
	entries int     // in all columns
}

// denseShare is the fill past which a factor is stored dense: a sparse one runs at a
// tenth of the speed of the dense kernels, on an entry with its index.
const denseShare = 0.1

// analyse returns an order with little fill for root root', and the structure of its
// factor; nil if that is not worth being sparse, or takes more than so many bytes.
func analyse(root *Matrix, memory float64) *symbolic {
	m := float64(root.rows)
	limit := int(min(denseShare*m*m/2, memory/(garbage*word*2)))
	neighbours := normalGraph(root, limit)
	if neighbours == nil {
		return nil
	}
	return minimumDegree(neighbours, limit)
}

// normalGraph returns for each row the others that share a column with it, increasing,
// or nil when there are more than limit pairs.
func normalGraph(root *Matrix, limit int) [][]int {
	byRow := root.transposePattern()
	neighbours := make([][]int, root.rows)
	seen := make([]int, root.rows)
	pairs := 0
	for i := range neighbours {
		seen[i] = i + 1
		for _, j := range byRow.row[byRow.start[i]:byRow.start[i+1]] {
			for _, o := range root.row[root.start[j]:root.start[j+1]] {
				if seen[o] != i+1 {
					seen[o] = i + 1
					neighbours[i] = append(neighbours[i], o)
				}
			}
		}
		if pairs += len(neighbours[i]); pairs > 2*limit {
			return nil
		}
		slices.Sort(neighbours[i])
	}
	return neighbours
}

// transposePattern is transpose without values.
func (a *Matrix) transposePattern() *Matrix {
	t := &Matrix{rows: a.cols, cols: a.rows, start: make([]int, a.rows+1), row: make([]int, len(a.row))}
	for _, i := range a.row {
		t.start[i+1]++
	}
	for i := range a.rows {
		t.start[i+1] += t.start[i]
	}
	next := slices.Clone(t.start)
	for j := range a.cols {
		for _, i := range a.row[a.start[j]:a.start[j+1]] {
			t.row[next[i]] = j
			next[i]++
		}
	}
	return t
}

// minimumDegree eliminates a node with the fewest neighbours, joins these, and so on
// (Tinney and Walker, 1967): the neighbours at that time are a column of the factor. It
// uses up the graph, and returns nil when the columns pass limit entries.
func minimumDegree(neighbours [][]int, limit int) *symbolic {
	m := len(neighbours)
	s := &symbolic{order: make([]int, 0, m), place: make([]int, m), columns: make([][]int, m)}
	queue := make(degrees, 0, m)
	for i := range m {
		queue = append(queue, degree{len(neighbours[i]), i})
		s.place[i] = -1
	}
	heap.Init(&queue)
	for len(s.order) < m {
		next := heap.Pop(&queue).(degree)
		i := next.node
		if s.place[i] >= 0 || next.degree != len(neighbours[i]) {
			continue // it has a later entry in the queue
		}
		front := neighbours[i]
		if s.entries += len(front); s.entries > limit {
			return nil
		}
		s.place[i] = len(s.order)
		s.order = append(s.order, i)
		for _, o := range front {
			neighbours[o] = union(neighbours[o], front, i, o)
			heap.Push(&queue, degree{len(neighbours[o]), o})
		}
		s.columns[s.place[i]] = front
	}
	for k, column := range s.columns {
		for c, o := range column {
			column[c] = s.place[o]
		}
		slices.Sort(column)
		s.columns[k] = column
	}
	return s
}

// union returns the union of two increasing lists without the nodes i and o.
func union(a, b []int, i, o int) []int {
	out := make([]int, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		var v int
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			v, a = a[0], a[1:]
		case len(a) == 0 || b[0] < a[0]:
			v, b = b[0], b[1:]
		default:
			v, a, b = a[0], a[1:], b[1:]
		}
		if v != i && v != o {
			out = append(out, v)
		}
	}
	return slices.Clip(out)
}

type degree struct{ degree, node int }

// degrees is a heap of nodes, smallest degree first.
type degrees []degree

func (d degrees) Len() int { return len(d) }
func (d degrees) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(d[i].degree, d[j].degree), cmp.Compare(d[i].node, d[j].node)) < 0
}
func (d degrees) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *degrees) Push(v any)   { *d = append(*d, v.(degree)) }
func (d *degrees) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

// sparseFactor is L and the inverse of D of a matrix M = L D L'.
type sparseFactor struct {
	*symbolic
	values  [][]float64 // as columns
	inverse []float64   // of D; zero for rows that depend on earlier ones
	work    []float64
}

// newSparseFactor computes the factor column by column. column(i, dst) adds column i of
// M to dst, of which only the rows at and below i's place are read.
func newSparseFactor(s *symbolic, column func(i int, dst []float64)) *sparseFactor {
	m := len(s.order)
	f := &sparseFactor{symbolic: s, values: make([][]float64, m), inverse: make([]float64, m), work: make([]float64, m)}
	// Column j changes those columns whose place stands in it. It waits in the list of
	// the first that is not yet done, its entry at[j].
	waiting, at := make([][]int, m), make([]int, m)
	sum := make([]float64, m) // by rows of M
	for k, i := range s.order {
		column(i, sum)
		diagonal := sum[i]
		pivot := diagonal
		for _, j := range waiting[k] {
			c := at[j]
			l, rows := f.values[j], s.columns[j]
			factor := l[c] / f.inverse[j]
			pivot -= factor * l[c]
			for q := c + 1; q < len(rows); q++ {
				sum[s.order[rows[q]]] -= factor * l[q]
			}
			if at[j]++; at[j] < len(rows) {
				waiting[rows[at[j]]] = append(waiting[rows[at[j]]], j)
			}
		}
		waiting[k] = nil
		kept := pivot > dependent*diagonal
		if kept {
			f.inverse[k] = 1 / pivot
		}
		f.values[k] = make([]float64, len(s.columns[k]))
		for c, place := range s.columns[k] {
			if kept {
				f.values[k][c] = sum[s.order[place]] / pivot
			}
			sum[s.order[place]] = 0 // what is left are rows of earlier places
		}
		if kept && len(s.columns[k]) > 0 {
			waiting[s.columns[k][0]] = append(waiting[s.columns[k][0]], k)
		}
	}
	return f
}

func (f *sparseFactor) solve(x []float64) {
	w := f.work
	for k, i := range f.order {
		w[k] = x[i]
	}
	for k, l := range f.values {
		for c, place := range f.columns[k] {
			w[place] -= l[c] * w[k]
		}
	}
	for k := len(w) - 1; k >= 0; k-- {
		v := w[k] * f.inverse[k]
		for c, place := range f.columns[k] {
			v -= f.values[k][c] * w[place]
		}
		w[k] = v
	}
	for k, i := range f.order {
		x[i] = w[k]
	}
}
