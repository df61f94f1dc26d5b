package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
	"github.com/convexnn/convexnn/internal/metrics"
)

// linearDataFlags say how a table becomes two matrices.
type linearDataFlags struct {
	targets     []string
	standardize bool
	fraction    float64
	seed        uint64
}

func (f *linearDataFlags) register(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.targets, "targets", nil, "predict the numeric columns `COL,..`, names or positions (default the last)")
	fs.BoolVar(&f.standardize, "standardize", true, "scale features and targets to mean 0 and variance 1; off with --x")
	fs.Float64Var(&f.fraction, "test-fraction", 0, "share `F` of the rows to hold out for the test")
	fs.Uint64Var(&f.seed, "seed", 1, "seed `N` of all random choices")
}

func (f *linearDataFlags) check(flags *pflag.FlagSet, matrix bool) error {
	f.targets = trimmed(f.targets)
	if matrix && !flags.Changed("standardize") {
		f.standardize = false
	}
	switch {
	case matrix && flags.Changed("targets"):
		return usagef("--targets is for tables, and --x names a matrix; all columns of --y are targets")
	case flags.Changed("targets") && (len(f.targets) == 0 || slices.Contains(f.targets, "")):
		return usagef("--targets lists an empty name; name columns, such as --targets a,b")
	case !(f.fraction >= 0 && f.fraction < 1):
		return usagef("--test-fraction must be at least 0 and below 1, got %v", f.fraction)
	}
	return nil
}

// outputsSample is some rows with several targets.
type outputsSample struct{ x, y *mat.Dense }

func (s outputsSample) rows() int {
	if s.x == nil {
		return 0
	}
	n, _ := s.x.Dims()
	return n
}

// linearData is a source ready for training with several targets.
type linearData struct {
	name            string
	columns         int // of the source, without the targets
	inputs, targets []string
	chosen          string // how the target was chosen, if nobody named it
	scales          []float64
	standardized    bool
	train, test     outputsSample
	dropped         int
	notices         []string
}

// load reads DATA or --x and --y.
func (f *linearDataFlags) load(source *sourceFlags, flags *pflag.FlagSet, args []string, notice func(string)) (*linearData, error) {
	t, p, err := f.table(source, flags, args, notice)
	if err != nil {
		return nil, err
	}
	targets := f.targets
	if source.x != "" {
		targets = p.targets
	} else if len(targets) == 0 {
		targets = []string{t.At(t.NumColumns() - 1).Name}
		p.chosen = " (the last column; --targets chooses others)"
	}
	for k, ref := range targets {
		c, err := t.Column(ref)
		if err != nil {
			return nil, err
		}
		targets[k] = c.Name
		if t, err = t.DropMissing(c.Name); err != nil {
			return nil, err
		}
	}
	p.dropped, p.columns = t.Dropped, t.NumColumns()-len(targets)
	return p, f.fit(p, t, targets, source.read.Missing == datasets.MissingMean)
}

// table reads a table, or makes one of the matrices of --x and --y.
func (f *linearDataFlags) table(source *sourceFlags, flags *pflag.FlagSet, args []string, notice func(string)) (*datasets.Table, *linearData, error) {
	if source.x == "" {
		opt := source.read
		if len(f.targets) > 0 {
			opt.Target = f.targets[0]
		}
		t, err := source.table(flags, args[0], opt, f.seed, notice)
		if err != nil {
			return nil, nil, err
		}
		return t, &linearData{name: args[0], standardized: f.standardize, notices: unnamedNotice(t)}, nil
	}
	x, err := datasets.ReadMatrix(source.x)
	if err != nil {
		return nil, nil, err
	}
	n, d := x.Dims()
	p := &linearData{name: source.x, standardized: f.standardize}
	var y *mat.Dense
	switch {
	case source.y != "":
		if y, err = datasets.ReadMatrix(source.y); err != nil {
			return nil, nil, err
		}
		if rows, cols := y.Dims(); rows != n {
			return nil, nil, fmt.Errorf("%s is a %d x %d matrix, and %s has %d rows; --y takes a row of targets for each", source.y, rows, cols, source.x, n)
		}
	case d < 2:
		return nil, nil, fmt.Errorf("%s has one column, and without --y the last one is the target; give the targets with --y FILE", source.x)
	default:
		y, x = mat.DenseCopyOf(x.Slice(0, n, d-1, d)), mat.DenseCopyOf(x.Slice(0, n, 0, d-1))
		p.chosen = fmt.Sprintf(" (the last column of %s; --y FILE takes targets)", source.x)
	}
	t, err := tableOf(source.x, x, nil)
	if err != nil {
		return nil, nil, err
	}
	columns := make([]datasets.Column, t.NumColumns())
	for j := range columns {
		columns[j] = *t.At(j)
	}
	_, c := y.Dims()
	for k := range c {
		name := fmt.Sprintf("y%d", k+1)
		if c == 1 {
			name = "y"
		}
		p.targets = append(p.targets, name)
		columns = append(columns, datasets.Column{Name: name, Values: mat.Col(nil, k, y)})
	}
	t, err = datasets.NewTable(source.x, columns...)
	return t, p, err
}

// fit splits the rows and learns the scaling.
func (f *linearDataFlags) fit(p *linearData, t *datasets.Table, targets []string, impute bool) error {
	train, test, err := datasets.Split(nil, t.Rows(), f.fraction, f.seed)
	if err != nil {
		return err
	}
	fitted, notices, err := datasets.FitTargets(t, train, targets, f.standardize)
	if err != nil {
		return err
	}
	if len(targets) == t.NumColumns() {
		return fmt.Errorf("%s has %s, and all of them are targets; name fewer with --targets", t.Name, plural(len(targets), "column"))
	}
	features, err := t.Without(targets[1:]...)
	if err != nil {
		return err
	}
	pre, more, err := datasets.Fit(features, train, datasets.FitOptions{
		Target: targets[0], Task: datasets.TaskRegression, Standardize: f.standardize, KeepConstant: true, Impute: impute,
	})
	if err != nil {
		return err
	}
	for _, n := range more {
		if !slices.Contains(notices, n) {
			notices = append(notices, n)
		}
	}
	if p.dropped > 0 {
		notices = append([]string{fmt.Sprintf("left out %s with a missing value", plural(p.dropped, "row"))}, notices...)
	}
	p.notices = append(p.notices, notices...)
	p.targets, p.scales, p.inputs = fitted.Names(), fitted.Scales(), pre.FeatureNames()
	x, err := pre.Transform(t)
	if err != nil {
		return err
	}
	y, err := fitted.Matrix(t)
	if err != nil {
		return err
	}
	p.train, p.test = pickOutputs(x, y, train), pickOutputs(x, y, test)
	return nil
}

func pickOutputs(x, y *mat.Dense, rows []int) outputsSample {
	if len(rows) == 0 {
		return outputsSample{}
	}
	_, d := x.Dims()
	_, c := y.Dims()
	out := outputsSample{mat.NewDense(len(rows), d, nil), mat.NewDense(len(rows), c, nil)}
	for k, i := range rows {
		out.x.SetRow(k, x.RawRowView(i))
		out.y.SetRow(k, y.RawRowView(i))
	}
	return out
}

// print prints what is trained on.
func (p *linearData) print(w io.Writer) {
	split := plural(p.train.rows(), "training row")
	if p.test.rows() > 0 {
		split += ", " + plural(p.test.rows(), "test row")
	}
	row(w, "data", "%s: %s", p.name, split)
	row(w, "features", "%d from %s", len(p.inputs), plural(p.columns, "column"))
	name := "targets"
	if len(p.targets) == 1 {
		name = "target"
	}
	paragraph(w, name, strings.Join(p.targets, ", ")+p.chosen)
	for _, n := range p.notices {
		paragraph(w, "note", n)
	}
}

// outputMeasures are the metrics of one target on some rows.
type outputMeasures struct {
	Target string `json:"target"`
	R2     number `json:"r2"`
	RMSE   number `json:"rmse"` // in the units of the target
}

// measure measures x W + intercept on some rows.
func (p *linearData) measure(s outputsSample, w *mat.Dense, intercept []float64) []outputMeasures {
	out := make([]outputMeasures, 0, len(p.targets))
	var fit mat.Dense
	if s.rows() > 0 {
		fit.Mul(s.x, w)
	}
	for k, name := range p.targets {
		m := outputMeasures{Target: name, R2: number(math.NaN()), RMSE: number(math.NaN())}
		if s.rows() > 0 {
			scores, y := mat.Col(nil, k, &fit), mat.Col(nil, k, s.y)
			for i := range scores {
				scores[i] += intercept[k]
			}
			m.R2, m.RMSE = number(metrics.R2(scores, y)), number(metrics.RMSE(scores, y)*p.scales[k])
		}
		out = append(out, m)
	}
	return out
}
