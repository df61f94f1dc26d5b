package flow

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// The multipliers are those of shares between 0 and 1: at the end of the flow no neuron is
// farther from alpha X'D nu, with the best of these, than the residual says.
func TestMultiplierHasShares(t *testing.T) {
	slid := 0
	for _, seed := range []uint64{0, 2, 8, 10} {
		rng := rand.New(rand.NewPCG(seed, 6))
		x, y := mat.NewDense(12, 3, nil), make([]float64, 12)
		for i := range y {
			y[i] = float64(1 - 2*(i%2))
			x.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
		}
		if seed == 0 { // rows of one line, each with a share of its own
			x = mat.NewDense(5, 2, []float64{0, 1, -1, 0, 1, 0, 1, 0, -2, -1})
			y = []float64{1, 1, -1, -1, -1}
		}
		r, err := Run(t.Context(), x, y, Options{Seed: seed, WithoutProgram: true, Checkpoints: 2})
		if err != nil {
			t.Fatal(err)
		}
		if r.Multiplier == nil {
			continue
		}
		sum := 0.0
		for _, h := range r.Neurons {
			sum += h.Share * (1 + h.Length*h.Length - 2*h.Length*h.Alignment)
			slid += h.Sliding
		}
		if away := math.Sqrt(sum); away > r.Residual*(1+1e-6)+1e-6 {
			t.Errorf("seed %d: the neurons are %.3g from alpha X'D nu, said to be %.3g", seed, away, r.Residual)
		}
	}
	if slid < 10 {
		t.Errorf("%d slides are no test", slid)
	}
}

// The least squares solution with 0 <= mu <= lambda is that over all sums of edges of these
// cones, by descent in one coordinate after the other.
func TestNonNegative(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	bounded := 0
	for k := range 60 {
		rows := 4 + k%7 // with more rows than columns, and with fewer
		free := [][]int{{3, 4}, nil, {5}}
		system := mat.NewDense(rows, 7, nil)
		for i := range rows {
			for j := range 7 {
				system.Set(i, j, rng.NormFloat64())
			}
		}
		if k%3 == 0 {
			for i := range rows {
				system.Set(i, 0, 0) // a sample that pulls only where neurons slide
			}
		}
		lambda := make([]float64, 3)
		got := nonNegative(system, free, func(q int, v float64) { lambda[q] += v })

		var edges [][]float64
		var owner []int
		for q, list := range free {
			for set := range 1 << len(list) {
				edge := mat.Col(nil, q, system)
				for e, column := range list {
					if set>>e&1 > 0 {
						floats.Add(edge, mat.Col(nil, column, system))
					}
				}
				if floats.Norm(edge, 2) > 0 {
					edges, owner = append(edges, edge), append(owner, q)
				}
			}
		}
		rest, weights := mat.Col(nil, 6, system), make([]float64, len(edges))
		for range 3000 {
			for e, edge := range edges {
				to := max(0, weights[e]-floats.Dot(edge, rest)/floats.Dot(edge, edge))
				floats.AddScaled(rest, to-weights[e], edge)
				weights[e] = to
			}
		}
		want := floats.Norm(rest, 2)
		if got > want+1e-6 {
			t.Errorf("problem %d: the minimum is %v, and %v is possible", k, got, want)
		}
		if rows >= 7 { // where the solution is unique, and the descent comes to it
			if got < want-1e-6 {
				t.Errorf("problem %d: the minimum is %v, not %v", k, got, want)
			}
			want := make([]float64, 3)
			for e, w := range weights {
				want[owner[e]] += w
			}
			if !floats.EqualApprox(lambda, want, 1e-5) && k%3 > 0 {
				t.Errorf("problem %d: lambda %v, not %v", k, lambda, want)
			}
		}
		for q, list := range free {
			if len(list) > 0 && lambda[q] > 0 {
				bounded++
			}
		}
	}
	if bounded < 10 {
		t.Errorf("%d cones with weight are no test", bounded)
	}
}

// Neurons with one pattern and outputs of both signs want opposite things: with shares of 0.8
// and 0.2 along (c, c) and c = 1/sqrt 2, |X'D nu|^2 is least off at lambda = (0.6 c, 0).
func TestMultiplierOfSigns(t *testing.T) {
	x, y := mat.NewDense(2, 2, []float64{1, 0, 0, 1}), []float64{1, -1}
	big, small := math.Sqrt(0.8), math.Sqrt(0.2)
	r := start(t, x, y, Options{Start: &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{big, big}, Output: big * math.Sqrt2}, {Weights: []float64{small, small}, Output: -small * math.Sqrt2},
	}}})
	lambda, residual, ok := r.multiplier()
	if c := math.Sqrt(0.5); !ok || math.Abs(lambda[0]-0.6*c) > 1e-12 || lambda[1] != 0 || math.Abs(residual-math.Sqrt(0.82)) > 1e-12 {
		t.Errorf("multipliers %v with the residual %v", lambda, residual)
	}
}

// Of the multipliers that would do those are taken that leave rows of larger margins alone:
// (1, 0) = lambda_1 (1, 0) + lambda_2 (2, 0) has lambda_1 = 1.
func TestMultiplierIsComplementary(t *testing.T) {
	x, y := mat.NewDense(3, 2, []float64{2, 0, 1, 0, -1, 0}), []float64{1, 1, -1}
	r := start(t, x, y, Options{Start: &convexnn.Network{Dim: 2, Neurons: []convexnn.Neuron{
		{Weights: []float64{1, 0}, Output: 1}, {Weights: []float64{-1, 0}, Output: -1},
	}}})
	if lambda, residual, ok := r.multiplier(); !ok || residual > 1e-9 || !floats.EqualApprox(lambda, []float64{0, 1, 1}, 1e-9) {
		t.Errorf("multipliers %v with the residual %v", lambda, residual)
	}
}

// Where they would take too much work there are none.
func TestMultiplierTooLarge(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	x, y := mat.NewDense(300, 20, nil), make([]float64, 300)
	for i := range y {
		y[i] = float64(1 - 2*(i%2))
		for k := range 20 {
			x.Set(i, k, rng.NormFloat64())
		}
	}
	for neurons, want := range map[int]bool{10: true, 300: false} {
		if lambda, _, ok := start(t, x, y, Options{Neurons: neurons}).multiplier(); ok != want || (lambda == nil) == want {
			t.Errorf("%d neurons: found %v", neurons, ok)
		}
	}
}
