// Command exact measures the exact training of networks of a fixed width: how many convex
// programs the branch and bound solves beside the plain list of all tuples, and how the
// search grows.
//
//	go run ./bench/exact            medians of ten instances of each size
//	go run ./bench/exact -reps 3    faster
//	go run ./bench/exact -quick     a smoke test
//
// The samples are Gaussian, with a last column of ones where the size says bias, and the
// targets are Gaussian: the hardest there are for a small network, as there is nothing to
// find. The list is run where there are at most -list tuples. Both begin with the same
// local searches. That both find one objective, and prove it, is checked.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/arora"
)

type size struct {
	n, d, m int
	bias    bool
	beta    float64
}

var sizes = []size{
	{8, 2, 2, false, 0},
	{8, 2, 3, false, 0},
	{8, 2, 3, false, 0.1},
	{8, 3, 3, true, 0},
	{12, 2, 4, false, 0},
	{15, 3, 3, true, 0},
	{15, 3, 3, true, 0.1},
	{20, 3, 3, true, 0},
	{20, 3, 3, true, 0.1},
	{30, 3, 2, true, 0},
	{12, 4, 3, true, 0},
	{100, 2, 2, true, 0},
	{100, 2, 3, true, 0},
	{100, 2, 3, true, 0.1},
}

func main() {
	log.SetFlags(0)
	reps := flag.Int("reps", 10, "instances of each size")
	list := flag.Float64("list", 3e5, "most tuples that the list is run on")
	quick := flag.Bool("quick", false, "a smoke test: the first sizes, two instances of each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	todo := sizes
	if *quick {
		todo, *reps = sizes[:3], 2
	}
	if err := run(ctx, os.Stdout, todo, *reps, *list); err != nil {
		log.Fatal(err)
	}
}

// An instance is what was measured of one instance.
type instance struct {
	tuples, cells                 float64
	programs, bounds, nodes, took float64
	listPrograms, listTook, ratio float64
}

func run(ctx context.Context, w io.Writer, sizes []size, reps int, most float64) error {
	fmt.Fprintln(w, "| n, d, m | beta | cells | tuples | programs | bounds | nodes | seconds | list: programs | seconds | programs, list / branch |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
	for _, s := range sizes {
		var all []instance
		for seed := range uint64(reps) {
			v, err := measure(ctx, s, seed, most)
			if err != nil {
				return fmt.Errorf("n=%d d=%d m=%d seed %d: %w", s.n, s.d, s.m, seed, err)
			}
			all = append(all, v)
		}
		median := func(of func(instance) float64) float64 { return table.MedianOf(all, of) }
		fmt.Fprintf(w, "| %d, %d, %d%s | %g | %.0f | %.2g | %.0f | %.0f | %.0f | %.2g | %s | %s | %s |\n",
			s.n, s.d, s.m, map[bool]string{true: " (bias)"}[s.bias], s.beta,
			median(func(v instance) float64 { return v.cells }), median(func(v instance) float64 { return v.tuples }),
			median(func(v instance) float64 { return v.programs }), median(func(v instance) float64 { return v.bounds }),
			median(func(v instance) float64 { return v.nodes }), median(func(v instance) float64 { return v.took }),
			known("%.0f", median(func(v instance) float64 { return v.listPrograms })),
			known("%.2g", median(func(v instance) float64 { return v.listTook })),
			known("%.1f", median(func(v instance) float64 { return v.ratio })))
	}
	return nil
}

// known writes a number, or a dash for NaN.
func known(format string, v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

func measure(ctx context.Context, s size, seed uint64, most float64) (instance, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	x, y := mat.NewDense(s.n, s.d, nil), make([]float64, s.n)
	for i := range s.n {
		for j := range s.d {
			x.Set(i, j, rng.NormFloat64())
		}
		if s.bias {
			x.Set(i, s.d-1, 1)
		}
		y[i] = rng.NormFloat64()
	}
	solve := func(method arora.Method) (*arora.Result, float64, error) {
		start := time.Now()
		r, err := arora.Train(ctx, x, y, arora.Settings{Neurons: s.m, Beta: s.beta, Method: method, MaxTuples: math.Inf(1)})
		if err != nil {
			return nil, 0, err
		}
		if r.Status != convexnn.Solved {
			return nil, 0, fmt.Errorf("%v: %v", method, r.Status)
		}
		return r, time.Since(start).Seconds(), nil
	}
	r, took, err := solve(arora.Branch)
	if err != nil {
		return instance{}, err
	}
	v := instance{
		tuples: r.Counts.Tuples, cells: float64(r.Counts.Cells), took: took,
		programs: float64(r.Counts.QPs), bounds: float64(r.Counts.Bounds), nodes: float64(r.Counts.Nodes),
		listPrograms: math.NaN(), listTook: math.NaN(), ratio: math.NaN(),
	}
	if v.tuples > most {
		return v, nil
	}
	list, took, err := solve(arora.List)
	if err != nil {
		return instance{}, err
	}
	if math.Abs(list.Objective-r.Objective) > 3e-6*r.Objective+1e-12 {
		return instance{}, fmt.Errorf("the list found %.9g, the branch and bound %.9g", list.Objective, r.Objective)
	}
	v.listPrograms, v.listTook = float64(list.Counts.QPs), took
	v.ratio = v.listPrograms / max(v.programs, 1)
	return v, nil
}
