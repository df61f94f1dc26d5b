package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tents has 1.4, 0.6, ... as its exact optima: see package arora.
func tents(t *testing.T) []string {
	return []string{"--x", file(t, "x.txt", "-2", "-1", "0", "1", "2"), "--y", file(t, "y.txt", "0", "1", "0", "1", "0"), "--bias", "hidden"}
}

func TestExact(t *testing.T) {
	dir := t.TempDir()
	model, report, plot := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json"), filepath.Join(dir, "w.svg")
	args := with(tents(t), "exact", "--neurons", "2", "--out", model, "--report", report, "--plot", plot)
	text, _ := must(t, exitDone, args...)
	for _, want := range []string{
		"211 choices for 2 neurons among at most 10 activation patterns", "0: plain least squares",
		"Optimal at this width within 0.001 %: no two-layer ReLU network of at most 2 neurons has an objective below 0.399999", "wider ones may",
	} {
		if !strings.Contains(words(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	r := readJSON(t, read(t, report))
	if r["format"] != "convexnn-exact" || r["certificate"] != "fixed-width" || r["status"] != "solved" || r["width"] != 2.0 || r["cells"] != 9.0 {
		t.Errorf("report %v", r)
	}
	for k, want := range []float64{0.6, 0.4} {
		w := r["widths"].([]any)[k].(map[string]any)
		if f := w["objective"].(float64); math.Abs(f-want) > 1e-9 || w["lower_bound"].(float64) < want-1e-6 {
			t.Errorf("%d neurons: %v", k+1, w)
		}
	}
	if !strings.HasPrefix(read(t, plot), "<?xml") {
		t.Error("the plot is no SVG")
	}
	// The model is one that the other commands take.
	stdout, _ := must(t, exitDone, with(tents(t)[:4], "evaluate", model, "--report", "-")...)
	if rmse := readJSON(t, stdout)["metrics"].(map[string]any)["rmse"].(float64); math.Abs(rmse-math.Sqrt(2*0.4/5)) > 1e-9 {
		t.Errorf("rmse %v", rmse)
	}
}

// With a beta the optimum over all widths is that of train, and needs no search.
func TestExactMeetsTrain(t *testing.T) {
	trained, _ := must(t, exitDone, with(square(t), "train", "--beta", "0.1", "--report", "-", "--quiet")...)
	want := readJSON(t, trained)["objective"].(float64)
	for neurons, near := range map[string]bool{"3": false, "4": true, "9": true} {
		stdout, _ := must(t, exitDone, with(square(t), "exact", "--neurons", neurons, "--beta", "0.1", "--report", "-", "--quiet")...)
		r := readJSON(t, stdout)
		f := r["objective"].(float64)
		if near != (math.Abs(f-want) <= 1e-6*want) || f < want*(1-1e-6) {
			t.Errorf("%s neurons: %v, train %v", neurons, f, want)
		}
	}
}

func TestExactStopsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if s := run(ctx, []string{"exact", "xor", "--neurons", "2", "--report", "-"}, &stdout, &stderr); s != exitStopped {
		t.Errorf("interrupted: status %d, %s", s, &stderr)
	}
	if r := readJSON(t, stdout.String()); r["status"] != "stopped" || r["lower_bound"].(float64) > r["objective"].(float64) {
		t.Errorf("status %v, bound %v", r["status"], r["lower_bound"])
	}
	text, _ := must(t, exitStopped, "exact", "piecewise", "--neurons", "3", "--time-limit", "1ms")
	if !strings.Contains(text, "time limit of 1ms") {
		t.Error(text)
	}
	// What was found at smaller widths is kept where a larger one is refused.
	text, _ = must(t, exitStopped, "exact", "piecewise", "--neurons", "3", "--every-width", "--max-choices", "1e6")
	if !strings.Contains(words(text), "too many choices to search for 3 neurons") || !strings.Contains(text, "14.0134") {
		t.Error(text)
	}
}

func TestBadExact(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.json")
	for _, test := range []struct {
		want   string
		status int
		args   []string
	}{
		{"--neurons is missing", 2, []string{"xor"}},
		{"at least 1, got 0", 2, []string{"xor", "--neurons", "0"}},
		{"at least 1, got -2", 2, []string{"xor", "--neurons", "-2"}},
		{"up to 3 neurons would fit", 1, []string{"piecewise", "--neurons", "20"}},
		{"convexnn train has no such limit", 1, []string{"breast-cancer", "--neurons", "1"}},
		{"--memory-limit SIZE", 1, []string{"xor", "--neurons", "1", "--memory-limit", "1KB"}},
		{"exclude each other", 2, []string{"xor", "--neurons", "1", "--beta", "1", "--beta-ratio", "1"}},
		{"--beta must be at least 0", 2, []string{"xor", "--neurons", "1", "--beta", "-1"}},
		{"--beta-ratio must be at least 0", 2, []string{"xor", "--neurons", "1", "--beta-ratio", "-1"}},
		{"--tol must be above 0", 2, []string{"xor", "--neurons", "1", "--tol", "0"}},
		{".svg or .png", 2, []string{"xor", "--neurons", "1", "--plot", "w.gif"}},
		{"name the same file", 2, []string{"xor", "--neurons", "1", "--out", out, "--report", out}},
		{"not a positive whole number", 2, []string{"xor", "--neurons", "1", "--max-choices", "-4"}},
		{"missing DATA", 2, []string{"--neurons", "1"}},
	} {
		status, stdout, stderr := invoke(append([]string{"exact"}, with(test.args, "--out", out)...)...)
		if test.want == "name the same file" {
			status, stdout, stderr = invoke(append([]string{"exact"}, test.args...)...)
		}
		if status != test.status || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, %q %q, want %d and %q", test.args, status, stdout, stderr, test.status, test.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%v: a file was written", test.args)
		}
	}
}
