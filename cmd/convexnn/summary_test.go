package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// fields are the cells of the line that begins with name.
func fields(text, name string) []string {
	for l := range strings.Lines(text) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == name {
			return f[1:]
		}
	}
	return nil
}

func TestMetricsTable(t *testing.T) {
	rows := []string{"a,b,y"}
	for i := range 20 {
		rows = append(rows, fmt.Sprintf("%d,%d,%de300", i%7, i%5, (i*7)%11-5))
	}
	stdout, _ := must(t, exitDone, "train", file(t, "d.csv", rows...), "--patterns", "10")
	if got := fields(stdout, "RMSE"); len(got) != 4 {
		t.Errorf("the columns run together: %q in\n%s", got, stdout)
	}
	tiny := measures{R2: new(number), RMSE: new(number)}
	*tiny.R2 = -2.22e-16
	if got := tiny.lines()[0].value.String(); got != "0.0000" {
		t.Errorf("R2 is printed as %s", got)
	}
}

func TestSummaryText(t *testing.T) {
	rows := []string{"c,k,y"}
	for i := range 30 {
		rows = append(rows, fmt.Sprintf("%c,%d,%d", 'u'+i%3, i%4, (i*i)%13))
	}
	path := file(t, "d.csv", rows...)
	stdout, _ := must(t, exitDone, "train", path, "--patterns", "10")
	for _, want := range []string{
		"features    4 from 2 columns, and the bias\n",
		"target      y (the last column; --target chooses another)\n",
		", that is 0.01 of beta_max (",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	if _, rest, _ := strings.Cut(stdout, "proved"); !strings.HasPrefix(rest[strings.Index(rest, "\n")+1:], strings.Repeat(" ", labelWidth)) {
		t.Errorf("no hanging indent:\n%s", stdout)
	}
	for l := range strings.Lines(stdout) {
		if len(l) > lineWidth+1 && !strings.HasPrefix(l, "data") && !strings.HasPrefix(l, "note") {
			t.Errorf("a long line: %q", l)
		}
	}
	if stdout, _ = must(t, exitDone, "train", path, "--patterns", "10", "--target", "k"); !strings.Contains(stdout, "target      k\n") {
		t.Errorf("a named target:\n%s", stdout)
	}
}

func TestHoldOut(t *testing.T) {
	const note = "too few rows to hold any out"
	rare := []string{"a,y"}
	for i := range 30 {
		rare = append(rare, fmt.Sprintf("%d,%v", i, map[bool]string{true: "rare", false: "common"}[i == 4]))
	}
	for _, test := range []struct {
		name string
		data string
		want string
		rows float64
	}{
		{"xor", "xor", note, 4},
		{"a rare class", file(t, "rare.csv", rare...), note, 30},
		{"one test row", file(t, "few.csv", "a,y", "1,5", "2,7", "3,8", "4,1", "5,6"), note, 5},
		{"enough", "iris", "", 120},
	} {
		args := []string{"train", test.data, "--patterns", "10", "--report", "-"}
		if test.data == "iris" {
			args = append(args, "--positive", "setosa")
		}
		stdout, _ := must(t, exitDone, args...)
		r := readJSON(t, stdout)
		if notes := fmt.Sprint(r["notes"]); r["n"] != test.rows || !strings.Contains(notes, test.want) || (test.want == "" && strings.Contains(notes, note)) {
			t.Errorf("%s: %v rows, notes %s", test.name, r["n"], notes)
		}
	}
}

func TestRemarks(t *testing.T) {
	f := &trainFlags{sampler: samplerFlags{patterns: 1}}
	result := &convexnn.Result{Network: &convexnn.Network{Dim: 1}, Mode: convexnn.Sampled, Beta: 1, Patterns: 1}
	result.BetaMax = convexnn.BetaMax{Value: 100, Partial: true}
	result.Certificate = convexnn.Certificate{Kind: convexnn.CertifiedProgram, ProgramGap: 0.63}
	tr := &training{flags: f, tolerance: 1e-4, result: result, data: &prepared{encoding: &matrixEncoding{Kind: datasets.TaskRegression}}}
	for status, want := range map[convexnn.Status]string{
		convexnn.Limited: "stopped short of --tol: gap 0.63, asked for 0.0001",
		convexnn.Stopped: "no usable network yet: give more time, or fewer --patterns",
	} {
		result.Status = status
		got := strings.Join(tr.remarks(), "\n")
		if !strings.Contains(got, want) || !strings.Contains(got, "beta_max was cut short") {
			t.Errorf("%v: %s", status, got)
		}
	}
	// Over all networks the gap is that of the better bound, if only estimated.
	result.Mode, result.Status = convexnn.Global, convexnn.Limited
	result.Certificate = convexnn.Certificate{Kind: convexnn.CertifiedBounded, RelativeGap: 0.9}
	for want, estimate := range map[string]*convexnn.Certificate{
		"gap 0.9, asked":  nil,
		"gap 0.02, asked": {Kind: convexnn.CertifiedEstimate, RelativeGap: 0.02},
	} {
		if result.Estimate = estimate; !strings.Contains(strings.Join(tr.remarks(), "\n"), want) {
			t.Errorf("%q is missing in %q", want, tr.remarks())
		}
	}
	if result.Status = convexnn.Solved; strings.Contains(strings.Join(tr.remarks(), "\n"), "stopped") {
		t.Errorf("an estimate that is good enough: %q", tr.remarks())
	}
	f.beta = 1
	if got := strings.Join(tr.remarks(), "\n"); strings.Contains(got, "beta_max was cut short") {
		t.Errorf("a given beta does not depend on beta_max: %s", got)
	}
}

// TestEvaluateTrainingRows checks that evaluate knows the rows of the training.
func TestEvaluateTrainingRows(t *testing.T) {
	table, x, y := curve(30)
	path := file(t, "d.csv", table...)
	xs, ys := file(t, "x.txt", x...), file(t, "y.txt", y...)
	classes := file(t, "classes.csv", append([]string{"a,b,y"}, strings.Split(strings.Repeat("1,2,u\n2,1,v\n3,5,w\n", 9)+"4,4,u", "\n")...)...)
	model := filepath.Join(t.TempDir(), "m.json")
	for _, test := range []struct{ train, data []string }{
		{[]string{path}, []string{path}},
		{[]string{path, "--seed", "5", "--test-fraction", "0.3"}, []string{path}},
		{[]string{"spirals", "--seed", "7"}, []string{"spirals"}},
		{[]string{"--x", xs, "--y", ys, "--test-fraction", "0.2"}, []string{"--x", xs, "--y", ys}},
		{[]string{"--x", xs, "--y", ys, "--test-fraction", "0.2", "--standardize"}, []string{"--x", xs, "--y", ys}},
		{[]string{classes, "--positive", "v"}, []string{classes}},
	} {
		stdout, _ := must(t, exitDone, append([]string{"train", "--patterns", "10", "--out", model, "--report", "-", "--quiet"}, test.train...)...)
		want := readJSON(t, stdout)["metrics"].(map[string]any)["test"]
		stdout, stderr := must(t, exitDone, append([]string{"evaluate", model, "--test-only", "--report", "-"}, test.data...)...)
		if got := readJSON(t, stdout)["metrics"]; fmt.Sprint(got) != fmt.Sprint(want) || strings.Contains(stderr, "trained on") {
			t.Errorf("%v: --test-only gives %v, the training %v; %q", test.train, got, want, stderr)
		}
		if _, stderr = must(t, exitDone, append([]string{"evaluate", model}, test.data...)...); !strings.Contains(stderr, "these rows include the") {
			t.Errorf("%v: nothing is said of the training rows: %q", test.train, stderr)
		}
	}

	must(t, exitDone, "train", "spirals", "--patterns", "10", "--out", model, "--quiet")
	if _, stderr := must(t, exitDone, "evaluate", model, "spirals", "--seed", "2"); stderr != "" {
		t.Errorf("other rows are called training rows: %q", stderr)
	}
	must(t, exitFailed, "evaluate", model, "spirals", "--seed", "2", "--test-only")
	must(t, exitDone, "train", path, "--patterns", "10", "--out", model, "--quiet")
	if _, stderr := must(t, exitFailed, "evaluate", model, file(t, "e.csv", table[:20]...), "--test-only"); !strings.Contains(stderr, "19 rows") {
		t.Errorf("another table: %q", stderr)
	}
	if _, stderr := must(t, exitDone, "evaluate", model, file(t, "e.csv", table...)); stderr != "" {
		t.Errorf("a table of another name: %q", stderr)
	}
	must(t, exitDone, "train", path, "--patterns", "10", "--test-fraction", "0", "--out", model, "--quiet")
	if _, stderr := must(t, exitFailed, "evaluate", model, path, "--test-only"); !strings.Contains(stderr, "none was held out") {
		t.Errorf("nothing held out: %q", stderr)
	}
	if _, stderr := must(t, exitDone, "evaluate", model, path); !strings.Contains(stderr, "these are the 30 rows") {
		t.Errorf("all rows: %q", stderr)
	}
}

// What is proved is less where the time was over before the proof, and the text says so.
func TestCutProof(t *testing.T) {
	for _, ended := range []bool{false, true} {
		tr := training{
			flags: new(trainFlags), tolerance: 1e-3, ended: ended,
			result: &convexnn.Result{
				Mode: convexnn.Global, Status: convexnn.Solved, Beta: 1, BetaMax: convexnn.BetaMax{Value: 2}, Network: &convexnn.Network{Neurons: make([]convexnn.Neuron, 3)},
				Certificate: convexnn.Certificate{Kind: convexnn.CertifiedBounded, RelativeGap: 0.85}, Estimate: &convexnn.Certificate{RelativeGap: 1e-4},
			},
		}
		if said := strings.Contains(strings.Join(tr.remarks(), " "), "the proof was cut short"); said != ended {
			t.Errorf("ended %v: %q", ended, tr.remarks())
		}
	}
}
