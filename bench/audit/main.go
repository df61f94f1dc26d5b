// Command audit measures training over all two-layer ReLU networks, and audits the bounds
// that it only suggests.
//
//	go run ./bench/audit                     the tables and the certified instances
//	go run ./bench/audit -table -data wine   training and audit on one table
//	go run ./bench/audit -table -long        and with ten times the time as well
//	go run ./bench/audit -exact              certified instances alone
//	go run ./bench/audit -frontier           what branch and bound proves in five minutes
//
// All rows of the built-in tables are trained on: features standardised, a column of
// ones appended and penalised, labels -1 and +1, the target of a regression
// standardised.
//
// On hundreds of samples the bound of a training is an estimate by local search. Its
// audit prices the dual vector anew, from a hundred times the starts of a search in
// training, with fresh seeds, and from every neuron of every network at hand; and it
// compares the bound with the objectives of these networks: sampled patterns, training
// with another seed and ten times the time, and those of a file. The networks of
// -networks are a list of {data, beta, weights, outputs}, or the file that bench/global
// keeps with -peers; their neurons are resized for the beta at hand.
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
	"strings"
	"time"
)

// A settings holds the flags.
type settings struct {
	table, exact, frontier, long bool
	names                        []string
	tolerance                    float64
	limit, proof                 time.Duration
	seed                         uint64
	starts, polish, patterns     int
	seeds, nodes                 int
	networks                     string
}

func main() {
	log.SetFlags(0)
	s, err := flags()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

func flags() (settings, error) {
	var s settings
	var names string
	flag.BoolVar(&s.table, "table", false, "train on the tables and audit the bounds")
	flag.BoolVar(&s.exact, "exact", false, "train on small instances to a certificate")
	flag.BoolVar(&s.frontier, "frontier", false, "prove what branch and bound can on the tables")
	flag.BoolVar(&s.long, "long", false, "train on the tables with ten times the time to a twentieth of the tolerance, too")
	flag.StringVar(&names, "data", "", "tables, separated by commas; all where empty")
	flag.Float64Var(&s.tolerance, "tol", 1e-3, "relative gap at which training on the tables ends")
	flag.DurationVar(&s.limit, "time", 0, "most time of each training on a table; 0 means that of the table")
	flag.DurationVar(&s.proof, "proof", 5*time.Minute, "time of branch and bound on each table")
	flag.Uint64Var(&s.seed, "seed", 0, "of the trainings")
	flag.IntVar(&s.starts, "starts", 6400, "starts of an audit for each sign")
	flag.IntVar(&s.polish, "polish", 64, "directions that an audit improves further")
	flag.IntVar(&s.patterns, "patterns", 500, "patterns of the sampled network; 0 means none")
	flag.IntVar(&s.seeds, "seeds", 10, "certified instances of each size")
	flag.IntVar(&s.nodes, "nodes", 0, "most nodes of branch and bound for each sign; 0 means as many as fit 2 GiB")
	flag.StringVar(&s.networks, "networks", "", "JSON file of networks to compare the bounds with")
	flag.Parse()
	if flag.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if s.starts < 1 || s.polish < 1 || s.patterns < 0 || s.seeds < 1 {
		return s, errors.New("-starts, -polish and -seeds must be positive, -patterns at least 0")
	}
	if names != "" {
		s.names = strings.Split(names, ",")
	}
	if !s.table && !s.exact && !s.frontier {
		s.table, s.exact = true, true
	}
	return s, nil
}

func run(ctx context.Context, s settings) error {
	stored, err := readNetworks(s.networks)
	if err != nil {
		return err
	}
	fmt.Printf("%d threads, %s.\n", runtime.GOMAXPROCS(0), runtime.Version())
	if s.table || s.frontier {
		if err := tables(ctx, s, stored); err != nil {
			return err
		}
	}
	if s.exact {
		return certified(ctx, s)
	}
	return nil
}

// tables trains on each table, audits the bound and proves what it can.
func tables(ctx context.Context, s settings, stored []storedNetwork) error {
	list, err := choose(s.names)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := p.load(); err != nil {
			return err
		}
		if s.limit > 0 {
			p.limit = s.limit
		}
		r, err := train(ctx, p, p.options(s), p.limit)
		if err != nil {
			return err
		}
		fmt.Printf("\n%v: %v\n", p, r)
		if s.table {
			if err := audit(ctx, s, p, r, stored); err != nil {
				return err
			}
		}
		if s.frontier {
			if err := frontier(ctx, s, p, r); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
