package pricing

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// ridgeCase is a random problem in at least three dimensions: Gaussian samples, ones
// of small integers, or such with repeated, opposite and nearly parallel rows.
func ridgeCase(rng *rand.Rand, kind int) (*mat.Dense, []float64) {
	n, d := 5+rng.IntN(80), 3+rng.IntN(8)
	x, v := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		v[i] = rng.NormFloat64()
		for j := range d {
			x.Set(i, j, rng.NormFloat64())
			if kind == 1 {
				x.Set(i, j, float64(rng.IntN(3)-1))
			}
		}
		if kind == 2 && i > 0 && rng.IntN(2) == 0 {
			row := x.RawRowView(i)
			floats.ScaleTo(row, math.Exp(rng.NormFloat64())*float64(2*rng.IntN(2)-1), x.RawRowView(rng.IntN(i)))
			if rng.IntN(2) == 0 {
				row[rng.IntN(d)] += math.Pow(10, -4-8*rng.Float64())
			}
		}
	}
	return x, v
}

func gaussianVector(rng *rand.Rand, d int) []float64 {
	u := make([]float64, d)
	for i := range u {
		u[i] = rng.NormFloat64()
	}
	floats.Scale(1/floats.Norm(u, 2), u)
	return u
}

// distance is that of a_S from the zonotope, S the positive samples on the active
// side of r.
func distance(r *ridge) float64 {
	a := r.problem.newAscent()
	a.split()
	k := 0
	for i, w := range r.weight {
		if w > 0 {
			a.in[k] = r.on[i]
			k++
		}
	}
	return a.project()
}

// The end of an ascent is a direction that the projection of its subset leads to: a
// fixed point of the step by subsets, computed by another method.
func TestRidgeEndsAtFixedPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	var done, given, better [3]int
	for trial := range 600 {
		kind := trial % 3
		x, v := ridgeCase(rng, kind)
		p := newProblem(x, v, 0)
		if len(p.plus) == 0 || p.unit.Rows == 0 {
			continue
		}
		r := p.newRidge()
		start := gaussianVector(rng, p.unit.Cols)
		from := Value(x, v, start)
		value, _, ok := r.climb(start, p.maxIterations)
		if actual := Value(x, v, r.u); math.Abs(actual-value) > 1e-9*p.size || actual < from-1e-12*p.size {
			t.Fatalf("trial %d: from %g to %g, which is %g", trial, from, value, actual)
		}
		if math.Abs(norm(r.u)-1) > 1e-12 {
			t.Fatalf("trial %d: a direction of norm %g", trial, norm(r.u))
		}
		given[kind]++
		if !ok {
			continue
		}
		done[kind]++
		if want := distance(r); math.Abs(value-want) > 1e-9*p.size {
			t.Errorf("trial %d: ended at %.12g, the projection is %.12g long", trial, value, want)
		}
		// From there it goes nowhere.
		again, steps, ok := r.climb(slices.Clone(r.u), p.maxIterations)
		if again < value-1e-9*p.size || kind == 0 && (!ok || steps > 2 || again > value+1e-9*p.size) {
			t.Errorf("trial %d: ended at %.12g, again at %.12g after %d steps (%t)", trial, value, again, steps, ok)
		}
		if ok && again > value+1e-9*p.size {
			better[kind]++
		}
	}
	for kind, n := range done {
		if n < given[kind]*8/10 {
			t.Errorf("kind %d: %d of %d ascents got to an end by themselves", kind, n, given[kind])
		}
	}
	t.Logf("%v of %v, better %v", done, given, better)
}

// Along a step the value rises, and right after its end it no longer does.
func TestRidgeStepsToFirstMaximum(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 1))
	steps, between := 0, 0
	for range 60 {
		x, v := ridgeCase(rng, 0)
		p := newProblem(x, v, 0)
		if len(p.plus) == 0 {
			continue
		}
		r := p.newRidge()
		r.start(gaussianVector(rng, p.unit.Cols))
		for range 12 {
			value, rise, length := r.slopes()
			if left, _ := r.leave(rise, length); left {
				value, rise, _ = r.slopes()
			}
			if rise <= 1e-6*p.size {
				break
			}
			floats.Scale(1/rise, r.p)
			u, way := slices.Clone(r.u), slices.Clone(r.p)
			faces := len(r.face)
			if !r.step(value, rise) {
				break
			}
			if floats.Dot(r.u, u) < 1e-3 {
				continue // a turn
			}
			steps++
			if len(r.face) == faces {
				between++
			}
			end := floats.Dot(r.u, way) / floats.Dot(r.u, u)
			at := func(s float64) float64 {
				w := slices.Clone(u)
				floats.AddScaled(w, s, way)
				floats.Scale(1/norm(w), w)
				return Value(x, v, w)
			}
			last := at(0)
			if short := end * 1e-6; short > 1e-9 && math.Abs((at(short)-last)/short-rise) > 1e-3*(rise+p.size) {
				t.Fatalf("the value rises by %g, expected %g", (at(short)-last)/short, rise)
			}
			for k := 1; k <= 50; k++ {
				now := at(end * float64(k) / 50)
				if now < last-1e-12*p.size {
					t.Fatalf("after %d/50 of the step down from %.12g to %.12g", k, last, now)
				}
				last = now
			}
			if beyond := at(end * (1 + 1e-4)); beyond > last+1e-12*p.size {
				t.Fatalf("ended at %.12g, right behind it is %.12g", last, beyond)
			}
		}
	}
	if between < 20 || steps-between < 100 {
		t.Errorf("%d steps, %d that end between ridges", steps, between)
	}
}

// What a ridge knows of samples it did not look at holds: the side of each, the
// bound of its sine, and the gradient that follows.
func TestRidgeKnowsFarSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 1))
	skipped := 0
	for trial := range 60 {
		x, v := ridgeCase(rng, trial%2)
		p := newProblem(x, v, 0)
		if len(p.plus) == 0 {
			continue
		}
		r := p.newRidge()
		for limit := 1; limit < 40; limit += 3 {
			start := gaussianVector(rng, p.unit.Cols)
			if _, _, done := r.climb(start, limit); done {
				break
			}
			g := make([]float64, len(r.u))
			for i, w := range r.weight {
				z := floats.Dot(r.sample(i), r.u)
				if r.inFace[i] {
					if math.Abs(z) > 1e-9 {
						t.Fatalf("trial %d: x.u = %g for a sample of the face", trial, z)
					}
					continue
				}
				if least := math.Abs(r.z[i]) + r.when[i] - r.moved; math.Abs(z) < least-1e-12 {
					t.Fatalf("trial %d: |x.u| = %g, the bound is %g", trial, math.Abs(z), least)
				}
				if math.Abs(z) > 1e-9 && r.on[i] != (z > 0) {
					t.Fatalf("trial %d: sample %d at %g counts as active: %t", trial, i, z, r.on[i])
				}
				if r.on[i] {
					floats.AddScaled(g, w, r.sample(i))
				}
				if r.when[i] != r.moved {
					skipped++
				}
			}
			if !floats.EqualApprox(g, r.g, 1e-10*p.size) {
				t.Fatalf("trial %d: gradient %v, want %v", trial, r.g, g)
			}
		}
	}
	if skipped < 1000 {
		t.Errorf("only %d samples were skipped", skipped)
	}
}

// The value and the bound of leave enclose the distance of a_S from the zonotope.
func TestRidgeBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 1))
	tight, loose := 0, 0
	for trial := range 200 {
		x, v := ridgeCase(rng, trial%3)
		p := newProblem(x, v, 0)
		if len(p.plus) == 0 {
			continue
		}
		r := p.newRidge()
		if _, _, done := r.climb(gaussianVector(rng, p.unit.Cols), 1+rng.IntN(8)); done {
			continue
		}
		want := distance(r)
		value, _, length := r.slopes()
		_, bound := r.leave(math.Inf(1), length)
		if value > want+1e-9*p.size || bound < want-1e-9*p.size {
			t.Fatalf("trial %d: distance %.12g, value %.12g, bound %.12g", trial, want, value, bound)
		}
		if bound < want*(1+1e-6) {
			tight++
		} else {
			loose++
		}
	}
	if tight < 3 || loose < 50 {
		t.Errorf("%d bounds were tight, %d were not", tight, loose)
	}
}

// A floor ends ascents early that do not get to it, and few others.
func TestRidgeFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 1))
	all, with, above, lost := 0, 0, 0, 0
	for range 40 {
		x, v := ridgeCase(rng, 0)
		p := newProblem(x, v, 0)
		if len(p.plus) == 0 {
			continue
		}
		r := p.newRidge()
		starts := make([][]float64, 20)
		values, best := make([]float64, len(starts)), 0.0
		for k := range starts {
			starts[k] = gaussianVector(rng, p.unit.Cols)
			var steps int
			values[k], steps, _ = r.climb(starts[k], p.maxIterations)
			all += steps
			best = max(best, values[k])
		}
		p.floor = 0.95 * best
		for k, u := range starts {
			value, steps, _ := r.climb(u, p.maxIterations)
			with += steps
			switch {
			case value > values[k]+1e-12*p.size:
				t.Fatalf("value %.12g with a floor, %.12g without", value, values[k])
			case values[k] < p.floor:
			case value < p.floor:
				lost++
				fallthrough
			default:
				above++
			}
		}
		p.floor = 1e6 * p.size
		if _, steps, done := r.climb(starts[0], p.maxIterations); steps > 0 || !done {
			t.Fatalf("%d steps towards a floor out of reach", steps)
		}
	}
	if lost*10 > above || with*10 > all*9 || above < 100 {
		t.Errorf("lost %d of %d, %d steps of %d", lost, above, with, all)
	}
	t.Logf("lost %d of %d, %d steps of %d", lost, above, with, all)
}

// Samples that span no more than a plane are never taken for spatial ones, however
// many columns they have.
func TestSpatial(t *testing.T) {
	rng := rand.New(rand.NewPCG(37, 1))
	for rank := 1; rank <= 4; rank++ {
		var a, b, x mat.Dense
		a.ReuseAs(12, rank)
		b.ReuseAs(rank, 6)
		random := func(_, _ int, _ float64) float64 { return rng.NormFloat64() }
		a.Apply(random, &a)
		b.Apply(random, &b)
		x.Mul(&a, &b)
		v := gaussianVector(rng, 12)
		if got := newProblem(&x, v, 0).spatial(); got != (rank > 2) {
			t.Errorf("rank %d: spatial %t", rank, got)
		}
		for i := range v {
			v[i] = -math.Abs(v[i])
		}
		if newProblem(&x, v, 0).spatial() {
			t.Errorf("rank %d: spatial without positive weights", rank)
		}
	}
}

// The start is the top of its side of the second sample, and not a maximum.
func TestRidgeCrosses(t *testing.T) {
	x := mat.NewDense(4, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1})
	p := newProblem(x, []float64{2, 1, -1, -1}, 0)
	if value, _, done := p.newRidge().climb([]float64{3, 0, 0}, 20); !done || math.Abs(value-math.Sqrt(5)) > 1e-14 {
		t.Errorf("value %.15g, want %.15g (%t)", value, math.Sqrt(5), done)
	}
}
