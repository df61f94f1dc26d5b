package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compareFile is a report of compare as far as tests look at it.
type compareFile struct {
	Format, Status, Metric, Certificate string
	Beta                                float64
	LowerBound                          float64  `json:"lower_bound"`
	EstimatedBound                      *float64 `json:"estimated_lower_bound"`
	GapsTo                              string   `json:"gaps_to"`
	Rows                                []struct {
		Key, Method             string
		Chosen, Status          *string
		Objective               *float64
		RelativeGap             *float64 `json:"relative_gap"`
		Neurons                 *int
		Rate                    *float64
		Train, Validation, Test measures
	}
	BestTest []string `json:"best_test"`
	Runs     []struct {
		Method, Status string
		Rate           *float64
		Width, Epochs  *int
		Objective      float64
		Metric         *float64 `json:"validation_metric"`
		Trace          []struct {
			Seconds, Objective float64
			Epoch              *int
		}
	}
	Planned  int `json:"planned_runs"`
	Verdicts []string
	Notes    []string
	Split    struct {
		TrainingRows   int `json:"training_rows"`
		ValidationRows int `json:"validation_rows"`
		TestRows       int `json:"test_rows"`
	}
}

func readCompare(t *testing.T, text string) (r compareFile) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

// quickly are flags of a comparison that takes no time.
var quickly = []string{"--methods", "sgd,adam", "--rates", "0.01,0.05", "--widths", "6", "--epochs", "30"}

// pageIn names a page that is thrown away.
func pageIn(t *testing.T) []string { return []string{"--page", filepath.Join(t.TempDir(), "p.html")} }

func TestCompareReport(t *testing.T) {
	for _, test := range []struct {
		args   []string
		metric string
	}{
		{[]string{"piecewise"}, "r2"},
		{[]string{"spirals", "--intercept", "--batch", "0", "--schedule", "constant"}, "accuracy"},
		{[]string{"xor", "--test-fraction", "0", "--validation-fraction", "0.5"}, "accuracy"},
	} {
		stdout, _ := must(t, exitDone, slices.Concat([]string{"compare"}, test.args, quickly, pageIn(t), []string{"--report", "-"})...)
		readJSON(t, stdout)
		r := readCompare(t, stdout)
		if r.Format != "convexnn-compare" || r.Status != "done" || r.Metric != test.metric || r.Planned != 4 || len(r.Runs) != 6 {
			t.Errorf("%s: %s, %s, %s, %d of %d runs", test.args[0], r.Format, r.Status, r.Metric, len(r.Runs), r.Planned)
		}
		var keys []string
		for _, q := range r.Rows {
			keys = append(keys, q.Key)
		}
		if want := "global sampled sgd-objective sgd-validation adam-objective adam-validation linear ridge"; strings.Join(keys, " ") != want {
			t.Errorf("%s: rows %s, want %s", test.args[0], keys, want)
		}
		checkRows(t, test.args[0], r)
	}
}

// checkRows checks that every row is what it says: chosen from the runs, its gap to the
// bound, and the best on the test rows.
func checkRows(t *testing.T, name string, r compareFile) {
	t.Helper()
	best, bestKeys := math.Inf(-1), []string{}
	for _, q := range r.Rows {
		if q.Test.Rows > 0 {
			v := math.Round(1e4 * float64(q.Test.first())) // as the table shows it
			if v > best {
				best, bestKeys = v, nil
			}
			if v == best {
				bestKeys = append(bestKeys, q.Key)
			}
		}
		if q.Objective == nil {
			if q.Method != "linear" && q.Method != "ridge" {
				t.Errorf("%s: no objective of %s", name, q.Key)
			}
			continue
		}
		if want := (*q.Objective - r.LowerBound) / *q.Objective; math.Abs(*q.RelativeGap-max(want, 0)) > 1e-12 {
			t.Errorf("%s: gap of %s is %g, want %g", name, q.Key, *q.RelativeGap, want)
		}
		if q.Chosen == nil {
			continue
		}
		lowest, highest := math.Inf(1), math.Inf(-1)
		for _, run := range r.Runs {
			if run.Method == q.Method {
				lowest, highest = min(lowest, run.Objective), max(highest, *run.Metric)
			}
		}
		if *q.Chosen == "objective" && *q.Objective != lowest {
			t.Errorf("%s: %s has the objective %g, the lowest is %g", name, q.Key, *q.Objective, lowest)
		}
		if *q.Chosen == "validation" && float64(q.Validation.first()) != highest {
			t.Errorf("%s: %s has %v on the validation rows, the best is %g", name, q.Key, q.Validation.first(), highest)
		}
	}
	if !slices.Equal(bestKeys, r.BestTest) {
		t.Errorf("%s: best on the test rows are %v, want %v", name, r.BestTest, bestKeys)
	}
	for _, run := range r.Runs {
		low := math.Inf(1)
		for _, p := range run.Trace {
			low = min(low, p.Objective)
		}
		if math.Abs(low-run.Objective) > 1e-9*run.Objective && run.Method != "sampled" {
			t.Errorf("%s: %s ends at %g, the lowest of its trace is %g", name, run.Method, run.Objective, low)
		}
	}
}

// All but the times is the same again.
func TestCompareReproducible(t *testing.T) {
	times := regexp.MustCompile(`"seconds": [0-9.e+-]+`)
	var first string
	for _, threads := range []string{"1", "2"} {
		stdout, _ := must(t, exitDone, slices.Concat([]string{"compare", "piecewise", "--threads", threads, "--report", "-", "--page", ""}, quickly)...)
		stdout = times.ReplaceAllString(stdout, "")
		if first == "" {
			first = stdout
		}
		if stdout != first {
			t.Error("another report with another number of threads")
		}
	}
}

// The rows are those of path and train.
func TestCompareSplits(t *testing.T) {
	stdout, _ := must(t, exitDone, slices.Concat([]string{"compare", "piecewise", "--report", "-", "--page", ""}, quickly)...)
	path, _ := must(t, exitDone, "path", "piecewise", "--count", "1", "--report", "-")
	if a, b := readCompare(t, stdout).Split, readPath(t, path).Split; a.TrainingRows != b.TrainingRows || a.ValidationRows != b.ValidationRows || a.TestRows != b.TestRows {
		t.Errorf("split %+v, path has %+v", a, b)
	}
}

func TestComparePage(t *testing.T) {
	lines := []string{"a,b,c,y"}
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("%d,%d,%d,%d", i%7, i%5, i%3, (i%7)*(i%5)))
	}
	for data, want := range map[string]string{"piecewise": "fits", "spirals": "regions", file(t, "three.csv", lines...): ""} {
		dir := t.TempDir()
		page, pictures := filepath.Join(dir, "p.html"), filepath.Join(dir, "pictures")
		args := slices.Concat([]string{"compare", data, "--page", page, "--beta-ratio", "0.1"}, quickly)
		if data == "piecewise" { // for the others it would take a second
			args = append(args, "--plots", pictures)
		}
		stdout, _ := must(t, exitDone, args...)
		for _, words := range []string{"page        " + page, "trainings   global, sampled, and 4 runs by sgd, adam", "ridge regression", " *"} {
			if !strings.Contains(stdout, words) {
				t.Errorf("%s: no %q in\n%s", data, words, stdout)
			}
		}
		html := read(t, page)
		for _, words := range []string{"<!doctype html>", "sgd, by validation", "What is fair here", "lower bound"} {
			if !strings.Contains(strings.ToLower(html), strings.ToLower(words)) {
				t.Errorf("%s: no %q in the page", data, words)
			}
		}
		if m := regexp.MustCompile(`(?i)(src|href)\s*=\s*"[^#"]|url\(|<script|<link|@import`).FindString(html); m != "" {
			t.Errorf("%s: the page refers to something else: %s", data, m)
		}
		if m := regexp.MustCompile(`\b(NaN|[+-]?Inf)\b`).FindString(html); m != "" {
			t.Errorf("%s: %s in the page", data, m)
		}
		names := []string{"race", "spread", "scores"}
		if want != "" {
			names = append(names, want)
		}
		var files []string
		for _, name := range names {
			files = append(files, name+".png", name+".svg")
			if !strings.Contains(html, fmt.Sprintf("id=%q", name)) {
				t.Errorf("%s: no figure %s in the page", data, name)
			}
		}
		if data != "piecewise" {
			continue
		}
		entries, err := os.ReadDir(pictures)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		slices.Sort(files)
		if !slices.Equal(got, files) {
			t.Errorf("%s: pictures %v, want %v", data, got, files)
		}
	}
}

// A page of the default name replaces only pages.
func TestComparePageIsNotOverwritten(t *testing.T) {
	t.Chdir(t.TempDir())
	args := slices.Concat([]string{"compare", "piecewise", "--quiet"}, quickly)
	for range 2 {
		if stdout, stderr := must(t, exitDone, args...); stdout+stderr != "" {
			t.Errorf("not quiet: %s%s", stdout, stderr)
		}
		if !strings.Contains(read(t, comparePage), "<html") {
			t.Error("no page")
		}
	}
	if err := os.WriteFile(comparePage, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, stderr := must(t, exitFailed, args...); !strings.Contains(stderr, "--page") || read(t, comparePage) != "mine" {
		t.Errorf("a file of the user: %s", stderr)
	}
	must(t, exitDone, append(args, "--page", comparePage)...)
}

// A rate that is too large is told, everywhere.
func TestCompareDiverges(t *testing.T) {
	page := filepath.Join(t.TempDir(), "p.html")
	report := filepath.Join(t.TempDir(), "r.json")
	stdout, _ := must(t, exitDone, "compare", "piecewise", "--methods", "sgd,adam", "--rates", "1e6", "--widths", "5", "--epochs", "50", "--page", page, "--report", report)
	for name, text := range map[string]string{"text": stdout, "page": read(t, page), "report": read(t, report)} {
		if !strings.Contains(text, "diverged") || strings.Contains(text, "NaN") {
			t.Errorf("the %s does not say that runs diverged, or holds NaN", name)
		}
	}
	r := readCompare(t, read(t, report))
	for _, q := range r.Rows {
		if q.Rate != nil && *q.Status != "diverged" {
			t.Errorf("%s: %s", q.Key, *q.Status)
		}
	}
	if n := strings.Count(stdout, "1 run of 1 by"); n != 2 {
		t.Errorf("%d notes of runs that diverged:\n%s", n, stdout)
	}
}

func TestCompareErrors(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		status int
		want   string
		args   []string
	}{
		{exitUsage, "--widths", []string{"--widths", "0"}},
		{exitUsage, "--widths", []string{"--widths", "2.5"}},
		{exitFailed, "a width of about", []string{"--widths", "100000000000000000000"}},
		{exitFailed, "a width of about", []string{"--widths", "5000000", "--memory-limit", "1GB"}},
		{exitUsage, "--rates", []string{"--rates", "-1"}},
		{exitUsage, "--rates", []string{"--rates", "0.1,x"}},
		{exitUsage, "--rates", []string{"--rates", "Inf"}},
		{exitUsage, "did you mean nesterov?", []string{"--methods", "nestorov"}},
		{exitUsage, "there are sgd, momentum, nesterov, adam", []string{"--methods", "rprop"}},
		{exitUsage, "at most 1000", []string{"--widths", strings.Join(manyNumbers(500), ",")}},
		{exitUsage, "--batch", []string{"--batch", "-3"}},
		{exitFailed, "110 training rows", []string{"--batch", "111"}},
		{exitUsage, "--epochs", []string{"--epochs", "0"}},
		{exitUsage, "--time-limit", []string{"--time-limit", "-2s"}},
		{exitUsage, "--schedule", []string{"--schedule", "step"}},
		{exitUsage, "exclude each other", []string{"--beta", "1", "--beta-ratio", "0.1"}},
		{exitUsage, "--beta must", []string{"--beta", "-1"}},
		{exitUsage, "--validation-fraction", []string{"--validation-fraction", "0.9"}},
		{exitUsage, "standard output", []string{"--page", "-"}},
		{exitUsage, "the same file", []string{"--page", "a", "--report", "a"}},
		{exitUsage, "the same file", []string{"--page", "a", "--report", "./a"}},
		{exitUsage, "the same file", []string{"--page", dir + "/b/../a", "--report", filepath.Join(dir, "a")}},
		{exitFailed, "directory", []string{"--page", dir}},
		{exitFailed, "--plots", []string{"--plots", file(t, "f", "x")}},
	} {
		page := filepath.Join(dir, "none.html")
		_, stderr := must(t, test.status, slices.Concat([]string{"compare", "piecewise", "--page", page}, test.args)...)
		if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: %q, want one line with %q", test.args, stderr, test.want)
		}
		if _, err := os.Stat(page); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: a page was written", test.args)
		}
	}
}

// Pictures that cannot be written are refused before anything is trained.
func TestComparePlotsAreCheckedFirst(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "scores.png")
	table, _, _ := curve(40)
	if err := os.WriteFile(input, []byte(strings.Join(table, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, "race.svg"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ data, plots, want string }{
		{input, dir, "it is the file to be read"},
		{"piecewise", taken, "it is a directory"},
	} {
		stdout, stderr := must(t, exitFailed, slices.Concat([]string{"compare", test.data, "--page", "", "--plots", test.plots}, quickly)...)
		if stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("pictures into %s: %q and %q, want nothing and %q", test.plots, stdout, stderr, test.want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%v was left behind: %v", list, err)
	}
}

// The table is there even where a file cannot be written in the end.
func TestCompareKeepsTheTable(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("no device that is always full")
	}
	stdout, stderr := must(t, exitFailed, slices.Concat([]string{"compare", "piecewise", "--page", full}, quickly)...)
	if !strings.Contains(stdout, "ridge regression") || !strings.Contains(stdout, "bound") || !strings.Contains(stderr, full) {
		t.Errorf("not all was printed: %s%s", stdout, stderr)
	}
	if strings.Contains(stdout, "page        ") {
		t.Errorf("a page is claimed that is not there:\n%s", stdout)
	}
}

func manyNumbers(n int) (out []string) {
	for k := range n {
		out = append(out, fmt.Sprint(k+1))
	}
	return out
}

// The least of times is a result, if not a good one.
func TestCompareWithoutTime(t *testing.T) {
	stdout, _ := must(t, exitDone, slices.Concat([]string{"compare", "diabetes", "--widths", "4", "--time-limit", "1ns"}, pageIn(t))...)
	for _, words := range []string{"no usable network yet", "--time-limit"} {
		if !strings.Contains(stdout, words) {
			t.Errorf("no %q in\n%s", words, stdout)
		}
	}
}
