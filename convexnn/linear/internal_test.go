package linear

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func random(rng *rand.Rand, n, d int) *mat.Dense {
	a := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			a.Set(i, j, rng.NormFloat64())
		}
	}
	return a
}

// Gradient and Hessian against central differences.
func TestDerivatives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for depth := 1; depth <= 5; depth++ {
		o := newObjective(random(rng, 5, 4), random(rng, 5, 3), 0.3, sameWidths(depth, 2))
		w, d := o.draw(rng, 1), make([]float64, o.size())
		for i := range d {
			d[i] = rng.NormFloat64()
		}
		const h = 1e-5
		up, down := make([]float64, len(w)), make([]float64, len(w))
		floats.AddScaledTo(up, w, h, d)
		floats.AddScaledTo(down, w, -h, d)
		p, a, b := o.at(w), o.at(up), o.at(down)
		slope := (a.value - b.value) / (2 * h)
		if got := floats.Dot(p.grad, d); math.Abs(got-slope) > 1e-6*(1+math.Abs(slope)) {
			t.Errorf("depth %d: slope %v, differences %v", depth, got, slope)
		}
		hd := make([]float64, len(w))
		p.hessian(hd, d)
		for i := range hd {
			if diff := (a.grad[i] - b.grad[i]) / (2 * h); math.Abs(hd[i]-diff) > 1e-5*(1+math.Abs(diff)) {
				t.Errorf("depth %d, entry %d: curvature %v, differences %v", depth, i, hd[i], diff)
			}
		}
	}
}

// The local search, which knows of no closed form, against the one that there is for
// X'X a multiple of the identity; and bounds against the true optimum.
func TestSearchMeetsShrinkage(t *testing.T) {
	for seed := range uint64(16) {
		rng := rand.New(rand.NewPCG(seed, 2))
		d, c := 2+rng.IntN(4), 2+rng.IntN(3)
		q := decompose(random(rng, d, d))
		x := mat.DenseCopyOf(q.u)
		x.Scale(0.5+rng.Float64(), x)
		y := random(rng, d, c)
		p, err := newProblem(x, y, false)
		if err != nil || !p.isotropic() {
			t.Fatal(err)
		}
		depth, r, beta := 2+int(seed%4), 1+rng.IntN(min(d, c)), 0.5*rng.Float64()
		_, want := p.shrunk(beta, depth, r)
		var settings Settings
		if err := settings.check(x, y); err != nil {
			t.Fatal(err)
		}
		settings.Beta = beta
		var nuclear convex
		if depth == 2 {
			nuclear = p.nuclear(t.Context(), beta, 1e-9, 10000)
		}
		found := p.search(t.Context(), beta, depth, r, settings, func(*mat.Dense, float64) bool { return false })
		if math.Abs(found.value-want) > 1e-9*want {
			t.Errorf("seed %d, depth %d, rank %d: search %.12g, closed form %.12g", seed, depth, r, found.value, want)
		}
		bound := p.newLocalBound(depth, r, nuclear, settings)
		if !bound.improve(t.Context(), found.b, found.value) || bound.best > want*(1+1e-12) {
			t.Errorf("seed %d, depth %d, rank %d: bound %.12g of %.12g", seed, depth, r, bound.best, want)
		}
	}
}

// Every tangent is a bound, wherever it is taken: no weights are below it.
func TestTangentsAreBounds(t *testing.T) {
	close := 0
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 3))
		x, y := random(rng, 7, 2+rng.IntN(3)), random(rng, 7, 2)
		p, err := newProblem(x, y, false)
		if err != nil {
			t.Fatal(err)
		}
		settings := Settings{Beta: 0.05 + rng.Float64(), Tolerance: 1e-9, MaxIterations: 1000}
		depth, r := 2+int(seed%3), 1+rng.IntN(2)
		found := p.search(t.Context(), settings.Beta, depth, r, settings, func(*mat.Dense, float64) bool { return false })
		l := p.newLocalBound(depth, r, convex{}, settings)
		if depth > 2 {
			l.slope = l.secant(found.value)
		}
		for range 20 {
			b := random(rng, p.q(), p.c)
			b.Scale(rng.Float64(), b)
			b.Add(b, found.b)
			loss, _ := l.lossTangent(b)
			penalty := l.penaltyBound(t.Context(), b)
			if max(loss, penalty) > found.value*(1+1e-10) {
				t.Fatalf("seed %d, depth %d: bounds %.12g and %.12g, weights with %.12g", seed, depth, loss, penalty, found.value)
			}
			if max(loss, penalty) > 0.9*found.value {
				close++
			}
		}
	}
	if close < 50 {
		t.Errorf("only %d bounds were near the objective, which tests little", close)
	}
}
