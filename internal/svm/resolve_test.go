package svm_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/internal/svm"
)

// Solves between columns that come and go, and gains that are set, end where a solve of
// the last program from scratch ends.
func TestComeAndGo(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	const n, tolerance = 40, 1e-9
	p := random(rng, n, 5, 0.1)
	m := p.master()
	for turn := range 15 {
		for range 8 {
			a := make([]float64, n)
			for i := range a {
				a[i] = max(0, rng.NormFloat64())
			}
			if rng.IntN(6) == 0 {
				a = slices.Clone(p.columns[rng.IntN(len(p.columns))])
			}
			p.columns = append(p.columns, a)
			if k := m.Add(a); k != len(p.columns)-1 || m.Len() != k+1 || m.Gain(k)[0] != 0 {
				t.Fatalf("column %d of %d has index %d and gain %v", len(p.columns)-1, m.Len(), k, m.Gain(k))
			}
		}
		if turn%3 == 1 {
			g := gaussian(rng, 1)
			k := rng.IntN(m.Len())
			m.SetGain(k, g)
			if m.Gain(k)[0] != g[0] {
				t.Fatalf("gain %v, set to %v", m.Gain(k), g)
			}
			g[0] = 7 // it is copied
			if want := p.objective(m); math.Abs(m.Objective()-want) > 1e-12*want {
				t.Fatalf("objective %v with the gain, want %v", m.Objective(), want)
			}
		}
		got, want := p.solved(t, m, tolerance), p.solved(t, p.master(), tolerance)
		if math.Abs(got-want) > 2*tolerance*want {
			t.Errorf("turn %d: objective %.12g, from scratch %.12g", turn, got, want)
		}
		var kept [][]float64
		m.Keep(func(k int) bool {
			if m.Gain(k)[0] == 0 && rng.IntN(2) == 0 || rng.IntN(8) == 0 {
				return false
			}
			kept = append(kept, p.columns[k])
			return true
		})
		p.columns = kept
		if want := p.objective(m); m.Len() != len(kept) || math.Abs(m.Objective()-want) > 1e-12*want {
			t.Fatalf("turn %d: after Keep %d columns, objective %v, want %d, %v", turn, m.Len(), m.Objective(), len(kept), want)
		}
	}
}

// The gains at hand are never given up for worse ones.
func TestGoodGainsStay(t *testing.T) {
	p := random(rand.New(rand.NewPCG(7, 1)), 50, 30, 0.1)
	good, m := p.master(), p.master()
	best := p.solved(t, good, 1e-10)
	for k := range m.Len() {
		m.SetGain(k, good.Gain(k))
	}
	if got := p.solved(t, m, 1e-2); got > best*(1+1e-2) {
		t.Errorf("objective %v, at hand %v", got, best)
	}
	if r := m.Solve(interrupted{t.Context(), new(int)}, 1e-12); p.objective(m) > best*(1+1e-2) {
		t.Errorf("%+v: objective %v, at hand %v", r, p.objective(m), best)
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

// Wherever a solve is interrupted its gains are no worse than those before, its dual
// point is feasible, and what it reports is true.
func TestInterruptedSolvesDescend(t *testing.T) {
	p := random(rand.New(rand.NewPCG(8, 1)), 50, 70, 0.02)
	want := p.solved(t, p.master(), 1e-10)
	for looks := range 20 {
		m := p.master()
		m.SetGain(1, []float64{0.01})
		before := p.objective(m)
		r := m.Solve(interrupted{t.Context(), &looks}, 1e-10)
		got, bound := p.objective(m), p.bound(t, m)
		if !(got <= before*(1+1e-14)) || got < want*(1-1e-9) || bound > want*(1+1e-9) {
			t.Errorf("objective %v after %v, bound %v, optimum %v", got, before, bound, want)
		}
		if gap := (got - bound) / got; math.Abs(r.Gap-gap) > 1e-12 || r.Converged != (r.Gap <= 1e-10) {
			t.Errorf("gap %v, %+v", gap, r)
		}
	}
}

func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, p := range []*problem{
		random(rand.New(rand.NewPCG(9, 1)), 300, 200, 0.05),
		random(rand.New(rand.NewPCG(9, 2)), 200, 700, 0.05),
	} {
		numbers := func(threads int) []float64 {
			runtime.GOMAXPROCS(threads)
			m := p.master()
			p.solved(t, m, 1e-6)
			out := m.Residual()
			for k := range m.Len() {
				out = append(out, m.Gain(k)[0])
			}
			return out
		}
		if !slices.Equal(numbers(1), numbers(4)) {
			t.Error("other bits on other threads")
		}
	}
}

func TestMistakesPanic(t *testing.T) {
	y := []float64{1, -2}
	m := svm.New(y, 1)
	m.Add([]float64{1, 2})
	for name, call := range map[string]func(){
		"beta":       func() { svm.New(y, 0) },
		"beta NaN":   func() { svm.New(y, math.NaN()) },
		"samples":    func() { m.Add(y[:1]) },
		"gain":       func() { m.SetGain(0, y) },
		"dual point": func() { m.Price(0, y[:1]) },
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
