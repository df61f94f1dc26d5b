package relax

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// mostFaces is the number of faces of all cells together up to which prices of several
// outputs are computed; a million take some seconds. One output has none of this: its
// price is a projection.
const mostFaces = 1e6

// facesOf counts the faces that a price goes through at most.
func (p *Problem) facesOf(cones []cone) float64 {
	sum := 0.0
	for _, k := range cones {
		m, choose := float64(len(k.facets)), 1.0
		for i := range p.x.Cols {
			sum += choose
			choose *= (m - float64(i)) / float64(i+1)
		}
	}
	return sum
}

// priced reports whether prices are computed.
func (p *Problem) priced(cones []cone) bool {
	return p.y.Cols == 1 || p.facesOf(cones) <= mostFaces
}

// price returns the unit vectors u of the cone at which |V'(Xu)_+| is largest, or nearly
// so, and that largest value. For one output these are the projections of X'DV and of its
// negative. For several the value squared is the maximum of u'Mu, M = X'D VV'DX: where
// the first eigenvector is in the cone it is the maximiser, and else the maximum is on a
// facet, as a local maximum of a quadratic form in the interior is a global one. So the
// facets are gone through, each in one dimension less (after Asteris, Papailiopoulos and
// Dimakis, 2014). A cone that holds another first eigenvector, where it is not unique,
// loses nothing: the line from that one through the computed one ends on a facet.
func (p *Problem) price(k *cone, v blas64.General) (atoms [][]float64, value float64) {
	g := zeros(p.x.Cols, p.y.Cols)
	for _, i := range k.active {
		for j, z := range rowOf(p.x, i) {
			floats.AddScaled(rowOf(g, j), z, rowOf(v, i))
		}
	}
	if p.y.Cols == 1 {
		q := newProjector(k.facets)
		for _, sign := range []float64{1, -1} {
			u := slices.Clone(g.Data)
			floats.Scale(sign, u)
			norm := q.project(u, u)
			value = max(value, norm)
			if size := floats.Norm(u, 2); size > 0 {
				floats.Scale(1/size, u)
				atoms = append(atoms, u)
			}
		}
		return atoms, value
	}
	r := p.x.Cols
	m := mat.NewSymDense(r, nil)
	m.SymOuterK(1, mat.NewDense(r, p.y.Cols, g.Data))
	basis := mat.NewDense(r, r, identity(r).Data)
	f := faces{m: m, facets: k.facets}
	f.search(basis, 0)
	return f.atoms(), math.Sqrt(max(0, f.best))
}

// A faces is a search of the faces of a cone.
type faces struct {
	m      *mat.SymDense
	facets [][]float64
	found  [][]float64
	values []float64
	best   float64
}

// search looks in the part of the cone in the span of a basis, which is orthonormal. It
// meets facets in increasing order, so that each face is visited once; one that is not
// visited is part of one whose maximum was found.
func (f *faces) search(basis *mat.Dense, from int) {
	const inside = 1e-10
	_, k := basis.Dims()
	var half, small mat.Dense
	half.Mul(f.m, basis)
	small.Mul(basis.T(), &half)
	sym := mat.NewSymDense(k, nil)
	for i := range k {
		for j := i; j < k; j++ {
			sym.SetSym(i, j, small.At(i, j))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(sym, true) {
		f.best = math.Inf(1)
		return
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	var u mat.VecDense
	u.MulVec(basis, vectors.ColView(k-1))
	least, most := math.Inf(1), math.Inf(-1)
	for _, c := range f.facets {
		z := floats.Dot(c, u.RawVector().Data)
		least, most = min(least, z), max(most, z)
	}
	if least >= -inside || most <= inside {
		atom := slices.Clone(u.RawVector().Data)
		if least < -inside {
			floats.Scale(-1, atom)
		}
		value := eigen.Values(nil)[k-1]
		f.found, f.values = append(f.found, atom), append(f.values, value)
		f.best = max(f.best, value)
		return
	}
	if k == 1 {
		return
	}
	for i, c := range f.facets[from:] {
		if next := within(basis, c); next != nil {
			f.search(next, from+i+1)
		}
	}
}

// within returns a basis of the part of the span that is orthogonal to c, nil where that
// is all of it.
func within(basis *mat.Dense, c []float64) *mat.Dense {
	_, k := basis.Dims()
	var part mat.VecDense
	part.MulVec(basis.T(), mat.NewVecDense(len(c), c))
	if mat.Norm(&part, 2) < 1e-10 {
		return nil
	}
	var qr mat.QR
	qr.Factorize(&part)
	var q, out mat.Dense
	qr.QTo(&q)
	out.Mul(basis, q.Slice(0, k, 1, k))
	return &out
}

// atoms returns what was found with a value near the best.
func (f *faces) atoms() [][]float64 {
	var out [][]float64
	for k, u := range f.found {
		if f.values[k] >= 0.999*f.best {
			out = append(out, u)
		}
	}
	return out
}

// feature returns (X u)_+.
func (p *Problem) feature(u []float64) []float64 {
	out := make([]float64, p.x.Rows)
	blas64.Gemv(blas.NoTrans, 1, p.x, vector(u), 0, vector(out))
	for i, z := range out {
		out[i] = max(0, z)
	}
	return out
}
