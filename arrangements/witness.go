package arrangements

import (
	"math"
	"slices"
)

// A solver finds witnesses. It is a workspace.
type solver struct {
	a    []float64
	u, z []float64
	w    []float64
}

// half returns the witness of the cell c > 0 of one coordinate.
func (s *solver) half(l *lister) []float64 {
	least := math.Inf(1)
	for _, i := range l.t.f {
		least = min(least, math.Abs(l.mx.z[int(i)*l.mx.rank])/l.mx.length[i])
	}
	s.w = append(s.w[:0], 1/least)
	return s.w
}

// solve returns a witness of the cell of l on the ray: a step from the ray into
// the cell of the lines on it, along inner, or for a simple ray to where the
// products with the rows are their lengths. The step is as long as the other
// lines allow.
func (s *solver) solve(l *lister, r *ray, inner []float64) []float64 {
	q, rank := l.t.q, l.mx.rank
	n, width := q-1, q+1
	s.a = slices.Grow(s.a[:0], n*width)[:n*width]
	for k, p := range r.basis {
		i := int(l.t.f[p])
		row := s.a[k*width : (k+1)*width]
		copy(row, l.mx.z[i*rank:i*rank+n])
		row[n] = -l.mx.z[i*rank+n]
		row[n+1] = -l.mx.length[i]
		if l.cell.Has(int(p)) {
			row[n+1] = l.mx.length[i]
		}
	}
	solveLinear(s.a, n, width)
	s.u, s.z = s.u[:0], s.z[:0]
	for k := range n {
		s.u = append(s.u, s.a[k*width+n])
		s.z = append(s.z, s.a[k*width+n+1])
	}
	if inner != nil {
		copy(s.z, inner)
	}
	step, on := math.Inf(1), r.on
	for p, i := range l.t.f {
		if len(on) > 0 && int(on[0]) == p {
			on = on[1:]
			continue
		}
		row := l.mx.z[int(i)*rank : int(i)*rank+q]
		xu, xz := row[n], 0.0
		for k, v := range row[:n] {
			xu += v * s.u[k]
			xz += v * s.z[k]
		}
		step = min(step, math.Abs(xu)/(l.mx.length[i]+math.Abs(xz)))
	}
	if math.IsInf(step, 1) {
		step = 1
	}
	s.w = s.w[:0]
	for k, v := range s.u {
		s.w = append(s.w, v/step+s.z[k])
	}
	s.w = append(s.w, 1/step)
	return s.w
}

// solveLinear solves the n x n system in the first columns of a (n x width) for
// the others, which it overwrites. Where the matrix is singular the result is
// not finite.
func solveLinear(a []float64, n, width int) {
	for c := range n {
		p := c
		for k := c + 1; k < n; k++ {
			if math.Abs(a[k*width+c]) > math.Abs(a[p*width+c]) {
				p = k
			}
		}
		if p != c {
			for k := c; k < width; k++ {
				a[p*width+k], a[c*width+k] = a[c*width+k], a[p*width+k]
			}
		}
		pivot := a[c*width : (c+1)*width]
		for k := c + 1; k < n; k++ {
			row := a[k*width : (k+1)*width]
			f := row[c] / pivot[c]
			for j := c + 1; j < width; j++ {
				row[j] -= f * pivot[j]
			}
		}
	}
	for c := n - 1; c >= 0; c-- {
		pivot := a[c*width : (c+1)*width]
		for j := n; j < width; j++ {
			for k := c + 1; k < n; k++ {
				pivot[j] -= pivot[k] * a[k*width+j]
			}
			pivot[j] /= pivot[c]
		}
	}
}
