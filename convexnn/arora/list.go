package arora

import (
	"cmp"
	"context"
	"slices"

	"gonum.org/v1/gonum/stat/combin"
)

// list goes through all sets of at most m cells in the order of their bounds without
// signs and cones, and solves the programs of all their signs, until the bound of the
// next set is no better than the best network.
func (s *search) list(ctx context.Context) error {
	type set struct {
		cells []int
		bound float64
	}
	var sets []set
	for size := (s.Neurons + 1) / 2; size <= min(s.Neurons, len(s.p.cells)); size++ {
		for g := combin.NewCombinationGenerator(len(s.p.cells), size); g.Next(); {
			if ctx.Err() != nil {
				return nil
			}
			cells := g.Combination(nil)
			sets = append(sets, set{cells, s.freeBound(cells)})
		}
	}
	slices.SortStableFunc(sets, func(a, b set) int { return cmp.Compare(a.bound, b.bound) })
	weakest := s.value
	for _, next := range sets {
		if ctx.Err() != nil {
			return nil
		}
		if next.bound >= s.goal() {
			s.bound = max(s.bound, min(s.goal(), weakest))
			return nil
		}
		s.bound = max(s.bound, min(next.bound, weakest))
		s.counts.Nodes++
		for _, tuple := range signings(next.cells, s.Neurons) {
			s.counts.QPs++
			blocks, v, err := s.program.solve(ctx, tuple)
			if err != nil {
				return err
			}
			if err := s.offer(blocks); err != nil {
				return err
			}
			c := newCut(s.program, s.p.y, v, s.p.signed(), s.goal(), tuple)
			weakest = min(weakest, s.program.bound(c.yv, c.vv, c.top(tuple)))
		}
		if s.counts.Nodes%1024 == 0 {
			s.report()
		}
	}
	s.bound = max(s.bound, min(s.goal(), weakest))
	return nil
}

// freeBound is the bound of a set of cells without signs and cones.
func (s *search) freeBound(cells []int) float64 {
	var free []int
	for _, c := range cells {
		free = append(free, 2*c, 2*c+1)
	}
	s.counts.Bounds++
	c := newCut(s.program, s.p.y, s.program.relax(free), s.p.signed(), 0, free)
	return s.program.bound(c.yv, c.vv, c.top(free))
}

// signings lists the tuples of m signed cells, or of all of them if these are fewer, on
// exactly the given cells.
func signings(cells []int, m int) [][]int {
	var out [][]int
	var extend func(k int, tuple []int)
	extend = func(k int, tuple []int) {
		if k == len(cells) {
			if len(tuple) == m || (len(tuple) < m && len(tuple) == 2*len(cells)) {
				out = append(out, slices.Clone(tuple))
			}
			return
		}
		up, down := 2*cells[k], 2*cells[k]+1
		extend(k+1, append(tuple, up))
		extend(k+1, append(tuple, down))
		extend(k+1, append(tuple, up, down))
	}
	extend(0, nil)
	return out
}
