package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/relax"
)

// relaxFlags are the flags of relax.
type relaxFlags struct {
	outputFlags
	source sourceFlags
	data   relaxDataFlags
	limits limitFlags

	beta, ratio, tol float64
	cells, equations whole
	iterations       whole
}

func (a *app) relaxCommand() *cobra.Command {
	f := new(relaxFlags)
	cmd := &cobra.Command{
		Use:   "relax DATA",
		Short: "Bound training by convex relaxations, with one or several outputs",
		Long: `Relax brackets the training of two-layer ReLU networks on small DATA by four convex
programs, and reads a network off them. With several targets, or more than two classes,
the outputs share their neurons, and the bracket holds for such networks.

It is about minimising 1/2 sum (f(x) - y)^2 + beta sum |u||g| over all rows and outputs,
u the weights and g the gains of each neuron, for networks of any width. The bounds are a
ladder: the gated network is below the trace form, which is exact in the plane (one
feature and a bias), and the relaxation by moments, which knows no activation patterns,
is below that with split signs, for one output, and below the trace form. What is proved
of each is printed beside its value; the network is proved by prices over all cells.

What it takes is said before it begins. It is for tens of rows of two columns, and ten or
so of five; the bias is a column. Past --max-cells it refuses; --rows N takes fewer rows.`,
		Example: `  convexnn relax xor
  convexnn relax piecewise --rows 12 --plot bounds.svg
  convexnn relax iris --rows 8 --beta 0.5 --report report.json
  convexnn relax small.csv --targets price,rent --beta-ratio 0.2
  convexnn relax --x X.csv --y Y.csv --beta 0.1`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.relax(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *relaxFlags) groups() []flagGroup {
	out, network, data, limits := newGroup("Output"), newGroup("Programs"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report, with the network, to `FILE`, or - for standard output")
	fs.StringVar(&f.plotPath, "plot", "", "draw the bounds into `FILE`, .svg or .png")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = network.flags
	fs.Float64Var(&f.beta, "beta", 0, "strength `F` of the weight decay, in the place of --beta-ratio")
	fs.Float64Var(&f.ratio, "beta-ratio", 0.1, "the strength as a part `F` of beta_max, at which the best network has no neurons")
	fs.Float64Var(&f.tol, "tol", 1e-6, "relative gap `F` to reach")
	f.source.register(data.flags, true)
	data.flags.Lookup("y").Usage = "targets to --x, one row per line, in `FILE`"
	f.data.register(data.flags)
	f.limits.register(limits.flags)
	f.cells, f.equations, f.iterations = relax.DefaultMaxCells, relax.DefaultMaxEquations, 5000
	limits.flags.Var(&f.cells, "max-cells", "refuse more than `N` activation patterns")
	limits.flags.Var(&f.equations, "max-equations", "leave out relaxations by moments with more than `N` equations")
	limits.flags.Var(&f.iterations, "max-iterations", "stop the solver of the relaxations by moments after `N` iterations")
	return []flagGroup{out, network, data, limits}
}

func (f *relaxFlags) check(flags *pflag.FlagSet) error {
	switch {
	case flags.Changed("beta") && flags.Changed("beta-ratio"):
		return usagef("--beta and --beta-ratio exclude each other; give one")
	case flags.Changed("beta") && !positive(f.beta):
		return usagef("--beta must be positive and finite, got %v", f.beta)
	case !positive(f.ratio):
		return usagef("--beta-ratio must be positive and finite, got %v", f.ratio)
	case !positive(f.tol) || f.tol >= 1:
		return usagef("--tol must be above 0 and below 1, got %v", f.tol)
	}
	return cmp.Or(f.outputFlags.check(), f.limits.check(flags), f.data.check(flags, f.source.x != ""))
}

// relax does the work of the command.
func (a *app) relax(cmd *cobra.Command, f *relaxFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	out, err := a.results(&f.outputFlags, f.source.files(args...)...)
	if err != nil {
		return err
	}
	r := relaxed{flags: f}
	if r.data, err = f.data.load(&f.source, cmd.Flags(), args, a.noticer(f.quiet)); err != nil {
		return err
	}
	r.data.print(out.text)
	if err := r.prepare(ctx, out.text); err != nil {
		return err
	}
	if a.idle(out) {
		return nil
	}
	if err := r.run(ctx, a.trainProgress(f.quiet)); err != nil {
		return err
	}
	r.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)
	a.stopped = ctx.Err() != nil
	r.print(out.text)
	return out.write(nil, r.picture().Write, r.report())
}

// A relaxed is the data and the results of relax.
type relaxed struct {
	flags   *relaxFlags
	data    *relaxData
	beta    float64
	most    float64 // beta_max, where beta is a part of it; else 0
	problem *relax.Problem
	sizes   map[relax.Rung]relax.Size
	ladder  *relax.Ladder
	timeout bool // the time limit has passed
	seconds float64
}

// run computes the ladder.
func (r *relaxed) run(ctx context.Context, bar *progress) (err error) {
	f, start := r.flags, time.Now()
	r.ladder, err = r.problem.Ladder(ctx, relax.Settings{
		Tolerance: f.tol, MaxCells: int(f.cells), MaxEquations: int(f.equations), MaxIterations: int(f.iterations),
		MemoryLimit: f.limits.memory.limit(),
		Progress:    func(p relax.Progress) { bar.updateRelax(f.tol, p) },
	})
	bar.clear()
	r.seconds = time.Since(start).Seconds()
	return r.mend(err)
}

// mend adds to an error which flags help.
func (r *relaxed) mend(err error) error {
	switch {
	case errors.Is(err, relax.ErrTooLarge):
		return fmt.Errorf("%w: --rows N takes some at random, --skip COL leaves columns of a file out, or --max-cells N insists", err)
	case errors.Is(err, convexnn.ErrMemory):
		return fmt.Errorf("%w: --rows N takes fewer rows, or --memory-limit SIZE", err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("stopped before the activation patterns were listed; a longer --time-limit, or fewer --rows")
	}
	return err
}
