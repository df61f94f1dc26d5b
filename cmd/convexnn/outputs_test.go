package main

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// trainSeveral trains and returns the report and the model file.
func trainSeveral(t *testing.T, args ...string) (map[string]any, string) {
	t.Helper()
	model := filepath.Join(t.TempDir(), "m.json")
	stdout, _ := must(t, exitDone, append([]string{"train", "--out", model, "--report", "-", "--tol", "0.01"}, args...)...)
	return readJSON(t, stdout), model
}

func records(t *testing.T, text string) [][]string {
	t.Helper()
	out, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// More than two classes work out of the box.
func TestTrainClasses(t *testing.T) {
	r, model := trainSeveral(t, "iris")
	if r["task"] != "classification" || r["target_units"] != "classes" || r["labels"] != nil || r["outputs"] != 3.0 || r["mode"] != "global" {
		t.Errorf("report %v %v %v %v %v", r["task"], r["target_units"], r["labels"], r["outputs"], r["mode"])
	}
	if got := fmt.Sprint(r["classes"]); got != "[setosa versicolor virginica]" {
		t.Error(got)
	}
	n := int(r["n"].(float64))
	if len(r["dual"].([]any)) != 3*n || r["certificate"] != "bounded" || r["estimated_gap"].(float64) > 0.01 || r["relative_gap"].(float64) > 0.2 {
		t.Errorf("%d numbers of the dual, certificate %v, gap %v", len(r["dual"].([]any)), r["certificate"], r["estimated_gap"])
	}
	for _, part := range []string{"train", "test"} {
		m := r["metrics"].(map[string]any)[part].(map[string]any)
		right, all := 0.0, 0.0
		for k, row := range m["confusion"].([]any) {
			for l, count := range row.([]any) {
				all += count.(float64)
				if k == l {
					right += count.(float64)
				}
			}
		}
		if all != m["rows"] || m["accuracy"] != right/all || right/all < 0.93 {
			t.Errorf("%s: %v", part, m)
		}
	}
	// The file predicts what the training measured.
	stdout, _ := must(t, exitDone, "evaluate", model, "iris", "--test-only", "--report", "-")
	if got, want := readJSON(t, stdout)["metrics"], r["metrics"].(map[string]any)["test"]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("evaluate says %v, train %v", got, want)
	}
	text, _ := must(t, exitDone, "evaluate", model, "iris")
	if !strings.Contains(text, "accuracy") || !strings.Contains(text, "confusion") {
		t.Error(text)
	}
	stdout, _ = must(t, exitDone, "predict", model, "iris", "--scores")
	lines := records(t, stdout)
	if !slices.Equal(lines[0], []string{"prediction", "score setosa", "score versicolor", "score virginica"}) || len(lines) != 151 {
		t.Errorf("%d lines, header %v", len(lines), lines[0])
	}
	counts := map[string]int{}
	for _, l := range lines[1:] {
		counts[l[0]]++
		best := 1
		for k := range l[1:] {
			if number64(t, l[1+k]) > number64(t, l[best]) {
				best = 1 + k
			}
		}
		if lines[0][best] != "score "+l[0] {
			t.Errorf("scores %v for %s", l[1:], l[0])
		}
	}
	if counts["setosa"] != 50 || len(counts) != 3 {
		t.Errorf("predictions %v", counts)
	}
}

func number64(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Small data are proved, and the text shows classes and their predictions.
func TestTrainClassesText(t *testing.T) {
	rows := []string{"a,b,k"}
	for i := range 30 {
		rows = append(rows, fmt.Sprintf("%d,%d,%s", i%5, i%7, []string{"low", "mid", "high"}[i%5/2]))
	}
	stdout, _ := must(t, exitDone, "train", file(t, "k.csv", rows...), "--beta-ratio", "0.1")
	for _, words := range []string{"high -> output 1", "3 outputs", "Globally optimal", "confusion", "<- predicted", "of the 6 test rows", "accuracy"} {
		if !strings.Contains(stdout, words) {
			t.Errorf("no %q in\n%s", words, stdout)
		}
	}
	stdout, _ = must(t, exitDone, "train", file(t, "k.csv", rows...), "--beta-ratio", "1.1", "--intercept", "--test-fraction", "0")
	for _, words := range []string{"no neurons and predicts", "low for every row", "of the 30 training rows"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), words) {
			t.Errorf("no %q in\n%s", words, stdout)
		}
	}
}

// Several targets are scaled one by one, and predictions are in their units.
func TestTrainTargets(t *testing.T) {
	rows := []string{"a,b,small,large"}
	for i := range 40 {
		a, b := float64(i%8)-3, float64(i%5)
		rows = append(rows, fmt.Sprintf("%v,%v,%v,%v", a, b, max(a, 0)/1000, 1e6*max(a-b, 0)))
	}
	table := file(t, "t.csv", rows...)
	r, model := trainSeveral(t, table, "--targets", "large, 3", "--beta-ratio", "0.001")
	if r["outputs"] != 2.0 || fmt.Sprint(r["targets"]) != "[large small]" || r["target"] != "large,small" || r["target_units"] != "standardised" || r["target_scale"] != nil || r["d"] != 3.0 {
		t.Errorf("report %v %v %v %v %v", r["outputs"], r["targets"], r["target"], r["target_units"], r["d"])
	}
	trained := r["metrics"].(map[string]any)["train"].(map[string]any)["targets"].([]any)
	for k, name := range []string{"large", "small"} {
		if m := trained[k].(map[string]any); m["target"] != name || m["r2"].(float64) < 0.99 {
			t.Errorf("%v", m)
		}
	}
	stdout, _ := must(t, exitDone, "predict", model, table, "--scores")
	lines := records(t, stdout)
	if !slices.Equal(lines[0], []string{"large", "small", "score large", "score small"}) {
		t.Errorf("header %v", lines[0])
	}
	for i, l := range lines[1:] {
		want := strings.Split(rows[i+1], ",")
		if e := number64(t, l[0]) - number64(t, want[3]); max(e, -e) > 3e5 {
			t.Errorf("row %d: %s, want %s", i, l[0], want[3])
		}
		if e := number64(t, l[1]) - number64(t, want[2]); max(e, -e) > 3e-4 {
			t.Errorf("row %d: %s, want %s", i, l[1], want[2])
		}
	}
	text, _ := must(t, exitDone, "evaluate", model, table)
	if !strings.Contains(text, "R2 large") || !strings.Contains(text, "RMSE small") {
		t.Error(text)
	}
	// One of --targets is --target.
	one, _ := trainSeveral(t, table, "--targets", "small", "--skip", "large")
	if one["outputs"] != 1.0 || one["targets"] != nil || one["target"] != "small" {
		t.Errorf("%v %v", one["outputs"], one["targets"])
	}
}

func TestTrainMatrices(t *testing.T) {
	var x, y, k []string
	for i := range 24 {
		x = append(x, fmt.Sprintf("%d %d 1", i%4, i%3))
		y = append(y, fmt.Sprintf("%d %d", max(i%4-i%3, 0), i%3))
		k = append(k, fmt.Sprint(i%3*5))
	}
	xs, ys, ks := file(t, "x.txt", x...), file(t, "y.txt", y...), file(t, "k.txt", k...)
	for _, flags := range [][]string{nil, {"--standardize"}} {
		r, model := trainSeveral(t, append(flags, "--x", xs, "--y", ys)...)
		if r["outputs"] != 2.0 || fmt.Sprint(r["targets"]) != "[y1 y2]" || r["certificate"] != "exact" {
			t.Errorf("%v: %v %v %v", flags, r["outputs"], r["targets"], r["certificate"])
		}
		stdout, _ := must(t, exitDone, "evaluate", model, "--x", xs, "--y", ys, "--report", "-")
		if got, want := readJSON(t, stdout)["metrics"], r["metrics"].(map[string]any)["train"]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v: evaluate says %v, train %v", flags, got, want)
		}
		stdout, _ = must(t, exitDone, "predict", model, "--x", xs)
		if lines := records(t, stdout); len(lines) != 25 || !slices.Equal(lines[0], []string{"y1", "y2"}) {
			t.Errorf("%v: %v", flags, lines[0])
		}
		r, model = trainSeveral(t, append(flags, "--x", xs, "--y", ks, "--task", "classification")...)
		if fmt.Sprint(r["classes"]) != "[0 5 10]" {
			t.Errorf("%v: classes %v", flags, r["classes"])
		}
		stdout, _ = must(t, exitDone, "predict", model, "--x", xs)
		for i, l := range records(t, stdout)[1:] {
			if l[0] != k[i] {
				t.Errorf("%v: row %d is %s, want %s", flags, i, l[0], k[i])
			}
		}
		if _, stderr := must(t, exitFailed, "evaluate", model, "--x", xs, "--y", ys); stderr == "" {
			t.Error("two targets for one")
		}
	}
	short, long := file(t, "short.txt", y[:23]...), file(t, "long.txt", "1", "2")
	for _, targets := range []string{short, long} {
		if _, stderr := must(t, exitFailed, "train", "--x", xs, "--y", targets); !strings.Contains(stderr, "24 rows") || strings.Contains(stderr, "one target per line") {
			t.Error(stderr)
		}
	}
	one := []string{"--x", file(t, "row.txt", "1 2 3"), "--y", file(t, "targets.txt", "1 2")}
	if r, _ := trainSeveral(t, one...); r["outputs"] != 2.0 || r["n"] != 1.0 {
		t.Errorf("%v outputs of %v rows", r["outputs"], r["n"])
	}
	if _, stderr := must(t, exitFailed, "path", "--x", xs, "--y", ys); !strings.Contains(stderr, "one target per line") {
		t.Error(stderr)
	}
	if _, stderr := must(t, exitUsage, "train", "--x", xs, "--y", ys, "--task", "classification"); !strings.Contains(stderr, "one column") {
		t.Error(stderr)
	}
}

// Commands that take one output say so.
func TestSeveralElsewhere(t *testing.T) {
	model := filepath.Join(t.TempDir(), "m.json")
	var rows []string
	for i := range 30 {
		rows = append(rows, fmt.Sprintf("%d,%d,%d", i%5, i%7, i%3))
	}
	table := file(t, "t.csv", append([]string{"a,b,k"}, rows...)...)
	must(t, exitDone, "train", table, "--task", "classification", "--tol", "0.2", "--out", model)
	if text := read(t, model); !strings.Contains(text, `"version":2`) {
		t.Error("a reader of version 1 would not know what it has")
	}
	if _, stderr := must(t, exitFailed, "certify", model, table); !strings.Contains(stderr, "3 outputs") {
		t.Error(stderr)
	}
	// A network and targets that do not fit each other.
	bad := file(t, "bad.json", strings.Replace(read(t, model), `"labels":["0",`, `"labels":["0","7",`, 1))
	if _, stderr := must(t, exitFailed, "predict", bad, table); !strings.Contains(stderr, "3 outputs") {
		t.Error(stderr)
	}
}

// Reports of several outputs are checked like others: by all cells, or by norms.
func TestVerifySeveral(t *testing.T) {
	rows := []string{"a,b,p,q,k"}
	for i := range 30 {
		rows = append(rows, fmt.Sprintf("%d,%d,%d,%d,%s", i%5, i%7, i%5*(i%7), max(i%7-i%5, 0), []string{"low", "mid", "high"}[i%5/2]))
	}
	table := file(t, "k.csv", rows...)
	// In seven dimensions cells are too many.
	wide := []string{"a,b,c,d,e,f,g,p,q,k"}
	rng := rand.New(rand.NewPCG(8, 1))
	for range 30 {
		line := ""
		for range 9 {
			line += fmt.Sprintf("%.3f,", rng.NormFloat64())
		}
		wide = append(wide, line+[]string{"u", "v", "w", "z"}[rng.IntN(4)])
	}
	spread := file(t, "wide.csv", wide...)
	for _, c := range []struct {
		data   string
		flags  []string
		method string
	}{
		{table, []string{"--beta-ratio", "0.1", "--skip", "p,q", "--mode", "enumerate"}, "cells"},
		{table, []string{"--targets", "q,p", "--skip", "k", "--intercept"}, "cells"},
		{spread, []string{"--targets", "p,q", "--skip", "k", "--tol", "0.05", "--beta-ratio", "0.2"}, "branch and bound"},
		{spread, []string{"--skip", "p,q", "--tol", "0.2", "--beta-ratio", "0.2"}, "norms"},
	} {
		dir := t.TempDir()
		report, model := filepath.Join(dir, "r.json"), filepath.Join(dir, "m.json")
		must(t, exitDone, append([]string{"train", c.data, "--report", report, "--out", model}, c.flags...)...)
		stdout, _ := must(t, exitDone, "verify", report, c.data, "--model", model, "--report", "-")
		r := readJSON(t, stdout)
		if r["verified"] != true || r["scaling"] != "rows" || r["price"].(map[string]any)["method"] != c.method || r["relative_gap"] == nil {
			t.Errorf("%v: %s", c.flags, stdout)
		}
		text := read(t, report)
		for name, change := range map[string][2]string{
			"a bound":      {`"lower_bound": `, `"lower_bound": 1`},
			"an objective": {`"objective": `, `"objective": 1`},
			"a number":     {"\"dual\": [\n    ", "\"dual\": [\n    9"},
			"a class":      {`"outputs": `, `"outputs": 1`},
		} {
			forged := file(t, "forged.json", strings.Replace(text, change[0], change[1], 1))
			if _, stderr := must(t, exitFailed, "verify", forged, c.data, "--model", model); stderr == "" {
				t.Errorf("%v: %s is forged", c.flags, name)
			}
		}
	}
	// A report of one output does not speak of a network with several.
	dir := t.TempDir()
	one, several := filepath.Join(dir, "one.json"), filepath.Join(dir, "m.json")
	must(t, exitDone, "train", table, "--target", "q", "--skip", "k,p", "--tol", "0.1", "--report", one)
	must(t, exitDone, "train", table, "--targets", "p,q", "--skip", "k", "--tol", "0.1", "--out", several)
	if _, stderr := must(t, exitFailed, "verify", one, table, "--model", several); !strings.Contains(stderr, "2 outputs") {
		t.Error(stderr)
	}
}

// Every network is constant on rows of zeros, which takes no search to see, and the report
// of it can be verified.
func TestVerifySeveralZero(t *testing.T) {
	xs, ys := file(t, "x.txt", "0 0", "0 0", "0 0"), file(t, "y.txt", "1 2", "3 -1", "0 5")
	report, model := filepath.Join(t.TempDir(), "r.json"), filepath.Join(t.TempDir(), "m.json")
	for _, flags := range [][]string{nil, {"--intercept"}, {"--mode", "global"}} {
		must(t, exitDone, append([]string{"train", "--x", xs, "--y", ys, "--report", report, "--out", model}, flags...)...)
		if stdout, _ := must(t, exitDone, "verify", report, "--x", xs, "--y", ys, "--model", model); !strings.Contains(stdout, "globally optimal") {
			t.Errorf("%v: %s", flags, stdout)
		}
	}
}

// A tiny strength leaves a tiny residual, whose product with the targets is rounding.
func TestVerifyTinyBeta(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	xs, ys := make([]string, 6), make([]string, 6)
	for i := range xs {
		xs[i] = fmt.Sprintf("%v %v", rng.NormFloat64(), rng.NormFloat64())
		ys[i] = fmt.Sprintf("%v %v", rng.NormFloat64(), rng.NormFloat64())
	}
	x, y, report := file(t, "x.txt", xs...), file(t, "y.txt", ys...), filepath.Join(t.TempDir(), "r.json")
	must(t, exitDone, "train", "--x", x, "--y", y, "--beta", "1e-10", "--tol", "0.9", "--report", report)
	must(t, exitDone, "verify", report, "--x", x, "--y", y)
}
