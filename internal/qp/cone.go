package qp

import (
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/orth"
)

// A ConeProjector projects vectors of R^d onto the cones
// {u : s_i x_i.u >= 0 for all i} of the sign patterns s of a fixed n x d matrix
// X. It is a workspace for one goroutine.
type ConeProjector struct {
	// Tol is the violation s_i x_i.u / (||x_i|| ||g||) below which a constraint
	// counts as satisfied. 0 means 1e-12.
	Tol float64
	// Dependence is the length, relative to ||x_i||, of the part of a row outside
	// the span of the active rows below which the row counts as dependent on
	// them and cannot become active. 0 means 1e-10.
	Dependence float64
	// MaxIterations bounds the number of rows that enter the active set in one
	// call. 0 means 100 + 20d.
	MaxIterations int

	unit    blas64.General // rows of X scaled to unit length
	lengths []float64      // ||x_i||

	basis  *orth.Basis
	active []int
	sign   []float64 // signs of the active rows
	lambda []float64 // multipliers of the unit rows, for g of unit length
	z      []float64
	g, u   []float64
	trial  []float64
	w      []float64 // unit rows times u
	barred []bool    // rows not to enter, reset when a row leaves
	out    []float64
}

// A Projection is the result of [ConeProjector.Project]. Its slices belong to
// the projector and are overwritten by the next call.
type Projection struct {
	// Norm is ||g + A'lambda|| for the Lambda below: an upper bound of the norm
	// of the projection however inexact Lambda is, and equal to it when
	// Converged. Its own evaluation is exact to a small multiple of the unit
	// roundoff times ||g|| + sum_i Lambda_i ||x_i||.
	Norm float64
	// Active are the rows with a positive multiplier, in the order in which they
	// entered, which is a good warm start for a similar problem.
	Active []int
	// Lambda are the multipliers of the active rows s_i x_i.
	Lambda []float64
	// Iterations is the number of rows that entered after the warm start.
	Iterations int
	// Converged reports that no constraint is violated by more than Tol. It is
	// false after a stop at the norm that was enough, or at MaxIterations.
	Converged bool
}

// NewConeProjector returns a projector for the rows of x (n x d), which it
// copies.
func NewConeProjector(x blas64.General) *ConeProjector {
	unit, lengths := unitRows(x)
	return newConeProjector(unit, lengths)
}

func newConeProjector(unit blas64.General, lengths []float64) *ConeProjector {
	n, d := unit.Rows, unit.Cols
	return &ConeProjector{
		unit:    unit,
		lengths: lengths,
		basis:   newBasis(d),
		active:  make([]int, 0, d),
		sign:    make([]float64, 0, d),
		lambda:  make([]float64, 0, d),
		z:       make([]float64, d),
		g:       make([]float64, d),
		u:       make([]float64, d),
		trial:   make([]float64, d),
		w:       make([]float64, n),
		barred:  make([]bool, n),
		out:     make([]float64, d),
	}
}

// Clone returns a projector with the same settings and its own workspace. The
// two share the scaled rows, so that a clone costs O(n + d^2) memory, and may be
// used concurrently.
func (p *ConeProjector) Clone() *ConeProjector {
	c := newConeProjector(p.unit, p.lengths)
	c.Tol, c.Dependence, c.MaxIterations = p.Tol, p.Dependence, p.MaxIterations
	return c
}

// Project stores in dst the projection of g onto the cone of signs: bit i set
// means x_i.u >= 0, clear means x_i.u <= 0. dst and g have length d and may be
// the same slice; signs has at least n bits.
//
// warm lists rows to start from, such as Projection.Active of a similar call;
// it may be nil, in any order, and name useless rows. The method stops early as
// soon as the norm is at most enough, if enough is positive.
//
// The result scales with g and does not depend on the lengths of the rows. The
// lengths of g and of the rows should lie between 1e-150 and 1e150: the
// multipliers are of the order of ||g||/||x_i||.
func (p *ConeProjector) Project(dst, g []float64, signs bitset.Set, warm []int, enough float64) Projection {
	p.reset()
	scale := norm(g)
	if scale == 0 {
		clear(dst)
		return Projection{Active: p.active, Lambda: p.out[:0], Converged: true}
	}
	for k, v := range g {
		p.g[k] = v / scale
	}
	p.warmStart(signs, warm)

	limit := p.MaxIterations
	if limit <= 0 {
		limit = 100 + 20*len(g)
	}
	iterations, converged := 0, false
	length := 0.0
	for {
		copy(p.u, p.g)
		p.basis.Complement(p.u)
		if enough > 0 && norm(p.u)*scale <= enough {
			// The bound is the one that lambda proves.
			if length = p.finish(); length*scale <= enough {
				break
			}
		}
		if converged = !p.enter(signs); converged || iterations == limit {
			length = p.finish()
			break
		}
		iterations++
		p.descend()
	}
	floats.ScaleTo(dst, scale, p.u)
	out := p.out[:len(p.active)]
	for k, i := range p.active {
		out[k] = p.lambda[k] / p.lengths[i] * scale
	}
	return Projection{
		Norm: length * scale, Active: p.active, Lambda: out,
		Iterations: iterations, Converged: converged,
	}
}

func (p *ConeProjector) reset() {
	p.basis.Reset()
	p.active, p.sign, p.lambda = p.active[:0], p.sign[:0], p.lambda[:0]
	clear(p.barred)
}

// push makes row i active with multiplier 0, if it is independent of the active
// rows.
func (p *ConeProjector) push(i int, signs bitset.Set) bool {
	s := -1.0
	if signs.Has(i) {
		s = 1
	}
	if !p.basis.Push(rowOf(p.unit, i), s, orDefault(p.Dependence, 1e-10)) {
		return false
	}
	p.active, p.sign, p.lambda = append(p.active, i), append(p.sign, s), append(p.lambda, 0)
	p.barred[i] = true
	return true
}

// remove drops entry k of the active set. A smaller span may free rows that
// were dependent, so that all but the active rows may enter again.
func (p *ConeProjector) remove(k int) {
	p.basis.Remove(k)
	p.active = slices.Delete(p.active, k, k+1)
	p.sign = slices.Delete(p.sign, k, k+1)
	p.lambda = slices.Delete(p.lambda, k, k+1)
	clear(p.barred)
	for _, i := range p.active {
		p.barred[i] = true
	}
}

// solve computes the multipliers that are optimal when only the active rows
// matter and their sign does not.
func (p *ConeProjector) solve() []float64 {
	z := p.z[:len(p.active)]
	p.basis.Fit(z, p.g)
	for k := range z {
		z[k] = -z[k]
	}
	return z
}

// warmStart loads the independent rows of warm and drops those with a negative
// multiplier until none is left.
func (p *ConeProjector) warmStart(signs bitset.Set, warm []int) {
	for _, i := range warm {
		if p.lengths[i] > 0 && !p.barred[i] {
			p.push(i, signs)
		}
	}
	for len(p.active) > 0 {
		z := p.solve()
		dropped := false
		for k := len(z) - 1; k >= 0; k-- {
			if z[k] <= 0 {
				p.remove(k)
				dropped = true
			}
		}
		if !dropped {
			copy(p.lambda, z)
			return
		}
	}
}

// enter makes the most violated constraint active and reports true, or false if
// none is violated.
func (p *ConeProjector) enter(signs bitset.Set) bool {
	kernel.MulVec(p.w, p.unit, p.u)
	tol := orDefault(p.Tol, 1e-12)
	for {
		best, worst := -1, -tol
		for i, w := range p.w {
			if !signs.Has(i) {
				w = -w
			}
			if w < worst && !p.barred[i] {
				best, worst = i, w
			}
		}
		if best < 0 {
			return false
		}
		if p.push(best, signs) {
			// In exact arithmetic the multiplier of a violated row comes out
			// positive; where rounding says otherwise the row would leave at
			// once, and the method would cycle.
			if z := p.solve(); z[len(z)-1] > 0 {
				return true
			}
			last := len(p.active) - 1
			p.basis.Pop()
			p.active, p.sign, p.lambda = p.active[:last], p.sign[:last], p.lambda[:last]
		}
		p.barred[best] = true
	}
}

// descend moves the multipliers towards the solution on the active rows,
// dropping rows whose multiplier reaches zero on the way, until it is there.
func (p *ConeProjector) descend() {
	for len(p.active) > 0 {
		z := p.solve()
		block, step := -1, 1.0
		for k, v := range z {
			if v <= 0 {
				if s := p.lambda[k] / (p.lambda[k] - v); block < 0 || s < step {
					block, step = k, s
				}
			}
		}
		if block < 0 {
			copy(p.lambda, z)
			return
		}
		for k, v := range z {
			p.lambda[k] += step * (v - p.lambda[k])
		}
		p.lambda[block] = 0
		for k := len(z) - 1; k >= 0; k-- {
			if p.lambda[k] <= 0 {
				p.remove(k)
			}
		}
	}
}

// finish sets u to g + A'lambda, after one step of iterative refinement of
// lambda if that helps, and returns its norm for g of unit length.
func (p *ConeProjector) finish() float64 {
	p.combine(p.u, p.lambda)
	length := norm(p.u)
	z := p.z[:len(p.active)]
	p.basis.Fit(z, p.u)
	for k := range z {
		if z[k] = p.lambda[k] - z[k]; z[k] < 0 {
			return length
		}
	}
	p.combine(p.trial, z)
	if l := norm(p.trial); l < length {
		length = l
		copy(p.lambda, z)
		copy(p.u, p.trial)
	}
	return length
}

// combine stores g + sum of lambda_k times active row k in u.
func (p *ConeProjector) combine(u, lambda []float64) {
	copy(u, p.g)
	for k, i := range p.active {
		floats.AddScaled(u, lambda[k]*p.sign[k], rowOf(p.unit, i))
	}
}
