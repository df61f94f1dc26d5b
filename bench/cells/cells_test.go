package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// Rows of {-1, 0, 1} are on lines of their own, and all lines are among them.
func TestSigns(t *testing.T) {
	for r := 2; r <= 5; r++ {
		for _, n := range []int{r, min(2*r, signLines(r)), signLines(r)} {
			x := signs(n, r)
			if lines, rank := arrangements.Lines(x), arrangements.Rank(x); lines != n || rank != r {
				t.Errorf("%d rows of rank %d: %d lines of rank %d", n, r, lines, rank)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, r := range []int{2, 3, 4, 5, 6, 12} {
		for _, k := range kinds {
			list := sizes(r, k.most(r))
			if !slices.IsSorted(list) || list[0] < r || list[len(list)-1] != k.most(r) || slices.Contains(list[1:], list[0]) {
				t.Errorf("%s, rank %d: %v", k.name, r, list)
			}
		}
	}
	if got := sizes(5, 30); !slices.Equal(got, []int{10, 14, 20, 28, 30}) {
		t.Errorf("sizes of rank 5: %v", got)
	}
	if got := sizes(2, 4); !slices.Equal(got, []int{4}) {
		t.Errorf("sizes of four lines: %v", got)
	}
}

// bruteForce counts the cells of rows of rank 3 that hold a point of a grid.
func bruteForce(x *mat.Dense) int64 {
	const reach = 8
	seen := map[int]bool{}
	n, _ := x.Dims()
next:
	for code := range (2*reach + 1) * (2*reach + 1) * (2*reach + 1) {
		u := make([]float64, 3)
		for k := range u {
			u[k] = float64(code%(2*reach+1) - reach)
			code /= 2*reach + 1
		}
		pattern := 0
		for i := range n {
			v := floats.Dot(x.RawRowView(i), u)
			if v == 0 {
				continue next
			}
			if v > 0 {
				pattern |= 1 << i
			}
		}
		seen[pattern] = true
	}
	return int64(len(seen))
}

// Both methods list all cells, and a size that would take too long is left out.
func TestMeasured(t *testing.T) {
	s, err := flags([]string{"-quick", "-rank", "3"})
	if err != nil {
		t.Fatal(err)
	}
	s.limit = 2 * time.Millisecond
	regions := bruteForce(signs(signLines(3), 3))
	for _, m := range methods {
		var b strings.Builder
		all, err := measured(t.Context(), &b, s, m)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) < 2 || len(all) > 8 {
			t.Errorf("%s: %d sizes", m.name, len(all))
		}
		for _, got := range all {
			want := arrangements.MaxCells(got.N, got.Rank).Int64()
			if got.Rows != "Gaussian" {
				want = regions
			}
			if got.Cells != want || !(got.One > 0) || !(got.Many > 0) {
				t.Errorf("%+v, want %d cells", got, want)
			}
		}
		if lines := strings.Count(b.String(), "\n|"); lines != len(all)+2 {
			t.Errorf("%d lines for %d sizes:\n%s", lines, len(all), b.String())
		}
		if !strings.Contains(b.String(), "| Gaussian | 3 | 50 | 2,452 | - |") {
			t.Errorf("no first row in\n%s", b.String())
		}
	}
}

func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.json")
	s, err := flags([]string{"-quick", "-rank", "2,3", "-json", path})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := run(t.Context(), &b, s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Runs []measurement }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	// A head and a rule for each method, and a row for each run.
	if rows := strings.Count(b.String(), "\n|"); rows != len(file.Runs)+2*len(methods) || len(file.Runs) < 8 {
		t.Errorf("%d rows, %d runs in the file:\n%s", rows, len(file.Runs), b.String())
	}
}

func TestMeasureStops(t *testing.T) {
	s := settings{reps: 1, threads: 2, limit: time.Second}
	last := measurement{N: 10, One: 0.5, cost: 1e-9} // so slow that whatever is next takes too long
	if _, tooMuch, err := measure(t.Context(), s, methods[0], kinds[0], 20, 3, last); err != nil || !tooMuch {
		t.Errorf("too much %v, %v", tooMuch, err)
	}
	if _, _, err := measure(t.Context(), s, methods[0], kind{rows: gaussian}, 2, 3, measurement{}); err == nil {
		t.Error("no error for rows of a smaller rank")
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for _, m := range methods {
		if _, _, err := measure(done, s, m, kinds[0], 50, 3, measurement{}); err == nil {
			t.Errorf("%s: an interrupt is no error", m.name)
		}
	}
}

func TestFlags(t *testing.T) {
	if s, err := flags(nil); err != nil || !slices.Equal(s.ranks, []int{2, 3, 4, 5, 6}) || s.threads != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, args := range [][]string{{"-rank", "1"}, {"-rank", "3,x"}, {"-reps", "0"}, {"-threads", "0"}, {"-time", "0s"}, {"more"}} {
		if _, err := flags(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
