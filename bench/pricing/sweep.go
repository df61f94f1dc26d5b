package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/bench/internal/table"
)

// mostMemory bounds what a visit of cells may hold.
const mostMemory = 4 << 30

// A growth is what branch and bound and a visit of the cells took on one size: medians,
// NaN where it would have taken too long.
type growth struct {
	Grows  string `json:"grows"`
	N      int    `json:"n"`
	D      int    `json:"d"`
	Tree   *work  `json:"branch_and_bound,omitempty"` // count is nodes
	Closed int    `json:"closed"`                     // trees that were, within the nodes and the time
	Cells  *work  `json:"cells,omitempty"`            // count is cells
}

// A work is a count of what was done, and the time.
type work struct {
	Count   float64 `json:"count"`
	Seconds float64 `json:"seconds"`
}

// A series is a list of sizes along which one number grows.
type series struct {
	grows string
	sizes [][2]int // n, d
}

// doubling returns the series of the sweep.
func doubling(s settings) []series {
	ranks, most, n := []int{3, 5, 10, 20}, 6400, 50
	if s.quick {
		ranks, most = []int{3, 10}, 50
	}
	var out []series
	for _, d := range ranks {
		along := series{grows: "n"}
		for m := 25; m <= most; m *= 2 {
			along.sizes = append(along.sizes, [2]int{m, d})
		}
		out = append(out, along)
	}
	along := series{grows: "d"}
	for d := 3; d < n; d *= 2 {
		along.sizes = append(along.sizes, [2]int{n, d})
	}
	return append(out, along)
}

// sweep prints how the proofs of theta grow, and returns the rows.
func sweep(ctx context.Context, w io.Writer, s settings) ([]growth, error) {
	fmt.Fprintf(w, "\nGrowth of proofs for random weights: branch and bound within %s nodes and %v, and a visit of all cells for both signs.\n\n", table.Number(float64(s.nodes)), s.limit)
	rows := table.New(w, "grows", "n", "d", "nodes", "growth", "seconds", "growth", "nodes/s", "closed",
		"cells", "growth", "seconds", "growth", "cells/s")
	var all []growth
	for _, along := range doubling(s) {
		tree, cells := newTrend(s.limit), newTrend(s.limit)
		for _, size := range along.sizes {
			g, err := measure(ctx, s, size[0], size[1], !tree.over, !cells.over)
			if err != nil {
				return all, fmt.Errorf("n=%d, d=%d: %w", size[0], size[1], err)
			}
			g.Grows = along.grows
			left := append([]any{g.Grows, g.N, g.D}, tree.next(g.Tree)...)
			closed := "-"
			if g.Tree != nil {
				closed = share(g.Closed, s.reps)
				// Where most are cut short a larger size says nothing more.
				tree.over = tree.over || 2*g.Closed < s.reps
			}
			right := cells.next(g.Cells)
			if g.Tree == nil && g.Cells == nil {
				break
			}
			rows.Row(append(append(left, closed), right...)...)
			all = append(all, g)
		}
	}
	return all, nil
}

// A trend follows what one method takes from size to size.
type trend struct {
	count, seconds table.Growth
	limit          float64 // of seconds
	over           bool    // the next size would take longer
}

func newTrend(limit time.Duration) *trend { return &trend{limit: limit.Seconds()} }

// next returns the cells of a row: the count and its growth, the seconds and theirs,
// and the count per second.
func (t *trend) next(w *work) []any {
	if w == nil {
		t.over = true
		none := math.NaN()
		return []any{none, none, none, none, none}
	}
	slower := t.seconds.Next(w.Seconds)
	// The next step is taken to cost as much more as this one did.
	t.over = t.over || w.Seconds*max(1, slower) > t.limit || w.Seconds > t.limit
	return []any{w.Count, t.count.Next(w.Count), w.Seconds, slower, math.Round(w.Count / w.Seconds)}
}

// measure proves theta of random weights by the methods asked for. The cells are left
// out where their number alone says that they take too long.
func measure(ctx context.Context, s settings, n, d int, tree, cells bool) (growth, error) {
	g := growth{N: n, D: d}
	var trees, visits []work
	for seed := range s.reps {
		x, v := weighted(n, d, uint64(seed))
		var theta float64
		closed := false
		if tree {
			grown, r, err := byTree(ctx, s, x, v)
			if err != nil {
				return g, err
			}
			if theta, closed = r.Value, r.Closed; closed {
				g.Closed++
			}
			trees = append(trees, grown)
		}
		if !cells {
			continue
		}
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			return g, err
		}
		if a.Cost() > s.limit.Seconds() || a.Memory() > mostMemory {
			cells = false
			continue
		}
		visit, price, err := byCells(ctx, x, a, v)
		if err != nil {
			return g, err
		}
		if closed && math.Abs(price-theta) > 1e-7*theta {
			return g, fmt.Errorf("seed %d: theta is %.10g by branch and bound, %.10g by cells", seed, theta, price)
		}
		visits = append(visits, visit)
	}
	g.Tree, g.Cells = typical(trees), typical(visits)
	return g, nil
}

// byTree times branch and bound, cut short by the clock as by the number of nodes.
func byTree(ctx context.Context, s settings, x *mat.Dense, v []float64) (work, pricing.Result, error) {
	var r pricing.Result
	seconds, err := table.Seconds(func() error {
		short, cancel := context.WithTimeout(ctx, s.limit)
		defer cancel()
		var err error
		r, err = pricing.BranchAndBound(short, x, v, pricing.TreeSettings{MaxNodes: s.nodes})
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return nil
		}
		return err
	})
	return work{float64(r.Nodes), seconds}, r, err
}

// byCells times a visit of all cells and returns theta(v).
func byCells(ctx context.Context, x *mat.Dense, a *arrangements.Arrangement, v []float64) (work, float64, error) {
	var out work
	var theta float64
	seconds, err := table.Seconds(func() error {
		plus, _, cells, err := pricing.ByCells(ctx, x, a, v, pricing.CellSettings{})
		theta, out.Count = plus.Value, float64(cells)
		return err
	})
	out.Seconds = seconds
	return out, theta, err
}

// typical is the median of each number, nil of none.
func typical(list []work) *work {
	if len(list) == 0 {
		return nil
	}
	return &work{
		table.MedianOf(list, func(w work) float64 { return w.Count }),
		table.MedianOf(list, func(w work) float64 { return w.Seconds }),
	}
}
