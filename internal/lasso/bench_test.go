package lasso_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/internal/lasso"
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

// table is a data set and the features of neurons on it.
type table struct {
	x   [][]float64
	y   []float64
	rng *rand.Rand
}

// classes returns Gaussian samples with a constant coordinate, labelled by the
// sign of a noisy two-layer network.
func classes(n, d int, seed uint64) *table {
	t := &table{rng: rand.New(rand.NewPCG(seed, 1))}
	w, u := gaussian(t.rng, d), gaussian(t.rng, d)
	for range n {
		x := append(gaussian(t.rng, d), 1)
		f := dot(w, x[:d]) + math.Abs(dot(u, x[:d])) - 0.8*math.Sqrt(float64(d)) + 2*t.rng.NormFloat64()
		t.x, t.y = append(t.x, x), append(t.y, math.Copysign(1, f))
	}
	return t
}

func (t *table) feature(u []float64) []float64 {
	a := make([]float64, len(t.x))
	for i, x := range t.x {
		a[i] = max(0, dot(x, u))
	}
	return a
}

// direction returns a random unit vector.
func (t *table) direction() []float64 {
	u := gaussian(t.rng, len(t.x[0]))
	norm := math.Sqrt(dot(u, u))
	for l := range u {
		u[l] /= norm
	}
	return u
}

// ascend returns a direction of locally greatest price a(u)'v.
func (t *table) ascend(u, v []float64) []float64 {
	for range 12 {
		g := make([]float64, len(u))
		for i, x := range t.x {
			if dot(x, u) > 0 {
				for l, xl := range x {
					g[l] += v[i] * xl
				}
			}
		}
		norm := math.Sqrt(dot(g, g))
		if norm == 0 {
			break
		}
		for l := range g {
			u[l] = g[l] / norm
		}
	}
	return u
}

// generate adds those of the given number of locally best columns that are priced
// above beta at the residual of m.
func (t *table) generate(m *lasso.Master, c int, beta float64, count int) {
	v := m.Residual()
	for j := range count {
		mix := gaussian(t.rng, c)
		if c == 1 {
			mix[0] = float64(1 - 2*(j%2))
		}
		w := make([]float64, len(t.x))
		for i := range w {
			w[i] = dot(mix, v[i*c:(i+1)*c])
		}
		k := m.Add(t.feature(t.ascend(t.direction(), w)))
		if m.Price(k, v) < beta*(1+1e-6) {
			m.Keep(func(j int) bool { return j != k })
		}
	}
}

func BenchmarkCold(b *testing.B) {
	t := classes(569, 30, 1)
	var columns [][]float64
	for range 1300 {
		columns = append(columns, t.feature(t.direction()))
	}
	for _, tolerance := range []float64{1e-4, 1e-6, 1e-10} {
		b.Run(fmt.Sprint(tolerance), func(b *testing.B) {
			for b.Loop() {
				m := lasso.New(lasso.NewSquared(t.y, 1), 4)
				for _, a := range columns {
					m.Add(a)
				}
				r := m.Solve(context.Background(), tolerance)
				report(b, m, r)
			}
		})
	}
}

func report(b *testing.B, m *lasso.Master, r lasso.Report) {
	if !r.Converged {
		b.Fatalf("violation %v", r.Violation)
	}
	nonzero := 0
	for k := range m.Len() {
		for _, g := range m.Gain(k) {
			if g != 0 {
				nonzero++
				break
			}
		}
	}
	b.ReportMetric(float64(nonzero), "nonzero")
	b.ReportMetric(float64(r.Sweeps), "sweeps")
	b.ReportMetric(float64(r.Steps), "steps")
}

// A solve after 100 columns have joined 1300.
func BenchmarkWarm(b *testing.B) {
	t := classes(569, 30, 1)
	var columns [][]float64
	for range 1400 {
		columns = append(columns, t.feature(t.direction()))
	}
	for _, tolerance := range []float64{1e-4, 1e-6, 1e-10} {
		b.Run(fmt.Sprint(tolerance), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := lasso.New(lasso.NewSquared(t.y, 1), 4)
				for _, a := range columns[:1300] {
					m.Add(a)
				}
				m.Solve(context.Background(), tolerance)
				b.StartTimer()
				for _, a := range columns[1300:] {
					m.Add(a)
				}
				r := m.Solve(context.Background(), tolerance)
				report(b, m, r)
			}
		})
	}
}

// Rounds of column generation: up to 100 columns of high price join, and idle ones
// leave when they are old.
func BenchmarkGeneration(b *testing.B) {
	const n, rounds = 569, 30
	t := classes(n, 30, 1)
	targets, labels := make([]float64, 3*n), make([]int, n)
	for i, x := range t.x {
		targets[3*i], targets[3*i+1], targets[3*i+2] = t.y[i], math.Sin(x[1]), math.Sin(2*x[2])
		if t.y[i] > 0 {
			labels[i] = 1
		} else if x[0] > 0 {
			labels[i] = 2
		}
	}
	for _, test := range []struct {
		name string
		loss lasso.Loss
		beta float64
	}{
		{"squared", lasso.NewSquared(t.y, 1), 4},
		{"squared-fine", lasso.NewSquared(t.y, 1), 1.5},
		{"squared-3", lasso.NewSquared(targets, 3), 4},
		{"logistic", logistic{t.y}, 1},
		{"softmax-3", softmax{labels, 3}, 1},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				t.rng = rand.New(rand.NewPCG(5, 5))
				m := lasso.New(test.loss, test.beta)
				sweeps, steps := 0, 0
				var r lasso.Report
				for range rounds {
					t.generate(m, test.loss.Outputs(), test.beta, 100)
					b.StartTimer()
					r = m.Solve(context.Background(), 1e-6)
					b.StopTimer()
					sweeps += r.Sweeps
					steps += r.Steps
					if !r.Converged {
						b.Errorf("violation %v", r.Violation)
					}
					size := m.Len()
					m.Keep(func(k int) bool { return norm(m.Gain(k)) > 0 || k > size-1000 })
				}
				report(b, m, r)
				b.ReportMetric(float64(sweeps)/rounds, "sweeps/solve")
				b.ReportMetric(float64(steps)/rounds, "steps/solve")
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/rounds, "ms/solve")
				b.StartTimer()
			}
		})
	}
}
