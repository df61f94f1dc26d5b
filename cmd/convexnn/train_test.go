package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTrainReport(t *testing.T) {
	want := strings.Fields(`mode model task loss n d rank patterns patterns_possible neurons beta beta_max beta_max_kind
		beta_ratio objective training_loss program_objective program_bound program_gap lower_bound relative_gap certificate
		statement estimated_lower_bound estimated_gap status iterations rounds seconds seed metrics linear data dropped target target_units target_scale labels
		notes version format cells outputs price dual intercept preprocessing matrix split`)
	slices.Sort(want)
	tests := []struct {
		args  []string
		task  string
		units string
		key   string
	}{
		{[]string{"iris", "--positive", "setosa"}, "classification", "classes", "auc"},
		{[]string{"diabetes", "--model", "gated"}, "regression", "standardised", "r2"},
		{[]string{"xor", "--test-fraction", "0"}, "classification", "classes", "accuracy"},
		{[]string{"spirals", "--intercept"}, "classification", "classes", "accuracy"},
		{[]string{"piecewise", "--standardize=false"}, "regression", "original", "rmse"},
	}
	for _, test := range tests {
		t.Run(test.args[0], func(t *testing.T) {
			args := append([]string{"train", "--report", "-", "--patterns", "20", "--tol", "1e-3"}, test.args...)
			stdout, stderr := must(t, exitDone, args...)
			r := readJSON(t, stdout)
			if got := slices.Sorted(maps.Keys(r)); !slices.Equal(got, want) {
				t.Errorf("keys %v", got)
			}
			if r["task"] != test.task || r["target_units"] != test.units || r["status"] != "solved" || r["loss"] != "squared" {
				t.Errorf("task %v, units %v, status %v, loss %v", r["task"], r["target_units"], r["status"], r["loss"])
			}
			if r["lower_bound"] != nil || r["relative_gap"] != nil || r["estimated_lower_bound"] != nil || r["estimated_gap"] != nil || r["certificate"] != "program" {
				t.Error("a bound on all networks is claimed")
			}
			if r["mode"] != "sampled" || r["program_objective"] == nil || r["program_bound"] == nil || r["program_gap"].(float64) > 1e-3 {
				t.Errorf("mode %v, program gap %v", r["mode"], r["program_gap"])
			}
			if r["cells"] != nil || r["price"] != nil || len(r["dual"].([]any)) != int(r["n"].(float64)) || (r["preprocessing"] == nil) == (r["matrix"] == nil) {
				t.Errorf("cells %v, price %v, %d numbers of the dual vector", r["cells"], r["price"], len(r["dual"].([]any)))
			}
			split := r["metrics"].(map[string]any)
			if split["train"].(map[string]any)[test.key] == nil {
				t.Errorf("no %s on the training rows: %v", test.key, split)
			}
			if tested := split["test"].(map[string]any)[test.key] != nil; tested != (test.args[0] != "xor") {
				t.Errorf("test metrics: %v", split)
			}
			if !strings.Contains(strings.Join(strings.Fields(stderr), " "), r["statement"].(string)) {
				t.Errorf("the summary lacks the statement:\n%s", stderr)
			}
			if _, stderr := must(t, exitDone, append(args, "--quiet")...); stderr != "" {
				t.Errorf("--quiet prints %q", stderr)
			}
		})
	}
}

func TestTrainIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	var first string
	for k, threads := range []string{"1", "2", "2"} {
		path := filepath.Join(dir, "m"+string(rune('0'+k)))
		must(t, exitDone, "train", "iris", "--positive", "versicolor", "--patterns", "40", "--threads", threads, "--out", path)
		if got := read(t, path); k == 0 {
			first = got
		} else if got != first {
			t.Errorf("another model with --threads %s", threads)
		}
	}
}

func TestTrainUnusualData(t *testing.T) {
	table, _, _ := curve(30)
	tests := []struct {
		name  string
		lines []string
		args  []string
		want  string // in what is printed
	}{
		{"one row", []string{"a,b,y", "1,2,3"}, nil, "too few rows"},
		{"one row without a test", []string{"a,b,y", "1,2,3"}, []string{"--test-fraction", "0"}, "same value"},
		{"constant target", []string{"a,y", "1,5", "2,5", "3,5", "4,5"}, nil, "predicts 5 for every row"},
		{"large beta", table, []string{"--beta", "1e6"}, "no neurons"},
		{"contradictions", []string{"a,y", "1,5", "1,6", "2,1", "2,7", "3,3"}, []string{"--test-fraction", "0"}, "proved"},
		{"large values", []string{"a,y", "1e150,5e150", "-1e150,6e150", "3e150,1e150", "2e150,7e150", "0,2e150"}, nil, "e+150"},
		{"few patterns", []string{"a,y", "1,5", "2,6", "3,1"}, []string{"--patterns", "100000", "--test-fraction", "0"}, "no more than"},
		{"missing values", append(slices.Clone(table), ",1,2"), []string{"--missing", "drop"}, "left out 1 row with"},
		{"missing targets", append(slices.Clone(table), "1,2,"), []string{"--missing", "mean"}, "left out 1 row with"},
		{"categories", []string{"c,y", "u,1", "v,2", "w,4", "u,1", "v,2", "w,5"}, nil, "features"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := file(t, "data.csv", test.lines...)
			model := filepath.Join(filepath.Dir(path), "m.json")
			stdout, _ := must(t, exitDone, append([]string{"train", path, "--patterns", "20", "--out", model}, test.args...)...)
			if !strings.Contains(words(stdout), test.want) {
				t.Errorf("%q is missing in\n%s", test.want, stdout)
			}
			must(t, exitDone, "predict", model, path, "--missing", "drop")
			must(t, exitDone, "evaluate", model, path, "--missing", "drop")
		})
	}
}

func TestTrainStopsEarly(t *testing.T) {
	dir := t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	check := func(stdout string) {
		t.Helper()
		if !strings.Contains(stdout, "stopped early") {
			t.Errorf("nothing is said of it:\n%s", stdout)
		}
		if r := readJSON(t, read(t, report)); r["status"] != "stopped" {
			t.Errorf("status %v", r["status"])
		}
		must(t, exitDone, "evaluate", model, "digits")
	}
	for _, mode := range []string{"sampled", "auto"} {
		for _, limit := range []string{"1ms", "500ms"} {
			stdout, _ := must(t, exitStopped, "train", "digits", "--positive", "3", "--mode", mode, "--time-limit", limit, "--out", model, "--report", report)
			check(stdout)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var stdout, stderr bytes.Buffer
		if s := run(ctx, []string{"train", "digits", "--positive", "3", "--mode", mode, "--out", model, "--report", report}, &stdout, &stderr); s != exitStopped {
			t.Errorf("interrupted: status %d, %s", s, &stderr)
		}
		check(stdout.String())
	}
}

func TestTrainGates(t *testing.T) {
	table, _, _ := curve(20)
	data, gates := file(t, "data.csv", table...), file(t, "gates.txt", "1 0 1", "0 1 -1", "1 -1 0.1", "-1 2 0.3")
	stdout, _ := must(t, exitDone, "train", data, "--gates", gates, "--report", "-")
	if r := readJSON(t, stdout); r["patterns"] != 4.0 || !strings.Contains(r["statement"].(string), "given") {
		t.Errorf("%v patterns; %v", r["patterns"], r["statement"])
	}
}

func TestMatrices(t *testing.T) {
	_, x, y := curve(30)
	both := make([]string, len(x))
	for i := range x {
		both[i] = x[i] + " " + y[i]
	}
	xs, ys, all := file(t, "x.txt", x...), file(t, "y.txt", y...), file(t, "all.txt", both...)
	model := filepath.Join(t.TempDir(), "m.json")
	for _, extra := range [][]string{nil, {"--bias", "hidden"}, {"--standardize"}, {"--test-fraction", "0.3"}} {
		args := append([]string{"train", "--patterns", "20", "--report", "-", "--out", model}, extra...)
		stdout, _ := must(t, exitDone, append(args, "--x", xs, "--y", ys)...)
		r := readJSON(t, stdout)
		d := 2.0
		if len(extra) > 1 && extra[0] == "--bias" {
			d = 3
		}
		if r["task"] != "regression" || r["d"] != d {
			t.Errorf("%v: task %v, d %v", extra, r["task"], r["d"])
		}
		first, _ := must(t, exitDone, "predict", model, "--x", xs)
		score, _ := must(t, exitDone, "evaluate", model, "--x", xs, "--y", ys)
		stdout, _ = must(t, exitDone, append(args, "--x", all)...)
		if r2 := readJSON(t, stdout); r2["objective"] != r["objective"] {
			t.Errorf("%v: objective %v with y in the last column, %v without", extra, r2["objective"], r["objective"])
		}
		second, _ := must(t, exitDone, "predict", model, "--x", xs)
		again, _ := must(t, exitDone, "evaluate", model, "--x", all)
		if first != second || score != again {
			t.Errorf("%v: %s and %s", extra, score, again)
		}
	}
	classes := file(t, "classes.txt", "1 0 7", "2 1 9", "3 0 7", "5 2 9", "4 4 9")
	must(t, exitDone, "train", "--x", classes, "--task", "classification", "--out", model)
	if got, _ := must(t, exitDone, "predict", model, "--x", file(t, "p.txt", "1 0", "5 2")); got != "prediction\n7\n9\n" {
		t.Errorf("predictions %q", got)
	}
}

func TestPatterns(t *testing.T) {
	stdout, _ := must(t, exitDone, "patterns", "iris", "--patterns", "50", "--report", "-")
	r := readJSON(t, stdout)
	if r["n"] != 150.0 || r["d"] != 5.0 || r["rank"] != 5.0 || r["cells"] != 50.0 || r["sampled"] != true || r["seconds"] == nil {
		t.Errorf("%v", r)
	}
	if n, ok := r["max_cells"].(float64); !ok || n < 1e7 {
		t.Errorf("max_cells is %v", r["max_cells"])
	}
	stdout, _ = must(t, exitDone, "patterns", "digits", "--patterns", "5", "--report", "-")
	if n, ok := readJSON(t, stdout)["max_cells"].(float64); !ok || n < 1e100 || !regexp.MustCompile(`"max_cells": \d{100,},`).MatchString(stdout) {
		t.Errorf("a large max_cells is no whole number: %v", n)
	}
	_, x, _ := curve(10)
	stdout, _ = must(t, exitDone, "patterns", "--x", file(t, "x.txt", x...))
	if !strings.Contains(stdout, "10 rows, 2 columns, rank 2") || !strings.Contains(stdout, "these are all") {
		t.Error(stdout)
	}
}

func TestDatasetsAndVersion(t *testing.T) {
	stdout, _ := must(t, exitDone, "datasets")
	if !strings.Contains(stdout, "breast-cancer") || !strings.Contains(stdout, "spirals") {
		t.Error(stdout)
	}
	stdout, _ = must(t, exitDone, "datasets", "--report", "-")
	var sets []map[string]any
	if err := json.Unmarshal([]byte(stdout), &sets); err != nil || len(sets) != 12 || sets[0]["name"] != "iris" {
		t.Errorf("%v %v", sets, err)
	}
	if stdout, _ = must(t, exitDone, "version"); !strings.HasPrefix(stdout, "convexnn ") {
		t.Error(stdout)
	}
}
