// Command program compares solvers of the sub-sampled convex program: which accuracy
// they reach, and when.
//
//	bench/peers-env.sh                                        installs the peers in .venv-bench
//	go run ./bench/program -python .venv-bench/bin/python     all instances and solvers, hours
//	go run ./bench/program -data reference -limit 1m          some instances
//	go run ./bench/program -solvers scs,clarabel              some peers
//	go run ./bench/program -peers peers.json                  with the peers' runs kept, or taken from there
//	go run ./bench/program -quick                             a smoke test
//
// Every solver gets the same data, patterns and beta, in float64, and minimises
//
//	1/2 |sum_p D_p X (v_p - w_p) - y|^2 + beta sum_p (|v_p| + |w_p|)
//
// under the cone constraints ("relu"), or without w and constraints ("gated"). The
// peers are scnn, the augmented Lagrangian and R-FISTA of PyPI's pyscnn; scnn-mended, the
// former with multipliers that may fall, see peers.py; and Clarabel and SCS by CVXPY.
// What they return violates the constraints. So each block of their weights is projected
// onto its cone, and the weights are scaled as a whole to the best objective, as convexnn
// does with its own iterates. What counts is the distance of this objective from the
// lower end of a bracket that convexnn proves, of relative width 1e-9.
//
// Ours is the wall-clock time of building and solving the program with the tolerance
// on the duality gap at the level, so that its time includes a proof; the median of
// three where it is below ten seconds. A peer's is the least, over its settings, after
// which it had weights within the level, known or not: of scnn the iterates of a run
// are looked at, the clock stopped meanwhile, where successive ones are two per cent of
// the time apart; of Clarabel and SCS what they return for several tolerances, at the
// seconds that they report with set-up, less CVXPY's compilation. Runs follow each
// other, each with -threads threads, at most -limit and -memory; scnn gets one thread
// where that is faster. A dash says in parentheses what ended a peer early, and the
// accuracy that it came to.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

// A settings holds the flags.
type settings struct {
	python, peersFile, jsonFile string
	recipes                     []recipe
	solvers                     []solver
	threads                     int
	limit                       time.Duration
	memory                      int64 // GiB
}

func main() {
	log.SetFlags(0)
	s, err := flags()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

func flags() (settings, error) {
	var s settings
	var names, peers string
	var quick bool
	flag.StringVar(&names, "data", "", "instances, or how their names begin, separated by commas; all where empty")
	flag.StringVar(&peers, "solvers", "scnn,scnn-mended,clarabel,scs", "peers, separated by commas")
	flag.StringVar(&s.python, "python", "python3", "interpreter with the packages of requirements.txt")
	flag.StringVar(&s.peersFile, "peers", "", "file of the peers' runs: those it holds are not repeated, others are added")
	flag.StringVar(&s.jsonFile, "json", "", "file to write all figures and traces to")
	flag.IntVar(&s.threads, "threads", 2, "threads of each solver")
	flag.DurationVar(&s.limit, "limit", 10*time.Minute, "most time of each run")
	flag.Int64Var(&s.memory, "memory", 18, "GiB of address space that a peer may take")
	flag.BoolVar(&quick, "quick", false, "a smoke test: the reference instance alone, 20 s a run")
	flag.Parse()
	if flag.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if s.threads < 1 || s.limit <= 0 || s.memory < 1 {
		return s, errors.New("-threads, -limit and -memory must be positive")
	}
	if quick {
		s.limit = min(s.limit, 20*time.Second)
		if names == "" {
			names = "reference-1"
		}
	}
	runtime.GOMAXPROCS(s.threads)
	var err error
	if s.recipes, err = choose(split(names)); err != nil {
		return s, err
	}
	s.solvers, err = chooseSolvers(split(peers))
	return s, err
}

// split returns the names in a list with commas.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// chooseSolvers returns the solvers with the names given; none is fine.
func chooseSolvers(names []string) ([]solver, error) {
	all := solvers()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s solver) bool { return s.name == name }) {
			return nil, fmt.Errorf("there is no solver %q", name)
		}
	}
	return slices.DeleteFunc(all, func(s solver) bool { return !slices.Contains(names, s.name) }), nil
}

// run compares all solvers on each instance and model and prints a row for each.
func run(ctx context.Context, s settings) error {
	kept, err := openArchive(s.peersFile)
	if err != nil {
		return err
	}
	fmt.Printf("%d threads, %s, at most %v and %d GiB for a run.\n\n%s\n", s.threads, runtime.Version(), s.limit, s.memory, header(s.solvers))
	var rows []*row
	for _, recipe := range s.recipes {
		in, err := recipe.make(ctx)
		if err != nil {
			return err
		}
		for _, model := range []convexnn.Model{convexnn.ReLU, convexnn.Gated} {
			r, err := measure(ctx, s, kept, in, model)
			if err != nil {
				return err
			}
			fmt.Println(r)
			rows = append(rows, r)
			if s.jsonFile != "" {
				if err := table.WriteJSON(s.jsonFile, rows); err != nil {
					return err
				}
			}
		}
	}
	fmt.Printf("\n%s\n", detailHeader)
	for _, r := range rows {
		for _, text := range r.details() {
			fmt.Println(text)
		}
	}
	fmt.Printf("\n%s", summary(rows, kept))
	return nil
}

// measure runs ours and then the peers on one program.
func measure(ctx context.Context, s settings, kept *archive, in *instance, model convexnn.Model) (*row, error) {
	n, d := in.x.Dims()
	r := &row{Instance: in.name, Model: model.String(), N: n, D: d, Patterns: len(in.cells), Beta: in.beta}
	var err error
	if r.Exact, err = timeOurs(ctx, s, in, model, optimumTolerance, 1); err != nil {
		return nil, err
	}
	r.Optimum = bracket{r.Exact.LowerBound, r.Exact.Objective}
	for _, level := range levels {
		o, err := timeOurs(ctx, s, in, model, level, repeats)
		if err != nil {
			return nil, err
		}
		r.Ours = append(r.Ours, o)
	}
	for _, by := range s.solvers {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if by.relu && model != convexnn.ReLU {
			r.Peers = append(r.Peers, &peer{Solver: by.name})
			continue
		}
		p, err := kept.results(ctx, s, in, model, by)
		if err != nil {
			return nil, err
		}
		r.Peers = append(r.Peers, p)
	}
	return r, ctx.Err()
}

// summary says what the peers were, and whether anything speaks against the optima.
func summary(rows []*row, kept *archive) string {
	var text strings.Builder
	if kept.used > 0 {
		fmt.Fprintf(&text, "%d of %d runs of peers are from a file.\n", kept.used, kept.used+kept.made)
	}
	widest, refuted := 0.0, false
	versions := map[string]bool{}
	for _, r := range rows {
		widest = max(widest, r.Optimum.accuracy(r.Optimum.Upper))
		if why := r.refuted(); why != "" {
			fmt.Fprintln(&text, why+".")
			refuted = true
		}
		for _, p := range r.Peers {
			var list []string
			for name, version := range p.Versions {
				list = append(list, name+" "+version)
			}
			if slices.Sort(list); len(list) > 0 {
				versions[strings.Join(list, ", ")] = true
			}
		}
	}
	fmt.Fprintf(&text, "The widest bracket of an optimum is %.1e.", widest)
	if !refuted {
		text.WriteString(" No solver has an objective below any of them.")
	}
	text.WriteString("\n")
	for list := range versions {
		fmt.Fprintf(&text, "Peers: %s.\n", list)
	}
	return text.String()
}
