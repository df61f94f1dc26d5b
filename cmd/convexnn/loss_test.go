package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// rays are the rows of the example of the largest margin, 1 + 1/sqrt 2.
func rays(t *testing.T) string {
	return file(t, "rays.csv", "a,b,class", "2,0,yes", "1,1,yes", "-1,0,no")
}

func TestTrainHardMargin(t *testing.T) {
	data, dir := rays(t), t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	stdout, _ := must(t, exitDone, "train", data, "--loss", "hard-margin", "--bias", "none", "--standardize=false",
		"--test-fraction", "0", "--out", model, "--report", report)
	for _, want := range []string{"objective   1.70711, the sum of |u||alpha| at margin 1: the margin is 0.585786 at sum 1", "Globally optimal", "separates the samples"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "beta") {
		t.Errorf("there is no beta:\n%s", stdout)
	}
	r := readJSON(t, read(t, report))
	if math.Abs(r["objective"].(float64)-1-math.Sqrt2/2) > 1e-6 || r["loss"] != "hard-margin" || r["beta"] != 1.0 || r["beta_max"] != nil || r["beta_max_kind"] != nil || r["training_loss"] != 0.0 {
		t.Errorf("%v", r)
	}
	stdout, _ = must(t, exitDone, "verify", report, data, "--model", model)
	if !strings.Contains(stdout, "Proved again: ") || !strings.Contains(stdout, "hard-margin") || strings.Contains(stdout, "beta") {
		t.Error(stdout)
	}
	text := read(t, report)
	if _, stderr := must(t, exitFailed, "verify", file(t, "beta.json", strings.Replace(text, `"beta": 1,`, `"beta": 2,`, 1)), data); !strings.Contains(stderr, "whose beta is 1, and its beta is 2") {
		t.Error(stderr)
	}
	weights := file(t, "turned.json", strings.NewReplacer(`"output":-`, `"output":`, `"output":`, `"output":-`).Replace(read(t, model)))
	if _, stderr := must(t, exitFailed, "verify", report, data, "--model", weights); !strings.Contains(stderr, "does not separate the training rows") {
		t.Error(stderr)
	}
	if stdout, _ = must(t, exitDone, "predict", model, data); strings.Join(strings.Fields(stdout), ",") != "prediction,yes,yes,no" {
		t.Error(stdout)
	}
	if _, stderr := must(t, exitUsage, "certify", model, data); !strings.Contains(stderr, "give its --beta") {
		t.Error(stderr)
	}
	if _, stderr := must(t, exitDone, "certify", model, data, "--beta", "0.1"); !strings.Contains(stderr, "trained with the loss hard-margin") {
		t.Error(stderr)
	}
}

// A training that was stopped before there was a network claims nothing, in numbers that
// JSON knows.
func TestHardMarginTooLate(t *testing.T) {
	dir := t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	stdout, _ := must(t, exitStopped, "train", "spirals", "--loss", "hard-margin", "--time-limit", "1ns", "--out", model, "--report", report)
	for _, want := range []string{"none: no network that separates the training rows was found", "no usable network yet: give more time"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "beta") || strings.Contains(stdout, "Inf") || strings.Contains(stdout, "NaN") {
		t.Error(stdout)
	}
	if r := readJSON(t, read(t, report)); r["objective"] != nil || r["relative_gap"] != 1.0 || r["status"] != "stopped" {
		t.Errorf("%v", r)
	}
	if _, stderr := must(t, exitFailed, "verify", report, "spirals"); !strings.Contains(stderr, "stopped before a network separated the rows") {
		t.Error(stderr)
	}
}

func TestTrainHinge(t *testing.T) {
	dir := t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	// Four neurons of one sample each: the sum of min(1, beta c).
	stdout, _ := must(t, exitDone, "train", "xor", "--loss", "hinge", "--standardize=false", "--beta", "0.1", "--out", model, "--report", report)
	if !strings.Contains(stdout, "of which the hinge loss is") {
		t.Error(stdout)
	}
	r := readJSON(t, read(t, report))
	if want := 0.2 * (math.Sqrt2 + math.Sqrt(3)); math.Abs(r["objective"].(float64)-want) > 1e-5*want || r["certificate"] != "exact" || r["loss"] != "hinge" {
		t.Errorf("objective %v, want %v (%v)", r["objective"], want, r["certificate"])
	}
	must(t, exitDone, "verify", report, "xor", "--model", model)

	// A claim that is too good is refuted, and so is that of another loss.
	text := read(t, report)
	for _, change := range [][2]string{{`"loss": "hinge"`, `"loss": "squared"`}, {`"loss": "hinge"`, `"loss": "hard-margin"`}, {`"lower_bound": 0.6`, `"lower_bound": 0.7`}} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Fatalf("no %s in the report", change[0])
		}
		must(t, exitFailed, "verify", file(t, "r.json", changed), "xor")
	}
	must(t, exitFailed, "verify", file(t, "r.json", strings.Replace(text, `"hinge"`, `"huber"`, 1)), "xor")
}

func TestLossUsage(t *testing.T) {
	table, _, _ := curve(12)
	numbers := file(t, "numbers.csv", table...)
	zero := file(t, "zero.csv", "a,b,class", "0,0,yes", "1,1,yes", "-1,0,no")
	equal := file(t, "equal.csv", "a,b,class", "1,2,yes", "1,1,yes", "2,4,no")
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{exitUsage, "squared, hinge and hard-margin", []string{"xor", "--loss", "huber"}},
		{exitUsage, "--mode sampled", []string{"xor", "--loss", "hinge", "--mode", "sampled"}},
		{exitUsage, "--mode sampled", []string{"xor", "--loss", "hinge", "--patterns", "5"}},
		{exitUsage, "--mode sampled", []string{"xor", "--loss", "hinge", "--model", "gated"}},
		{exitUsage, "--intercept", []string{"xor", "--loss", "hinge", "--intercept"}},
		{exitUsage, "--targets", []string{"diabetes", "--loss", "hinge", "--targets", "bmi,bp"}},
		{exitUsage, "regression", []string{"xor", "--loss", "hinge", "--task", "regression"}},
		{exitUsage, "has no --beta", []string{"xor", "--loss", "hard-margin", "--beta", "1"}},
		{exitUsage, "has no --beta", []string{"xor", "--loss", "hard-margin", "--beta-ratio", "1"}},
		{exitUsage, "--positive", []string{"iris", "--loss", "hinge"}},
		{exitUsage, "--positive", []string{numbers, "--loss", "hinge"}},
		{exitFailed, "row 1 of X is zero", []string{zero, "--loss", "hard-margin", "--bias", "none", "--standardize=false", "--test-fraction", "0"}},
		{exitFailed, "rows 1 and 3", []string{equal, "--loss", "hard-margin", "--bias", "none", "--standardize=false", "--test-fraction", "0"}},
	} {
		if _, stderr := must(t, c.status, append([]string{"train", "--quiet"}, c.args...)...); !strings.Contains(stderr, c.want) {
			t.Errorf("train %v: no %q in %q", c.args, c.want, stderr)
		}
	}
}

// A matrix has labels as it has them.
func TestTrainHingeOfMatrices(t *testing.T) {
	x, y := file(t, "x.txt", "2 0", "1 1", "-1 0"), file(t, "y.txt", "1", "1", "-1")
	stdout, _ := must(t, exitDone, "train", "--x", x, "--y", y, "--loss", "hard-margin", "--report", "-", "--quiet")
	if r := readJSON(t, stdout); math.Abs(r["objective"].(float64)-1-math.Sqrt2/2) > 1e-6 {
		t.Errorf("%v", r)
	}
}
