package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/arora"
	"github.com/convexnn/convexnn/datasets"
)

// exactFlags are the flags of exact.
type exactFlags struct {
	outputFlags
	source sourceFlags
	fit    fitFlags
	limits limitFlags

	neurons          int
	every            bool
	beta, ratio, tol float64
	tuples           whole
	intercept        bool
}

func (a *app) exactCommand() *cobra.Command {
	f := new(exactFlags)
	cmd := &cobra.Command{
		Use:   "exact DATA --neurons M",
		Short: "Find the best network of a given number of neurons, and prove it",
		Long: `Exact finds the best two-layer ReLU network of at most M neurons for small DATA. Where
gradient descent stops at whatever it finds, exact searches all choices of activation
patterns and signs for the neurons, by branch and bound, and proves that none is better.

It minimises 1/2 sum (f(x) - y)^2 + beta sum |u||alpha| over the rows and the neurons
alpha max(u x, 0) of f. Beta is 0 unless given: plain least squares, whose optimum falls
with every neuron. With a beta enough neurons reach the optimum over all widths, that of
convexnn train, and more do not help.

What it takes is said before it begins, as the number of choices; past --max-choices it
refuses and says what would fit: a hundred rows of one feature, or twenty rows of two,
for three neurons. A small part of the choices is looked at. Ctrl-C, or --time-limit,
keeps the best network so far and what is proved by then, with exit status 3.

All rows are trained on unless --test-fraction holds some out. DATA, columns and scaling
are those of convexnn train.`,
		Example: `  convexnn exact xor --neurons 3
  convexnn exact piecewise --neurons 2 --every-width --plot widths.svg
  convexnn exact small.csv --target price --neurons 3 --beta-ratio 0.01 --out model.json
  convexnn exact --x X.csv --y y.csv --neurons 2 --report report.json`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.exact(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *exactFlags) groups() []flagGroup {
	out, network, data, limits := newGroup("Output"), newGroup("Network"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.modelPath, "out", "", "write the model to `FILE`")
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.StringVar(&f.plotPath, "plot", "", "draw the optimum over the widths into `FILE`, .svg or .png; means --every-width")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = network.flags
	fs.IntVar(&f.neurons, "neurons", 0, "the most neurons `M` that the network may have (required)")
	fs.BoolVar(&f.every, "every-width", false, "solve for 1, 2, ... neurons up to M, and show them all")
	fs.Float64Var(&f.beta, "beta", 0, "strength `F` of the weight decay")
	fs.Float64Var(&f.ratio, "beta-ratio", 0, "the strength as a part `F` of beta_max, at which the best network has no neurons")
	fs.BoolVar(&f.intercept, "intercept", false, "add an output intercept without weight decay")
	fs.Float64Var(&f.tol, "tol", 1e-6, "relative gap `F` to reach")
	f.source.register(data.flags, true)
	f.fit.register(data.flags)
	f.fit.registerTraining(data.flags)
	fraction := data.flags.Lookup("test-fraction")
	fraction.DefValue, f.fit.fraction = "0", 0
	fraction.Usage = "share `F` of the rows to hold out for the test"
	f.limits.register(limits.flags)
	f.tuples = 10_000_000_000
	limits.flags.Var(&f.tuples, "max-choices", "refuse to search among more than `N` choices of patterns and signs")
	return []flagGroup{out, network, data, limits}
}

func (f *exactFlags) check(flags *pflag.FlagSet) error {
	f.every = f.every || f.plotPath != ""
	switch {
	case !flags.Changed("neurons"):
		return usagef("--neurons is missing: say how many the network may have, such as --neurons 3")
	case f.neurons < 1:
		return usagef("--neurons must be at least 1, got %d", f.neurons)
	case flags.Changed("beta") && flags.Changed("beta-ratio"):
		return usagef("--beta and --beta-ratio exclude each other; give one")
	case f.beta != 0 && !positive(f.beta):
		return usagef("--beta must be at least 0 and finite, got %v", f.beta)
	case f.ratio != 0 && !positive(f.ratio):
		return usagef("--beta-ratio must be at least 0 and finite, got %v", f.ratio)
	case !positive(f.tol) || f.tol >= 1:
		return usagef("--tol must be above 0 and below 1, got %v", f.tol)
	}
	return cmp.Or(f.outputFlags.check(), f.limits.check(flags), f.fit.check(flags, f.source.x != ""))
}

// exact does the work of the command.
func (a *app) exact(cmd *cobra.Command, f *exactFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	inputs := f.source.files(args...)
	out, err := a.results(&f.outputFlags, inputs...)
	if err != nil {
		return err
	}

	e := exhaustive{flags: f}
	if err := e.load(cmd, args, a.noticer(f.quiet)); err != nil {
		return err
	}
	e.data.print(out.text)
	if err := e.prepare(ctx, out.text); err != nil {
		return err
	}
	if a.idle(out) {
		return nil
	}
	if err := e.run(ctx, a.trainProgress(f.quiet)); err != nil {
		return err
	}
	e.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)
	a.stopped = e.status() == convexnn.Stopped || e.last().neurons < f.neurons

	e.print(out.text)
	return out.write(newModel(e.data, e.trained(), f.fit.seed), e.picture().Write, e.report())
}

// An exhaustive is the data and the results of exact.
type exhaustive struct {
	flags   *exactFlags
	data    *prepared
	cost    arora.Cost
	beta    float64
	most    convexnn.BetaMax // where beta is a part of it
	widths  []width          // the last is the one asked for, unless ctx ended
	refused []int            // numbers of neurons that were too many to search for
	timeout bool             // the time limit has passed

	measured
}

// A width is the result at a number of neurons.
type width struct {
	neurons int
	result  *arora.Result
	seconds float64
}

func (e *exhaustive) last() width { return e.widths[len(e.widths)-1] }

func (e *exhaustive) load(cmd *cobra.Command, args []string, notice func(string)) error {
	f := e.flags
	s, err := f.source.load(cmd.Flags(), args, f.fit.target, f.fit.seed, true, notice)
	if err != nil {
		return err
	}
	e.data, err = f.fit.prepare(s, f.source.read.Missing == datasets.MissingMean)
	return err
}

// prepare settles beta, and says what the search will take.
func (e *exhaustive) prepare(ctx context.Context, text io.Writer) (err error) {
	f, train := e.flags, e.data.train
	if e.cost, err = arora.NewCost(train.x, f.neurons); err != nil {
		return err
	}
	if e.beta = f.beta; f.ratio > 0 {
		if e.most, err = convexnn.FindBetaMax(ctx, train.x, train.y, f.intercept); err != nil {
			return err
		}
		e.beta = f.ratio * e.most.Value
	}
	e.printCost(text)
	return nil
}

// run searches at each width.
func (e *exhaustive) run(ctx context.Context, bar *progress) (err error) {
	f, train := e.flags, e.data.train
	first := f.neurons
	if f.every {
		first = 1
	}
	for m := first; m <= f.neurons; m++ {
		start := time.Now()
		result, err := arora.Train(ctx, train.x, train.y, arora.Settings{
			Neurons: m, Beta: e.beta, Intercept: f.intercept, Tolerance: f.tol, Seed: f.fit.seed,
			MaxTuples: float64(f.tuples), MemoryLimit: f.limits.memory.limit(),
			Progress: func(p arora.Progress) { bar.updateExact(m, f.tol, p) },
		})
		bar.clear()
		if err = tooFar("beta", f.beta, err); err != nil {
			err = e.mend(err)
			if !errors.Is(err, arora.ErrTooLarge) || len(e.widths) == 0 {
				return err
			}
			// What is found already is kept, and more neurons may need no search.
			e.refused = append(e.refused, m)
			continue
		}
		e.widths = append(e.widths, width{m, result, time.Since(start).Seconds()})
		if result.Status == convexnn.Stopped {
			break
		}
	}
	e.measured, err = e.data.measure(e.last().result.Network)
	return err
}

// mend adds to an error of the search which flags help.
func (e *exhaustive) mend(err error) error {
	switch {
	case errors.Is(err, arora.ErrTooLarge):
		return fmt.Errorf("%w: --neurons, --skip COL, or --max-choices N to insist; convexnn train has no such limit", err)
	case errors.Is(err, convexnn.ErrMemory):
		return fmt.Errorf("%w: fewer rows or columns, or --memory-limit SIZE", err)
	}
	return err
}

// status is that of the whole run.
func (e *exhaustive) status() convexnn.Status {
	status := convexnn.Solved
	for _, w := range e.widths {
		status = max(status, w.result.Status)
	}
	return status
}

// trained is the result at the last width as a model file knows one.
func (e *exhaustive) trained() *convexnn.Result {
	r := e.last().result
	return &convexnn.Result{
		Network: r.Network, Objective: r.Objective, TrainingLoss: r.TrainingLoss,
		Certificate: r.Certificate, Beta: e.beta, Status: r.Status, Rank: r.Rank,
	}
}
