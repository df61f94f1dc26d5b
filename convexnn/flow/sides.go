package flow

import (
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/orth"
	"github.com/convexnn/convexnn/internal/qp"
)

// Sides say for each neuron on which side of each line it is: +1 or -1, or 0 where it
// slides along the line. A line bends the loss up where the rows on it pull a neuron back
// from their active side: the flow of a steepest descent, which takes the shortest element
// of Clarke's subdifferential, then neither crosses the line nor leaves it. It stays as
// long as some share d in [0,1] of the rows' pull balances the rest.
type sides struct {
	*lines
	x       *mat.Dense
	side    [][]int8      // m x lines
	slides  [][]int       // lines of each neuron with side 0
	bases   []*orth.Basis // of their normals; nil without
	bits    []bitset.Set  // activation patterns, without the rows of slides
	product *kernel.Masked
}

func newSides(x *mat.Dense, m int) *sides {
	l := newLines(x)
	n, _ := x.Dims()
	s := &sides{lines: l, x: x, side: make([][]int8, m), slides: make([][]int, m), bases: make([]*orth.Basis, m), bits: make([]bitset.Set, m)}
	for j := range m {
		s.side[j], s.bits[j] = make([]int8, len(l.members)), bitset.New(n)
	}
	return s
}

// operator is the product with the rows of the patterns.
func (s *sides) operator() *kernel.Masked {
	if s.product == nil {
		s.product = kernel.NewMasked(s.x.RawMatrix(), s.bits)
	}
	return s.product
}

// put sets the side of neuron j at line k.
func (s *sides) put(j, k int, side int8) {
	s.side[j][k] = side
	s.product = nil
	for _, i := range s.members[k] {
		if float64(side)*s.facing[i] > 0 {
			s.bits[j].Add(i)
		} else {
			s.bits[j].Remove(i)
		}
	}
}

// products stores the products of the directions with the normals in z (m x lines).
func (s *sides) products(z *mat.Dense, at state) {
	for j := range s.side {
		kernel.MulVec(z.RawRowView(j), s.normals, at.dir(j))
	}
}

// onLine is the product of a direction with a unit normal up to which it is on the line,
// to rounding.
const onLine = 1e-9

// wrong reports whether a product has left the side of a neuron.
func (s *sides) wrong(j, k int, z float64) bool { return float64(s.side[j][k])*z < -onLine }

// bend is how much the force s_j a_j on neuron j changes along the normal of line k from its
// side -1 to its side +1.
func (s *sides) bend(sign float64, k int, signed []float64) float64 {
	sum := 0.0
	for _, i := range s.members[k] {
		sum += signed[i] * s.length[i]
	}
	return sign * sum
}

// settle decides for neuron j, which has come to some lines or slides along them, on which
// side it goes on. It reports whether anything has changed.
func (s *sides) settle(j int, come []int, at state, sign float64, signed []float64, z []float64) bool {
	var ridges []int
	changed := false
	for _, k := range slices.Concat(s.slides[j], come) {
		if s.bend(sign, k, signed) < 0 {
			ridges = append(ridges, k)
			continue
		}
		// Nothing keeps it there.
		to := int8(1)
		if z[k] < 0 {
			to = -1
		}
		s.put(j, k, to)
		changed = true
	}
	if len(ridges) == 0 {
		s.slides[j], s.bases[j] = nil, nil
		return changed
	}
	shares := s.shares(j, ridges, sign, signed)
	var slides []int
	for q, k := range ridges {
		to := int8(0)
		switch shares[q] {
		case 0:
			to = -1
		case 1:
			to = 1
		default:
			slides = append(slides, k)
		}
		if to != s.side[j][k] {
			s.put(j, k, to)
			changed = true
		}
	}
	if !slices.Equal(slides, s.slides[j]) {
		s.slide(j, slides)
		changed = true
	}
	// A step ends a little past a line. Who slides along it, or goes back, begins on it.
	var past []int
	for _, k := range ridges {
		if z[k] != 0 && float64(s.side[j][k])*z[k] <= 0 {
			past = append(past, k)
		}
	}
	return s.place(at.dir(j), past) || changed
}

// place moves a direction onto some lines near it, and reports whether it has done so.
func (s *sides) place(e []float64, list []int) bool {
	b := s.basis(list)
	if b.Len() == 0 {
		return false
	}
	to := slices.Clone(e)
	b.Complement(to)
	const near = 0.5 // or the lines do not meet near it
	length := floats.Norm(to, 2)
	if length < near {
		return false
	}
	floats.ScaleTo(e, 1/length, to)
	return true
}

// basis is an orthonormal basis of the normals of some lines.
func (s *sides) basis(list []int) *orth.Basis {
	d := s.normals.Cols
	b := orth.New(d, d-1)
	for _, k := range list {
		b.Push(s.normal(k), 1, 1e-10)
	}
	return b
}

// slide makes neuron j slide along the lines given.
func (s *sides) slide(j int, list []int) {
	s.slides[j], s.bases[j] = list, nil
	if len(list) > 0 {
		s.bases[j] = s.basis(list)
	}
}

// shares returns the share in [0,1] of the bend of each ridge with which the force on
// neuron j is the shortest: the projection onto a zonotope.
func (s *sides) shares(j int, ridges []int, sign float64, signed []float64) []float64 {
	force, bends := s.force(j, ridges, sign, signed)
	floats.Scale(-1, bends.Data)
	shares := make([]float64, len(ridges))
	qp.NewBoxProjector(bends).Project(force, shares, force)
	return shares
}

// force is s_j X'D_j v on side -1 of some ridges, and by how much it changes (one row for
// each) from there to side +1; v is signed.
func (s *sides) force(j int, ridges []int, sign float64, signed []float64) ([]float64, blas64.General) {
	d := s.normals.Cols
	force := make([]float64, d)
	for i, v := range signed {
		on := s.bits[j].Has(i)
		if slices.Contains(ridges, s.line[i]) {
			on = s.facing[i] < 0
		}
		if on {
			floats.AddScaled(force, sign*v, s.x.RawRowView(i))
		}
	}
	bends := blas64.General{Rows: len(ridges), Cols: d, Stride: d, Data: make([]float64, len(ridges)*d)}
	for q, k := range ridges {
		floats.AddScaled(bends.Data[q*d:(q+1)*d], s.bend(sign, k, signed), s.normal(k))
	}
	return force, bends
}
