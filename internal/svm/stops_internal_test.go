package svm

import (
	"context"
	"testing"
)

// A context that has ended leaves no time for a step, and the gains no worse.
func TestSolveStops(t *testing.T) {
	m := New([]float64{1, -1, 1}, 0.1)
	for _, a := range [][]float64{{1, 0, 0.5}, {0, 1, 0.2}, {0.3, 0.4, 1}} {
		m.Add(a)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if r := m.Solve(done, 1e-9); r.Steps != 0 || r.Converged || m.Objective() > 3 || r.Bound < 0 || r.Bound > m.Objective() {
		t.Errorf("%+v with the objective %g", r, m.Objective())
	}
	if r := m.Solve(t.Context(), 1e-9); r.Steps == 0 || !r.Converged {
		t.Errorf("%+v", r)
	}
}

// A dual point outside its box is as little feasible as one of high prices.
func TestShrink(t *testing.T) {
	p := &program{n: 2, k: 2, beta: []float64{0.5, 2}}
	for _, c := range []struct {
		q, prices []float64
		want      float64
	}{
		{[]float64{1, 0.5}, []float64{0.5, -2}, 1},
		{[]float64{1, 4}, []float64{0.5, 1}, 0.25},
		{[]float64{0, 0}, []float64{0, 0}, 1},
		{[]float64{1, 1}, []float64{-1, 1}, 0.5},
		{[]float64{2, 1}, []float64{0.5, 16}, 0.125},
	} {
		if got := p.shrink(c.q, c.prices); got != c.want {
			t.Errorf("q %v with prices %v: %g, want %g", c.q, c.prices, got, c.want)
		}
	}
}
