package relax_test

import (
	"math/rand/v2"
	"testing"
	"time"

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

func TestTraceTry(t *testing.T) {
	x, y := xor()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		x, y *mat.Dense
		beta float64
	}{{x, y, 0.1}, {x, y, .3}, {gaussian(rng, 6, 2), gaussian(rng, 6, 2), 0.1}, {gaussian(rng, 20, 2), gaussian(rng, 20, 3), 0.1}, {gaussian(rng, 10, 3), gaussian(rng, 10, 2), 0.1}, {gaussian(rng, 8, 4), gaussian(rng, 8, 2), 0.1}} {
		p := problem(t, c.x, c.y, c.beta)
		s := time.Now()
		r, err := p.Trace(t.Context(), relax.TraceSettings{})
		if err != nil {
			t.Log(err)
			continue
		}
		t.Log(r.Bound, r.Size, r.Facets, time.Since(s))
		s = time.Now()
		r, err = p.Gated(t.Context(), relax.TraceSettings{})
		if err != nil {
			t.Log(err)
			continue
		}
		t.Log(r.Bound, r.Size, r.Facets, time.Since(s))
	}
}
