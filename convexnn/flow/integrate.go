package flow

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
)

// An integrator follows the flow. Within a step patterns are fixed, so that the field is
// smooth; a step ends just past the first line that a neuron crosses, unless the field
// changes by less there than the tolerance forgives, and [sides.settle] decides how each
// neuron goes on.
type integrator struct {
	field     *field
	formula   *chebyshev
	tolerance float64 // of a step, in radians and in logarithms of sizes
	most      float64 // longest step allowed, 0 for none
	scale     float64 // of the rows: times are in units of 1/scale

	now      state
	velocity state
	time     float64
	logRho   float64
	before   float64 // logRho before the last step
	logTime  float64 // of plain gradient flow; -Inf at the start
	products *mat.Dense

	next, nextVelocity state
	nextProducts       *mat.Dense
	step               float64 // to try next

	steps, rejected, evaluations int
}

func newIntegrator(f *field, start state, tolerance, most, scale float64) *integrator {
	m, d := len(start.logs), f.sides.normals.Cols
	k := len(f.sides.members)
	g := &integrator{
		field: f, formula: newChebyshev(m, d), tolerance: tolerance, most: most, scale: scale,
		now: start, velocity: newState(m, d), next: newState(m, d), nextVelocity: newState(m, d),
		products: mat.NewDense(m, k, nil), nextProducts: mat.NewDense(m, k, nil),
		step: 0.01 / scale, logTime: math.Inf(-1),
	}
	f.sides.products(g.products, start)
	for j := range m {
		for k, z := range g.products.RawRowView(j) {
			side := int8(1)
			if z <= 0 {
				side = -1 // as with derivative 0 of the ReLU at 0
			}
			f.sides.put(j, k, side)
		}
	}
	g.evaluate()
	return g
}

// evaluate takes the field at now.
func (g *integrator) evaluate() {
	g.field.at(g.velocity, g.now)
	g.evaluations++
	g.logRho = g.now.logRho()
}

// growth is (log rho)', the share-weighted sum of the growth of the sizes.
func (g *integrator) growth() float64 {
	sum := 0.0
	for j, b := range g.now.logs {
		sum += 2 * math.Exp(2*(b-g.logRho)) * g.velocity.logs[j]
	}
	return sum
}

const (
	// maxStages bounds the work of a step, within which a run cannot be stopped.
	maxStages = 300
	// retries bounds how often a step is cut at crossings.
	retries = 8
	// rising is how much of the logarithm of the loss rounding and tolerance may add in
	// a step.
	rising = 1e-9
)

// mostForgiven bounds by how much a direction may be wrong after a crossing, since what
// slides along a line is put onto it.
const mostForgiven = 1e-3

// leastStep is the step, in units of 1/scale, below which nothing moves any more.
const leastStep = 1e-13

// advance takes one step of at most limit, and reports false if there is no step that
// is short enough.
func (g *integrator) advance(limit float64) bool {
	rate := g.field.stiffness(g.now, g.products)
	before, logPull := g.field.logLoss, g.field.logPull
	h := min(g.step, limit)
	if g.most > 0 {
		h = min(h, g.most)
	}
	whole := 0.0 // the step before it was cut
	for cuts := 0; ; {
		if h*g.scale < leastStep {
			return false
		}
		count := stages(h, rate)
		if count > maxStages {
			count, h = maxStages, longest(maxStages, rate)
		}
		g.formula.step(g.field, g.next, g.now, g.velocity, h, count)
		g.next.normalise()
		g.field.at(g.nextVelocity, g.next)
		g.evaluations += count
		err := g.formula.error(g.now, g.velocity, g.next, g.nextVelocity, h) / g.tolerance
		rises := g.field.logLoss - before
		if !(err <= 1) || !(rises <= rising*(1+math.Abs(before))) {
			g.rejected++
			h *= min(0.5, resize(err))
			continue
		}
		g.field.sides.products(g.nextProducts, g.next)
		if to := g.crossing(h); to < 0.9*h && cuts < retries {
			cuts++
			whole, h = max(whole, h), to
			continue
		}
		g.step = max(h*resize(err), whole)
		break
	}
	g.steps++
	g.time += h
	g.now, g.next = g.next, g.now
	g.velocity, g.nextVelocity = g.nextVelocity, g.velocity
	g.products, g.nextProducts = g.nextProducts, g.products
	g.before, g.logRho = g.logRho, g.now.logRho()
	g.logTime = logAdd(g.logTime, math.Log(h)-logMean(logPull, g.field.logPull))
	if g.settle() {
		g.evaluate()
		g.field.sides.products(g.products, g.now)
	}
	return true
}

// resize is by how much to change a step with an error of so many times the tolerance, which
// is not a number where the step has left the range of float64.
func resize(err float64) float64 {
	const least, most, safety = 0.1, 5, 0.8
	if !(err < 1e9) {
		return least
	}
	return min(most, max(least, safety/math.Cbrt(err)))
}

// crossing is the time, at most h, of the first crossing after which the step would go on
// with a field that is wrong by more than the tolerance, and a little more.
func (g *integrator) crossing(h float64) float64 {
	first, forgiven := h, min(g.tolerance, mostForgiven)
	for j := range g.now.logs {
		from, to := g.products.RawRowView(j), g.nextProducts.RawRowView(j)
		for k, z := range to {
			if !g.field.sides.wrong(j, k, z) {
				continue
			}
			share := 0.0
			if from[k] != z {
				share = min(1, max(0, from[k]/(from[k]-z)))
			}
			bend := math.Abs(g.field.sides.bend(1, k, g.field.signed))
			if (1-share)*h*bend > forgiven {
				first = min(first, share*h+forgiven/(2*bend))
			}
		}
	}
	return first
}

// settle lets each neuron that has come to a line, is on one and leaves its side, or slides
// along some, choose its side.
func (g *integrator) settle() bool {
	changed := false
	s := g.field.sides
	for j := range g.now.logs {
		var come []int
		z := g.products.RawRowView(j)
		for k, v := range z {
			if s.wrong(j, k, v) || math.Abs(v) <= onLine && float64(s.side[j][k])*kernel.Dot(g.velocity.dir(j), s.normal(k)) < 0 {
				come = append(come, k)
			}
		}
		if len(come) > 0 || len(s.slides[j]) > 0 {
			changed = s.settle(j, come, g.now, g.field.signs[j], g.field.signed, z) || changed
		}
	}
	return changed
}

// change is by how much the last step has changed the network: log rho, and the mean of the
// angles by which the neurons have turned.
func (g *integrator) change() float64 {
	angles := 0.0
	for j := range g.now.logs {
		angles += floats.Distance(g.now.dir(j), g.next.dir(j), 2)
	}
	return math.Abs(g.logRho-g.before) + angles/float64(len(g.now.logs))
}

// logAdd is log(exp(a) + exp(b)).
func logAdd(a, b float64) float64 {
	a, b = max(a, b), min(a, b)
	if math.IsInf(a, 0) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// logMean is minus the logarithm of the mean of exp(-w) for w between a and b.
func logMean(a, b float64) float64 {
	lo, gap := min(a, b), math.Abs(a-b)
	if gap < 1e-9 {
		return (a + b) / 2
	}
	return lo + math.Log(gap) - math.Log(-math.Expm1(-gap))
}
