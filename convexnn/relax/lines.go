package relax

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// A line is what rows of X are multiples of.
type line struct {
	longest int       // row of x
	unit    []float64 // that row, of length one
	rows    []int     // all of them
	factors []float64 // multiples of unit, negative for opposite rows
}

// lines groups the rows of x that are parallel, to rounding.
func (p *Problem) lines() []line {
	const rounding = 1e-12
	var out []line
	var units [][]float64
	for i := range p.x.Rows {
		u := slices.Clone(rowOf(p.x, i))
		length := floats.Norm(u, 2)
		floats.Scale(1/length, u)
		at := slices.IndexFunc(units, func(o []float64) bool {
			sign := math.Copysign(1, floats.Dot(u, o))
			for k, v := range u {
				if math.Abs(v-sign*o[k]) > rounding {
					return false
				}
			}
			return true
		})
		if at < 0 {
			at, units, out = len(out), append(units, u), append(out, line{longest: i})
		}
		l := &out[at]
		l.rows, l.factors = append(l.rows, i), append(l.factors, math.Copysign(length, floats.Dot(u, units[at])))
		if length > floats.Norm(rowOf(p.x, l.longest), 2) {
			l.longest = i
		}
	}
	for k := range out {
		l := &out[k]
		l.unit = slices.Clone(rowOf(p.x, l.longest))
		floats.Scale(1/floats.Norm(l.unit, 2), l.unit)
		if l.factors[slices.Index(l.rows, l.longest)] < 0 {
			floats.Scale(-1, l.factors)
		}
	}
	return out
}
