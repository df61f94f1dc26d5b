package arrangements_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// changed returns the patterns with row i of the result at perm[i], inverted
// where flip says so.
func changed(patterns map[string]bool, perm []int, flip []bool) map[string]bool {
	out := map[string]bool{}
	for s := range patterns {
		b := make([]byte, len(s))
		for i, p := range perm {
			b[i] = s[p]
			if flip[i] {
				b[i] = '+' + '-' - s[p]
			}
		}
		out[string(b)] = true
	}
	return out
}

func TestCellsTransform(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	for trial := range 30 {
		n, d := 4+rng.IntN(16), 2+rng.IntN(3)
		x := mat.NewDense(n, d, nil)
		for i := range n {
			for {
				zero := true
				for k := range d {
					x.Set(i, k, float64(rng.IntN(5)-2))
					zero = zero && x.At(i, k) == 0
				}
				if !zero {
					break
				}
			}
		}
		want, _ := listed(t, x)
		// Rows permuted, scaled and reflected, columns mixed by an integer matrix
		// of determinant one.
		perm, flip := rng.Perm(n), make([]bool, n)
		y := mat.NewDense(n, d, nil)
		for i, p := range perm {
			f := float64(1 + rng.IntN(9))
			if flip[i] = rng.IntN(2) == 0; flip[i] {
				f = -f
			}
			for k := range d {
				y.Set(i, k, f*x.At(p, k))
			}
		}
		for range 4 {
			a, b := rng.IntN(d), rng.IntN(d)
			f := float64(rng.IntN(5) - 2)
			for i := range n {
				if a != b {
					y.Set(i, a, y.At(i, a)+f*y.At(i, b))
				}
			}
		}
		if got, _ := listed(t, y); !same(got, changed(want, perm, flip)) {
			t.Errorf("trial %d: %d and %d cells", trial, len(want), len(got))
		}
	}
}

// TestShift takes columns that are dependent up to rounding only.
func TestShift(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	const n = 12
	x := mat.NewDense(n, 4, nil)
	for i := range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x.SetRow(i, []float64{a, b, 1, (a+b)/3 - 0.1})
	}
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	shift := a.Shift()
	if a.Rank() != 3 || len(shift) != n {
		t.Fatalf("rank %d, shift %v", a.Rank(), shift)
	}
	for i, s := range shift {
		if !(s > 0 && s < 1e-13) {
			t.Errorf("row %d moved by %g", i, s)
		}
	}
	patterns, cells := listed(t, x)
	if len(patterns) != int(a.MaxCells().Int64()) {
		t.Errorf("%d cells, want %v", len(patterns), a.MaxCells())
	}
	out := slices.Index(cells[0].Witness, 0)
	if out < 0 {
		t.Fatalf("witness %v on all columns", cells[0].Witness)
	}
	kept := mat.NewDense(n, 3, nil)
	for k := range 3 {
		from := k
		if k >= out {
			from++
		}
		kept.SetCol(k, mat.Col(nil, from, x))
	}
	if !same(patterns, topes(kept)) {
		t.Error("the cells are not those of the columns that are kept")
	}
	// Without the noise the rank is exact.
	for i := range n {
		x.Set(i, 3, 2*x.At(i, 0))
	}
	if a, err := arrangements.NewArrangement(x); err != nil || a.Rank() != 3 || a.Shift() != nil {
		t.Errorf("%v, rank %d, shift %v", err, a.Rank(), a.Shift())
	}
}
