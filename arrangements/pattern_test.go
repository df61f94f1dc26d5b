package arrangements_test

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

func gaussian(rng *rand.Rand, n, d int) *mat.Dense {
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for k := range d {
			x.Set(i, k, rng.NormFloat64())
		}
	}
	return x
}

func TestPatternOf(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{1, 0, -1, 0, 0, 1, 0, 0})
	p := arrangements.PatternOf(x, []float64{1, -2})
	if got := p.String(); got != "+--+" {
		t.Errorf("pattern %s, want +--+", got)
	}
	if p.Len() != 4 || p.Count() != 2 || !p.Active(0) || p.Active(1) || !p.Bits().Has(3) {
		t.Errorf("Len %d, Count %d", p.Len(), p.Count())
	}
	if q := arrangements.PatternOf(x, []float64{3, -1}); !p.Equal(q) || p.Hash() != q.Hash() {
		t.Error("gates of one cell have different patterns")
	}
	if q := arrangements.PatternOf(x, []float64{3, 1}); p.Equal(q) {
		t.Error("gates of two cells have equal patterns")
	}
	// Same words, different lengths.
	short := mat.NewDense(3, 2, []float64{1, 0, -1, 0, 0, 1})
	long := mat.NewDense(4, 2, []float64{1, 0, -1, 0, 0, 1, 0, 1})
	if arrangements.PatternOf(short, []float64{1, -1}).Equal(arrangements.PatternOf(long, []float64{1, -1})) {
		t.Error("patterns of three and four samples are equal")
	}
}

func TestPatternAgainstNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 63, 64, 65, 200} {
		x := gaussian(rng, n, 5)
		g := gaussian(rng, 1, 5).RawRowView(0)
		p := arrangements.PatternOf(x, g)
		count := 0
		for i := range n {
			s := 0.0
			for k, v := range x.RawRowView(i) {
				s += v * g[k]
			}
			if p.Active(i) != (s >= 0) {
				t.Fatalf("n=%d: sample %d", n, i)
			}
			if s >= 0 {
				count++
			}
		}
		if p.Count() != count {
			t.Errorf("n=%d: Count %d, want %d", n, p.Count(), count)
		}
	}
}
