package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// flowOf is what the tests read of a report of flow.
type flowOf struct {
	Program struct {
		Objective   float64
		Certificate string
	}
	Status          string
	Separated       bool
	Unseparated     []int
	Upper           *float64
	Above           *float64
	LowerBound      float64 `json:"lower_bound"`
	Certificate     string
	GloballyOptimal bool   `json:"globally_optimal"`
	Statement       string `json:"statement"`
	Multiplier      []float64
	MultiplierPrice struct{ Value float64 } `json:"multiplier_price"`
	Neurons         []struct {
		Weights                         []float64
		Output, Ratio, Share, Alignment float64
		Length                          float64
	}
	Checkpoints []struct {
		Sharpness  float64
		LogLoss    float64  `json:"log_loss"`
		LowerBound float64  `json:"lower_bound"`
		Upper      *float64 `json:"upper"`
		Estimated  *float64 `json:"estimated_lower_bound"`
		DualValue  float64  `json:"dual_value"`
		DualKind   string   `json:"dual_certificate"`
		Weights    [][]float64
	}
	Warnings []string
}

func followed(t *testing.T, args ...string) flowOf {
	t.Helper()
	stdout, _ := must(t, exitDone, append([]string{"flow", "--report", "-", "--quiet"}, args...)...)
	var r flowOf
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	return r
}

// What is wrong with the flow is said before the optimum is searched for.
func TestFlowChecksFirst(t *testing.T) {
	if stdout, _ := must(t, exitFailed, "flow", "rays", "--step", "5"); strings.Contains(stdout, "optimum") {
		t.Error(stdout)
	}
}

// TestFlowRays follows the example whose optimum is 1 + 1/sqrt 2.
func TestFlowRays(t *testing.T) {
	const best = 1 + math.Sqrt2/2
	x, y := [][]float64{{2, 0}, {1, 1}, {-1, 0}}, []float64{1, 1, -1}
	for _, flags := range [][]string{nil, {"--seed", "2"}, {"--loss", "logistic"}, {"--neurons", "8", "--seed", "3"}, {"--signs", "++-+-"}} {
		r := followed(t, append(flags, "rays")...)
		if math.Abs(r.Program.Objective-best) > 1e-6 || r.Program.Certificate != "exact" {
			t.Errorf("%v: optimum %.9g, %s", flags, r.Program.Objective, r.Program.Certificate)
		}
		if !r.Separated || r.Upper == nil || *r.Upper < best*(1-1e-9) || *r.Upper > best*1.01 || math.Abs(*r.Above-(*r.Upper/best-1)) > 1e-6 {
			t.Fatalf("%v: separated %v, upper %v, above %v", flags, r.Separated, r.Upper, r.Above)
		}
		if r.LowerBound > best*(1+1e-9) || r.LowerBound < best*0.995 || r.Certificate != "exact" || !r.GloballyOptimal || math.Abs(r.MultiplierPrice.Value-1) > 0.01 {
			t.Errorf("%v: lower %v (%s), optimal %v, price %v", flags, r.LowerBound, r.Certificate, r.GloballyOptimal, r.MultiplierPrice.Value)
		}
		// The upper bound once more, from the weights of the last network.
		least, sum := math.Inf(1), 0.0
		for i, row := range x {
			f := 0.0
			for _, h := range r.Neurons {
				f += h.Output * max(0, h.Weights[0]*row[0]+h.Weights[1]*row[1])
			}
			least = min(least, y[i]*f)
		}
		for _, h := range r.Neurons {
			sum += math.Abs(h.Output) * math.Hypot(h.Weights[0], h.Weights[1])
			if h.Share > 0.01 && (math.Abs(h.Ratio-1) > 1e-3 || h.Alignment < 0.999 || math.Abs(h.Length-1) > 0.01) {
				t.Errorf("%v: a neuron %+v", flags, h)
			}
		}
		if math.Abs(least-1) > 1e-9 || math.Abs(sum-*r.Upper) > 1e-9 {
			t.Errorf("%v: margin %v, sum %v, upper %v", flags, least, sum, *r.Upper)
		}
		for k, q := range r.Checkpoints {
			if q.Estimated != nil || q.DualKind != "exact" || !(q.DualValue > 0) || q.DualValue > q.LowerBound*(1+1e-12) {
				t.Errorf("%v: checkpoint %d has an estimate %v, and the %s value %v", flags, k, q.Estimated, q.DualKind, q.DualValue)
			}
			if k > 0 && (q.LogLoss > r.Checkpoints[k-1].LogLoss+1e-9 || q.LowerBound < r.Checkpoints[k-1].LowerBound) || q.LowerBound > best*(1+1e-9) {
				t.Errorf("%v: checkpoint %d has log loss %v and bound %v", flags, k, q.LogLoss, q.LowerBound)
			}
		}
	}
}

func TestFlowNeverSeparates(t *testing.T) {
	model := filepath.Join(t.TempDir(), "m.json")
	r := followed(t, "rays", "--signs", "+++", "--out", model)
	if r.Separated || r.Upper != nil || r.GloballyOptimal || len(r.Unseparated) != 1 || r.Unseparated[0] != 3 || len(r.Warnings) == 0 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(model); err == nil {
		t.Error("a model was written")
	}
	// What there is only with a margin is null.
	stdout, _ := must(t, exitDone, "flow", "--report", "-", "--quiet", "rays", "--signs", "+++")
	for _, want := range []string{`"multiplier": null`, `"residual": null`, `"multiplier_price": null`, `"length": null`, `"upper": null`, `"relative_gap": null`} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %s in the report", want)
		}
	}
	stdout, _ = must(t, exitDone, "flow", "rays", "--signs", "+++", "--out", model)
	for _, want := range []string{"does not separate the rows", "row 3", "no model is written"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

func TestFlowFiles(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	stdout, _ := must(t, exitDone, "flow", "quadrants", "--out", in("m.json"), "--report", in("r.json"), "--plot", in("p.svg"), "--film", in("f.svg"), "--page", in("p.html"))
	for _, name := range []string{"model", "report", "plot", "film", "page"} {
		if !strings.Contains(stdout, "\n"+name) {
			t.Errorf("%s is not named in\n%s", name, stdout)
		}
	}
	for name, want := range map[string]string{"p.svg": "extreme point", "f.svg": "<animate", "p.html": "What is certain", "r.json": "convexnn-flow"} {
		text := read(t, in(name))
		if !strings.Contains(text, want) {
			t.Errorf("%s has no %q", name, want)
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf\"") {
			t.Errorf("%s holds what is not a number", name)
		}
	}
	if stdout, _ = must(t, exitDone, "evaluate", in("m.json"), "quadrants"); !strings.Contains(stdout, "1.0000") {
		t.Error(stdout)
	}
	// For three inputs the bracket is drawn.
	must(t, exitDone, "flow", "rays", "--bias", "hidden", "--plot", in("b.svg"))
	if text := read(t, in("b.svg")); !strings.Contains(text, "sharpness") {
		t.Error("the plot shows no bracket")
	}
}

func TestFlowStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, err bytes.Buffer
	if status := run(ctx, []string{"flow", "quadrants"}, &out, &err); status != exitStopped || !strings.Contains(out.String(), "stopped early") {
		t.Errorf("status %d\n%s%s", status, out.String(), err.String())
	}
	if strings.Contains(out.String(), "Inf") || strings.Contains(out.String(), "NaN") {
		t.Error(out.String())
	}
}

func TestFlowBadInput(t *testing.T) {
	one := file(t, "one.csv", "a,b,c", "1,2,x", "2,1,x")
	zero := file(t, "zero.csv", "a,b,c", "1,2,x", "0,0,y", "3,3,x")
	equal := file(t, "equal.csv", "a,b,c", "1,2,x", "2,4,y", "3,3,x")
	three := file(t, "three.csv", "a,b,c", "1,2,x", "2,4,y", "3,3,z")
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{exitFailed, "single class", []string{one}},
		{exitFailed, "row 2 of X is zero", []string{zero}},
		{exitFailed, "--bias hidden", []string{zero}},
		{exitFailed, "rows 1 and 2 have the same direction", []string{equal}},
		{exitFailed, "--positive", []string{three}},
		{exitFailed, "step", []string{"rays", "--step", "5"}},
		{exitFailed, "sharpness", []string{"rays", "--sharpness", "1e-12"}},
		{exitUsage, "exponential", []string{"rays", "--loss", "hinge"}},
		{exitUsage, "--signs", []string{"rays", "--signs", "+x"}},
		{exitUsage, "--signs", []string{"rays", "--signs", "+-", "--neurons", "3"}},
		{exitUsage, "--neurons", []string{"rays", "--neurons", "0"}},
		{exitUsage, "--init", []string{"rays", "--init", "0"}},
		{exitUsage, "--step", []string{"rays", "--step", "-1"}},
		{exitUsage, "--steps", []string{"rays", "--steps", "0"}},
		{exitUsage, "--checkpoints", []string{"rays", "--checkpoints", "1"}},
		{exitUsage, "--tol", []string{"rays", "--tol", "1"}},
		{exitUsage, "--film", []string{"rays", "--film", "f.png"}},
		{exitUsage, "two inputs", []string{"rays", "--film", "f.svg", "--bias", "hidden"}},
		{exitUsage, "--page", []string{"rays", "--page", "-"}},
		{exitUsage, "--plot", []string{"rays", "--plot", "p.pdf"}},
	} {
		if _, stderr := must(t, c.status, append([]string{"flow", "--quiet"}, c.args...)...); !strings.Contains(stderr, c.want) {
			t.Errorf("flow %v: no %q in %q", c.args, c.want, stderr)
		}
	}
}
