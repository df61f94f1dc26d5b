package datasets

import (
	"errors"
	"fmt"
	"strconv"
)

// findTarget notes which column is the target. That it is missing is not for the
// reader to say.
func (b *tableBuilder) findTarget(ref string) {
	if ref == "" {
		if !b.schema {
			b.target, b.last = b.columns[len(b.columns)-1], true
		}
		return
	}
	p, err := strconv.Atoi(ref)
	for _, c := range b.columns {
		if c.name == ref {
			b.target = c
			return
		}
		if err == nil && c.field+1 == p {
			b.target = c
		}
	}
}

// missingCell is the error for a cell without a value. The advice is what the
// command at hand can follow: a target cannot be filled in, and a model fixes
// its columns and whether it fills in.
func (b *tableBuilder) missingCell(c *columnBuilder, line int) error {
	what, advice := "column", ""
	switch {
	case c == b.target && b.last:
		what, advice = "target", "; the target is the last column unless --target names another"
	case c == b.target:
		what = "target"
	case b.schema:
		advice = ", fill it in, or train again with --missing mean"
	default:
		advice = ", --missing mean to fill them in, or --skip " + flagValue(c.name)
	}
	return fmt.Errorf("%w: %s line %d, %s %s has no value; use --missing drop to leave out such rows%s",
		ErrMissing, b.name, line, what, quote(c.name), advice)
}

// allMissing is the error for a column without a value.
func (b *tableBuilder) allMissing(c *columnBuilder) error {
	advice := "leave it out with --skip " + flagValue(c.name)
	switch {
	case b.schema:
		advice = "fill it in, or train again without it"
	case c == b.target:
		advice = "name the column to predict with --target, and leave this one out with --skip " + flagValue(c.name)
	}
	return fmt.Errorf("%w: column %s of %s has no values; %s", ErrAllMissing, quote(c.name), b.name, advice)
}

// headerHint adds to the error for an unknown column that there are no names,
// where that is why it is unknown.
func headerHint(err error, unnamed bool) error {
	if unnamed && errors.Is(err, ErrColumn) {
		return fmt.Errorf("%w; no header was found, and --header present takes line 1 as names", err)
	}
	return err
}

func isPosition(s string) bool {
	p, err := strconv.Atoi(s)
	return err == nil && p > 0
}
