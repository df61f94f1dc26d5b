package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/datasets"
)

// inputs returns the inputs of all rows of a source. The number of the row
// stands in for the target, so that any will do.
func (f *fitFlags) inputs(s *source, impute bool) (*mat.Dense, []string, error) {
	t := s.table
	if t == nil {
		if !f.standardize {
			e := matrixEncoding{OnesColumn: f.bias == "hidden"}
			return e.transform(s.x), nil, nil
		}
		n, _ := s.x.Dims()
		var err error
		if t, err = tableOf(s.name, s.x, mat.NewDense(n, 1, nil)); err != nil {
			return nil, nil, err
		}
	}
	t, err := t.DropMissing(f.target)
	if err != nil {
		return nil, nil, err
	}
	at, err := t.Index(f.target)
	if err != nil {
		return nil, nil, err
	}
	rows, numbers := make([]int, t.Rows()), make([]float64, t.Rows())
	for i := range rows {
		rows[i], numbers[i] = i, float64(i)
	}
	columns := make([]datasets.Column, t.NumColumns())
	for j := range columns {
		columns[j] = *t.At(j)
	}
	columns[at] = datasets.Column{Name: columns[at].Name, Values: numbers, Position: columns[at].Position}
	dropped := t.Dropped
	if t, err = datasets.NewTable(s.name, columns...); err != nil {
		return nil, nil, err
	}
	pre, notices, err := datasets.Fit(t, rows, datasets.FitOptions{
		Target: columns[at].Name, Task: datasets.TaskRegression, Standardize: f.standardize, Bias: f.bias == "hidden", Impute: impute,
	})
	if err != nil {
		return nil, nil, err
	}
	if dropped > 0 {
		notices = append([]string{fmt.Sprintf("left out %s with a missing value", plural(dropped, "row"))}, notices...)
	}
	x, err := pre.Transform(t)
	return x, notices, err
}

// patternBytes is about the memory of a pattern of n samples with its witness of
// length d, twice for the growing of slices.
func patternBytes(n, d int) float64 {
	const overhead = 128
	return 2 * (float64(n)/8 + 8*float64(d) + overhead)
}

// A cellWriter writes cells as CSV: the pattern, one character 0 or 1 for each
// sample, the margin, empty where it is not known, and the coordinates of the
// witness.
type cellWriter struct {
	w    *bufio.Writer
	line []byte
}

// newCellWriter writes the header for d coordinates.
func newCellWriter(w io.Writer, d int) *cellWriter {
	out := &cellWriter{w: bufio.NewWriter(w)}
	out.w.WriteString("pattern,margin") // the writer keeps the error
	for j := range d {
		fmt.Fprintf(out.w, ",u%d", j+1)
	}
	out.w.WriteByte('\n')
	return out
}

func (c *cellWriter) write(cell arrangements.Cell) error {
	line := c.line[:0]
	for i := range cell.Pattern.Len() {
		bit := byte('0')
		if cell.Pattern.Active(i) {
			bit = '1'
		}
		line = append(line, bit)
	}
	if line = append(line, ','); cell.Margin > 0 {
		line = strconv.AppendFloat(line, cell.Margin, 'g', -1, 64)
	}
	for _, v := range cell.Witness {
		line = strconv.AppendFloat(append(line, ','), v+0, 'g', -1, 64) // no -0
	}
	c.line = append(line, '\n')
	_, err := c.w.Write(c.line)
	return err
}

func (c *cellWriter) flush() error { return c.w.Flush() }
