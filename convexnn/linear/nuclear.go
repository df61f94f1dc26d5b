package linear

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// NuclearBound returns what a matrix R (n x c) proves of
//
//	minimise over W   1/2 |X W - Y|^2 + beta |W|_*,
//
// and so of two-layer linear networks of every width: R is scaled by the s that satisfies
// the constraint of the dual, maximise <Y,R> - 1/2 |R|^2 subject to |X'R| <= beta in the
// operator norm, and is best in it,
//
//	s = min(beta/|X'R|, <Y,R>/|R|^2),   bound = s <Y,R> - s^2 |R|^2/2.
//
// Any R will do; the residual Y - XW of a good W is a good one. The errors are [ErrBeta],
// convexnn.ErrShape and convexnn.ErrNotFinite.
func NuclearBound(x, y, r *mat.Dense, beta float64) (float64, error) {
	if err := checkData(x, y); err != nil {
		return 0, err
	}
	if err := checkBeta(beta); err != nil {
		return 0, err
	}
	n, c := y.Dims()
	if rows, cols := r.Dims(); rows != n || cols != c {
		return 0, fmt.Errorf("%w: R is %d x %d, Y is %d x %d", convexnn.ErrShape, rows, cols, n, c)
	}
	bound, _ := nuclearBound(norm(product(x.T(), r)), inner(y, r), sumOfSquares(r), beta)
	return bound, nil
}

// nuclearBound scales a dual matrix with the operator norm |X'R|, <Y,R> and |R|^2.
func nuclearBound(operator, yr, rr, beta float64) (bound, scale float64) {
	if yr <= 0 || rr == 0 {
		return 0, 0
	}
	s := yr / rr
	if operator > 0 {
		s = math.Min(s, beta/operator)
	}
	return s*yr - s*s*rr/2, s
}

// A convex is a minimiser of 1/2 |S B - T|^2 + beta |B|_* and what is proved of it.
type convex struct {
	b      *mat.Dense // q x c
	value  float64    // of b
	bound  float64    // proved
	scale  float64    // of the residual T - S B, whose bound this is
	status convexnn.Status
	steps  int // proximal gradient steps
}

// nuclear minimises 1/2 |S B - T|^2 + beta |B|_* to a relative gap, counting rest to
// both ends: accelerated proximal gradient steps (Beck and Teboulle, 2009, with the
// restarts of O'Donoghue and Candes, 2015) find the rank, Newton steps on two factors of
// that rank the digits. The operator norm of the gradient tells whether the rank was
// right; if not, proximal steps go on from there.
func (p *problem) nuclear(ctx context.Context, beta float64, tol float64, most int) convex {
	best := convex{b: mat.NewDense(p.q(), p.c, nil), value: math.Inf(1)}
	p.offer(&best, best.b, beta)
	b := best.b
	for chunk := 50; ; chunk = min(2*chunk, 2000) {
		if best.gap(p.rest) <= tol {
			best.status = convexnn.Solved
			return best
		}
		switch {
		case ctx.Err() != nil:
			best.status = convexnn.Stopped
			return best
		case best.steps >= most:
			best.status = convexnn.Limited
			return best
		}
		b = p.accelerate(ctx, b, beta, chunk)
		best.steps += chunk
		p.offer(&best, b, beta)
		if best.gap(p.rest) > tol {
			b = p.polish(ctx, b, beta, 2, p.c)
			p.offer(&best, b, beta)
		}
	}
}

// gap is the relative gap, 0 if both ends are 0.
func (v convex) gap(rest float64) float64 { return relativeGap(rest+v.value, rest+v.bound) }

func relativeGap(objective, bound float64) float64 {
	if objective <= 0 || bound >= objective {
		return 0
	}
	return (objective - bound) / objective
}

// offer keeps b if it is better, and its bound if that is.
func (p *problem) offer(best *convex, b *mat.Dense, beta float64) {
	r := p.residual(b)
	value := p.penalised(b, beta, 2)
	if value < best.value {
		best.b, best.value = b, value
	}
	bound, scale := nuclearBound(norm(p.scaled(r)), inner(p.t, r), sumOfSquares(r), beta)
	// The bound belongs to the residual of the best b: that is what users can check.
	if best.b == b {
		best.bound, best.scale = bound, scale
	}
}

// accelerate takes accelerated proximal gradient steps.
func (p *problem) accelerate(ctx context.Context, b *mat.Dense, beta float64, steps int) *mat.Dense {
	ahead, t := mat.DenseCopyOf(b), 1.0
	for range steps {
		if ctx.Err() != nil {
			break
		}
		next := p.proximal(ahead, beta, 2, p.c)
		var moved, turn mat.Dense
		moved.Sub(next, b)
		turn.Sub(ahead, next)
		faster := (1 + math.Sqrt(1+4*t*t)) / 2
		if inner(&turn, &moved) > 0 { // uphill: the momentum starts again
			t, faster = 1, 1
		}
		ahead.Scale((t-1)/faster, &moved)
		ahead.Add(ahead, next)
		b, t = next, faster
	}
	return b
}

// proximal takes one proximal gradient step for 1/2 |S B - T|^2 + (beta/p) sum sigma^p
// over matrices of rank at most r: the step 1/s_1^2 makes the quadratic an upper bound, so
// that the step never raises the objective.
func (p *problem) proximal(b *mat.Dense, beta float64, depth, r int) *mat.Dense {
	step := 1 / (p.s[0] * p.s[0])
	down := p.scaled(p.residual(b))
	down.Scale(step, down)
	down.Add(down, b)
	s := decompose(down)
	return s.compose(shrinkAll(s.values, beta*step, depth, r))
}

// polish takes Newton steps on balanced factors of b, of its rank and at most r.
func (p *problem) polish(ctx context.Context, b *mat.Dense, beta float64, depth, r int) *mat.Dense {
	s := decompose(b)
	k := 0
	for k < len(s.values) && k < r && s.values[k] > 1e-12*s.values[0] {
		k++
	}
	if k == 0 || depth < 2 {
		return b
	}
	o := newObjective(p.diagonal(), p.t, beta, sameWidths(depth, k))
	w := make([]float64, 0, o.size())
	for _, layer := range factor(s, s.values[:k], sameWidths(depth, k)) {
		w = append(w, layer.RawMatrix().Data...)
	}
	const newtons = 60
	done := newton(ctx, o, w, 1e-13, newtons)
	out := done.layers[0]
	for _, layer := range done.layers[1:] {
		out = product(out, layer)
	}
	return out
}

// diagonal is S as a matrix.
func (p *problem) diagonal() *mat.Dense {
	out := mat.NewDense(p.q(), p.q(), nil)
	for i, s := range p.s {
		out.Set(i, i, s)
	}
	return out
}

// sameWidths are the hidden widths of a network of so many layers, all k.
func sameWidths(depth, k int) []int {
	out := make([]int, depth-1)
	for l := range out {
		out[l] = k
	}
	return out
}
