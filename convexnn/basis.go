package convexnn

import (
	"slices"

	"gonum.org/v1/gonum/floats"
)

// dependent is the distance of a unit vector from the span of others below which
// it counts as inside.
const dependent = 1e-9

// basis is a set of linearly independent n-vectors with its QR factorisation,
// a_k = norm_k Q r_k, by Gram-Schmidt.
type basis struct {
	members []int       // names of the vectors, in order of arrival
	vectors [][]float64 // as given
	norms   []float64
	q       [][]float64 // orthonormal
	r       [][]float64 // r[k]: k+1 coefficients of the unit vector of a_k
}

// add adds v and returns nil if it is independent of the members. Otherwise it
// leaves the members as they are and returns c, one coefficient for each member
// and a last one for v, with sum_k c_k a_k + c_last v = 0.
func (b *basis) add(name int, v []float64) []float64 {
	k := len(b.members)
	norm := floats.Norm(v, 2)
	c := make([]float64, k+1)
	c[k] = 1
	if norm == 0 {
		return c
	}
	unit := floats.ScaleTo(make([]float64, len(v)), 1/norm, v)
	r := make([]float64, k+1)
	for range 2 { // twice is enough to make Gram-Schmidt stable
		for i, q := range b.q {
			t := floats.Dot(q, unit)
			r[i] += t
			floats.AddScaled(unit, -t, q)
		}
	}
	r[k] = floats.Norm(unit, 2)
	if r[k] > dependent {
		floats.Scale(1/r[k], unit)
		b.members = append(b.members, name)
		b.vectors = append(b.vectors, v)
		b.norms = append(b.norms, norm)
		b.q = append(b.q, unit)
		b.r = append(b.r, r)
		return nil
	}
	// Back substitution: unit(v) = sum_k x_k unit(a_k).
	x := r[:k]
	for i := k - 1; i >= 0; i-- {
		x[i] /= b.r[i][i]
		floats.AddScaled(x[:i], -x[i], b.r[i][:i])
	}
	for i := range x {
		c[i] = -x[i] * norm / b.norms[i]
	}
	return c
}

// remove takes member k out.
func (b *basis) remove(k int) {
	names, vectors := slices.Clone(b.members[k+1:]), slices.Clone(b.vectors[k+1:])
	b.members, b.vectors, b.norms, b.q, b.r = b.members[:k], b.vectors[:k], b.norms[:k], b.q[:k], b.r[:k]
	for i, v := range vectors {
		// A subset of independent vectors is independent; one that rounding
		// makes look otherwise contributes nothing of its own.
		b.add(names[i], v)
	}
}
