package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/convexnn"
)

// many writes data with more patterns than can be listed, and so many rows that branch
// and bound leaves a gap, and returns the flags that name them.
func many(t *testing.T) []string {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	var x, y []string
	for range 130 {
		row, v := make([]string, 40), 0.5*random.NormFloat64()
		for j := range row {
			z := random.NormFloat64()
			row[j] = fmt.Sprint(z)
			if j < 3 {
				v += math.Abs(z)
			}
		}
		x, y = append(x, strings.Join(row, " ")), append(y, fmt.Sprint(v))
	}
	return []string{"--x", file(t, "x.txt", x...), "--y", file(t, "y.txt", y...)}
}

// wrapped fails the test where a text is not made for a terminal.
func wrapped(t *testing.T, text string) {
	t.Helper()
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if strings.Contains(l, "\t") || strings.TrimRight(l, " ") != l || (len(l) > lineWidth && !strings.Contains(l, "/")) {
			t.Errorf("%q is a bad line", l)
		}
	}
}

// TestTrainGlobal holds the bracket against weak duality: a bound on all networks is
// not above the objective of any.
func TestTrainGlobal(t *testing.T) {
	data, dir := many(t), t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	args := with(data, "train", "--beta-ratio", "0.4", "--tol", "0.02")
	stdout, stderr := must(t, exitDone, with(args, "--out", model, "--report", report)...)
	wrapped(t, stdout)
	r := readJSON(t, read(t, report))
	objective := r["objective"].(float64)
	estimate, proved := r["estimated_lower_bound"].(float64), r["lower_bound"].(float64)
	if r["mode"] != "global" || r["certificate"] != "bounded" || r["status"] != "solved" || stderr != "" {
		t.Errorf("mode %v, certificate %v, status %v; %q", r["mode"], r["certificate"], r["status"], stderr)
	}
	if !(0 < proved && proved < estimate && estimate <= objective) || (objective-estimate)/objective > 0.02 {
		t.Errorf("%v, %v, %v is no bracket", proved, estimate, objective)
	}
	near(t, "the estimated gap", r["estimated_gap"], (objective-estimate)/objective)
	near(t, "the proved gap", r["relative_gap"], (objective-proved)/objective)
	for _, key := range []string{"program_objective", "program_bound", "program_gap", "cells"} {
		if r[key] != nil {
			t.Errorf("%s is %v", key, r[key])
		}
	}
	text := words(stdout)
	bracket := regexp.MustCompile(`objective (\S+) estimated ~(\S+) to (\S+) \(gap ~\S+ %\): .* not a proof proved No two-layer ReLU`).FindStringSubmatch(text)
	if bracket == nil || bracket[1] != bracket[3] || bracket[1] != fmt.Sprintf("%.6g", objective) {
		t.Errorf("no bracket in\n%s", stdout)
	} else if low, err := strconv.ParseFloat(bracket[2], 64); err != nil || math.Abs(low-estimate) > 1e-5*estimate {
		t.Errorf("the bracket begins with %s, not with %v", bracket[2], estimate)
	}
	for _, want := range []string{"none is sampled", "candidate neurons in the last program"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	if strings.Contains(strings.ToLower(text), "optimal") || strings.Contains(text, "note") {
		t.Errorf("something is said that is not known:\n%s", stdout)
	}
	if m := readJSON(t, read(t, model))["training"].(map[string]any); m["program_gap"] != nil || m["objective"] != objective {
		t.Errorf("the model says %v", m)
	}

	stdout, stderr = must(t, exitDone, with(args, "--report", "-", "--quiet", "--patterns", "100")...)
	if sampled := readJSON(t, stdout)["objective"].(float64); stderr != "" || estimate > sampled || objective > sampled*1.02 {
		t.Errorf("sampled patterns give %v, outside of %v to %v; %q", sampled, estimate, objective, stderr)
	}

	// The same bits for any number of threads.
	again := filepath.Join(dir, "again.json")
	must(t, exitDone, with(args, "--threads", "1", "--out", again, "--quiet")...)
	if read(t, again) != read(t, model) {
		t.Error("another model with --threads 1")
	}

	stdout, _ = must(t, exitDone, with(data, "verify", report, "--model", model)...)
	if !strings.Contains(words(stdout), "Proved again: no two-layer") || !strings.Contains(words(stdout), "is not a proof, and was not checked") {
		t.Error(stdout)
	}
	claimed := func(change func(r map[string]any)) string {
		return forge(t, report, func(r map[string]any) {
			delete(r, "patterns_possible") // more digits than a float64 has
			change(r)
		})
	}
	for _, test := range []struct {
		name, want string
		change     func(r map[string]any)
	}{
		{"nothing", "", func(map[string]any) {}},
		{"estimate above the objective", "estimated bound", func(r map[string]any) { r["estimated_lower_bound"], r["estimated_gap"] = objective*1.01, 0 }},
		{"estimate below the bound", "estimated bound", func(r map[string]any) {
			r["estimated_lower_bound"], r["estimated_gap"] = proved/2, 1-proved/2/objective
		}},
		{"another gap", "the estimated gap", func(r map[string]any) { r["estimated_gap"] = 0 }},
		{"no gap", "without its gap", func(r map[string]any) { r["estimated_gap"] = nil }},
		{"estimate of a program", "estimated bound", func(r map[string]any) {
			r["certificate"], r["lower_bound"], r["estimated_lower_bound"] = "program", nil, objective*1.01
		}},
	} {
		c, err := openClaim(claimed(test.change))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.contradiction(); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	raised := claimed(func(r map[string]any) {
		r["lower_bound"], r["relative_gap"], r["estimated_lower_bound"], r["estimated_gap"] = estimate, r["estimated_gap"], nil, nil
	})
	if _, stderr := must(t, exitFailed, with(data, "verify", raised)...); !strings.Contains(stderr, "proves only") {
		t.Errorf("an estimate as a bound: %q", stderr)
	}
}

// TestTrainGlobalExact checks the mode where all can be proved: at an optimum that is
// known in closed form.
func TestTrainGlobalExact(t *testing.T) {
	stdout, stderr := must(t, exitDone, with(square(t), "train", "--mode", "global", "--beta", "0.1", "--report", "-")...)
	r := readJSON(t, stdout)
	bound, objective := r["lower_bound"].(float64), r["objective"].(float64)
	if bound > squareBest*(1+1e-8) || objective < squareBest*(1-1e-8) || (objective-bound)/objective > 1e-3 {
		t.Errorf("[%v, %v] around %v", bound, objective, squareBest)
	}
	if r["mode"] != "global" || r["certificate"] != "exact" || r["estimated_lower_bound"] != nil || strings.Contains(stderr, "estimated ") {
		t.Errorf("mode %v, certificate %v, estimate %v\n%s", r["mode"], r["certificate"], r["estimated_lower_bound"], stderr)
	}
	wrapped(t, stderr)
}

// TestTrainAuto checks which mode the data and the flags choose.
func TestTrainAuto(t *testing.T) {
	table, _, _ := curve(20)
	small := file(t, "d.csv", table...)
	for _, test := range []struct {
		mode string
		args []string
	}{
		{"enumerate", []string{small}},
		{"enumerate", []string{small, "--mode", "auto", "--model", "relu"}},
		{"global", []string{small, "--max-cells", "10"}},
		{"sampled", []string{small, "--patterns", "5"}},
		{"sampled", []string{small, "--sampler", "pairs"}},
		{"sampled", []string{small, "--gates", file(t, "gates.txt", "1 0 1", "0 1 -1", "1 -1 0.1", "-1 2 0.3")}},
		{"sampled", []string{small, "--model", "gated"}},
		{"sampled", []string{small, "--sampler", "gaussian", "--patterns", "20"}},
		{"sampled", []string{small, "--mode", "sampled"}},
		{"global", []string{small, "--mode", "global"}},
	} {
		stdout, stderr := must(t, exitDone, append([]string{"train", "--report", "-"}, test.args...)...)
		if r := readJSON(t, stdout); r["mode"] != test.mode || r["status"] != "solved" {
			t.Errorf("%v: %v, %v", test.args, r["mode"], r["status"])
		}
		wrapped(t, stderr)
		for word, mode := range map[string]string{"none is sampled": "global", "prove the bound": "enumerate"} {
			if strings.Contains(words(stderr), word) != (test.mode == mode) {
				t.Errorf("%v: the summary of mode %s:\n%s", test.args, test.mode, stderr)
			}
		}
	}
}

// TestDefaultTimeLimit checks that only a training of the mode global without a limit
// of its own gets one.
func TestDefaultTimeLimit(t *testing.T) {
	table, _, _ := curve(20)
	small, large := []string{file(t, "d.csv", table...)}, many(t)
	for _, test := range []struct {
		assumed    time.Duration
		data, args []string
		cut        bool
		want       string
	}{
		{50 * time.Millisecond, nil, with(large, "--tol", "1e-9"), true, "by the default time limit of 50ms; this is the best found until then, and --time-limit"},
		{time.Hour, nil, with(large, "--tol", "1e-9", "--time-limit", "100ms"), true, "by the time limit of 100ms; "},
		{1, small, []string{"--mode", "global", "--time-limit", "1h"}, false, ""},
		{1, small, []string{"--patterns", "20"}, false, ""},
		{1, small, nil, false, ""}, // enumerate
	} {
		f, cmd := new(trainFlags), new(cobra.Command)
		useGroups(cmd, f.groups())
		if err := cmd.ParseFlags(test.args); err != nil {
			t.Fatal(err)
		}
		if err := f.check(cmd.Flags()); err != nil {
			t.Fatal(err)
		}
		tr := training{flags: f, assumed: test.assumed}
		if err := tr.load(cmd, test.data, func(string) {}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := f.limits.context(context.Background())
		defer cancel()
		if err := tr.run(ctx, io.Discard, nil); err != nil {
			t.Fatal(err)
		}
		if cut := tr.result.Status == convexnn.Stopped; cut != test.cut || cut != tr.timeout {
			t.Errorf("%v: %v, timeout %v", test.args, tr.result.Status, tr.timeout)
		}
		if notes := strings.Join(tr.remarks(), "\n"); !strings.Contains(notes, test.want) || strings.Contains(notes, "stopped early") != test.cut {
			t.Errorf("%v: %q", test.args, notes)
		}
	}
}

func TestEstimateText(t *testing.T) {
	for want, e := range map[string]convexnn.Certificate{
		"~9.5 to 10 (gap ~5 %): ":                                   {LowerBound: 9.5, RelativeGap: 0.05},
		"~10 to 10 (gap ~0.001 %): ":                                {LowerBound: 9.9999999, RelativeGap: 1e-8},
		"~0.001 to 10 (gap ~100 %): ":                               {LowerBound: 0.001, RelativeGap: 0.9999},
		"~9.5 to 10 (gap of this network ~24 %): the best that any": {LowerBound: 9.5, RelativeGap: 0.24},
	} {
		objective := 10.0
		if e.RelativeGap == 0.24 {
			objective = 12.5
		}
		if got := estimateText(&e, objective, 10); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRoundText(t *testing.T) {
	s := convexnn.SolveProgress{Rounds: 3, Objective: 2, LowerBound: 1.5, Gap: 0.25}
	if got := words(roundText(s)); got != "round 3 objective 2 bound 1.5 gap 0.25" {
		t.Error(got)
	}
	if s.Estimated = true; words(roundText(s)) != "round 3 objective 2 bound ~1.5 gap ~0.25" {
		t.Error(roundText(s))
	}
}

// TestCertifyEstimate checks that certify tells an estimate from a proof, and the
// network at hand from the best one.
func TestCertifyEstimate(t *testing.T) {
	c := certifying{flags: new(certifyFlags), subject: new(subject), result: &convexnn.Certification{
		Objective: 12.5, BetterObjective: 10, Better: new(convexnn.Network), PatternsPossible: big.NewInt(7),
		Certificate: convexnn.Certificate{Kind: convexnn.CertifiedBounded, LowerBound: 5, RelativeGap: 0.6},
		Estimate:    &convexnn.Certificate{Kind: convexnn.CertifiedEstimate, LowerBound: 9.5, RelativeGap: 0.24},
	}}
	var out strings.Builder
	c.printResult(&out)
	wrapped(t, out.String())
	for _, want := range []string{
		"objective 12.5,", "estimated ~9.5 to 10 (gap of this network ~24 %):", "not a proof proved No two-layer", "below 5 (gap 60 %).",
	} {
		if !strings.Contains(words(out.String()), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}
