package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/internal/bitset"
)

// mostMemory bounds what a listing may hold.
const mostMemory = 4 << 30

// A method lists cells and counts them.
type method struct {
	name string
	list func(ctx context.Context, a *arrangements.Arrangement) (int64, error)
}

var methods = []method{{"Patterns (Visit)", visit}, {"Patterns with witnesses and margins (Cells)", cells}}

// A measurement is what one method did with one set of rows.
type measurement struct {
	Method  string  `json:"method"`
	Rows    string  `json:"rows"`
	Rank    int     `json:"rank"`
	N       int     `json:"n"`
	Cells   int64   `json:"cells"`
	Threads int     `json:"threads"` // of the second number
	One     float64 `json:"seconds_one_thread"`
	Many    float64 `json:"seconds_threads"`
	cost    float64 // as Arrangement.Cost puts it
}

// visit lists patterns alone.
func visit(ctx context.Context, a *arrangements.Arrangement) (int64, error) {
	// One counter for a piece, each on a cache line of its own.
	type counter struct {
		cells int64
		_     [7]int64
	}
	counters := make([]counter, a.Pieces())
	err := a.Visit(ctx, func(piece int, _ bitset.Set) { counters[piece].cells++ })
	var total int64
	for _, c := range counters {
		total += c.cells
	}
	return total, err
}

// cells lists patterns with witnesses.
func cells(ctx context.Context, a *arrangements.Arrangement) (int64, error) {
	var total int64
	for _, err := range a.Cells(ctx) {
		if err != nil {
			return total, err
		}
		total++
	}
	return total, nil
}

// measured prints the table of a method and returns what it holds.
func measured(ctx context.Context, w io.Writer, s settings, m method) ([]measurement, error) {
	many := fmt.Sprintf("%d threads", s.threads)
	fmt.Fprintf(w, "\n%s.\n\n", m.name)
	rows := table.New(w, "rows", "rank", "n", "cells", "growth", "seconds, 1 thread", "growth", "exponent",
		"seconds, "+many, "speed-up", "cells/s, 1 thread", "cells/s, "+many)
	var all []measurement
	for _, k := range kinds {
		for _, r := range s.ranks {
			var last measurement
			var count, seconds, size table.Growth
			for _, n := range sizes(r, k.most(r)) {
				got, done, err := measure(ctx, s, m, k, n, r, last)
				if err != nil {
					return all, fmt.Errorf("%d %s rows of rank %d: %w", n, k.name, r, err)
				}
				if done {
					break
				}
				last, all = got, append(all, got)
				slower := seconds.Next(got.One)
				rows.Row(k.name, r, n, got.Cells, count.Next(float64(got.Cells)), got.One, slower,
					table.Exponent(slower, size.Next(float64(n))), got.Many, got.One/got.Many,
					math.Round(float64(got.Cells)/got.One), math.Round(float64(got.Cells)/got.Many))
			}
		}
	}
	return all, nil
}

// measure times a method on n rows of rank r, unless after what the last size took
// that would take too long, or too much memory.
func measure(ctx context.Context, s settings, m method, k kind, n, r int, last measurement) (got measurement, tooMuch bool, err error) {
	a, err := arrangements.NewArrangement(k.rows(n, r))
	if err != nil {
		return got, false, err
	}
	if a.Rank() != r {
		return got, false, fmt.Errorf("their rank is %d", a.Rank())
	}
	got = measurement{Method: m.name, Rows: k.name, Rank: r, N: n, Threads: s.threads, cost: a.Cost()}
	if last.N > 0 && last.One*got.cost/last.cost > s.limit.Seconds() || a.Memory() > mostMemory {
		return got, true, nil
	}
	var one, many []float64
	for range s.reps {
		for _, c := range []struct {
			threads int
			seconds *[]float64
		}{{1, &one}, {s.threads, &many}} {
			t, err := got.time(ctx, m, a, c.threads)
			if err != nil {
				return got, false, err
			}
			*c.seconds = append(*c.seconds, t)
		}
	}
	got.One, got.Many = table.Median(one), table.Median(many)
	return got, false, nil
}

// time times one run, or as many as the clock needs, and checks the number of cells.
func (g *measurement) time(ctx context.Context, m method, a *arrangements.Arrangement, threads int) (float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	runtime.GC() // what other runs left is not for this one to clear
	return table.Seconds(func() error {
		count, err := m.list(ctx, a)
		switch {
		case err != nil:
			return err
		case g.Cells != 0 && g.Cells != count:
			return fmt.Errorf("%d cells and then %d on %d threads", g.Cells, count, threads)
		}
		g.Cells = count
		return nil
	})
}
