package conic_test

import (
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

// Times and iterations of whole solves to 1e-6, plain and accelerated.
func BenchmarkSolve(b *testing.B) {
	rng := rand.New(rand.NewPCG(17, 1))
	linear, _ := random(rng, []conic.Cone{{Kind: conic.NonNegative, Size: 400}}, 200, false)
	mixed, _ := random(rng, []conic.Cone{{Kind: conic.Semidefinite, Size: 20}, {Kind: conic.SecondOrder, Size: 30}, {Kind: conic.NonNegative, Size: 60}}, 150, true)
	for _, test := range []struct {
		name string
		p    *conic.Problem
	}{
		{"linear400", linear},
		{"mixed20", mixed},
		{"maxcut50", maxCut(50, randomGraph(rng, 50, 0.2))},
		{"maxcut100", maxCut(100, randomGraph(rng, 100, 0.1))},
		{"maxcut200", maxCut(200, randomGraph(rng, 200, 0.05))},
		{"maxcut400", maxCut(400, randomGraph(rng, 400, 0.03))},
		{"theta50", theta(50, randomGraph(rng, 50, 0.5))},
		{"theta100", theta(100, randomGraph(rng, 100, 0.5))},
	} {
		for _, memory := range []int{-1, 0} {
			name := test.name + "/plain"
			if memory == 0 {
				name = test.name + "/accelerated"
			}
			b.Run(name, func(b *testing.B) {
				iterations := 0
				for b.Loop() {
					r, err := conic.Solve(b.Context(), test.p, conic.Settings{Memory: memory})
					if err != nil {
						b.Fatal(err)
					}
					if r.Status != conic.Solved {
						b.Logf("%v, gap %.1e", r.Status, r.Gap)
					}
					iterations = r.Iterations
				}
				b.ReportMetric(float64(iterations), "iterations")
				b.ReportMetric(conic.EstimateMemory(test.p), "B-estimated")
			})
		}
	}
}
