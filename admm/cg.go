package admm

import (
	"gonum.org/v1/gonum/floats"
)

// conjugateGradient runs on rho I + N without forming N. In the space of the
// samples the method sees the weights' system preconditioned by the metric M;
// partial Cholesky takes out the few large eigenvalues that N, a kernel matrix
// of the samples, has on top. Each solve starts from the last solution.
type conjugateGradient struct {
	op      Operator
	rho     float64
	inverse *partialCholesky
	weights []float64 // m x d
	r, s    []float64 // residual, and the same preconditioned
	p, q    []float64 // direction, and the system applied to it
}

// cgMaxIterations bounds one solve; the next starts where it ended.
const cgMaxIterations = 200

func newConjugateGradient(op Operator) *conjugateGradient {
	n, m, d := op.Dims()
	return &conjugateGradient{
		op: op, inverse: newPartialCholesky(op), weights: make([]float64, m*d),
		r: make([]float64, n), s: make([]float64, n), p: make([]float64, n), q: make([]float64, n),
	}
}

func (c *conjugateGradient) refactor(rho float64) error {
	if err := c.inverse.refactor(rho); err != nil {
		return err
	}
	c.rho = rho
	return nil
}

// apply sets dst to (rho I + N) x.
func (c *conjugateGradient) apply(dst, x []float64) {
	c.op.Adjoint(c.weights, x)
	c.op.SolveMetric(c.weights, c.weights)
	c.op.Apply(dst, c.weights)
	floats.AddScaled(dst, c.rho, x)
}

func (c *conjugateGradient) solve(h, b []float64, accuracy float64) {
	c.apply(c.r, h)
	floats.SubTo(c.r, b, c.r)
	target := accuracy * floats.Norm(b, 2)
	clear(c.p)
	last := 1.0
	for range cgMaxIterations {
		if floats.Norm(c.r, 2) <= target {
			return
		}
		c.inverse.apply(c.s, c.r)
		now := floats.Dot(c.r, c.s)
		floats.AddScaledTo(c.p, c.s, now/last, c.p)
		c.apply(c.q, c.p)
		curvature := floats.Dot(c.p, c.q)
		if !(curvature > 0) {
			return
		}
		floats.AddScaled(h, now/curvature, c.p)
		floats.AddScaled(c.r, -now/curvature, c.q)
		last = now
	}
}
