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
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// patternsReport is the stable JSON report of patterns. Asked, Draws and Sampler
// are null where cells were enumerated.
type patternsReport struct {
	Format   string  `json:"format"`
	Data     string  `json:"data"`
	N        int     `json:"n"`
	D        int     `json:"d"`
	Rank     int     `json:"rank"`
	Cells    int64   `json:"cells"`             // found
	Possible count   `json:"patterns_possible"` // as in the reports of train and certify
	MaxCells count   `json:"max_cells"`         // the same, by its older name
	Seconds  float64 `json:"seconds"`
	Sampled  bool    `json:"sampled"`
	Complete bool    `json:"complete"`
	Asked    *int    `json:"asked"`
	Draws    *int    `json:"draws"`
	Sampler  *string `json:"sampler"`
	Seed     uint64  `json:"seed"`
	Version  string  `json:"version"`
}

// patternsFlags are the flags of patterns.
type patternsFlags struct {
	source    sourceFlags
	fit       fitFlags
	sampler   samplerFlags
	cells     cellFlags
	limits    limitFlags
	mode      string
	quiet     bool
	out, path string
}

// autoCells is the largest number of possible patterns that are enumerated without
// being asked for: a few seconds.
const autoCells = 5_000_000

func (a *app) patternsCommand() *cobra.Command {
	f := new(patternsFlags)
	cmd := &cobra.Command{
		Use:   "patterns DATA",
		Short: "Count the activation patterns of a table",
		Long: `Patterns counts the activation patterns of a ReLU neuron on all rows of DATA: it
enumerates them where there are at most a few million, and samples some of them
otherwise. With --out it writes them, one a line, with the weights of a neuron that
has the pattern.

The target column has no part in them and is left out; every column of a matrix
given with --x counts.`,
		Example: `  convexnn patterns spirals
  convexnn patterns iris --patterns 2000
  convexnn patterns --x X.csv --mode enumerate --out patterns.csv`,
		Args: f.source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.patterns(cmd, f, args)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.mode, "mode", "auto", "how to find them: `auto|enumerate|sampled`; auto samples with --patterns or --sampler")
	f.sampler.register(fs)
	f.cells.register(fs, enumerateUpTo)
	fs.StringVar(&f.out, "out", "", "write the patterns to the CSV `FILE`")
	fs.StringVar(&f.path, "report", "", "write a JSON report to `FILE`, or - for standard output")
	f.source.register(fs, true)
	f.fit.register(fs)
	f.limits.register(fs)
	fs.BoolVar(&f.quiet, "quiet", false, "print no notices")
	return cmd
}

func (f *patternsFlags) check(flags *pflag.FlagSet) error {
	sampling := flags.Changed("patterns") || flags.Changed("sampler")
	switch {
	case f.mode != "auto" && f.mode != "enumerate" && f.mode != "sampled":
		return usagef("--mode %q is none of auto, enumerate, sampled", f.mode)
	case f.mode == "enumerate" && sampling:
		return usagef("--patterns and --sampler are for sampling, and --mode enumerate takes all there are")
	case f.mode == "sampled" && flags.Changed("max-cells"):
		return usagef("--max-cells is for --mode enumerate")
	case f.out == "-":
		return usagef("--out takes a file, and standard output is for the summary or --report -")
	case f.out != "" && f.out == f.path:
		return usagef("--out and --report name the same file %s", f.out)
	case f.mode == "auto" && sampling:
		f.mode = "sampled"
	}
	return cmp.Or(f.fit.check(flags, f.source.x != ""), f.sampler.check(), f.limits.check(flags))
}

// patterns does the work of the command.
func (a *app) patterns(cmd *cobra.Command, f *patternsFlags, args []string) error {
	defer f.limits.useThreads()()
	inputs := f.source.files(args...)
	report, err := a.newReport(f.path, inputs...)
	if err != nil {
		return err
	}
	var file *output
	if f.out != "" {
		if file, err = newOutput(f.out, inputs...); err != nil {
			return err
		}
	}
	name, x, err := f.load(cmd.Flags(), args, a.noticer(f.quiet))
	if err != nil {
		return err
	}
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	text := io.Writer(a.out)
	switch {
	case report.stdout != nil && f.quiet:
		text = io.Discard
	case report.stdout != nil:
		text = a.err
	}

	n, d := x.Dims()
	c := &counting{patternsFlags: f, name: name, x: x, text: text, report: patternsReport{
		Format: "convexnn-patterns", Data: name, N: n, D: d, Rank: arrangements.Rank(x), MaxCells: count{arrangements.CellBound(x)}, Seed: f.fit.seed, Version: version(),
	}}
	start := time.Now()
	if err := c.run(ctx, file); err != nil {
		return err
	}
	c.report.Possible = c.report.MaxCells
	c.report.Seconds = time.Since(start).Seconds()
	a.stopped = c.stopped
	if err := report.write(c.report); err != nil {
		return err
	}
	c.print()
	if report.file != nil {
		row(text, "report", "%s", f.path)
	}
	return nil
}

// load reads the inputs of all rows.
func (f *patternsFlags) load(flags *pflag.FlagSet, args []string, notice func(string)) (string, *mat.Dense, error) {
	f.source.y = ""
	s, err := f.source.load(flags, args, f.fit.target, f.fit.seed, false, notice)
	if err != nil {
		return "", nil, err
	}
	x, notices, err := f.fit.inputs(s, f.source.read.Missing == datasets.MissingMean)
	if err != nil {
		return "", nil, err
	}
	for _, n := range append(s.notices, notices...) {
		notice(n)
	}
	return s.name, x, nil
}

// A counting is a search for patterns and what it found.
type counting struct {
	*patternsFlags
	name    string // of the data
	x       *mat.Dense
	text    io.Writer
	report  patternsReport
	stopped bool // before the work was done
	written bool
}

// run finds the patterns, and writes them to the file if there is one.
func (c *counting) run(ctx context.Context, file *output) error {
	few := c.report.MaxCells.n.IsInt64() && c.report.MaxCells.n.Int64() <= min(autoCells, int64(c.cells.most))
	if c.mode == "sampled" || (c.mode == "auto" && !few) {
		return c.sample(ctx, file)
	}
	a, err := arrangements.NewArrangement(c.x)
	if err != nil {
		return err
	}
	c.report.MaxCells.n = a.MaxCells()
	if !c.cells.admits(a) {
		return fmt.Errorf("%w: %s of rank %d may have %v, the limit is %d; use --mode sampled, leave out columns with --skip, or insist with --max-cells N",
			convexnn.ErrTooManyCells, plural(a.Lines(), "distinct hyperplane"), a.Rank(), c.report.MaxCells, c.cells.most)
	}
	if need, limit := a.Memory(), c.limits.memory.limit(); limit > 0 && need > float64(limit) {
		return fmt.Errorf("%w: enumerating the patterns of %d samples of rank %d needs about %s, the limit is %s; use --mode sampled, or raise --memory-limit",
			convexnn.ErrMemory, c.report.N, a.Rank(), convexnn.FormatBytes(need), convexnn.FormatBytes(float64(limit)))
	}
	c.announce("; going over them takes " + costText(a))
	return c.enumerate(ctx, a, file)
}

// sample draws patterns.
func (c *counting) sample(ctx context.Context, file *output) error {
	r, n, d := &c.report, c.report.N, c.report.D
	asked, name := c.sampler.patterns, c.sampler.sampler.String()
	r.Sampled, r.Asked, r.Sampler = true, &asked, &name
	most := asked
	if r.MaxCells.n.IsInt64() {
		most = int(min(int64(most), r.MaxCells.n.Int64()))
	}
	need, limit := patternBytes(n, d)*float64(most), c.limits.memory.limit()
	if limit > 0 && need > float64(limit) {
		return fmt.Errorf("%w: %d patterns on %d samples in %d dimensions need about %s, the limit is %s; use fewer --patterns or raise --memory-limit",
			convexnn.ErrMemory, most, n, d, convexnn.FormatBytes(need), convexnn.FormatBytes(float64(limit)))
	}
	why := ""
	if c.mode == "auto" {
		why = "; too many to go over unasked, so that some are sampled"
	}
	c.announce(why)
	cells, stats, err := arrangements.Sample(ctx, c.x, asked, arrangements.SampleSettings{Sampler: c.sampler.sampler, Seed: r.Seed})
	if err != nil && ctx.Err() == nil {
		return err
	}
	r.Cells, r.Draws, r.Complete = int64(len(cells)), &stats.Draws, stats.Complete
	c.stopped = err != nil && !r.Complete && len(cells) < asked
	if file == nil || c.stopped {
		return nil
	}
	c.written = true
	return file.write(func(w io.Writer) error {
		out := newCellWriter(w, d)
		for _, cell := range cells {
			out.write(cell)
		}
		return out.flush()
	})
}

// enumerate goes over all patterns. Those of a search that was cut short are
// counted and not written.
func (c *counting) enumerate(ctx context.Context, a *arrangements.Arrangement, file *output) (err error) {
	if file == nil {
		c.report.Cells, err = a.Count(ctx)
	} else {
		err = file.write(func(w io.Writer) error {
			out := newCellWriter(w, c.report.D)
			for cell, err := range a.Cells(ctx) {
				if err != nil {
					return err
				}
				if err := out.write(cell); err != nil {
					return err
				}
				c.report.Cells++
			}
			return out.flush()
		})
	}
	switch {
	case err == nil:
		c.report.Complete, c.written = true, file != nil
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		c.stopped = true
		return nil
	}
	return mend(err)
}

// announce prints what is going to be done.
func (c *counting) announce(how string) {
	r, bias := &c.report, ""
	if c.fit.bias == "hidden" {
		bias = " with the bias"
	}
	row(c.text, "data", "%s: %s, %s%s, rank %d", c.name, plural(r.N, "row"), plural(r.D, "column"), bias, r.Rank)
	row(c.text, "possible", "at most %v%s", r.MaxCells, how)
}

// print prints what was found.
func (c *counting) print() {
	r := &c.report
	found := fmt.Sprintf("%d found", r.Cells)
	if r.Sampled {
		found = fmt.Sprintf("%d distinct of %d asked for, in %s", r.Cells, *r.Asked, plural(*r.Draws, "draw"))
	}
	switch {
	case r.Complete:
		found += "; these are all there are of the data as float64 numbers"
	case c.stopped:
		found += "; stopped early, so that this is incomplete"
	}
	row(c.text, "patterns", "%s", found)
	row(c.text, "time", "%s", seconds(r.Seconds))
	switch {
	case c.written:
		row(c.text, "file", "%s", c.out)
	case c.out != "":
		row(c.text, "note", "%s was not written, as the patterns are incomplete", c.out)
	}
}

// seconds writes a duration for people.
func seconds(s float64) string {
	if s >= 1 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.2g s", s)
}
