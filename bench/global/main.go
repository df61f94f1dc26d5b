// Command global compares training over all two-layer ReLU networks with sampled
// patterns, with PyTorch's Adam and SGD, and with scikit-learn's MLPRegressor: which
// objective is reached, and when.
//
//	pip install -r bench/global/requirements.txt
//	go run ./bench/global -peers runs.json -plot DIR     five sets, three betas each: one to two hours
//	go run ./bench/global -data wine -ratios 0.01        a part of that: a minute or two
//	go run ./bench/global -methods adam,sgd              only these peers
//	go run ./bench/global -quick                         a smoke test
//
// All minimise 1/2 sum (f(x_i) - y_i)^2 + beta sum |u_j||alpha_j| on all rows: features
// standardised, a column of ones, labels -1 and +1, the target of a regression
// standardised. A beta is a part of beta_max. The peers run over widths, rates and seeds,
// and of each only the best run counts. torch_peers.py and sklearn_peers.py say how they
// train; MLPRegressor leaves biases without weight decay, and is run both as it is and
// with all weights penalised. A peer's time is that of its best run until it is within a
// relative 1e-4 of where it ends, as if the setting had been known, without the
// evaluations for the trace; in brackets stands the least of all runs that come so near.
// Ours is from the call of [convexnn.Train] until an objective at or below the peer's best
// is reported, to a relative 1e-6. They run one after the other on as many threads, and
// none longer than -time.
//
// With -peers FILE the peers' runs are kept, and taken from there by another run with the
// same data and settings; only the cost of their steps is then measured anew. With -plot
// DIR there is a picture of each data set: how far the objectives are above the lower
// bound of our training, over time.
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
	"strconv"
	"strings"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

// A settings holds the flags.
type settings struct {
	python, precision            string
	peersFile, jsonFile, plotDir string
	names                        []string
	methods                      []method
	ratios                       []float64
	storedTimes, quick           bool
	threads, patterns            int
	mode                         convexnn.Mode
	limit                        time.Duration
	tolerance                    float64
	seed                         uint64
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
	var names, methods, ratios, mode string
	flag.StringVar(&names, "data", "", "built-in data sets, separated by commas; five of them where empty")
	flag.StringVar(&methods, "methods", "", "peers: adam, sgd, sklearn-lbfgs, sklearn-adam, separated by commas; all where empty")
	flag.StringVar(&ratios, "ratios", "0.1,0.01,0.001", "betas relative to beta_max, separated by commas")
	flag.StringVar(&s.python, "python", "python3", "interpreter with the packages of requirements.txt")
	flag.StringVar(&s.precision, "precision", "float32", "in which the peers train, but for L-BFGS: float32 or float64")
	flag.StringVar(&s.peersFile, "peers", "", "file of the peers' runs: those it holds are not repeated, others are added")
	flag.BoolVar(&s.storedTimes, "stored-times", false, "take the seconds of the peers' steps from that file too, instead of timing some")
	flag.StringVar(&s.jsonFile, "json", "", "file to write all figures, and the traces of the best runs, to")
	flag.StringVar(&s.plotDir, "plot", "", "folder to draw a picture of each data set into, as SVG and PNG")
	flag.IntVar(&s.threads, "threads", runtime.GOMAXPROCS(0), "most threads of each method")
	flag.StringVar(&mode, "mode", "global", "mode of our training")
	flag.IntVar(&s.patterns, "patterns", 500, "patterns of our training on sampled ones; 0 leaves it out")
	flag.DurationVar(&s.limit, "time", time.Minute, "most time of each run, of ours and of the peers")
	flag.Float64Var(&s.tolerance, "tol", 1e-6, "relative gap at which our training ends; on sampled patterns 1e-4")
	flag.Uint64Var(&s.seed, "seed", 0, "of our trainings")
	flag.BoolVar(&s.quick, "quick", false, "a smoke test: three small sets and few, short runs")
	flag.Parse()
	if flag.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if s.threads < 1 || s.patterns < 0 || s.limit <= 0 {
		return s, errors.New("-threads and -time must be positive, -patterns at least 0")
	}
	s.names = []string{"breast-cancer", "diabetes", "wine", "digits", "planted"}
	if s.quick {
		s.names, s.limit = []string{"iris", "xor", "piecewise"}, min(s.limit, 2*time.Second)
	}
	if names != "" {
		s.names = strings.Split(names, ",")
	}
	runtime.GOMAXPROCS(s.threads)
	var err error
	if s.methods, err = choose(methods); err != nil {
		return s, err
	}
	if s.ratios, err = parseRatios(ratios); err != nil {
		return s, err
	}
	s.mode, err = convexnn.ParseMode(mode)
	return s, err
}

func parseRatios(text string) (out []float64, err error) {
	for word := range strings.SplitSeq(text, ",") {
		ratio, err := strconv.ParseFloat(word, 64)
		if err != nil || !(ratio > 0 && ratio < 1) {
			return nil, fmt.Errorf("-ratios are numbers between 0 and 1, and %q is not", word)
		}
		out = append(out, ratio)
	}
	return out, nil
}

// run compares all methods on each data set and prints rows for each beta.
func run(ctx context.Context, s settings) error {
	kept, err := openArchive(s.peersFile)
	if err != nil {
		return err
	}
	fmt.Printf("%d threads, %s, peers in %s; ours: mode %s; at most %v a run.\n\n", s.threads, runtime.Version(), s.precision, s.mode, s.limit)
	fmt.Print(header)
	var all []*contest
	for _, name := range s.names {
		list, err := contests(ctx, s, kept, name)
		if err != nil {
			return err
		}
		all = append(all, list...)
		if s.plotDir != "" {
			if err := draw(s.plotDir, list); err != nil {
				return err
			}
		}
		if s.jsonFile != "" {
			if err := table.WriteJSON(s.jsonFile, all); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\n%s\n", summary(all, kept))
	return nil
}

// contests compares all methods on a data set, for each beta.
func contests(ctx context.Context, s settings, kept *archive, name string) ([]*contest, error) {
	p, err := load(ctx, name, s.ratios)
	if err != nil {
		return nil, err
	}
	found := make([]*runs, len(s.methods))
	for k, m := range s.methods {
		if found[k], err = kept.results(ctx, s, m, p); err != nil {
			return nil, err
		}
	}
	var list []*contest
	for _, beta := range p.betas {
		ours, err := train(ctx, p, s.options(beta), s.limit)
		if err != nil {
			return nil, err
		}
		c := newContest(p, beta, ours)
		if s.patterns > 0 {
			other, err := train(ctx, p, s.sampledOptions(beta), s.limit)
			if err != nil {
				return nil, err
			}
			c.addSampled(other, s.patterns)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for k, m := range s.methods {
			a := found[k].of(beta)
			if err := a.check(p, m); err != nil {
				return nil, err
			}
			c.addPeer(m, a)
		}
		fmt.Println(c)
		list = append(list, c)
	}
	return list, nil
}
