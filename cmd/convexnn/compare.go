package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/convexnn/baseline"
)

// compareFlags are the flags of compare.
type compareFlags struct {
	partFlags
	limits limitFlags

	page, plots, reportOut string
	quiet                  bool

	beta, ratio     float64
	intercept       bool
	methodNames     []string
	rateTexts       []string
	widthTexts      []string
	batch, epochs   int
	schedule        string
	batchSet, timed bool // whether --batch and --time-limit were given

	plan plan // set by check
}

const (
	compareLimit = 5 * time.Second // of each training
	comparePage  = "report.html"
)

func (a *app) compareCommand() *cobra.Command {
	f := new(compareFlags)
	cmd := &cobra.Command{
		Use:   "compare DATA",
		Short: "Compare global training with sampling, gradients and linear models",
		Long: `Compare trains on the same rows, with the same weight decay and with the same time for
each training: a globally optimal network, one on sampled activation patterns, networks by
stochastic gradients with several optimisers, rates and widths, and linear models. It
prints a table and writes a page with pictures.

The rows are split into three parts, as convexnn path does it. Of each optimiser the
table has two networks: the one with the lowest objective on the training rows, and the
one that does best on the validation rows, of all its runs and of every checkpoint of
each, which is early stopping. Nothing is chosen by the test rows.

The gap is to the lower bound of the global training: no network of any width has an
objective below. With a tilde it is estimated by local search, and withdrawn if any
network of any method is found below it; without, it is proved.

All minimise 1/2 sum (f(x) - y)^2 + beta sum |u||alpha|, gradients by its equal with
weight decay. Rates are for the mean of it over the rows, as in PyTorch. Ctrl-C keeps
the trainings so far, with exit status 3.`,
		Example: `  convexnn compare breast-cancer
  convexnn compare houses.csv --target price --time-limit 30s --page houses.html
  convexnn compare spirals --methods adam --rates 0.001,0.01 --widths 50,500
  convexnn compare diabetes --epochs 500 --report comparison.json --plots pictures`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.compare(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

// groups returns the flags in the groups that the help shows.
func (f *compareFlags) groups() []flagGroup {
	out, training, gradients, data, limits := newGroup("Output"), newGroup("All trainings"), newGroup("Gradients"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.page, "page", comparePage, "write the page to `FILE`, or nowhere if that is empty")
	fs.StringVar(&f.plots, "plots", "", "write every picture into the folder `DIR`, as SVG and as PNG")
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = training.flags
	fs.Float64Var(&f.beta, "beta", 0, "strength `F` of the weight decay, one for all")
	fs.Float64Var(&f.ratio, "beta-ratio", 0.01, "the strength as a part `F` of beta_max, at which the best network has no neurons")
	fs.BoolVar(&f.intercept, "intercept", false, "add an output intercept without weight decay")
	fs = gradients.flags
	fs.StringSliceVar(&f.methodNames, "methods", optimizerNames(), "optimisers `NAME,..` of sgd, momentum, nesterov, adam")
	fs.StringSliceVar(&f.rateTexts, "rates", nil, "rates `F,..` to try (default three for each optimiser)")
	fs.StringSliceVar(&f.widthTexts, "widths", []string{"32", "256"}, "numbers of neurons `N,..` to try")
	fs.IntVar(&f.batch, "batch", 32, "rows `N` of each step, at most all; 0 for all")
	fs.StringVar(&f.schedule, "schedule", "cosine", "what becomes of the rate: `cosine|constant`")
	fs.IntVar(&f.epochs, "epochs", 0, "end runs after `N` passes over the rows in the place of a time; then all but times is reproducible")
	f.partFlags.register(data.flags, "networks")
	f.limits.register(limits.flags)
	limits.flags.Lookup("time-limit").Usage = "time `D` of each training, such as 5s or 2m (default 5s; none with --epochs)"
	return []flagGroup{out, training, gradients, data, limits}
}

func (f *compareFlags) check(flags *pflag.FlagSet) (err error) {
	switch {
	case flags.Changed("beta") && flags.Changed("beta-ratio"):
		return usagef("--beta and --beta-ratio exclude each other; give one")
	case flags.Changed("beta") && !positive(f.beta):
		return usagef("--beta must be positive and finite, got %v", f.beta)
	case !positive(f.ratio):
		return usagef("--beta-ratio must be positive and finite, got %v", f.ratio)
	case flags.Changed("epochs") && f.epochs < 1:
		return usagef("--epochs must be at least 1, got %d", f.epochs)
	case f.batch < 0:
		return usagef("--batch must be at least 1, or 0 for all rows, got %d", f.batch)
	case f.page == "-":
		return usagef("--page takes a file, and standard output is for the table or --report -")
	}
	if err := differ(named{"--page", f.page}, named{"--report", f.reportOut}); err != nil {
		return err
	}
	if f.plan.schedule, err = baseline.ParseSchedule(f.schedule); err != nil {
		return usagef("--schedule %q is neither cosine nor constant", f.schedule)
	}
	if err := f.plan.read(f.methodNames, f.rateTexts, f.widthTexts); err != nil {
		return err
	}
	f.batchSet, f.timed = flags.Changed("batch"), flags.Changed("time-limit")
	return cmp.Or(f.limits.check(flags), f.partFlags.check(flags))
}

// compare does the work of the command.
func (a *app) compare(cmd *cobra.Command, f *compareFlags, args []string) error {
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	defer f.limits.useThreads()()
	inputs := f.source.files(args...)
	report, err := a.newReport(f.reportOut, inputs...)
	if err != nil {
		return err
	}
	page, err := f.newPage(cmd.Flags().Changed("page"), inputs)
	if err != nil {
		return err
	}
	plots, err := newPlots(f.plots, inputs)
	if err != nil {
		return err
	}
	text := a.summary(f.quiet, report)

	c := comparison{flags: f}
	if c.parts, err = f.load(cmd, args, "networks", a.noticer(f.quiet)); err != nil {
		return err
	}
	if err := c.prepare(); err != nil {
		return err
	}
	c.printData(text)
	c.printPlan(text)
	if a.out.closed && page == nil && plots == nil && report.file == nil {
		return nil // nobody is left to work for
	}
	if err := c.run(ctx, a.trainProgress(f.quiet)); err != nil {
		return err
	}
	a.stopped = c.interrupted
	c.printResult(text) // first, as files can fail, and the work would be lost
	if page != nil {
		if err := page.write(c.page().Write); err != nil {
			return err
		}
	}
	if err := plots.write(c.figures()); err != nil {
		return err
	}
	if err := report.write(c.report()); err != nil {
		return err
	}
	f.printFiles(text)
	return nil
}

// newPage is the file of the page, nil for none. A file of the default name that is not
// such a page is left alone.
func (f *compareFlags) newPage(chosen bool, inputs []string) (*output, error) {
	if f.page == "" {
		return nil, nil
	}
	if !chosen {
		if head, err := head(f.page); err == nil && !strings.Contains(head, pageMark) {
			return nil, fmt.Errorf("%s is there and not a page of convexnn; name another by --page FILE, or write none by --page \"\"", f.page)
		}
	}
	return newOutput(f.page, inputs...)
}

// pageMark is in the first lines of every page.
const pageMark = `<meta name="generator" content="convexnn">`

// head returns the beginning of a file.
func head(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	b := make([]byte, 1<<12)
	n, err := io.ReadFull(file, b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return string(b[:n]), err
}

// plots is a folder for pictures; nil for none.
type plots struct {
	dir    string
	inputs []string
}

// newPlots makes the folder, and refuses one into which no picture could be written.
func newPlots(dir string, inputs []string) (*plots, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the folder %s of --plots: %w", dir, cause(err))
	}
	p := &plots{dir, inputs}
	for _, id := range []string{"race", "spread", "scores", "fits", "regions"} {
		for _, format := range plotFormats {
			if _, err := p.file(id, format); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// plotFormats are the formats of every picture.
var plotFormats = [...]string{"svg", "png"}

// file is where a picture goes.
func (p *plots) file(id, format string) (*output, error) {
	return newOutput(filepath.Join(p.dir, id+"."+format), p.inputs...)
}

// write writes the pictures.
func (p *plots) write(list []figure) error {
	if p == nil {
		return nil
	}
	for _, f := range list {
		for _, format := range plotFormats {
			file, err := p.file(f.id, format)
			if err != nil {
				return err
			}
			if err := file.write(func(w io.Writer) error { return f.picture.Write(w, format) }); err != nil {
				return err
			}
		}
	}
	return nil
}
