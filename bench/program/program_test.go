package main

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

func instanceOf(t *testing.T, name string) *instance {
	t.Helper()
	list, err := choose([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	in, err := list[0].make(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// The patterns of every instance are distinct, not zero, and those of their gates.
func TestInstances(t *testing.T) {
	sizes := map[string][3]int{
		"reference-0.1": {100, 10, 40}, "reference-1": {100, 10, 40},
		"breast-cancer-100": {569, 31, 100}, "breast-cancer-500": {569, 31, 500},
		"diabetes-500": {442, 11, 500}, "planted-500": {2000, 20, 500},
	}
	for _, r := range recipes() {
		in := instanceOf(t, r.name)
		n, d := in.x.Dims()
		if got := [3]int{n, d, len(in.cells)}; got != sizes[r.name] || len(in.y) != n {
			t.Errorf("%s: sizes %v and %d targets, not %v", r.name, got, len(in.y), sizes[r.name])
		}
		seen := map[string]bool{}
		for _, c := range in.cells {
			if seen[c.Pattern.String()] || c.Pattern.Count() == 0 {
				t.Errorf("%s: a pattern is zero or occurs twice", r.name)
			}
			seen[c.Pattern.String()] = true
			if !arrangements.PatternOf(in.x, c.Witness).Equal(c.Pattern) {
				t.Errorf("%s: a gate has another pattern", r.name)
			}
		}
		for i := range n {
			if r.patterns > 0 && in.x.At(i, d-1) != 1 {
				t.Fatalf("%s: no column of ones", r.name)
			}
			if strings.HasPrefix(r.name, "breast") && math.Abs(in.y[i]) != 1 {
				t.Fatalf("%s: label %g", r.name, in.y[i])
			}
		}
		again, err := r.make(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if files(t, in)["gates.bin"] != files(t, again)["gates.bin"] {
			t.Errorf("%s: other gates the second time", r.name)
		}
	}
	in := instanceOf(t, "planted-500")
	most, err := convexnn.FindBetaMax(context.Background(), in.x, in.y, false)
	if err != nil {
		t.Fatal(err)
	}
	if ratio := in.beta / most.Value; ratio < 0.009 || ratio > 0.011 {
		t.Errorf("planted: beta is %g of beta_max", ratio)
	}
}

func files(t *testing.T, in *instance) map[string]string {
	t.Helper()
	list, err := newTask(settings{limit: time.Second}, in, convexnn.ReLU, solver{}).files(in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, content := range list {
		out[name] = string(content)
	}
	return out
}

// The optimum of the reference instance is the one that an outside solver found.
func TestReferenceOptimum(t *testing.T) {
	dir, err := testdata()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "values.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name, Kind         string
		Beta, Primal, Dual float64
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, ref := range list {
		if ref.Name != referenceName {
			continue
		}
		in, model := instanceOf(t, "reference-1"), convexnn.ReLU
		in.beta = ref.Beta
		if strings.Contains(ref.Kind, "GReLU") {
			model = convexnn.Gated
		}
		o, err := timeOurs(context.Background(), settings{limit: time.Minute}, in, model, 1e-8, 2)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(o.Objective-ref.Primal) > 1e-7*ref.Primal || o.LowerBound > ref.Primal || o.Status != "solved" || len(o.All) != 2 {
			t.Errorf("beta %g, %v: %+v, the reference is %g", ref.Beta, model, o, ref.Primal)
		}
		checked++
	}
	if checked != 4 {
		t.Errorf("%d optima", checked)
	}
}

// Weights near the optimum are repaired to feasible ones near it; feasible ones keep
// their objective.
func TestRepair(t *testing.T) {
	in := instanceOf(t, "reference-1")
	rng := rand.New(rand.NewPCG(1, 1))
	for _, model := range []convexnn.Model{convexnn.ReLU, convexnn.Gated} {
		e, err := newEvaluator(in, model)
		if err != nil {
			t.Fatal(err)
		}
		s, err := e.program.Solve(context.Background(), convexnn.SolveSettings{Tolerance: 1e-9})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "w.bin")
		for _, noise := range []float64{0, 1e-6, 1e-3} {
			u := mat.DenseCopyOf(s.Weights)
			u.Apply(func(_, _ int, v float64) float64 { return v + noise*rng.NormFloat64() }, u)
			if err := os.WriteFile(path, raw(u.RawMatrix().Data), 0o644); err != nil {
				t.Fatal(err)
			}
			p, err := e.point(path)
			if err != nil {
				t.Fatal(err)
			}
			if p.Objective < s.LowerBound*(1-1e-12) || p.Objective > s.Objective*(1+1e-9+100*noise) {
				t.Errorf("%v: noise %g leads from %g to %g", model, noise, s.Objective, p.Objective)
			}
			if want := noise > 0 && model == convexnn.ReLU; (p.Violation > 1e-9) != want {
				t.Errorf("%v: violation %g at noise %g", model, p.Violation, noise)
			}
			if err := e.repair(u); err != nil {
				t.Fatal(err)
			}
			if after, err := e.program.Violation(u); err != nil || after > 1e-12 {
				t.Errorf("%v: violation %g after repair, %v", model, after, err)
			}
		}
	}
}

func TestArrivals(t *testing.T) {
	optimum := bracket{Lower: 10, Upper: 10}
	p := &peer{Solver: "some", Attempts: []attempt{
		{Setting: "loose", Points: []point{{1, 20, 0}, {2, 10.05, 0}, {3, 10.2, 0}}},
		{Setting: "tight", Reason: "time", Points: []point{{2.5, 10.05, 0}, {30, 10.0005, 0}}},
	}}
	for _, test := range []struct {
		level, seconds float64
		setting, text  string
	}{
		{1e-2, 2, "loose", "2 (4 x)"},
		{1e-4, 30, "tight", "30 (60 x)"},
		{1e-6, math.Inf(1), "", "- (time, at 5.0e-05)"},
	} {
		a := p.arrival(optimum, test.level)
		if a.Seconds != test.seconds || a.Setting != test.setting || a.cell(0.5) != test.text {
			t.Errorf("%g: %+v, %s", test.level, a, a.cell(0.5))
		}
	}
	for want, p := range map[string]*peer{
		"-":              {},
		"- (memory)":     {Attempts: []attempt{{Reason: "memory"}}},
		"- (at 1.0e+00)": {Attempts: []attempt{{Points: []point{{1, 20, 0}}}}},
	} {
		if got := p.arrival(optimum, 1e-2).cell(1); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestTable(t *testing.T) {
	by := solvers()
	r := &row{Instance: "some", Model: "relu", Optimum: bracket{10, 10}, Exact: &solve{Status: "solved"}}
	for _, level := range levels {
		r.Ours = append(r.Ours, &solve{Tolerance: level, Seconds: 2, Objective: 10, Status: "solved"})
	}
	r.Ours[2].Status = "stopped"
	for _, s := range by {
		r.Peers = append(r.Peers, &peer{Solver: s.name, Attempts: []attempt{{Setting: "one", Status: "solved", Seconds: 3, Points: []point{{3, 10.05, 0}}}}})
	}
	head := strings.Split(header(by), "\n")
	columns := strings.Count(head[0], "|")
	if strings.Count(head[1], "|") != columns || strings.Count(r.String(), "|") != columns {
		t.Errorf("columns do not match:\n%s\n%s\n%v", head[0], head[1], r)
	}
	if s := r.String(); !strings.Contains(s, "3 (1.5 x)") || !strings.Contains(s, "- (at 5.0e-03)") || !strings.Contains(s, "- (time, at 0.0e+00)") {
		t.Error(s)
	}
	lines := r.details()
	if len(lines) != 4+len(by) {
		t.Errorf("%d lines of details", len(lines))
	}
	for _, text := range lines {
		if strings.Count(text, "|") != strings.Count(strings.Split(detailHeader, "\n")[0], "|") {
			t.Error(text)
		}
	}
	if r.refuted() != "" {
		t.Error(r.refuted())
	}
	r.Peers[1].Attempts[0].Points[0].Objective = 9.99
	if !strings.Contains(r.refuted(), r.Peers[1].Solver) {
		t.Error("an objective below the bound passes")
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]int{"": 6, "reference": 2, "diabetes-500,reference-1": 2, "nothing": -1} {
		list, err := choose(split(text))
		if (err != nil) != (want < 0) || len(list) != max(want, 0) {
			t.Errorf("%q: %d instances, %v", text, len(list), err)
		}
	}
	for text, want := range map[string]int{"": 0, "scs,scnn": 2, "nothing": -1} {
		list, err := chooseSolvers(split(text))
		if (err != nil) != (want < 0) || len(list) != max(want, 0) {
			t.Errorf("%q: %d solvers, %v", text, len(list), err)
		}
	}
}
