package conic

import (
	"math"
	"math/rand/v2"
)

// PartialOrder is the order from which spectra are followed.
const PartialOrder = partialOrder

// A Spectrum projects onto the semidefinite cone of one order, for tests.
type Spectrum struct{ s *spectrum }

// NewSpectrum returns one that follows the smaller side of the spectrum, or does not.
func NewSpectrum(order int, follow bool) Spectrum {
	s := newSpectrum(order)
	s.track = nil
	if follow {
		s.track = newSubspace(order)
	}
	return Spectrum{s}
}

// Project projects v in svec. It reports whether no full decomposition was needed.
func (s Spectrum) Project(dst, v []float64, accuracy float64) (followed, ok bool) {
	clear(s.s.values)
	ok = s.s.project(dst, v, accuracy)
	for _, x := range s.s.values {
		if x != 0 {
			return false, ok
		}
	}
	return true, ok
}

// SparseSolve factors root root' with whatever structure is chosen, or dense, and solves
// with it. It reports whether the factor is sparse.
func SparseSolve(root *Matrix, dense bool, x []float64) bool {
	pl := &plan{n: root.cols, m: root.rows, root: root}
	pl.of = make([]int, pl.n)
	for j := range pl.of {
		pl.of[j] = -1
	}
	if !dense {
		pl.sparse = analyse(root, math.Inf(1))
	}
	s, err := newSystem(pl, root, nil, make([]float64, pl.m), ones(pl.n), 1)
	if err != nil {
		panic(err)
	}
	s.normal.solve(x)
	return pl.sparse != nil
}

// RandomSparse returns an m x n matrix with so many entries a column, near each other.
func RandomSparse(rng *rand.Rand, m, n, each int) *Matrix {
	b := NewBuilder(m, n)
	for j := range n {
		at := rng.IntN(m)
		for range each {
			b.Add(min(max(at+rng.IntN(7)-3, 0), m-1), j, rng.NormFloat64())
		}
	}
	return b.Matrix()
}

// An Anderson accelerates a fixed-point iteration, for tests.
type Anderson struct{ a anderson }

// NewAnderson returns one with room for so many steps.
func NewAnderson(memory int) *Anderson { return &Anderson{newAnderson(memory)} }

// Next returns where to go from v.
func (a *Anderson) Next(v, g []float64, norm float64) []float64 { return a.a.accelerate(v, g, norm) }
