package main

import (
	"context"
	"encoding/json"
	"log"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
)

// TestMain makes the test binary its own child process, as the command is.
func TestMain(m *testing.M) {
	if given, ok := childTask(os.Args); ok {
		if err := child(given, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

func quick(t *testing.T) *lab {
	t.Helper()
	s, err := flags([]string{"-quick"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLab(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A process of its own finds what this one does, and its peak is known on Linux.
func TestChildProcess(t *testing.T) {
	l := quick(t)
	c := task{size: size{100, 4, 10, true}, Ratio: l.beta, Tolerance: l.tolerance, Limit: l.limit, Seed: 7}
	o, err := spawn(t.Context(), l.program, c)
	if err != nil {
		t.Fatal(err)
	}
	here, err := c.do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o.task != c || o.Objective != here.Objective || o.Iterations != here.Iterations || o.Gap != here.Gap || o.Active != here.Active {
		t.Errorf("%+v, here %+v", o, here)
	}
	if o.Status != "solved" || !(o.Gap <= l.tolerance) || o.Iterations < 20 || o.FirstAfter != 20 {
		t.Errorf("not solved: %+v", o)
	}
	if !(o.CPU > 0) || !(o.Seconds > 0) || !(o.First > 0) || o.First > o.Seconds {
		t.Errorf("times: %+v", o)
	}
	if known := o.Peak > 1e6 && o.Peak < 1e10; known != (runtime.GOOS == "linux") {
		t.Errorf("a peak of %g bytes", o.Peak)
	}
	// Conjugate gradients go the same way.
	c.Factored = false
	cg, err := spawn(t.Context(), l.program, c)
	if err != nil || cg.Status != "solved" || math.Abs(cg.Objective/o.Objective-1) > 2*l.tolerance {
		t.Errorf("%+v, %v", cg, err)
	}
	c.Limit, c.Tolerance = time.Nanosecond, 1e-6
	if o, err := spawn(t.Context(), l.program, c); err != nil || o.Status != "stopped" || o.Gap <= c.Tolerance {
		t.Errorf("with no time: %+v, %v", o, err)
	}
}

func TestChildProcessFails(t *testing.T) {
	l := quick(t)
	// Two columns have few patterns, and the error of the process is passed on.
	if _, err := spawn(t.Context(), l.program, task{size: size{10, 2, 1000, true}, Ratio: 1, Tolerance: 1, Limit: time.Minute}); err == nil {
		t.Error("no error for patterns that there are not")
	}
	if err := child("{", &strings.Builder{}); err == nil {
		t.Error("no error for a task that is none")
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := spawn(done, l.program, task{}); err == nil {
		t.Error("an interrupt is no error")
	}
	for _, args := range [][]string{{"scale"}, {"scale", "-quick", "-large"}, {"scale", childFlag}, {"scale", "-quick", childFlag, "{}"}} {
		if _, ok := childTask(args); ok {
			t.Errorf("%q are taken for those of a child", args)
		}
	}
}

// All tables of a smoke test, and its file.
func TestQuick(t *testing.T) {
	s := quick(t).settings
	s.json = filepath.Join(t.TempDir(), "scale.json")
	var b strings.Builder
	if err := run(t.Context(), &b, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| n | 200 | 5 | 20 | factor |", "| all | 400 | 10 | 40 | factor |", "| 400 | 5 | 20 |", "\nd=5, P=20: the factor is faster at n ="} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	text, err := os.ReadFile(s.json)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Solves []outcome }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	// Sizes that several tables show are solved once.
	if len(file.Solves) != 7 {
		t.Errorf("%d solves in the file", len(file.Solves))
	}
	for _, o := range file.Solves {
		if o.Status != "solved" || o.N < 200 || o.Beta <= 0 {
			t.Errorf("%+v", o)
		}
	}
}

// Growth and normalised times of outcomes that are known.
func TestTimes(t *testing.T) {
	a, b := size{1000, 10, 100, true}, size{2000, 10, 100, false}
	outcomes := func(seconds ...float64) (list []outcome) {
		for k, s := range seconds {
			list = append(list, outcome{solve: solve{Seconds: s, Iterations: 100, Status: "solved", Gap: float64(k) / 1000}, CPU: 2 * s, Peak: s * mebibyte})
		}
		return list
	}
	l := &lab{done: map[size][]outcome{a: outcomes(3, 1, 2), b: outcomes(5, 5, 6)}}
	l.done[b][2].Status = "stopped"
	var text strings.Builder
	groups := []group{{"n", []size{a, b}}}
	if err := times(t.Context(), &text, l, groups); err != nil {
		t.Fatal(err)
	}
	if err := memory(t.Context(), &text, l, groups); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| n | 1,000 | 10 | 100 | factor | 2 | - | 4 | - | 100 | solved | 2.0e-03 | 2,000 | 20 |",
		"| n | 2,000 | 10 | 100 | CG | 5 | 2.5 | 10 | 2.5 | 100 | 2 solved, 1 stopped | 2.0e-03 | 2,500 | 25 |",
		"| n | 2,000 | 10 | 100 | CG | 5 | 2.5 | 26.2 |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	for name, v := range map[string]float64{"peak": outcome{}.peak(), "time of an iteration": outcome{}.perIteration()} {
		if !math.IsNaN(v) {
			t.Errorf("the %s of nothing is %v", name, v)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, args := range [][]string{nil, {"-quick"}, {"-large"}, {"-cg"}} {
		s, err := flags(args)
		if err != nil {
			t.Fatal(err)
		}
		l := &lab{settings: s}
		for _, g := range doublings(s) {
			for k, c := range g.sizes {
				if c.Factored != (c.N <= directLimit && !s.cg) {
					t.Errorf("%q: %v by default", args, c)
				}
				if k == 0 {
					continue
				}
				growth, want := c.work()/g.sizes[k-1].work(), 2.0
				if g.doubles == "all" {
					want = 8
				}
				// d is not doubled by the largest size.
				if growth != want && c != (size{20_000, 100, 2000, false}) {
					t.Errorf("%q, %s: n d P grows by %g", args, g.doubles, growth)
				}
				if l.seeds(c) != s.reps && !s.large {
					t.Errorf("%v is solved %d times", c, l.seeds(c))
				}
			}
		}
		for _, c := range crossings(s) {
			if !c.Factored {
				t.Errorf("%v is not factored", c)
			}
		}
	}
	last := doublings(settings{large: true})[3].sizes
	if c := last[len(last)-1]; c.N != 20_000 || c.D != 100 || c.P != 2000 || (&lab{settings: settings{reps: 3}}).seeds(c) != 1 {
		t.Errorf("the largest is %v", c)
	}
	for _, args := range [][]string{{"-reps", "0"}, {"-beta", "NaN"}, {"-quick", "-large"}, {"-time", "0s"}, {"more"}} {
		if _, err := flags(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// Only seeds that were solved in both ways are compared.
func TestSystems(t *testing.T) {
	c := size{10_000, 25, 250, true}
	cg := c
	cg.Factored = false
	l := &lab{settings: settings{reps: 3}, done: map[size][]outcome{
		c:  {{solve: solve{Seconds: 8, Iterations: 10}, CPU: 16, Peak: 4 * mebibyte}},
		cg: {{solve: solve{Seconds: 2, Iterations: 12}, CPU: 8, Peak: mebibyte}, {solve: solve{Seconds: 90}}, {solve: solve{Seconds: 99}}},
	}}
	if l.seeds(c) != 1 || l.seeds(cg) != 3 {
		t.Errorf("%d and %d seeds", l.seeds(c), l.seeds(cg))
	}
	var b strings.Builder
	if err := systems(t.Context(), &b, l, []size{c}); err != nil {
		t.Fatal(err)
	}
	if want := "| 10,000 | 25 | 250 | 8 | 16 | 10 | 4 | 2 | 8 | 12 | 1 | 0.25 | 0.5 |\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
}

func TestVerdict(t *testing.T) {
	list := []size{{1000, 25, 250, true}, {2000, 25, 250, true}, {4000, 25, 250, true}, {4000, 25, 500, true}}
	got := verdict(list, []float64{3, 1.5, 0.5, 2})
	want := "\nd=25, P=250: the factor is faster at n = 1,000; 2,000, conjugate gradients at n = 4,000.\n" +
		"\nd=25, P=500: the factor is faster at n = 4,000, conjugate gradients at n = none of these.\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlanted(t *testing.T) {
	x, y := planted(2000, 10, 3)
	if n, d := x.Dims(); n != 2000 || d != 10 || len(y) != n || x.At(5, 9) != 1 {
		t.Fatalf("%d x %d, %d targets", n, d, len(y))
	}
	if dev := stat.StdDev(y, nil); dev < 0.3 || dev > 5 {
		t.Errorf("targets with a deviation of %g", dev)
	}
	if beta, err := estimate(t.Context(), x, y); err != nil || !(beta > 0) {
		t.Errorf("beta_max %g, %v", beta, err)
	}
}
