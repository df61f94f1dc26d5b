package pricing

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
)

// lines are the samples as seen in a flat of dimension k: unit vectors y_j with
// weights for both of their sides, so that the value at u is the length of
// sum (y_j.u)_+ plus_j + (-y_j.u)_+ minus_j.
type lines struct {
	k, c              int
	y                 []float64 // by rows of length k
	plus, minus, both []float64 // by rows of length c; both is the sum of the two
	first             []int     // the first of the samples on the line
}

func (l *lines) row(j int) []float64                 { return l.y[j*l.k : (j+1)*l.k] }
func (l *lines) weight(w []float64, j int) []float64 { return w[j*l.c : (j+1)*l.c] }
func (l *lines) matrix() *mat.Dense                  { return mat.NewDense(len(l.first), l.k, slices.Clone(l.y)) }

// add appends a line.
func (l *lines) add(y, plus, minus []float64, scale float64, first int) {
	l.y = append(l.y, y...)
	l.first = append(l.first, first)
	for k, p := range plus {
		l.plus = append(l.plus, scale*p)
		l.minus = append(l.minus, scale*minus[k])
		l.both = append(l.both, scale*(p+minus[k]))
	}
}

// inactive sets b to the matrix where no line is active.
func (l *lines) inactive(b []float64) {
	clear(b)
	for j := range l.first {
		addOuter(b, -1, l.weight(l.minus, j), l.row(j))
	}
}

// whole returns the sum of the matrices of a cell and of its opposite.
func (l *lines) whole() []float64 {
	b := make([]float64, l.c*l.k)
	l.inactive(b)
	for j := range l.first {
		addOuter(b, 1, l.weight(l.plus, j), l.row(j))
	}
	return b
}

// size returns the sum of the lengths of the weights.
func (l *lines) size() float64 {
	sum := 0.0
	for j := range l.first {
		sum += norm(l.weight(l.plus, j)) + norm(l.weight(l.minus, j))
	}
	return sum
}

// side returns 1 or -1 if that times z lies in the closed cell, and 0 otherwise.
func (l *lines) side(z []float64, active bitset.Set) float64 {
	up, down := true, true
	for j := range l.first {
		dot := 0.0
		for k, e := range l.y[j*l.k:][:len(z)] {
			dot += e * z[k]
		}
		if !active.Has(j) {
			dot = -dot
		}
		up = up && dot >= -flatTolerance
		down = down && dot <= flatTolerance
		if !up && !down {
			return 0
		}
	}
	if up {
		return 1
	}
	return -1
}

// merged returns the lines with those that are parallel put together, and without
// rows of zeros.
func (l *lines) merged() *lines {
	// Parallel unit vectors have about the same product, up to sign, with any
	// vector, so that in the order of these few need comparison.
	var order []int
	key := make([]float64, len(l.first))
	for j := range l.first {
		if norm(l.row(j)) == 0 {
			continue
		}
		order = append(order, j)
		for k, e := range l.row(j) {
			key[j] += e * math.Sqrt(float64(k)+0.7)
		}
		key[j] = math.Abs(key[j])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(key[a], key[b]) })
	window := 2 * flatTolerance * float64(l.k+1)
	group := make([]int, len(l.first)) // the leader of each line, -1 for none
	for j := range group {
		group[j] = -1
	}
	for pos, j := range order {
		group[j] = j
		for back := pos - 1; back >= 0 && key[j]-key[order[back]] <= window; back-- {
			if i := order[back]; group[i] == i && math.Abs(parallelTo(l.row(i), l.row(j))) == 1 {
				group[j] = i
				break
			}
		}
	}
	// In the order of their first samples.
	members := make(map[int][]int)
	var leaders []int
	for j, g := range group {
		if g < 0 {
			continue
		}
		if len(members[g]) == 0 {
			leaders = append(leaders, g)
		}
		members[g] = append(members[g], j)
	}
	out := &lines{k: l.k, c: l.c}
	for _, g := range leaders {
		plus, minus := make([]float64, l.c), make([]float64, l.c)
		first := l.first[members[g][0]]
		for _, j := range members[g] {
			p, m := l.weight(l.plus, j), l.weight(l.minus, j)
			if parallelTo(l.row(g), l.row(j)) < 0 {
				p, m = m, p
			}
			floats.Add(plus, p)
			floats.Add(minus, m)
		}
		out.add(l.row(g), plus, minus, 1, first)
	}
	return out
}

// parallelTo returns 1 or -1 if the unit vectors a and b agree up to that sign, and
// 0 otherwise.
func parallelTo(a, b []float64) float64 {
	var minus, plus float64
	for k, v := range a {
		minus += (v - b[k]) * (v - b[k])
		plus += (v + b[k]) * (v + b[k])
	}
	switch {
	case minus <= flatTolerance*flatTolerance:
		return 1
	case plus <= flatTolerance*flatTolerance:
		return -1
	}
	return 0
}

// within returns the lines as seen in the hyperplane that the reflection maps to
// the first k-1 coordinates.
func (l *lines) within(r reflection) *lines {
	out := &lines{k: l.k - 1, c: l.c}
	y := make([]float64, l.k)
	for j, first := range l.first {
		copy(y, l.row(j))
		r.apply(y)
		part := y[:l.k-1]
		if length := norm(part); length > flatTolerance {
			floats.Scale(1/length, part)
			out.add(part, l.weight(l.plus, j), l.weight(l.minus, j), length, first)
		}
	}
	return out
}

// A reflection maps the unit vector that it was made for to the last coordinate
// axis, up to sign (Householder).
type reflection []float64

func newReflection(y []float64) reflection {
	h := slices.Clone(y)
	last := len(h) - 1
	h[last] += math.Copysign(1, h[last])
	floats.Scale(1/norm(h), h)
	return h
}

func (h reflection) apply(v []float64) { floats.AddScaled(v, -2*floats.Dot(h, v), h) }

// lift maps the first k-1 coordinates to a vector of the hyperplane.
func (h reflection) lift(u []float64) []float64 {
	out := make([]float64, len(h))
	copy(out, u)
	h.apply(out)
	return out
}

// A rowSpace is an orthonormal basis of the space that the rows of the data span.
type rowSpace struct {
	q    blas64.General // rank x d
	rest []float64      // what is left of each unit row outside of it
}

// newRowSpace chooses, one after the other, the rows farthest from the span of
// those before.
func newRowSpace(data *cellData, rank int) *rowSpace {
	s := &rowSpace{q: blas64.General{Cols: data.d, Stride: max(1, data.d)}, rest: make([]float64, data.n)}
	left := slices.Clone(data.unit.Data)
	part := func(i int) []float64 { return left[i*data.d : (i+1)*data.d] }
	for range rank {
		pivot := 0
		for i := range data.n {
			if norm(part(i)) > norm(part(pivot)) {
				pivot = i
			}
		}
		q := slices.Clone(part(pivot))
		if norm(q) <= flatTolerance {
			break
		}
		floats.Scale(1/norm(q), q)
		s.complement(q) // again, now that it is of unit length
		if norm(q) < 0.5 {
			break // it was nothing but rounding
		}
		floats.Scale(1/norm(q), q)
		s.q.Data = append(s.q.Data, q...)
		s.q.Rows++
		for i := range data.n {
			floats.AddScaled(part(i), -floats.Dot(part(i), q), q)
		}
	}
	for i := range data.n {
		s.complement(part(i))
		s.rest[i] = norm(part(i))
	}
	return s
}

func (s *rowSpace) row(k int) []float64 { return s.q.Data[k*s.q.Stride:][:s.q.Cols] }

func (s *rowSpace) complement(v []float64) {
	for k := range s.q.Rows {
		floats.AddScaled(v, -floats.Dot(v, s.row(k)), s.row(k))
	}
}

// lines returns the samples in coordinates of the basis, one line for each, of
// which rows of zeros are zero.
func (s *rowSpace) lines(p *outputs) *lines {
	out := &lines{k: s.q.Rows, c: p.c}
	none := make([]float64, p.c)
	y := make([]float64, s.q.Rows)
	for i := range p.n {
		for k := range y {
			y[k] = floats.Dot(p.row(i), s.row(k))
		}
		out.add(y, p.weight(i), none, 1, i)
	}
	return out
}

// lift returns the unit vector of R^d with the given coordinates.
func (s *rowSpace) lift(u []float64) []float64 {
	out := make([]float64, s.q.Cols)
	for k, e := range u {
		floats.AddScaled(out, e, s.row(k))
	}
	floats.Scale(1/norm(out), out)
	return out
}
