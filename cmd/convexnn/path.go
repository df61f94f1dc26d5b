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
)

// pathFlags are the flags of path.
type pathFlags struct {
	outputFlags
	partFlags
	cells  cellFlags
	limits limitFlags

	modeName   string
	count      int
	ratio, tol float64
	intercept  bool

	mode convexnn.Mode // set by check
}

func (a *app) pathCommand() *cobra.Command {
	f := new(pathFlags)
	cmd := &cobra.Command{
		Use:   "path DATA",
		Short: "Train at many strengths of the weight decay and choose one",
		Long: `Path trains a network at each of many strengths of the weight decay, from a little
below beta_max, where the best network has no neurons, downwards. The rows are split
into three parts: each network is trained on the first; the beta that does best on the
second, the validation rows, is chosen; and the network chosen is measured on the third,
the test rows, which nothing else depends on.

Best means the highest accuracy or R2. Equal ones are told apart by the sum of squares,
and then by beta, of which the larger counts as better.

For each beta the table has a bracket: the objective of the network that was found, and
a lower bound on that of any two-layer ReLU network on the training rows. A bound with a
tilde is estimated by local search and may be wrong; others are proved. Networks and
bounds of one beta serve at the others, too.

DATA, splitting and scaling are those of convexnn train, of which --test-fraction and
--seed hold out the same test rows. Ctrl-C, or --time-limit, keeps the strengths trained
so far, with exit status 3.`,
		Example: `  convexnn path breast-cancer
  convexnn path houses.csv --target price --out model.json --plot path.svg
  convexnn path piecewise --count 40 --smallest-ratio 1e-4 --report report.json`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.path(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *pathFlags) groups() []flagGroup {
	out, network, data, limits := newGroup("Output"), newGroup("Networks"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.modelPath, "out", "", "write the chosen model to `FILE`")
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.StringVar(&f.plotPath, "plot", "", "draw the path into `FILE`, .svg or .png")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = network.flags
	fs.IntVar(&f.count, "count", 20, "number `N` of strengths, equally spaced in the logarithm")
	fs.Float64Var(&f.ratio, "smallest-ratio", 1e-3, "the smallest strength as a part `F` of beta_max")
	fs.StringVar(&f.modeName, "mode", "auto", "how networks are bounded: `auto|enumerate|global`; auto enumerates where the patterns are few")
	f.cells.register(fs, enumerateUpTo)
	fs.BoolVar(&f.intercept, "intercept", false, "add an output intercept without weight decay")
	fs.Float64Var(&f.tol, "tol", 0, "relative gap `F` to reach at each strength (default 1e-6 with enumeration, 1e-3 without)")
	f.partFlags.register(data.flags, "the strength")
	f.limits.register(limits.flags)
	return []flagGroup{out, network, data, limits}
}

func (f *pathFlags) check(flags *pflag.FlagSet) (err error) {
	f.mode, err = convexnn.ParseMode(f.modeName)
	switch {
	case err != nil || f.mode == convexnn.Sampled:
		return usagef("--mode %q is none of auto, enumerate, global", f.modeName)
	case f.mode == convexnn.Global && flags.Changed("max-cells"):
		return usagef("--max-cells is for --mode auto and enumerate")
	case f.count < 1:
		return usagef("--count must be at least 1, got %d", f.count)
	case f.count > mostPoints:
		return usagef("--count must be at most %d, got %d", mostPoints, f.count)
	case !(f.ratio >= leastRatio && f.ratio < 1):
		return usagef("--smallest-ratio must be at least %g and below 1, got %v", leastRatio, f.ratio)
	case flags.Changed("tol") && (!positive(f.tol) || f.tol >= 1):
		return usagef("--tol must be above 0 and below 1, got %v", f.tol)
	}
	return cmp.Or(f.outputFlags.check(), f.limits.check(flags), f.partFlags.check(flags))
}

const (
	mostPoints = 1000
	leastRatio = 1e-9 // below it rounding is all that is left of the objective
)

// path does the work of the command.
func (a *app) path(cmd *cobra.Command, f *pathFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	inputs := f.source.files(args...)
	out, err := a.results(&f.outputFlags, inputs...)
	if err != nil {
		return err
	}

	p := selection{flags: f}
	if p.parts, err = f.load(cmd, args, "beta", a.noticer(f.quiet)); err != nil {
		return err
	}
	p.printData(out.text)
	if a.idle(out) {
		return nil
	}
	if err := p.run(ctx, a.trainProgress(f.quiet)); err != nil {
		return err
	}
	a.stopped = p.result.Status == convexnn.Stopped
	p.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)

	p.printResult(out.text)
	return out.write(newModel(p.data, p.best().result, f.fit.seed), p.plot().Write, p.report())
}

// A selection is the data and the results of path.
type selection struct {
	*parts
	flags *pathFlags

	result  *convexnn.PathResult
	points  []pathPoint // as those of the result
	chosen  int         // index of the best one
	tested  measures    // of the chosen one, on the test rows
	seconds float64
	timeout bool // the time limit has passed

	tolerance float64 // that holds, --tol or the default
}

// A pathPoint is what was measured of a network of the path.
type pathPoint struct {
	result            *convexnn.Result
	train, validation measures
	loss              float64 // sum of squares on the validation rows, in training units
}

// best is the chosen point.
func (p *selection) best() pathPoint { return p.points[p.chosen] }

// bound is the lower bound to show: the proved one where it is good enough, else the
// estimate if there is one.
func (p *selection) bound(r *convexnn.Result) (c convexnn.Certificate, estimated bool) {
	if r.Estimate != nil && r.Certificate.RelativeGap > p.tolerance {
		return *r.Estimate, true
	}
	return r.Certificate, false
}

// run trains the networks, measures them, and chooses one.
func (p *selection) run(ctx context.Context, bar *progress) error {
	f, train := p.flags, p.data.train
	start := time.Now()
	at := 0
	options := convexnn.PathOptions{
		Options: convexnn.Options{
			Mode: f.mode, MaxCells: int64(f.cells.most), Intercept: f.intercept, Seed: f.fit.seed, Tolerance: f.tol,
			MemoryLimit: f.limits.memory.limit(),
			Progress: func(u convexnn.Progress) {
				p.tolerance = u.Tolerance
				bar.updatePath(at, f.count, u)
			},
		},
		Count: f.count, Ratio: f.ratio,
		Step: func(_ []float64, k int, _ *convexnn.Result) { at = k + 1 },
	}
	var err error
	p.result, err = convexnn.Path(ctx, train.x, train.y, options)
	bar.clear()
	switch {
	case errors.Is(err, convexnn.ErrTooManyCells):
		return fmt.Errorf("%w: --mode global, --skip COL, or --max-cells N to insist", err)
	case err != nil:
		return err
	}
	p.seconds = time.Since(start).Seconds()
	for _, r := range p.result.Points {
		q := pathPoint{result: r}
		var scores []float64
		if q.train, _, err = p.measure(r.Network, train); err != nil {
			return err
		}
		if q.validation, scores, err = p.measure(r.Network, p.validation); err != nil {
			return err
		}
		for i, y := range p.validation.y {
			q.loss += (scores[i] - y) * (scores[i] - y)
		}
		p.points = append(p.points, q)
	}
	p.chosen = choose(p.points)
	p.tested, _, err = p.measure(p.best().result.Network, p.test)
	return err
}

// choose returns the index of the point that does best on the validation rows. The
// points come in the order of decreasing beta.
func choose(points []pathPoint) (best int) {
	for k, q := range points {
		b := points[best]
		switch order := cmp.Compare(q.validation.first(), b.validation.first()); { // NaN is the least
		case order > 0, order == 0 && q.loss < b.loss:
			best = k
		}
	}
	return best
}
