package pricing

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The quadratics are on the right side of max(z, 0) all over their intervals,
// whatever the moments.
func TestQuadratics(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	touched := 0
	for trial := range 20000 {
		lo, hi := -math.Pow(10, -6*rng.Float64()), math.Pow(10, -6*rng.Float64())
		mean := 3 * (rng.Float64() - 0.5)
		square := mean*mean + math.Pow(10, 2-8*rng.Float64())
		if trial%2 == 0 {
			mean = lo + (hi-lo)*rng.Float64()
			square = mean*mean + (hi-lo)*(hi-lo)*rng.Float64()/4
		}
		alpha, beta, kappa := above(lo, hi, mean, square)
		eta := below(lo, hi, mean, square)
		if kappa < 0 || eta < 0 || eta > maxCurvature {
			t.Fatalf("curvatures %g, %g", kappa, eta)
		}
		least := math.Inf(1)
		const grid = 50
		for g := range grid + 1 {
			z := lo + (hi-lo)*float64(g)/grid
			gap := alpha + beta*z + kappa*z*z - max(z, 0)
			least = min(least, gap/(hi-lo))
			for _, slope := range []float64{eta * -lo, 1 - eta*hi} {
				gap = min(gap, max(z, 0)-slope*z-eta*z*z)
			}
			if gap < -1e-14*(1+kappa) {
				t.Fatalf("trial %d: off by %g at %g in [%g, %g], moments %g, %g", trial, gap, z, lo, hi, mean, square)
			}
		}
		if least < 1e-3 {
			touched++
		}
	}
	if touched < 10000 {
		t.Errorf("only %d of 20000 quadratics touch what they bound", touched)
	}
}

// A vector whose value exceeds the cut is never cut off, and no bound is below it.
func TestTightenKeepsWhatExceedsTheCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 1))
	shrunk, closed := 0, 0
	for trial := range 400 {
		n, d := 2+rng.IntN(20), 3+rng.IntN(5)
		x := mat.NewDense(n, d, nil)
		v := make([]float64, n)
		for i := range n {
			v[i] = rng.NormFloat64()
			for j := range d {
				x.Set(i, j, rng.NormFloat64())
				if trial%4 == 0 {
					x.Set(i, j, float64(rng.IntN(3)-1))
				}
			}
		}
		p, k := newProblem(x, v, 0), newKinks(x, v)
		if k.dim < 3 || len(p.plus) == 0 {
			continue
		}
		u := make([]float64, d)
		for j := range u {
			u[j] = rng.NormFloat64()
		}
		if trial%2 == 0 { // a good one
			if top := p.newAscent().climb(u); top.u != nil {
				u = top.u
			}
		}
		c := k.coordinates(u)
		value := k.price(c)
		w := newRelaxer(k)
		from := k.root()
		cut := value - math.Abs(value)*math.Pow(10, -1-8*rng.Float64())
		for range 6 {
			w.unpack(from)
			if len(w.weight) == 0 {
				break
			}
			b := rng.IntN(len(w.weight))
			if dot(k.row(b), c) >= 0 {
				w.lo[b] = max(w.lo[b], 0)
			} else {
				w.hi[b] = min(w.hi[b], 0)
			}
			before := w.hi[0] - w.lo[0]
			if !w.tighten(cut) {
				t.Fatalf("trial %d: closed at %g, a vector has %g", trial, cut, value)
			}
			if w.bound < value {
				t.Fatalf("trial %d: bound %.15g, a vector has %.15g", trial, w.bound, value)
			}
			for i := range w.weight {
				if z := dot(k.row(i), c); z < w.lo[i]-1e-13 || z > w.hi[i]+1e-13 {
					t.Fatalf("trial %d: coordinate %d, %g, cut off [%g, %g]", trial, i, z, w.lo[i], w.hi[i])
				}
			}
			if w.hi[0]-w.lo[0] < before {
				shrunk++
			}
			from = packed(w.region)
		}
		w.unpack(k.root())
		if !w.tighten(k.simple()) {
			closed++
		}
	}
	if shrunk < 300 || closed < 100 {
		t.Errorf("%d regions shrank and %d closed: too few to test anything", shrunk, closed)
	}
}

// coordinates are those of a unit vector in the span.
func (k *kinks) coordinates(u []float64) []float64 {
	if u == nil {
		return nil
	}
	if k.axes != nil {
		c := make([]float64, k.dim)
		for j := range c {
			c[j] = dot(rowsOf(k.axes, len(u), j), u)
		}
		u = c
	}
	l := norm(u)
	c := make([]float64, len(u))
	axpy(1/l, u, c)
	return c
}

// price is F(c).
func (k *kinks) price(c []float64) float64 {
	f := dot(k.linear, c)
	for i, a := range k.weight {
		f += a * max(dot(k.row(i), c), 0)
	}
	return f
}

func TestPackedRoundsOutwards(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 1))
	r := newRegion[float64](1000)
	for k := range r.lo {
		r.lo[k], r.hi[k] = 2*rng.Float64()-1, 2*rng.Float64()-1
	}
	r.lo[0], r.hi[1] = 0, 0
	p := packed(r)
	for k := range r.lo {
		if lo, hi := float64(p.lo[k]), float64(p.hi[k]); lo > r.lo[k] || hi < r.hi[k] || lo < r.lo[k]-1e-6 || hi > r.hi[k]+1e-6 {
			t.Fatalf("[%g, %g] packed as [%g, %g]", r.lo[k], r.hi[k], lo, hi)
		}
	}
	if p.lo[0] != 0 || p.hi[1] != 0 {
		t.Error("a side that was known is not any more")
	}
}
