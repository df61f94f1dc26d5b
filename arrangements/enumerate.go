package arrangements

import (
	"context"
	"slices"

	"github.com/convexnn/convexnn/internal/bitset"
)

// A lister lists the cells of an arrangement of given lines in the first q mixed
// coordinates that stay clear of the hyperplane where the last of these, the
// functional c, is zero. See the package comment for the method.
//
// A lister is a workspace for one goroutine.
type lister struct {
	ctx     context.Context
	mx      *mixture
	t       *eliminator
	planes  plane
	ray     ray
	below   *wordSet // the cells that meet the hyperplane
	witness bool     // whether to find witnesses
	emit    emitter
	cell    bitset.Set
	inner   *lister // for the lines through a ray
	own     wordSet // what below points to in an inner lister
	lines   []int32
	solver  solver
}

// An emitter receives one of each pair of opposite cells: bit k is the sign of
// the k-th line. The witness has length q and products of at least the length of
// the row with each row; it is nil unless asked for. Both are overwritten later.
type emitter func(cell bitset.Set, witness []float64) error

func newLister(ctx context.Context, mx *mixture) *lister {
	return &lister{ctx: ctx, mx: mx, t: newEliminator(mx)}
}

// bounded emits the cells of the lines f (nil for all) in q coordinates with
// c > 0 that are not in below, among them those whose ray begins with the lines
// at the positions given by first.
func (l *lister) bounded(q int, f []int32, below *wordSet, first []int, emit emitter) error {
	l.below, l.emit = below, emit
	l.t.reset(q, f, true)
	l.cell = slices.Grow(l.cell[:0], bitset.Words(len(l.t.f)))[:bitset.Words(len(l.t.f))]
	if q == 1 {
		return l.halfLine()
	}
	for depth, i := range first {
		p := l.t.nodes[depth].find(int32(i))
		if p < 0 {
			return nil
		}
		if fresh, err := l.t.eliminate(depth, p); err != nil || !fresh {
			return err
		}
	}
	return l.walk(len(first))
}

// halfLine emits the cell c > 0 of the only coordinate.
func (l *lister) halfLine() error {
	nd := &l.t.nodes[0]
	clear(l.cell)
	for p, i := range l.t.f {
		v := nd.y[p]
		s := 1
		if v < 0 {
			s = -1
		}
		if v <= nd.err[p] && v >= -nd.err[p] {
			if s = l.mx.exact.sign([]int32{i}); s == 0 {
				return errNotGeneric
			}
		}
		if s > 0 {
			l.cell.Add(p)
		}
	}
	var w []float64
	if l.witness {
		w = l.solver.half(l)
	}
	return l.emit(l.cell, w)
}

// walk visits all rays below the node at depth.
func (l *lister) walk(depth int) error {
	nd := &l.t.nodes[depth]
	if nd.width == 2 {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		return l.t.sweep(depth, &l.planes, &l.ray, l.vertex)
	}
	last := int32(-1)
	if depth > 0 {
		last = nd.basis[depth-1]
	}
	for p, i := range nd.idx {
		if i < last {
			continue
		}
		if len(nd.idx)-p < l.t.q-1-depth {
			break // too few lines are left
		}
		fresh, err := l.t.eliminate(depth, p)
		if err == nil && fresh {
			err = l.walk(depth + 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// vertex emits the cells of which the ray is the lowest one.
func (l *lister) vertex(nd *elimination, r *ray) error {
	q := l.t.q
	copy(l.cell, r.signs)
	if len(r.on) == q-1 {
		l.simple(nd, r)
		if l.below.has(l.cell) {
			return nil
		}
		var w []float64
		if l.witness {
			w = l.solver.solve(l, r, nil)
		}
		return l.emit(l.cell, w)
	}
	if l.inner == nil {
		l.inner = newLister(l.ctx, l.mx)
	}
	in := l.inner
	l.lines = append(l.lines[:0], l.t.global(r.on)...)
	in.own.reset(len(l.lines))
	in.witness = false
	for k := 1; k < q-1; k++ {
		if err := in.bounded(k, l.lines, &in.own, nil, in.keep); err != nil {
			return err
		}
	}
	in.witness = l.witness
	return in.bounded(q-1, l.lines, &in.own, nil, func(local bitset.Set, z []float64) error {
		for k, p := range r.on {
			if local.Has(k) {
				l.cell.Add(int(p))
			} else {
				l.cell.Remove(int(p))
			}
		}
		if l.below.has(l.cell) {
			return nil
		}
		var w []float64
		if l.witness {
			w = l.solver.solve(l, r, z)
		}
		return l.emit(l.cell, w)
	})
}

// keep adds a cell to own.
func (l *lister) keep(cell bitset.Set, _ []float64) error {
	l.own.add(cell)
	return nil
}

// simple sets the signs of the q-1 lines on a ray to those of their multipliers
// in g = sum_i lambda_i x_i + mu c, where g is the coordinate before the last: on
// this side of each line g increases along the others. By Cramer's rule they are
// ratios of determinants.
func (l *lister) simple(nd *elimination, r *ray) {
	q := l.t.q
	binomial, signs := l.mx.binomial, l.mx.signs[q-2]
	// The place of the lines without the first one.
	place := 0
	for k := 1; k < q-1; k++ {
		place += binomial[k-1][l.t.f[r.on[k]]]
	}
	sign := nd.sign * r.flip
	if q%2 == 1 {
		sign = -sign
	}
	for k, p := range r.on {
		// The 1-based position is k+1, and the factor (-1)^(k+1+q-1).
		s := sign * int(signs[place])
		if k%2 == 1 {
			s = -s
		}
		if s > 0 {
			l.cell.Add(int(p))
		} else {
			l.cell.Remove(int(p))
		}
		if k < q-2 {
			place += binomial[k][l.t.f[p]] - binomial[k][l.t.f[r.on[k+1]]]
		}
	}
}
