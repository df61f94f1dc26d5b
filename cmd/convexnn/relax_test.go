package main

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The ladder of XOR, whose optimum is known: see package relax.
func TestRelax(t *testing.T) {
	dir := t.TempDir()
	report, plot := filepath.Join(dir, "r.json"), filepath.Join(dir, "b.svg")
	text, _ := must(t, exitDone, "relax", "xor", "--standardize=false", "--beta", "0.1", "--report", report, "--plot", plot)
	for _, want := range []string{
		"at most 14 matrices of order 3", "a matrix of order 8", "split signs 0.57925",
		"No two-layer ReLU network of any width has an objective below 0.579252", "none has more than 4 facets",
	} {
		if !strings.Contains(words(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	r := readJSON(t, read(t, report))
	want := 0.2*(math.Sqrt2+math.Sqrt(3)) - 0.05
	if f, lower := r["objective"].(float64), r["lower_bound"].(float64); math.Abs(f-want) > 1e-7 || lower > want*(1+1e-12) || lower < want-1e-6 {
		t.Errorf("objective %v, bound %v, want %v", f, lower, want)
	}
	if r["format"] != "convexnn-relax" || r["certificate"] != "exact" || r["status"] != "solved" || r["neurons"] != 4.0 || r["beta_max"] != nil {
		t.Errorf("report %v", r)
	}
	value := map[string]float64{}
	for _, b := range r["bounds"].([]any) {
		b := b.(map[string]any)
		value[b["name"].(string)] = b["value"].(float64)
		if b["lower_bound"].(float64) > want*(1+1e-12) {
			t.Errorf("%v is not below %v", b, want)
		}
	}
	if !(value["gated"] < 0.3 && value["moments"] < 0.5752 && math.Abs(value["sign-split"]-want) < 1e-5 && math.Abs(value["trace"]-want) < 1e-5) {
		t.Errorf("values %v", value)
	}
	// The network of the report has the objective of the report.
	x, y := [][]float64{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}}, []float64{-1, 1, 1, -1}
	f, decay := make([]float64, 4), 0.0
	for _, v := range r["network"].([]any) {
		w, g := v.(map[string]any)["weights"].([]any), v.(map[string]any)["gains"].([]any)[0].(float64)
		decay += g * g / 2
		for _, u := range w {
			decay += u.(float64) * u.(float64) / 2
		}
		for i, row := range x {
			z := 0.0
			for j, u := range w {
				z += u.(float64) * row[j]
			}
			f[i] += g * math.Max(0, z)
		}
	}
	sum := 0.1 * decay
	for i := range y {
		sum += (f[i] - y[i]) * (f[i] - y[i]) / 2
	}
	near(t, "the objective of the network", r["objective"], sum)
	if !strings.HasPrefix(read(t, plot), "<?xml") {
		t.Error("the plot is no SVG")
	}
}

// What is printed as proved is: the last digit is rounded down.
func TestRelaxRoundsDown(t *testing.T) {
	const exact = 0.5792528739883 // 0.2 (sqrt 2 + sqrt 3) - 0.05
	text, _ := must(t, exitDone, "relax", "xor", "--standardize=false", "--beta", "0.1")
	for _, line := range strings.Split(text, "\n") {
		for _, name := range []string{"gated network", "moments ", "split signs", "trace form"} {
			rest, is := strings.CutPrefix(line, name)
			if !is || !strings.Contains(rest, "solved") {
				continue
			}
			if v, err := strconv.ParseFloat(strings.Fields(rest)[0], 64); err != nil || v > exact {
				t.Errorf("%q: %v, proved %v of %v", line, err, v, exact)
			}
		}
	}
	_, rest, _ := strings.Cut(words(text), "objective below ")
	number, _, _ := strings.Cut(rest, ":")
	if v, err := strconv.ParseFloat(number, 64); err != nil || v > exact || v < 0.579252 {
		t.Errorf("the statement proves %q of %v", number, exact)
	}
	for _, test := range []struct {
		v    float64
		want string
	}{{0.57925287, "0.579252"}, {9.9999999, "9.99999"}, {0.25, "0.25"}, {0, "0"}, {1.2345678e-7, "1.23456e-07"}, {123456789, "1.23456e+08"}} {
		if got := atLeast(test.v, 6); got != test.want {
			t.Errorf("%v is written %s, want %s", test.v, got, test.want)
		}
	}
}

// A value above the objective of a network is none of a relaxation, and not shown as one.
func TestRelaxStoppedEarlyHasNoValue(t *testing.T) {
	stdout, _ := must(t, exitDone, "relax", "xor", "--standardize=false", "--beta", "1e-7", "--max-iterations", "500", "--report", "-", "--quiet")
	r := readJSON(t, stdout)
	for _, b := range r["bounds"].([]any) {
		b := b.(map[string]any)
		if v, is := b["value"].(float64); is && v > 1.001*r["objective"].(float64) {
			t.Errorf("%v: value %v above the objective %v", b["name"], v, r["objective"])
		}
	}
}

// Classes are outputs that share neurons, targets too; two classes are one output.
func TestRelaxOutputs(t *testing.T) {
	table := file(t, "t.csv", "a,b,c,kind", "1,2,3,red", "2,1,5,green", "3,0,4,blue", "4,2,1,red", "0,1,2,blue")
	for _, test := range []struct {
		args    []string
		outputs []string
	}{
		{[]string{table}, []string{"kind = blue", "kind = green", "kind = red"}},
		{[]string{table, "--targets", "b,a", "--skip", "kind"}, []string{"b", "a"}},
		{[]string{table, "--targets", "c", "--skip", "kind,b"}, []string{"c"}},
		{[]string{"xor"}, []string{"label"}},
	} {
		stdout, _ := must(t, exitDone, with([]string{"relax", "--quiet", "--report", "-"}, test.args...)...)
		r := readJSON(t, stdout)
		names := r["output_names"].([]any)
		if len(names) != len(test.outputs) || r["outputs"] != float64(len(names)) {
			t.Errorf("%v: outputs %v, want %v", test.args, names, test.outputs)
			continue
		}
		for k, name := range names {
			if name != test.outputs[k] {
				t.Errorf("%v: outputs %v, want %v", test.args, names, test.outputs)
			}
		}
		if gap := r["relative_gap"].(float64); gap > 1e-6 || r["certificate"] != "exact" {
			t.Errorf("%v: gap %v, %v", test.args, gap, r["certificate"])
		}
	}
}

// Matrices are taken as they are: whitened classes have a closed form.
func TestRelaxMatrix(t *testing.T) {
	x := file(t, "x.txt", "1 0 0 0", "0 1 0 0", "0 0 1 0", "0 0 0 1")
	y := file(t, "y.txt", "1 0", "1 0", "1 0", "0 1")
	stdout, _ := must(t, exitDone, "relax", "--x", x, "--y", y, "--beta", "0.5", "--report", "-", "--quiet")
	want := 0.5*math.Sqrt(3) - 0.125 + 0.5 - 0.125
	if f := readJSON(t, stdout)["objective"].(float64); math.Abs(f-want) > 1e-7 {
		t.Errorf("objective %v, want %v", f, want)
	}
	// --rows takes as many, the same every time.
	one, _ := must(t, exitDone, "relax", "piecewise", "--rows", "7", "--report", "-", "--quiet")
	two, _ := must(t, exitDone, "relax", "piecewise", "--rows", "7", "--report", "-", "--quiet")
	a, b := readJSON(t, one), readJSON(t, two)
	if a["n"] != 7.0 || a["rows_of_data"] != 200.0 || a["objective"] != b["objective"] {
		t.Errorf("%v and %v rows, objectives %v and %v", a["n"], b["n"], a["objective"], b["objective"])
	}
}

func TestRelaxRefuses(t *testing.T) {
	table := file(t, "t.csv", "a,kind", "1,red", "2,green", "3,blue")
	for _, test := range []struct {
		status int
		args   []string
		want   string
	}{
		{exitUsage, []string{"xor", "--beta", "0"}, "--beta must be positive"},
		{exitUsage, []string{"xor", "--beta", "1", "--beta-ratio", "1"}, "exclude each other"},
		{exitUsage, []string{"xor", "--rows", "0"}, "--rows must be at least 1"},
		{exitUsage, []string{"xor", "--bias", "some"}, "neither hidden nor none"},
		{exitUsage, []string{"xor", "--plot", "b.pdf"}, "ends in .svg or .png"},
		{exitUsage, []string{"--x", table, "--targets", "a"}, "for tables"},
		{exitFailed, []string{"iris"}, "activation patterns, and 5000 is the limit"},
		{exitFailed, []string{"digits"}, "activation patterns, and 5000 is the limit"},
		{exitFailed, []string{"xor", "--targets", "x1,1"}, "named twice among the targets"},
		{exitFailed, []string{table, "--targets", "a,kind"}, "all of them are targets"},
		{exitFailed, []string{"xor", "--beta", "1e-300"}, "too far from the size of the data"},
		{exitFailed, []string{"xor", "--beta-ratio", "1e-12"}, "larger beta"},
	} {
		_, stderr := must(t, test.status, with([]string{"relax"}, test.args...)...)
		if !strings.Contains(stderr, test.want) {
			t.Errorf("%v: %q is missing in %q", test.args, test.want, stderr)
		}
	}
	// Where beta_max is too much to ask, what helps is to give beta.
	var eye, ones []string
	for i := range 11 {
		row := make([]string, 11)
		for j := range row {
			row[j] = "0"
		}
		row[i] = "1"
		eye, ones = append(eye, strings.Join(row, " ")), append(ones, "1 2")
	}
	_, stderr := must(t, exitFailed, "relax", "--x", file(t, "eye.txt", eye...), "--y", file(t, "ones.txt", ones...))
	if !strings.Contains(stderr, "--beta F") || strings.Contains(stderr, "--max-cells") {
		t.Error(stderr)
	}
	// What is too large is left out, and said.
	text, _ := must(t, exitDone, "relax", "xor", "--max-equations", "10")
	if !strings.Contains(words(text), "moments: left out: the program is too large") {
		t.Error(text)
	}
}

func TestRelaxStopsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	s := run(ctx, []string{"relax", "xor", "--beta", "0.1", "--report", "-"}, &stdout, &stderr)
	if s != exitStopped && !(s == exitFailed && strings.Contains(stderr.String(), "stopped before")) {
		t.Errorf("interrupted: status %d, %s", s, &stderr)
	}
	if s == exitStopped {
		if r := readJSON(t, stdout.String()); r["status"] != "stopped" || r["lower_bound"].(float64) > r["objective"].(float64) {
			t.Errorf("status %v, bound %v of %v", r["status"], r["lower_bound"], r["objective"])
		}
	}
}
