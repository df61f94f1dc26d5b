package prune

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
)

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// dependent returns more neurons than their fits have dimensions.
func dependent(rng *rand.Rand, n, m int) (*Neurons, []int) {
	a := &Neurons{}
	for range m {
		fit := normals(rng, n)
		a.Fits = append(a.Fits, fit)
		a.Units = append(a.Units, 1/floats.Norm(fit, 2))
		a.Sizes = append(a.Sizes, 0.5+rng.Float64())
	}
	return a, rng.Perm(m)
}

func (a *Neurons) sum(scale []float64) (fit []float64, size float64) {
	fit = make([]float64, len(a.Fits[0]))
	for j, c := range scale {
		floats.AddScaled(fit, c, a.Fits[j])
		size += c * a.Sizes[j]
	}
	return fit, size
}

func TestScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		n := 2 + rng.IntN(5)
		a, order := dependent(rng, n, n+1+rng.IntN(6))
		ones := slices.Repeat([]float64{1}, len(a.Fits))
		want, most := a.sum(ones)
		scale := a.Scales(order, 1e-12)
		fit, size := a.sum(scale)
		left := 0
		for _, c := range scale {
			if c < 0 {
				t.Fatalf("a factor of %g", c)
			}
			if c > 0 {
				left++
			}
		}
		if left > n || floats.Distance(fit, want, 2) > 1e-9*(1+floats.Norm(want, 2)) || size > most*(1+1e-12) {
			t.Errorf("%d of %d neurons, fits %v for %v, penalty %g of %g", left, len(scale), fit, want, size, most)
		}
	}
	if len((&Neurons{}).Scales(nil, 1e-12)) != 0 {
		t.Error("factors of no neurons")
	}
}

// The least objective has no descent in any factor.
func TestResize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		a, _ := dependent(rng, 6, 4)
		y, beta := normals(rng, 6), 0.3
		value := func(scale []float64) float64 {
			fit, size := a.sum(scale)
			return math.Pow(floats.Distance(fit, y, 2), 2)/2 + beta*size
		}
		best := a.Resize(y, beta)
		for j := range best {
			for _, step := range []float64{1e-4, -1e-4} {
				moved := slices.Clone(best)
				moved[j] = max(0, moved[j]+step)
				if value(moved) < value(best)-1e-12 {
					t.Errorf("factor %d of %v is not the best", j, best)
				}
			}
		}
	}
}

func TestIndependent(t *testing.T) {
	for _, test := range []struct {
		vectors [][]float64
		want    bool
	}{
		{nil, true},
		{[][]float64{{1, 0}, {1, 1}}, true},
		{[][]float64{{1, 0}, {2, 0}}, false},
		{[][]float64{{0, 0}}, false},
		{[][]float64{{1, 0}, {0, 1}, {1, 2}}, false},
	} {
		if got := Independent(test.vectors, 1e-12); got != test.want {
			t.Errorf("%v: %v", test.vectors, got)
		}
	}
}
