package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/datasets"
)

func problemOf(t *testing.T, name string) *problem {
	t.Helper()
	p, err := load(t.Context(), name, []float64{0.1, 0.01, 0.001})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every built-in set is standardised and has a bias; labels are -1 and +1.
func TestProblems(t *testing.T) {
	for _, info := range datasets.Builtins() {
		p := problemOf(t, info.Name)
		n, d := p.x.Dims()
		if n != info.Rows || len(p.y) != n {
			t.Errorf("%s: %d rows and %d targets of %d", info.Name, n, len(p.y), info.Rows)
		}
		for k := range d - 1 {
			if mean, dev := stat.PopMeanStdDev(mat.Col(nil, k, p.x), nil); math.Abs(mean) > 1e-9 || math.Abs(dev-1) > 1e-9 {
				t.Errorf("%s, column %d: mean %g, deviation %g", info.Name, k, mean, dev)
			}
		}
		count := map[float64]int{}
		for i, y := range p.y {
			count[y]++
			if p.x.At(i, d-1) != 1 {
				t.Fatalf("%s: row %d has the bias %g", info.Name, i, p.x.At(i, d-1))
			}
		}
		if labels := info.Task == datasets.TaskClassification; labels && (count[1] == 0 || count[1]+count[-1] != n) {
			t.Errorf("%s: labels %v", info.Name, count)
		}
		if len(p.betas) != 3 || math.Abs(p.betas[0]/p.betas[2]-100) > 1 {
			t.Errorf("%s: betas %v", info.Name, p.betas)
		}
	}
}

func TestParseRatios(t *testing.T) {
	if got, err := parseRatios("0.1,1e-2"); err != nil || !slices.Equal(got, []float64{0.1, 0.01}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "0.1,", "0", "1", "-1", "NaN", "some"} {
		if got, err := parseRatios(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(peers) {
		t.Errorf("%v, %v", all, err)
	}
	if two, err := choose("sklearn-adam,sgd"); err != nil || len(two) != 2 || two[0].name != "sklearn-adam" || two[1].name != "sgd" {
		t.Errorf("%v, %v", two, err)
	}
	if _, err := choose("adam,newton"); err == nil || !strings.Contains(err.Error(), "newton") {
		t.Errorf("error %v", err)
	}
}

func TestTimesOfATrace(t *testing.T) {
	trace := []point{{Seconds: 1, Objective: 8}, {Seconds: 2, Objective: 4}, {Seconds: 3, Objective: 2}}
	for _, test := range []struct{ level, want float64 }{{9, 1}, {8, 1}, {7.9, 2}, {4, 2}, {2, 3}, {1.9, math.Inf(1)}} {
		if got := reached(trace, test.level); got != test.want {
			t.Errorf("level %g reached at %g, not %g", test.level, got, test.want)
		}
	}
	for _, test := range []struct{ seconds, want float64 }{{0.9, math.Inf(1)}, {1, 8}, {2.5, 4}, {10, 2}} {
		if got := at(trace, test.seconds); got != test.want {
			t.Errorf("objective %g after %g s, not %g", got, test.seconds, test.want)
		}
	}
}

// exampleRuns are of two widths: the narrow one arrives first, the wide one gets further.
func exampleRuns(t *testing.T) *swept {
	t.Helper()
	r := runs{Sweeps: []swept{{Beta: 1, Runs: []peerRun{
		{Width: 20, Rate: 0.1, Steps: 100, StepSeconds: 0.03, Objective: 10.0005, Trace: [][2]float64{{0, 50}, {40, 10.0005}}},
		{Width: 20, Rate: 0.1, Steps: 100, StepSeconds: 0.01, Objective: 10.5, Trace: [][2]float64{{0, 60}, {90, 10.5}}},
		{Width: 99, Biases: free, Steps: 100, StepSeconds: 0.05, Objective: 10, Trace: [][2]float64{{0, 70}, {80, 10.0011}, {99, 10}}},
	}}}}
	before := r.Sweeps[0].Runs[0].StepSeconds
	kept := r.Sweeps
	if err := r.level(r.stepSeconds()); err != nil {
		t.Fatal(err)
	}
	if kept[0].Runs[0].StepSeconds != before {
		t.Error("the times of the stored runs were changed")
	}
	return r.of(1)
}

var exampleMethod = method{name: "example", label: "Example", units: "turns"}

func TestComparison(t *testing.T) {
	a := exampleRuns(t)
	p := &problem{name: "none", x: mat.NewDense(2, 2, nil)}
	b := a.summarise("turns")
	if b.Objective != 10 || b.Setting != "width 99, biases free, 100 turns" || math.Abs(b.Own-4.95) > 1e-12 || math.Abs(b.Fastest-0.4) > 1e-12 || math.Abs(b.Total-7) > 1e-12 || b.Runs != 3 || b.WithinRuns != 2 {
		t.Errorf("best %+v", b)
	}
	if got := a.Runs[1].setting("turns"); got != "width 20, rate 0.1, 100 turns" {
		t.Error(got)
	}
	for _, test := range []struct {
		objective, when float64
		level           standing
		speed           speed
		byThen, near    float64
	}{
		{9, 0.3, betterThan, soonest, 9, 0.3},
		{9, 4.5, betterThan, sooner, 9, 4.5},
		{9, 5.5, betterThan, later, 30, 5.5},
		{10.000001, 0.3, equalTo, soonest, 10.000001, 0.3},
		{9.999999, 5.5, equalTo, later, 30, 5.5},
		{10.0005, 0.3, worseThan, later, 10.0005, 0.3},
		{10.5, 0.3, worseThan, later, 10.5, math.Inf(1)},
	} {
		ours := &training{Objective: test.objective, Seconds: 6, Trace: []point{{0.1, 30, 0}, {test.when, test.objective, 0}, {6, test.objective, 0}}}
		c := newContest(p, 1, ours)
		c.addPeer(exampleMethod, a)
		got := c.Others[0]
		if got.Level != test.level || got.Speed != test.speed || c.Loose || got.Refutes || got.ByThen != test.byThen || got.Near != test.near {
			t.Errorf("%g after %g s: %+v", test.objective, test.when, got)
		}
	}
	if !newContest(p, 1, &training{Objective: 9.5, Seconds: 2, Trace: []point{{0.1, 9, 0}, {2, 9.5, 0}}}).Loose {
		t.Error("a network above what was reported passes")
	}
}

// exampleContest is of all kinds of methods.
func exampleContest(t *testing.T, bound float64) *contest {
	t.Helper()
	ours := &training{Mode: "global", Status: "solved", Objective: 8, LowerBound: bound, Estimated: true, Neurons: 3, Seconds: 6, Trace: []point{{0.1, 30, 0}, {2, 8, 0}, {6, 8, 0}}}
	c := newContest(&problem{name: "none", x: mat.NewDense(2, 2, nil)}, 1, ours)
	c.addSampled(&training{Objective: 12, Neurons: 4, Seconds: 3, Trace: []point{{1, 12, 0}, {3, 12, 0}}}, 70)
	c.addPeer(exampleMethod, exampleRuns(t))
	return c
}

func TestTable(t *testing.T) {
	c := exampleContest(t, 7.6)
	columns := strings.Count(strings.SplitN(header, "\n", 2)[0], "|")
	rows := strings.Split(c.String(), "\n")
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for k, want := range [][]string{
		{"none, 2 x 2", "**convexnn, global**", "| 8 |", "5.3e-02", "3 neurons, solved; bound 7.6, estimated", "2 (2) | 6"},
		{"convexnn, sampled patterns", "| 12 |", "70 patterns, 4 neurons", "1 (1) | 3 | 30 | 1.5 | 2 | 2 | 0.5 | better, later"},
		{"Example", "| 10 |", "width 99, biases free, 100 turns", "5 (0.4) | 7 | 8 | 1.25 | 2 | 2 | 2.5 | better, sooner |"},
	} {
		if strings.Count(rows[k], "|") != columns {
			t.Errorf("not %d columns: %s", columns-1, rows[k])
		}
		for _, words := range want {
			if !strings.Contains(rows[k], words) {
				t.Errorf("no %q in %s", words, rows[k])
			}
		}
	}
}

func TestSummary(t *testing.T) {
	kept := &archive{used: 1, made: 2}
	c := exampleContest(t, 7.6)
	got := summary([]*contest{c}, kept)
	for _, want := range []string{
		"convexnn, sampled patterns, 1 problem: ours better in 1, equal in 0, worse in 0; sooner than its best run in 0",
		"Of 3 lists of runs of other libraries 1 is from a file.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "REFUTED") {
		t.Error("a bound below all is refuted")
	}
	c = exampleContest(t, 10.1)
	if got := summary([]*contest{c}, kept); !strings.Contains(got, "REFUTED: on none, beta 1, the network of Example has 10,") {
		t.Errorf("a bound above another network passes:\n%s", got)
	}
}

// The pictures hold all runs, the best of each method marked.
func TestPicture(t *testing.T) {
	c := exampleContest(t, 7.6)
	r, ok := race([]*contest{c, exampleContest(t, 0)})
	if !ok || len(r.Panels) != 1 { // where there is no bound, there is nothing to draw
		t.Fatalf("%v, %d panels", ok, len(r.Panels))
	}
	if fmt.Sprint(r.Methods) != "[convexnn, global convexnn, sampled patterns Example]" {
		t.Errorf("methods %q", r.Methods)
	}
	var best, all []int
	for _, run := range r.Panels[0].Runs {
		all = append(all, run.Method)
		if run.Best {
			best = append(best, run.Method)
		}
	}
	if !slices.Equal(all, []int{0, 1, 2, 2, 2}) || !slices.Equal(best, []int{0, 1, 2}) {
		t.Errorf("runs of %v, best of %v", all, best)
	}
	last := r.Panels[0].Runs[4]
	if n := len(last.Seconds); n != 4 || last.Seconds[3] != 5 || math.Abs(last.Distance[3]-(10/7.6-1)) > 1e-12 {
		t.Errorf("the best run is drawn as %+v", last)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := draw(dir, []*contest{c}); err != nil {
		t.Fatal(err)
	}
	for name, begins := range map[string]string{"none.svg": "<?xml", "none.png": "\x89PNG"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.HasPrefix(b, []byte(begins)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
