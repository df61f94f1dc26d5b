package convexnn

import (
	"context"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// A generation is training over all networks by pattern generation: solve the
// program on a few patterns, price its residual over all of them, add patterns
// whose dual constraint it violates, and repeat. In practice a few dozen patterns
// carry the optimum. It ends because there are finitely many, none is taken out
// while the objective stands still, and a round that adds none asks for a more
// accurate program, down to a limit.
type generation struct {
	x         *mat.Dense
	y, target []float64 // target is y, centred if there is an intercept
	beta      float64
	intercept bool
	tolerance float64                                               // relative gap to reach
	maxRounds int                                                   // 0 means no limit
	price     func(ctx context.Context, v []float64) (Price, error) // over all networks
	progress  func(b *generatedResult)                              // may be nil

	working []arrangements.Cell // patterns of the program
	known   map[uint64][]int    // positions in working by hash
	idle    []int               // rounds for which each has been without weight
}

func newGeneration(x *mat.Dense, y []float64, beta float64, intercept bool, tolerance float64) *generation {
	g := &generation{x: x, y: y, target: y, beta: beta, intercept: intercept, tolerance: tolerance, known: make(map[uint64][]int)}
	if intercept {
		g.target = centered(y)
	}
	return g
}

// generatedResult is the best network and the best bound over all rounds.
type generatedResult struct {
	network     *Network
	objective   float64
	certificate Certificate
	status      Status
	iterations  int
	rounds      int
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

// run generates patterns from those at hand, those of the network best, and those
// that the dual vector v asks for, unless it is nil, until the gap is within
// tolerance, nothing improves any more, or ctx ends.
func (g *generation) run(ctx context.Context, best *generatedResult, v []float64) error {
	if err := g.begin(best.network); err != nil {
		return err
	}
	if v == nil && (len(g.working) == 0 || best.solved(g.tolerance)) {
		v = g.target // the residual of the network without neurons
	}
	if v != nil {
		more, err := g.bound(ctx, best, v)
		if err != nil {
			return err
		}
		g.add(more...)
	}
	// The program is solved to a share of the gap, within bounds that fall where
	// a round adds nothing.
	accuracy, coarsest := g.tolerance/10, coarsestProgram
	for !best.solved(g.tolerance) && ctx.Err() == nil && len(g.working) > 0 && (g.maxRounds == 0 || best.rounds < g.maxRounds) {
		best.rounds++
		before := best.objective
		// Far from the end an exact solution is not worth its time.
		used := max(accuracy, min(coarsest, best.certificate.RelativeGap/4))
		solution, err := g.solve(ctx, best, used)
		if err != nil {
			return err
		}
		more, err := g.bound(ctx, best, solution.Dual)
		if err != nil {
			return err
		}
		if g.progress != nil {
			g.progress(best)
		}
		if best.objective < before*(1-sameObjective) {
			// Without progress nothing is retired, so that the search ends.
			g.retire(solution.Weights)
		}
		if g.add(more...) > 0 {
			continue
		}
		// The program has all patterns that its residual asks for, so that only a
		// more accurate residual can ask for others.
		if coarsest = used / 10; coarsest < finestProgram || solution.Status != Solved {
			break
		}
		accuracy = min(accuracy, coarsest)
	}
	best.status = Limited
	switch {
	case best.solved(g.tolerance):
		best.status = Solved
	case ctx.Err() != nil:
		best.status = Stopped
	}
	return nil
}

// last prices the residual of the best network after ctx has ended, where one pass
// more is soon done: it proves more than those of the programs on the way.
func (g *generation) last(ctx context.Context, best *generatedResult) error {
	v, err := g.residual(best.network)
	if err != nil {
		return err
	}
	_, err = g.bound(context.WithoutCancel(ctx), best, v)
	return err
}

// residual is y - f, the natural dual vector of a network.
func (g *generation) residual(net *Network) ([]float64, error) {
	f, err := net.Predict(g.x)
	if err != nil {
		return nil, err
	}
	return floats.SubTo(f, g.y, f), nil
}

// begin puts a pattern of each neuron into the working set.
func (g *generation) begin(net *Network) error {
	for _, h := range net.Neurons {
		if size(h) == 0 {
			continue
		}
		cell, err := arrangements.CellAt(g.x, h.Weights)
		if err != nil {
			return err
		}
		g.add(cell.Pattern)
	}
	return nil
}

func (r *generatedResult) solved(tolerance float64) bool {
	return r.certificate.RelativeGap <= tolerance
}

// progress is what a progress callback is told.
func (r *generatedResult) progress() SolveProgress {
	return SolveProgress{
		Phase: "generate", Iterations: r.iterations, Rounds: r.rounds,
		Objective: r.objective, LowerBound: r.certificate.LowerBound, Gap: r.certificate.RelativeGap,
	}
}

// zero is the network without neurons.
func (g *generation) zero() (*generatedResult, error) {
	_, d := g.x.Dims()
	return g.from(constantNetwork(ReLU, d, g.y, g.intercept))
}

// from is a result that knows a network and nothing else.
func (g *generation) from(net *Network) (*generatedResult, error) {
	objective, _, err := net.Objective(g.x, g.y, g.beta)
	nothing := Certificate{Kind: CertifiedBounded, RelativeGap: relativeGap(objective, 0)}
	return &generatedResult{network: net, objective: objective, certificate: nothing}, err
}

// solve solves the program on the working patterns and keeps its network if it is
// the best.
func (g *generation) solve(ctx context.Context, best *generatedResult, accuracy float64) (*Solution, error) {
	program, err := NewProgram(Spec{X: g.x, Y: g.y, Cells: g.working, Beta: g.beta, Intercept: g.intercept})
	if err != nil {
		return nil, err
	}
	solution, err := program.Solve(ctx, SolveSettings{Tolerance: accuracy})
	if err != nil {
		return nil, err
	}
	best.iterations += solution.Iterations
	c := &best.certificate
	c.Patterns, c.ProgramObjective, c.ProgramBound, c.ProgramGap = len(g.working), solution.Objective, solution.LowerBound, solution.Gap
	net, err := program.Network(solution.Weights)
	if err != nil {
		return nil, err
	}
	objective, _, err := net.Objective(g.x, g.y, g.beta)
	if err != nil {
		return nil, err
	}
	if objective < best.objective {
		best.network, best.objective = net, objective
	}
	c.RelativeGap = relativeGap(best.objective, c.LowerBound)
	return solution, nil
}

// bound prices v, keeps the bound if it is the best, and returns the patterns
// whose prices are above beta.
func (g *generation) bound(ctx context.Context, best *generatedResult, v []float64) ([]arrangements.Pattern, error) {
	if g.intercept {
		v = centered(v)
	}
	price, err := g.price(ctx, v)
	if failed(ctx, err) {
		return nil, err
	}
	c := NewCertificate(g.target, v, g.beta, best.objective, price)
	old := &best.certificate
	// A search that was cut short estimates nothing.
	if cut := err != nil && price.Kind == CertifiedEstimate; !cut && c.LowerBound >= old.LowerBound {
		c.ProgramObjective, c.ProgramBound, c.ProgramGap, c.Patterns = old.ProgramObjective, old.ProgramBound, old.ProgramGap, old.Patterns
		best.certificate = c
	}
	var patterns []arrangements.Pattern
	for _, found := range price.Found {
		for _, f := range found {
			if f.Value > g.beta {
				patterns = append(patterns, f.Pattern)
			}
		}
	}
	return patterns, nil
}

// add puts the patterns that are not there yet into the working set and returns
// how many these were.
func (g *generation) add(patterns ...arrangements.Pattern) int {
	added := 0
next:
	for _, p := range patterns {
		h := p.Hash()
		for _, k := range g.known[h] {
			if g.working[k].Pattern.Equal(p) {
				continue next
			}
		}
		g.known[h] = append(g.known[h], len(g.working))
		g.working = append(g.working, arrangements.Cell{Pattern: p})
		g.idle = append(g.idle, 0)
		added++
	}
	return added
}

// retire takes patterns out of the working set that have had no weight for some
// rounds.
func (g *generation) retire(u *mat.Dense) {
	used := rowNorms(u)
	p := len(g.working)
	kept, idle := g.working[:0:0], g.idle[:0:0]
	for k, cell := range g.working {
		age := g.idle[k] + 1
		if used[k] > 0 || used[p+k] > 0 {
			age = 0
		}
		if age < idleRounds {
			kept, idle = append(kept, cell), append(idle, age)
		}
	}
	g.working, g.idle = kept, idle
	g.known = make(map[uint64][]int, len(kept))
	for k, cell := range kept {
		h := cell.Pattern.Hash()
		g.known[h] = append(g.known[h], k)
	}
}
