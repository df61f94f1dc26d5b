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

// Rounds of column generation: about 60 columns of high price join and idle ones
// leave.
func BenchmarkGeneration(b *testing.B) {
	for _, c := range []int{1, 3} {
		b.Run(fmt.Sprint("outputs=", c), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				t := classes(569, 30, 1)
				y := make([]float64, len(t.y)*c)
				for i, v := range t.y {
					for l := range c {
						y[i*c+l] = v
						if l > 0 {
							y[i*c+l] = math.Sin(float64(l) * t.x[i][l])
						}
					}
				}
				beta := 4.0
				m := lasso.New(lasso.NewSquared(y, c), beta)
				sweeps, steps := 0, 0
				var r lasso.Report
				for range 30 {
					v := m.Residual()
					for j := range 100 {
						w := make([]float64, len(t.y))
						mix := gaussian(t.rng, c)
						if c == 1 {
							mix[0] = float64(1 - 2*(j%2))
						}
						for i := range w {
							w[i] = dot(mix, v[i*c:(i+1)*c])
						}
						k := m.Add(t.feature(t.ascend(t.direction(), w)))
						if p := m.Price(k, v); p < beta*(1+1e-6) {
							m.Keep(func(j int) bool { return j != k })
						}
					}
					b.StartTimer()
					r = m.Solve(context.Background(), 1e-6)
					b.StopTimer()
					sweeps += r.Sweeps
					steps += r.Steps
					if !r.Converged {
						b.Errorf("violation %v", r.Violation)
					}
					size := m.Len()
					m.Keep(func(k int) bool { return dot(m.Gain(k), m.Gain(k)) > 0 || k > size-1000 })
				}
				report(b, m, r)
				b.ReportMetric(float64(sweeps)/30, "sweeps/solve")
				b.ReportMetric(float64(steps)/30, "steps/solve")
				b.StartTimer()
			}
		})
	}
}

// Rounds of generation for the logistic loss and the cross entropy.
func BenchmarkOtherLosses(b *testing.B) {
	t := classes(569, 30, 1)
	labels := make([]int, len(t.y))
	for i, x := range t.x {
		if t.y[i] > 0 {
			labels[i] = 1
		} else if x[0] > 0 {
			labels[i] = 2
		}
	}
	for name, loss := range map[string]lasso.Loss{"logistic": logistic{t.y}, "softmax": softmax{labels, 3}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				rng, c := rand.New(rand.NewPCG(3, 4)), loss.Outputs()
				beta := 1.0
				m := lasso.New(loss, beta)
				sweeps, steps := 0, 0
				var r lasso.Report
				for range 20 {
					v := m.Residual()
					for range 100 {
						w := make([]float64, len(t.y))
						mix := gaussian(rng, c)
						for i := range w {
							w[i] = dot(mix, v[i*c:(i+1)*c])
						}
						k := m.Add(t.feature(t.ascend(t.direction(), w)))
						if p := m.Price(k, v); p < beta*(1+1e-6) {
							m.Keep(func(j int) bool { return j != k })
						}
					}
					b.StartTimer()
					r = m.Solve(context.Background(), 1e-6)
					b.StopTimer()
					sweeps += r.Sweeps
					steps += r.Steps
					if !r.Converged {
						b.Errorf("violation %v", r.Violation)
					}
					size := m.Len()
					m.Keep(func(k int) bool { return dot(m.Gain(k), m.Gain(k)) > 0 || k > size-1000 })
				}
				report(b, m, r)
				b.ReportMetric(float64(sweeps)/20, "sweeps/solve")
				b.ReportMetric(float64(steps)/20, "steps/solve")
				b.StartTimer()
			}
		})
	}
}
