package svm_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/internal/svm"
)

// table is a data set and the features of neurons on it.
type table struct {
	x   [][]float64
	y   []float64
	rng *rand.Rand
}

// classes returns Gaussian samples with a constant coordinate, labelled by the sign of a
// noisy two-layer network.
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

// neurons returns a program on a data set with the given number of random neurons.
func neurons(n, size int, ratio float64) *problem {
	t := classes(n, 30, 1)
	p := &problem{y: t.y}
	for range size {
		p.columns = append(p.columns, t.feature(t.direction()))
	}
	p.beta = ratio * p.most()
	return p
}

func BenchmarkSolve(b *testing.B) {
	for _, size := range [][2]int{{600, 300}, {1800, 600}, {2000, 2000}} {
		for _, ratio := range []float64{0.1, 1e-2} {
			p := neurons(size[0], size[1], ratio)
			for _, tolerance := range []float64{1e-2, 1e-4, 1e-8} {
				b.Run(fmt.Sprintf("%dx%d/%v/%v", size[0], size[1], ratio, tolerance), func(b *testing.B) {
					for b.Loop() {
						m := p.master()
						report(b, m, m.Solve(context.Background(), tolerance))
					}
				})
			}
		}
	}
}

func report(b *testing.B, m *svm.Master, r svm.Report) {
	if !r.Converged {
		b.Errorf("%+v", r)
	}
	nonzero := 0
	for k := range m.Len() {
		if m.Gain(k)[0] != 0 {
			nonzero++
		}
	}
	b.ReportMetric(float64(nonzero), "nonzero")
	b.ReportMetric(float64(r.Steps), "steps")
}

// Rounds of column generation: columns of high price join, nearly equal ones among them,
// and those that have been without gain for some rounds leave.
func BenchmarkGeneration(b *testing.B) {
	const n, rounds, most = 569, 30, 400
	t := classes(n, 30, 1)
	for _, ratio := range []float64{0.1, 0.01} {
		for _, tolerance := range []float64{1e-2, 1e-3, 1e-5, 1e-8} {
			b.Run(fmt.Sprintf("%v/%v", ratio, tolerance), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					t.rng = rand.New(rand.NewPCG(5, 5))
					p := neurons(n, 1, ratio)
					m := svm.New(t.y, p.beta)
					var r svm.Report
					steps := 0
					for range rounds {
						v := m.Residual()
						for j := range 60 {
							w := v
							if j%2 == 1 {
								w = make([]float64, n)
								for i := range w {
									w[i] = -v[i]
								}
							}
							m.Add(t.feature(t.ascend(t.direction(), w)))
						}
						b.StartTimer()
						r = m.Solve(context.Background(), tolerance)
						b.StopTimer()
						steps += r.Steps
						if !r.Converged {
							b.Errorf("%+v", r)
						}
						size := m.Len()
						m.Keep(func(k int) bool { return m.Gain(k)[0] != 0 || k > size-most })
					}
					report(b, m, r)
					b.ReportMetric(m.Objective(), "objective")
					b.ReportMetric(float64(steps)/rounds, "steps/solve")
					b.StartTimer()
				}
			})
		}
	}
}
