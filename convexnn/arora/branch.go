package arora

import (
	"context"
	"math/bits"
	"slices"

	"github.com/convexnn/convexnn/internal/bitset"
)

// sweeps are the bounds, as parts of the best objective, that are proved one after the
// other: a lower one is proved much sooner, and its cuts serve the next.
var sweeps = [...]float64{0.5, 0.9, 0.99}

// branch proves bounds by branch and bound over partial tuples.
func (s *search) branch(ctx context.Context) error {
	b := &brancher{search: s}
	for k := range len(sweeps) + 1 {
		b.level = s.goal()
		if k < len(sweeps) {
			b.level = sweeps[k] * s.value
		}
		if b.level <= s.bound {
			continue
		}
		b.weakest = b.level
		b.refresh()
		all := bitset.New(s.p.signed())
		for c := range s.p.signed() {
			all.Add(c)
		}
		if err := b.visit(ctx, nil, all, b.allCuts()); err != nil || ctx.Err() != nil {
			return err
		}
		s.bound = max(s.bound, min(b.level, b.weakest))
		s.report()
	}
	return nil
}

// A brancher proves one bound, its level, for all tuples: each is in the admitted set
// of a cut, the signed cells whose prices are low enough for the cut to prove the level.
type brancher struct {
	*search
	level    float64
	weakest  float64 // bound of any tuple that was closed below the level, by rounding
	cuts     []*cut
	admitted []bitset.Set // of the cuts; nil where the level is past the cut
	seen     []int        // how many cuts admit each signed cell
}

// refresh finds what the cuts admit at a new level.
func (b *brancher) refresh() {
	b.seen = make([]int, b.p.signed())
	b.admitted = b.admitted[:0]
	for _, c := range b.cuts {
		b.admitted = append(b.admitted, b.admit(c, nil))
	}
}

// admit returns the signed cells that a cut admits at the level, with those of the
// tuple that it was made for.
func (b *brancher) admit(c *cut, tuple []int) bitset.Set {
	most := b.program.threshold(c.yv, c.vv, b.level)
	if most < 0 && tuple == nil {
		return nil
	}
	set := bitset.New(b.p.signed())
	for k, price := range c.prices {
		if price <= most || slices.Contains(tuple, k) {
			set.Add(k)
			b.seen[k]++
		}
	}
	return set
}

func (b *brancher) allCuts() (out []int) {
	for k, set := range b.admitted {
		if set != nil {
			out = append(out, k)
		}
	}
	return out
}

// visit closes all tuples that extend the given one by signed cells of allowed, which it
// empties. cuts are those that admit the tuple. A tuple that no cut admits has a cell
// outside of each of them, so that it is enough to branch on the cells outside of one.
func (b *brancher) visit(ctx context.Context, tuple []int, allowed bitset.Set, cuts []int) error {
	b.counts.Nodes++
	if b.counts.Nodes%reportEvery == 0 {
		b.report()
	}
	if len(tuple) == b.Neurons-1 {
		return b.finish(ctx, tuple, allowed, cuts)
	}
	chosen := b.choose(allowed, cuts)
	for known := len(b.cuts); ctx.Err() == nil; {
		if len(cuts) == 0 {
			if err := b.close(ctx, tuple); err != nil {
				return err
			}
		}
		fresh := len(cuts)
		for ; known < len(b.cuts); known++ {
			if b.covers(known, tuple) {
				cuts = append(cuts, known)
			}
		}
		if len(cuts) > fresh {
			chosen = b.choose(allowed, append(cuts[fresh:len(cuts):len(cuts)], chosen))
		}
		open := allowed.Clone()
		subtract(open, b.admitted[chosen])
		c := b.rarest(open)
		if c < 0 {
			return nil
		}
		allowed.Remove(c) // tuples with c are closed now
		covering := make([]int, 0, len(cuts))
		for _, k := range cuts {
			if b.admitted[k].Has(c) {
				covering = append(covering, k)
			}
		}
		if err := b.visit(ctx, append(slices.Clone(tuple), c), allowed.Clone(), covering); err != nil {
			return err
		}
	}
	return nil
}

const reportEvery = 1024

// finish closes the tuples that lack one signed cell: those that no cut admits one by
// one.
func (b *brancher) finish(ctx context.Context, tuple []int, open bitset.Set, cuts []int) error {
	for _, k := range cuts {
		if subtract(open, b.admitted[k]) {
			return nil
		}
	}
	for ctx.Err() == nil {
		c := b.rarest(open)
		if c < 0 {
			return nil
		}
		open.Remove(c)
		known := len(b.cuts)
		if err := b.close(ctx, append(slices.Clone(tuple), c)); err != nil {
			return err
		}
		for ; known < len(b.cuts); known++ {
			if b.covers(known, tuple) {
				subtract(open, b.admitted[known])
			}
		}
	}
	return nil
}

// subtract takes t off s and reports whether s is empty now.
func subtract(s, t bitset.Set) bool {
	left := uint64(0)
	for w, word := range t {
		s[w] &^= word
		left |= s[w]
	}
	return left == 0
}

func (b *brancher) covers(k int, tuple []int) bool {
	if b.admitted[k] == nil {
		return false
	}
	for _, c := range tuple {
		if !b.admitted[k].Has(c) {
			return false
		}
	}
	return true
}

// choose returns the cut that leaves the fewest of the allowed signed cells outside,
// negative for no cut. Negative entries of cuts are none.
func (b *brancher) choose(allowed bitset.Set, cuts []int) int {
	best, fewest := -1, 0
	for _, k := range cuts {
		if k < 0 {
			continue
		}
		left := 0
		for w, word := range b.admitted[k] {
			left += bits.OnesCount64(allowed[w] &^ word)
		}
		if best < 0 || left < fewest {
			best, fewest = k, left
		}
	}
	return best
}

// rarest is the signed cell of a set that the fewest cuts admit, negative if there is
// none.
func (b *brancher) rarest(set bitset.Set) int {
	best := -1
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			c := w*64 + bits.TrailingZeros64(word)
			if best < 0 || b.seen[c] < b.seen[best] {
				best = c
			}
		}
	}
	return best
}

// close adds a cut that admits the tuple: that of its bound without signs and cones if
// this is enough, else that of its program.
func (b *brancher) close(ctx context.Context, tuple []int) error {
	free := make([]int, 0, 2*len(tuple))
	for _, c := range distinct(tuple) {
		free = append(free, 2*c, 2*c+1)
	}
	b.counts.Bounds++
	c := newCut(b.program, b.p.y, b.program.relax(tuple), b.p.signed(), b.level, free)
	if b.program.bound(c.yv, c.vv, c.top(tuple)) < b.level {
		b.counts.QPs++
		blocks, v, err := b.program.solve(ctx, tuple)
		if err != nil {
			return err
		}
		if err := b.offer(blocks); err != nil {
			return err
		}
		b.level = min(b.level, b.goal())
		c = newCut(b.program, b.p.y, v, b.p.signed(), b.level, tuple)
		// The program was solved up to rounding, and so is this bound.
		b.weakest = min(b.weakest, b.program.bound(c.yv, c.vv, c.top(tuple)))
	}
	b.cuts = append(b.cuts, c)
	b.admitted = append(b.admitted, b.admit(c, tuple))
	return nil
}
