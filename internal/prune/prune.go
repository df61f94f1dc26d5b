package prune

import (
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/orth"
)

// Neurons are the neurons of a network.
type Neurons struct {
	Fits  [][]float64 // a_j, all of one length
	Sizes []float64   // p_j
	// Units are reciprocals of the lengths that the fits would have if no term of
	// them cancelled, or 0: rounding of a fit is in proportion to that length.
	Units []float64
}

// Scales removes neurons while the fits of those left are linearly dependent, and returns
// what is left of each: factors c_j >= 0, 0 for all but neurons with independent fits.
// Fits nearer to the span of others than dependence, relative to their units, count as
// dependent. order lists all neurons, the ones to keep first.
//
// Moving along a dependency sum_j c_j a_j = 0 scales neuron j by 1 - t c_j and changes no
// prediction; the sign of c that lowers the penalty, or keeps it, is taken until the
// first neuron is gone (Mishkin and Pilanci, Optimal sets and solution paths of ReLU
// networks, 2023, algorithm 1).
func (a *Neurons) Scales(order []int, dependence float64) []float64 {
	m := len(a.Fits)
	p := pruner{Neurons: a, scale: make([]float64, m)}
	if m == 0 {
		return p.scale
	}
	n := len(a.Fits[0])
	p.basis, p.rest = orth.New(n, min(n, m)), make([]float64, n)
	for j := range p.scale {
		p.scale[j] = 1
	}
	for _, j := range order {
		p.add(j, dependence)
	}
	return p.scale
}

// Independent reports whether all vectors are linearly independent, those nearer to the
// span of others than dependence of their length counted as dependent.
func Independent(vectors [][]float64, dependence float64) bool {
	if len(vectors) == 0 {
		return true
	}
	n := len(vectors[0])
	if len(vectors) > n {
		return false
	}
	basis := orth.New(n, len(vectors))
	for _, v := range vectors {
		length := floats.Norm(v, 2)
		if length == 0 || !basis.Push(v, 1/length, dependence) {
			return false
		}
	}
	return true
}

// A pruner holds neurons with linearly independent fits.
type pruner struct {
	*Neurons
	scale   []float64 // what is left of each neuron
	basis   *orth.Basis
	members []int // the neurons of the basis, in its order
	c       []float64
	rest    []float64 // scratch
}

// add makes neuron j a member if its fit is independent of the members' fits;
// otherwise one of them or j itself is scaled to nothing and is none.
func (p *pruner) add(j int, dependence float64) {
	for !p.basis.Push(p.Fits[j], p.Units[j], dependence) {
		p.depend(j)
		gone := p.moveAlong(j)
		if gone == len(p.members) {
			return
		}
		p.members = slices.Delete(p.members, gone, gone+1)
		if p.basis.Replace(gone, p.Fits[j], p.Units[j], dependence) {
			break
		}
	}
	p.members = append(p.members, j)
}

// depend stores in c the dependency sum_k c_k a_k + c_last a_j = 0 of the fits of
// the members and of j.
func (p *pruner) depend(j int) {
	k := len(p.members)
	p.c = slices.Grow(p.c[:0], 2*(k+1))[:k+1]
	c, z := p.c, p.c[k+1:2*k+1]
	clear(c)
	c[k] = 1
	copy(p.rest, p.Fits[j])
	// The second pass corrects c by what the first leaves over, so that the
	// errors of thousands of rotations do not add up in the outputs.
	for pass := range 2 {
		p.basis.Fit(z, p.rest)
		for i, name := range p.members {
			z[i] *= p.Units[name]
			c[i] -= z[i]
			if pass == 0 {
				floats.AddScaled(p.rest, -z[i], p.Fits[name])
			}
		}
	}
}

// moveAlong scales the members and j along the dependency c of their fits until
// one is gone, and returns its place in the list of members, j being the last.
func (p *pruner) moveAlong(j int) (gone int) {
	neurons := append(p.members, j)
	change, most := 0.0, 0.0
	for k, name := range neurons {
		change += p.c[k] * p.Sizes[name]
	}
	if change < 0 || (change == 0 && floats.Max(p.c) <= 0) {
		floats.Scale(-1, p.c)
	}
	for k, name := range neurons {
		if ratio := p.c[k] / p.scale[name]; ratio > most {
			most, gone = ratio, k
		}
	}
	for k, name := range neurons {
		p.scale[name] = max(0, p.scale[name]-p.c[k]/most)
	}
	p.scale[neurons[gone]] = 0
	return gone
}
