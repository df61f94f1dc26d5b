package datasets

import (
	"fmt"
	"strings"
)

// Kind is the type of a column.
type Kind uint8

// The column types. Their text forms are "numeric" and "categorical".
const (
	Numeric     Kind = iota // finite numbers
	Categorical             // words from a list of levels
)

// MissingPolicy says what becomes of missing values.
type MissingPolicy uint8

// The policies. Their text forms are "error", "drop" and "mean".
const (
	// MissingError makes the first missing value an error.
	MissingError MissingPolicy = iota
	// MissingDrop leaves out rows with a missing value; [Table.Dropped] counts
	// them.
	MissingDrop
	// MissingMean keeps them in the table as missing, for [Fit] to fill in with
	// the mean of the training rows or, in a categorical column, their most
	// frequent category.
	MissingMean
)

// Header says whether the first line of a file holds the column names.
type Header uint8

// The header modes. Their text forms are "auto", "present" and "absent".
const (
	// HeaderAuto takes the first line for a header when it holds words above
	// numbers, and reports [ErrHeader] when the evidence is contradictory.
	HeaderAuto Header = iota
	// HeaderPresent takes the names from the first line.
	HeaderPresent
	// HeaderAbsent names the columns c1, c2, ….
	HeaderAbsent
)

// Task is what a model predicts.
type Task uint8

// The tasks. Their text forms are "auto", "regression" and "classification".
const (
	// TaskAuto is classification when the target is categorical or has exactly
	// two distinct values in the whole table, and regression otherwise.
	TaskAuto Task = iota
	// TaskRegression predicts a number.
	TaskRegression
	// TaskClassification predicts one of two classes.
	TaskClassification
)

var (
	kindNames    = []string{"numeric", "categorical"}
	missingNames = []string{"error", "drop", "mean"}
	headerNames  = []string{"auto", "present", "absent"}
	taskNames    = []string{"auto", "regression", "classification"}
)

// String returns the text form.
func (k Kind) String() string { return enumName(uint8(k), kindNames) }

// MarshalText implements [encoding.TextMarshaler].
func (k Kind) MarshalText() ([]byte, error) { return enumText(uint8(k), "column type", kindNames) }

// UnmarshalText implements [encoding.TextUnmarshaler]; the error wraps [ErrOption].
func (k *Kind) UnmarshalText(b []byte) error { return enumParse(b, k, "column type", kindNames) }

// String returns the text form.
func (m MissingPolicy) String() string { return enumName(uint8(m), missingNames) }

// MarshalText implements [encoding.TextMarshaler].
func (m MissingPolicy) MarshalText() ([]byte, error) {
	return enumText(uint8(m), "--missing", missingNames)
}

// UnmarshalText implements [encoding.TextUnmarshaler]; the error wraps [ErrOption].
func (m *MissingPolicy) UnmarshalText(b []byte) error {
	return enumParse(b, m, "--missing", missingNames)
}

// String returns the text form.
func (h Header) String() string { return enumName(uint8(h), headerNames) }

// MarshalText implements [encoding.TextMarshaler].
func (h Header) MarshalText() ([]byte, error) { return enumText(uint8(h), "--header", headerNames) }

// UnmarshalText implements [encoding.TextUnmarshaler]; the error wraps [ErrOption].
func (h *Header) UnmarshalText(b []byte) error { return enumParse(b, h, "--header", headerNames) }

// String returns the text form.
func (t Task) String() string { return enumName(uint8(t), taskNames) }

// MarshalText implements [encoding.TextMarshaler].
func (t Task) MarshalText() ([]byte, error) { return enumText(uint8(t), "--task", taskNames) }

// UnmarshalText implements [encoding.TextUnmarshaler]; the error wraps [ErrOption].
func (t *Task) UnmarshalText(b []byte) error { return enumParse(b, t, "--task", taskNames) }

func enumName(v uint8, names []string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}

func enumText(v uint8, what string, names []string) ([]byte, error) {
	if int(v) < len(names) {
		return []byte(names[v]), nil
	}
	return nil, failf(ErrOption, "%s has no value %d", what, v)
}

func enumParse[T ~uint8](b []byte, dst *T, what string, names []string) error {
	for i, n := range names {
		if string(b) == n {
			*dst = T(i)
			return nil
		}
	}
	return failf(ErrOption, "%s %s is none of %s", what, quote(string(b)), strings.Join(names, ", "))
}

// A Field is one column that a model reads.
type Field struct {
	Name string // exact column name
	Kind Kind   // type to read it with
}

// ReadOptions says how [Open] and [Read] parse a table. The zero value detects
// everything and takes a missing value for an error.
//
// Columns in Categorical, Numeric and Skip are given by name or, where no column
// has that name, by position counted from 1.
type ReadOptions struct {
	// Delimiter separates fields; 0 detects comma, semicolon, tab or pipe.
	Delimiter rune

	// Header says whether the first line names the columns.
	Header Header

	// Missing is the policy for missing values.
	Missing MissingPolicy

	// Categorical lists columns to read as categories whatever they hold.
	Categorical []string

	// Numeric lists columns that must hold numbers.
	Numeric []string

	// Skip lists columns to leave out; what they hold is not looked at.
	Skip []string

	// Target names the column to predict, as in [Table.Index]; the empty string is
	// the last one that is kept, or none with a Schema. It changes nothing but the
	// advice for a missing value: a target is never filled in.
	Target string

	// Schema, when not nil, replaces Categorical, Numeric and Skip: of the
	// columns in the file only those listed are kept, with the types listed, and
	// what the others hold is not looked at. Names match exactly. A field that
	// the file lacks is not an error here; [Preprocessor.Transform] reports it.
	// A column may then be missing in every row.
	Schema []Field
}
