// Command global compares training over all two-layer ReLU networks with PyTorch's
// Adam on the built-in data sets: which objective is reached, and when.
//
//	pip install -r bench/global/requirements.txt
//	go run ./bench/global                     all sets, three betas each; about half an hour
//	go run ./bench/global -data iris,digits   some of them
//	go run ./bench/global -adam runs.json     with Adam's runs kept, or taken from there
//	go run ./bench/global -quick              a smoke test
//
// Both sides minimise 1/2 sum (f(x_i) - y_i)^2 + beta sum |u_j||alpha_j| on all rows:
// features standardised, a column of ones, labels -1 and +1, the target of a
// regression standardised. Adam runs over widths, rates and seeds, and only its best
// run counts. Its time is that of this single run until it is within a relative 1e-4
// of where it ends, as if the width and the rate had been known; in brackets stands
// the least of all runs that come so near. Ours is from the call of [convexnn.Train]
// until an objective at or below Adam's best is reported, to a relative 1e-6. The two
// run one after the other on as many threads.
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
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// A settings holds the flags.
type settings struct {
	python, precision, adamFile, jsonFile string
	names                                 []string
	storedTimes                           bool
	threads                               int
	sweep                                 sweep
	mode                                  convexnn.Mode
	limit                                 time.Duration
	tolerance                             float64
	seed                                  uint64
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
	s := settings{sweep: full}
	var names, mode string
	var quick bool
	flag.StringVar(&names, "data", "", "data sets, separated by commas; all built-in ones where empty")
	flag.StringVar(&s.python, "python", "python3", "interpreter with the packages of requirements.txt")
	flag.StringVar(&s.precision, "precision", "float32", "in which Adam trains: float32 or float64")
	flag.StringVar(&s.adamFile, "adam", "", "file of Adam's runs: those it holds are not repeated, others are added")
	flag.BoolVar(&s.storedTimes, "stored-times", false, "take the seconds of Adam's steps from that file too, instead of timing some")
	flag.StringVar(&s.jsonFile, "json", "", "file to write all figures and traces to")
	flag.IntVar(&s.threads, "threads", runtime.GOMAXPROCS(0), "threads of either side")
	flag.StringVar(&mode, "mode", "global", "mode of convexnn.Train")
	flag.DurationVar(&s.limit, "time", time.Minute, "most time of each of our trainings")
	flag.Float64Var(&s.tolerance, "tol", 1e-6, "relative gap at which ours ends")
	flag.Uint64Var(&s.seed, "seed", 0, "of our training")
	flag.BoolVar(&quick, "quick", false, "a smoke test: three small sets and few, short runs")
	flag.Parse()
	if flag.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if s.threads < 1 {
		return s, errors.New("-threads must be positive")
	}
	s.names = datasets.Names()
	if quick {
		s.names, s.sweep, s.limit = []string{"iris", "xor", "piecewise"}, smoke, min(s.limit, 2*time.Second)
	}
	if names != "" {
		s.names = strings.Split(names, ",")
	}
	runtime.GOMAXPROCS(s.threads)
	var err error
	s.mode, err = convexnn.ParseMode(mode)
	return s, err
}

// run compares the two on each data set and prints a row for each beta.
func run(ctx context.Context, s settings) error {
	kept, err := openArchive(s.adamFile)
	if err != nil {
		return err
	}
	fmt.Printf("%d threads, %s, Adam in %s; ours: mode %s, at most %v.\n\n", s.threads, runtime.Version(), s.precision, s.mode, s.limit)
	fmt.Print(header)
	var rows []row
	for _, name := range s.names {
		p, err := load(ctx, name)
		if err != nil {
			return err
		}
		results, err := kept.results(ctx, s, p)
		if err != nil {
			return err
		}
		for _, adam := range results.Sweeps {
			if err := adam.check(p); err != nil {
				return err
			}
			ours, err := train(ctx, s, p, adam.Beta)
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r := compare(p, adam, ours)
			fmt.Println(r)
			rows = append(rows, r)
		}
	}
	fmt.Printf("\n%s\n", summary(rows, kept))
	if s.jsonFile == "" {
		return nil
	}
	return table.WriteJSON(s.jsonFile, rows)
}

// summary says in a sentence or two how it went.
func summary(rows []row, kept *archive) string {
	levels, speeds := map[standing]int{}, map[speed]int{}
	for _, r := range rows {
		levels[r.Level]++
		speeds[r.Speed]++
	}
	text := fmt.Sprintf("%d problems: ours better in %d, equal in %d, worse in %d; sooner than the best run in %d, of these sooner than all runs in %d.",
		len(rows), levels[betterThan], levels[equalTo], levels[worseThan], speeds[sooner]+speeds[soonest], speeds[soonest])
	if kept.used > 0 {
		text += fmt.Sprintf(" Adam's runs on %d of %d sets are from a file.", kept.used, kept.used+kept.made)
	}
	if i := slices.IndexFunc(rows, func(r row) bool { return r.Loose }); i >= 0 {
		text += fmt.Sprintf(" On %s the network is worse than what was reported on the way.", rows[i].Data)
	}
	return text
}
