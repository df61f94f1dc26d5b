package outputs

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

func randomUnit(rng *rand.Rand, c int) []float64 {
	w := make([]float64, c)
	for k := range w {
		w[k] = rng.NormFloat64()
	}
	return unitSum(w)
}

// Every vector is in the cone of a face, and the bound of a norm is above the norm and not
// far.
func TestNets(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for c, most := range map[int]float64{1: 1.0001, 2: 1.02, 3: 1.075} {
		m := netOf(c)
		ones := make([]float64, len(m.vectors))
		for k := range ones {
			ones[k] = 1
		}
		if got := m.bound(ones); got < 1 || got > most {
			t.Errorf("%d outputs: %d vectors lose a factor of %g", c, len(m.vectors), got)
		}
		for range 300 {
			w := randomUnit(rng, c)
			inside := false
			for _, f := range m.faces {
				corners := mat.NewDense(c, c, nil)
				for k := range f.at {
					corners.SetCol(k, m.corner(f, k))
				}
				var a mat.VecDense
				if err := a.SolveVec(corners, mat.NewVecDense(c, w)); err != nil {
					t.Fatal(err)
				}
				inside = inside || mat.Min(&a) >= -1e-12
			}
			if !inside {
				t.Fatalf("%d outputs: %v is in no face", c, w)
			}
		}
		for range 50 {
			// h(w) = |Mw|, the norm of a random matrix at its top.
			a := mat.NewDense(c, c, nil)
			a.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, a)
			upper := make([]float64, len(m.vectors))
			for k, w := range m.vectors {
				var image mat.VecDense
				image.MulVec(a, mat.NewVecDense(c, w))
				upper[k] = mat.Norm(&image, 2)
			}
			if got, norm := m.bound(upper), spectral(a); got < norm || got > norm*most {
				t.Errorf("%d outputs: bound %g of the norm %g", c, got, norm)
			}
		}
	}
	if netOf(4) != nil || netNodes(100, 5, 4) != 0 || netNodes(1_000_000, 100, 2) != 0 {
		t.Error("nets where there are none")
	}
}

// The bound is above the price by all cells, and within the slack of the net where all trees
// close.
func TestPriceByNet(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for trial := range 12 {
		n, d, c := 6+rng.IntN(8), 3+rng.IntN(2), 1+trial%3
		x, v := mat.NewDense(n, d, nil), mat.NewDense(n, c, nil)
		for _, m := range []*mat.Dense{x, v} {
			m.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, m)
		}
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := FindPrice(t.Context(), x, v, PriceSettings{Cells: a})
		if err != nil {
			t.Fatal(err)
		}
		for nodes, most := range map[int]float64{20_000: (1 + netSlack) * 1.075, 0: math.Inf(1)} {
			p, err := priceByNet(t.Context(), x, v.RawMatrix().Data, exact.Value, nodes)
			if err != nil || p.Kind != convexnn.CertifiedBounded || p.Upper < exact.Value*(1-1e-12) || p.Upper > exact.Value*most*(1+1e-9) {
				t.Errorf("%d x %d outputs with %d nodes: bound %g of %g, %v", n, c, nodes, p.Upper, exact.Value, err)
			}
		}
	}
}
