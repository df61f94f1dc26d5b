// Command pricing measures [pricing.BranchAndBound]: nodes and seconds,
// medians over seeds, for random weights and for the residuals that the end of
// training prices.
//
//	go run ./bench/pricing            ten instances of each size
//	go run ./bench/pricing -seeds 3   faster
//	go run ./bench/pricing -large     with larger residuals
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/convexnn"
)

const (
	beta     = 0.3
	nearness = 1e-6 // by how much a near-optimal residual may violate its constraint
)

func main() {
	log.SetFlags(0)
	seeds := flag.Int("seeds", 10, "instances of each size")
	nodes := flag.Int("nodes", 200_000, "most nodes of a tree")
	large := flag.Bool("large", false, "also three near-optimal residuals of n=60, d=10, which takes minutes")
	flag.Parse()

	fmt.Printf("%-28s %3s %3s %10s %9s %10s %7s %8s\n", "weights", "n", "d", "nodes", "seconds", "theta", "closed", "missed")
	for _, size := range [][2]int{{20, 5}, {20, 10}, {30, 5}, {30, 10}, {30, 20}, {60, 10}, {100, 5}, {200, 5}} {
		var runs []run
		for seed := range *seeds {
			x, rng := data(size[0], size[1], uint64(seed))
			v := make([]float64, size[0])
			for i := range v {
				v[i] = rng.NormFloat64()
			}
			runs = append(runs, measure(x, v, pricing.TreeSettings{MaxNodes: *nodes}))
		}
		report("random", size, runs)
	}
	sizes := [][2]int{{20, 5}, {30, 5}, {30, 10}}
	if *large {
		sizes = append(sizes, [2]int{60, 10})
	}
	for _, size := range sizes {
		var free, floor []run
		for seed := range *seeds {
			if size[0] == 60 && seed == 3 { // training takes minutes
				break
			}
			x, v := residual(size[0], size[1], uint64(seed))
			for _, sign := range []float64{1, -1} {
				w := floats.ScaleTo(make([]float64, len(v)), sign, v)
				free = append(free, measure(x, w, pricing.TreeSettings{MaxNodes: *nodes}))
				floor = append(floor, measure(x, w, pricing.TreeSettings{MaxNodes: *nodes, Floor: beta * (1 + nearness)}))
			}
		}
		report("near-optimal", size, free)
		report("near-optimal, floor beta", size, floor)
	}
}

// A run is one call of branch and bound.
type run struct {
	pricing.Result
	seconds float64
	missed  bool // local search alone did not find the value
}

func measure(x *mat.Dense, v []float64, s pricing.TreeSettings) run {
	local, err := pricing.Local(context.Background(), x, v, pricing.LocalSettings{})
	if err != nil {
		log.Fatal(err)
	}
	start := time.Now()
	r, err := pricing.BranchAndBound(context.Background(), x, v, s)
	if err != nil {
		log.Fatal(err)
	}
	return run{r, time.Since(start).Seconds(), local.Value < r.Value*(1-1e-8)}
}

func report(name string, size [2]int, runs []run) {
	median := func(of func(run) float64) float64 {
		all := make([]float64, len(runs))
		for i, r := range runs {
			all[i] = of(r)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	closed, missed := 0, 0
	for _, r := range runs {
		if r.Closed {
			closed++
		}
		if r.missed {
			missed++
		}
	}
	fmt.Printf("%-28s %3d %3d %10.0f %9.4f %10.6f %4d/%-2d %5d/%-2d\n", name, size[0], size[1],
		median(func(r run) float64 { return float64(r.Nodes) }),
		median(func(r run) float64 { return r.seconds }),
		median(func(r run) float64 { return r.Value }), closed, len(runs), missed, len(runs))
}

// data returns n standard Gaussian samples in d-1 dimensions and a column of
// ones, and the generator to go on with.
func data(n, d int, seed uint64) (*mat.Dense, *rand.Rand) {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for k := range d - 1 {
			x.Set(i, k, rng.NormFloat64())
		}
		x.Set(i, d-1, 1)
	}
	return x, rng
}

// residual trains a network over all patterns on the target sin(3 x.w) plus
// noise, by adding the patterns of the directions that price above beta, and
// returns the data and the residual of the last program.
func residual(n, d int, seed uint64) (*mat.Dense, []float64) {
	x, rng := data(n, d, seed)
	w := make([]float64, d-1)
	for k := range w {
		w[k] = rng.NormFloat64()
	}
	floats.Scale(1/floats.Norm(w, 2), w)
	y := make([]float64, n)
	for i := range y {
		y[i] = math.Sin(3*floats.Dot(w, x.RawRowView(i)[:d-1])) + 0.1*rng.NormFloat64()
	}
	ctx := context.Background()
	cells, _, err := arrangements.Sample(ctx, x, 5, arrangements.SampleSettings{Seed: seed})
	if err != nil {
		log.Fatal(err)
	}
	for {
		program, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: beta})
		if err != nil {
			log.Fatal(err)
		}
		solution, err := program.Solve(ctx, convexnn.SolveSettings{Tolerance: 1e-9})
		if err != nil {
			log.Fatal(err)
		}
		v, err := program.Residual(solution.Weights)
		if err != nil {
			log.Fatal(err)
		}
		added := false
		for _, sign := range []float64{1, -1} {
			w := floats.ScaleTo(make([]float64, n), sign, v)
			// A full tree only where local search has nothing to offer.
			r, err := pricing.Local(ctx, x, w, pricing.LocalSettings{Keep: 24})
			if err == nil && r.Value <= beta*(1+nearness) {
				r, err = pricing.BranchAndBound(ctx, x, w, pricing.TreeSettings{Floor: beta * (1 + nearness), Tolerance: nearness / 10})
			}
			if err != nil {
				log.Fatal(err)
			}
			for _, f := range r.Found {
				if f.Value <= beta*(1+nearness) {
					break
				}
				cell, err := arrangements.CellAt(x, f.Vector)
				if err != nil {
					log.Fatal(err)
				}
				if !slices.ContainsFunc(cells, func(c arrangements.Cell) bool { return c.Pattern.Equal(cell.Pattern) }) {
					cells, added = append(cells, cell), true
				}
			}
		}
		if !added {
			return x, v
		}
	}
}
