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
	"github.com/convexnn/convexnn/convexnn/linear"
)

// linearFlags are the flags of linear.
type linearFlags struct {
	source sourceFlags
	data   linearDataFlags
	limits limitFlags

	depth, width        int
	widths              []int
	beta                float64
	intercept, quiet    bool
	steps, starts       int
	reportOut, plotPath string
	sdpaPath            string
}

func (a *app) linearCommand() *cobra.Command {
	f := new(linearFlags)
	cmd := &cobra.Command{
		Use:   "linear DATA --targets COL,..",
		Short: "Train a deep linear network, and show the convex programs behind it",
		Long: `Linear trains a deep linear network x -> x W1 W2 ... WL for one or several numeric targets,
with hidden layers of any widths, and says what is proved. It minimises
1/2 sum (f(x) - y)^2 + beta/2 (|W1|^2 + ... + |WL|^2) over all rows and targets.

It is made for teaching: the same problem is shown as a product of factors, with gradient
descent on them; as a convex program, or a closed form; and lifted, as a linear program
over a completely positive cone, with its semidefinite relaxation where that is small
enough. Without weight decay all depths are solved exactly; with it two layers without a
bottleneck, and any depth where X'X is a multiple of the identity. Otherwise the search
is local, with a proved lower bound, which often meets the objective.

All rows are trained on unless --test-fraction holds some out. Features and targets are
standardised, unless --standardize=false or --x is given. There is no hidden bias: a
linear network has no use for one.`,
		Example: `  convexnn linear iris --targets 3,4 --depth 3 --width 1
  convexnn linear houses.csv --targets price,rent --widths 8,2 --beta 0.5
  convexnn linear diabetes --targets bp,progression --beta 20 --plot values.svg
  convexnn linear --x X.csv --y Y.csv --depth 3 --beta 0.1 --report report.json`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.linear(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *linearFlags) groups() []flagGroup {
	out, network, data, limits := newGroup("Output"), newGroup("Network"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.StringVar(&f.plotPath, "plot", "", "draw the singular values over beta into `FILE`, .svg or .png")
	fs.StringVar(&f.sdpaPath, "sdpa", "", "write the semidefinite relaxation to `FILE`, in the SDPA format for other solvers")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = network.flags
	fs.IntVar(&f.depth, "depth", 2, "number `L` of layers; 1 is linear regression")
	fs.IntVar(&f.width, "width", 0, "width `R` of all hidden layers (default wide enough for any linear map)")
	fs.IntSliceVar(&f.widths, "widths", nil, "widths `K1,K2,..` of the hidden layers, in the place of --depth and --width")
	fs.Float64Var(&f.beta, "beta", 0, "strength `F` of the weight decay")
	fs.BoolVar(&f.intercept, "intercept", false, "add a constant to each output, without weight decay")
	fs.IntVar(&f.steps, "descent-steps", 2000, "number `N` of steps of gradient descent, for comparison; 0 for none")
	fs.IntVar(&f.starts, "descent-starts", 3, "number `N` of its random starts")
	f.source.register(data.flags, true)
	data.flags.Lookup("y").Usage = "targets to --x, one row per line, in `FILE`"
	f.data.register(data.flags)
	f.limits.register(limits.flags)
	return []flagGroup{out, network, data, limits}
}

func (f *linearFlags) check(flags *pflag.FlagSet) error {
	switch {
	case flags.Changed("widths") && (flags.Changed("depth") || flags.Changed("width")):
		return usagef("--widths says all of --depth and --width; give one or the other")
	case f.depth < 1:
		return usagef("--depth must be at least 1, got %d", f.depth)
	case f.depth > 1000:
		return usagef("--depth must be at most 1000, got %d", f.depth)
	case flags.Changed("width") && f.width < 1:
		return usagef("--width must be at least 1, got %d", f.width)
	case f.beta != 0 && !positive(f.beta):
		return usagef("--beta must be at least 0 and finite, got %v", f.beta)
	case f.steps < 0:
		return usagef("--descent-steps must be at least 0, got %d", f.steps)
	case f.starts < 1:
		return usagef("--descent-starts must be at least 1, got %d", f.starts)
	case f.plotPath == "-" || f.sdpaPath == "-":
		return usagef("--plot and --sdpa take a file, and standard output is for the summary or --report -")
	case f.plotPath != "" && pictureFormat(f.plotPath) == "":
		return usagef("--plot takes a file that ends in .svg or .png, got %s", f.plotPath)
	}
	for _, k := range f.widths {
		if k < 1 {
			return usagef("--widths must be at least 1, got %d", k)
		}
	}
	if err := differ(named{"--report", f.reportOut}, named{"--plot", f.plotPath}, named{"--sdpa", f.sdpaPath}); err != nil {
		return err
	}
	return cmp.Or(f.limits.check(flags), f.data.check(flags, f.source.x != ""))
}

// hidden are the widths of the hidden layers for data of d inputs and c outputs.
func (f *linearFlags) hidden(d, c int) []int {
	if len(f.widths) > 0 {
		return f.widths
	}
	out := make([]int, f.depth-1)
	for l := range out {
		out[l] = cmp.Or(f.width, min(d, c))
	}
	return out
}

// linear does the work of the command.
func (a *app) linear(cmd *cobra.Command, f *linearFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	inputs := f.source.files(args...)
	report, err := a.newReport(f.reportOut, inputs...)
	if err != nil {
		return err
	}
	var plot, sdpa *output
	for _, o := range []struct {
		file **output
		path string
	}{{&plot, f.plotPath}, {&sdpa, f.sdpaPath}} {
		if o.path == "" {
			continue
		}
		if *o.file, err = newOutput(o.path, inputs...); err != nil {
			return err
		}
	}
	text := io.Writer(a.out)
	switch {
	case f.quiet:
		text = io.Discard
	case report.stdout != nil:
		text = a.err
	}

	m := deepLinear{flags: f}
	if m.data, err = f.data.load(&f.source, cmd.Flags(), args, a.noticer(f.quiet)); err != nil {
		return err
	}
	m.data.print(text)
	if err := m.run(ctx); err != nil {
		return err
	}
	if plot != nil {
		figure, err := m.picture(ctx)
		if err != nil {
			return err
		}
		if err := plot.write(func(w io.Writer) error { return figure.Write(w, pictureFormat(f.plotPath)) }); err != nil {
			return err
		}
	}
	if sdpa != nil {
		if m.lifted.relaxation == nil {
			return fmt.Errorf("--sdpa: nothing to write: %s", m.lifted.why)
		}
		if err := sdpa.write(m.lifted.relaxation.Problem.WriteSDPA); err != nil {
			return err
		}
	}
	m.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)
	a.stopped = ctx.Err() != nil
	if err := report.write(m.report()); err != nil {
		return err
	}
	m.print(text)
	return nil
}

// A deepLinear is the data and the results of linear.
type deepLinear struct {
	flags     *linearFlags
	data      *linearData
	widths    []int
	result    *linear.Result
	vanishing [2]float64 // bounds on the beta at which all weights are zero; NaN at depth 1
	descent   *linear.Descent
	kyFan     *kyFanView
	lifted    liftedView
	timeout   bool // the time limit has passed
	cut       bool // the picture lacks points

	seconds, descentSeconds float64
}

// run trains, and puts the other views beside it.
func (m *deepLinear) run(ctx context.Context) (err error) {
	f, x, y := m.flags, m.data.train.x, m.data.train.y
	_, d := x.Dims()
	_, c := y.Dims()
	m.widths = f.hidden(d, c)
	if err := m.train(ctx, nil); err != nil {
		return err
	}
	if f.intercept {
		x, _ = linear.Centred(x)
		y, _ = linear.Centred(y)
	}
	m.vanishing = [2]float64{math.NaN(), math.NaN()}
	if len(m.widths) > 0 {
		if m.vanishing[0], m.vanishing[1], err = linear.Vanishing(x, y, len(m.widths)+1); err != nil {
			return err
		}
	}
	if f.steps > 0 {
		start := time.Now()
		m.descent, err = linear.Descend(ctx, x, y, linear.DescentSettings{
			Widths: m.widths, Beta: f.beta, Steps: f.steps, Starts: f.starts, Seed: f.data.seed,
		})
		if err != nil {
			return err
		}
		m.descentSeconds = time.Since(start).Seconds()
		if m.result.Method == linear.Local && m.descent.Objective < m.result.Objective {
			// What gradient descent found is a start that the search did not have.
			if err := m.train(ctx, productOf(m.descent.Layers)); err != nil {
				return err
			}
		}
	}
	if m.kyFan, err = m.ky(x, y); err != nil {
		return err
	}
	return m.lift(ctx, x, y)
}

// train finds the network, from one more start where start is not nil.
func (m *deepLinear) train(ctx context.Context, start *mat.Dense) (err error) {
	f, began := m.flags, time.Now()
	m.result, err = linear.Train(ctx, m.data.train.x, m.data.train.y, linear.Settings{
		Widths: m.widths, Beta: f.beta, Intercept: f.intercept, Seed: f.data.seed, Start: start, MemoryLimit: f.limits.memory.limit(),
	})
	m.seconds += time.Since(began).Seconds()
	if errors.Is(err, convexnn.ErrMemory) {
		err = fmt.Errorf("%w: fewer rows or columns, narrower layers, or --memory-limit SIZE", err)
	}
	return err
}

func productOf(layers []*mat.Dense) *mat.Dense {
	out := layers[0]
	for _, l := range layers[1:] {
		var next mat.Dense
		next.Mul(out, l)
		out = &next
	}
	return out
}
