package convexnn

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/generation"
)

// A finisher is training by pattern generation: solve the program on a few cells,
// price its residual over all of them, add cells whose dual constraint it violates,
// and repeat. Within a cell a neuron is free to move, so that the last digits come
// soon. It ends because there are finitely many cells, none is taken out while the
// objective stands still, and a round that adds none asks for a more accurate program,
// down to a limit.
type finisher struct {
	*oracle
	working []arrangements.Cell // patterns of the program
	known   map[uint64][]int    // positions in working by hash
	idle    []int               // rounds for which each has been without weight
}

const (
	// roundPatterns is the most patterns that one round adds for each sign.
	roundPatterns = 16
	// idleRounds is how many rounds a pattern stays without weight.
	idleRounds = 2
	// finestProgram is the smallest tolerance that the program is solved to.
	finestProgram = 1e-11
	// coarsestProgram is the largest.
	coarsestProgram = 0.01
)

// finish goes on from the cells of the best network.
func (t *trainer) finish(ctx context.Context, o *oracle) error {
	f := &finisher{oracle: o, known: make(map[uint64][]int)}
	for _, h := range o.best.network.Neurons {
		if size(h) == 0 {
			continue
		}
		cell, err := arrangements.CellAt(t.x, h.Weights)
		if err != nil {
			return err
		}
		f.add(cell.Pattern)
	}
	return f.run(ctx)
}

func (f *finisher) run(ctx context.Context) error {
	best := f.best
	// The program is solved to a share of the gap, within bounds that fall where
	// a round adds nothing.
	accuracy, coarsest := f.tolerance/10, coarsestProgram
	for best.gap() > f.tolerance && ctx.Err() == nil && len(f.working) > 0 && (f.maxRounds == 0 || best.rounds < f.maxRounds) {
		best.rounds++
		before := best.objective
		// Far from the end an exact solution is not worth its time.
		used := max(accuracy, min(coarsest, best.gap()/4))
		solution, net, err := f.solve(ctx, used)
		if err != nil {
			return err
		}
		if err := f.offer(best, net); err != nil {
			return err
		}
		price, err := f.search(ctx, solution.Dual, generation.Final, bySign(f.units.neurons(net)), best.rounds)
		if err != nil {
			return err
		}
		f.progress(best)
		if best.objective < before*(1-sameObjective) {
			// Without progress nothing is retired, so that the search ends.
			f.retire(solution.Weights)
		}
		more, err := f.violated(price)
		if err != nil {
			return err
		}
		if f.add(more...) > 0 {
			continue
		}
		// The program has all patterns that its residual asks for, so that only a
		// more accurate residual can ask for others.
		if coarsest = used / 10; coarsest < finestProgram || solution.Status != Solved {
			break
		}
		accuracy = min(accuracy, coarsest)
	}
	return nil
}

// solve solves the program on the working patterns.
func (f *finisher) solve(ctx context.Context, accuracy float64) (*Solution, *Network, error) {
	program, err := NewProgram(Spec{X: f.x, Y: f.y, Cells: f.working, Beta: f.beta, Intercept: f.intercept})
	if err != nil {
		return nil, nil, err
	}
	f.best.patterns = len(f.working)
	solution, err := program.Solve(ctx, SolveSettings{Tolerance: accuracy})
	if err != nil {
		return nil, nil, err
	}
	net, err := program.Network(solution.Weights)
	return solution, net, err
}

// violated returns patterns whose prices are above beta, the highest first.
func (f *finisher) violated(price Price) ([]arrangements.Pattern, error) {
	var patterns []arrangements.Pattern
	for _, found := range price.Found {
		for _, direction := range found[:min(len(found), roundPatterns)] {
			if direction.Value <= f.beta {
				continue
			}
			pattern := direction.Pattern
			if pattern.Len() == 0 {
				cell, err := arrangements.CellAt(f.x, direction.Vector)
				if err != nil {
					return nil, err
				}
				pattern = cell.Pattern
			}
			patterns = append(patterns, pattern)
		}
	}
	return patterns, nil
}

// add puts the patterns that are not there yet into the working set and returns
// how many these were.
func (f *finisher) add(patterns ...arrangements.Pattern) int {
	added := 0
next:
	for _, p := range patterns {
		h := p.Hash()
		for _, k := range f.known[h] {
			if f.working[k].Pattern.Equal(p) {
				continue next
			}
		}
		f.known[h] = append(f.known[h], len(f.working))
		f.working = append(f.working, arrangements.Cell{Pattern: p})
		f.idle = append(f.idle, 0)
		added++
	}
	return added
}

// retire takes patterns out of the working set that have had no weight for some
// rounds.
func (f *finisher) retire(u *mat.Dense) {
	used := rowNorms(u)
	p := len(f.working)
	kept, idle := f.working[:0:0], f.idle[:0:0]
	for k, cell := range f.working {
		age := f.idle[k] + 1
		if used[k] > 0 || used[p+k] > 0 {
			age = 0
		}
		if age < idleRounds {
			kept, idle = append(kept, cell), append(idle, age)
		}
	}
	f.working, f.idle = kept, idle
	f.known = make(map[uint64][]int, len(kept))
	for k, cell := range kept {
		h := cell.Pattern.Hash()
		f.known[h] = append(f.known[h], k)
	}
}
