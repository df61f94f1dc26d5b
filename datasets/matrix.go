package datasets

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// maxLine bounds a line of a matrix file, so that a file without line ends is an
// error and not the end of the memory.
const maxLine = 256 << 20

// ReadMatrix reads a matrix of numbers without a header from the file at path,
// plain or compressed with gzip. Fields are separated by comma, semicolon, tab or
// pipe, which is detected, or else by white space; blank lines are skipped. The
// matrix has a row per line.
//
// The error wraps [ErrEmpty], [ErrRagged], [ErrNotNumber], [ErrNotFinite] or
// [ErrMissing], naming line and column, or is that of the file.
func ReadMatrix(path string) (*mat.Dense, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readMatrix(f, path)
}

func readMatrix(r io.Reader, name string) (*mat.Dense, error) {
	br, sample, whole, err := textSource(r, name)
	if err != nil {
		return nil, err
	}
	sep := detectDelimiter(sample, whole)
	if !strings.ContainsRune(string(sample), sep) {
		sep = 0
	}
	lines := bufio.NewScanner(br)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var data []float64
	rows, cols, first, line := 0, 0, 0, 0
	for lines.Scan() {
		line++
		text := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(text) == "" {
			continue
		}
		n := 0
		for f := range fieldsOf(text, sep) {
			n++
			v, err := matrixCell(strings.TrimSpace(f), name, line, n)
			if err != nil {
				return nil, err
			}
			data = append(data, v)
		}
		if rows == 0 {
			cols, first = n, line
		}
		if n != cols {
			return nil, fmt.Errorf("%w: %s line %d has %d numbers where line %d has %d", ErrRagged, name, line, n, first, cols)
		}
		rows++
	}
	if err := lines.Err(); err != nil {
		return nil, sourceError(name, err)
	}
	if rows == 0 {
		return nil, fmt.Errorf("%w: %s is empty", ErrEmpty, name)
	}
	return mat.NewDense(rows, cols, data), nil
}

// fieldsOf splits a line at sep, or at white space when sep is 0.
func fieldsOf(text string, sep rune) func(yield func(string) bool) {
	if sep == 0 {
		return strings.FieldsSeq(text)
	}
	return strings.SplitSeq(text, string(sep))
}

func matrixCell(s, name string, line, column int) (float64, error) {
	v, kind := parseNumber(s)
	switch {
	case kind == finite:
		return v, nil
	case kind == infinite:
		return 0, fmt.Errorf("%w: %s line %d, column %d holds %s", ErrNotFinite, name, line, column, quote(s))
	case isMissing(s):
		return 0, fmt.Errorf("%w: %s line %d, column %d has no value; a matrix must be complete", ErrMissing, name, line, column)
	case line == 1:
		return 0, fmt.Errorf("%w: %s line 1, column %d holds %s; a matrix file has no header", ErrNotNumber, name, column, quote(s))
	}
	return 0, fmt.Errorf("%w: %s line %d, column %d holds %s", ErrNotNumber, name, line, column, quote(s))
}
