package svm

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// clean sets gains to zero that are nothing but barrier, the smallest first and as many
// as leave the gap within tolerance; where it was not, as do not raise the objective.
func (s *search) clean(it *interior, tolerance float64) {
	allowed := s.value
	if tolerance < 1 {
		allowed = max(allowed, s.bound/(1-tolerance))
	}
	const dear = 4 // refits, each of which factors a matrix
	barrier := s.barrier()
	for try := 0; len(barrier) > 0; try++ {
		g := slices.Clone(s.gains)
		for _, k := range barrier {
			g[k] = 0
		}
		if s.replace(g, allowed) || try < dear && s.replace(s.refit(it, g), allowed) {
			return
		}
		barrier = barrier[:len(barrier)*3/4]
	}
}

// barrier lists the columns whose gain is on its way to zero, by its size. Near the end
// the product of a gain and the slack of its price is the same for all columns; each as
// a share of its kind, one of the two is large and tells where the column is going.
func (s *search) barrier() []int {
	prices, share := make([]float64, s.k), make([]float64, s.k)
	s.adjoint(prices, s.dual)
	for k, g := range s.gains {
		share[k] = s.beta[k] * math.Abs(g)
	}
	floats.Scale(1/floats.Sum(share), share)
	var out []int
	for k, g := range s.gains {
		if g != 0 && share[k] < 1-math.Abs(prices[k])/s.beta[k] {
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(share[a], share[b]) })
	return out
}

// replace takes gains g if their objective is at most allowed.
func (s *search) replace(g []float64, allowed float64) bool {
	margin := slices.Clone(s.target)
	s.subtract(margin, g)
	value := s.objective(g, margin)
	if !(value <= allowed) {
		return false
	}
	s.gains, s.value = g, value
	return true
}

// refit returns gains g, some of the best ones and otherwise zeros, after a step by which
// they do what those that are missing did: most for the samples on their margin, as the
// diagonals of the method's last point say. There a small gain that is missed costs much.
func (s *search) refit(it *interior, g []float64) []float64 {
	missing, e := make([]float64, s.k), make([]float64, s.n)
	floats.SubTo(missing, g, s.gains)
	s.subtract(e, missing)
	var kept []int
	for k, v := range g {
		if v != 0 {
			kept = append(kept, k)
		}
	}
	out, theta := slices.Clone(g), make([]float64, s.k)
	y := newSystem(s.only(kept))
	it.at.diagonals(y.d, theta)
	for j, k := range kept {
		y.theta[j] = theta[k]
	}
	if len(kept) == 0 || !y.factor() {
		return out
	}
	dq, dg := make([]float64, y.n), make([]float64, y.k)
	y.solve(dq, dg, e, make([]float64, y.k))
	for j, k := range kept {
		out[k] += dg[j]
	}
	return out
}
