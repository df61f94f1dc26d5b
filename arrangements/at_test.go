package arrangements_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

func TestCellAt(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 1))
	for trial := range 200 {
		n, d := 2+rng.IntN(12), 1+rng.IntN(4)
		x := mat.NewDense(n, d, nil)
		for i := range n {
			for k := range d {
				x.Set(i, k, float64(rng.IntN(5)-2))
			}
		}
		patterns, _ := listed(t, x)
		u := make([]float64, d)
		for k := range u {
			u[k] = float64(rng.IntN(5)-2) * math.Pow(10, float64(trial%3*100-100))
		}
		c, err := arrangements.CellAt(x, u)
		if err != nil {
			t.Fatal(err)
		}
		if !patterns[c.Pattern.String()] {
			t.Fatalf("trial %d: %v is no cell of\n%v", trial, c.Pattern, mat.Formatted(x))
		}
		if c.Margin < 1e-6 || !arrangements.PatternOf(x, c.Witness).Equal(c.Pattern) {
			t.Fatalf("trial %d: witness %v of margin %g", trial, c.Witness, c.Margin)
		}
		for i := range n {
			if v := mat.Dot(x.RowView(i), mat.NewVecDense(d, u)); v != 0 && (v > 0) != c.Pattern.Active(i) {
				t.Fatalf("trial %d: %v does not touch %v", trial, c.Pattern, u)
			}
		}
	}
	// Closer than 1e-9 counts as on.
	x := rows(2, 1, 0, 0, 1)
	c, err := arrangements.CellAt(x, []float64{1, -1e-15})
	if err != nil || !c.Pattern.Active(0) || c.Margin < 1e-3 {
		t.Errorf("%v, %v", c, err)
	}
	if _, err := arrangements.CellAt(x, []float64{1}); !errors.Is(err, arrangements.ErrGateShape) {
		t.Errorf("length 1: %v", err)
	}
	if _, err := arrangements.CellAt(x, []float64{1, math.Inf(1)}); !errors.Is(err, arrangements.ErrNonFinite) {
		t.Errorf("infinite: %v", err)
	}
}
