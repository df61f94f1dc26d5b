package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

// fitFlags say how a table becomes the matrix to train on.
type fitFlags struct {
	target, positive, bias string
	targets                []string // several of them, where a command takes these
	several                bool     // whether a network may have several outputs
	task                   datasets.Task
	standardize            bool
	fraction               float64
	seed                   uint64
}

func (f *fitFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.target, "target", "", "predict column `COL`, a name or a position (default the last)")
	fs.StringVar(&f.bias, "bias", "hidden", "`hidden|none`: append a column of ones, so that each neuron has a bias; none with --x")
	fs.BoolVar(&f.standardize, "standardize", true, "scale features, and the target of a regression, to mean 0 and variance 1; off with --x")
	fs.Uint64Var(&f.seed, "seed", 1, "seed `N` of all random choices")
}

// registerTraining adds the flags that need targets.
func (f *fitFlags) registerTraining(fs *pflag.FlagSet) {
	fs.TextVar(&f.task, "task", datasets.TaskAuto, "`auto|regression|classification`; regression with --x")
	fs.StringVar(&f.positive, "positive", "", "class `LABEL` to tell from the rest")
	fs.Float64Var(&f.fraction, "test-fraction", 0.2, "share `F` of the rows to hold out for the test; 0 with --x")
}

// check validates the flags and sets the defaults that hold with --x.
func (f *fitFlags) check(flags *pflag.FlagSet, matrix bool) error {
	if matrix {
		if !flags.Changed("bias") {
			f.bias = "none"
		}
		if !flags.Changed("standardize") {
			f.standardize = false
		}
		if !flags.Changed("test-fraction") {
			f.fraction = 0
		}
		if f.task == datasets.TaskAuto && !flags.Changed("task") && f.positive == "" {
			f.task = datasets.TaskRegression
		}
	}
	if f.bias != "hidden" && f.bias != "none" {
		return usagef("--bias %q is neither hidden nor none", f.bias)
	}
	if !(f.fraction >= 0 && f.fraction < 1) || math.IsNaN(f.fraction) {
		return usagef("--test-fraction must be at least 0 and below 1, got %v", f.fraction)
	}
	if f.positive != "" && f.task == datasets.TaskRegression {
		return usagef("--positive %s names a class, and the task is regression; use --task classification", f.positive)
	}
	return nil
}

// A sample is some rows as numbers: inputs, and the rest if it was asked for.
type sample struct {
	x *mat.Dense
	y []float64 // nil where there are several outputs

	targets *mat.Dense      // those of several outputs, n x c; nil for one
	table   *datasets.Table // of all rows, nil where a matrix was read as it is
	strata  []int           // as [datasets.Split] takes them
	blank   []bool          // rows of the source that are missing here; nil for none
}

func (s sample) rows() int {
	if s.targets == nil {
		return len(s.y)
	}
	n, _ := s.targets.Dims()
	return n
}

// pick returns the rows listed.
func (s sample) pick(rows []int) sample {
	if len(rows) == 0 {
		return sample{}
	}
	_, d := s.x.Dims()
	out := sample{x: mat.NewDense(len(rows), d, nil)}
	if s.targets != nil {
		_, c := s.targets.Dims()
		out.targets = mat.NewDense(len(rows), c, nil)
	} else {
		out.y = make([]float64, len(rows))
	}
	for k, i := range rows {
		out.x.SetRow(k, s.x.RawRowView(i))
		if s.targets != nil {
			out.targets.SetRow(k, s.targets.RawRowView(i))
		} else {
			out.y[k] = s.y[i]
		}
	}
	return out
}

// prepared is a source ready for training.
type prepared struct {
	name        string
	encoding    encoding
	columns     int    // of the source, without the target
	target      string // how the target was chosen, if nobody named it
	fraction    float64
	train, test sample
	dropped     int
	notices     []string
}

// prepare splits and encodes the rows of a source. Where a test could not measure
// anything it holds out nothing.
func (f *fitFlags) prepare(s *source, impute bool) (*prepared, error) {
	p, err := f.encode(s, f.fraction, impute)
	if err != nil {
		return nil, err
	}
	if why := p.untestable(); why != "" {
		if p, err = f.encode(s, 0, impute); err != nil {
			return nil, err
		}
		p.notices = append(p.notices, fmt.Sprintf("too few rows to hold any out: %s; the training takes all %d", why, p.train.rows()))
	}
	p.notices = append(slices.Clone(s.notices), p.notices...)
	return p, nil
}

// untestable says why rows that were to be held out make no test, and is empty if
// they do.
func (p *prepared) untestable() string {
	const least = 2 // below it there is no R2
	switch {
	case p.fraction == 0:
	case p.encoding.Task() == datasets.TaskRegression || p.encoding.Outputs() > 1:
		if p.test.rows() < least {
			return fmt.Sprintf("a test needs %d", least)
		}
	case !slices.Contains(p.test.y, 1) || !slices.Contains(p.test.y, -1):
		return "a test would lack a class"
	}
	return ""
}

// encode splits and encodes the rows of a source, holding out a fraction.
func (f *fitFlags) encode(s *source, fraction float64, impute bool) (*prepared, error) {
	p := &prepared{name: s.name, target: s.target, fraction: fraction}
	if s.table == nil && !f.standardize {
		return p, f.encodeMatrix(p, s)
	}
	t, err := s.table, error(nil)
	if t == nil {
		if t, err = tableOf(s.name, s.x, s.y); err != nil {
			return nil, err
		}
		if names := targetNames(s.y); len(names) > 1 {
			f.targets = names
		}
	}
	for _, target := range f.targetColumns() {
		if t, err = t.DropMissing(target); err != nil {
			return nil, err
		}
	}
	p.dropped, p.columns = t.Dropped, t.NumColumns()-len(f.targetColumns())
	task := f.task
	if f.positive != "" {
		task = datasets.TaskClassification
	}
	if len(f.targets) > 1 {
		task = datasets.TaskRegression
	}
	strata, err := t.Strata(f.targetColumns()[0], task)
	if err != nil {
		return nil, err
	}
	train, test, err := datasets.Split(strata, t.Rows(), fraction, f.seed)
	if err != nil {
		return nil, err
	}
	pre, notices, err := datasets.Fit(t, train, datasets.FitOptions{
		Target: f.target, Targets: f.targets, Task: f.task, Positive: f.positive, Multiclass: f.several,
		Standardize: f.standardize, Bias: f.bias == "hidden", Impute: impute,
	})
	if err != nil {
		return nil, err
	}
	if p.dropped > 0 {
		notices = append([]string{fmt.Sprintf("left out %s with a missing value", plural(p.dropped, "row"))}, notices...)
	}
	p.encoding, p.notices = pre, notices
	var all sample
	if all.x, err = pre.Transform(t); err != nil {
		return nil, err
	}
	if all.targets, err = pre.Targets(t); err != nil {
		return nil, err
	}
	if pre.Outputs() == 1 {
		all.y, all.targets = all.targets.RawMatrix().Data, nil
	}
	p.train, p.test = all.pick(train), all.pick(test)
	return p, nil
}

// targetColumns lists the columns to predict, as the user calls them.
func (f *fitFlags) targetColumns() []string {
	if len(f.targets) > 0 {
		return f.targets
	}
	return []string{f.target}
}

// encodeMatrix takes a matrix as it is.
func (f *fitFlags) encodeMatrix(p *prepared, s *source) error {
	e, err := newMatrixEncoding(s.name, s.y, f.task, f.positive, f.bias == "hidden", f.several)
	if err != nil {
		return err
	}
	all, err := e.encode(s.name, s.x, s.y)
	if err != nil {
		return err
	}
	train, test, err := datasets.Split(all.strata, all.rows(), p.fraction, f.seed)
	if err != nil {
		return err
	}
	_, p.columns = s.x.Dims()
	p.encoding, p.train, p.test = e, all.pick(train), all.pick(test)
	return nil
}

// plural writes a number of things.
func plural[T int | int64](n T, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
