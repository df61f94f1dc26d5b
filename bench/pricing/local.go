package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/bench/internal/table"
)

// starts is the number of starts of a search, the default one.
const starts = 64

// A search is what local search took on one size: medians.
type search struct {
	Grows  string  `json:"grows"`
	N      int     `json:"n"`
	D      int     `json:"d"`
	Ascent float64 `json:"seconds_per_start"` // ascents alone
	Whole  float64 `json:"seconds"`           // of a search with the default settings
}

// searches returns the series of local search.
func searches(s settings) []series {
	most, n, d := 6400, 400, 10
	dims := []int{5, 10, 20, 40, 80}
	if s.quick {
		most, n, dims = 200, 100, []int{5, 10}
	}
	rows, columns := series{grows: "n"}, series{grows: "d"}
	for m := 100; m <= most; m *= 2 {
		rows.sizes = append(rows.sizes, [2]int{m, d})
	}
	for _, k := range dims {
		columns.sizes = append(columns.sizes, [2]int{n, k})
	}
	return []series{rows, columns}
}

// local prints how local search grows, and returns the rows.
func local(ctx context.Context, w io.Writer, s settings) ([]search, error) {
	fmt.Fprintf(w, "\nLocal search for random weights: ascents alone, and a search with the default settings.\n\n")
	rows := table.New(w, "grows", "n", "d", "starts/s", "seconds per start", "growth", "ns / (start n d)", "whole search: seconds", "growth")
	var all []search
	for _, along := range searches(s) {
		var ascent, whole table.Growth
		for _, size := range along.sizes {
			r, err := searched(ctx, s, size[0], size[1])
			if err != nil {
				return all, err
			}
			r.Grows = along.grows
			rows.Row(r.Grows, r.N, r.D, math.Round(1/r.Ascent), r.Ascent, ascent.Next(r.Ascent),
				1e9*r.Ascent/float64(r.N)/float64(r.D), r.Whole, whole.Next(r.Whole))
			all = append(all, r)
		}
	}
	return all, nil
}

// searched times local search on one size.
func searched(ctx context.Context, s settings, n, d int) (search, error) {
	var ascents, whole []float64
	for seed := range s.reps {
		x, v := weighted(n, d, uint64(seed))
		for _, c := range []struct {
			settings pricing.LocalSettings
			seconds  *[]float64
		}{
			{pricing.LocalSettings{Starts: starts, Polish: -1, Kicks: -1, NoPatterns: true}, &ascents},
			{pricing.LocalSettings{Starts: starts}, &whole},
		} {
			seconds, err := table.Seconds(func() error {
				_, err := pricing.Local(ctx, x, v, c.settings)
				return err
			})
			if err != nil {
				return search{}, err
			}
			*c.seconds = append(*c.seconds, seconds)
		}
	}
	return search{N: n, D: d, Ascent: table.Median(ascents) / starts, Whole: table.Median(whole)}, nil
}
