package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestTrainEnumerate(t *testing.T) {
	args := with(square(t), "train", "--mode", "enumerate", "--beta", "0.1")
	stdout, stderr := must(t, exitDone, with(args, "--report", "-")...)
	r := readJSON(t, stdout)
	bound, objective := r["lower_bound"].(float64), r["objective"].(float64)
	if bound > squareBest*(1+1e-8) || objective < squareBest*(1-1e-8) || (objective-bound)/objective > 1e-6 {
		t.Errorf("[%v, %v] around %v", bound, objective, squareBest)
	}
	if r["mode"] != "enumerate" || r["certificate"] != "exact" || r["cells"] != 14.0 || r["beta_max_kind"] != "exact" || r["intercept"] != false {
		t.Errorf("mode %v, certificate %v, cells %v", r["mode"], r["certificate"], r["cells"])
	}
	if p := r["price"].(map[string]any); p["kind"] != "exact" || p["method"] != "cells" || p["cells"] != 14.0 {
		t.Errorf("price %v", p)
	}
	for _, want := range []string{"at most 14; neurons with any pattern are generated, and passes over all patterns prove the bound. A pass takes about", "Globally optimal within 0.001 %", "14 patterns priced per pass; "} {
		if !strings.Contains(words(stderr), want) {
			t.Errorf("%q is missing in\n%s", want, stderr)
		}
	}
	// A tolerance that is reached at once.
	stdout, _ = must(t, exitDone, with(args, "--tol", "0.9", "--report", "-", "--quiet")...)
	if r := readJSON(t, stdout); r["relative_gap"].(float64) > 0.9 || r["status"] != "solved" {
		t.Errorf("--tol 0.9: gap %v, %v", r["relative_gap"], r["status"])
	}
}

func TestTrainEnumerateStopsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	report := filepath.Join(t.TempDir(), "r.json")
	if s := run(ctx, []string{"train", "spirals", "--mode", "enumerate", "--report", report}, &stdout, &stderr); s != exitStopped {
		t.Errorf("interrupted: status %d, %s", s, &stderr)
	}
	if r := readJSON(t, read(t, report)); r["status"] != "stopped" || r["lower_bound"].(float64) > r["objective"].(float64) {
		t.Errorf("status %v, bound %v", r["status"], r["lower_bound"])
	}
	text, _ := must(t, exitStopped, "train", "iris", "--positive", "virginica", "--mode", "enumerate", "--time-limit", "300ms")
	if !strings.Contains(text, "no pass over all patterns ended") {
		t.Error(text)
	}
}

func TestBadEnumerate(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		want   string
		args   []string
	}{
		{"patterns", 2, "--patterns", []string{"train", "xor", "--mode", "enumerate", "--patterns", "5"}},
		{"sampler", 2, "--sampler", []string{"train", "xor", "--mode", "enumerate", "--sampler", "pairs"}},
		{"gates", 2, "--gates", []string{"train", "xor", "--mode", "enumerate", "--gates", "g.txt"}},
		{"gated", 2, "--model relu", []string{"train", "xor", "--mode", "enumerate", "--model", "gated"}},
		{"patterns with global", 2, "--mode global takes all", []string{"train", "xor", "--mode", "global", "--patterns", "5"}},
		{"sampler with global", 2, "--sampler", []string{"train", "xor", "--mode", "global", "--sampler", "pairs"}},
		{"gates with global", 2, "--gates", []string{"train", "xor", "--mode", "global", "--gates", "g.txt"}},
		{"gated with global", 2, "--mode global is for --model relu", []string{"train", "xor", "--mode", "global", "--model", "gated"}},
		{"max-cells with global", 2, "--mode auto and enumerate", []string{"train", "xor", "--mode", "global", "--max-cells", "5"}},
		{"max-cells with sampled", 2, "--mode auto and enumerate", []string{"train", "xor", "--mode", "sampled", "--max-cells", "5"}},
		{"max-cells with patterns", 2, "--patterns means --mode sampled", []string{"train", "xor", "--max-cells", "5", "--patterns", "5"}},
		{"max-cells with gated", 2, "--model gated means --mode sampled", []string{"train", "xor", "--max-cells", "5", "--model", "gated"}},
		{"memory", 1, "--mode sampled or --memory-limit SIZE", []string{"train", "iris", "--positive", "setosa", "--memory-limit", "1KB"}},
		{"max-cells", 2, "positive whole number", []string{"train", "xor", "--mode", "enumerate", "--max-cells", "0.5"}},
		{"too many", 1, "--mode sampled, --skip COL, or --max-cells N", []string{"train", "breast-cancer", "--mode", "enumerate"}},
		{"too many for the flag", 1, "limit is 10", []string{"train", "xor", "--mode", "enumerate", "--max-cells", "10"}},
		{"hopeless", 1, "--mode sampled", []string{"train", "xor", "--mode", "enumerate", "--memory-limit", "1KB"}},
		{"patterns: mode", 2, "auto, enumerate, sampled", []string{"patterns", "xor", "--mode", "all"}},
		{"patterns: sampler", 2, "--sampler", []string{"patterns", "xor", "--mode", "enumerate", "--sampler", "pairs"}},
		{"patterns: max-cells", 2, "--max-cells", []string{"patterns", "xor", "--mode", "sampled", "--max-cells", "1e6"}},
		{"patterns: too many", 1, "--max-cells N", []string{"patterns", "iris", "--mode", "enumerate", "--max-cells", "1e6"}},
		{"patterns: memory", 1, "--memory-limit", []string{"patterns", "xor", "--mode", "enumerate", "--memory-limit", "1KB"}},
		{"patterns: output", 2, "--out", []string{"patterns", "xor", "--out", "-"}},
	} {
		_, stderr := must(t, test.status, test.args...)
		if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: %q, want one line with %q", test.name, stderr, test.want)
		}
	}
}

// TestPatternsFile checks the file of patterns: all of the square with a column of
// ones, each shown by its witness.
func TestPatternsFile(t *testing.T) {
	points := [][]float64{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}}
	dir := t.TempDir()
	x := file(t, "x.txt", squareX...)
	for _, test := range []struct {
		mode     string
		patterns int
	}{{"auto", 14}, {"enumerate", 14}, {"sampled", 13}} { // sampling leaves out the pattern of no sample
		out := filepath.Join(dir, test.mode+".csv")
		stdout, stderr := must(t, exitDone, "patterns", "--x", x, "--mode", test.mode, "--out", out, "--report", "-")
		r := readJSON(t, stdout)
		if r["format"] != "convexnn-patterns" || r["data"] != x || r["patterns_possible"] != r["max_cells"] || r["cells"] != float64(test.patterns) || r["max_cells"] != 14.0 || (r["sampled"] == true) != (test.mode == "sampled") {
			t.Errorf("%s: %v", test.mode, r)
		}
		if !strings.Contains(stderr, "possible    at most 14") {
			t.Errorf("%s: the cost is not said:\n%s", test.mode, stderr)
		}
		records, err := csv.NewReader(strings.NewReader(read(t, out))).ReadAll()
		if err != nil || fmt.Sprint(records[0]) != "[pattern margin u1 u2 u3]" || len(records) != test.patterns+1 {
			t.Fatalf("%s: %v, %d lines, header %v", test.mode, err, len(records), records[0])
		}
		seen := make(map[string]bool)
		for _, record := range records[1:] {
			u := make([]float64, 3)
			for j := range u {
				if u[j], err = strconv.ParseFloat(record[2+j], 64); err != nil {
					t.Fatal(err)
				}
			}
			pattern, margin := "", math.Inf(1)
			for _, p := range points {
				v := p[0]*u[0] + p[1]*u[1] + p[2]*u[2]
				bit := "0"
				if v >= 0 {
					bit = "1"
				}
				pattern += bit
				margin = min(margin, math.Abs(v)/math.Hypot(math.Hypot(p[0], p[1]), p[2])/math.Hypot(math.Hypot(u[0], u[1]), u[2]))
			}
			if pattern != record[0] || seen[pattern] {
				t.Errorf("%s: the witness of %s shows %s", test.mode, record[0], pattern)
			}
			if m, err := strconv.ParseFloat(record[1], 64); record[1] != "" && (err != nil || math.Abs(m-margin) > 1e-12 || m <= 0) {
				t.Errorf("%s: margin %s, want %v", test.mode, record[1], margin)
			}
			seen[pattern] = true
		}
	}
}

func TestPatternsStopEarly(t *testing.T) {
	out := filepath.Join(t.TempDir(), "p.csv")
	for _, args := range [][]string{{"--out", out}, nil} {
		stdout, _ := must(t, exitStopped, append([]string{"patterns", "iris", "--mode", "enumerate", "--time-limit", "100ms"}, args...)...)
		if !strings.Contains(stdout, "incomplete") {
			t.Error(stdout)
		}
	}
	if files := list(t, filepath.Dir(out)); len(files) != 0 {
		t.Errorf("files are left: %v", files)
	}
	if err := os.WriteFile(out, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	must(t, exitStopped, "patterns", "iris", "--mode", "enumerate", "--time-limit", "100ms", "--out", out)
	if read(t, out) != "old" {
		t.Error("a file was replaced by an incomplete one")
	}
}

func TestRoughly(t *testing.T) {
	for want, s := range map[string]float64{
		"less than 0.1 s": 0.01, "0.3 s": 0.31, "5 min": 300, "3 h": 10800, "3 days": 3 * 86400, "32 years": 1e9, "3e+92 years": 1e100,
		"more years than can be written": math.Inf(1),
	} {
		if got := roughly(s); got != want {
			t.Errorf("%g s is %q, want %q", s, got, want)
		}
	}
}

func TestWhole(t *testing.T) {
	for text, want := range map[string]whole{"7": 7, "1e9": 1e9, "2.5e3": 2500} {
		var w whole
		if err := w.Set(text); err != nil || w != want {
			t.Errorf("%s is %d, %v", text, w, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "0.5", "NaN", "Inf", "1e30", "many"} {
		if w := new(whole); w.Set(text) == nil {
			t.Errorf("%q is accepted as %d", text, *w)
		}
	}
}
