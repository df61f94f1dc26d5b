package baseline

import (
	"errors"
	"fmt"
	"math"

	"github.com/sajari/regression"
	"gonum.org/v1/gonum/mat"
)

var (
	// ErrShape is returned where dimensions do not fit each other.
	ErrShape = errors.New("shapes do not match")
	// ErrNotFinite is returned for NaN or infinite input.
	ErrNotFinite = errors.New("value is not finite")
)

// A Method is a way to fit the linear model.
type Method string

const (
	// LeastSquares is ordinary least squares on independent columns.
	LeastSquares Method = "least squares"
	// Ridge is least squares with a penalty on the coefficients, a tiny one in [Fit].
	Ridge Method = "ridge"
)

// maxRows is the most rows given to ordinary least squares.
const maxRows = 2000

// A Model is a fitted linear model.
type Model struct {
	Method  Method
	Columns int // columns with a coefficient; the others were constant or dependent
	// Penalty of FitRidge, and the sum of squares of its predictions of samples left
	// out, in the units of the target: +Inf where one of them decides its own
	// prediction. Fit leaves both 0.
	Penalty, PRESS float64

	inputs []scaling
	target scaling
	offset float64   // in scaled units
	slopes []float64 // in scaled units, 0 for columns left out
}

// A scaling maps v to (v - mean)/size.
type scaling struct{ mean, size float64 }

func (s scaling) apply(v float64) float64 { return v/s.size - s.mean/s.size }

// Fit regresses y (n) on the columns of x (n x d) and an intercept. The error is
// [ErrShape] or [ErrNotFinite].
func Fit(x *mat.Dense, y []float64) (*Model, error) {
	m, columns, varying, targets, err := prepare(x, y)
	if err != nil {
		return nil, err
	}
	return m, m.fit(columns, varying, targets)
}

// prepare scales columns and target, and lists the columns that vary.
func prepare(x *mat.Dense, y []float64) (m *Model, columns [][]float64, varying []int, targets []float64, err error) {
	n, d := x.Dims()
	if n == 0 || n != len(y) {
		return nil, nil, nil, nil, fmt.Errorf("%w: %d rows and %d targets", ErrShape, n, len(y))
	}
	m = &Model{inputs: make([]scaling, d), slopes: make([]float64, d)}
	if m.target, err = scalingOf(y); err != nil {
		return nil, nil, nil, nil, fmt.Errorf("target: %w", err)
	}
	columns = make([][]float64, d)
	for j := range d {
		column := mat.Col(nil, j, x)
		if m.inputs[j], err = scalingOf(column); err != nil {
			return nil, nil, nil, nil, fmt.Errorf("column %d: %w", j, err)
		}
		if m.inputs[j].size == 0 {
			continue
		}
		for i, v := range column {
			column[i] = m.inputs[j].apply(v)
		}
		columns[j] = column
		varying = append(varying, j)
	}
	targets = make([]float64, n)
	if m.target.size > 0 {
		for i, v := range y {
			targets[i] = m.target.apply(v)
		}
	}
	return m, columns, varying, targets, nil
}

// fit chooses the method and sets the coefficients of the scaled columns, of
// which those listed vary.
func (m *Model) fit(columns [][]float64, varying []int, y []float64) error {
	n := len(y)
	m.Method = LeastSquares
	if len(varying) == 0 || m.target.size == 0 {
		return nil // the mean is all there is
	}
	if n > maxRows || n < len(varying)+2 {
		m.Method, m.Columns = Ridge, len(varying)
		return m.ridge(columns, varying, y)
	}
	kept := independent(columns, varying)
	m.Columns = len(kept)
	var r regression.Regression
	for i, v := range y {
		row := make([]float64, len(kept))
		for k, j := range kept {
			row[k] = columns[j][i]
		}
		r.Train(regression.DataPoint(v, row))
	}
	if err := r.Run(); err != nil {
		return fmt.Errorf("linear model: %w", err)
	}
	for k, c := range r.GetCoeffs() {
		if k == 0 {
			m.offset = c
		} else {
			m.slopes[kept[k-1]] = c
		}
	}
	return nil
}

// Predict returns the n predictions for x (n x d). The error is [ErrShape].
func (m *Model) Predict(x mat.Matrix) ([]float64, error) {
	n, d := x.Dims()
	if d != len(m.inputs) {
		return nil, fmt.Errorf("%w: %d columns where the model takes %d", ErrShape, d, len(m.inputs))
	}
	out := make([]float64, n)
	for i := range out {
		f := m.offset
		for j, c := range m.slopes {
			if c != 0 {
				f += c * m.inputs[j].apply(x.At(i, j))
			}
		}
		out[i] = m.target.mean + m.target.size*f
	}
	return out, nil
}

// Coefficients returns the intercept and the slope of each column; columns left
// out have the slope 0.
func (m *Model) Coefficients() (intercept float64, slopes []float64) {
	f := m.offset
	slopes = make([]float64, len(m.slopes))
	for j, c := range m.slopes {
		if c != 0 {
			slopes[j] = c / m.inputs[j].size * m.target.size
			f -= c * (m.inputs[j].mean / m.inputs[j].size)
		}
	}
	return m.target.mean + m.target.size*f, slopes
}

// scalingOf returns the scaling of a column to mean 0 and largest absolute value
// 1. Its size is 0 where the column is constant up to rounding.
func scalingOf(v []float64) (scaling, error) {
	const rounding = 1e-13
	most, low, high := 0.0, v[0], v[0]
	for i, e := range v {
		if math.IsNaN(e) || math.IsInf(e, 0) {
			return scaling{}, fmt.Errorf("%w: row %d holds %v", ErrNotFinite, i, e)
		}
		most, low, high = max(most, math.Abs(e)), min(low, e), max(high, e)
	}
	if low == high {
		// The rounding of the mean grows with the number of rows, and would pass
		// for variation.
		return scaling{mean: low}, nil
	}
	var s scaling
	for _, e := range v {
		s.mean += e / float64(len(v))
	}
	for _, e := range v {
		s.size = max(s.size, math.Abs(e/2-s.mean/2)) // halves do not overflow
	}
	s.size = min(s.size, math.MaxFloat64/2) * 2
	if s.size <= rounding*most {
		s = scaling{mean: v[0]}
	}
	return s, nil
}
