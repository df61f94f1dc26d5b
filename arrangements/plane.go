package arrangements

import (
	"math"
	"math/bits"
	"slices"

	"github.com/convexnn/convexnn/internal/bitset"
)

// A plane sorts the rows of an elimination with two coordinates left by their
// angle modulo pi. Turning a line through the angles, one group of parallel rows
// changes sides at a time.
type plane struct {
	order []int32 // rows by angle, from row 0 on
	first []int32 // where in order each group begins, and the end
	turn  []bool  // whether a row points backwards, at an angle of pi or more from row 0
	keys  []uint64
	// The angle of the functional is between those of the groups at-1 and at.
	at           int
	functionTurn bool
}

// cross returns the sign of the cross product of rows a and b of the node, 0 if
// they are parallel.
func (t *eliminator) cross(nd *elimination, a, b int) (int, error) {
	a0, a1 := nd.y[2*a], nd.y[2*a+1]
	b0, b1 := nd.y[2*b], nd.y[2*b+1]
	v := a0*b1 - a1*b0
	size := math.Abs(a0*b1) + math.Abs(a1*b0)
	ea, eb := nd.err[a], nd.err[b]
	e := 1.01*(ea*(math.Abs(b0)+math.Abs(b1))+eb*(math.Abs(a0)+math.Abs(a1))+2*ea*eb+2*roundoff*size) + tiny
	switch {
	case v > e:
		return 1, nil
	case v < -e:
		return -1, nil
	}
	data := a < len(nd.idx) && b < len(nd.idx)
	if data && t.dependent(nd.basis, nd.idx[a], nd.idx[b]) {
		return 0, nil
	}
	if s := t.exactSign(nd, a, b); s != 0 {
		return s * nd.sign, nil
	}
	return 0, errNotGeneric
}

// sort arranges the rows of the node.
func (pl *plane) sort(t *eliminator, nd *elimination) error {
	n := len(nd.idx)
	pl.order, pl.first, pl.keys = pl.order[:0], pl.first[:0], pl.keys[:0]
	pl.turn = slices.Grow(pl.turn[:0], n)[:n]
	r0, r1 := nd.y[0], nd.y[1]
	pl.turn[0] = false
	pl.order = append(pl.order, 0)
	width := bits.Len(uint(n))
	for j := 1; j < n; j++ {
		s, err := t.cross(nd, 0, j)
		if err != nil {
			return err
		}
		dot := r0*nd.y[2*j] + r1*nd.y[2*j+1]
		if s == 0 {
			pl.turn[j] = dot < 0
			pl.order = append(pl.order, int32(j))
			continue
		}
		pl.turn[j] = s < 0
		// The negative cotangent of the angle increases with it; its last bits give
		// way to the number of the row.
		b := math.Float64bits(-dot / (r0*nd.y[2*j+1] - r1*nd.y[2*j]))
		if b>>63 != 0 {
			b = ^b
		} else {
			b |= 1 << 63
		}
		pl.keys = append(pl.keys, b>>width<<width|uint64(j))
	}
	slices.Sort(pl.keys)
	pl.first = append(pl.first, 0)
	base := len(pl.order) // these are parallel to row 0
	for _, key := range pl.keys {
		j := int32(key & (1<<width - 1))
		pl.order = append(pl.order, j)
		// The keys are inexact: let the row sink to its place.
		k := len(pl.order) - 1
		same := false
		for ; k > base; k-- {
			s, err := pl.compare(t, nd, pl.order[k-1], j)
			if err != nil {
				return err
			}
			if same = s == 0; s >= 0 {
				break
			}
			pl.order[k] = pl.order[k-1]
		}
		pl.order[k] = j
		pl.open(k, same)
	}
	pl.first = append(pl.first, int32(n))
	for g, f := range pl.first[:len(pl.first)-1] {
		slices.Sort(pl.order[f:pl.first[g+1]])
	}
	return pl.place(t, nd)
}

// open updates the groups for a row that was put at place k of the order, in the
// group of its predecessor if same.
func (pl *plane) open(k int, same bool) {
	// Groups that begin at k or later are one further. A row sinks past whole
	// groups, so that k is the end of a group.
	g := len(pl.first)
	for g > 0 && int(pl.first[g-1]) >= k {
		pl.first[g-1]++
		g--
	}
	if !same {
		pl.first = slices.Insert(pl.first, g, int32(k))
	}
}

// compare returns 1 if row b comes after row a, 0 if they are parallel.
func (pl *plane) compare(t *eliminator, nd *elimination, a, b int32) (int, error) {
	s, err := t.cross(nd, int(a), int(b))
	if pl.turn[a] != pl.turn[b] {
		s = -s
	}
	return s, err
}

// place finds the functional among the groups.
func (pl *plane) place(t *eliminator, nd *elimination) error {
	c := len(nd.idx)
	s, err := t.cross(nd, 0, c)
	if err != nil {
		return err
	}
	pl.functionTurn = s < 0
	lo, hi := 1, len(pl.first)-1 // it is after group 0
	for lo < hi {
		mid := (lo + hi) / 2
		a := pl.order[pl.first[mid]]
		s, err := t.cross(nd, int(a), c)
		if err != nil {
			return err
		}
		if pl.turn[a] != pl.functionTurn {
			s = -s
		}
		if s > 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	pl.at = lo
	return nil
}

// A ray is where the hyperplanes of q-1 independent lines meet, on the side where
// the functional is positive.
type ray struct {
	on    []int32    // positions of all lines that vanish on it, ascending
	signs bitset.Set // those of the other lines; of no meaning for the lines on it
	basis []int32    // q-1 independent ones of them
	flip  int        // sign of the cross product of the last basis row and the functional
}

// sweep calls visit for the rays of the plane at the given depth whose basis is
// the lexicographically least.
func (t *eliminator) sweep(depth int, pl *plane, scratch *ray, visit func(nd *elimination, r *ray) error) error {
	nd := &t.nodes[depth]
	last := int32(-1)
	if len(nd.basis) > 0 {
		last = nd.basis[len(nd.basis)-1]
	}
	if len(nd.idx) == 0 || nd.idx[len(nd.idx)-1] < last {
		return nil
	}
	if err := pl.sort(t, nd); err != nil {
		return err
	}
	words := bitset.Words(len(t.f))
	// At angle 0 plus a right angle all rows look forwards or backwards.
	signs := slices.Grow(scratch.signs[:0], 2*words)[:2*words]
	now, out := signs[:words], signs[words:]
	clear(now)
	for j, p := range nd.idx {
		if !pl.turn[j] {
			now.Add(int(p))
		}
	}
	r := *scratch
	for g := range len(pl.first) - 1 {
		group := pl.order[pl.first[g]:pl.first[g+1]]
		// The rows of the groups before look away from the ray that is a right angle
		// ahead of group g, those after look towards it.
		for _, j := range group {
			now.Flip(int(nd.idx[j]))
		}
		lead := nd.idx[group[0]]
		if lead < last {
			continue
		}
		towards := pl.functionTurn != (g < pl.at)
		copy(out, now)
		if !towards {
			for k := range out {
				out[k] = ^out[k]
			}
			if rest := uint(len(t.f)) % 64; rest != 0 {
				out[words-1] &= 1<<rest - 1
			}
		}
		r.signs = out
		r.basis = append(append(r.basis[:0], nd.basis...), lead)
		r.on = append(r.on[:0], nd.closed...)
		for _, j := range group {
			r.on = append(r.on, nd.idx[j])
		}
		slices.Sort(r.on)
		r.flip = 1
		if pl.turn[group[0]] != !towards {
			r.flip = -1
		}
		if err := visit(nd, &r); err != nil {
			return err
		}
	}
	scratch.signs, scratch.on, scratch.basis = signs, r.on, r.basis
	return nil
}
