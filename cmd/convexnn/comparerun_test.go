package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
	"github.com/convexnn/convexnn/internal/metrics"
)

// compared is a comparison that was run by itself.
func compared(t *testing.T, ctx context.Context, data string, args ...string) *comparison {
	t.Helper()
	f := new(compareFlags)
	cmd := new(cobra.Command)
	useGroups(cmd, f.groups())
	c := &comparison{flags: f}
	err := cmd.ParseFlags(args)
	if err == nil {
		err = f.check(cmd.Flags())
	}
	if err == nil {
		c.parts, err = f.load(cmd, []string{data}, "networks", func(string) {})
	}
	if err == nil {
		err = c.prepare()
	}
	if err == nil {
		err = c.run(ctx, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The metrics of the table are those of the networks, recomputed, and of linear models.
func TestCompareMeasures(t *testing.T) {
	c := compared(t, t.Context(), "spirals", quickly...)
	for _, r := range c.rows {
		if r.network == nil {
			continue
		}
		for part, s := range map[string]sample{"train": c.data.train, "validation": c.validation, "test": c.test} {
			f, err := r.network.Predict(s.x)
			if err != nil {
				t.Fatal(err)
			}
			m := map[string]measures{"train": r.train, "validation": r.validation, "test": r.test}[part]
			if got, want := float64(m.first()), metrics.Accuracy(f, s.y); got != want {
				t.Errorf("%s, %s: accuracy %g, want %g", r.name(), part, got, want)
			}
		}
	}
	c = compared(t, t.Context(), "piecewise", quickly...)
	for _, u := range [][2]string{{"linear", "ridge"}} {
		a, b := c.find(u[0]), c.find(u[1])
		if math.Abs(float64(a.train.first()-b.train.first())) > 0.01 || a.train.first() < b.train.first() {
			t.Errorf("R2 of the linear model is %v, of ridge regression %v", a.train.first(), b.train.first())
		}
	}
}

// An interrupt keeps what there is.
func TestCompareInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := compared(t, ctx, "piecewise", quickly...)
	if !c.interrupted || len(c.runs) != 0 || c.find("global") == nil || c.find("linear") == nil || c.find("sgd-objective") != nil {
		t.Errorf("interrupted %v, %d runs", c.interrupted, len(c.runs))
	}
	if err := c.page().Write(io.Discard); err != nil {
		t.Error(err)
	}
	if r := c.report(); r.Status != "stopped" {
		t.Errorf("status %s", r.Status)
	}
	c.printResult(io.Discard)
}

// A bound that a network refutes is never shown: a proved one is an error, an estimated
// one is withdrawn.
func TestFalseBounds(t *testing.T) {
	c := compared(t, t.Context(), "piecewise", "--methods", "adam", "--rates", "0.02", "--widths", "40", "--epochs", "400")
	adam, truth := c.runs[0].lowest(), c.global.result.Certificate
	c.global.result.Objective = 2 * adam // as if the global training had stayed above
	c.global.trace, c.sampled = []point{{0, 2 * adam}}, nil

	c.global.result.Certificate.LowerBound = adam * (1 + 1e-8)
	err := c.compare()
	if err == nil || !strings.Contains(err.Error(), "adam (rate 0.02, width 40)") || !strings.Contains(err.Error(), "bug") ||
		!strings.Contains(err.Error(), fmt.Sprintf("%.12g", adam)) || !strings.Contains(err.Error(), fmt.Sprintf("%.12g", adam*(1+1e-8))) {
		t.Errorf("a network below a proved bound: %v", err)
	}
	for _, harmless := range []float64{adam * (1 + 1e-10), adam, truth.LowerBound} {
		c.rows, c.global.result.Certificate.LowerBound = nil, harmless
		if err := c.compare(); err != nil {
			t.Errorf("a bound of %g: %v", harmless, err)
		}
	}

	// An estimate that nothing refutes is shown with a tilde.
	c.rows, c.drawn = nil, nil
	c.global.result.Certificate.LowerBound, c.global.result.Certificate.RelativeGap = truth.LowerBound/3, 0.9
	c.global.result.Estimate = &convexnn.Certificate{Kind: convexnn.CertifiedEstimate, LowerBound: truth.LowerBound}
	if err := c.compare(); err != nil {
		t.Fatal(err)
	}
	var sound strings.Builder
	c.printResult(&sound)
	if r := c.report(); !strings.Contains(sound.String(), "estimated, ~") || strings.Contains(sound.String(), "withdrawn") || r.GapsTo != "estimated_lower_bound" || r.Withdrawn != nil {
		t.Errorf("an estimate that holds: gaps to %s, withdrawn %+v\n%s", r.GapsTo, r.Withdrawn, sound.String())
	}

	c.rows, c.drawn = nil, nil
	c.global.result.Estimate = &convexnn.Certificate{Kind: convexnn.CertifiedEstimate, LowerBound: adam * (1 + 1e-8)}
	if err := c.compare(); err != nil {
		t.Fatal(err)
	}
	if value, estimated := c.floor.bound(); value != truth.LowerBound/3 || estimated {
		t.Errorf("the bound is %g, estimated: %v", value, estimated)
	}
	if gap, want := c.floor.gap(adam), 1-truth.LowerBound/3/adam; math.Abs(gap-want) > 1e-12 {
		t.Errorf("gap %g, want %g", gap, want)
	}
	var text, page strings.Builder
	c.printResult(&text)
	if err := c.page().Write(&page); err != nil {
		t.Fatal(err)
	}
	r := c.report()
	if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), "is withdrawn") || !strings.Contains(page.String(), "is withdrawn") {
		t.Errorf("nothing is said of an estimate withdrawn:\n%s", text.String())
	}
	if strings.Contains(text.String(), "~") && !strings.Contains(text.String(), "bound ~") {
		t.Errorf("a tilde is left:\n%s", text.String())
	}
	if r.Withdrawn == nil || r.EstimatedBound.defined() || r.GapsTo != "lower_bound" || !strings.Contains(r.Withdrawn.By, "adam") {
		t.Errorf("report: withdrawn %+v, estimated %v, gaps to %s", r.Withdrawn, r.EstimatedBound, r.GapsTo)
	}
}

func TestJudge(t *testing.T) {
	nothing := floor{certificate: convexnn.Certificate{Kind: convexnn.CertifiedBounded}}
	if err := nothing.judge([]sighting{{"a", 0}, {"b", 3}}); err != nil || !math.IsNaN(nothing.gap(3)) || nothing.gap(0) != 0 {
		t.Errorf("without a bound: %v, gaps %g, %g", err, nothing.gap(3), nothing.gap(0))
	}
	f := floor{
		certificate: convexnn.Certificate{LowerBound: 5, RelativeGap: 0.5}, tolerance: 1e-3,
		estimate: &convexnn.Certificate{LowerBound: 9.9},
	}
	if err := f.judge([]sighting{{"a", 10}, {"b", 9.9}}); err != nil || f.refuted != nil || math.Abs(f.gap(10)-0.01) > 1e-12 {
		t.Errorf("a true estimate: %v, %v, gap %g", err, f.refuted, f.gap(10))
	}
	if err := f.judge([]sighting{{"a", 10}, {"b", 9.8}, {"c", 9.7}, {"d", 9.85}}); err != nil || f.estimate != nil || f.refuter.method != "c" || f.gap(10) != 0.5 || !strings.Contains(f.notice(), "c found") {
		t.Errorf("a false estimate: %v, refuted by %+v, %s", err, f.refuter, f.notice())
	}
	if err := f.judge([]sighting{{"a", 10}, {"b", 4.9}}); err == nil || !strings.Contains(err.Error(), "b found") {
		t.Errorf("a false bound: %v", err)
	}
}

// The sentences name who is best, whoever it is.
func TestVerdicts(t *testing.T) {
	run := &gradientRun{setting: setting{method: 0, rate: 0.5, width: 7}}
	metric := func(v float64) measures {
		return measures{Rows: 50, Accuracy: (*number)(&v), AUC: (*number)(&v)}
	}
	network := new(convexnn.Network)
	for _, test := range []struct {
		global, sampled, adam       float64 // objectives
		onGlobal, onSampled, onAdam float64 // accuracies
		onLinear                    float64
		training, test              string
	}{
		{10, 11, 12, 0.9, 0.8, 0.8, 0.7, "global has the lowest objective, 10; the best by gradients, adam (rate 0.5, width 7), has 12, 20 % more", "global is the best, accuracy 0.9"},
		{10, 9, 12, 0.9, 0.8, 0.92, 0.7, "sampled has the lowest objective, 9, and global 10, 11 % more", "adam by objective is the best, accuracy 0.9200, and global has 0.9000: that is 1 row of 50"},
		{10, 9, 8, 0.9, 0.9, 0.8, 0.94, "adam (rate 0.5, width 7) has the lowest objective, 8, and global 10, 25 % more", "linear model is the best, accuracy 0.9400, and global has 0.9000: that is 2 rows of 50"},
		{10, 11, 10, 0.9, 0.9, 0.9, 0.7, "global and adam (rate 0.5, width 7) have the same objective, 10", "all networks are equally good"},
		{10, 11, 30, 0.9, 0.9, 0.8, 0.9, "3 times as much", "global, sampled and linear model are equally good, accuracy 0.9"},
	} {
		c := comparison{parts: &parts{data: &prepared{encoding: &matrixEncoding{Kind: datasets.TaskClassification}}}}
		c.test.y = make([]float64, 50)
		c.rows = []*contender{
			{method: "global", network: network, objective: number(test.global), test: metric(test.onGlobal)},
			{method: "sampled", network: network, objective: number(test.sampled), test: metric(test.onSampled)},
			{method: "adam", chosen: "objective", run: run, network: network, objective: number(test.adam), test: metric(test.onAdam)},
			{method: "linear", objective: number(math.NaN()), test: metric(test.onLinear)},
			{method: "ridge", objective: number(math.NaN()), test: metric(0.1)},
		}
		c.markBest()
		got := c.verdicts()
		if len(got) != 2 || !strings.Contains(got[0], test.training) || !strings.Contains(got[1], test.test) {
			t.Errorf("verdicts %q, want %q and %q", got, test.training, test.test)
		}
	}
}

// Numbers that the table shows as equal are equally good, whatever the digits behind.
func TestVerdictsOfEqualDigits(t *testing.T) {
	metric := func(v float64) measures { return measures{Rows: 50, R2: (*number)(&v)} }
	network := new(convexnn.Network)
	for _, test := range []struct {
		global, sampled, linear float64
		want                    string
		best                    []bool
	}{
		{0.57921, 0.57923, 0.3, "all networks are equally good, R2 0.5792", []bool{true, true, false, false}},
		{0.5792, 0.5794, 0.3, "sampled is the best, R2 0.5794, and global has 0.5792", []bool{false, true, false, false}},
		{1e-17, 0, -1e-18, "global, sampled and linear model are equally good, R2 0.0000", []bool{true, true, true, false}},
		{math.NaN(), math.NaN(), math.NaN(), "", []bool{false, false, false, false}},
	} {
		c := comparison{parts: &parts{data: &prepared{encoding: &matrixEncoding{Kind: datasets.TaskRegression}}}}
		c.test.y = make([]float64, 50)
		c.rows = []*contender{
			{method: "global", network: network, objective: 10, test: metric(test.global)},
			{method: "sampled", network: network, objective: 11, test: metric(test.sampled)},
			{method: "linear", objective: number(math.NaN()), test: metric(test.linear)},
			{method: "ridge", objective: number(math.NaN()), test: metric(min(test.linear, -0.5))},
		}
		c.markBest()
		for k, r := range c.rows {
			if r.best != test.best[k] {
				t.Errorf("%v: best of %s is %v", test.want, r.method, r.best)
			}
		}
		if got := strings.Join(c.testVerdict(), ""); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("verdict %q, want %q", got, test.want)
		}
	}
}

// What is said of an interrupt or a time limit is true of trainings that were not done, or
// were cut.
func TestCompareRemarks(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := compared(t, ctx, "piecewise", quickly...)
	said := strings.Join(c.remarks(), "; ")
	if strings.Contains(said, "the last one") || strings.Contains(said, "--time-limit") || !strings.Contains(said, "no run by gradients") {
		t.Errorf("interrupted at the start: %s", said)
	}
	for _, f := range c.figures() {
		var b strings.Builder
		if err := f.picture.Write(&b, "svg"); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "by validation") {
			t.Errorf("%s speaks of a choice by validation, and there was none", f.id)
		}
	}

	c = compared(t, t.Context(), "piecewise", quickly...)
	if said := strings.Join(c.remarks(), "; "); strings.Contains(said, "sampled") {
		t.Errorf("nothing was cut: %s", said)
	}
	c.betaMax.Value = c.beta / 2 // an estimate that is too low
	if said := strings.Join(c.remarks(), "; "); strings.Contains(said, "has no neurons") {
		t.Errorf("global has %d neurons: %s", len(c.global.result.Network.Neurons), said)
	}
	c.sampled.cut = true
	if said := strings.Join(c.remarks(), "; "); !strings.Contains(said, "sampled was cut by the time limit") {
		t.Errorf("sampled was cut: %s", said)
	}
}
