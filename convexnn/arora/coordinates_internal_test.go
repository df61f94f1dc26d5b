package arora

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
)

func TestOrthonormal(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 9))
		n, d := 3+rng.IntN(4), 2+rng.IntN(5)
		r := 1 + rng.IntN(min(n, d))
		left, right := mat.NewDense(n, r, nil), mat.NewDense(r, d, nil)
		for _, m := range []*mat.Dense{left, right} {
			m.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, m)
		}
		var x mat.Dense
		x.Mul(left, right)
		for i := range n { // one feature in other units
			x.Set(i, 0, x.At(i, 0)*0x1p40)
		}
		w, q := orthonormal(&x, r)
		var xw, gram mat.Dense
		xw.Mul(&x, w)
		gram.Mul(q.T(), q)
		for i := range n {
			for j := range r {
				if math.Abs(xw.At(i, j)-q.At(i, j)) > 1e-9 {
					t.Fatalf("seed %d: x W is %g at %d, %d, not %g", seed, xw.At(i, j), i, j, q.At(i, j))
				}
			}
		}
		for i := range r {
			for j := range r {
				want := 0.0
				if i == j {
					want = float64(n)
				}
				if math.Abs(gram.At(i, j)-want) > 1e-12*float64(n) {
					t.Fatalf("seed %d: the columns have the products\n%v", seed, mat.Formatted(&gram))
				}
			}
		}
		// Among weights with the same fits there are none smaller, once the features have
		// comparable units: those of W are combinations of the rows.
		for k := range d {
			unit := kernel.PowerOfTwo(mat.Norm(x.ColView(k), math.Inf(1)))
			for i := range n {
				x.Set(i, k, x.At(i, k)/unit)
			}
			for j := range r {
				w.Set(k, j, w.At(k, j)*unit)
			}
		}
		var rows mat.Dense
		rows.Augment(x.T(), w)
		var svd mat.SVD
		if !svd.Factorize(&rows, mat.SVDNone) {
			t.Fatal("no singular values")
		}
		if s := svd.Values(nil); r < len(s) && s[r] > 1e-9*s[0] {
			t.Fatalf("seed %d: weights outside of the row space: %g", seed, s)
		}
	}
}
