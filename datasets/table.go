package datasets

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// A Column is one typed column of a [Table]. Of Values and Codes the one that
// belongs to Kind has an element per row and the other is nil.
type Column struct {
	// Name is unique in the table.
	Name string

	// Kind selects Values or Codes.
	Kind Kind

	// Values holds the numbers of a Numeric column; NaN marks a missing value.
	Values []float64

	// Codes holds indices into Levels for a Categorical column; -1 marks a
	// missing value.
	Codes []int32

	// Levels holds the distinct texts of a Categorical column in order of first
	// appearance. A level need not occur in Codes.
	Levels []string

	// Position is the place in the source counted from 1. It differs from the
	// place in the table when columns were skipped.
	Position int
}

// Len returns the number of rows.
func (c *Column) Len() int {
	if c.Kind == Categorical {
		return len(c.Codes)
	}
	return len(c.Values)
}

// Missing reports whether row i holds no value.
func (c *Column) Missing(i int) bool {
	if c.Kind == Categorical {
		return c.Codes[i] < 0
	}
	return math.IsNaN(c.Values[i])
}

// Text returns the value of row i as text, and "" when it is missing. A number
// is written with the fewest digits that give it back.
func (c *Column) Text(i int) string {
	switch {
	case c.Missing(i):
		return ""
	case c.Kind == Categorical:
		return c.Levels[c.Codes[i]]
	}
	return formatNumber(c.Values[i])
}

// formatNumber is the text of a numeric class label: 1000000 and not 1e+06.
func formatNumber(v float64) string {
	if v == 0 {
		return "0" // also for the negative zero
	}
	if a := math.Abs(v); a >= 1e-4 && a < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// A Table is a rectangle of typed columns with unique names. All numbers in it
// are finite or marked as missing. A table read with an empty
// [ReadOptions.Schema] has rows and no columns.
type Table struct {
	// Name is the file name or data set name used in errors.
	Name string

	// Dropped counts the rows left out for a missing value.
	Dropped int

	// Unnamed says that detection found no header, so that the columns are named
	// by position.
	Unnamed bool

	// Width is the number of columns in the source, those that were skipped
	// included.
	Width int

	columns []Column
	lines   []int // line in the source of each row; nil when there is none
	rows    int
}

// NewTable builds a table from columns, which it keeps without copying. It
// returns [ErrTable] when there are no columns, their lengths differ, a code has
// no level, levels repeat or a name is not UTF-8; [ErrDuplicate] when names
// repeat; [ErrEmpty] when there are no rows; and [ErrNotFinite] for an infinite
// value. A Position of 0 is set to the place in columns.
func NewTable(name string, columns ...Column) (*Table, error) {
	if len(columns) == 0 {
		return nil, fmt.Errorf("%w: %s has no columns", ErrTable, name)
	}
	t := &Table{Name: name, Width: len(columns), columns: columns, rows: columns[0].Len()}
	if t.rows == 0 {
		return nil, fmt.Errorf("%w: %s has no rows", ErrEmpty, name)
	}
	seen := make(map[string]int, len(columns))
	for i := range columns {
		c := &columns[i]
		if c.Position == 0 {
			c.Position = i + 1
		}
		if j, ok := seen[c.Name]; ok {
			return nil, duplicateName(name, c.Name, columns[j].Position, c.Position)
		}
		seen[c.Name] = i
		if err := t.check(c); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func duplicateName(table, name string, first, second int) error {
	return fmt.Errorf("%w: columns %d and %d of %s are both named %s; rename one of them, or leave one out with --skip %d",
		ErrDuplicate, first, second, table, quote(name), second)
}

// check tests one column on its own.
func (t *Table) check(c *Column) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s column %s: %s", ErrTable, t.Name, quote(c.Name), fmt.Sprintf(format, args...))
	}
	if c.Kind > Categorical {
		return bad("unknown type %d", c.Kind)
	}
	if c.Len() != t.rows {
		return bad("%d rows where the first column has %d", c.Len(), t.rows)
	}
	if !utf8.ValidString(c.Name) {
		return bad("the name is not UTF-8")
	}
	if c.Kind == Numeric {
		for i, v := range c.Values {
			if math.IsInf(v, 0) {
				return fmt.Errorf("%w: %s, column %s holds %v", ErrNotFinite, t.where(i), quote(c.Name), v)
			}
		}
		return nil
	}
	levels := make(map[string]bool, len(c.Levels))
	for _, l := range c.Levels {
		if levels[l] || !utf8.ValidString(l) {
			return bad("level %s is repeated or not UTF-8", quote(l))
		}
		levels[l] = true
	}
	for i, k := range c.Codes {
		if k < -1 || int(k) >= len(c.Levels) {
			return bad("code %d in row %d where there are %d levels", k, i+1, len(c.Levels))
		}
	}
	return nil
}

// Rows returns the number of rows.
func (t *Table) Rows() int { return t.rows }

// NumColumns returns the number of columns.
func (t *Table) NumColumns() int { return len(t.columns) }

// At returns column i, counted from 0. The caller must not change it.
func (t *Table) At(i int) *Column { return &t.columns[i] }

// Names returns the column names in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.columns))
	for i := range t.columns {
		names[i] = t.columns[i].Name
	}
	return names
}

// Line returns the line of the source on which row i begins, counted from 1, and
// 0 for a table that was not read from text.
func (t *Table) Line(i int) int {
	if t.lines == nil {
		return 0
	}
	return t.lines[i]
}

// where names row i in an error.
func (t *Table) where(i int) string {
	if t.lines == nil {
		return fmt.Sprintf("%s row %d", t.Name, i+1)
	}
	return fmt.Sprintf("%s line %d", t.Name, t.lines[i])
}

// Index returns the index, from 0, of the column that ref names. A column of
// exactly that name comes first; otherwise a whole number is a position in the
// source counted from 1. The empty ref is the last column. The error wraps
// [ErrColumn] and lists the names there are.
func (t *Table) Index(ref string) (int, error) {
	if ref == "" && len(t.columns) > 0 {
		return len(t.columns) - 1, nil
	}
	for i := range t.columns {
		if t.columns[i].Name == ref {
			return i, nil
		}
	}
	if p, err := strconv.Atoi(ref); err == nil {
		for i := range t.columns {
			if t.columns[i].Position == p {
				return i, nil
			}
		}
		if p < 1 || p > t.Width {
			return 0, headerHint(unknownPosition(ref, t.Name, t.Width, t.Names()), t.Unnamed)
		}
	}
	return 0, t.unknown(ref)
}

// unknown is the error for a name that no column has.
func (t *Table) unknown(name string) error {
	return headerHint(unknownColumn(name, t.Name, t.Names()), t.Unnamed)
}

// Column returns the column that ref names, under the rules of [Table.Index].
func (t *Table) Column(ref string) (*Column, error) {
	i, err := t.Index(ref)
	if err != nil {
		return nil, err
	}
	return &t.columns[i], nil
}

// DropMissing returns the table without the rows in which the column that ref
// names is missing, adding them to Dropped. Under [MissingMean] it is called for
// the target, which cannot be filled in, before the rows are split. The table
// itself comes back when there is nothing to drop. The error wraps [ErrColumn],
// or [ErrAllMissing] when no row is left.
func (t *Table) DropMissing(ref string) (*Table, error) {
	c, err := t.Column(ref)
	if err != nil {
		return nil, err
	}
	keep := make([]int, 0, t.rows)
	for i := range t.rows {
		if !c.Missing(i) {
			keep = append(keep, i)
		}
	}
	if len(keep) == t.rows {
		return t, nil
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("%w: %s, column %s has no values", ErrAllMissing, t.Name, quote(c.Name))
	}
	return t.take(keep), nil
}

// take copies rows into a new table.
func (t *Table) take(rows []int) *Table {
	out := &Table{
		Name:    t.Name,
		Dropped: t.Dropped + t.rows - len(rows),
		Unnamed: t.Unnamed,
		Width:   t.Width,
		columns: make([]Column, len(t.columns)),
		rows:    len(rows),
	}
	for j := range t.columns {
		c := t.columns[j]
		if c.Kind == Numeric {
			c.Values = pick(c.Values, rows)
		} else {
			c.Codes = pick(c.Codes, rows)
		}
		out.columns[j] = c
	}
	if t.lines != nil {
		out.lines = pick(t.lines, rows)
	}
	return out
}

func pick[T any](s []T, at []int) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = s[k]
	}
	return out
}
