package ipm

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// conePair is one vector in the product of the linear and second-order cones.
type conePair struct {
	linear []float64 // k x r
	second []float64 // k x (d+1)
}

// scaling is the Nesterov-Todd scaling W at an iterate: W z = W^-1 s = lambda
// for its slacks s and multipliers z. On a linear cone W is w = sqrt(s/z); on a
// second-order cone it is eta times the hyperbolic matrix of the unit vector
// (a, q): [a, q'; q, I + qq'/(1+a)].
type scaling struct {
	k, r, d int
	w       []float64 // k x r
	eta     []float64 // k
	point   []float64 // k x (d+1): (a, q)
	lambda  conePair
}

func newScaling(k, r, d int) *scaling {
	return &scaling{
		k: k, r: r, d: d, w: make([]float64, k*r), eta: make([]float64, k), point: make([]float64, k*(d+1)),
		lambda: conePair{linear: make([]float64, k*r), second: make([]float64, k*(d+1))},
	}
}

// update computes the scaling; false if rounding has pushed a point out of its
// cone.
func (sc *scaling) update(it *state) bool {
	for i, s := range it.slack {
		z := it.mul[i]
		if !(s > 0) || !(z > 0) {
			return false
		}
		sc.w[i] = math.Sqrt(s / z)
		sc.lambda.linear[i] = math.Sqrt(s * z)
	}
	w := sc.d + 1
	for j := range sc.k {
		s, z, point := it.q[j*w:(j+1)*w], it.zeta[j*w:(j+1)*w], sc.point[j*w:(j+1)*w]
		ds, dz := hyperbolicNorm(s), hyperbolicNorm(z)
		if !(ds > 0) || !(dz > 0) {
			return false
		}
		gamma := math.Sqrt((1 + floats.Dot(s, z)/ds/dz) / 2)
		point[0] = (s[0]/ds + z[0]/dz) / (2 * gamma)
		for l := 1; l < w; l++ {
			point[l] = (s[l]/ds - z[l]/dz) / (2 * gamma)
		}
		// Rounding in the scalar part is what loses accuracy near the boundary;
		// the vector part determines it.
		point[0] = math.Hypot(1, floats.Norm(point[1:], 2))
		sc.eta[j] = math.Sqrt(ds / dz)
	}
	copy(sc.lambda.second, sc.apply(it.zeta))
	return true
}

// hyperbolicNorm returns sqrt(x_0^2 - |x_1|^2), NaN or 0 outside the cone.
func hyperbolicNorm(x []float64) float64 {
	norm := floats.Norm(x[1:], 2)
	if x[0] <= norm {
		return 0
	}
	return math.Sqrt(x[0]-norm) * math.Sqrt(x[0]+norm)
}

// apply returns W x for x in the second-order cones' space (k x (d+1)).
func (sc *scaling) apply(x []float64) []float64 {
	w := sc.d + 1
	out := make([]float64, len(x))
	for j := range sc.k {
		p, v, o := sc.point[j*w:(j+1)*w], x[j*w:(j+1)*w], out[j*w:(j+1)*w]
		inner := floats.Dot(p[1:], v[1:])
		o[0] = sc.eta[j] * (p[0]*v[0] + inner)
		c := v[0] + inner/(1+p[0])
		for l := 1; l < w; l++ {
			o[l] = sc.eta[j] * (v[l] + c*p[l])
		}
	}
	return out
}

// invert returns W^-1 x.
func (sc *scaling) invert(x []float64) []float64 {
	w := sc.d + 1
	out := make([]float64, len(x))
	for j := range sc.k {
		p, v, o := sc.point[j*w:(j+1)*w], x[j*w:(j+1)*w], out[j*w:(j+1)*w]
		inner := floats.Dot(p[1:], v[1:])
		o[0] = (p[0]*v[0] - inner) / sc.eta[j]
		c := -v[0] + inner/(1+p[0])
		for l := 1; l < w; l++ {
			o[l] = (v[l] + c*p[l]) / sc.eta[j]
		}
	}
	return out
}

// complementarity returns s.z.
func (sc *scaling) complementarity() float64 {
	return floats.Dot(sc.lambda.linear, sc.lambda.linear) + floats.Dot(sc.lambda.second, sc.lambda.second)
}

// predictorTarget is lambda \ (-lambda o lambda) = -lambda: aim at zero
// complementarity.
func (sc *scaling) predictorTarget() *conePair {
	t := &conePair{linear: make([]float64, len(sc.w)), second: make([]float64, len(sc.point))}
	floats.ScaleTo(t.linear, -1, sc.lambda.linear)
	floats.ScaleTo(t.second, -1, sc.lambda.second)
	return t
}

// correctorTarget is lambda \ (-lambda o lambda - (W^-1 ds) o (W dz) + mu e) for
// the predictor's ds, dz: aim at complementarity mu, with Mehrotra's correction.
func (sc *scaling) correctorTarget(step *state, mu float64) *conePair {
	t := &conePair{linear: make([]float64, len(sc.w)), second: make([]float64, len(sc.point))}
	for i, l := range sc.lambda.linear {
		t.linear[i] = -l + (mu-step.slack[i]*step.mul[i])/l
	}
	ds, dz := sc.invert(step.q), sc.apply(step.zeta)
	w := sc.d + 1
	for j := range sc.k {
		lambda, a, b, o := sc.lambda.second[j*w:(j+1)*w], ds[j*w:(j+1)*w], dz[j*w:(j+1)*w], t.second[j*w:(j+1)*w]
		// rhs = -lambda o lambda - a o b + mu e
		o[0] = mu - floats.Dot(lambda, lambda) - floats.Dot(a, b)
		for l := 1; l < w; l++ {
			o[l] = -2*lambda[0]*lambda[l] - a[0]*b[l] - b[0]*a[l]
		}
		jordanDivide(o, lambda)
	}
	return t
}

// jordanDivide replaces x by the solution t of lambda o t = x in the algebra of
// the second-order cone.
func jordanDivide(x, lambda []float64) {
	norm := floats.Norm(lambda[1:], 2)
	det := (lambda[0] - norm) * (lambda[0] + norm)
	head := (lambda[0]*x[0] - floats.Dot(lambda[1:], x[1:])) / det
	for l := 1; l < len(x); l++ {
		x[l] = (x[l] - head*lambda[l]) / lambda[0]
	}
	x[0] = head
}

// coneStep returns the largest a >= 0 with x + a dx in the second-order cone,
// +Inf if the whole ray stays inside; x must be inside.
func coneStep(x, dx []float64) float64 {
	nx, nd := floats.Norm(x[1:], 2), floats.Norm(dx[1:], 2)
	a := (dx[0] - nd) * (dx[0] + nd)
	b := x[0]*dx[0] - floats.Dot(x[1:], dx[1:])
	c := (x[0] - nx) * (x[0] + nx)
	// The first positive root of a t^2 + 2 b t + c, with c > 0.
	if a >= 0 && b >= 0 {
		return math.Inf(1)
	}
	disc := b*b - a*c
	if disc < 0 {
		return math.Inf(1)
	}
	root := math.Sqrt(disc)
	if b <= 0 {
		return c / (-b + root)
	}
	return (b + root) / -a
}
