package conic

import (
	"math"
)

// scaling says how the problem that is iterated on, marked ^, comes from the user's:
//
//	x = primal D x^,   y = dual E y^,   s = dual D^-1 s^,
//
// with A^ = E A D, b^ = E b / primal, c^ = D c / dual, Q^ = primal/dual D Q D. D has one
// number for all coordinates of a second-order or semidefinite cone, so that x^ lives in
// the same cones.
type scaling struct {
	primal, dual float64
	d, e         []float64 // n, m
}

const (
	ruizPasses          = 10
	leastScale, maximum = 1e-4, 1e4 // of D and E
)

// equilibrate scales a copy of the problem so that the rows and columns of
// [Q A'; A 0] have largest entries near one (Ruiz, 2001), and b and c lengths near one.
func equilibrate(p *Problem, q *Matrix) (scaling, *Problem) {
	n, m := len(p.C), len(p.B)
	s := scaling{d: ones(n), e: ones(m)}
	columns, rows := make([]float64, n), make([]float64, m)
	for range ruizPasses {
		clear(columns)
		clear(rows)
		p.A.All(func(i, j int, v float64) {
			v = math.Abs(v) * s.e[i] * s.d[j]
			columns[j] = max(columns[j], v)
			rows[i] = max(rows[i], v)
		})
		q.All(func(i, j int, v float64) { columns[j] = max(columns[j], math.Abs(v)*s.d[i]*s.d[j]) })
		at := 0
		for _, c := range p.Cones {
			block := columns[at : at+c.Dim()]
			at += c.Dim()
			if c.Kind == SecondOrder || c.Kind == Semidefinite {
				fill(block, largest(block))
			}
		}
		shrink(s.d, columns)
		shrink(s.e, rows)
	}
	out := &Problem{C: make([]float64, n), B: make([]float64, m), Cones: p.Cones}
	for j, v := range p.C {
		out.C[j] = s.d[j] * v
	}
	for i, v := range p.B {
		out.B[i] = s.e[i] * v
	}
	s.primal, s.dual = unit(out.B), unit(out.C)
	for j := range out.C {
		out.C[j] /= s.dual
	}
	for i := range out.B {
		out.B[i] /= s.primal
	}
	out.A = p.A.mapped(func(i, j int, v float64) float64 { return s.e[i] * v * s.d[j] })
	out.Q = q.mapped(func(i, j int, v float64) float64 { return s.primal / s.dual * s.d[i] * v * s.d[j] })
	return s, out
}

// shrink divides the scales by the roots of the largest entries.
func shrink(scale, largest []float64) {
	for k, v := range largest {
		if v > 0 {
			scale[k] = min(max(scale[k]/math.Sqrt(v), leastScale), maximum)
		}
	}
}

// unit is the scale of a vector: its largest entry, or one if there is none.
func unit(v []float64) float64 {
	if u := largest(v); u > 0 {
		return u
	}
	return 1
}

// mapped returns the matrix with other values.
func (a *Matrix) mapped(f func(i, j int, v float64) float64) *Matrix {
	if a == nil {
		return nil
	}
	out := *a
	out.val = make([]float64, 0, len(a.val))
	a.All(func(i, j int, v float64) { out.val = append(out.val, f(i, j, v)) })
	return &out
}

func ones(n int) []float64 {
	v := make([]float64, n)
	fill(v, 1)
	return v
}

func fill(v []float64, x float64) {
	for k := range v {
		v[k] = x
	}
}

// largest returns the largest absolute value, zero of none.
func largest(v []float64) (norm float64) {
	for _, x := range v {
		norm = max(norm, math.Abs(x))
	}
	return norm
}
