package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The four corners of the unit square with a column of ones, and the exclusive or.
// At beta = 0.1 the least objective of all networks is known in closed form.
var (
	squareX    = []string{"0 0 1", "0 1 1", "1 0 1", "1 1 1"}
	squareY    = []string{"-1", "1", "1", "-1"}
	squareBest = 0.57925287
)

// square writes the matrices and returns the flags that name them.
func square(t *testing.T) []string {
	t.Helper()
	return []string{"--x", file(t, "x.txt", squareX...), "--y", file(t, "y.txt", squareY...)}
}

// with returns a new list of arguments.
func with(args []string, more ...string) []string { return append(slices.Clone(args), more...) }

// near fails the test unless got is want to nine digits.
func near(t *testing.T, what string, got any, want float64) {
	t.Helper()
	if v, ok := got.(float64); !ok || math.Abs(v-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestCertifyReport(t *testing.T) {
	want := strings.Fields(`format task data n d rank patterns_possible neurons beta objective training_loss lower_bound
		relative_gap own_bound certificate statement estimated_lower_bound estimated_gap better_objective better_neurons status
		rounds seconds seed notes version price dual intercept preprocessing matrix split`)
	slices.Sort(want)
	weights := file(t, "w.json", `{"U": [[1, 0.5], [1, -1], [0.1, 0.2]], "alpha": [1, -1]}`)
	stdout, _ := must(t, exitDone, with(square(t), "certify", weights, "--beta", "0.1", "--report", "-")...)
	r := readJSON(t, stdout)
	if got := slices.Sorted(maps.Keys(r)); !slices.Equal(got, want) {
		t.Errorf("keys %v", got)
	}
	// A bad network: the bracket is wide, contains the optimum, and has it as its
	// better end.
	bound, objective, better := r["lower_bound"].(float64), r["objective"].(float64), r["better_objective"].(float64)
	if !(bound <= squareBest*(1+1e-8) && squareBest <= better*(1+1e-8) && better < objective) || better > squareBest*(1+1e-3) || bound < squareBest*(1-1e-3) {
		t.Errorf("%v <= %v <= %v < %v is wrong", bound, squareBest, better, objective)
	}
	if r["certificate"] != "exact" || r["status"] != "solved" || r["own_bound"].(float64) > bound {
		t.Errorf("certificate %v, status %v, own bound %v", r["certificate"], r["status"], r["own_bound"])
	}
	near(t, "the gap", r["relative_gap"], (objective-bound)/objective)
	if _, stderr := must(t, exitDone, with(square(t), "certify", weights, "--beta", "0.1", "--report", "-", "--quiet")...); stderr != "" {
		t.Errorf("--quiet prints %q", stderr)
	}
}

// TestCertifyWeights compares the ways to give the same network with an objective
// that is computed here.
func TestCertifyWeights(t *testing.T) {
	u := [][]float64{{1, -2, 0.5}, {0.25, 1, -1}} // 2 x 3: three neurons
	alpha, bias := []float64{2, -1, 0.5}, []float64{0.1, -0.3, 0.7}
	points, targets := [][]float64{{0, 1}, {2, -1}, {1, 1}, {-1, 3}, {0.5, 0}}, []float64{1, 2, 0, -1, 1}
	objective := func(bias []float64, intercept, beta float64) float64 {
		sum := 0.0
		for i, p := range points {
			f := intercept
			for j := range alpha {
				f += alpha[j] * max(0, u[0][j]*p[0]+u[1][j]*p[1]+bias[j])
			}
			sum += (f - targets[i]) * (f - targets[i]) / 2
		}
		for j := range alpha {
			sum += beta * math.Sqrt(u[0][j]*u[0][j]+u[1][j]*u[1][j]+bias[j]*bias[j]) * math.Abs(alpha[j])
		}
		return sum
	}
	data := []string{
		"certify", "--beta", "0.2", "--rounds", "0", "--report", "-", "--quiet",
		"--x", file(t, "x.txt", "0 1", "2 -1", "1 1", "-1 3", "0.5 0"), "--y", file(t, "y.txt", "1", "2", "0", "-1", "1"),
	}
	columns, rows := file(t, "u.txt", "1 -2 0.5", "0.25 1 -1"), file(t, "ut.txt", "1 0.25", "-2 1", "0.5 -1")
	a, b := file(t, "alpha.txt", "2", "-1", "0.5"), file(t, "bias.txt", "0.1 -0.3 0.7")
	without, all := objective(make([]float64, 3), 0, 0.2), objective(bias, 0.25, 0.2)
	for _, test := range []struct {
		name string
		want float64
		args []string
	}{
		{"one neuron a column", without, []string{columns, "--alpha", a}},
		{"one neuron a row", without, []string{rows, "--alpha", a}},
		{"all biases", all, []string{columns, "--alpha", a, "--hidden-bias", b, "--output-bias", "0.25"}},
		{"JSON by columns", all, []string{file(t, "w.json", `{"U":[[1,-2,0.5],[0.25,1,-1]],"alpha":[2,-1,0.5],"bias":[0.1,-0.3,0.7],"intercept":0.25}`)}},
		{"JSON as PyTorch has it", all, []string{file(t, "t.json", `{"U":[[1,0.25],[-2,1],[0.5,-1]],"alpha":[[2,-1,0.5]],"bias":[0.1,-0.3,0.7],"intercept":[0.25]}`)}},
		{"JSON as scikit-learn has it", all, []string{file(t, "s.json", `{"U":[[1,-2,0.5],[0.25,1,-1]],"alpha":[[2],[-1],[0.5]],"bias":[0.1,-0.3,0.7],"intercept":[0.25]}`)}},
		{"JSON with nulls for what is not there", without, []string{file(t, "n.json", `{"U":[[1,-2,0.5],[0.25,1,-1]],"alpha":[2,-1,0.5],"bias":null,"intercept":null}`)}},
	} {
		stdout, _ := must(t, exitDone, with(data, test.args...)...)
		r := readJSON(t, stdout)
		near(t, test.name+": objective", r["objective"], test.want)
		if d := 2.0; test.want == all {
			d = 3
			if r["d"] != d || r["intercept"] != true {
				t.Errorf("%s: d %v, intercept %v", test.name, r["d"], r["intercept"])
			}
		}
		if r["rounds"] != 0.0 || r["better_objective"] != nil || r["lower_bound"] != r["own_bound"] {
			t.Errorf("%s: --rounds 0 did %v", test.name, r)
		}
	}
	// Square hidden weights have two readings, and the user is told which one.
	data = slices.DeleteFunc(data, func(s string) bool { return s == "--quiet" })
	_, stderr := must(t, exitDone, with(data, file(t, "q.json", `{"U":[[1,2],[3,4]],"alpha":[1,1]}`))...)
	if !strings.Contains(stderr, "square") {
		t.Errorf("nothing is said of square weights: %q", stderr)
	}
}

func TestCertifyModel(t *testing.T) {
	table, x, y := curve(40)
	data, dir := file(t, "d.csv", table...), t.TempDir()
	model, better := filepath.Join(dir, "m.json"), filepath.Join(dir, "b.json")
	// One pattern is not enough, so that there is a better network to find.
	stdout, _ := must(t, exitDone, "train", data, "--patterns", "1", "--out", model, "--report", "-", "--quiet")
	trained := readJSON(t, stdout)
	stdout, _ = must(t, exitDone, "certify", model, data, "--out", better)
	for _, want := range []string{"the 32 training rows of 40", ", that of the training", "proved      No two-layer ReLU", "model       " + better} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	stdout, _ = must(t, exitDone, "certify", model, data, "--report", "-", "--quiet")
	r := readJSON(t, stdout)
	near(t, "the objective", r["objective"], trained["objective"].(float64))
	near(t, "beta", r["beta"], trained["beta"].(float64))
	if fmt.Sprint(r["preprocessing"], r["split"]) != fmt.Sprint(trained["preprocessing"], trained["split"]) {
		t.Errorf("another preprocessing or split: %v", r["split"])
	}
	// The better network is a model of the same table, and has the objective that
	// was said of it.
	stdout, _ = must(t, exitDone, "certify", better, data, "--report", "-", "--quiet")
	near(t, "the objective of the better network", readJSON(t, stdout)["objective"], r["better_objective"].(float64))
	must(t, exitDone, "evaluate", better, data, "--test-only")
	// Other rows: all of the table, or of another one.
	for _, args := range [][]string{{data, "--all-rows"}, {file(t, "e.csv", table...)}} {
		stdout, _ = must(t, exitDone, append([]string{"certify", model, "--report", "-", "--quiet"}, args...)...)
		if r := readJSON(t, stdout); r["n"] != 40.0 || r["split"].(map[string]any)["training_rows"] != 40.0 {
			t.Errorf("%v: %v rows", args, r["n"])
		}
	}
	// A model of a matrix.
	xs, ys := file(t, "x.txt", x...), file(t, "y.txt", y...)
	stdout, _ = must(t, exitDone, "train", "--x", xs, "--y", ys, "--bias", "hidden", "--patterns", "5", "--out", model, "--report", "-", "--quiet")
	trained = readJSON(t, stdout)
	stdout, _ = must(t, exitDone, "certify", model, "--x", xs, "--y", ys, "--report", "-", "--quiet")
	near(t, "the objective on a matrix", readJSON(t, stdout)["objective"], trained["objective"].(float64))
}

func TestCertifyTinyBeta(t *testing.T) {
	weights := file(t, "w.json", `{"U": [[1], [1], [0.1]], "alpha": [1]}`)
	args := with(square(t), "certify", weights, "--beta", "1e-300", "--report", "-", "--quiet")
	status, stdout, stderr := invoke(args...)
	if status == exitFailed && strings.Contains(stderr, "--beta 1e-300 is too far") {
		return
	}
	if r := readJSON(t, stdout); status != exitDone || !(r["lower_bound"].(float64) <= r["better_objective"].(float64)) {
		t.Errorf("status %d, %q, %v", status, stderr, r)
	}
}

func TestTooFar(t *testing.T) {
	cause := errors.New("cause")
	for _, beta := range []float64{1e-300, 1e300} {
		if err := tooFar("beta", beta, cause); !errors.Is(err, cause) || !strings.Contains(err.Error(), fmt.Sprintf("--beta %g is too far", beta)) {
			t.Errorf("%g: %v", beta, err)
		}
	}
	if err := tooFar("beta", 0.1, cause); err != cause {
		t.Error(err)
	}
	if err := tooFar("beta", 1e-300, nil); err != nil {
		t.Error(err)
	}
}

// TestCertifyOptimum checks that an optimal network is recognised, and that nothing
// better is written.
func TestCertifyOptimum(t *testing.T) {
	dir := t.TempDir()
	model, out := filepath.Join(dir, "m.json"), filepath.Join(dir, "b.json")
	data := square(t)
	must(t, exitDone, with(data, "train", "--mode", "enumerate", "--beta", "0.1", "--tol", "1e-9", "--out", model)...)
	stdout, _ := must(t, exitDone, with(data, "certify", model, "--tol", "1e-7", "--out", out)...)
	if _, err := os.Stat(out); (err == nil) != strings.Contains(stdout, "model       "+out) {
		t.Errorf("%v, and the summary says\n%s", err, stdout)
	}
	if !strings.Contains(stdout, "Globally optimal within 0.001 %") {
		t.Error(stdout)
	}
}

func TestCertifyStopsEarly(t *testing.T) {
	dir := t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	must(t, exitDone, "train", "breast-cancer", "--patterns", "5", "--tol", "0.1", "--out", model, "--quiet")
	stdout, _ := must(t, exitStopped, "certify", model, "breast-cancer", "--time-limit", "200ms", "--report", report)
	if r := readJSON(t, read(t, report)); r["status"] != "stopped" || !strings.Contains(stdout, "time limit") {
		t.Errorf("status %v\n%s", r["status"], stdout)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, stderr bytes.Buffer
	if s := run(ctx, []string{"certify", model, "breast-cancer"}, &out, &stderr); s != exitStopped || !strings.Contains(out.String(), "interrupt") {
		t.Errorf("interrupted: status %d\n%s%s", s, &out, &stderr)
	}
}

func TestBadCertify(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, lines ...string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	table, _, _ := curve(20)
	csv, gated, model := write("d.csv", table...), filepath.Join(dir, "g.json"), filepath.Join(dir, "m.json")
	must(t, exitDone, "train", csv, "--model", "gated", "--patterns", "5", "--out", gated)
	must(t, exitDone, "train", csv, "--patterns", "5", "--out", model)
	var bare map[string]any
	if err := json.Unmarshal([]byte(read(t, model)), &bare); err != nil {
		t.Fatal(err)
	}
	delete(bare, "training")
	text, _ := json.Marshal(bare)
	untrained := write("bare.json", string(text))
	x, y := write("x.txt", squareX...), write("y.txt", squareY...)
	u, a := write("u.txt", "1 2", "3 4", "5 6"), write("a.txt", "1 2")
	matrices, beta := []string{"--x", x, "--y", y}, []string{"--beta", "0.1"}
	both := append(slices.Clone(matrices), beta...)
	weights := func(name, text string) []string { return append([]string{write(name, text)}, both...) }
	tests := []struct {
		name   string
		status int
		want   string
		args   []string
	}{
		{"no arguments", 2, "missing MODEL", nil},
		{"no data", 2, "missing DATA", []string{model}},
		{"gated", 1, "gated", []string{gated, csv}},
		{"no beta in the model", 2, "--beta", []string{untrained, csv}},
		{"model of a table without data", 1, "no file", []string{model, filepath.Join(dir, "none.csv")}},
		{"no such model", 1, "no such file", []string{filepath.Join(dir, "none.json"), csv}},
		{"plain weights with a table", 2, "--x FILE", []string{write("w.json", `{"U":[[1],[2],[3]],"alpha":[1]}`), csv}},
		{"no beta", 2, "--beta", append([]string{write("v.json", `{"U":[[1],[2],[3]],"alpha":[1]}`)}, matrices...)},
		{"beta zero", 2, "--beta must be", append([]string{u, "--alpha", a, "--beta", "0"}, matrices...)},
		{"rounds", 2, "--rounds", append([]string{u, "--alpha", a, "--rounds", "-1"}, both...)},
		{"tolerance", 2, "--tol", append([]string{u, "--alpha", a, "--tol", "0"}, both...)},
		{"no alpha", 2, "--alpha", append([]string{u}, both...)},
		{"alpha of a model", 2, "--alpha", []string{model, csv, "--alpha", a}},
		{"output bias NaN", 2, "--output-bias", append([]string{u, "--alpha", a, "--output-bias=NaN"}, both...)},
		{"alpha of another length", 1, "3 x 2", append([]string{u, "--alpha", write("a3.txt", "1 2 3 4")}, both...)},
		{"hidden weights of another width", 1, "should be 3 x 2", append([]string{write("u2.txt", "1 2", "3 4"), "--alpha", a}, both...)},
		{"hidden bias of another length", 1, "hidden bias", append([]string{u, "--alpha", a, "--hidden-bias", write("b.txt", "1 2 3")}, both...)},
		{"several outputs", 1, "several outputs", append([]string{u, "--alpha", write("a2.txt", "1 2", "3 4")}, both...)},
		{"several outputs in JSON", 1, "several outputs", weights("o.json", `{"U":[[1,2],[2,3],[3,4]],"alpha":[[1,2],[3,4]]}`)},
		{"two intercepts", 1, "several outputs", weights("i.json", `{"U":[[1],[2],[3]],"alpha":[1],"intercept":[1,2]}`)},
		{"text among weights", 1, "column 2", append([]string{write("t.txt", "1 2", "1 x", "3 4"), "--alpha", a}, both...)},
		{"NaN in JSON", 1, "NaN or Infinity", weights("nan.json", `{"U":[[1],[NaN],[3]],"alpha":[1]}`)},
		{"Infinity in JSON", 1, "NaN or Infinity", weights("inf.json", `{"U":[[1],[Infinity],[3]],"alpha":[1]}`)},
		{"1e999 in JSON", 1, "no list of finite", weights("huge.json", `{"U":[[1],[1e999],[3]],"alpha":[1]}`)},
		{"null in JSON", 1, "null", weights("null.json", `{"U":[[1],[null],[3]],"alpha":[1]}`)},
		{"text in JSON", 1, "no list of finite", weights("text.json", `{"U":[["1"],[2],[3]],"alpha":[1]}`)},
		{"ragged JSON", 1, "row 2 of U", weights("ragged.json", `{"U":[[1,2],[3],[4,5]],"alpha":[1,2]}`)},
		{"a list of hidden weights", 1, "list of rows", weights("flat.json", `{"U":[1,2,3],"alpha":[1]}`)},
		{"no alpha in JSON", 1, "neither a model nor weights", weights("noa.json", `{"U":[[1],[2],[3]]}`)},
		{"an unknown member", 1, "unknown field", weights("more.json", `{"U":[[1],[2],[3]],"alpha":[1],"beta":1}`)},
		{"an empty list", 1, "alpha is empty", weights("empty.json", `{"U":[[1],[2],[3]],"alpha":[]}`)},
		{"a report", 1, "not a model", weights("rep.json", `{"format":"convexnn-report"}`)},
		{"weights out of range", 1, "too large", weights("big.json", `{"U":[[1e200],[2],[3]],"alpha":[1e200]}`)},
		{"no targets", 2, "--y is missing", append([]string{u, "--alpha", a, "--x", x}, beta...)},
		{"a JSON list", 1, "it is a JSON list", weights("list.json", `[]`)},
		{"an empty file", 1, "it is empty", weights("void.json", "")},
		{"members in another case", 1, `a member "u"`, weights("case.json", `{"u":[[1],[2],[3]],"alpha":[1]}`)},
		{"fewer targets", 1, "targets", append([]string{u, "--alpha", a, "--x", x, "--y", write("y3.txt", "1", "2")}, beta...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(list(t, dir))
			args := append([]string{"certify"}, test.args...)
			status, stdout, stderr := invoke(append(args, "--out", filepath.Join(dir, "out"))...)
			if status != test.status || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "convexnn: ") || !strings.Contains(stderr, test.want) {
				t.Errorf("status %d, want %d; error %q, want one line with %q", status, test.status, stderr, test.want)
			}
			if stdout != "" || len(list(t, dir)) != before {
				t.Errorf("output %q, or files are left", stdout)
			}
		})
	}
}
