package svm

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// column is one feature and its gain.
type column struct {
	feature []float64 // n
	scale   float64   // power of two next to the largest magnitude in feature
	gain    []float64 // one number
}

// Master is a program and its current gains. It is not safe for concurrent use.
type Master struct {
	beta    float64
	n       int
	margin  []float64 // n: |y_i|
	sign    []float64 // n: that of y_i
	columns []*column
	fit     []float64 // n: the predictions at the gains, if fresh
	fresh   bool
	dual    []float64 // n: q of the last solve, in [0, 1]; ones before it
}

// New returns a program without columns for the targets y (n finite numbers), whose
// signs are the classes and whose magnitudes are the margins asked for. beta must be
// positive.
func New(y []float64, beta float64) *Master {
	if !(beta > 0) {
		panic(fmt.Sprintf("svm: beta is %v, want > 0", beta))
	}
	n := len(y)
	m := &Master{
		beta: beta, n: n, margin: make([]float64, n), sign: make([]float64, n),
		fit: make([]float64, n), dual: make([]float64, n),
	}
	for i, v := range y {
		m.margin[i], m.sign[i], m.dual[i] = math.Abs(v), 1, 1
		if v < 0 {
			m.sign[i] = -1
		}
	}
	return m
}

// Add appends a column with gain 0 and returns its index. The n numbers of feature
// are kept, not copied; they must be finite.
func (m *Master) Add(feature []float64) int {
	if len(feature) != m.n {
		panic(fmt.Sprintf("svm: a column of %d samples, want %d", len(feature), m.n))
	}
	m.columns = append(m.columns, &column{
		feature: feature,
		scale:   kernel.PowerOfTwo(floats.Norm(feature, math.Inf(1))),
		gain:    make([]float64, 1),
	})
	return len(m.columns) - 1
}

// Len returns the number of columns.
func (m *Master) Len() int { return len(m.columns) }

// Gain returns the gain of column k (one number): a view, to be read only, that
// Solve and SetGain change.
func (m *Master) Gain(k int) []float64 { return m.columns[k].gain }

// SetGain sets the gain of column k to a copy of g (one finite number).
func (m *Master) SetGain(k int, g []float64) {
	if len(g) != 1 {
		panic(fmt.Sprintf("svm: a gain of %d outputs, want 1", len(g)))
	}
	m.columns[k].gain[0] = g[0]
	m.fresh = false
}

// Keep drops the columns whose index keep refuses, with their gains. The order of
// the others stays, their indices move down.
func (m *Master) Keep(keep func(k int) bool) {
	stays := m.columns[:0]
	for k, col := range m.columns {
		if keep(k) {
			stays = append(stays, col)
		} else if col.gain[0] != 0 {
			m.fresh = false
		}
	}
	clear(m.columns[len(stays):])
	m.columns = stays
}

// Objective returns sum_i max(0, m_i - s_i f_i) + beta sum_k |g_k| at the current
// gains.
func (m *Master) Objective() float64 {
	if !m.fresh {
		clear(m.fit)
		for _, col := range m.columns {
			if g := col.gain[0]; g != 0 {
				kernel.AddScaled(m.fit, g, col.feature)
			}
		}
		m.fresh = true
	}
	hinge, norm := 0.0, 0.0
	for i, f := range m.fit {
		hinge += max(0, m.margin[i]-m.sign[i]*f)
	}
	for _, col := range m.columns {
		norm += math.Abs(col.gain[0])
	}
	return hinge + m.beta*norm
}

// Residual returns the dual point v, v_i = s_i q_i, of the last solve in a fresh slice
// (n numbers): 0 <= q <= 1, and |a_k'v| <= beta for every column of that solve. Before
// the first it is that of a program without columns, v = s.
func (m *Master) Residual() []float64 {
	return floats.MulTo(make([]float64, m.n), m.sign, m.dual)
}

// Price returns |a_k'v| for the feature a_k of column k and any v (n numbers). At the
// residual of a solution it is at most beta.
func (m *Master) Price(k int, v []float64) float64 {
	if len(v) != m.n {
		panic(fmt.Sprintf("svm: a dual point of %d numbers, want %d", len(v), m.n))
	}
	return math.Abs(kernel.Dot(m.columns[k].feature, v))
}
