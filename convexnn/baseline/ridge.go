package baseline

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// ErrPenalty is returned for a ridge penalty that is negative or not finite.
var ErrPenalty = errors.New("the ridge penalty must be finite and not negative")

// RidgeSettings steer [FitRidge]. The zero value works.
type RidgeSettings struct {
	// Penalty on the squared coefficients of standardised columns; 0 means the one of
	// 100 with the least error when each sample is left out once.
	Penalty float64
}

// FitRidge regresses y (n) on the columns of x (n x d) and an intercept with
//
//	minimise 1/2 |y - a - Z c|^2 + penalty/2 |c|^2
//
// over a and c, Z being the columns of x with mean 0 and variance 1 (Hoerl and Kennard,
// 1970). It is the model of one sample left out that chooses the penalty: for the hat
// matrix H of a penalty, the sum over i of ((y_i - f_i)/(1 - H_ii))^2 is the sum of
// squares of predictions of each y_i by the fit to all other samples (Allen's PRESS,
// 1974), with the scaling of all samples. [Model.Penalty] and [Model.PRESS] say what was
// chosen.
//
// The error is [ErrShape], [ErrNotFinite] or [ErrPenalty].
func FitRidge(x *mat.Dense, y []float64, settings RidgeSettings) (*Model, error) {
	if !(settings.Penalty >= 0) || math.IsInf(settings.Penalty, 1) {
		return nil, fmt.Errorf("%w, got %v", ErrPenalty, settings.Penalty)
	}
	m, columns, varying, targets, err := prepare(x, y)
	if err != nil {
		return nil, err
	}
	m.Method, m.Columns = Ridge, len(varying)
	if len(varying) == 0 || m.target.size == 0 {
		m.Penalty = settings.Penalty
		return m, nil
	}
	return m, m.shrink(columns, varying, targets, settings.Penalty)
}

// shrink sets penalty and slopes, by the singular values of the columns listed.
func (m *Model) shrink(columns [][]float64, varying []int, y []float64, penalty float64) error {
	n := len(y)
	z := mat.NewDense(n, len(varying), nil)
	scales := make([]float64, len(varying))
	for k, j := range varying {
		mean, deviation := stat.PopMeanStdDev(columns[j], nil)
		scales[k] = deviation
		for i, v := range columns[j] {
			z.Set(i, k, (v-mean)/deviation)
		}
	}
	var f mat.SVD
	if !f.Factorize(z, mat.SVDThin) {
		return errors.New("linear model: no singular values were found")
	}
	s := spectrum{values: f.Values(nil), y: y}
	f.UTo(&s.u)
	var v mat.Dense
	f.VTo(&v)
	s.inner = make([]float64, len(s.values))
	mat.NewVecDense(len(s.inner), s.inner).MulVec(s.u.T(), mat.NewVecDense(n, y))

	m.Penalty = penalty
	if penalty == 0 {
		m.Penalty = s.choose()
	}
	m.PRESS = s.press(m.Penalty) * m.target.size * m.target.size
	coefficients := make([]float64, len(s.values))
	for k, value := range s.values {
		coefficients[k] = value / (value*value + m.Penalty) * s.inner[k]
	}
	for k, j := range varying {
		m.slopes[j] = floats.Dot(v.RawRowView(k), coefficients) / scales[k]
	}
	return nil
}

// A spectrum is the singular value decomposition of columns with mean 0, and a target
// with mean 0.
type spectrum struct {
	u      mat.Dense
	values []float64
	y      []float64
	inner  []float64 // U'y
}

// choose returns the penalty with the least PRESS, from 1e-8 to 1e3 times the largest
// square of a singular value.
func (s *spectrum) choose() float64 {
	const count = 100
	most := s.values[0] * s.values[0]
	best, least := 1e3*most, math.Inf(1)
	for _, penalty := range floats.LogSpan(make([]float64, count), 1e3*most, 1e-8*most) {
		if press := s.press(penalty); press < least {
			best, least = penalty, press
		}
	}
	return best
}

// press is the sum of squares of the errors on samples left out, +Inf where a sample
// alone decides its prediction.
func (s *spectrum) press(penalty float64) float64 {
	n := len(s.y)
	kept := make([]float64, len(s.values))
	for k, v := range s.values {
		kept[k] = v * v / (v*v + penalty)
	}
	sum := 0.0
	for i := range n {
		f, own := 0.0, 1/float64(n) // of the intercept
		for k, u := range s.u.RawRowView(i) {
			f += u * kept[k] * s.inner[k]
			own += u * u * kept[k]
		}
		if 1-own < 1e-12 {
			return math.Inf(1)
		}
		e := (s.y[i] - f) / (1 - own)
		sum += e * e
	}
	return sum
}
