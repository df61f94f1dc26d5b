package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// plainLoss is 1/2 sum over i > r of the squared singular values of T: the smallest
// 1/2 |S B - T|^2 over matrices of rank at most r (Eckart and Young, 1936).
func (p *problem) plainLoss(r int) float64 {
	if p.q() == 0 {
		return 0
	}
	sum := 0.0
	for k, tau := range decompose(p.t).values {
		if k >= r {
			sum += tau * tau
		}
	}
	return sum / 2
}

// plain is the minimiser behind plainLoss: reduced-rank regression (Izenman, 1975).
func (p *problem) plain(r int) *mat.Dense {
	s := decompose(p.t)
	b := s.compose(s.values[:min(r, len(s.values))])
	for i, s := range p.s {
		row := b.RawRowView(i)
		for j := range row {
			row[j] /= s
		}
	}
	return b
}

// ridge is the minimiser of 1/2 |S B - T|^2 + beta/2 |B|^2.
func (p *problem) ridge(beta float64) *mat.Dense {
	b := mat.DenseCopyOf(p.t)
	for i, s := range p.s {
		row := b.RawRowView(i)
		for j := range row {
			row[j] *= s / (s*s + beta)
		}
	}
	return b
}

// isotropic says whether all singular values of X but those that are zero are the same:
// X'X is a multiple of a projection.
func (p *problem) isotropic() bool {
	const rounding = 1e-12
	return p.s[0]-p.s[len(p.s)-1] <= rounding*p.s[0]
}

// shrunk is the minimiser of 1/2 |S B - T|^2 + (beta/p) sum sigma^p, rank at most r, for S
// a multiple of the identity, and its value: singular vectors of T are optimal by von
// Neumann's trace inequality, and what is left are scalar problems.
func (p *problem) shrunk(beta float64, depth, r int) (*mat.Dense, float64) {
	s := p.s[0]
	inner := decompose(p.t)
	targets := make([]float64, len(inner.values))
	for k, tau := range inner.values {
		targets[k] = tau / s
	}
	sigma := shrinkAll(targets, beta/(s*s), depth, r)
	value := Penalty(sigma, beta, depth)
	for k, tau := range inner.values {
		if k < len(sigma) {
			tau -= s * sigma[k]
		}
		value += tau * tau / 2
	}
	return inner.compose(sigma), value
}

// A KyFan is a small convex program with the optimal value of deep linear networks of
// bottleneck r without weight decay,
//
//	1/2 |Y|^2 - 1/2 max { <M, S> : 0 <= S <= I, tr S = r },   M = H'G^+H,
//
// over symmetric S (c x c), where G = X'X and H = X'Y (Fan, 1949: the maximum is the sum
// of the r largest eigenvalues, and the projection on their eigenvectors attains it).
// X enters through M alone, neither d nor the number of samples are left.
type KyFan struct {
	M    *mat.SymDense // c x c, positive semidefinite
	Rank int           // r, at most c
	half float64
}

// NewKyFan returns the program for x (n x d), y (n x c) and r >= 1, of which at most
// min(d, c) counts. The errors are [ErrRank], convexnn.ErrShape and
// convexnn.ErrNotFinite.
func NewKyFan(x, y *mat.Dense, r int) (*KyFan, error) {
	if err := checkData(x, y); err != nil {
		return nil, err
	}
	if r < 1 {
		return nil, fmt.Errorf("%w, got %d", ErrRank, r)
	}
	p, err := newProblem(x, y, false)
	if err != nil {
		return nil, err
	}
	k := &KyFan{M: mat.NewSymDense(p.c, nil), Rank: min(r, p.d, p.c), half: p.half}
	if p.q() > 0 {
		k.M.SymOuterK(1, p.t.T()) // H'G^+H = Y'UU'Y
	}
	return k, nil
}

// Value is the objective at S (c x c).
func (k *KyFan) Value(s mat.Symmetric) float64 {
	var ms mat.Dense
	ms.Mul(k.M, s)
	return k.half - ms.Trace()/2
}

// Solve returns an optimal S, the projection on the leading eigenvectors of M, and the t
// with which [KyFan.Bound] proves it.
func (k *KyFan) Solve() (s *mat.SymDense, t float64) {
	c := k.M.SymmetricDim()
	out := mat.NewSymDense(c, nil)
	var eigen mat.EigenSym
	if !eigen.Factorize(k.M, true) {
		return out, 0
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors) // in the order of increasing eigenvalues
	for j := range k.Rank {
		column := mat.NewVecDense(c, mat.Col(nil, c-1-j, &vectors))
		out.SymRankOne(out, 1, column)
	}
	return out, eigen.Values(nil)[c-k.Rank]
}

// Bound is the lower bound on the value that a number t proves: by duality the maximum
// is at most r t + sum_i max(mu_i - t, 0) for the eigenvalues mu of M, and the r-th
// largest of them makes this an equality.
func (k *KyFan) Bound(t float64) float64 {
	var eigen mat.EigenSym
	if !eigen.Factorize(k.M, false) {
		return 0
	}
	sum := float64(k.Rank) * t
	for _, mu := range eigen.Values(nil) {
		sum += math.Max(mu-t, 0)
	}
	return k.half - sum/2
}
