// Command scale measures the time and the memory of the convex program over sampled
// patterns as samples, columns and patterns double, one by one and together.
//
//	go run ./bench/scale            from n=2,500, d=25, P=250; an hour or two
//	go run ./bench/scale -large     up to n=20,000, d=100, P=2,000 as well; hours more
//	go run ./bench/scale -quick     a smoke test
//
// The data are Gaussian samples with a column of ones, and for each the output of a
// network of eight neurons plus noise of deviation 0.1. The patterns are those of
// Gaussian gates. beta is a tenth (-beta) of the largest price of y and -y that local
// search finds from eight starts, an estimate of beta_max. The program is solved to a
// gap of 1e-2 (-tol), without the second phase, which is for smaller data and gaps. An
// iteration of ADMM makes passes over n d P: for the cones and the fit, and one for each
// step of conjugate gradients where these update the weights. Up to n=4,000 it is the
// n x n factor that does, unless -cg is given. How many iterations there are is up to the
// data, and the gap is looked at whenever they have grown by half.
//
// A second table says what a process takes at most, next to what
// [convexnn.EstimateMemory] says, and a third how long the solve takes with the n x n
// factor and with conjugate gradients, on both sides of SolveSettings.DirectLimit.
//
// Each solve is that of a process of its own, the program itself with other arguments:
// its peak is that of one size. CPU seconds and the peak are those of the whole process,
// data and sampling included; seconds are those of the solve. Each size is solved
// for -reps seeds, the largest ones for one, and medians are printed. GOMAXPROCS in the
// environment sets the threads.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
)

// A settings holds the flags.
type settings struct {
	quick, large    bool
	cg              bool
	reps            int
	json            string
	beta, tolerance float64
	limit           time.Duration
}

func main() {
	log.SetFlags(0)
	if given, ok := childTask(os.Args); ok {
		if err := child(given, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
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
	set := flag.NewFlagSet("scale", flag.ExitOnError)
	set.BoolVar(&s.quick, "quick", false, "a smoke test: small sizes, once each")
	set.BoolVar(&s.large, "large", false, "also the sizes that take hours, once each")
	set.BoolVar(&s.cg, "cg", false, "conjugate gradients at every size of the first two tables")
	set.IntVar(&s.reps, "reps", 3, "seeds of each size")
	set.StringVar(&s.json, "json", "", "file to write all figures to")
	set.Float64Var(&s.beta, "beta", 0.1, "strength of the regularisation over the estimate of beta_max")
	set.Float64Var(&s.tolerance, "tol", 1e-2, "relative gap at which a solve ends")
	set.DurationVar(&s.limit, "time", 6*time.Hour, "most time of a solve")
	if err := set.Parse(args); err != nil {
		return s, err
	}
	if set.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if s.reps < 1 || !(s.beta > 0) || !(s.tolerance > 0) || s.limit <= 0 {
		return s, errors.New("-reps, -beta, -tol and -time must be positive")
	}
	if s.quick && s.large {
		return s, errors.New("-quick and -large exclude each other")
	}
	if s.quick {
		s.reps = 1
	}
	return s, nil
}

func run(ctx context.Context, w io.Writer, s settings) error {
	fmt.Fprintf(w, "%d threads, %s; beta %g of the estimate of beta_max, gap %g.\n", runtime.GOMAXPROCS(0), runtime.Version(), s.beta, s.tolerance)
	l, err := newLab(s)
	if err != nil {
		return err
	}
	groups := doublings(s)
	if err := times(ctx, w, l, groups); err != nil {
		return err
	}
	if err := memory(ctx, w, l, groups); err != nil {
		return err
	}
	return systems(ctx, w, l, crossings(s))
}

// A lab runs each case once, in processes of their own, and keeps what came out.
type lab struct {
	settings
	program string // what to run as a child
	done    map[size][]outcome
	all     []outcome
}

func newLab(s settings) (*lab, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &lab{settings: s, program: program, done: map[size][]outcome{}}, nil
}

// outcomes returns those of a size for each seed, and measures them where they are
// not known yet.
func (l *lab) outcomes(ctx context.Context, c size) ([]outcome, error) {
	if known, ok := l.done[c]; ok {
		return known, nil
	}
	var list []outcome
	for seed := range l.seeds(c) {
		o, err := spawn(ctx, l.program, task{size: c, Ratio: l.beta, Tolerance: l.tolerance, Limit: l.limit, Seed: uint64(seed)})
		if err != nil {
			return nil, fmt.Errorf("%v, seed %d: %w", c, seed, err)
		}
		fmt.Fprintf(os.Stderr, "%v, seed %d: %v\n", c, seed, o)
		list, l.all = append(list, o), append(l.all, o)
		if l.json != "" { // after each, as the next may take hours
			if err := table.WriteJSON(l.json, l.report()); err != nil {
				return nil, err
			}
		}
	}
	l.done[c] = list
	return list, nil
}

// seeds returns how often a size is solved.
func (l *lab) seeds(c size) int {
	if c.work() > mostRepeated || c.Factored && c.N > mostFactored {
		return 1
	}
	return l.reps
}

func (l *lab) report() any {
	return struct {
		Threads int       `json:"threads"`
		Go      string    `json:"go"`
		Solves  []outcome `json:"solves"`
	}{runtime.GOMAXPROCS(0), runtime.Version(), l.all}
}
