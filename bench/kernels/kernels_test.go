package main

import (
	"math"
	"testing"

	"github.com/convexnn/convexnn/internal/kernel"
)

// Both sides of every line must compute the same.
func TestBothSidesAgree(t *testing.T) {
	k, g := kernelsOf(130, 50, 7)
	u, r := make([]float64, 2*50*7), make([]float64, 130)
	for i := range u {
		u[i] = math.Sin(float64(i))
	}
	for i := range r {
		r[i] = math.Cos(float64(i))
	}
	near := func(what string, a, b []float64) {
		t.Helper()
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-11 {
				t.Fatalf("%s: number %d is %v with the kernels and %v with gonum", what, i, a[i], b[i])
			}
		}
	}
	f0, f1 := make([]float64, 130), make([]float64, 130)
	k.Forward(f0, u[:350])
	g.forward(f1, u[:350])
	near("forward", f0, f1)
	a0, a1 := make([]float64, 350), make([]float64, 350)
	k.Adjoint(a0, r)
	g.adjoint(a1, r)
	near("adjoint", a0, a1)
	c0, c1 := make([]float64, 700), make([]float64, 700)
	cones, z := kernel.NewCones(k, 100, 0.3), make([]float64, 100*130)
	cones.Refine()
	for range 3 {
		report := cones.Step(c0, u, 1.6)
		squares := g.coneStep(c1, z, u, 0.3, 1.6)
		near("cone step", c0, c1)
		near("sums", []float64{report.Primal / 1e3, report.Dual / 1e3}, []float64{squares[0] / 1e3, squares[1] / 1e3})
	}
}

func TestQuickCasesRun(t *testing.T) {
	for _, c := range cases(true) {
		r := c.measure(1, 1)
		if !(r.GFLOPS > 0) || !(r.Gonum > 0) || !(r.Peak > 0) {
			t.Errorf("%+v", r)
		}
	}
}
