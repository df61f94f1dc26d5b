package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// patternsReport is the stable JSON report of patterns.
type patternsReport struct {
	N        int     `json:"n"`
	D        int     `json:"d"`
	Rank     int     `json:"rank"`
	Cells    int     `json:"cells"` // found
	MaxCells count   `json:"max_cells"`
	Seconds  float64 `json:"seconds"`
	Sampled  bool    `json:"sampled"`
	Complete bool    `json:"complete"`
	Asked    int     `json:"asked"`
	Draws    int     `json:"draws"`
	Sampler  string  `json:"sampler"`
	Seed     uint64  `json:"seed"`
	Version  string  `json:"version"`
}

func (a *app) patternsCommand() *cobra.Command {
	var (
		source  sourceFlags
		fit     fitFlags
		sampler samplerFlags
		limits  limitFlags
		quiet   bool
		path    string
	)
	cmd := &cobra.Command{
		Use:   "patterns DATA",
		Short: "Count the activation patterns of a table",
		Long: `Patterns samples activation patterns of a ReLU neuron on all rows of DATA and
prints how many distinct ones it found, beside an upper bound on their number.
The target column has no part in them and is left out; every column of a matrix
given with --x counts.`,
		Example: `  convexnn patterns iris --patterns 2000`,
		Args:    source.arguments("DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(fit.check(cmd.Flags(), source.x != ""), sampler.check(), limits.check(cmd.Flags())); err != nil {
				return err
			}
			defer limits.useThreads()()
			report, err := a.newReport(path, source.files(args...)...)
			if err != nil {
				return err
			}
			source.y = ""
			notice := a.noticer(quiet)
			s, err := source.load(cmd.Flags(), args, fit.target, fit.seed, false, notice)
			if err != nil {
				return err
			}
			x, notices, err := fit.inputs(s, source.read.Missing == datasets.MissingMean)
			if err != nil {
				return err
			}
			for _, n := range append(s.notices, notices...) {
				notice(n)
			}
			ctx, cancel := limits.context(cmd.Context())
			defer cancel()
			result, err := sampler.count(ctx, x, fit.seed, limits.memory.limit())
			if err != nil {
				return err
			}
			a.stopped = ctx.Err() != nil && !result.Complete && result.Cells < result.Asked
			if err := report.write(result); err != nil || report.stdout != nil {
				return err
			}
			bias := ""
			if fit.bias == "hidden" {
				bias = " with the bias"
			}
			a.printPatterns(s.name, bias, result)
			if report.file != nil {
				row(a.out, "report", "%s", path)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	sampler.register(fs)
	fs.StringVar(&path, "report", "", "write a JSON report to `FILE`, or - for standard output")
	source.register(fs, true)
	fit.register(fs)
	limits.register(fs)
	fs.BoolVar(&quiet, "quiet", false, "print no notices")
	return cmd
}

// inputs returns the inputs of all rows of a source. The number of the row
// stands in for the target, so that any will do.
func (f *fitFlags) inputs(s *source, impute bool) (*mat.Dense, []string, error) {
	t := s.table
	if t == nil {
		if !f.standardize {
			e := matrixEncoding{OnesColumn: f.bias == "hidden"}
			return e.transform(s.x), nil, nil
		}
		n, _ := s.x.Dims()
		var err error
		if t, err = tableOf(s.name, s.x, make([]float64, n)); err != nil {
			return nil, nil, err
		}
	}
	t, err := t.DropMissing(f.target)
	if err != nil {
		return nil, nil, err
	}
	at, err := t.Index(f.target)
	if err != nil {
		return nil, nil, err
	}
	rows, numbers := make([]int, t.Rows()), make([]float64, t.Rows())
	for i := range rows {
		rows[i], numbers[i] = i, float64(i)
	}
	columns := make([]datasets.Column, t.NumColumns())
	for j := range columns {
		columns[j] = *t.At(j)
	}
	columns[at] = datasets.Column{Name: columns[at].Name, Values: numbers, Position: columns[at].Position}
	dropped := t.Dropped
	if t, err = datasets.NewTable(s.name, columns...); err != nil {
		return nil, nil, err
	}
	pre, notices, err := datasets.Fit(t, rows, datasets.FitOptions{
		Target: columns[at].Name, Task: datasets.TaskRegression, Standardize: f.standardize, Bias: f.bias == "hidden", Impute: impute,
	})
	if err != nil {
		return nil, nil, err
	}
	if dropped > 0 {
		notices = append([]string{fmt.Sprintf("left out %s with a missing value", plural(dropped, "row"))}, notices...)
	}
	x, err := pre.Transform(t)
	return x, notices, err
}

// count samples patterns of the rows of x.
func (f *samplerFlags) count(ctx context.Context, x *mat.Dense, seed, limit uint64) (*patternsReport, error) {
	start := time.Now()
	n, d := x.Dims()
	r := &patternsReport{N: n, D: d, Asked: f.patterns, Sampled: true, Sampler: f.sampler.String(), Seed: seed, Version: version()}
	r.Rank, r.MaxCells = arrangements.Rank(x), count{arrangements.CellBound(x)}
	most := f.patterns
	if r.MaxCells.n.IsInt64() {
		most = int(min(int64(most), r.MaxCells.n.Int64()))
	}
	if need := patternBytes(n, d) * float64(most); limit > 0 && need > float64(limit) {
		return nil, fmt.Errorf("%w: %d patterns on %d samples in %d dimensions need about %s, the limit is %s; use fewer --patterns or raise --memory-limit",
			convexnn.ErrMemory, most, n, d, convexnn.FormatBytes(need), convexnn.FormatBytes(float64(limit)))
	}
	cells, stats, err := arrangements.Sample(ctx, x, f.patterns, arrangements.SampleSettings{Sampler: f.sampler, Seed: seed})
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	r.Cells, r.Draws, r.Complete = len(cells), stats.Draws, stats.Complete
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// patternBytes is about the memory of a pattern of n samples with its witness of
// length d, twice for the growing of slices.
func patternBytes(n, d int) float64 {
	const overhead = 128
	return 2 * (float64(n)/8 + 8*float64(d) + overhead)
}

func (a *app) printPatterns(name, bias string, r *patternsReport) {
	row(a.out, "data", "%s: %s, %s%s, rank %d", name, plural(r.N, "row"), plural(r.D, "column"), bias, r.Rank)
	found := fmt.Sprintf("%d distinct of %d asked for, in %s", r.Cells, r.Asked, plural(r.Draws, "draw"))
	switch {
	case r.Complete:
		found += "; these are all there are"
	case a.stopped:
		found += "; stopped early"
	}
	row(a.out, "patterns", "%s", found)
	row(a.out, "possible", "at most %v", r.MaxCells)
	row(a.out, "time", "%s", seconds(r.Seconds))
}

// seconds writes a duration for people.
func seconds(s float64) string {
	if s >= 1 {
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.2g s", s)
}
