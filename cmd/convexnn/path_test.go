package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/datasets"
)

// pathFile is a report of path as far as tests look at it.
type pathFile struct {
	Status  string
	Chosen  int
	Betas   []float64
	BetaMax float64 `json:"beta_max"`
	Points  []struct {
		Beta, Objective        float64
		Neurons                int
		LowerBound             float64 `json:"lower_bound"`
		ValidationLoss         float64 `json:"validation_loss"`
		Train, Validation      measures
		Certificate, Statement string
		Dual                   []float64
	}
	Test  measures
	Notes []string
	Split struct {
		Rows           int
		TrainingRows   int `json:"training_rows"`
		ValidationRows int `json:"validation_rows"`
		TestRows       int `json:"test_rows"`
	}
}

func readPath(t *testing.T, text string) (r pathFile) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

func TestPathReport(t *testing.T) {
	top := strings.Fields(`format mode task loss n d rank patterns_possible beta_max beta_max_kind betas points metric chosen test status
		seconds seed data dropped target target_units target_scale labels intercept preprocessing matrix split notes version`)
	each := strings.Fields(`beta beta_ratio objective training_loss neurons certificate statement lower_bound relative_gap
		estimated_lower_bound estimated_gap status rounds train validation validation_loss price dual`)
	slices.Sort(top)
	slices.Sort(each)
	for _, test := range []struct {
		args   []string
		metric string
		mode   string
	}{
		{[]string{"piecewise"}, "r2", "enumerate"},
		{[]string{"xor", "--test-fraction", "0", "--intercept"}, "accuracy", "enumerate"},
		{[]string{"piecewise", "--mode", "global", "--standardize=false", "--bias", "none"}, "r2", "global"},
	} {
		stdout, stderr := must(t, exitDone, with([]string{"path", "--count", "4", "--smallest-ratio", "0.02", "--tol", "0.01", "--report", "-"}, test.args...)...)
		m := readJSON(t, stdout)
		if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, top) {
			t.Errorf("%v: keys %v", test.args, got)
		}
		if got := slices.Sorted(maps.Keys(m["points"].([]any)[0].(map[string]any))); !slices.Equal(got, each) {
			t.Errorf("%v: keys of a point %v", test.args, got)
		}
		if m["format"] != "convexnn-path" || m["metric"] != test.metric || m["mode"] != test.mode || m["status"] != "solved" {
			t.Errorf("%v: format %v, metric %v, mode %v, status %v", test.args, m["format"], m["metric"], m["mode"], m["status"])
		}
		r := readPath(t, stdout)
		if len(r.Points) != 4 || len(r.Betas) != 4 || math.Abs(r.Betas[3]/r.BetaMax-0.02) > 1e-9 {
			t.Errorf("%v: %d points, betas %v of %v", test.args, len(r.Points), r.Betas, r.BetaMax)
		}
		for k, q := range r.Points {
			if k > 0 && (q.Beta >= r.Points[k-1].Beta || q.Objective > r.Points[k-1].Objective) || q.LowerBound > q.Objective || len(q.Dual) != r.Split.TrainingRows {
				t.Errorf("%v: point %d is %+v", test.args, k, q)
			}
			if !strings.Contains(stderr, fmt.Sprintf("%#.4g", q.Beta)) || !strings.Contains(stderr, fmt.Sprintf("%#.6g", q.Objective)) {
				t.Errorf("%v: the table lacks point %d:\n%s", test.args, k, stderr)
			}
		}
		if strings.Count(stderr, "<- chosen") != 1 || !strings.Contains(words(stderr), words(r.Points[r.Chosen].Statement)) {
			t.Errorf("%v: what was chosen is not said:\n%s", test.args, stderr)
		}
		for _, line := range strings.Split(stderr, "\n") {
			if len([]rune(line)) > lineWidth || strings.TrimRight(line, " ") != line || strings.Contains(line, "\t") {
				t.Errorf("%v: the line %q", test.args, line)
			}
		}
		if _, stderr := must(t, exitDone, with([]string{"path", "--count", "2", "--smallest-ratio", "0.5", "--tol", "0.1", "--report", "-", "--quiet"}, test.args...)...); stderr != "" {
			t.Errorf("--quiet prints %q", stderr)
		}
	}
}

// The model is the chosen one, trained on the training rows: certify finds its
// objective, and evaluate the metrics of the report on rows split by hand.
func TestPathModel(t *testing.T) {
	dir := t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	for _, data := range []string{"piecewise", "spirals"} {
		args := []string{"path", data, "--count", "4", "--smallest-ratio", "0.05", "--tol", "0.01", "--out", model, "--report", report}
		if data == "piecewise" {
			args = append(args, "--intercept")
		}
		must(t, exitDone, args...)
		r := readPath(t, read(t, report))
		best := r.Points[r.Chosen]
		stdout, _ := must(t, exitDone, "certify", model, data, "--report", "-")
		if c := readJSON(t, stdout); math.Abs(c["objective"].(float64)-best.Objective) > 1e-9*best.Objective || c["neurons"] != float64(best.Neurons) || c["beta"] != best.Beta {
			t.Errorf("%s: certify finds objective %v at beta %v, %v at %v reported", data, c["objective"], c["beta"], best.Objective, best.Beta)
		}
		m, err := openModel(model)
		if err != nil {
			t.Fatal(err)
		}
		if (m.Network.Intercept != 0) != (data == "piecewise") {
			t.Errorf("%s: intercept %v", data, m.Network.Intercept)
		}
		if info := m.trainedOn(); info.TrainingRows != r.Split.TrainingRows || info.Rows != r.Split.Rows || r.Split.Rows != r.Split.TrainingRows+r.Split.ValidationRows+r.Split.TestRows {
			t.Errorf("%s: the model was trained on %+v, the report has %+v", data, info, r.Split)
		}
		// Rows held out of the training are those of both other parts.
		stdout, _ = must(t, exitDone, "evaluate", model, data, "--test-only", "--report", "-")
		held := readJSON(t, stdout)["metrics"].(map[string]any)
		if best.Validation.Accuracy != nil {
			right := float64(*best.Validation.Accuracy)*float64(best.Validation.Rows) + float64(*r.Test.Accuracy)*float64(r.Test.Rows)
			if got := held["accuracy"].(float64) * held["rows"].(float64); math.Abs(got-right) > 1e-6 {
				t.Errorf("%s: %v right of the rows held out, %v of validation and test", data, got, right)
			}
		} else {
			square := func(m measures) float64 { return float64(*m.RMSE) * float64(*m.RMSE) * float64(m.Rows) }
			if got, want := held["rmse"].(float64)*held["rmse"].(float64)*held["rows"].(float64), square(best.Validation)+square(r.Test); math.Abs(got-want) > 1e-9*want {
				t.Errorf("%s: sum of squares %v on the rows held out, %v on validation and test", data, got, want)
			}
		}
	}
}

// The test rows are those of train with the same seed and share; the three parts are
// all rows, each once, and have the classes in proportion.
func TestPathSplit(t *testing.T) {
	rows := func(parts ...sample) (out []string) {
		for _, s := range parts {
			for i, y := range s.y {
				out = append(out, fmt.Sprint(s.x.RawRowView(i), y))
			}
		}
		slices.Sort(out)
		return out
	}
	for _, data := range [][]string{{"iris", "--positive", "virginica"}, {"breast-cancer"}, {"diabetes"}} {
		for _, seed := range []string{"1", "7"} {
			args := with(data[1:], "--seed", seed, "--standardize=false", "--test-fraction", "0.17")
			quiet := func(string) {}
			f, plain := new(pathFlags), new(trainFlags)
			cmd, other := new(cobra.Command), new(cobra.Command)
			useGroups(cmd, f.groups())
			useGroups(other, plain.groups())
			tr := training{flags: plain}
			for _, err := range []error{
				cmd.ParseFlags(with(args, "--validation-fraction", "0.31")), f.check(cmd.Flags()),
				other.ParseFlags(args), plain.check(other.Flags()), tr.load(other, data[:1], quiet),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			p, err := f.load(cmd, data[:1], "beta", quiet)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(rows(p.test), rows(tr.data.test)) {
				t.Errorf("%s: other test rows than those of train", data[0])
			}
			if !slices.Equal(rows(p.data.train, p.validation, p.test), rows(tr.data.train, tr.data.test)) {
				t.Errorf("%s: the parts are not all rows", data[0])
			}
			n := float64(tr.data.train.rows() + tr.data.test.rows())
			if got := float64(p.validation.rows()); math.Abs(got-0.31*n) > 2 {
				t.Errorf("%s: %v validation rows of %v", data[0], got, n)
			}
			if p.data.encoding.Task() != datasets.TaskClassification {
				continue
			}
			share := func(s sample) float64 { return (1 + floats.Sum(s.y)/float64(len(s.y))) / 2 }
			for name, s := range map[string]sample{"training": p.data.train, "validation": p.validation, "test": p.test} {
				if want := share(sample{y: slices.Concat(tr.data.train.y, tr.data.test.y)}); math.Abs(share(s)-want) > 0.03 {
					t.Errorf("%s: %.3g of the %s rows are positive, and %.3g of all", data[0], share(s), name, want)
				}
			}
		}
	}
}

func TestPathChooses(t *testing.T) {
	number := func(v float64) *number { x := number(v); return &x }
	accuracy := func(v float64) measures { return measures{Accuracy: number(v)} }
	r2 := func(v float64) measures { return measures{R2: number(v)} }
	for name, test := range map[string]struct {
		points []pathPoint
		want   int
	}{
		"the best":              {[]pathPoint{{validation: accuracy(0.5)}, {validation: accuracy(0.9)}, {validation: accuracy(0.8)}}, 1},
		"ties: the least loss":  {[]pathPoint{{validation: accuracy(0.9), loss: 3}, {validation: accuracy(0.9), loss: 2}, {validation: accuracy(0.9), loss: 4}}, 1},
		"ties: the larger beta": {[]pathPoint{{validation: accuracy(0.8)}, {validation: accuracy(0.9), loss: 2}, {validation: accuracy(0.9), loss: 2}}, 1},
		"undefined":             {[]pathPoint{{validation: r2(math.NaN()), loss: 3}, {validation: r2(math.NaN()), loss: 1}}, 1},
		"partly undefined":      {[]pathPoint{{validation: r2(math.NaN())}, {validation: r2(-7), loss: 9}}, 1},
	} {
		if got := choose(test.points); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestPathPlots(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"piecewise"}, {"xor", "--test-fraction", "0"}, {"piecewise", "--mode", "global", "--tol", "0.05"}} {
		var first string
		for range 2 {
			svg := filepath.Join(dir, "p.svg")
			must(t, exitDone, with([]string{"path", "--count", "3", "--smallest-ratio", "0.1", "--plot", svg}, args...)...)
			text := read(t, svg)
			if first != "" && text != first {
				t.Errorf("%v: another picture the second time", args)
			}
			if first = text; !strings.Contains(text, "Regularisation path of "+args[0]) || !strings.Contains(text, "validation") {
				t.Errorf("%v: no title in the picture", args)
			}
		}
	}
	picture := filepath.Join(dir, "p.PNG")
	must(t, exitDone, "path", "piecewise", "--count", "1", "--plot", picture)
	if _, err := png.Decode(strings.NewReader(read(t, picture))); err != nil {
		t.Error(err)
	}
	if files := list(t, dir); len(files) != 2 {
		t.Errorf("files are left: %v", files)
	}
}

func TestPathUnusualData(t *testing.T) {
	table, x, y := curve(40)
	classes := []string{"a,b,c", "1,2,u", "2,1,u", "3,5,u", "4,1,u", "5,2,u", "6,3,v", "7,8,u", "8,1,u"}
	for _, test := range []struct {
		name string
		want string
		args []string
	}{
		{"constant target", "beta_max is 0", []string{file(t, "c.csv", "a,y", "1,5", "2,5", "3,5", "4,5", "5,5", "6,5", "7,5", "8,5", "9,5", "10,5"), "--task", "regression"}},
		{"one class to choose by", "all of one class", []string{file(t, "k.csv", classes...), "--test-fraction", "0"}},
		{"matrix", "20 validation rows", []string{"--x", file(t, "x.txt", x...), "--y", file(t, "y.txt", y...), "--validation-fraction", "0.5"}},
		{"scaled matrix", "10 validation rows", []string{"--x", file(t, "x.txt", x...), "--y", file(t, "y.txt", y...), "--standardize", "--bias", "hidden"}},
		{"missing values", "left out 1 row with", []string{file(t, "m.csv", append(slices.Clone(table), ",1,2")...), "--missing", "drop"}},
		{"one strength", "0.5 of beta_max", []string{file(t, "t.csv", table...), "--count", "1", "--smallest-ratio", "0.5"}},
	} {
		args := with([]string{"path", "--count", "3", "--smallest-ratio", "0.1", "--tol", "1e-3", "--plot", filepath.Join(t.TempDir(), "p.svg")}, test.args...)
		stdout, _ := must(t, exitDone, args...)
		if !strings.Contains(words(stdout), test.want) {
			t.Errorf("%s: %q is missing in\n%s", test.name, test.want, stdout)
		}
	}
}

func TestPathStopsEarly(t *testing.T) {
	dir := t.TempDir()
	model, report, plot := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json"), filepath.Join(dir, "p.svg")
	args := []string{"path", "digits", "--positive", "3", "--out", model, "--report", report, "--plot", plot}
	stdout, _ := must(t, exitStopped, with(args, "--time-limit", "1s")...)
	if !strings.Contains(stdout, "stopped early by the time limit of 1s") {
		t.Errorf("nothing is said of it:\n%s", stdout)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, stderr bytes.Buffer
	if s := run(ctx, args, &out, &stderr); s != exitStopped || !strings.Contains(out.String(), "stopped early by an interrupt") {
		t.Errorf("interrupted: status %d, %s\n%s", s, &stderr, &out)
	}
	if r := readPath(t, read(t, report)); r.Status != "stopped" || len(r.Points) == 0 || len(r.Points) >= len(r.Betas) {
		t.Errorf("status %v, %d points of %d", r.Status, len(r.Points), len(r.Betas))
	}
	must(t, exitDone, "evaluate", model, "digits")
	if _, err := os.Stat(plot); err != nil {
		t.Error(err)
	}
}

func TestBadPath(t *testing.T) {
	table, _, _ := curve(12)
	good := file(t, "good.csv", table...)
	few := file(t, "few.csv", "a,y", "1,2", "2,3", "3,5")
	dir := t.TempDir()
	for _, test := range []struct {
		name   string
		status int
		want   string
		args   []string
	}{
		{"no data", 2, "missing DATA", nil},
		{"mode", 2, "none of auto, enumerate, global", []string{good, "--mode", "sampled"}},
		{"count", 2, "--count", []string{good, "--count", "0"}},
		{"large count", 2, "--count", []string{good, "--count", "100000"}},
		{"ratio", 2, "--smallest-ratio", []string{good, "--smallest-ratio", "1"}},
		{"ratio NaN", 2, "--smallest-ratio", []string{good, "--smallest-ratio", "NaN"}},
		{"tolerance", 2, "--tol", []string{good, "--tol", "0"}},
		{"validation", 2, "--validation-fraction", []string{good, "--validation-fraction", "0"}},
		{"nothing to train on", 2, "leave no row", []string{good, "--validation-fraction", "0.6", "--test-fraction", "0.4"}},
		{"max-cells", 2, "--max-cells", []string{good, "--mode", "global", "--max-cells", "10"}},
		{"plot", 2, ".svg or .png", []string{good, "--plot", "p.pdf"}},
		{"the same file", 2, "same file", []string{good, "--plot", "p.svg", "--report", "p.svg"}},
		{"standard output", 2, "--out", []string{good, "--out", "-"}},
		{"beta", 2, "--beta", []string{good, "--beta", "1"}},
		{"too many cells", 1, "--mode global", []string{"breast-cancer", "--mode", "enumerate"}},
		{"few rows", 1, "--test-fraction 0", []string{few}},
		{"few rows to choose by", 1, "choosing needs 2", []string{few, "--test-fraction", "0"}},
		{"few rows of a class", 1, "--test-fraction 0", []string{"xor"}},
		{"memory", 1, "memory", []string{good, "--memory-limit", "1KB"}},
		{"no folder", 1, "cannot write", []string{good, "--plot", filepath.Join(dir, "absent", "p.svg")}},
	} {
		_, stderr := must(t, test.status, with([]string{"path"}, test.args...)...)
		if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: %q, want one line with %q", test.name, stderr, test.want)
		}
	}
}

func TestGapText(t *testing.T) {
	for want, gap := range map[string]float64{"0.001 %": 0, "0.0034 %": 3.31e-5, "1.3 %": 0.0121, "12 %": 0.12, "64 %": 0.631, "100 %": 1, "99 %": 0.981, "10 %": 0.0999} {
		if got := gapText(gap); got != want {
			t.Errorf("%g is %q, want %q", gap, got, want)
		}
	}
}
