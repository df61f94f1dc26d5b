package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/bench/internal/table"
)

func quick(t *testing.T, args ...string) settings {
	t.Helper()
	s, err := flags(append(args, "-quick"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// At the end of training no neuron prices above beta, and some price at it.
func TestResidual(t *testing.T) {
	x, v, err := residual(t.Context(), 20, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	most := 0.0
	for _, sign := range []float64{1, -1} {
		u := floats.ScaleTo(make([]float64, len(v)), sign, v)
		r, err := pricing.BranchAndBound(t.Context(), x, u, pricing.TreeSettings{})
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, r.Upper)
	}
	if math.Abs(most/beta-1) > 2*nearness {
		t.Errorf("theta is %.9g at the end, not beta", most)
	}
}

func TestReport(t *testing.T) {
	var b strings.Builder
	rows := table.New(&b, "weights", "n", "d", "nodes", "seconds", "nodes/s", "theta", "closed", "missed")
	report(rows, []proof{
		{Weights: "random", N: 20, D: 5, Nodes: 3000, Seconds: 2, Theta: 1.25, Closed: true},
		{Weights: "random", N: 20, D: 5, Nodes: 1000, Seconds: 1, Theta: 1.5, Closed: true, Missed: true},
		{Weights: "random", N: 20, D: 5, Nodes: 9000, Seconds: 3, Theta: 1},
	})
	if want := "| random | 20 | 5 | 3,000 | 2 | 1,500 | 1.250000 | 2 of 3 | 1 of 3 |\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// All three tables of a smoke test hold what they should, and so does the file.
func TestQuick(t *testing.T) {
	s := quick(t, "-json", filepath.Join(t.TempDir(), "pricing.json"))
	var b strings.Builder
	if err := run(t.Context(), &b, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n| random | 20 | 5 |", "\n| near-optimal, floor beta | 20 | 5 |", "\n| n | 25 | 3 |", "\n| d | 100 | 5 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	text, err := os.ReadFile(s.json)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Proofs []proof
		Sweep  []growth
		Local  []search
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if want := 2*s.reps + 2*2*s.reps; len(file.Proofs) != want {
		t.Errorf("%d proofs, want %d", len(file.Proofs), want)
	}
	for _, p := range file.Proofs {
		if !p.Closed || p.Nodes < 1 || !(p.Seconds > 0) || !(p.Theta > 0) {
			t.Errorf("%+v", p)
		}
	}
	both := 0
	for _, g := range file.Sweep {
		if g.Tree != nil && g.Cells != nil {
			both++
		}
		if g.Tree != nil && (g.Tree.Count < 0 || !(g.Tree.Seconds > 0)) || g.Cells != nil && g.Cells.Count < 602 {
			t.Errorf("%+v: %+v, %+v", g, g.Tree, g.Cells)
		}
	}
	if both == 0 {
		t.Errorf("no size was priced in both ways: %+v", file.Sweep)
	}
	if len(file.Local) != 4 {
		t.Errorf("local search on %d sizes", len(file.Local))
	}
	for _, l := range file.Local {
		if !(l.Ascent > 0) || !(l.Whole > l.Ascent) {
			t.Errorf("%+v", l)
		}
	}
}

func TestTrend(t *testing.T) {
	follow := newTrend(10 * time.Second)
	follow.next(&work{100, 1})
	if follow.over {
		t.Error("over after a second")
	}
	row := follow.next(&work{400, 3})
	if row[0] != 400.0 || row[1] != 4.0 || row[3] != 3.0 || row[4] != 133.0 || follow.over {
		t.Errorf("%v, over %v", row, follow.over)
	}
	if follow.next(&work{1600, 9}); !follow.over {
		t.Error("not over where the next size takes 27 s of 10 s")
	}
	// What was left out is over, and its cells are empty.
	skipped := newTrend(time.Second)
	for _, c := range skipped.next(nil) {
		if v, ok := c.(float64); !ok || !math.IsNaN(v) {
			t.Errorf("a cell of nothing is %v", c)
		}
	}
	if !skipped.over {
		t.Error("what was left out goes on")
	}
}

// A tree is cut short by the clock without an error, by an interrupt with one.
func TestByTree(t *testing.T) {
	s := quick(t)
	s.nodes, s.limit = 1_000_000, time.Millisecond
	x, v := weighted(200, 20, 0)
	spent, r, err := byTree(t.Context(), s, x, v)
	if err != nil || r.Closed || !(spent.Seconds > 0) {
		t.Errorf("closed %v after %+v (%v)", r.Closed, spent, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := byTree(done, s, x, v); err == nil {
		t.Error("an interrupt is no error")
	}
}

func TestFlags(t *testing.T) {
	if s, err := flags([]string{"-seeds", "4"}); err != nil || s.reps != 4 || !s.proofs || !s.sweep || !s.local {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := flags([]string{"-sweep"}); err != nil || s.proofs || !s.sweep || s.local {
		t.Errorf("%+v, %v", s, err)
	}
	for _, args := range [][]string{{"-reps", "0"}, {"-nodes", "0"}, {"-time", "0s"}, {"more"}} {
		if _, err := flags(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	for _, along := range doubling(settings{}) {
		for k, size := range along.sizes[1:] {
			before := along.sizes[k]
			if doubled := size[0] == 2*before[0] && size[1] == before[1]; doubled != (along.grows == "n") {
				t.Errorf("%s: %v after %v", along.grows, size, before)
			}
			if doubled := size[1] == 2*before[1] && size[0] == before[0]; doubled != (along.grows == "d") {
				t.Errorf("%s: %v after %v", along.grows, size, before)
			}
		}
	}
}
