package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// courseOf is a course on three rows that has come to an upper bound of 2, proved to 1 %.
func courseOf(program convexnn.Certificate, objective float64) *course {
	return &course{
		flags:   &flowFlags{tol: 0.05},
		data:    &prepared{train: sample{x: mat.NewDense(3, 2, nil), y: []float64{1, 1, -1}}},
		program: &convexnn.Result{Objective: objective, Certificate: program},
		result: &flow.Result{
			Separated: true, Upper: 2, GloballyOptimal: true, Certificate: convexnn.Certificate{RelativeGap: 0.01, LowerBound: 1.98},
		},
	}
}

// A gap is not said to be less than it is, not even by rounding.
func TestPercentAbove(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0 %", 0.000674: "0.068 %", 0.0067: "0.67 %", 0.0100001: "1.1 %", 0.01: "1 %", 0.123: "13 %", 0.981: "99 %", 0.9951: "99.6 %", 0.99999: "100 %", 1: "100 %", 1.5e-9: "1.5e-07 %",
	} {
		if got := percentAbove(share); got != want {
			t.Errorf("%v: %s, want %s", share, got, want)
		}
	}
}

// What is only the best network known is not called the optimum.
func TestFlowAbove(t *testing.T) {
	proved := convexnn.Certificate{Kind: convexnn.CertifiedExact, RelativeGap: 1e-6}
	wide := convexnn.Certificate{Kind: convexnn.CertifiedBounded, RelativeGap: 0.4}
	guess := convexnn.Certificate{Kind: convexnn.CertifiedEstimate, RelativeGap: 1e-6}
	for _, c := range []struct {
		program   convexnn.Certificate
		objective float64
		want      string
	}{
		{proved, 1.6, "25 % above the optimum"},
		{proved, 0.5, "4 times the optimum"},
		{proved, 2.0000001, "0 % above the optimum"},
		{wide, 1.6, "25 % above the best network known"},
		{guess, 1.6, "25 % above the best network known"},
		{wide, 2.5, "20 % below the best network known"},
	} {
		k := courseOf(c.program, c.objective)
		if got := k.aboveBest(k.result.Upper); got != c.want {
			t.Errorf("%+v: %q, want %q", c, got, c.want)
		}
		if got := k.verdict(); !strings.Contains(got, c.want+". ") || !strings.HasSuffix(got, "is better by more than 1 %.") {
			t.Errorf("%+v: %q", c, got)
		}
		var out bytes.Buffer
		k.program.Network = &convexnn.Network{}
		k.printProgram(&out)
		if got, want := strings.Contains(out.String(), "\noptimum"), strings.Contains(c.want, "optimum"); got != want {
			t.Errorf("%+v:\n%s", c, out.String())
		}
		if got, want := k.facts()[3][0], k.bestName(); got != want {
			t.Errorf("the page calls it %s", got)
		}
	}
	if k := courseOf(proved, math.Inf(1)); strings.Contains(k.verdict(), "above") {
		t.Errorf("without an optimum: %s", k.verdict())
	}
}

// The price of a multiplier is said as far as it is known, and none of one that there is not.
func TestMultiplierText(t *testing.T) {
	k := courseOf(convexnn.Certificate{}, 1)
	if got := k.multiplierText(); !strings.HasPrefix(got, "not found") {
		t.Error(got)
	}
	k.result.Multiplier, k.result.Residual = []float64{1, 1, 1}, 0.25
	for _, c := range []struct {
		price convexnn.Price
		want  string
	}{
		{convexnn.Price{Kind: convexnn.CertifiedExact, Value: 1.5, Upper: 1.5}, "is 1.5;"},
		{convexnn.Price{Kind: convexnn.CertifiedBounded, Value: 0.9, Upper: 1.5}, "is from 0.9 to 1.5;"},
		{convexnn.Price{Kind: convexnn.CertifiedEstimate, Value: 0.9, Upper: math.Inf(1)}, "is ~0.9, by local search;"},
		{convexnn.Price{}, "is not known;"},
	} {
		k.result.MultiplierPrice = c.price
		if got := k.multiplierText(); !strings.Contains(got, "0.25 from") || !strings.Contains(got, "adds up to 3,") || !strings.Contains(got, "the price of nu "+c.want) {
			t.Errorf("%+v: %q", c.price, got)
		}
	}
}

// How a flow that separates nothing has ended is part of what is said of it.
func TestFlowVerdicts(t *testing.T) {
	for _, c := range []struct {
		status   convexnn.Status
		warnings []flow.Warning
		want     string
	}{
		{convexnn.Limited, []flow.Warning{flow.NotSeparated}, "has all but come to a rest"},
		{convexnn.Limited, []flow.Warning{flow.StepsUsedUp}, "ends before"},
		{convexnn.Limited, []flow.Warning{flow.StepTooSmall}, "ends before"},
		{convexnn.Solved, nil, "ends before"},
		{convexnn.Stopped, nil, "when it is stopped"},
	} {
		k := courseOf(convexnn.Certificate{}, 1)
		k.result = &flow.Result{Status: c.status, Warnings: c.warnings, Unseparated: []int{2}}
		if got := k.verdict(); !strings.Contains(got, c.want) || !strings.Contains(got, "1 of 3 not on the right side, row 3") {
			t.Errorf("%v, %v: %q", c.status, c.warnings, got)
		}
	}
}

// The search for the optimum has half of the time, and that it was cut is said.
func TestFlowHalfTime(t *testing.T) {
	k := courseOf(convexnn.Certificate{Kind: convexnn.CertifiedBounded, RelativeGap: 1}, 1)
	k.flags.limits.time, k.program.Status = time.Second, convexnn.Stopped
	if got := k.remarks(); len(got) != 1 || !strings.Contains(got[0], "half of the time limit") || !k.stopped() {
		t.Errorf("%q", got)
	}
	k.result.Status, k.timeout = convexnn.Stopped, true
	if got := k.remarks(); len(got) != 1 || !strings.Contains(got[0], "stopped early by the time limit of 1s") {
		t.Errorf("%q", got)
	}
}

// A last step that changes nothing in the table is not a line of it.
func TestFlowLines(t *testing.T) {
	k := courseOf(convexnn.Certificate{Kind: convexnn.CertifiedExact}, 1.6)
	for step, time := range []float64{0, 1, 1, 2} {
		k.result.Checkpoints = append(k.result.Checkpoints, &flow.Checkpoint{Step: step, Time: time, Sharpness: 3, Unseparated: 1, MinMargin: -1})
	}
	lines := k.courseTable()
	var steps []string
	for _, l := range lines[1:] {
		steps = append(steps, l[0])
	}
	if got := strings.Join(steps, " "); got != "0 2 3" {
		t.Errorf("steps %s", got)
	}
}
