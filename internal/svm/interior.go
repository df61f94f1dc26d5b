package svm

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// point is a point of the method, or a step between two. Each entry of x has its
// multiplier in z; at a solution one of the two is zero.
type point struct {
	x, z         []float64 // 2n + 2k
	xi, t, p, r  []float64 // n, n, k, k: parts of x
	w, q, zp, zr []float64 // those of z
}

func newPoint(n, k int) *point {
	x, z := make([]float64, 2*(n+k)), make([]float64, 2*(n+k))
	a, b, c := n, 2*n, 2*n+k
	return &point{
		x: x, xi: x[:a], t: x[a:b], p: x[b:c], r: x[c:],
		z: z, w: z[:a], q: z[a:b], zp: z[b:c], zr: z[c:],
	}
}

const (
	// backoff keeps iterates away from the boundary.
	backoff = 0.995
	// Correctors lead products x z back that are further than this factor from the
	// goal: a dual point is central if they are nearly equal.
	centrality = 0.1
	// correctors of centrality in one step, at most, and what the lengths of the
	// primal and the dual step must gain by one.
	correctors = 2
	least      = 0.02
	// longer is how much further than the step at hand a corrector looks.
	longer = 0.3
	// shortest is the length of a step below which rounding decides.
	shortest = 1e-10
)

// diagonals sets d (n) and theta (k) to those of the system at the point: the ratios of
// primal numbers to their multipliers.
func (a *point) diagonals(d, theta []float64) {
	for i := range d {
		d[i] = a.xi[i]/a.w[i] + a.t[i]/a.q[i]
	}
	for k := range theta {
		theta[k] = a.p[k]/a.zp[k] + a.r[k]/a.zr[k]
	}
}

// interior is the state of the interior point method.
type interior struct {
	*program
	system *system
	at     *point
	gain   []float64 // k: p - r
	margin []float64 // n: m - B(p - r)
	prices []float64 // k: B'q

	primal   []float64 // n: what lacks in xi - t + B(p - r) = m
	box      []float64 // n: in q + w = 1
	up, down []float64 // k: in B'q + zp = beta and -B'q + zr = beta
	mu       float64   // the mean of x z
}

// newInterior returns the method at its first point.
func newInterior(p *program) *interior {
	it := &interior{
		program: p, system: newSystem(p), at: newPoint(p.n, p.k),
		gain: make([]float64, p.k), margin: make([]float64, p.n), prices: make([]float64, p.k),
		primal: make([]float64, p.n), box: make([]float64, p.n), up: make([]float64, p.k), down: make([]float64, p.k),
	}
	it.start()
	it.residuals()
	return it
}

// start takes q in the middle of its box, slacks of the columns that leave it some room
// to move, and an x with which all products are equal. How large these are, and how
// much room there is, was chosen by the number of steps that programs took with beta
// from 1e-8 of the largest useful one to half of it.
func (it *interior) start() {
	const middle, room, product = 0.5, 0.1, 5
	at := it.at
	for i := range at.q {
		at.q[i], at.w[i] = middle, 1-middle
	}
	it.adjoint(it.prices, at.q)
	for k, v := range it.prices {
		slack := max(it.beta[k]/2, room*math.Abs(v))
		at.zp[k] = max(it.beta[k]-v, slack)
		at.zr[k] = max(it.beta[k]+v, slack)
	}
	for j, z := range at.z {
		at.x[j] = product / z
	}
}

// residuals computes what lacks in the equations at the current point.
func (it *interior) residuals() {
	at := it.at
	floats.SubTo(it.gain, at.p, at.r)
	copy(it.margin, it.target)
	it.subtract(it.margin, it.gain)
	it.adjoint(it.prices, at.q)
	for i, h := range it.margin {
		it.primal[i] = h - at.xi[i] + at.t[i]
		it.box[i] = 1 - at.q[i] - at.w[i]
	}
	for k, v := range it.prices {
		it.up[k] = it.beta[k] - v - at.zp[k]
		it.down[k] = it.beta[k] + v - at.zr[k]
	}
	it.mu = floats.Dot(at.x, at.z) / float64(len(at.x))
}

// step goes to the next point by Mehrotra's predictor and corrector, and correctors of
// centrality. It reports false if rounding allows no step.
func (it *interior) step() bool {
	at := it.at
	products := make([]float64, len(at.x))
	for j, x := range at.x {
		products[j] = -x * at.z[j]
	}
	step := it.predictor(products)
	if step == nil {
		return false
	}
	alphaX, alphaZ := longest(at.x, step.x), longest(at.z, step.z)
	mu := 0.0
	for j, x := range at.x {
		mu += (x + alphaX*step.x[j]) * (at.z[j] + alphaZ*step.z[j])
	}
	sigma := min(1, math.Pow(mu/float64(len(at.x))/it.mu, 3))
	goal := sigma * it.mu
	for j := range products {
		products[j] += goal - step.x[j]*step.z[j]
	}
	step, _ = it.direction(products, true)
	alphaX, alphaZ = longest(at.x, step.x), longest(at.z, step.z)
	for range correctors {
		next := it.correct(step, alphaX, alphaZ, goal)
		nextX, nextZ := longest(at.x, next.x), longest(at.z, next.z)
		if !(nextX+nextZ > alphaX+alphaZ+least) {
			break
		}
		step, alphaX, alphaZ = next, nextX, nextZ
	}
	if !(alphaX+alphaZ > shortest) || floats.HasNaN(step.x) || floats.HasNaN(step.z) {
		return false
	}
	floats.AddScaled(at.x, min(1, backoff*alphaX), step.x)
	floats.AddScaled(at.z, min(1, backoff*alphaZ), step.z)
	it.residuals()
	return true
}

// correct returns the step with a corrector of centrality (Gondzio, Computational
// Optimization and Applications 6, 1996): products that a longer step would leave far
// from the goal are led back towards it.
func (it *interior) correct(step *point, alphaX, alphaZ, goal float64) *point {
	at := it.at
	alphaX, alphaZ = min(1, alphaX+longer), min(1, alphaZ+longer)
	products := make([]float64, len(at.x))
	for j, x := range at.x {
		v := (x + alphaX*step.x[j]) * (at.z[j] + alphaZ*step.z[j])
		products[j] = max(min(max(v, centrality*goal), goal/centrality)-v, -goal/centrality)
	}
	sum, _ := it.direction(products, false)
	floats.Add(sum.x, step.x)
	floats.Add(sum.z, step.z)
	return sum
}

// predictor factors the system at the current point and returns a first step, nil if
// rounding leaves none.
func (it *interior) predictor(products []float64) *point {
	s := it.system
	it.at.diagonals(s.d, s.theta)
	if s.factor() {
		if step, ok := it.direction(products, true); ok {
			return step
		}
	}
	s.turn()
	if !s.factor() {
		return nil
	}
	step, _ := it.direction(products, true)
	return step
}

// direction returns the step that changes each product by the given amount, to first
// order, and also makes up for what lacks in the equations, or leaves that as it is. It
// reports whether the step could be computed well.
func (it *interior) direction(products []float64, feasible bool) (d *point, ok bool) {
	n, k := it.n, it.k
	at, d := it.at, newPoint(n, k)
	dg, prices := make([]float64, k), make([]float64, k)
	zero := make([]float64, n+k)
	primal, box, up, down := zero[:n], zero[:n], zero[n:], zero[n:]
	if feasible {
		primal, box, up, down = it.primal, it.box, it.up, it.down
	}
	cxi, ct, cp, cr := products[:n], products[n:2*n], products[2*n:2*n+k], products[2*n+k:]
	e, u := make([]float64, n), make([]float64, k)
	for i := range e {
		e[i] = primal[i] - (cxi[i]-at.xi[i]*box[i])/at.w[i] + ct[i]/at.q[i]
	}
	for j := range u {
		u[j] = (cp[j]-at.p[j]*up[j])/at.zp[j] - (cr[j]-at.r[j]*down[j])/at.zr[j]
	}
	ok = it.system.solve(d.q, dg, e, u)
	it.adjoint(prices, d.q)
	size := floats.Norm(d.q, 1)
	for j, v := range prices {
		// Where theta is large it would blow up the rounding of this sum. What the step
		// of the gains says is better then, and gains and slacks fit together.
		if theta := it.system.theta[j]; max(math.Abs(u[j]), math.Abs(dg[j])) < theta*size {
			v = (dg[j] - u[j]) / theta
		}
		d.zp[j] = up[j] - v
		d.zr[j] = down[j] + v
		d.p[j] = (cp[j] - at.p[j]*d.zp[j]) / at.zp[j]
		d.r[j] = (cr[j] - at.r[j]*d.zr[j]) / at.zr[j]
	}
	for i, dq := range d.q {
		d.w[i] = box[i] - dq
		d.xi[i] = (cxi[i] - at.xi[i]*d.w[i]) / at.w[i]
		d.t[i] = (ct[i] - at.t[i]*dq) / at.q[i]
	}
	return d, ok
}

// longest returns the longest step up to 1 along d that keeps x from below zero.
func longest(x, d []float64) float64 {
	alpha := 1.0
	for j, v := range d {
		if x[j]+alpha*v < 0 {
			alpha = -x[j] / v
		}
	}
	return alpha
}
