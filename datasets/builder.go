package datasets

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// typingValues is how many values fix the type of a column.
const typingValues = 1000

// A tableBuilder collects records into a table.
type tableBuilder struct {
	name    string
	missing MissingPolicy
	columns []*columnBuilder
	lines   []int
	dropped int
	header  int // columns in the source
	target  *columnBuilder
	last    bool // the target is the last column because none was named
	schema  bool // the columns are those of a model
	unnamed bool // detection found no header
}

// newTableBuilder picks the columns to keep and their types. unnamed says that
// detection found no header.
func newTableBuilder(name string, names []string, unnamed bool, opt ReadOptions) (*tableBuilder, error) {
	b := &tableBuilder{name: name, missing: opt.Missing, header: len(names), schema: opt.Schema != nil, unnamed: unnamed}
	if opt.Missing > MissingMean {
		return nil, failf(ErrOption, "--missing has no value %d", opt.Missing)
	}
	plan := make([]columnBuilder, len(names))
	for j := range plan {
		plan[j] = columnBuilder{table: name, name: names[j], field: j}
	}
	var err error
	if opt.Schema != nil {
		err = planSchema(plan, opt.Schema, name, names)
	} else {
		err = planOptions(plan, opt, name, names)
	}
	if err != nil {
		return nil, headerHint(err, unnamed)
	}
	kept := make(map[string]int, len(names))
	for j := range plan {
		if plan[j].skip {
			continue
		}
		if i, ok := kept[names[j]]; ok {
			if b.schema {
				return nil, fmt.Errorf("%w: columns %d and %d of %s are both named %s, which the model reads; rename one of them",
					ErrDuplicate, i+1, j+1, name, quote(names[j]))
			}
			return nil, duplicateName(name, names[j], i+1, j+1)
		}
		kept[names[j]] = j
		b.columns = append(b.columns, &plan[j])
	}
	if len(b.columns) == 0 && opt.Schema == nil {
		return nil, fmt.Errorf("%w: --skip leaves no column of %s", ErrColumn, name)
	}
	b.findTarget(opt.Target)
	return b, nil
}

func planSchema(plan []columnBuilder, schema []Field, table string, names []string) error {
	kinds := make(map[string]Kind, len(schema))
	for _, f := range schema {
		kinds[f.Name] = f.Kind
	}
	some := false
	for j := range plan {
		kind, ok := kinds[names[j]]
		plan[j].skip = !ok
		if ok {
			some = true
			plan[j].force(kind, typedBySchema)
		}
	}
	// A model of the bias alone reads no column, only the number of rows.
	if !some && len(schema) > 0 {
		err := fmt.Errorf("%w; the model was trained with it", unknownColumn(schema[0].Name, table, names))
		if p, ok := strings.CutPrefix(schema[0].Name, "c"); ok && isPosition(p) {
			err = fmt.Errorf("%w, on a table that was read without a header", err)
		}
		return err
	}
	return nil
}

func planOptions(plan []columnBuilder, opt ReadOptions, table string, names []string) error {
	each := func(refs []string, do func(*columnBuilder) error) error {
		for _, ref := range refs {
			found := false
			for j := range plan {
				if names[j] == ref {
					found = true
					if err := do(&plan[j]); err != nil {
						return err
					}
				}
			}
			if found {
				continue
			}
			p, err := strconv.Atoi(ref)
			if err != nil {
				return unknownColumn(ref, table, names)
			}
			if p < 1 || p > len(plan) {
				return unknownPosition(ref, table, len(plan), names)
			}
			if err := do(&plan[p-1]); err != nil {
				return err
			}
		}
		return nil
	}
	err := each(opt.Skip, func(c *columnBuilder) error { c.skip = true; return nil })
	if err == nil {
		err = each(opt.Categorical, func(c *columnBuilder) error { c.force(Categorical, typedByFlag); return nil })
	}
	if err == nil {
		err = each(opt.Numeric, func(c *columnBuilder) error {
			if c.typed != typedLater {
				return failf(ErrOption, "column %s is in both --categorical and --numeric", quote(c.name))
			}
			c.force(Numeric, typedByFlag)
			return nil
		})
	}
	return err
}

// add appends one record, or drops it under [MissingDrop].
func (b *tableBuilder) add(rec record) error {
	drop := false
	for _, c := range b.columns {
		c.cell = strings.TrimSpace(rec.fields[c.field])
		if !isMissing(c.cell) {
			c.seen = true
			continue
		}
		c.cell = ""
		switch b.missing {
		case MissingError:
			return b.missingCell(c, rec.line)
		case MissingDrop:
			drop = true
		}
	}
	if drop {
		b.dropped++
		return nil
	}
	for _, c := range b.columns {
		if c.cell == "" {
			c.addMissing()
		} else if err := c.add(c.cell, rec.line); err != nil {
			return err
		}
	}
	b.lines = append(b.lines, rec.line)
	return nil
}

// finish fixes the types that are still open and returns the table.
func (b *tableBuilder) finish() (*Table, error) {
	if len(b.lines) == 0 && b.dropped == 0 {
		return nil, fmt.Errorf("%w: %s has a header of %s and no rows (if line 1 is data, say --header absent)",
			ErrEmpty, b.name, columns(b.header))
	}
	t := &Table{Name: b.name, Dropped: b.dropped, Unnamed: b.unnamed, Width: b.header, lines: b.lines, rows: len(b.lines)}
	for _, c := range b.columns {
		if !c.seen && (c.typed != typedBySchema || len(b.lines) == 0) {
			return nil, b.allMissing(c)
		}
	}
	if len(b.lines) == 0 {
		advice := "use --missing mean, or --skip the emptiest columns"
		if b.schema {
			advice = "fill them in, or train again with --missing mean"
		}
		return nil, fmt.Errorf("%w: each of the %d rows of %s has a missing value; %s", ErrEmpty, b.dropped, b.name, advice)
	}
	for _, c := range b.columns {
		if err := c.decide(); err != nil {
			return nil, err
		}
		t.columns = append(t.columns, Column{
			Name: c.name, Kind: c.kind, Values: c.values, Codes: c.codes, Levels: c.levels, Position: c.field + 1,
		})
	}
	return t, nil
}

// How the type of a column came to be.
type typing uint8

const (
	typedLater typing = iota // open until enough values are seen
	typedByValues
	typedByFlag
	typedBySchema
)

// A columnBuilder collects one column. While its type is open it holds both the
// numbers and, in raw, their texts.
type columnBuilder struct {
	table, name string
	field       int // index in the record
	skip        bool
	typed       typing
	kind        Kind
	cell        string // of the record being added; "" when missing
	seen        bool   // some record had a value here, even if dropped

	values []float64
	codes  []int32
	levels []string
	index  map[string]int32

	raw   []byte // while open: the texts, each ended by a line feed
	count int    // while open: the number of texts in raw
	doubt string // while open: the first text that no number column may hold
	at    int    // line of doubt
}

func (c *columnBuilder) force(k Kind, by typing) {
	c.kind, c.typed = k, by
	if k == Categorical {
		c.index = make(map[string]int32)
	}
}

func (c *columnBuilder) addMissing() {
	if c.kind == Categorical {
		c.codes = append(c.codes, -1)
	} else {
		c.values = append(c.values, math.NaN())
	}
}

func (c *columnBuilder) add(s string, line int) error {
	if c.kind == Categorical {
		return c.addLevel(s, line)
	}
	v, kind := parseNumber(s)
	if c.typed != typedLater {
		if kind != finite {
			return c.refuse(s, line)
		}
		c.values = append(c.values, v)
		return nil
	}
	if kind == notNumber && !commaNumber(s) {
		if err := c.becomeCategorical(); err != nil {
			return err
		}
		return c.addLevel(s, line)
	}
	if kind != finite {
		// Harmless if a word follows, which makes the column categorical.
		v = math.Inf(1)
		if c.doubt == "" {
			c.doubt, c.at = strings.Clone(s), line
		}
	}
	c.values = append(c.values, v)
	c.raw = append(append(c.raw, s...), '\n')
	if c.count++; c.count == typingValues {
		return c.decide()
	}
	return nil
}

// decide makes an open column numeric.
func (c *columnBuilder) decide() error {
	if c.typed != typedLater {
		return nil
	}
	if c.doubt != "" {
		return c.refuse(c.doubt, c.at)
	}
	c.typed, c.raw = typedByValues, nil
	return nil
}

// becomeCategorical turns an open column into a categorical one.
func (c *columnBuilder) becomeCategorical() error {
	values, raw := c.values, c.raw
	c.force(Categorical, typedByValues)
	c.values, c.raw = nil, nil
	for _, v := range values {
		if math.IsNaN(v) {
			c.addMissing()
			continue
		}
		end := bytes.IndexByte(raw, '\n')
		if err := c.addLevel(string(raw[:end]), 0); err != nil {
			return err
		}
		raw = raw[end+1:]
	}
	return nil
}

func (c *columnBuilder) addLevel(s string, line int) error {
	k, ok := c.index[s]
	if !ok {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%w: %s line %d, column %s: %s is not UTF-8; save the file as UTF-8",
				ErrEncoding, c.table, line, quote(c.name), quote(s))
		}
		// The field shares memory with its whole record; a level must not.
		s = strings.Clone(s)
		k = int32(len(c.levels))
		c.levels = append(c.levels, s)
		c.index[s] = k
	}
	c.codes = append(c.codes, k)
	return nil
}

// refuse is the error for a text that a numeric column cannot hold.
func (c *columnBuilder) refuse(s string, line int) error {
	place := fmt.Sprintf("%s line %d, column %s", c.table, line, quote(c.name))
	if _, kind := parseNumber(s); kind == infinite {
		return fmt.Errorf("%w: %s holds %s; correct it, or leave it empty and use --missing drop", ErrNotFinite, place, quote(s))
	}
	switch {
	case c.typed == typedBySchema:
		return fmt.Errorf("%w: %s holds %s, and the model was trained with numbers there", ErrNotNumber, place, quote(s))
	case c.typed == typedByFlag:
		return fmt.Errorf("%w: %s holds %s, and --numeric %s asks for numbers; correct it or use --categorical %[4]s",
			ErrNotNumber, place, quote(s), flagValue(c.name))
	case thousands(s):
		return fmt.Errorf("%w: %s holds %s; remove the thousands separator (a decimal comma is written as a point), or use --categorical %s if these are words",
			ErrNotNumber, place, quote(s), flagValue(c.name))
	case decimalComma(s):
		return fmt.Errorf("%w: %s holds %s; write numbers with a decimal point, or use --categorical %s if these are words",
			ErrNotNumber, place, quote(s), flagValue(c.name))
	}
	return fmt.Errorf("%w: %s holds %s below %d or more numbers; correct it or use --categorical %s",
		ErrNotNumber, place, quote(s), typingValues, flagValue(c.name))
}
