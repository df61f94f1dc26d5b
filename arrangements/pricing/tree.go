package pricing

import (
	"container/heap"
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/parallel"
)

// TreeSettings are the settings of [BranchAndBound]. The zero value is usable.
type TreeSettings struct {
	// Tolerance is the difference of Upper and Value, relative to the larger of
	// Value and Floor, at which the search ends. 0 means 1e-8.
	Tolerance float64
	// Floor is a value below which the caller does not care: the search ends as
	// soon as theta(v) <= max(Value, Floor) is proved up to the tolerance. 0 means
	// that theta(v) itself is wanted.
	Floor float64
	// MaxNodes bounds the nodes of the tree. 0 means 1e6, or less if their memory,
	// 10 n bytes each at most, would pass 2 GiB.
	MaxNodes int
	// Given are starting directions of length d and any norm, as in
	// [LocalSettings].
	Given [][]float64
	// Seed selects the random starts of the local search that comes first.
	Seed uint64
	// Keep is the most directions that Result.Found holds. 0 means 16.
	Keep int
	// Progress, if set, is called after each round of nodes, from the goroutine of
	// the caller, with the bounds known and the nodes done.
	Progress func(lower, upper float64, nodes int)
}

const (
	roundNodes = 64 // nodes bounded before what they found is shared
	nodeChunk  = 4  // nodes that share a workspace
	// eagerNodes is the number of nodes that look for new directions in earnest;
	// later ones only follow a direction that is better already.
	eagerNodes = 1024
)

// BranchAndBound computes theta(v), the largest value of sum_i v_i (x_i.u)_+ over
// unit vectors u, for the rows of x (n x d) and v of length n, by branch and bound
// over the sides of the samples with v_i > 0. Where the rows span at most a plane
// or no v_i is positive, there is no tree, and theta is exact up to rounding.
//
// The result is a function of x, v and the settings, unless ctx ends: then the best
// so far is returned with its error. Value and Upper bracket theta(v) whenever the
// search ends. Other errors wrap [ErrShape], arrangements.ErrNonFinite or
// [ErrSetting].
func BranchAndBound(ctx context.Context, x *mat.Dense, v []float64, settings TreeSettings) (Result, error) {
	if err := validate(x, v, settings.Given); err != nil {
		return Result{}, err
	}
	if err := settings.check(); err != nil {
		return Result{}, err
	}
	given := x
	x, v, exp := unscaled(x, v)
	p, k := newProblem(x, v, 0), newKinks(x, v)
	keep := keepOr(settings.Keep)
	r, ok := closedForm(p, k, keep)
	if !ok {
		t := newTree(p, k, settings, exp)
		t.found = p.search(ctx, LocalSettings{Given: settings.Given, Seed: settings.Seed})
		t.learn()
		t.grow(ctx)
		r = t.result()
	}
	if err := r.rescale(exp); err != nil {
		return Result{}, err
	}
	r.Upper = max(r.Upper, settings.Floor)
	r.addPatterns(given)
	return r, ctx.Err()
}

func (s TreeSettings) check() error {
	for _, c := range []struct {
		name  string
		value float64
	}{{"tolerance", s.Tolerance}, {"floor", s.Floor}} {
		if !(c.value >= 0) || math.IsInf(c.value, 0) {
			return fmt.Errorf("pricing: %s %g: %w: it must be at least 0 and finite", c.name, c.value, ErrSetting)
		}
	}
	if s.MaxNodes < 0 {
		return fmt.Errorf("pricing: %d nodes: %w: the number must not be negative", s.MaxNodes, ErrSetting)
	}
	return nil
}

// A node is one half of a region, that of one side of one kink; the root, with a
// kink of -1, is all of it.
type node struct {
	from  *region[float32]
	kink  int
	on    bool
	bound float64 // of F, in units of kinks
	order int     // breaks ties
}

// A queue is a heap of nodes, that of the largest bound first.
type queue []node

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].bound != q[j].bound {
		return q[i].bound > q[j].bound
	}
	return q[i].order < q[j].order
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *queue) Push(n any) { *q = append(*q, n.(node)) }

func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = node{} // lets go of the region
	*q = old[:len(old)-1]
	return last
}

// A tree is a branch and bound under way.
type tree struct {
	*problem
	kinks     *kinks
	settings  TreeSettings
	exp       int // of two, taken off x and v
	floor     float64
	tolerance float64
	maxNodes  int
	keep      int

	open    queue
	found   []point // directions, the best distinct ones first
	lower   float64 // the best value
	upper   float64 // of theta, in the same units
	nodes   int
	leaves  float64 // the largest bound of a leaf, in units of kinks
	workers []worker
}

// A worker is the workspace of one goroutine.
type worker struct {
	*relaxer
	ascent *ascent
}

// An outcome is what became of a node.
type outcome struct {
	bound  float64
	region *region[float32] // nil if the node is closed
	kink   int
	leaf   bool // closed with a bound that may exceed the cut
	found  point
}

func newTree(p *problem, k *kinks, settings TreeSettings, exp int) *tree {
	t := &tree{problem: p, kinks: k, settings: settings, exp: exp, keep: keepOr(settings.Keep)}
	// A floor past every value closes all there is.
	t.floor = min(math.Ldexp(settings.Floor, -exp), 2*p.size)
	if t.tolerance = settings.Tolerance; t.tolerance == 0 {
		t.tolerance = 1e-8
	}
	if t.maxNodes = settings.MaxNodes; t.maxNodes == 0 {
		t.maxNodes = min(1_000_000, 1<<31/(10*len(p.v)))
	}
	t.upper = (k.simple() + k.slack) * k.scale
	t.open = queue{{from: k.root(), kink: -1, bound: math.Inf(1)}}
	t.workers = make([]worker, parallel.Count(roundNodes, nodeChunk))
	return t
}

// learn sorts the directions found.
func (t *tree) learn() {
	for i, pt := range t.found {
		if pt.u != nil {
			t.found[i].value = Value(t.x, t.v, pt.u)
		}
	}
	t.found = distinct(t.found, t.keep)
	if len(t.found) > 0 && t.found[0].value > 1e-14*t.size {
		t.lower = max(t.lower, t.found[0].value)
	}
}

// cut is the bound of F up to which nodes are closed: all of the tolerance less what
// rounding takes. Where theta is so small that rounding would take more than half
// of the tolerance, what rounding needs takes its place.
func (t *tree) cut() float64 {
	level := max(t.lower, t.floor) / t.kinks.scale
	whole := t.tolerance * level
	return level + max(whole/2, whole-2*t.kinks.slack, 40*t.kinks.rounding)
}

// grow bounds nodes, those of the largest bounds first, round after round.
func (t *tree) grow(ctx context.Context) {
	for len(t.open) > 0 && t.nodes < t.maxNodes && ctx.Err() == nil {
		cut := t.cut()
		if t.open[0].bound <= cut {
			break
		}
		batch := make([]node, 0, roundNodes)
		for len(t.open) > 0 && len(batch) < min(roundNodes, t.maxNodes-t.nodes) {
			batch = append(batch, heap.Pop(&t.open).(node))
		}
		out := make([]outcome, len(batch))
		parallel.Chunks(len(batch), nodeChunk, func(c, lo, hi int) {
			if t.workers[c].relaxer == nil {
				t.workers[c] = worker{newRelaxer(t.kinks), t.newAscent()}
			}
			for i := lo; i < hi; i++ {
				out[i] = t.visit(&t.workers[c], batch[i], cut)
			}
		})
		fresh := false
		for i := range out {
			t.nodes++
			if out[i].found.u != nil {
				t.found, fresh = append(t.found, out[i].found), true
			}
			if out[i].leaf {
				t.leaves = max(t.leaves, out[i].bound)
			}
			if out[i].region == nil {
				continue
			}
			for side := range 2 {
				heap.Push(&t.open, node{
					from: out[i].region, kink: out[i].kink, on: side == 0,
					bound: out[i].bound, order: 2*t.nodes + side,
				})
			}
		}
		if fresh {
			t.learn()
		}
		t.bound()
		if t.settings.Progress != nil {
			t.settings.Progress(math.Ldexp(t.lower, t.exp), scaledUp(max(t.upper, t.floor), t.exp), t.nodes)
		}
	}
}

// bound updates the upper bound of theta: that of the open nodes, and the cut for
// all that was closed.
func (t *tree) bound() {
	most := max(t.cut(), t.leaves)
	if len(t.open) > 0 {
		most = max(most, t.open[0].bound)
	}
	t.upper = min(t.upper, (most+t.kinks.slack)*t.kinks.scale)
}

// visit bounds one node.
func (t *tree) visit(w *worker, n node, cut float64) outcome {
	w.unpack(n.from)
	switch {
	case n.kink < 0:
	case n.on:
		w.lo[n.kink] = 0
	default:
		w.hi[n.kink] = 0
	}
	if n.bound <= cut || !w.tighten(cut) {
		return outcome{}
	}
	out := outcome{kink: w.branch(), bound: min(n.bound, w.bound)}
	if out.kink < 0 {
		// The direction at a leaf has the value of its bound, and enters found.
		w.leaf()
		out.found = t.follow(w, 0)
		out.bound, out.leaf = min(n.bound, w.bound), true
		return out
	}
	least := t.lower * (1 + 1e-9)
	if t.nodes < eagerNodes {
		least = 0.9 * t.lower
	}
	out.found = t.follow(w, least)
	out.region = packed(w.region)
	return out
}

// follow ascends from the direction of the last relaxation if its value is at least
// the one given.
func (t *tree) follow(w *worker, least float64) point {
	u := t.kinks.lift(w.c)
	if u == nil || Value(t.x, t.v, u) < least {
		return point{}
	}
	return w.ascent.climb(u)
}

// branch returns an undecided convex kink with a large weight, a large second moment
// and room on both sides, or -1 if all are decided.
func (w *worker) branch() int {
	best, most := -1, math.Inf(-1)
	for k, a := range w.weight {
		if a < 0 || !w.free(k) {
			continue
		}
		lo, hi := w.lo[k], w.hi[k]
		if score := a * math.Sqrt(w.square[k]) * min(-lo, hi) / (hi - lo); score > most || best < 0 {
			best, most = k, score
		}
	}
	return best
}

func (t *tree) result() Result {
	r := t.problem.result(t.found, t.keep)
	r.Nodes = t.nodes
	cut := t.cut()
	for _, n := range t.open {
		if n.bound > cut {
			r.Open++
		}
	}
	r.Upper = max(t.upper, t.floor, r.Value)
	r.Closed = r.Open == 0 && t.leaves <= cut
	r.Exact = r.Closed && r.Value >= t.floor
	return r
}
