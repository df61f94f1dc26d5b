package svm_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/internal/svm"
)

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func gaussian(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func sign(y float64) float64 {
	if y < 0 {
		return -1
	}
	return 1
}

// problem is a program as the tests see it.
type problem struct {
	y       []float64
	beta    float64
	columns [][]float64
}

func (p *problem) master() *svm.Master {
	m := svm.New(p.y, p.beta)
	for _, a := range p.columns {
		m.Add(a)
	}
	return m
}

// objective recomputes that of the gains of m.
func (p *problem) objective(m *svm.Master) float64 {
	fit, sum := make([]float64, len(p.y)), 0.0
	for k, a := range p.columns {
		g := m.Gain(k)[0]
		sum += p.beta * math.Abs(g)
		for i, v := range a {
			fit[i] += g * v
		}
	}
	for i, y := range p.y {
		sum += max(0, math.Abs(y)-sign(y)*fit[i])
	}
	return sum
}

// bound recomputes what the dual point of m proves. It fails the test if the point
// leaves its box, or a price exceeds beta by more than rounding explains.
func (p *problem) bound(t *testing.T, m *svm.Master) float64 {
	t.Helper()
	v := m.Residual()
	for i, y := range p.y {
		if q := sign(y) * v[i]; !(q >= 0 && q <= 1) {
			t.Errorf("q of sample %d is %v", i, q)
		}
	}
	for k, a := range p.columns {
		rounding := 0.0
		for i, ai := range a {
			rounding += 1e-15 * math.Abs(ai*v[i])
		}
		if price := math.Abs(dot(a, v)); !(price <= p.beta*(1+1e-9)+rounding) {
			t.Errorf("column %d is priced %v, beta %v", k, price, p.beta)
		}
		if got, want := m.Price(k, v), math.Abs(dot(a, v)); math.Abs(got-want) > rounding {
			t.Errorf("Price of column %d is %v, want %v", k, got, want)
		}
	}
	return dot(p.y, v)
}

// solved solves m, checks what is reported against what the gains and the dual point
// say, and returns the objective.
func (p *problem) solved(t *testing.T, m *svm.Master, tolerance float64) float64 {
	t.Helper()
	r := m.Solve(context.Background(), tolerance)
	if !r.Converged || !(r.Gap <= tolerance) {
		t.Errorf("not converged to %v: %+v", tolerance, r)
	}
	objective, bound := p.objective(m), p.bound(t, m)
	if math.Abs(m.Objective()-objective) > 1e-12*objective {
		t.Errorf("objective %v, recomputed %v", m.Objective(), objective)
	}
	if math.Abs(r.Bound-bound) > 1e-12*bound {
		t.Errorf("bound %v, recomputed %v", r.Bound, bound)
	}
	if gap := (objective - bound) / max(objective, math.SmallestNonzeroFloat64); !(gap <= tolerance+1e-12 && gap > -1e-12) {
		t.Errorf("gap %v, tolerance %v, %+v", gap, tolerance, r)
	}
	return objective
}

// random returns a program of n samples with positive columns, as neurons have them,
// nearly equal ones, equal ones and one of zeros. Its beta is a part of the largest that
// is of any use.
func random(rng *rand.Rand, n, size int, ratio float64) *problem {
	p := &problem{y: gaussian(rng, n)}
	for i, v := range p.y {
		if i%3 > 0 {
			p.y[i] = math.Copysign(1, v)
		}
	}
	for k := range size {
		a := make([]float64, n)
		switch {
		case k == 3:
		case k%11 == 7:
			copy(a, p.columns[k-1])
		case k%11 == 8 && ratio > 1e-6:
			// Where beta is tiny a pair of such is a unit vector, at gains of 1e6.
			copy(a, p.columns[k-2])
			a[rng.IntN(n)] += 1e-6
		default:
			for i := range a {
				a[i] = max(0, rng.NormFloat64())
			}
		}
		p.columns = append(p.columns, a)
	}
	p.beta = ratio * p.most()
	return p
}

// most returns the largest price at the dual point of a program without columns.
func (p *problem) most() float64 {
	most := 0.0
	for _, a := range p.columns {
		sum := 0.0
		for i, y := range p.y {
			sum += sign(y) * a[i]
		}
		most = max(most, math.Abs(sum))
	}
	return most
}

// With one column that is e_i for each sample the samples are on their own: the least
// of max(0, m - g) + beta |g| is min(m, beta m).
func TestSamplesOnTheirOwn(t *testing.T) {
	y := []float64{1, -2, 0.5, -0.25, 3, 0}
	for _, beta := range []float64{1e-6, 0.1, 0.999, 1.001, 50} {
		p := &problem{y: y, beta: beta}
		want := 0.0
		for i, v := range y {
			a := make([]float64, len(y))
			a[i] = 1
			p.columns = append(p.columns, a)
			want += min(math.Abs(v), beta*math.Abs(v))
		}
		m := p.master()
		if got := p.solved(t, m, 1e-10); math.Abs(got-want) > 1e-9*want {
			t.Errorf("beta %v: objective %v, want %v", beta, got, want)
		}
		for i, v := range y {
			if beta > 1 {
				v = 0
			}
			if g := m.Gain(i)[0]; math.Abs(g-v) > 1e-6 {
				t.Errorf("beta %v: gain %d is %v, want %v", beta, i, g, v)
			}
		}
	}
}

// With one column the objective is convex and piecewise linear in its gain: the least
// is at zero or where a sample meets its margin.
func TestOneColumn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for trial := range 60 {
		n := 1 + rng.IntN(7)
		a, y := gaussian(rng, n), gaussian(rng, n)
		p := &problem{y: y, beta: math.Exp(3 * rng.NormFloat64()), columns: [][]float64{a}}
		m := p.master()
		got := p.solved(t, m, 1e-10)
		m.SetGain(0, []float64{0})
		want := p.objective(m)
		for i := range y {
			m.SetGain(0, []float64{y[i] / a[i]})
			want = min(want, p.objective(m))
		}
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("trial %d: objective %v, want %v", trial, got, want)
		}
	}
}

// Where beta is as large as any price gets, nothing is worth its penalty, and without
// columns nothing is to be had.
func TestNothingWorthWhile(t *testing.T) {
	y := []float64{1, -2, 0.5}
	for name, p := range map[string]*problem{
		"no columns": {y: y, beta: 0.1},
		"zeros":      {y: y, beta: 0.1, columns: [][]float64{{0, 0, 0}}},
		"large beta": {y: y, beta: 7, columns: [][]float64{{1, -2, 4}, {3, 0, -4}}},
		"just":       {y: y, beta: 3, columns: [][]float64{{1, -2, 0}, {1, 0, -2}}},
		"tiny":       {y: y, beta: 1e-300, columns: [][]float64{{5e-324, 0, 0}}},
	} {
		m := p.master()
		for k := range m.Len() {
			m.SetGain(k, []float64{0.5})
		}
		if got := p.solved(t, m, 0); got != 3.5 {
			t.Errorf("%s: objective %v, want 3.5", name, got)
		}
		for i, v := range m.Residual() {
			if want := math.Copysign(1, y[i]); v != want {
				t.Errorf("%s: dual point %d is %v, want %v", name, i, v, want)
			}
		}
		for k := range m.Len() {
			if m.Gain(k)[0] != 0 {
				t.Errorf("%s: gain %v", name, m.Gain(k))
			}
		}
	}
	p := &problem{y: make([]float64, 3), beta: 0.1, columns: [][]float64{{1, 2, 3}}}
	if got := p.solved(t, p.master(), 0); got != 0 {
		t.Errorf("no margins: objective %v", got)
	}
}

// A looser tolerance takes fewer steps, and a bound that is less good.
func TestToleranceIsRespected(t *testing.T) {
	p := random(rand.New(rand.NewPCG(3, 1)), 80, 60, 0.05)
	last := svm.Report{Gap: 1}
	for _, tolerance := range []float64{1e-1, 1e-3, 1e-5, 1e-7, 1e-9} {
		r := p.master().Solve(context.Background(), tolerance)
		if !r.Converged || r.Steps <= last.Steps || r.Gap >= last.Gap || r.Bound <= last.Bound {
			t.Errorf("tolerance %v: %+v after %+v", tolerance, r, last)
		}
		last = r
	}
	// What is good enough is left as it is.
	m := p.master()
	p.solved(t, m, 1e-6)
	before := m.Residual()
	if r := m.Solve(context.Background(), 1e-5); r.Steps != 0 || !r.Converged || dot(before, before) != dot(m.Residual(), m.Residual()) {
		t.Errorf("a second solve: %+v", r)
	}
	// What cannot be reached is approached.
	if r := p.master().Solve(context.Background(), 0); !(r.Gap < 1e-11) {
		t.Errorf("tolerance 0: %+v", r)
	}
}

// Four columns give their samples the margin; the prices of the others are far below beta.
// Their gains are zero, not small.
func TestGainsAreZero(t *testing.T) {
	const n, useful = 60, 4
	rng := rand.New(rand.NewPCG(4, 1))
	p := &problem{beta: 1, y: make([]float64, n)}
	for i := range p.y {
		p.y[i] = math.Copysign(1, rng.NormFloat64())
	}
	for k := range 50 {
		a := make([]float64, n)
		for i, y := range p.y {
			if a[i] = 0.1 * rng.NormFloat64(); k < useful && i%useful == k {
				a[i] = y
			}
		}
		p.columns = append(p.columns, a)
	}
	for _, tolerance := range []float64{1e-2, 1e-4, 1e-8} {
		m := p.master()
		p.solved(t, m, tolerance)
		for k := range m.Len() {
			if g := m.Gain(k)[0]; k < useful && !(math.Abs(g-1) < 0.4) || k >= useful && g != 0 {
				t.Errorf("tolerance %v: gain %d is %v", tolerance, k, g)
			}
		}
	}
}

// Where the margins can all be met, the optimum needs no more columns than samples. The
// small gains that go are made up for by the others.
func TestGainsAreFew(t *testing.T) {
	const n = 30
	p := neurons(n, 4*n, 1e-3)
	for _, tolerance := range []float64{1e-5, 1e-8} {
		m := p.master()
		p.solved(t, m, tolerance)
		nonzero := 0
		for k := range m.Len() {
			if m.Gain(k)[0] != 0 {
				nonzero++
			}
		}
		if nonzero > n {
			t.Errorf("tolerance %v: %d gains on %d samples", tolerance, nonzero, n)
		}
	}
}
