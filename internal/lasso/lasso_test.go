package lasso_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/internal/lasso"
)

// The gains satisfy the optimality conditions, recomputed from nothing else.
func TestOptimalityConditions(t *testing.T) {
	for _, beta := range []float64{0.01, 0.1, 1, 10} {
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(seed, 5))
			n := 20 + rng.IntN(60)
			for name, loss := range losses(rng, n) {
				p := random(rng, loss, 10+rng.IntN(100), beta)
				m := p.master()
				r := m.Solve(t.Context(), 1e-10)
				v := p.violation(m.Gain)
				if !r.Converged || !(v < 1.1e-10) || math.Abs(m.Objective()-p.objective(m.Gain)) > 1e-12*m.Objective() {
					t.Errorf("%s beta %v seed %d n %d K %d: report %+v, violation %v", name, beta, seed, n, len(p.columns), r, v)
				}
			}
		}
	}
}

// No other method finds a lower objective, and a long run of one finds the same.
func TestAgainstProximalGradient(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 6))
		for name, loss := range losses(rng, 15) {
			p := random(rng, loss, 20, 0.5)
			m := p.master()
			solve(t, m, 1e-10)
			other := p.proximal(6000)
			if f := m.Objective(); f > other*(1+1e-9) || other > f*(1+1e-5) {
				t.Errorf("%s seed %d: %v, proximal gradient %v", name, seed, f, other)
			}
		}
	}
}

// One column: the minimum of 1/2 |a g - Y|^2 + beta |g| is the soft threshold of a'Y.
// Orthogonal columns are solved one by one.
func TestClosedForms(t *testing.T) {
	y := []float64{1, 2, -3, 0.5, 1, 1, -1, 4, 0.1, 0.2, -0.1, 0.1}
	columns := [][]float64{{2, 0, 0, 0, 0, 0}, {0, 1, 0, 1, 0, 0}, {0, 0, 3, 0, 0, 0}, {0, 0, 0, 0, 1, 1}}
	for _, c := range []int{1, 2} {
		beta := 0.7
		m := lasso.New(lasso.NewSquared(y[:6*c], c), beta)
		for _, a := range columns {
			m.Add(a)
		}
		solve(t, m, 1e-12)
		for k, a := range columns {
			price := inner(a, y[:6*c])
			shrink := max(0, 1-beta/norm(price)) / dot(a, a)
			for l, g := range m.Gain(k) {
				if math.Abs(g-shrink*price[l]) > 1e-12 {
					t.Errorf("c=%d, column %d: %v, want %v times %v", c, k, m.Gain(k), shrink, price)
				}
			}
		}
	}
}

func TestLargeBetaGivesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, loss := range losses(rng, 30) {
		p := random(rng, loss, 5, 1) // without a free column
		p.free[len(p.free)-1] = false
		v := make([]float64, 30*loss.Outputs())
		loss.Residual(v, make([]float64, len(v)))
		top := 0.0
		for _, a := range p.columns {
			top = max(top, norm(inner(a, v)))
		}
		for _, beta := range []float64{1.0001 * top, 0.999 * top} {
			p.beta = beta
			m := p.master()
			solve(t, m, 1e-9)
			used := false
			for k := range m.Len() {
				used = used || norm(m.Gain(k)) > 0
			}
			if used != (beta < top) {
				t.Errorf("%s: beta %v of %v: any gain: %v", name, beta, top, used)
			}
		}
	}
}

// A free column of ones is what centring amounts to for the squared loss.
func TestAFreeColumnCentres(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	n := 25
	center := func(v []float64) []float64 {
		out, mean := slices.Clone(v), 0.0
		for _, x := range v {
			mean += x / float64(len(v))
		}
		for i := range out {
			out[i] -= mean
		}
		return out
	}
	y, ones := gaussian(rng, n), make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	with, without := lasso.New(lasso.NewSquared(y, 1), 1), lasso.New(lasso.NewSquared(center(y), 1), 1)
	with.AddFree(ones)
	for range 12 {
		a := gaussian(rng, n)
		with.Add(a)
		without.Add(center(a))
	}
	solve(t, with, 1e-11)
	solve(t, without, 1e-11)
	if a, b := with.Objective(), without.Objective(); math.Abs(a-b) > 1e-10*b {
		t.Errorf("%v with the column, %v centred", a, b)
	}
}

// The order of additions, removals and solves changes nothing of the optimum, and no
// solve raises the objective.
func TestGrowingAndShrinking(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 8))
		for name, loss := range losses(rng, 40) {
			p := random(rng, loss, 60, 0.3)
			whole := p.master()
			solve(t, whole, 1e-10)
			m := lasso.New(loss, p.beta)
			last := math.Inf(1)
			for k, a := range p.columns {
				if p.free[k] {
					m.AddFree(a)
				} else {
					m.Add(a)
				}
				if k%7 == 6 {
					m.Solve(t.Context(), 1e-3)
					if f := m.Objective(); f > last*(1+1e-12) {
						t.Errorf("%s: the objective rose from %v to %v", name, last, f)
					} else {
						last = f
					}
				}
			}
			solve(t, m, 1e-10)
			if a, b := m.Objective(), whole.Objective(); math.Abs(a-b) > 1e-8*b {
				t.Errorf("%s: grown %v, at once %v", name, a, b)
			}
			// Columns without gains may go, and the solution stays.
			kept := m.Len()
			m.Keep(func(k int) bool { return norm(m.Gain(k)) > 0 || p.free[k] })
			if m.Len() >= kept {
				t.Errorf("%s: %d columns left of %d", name, m.Len(), kept)
			}
			solve(t, m, 1e-10)
			if a, b := m.Objective(), whole.Objective(); math.Abs(a-b) > 1e-8*b {
				t.Errorf("%s: shrunk %v, before %v", name, a, b)
			}
		}
	}
}

// A start from given gains ends where any other does, and a context that has ended
// leaves it as it is or better.
func TestWarmStartAndCancel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 9))
	for name, loss := range losses(rng, 30) {
		p := random(rng, loss, 30, 0.2)
		cold := p.master()
		solve(t, cold, 1e-10)
		m := p.master()
		for k := range m.Len() {
			m.SetGain(k, gaussian(rng, loss.Outputs()))
		}
		before := p.objective(m.Gain)
		if f := m.Objective(); math.Abs(f-before) > 1e-10*before {
			t.Errorf("%s: objective %v of the gains set, want %v", name, f, before)
		}
		done, cancel := context.WithCancel(t.Context())
		cancel()
		m.Solve(done, 1e-10)
		if f := m.Objective(); !(f <= before*(1+1e-12)) || math.Abs(f-p.objective(m.Gain)) > 1e-10*f {
			t.Errorf("%s: cancelled at %v, begun at %v", name, f, before)
		}
		solve(t, m, 1e-10)
		if a, b := m.Objective(), cold.Objective(); math.Abs(a-b) > 1e-8*b {
			t.Errorf("%s: warm %v, cold %v", name, a, b)
		}
	}
}
