package svm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The gap that gains and dual point prove is within the tolerance, whatever the shape of
// the program, the strength and the units.
func TestGapIsProved(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, test := range []struct {
		n, size int
		ratio   float64
	}{
		{1, 5, 0.3},
		{2, 1, 0.1},
		{40, 12, 0.1}, // order K
		{12, 40, 0.1}, // order n
		{40, 40, 1e-2},
		{40, 120, 1e-3}, // separable
		{120, 40, 1e-3}, // not
		{60, 90, 1e-8},
		{90, 60, 1e-8},
		{60, 90, 0.9},
		{60, 90, 0.999999},
		{300, 400, 0.03},
		{400, 300, 0.03},
	} {
		p := random(rng, test.n, test.size, test.ratio)
		for _, units := range [][2]float64{{1, 1}, {1e6, 1}, {1, 1e6}, {1e-6, 1}, {1, 1e-6}} {
			scaled := &problem{beta: p.beta * units[0], y: append([]float64(nil), p.y...)}
			for _, a := range p.columns {
				b := make([]float64, len(a))
				for i, v := range a {
					b[i] = v * units[0]
				}
				scaled.columns = append(scaled.columns, b)
			}
			for i := range scaled.y {
				scaled.y[i] *= units[1]
			}
			t.Run(fmt.Sprint(test, units), func(t *testing.T) {
				for _, tolerance := range []float64{1e-2, 1e-5, 1e-9} {
					scaled.solved(t, scaled.master(), tolerance)
				}
			})
			if test.n > 100 {
				break
			}
		}
	}
}

// Many programs of few samples and columns, degenerate in every way that data are.
func TestManyShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	kinds := []string{"neurons", "integer samples", "equal samples", "nearly equal columns", "integer columns", "margins"}
	for trial := range 600 {
		kind := kinds[trial%len(kinds)]
		n, size, d := 1+rng.IntN(40), 1+rng.IntN(40), 2+rng.IntN(4)
		p := &problem{y: make([]float64, n)}
		x := make([][]float64, n)
		for i := range x {
			p.y[i] = math.Copysign(1, rng.NormFloat64())
			x[i] = gaussian(rng, d)
			switch {
			case kind == "margins":
				p.y[i] *= float64(rng.IntN(3))
			case kind == "integer samples":
				for l := range x[i] {
					x[i][l] = float64(rng.IntN(3))
				}
			case kind == "equal samples" && i > 0 && rng.IntN(2) == 0:
				x[i] = x[rng.IntN(i)]
			}
		}
		u := gaussian(rng, d)
		for range size {
			shift := 1.0
			if kind == "nearly equal columns" {
				shift = math.Pow(10, -8*rng.Float64())
			}
			for l := range u {
				u[l] += shift * rng.NormFloat64()
			}
			a := make([]float64, n)
			for i := range a {
				if a[i] = max(0, dot(x[i], u)); kind == "integer columns" {
					a[i] = float64(rng.IntN(5) - 2)
				}
			}
			p.columns = append(p.columns, a)
		}
		if p.most() > 0 {
			p.beta = p.most() * math.Pow(10, -4*rng.Float64())
			t.Run(fmt.Sprintf("%d %s", trial, kind), func(t *testing.T) { p.solved(t, p.master(), 1e-8) })
		}
	}
}
