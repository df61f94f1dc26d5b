package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// forge writes a changed copy of a JSON file.
func forge(t *testing.T, path string, change func(r map[string]any)) string {
	t.Helper()
	r := readJSON(t, read(t, path))
	change(r)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "forged.json", string(text))
}

// words is a text without its line breaks.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// rescaled multiplies the scale of the first column, so that it all but vanishes.
func rescaled(r map[string]any) {
	features := r["preprocessing"].(map[string]any)["features"].([]any)
	output := features[0].(map[string]any)["outputs"].([]any)[0].(map[string]any)
	output["scale"] = output["scale"].(float64) * 1e6
}

// TestVerifyForgedScaling builds the forgery that a scaling of one's own allows: where
// the only column all but vanishes, y itself is nearly feasible, and proves that the
// network without neurons is nearly optimal.
func TestVerifyForgedScaling(t *testing.T) {
	lines := []string{"x,y"}
	var y []float64
	for i := range 20 {
		x := float64(i) - 9.5
		y = append(y, x) // odd in x, so that its price on a constant column is small
		lines = append(lines, fmt.Sprintf("%v,%v", x, x))
	}
	dir := t.TempDir()
	csv, model, report := file(t, "d.csv", lines...), filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	must(t, exitDone, "train", csv, "--mode", "enumerate", "--test-fraction", "0", "--beta", "1", "--out", model, "--report", report, "--quiet")
	square := 0.0
	for _, v := range y {
		square += v * v
	}
	lie := func(r map[string]any) {
		rescaled(r)
		var dual []any
		for _, v := range y {
			dual = append(dual, v/sqrt(square/20))
		}
		r["dual"], r["objective"], r["training_loss"], r["lower_bound"], r["relative_gap"] = dual, 10, 10, 10*(1-1e-8), 1e-8
		r["price"] = map[string]any{"value": 0.5, "upper": 1, "kind": "exact", "method": "cells", "cells": 40}
		delete(r, "statement")
	}
	lazy := forge(t, model, func(m map[string]any) { m["network"].(map[string]any)["neurons"] = []any{} })
	forged := forge(t, report, lie)
	if _, stderr := must(t, exitFailed, "verify", forged, csv, "--model", lazy); !strings.Contains(stderr, "do not belong together: they preprocess") {
		t.Errorf("forged scaling beside the model: %q", stderr)
	}
	if _, stderr := must(t, exitFailed, "verify", forged, csv); !strings.Contains(stderr, "the input x is scaled in another way") {
		t.Errorf("forged scaling: %q", stderr)
	}
	// In a report of certify the scaling may be that of other rows, and then it is said.
	foreign := forge(t, report, func(r map[string]any) { lie(r); delete(r, "mode") })
	stdout, _ := must(t, exitDone, "verify", foreign, csv)
	if text := words(stdout); !strings.Contains(text, "as the report scales them, which is not what these rows teach") || strings.Contains(text, "ptimal") {
		t.Error(stdout)
	}
	stdout, _ = must(t, exitDone, "verify", foreign, csv, "--quiet", "--report", "-")
	if r := readJSON(t, stdout); r["scaling"] != "report" || r["relative_gap"] != nil {
		t.Errorf("scaling %v", r["scaling"])
	}
	if _, stderr := must(t, exitFailed, "verify", foreign, csv, "--model", lazy); !strings.Contains(stderr, "do not belong together") {
		t.Errorf("foreign scaling beside the model: %q", stderr)
	}
	// An honest report says that its scaling was learned again.
	stdout, _ = must(t, exitDone, "verify", report, csv, "--model", model, "--quiet", "--report", "-")
	if r := readJSON(t, stdout); r["scaling"] != "rows" || !strings.Contains(r["statement"].(string), "globally optimal") {
		t.Errorf("scaling %v, %v", r["scaling"], r["statement"])
	}
}

func sqrt(v float64) float64 {
	x := v
	for range 100 {
		x = (x + v/x) / 2
	}
	return x
}

// Columns in another order are the same data.
func TestVerifyReorderedColumns(t *testing.T) {
	table, _, _ := curve(20)
	var turned []string
	for _, line := range table {
		f := strings.Split(line, ",")
		turned = append(turned, f[2]+","+f[1]+","+f[0])
	}
	report := filepath.Join(t.TempDir(), "r.json")
	must(t, exitDone, "train", file(t, "d.csv", table...), "--mode", "enumerate", "--report", report, "--quiet")
	must(t, exitDone, "verify", report, file(t, "d.csv", turned...))
}

// TestVerifyApart joins reports with networks that they do not speak of.
func TestVerifyApart(t *testing.T) {
	data, dir := square(t), t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	must(t, exitDone, with(data, "train", "--mode", "enumerate", "--beta", "0.1", "--out", model, "--report", report)...)
	network := func(m map[string]any) map[string]any { return m["network"].(map[string]any) }
	training := func(m map[string]any) map[string]any { return m["training"].(map[string]any) }
	for _, test := range []struct {
		name, want string
		change     func(m map[string]any)
	}{
		{"beta", "beta was 0.2", func(m map[string]any) { training(m)["beta"] = 0.2 }},
		{"split", "the model was trained on 4 of 4 rows of x.txt (seed 7)", func(m map[string]any) { training(m)["data"].(map[string]any)["seed"] = 7 }},
		{"matrix", "read the matrix", func(m map[string]any) { m["matrix"].(map[string]any)["bias"] = true }},
		{"intercept", "output intercept", func(m map[string]any) { network(m)["intercept"] = 0.5 }},
		{"gated", "gated", func(m map[string]any) {
			network(m)["model"] = "gated"
			for _, n := range network(m)["neurons"].([]any) {
				n.(map[string]any)["gate"] = []any{1, 1, 1}
			}
		}},
		{"table", "one takes a matrix", func(m map[string]any) {
			delete(m, "matrix")
			table, _, _ := curve(8)
			other := filepath.Join(dir, "t.json")
			must(t, exitDone, "train", file(t, "d.csv", table...), "--patterns", "3", "--out", other)
			m["preprocessing"] = readJSON(t, read(t, other))["preprocessing"]
		}},
	} {
		_, stderr := must(t, exitFailed, with(data, "verify", report, "--model", forge(t, model, test.change))...)
		if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "the report and the model do not belong together: ") || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: %q, want %q", test.name, stderr, test.want)
		}
	}
	biased := file(t, "w.json", `{"U": [[1], [1], [0.1]], "alpha": [1], "bias": [1]}`)
	if _, stderr := must(t, exitFailed, with(data, "verify", report, "--model", biased)...); !strings.Contains(stderr, "hidden biases") {
		t.Errorf("weights with a bias: %q", stderr)
	}
	// certify may judge a model at another beta, and verify says so.
	must(t, exitDone, with(data, "certify", model, "--beta", "0.3", "--report", report)...)
	if _, stderr := must(t, exitDone, with(data, "verify", report, "--model", model)...); !strings.Contains(stderr, "trained with beta 0.1") {
		t.Errorf("another beta: %q", stderr)
	}
}

// TestVerifyLimits checks that the limits choose the way to price.
func TestVerifyLimits(t *testing.T) {
	data, report := square(t), filepath.Join(t.TempDir(), "r.json")
	must(t, exitDone, with(data, "train", "--mode", "enumerate", "--beta", "0.1", "--report", report)...)
	sampled := filepath.Join(t.TempDir(), "s.json")
	must(t, exitDone, with(data, "train", "--patterns", "9", "--beta", "0.1", "--report", sampled)...)
	for _, path := range []string{report, sampled} {
		for _, test := range []struct {
			method string
			args   []string
		}{
			{"cells", nil},
			{"branch and bound", []string{"--max-cells", "13"}},
			{"branch and bound", []string{"--memory-limit", "1KB"}},
		} {
			stdout, _ := must(t, exitDone, with(with(data, "verify", path, "--quiet", "--report", "-"), test.args...)...)
			if p := readJSON(t, stdout)["price"].(map[string]any); p["method"] != test.method {
				t.Errorf("%v: priced by %v, want %s", test.args, p["method"], test.method)
			}
		}
	}
}

// TestVerifyCutShort checks that what was not looked at in full is not called verified.
func TestVerifyCutShort(t *testing.T) {
	dir := t.TempDir()
	report := filepath.Join(dir, "r.json")
	must(t, exitDone, "train", "iris", "--positive", "virginica", "--patterns", "3", "--tol", "0.1", "--report", report, "--quiet")
	stdout, _ := must(t, exitStopped, "verify", report, "iris", "--time-limit", "1ns")
	if !strings.Contains(stdout, "stopped early by the time limit of 1ns") || strings.Contains(stdout, "\nproved ") {
		t.Error(stdout)
	}
	stdout, _ = must(t, exitStopped, "verify", report, "iris", "--time-limit", "1ns", "--quiet", "--report", "-")
	if r := readJSON(t, stdout); r["status"] != "stopped" || r["verified"] != false {
		t.Errorf("status %v, verified %v", r["status"], r["verified"])
	}
}

func TestParagraphKeepsPercent(t *testing.T) {
	for shift := range 12 {
		var b strings.Builder
		paragraph(&b, "proved", strings.Repeat("x", 60+shift)+" (gap 9.5 %) and more words, enough for a second line")
		if !strings.Contains(b.String(), "9.5 %") {
			t.Errorf("the number is torn from its unit:\n%s", &b)
		}
	}
}
