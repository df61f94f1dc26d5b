package linear

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// newton descends from w by trust-region Newton steps with conjugate gradients
// (Steihaug, 1983), until the gradient is below tol times its scale, or rounding ends it.
// Directions in which factors trade size for size leave the objective as it is: the
// Hessian is singular there, and conjugate gradients never enter them.
func newton(ctx context.Context, o *objective, w []float64, tol float64, most int) *point {
	p := o.at(w)
	radius := math.Max(1e-3, 0.5*floats.Norm(w, 2))
	step, curved := make([]float64, len(w)), make([]float64, len(w))
	for range most {
		scale := gradientScale(p)
		if p.gradMax <= tol*scale || ctx.Err() != nil {
			break
		}
		predicted, length := p.steihaug(step, curved, radius)
		next := make([]float64, len(w))
		floats.AddTo(next, p.w, step)
		q := o.at(next)
		gained := p.value - q.value
		// Close to the end the gain is less than the rounding of the objective, and the
		// gradient tells instead.
		rounding := 1e-13 * math.Abs(p.value)
		good := gained >= 0.1*predicted
		if predicted <= rounding {
			good = gained >= -rounding && q.gradMax < p.gradMax
		}
		switch {
		case !good:
			radius = 0.25 * length
		case gained > 0.75*predicted && length > 0.9*radius:
			radius *= 2
		}
		if good {
			p = q
		}
		if radius <= 1e-14*floats.Norm(p.w, 2) || predicted <= 0 {
			break
		}
	}
	return p
}

// gradientScale is the size of the terms that cancel in the gradient.
func gradientScale(p *point) float64 {
	terms := 0.0
	for l, layer := range p.layers {
		g := product(p.left[l].T(), timesRight(p.o.t, p.right[l+1]))
		terms = math.Max(terms, math.Sqrt(sumOfSquares(g))+p.o.beta*math.Sqrt(sumOfSquares(layer)))
	}
	return terms
}

// steihaug minimises the quadratic model in the ball of the radius by conjugate gradients,
// up to its border where the model has negative curvature. It returns the decrease that
// the model predicts and the length of the step.
func (p *point) steihaug(step, curved []float64, radius float64) (predicted, length float64) {
	n := len(p.w)
	clear(step)
	r, d := make([]float64, n), make([]float64, n)
	floats.ScaleTo(r, -1, p.grad)
	copy(d, r)
	rr := floats.Dot(r, r)
	first := rr
	goal := first * math.Min(1e-4, first/math.Max(1e-300, p.value*p.value)) // quadratic convergence
	for range 2*n + 20 {
		if rr <= math.Max(goal, 1e-28*first) {
			break
		}
		p.hessian(curved, d)
		dd, curve := floats.Dot(d, d), floats.Dot(d, curved)
		if curve <= 1e-15*dd {
			floats.AddScaled(step, toBorder(step, d, radius), d)
			break
		}
		alpha := rr / curve
		floats.AddScaled(step, alpha, d)
		if floats.Norm(step, 2) >= radius {
			floats.AddScaled(step, -alpha, d)
			floats.AddScaled(step, toBorder(step, d, radius), d)
			break
		}
		floats.AddScaled(r, -alpha, curved)
		next := floats.Dot(r, r)
		floats.Scale(next/rr, d)
		floats.Add(d, r)
		rr = next
	}
	p.hessian(curved, step)
	return -floats.Dot(p.grad, step) - floats.Dot(step, curved)/2, floats.Norm(step, 2)
}

// toBorder is how far from step along d the border of the ball is.
func toBorder(step, d []float64, radius float64) float64 {
	a, b, c := floats.Dot(d, d), floats.Dot(step, d), floats.Dot(step, step)-radius*radius
	if a == 0 {
		return 0
	}
	return (-b + math.Sqrt(math.Max(0, b*b-a*c))) / a
}
