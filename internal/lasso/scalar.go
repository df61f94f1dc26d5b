package lasso

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// scalar minimises the quadratic model of a program with one output over its
// members by an active-set method.
type scalar struct {
	members *members
	beta    float64
	q       []float64 // by slot: minus the gradient of the smooth part
	support []*column // in the order of the factor
	factor  factor
	rotated bool // columns have left the factor since it was empty
	work    [3][]float64
}

// minimise moves the gains of the members, at which minus the gradient of the
// smooth part of the model is s.q, until the optimality conditions hold within
// tolerance or no progress is made. Every move lowers the model. It returns the
// number of linear systems solved.
func (s *scalar) minimise(ctx context.Context, tolerance float64) (steps int) {
	best, idle := math.Inf(1), 0
	for ctx.Err() == nil {
		s.pass()
		s.sync()
		steps += s.descend()
		v := s.violation()
		if v <= tolerance {
			break
		}
		// The support may take long to settle with the violation going up and
		// down. A cycle is no progress: the model falls strictly, but for rounding.
		if idle++; v < best {
			best, idle = v, 0
		}
		if idle >= 20 {
			break
		}
	}
	return steps
}

// pass is one pass of coordinate descent. It lets columns in and signs change.
func (s *scalar) pass() {
	for i, col := range s.members.columns {
		if g := s.shrunk(i, col); g != col.gain[0] {
			s.move(i, col, g)
		}
	}
}

// shrunk returns the gain of a member that is best with all others fixed.
func (s *scalar) shrunk(i int, col *column) float64 {
	square := s.members.row(i)[i]
	if square == 0 {
		return col.gain[0]
	}
	t := s.q[i] + square*col.gain[0]
	switch {
	case col.free:
	case t > s.beta:
		t -= s.beta
	case t < -s.beta:
		t += s.beta
	default:
		return 0
	}
	return t / square
}

// move sets a gain and follows the gradient.
func (s *scalar) move(i int, col *column, gain float64) {
	kernel.AddScaled(s.q, col.gain[0]-gain, s.members.row(i))
	col.gain[0] = gain
}

// price returns the derivative of the penalty of a column with a nonzero gain.
func (s *scalar) price(col *column) float64 {
	if col.free {
		return 0
	}
	return math.Copysign(s.beta, col.gain[0])
}

// sync makes the support that of the gains. It is kept independent: a column in
// the span of the others is exchanged against one of them.
func (s *scalar) sync() {
	for p := len(s.support) - 1; p >= 0; p-- {
		if col := s.support[p]; !col.free && col.gain[0] == 0 {
			s.remove(p)
		}
	}
	for i, col := range s.members.columns {
		if col.held || !col.free && col.gain[0] == 0 {
			continue
		}
		for !s.push(i, col) && s.exchange(i, col) && col.gain[0] != 0 {
		}
	}
}

// push appends a column to the support unless it is dependent. It leaves
// R'^-1 A_S'a in the first workspace.
func (s *scalar) push(i int, col *column) bool {
	w := resize(&s.work[0], len(s.support))
	row := s.members.row(i)
	for p, other := range s.support {
		w[p] = row[other.slot]
	}
	if row[i] == 0 || !s.factor.push(w, row[i]) {
		return false
	}
	s.support = append(s.support, col)
	col.held = true
	return true
}

func (s *scalar) remove(p int) {
	s.support[p].held = false
	s.support = slices.Delete(s.support, p, p+1)
	s.factor.remove(p)
	s.rotated = true
}

// retain sends columns out of the support.
func (s *scalar) retain(keep func(*column) bool) {
	for p := len(s.support) - 1; p >= 0; p-- {
		if !keep(s.support[p]) {
			s.remove(p)
		}
	}
}

// reset empties the support and its factor, to be built anew.
func (s *scalar) reset() {
	for _, col := range s.support {
		col.held = false
	}
	s.support, s.factor.n, s.rotated = s.support[:0], 0, false
}

// exchange follows the line on which the gain of a column that push refused
// changes and those of the support keep the fit as it is, in the direction in
// which the objective falls, until a gain vanishes or the least value on the line
// is reached. Where the objective is level, as between copies, the column gives
// way. exchange reports whether a column left the support.
func (s *scalar) exchange(i int, col *column) bool {
	row := s.members.row(i)
	if row[i] == 0 {
		return false
	}
	// A z is the projection of a on the span, and pivot its squared distance.
	z := s.work[0]
	pivot := max(row[i]-kernel.Dot(z, z), dependent*row[i])
	s.factor.backward(z)
	slope := s.price(col) - s.q[i]
	for p, other := range s.support {
		slope -= z[p] * (s.price(other) - s.q[other.slot])
	}
	step, leaves := -slope/pivot, -1
	const level = 1e-12
	if g := col.gain[0]; !col.free && (g*step <= 0 && math.Abs(g) <= math.Abs(step) || math.Abs(slope) <= level*s.beta) {
		step, leaves = -g, len(z)
	}
	for p, other := range s.support {
		if g := other.gain[0]; !other.free && g*z[p]*step > 0 && math.Abs(g) <= math.Abs(step*z[p]) {
			step, leaves = g/z[p], p
		}
	}
	if leaves == len(z) {
		s.move(i, col, 0)
	} else {
		s.move(i, col, col.gain[0]+step)
	}
	for p, other := range s.support {
		g := other.gain[0] - step*z[p]
		if p == leaves || !other.free && g*other.gain[0] <= 0 {
			g = 0
		}
		s.move(other.slot, other, g)
	}
	left := false
	for p := len(s.support) - 1; p >= 0; p-- {
		if other := s.support[p]; !other.free && other.gain[0] == 0 {
			s.remove(p)
			left = true
		}
	}
	return left
}

// descend minimises the model over the gains of the support, by Newton steps for
// the signs at hand. The column of a gain that vanishes on the way leaves the
// support and the step is taken anew. It returns the number of steps.
func (s *scalar) descend() (steps int) {
	size := len(s.support)
	before := resize(&s.work[0], s.members.len())
	for i, col := range s.members.columns {
		before[i] = col.gain[0]
	}
	// What the gradients of the support lack to be stationary. A Newton step of
	// length t takes away the part t of it, so that it needs no product.
	lack := resize(&s.work[1], size)
	for p, col := range s.support {
		lack[p] = s.q[col.slot] - s.price(col)
	}
	most := largest(lack)
	d := resize(&s.work[2], size)
	for len(s.support) > 0 {
		d = d[:len(lack)]
		copy(d, lack)
		s.factor.forward(d)
		s.factor.backward(d)
		steps++
		t, leaves := 1.0, -1
		for p, col := range s.support {
			if g := col.gain[0]; !col.free && d[p]*g < 0 && -g/d[p] < t {
				t, leaves = -g/d[p], p
			}
		}
		for p := len(s.support) - 1; p >= 0; p-- {
			col := s.support[p]
			g := col.gain[0] + t*d[p]
			if !col.free && (p == leaves || g*col.gain[0] <= 0) {
				col.gain[0] = 0
				s.remove(p)
				lack = slices.Delete(lack, p, p+1)
				continue
			}
			col.gain[0] = g
		}
		if leaves < 0 {
			break
		}
		floats.Scale(1-t, lack)
	}
	for i, col := range s.members.columns {
		if d := before[i] - col.gain[0]; d != 0 {
			kernel.AddScaled(s.q, d, s.members.row(i))
		}
	}
	lack = lack[:len(s.support)]
	for p, col := range s.support {
		lack[p] = s.q[col.slot] - s.price(col)
	}
	// Rotations add up rounding.
	const good = 1e-6
	if s.rotated && !(largest(lack) <= good*most+rounding*s.beta) {
		s.reset()
	}
	return steps
}

// largest returns the greatest magnitude among v, 0 for none.
func largest(v []float64) float64 { return floats.Norm(v, math.Inf(1)) }

// violation returns the worst violation of the optimality conditions of the
// model, relative to beta.
func (s *scalar) violation() float64 {
	worst := 0.0
	for i, col := range s.members.columns {
		v := math.Abs(s.q[i]) - s.beta
		if col.free || col.gain[0] != 0 {
			v = math.Abs(s.q[i] - s.price(col))
		}
		worst = max(worst, v/s.beta)
	}
	return worst
}

// resize returns a slice of n numbers, *buffer or a longer one in its place.
func resize(buffer *[]float64, n int) []float64 {
	if cap(*buffer) < n {
		*buffer = make([]float64, n+n/2)
	}
	*buffer = (*buffer)[:n]
	return *buffer
}
