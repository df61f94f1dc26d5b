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
	"github.com/convexnn/convexnn/convexnn/flow"
	"github.com/convexnn/convexnn/datasets"
)

// flowFlags are the flags of flow.
type flowFlags struct {
	outputFlags
	filmPath, pagePath string

	source sourceFlags
	fit    fitFlags
	limits limitFlags

	lossName, signs             string
	neurons, steps, checkpoints int
	init, sharpness, step, tol  float64

	loss flow.Loss // set by check
}

func (a *app) flowCommand() *cobra.Command {
	f := new(flowFlags)
	cmd := &cobra.Command{
		Use:   "flow DATA",
		Short: "Follow gradient flow, and compare it with the largest margin of all networks",
		Long: `Flow follows gradient flow, gradient descent in the limit of small steps, on the weights
of a two-layer ReLU network that tells two classes apart, from small random weights, and
compares it with the network of the largest margin: the least sum |u||alpha| over networks
of any width with y f(x) >= 1 on all rows, a convex program.

In the limit the weights grow without end, their direction is a stationary point of the
margin, and each neuron with weight points to an extreme point of the dual of the program.
Whether that is the largest margin is not certain: for orthogonally separable classes it is,
on other data the flow may stay on a plateau. So each checkpoint has a bracket of the
optimum from the flow alone, an upper bound from its margin and a lower one from its dual
vectors, priced as in train, and nothing is said to be optimal that the lower bound does
not prove.

All rows are used, as they are: without a bias and without scaling, unless --bias hidden or
--standardize say so. For two inputs --plot draws the plane of weights in steps, --film as a
moving picture; for more, --plot draws the bracket. --page writes a page with all pictures.
Ctrl-C, or --time-limit, of which the convex program has half, keeps what there is, with
exit status 3.`,
		Example: `  convexnn flow rays
  convexnn flow quadrants --plot steps.svg --film film.svg
  convexnn flow rays --neurons 6 --seed 4 --page flow.html
  convexnn flow xor --bias hidden --neurons 50
  convexnn flow --x X.csv --y y.csv --loss logistic --report report.json`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.flow(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *flowFlags) groups() []flagGroup {
	out, course, data, limits := newGroup("Output"), newGroup("Flow"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.modelPath, "out", "", "write the last network as a model to `FILE`, if it separates the rows")
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.StringVar(&f.plotPath, "plot", "", "draw the plane of weights in steps, or the bracket where there are not two inputs, into `FILE`, .svg or .png")
	fs.StringVar(&f.filmPath, "film", "", "draw the plane of weights as a moving picture into `FILE`, .svg; for two inputs")
	fs.StringVar(&f.pagePath, "page", "", "write a page with all pictures to `FILE`, .html")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = course.flags
	fs.IntVar(&f.neurons, "neurons", 20, "number `M` of neurons")
	fs.StringVar(&f.lossName, "loss", "exponential", "what the flow descends: `exponential|logistic`")
	fs.StringVar(&f.signs, "signs", "", "signs of the outputs, such as `++-`, in the place of --neurons (default in turn)")
	fs.Float64Var(&f.init, "init", 0, "size `F` of all weights at the start (default 1e-3 over the root of the length of a row)")
	fs.Float64Var(&f.sharpness, "sharpness", 0, "end at the sum `F` of all squared weights (default where the smallest margin is 1000)")
	fs.Float64Var(&f.step, "step", 0, "longest step `F` in the time of the table (default as long as accuracy allows)")
	fs.IntVar(&f.steps, "steps", 100_000, "end after `N` steps")
	fs.IntVar(&f.checkpoints, "checkpoints", 50, "about how many checkpoints `N` to keep")
	fs.Float64Var(&f.tol, "tol", 0.01, "relative gap `F` of the bracket up to which the network counts as globally optimal")
	f.source.register(data.flags, true)
	f.fit.register(data.flags)
	f.fit.bias, f.fit.standardize, f.fit.task = "none", false, datasets.TaskClassification
	for name, v := range map[string][2]string{
		"bias":        {"none", "`hidden|none`: append a column of ones, so that each neuron has a bias"},
		"standardize": {"false", "scale features to mean 0 and variance 1"},
	} {
		flag := data.flags.Lookup(name)
		flag.DefValue, flag.Usage = v[0], v[1]
	}
	data.flags.StringVar(&f.fit.positive, "positive", "", "class `LABEL` to tell from the rest")
	f.limits.register(limits.flags)
	return []flagGroup{out, course, data, limits}
}

func (f *flowFlags) check(flags *pflag.FlagSet) (err error) {
	if f.loss, err = flow.ParseLoss(f.lossName); err != nil {
		return usagef("--loss %q is neither exponential nor logistic", f.lossName)
	}
	switch {
	case f.signs != "" && flags.Changed("neurons"):
		return usagef("--signs says how many --neurons there are; give one")
	case f.neurons < 1:
		return usagef("--neurons must be at least 1, got %d", f.neurons)
	case f.steps < 1:
		return usagef("--steps must be at least 1, got %d", f.steps)
	case f.checkpoints < 2:
		return usagef("--checkpoints must be at least 2, got %d", f.checkpoints)
	case !positive(f.tol) || f.tol >= 1:
		return usagef("--tol must be above 0 and below 1, got %v", f.tol)
	}
	for _, sign := range f.signs {
		if sign != '+' && sign != '-' {
			return usagef("--signs holds %q; write one + or - for each neuron, such as ++-", sign)
		}
	}
	for _, name := range []string{"init", "sharpness", "step"} {
		if v, _ := flags.GetFloat64(name); flags.Changed(name) && !positive(v) {
			return usagef("--%s must be positive and finite, got %v", name, v)
		}
	}
	if err := f.checkPictures(); err != nil {
		return err
	}
	return cmp.Or(f.outputFlags.check(), f.limits.check(flags), f.fit.check(flags, f.source.x != ""))
}

// checkPictures refuses files that cannot be written.
func (f *flowFlags) checkPictures() error {
	switch {
	case f.filmPath != "" && pictureFormat(f.filmPath) != "svg":
		return usagef("--film takes a file that ends in .svg, got %s", f.filmPath)
	case f.pagePath == "-":
		return usagef("--page takes a file, and standard output is for the summary or --report -")
	}
	return differ(named{"--out", f.modelPath}, named{"--report", f.reportOut}, named{"--plot", f.plotPath}, named{"--film", f.filmPath}, named{"--page", f.pagePath})
}

// flow does the work of the command.
func (a *app) flow(cmd *cobra.Command, f *flowFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	inputs := f.source.files(args...)
	out, err := a.results(&f.outputFlags, inputs...)
	if err != nil {
		return err
	}
	film, page, err := f.pictures(inputs)
	if err != nil {
		return err
	}
	c := course{flags: f}
	if err := c.load(cmd, args, a.noticer(f.quiet)); err != nil {
		return err
	}
	if err := mendFlow(c.options().Check(c.data.train.x, c.data.train.y)); err != nil {
		return err
	}
	c.data.print(out.text)
	if a.idle(out) && film == nil && page == nil {
		return nil
	}
	bar := a.trainProgress(f.quiet)
	if err := c.solve(ctx, bar); err != nil {
		return err
	}
	c.printProgram(out.text)
	if err := c.run(ctx, bar); err != nil {
		return err
	}
	c.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)
	a.stopped = c.stopped()

	c.print(out.text)
	var m *model
	if c.result.Separated {
		m = newModel(c.data, c.trained(), f.fit.seed)
	}
	for _, o := range []struct {
		file  *output
		name  string
		write func(io.Writer) error
	}{
		{film, "film", func(w io.Writer) error { return c.film().Write(w, "svg") }},
		{page, "page", func(w io.Writer) error { return c.page(ctx).Write(w) }},
	} {
		if o.file == nil {
			continue
		}
		if err := o.file.write(o.write); err != nil {
			return err
		}
		out.others = append(out.others, named{o.name, o.file.path})
	}
	return out.write(m, c.picture().Write, c.report())
}

// pictures opens the files of --film and --page.
func (f *flowFlags) pictures(inputs []string) (film, page *output, err error) {
	if f.filmPath != "" {
		if film, err = newOutput(f.filmPath, inputs...); err != nil {
			return nil, nil, err
		}
	}
	if f.pagePath != "" {
		page, err = newOutput(f.pagePath, inputs...)
	}
	return film, page, err
}

// A course is the data and the results of flow.
type course struct {
	flags   *flowFlags
	data    *prepared
	program *convexnn.Result // of the largest margin
	result  *flow.Result
	timeout bool // the time limit has passed

	solving, flowing float64 // seconds
}

func (c *course) load(cmd *cobra.Command, args []string, notice func(string)) error {
	f := c.flags
	s, err := f.source.load(cmd.Flags(), args, f.fit.target, f.fit.seed, true, notice)
	if err != nil {
		return err
	}
	if c.data, err = f.fit.prepare(s, f.source.read.Missing == datasets.MissingMean); err != nil {
		return err
	}
	if e := c.data.encoding; e.Outputs() > 1 {
		return usagef("target %s has %d classes, and the flow tells two apart; choose one with --positive LABEL", e.TargetName(), e.Outputs())
	}
	if f.filmPath != "" && !c.plane() {
		return usagef("--film shows the plane of weights of two inputs, and these data have %d; --plot draws the bracket", c.inputs())
	}
	return nil
}

// inputs is the number of inputs of the network.
func (c *course) inputs() int {
	_, d := c.data.train.x.Dims()
	return d
}

// plane reports whether the weights of a neuron are a point in the plane.
func (c *course) plane() bool { return c.inputs() == 2 }

// solve finds the largest margin, in half of the time that there is.
func (c *course) solve(ctx context.Context, bar *progress) (err error) {
	start := time.Now()
	if limit := c.flags.limits.time; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit/2)
		defer cancel()
	}
	c.program, err = convexnn.Train(ctx, c.data.train.x, c.data.train.y, convexnn.Options{
		Loss: convexnn.HardMargin, Seed: c.flags.fit.seed, MemoryLimit: c.flags.limits.memory.limit(),
		Progress: bar.update,
	})
	bar.hide()
	c.solving = time.Since(start).Seconds()
	return mendFlow(err)
}

// run follows the flow.
func (c *course) run(ctx context.Context, bar *progress) (err error) {
	start, begin, options := time.Now(), 0.0, c.options()
	options.Program = c.program
	options.Progress = func(p *flow.Checkpoint) {
		begin = cmp.Or(begin, p.Sharpness)
		bar.updateFlow(p, begin, options.Sharpness, c.program.Objective)
	}
	c.result, err = flow.Run(ctx, c.data.train.x, c.data.train.y, options)
	bar.clear()
	c.flowing = time.Since(start).Seconds()
	return mendFlow(err)
}

// options are those of the flags.
func (c *course) options() flow.Options {
	f := c.flags
	options := flow.Options{
		Loss: f.loss, Init: f.init, Seed: f.fit.seed, Sharpness: f.sharpness, Step: f.step, MaxSteps: f.steps,
		Checkpoints: f.checkpoints, Tolerance: f.tol,
	}
	if f.signs == "" {
		options.Neurons = f.neurons
	}
	for _, sign := range f.signs {
		if sign == '+' {
			options.Signs = append(options.Signs, 1)
		} else {
			options.Signs = append(options.Signs, -1)
		}
	}
	return options
}

// mendFlow adds to an error which flags help.
func mendFlow(err error) error {
	switch {
	case errors.Is(err, convexnn.ErrNotSeparable):
		return fmt.Errorf("%w; with --bias hidden neurons have a bias, and only equal rows stand against it", err)
	case errors.Is(err, convexnn.ErrLabels):
		return fmt.Errorf("%w; --target COL or --positive LABEL name others", err)
	}
	return err
}

// stopped reports whether the program or the flow had to stop early.
func (c *course) stopped() bool {
	return c.result.Status == convexnn.Stopped || c.program.Status == convexnn.Stopped
}

// trained is the last network as a model file knows one.
func (c *course) trained() *convexnn.Result {
	r := c.result
	return &convexnn.Result{Network: r.Network, Loss: convexnn.HardMargin, Objective: r.Upper, Certificate: r.Certificate, Beta: 1, Status: r.Status}
}
