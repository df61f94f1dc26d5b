package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
	"github.com/convexnn/convexnn/datasets"
)

// trainFlags are the flags of train.
type trainFlags struct {
	outputFlags
	source  sourceFlags
	fit     fitFlags
	sampler samplerFlags
	cells   cellFlags
	limits  limitFlags

	modeName, model, gates, lossName string
	beta, ratio, tol                 float64
	intercept                        bool

	mode    convexnn.Mode // set by check, as far as the flags tell, as are network and loss
	network convexnn.Model
	loss    convexnn.Loss
}

func (a *app) trainCommand() *cobra.Command {
	f := new(trainFlags)
	cmd := &cobra.Command{
		Use:   "train DATA",
		Short: "Train a network and say what is proved of it",
		Long: `Train fits a two-layer network to DATA. By default it looks for the best one of any
width: it generates neurons until a search finds none that lowers the objective, and
brackets the least objective that any two-layer ReLU network has. How, --mode says.

  enumerate  The bracket is proved by going over all activation patterns. This is for
             few rows or few columns: before it begins it says how many patterns there
             may be, and what a pass over them takes.
  global     The lower end of the bracket is an estimate by local search, and what can
             be proved is said beside it. It ends after 60 s, unless --time-limit says
             otherwise, with the best so far and exit status 3.
  auto       enumerate where that is soon done, and global elsewhere.
  sampled    Activation patterns are sampled, and the convex training program on them
             is solved. What is proved is about these patterns. The flags --patterns,
             --sampler, --gates and --model gated mean this mode.

DATA is a file of delimited text (.csv, .tsv, or .gz of them) or a built-in data
set; see convexnn datasets. With --x FILE a matrix without a header takes its
place, of which nothing is dropped or scaled.

What is minimised is 1/2 sum (f(x) - y)^2 + beta sum |u||alpha|, over the training
rows and the neurons alpha max(u x, 0) of f: squared loss, for classes too, which
count as y = -1 and +1 and are told apart by the sign of f. More than two classes have an
output each, whose targets are 0 and 1, and the largest tells the class; --targets gives
an output to each of several columns. The outputs share their neurons. A lower beta gives a
larger network that follows the training rows more closely. Ctrl-C keeps the best
network so far, with exit status 3; a second one ends the program at once.

With --loss hinge the loss is that of support vector machines, sum max(0, 1 - y f(x)),
and --loss hard-margin asks for y f(x) >= 1 of every training row, at the least
sum |u||alpha|: the largest margin. Both have the same kind of proof.

A gate file for --gates is a matrix with one gate per column, or per row, over
the inputs of the network: the features after preprocessing and the bias column
last.`,
		Example: `  convexnn train breast-cancer
  convexnn train houses.csv --target price --skip id --out model.json
  convexnn train digits --positive 3 --time-limit 30s --report report.json
  convexnn train iris
  convexnn train breast-cancer --loss hinge
  convexnn train houses.csv --targets price,rent --skip id
  convexnn train --x X.csv --y y.csv --beta 0.1
  convexnn train piecewise --mode enumerate
  convexnn train diabetes --patterns 200`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.train(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *trainFlags) groups() []flagGroup {
	out, network, data, limits := newGroup("Output"), newGroup("Network"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.modelPath, "out", "", "write the model to `FILE`")
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = network.flags
	fs.StringVar(&f.modeName, "mode", "auto", "how neurons are found: `auto|sampled|enumerate|global`")
	fs.StringVar(&f.model, "model", "relu", "kind of network: `relu|gated`; gated means --mode sampled")
	fs.StringVar(&f.lossName, "loss", "squared", "what is fitted: `squared|hinge|hard-margin`; the last two tell two classes apart")
	fs.Float64Var(&f.beta, "beta", 0, "strength `F` of the weight decay")
	fs.Float64Var(&f.ratio, "beta-ratio", 0.01, "the strength as a part `F` of beta_max, at which the best network has no neurons")
	f.sampler.register(fs)
	f.cells.register(fs, enumerateUpTo)
	fs.StringVar(&f.gates, "gates", "", "matrix of gates in `FILE`, in the place of sampled patterns")
	for _, name := range samplingFlags {
		fs.Lookup(name).Usage += "; means --mode sampled"
	}
	fs.BoolVar(&f.intercept, "intercept", false, "add an output intercept without weight decay")
	fs.Float64Var(&f.tol, "tol", 0, "relative gap `F` to reach (default 1e-4 sampled, 1e-6 enumerate, 1e-3 global)")
	f.source.register(data.flags, true)
	f.fit.register(data.flags)
	f.fit.registerTraining(data.flags)
	data.flags.StringSliceVar(&f.fit.targets, "targets", nil, "predict the numeric columns `COL,..` by one network with an output for each")
	data.flags.Lookup("positive").Usage = "class `LABEL` to tell from the rest, where there are more than two; without it each has an output"
	f.fit.several, f.source.several = true, true
	f.limits.register(limits.flags)
	limits.flags.Lookup("time-limit").Usage = fmt.Sprintf("stop after the time `D`, such as 90s or 10m, with the best so far (default %.0fs where the mode is global, else none)", globalLimit.Seconds())
	return []flagGroup{out, network, data, limits}
}

func (f *trainFlags) check(flags *pflag.FlagSet) (err error) {
	if f.mode, err = convexnn.ParseMode(f.modeName); err != nil {
		return usagef("--mode %q is none of auto, sampled, enumerate and global", f.modeName)
	}
	if f.network, err = convexnn.ParseModel(f.model); err != nil {
		return usagef("--model %q is neither relu nor gated", f.model)
	}
	if flags.Changed("beta") && flags.Changed("beta-ratio") {
		return usagef("--beta and --beta-ratio exclude each other; give one")
	}
	if flags.Changed("beta") && !positive(f.beta) {
		return usagef("--beta must be positive and finite, got %v", f.beta)
	}
	if !positive(f.ratio) {
		return usagef("--beta-ratio must be positive and finite, got %v", f.ratio)
	}
	if flags.Changed("tol") && (!positive(f.tol) || f.tol >= 1) {
		return usagef("--tol must be above 0 and below 1, got %v", f.tol)
	}
	if err := f.settleMode(flags); err != nil {
		return err
	}
	if err := f.settleLoss(flags); err != nil {
		return err
	}
	if err := f.checkTargets(flags); err != nil {
		return err
	}
	if f.gates != "" && (flags.Changed("patterns") || flags.Changed("sampler")) {
		return usagef("--gates takes the place of --patterns and --sampler; give either")
	}
	return cmp.Or(f.outputFlags.check(), f.sampler.check(), f.limits.check(flags), f.fit.check(flags, f.source.x != ""))
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

// train does the work of the command.
func (a *app) train(cmd *cobra.Command, f *trainFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	inputs := f.source.files(append(args, f.gates)...)
	out, err := a.results(&f.outputFlags, inputs...)
	if err != nil {
		return err
	}

	t := training{flags: f, assumed: globalLimit}
	if err := t.load(cmd, args, a.noticer(f.quiet)); err != nil {
		return err
	}
	if err := f.twoClasses(t.data.encoding); err != nil {
		return err
	}
	t.data.print(out.text)
	if a.idle(out) {
		return nil
	}
	run := t.run
	if t.data.encoding.Outputs() > 1 {
		if f.mode == convexnn.Sampled {
			return f.oneOutput(t.data.encoding)
		}
		run = t.runOutputs
	}
	if err := run(ctx, out.text, a.trainProgress(f.quiet)); err != nil {
		return err
	}
	a.stopped = t.result.Status == convexnn.Stopped

	t.printResult(out.text)
	m := newModel(t.data, t.result, f.fit.seed)
	if m.Outputs = t.outputs; t.outputs != nil {
		m.Network = nil
	}
	return out.write(m, nil, t.report())
}

func (a *app) trainProgress(quiet bool) *progress {
	if quiet {
		return nil
	}
	return newProgress(a.err.w)
}

// A training is the data and the results of train.
type training struct {
	flags     *trainFlags
	data      *prepared
	gates     *mat.Dense
	result    *convexnn.Result // without the network where there are several outputs
	outputs   *outputs.Network // which is here then, and nil elsewhere
	tolerance float64          // that the training aims at
	seconds   float64
	assumed   time.Duration // time limit of the mode global where none is given
	ended     bool          // the time limit has passed, or there was an interrupt
	timeout   bool          // the time limit has passed
	program   bool          // the program has been printed

	measured
}

func (t *training) load(cmd *cobra.Command, args []string, notice func(string)) error {
	f := t.flags
	s, err := f.source.load(cmd.Flags(), args, f.fit.targetColumns()[0], f.fit.seed, true, notice)
	if err != nil {
		return err
	}
	if t.data, err = f.fit.prepare(s, f.source.read.Missing == datasets.MissingMean); err != nil {
		return err
	}
	if f.gates != "" {
		t.gates, err = datasets.ReadMatrix(f.gates)
	}
	return err
}

// run trains the network and the linear model, and measures both.
func (t *training) run(ctx context.Context, text io.Writer, bar *progress) error {
	f, train := t.flags, t.data.train
	start := time.Now()
	ctx, limit := t.newLimit(ctx)
	defer limit.stop()
	options := convexnn.Options{
		Mode: f.mode, MaxCells: int64(f.cells.most), Model: f.network, Loss: f.loss, BetaRatio: f.ratio, Gates: t.gates,
		Intercept: f.intercept, Seed: f.fit.seed, Tolerance: f.tol, MemoryLimit: f.limits.memory.limit(),
		Progress: func(p convexnn.Progress) {
			limit.know(p.Known.Mode)
			t.tolerance = p.Tolerance
			if p.Stage == "solve" {
				bar.hide()
				t.printProgram(text, p.Known)
			}
			bar.update(p)
		},
	}
	if f.mode == convexnn.Sampled {
		options.Patterns, options.Sampler = f.sampler.patterns, f.sampler.sampler
	}
	switch {
	case f.loss == convexnn.HardMargin:
		options.BetaRatio = 0
	case f.beta > 0:
		options.Beta = f.beta
	}
	var err error
	t.result, err = convexnn.Train(ctx, train.x, train.y, options)
	bar.clear()
	t.ended, t.timeout = ctx.Err() != nil, errors.Is(context.Cause(ctx), context.DeadlineExceeded)
	if err = tooFar("beta", f.beta, tooFar("beta-ratio", f.ratio, err)); err != nil && f.mode != convexnn.Sampled {
		return mend(err)
	}
	if err != nil {
		return err
	}
	t.seconds = time.Since(start).Seconds()
	t.measured, err = t.data.measure(t.result.Network)
	return err
}

// zero reports whether the network has no neurons because beta is so large, and
// so predicts the same for every row.
func (t *training) zero() bool {
	r := t.result
	return t.neurons() == 0 && r.Loss != convexnn.HardMargin && r.Status != convexnn.Stopped && r.Beta >= r.BetaMax.Value
}

// constant returns what a network without neurons predicts.
func (t *training) constant() string {
	if t.outputs != nil {
		return t.constantOutputs()
	}
	e, out := t.data.encoding, t.result.Network.Intercept
	if e.Task() == datasets.TaskClassification {
		return e.Label(out)
	}
	return fmt.Sprintf("%.6g", e.Unscale([]float64{out})[0])
}
