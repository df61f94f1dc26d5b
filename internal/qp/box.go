package qp

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/orth"
)

// A BoxProjector finds the points of the zonotope {B't : 0 <= t <= 1} of a fixed
// m x d matrix B that are nearest to given vectors. It is a workspace for one
// goroutine.
type BoxProjector struct {
	// Tol is the slope |b_j.r| / (||b_j|| (||a|| + ||B't||)) at residual r below
	// which t_j counts as optimal. 0 means 1e-12.
	Tol float64
	// Dependence is the length, relative to ||b_j||, of the part of a row outside
	// the span of the free rows below which the row counts as dependent on them.
	// 0 means 1e-10.
	Dependence float64
	// Sweeps bounds the sweeps of coordinate descent before the active-set
	// method. 0 means 10.
	Sweeps int
	// MaxIterations bounds the number of variables that the active-set method
	// frees in one call. 0 means 100 + 10(m + d).
	MaxIterations int

	// Enough is a distance that needs no improvement: a call whose residual gets as
	// short may stop there, not converged. 0 means none.
	Enough float64

	// The method works with x_j = t_j ||b_j||, the coefficient of the row of unit
	// length, in [0, upper_j].
	unit  blas64.General
	upper []float64

	basis  *orth.Basis
	free   []int // the rows in the basis
	x      []float64
	z      []float64
	w      []float64
	r      []float64
	barred []bool
}

// A BoxResult is the result of [BoxProjector.Project].
type BoxResult struct {
	// Norm is the length of the residual: the distance of a from the zonotope
	// when Converged, and an upper bound of it always.
	Norm float64
	// Iterations is the number of variables that the active-set method freed.
	Iterations int
	// Converged reports that the optimality conditions hold up to Tol.
	Converged bool
}

// NewBoxProjector returns a projector for the zonotope of the rows of b (m x d),
// which it copies.
func NewBoxProjector(b blas64.General) *BoxProjector {
	unit, lengths := unitRows(b)
	return newBoxProjector(unit, lengths)
}

func newBoxProjector(unit blas64.General, upper []float64) *BoxProjector {
	m, d := unit.Rows, unit.Cols
	return &BoxProjector{
		unit: unit, upper: upper, basis: newBasis(d),
		free: make([]int, 0, d),
		x:    make([]float64, m), z: make([]float64, d),
		w: make([]float64, m), r: make([]float64, d), barred: make([]bool, m),
	}
}

// Clone returns a projector with the same settings and its own workspace. The
// two share the scaled rows and may be used concurrently.
func (p *BoxProjector) Clone() *BoxProjector {
	c := newBoxProjector(p.unit, p.upper)
	c.Tol, c.Dependence, c.Sweeps, c.MaxIterations, c.Enough = p.Tol, p.Dependence, p.Sweeps, p.MaxIterations, p.Enough
	return c
}

// Project minimises ||a - B't|| over t in [0,1]^m, starting from the t given
// (clipped to the box), and stores the minimiser in t (length m) and the
// residual a - B't in r (length d, may be a itself). The residual is unique, t
// need not be. At most d of the t_j lie strictly between 0 and 1; t_j is 0 where
// b_j is zero.
//
// The lengths of a and of the rows should lie between 1e-150 and 1e150.
func (p *BoxProjector) Project(r, t, a []float64) BoxResult {
	for j, u := range p.upper {
		p.x[j] = min(max(t[j], 0), 1) * u
	}
	p.residual(a)
	p.descend()
	res := BoxResult{}
	if !p.enough() {
		p.solve(a, &res)
	}
	for j, u := range p.upper {
		t[j] = 0
		if u > 0 {
			t[j] = p.x[j] / u
		}
	}
	copy(r, p.r)
	res.Norm = norm(r)
	return res
}

// enough reports that the residual is as short as it needs to be.
func (p *BoxProjector) enough() bool { return p.Enough > 0 && norm(p.r) <= p.Enough }

// solve is the active-set method, from the x that descend left.
func (p *BoxProjector) solve(a []float64, res *BoxResult) {
	p.reset()
	p.settle()
	p.residual(a)
	limit := p.MaxIterations
	if limit <= 0 {
		limit = 100 + 10*(p.unit.Rows+p.unit.Cols)
	}
	p.minimise()
	for {
		p.residual(a)
		if p.enough() {
			return
		}
		if res.Converged = !p.enter(p.tolerance(a)); res.Converged || res.Iterations == limit {
			return
		}
		res.Iterations++
		p.minimise()
	}
}

// residual recomputes r = a - B't.
func (p *BoxProjector) residual(a []float64) {
	copy(p.r, a)
	if p.unit.Rows > 0 {
		kernel.AddMulTransVec(p.r, -1, p.unit, p.x)
	}
}

// tolerance is the slope that rounding of the residual may leave.
func (p *BoxProjector) tolerance(a []float64) float64 {
	s := 0.0
	for k, v := range a {
		s = math.Hypot(s, v-p.r[k])
	}
	return orDefault(p.Tol, 1e-12) * (norm(a) + s)
}

// descend minimises over one coordinate after the other, sweep after sweep,
// until a sweep no longer changes which coordinates are at which bound.
func (p *BoxProjector) descend() {
	sweeps := p.Sweeps
	if sweeps <= 0 {
		sweeps = 10
	}
	for range sweeps {
		if p.enough() {
			return
		}
		changes := 0
		for j, u := range p.upper {
			if u == 0 {
				continue
			}
			b := rowOf(p.unit, j)
			old := p.x[j]
			v := min(max(old+floats.Dot(b, p.r), 0), u)
			if v == old {
				continue
			}
			if v == 0 || v == u || old == 0 || old == u {
				changes++
			}
			floats.AddScaled(p.r, old-v, b)
			p.x[j] = v
		}
		// One or two stray changes are cheaper to leave to the active-set method.
		if changes <= 2 {
			return
		}
	}
}

func (p *BoxProjector) reset() {
	p.basis.Reset()
	p.free = p.free[:0]
	clear(p.barred)
}

func (p *BoxProjector) push(j int) bool {
	if !p.basis.Push(rowOf(p.unit, j), 1, orDefault(p.Dependence, 1e-10)) {
		return false
	}
	p.free = append(p.free, j)
	p.barred[j] = true
	return true
}

// fix takes entry k out of the free variables, which is at a bound. A smaller
// span may free rows that were dependent.
func (p *BoxProjector) fix(k int) {
	p.basis.Remove(k)
	p.free = slices.Delete(p.free, k, k+1)
	clear(p.barred)
	for _, j := range p.free {
		p.barred[j] = true
	}
}

// settle makes free the variables strictly inside their bounds. Where such a
// row depends on the free ones, b_j = sum_i c_i b_i, moving x_j by s and x_i by
// -s c_i leaves B't where it is: do so until a variable meets a bound.
func (p *BoxProjector) settle() {
	for j, u := range p.upper {
		for p.x[j] > 0 && p.x[j] < u && !p.push(j) {
			c := p.z[:len(p.free)]
			p.basis.Fit(c, rowOf(p.unit, j))
			step, block := -p.x[j], -1
			if p.x[j] > u/2 {
				step = u - p.x[j]
			}
			for k, i := range p.free {
				if s := slack(p.x[i], p.upper[i], -step*c[k]); s < 1 {
					step, block = step*s, k
				}
			}
			for k, i := range p.free {
				p.x[i] = min(max(p.x[i]-step*c[k], 0), p.upper[i])
			}
			p.x[j] = min(max(p.x[j]+step, 0), u)
			if block < 0 {
				// Rounding may leave x_j a hair inside the bound it moved to.
				p.x[j] = snap(p.x[j], u, step)
				break
			}
			i := p.free[block]
			p.x[i] = snap(p.x[i], p.upper[i], -step*c[block])
			p.fix(block)
		}
	}
}

// slack is the fraction of step that x in [0, u] can take.
func slack(x, u, step float64) float64 {
	switch {
	case x+step < 0:
		return x / -step
	case x+step > u:
		return (u - x) / step
	}
	return 1
}

// snap returns the bound of [0, u] that a move of x by step was heading for.
func snap(x, u, step float64) float64 {
	switch {
	case step < 0:
		return 0
	case step > 0:
		return u
	case x > u/2:
		return u
	}
	return 0
}

// enter frees the variable at a bound whose move inside shortens the residual
// the fastest, and reports true, or false if there is none.
func (p *BoxProjector) enter(tol float64) bool {
	kernel.MulVec(p.w, p.unit, p.r)
	for {
		best, steepest := -1, tol
		for j, w := range p.w {
			if p.barred[j] || p.upper[j] == 0 {
				continue
			}
			if p.x[j] == p.upper[j] {
				w = -w
			}
			if w > steepest {
				best, steepest = j, w
			}
		}
		if best < 0 {
			return false
		}
		if p.push(best) {
			// In exact arithmetic the variable moves inside its bounds; where
			// rounding says otherwise it would be fixed again at once.
			z := p.z[:len(p.free)]
			p.basis.Fit(z, p.r)
			if move := z[len(z)-1]; p.x[best] == 0 && move > 0 || p.x[best] > 0 && move < 0 {
				return true
			}
			p.basis.Pop()
			p.free = p.free[:len(p.free)-1]
		}
		p.barred[best] = true
	}
}

// minimise moves the free variables towards the least squares solution, fixing
// those that meet a bound on the way, until it is there.
func (p *BoxProjector) minimise() {
	for len(p.free) > 0 {
		z := p.z[:len(p.free)]
		p.basis.Fit(z, p.r)
		step, block := 1.0, -1
		for k, j := range p.free {
			if s := slack(p.x[j], p.upper[j], z[k]); s < step {
				step, block = s, k
			}
		}
		for k, j := range p.free {
			move := step * z[k]
			to := min(max(p.x[j]+move, 0), p.upper[j])
			if k == block {
				to = snap(to, p.upper[j], z[k])
			}
			floats.AddScaled(p.r, p.x[j]-to, rowOf(p.unit, j))
			p.x[j] = to
		}
		if block < 0 {
			p.basis.Complement(p.r)
			return
		}
		p.fix(block)
	}
}
