package lasso

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// column is one feature and its gain.
type column struct {
	feature []float64 // n
	square  float64   // |feature|^2
	gain    []float64 // c
	free    bool
	slot    int  // place among the members, -1 outside
	held    bool // in the factor of the support
}

// active reports whether the gain of the column takes part in the fit.
func (col *column) active() bool {
	for _, g := range col.gain {
		if g != 0 {
			return true
		}
	}
	return false
}

// Master is a program and its current gains. It is not safe for concurrent use.
type Master struct {
	loss    Loss
	exact   bool // the loss is quadratic with the identity as Hessian
	beta    float64
	n, c    int
	columns []*column
	fit     []float64 // n x c: F at the gains, if fresh
	dual    []float64 // n x c: minus the gradient of the loss at fit, if fresh
	value   float64   // the loss at fit, if fresh
	fresh   bool
	plane   []float64 // c x n: a transposed n x c matrix
	members *members
	scalar  scalar
	groups  groups
	damping float64 // of Newton steps, from one solve to the next
}

// New returns a program without columns. beta must be positive.
func New(loss Loss, beta float64) *Master {
	if !(beta > 0) {
		panic(fmt.Sprintf("lasso: beta is %v, want > 0", beta))
	}
	n, c := loss.Samples(), loss.Outputs()
	m := &Master{loss: loss, beta: beta, n: n, c: c, members: &members{}, damping: firstDamping}
	_, m.exact = loss.(*Squared)
	m.fit, m.dual, m.plane = make([]float64, n*c), make([]float64, n*c), make([]float64, n*c)
	m.scalar = scalar{members: m.members, beta: beta}
	m.groups = groups{members: m.members, beta: beta, c: c, q: make([][]float64, c)}
	return m
}

// Add appends a penalised column with gain 0 and returns its index. The n
// numbers of feature are kept, not copied; they must be finite and so must be the
// sum of their squares.
func (m *Master) Add(feature []float64) int { return m.add(feature, false) }

// AddFree appends an unpenalised column, otherwise like [Master.Add]. An
// intercept is the column of ones. Keep never drops it.
func (m *Master) AddFree(feature []float64) int { return m.add(feature, true) }

func (m *Master) add(feature []float64, free bool) int {
	if len(feature) != m.n {
		panic(fmt.Sprintf("lasso: a column of %d samples, want %d", len(feature), m.n))
	}
	m.columns = append(m.columns, &column{
		feature: feature,
		square:  kernel.Dot(feature, feature),
		gain:    make([]float64, m.c),
		free:    free,
		slot:    -1,
	})
	return len(m.columns) - 1
}

// Len returns the number of columns, free ones included.
func (m *Master) Len() int { return len(m.columns) }

// Gain returns the gain of column k (c numbers): a view, to be read only, that
// Solve and SetGain change.
func (m *Master) Gain(k int) []float64 { return m.columns[k].gain }

// SetGain sets the gain of column k to a copy of g (c finite numbers).
func (m *Master) SetGain(k int, g []float64) {
	if len(g) != m.c {
		panic(fmt.Sprintf("lasso: a gain of %d outputs, want %d", len(g), m.c))
	}
	copy(m.columns[k].gain, g)
	m.fresh = false
}

// Keep drops the penalised columns whose index keep refuses, with their gains.
// The order of the others stays, their indices move down. keep is not asked about
// free columns, which stay.
func (m *Master) Keep(keep func(k int) bool) {
	dropped := map[*column]bool{}
	for k, col := range m.columns {
		if !col.free && !keep(k) {
			dropped[col] = true
			m.fresh = m.fresh && !col.active()
		}
	}
	if len(dropped) == 0 {
		return
	}
	stays := func(col *column) bool { return !dropped[col] }
	m.columns = slices.DeleteFunc(m.columns, func(col *column) bool { return dropped[col] })
	m.scalar.retain(stays)
	m.members.retain(stays)
}

// refresh evaluates the predictions and the loss at the current gains.
func (m *Master) refresh() {
	if m.fresh {
		return
	}
	clear(m.plane)
	for _, col := range m.columns {
		m.accumulate(m.plane, col.feature, col.gain)
	}
	transpose(m.fit, m.plane, m.c)
	m.loss.Residual(m.dual, m.fit)
	m.value = m.loss.Value(m.fit)
	m.fresh = true
}

// accumulate adds g a' to plane (c x n).
func (m *Master) accumulate(plane, a, g []float64) {
	for l, gl := range g {
		if gl != 0 {
			kernel.AddScaled(plane[l*m.n:(l+1)*m.n], gl, a)
		}
	}
}

// transpose sets dst (n x c) to the transpose of src (c x n).
func transpose(dst, src []float64, c int) {
	if c == 1 {
		copy(dst, src)
		return
	}
	n := len(src) / c
	for l := range c {
		for i, v := range src[l*n : (l+1)*n] {
			dst[i*c+l] = v
		}
	}
}

// Residual returns minus the gradient of the loss at the current gains, n x c and
// row-major, in a fresh slice. It is the dual point of the program.
func (m *Master) Residual() []float64 {
	m.refresh()
	return append([]float64(nil), m.dual...)
}

// Objective returns L(F) + beta sum |g_k| at the current gains.
func (m *Master) Objective() float64 {
	m.refresh()
	sum := 0.0
	for _, col := range m.columns {
		if !col.free {
			sum += floats.Norm(col.gain, 2)
		}
	}
	return m.value + m.beta*sum
}

// Price returns |a_k'v| for the feature a_k of column k and any v (n x c,
// row-major). At the residual of a solution it is at most beta for penalised
// columns, and zero for free ones.
func (m *Master) Price(k int, v []float64) float64 {
	a, c := m.columns[k].feature, m.c
	if len(v) != m.n*c {
		panic(fmt.Sprintf("lasso: a dual point of %d numbers, want %d x %d", len(v), m.n, c))
	}
	if c == 1 {
		return math.Abs(kernel.Dot(a, v))
	}
	p := make([]float64, c)
	for i, ai := range a {
		if ai != 0 {
			kernel.AddScaled(p, ai, v[i*c:(i+1)*c])
		}
	}
	return floats.Norm(p, 2)
}
