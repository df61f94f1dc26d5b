package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

// square matrices: the identity, and a diagonal.
func identity(t *testing.T, values ...float64) []string {
	var x, y []string
	for i := range values {
		var a, b []string
		for j := range values {
			one, v := 0.0, 0.0
			if i == j {
				one, v = 1, values[i]
			}
			a, b = append(a, fmt.Sprint(one)), append(b, fmt.Sprint(v))
		}
		x, y = append(x, strings.Join(a, " ")), append(y, strings.Join(b, " "))
	}
	return []string{"--x", file(t, "x.txt", x...), "--y", file(t, "y.txt", y...)}
}

// The values follow by hand from the singular values 3, 2 and 1, or 2 and 1.
func TestLinear(t *testing.T) {
	for _, test := range []struct {
		name        string
		values      []float64
		flags       []string
		want        float64
		certificate string
	}{
		{"rank 2", []float64{3, 2, 1}, []string{"--width", "2"}, 0.5, "exact"},
		{"rank 1, deep", []float64{2, 1}, []string{"--widths", "5,1,4"}, 0.5, "exact"},
		{"soft threshold", []float64{2, 1}, []string{"--beta", "0.3"}, 0.81, "exact"},
		{"depth 3", []float64{8.5, 1.9}, []string{"--depth", "3", "--beta", "1"}, 0.125 + 6 + 1.9*1.9/2, "exact"},
		{"ridge", []float64{2, 1}, []string{"--depth", "1", "--beta", "1"}, 1.25, "exact"},
		{"perfect", []float64{2, 1}, nil, 0, "exact"},
	} {
		stdout, _ := must(t, exitDone, with(identity(t, test.values...), append([]string{"linear", "--report", "-", "--quiet"}, test.flags...)...)...)
		r := readJSON(t, stdout)
		if f := r["objective"].(float64); math.Abs(f-test.want) > 1e-10 || r["format"] != "convexnn-linear" || r["certificate"] != test.certificate {
			t.Errorf("%s: objective %v, %v, want %v", test.name, f, r["certificate"], test.want)
		}
		views := r["views"].(map[string]any)
		if d := views["factorised"].(map[string]any)["objective"].(float64); d < test.want-1e-9 || d > test.want+0.01 {
			t.Errorf("%s: gradient descent ends at %v, want %v", test.name, d, test.want)
		}
		switch l := views["lifted"]; {
		case test.name == "depth 3" || test.name == "ridge":
			if l != nil {
				t.Errorf("%s is lifted", test.name)
			}
		default:
			v := l.(map[string]any)
			if v["verified"] != true || math.Abs(v["objective"].(float64)-test.want) > 1e-10 {
				t.Errorf("%s: lifted %v", test.name, v)
			}
		}
		if x, ok := views["relaxation"].(map[string]any); ok {
			if bound := x["lower_bound"].(float64); bound > test.want+1e-12 || test.name != "rank 2" && bound < test.want-1e-4 {
				t.Errorf("%s: the relaxation proves %v of %v", test.name, bound, test.want)
			}
		}
	}
}

func TestLinearText(t *testing.T) {
	dir := t.TempDir()
	plot, report := filepath.Join(dir, "p.svg"), filepath.Join(dir, "r.json")
	text, _ := must(t, exitDone, "linear", "iris", "--targets", "petal length (cm),4", "--depth", "3", "--width", "1", "--plot", plot, "--report", report)
	for _, want := range []string{
		"targets petal length (cm), petal width (cm)", "linear, 3 layers: 5 -> 1 -> 1 -> 2", "no linear network of any depth with a bottleneck of 1",
		"gradient descent, best of 3 starts", "Ky Fan program", "completely positive, at the network order 57, 3 equations", "semidefinite, localised",
	} {
		if !strings.Contains(words(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if !strings.HasPrefix(read(t, plot), "<?xml") {
		t.Error("the plot is no SVG")
	}
	r := readJSON(t, read(t, report))
	if r["depth"] != 3.0 || r["bottleneck"] != 1.0 || len(r["weights"].([]any)) != 5 || len(r["layers"].([]any)) != 3 {
		t.Errorf("report: depth %v, bottleneck %v", r["depth"], r["bottleneck"])
	}
	text, _ = must(t, exitDone, "linear", "diabetes", "--targets", "bp,progression", "--depth", "3", "--beta", "20", "--test-fraction", "0.2")
	if w := words(text); !strings.Contains(w, "A local optimum") && !strings.Contains(w, "Globally optimal") || !strings.Contains(w, "R2, train test") {
		t.Error(text)
	}
	if text, stderr := must(t, exitDone, "linear", "iris", "--targets", "1", "--quiet"); text+stderr != "" {
		t.Errorf("--quiet prints %q %q", text, stderr)
	}
}

// The relaxation that is written is the one that is solved.
func TestLinearSDPA(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.dat-s")
	text, _ := must(t, exitDone, with(identity(t, 2, 1), "linear", "--width", "1", "--sdpa", path)...)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := conic.ReadSDPA(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := conic.Solve(t.Context(), p, conic.Settings{})
	if err != nil || math.Abs(5*r.Objective-0.5) > 1e-4 || !strings.Contains(words(text), "times 5, plus 0, is the lower bound") {
		t.Errorf("minimum %v, %v\n%s", r.Objective, err, text)
	}
}

// An intercept makes shifts of the columns vanish; without one the fit is through zero.
func TestLinearIntercept(t *testing.T) {
	x, y := file(t, "x.txt", "1", "2", "3"), file(t, "y.txt", "11,5", "12,7", "13,9")
	stdout, _ := must(t, exitDone, "linear", "--x", x, "--y", y, "--intercept", "--report", "-", "--quiet")
	r := readJSON(t, stdout)
	if r["objective"].(float64) > 1e-20 {
		t.Errorf("objective %v", r["objective"])
	}
	for k, want := range []float64{10, 3} {
		if v := r["constants"].([]any)[k].(float64); math.Abs(v-want) > 1e-10 {
			t.Errorf("constant %d is %v, want %v", k, v, want)
		}
	}
	// y1 = 14 x / |x|^2 ... : 1/2 (|y|^2 - (x.y)^2/|x|^2) over both targets.
	stdout, _ = must(t, exitDone, "linear", "--x", x, "--y", y, "--report", "-", "--quiet")
	want := (121.0 + 144 + 169 - 74.0*74/14 + 25 + 49 + 81 - 46.0*46/14) / 2
	if f := readJSON(t, stdout)["objective"].(float64); math.Abs(f-want) > 1e-10 {
		t.Errorf("objective %v, want %v", f, want)
	}
	// Without --y the last column of --x is the target.
	stdout, _ = must(t, exitDone, "linear", "--x", file(t, "x.txt", "1 2", "2 4", "3 6"), "--report", "-", "--quiet")
	if r := readJSON(t, stdout); r["objective"].(float64) > 1e-20 || r["outputs"] != 1.0 {
		t.Errorf("%v", r["objective"])
	}
}

// Standardising is what one would do by hand, and missing targets leave their rows out.
func TestLinearTable(t *testing.T) {
	table := file(t, "t.csv", "a,b,c,y,z", "1,red,2,3,4", "2,blue,1,5,?", "4,red,0,1,2", "3,blue,5,2,2", "7,red,1,1,0")
	stdout, _ := must(t, exitDone, "linear", table, "--targets", "y,z", "--missing", "drop", "--depth", "1", "--report", "-", "--quiet")
	r := readJSON(t, stdout)
	if r["n"] != 4.0 || r["d"] != 3.0 || r["dropped"] != 1.0 || r["target_units"] != "standardised" {
		t.Errorf("%v rows, %v features, %v dropped", r["n"], r["d"], r["dropped"])
	}
	// The population deviations of 3, 1, 2, 1 and of 4, 2, 2, 0.
	for k, want := range []float64{math.Sqrt(11.0 / 16), math.Sqrt(2)} {
		if v := r["target_scales"].([]any)[k].(float64); math.Abs(v-want) > 1e-12 {
			t.Errorf("scale %d is %v, want %v", k, v, want)
		}
	}
}

// Without scaling a column of ones is a feature like any other, and one sample is enough.
func TestLinearConstantColumns(t *testing.T) {
	objective := func(x, y string, more ...string) float64 {
		t.Helper()
		stdout, _ := must(t, exitDone, append([]string{"linear", "--x", x, "--y", y, "--report", "-", "--quiet"}, more...)...)
		r := readJSON(t, stdout)
		if r["certificate"] != "exact" {
			t.Errorf("certificate %v", r["certificate"])
		}
		return r["objective"].(float64)
	}
	// Least squares lines by hand: 15/7 + 9/14 x leaves squares of 1/14, -1 + 5/2 x none.
	lines := []string{file(t, "x.txt", "1 0", "1 1", "1 3"), file(t, "y.txt", "2 -1", "3 1.5", "4 6.5")}
	if f := objective(lines[0], lines[1]); math.Abs(f-1.0/28) > 1e-12 {
		t.Errorf("a column of ones: objective %v, want 1/28", f)
	}
	// One sample x = (1, 2): with s = |x| |y| the optimum is that of 5/2 sigma^2 - s sigma +
	// 25/2 + beta sigma, at sigma = (s - beta)/5.
	single := []string{file(t, "x.txt", "1 2"), file(t, "y.txt", "3 4")}
	s := 5*math.Sqrt(5) - 0.5
	if f := objective(single[0], single[1], "--beta", "0.5"); math.Abs(f-(12.5-s*s/10)) > 1e-12 {
		t.Errorf("one sample: objective %v, want %v", f, 12.5-s*s/10)
	}
	if f := objective(file(t, "x.txt", "0 0", "0 0"), file(t, "y.txt", "2 0", "0 1"), "--beta", "1", "--depth", "3"); f != 2.5 {
		t.Errorf("X is zero: objective %v, want 2.5", f)
	}
}

// A relaxation that was cut off is not called loose, and shows no value below its bound.
func TestLinearRelaxationUnsolved(t *testing.T) {
	stdout, _ := must(t, exitDone, "linear", "--x", file(t, "x.txt", "1 0", "0 4"), "--y", file(t, "y.txt", "1 1", "1 -1"), "--width", "1", "--beta", "0.1")
	if !strings.Contains(stdout, "the relaxation was not solved within 2000 steps") || strings.Contains(stdout, "not tight") {
		t.Error(stdout)
	}
	for line := range strings.Lines(stdout) {
		if words := strings.Fields(line); len(words) > 8 && words[0] == "relaxed" && words[8] != "-" {
			t.Error(line)
		}
	}
}

func TestLinearStopsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if s := run(ctx, []string{"linear", "diabetes", "--targets", "bp,progression", "--beta", "20", "--depth", "3", "--report", "-"}, &stdout, &stderr); s != exitStopped {
		t.Errorf("interrupted: status %d, %s", s, &stderr)
	}
	if r := readJSON(t, stdout.String()); r["status"] != "stopped" || r["lower_bound"].(float64) > r["objective"].(float64) {
		t.Errorf("status %v, bound %v", r["status"], r["lower_bound"])
	} else if text := r["statement"].(string); !strings.HasPrefix(text, "Stopped early") || !strings.Contains(fmt.Sprint(r["notes"]), "interrupt") {
		t.Errorf("statement %q, notes %v", text, r["notes"])
	}
}

func TestBadLinear(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.json")
	table := file(t, "t.csv", "a,b,y", "1,red,2", "2,blue,1", "3,red,4")
	x, y := file(t, "x.txt", "1 2", "2 1"), file(t, "y.txt", "1", "2", "3")
	for _, test := range []struct {
		want   string
		status int
		args   []string
	}{
		{"missing DATA", 2, nil},
		{"--depth must be at least 1", 2, []string{table, "--depth", "0"}},
		{"--width must be at least 1", 2, []string{table, "--width", "0"}},
		{"--widths must be at least 1", 2, []string{table, "--widths", "2,0"}},
		{`--widths "2,,3" is not a list of whole numbers`, 2, []string{table, "--widths", "2,,3"}},
		{"--standardize=false", 1, []string{file(t, "one.csv", "a,b,y", "1,3,2")}},
		{"give one or the other", 2, []string{table, "--widths", "2", "--depth", "2"}},
		{"--beta must be at least 0", 2, []string{table, "--beta=-1"}},
		{"--beta must be at least 0", 2, []string{table, "--beta=NaN"}},
		{"--descent-steps", 2, []string{table, "--descent-steps=-1"}},
		{"--descent-starts", 2, []string{table, "--descent-starts=0"}},
		{".svg or .png", 2, []string{table, "--plot", "p.gif"}},
		{"--targets is for tables", 2, []string{"--x", x, "--targets", "a"}},
		{"empty name", 2, []string{table, "--targets", "a,"}},
		{"--test-fraction", 2, []string{table, "--test-fraction", "1"}},
		{"named twice", 1, []string{table, "--targets", "a,y,1"}},
		{`holds "red"`, 1, []string{table, "--targets", "a,b"}},
		{"unknown column", 1, []string{table, "--targets", "price"}},
		{"all of them are targets", 1, []string{file(t, "two.csv", "a,y", "1,2", "2,3"), "--targets", "a,y"}},
		{"3 x 1 matrix", 1, []string{"--x", x, "--y", y}},
		{"has one column", 1, []string{"--x", y}},
		{"no relaxation", 1, []string{"diabetes", "--targets", "1,2", "--sdpa", filepath.Join(dir, "r.dat-s"), "--descent-steps", "0"}},
		{"of two layers, and of no other", 1, []string{table, "--depth", "3", "--beta", "1", "--sdpa", filepath.Join(dir, "r.dat-s")}},
		{"name the same file", 2, []string{table, "--sdpa", out}},
		{"--memory-limit SIZE", 1, []string{table, "--memory-limit", "10"}},
	} {
		status, stdout, stderr := invoke(append([]string{"linear"}, with(test.args, "--report", out)...)...)
		if status != test.status || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, %q %q, want %d and %q", test.args, status, stdout, stderr, test.status, test.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%v: a file was written", test.args)
		}
	}
}
