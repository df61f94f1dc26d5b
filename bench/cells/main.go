// Command cells measures how many cells of an arrangement are listed in a second, as
// samples and rank grow.
//
//	go run ./bench/cells                  until a run takes ten seconds
//	go run ./bench/cells -rank 3 -time 2s until one takes two, of one rank
//	go run ./bench/cells -quick           a smoke test
//
// The rows are Gaussian, or distinct lines through the points of {-1, 0, 1}^r, of which
// there are (3^r - 1)/2, so that many hyperplanes meet in one flat. One table is of the
// patterns alone ([arrangements.Arrangement.Visit]), another one of patterns with their
// witnesses and margins ([arrangements.Arrangement.Cells]). For each rank n grows by
// two, or by the root of two where cells multiply by more than ten otherwise, until the
// next size would take longer than -time on one thread, or more than 4 GiB. The times
// are medians of -reps runs on one thread and on -threads. They begin after
// [arrangements.NewArrangement], which finds the lines and the rank.
//
// The cells grow like n^(r-1); the exponent is the one that the row and the one before
// show, of the seconds on one thread.
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
	"strconv"
	"strings"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
)

// A settings holds the flags.
type settings struct {
	quick         bool
	reps, threads int
	json          string
	limit         time.Duration
	ranks         []int
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
	var ranks string
	set := flag.NewFlagSet("cells", flag.ExitOnError)
	set.BoolVar(&s.quick, "quick", false, "a smoke test: at most 20 ms a run, once each")
	set.IntVar(&s.reps, "reps", 3, "runs of each size")
	set.IntVar(&s.threads, "threads", 2, "threads of the second run")
	set.StringVar(&s.json, "json", "", "file to write all figures to")
	set.DurationVar(&s.limit, "time", 10*time.Second, "most time of a run on one thread, about")
	set.StringVar(&ranks, "rank", "2,3,4,5,6", "ranks, separated by commas")
	if err := set.Parse(args); err != nil {
		return s, err
	}
	if set.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if s.reps < 1 || s.threads < 1 || s.limit <= 0 {
		return s, errors.New("-reps, -threads and -time must be positive")
	}
	if s.quick {
		s.reps, s.limit = 1, 20*time.Millisecond
	}
	for _, text := range strings.Split(ranks, ",") {
		r, err := strconv.Atoi(text)
		if err != nil || r < 2 || r > 12 {
			return s, fmt.Errorf("-rank: %q is no rank from 2 to 12", text)
		}
		s.ranks = append(s.ranks, r)
	}
	return s, nil
}

func run(ctx context.Context, w io.Writer, s settings) error {
	fmt.Fprintf(w, "%d processors, %s; medians of %d.\n", runtime.NumCPU(), runtime.Version(), s.reps)
	var all []measurement
	for _, m := range methods {
		list, err := measured(ctx, w, s, m)
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	if s.json == "" {
		return nil
	}
	return table.WriteJSON(s.json, struct {
		Go   string        `json:"go"`
		Runs []measurement `json:"runs"`
	}{runtime.Version(), all})
}
