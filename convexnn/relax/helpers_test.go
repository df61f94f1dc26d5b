package relax_test

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/relax"
)

func gaussian(rng *rand.Rand, n, d int) *mat.Dense {
	a := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			a.Set(i, j, rng.NormFloat64())
		}
	}
	return a
}

// random returns the data of a seed.
func random(seed uint64, n, d, c int) (x, y *mat.Dense) {
	rng := rand.New(rand.NewPCG(seed, 71))
	return gaussian(rng, n, d), gaussian(rng, n, c)
}

func xor() (x, y *mat.Dense) {
	return mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}), mat.NewDense(4, 1, []float64{-1, 1, 1, -1})
}

func problem(t testing.TB, x, y *mat.Dense, beta float64) *relax.Problem {
	t.Helper()
	p, err := relax.New(x, y, beta)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ladder(t testing.TB, x, y *mat.Dense, beta float64, s relax.Settings) *relax.Ladder {
	t.Helper()
	l, err := problem(t, x, y, beta).Ladder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
