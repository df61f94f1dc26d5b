// Command pricing measures the price theta(v) of a neuron: proofs of it, and how they
// and local search grow.
//
//	go run ./bench/pricing            ten instances of each size
//	go run ./bench/pricing -reps 3    faster; -seeds is another name of -reps
//	go run ./bench/pricing -large     with larger residuals
//	go run ./bench/pricing -sweep     one of the three tables; also -proofs and -local
//	go run ./bench/pricing -quick     a smoke test
//
// The samples are Gaussian with a column of ones, so that the rank is d.
//
// Proofs: nodes and seconds of [pricing.BranchAndBound], medians over seeds, for random
// weights and for the residuals that the end of training prices. Closed counts the
// instances that were proved within -nodes, missed those whose value local search alone
// did not find.
//
// Sweep: the same and [pricing.ByCells] for random weights while n doubles, and while d
// does, each until its next size would take longer than -time. A tree that does is cut
// short and counts as not closed; how long one takes varies a great deal with the
// weights. A visit of the cells prices v and -v; its arrangement was made before. That
// both find one theta is checked.
//
// Local: starts per second of [pricing.Local], with nothing but ascents, and the seconds
// of a search with the default settings, which has 64 starts and improves the best
// directions.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/bench/internal/table"
)

// A settings holds the flags.
type settings struct {
	quick, large         bool
	proofs, sweep, local bool
	reps, nodes          int
	limit                time.Duration
	json                 string
}

func main() {
	log.SetFlags(0)
	s, err := flags(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, s); err != nil {
		log.Fatal(err)
	}
}

func flags(args []string) (settings, error) {
	var s settings
	set := flag.NewFlagSet("pricing", flag.ExitOnError)
	set.BoolVar(&s.quick, "quick", false, "a smoke test: few small sizes, two instances of each")
	set.BoolVar(&s.large, "large", false, "also three near-optimal residuals of n=60, d=10, which takes minutes")
	set.BoolVar(&s.proofs, "proofs", false, "the table of proofs")
	set.BoolVar(&s.sweep, "sweep", false, "the table of growth")
	set.BoolVar(&s.local, "local", false, "the table of local search")
	set.IntVar(&s.reps, "reps", 10, "instances of each size")
	set.IntVar(&s.reps, "seeds", 10, "the same as -reps")
	set.IntVar(&s.nodes, "nodes", 200_000, "most nodes of a tree")
	set.DurationVar(&s.limit, "time", 5*time.Second, "most time of a run of the sweep, about")
	set.StringVar(&s.json, "json", "", "file to write all figures to")
	if err := set.Parse(args); err != nil {
		return s, err
	}
	if set.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if s.reps < 1 || s.nodes < 1 || s.limit <= 0 {
		return s, errors.New("-reps, -nodes and -time must be positive")
	}
	if s.quick {
		s.reps, s.limit = min(s.reps, 2), 100*time.Millisecond
	}
	if !s.proofs && !s.sweep && !s.local {
		s.proofs, s.sweep, s.local = true, true, true
	}
	return s, nil
}

func run(ctx context.Context, w io.Writer, s settings) error {
	fmt.Fprintf(w, "%d threads, %s; medians of %d.\n", runtime.GOMAXPROCS(0), runtime.Version(), s.reps)
	figures := struct {
		Threads int      `json:"threads"`
		Go      string   `json:"go"`
		Proofs  []proof  `json:"proofs,omitempty"`
		Sweep   []growth `json:"sweep,omitempty"`
		Local   []search `json:"local,omitempty"`
	}{Threads: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	var err error
	if s.proofs {
		if figures.Proofs, err = proofs(ctx, w, s); err != nil {
			return err
		}
	}
	if s.sweep {
		if figures.Sweep, err = sweep(ctx, w, s); err != nil {
			return err
		}
	}
	if s.local {
		if figures.Local, err = local(ctx, w, s); err != nil {
			return err
		}
	}
	if s.json == "" {
		return nil
	}
	return table.WriteJSON(s.json, figures)
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

// weighted returns such samples and one standard Gaussian weight for each.
func weighted(n, d int, seed uint64) (*mat.Dense, []float64) {
	x, rng := data(n, d, seed)
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return x, v
}
