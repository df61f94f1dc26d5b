package datasets

import (
	"fmt"
	"math"
	"slices"
)

// maxLevels is the most categories of a feature: beyond it the indicator columns
// are wide, seldom set, and most likely those of an identifier.
const maxLevels = 1000

// maxClasses is the most classes with an output each: beyond it the target is most
// likely an identifier.
const maxClasses = 100

// manyRows is the table size from which a category of its own in every row is
// taken for an identifier.
const manyRows = 20

// FitOptions says what [Fit] learns.
type FitOptions struct {
	// Target names the column to predict, as in [Table.Index]; the empty string
	// is the last column. All other columns are features.
	Target string

	// Task is regression, classification or, by default, decided by the target.
	Task Task

	// Positive is the label of the positive class; all others are negative. It
	// makes the task a classification. When empty, the target of a
	// classification must have two labels, of which the second in sorted order
	// is positive. Numbers sort as numbers.
	Positive string

	// Targets names several numeric columns to predict at once, in the place of
	// Target. The task is a regression.
	Targets []string

	// Multiclass lets the target of a classification have more than two labels
	// where Positive is empty: there is one output for each then.
	Multiclass bool

	// Standardize scales the features, and the target of a regression, to mean 0
	// and population variance 1 on the training rows.
	Standardize bool

	// Bias appends a column of ones to the matrix.
	Bias bool

	// KeepConstant keeps numeric features that are constant on the training rows,
	// for a model without a constant of its own. With Standardize, which makes
	// zeros of them, they are left out all the same.
	KeepConstant bool

	// Impute fills in missing feature values; set it for tables read with
	// [MissingMean]. Without it a missing value is an error.
	Impute bool
}

// Fit learns a preprocessor from the rows of t listed in train. Means, standard
// deviations, constant columns and values to fill in come from these rows alone.
// The lists of categories and classes come from the whole table, so that a
// category that only held-out rows have is known, and has no indicator column.
//
// The notices are sentences for the user about what was left out.
//
// The error wraps [ErrRow], [ErrColumn], [ErrNoFeatures], [ErrTask],
// [ErrClasses], [ErrMissing] or [ErrCardinality].
func Fit(t *Table, train []int, opt FitOptions) (*Preprocessor, []string, error) {
	if len(train) == 0 {
		return nil, nil, fmt.Errorf("%w: no training rows", ErrRow)
	}
	for _, i := range train {
		if i < 0 || i >= t.rows {
			return nil, nil, fmt.Errorf("%w: training row %d of a table with %d rows", ErrRow, i, t.rows)
		}
	}
	at, err := t.targets(opt)
	if err != nil {
		return nil, nil, err
	}
	if len(t.columns) < 2 {
		return nil, nil, fmt.Errorf("%w: %s has the single column %s, and training needs a target and at least one feature; if fields were not told apart, say --delimiter",
			ErrNoFeatures, t.Name, quote(t.columns[0].Name))
	}
	f := fitter{t: t, train: train, opt: opt}
	if len(at) > 1 {
		err = f.fitTargets(at)
	} else {
		err = f.fitTarget(&t.columns[at[0]])
	}
	if err != nil {
		return nil, nil, err
	}
	for j := range t.columns {
		if slices.Contains(at, j) {
			continue
		}
		if err := f.fitFeature(&t.columns[j]); err != nil {
			return nil, nil, err
		}
	}
	if err := f.finish(); err != nil {
		return nil, nil, err
	}
	return &f.pre, f.notices, nil
}

// A fitter is the state of one call of Fit.
type fitter struct {
	t        *Table
	train    []int
	opt      FitOptions
	pre      Preprocessor
	constant []string // names of the columns left out
	notices  []string
}

func (f *fitter) notice(format string, args ...any) {
	f.notices = append(f.notices, fmt.Sprintf(format, args...))
}

func (f *fitter) finish() error {
	p := &f.pre
	p.standardize, p.bias, p.impute = f.opt.Standardize, f.opt.Bias, f.opt.Impute
	if len(p.features) == 0 && !p.bias {
		way := "keep the bias"
		if f.opt.KeepConstant {
			way = "--standardize=false"
		}
		return fmt.Errorf("%w: every feature of %s is constant on the %d training rows (%s); add rows or columns, or %s",
			ErrNoFeatures, f.t.Name, len(f.train), list(f.constant), way)
	}
	switch n := len(f.constant); {
	case len(p.features) == 0:
		f.notice("every feature is constant on the training rows; only the bias is left to learn from")
	case n == 1:
		f.notice("left out column %s, which is constant on the training rows", list(f.constant))
	case n > 1:
		f.notice("left out %d columns that are constant on the training rows: %s", n, list(f.constant))
	}
	return nil
}

func (f *fitter) fitFeature(c *Column) error {
	if c.Kind == Numeric {
		return f.fitNumeric(c)
	}
	return f.fitCategorical(c)
}

// missing is the error for training row i of column c, which has no value.
func (f *fitter) missing(c *Column, i int) error {
	return fmt.Errorf("%w: %s, column %s has no value; use --missing drop or --missing mean", ErrMissing, f.t.where(i), quote(c.Name))
}

func (f *fitter) fitNumeric(c *Column) error {
	values := make([]float64, 0, len(f.train))
	for _, i := range f.train {
		if !c.Missing(i) {
			values = append(values, c.Values[i])
		} else if !f.opt.Impute {
			return f.missing(c, i)
		}
	}
	if len(values) == 0 || (constant(values) && (f.opt.Standardize || !f.opt.KeepConstant)) {
		f.constant = append(f.constant, c.Name)
		return nil
	}
	feat := feature{name: c.Name, kind: Numeric, outputs: []output{{scaling: identity}}}
	if f.opt.Impute {
		feat.fill = mean(values)
		for len(values) < len(f.train) {
			values = append(values, feat.fill)
		}
	}
	if f.opt.Standardize {
		feat.outputs[0].scaling = standard(values)
	}
	f.pre.features = append(f.pre.features, feat)
	return nil
}

func (f *fitter) fitCategorical(c *Column) error {
	levels, index := occurring(c)
	if len(levels) > maxLevels || (len(levels) == f.t.rows && f.t.rows > manyRows) {
		return fmt.Errorf("%w: column %s of %s has %d categories in %d rows; leave it out with --skip %s or, if it holds numbers, read it with --numeric %[6]s",
			ErrCardinality, quote(c.Name), f.t.Name, len(levels), f.t.rows, flagValue(c.Name))
	}
	counts, present := make([]int, len(levels)), 0
	for _, i := range f.train {
		if !c.Missing(i) {
			counts[index[c.Codes[i]]]++
			present++
		} else if !f.opt.Impute {
			return f.missing(c, i)
		}
	}
	feat := feature{name: c.Name, kind: Categorical, levels: levels}
	if present > 0 {
		feat.missing = slices.Index(counts, slices.Max(counts))
		counts[feat.missing] += len(f.train) - present
	}
	var unseen []string
	for k := range levels {
		if counts[k] == 0 {
			unseen = append(unseen, levels[k])
		}
		if counts[k] == 0 || counts[k] == len(f.train) || (len(levels) == 2 && k == 0) {
			continue
		}
		feat.outputs = append(feat.outputs, output{level: k, scaling: f.indicator(counts[k])})
	}
	if len(feat.outputs) == 0 {
		f.constant = append(f.constant, c.Name)
		return nil
	}
	if len(unseen) > 0 {
		f.notice("column %s: no training row has the categories %s; they get no column of their own", quote(c.Name), list(unseen))
	}
	f.pre.features = append(f.pre.features, feat)
	return nil
}

// indicator returns the scaling of a column with count ones among the training
// rows.
func (f *fitter) indicator(count int) scaling {
	if !f.opt.Standardize {
		return identity
	}
	n, k := float64(len(f.train)), float64(count)
	return scaling{mean: k / n, scale: math.Sqrt(k/n) * math.Sqrt((n-k)/n)}
}
