package convexnn_test

import (
	"fmt"
	"testing"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// BenchmarkSolve times the sampled program by size class, at the default tolerance
// but for the largest, which only ADMM works on, and reports the iterations of both phases.
func BenchmarkSolve(b *testing.B) {
	for _, c := range []struct {
		n, d, patterns int
		tolerance      float64
	}{{100, 10, 40, 0}, {400, 10, 500, 0}, {500, 30, 500, 0}, {1000, 10, 500, 0}, {6000, 20, 250, 1e-2}} {
		b.Run(fmt.Sprintf("n=%d,d=%d,P=%d", c.n, c.d, c.patterns), func(b *testing.B) {
			x, y := sine(1, c.n, c.d)
			most, err := convexnn.FindBetaMax(b.Context(), x, y, false)
			if err != nil {
				b.Fatal(err)
			}
			cells, _, err := arrangements.Sample(b.Context(), x, c.patterns, arrangements.SampleSettings{Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			p, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.01 * most.Value})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				s, err := p.Solve(b.Context(), convexnn.SolveSettings{Tolerance: c.tolerance})
				if err != nil || s.Status != convexnn.Solved {
					b.Fatal(s, err)
				}
				b.ReportMetric(float64(s.Iterations), "admm")
				b.ReportMetric(float64(s.Rounds), "rounds")
			}
		})
	}
}

// BenchmarkEnumerate times training over all patterns to a proved gap of 1e-6, and
// reports the rounds of generation and the neurons.
func BenchmarkEnumerate(b *testing.B) {
	for _, c := range []struct {
		n, d int
		beta float64
	}{{25, 5, 0.3}, {25, 5, 0.03}, {300, 3, 0.5}, {300, 3, 0.05}} {
		b.Run(fmt.Sprintf("n=%d,d=%d,beta=%g", c.n, c.d, c.beta), func(b *testing.B) {
			x, y := sine(5, c.n, c.d)
			for b.Loop() {
				r, err := convexnn.Train(b.Context(), x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: c.beta})
				if err != nil || r.Status != convexnn.Solved || r.Certificate.Kind != convexnn.CertifiedExact {
					b.Fatal(r, err)
				}
				b.ReportMetric(float64(r.Rounds), "rounds")
				b.ReportMetric(float64(len(r.Network.Neurons)), "neurons")
			}
		})
	}
}
