package arrangements

import (
	"math"
	"slices"
)

const (
	roundoff = 0x1p-53
	tiny     = 1e-290 // more than all that underflow can lose
	// blurred is the error of a row, relative to its largest entry, from which on
	// the row is computed anew in integers.
	blurred = 0x1p-20
)

// An eliminator walks through sets of independent lines, in the first q mixed
// coordinates, by Gaussian elimination: after the lines of the basis the other
// rows become vectors in the quotient of their space by the span of the basis.
// Rows carry bounds on their errors, and what the bounds leave open is decided
// in integers.
type eliminator struct {
	mx      *mixture
	q       int
	f       []int32 // the lines, ascending
	nodes   []elimination
	scratch []uint64
	lines   []int32
}

// An elimination is a node of the walk: a basis and the quotient by its span.
type elimination struct {
	width int       // number of coordinates left
	idx   []int32   // positions in f of the rows outside the span, ascending
	y     []float64 // their coordinates; last the row of the functional, if any
	err   []float64 // bounds on the absolute errors of the coordinates
	// closed are the positions of the rows in the span, basis those that were
	// chosen.
	closed, basis []int32
	pivots, rest  []int32 // columns eliminated and left
	// sign is such that the determinant of the basis and any further rows has the
	// sign of that of their quotients times it.
	sign int
}

func (nd *elimination) find(i int32) int {
	p, ok := slices.BinarySearch(nd.idx, i)
	if !ok {
		return -1
	}
	return p
}

func newEliminator(mx *mixture) *eliminator {
	return &eliminator{mx: mx, scratch: make([]uint64, mx.rank*mx.rank)}
}

// reset makes the root node for the lines f (nil for all) in the first q
// coordinates; functional says whether the last of these joins as a row.
func (t *eliminator) reset(q int, f []int32, functional bool) {
	t.q = q
	t.f = t.f[:0]
	if f == nil {
		for i := range t.mx.lines {
			t.f = append(t.f, int32(i))
		}
	} else {
		t.f = append(t.f, f...)
	}
	for len(t.nodes) < q {
		t.nodes = append(t.nodes, elimination{})
	}
	nd := &t.nodes[0]
	nd.width, nd.sign = q, 1
	nd.idx, nd.y, nd.err = nd.idx[:0], nd.y[:0], nd.err[:0]
	nd.closed, nd.basis, nd.pivots, nd.rest = nd.closed[:0], nd.basis[:0], nd.pivots[:0], nd.rest[:0]
	for p, i := range t.f {
		nd.idx = append(nd.idx, int32(p))
		row := t.mx.z[int(i)*t.mx.rank : int(i)*t.mx.rank+q]
		nd.y = append(nd.y, row...)
		nd.err = append(nd.err, roundoff*largest(row)+tiny)
	}
	if functional {
		for k := range q {
			nd.y = append(nd.y, 0)
			if k == q-1 {
				nd.y[len(nd.y)-1] = 1
			}
		}
		nd.err = append(nd.err, 0)
	}
	for k := range q {
		nd.rest = append(nd.rest, int32(k))
	}
}

func largest(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}

// eliminate makes the node at depth+1 from that at depth by adding row p of the
// latter to the basis. It reports false if a smaller row joins the span with it:
// then the flat is reached by another basis, the lexicographically least one.
func (t *eliminator) eliminate(depth, p int) (bool, error) {
	nd, next := &t.nodes[depth], &t.nodes[depth+1]
	w := nd.width
	pivotRow := nd.y[p*w : (p+1)*w]
	col, pivot := 0, 0.0
	for k, v := range pivotRow {
		if math.Abs(v) > math.Abs(pivot) {
			col, pivot = k, v
		}
	}
	// Rows that were computed hold to this. One at the root may not, if the first q
	// of its coordinates are next to nothing.
	if nd.err[p] > blurred*math.Abs(pivot) {
		return false, errNotGeneric
	}
	next.width = w - 1
	next.sign = nd.sign
	if (pivot < 0) != (col%2 == 1) {
		next.sign = -next.sign
	}
	next.pivots = append(append(next.pivots[:0], nd.pivots...), nd.rest[col])
	next.rest = append(append(next.rest[:0], nd.rest[:col]...), nd.rest[col+1:]...)
	next.basis = append(append(next.basis[:0], nd.basis...), nd.idx[p])
	next.closed = append(append(next.closed[:0], nd.closed...), nd.idx[p])
	next.idx, next.err = next.idx[:0], next.err[:0]
	rows := len(nd.err)
	next.y = slices.Grow(next.y[:0], rows*(w-1))[:rows*(w-1)]

	var store [64]float64
	scaled := store[:0]
	slope := 0.0
	for k, v := range pivotRow {
		if k != col {
			scaled = append(scaled, v/pivot)
			slope = max(slope, math.Abs(v/pivot))
		}
	}
	// Dividing by the pivot, which is off by err itself, leaves an error of at most
	// (1 + slope) err / |pivot| and the rounding; the factor 1.01 covers products of
	// errors, as err / |pivot| is at most blurred.
	pivotErr := 1.01 * ((1+slope)*nd.err[p]/math.Abs(pivot) + roundoff)
	out := next.y[:0]
	for j := range rows {
		if j == p {
			continue
		}
		row := nd.y[j*w : (j+1)*w]
		f := row[col]
		size, before := 0.0, 0.0
		start := len(out)
		out = out[:start+w-1]
		dst := out[start:]
		for k := range col {
			v := row[k] - f*scaled[k]
			before = max(before, math.Abs(row[k]))
			size = max(size, math.Abs(v))
			dst[k] = v
		}
		for k := col; k < w-1; k++ {
			v := row[k+1] - f*scaled[k]
			before = max(before, math.Abs(row[k+1]))
			size = max(size, math.Abs(v))
			dst[k] = v
		}
		// v = y_k - f s_k with |s_k| <= slope <= 1: the errors of y_k and f, that of
		// s_k, and two roundings.
		af := math.Abs(f)
		e := 1.01*((1+slope)*nd.err[j]+af*(pivotErr+roundoff)+roundoff*(before+af)) + tiny
		data := j < len(nd.idx)
		if e > blurred*size {
			id := int32(-t.q) // the functional is unit vector q-1
			if data {
				id = t.f[nd.idx[j]]
				if t.dependent(next.basis, nd.idx[j], -1) {
					if nd.idx[j] < nd.idx[p] {
						return false, nil
					}
					next.closed = append(next.closed, nd.idx[j])
					out = out[:start]
					continue
				}
			}
			if !t.mx.exact.quotient(dst, t.global(next.basis), id, t.q, next.pivots, next.rest) {
				return false, errNotGeneric
			}
			e = 0x1p-51
		}
		if data {
			next.idx = append(next.idx, nd.idx[j])
		}
		next.err = append(next.err, e)
	}
	next.y = out
	return true, nil
}

// global returns the lines at the given positions, in a slice that is
// overwritten by the next call.
func (t *eliminator) global(positions []int32) []int32 {
	t.lines = t.lines[:0]
	for _, p := range positions {
		t.lines = append(t.lines, t.f[p])
	}
	return t.lines
}

// dependent reports whether the lines at the positions basis, a, and b unless it
// is negative, are dependent.
func (t *eliminator) dependent(basis []int32, a, b int32) bool {
	lines := append(t.global(basis), t.f[a])
	if b >= 0 {
		lines = append(lines, t.f[b])
	}
	t.lines = lines[:0]
	return t.mx.exact.dependent(lines, t.scratch)
}

// exactSign returns the sign of the determinant of the basis of nd and its rows
// at the places rows, where the place after the last position is the functional.
// As many rows as coordinates are needed.
func (t *eliminator) exactSign(nd *elimination, rows ...int) int {
	ids := t.global(nd.basis)
	for _, p := range rows {
		id := int32(-t.q)
		if p < len(nd.idx) {
			id = t.f[nd.idx[p]]
		}
		ids = append(ids, id)
	}
	t.lines = ids[:0]
	return t.mx.exact.sign(ids)
}
