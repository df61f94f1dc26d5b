package arora

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// The search itself, without the program over all cells that is solved before it, finds
// the optimum over all widths where it has enough neurons.
func TestSearchAloneReachesTheGlobalOptimum(t *testing.T) {
	tested, above := 0, 0
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 8))
		x, y := mat.NewDense(7, 2, nil), make([]float64, 7)
		for i := range y {
			x.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64()})
			y[i] = rng.NormFloat64()
		}
		const beta = 0.2
		global, err := convexnn.Train(t.Context(), x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: beta, Tolerance: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		enough := len(global.Network.Neurons)
		if enough < 2 || enough > 4 {
			continue
		}
		tested++
		for _, m := range []int{enough - 1, enough} {
			settings := Settings{Neurons: m, Beta: beta, Starts: -1, Tolerance: 1e-7}
			if err := settings.check(x, y); err != nil {
				t.Fatal(err)
			}
			p, err := newProblem(t.Context(), x, y, settings)
			if err != nil {
				t.Fatal(err)
			}
			s := newSearch(p, Cost{Neurons: m}, settings)
			if err := s.offer(nil); err != nil {
				t.Fatal(err)
			}
			s.zero = s.value
			if err := s.branch(t.Context()); err != nil {
				t.Fatal(err)
			}
			value, bound := p.units(s.value), p.units(s.bound)
			near := math.Abs(value-global.Objective) <= 1e-6*global.Objective
			if !near {
				above++
			}
			// A network of Train need not have the fewest neurons possible.
			if (m == enough && !near) || value < global.Objective*(1-1e-6) || bound < value*(1-2e-7) || bound > value {
				t.Errorf("seed %d, m=%d of %d: [%.9g, %.9g], over all widths %.9g", seed, m, enough, bound, value, global.Objective)
			}
		}
	}
	if tested < 6 || above < 3 {
		t.Errorf("only %d instances, and %d widths that are too small", tested, above)
	}
}
