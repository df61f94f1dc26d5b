package table

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A Table prints rows of Markdown as they come.
type Table struct {
	w       io.Writer
	columns int
}

// New prints the head of a table with these columns.
func New(w io.Writer, columns ...string) *Table {
	t := &Table{w: w, columns: len(columns)}
	t.line(columns)
	fmt.Fprintln(w, "|"+strings.Repeat("---|", len(columns)))
	return t
}

// Row prints a row: numbers as [Number] writes them, all else as fmt does. It panics
// where the cells are not as many as the columns.
func (t *Table) Row(cells ...any) {
	if len(cells) != t.columns {
		panic(fmt.Sprintf("table: a row of %d cells in a table of %d columns", len(cells), t.columns))
	}
	texts := make([]string, len(cells))
	for k, c := range cells {
		switch c := c.(type) {
		case float64:
			texts[k] = Number(c)
		case int:
			texts[k] = Number(float64(c))
		case int64:
			texts[k] = Number(float64(c))
		default:
			texts[k] = fmt.Sprint(c)
		}
	}
	t.line(texts)
}

func (t *Table) line(cells []string) {
	escaped := make([]string, len(cells))
	for k, c := range cells {
		escaped[k] = strings.ReplaceAll(c, "|", `\|`)
	}
	fmt.Fprintln(t.w, "| "+strings.Join(escaped, " | ")+" |")
}

// Number writes a number for people: whole ones with all digits, others with three
// or those of their whole part, thousands apart, and "-" for NaN.
func Number(v float64) string {
	const whole = 1 << 53 // past it floats are whole whether or not the numbers are
	switch {
	case math.IsNaN(v):
		return "-"
	case math.Abs(v) >= whole, v != 0 && math.Abs(v) < 1e-4:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case v == math.Trunc(v) || math.Abs(v) >= 999.5:
		return thousands(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// thousands sets commas in a whole number.
func thousands(digits string) string {
	digits, negative := strings.CutPrefix(digits, "-")
	for k := len(digits) - 3; k > 0; k -= 3 {
		digits = digits[:k] + "," + digits[k:]
	}
	if negative {
		return "-" + digits
	}
	return digits
}
