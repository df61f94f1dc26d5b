package prune_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/prune"
)

// hingeObjective is the objective of factors in plain loops, and how many samples are at
// their margins.
func hingeObjective(a *prune.Neurons, y []float64, beta float64, hard bool, c []float64) (value float64, at int) {
	for i, t := range y {
		f, size := 0.0, math.Abs(t)
		for j, fit := range a.Fits {
			f += c[j] * fit[i]
			size += math.Abs(c[j] * fit[i])
		}
		slack := math.Copysign(1, t)*f - math.Abs(t)
		switch {
		case math.Abs(slack) <= 1e-8*size:
			at++
		case slack < 0 && hard:
			return math.Inf(1), at
		case slack < 0:
			value -= slack
		}
	}
	for j, size := range a.Sizes {
		value += beta * c[j] * size
	}
	return value, at
}

func TestVertex(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 5))
	for trial := range 300 {
		n, m, hard := 1+rng.IntN(30), 1+rng.IntN(60), trial%3 == 0
		a := &prune.Neurons{Fits: make([][]float64, m), Sizes: make([]float64, m)}
		y := make([]float64, n)
		for i := range y {
			y[i] = float64(1-2*rng.IntN(2)) * (0.5 + rng.Float64())
		}
		order := rng.Perm(m)
		f := make([]float64, n)
		for j := range a.Fits {
			a.Sizes[j] = rng.Float64() + 0.01
			a.Fits[j] = make([]float64, n)
			for i := range y {
				a.Fits[j][i] = max(0, rng.NormFloat64())
				if trial%4 == 1 { // many ties
					a.Fits[j][i] = float64(rng.IntN(3))
				}
				if rng.IntN(3) == 0 || hard {
					a.Fits[j][i] = math.Copysign(a.Fits[j][i], y[i])
				}
			}
			if trial%5 == 2 && j > 0 {
				a.Fits[j] = slices.Clone(a.Fits[j-1]) // copies
			}
			floats.Add(f, a.Fits[j])
		}
		if hard {
			for i := range y {
				y[i] = math.Copysign(math.Abs(f[i])*rng.Float64(), y[i]) // every margin is reached
				if y[i] == 0 {
					y[i] = math.Copysign(1e-9, y[i])
					a.Fits[0][i] += y[i]
				}
			}
		}
		beta := 0.05 + rng.Float64()
		ones := make([]float64, m)
		floats.AddConst(1, ones)
		before, _ := hingeObjective(a, y, beta, hard, ones)
		c := a.Vertex(y, beta, hard, order)
		after, at := hingeObjective(a, y, beta, hard, c)
		positive := 0
		for _, v := range c {
			if v < 0 {
				t.Fatalf("trial %d: a factor of %v", trial, v)
			}
			if v > 0 {
				positive++
			}
		}
		if !(after <= before*(1+1e-9)) || math.IsInf(before, 1) {
			t.Errorf("trial %d: objective %.12g, before %.12g", trial, after, before)
		}
		if positive > at {
			t.Errorf("trial %d: %d neurons for %d samples at their margins (of %d neurons, %d samples)", trial, positive, at, m, n)
		}
	}
}

// Samples that arrive at their margins together stay there, where margins are hard, though
// rounding puts some of them a little below.
func TestVertexKeepsHardMargins(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 12))
	for trial := range 300 {
		n, m := 2+rng.IntN(20), 2+rng.IntN(60)
		a := &prune.Neurons{Fits: make([][]float64, m), Sizes: make([]float64, m)}
		f := make([]float64, n)
		for j := range a.Fits {
			a.Sizes[j], a.Fits[j] = 0.1+rng.Float64(), make([]float64, n)
			for i := range n {
				a.Fits[j][i] = float64(rng.IntN(9)-4) / 3
			}
			floats.Add(f, a.Fits[j])
		}
		for i := range f {
			// Some steps end at several samples at once, but for rounding.
			f[i] = math.Copysign(max(math.Abs(f[i])-float64(rng.IntN(3))*0.1, 0.1), f[i])
			a.Fits[0][i] += math.Copysign(0.1, f[i])
		}
		ones := make([]float64, m)
		floats.AddConst(1, ones)
		before := floats.Sum(a.Sizes)
		c := a.Vertex(f, 1, true, rng.Perm(m))
		if after := floats.Dot(c, a.Sizes); after > before*(1+1e-9) {
			t.Errorf("trial %d: the penalty rises from %g to %g", trial, before, after)
		}
		positive := 0
		for _, v := range c {
			if v > 0 {
				positive++
			}
		}
		if positive > n {
			t.Errorf("trial %d: %d neurons for %d samples", trial, positive, n)
		}
		for i := range f {
			got, size := 0.0, 0.0
			for j, fit := range a.Fits {
				got, size = got+c[j]*fit[i], size+math.Abs(c[j]*fit[i])
			}
			if short := math.Copysign(1, f[i]) * (f[i] - got); short > 1e-12*size {
				t.Errorf("trial %d: sample %d of %d falls short of %g by %g", trial, i, n, f[i], short)
			}
		}
	}
}

// Hundreds of steps leave no more rounding in the margins than one solution for the factors.
func TestVertexIsAccurate(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 12))
	for trial := range 20 {
		n, m := 40, 400
		a := &prune.Neurons{Fits: make([][]float64, m), Sizes: make([]float64, m)}
		f := make([]float64, n)
		for j := range a.Fits {
			a.Sizes[j], a.Fits[j] = 0.1+rng.Float64(), make([]float64, n)
			for i := range n {
				a.Fits[j][i] = math.Exp(3 * rng.NormFloat64())
				if i%2 == 1 {
					a.Fits[j][i] *= -1
				}
			}
			floats.Add(f, a.Fits[j])
		}
		c := a.Vertex(f, 1, true, rng.Perm(m))
		worst := 0.0
		for i := range f {
			got, size := 0.0, math.Abs(f[i])
			for j, fit := range a.Fits {
				got, size = got+c[j]*fit[i], size+math.Abs(c[j]*fit[i])
			}
			worst = max(worst, math.Copysign(1, f[i])*(f[i]-got)/size)
		}
		if worst > 2e-15 {
			t.Errorf("trial %d: a margin falls short by %g of its terms", trial, worst)
		}
	}
}

// A rate that is nothing but rounding sends no factor to infinity.
func TestVertexOfNothing(t *testing.T) {
	a := &prune.Neurons{Fits: [][]float64{{1e-12}}, Sizes: []float64{0}}
	if c := a.Vertex([]float64{1}, 1, false, []int{0})[0]; !(c >= 0) || math.IsInf(c, 1) {
		t.Errorf("a factor of %g", c)
	}
}

// One neuron, one sample: the objective max(0, 1 - 2c) + beta c falls until c = 1/2 where
// beta < 2, and the neuron goes where it is larger.
func TestVertexOfOneNeuron(t *testing.T) {
	for _, c := range []struct{ fit, beta, want float64 }{{2, 1, 0.5}, {2, 3, 0.5}, {0.5, 1, 0}, {0.5, 0.1, 2}, {-1, 0.1, 0}} {
		a := &prune.Neurons{Fits: [][]float64{{c.fit}}, Sizes: []float64{1}}
		if got := a.Vertex([]float64{1}, c.beta, false, []int{0})[0]; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("fit %v, beta %v: factor %v, want %v", c.fit, c.beta, got, c.want)
		}
	}
}
