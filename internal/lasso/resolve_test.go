package lasso_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/internal/lasso"
)

// Solves between columns that come and go end where a solve of the last program
// from scratch ends.
func TestComeAndGo(t *testing.T) {
	tab := classes(60, 5, 9)
	rng := rand.New(rand.NewPCG(9, 1))
	for _, l := range losses(rng, len(tab.y)) {
		name, loss := l.name, l.loss
		p := &problem{loss: loss, beta: 0.4}
		m := p.master()
		for turn := range 12 {
			for range 20 {
				a := tab.feature(tab.direction())
				if rng.IntN(6) == 0 && len(p.columns) > 0 {
					a = slices.Clone(p.columns[rng.IntN(len(p.columns))])
				}
				free := turn == 2 && len(p.columns)%9 == 0
				p.columns, p.free = append(p.columns, a), append(p.free, free)
				k := m.Add(a)
				if free {
					m.Keep(func(j int) bool { return j != k })
					k = m.AddFree(a)
				}
				if k != len(p.columns)-1 || m.Len() != k+1 {
					t.Fatalf("%s: column %d of %d has index %d", name, len(p.columns)-1, m.Len(), k)
				}
			}
			if turn%3 == 1 {
				k := rng.IntN(m.Len())
				m.SetGain(k, gaussian(rng, loss.Outputs()))
				m.SetGain((k+1)%m.Len(), make([]float64, loss.Outputs()))
			}
			solve(t, m, 1e-8)
			fresh := p.master()
			solve(t, fresh, 1e-8)
			if a, b := m.Objective(), fresh.Objective(); math.Abs(a-b) > 1e-7*b {
				t.Errorf("%s, turn %d: objective %.12g, from scratch %.12g", name, turn, a, b)
			}
			stays := make([]bool, m.Len())
			for k := range stays {
				stays[k] = norm(m.Gain(k)) > 0 && rng.IntN(8) > 0 || rng.IntN(2) == 0
			}
			m.Keep(func(k int) bool {
				if p.free[k] {
					t.Errorf("%s: asked about a free column", name)
				}
				return stays[k]
			})
			kept := &problem{loss: loss, beta: p.beta}
			for k, a := range p.columns {
				if stays[k] || p.free[k] {
					kept.columns, kept.free = append(kept.columns, a), append(kept.free, p.free[k])
				}
			}
			p = kept
			if want := p.objective(m.Gain); m.Len() != len(p.columns) || math.Abs(m.Objective()-want) > 1e-12*want {
				t.Fatalf("%s, turn %d: after Keep %d columns, objective %v, want %d, %v", name, turn, m.Len(), m.Objective(), len(p.columns), want)
			}
		}
	}
}

// interrupted ends after a number of looks at it.
type interrupted struct {
	context.Context
	left *int
}

func (c interrupted) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Wherever a solve is interrupted its gains are valid and no worse than before,
// and another solve ends where one that was never interrupted does.
func TestInterruptedSolvesDescend(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	for _, l := range losses(rng, 50) {
		name, loss := l.name, l.loss
		p := random(rng, loss, 120, 0.3)
		want := p.master()
		solve(t, want, 1e-10)
		m := p.master()
		last := m.Objective()
		for looks := range 60 {
			r := m.Solve(interrupted{t.Context(), &looks}, 1e-10)
			now := p.objective(m.Gain)
			if !(now <= last*(1+1e-12)) {
				t.Errorf("%s: objective rises from %.17g to %.17g", name, last, now)
			}
			if v := p.violation(m.Gain); math.Abs(v-r.Violation) > 1e-9*(1+v) || r.Converged != (r.Violation <= 1e-10) {
				t.Errorf("%s: violation %v, %+v", name, v, r)
			}
			last = now
		}
		solve(t, m, 1e-10)
		if a, b := m.Objective(), want.Objective(); math.Abs(a-b) > 1e-9*b {
			t.Errorf("%s: objective %.12g, never interrupted %.12g", name, a, b)
		}
	}
}

func TestSmallPrograms(t *testing.T) {
	for _, c := range []int{1, 2} {
		y := gaussian(rand.New(rand.NewPCG(1, 1)), 3*c)
		m := lasso.New(lasso.NewSquared(y, c), 1)
		if r := solve(t, m, 0); m.Len() != 0 || r.Violation != 0 || math.Abs(m.Objective()-dot(y, y)/2) > 1e-15 {
			t.Errorf("no columns: %+v, objective %v", r, m.Objective())
		}
		zero := m.Add(make([]float64, 3))
		free := m.AddFree(make([]float64, 3))
		m.SetGain(zero, slices.Repeat([]float64{1}, c))
		m.SetGain(free, slices.Repeat([]float64{1}, c))
		solve(t, m, 1e-12)
		if norm(m.Gain(zero)) != 0 || norm(m.Gain(free)) != 0 || m.Price(zero, y) != 0 {
			t.Errorf("columns of zeros have the gains %v and %v", m.Gain(zero), m.Gain(free))
		}
		tiny := m.Add([]float64{0, 1e-160, 0}) // its square is no number but zero
		m.SetGain(tiny, slices.Repeat([]float64{1}, c))
		solve(t, m, 1e-12)
		if norm(m.Gain(tiny)) != 0 {
			t.Errorf("a tiny column has the gain %v", m.Gain(tiny))
		}
	}
}

// The logistic loss of separable classes has no minimum along a free column.
func TestNoMinimum(t *testing.T) {
	m := lasso.New(logistic{[]float64{1, 1, 1}}, 1e-3)
	m.AddFree([]float64{1, 1, 1})
	m.Add([]float64{1, 2, 3})
	for _, tolerance := range []float64{1e-3, 0} {
		r := m.Solve(t.Context(), tolerance)
		if v := m.Objective(); !(v >= 0 && v < 1e-3) || math.IsNaN(r.Violation) || math.IsInf(m.Gain(0)[0], 0) {
			t.Errorf("objective %v, gain %v, %+v", v, m.Gain(0), r)
		}
	}
}

// Rounds of generation, whose columns are strongly correlated. The objective lies
// above the dual value of the scaled residual by no more than the tolerance says,
// and does not rise from round to round.
func TestGeneration(t *testing.T) {
	for _, c := range []int{1, 2} {
		tab := classes(150, 8, 11)
		y := make([]float64, len(tab.y)*c)
		for i, v := range tab.y {
			y[i*c] = v
			y[(i+1)*c-1] += tab.x[i][0]
		}
		const beta, tolerance = 1.0, 1e-9
		m := lasso.New(lasso.NewSquared(y, c), beta)
		last := math.Inf(1)
		for range 12 {
			tab.generate(m, c, beta, 40)
			r := solve(t, m, tolerance)
			now := m.Objective()
			v := m.Residual()
			scale := 1.0
			for k := range m.Len() {
				scale = min(scale, beta/m.Price(k, v))
			}
			dual := scale*dot(y, v) - scale*scale*dot(v, v)/2
			if now-dual > 1e-8*now || now-dual < -1e-12*now {
				t.Errorf("c %d: objective %.12g, dual %.12g, %+v", c, now, dual, r)
			}
			if now > last*(1+1e-9) {
				t.Errorf("c %d: objective rises from %.12g to %.12g", c, last, now)
			}
			last = now
			m.Keep(func(k int) bool { return norm(m.Gain(k)) > 0 })
		}
	}
}

func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	gains := func(loss lasso.Loss) (out []float64) {
		p := random(rand.New(rand.NewPCG(12, 2)), loss, 300, 0.3)
		m := p.master()
		solve(t, m, 1e-6)
		for k := range m.Len() {
			out = append(out, m.Gain(k)...)
		}
		return out
	}
	for _, l := range losses(rand.New(rand.NewPCG(12, 1)), 100) {
		name, loss := l.name, l.loss
		runtime.GOMAXPROCS(1)
		one := gains(loss)
		runtime.GOMAXPROCS(4)
		if !slices.Equal(one, gains(loss)) {
			t.Errorf("%s: other bits on other threads", name)
		}
	}
}

func TestMistakesPanic(t *testing.T) {
	y := []float64{1, 2, 3, 4}
	m := lasso.New(lasso.NewSquared(y, 2), 1)
	m.Add([]float64{1, 2})
	for name, call := range map[string]func(){
		"beta":       func() { lasso.New(lasso.NewSquared(y, 1), 0) },
		"beta NaN":   func() { lasso.New(lasso.NewSquared(y, 1), math.NaN()) },
		"outputs":    func() { lasso.NewSquared(y, 3) },
		"no outputs": func() { lasso.NewSquared(y, 0) },
		"samples":    func() { m.Add(y) },
		"gain":       func() { m.SetGain(0, y) },
		"dual point": func() { m.Price(0, y[:2]) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}
