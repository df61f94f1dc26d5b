package datasets

import (
	"fmt"
	"math"
	"slices"
)

func (f *fitter) fitTarget(c *Column) error {
	for _, i := range f.train {
		if c.Missing(i) {
			return f.t.noTarget(i, c)
		}
	}
	p := &f.pre
	p.target = target{name: c.Name, kind: c.Kind, scaling: identity}
	p.task = f.opt.Task
	if p.task == TaskAuto {
		p.task = autoTask(c)
		if f.opt.Positive != "" {
			p.task = TaskClassification
		}
	}
	switch p.task {
	case TaskRegression:
		return f.fitRegression(c)
	case TaskClassification:
		return f.fitClasses(c)
	}
	return failf(ErrTask, "there is no task %d", p.task)
}

func (f *fitter) fitRegression(c *Column) error {
	if f.opt.Positive != "" {
		return failf(ErrTask, "--positive %s names a class, and the task is regression; use --task classification", flagValue(f.opt.Positive))
	}
	if c.Kind == Categorical {
		i := firstText(c)
		return failf(ErrTask, "regression needs numbers, and %s, column %s holds %s; use --task classification or name another --target",
			f.t.where(i), quote(c.Name), quote(c.Text(i)))
	}
	values := pick(c.Values, f.train)
	same := constant(values)
	if same {
		f.notice("target %s has the same value %s on all training rows", quote(c.Name), formatNumber(values[0]))
	}
	switch {
	case !f.opt.Standardize:
	case same:
		f.pre.target.scaling = scaling{mean: values[0], scale: 1}
	default:
		f.pre.target.scaling = standard(values)
	}
	return nil
}

// firstText returns the first row of the categorical column c that holds no
// number, or failing that the first row.
func firstText(c *Column) int {
	for i := range c.Codes {
		if c.Missing(i) {
			continue
		}
		if _, kind := parseNumber(c.Text(i)); kind != finite {
			return i
		}
	}
	return 0
}

func (f *fitter) fitClasses(c *Column) error {
	labels, codes := classes(c)
	what := fmt.Sprintf("target %s of %s", quote(c.Name), f.t.Name)
	if len(labels) < 2 {
		return failf(ErrClasses, "%s has the single class %s; classification needs two", what, list(labels))
	}
	positive := 1
	switch want := f.opt.Positive; {
	case want == "" && len(labels) > maxListed && c.Kind == Numeric:
		return failf(ErrClasses, "%s has %d distinct numbers: use --task regression, or choose one of them to tell from the rest with --positive NUMBER",
			what, len(labels))
	case want == "" && len(labels) > 2 && len(labels) <= maxClasses && f.opt.Multiclass:
		return f.fitLabels(labels, codes, what)
	case want == "" && len(labels) > 2:
		return failf(ErrClasses, "%s has %d classes; choose the one to tell from the rest with --positive LABEL (labels: %s)",
			what, len(labels), list(labels))
	case want != "":
		if positive = findLabel(labels, want, c.Kind); positive < 0 {
			return failf(ErrClasses, "%s has no class %s, which --positive names (labels: %s)", what, quote(want), list(labels))
		}
	}
	t := &f.pre.target
	t.positive = labels[positive]
	if len(labels) == 2 {
		t.negative = labels[1-positive]
	} else {
		t.rest, t.negative = true, "not "+t.positive
	}
	some := [2]bool{}
	for _, i := range f.train {
		if codes[i] == positive {
			some[1] = true
		} else {
			some[0] = true
		}
	}
	for k, ok := range some {
		if !ok {
			return failf(ErrClasses, "no training row has the class %s of %s; hold out fewer rows, or use another --seed", quote([2]string{t.negative, t.positive}[k]), what)
		}
	}
	return nil
}

// findLabel returns the index of the label that a user calls want, or -1. In a
// numeric column "1.0" names the label "1".
func findLabel(labels []string, want string, kind Kind) int {
	for k, l := range labels {
		if l == want {
			return k
		}
	}
	if v, is := parseNumber(want); kind == Numeric && is == finite {
		for k, l := range labels {
			if l == formatNumber(v) {
				return k
			}
		}
	}
	return -1
}

// Target returns the target of every row of t: (y-mean)/scale for a regression,
// -1 or +1 for two classes, and the place among [Preprocessor.Classes] for more. Of
// several targets it is the first; see [Preprocessor.Targets].
//
// The error wraps [ErrColumn] when t lacks the target column, [ErrMissing] when a
// row has no value there, [ErrKind] when the target of a regression is text,
// [ErrNotFinite] when it is too far from the training rows to be scaled, and
// [ErrCategory] for a label that is neither of the two the model knows. Against
// "not LABEL" every other label is negative.
func (p *Preprocessor) Target(t *Table) ([]float64, error) {
	c := t.named(p.target.name)
	if c == nil {
		return nil, t.unknown(p.target.name)
	}
	y := make([]float64, t.rows)
	for i := range y {
		if c.Missing(i) {
			return nil, fmt.Errorf("%w: %s, target %s has no value; use --missing drop to leave out such rows",
				ErrMissing, t.where(i), quote(c.Name))
		}
	}
	if p.task == TaskRegression {
		if c.Kind != Numeric {
			return nil, wrongKind(t, c)
		}
		for i, v := range c.Values {
			if y[i] = p.target.apply(v); math.IsInf(y[i], 0) {
				return nil, tooFar(t, c, i)
			}
		}
		return y, nil
	}
	for i := range y {
		switch l := c.Text(i); {
		case p.target.labels != nil:
			k := slices.Index(p.target.labels, l)
			if k < 0 {
				return nil, fmt.Errorf("%w: %s, target %s is %s, and the model knows %s", ErrCategory,
					t.where(i), quote(c.Name), quote(l), list(p.target.labels))
			}
			y[i] = float64(k)
		case l == p.target.positive:
			y[i] = 1
		case p.target.rest, l == p.target.negative:
			y[i] = -1
		default:
			return nil, fmt.Errorf("%w: %s, target %s is %s, and the model knows %s and %s", ErrCategory,
				t.where(i), quote(c.Name), quote(l), quote(p.target.negative), quote(p.target.positive))
		}
	}
	return y, nil
}
