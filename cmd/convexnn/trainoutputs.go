package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
	"github.com/convexnn/convexnn/datasets"
)

// checkTargets refuses flags that do not go with several targets.
func (f *trainFlags) checkTargets(flags *pflag.FlagSet) error {
	if !flags.Changed("targets") {
		return nil
	}
	f.fit.targets = trimmed(f.fit.targets)
	switch {
	case f.source.x != "":
		return usagef("--targets is for tables, and --x names a matrix")
	case len(f.fit.targets) == 0 || slices.Contains(f.fit.targets, ""):
		return usagef("--targets lists an empty name; name columns, such as --targets a,b")
	case flags.Changed("target"):
		return usagef("--target and --targets exclude each other; give one")
	case len(f.fit.targets) == 1:
		return nil
	case f.fit.positive != "" || f.fit.task == datasets.TaskClassification:
		return usagef("several --targets are numbers, and the task is classification; name one with --target")
	case f.mode == convexnn.Sampled:
		return usagef("%s", severalModes)
	}
	return nil
}

// severalModes says how several outputs are trained.
const severalModes = "--mode sampled, which --patterns, --sampler, --gates and --model gated mean, is for one output; several are trained by --mode auto, enumerate or global"

// oneOutput is the error for a mode that takes one output, and classes that have more.
func (f *trainFlags) oneOutput(e encoding) error {
	return usagef("target %s has %d classes, and %s; or choose one with --positive LABEL", e.TargetName(), e.Outputs(), severalModes)
}

// runOutputs is run for several outputs.
func (t *training) runOutputs(ctx context.Context, text io.Writer, bar *progress) error {
	f, train := t.flags, t.data.train
	start := time.Now()
	ctx, limit := t.newLimit(ctx)
	defer limit.stop()
	options := outputs.Options{
		Mode: f.mode, MaxCells: int64(f.cells.most), BetaRatio: f.ratio, Intercept: f.intercept, Seed: f.fit.seed,
		Tolerance: f.tol, MemoryLimit: f.limits.memory.limit(),
		Progress: func(p outputs.Progress) {
			limit.know(p.Known.Mode)
			t.tolerance = p.Tolerance
			known := resultOf(p.Known)
			if p.Stage == "solve" {
				bar.hide()
				t.printProgram(text, known)
			}
			bar.update(convexnn.Progress{Stage: p.Stage, Known: known, Solve: p.Solve, Tolerance: p.Tolerance})
		},
	}
	if f.beta > 0 {
		options.Beta = f.beta
	}
	r, err := outputs.Train(ctx, train.x, train.targets, options)
	bar.clear()
	t.ended, t.timeout = ctx.Err() != nil, errors.Is(context.Cause(ctx), context.DeadlineExceeded)
	if err = tooFar("beta", f.beta, tooFar("beta-ratio", f.ratio, err)); err != nil {
		return mendOutputs(err)
	}
	t.result, t.outputs = resultOf(r), r.Network
	t.seconds = time.Since(start).Seconds()
	t.measured, err = t.data.measureOutputs(t.outputs)
	return err
}

// mendOutputs says which flags help.
func mendOutputs(err error) error {
	switch {
	case errors.Is(err, convexnn.ErrTooManyCells):
		return fmt.Errorf("%w: --mode global, --skip COL, or --max-cells N to insist", err)
	case errors.Is(err, convexnn.ErrMemory):
		return fmt.Errorf("%w: --memory-limit SIZE", err)
	}
	return err
}

// resultOf is what is known of a training with several outputs, but for the network.
func resultOf(r *outputs.Result) *convexnn.Result {
	return &convexnn.Result{
		Objective: r.Objective, TrainingLoss: r.TrainingLoss, Certificate: r.Certificate, Estimate: r.Estimate, Mode: r.Mode,
		Beta: r.Beta, BetaMax: r.BetaMax, Patterns: r.Patterns, Cells: r.Cells, PatternsPossible: r.PatternsPossible,
		Rank: r.Rank, Status: r.Status, Rounds: r.Rounds,
	}
}

func (t *training) neurons() int {
	if t.outputs != nil {
		return len(t.outputs.Neurons)
	}
	return len(t.result.Network.Neurons)
}

func (t *training) model() convexnn.Model {
	if t.outputs != nil {
		return convexnn.ReLU
	}
	return t.result.Network.Model
}

// networkText describes the network.
func (t *training) networkText() string {
	text := fmt.Sprintf("%v, %s", t.model(), plural(t.neurons(), "neuron"))
	if t.outputs != nil {
		text += fmt.Sprintf(", %d outputs", t.outputs.Outputs)
	}
	return text
}

// constantOutputs returns what a network without neurons predicts.
func (t *training) constantOutputs() string {
	e := t.data.encoding
	f := mat.NewDense(1, t.outputs.Outputs, nil)
	copy(f.RawRowView(0), t.outputs.Intercept)
	if classes := e.Classes(); classes != nil {
		return classes[largest(f.RawRowView(0))]
	}
	var out []string
	for _, v := range e.UnscaleOutputs(f).RawRowView(0) {
		out = append(out, fmt.Sprintf("%.6g", v))
	}
	return strings.Join(out, ", ")
}

// printTargets prints what is predicted, and the classes where there are more than two.
func (d *prepared) printTargets(w io.Writer) {
	if names := d.encoding.TargetNames(); len(names) > 1 {
		paragraph(w, "targets", strings.Join(names, ", "))
	} else {
		row(w, "target", "%s%s", d.encoding.TargetName(), d.target)
	}
	name, width := "classes", 0
	classes := d.encoding.Classes()
	for _, label := range classes {
		width = max(width, utf8.RuneCountInString(label))
	}
	for k, label := range classes {
		text := fmt.Sprintf("%s -> output %d  (%d training", pad(label, width), k+1, members(d.train, k))
		if d.test.rows() > 0 {
			text += fmt.Sprintf(", %d test", members(d.test, k))
		}
		row(w, name, "%s)", text)
		name = ""
	}
}

// members counts the rows of class k.
func members(s sample, k int) int {
	sum := 0.0
	for i := range s.rows() {
		sum += s.targets.At(i, k)
	}
	return int(sum)
}

// printConfusions prints how the rows of each class are predicted: those held out, or
// else those of the training.
func (t *training) printConfusions(w io.Writer) {
	m, rows := t.testMetrics, "test"
	if m.Rows == 0 {
		m, rows = t.trainMetrics, "training"
	}
	if m.Confusion == nil {
		return
	}
	fmt.Fprintln(w)
	printConfusion(w, t.data.encoding.Classes(), m)
	row(w, "", "of the %s", plural(m.Rows, rows+" row"))
}

// reportOutputs fills in what a report says of several outputs.
func (t *training) reportOutputs(out *trainReport) {
	out.Classes = t.data.encoding.Classes()
	if names := t.data.encoding.TargetNames(); len(names) > 1 {
		out.Targets, out.Target, out.TargetScale = names, strings.Join(names, ","), number(math.NaN())
	}
}
