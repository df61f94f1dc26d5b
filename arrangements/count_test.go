package arrangements_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

func TestMaxCells(t *testing.T) {
	for _, c := range []struct{ n, r, want int }{
		{0, 0, 1},
		{0, 3, 1},
		{5, 0, 1},
		{1, 1, 2},
		{1, 5, 2},
		{4, 3, 14},
		{5, 2, 10},
		{7, 4, 84},
		{12, 3, 134},
		{15, 8, 19816},
		{10, 10, 1024},
		{10, 20, 1024},
	} {
		if got := arrangements.MaxCells(c.n, c.r); got.Cmp(big.NewInt(int64(c.want))) != 0 {
			t.Errorf("MaxCells(%d, %d) = %v, want %d", c.n, c.r, got, c.want)
		}
	}
	// Deletion and restriction: C(n, r) = C(n-1, r) + C(n-1, r-1), past 64 bits.
	for r := 2; r <= 40; r++ {
		var sum big.Int
		sum.Add(arrangements.MaxCells(199, r), arrangements.MaxCells(199, r-1))
		if got := arrangements.MaxCells(200, r); got.Cmp(&sum) != 0 {
			t.Fatalf("MaxCells(200, %d) = %v, want %v", r, got, &sum)
		}
	}
	if arrangements.MaxCells(200, 40).IsInt64() {
		t.Error("MaxCells(200, 40) should not fit 64 bits")
	}
}

func TestLines(t *testing.T) {
	x := mat.NewDense(8, 2, []float64{1, 0, 2, 0, -1, 0, 0, 1, 0, 0, 1, 1, -3, -3, 0, -1e-200})
	if got := arrangements.Lines(x); got != 3 {
		t.Errorf("Lines = %d, want 3", got)
	}
	if got := arrangements.Lines(mat.NewDense(2, 3, nil)); got != 0 {
		t.Errorf("Lines of zeros = %d", got)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for trial := range 50 {
		// Random multiples of a few random directions, and their neighbours at a
		// distance that still counts as different.
		lines, d := 1+rng.IntN(20), 2+rng.IntN(5)
		base := gaussian(rng, lines, d)
		x := mat.NewDense(5*lines, d, nil)
		for i := range 5 * lines {
			scale := math.Pow(10, 20*rng.Float64()-10)
			if rng.IntN(2) == 1 {
				scale = -scale
			}
			for k := range d {
				x.Set(i, k, scale*base.At(i%lines, k))
			}
		}
		if got := arrangements.Lines(x); got != lines {
			t.Fatalf("trial %d: Lines = %d, want %d", trial, got, lines)
		}
		a, b := x.At(0, 0), x.At(0, 1)
		x.Set(0, 0, a-1e-9*b)
		x.Set(0, 1, b+1e-9*a)
		if got := arrangements.Lines(x); got != lines+1 {
			t.Fatalf("trial %d: after turning a row by 1e-9, Lines = %d, want %d", trial, got, lines+1)
		}
	}
}

func TestRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for trial := range 60 {
		n, d := 1+rng.IntN(60), 1+rng.IntN(8)
		r := 1 + rng.IntN(min(n, d))
		var x mat.Dense
		x.Mul(gaussian(rng, n, r), gaussian(rng, r, d))
		if got := arrangements.Rank(&x); got != r {
			t.Fatalf("trial %d: Rank = %d, want %d", trial, got, r)
		}
		// Units must not matter when the rank is full.
		y := gaussian(rng, n, d)
		for i := range n {
			for k := range d {
				y.Set(i, k, y.At(i, k)*math.Pow(10, float64(5*(k%5)-3*(i%4))))
			}
		}
		if got := arrangements.Rank(y); got != min(n, d) {
			t.Fatalf("trial %d: Rank of a scaled %d x %d matrix = %d", trial, n, d, got)
		}
	}
	if got := arrangements.Rank(mat.NewDense(3, 2, nil)); got != 0 {
		t.Errorf("Rank of zeros = %d", got)
	}
	if got := arrangements.CellBound(mat.NewDense(3, 2, nil)); got.Int64() != 1 {
		t.Errorf("CellBound of zeros = %v", got)
	}
}
