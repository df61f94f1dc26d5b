package conic

import (
	"slices"
)

// A plan is the structure of the linear algebra of a problem: which coordinates Q ties
// together, and how the factor of the normal matrix is stored. It costs little beside
// the factor, and says what that will take.
type plan struct {
	n, m int
	// blocks of coordinates that Q ties together, two or more in each.
	blocks [][]int
	// of is the block of each coordinate, or -1.
	of []int
	// root is the pattern of A H^(-1/2), whose values depend on rho: the columns of A,
	// but for each block as many columns as it has coordinates, with all its rows.
	root        *Matrix
	rootEntries int
	// sparse factor, nil if the normal matrix is dense.
	sparse *symbolic
}

// newPlan analyses the structure of a problem. What would take more than so many bytes it
// counts but does not make; a sparse factor it then takes for a dense one, which takes more.
func newPlan(p *Problem, q *Matrix, memory float64) *plan {
	pl := &plan{n: len(p.C), m: len(p.B)}
	pl.tie(q)
	if pl.m > 0 {
		if pl.rootPattern(p.A, memory) {
			pl.sparse = analyse(pl.root, memory)
		}
	}
	return pl
}

// tie finds the connected components of Q.
func (pl *plan) tie(q *Matrix) {
	pl.of = make([]int, pl.n)
	for j := range pl.of {
		pl.of[j] = -1
	}
	if q == nil {
		return
	}
	for first := range pl.n {
		if pl.of[first] >= 0 {
			continue
		}
		block := []int{first}
		pl.of[first] = len(pl.blocks)
		for next := 0; next < len(block); next++ {
			j := block[next]
			for _, i := range q.row[q.start[j]:q.start[j+1]] {
				if pl.of[i] < 0 {
					pl.of[i] = len(pl.blocks)
					block = append(block, i)
				}
			}
		}
		if len(block) == 1 {
			pl.of[first] = -1
			continue
		}
		slices.Sort(block)
		pl.blocks = append(pl.blocks, block)
	}
}

// rootPattern reports false if the pattern takes more than so many bytes.
func (pl *plan) rootPattern(a *Matrix, memory float64) bool {
	rows := make([][]int, len(pl.blocks))
	for b, block := range pl.blocks {
		for _, j := range block {
			rows[b] = append(rows[b], a.row[a.start[j]:a.start[j+1]]...)
		}
		slices.Sort(rows[b])
		rows[b] = slices.Compact(rows[b])
	}
	for j, b := range pl.of {
		if b >= 0 {
			pl.rootEntries += len(rows[b])
		} else {
			pl.rootEntries += a.start[j+1] - a.start[j]
		}
	}
	if word*float64(pl.rootEntries) > memory {
		return false
	}
	r := &Matrix{rows: pl.m, cols: pl.n, start: make([]int, pl.n+1)}
	for j := range pl.n {
		if b := pl.of[j]; b >= 0 {
			r.row = append(r.row, rows[b]...)
		} else {
			r.row = append(r.row, a.row[a.start[j]:a.start[j+1]]...)
		}
		r.start[j+1] = len(r.row)
	}
	pl.root = r
	return true
}

// memory returns about how many bytes the factors take, and the work on them.
func (pl *plan) memory() float64 {
	sum := 0.0
	for _, b := range pl.blocks {
		sum += float64(len(b)) * float64(len(b)+pl.m)
	}
	switch {
	case pl.m == 0:
	case pl.sparse != nil:
		sum += 2*float64(pl.sparse.entries) + 6*float64(pl.m)
	default:
		sum += float64(pl.m) * float64(pl.m)
	}
	return word * (sum + 4*float64(pl.rootEntries))
}
