package datasets

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Targets are several numeric columns that are predicted at once. They are made by
// [FitTargets] and do not change.
type Targets struct {
	names    []string
	scalings []scaling
}

// FitTargets learns the scaling of the columns of t that are named, each under the rules
// of [Table.Index], from the rows listed in train: to mean 0 and population variance 1 if
// standardize is set, where a column that is constant on these rows is only centred. The
// notices are sentences for the user.
//
// The error wraps [ErrRow] for no rows, [ErrColumn] for an unknown column, [ErrDuplicate]
// for one that is named twice, [ErrTask] for one of text, and [ErrMissing] where a
// training row has no value.
func FitTargets(t *Table, train []int, columns []string, standardize bool) (*Targets, []string, error) {
	if len(train) == 0 || slices.Min(train) < 0 || slices.Max(train) >= t.rows {
		return nil, nil, fmt.Errorf("%w: %d training rows of a table with %d rows", ErrRow, len(train), t.rows)
	}
	if len(columns) == 0 {
		return nil, nil, fmt.Errorf("%w: no target is named", ErrColumn)
	}
	out := &Targets{}
	var notices []string
	for _, ref := range columns {
		c, err := t.Column(ref)
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(out.names, c.Name) {
			return nil, nil, fmt.Errorf("%w: %s is named twice among the targets", ErrDuplicate, quote(c.Name))
		}
		if c.Kind == Categorical {
			i := firstText(c)
			return nil, nil, failf(ErrTask, "several targets must be numbers, and %s, column %s holds %s; name others with --targets",
				t.where(i), quote(c.Name), quote(c.Text(i)))
		}
		for _, i := range train {
			if c.Missing(i) {
				return nil, nil, t.noTarget(i, c)
			}
		}
		values, s := pick(c.Values, train), identity
		switch {
		case constant(values):
			notices = append(notices, fmt.Sprintf("target %s has the same value %s on all training rows", quote(c.Name), formatNumber(values[0])))
			if standardize {
				s = scaling{mean: values[0], scale: 1}
			}
		case standardize:
			s = standard(values)
		}
		out.names, out.scalings = append(out.names, c.Name), append(out.scalings, s)
	}
	return out, notices, nil
}

// noTarget is the error for row i without a value in the target c.
func (t *Table) noTarget(i int, c *Column) error {
	return fmt.Errorf("%w: %s, target %s has no value; use --missing drop or --missing mean to leave out such rows",
		ErrMissing, t.where(i), quote(c.Name))
}

// Names returns the names of the columns, in the order they were given in.
func (g *Targets) Names() []string { return slices.Clone(g.names) }

// Scales returns what each column is divided by, in its units.
func (g *Targets) Scales() []float64 {
	out := make([]float64, len(g.scalings))
	for k, s := range g.scalings {
		out[k] = s.spread()
	}
	return out
}

// Matrix returns the scaled targets of all rows of t (n x the number of targets), finite.
// The error wraps [ErrColumn] when t lacks a column, [ErrKind] where it holds text,
// [ErrMissing] where a row has no value, and [ErrNotFinite] for one that is too far from
// the training rows to be scaled.
func (g *Targets) Matrix(t *Table) (*mat.Dense, error) {
	if t.rows == 0 {
		return nil, fmt.Errorf("%w: %s has no rows", ErrEmpty, t.Name)
	}
	out := mat.NewDense(t.rows, len(g.names), nil)
	for k, name := range g.names {
		c := t.named(name)
		if c == nil {
			return nil, t.unknown(name)
		}
		if c.Kind != Numeric {
			return nil, wrongKind(t, c)
		}
		for i, v := range c.Values {
			if math.IsNaN(v) {
				return nil, t.noTarget(i, c)
			}
			z := g.scalings[k].apply(v)
			if math.IsInf(z, 0) {
				return nil, tooFar(t, c, i)
			}
			out.Set(i, k, z)
		}
	}
	return out, nil
}

// Without returns the table without the columns that are named, each under the rules of
// [Table.Index]. The rows are shared. The error wraps [ErrColumn], or [ErrNoFeatures] where
// no column would be left.
func (t *Table) Without(columns ...string) (*Table, error) {
	leave := make([]bool, len(t.columns))
	for _, ref := range columns {
		i, err := t.Index(ref)
		if err != nil {
			return nil, err
		}
		leave[i] = true
	}
	out := *t
	out.columns = nil
	for i := range t.columns {
		if !leave[i] {
			out.columns = append(out.columns, t.columns[i])
		}
	}
	if len(out.columns) == 0 {
		return nil, fmt.Errorf("%w: %s has %d columns, and all of them are targets; name fewer", ErrNoFeatures, t.Name, len(t.columns))
	}
	return &out, nil
}
