package datasets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Errors of this package wrap one of these values, so that callers can tell the
// cases apart with [errors.Is]. The wrapping error carries the place and the
// remedy.
var (
	// ErrEmpty reports a source without rows: an empty file, a header alone, or
	// a table whose every row was dropped.
	ErrEmpty = errors.New("no data")

	// ErrRagged reports a row with another number of fields than the first.
	ErrRagged = errors.New("uneven row")

	// ErrQuoting reports quotes that do not follow the CSV rules.
	ErrQuoting = errors.New("bad quoting")

	// ErrEncoding reports a source that is not UTF-8 text, or damaged gzip data.
	ErrEncoding = errors.New("not readable as text")

	// ErrHeader reports a first line that may or may not be a header.
	ErrHeader = errors.New("unclear header")

	// ErrDelimiter reports a forced delimiter that cannot separate fields.
	ErrDelimiter = errors.New("bad delimiter")

	// ErrColumn reports a column that is not in the table.
	ErrColumn = errors.New("unknown column")

	// ErrDuplicate reports two columns of the same name.
	ErrDuplicate = errors.New("duplicate column name")

	// ErrNotNumber reports text where a number is needed.
	ErrNotNumber = errors.New("not a number")

	// ErrNotFinite reports a number that is infinite, or that float64 cannot
	// hold, in the source or after standardisation.
	ErrNotFinite = errors.New("not finite")

	// ErrMissing reports a missing value where none is allowed.
	ErrMissing = errors.New("missing value")

	// ErrAllMissing reports a column without a single value.
	ErrAllMissing = errors.New("empty column")

	// ErrTable reports columns that do not form a table.
	ErrTable = errors.New("bad table")

	// ErrRow reports a row index outside the table, or no rows to fit on.
	ErrRow = errors.New("bad row selection")

	// ErrNoFeatures reports a table that leaves no column to learn from.
	ErrNoFeatures = errors.New("no features")

	// ErrKind reports a column of another type than the model was trained with.
	ErrKind = errors.New("wrong column type")

	// ErrCategory reports a category that the model does not know.
	ErrCategory = errors.New("unknown category")

	// ErrCardinality reports a categorical column with too many categories.
	ErrCardinality = errors.New("too many categories")

	// ErrClasses reports a target that does not give two classes.
	ErrClasses = errors.New("bad classes")

	// ErrTask reports a task that the target cannot serve.
	ErrTask = errors.New("bad task")

	// ErrFraction reports a held-out fraction outside [0, 1).
	ErrFraction = errors.New("bad fraction")

	// ErrUnknownSet reports a name that is not a built-in data set.
	ErrUnknownSet = errors.New("unknown data set")

	// ErrPreprocessor reports stored preprocessing that fails its checks.
	ErrPreprocessor = errors.New("bad preprocessing data")

	// ErrOption reports a word that is not a value of an option.
	ErrOption = errors.New("bad option")
)

// A failure is an error whose text stands without that of the kind it wraps,
// where the kind says nothing that the text does not.
type failure struct {
	kind error
	text string
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.kind }

func failf(kind error, format string, args ...any) error {
	return failure{kind, fmt.Sprintf(format, args...)}
}

const (
	maxListed = 12 // names shown by list
	maxQuoted = 48 // runes of a value shown by quote
)

// quote gives s in double quotes, shortened, so that one hostile cell cannot
// fill the terminal.
func quote(s string) string {
	n := 0
	for i := range s {
		if n == maxQuoted {
			return strconv.Quote(s[:i] + "…")
		}
		n++
	}
	return strconv.Quote(s)
}

// flagValue gives s as it is typed after a flag.
func flagValue(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && len(s) <= maxQuoted {
		return s
	}
	return quote(s)
}

// list gives names in quotes, the first few only when there are many.
func list(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == maxListed {
			fmt.Fprintf(&b, ", … (%d in all)", len(names))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(n))
	}
	return b.String()
}

// closest returns the name that a user who typed s most likely meant, or "".
func closest(s string, names []string) string {
	best, at := 1+len(s)/3, ""
	if len(s) > maxQuoted {
		return ""
	}
	for _, n := range names {
		if len(n) > 2*maxQuoted {
			continue
		}
		d := distance(strings.ToLower(s), strings.ToLower(n))
		if d < best || (d == best && at == "") {
			best, at = d, n
		}
	}
	return at
}

// distance is the Levenshtein distance of a and b in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// unknownColumn is the error for a reference that no column answers to.
func unknownColumn(ref, table string, names []string) error {
	hint := ""
	if c := closest(ref, names); c != "" {
		hint = fmt.Sprintf("; did you mean %s?", quote(c))
	}
	return fmt.Errorf("%w: %s has no column %s%s (columns: %s)", ErrColumn, table, quote(ref), hint, list(names))
}

// unknownPosition is the error for a whole number that is neither a name nor a
// position among the columns of the source.
func unknownPosition(ref, table string, width int, names []string) error {
	return fmt.Errorf("%w: %s has no column %s; positions run from 1 to %d (columns: %s)", ErrColumn, table, quote(ref), width, list(names))
}

// columns writes a number of columns.
func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}
