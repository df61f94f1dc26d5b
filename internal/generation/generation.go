package generation

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/lasso"
)

// A Problem is training over all networks. Data should be scaled so that the entries
// of X and of the targets are of order one.
type Problem struct {
	X    *mat.Dense // n x d
	Loss lasso.Loss // of predictions n x c
	// Labels (n), if set, stand for the hinge loss sum_i max(0, |y_i| - sign(y_i) f_i) of
	// one output, in place of Loss.
	Labels    []float64
	Beta      float64 // positive
	Intercept bool    // whether each output has an unpenalised constant; not for the hinge loss
}

// A Neuron is a unit direction u with its gains g, one for each output.
type Neuron struct {
	Direction []float64 // d, of length one
	Gain      []float64 // c
}

// Effort is how hard an [Oracle] searches.
type Effort int

// From the cheapest to the one that counts.
const (
	Quick Effort = iota
	Careful
	Final
)

// A Query says what to price.
type Query struct {
	Dual   []float64 // V, n x c, row by row
	Active []Neuron  // neurons of the master's network: where to search first
	Effort Effort
	Round  int // of the run, from 1: a seed
	// Objective is that of the best network so far.
	Objective float64
}

// An Oracle searches for neurons that violate the dual constraint, and keeps the best
// lower bound.
type Oracle interface {
	// Price returns directions whose price at q.Dual may be above beta, best first.
	// If ctx ends it returns what it found. Errors end the run.
	Price(ctx context.Context, q Query) ([][]float64, error)
	// Best returns the dual point with the best bound on the problem that searches
	// of at least this effort gave, with its bound; nil and 0 if there is none. The
	// point is in units in which it is comparable with a master's V.
	Best(least Effort) (dual []float64, bound float64)
}

// Settings steer [Run]. The zero value works.
type Settings struct {
	// Tolerance on the relative gap between the best network and the best final
	// bound; 0 means 1e-3.
	Tolerance float64
	// MaxRounds; 0 means no limit.
	MaxRounds int
	// Start is the network to begin with.
	Start []Neuron
	// Progress, if set, is called after each round. The result may be read until
	// it returns.
	Progress func(*Result)
}

// A Result is the best network found.
type Result struct {
	Neurons   []Neuron  // those with gains
	Intercept []float64 // c; nil if there is none
	Objective float64
	Rounds    int
	Columns   int // directions in the last master
	// Converged says that the gap is within Tolerance by a final search. Otherwise a
	// limit was reached, ctx ended, or nothing more was found.
	Converged bool
}

// Run generates neurons until the gap is within tolerance, nothing more is found, or
// ctx ends. The error is that of the oracle.
func Run(ctx context.Context, p Problem, o Oracle, s Settings) (*Result, error) {
	if s.Tolerance == 0 {
		s.Tolerance = 1e-3
	}
	r := newRun(p, o, s)
	err := r.loop(ctx)
	return &r.best, err
}

// The accuracy of the master: the share of the gap that its violations may have, and
// limits.
const (
	masterShare    = 0.05
	coarsestMaster = 1e-2
	finestMaster   = 1e-11
)

// patience is how many rounds without any progress end a run: directions that differ by
// rounding could be found for ever.
const patience = 20

// A run is the state of [Run].
type run struct {
	Problem
	Settings
	oracle   Oracle
	pool     *pool
	best     Result
	accuracy float64 // the coarsest that the master may have
	effort   Effort
}

func newRun(p Problem, o Oracle, s Settings) *run {
	r := &run{Problem: p, Settings: s, oracle: o, accuracy: coarsestMaster}
	r.pool = newPool(p)
	r.pool.warm(s.Start)
	// The start is the best network until a master has been solved.
	r.best.Objective = r.pool.master.Objective()
	r.best.Neurons, r.best.Intercept = r.pool.network()
	r.best.Columns = len(r.pool.directions)
	return r
}

func (r *run) loop(ctx context.Context) error {
	stalled := 0
	for ctx.Err() == nil && (r.MaxRounds == 0 || r.best.Rounds < r.MaxRounds) {
		r.best.Rounds++
		before, bound := r.best.Objective, r.bound(Quick)
		r.solve(ctx)
		added, err := r.price(ctx)
		if err != nil {
			return err
		}
		if r.Progress != nil {
			r.Progress(&r.best)
		}
		if r.best.Converged = r.gap(Final) <= r.Tolerance; r.best.Converged {
			return nil
		}
		improved := r.best.Objective < before*(1-1e-12) || r.bound(Quick) > bound*(1+1e-12)
		if stalled++; improved {
			stalled = 0
			r.pool.retire()
		}
		if stalled >= patience || !r.adapt(added, stalled > 0) {
			return nil
		}
	}
	return nil
}

// adapt chooses the effort of the next round, and the master's accuracy. It reports
// false if nothing is left to try.
func (r *run) adapt(added int, stalled bool) bool {
	switch {
	case r.effort < Final && (added == 0 || r.gap(r.effort) <= r.Tolerance):
		r.effort++
	case added > 0:
		// What the final search finds, it finds for cheaper ones to follow up.
		r.effort = min(r.effort, Careful)
		if stalled {
			// Directions may violate the constraint by the master's error alone.
			r.accuracy = max(r.accuracy/10, finestMaster)
		}
	case r.accuracy <= finestMaster:
		return false
	default:
		r.accuracy /= 10
	}
	return true
}

// solve solves the restricted master and keeps its network if it is the best.
func (r *run) solve(ctx context.Context) {
	gap := r.gap(Quick)
	accuracy := min(r.accuracy, max(masterShare*gap, finestMaster))
	objective := r.pool.solve(ctx, accuracy)
	if r.Loss != nil && gap > descendGap && r.best.Rounds > descendRounds {
		r.pool.descend(ctx)
		objective = r.pool.solve(ctx, accuracy)
	}
	if objective < r.best.Objective {
		r.best.Objective = objective
		r.best.Neurons, r.best.Intercept = r.pool.network()
	}
	r.best.Columns = len(r.pool.directions)
}

// price asks the oracle at a dual point and returns how many directions it added.
func (r *run) price(ctx context.Context) (added int, err error) {
	newest := r.pool.dual()
	for _, point := range r.points(newest) {
		found, err := r.oracle.Price(ctx, Query{
			Dual: point, Active: r.pool.active(), Effort: r.effort, Round: r.best.Rounds, Objective: r.best.Objective,
		})
		if err != nil {
			return added, err
		}
		if added += r.pool.add(found, newest, point); added > 0 {
			break
		}
	}
	return added, nil
}

// points lists the dual points to price, in turn until one gives a direction.
func (r *run) points(newest []float64) [][]float64 {
	steady, _ := r.oracle.Best(min(r.effort, Careful))
	switch {
	case steady == nil:
		return [][]float64{newest}
	case r.effort == Final && r.gap(Careful) <= r.Tolerance:
		// The point whose bound would do is the one to confirm.
		return [][]float64{steady, newest}
	}
	between := make([]float64, len(newest))
	for i, v := range newest {
		between[i] = (v + steady[i]) / 2
	}
	return [][]float64{between, newest}
}

// gap is the relative gap by searches of at least this effort.
func (r *run) gap(least Effort) float64 {
	bound, objective := r.bound(least), r.best.Objective
	if objective <= bound || objective <= 0 {
		return 0
	}
	return (objective - bound) / objective
}

func (r *run) bound(least Effort) float64 {
	_, bound := r.oracle.Best(least)
	return bound
}
