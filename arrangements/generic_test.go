package arrangements

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestSpecialCoordinates starts from coordinates that are anything but generic:
// what they leave undecided must be found out, and lead to the same cells.
func TestSpecialCoordinates(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 1))
	special := 0
	for trial := range 200 {
		n, d := 3+rng.IntN(8), 2+rng.IntN(4)
		x := mat.NewDense(n, d, nil)
		for i := range n {
			for k := range d {
				x.Set(i, k, float64(rng.IntN(5)-2))
			}
		}
		a, err := NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		want, err := a.Count(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		a.coordinates = func(r int, seed uint64) []float64 {
			if seed > 5 {
				return rotation(r, seed)
			}
			special++
			// A product of triangular matrices of whole numbers, with determinant one.
			lower, upper := mat.NewDense(r, r, nil), mat.NewDense(r, r, nil)
			for i := range r {
				lower.Set(i, i, 1)
				upper.Set(i, i, 1)
				for k := range i {
					lower.Set(i, k, float64(rng.IntN(3+4*int(seed))-1-2*int(seed)))
					upper.Set(k, i, float64(rng.IntN(3+4*int(seed))-1-2*int(seed)))
				}
			}
			var q mat.Dense
			q.Mul(lower, upper)
			return q.RawMatrix().Data
		}
		patterns := map[string]bool{}
		for c, err := range a.Cells(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if c.Margin < 1e-9 || !PatternOf(x, c.Witness).Equal(c.Pattern) {
				t.Fatalf("trial %d: witness %v of margin %g", trial, c.Witness, c.Margin)
			}
			patterns[c.Pattern.String()] = true
		}
		if len(patterns) != int(want) {
			t.Errorf("trial %d: %d cells, want %d, of\n%v", trial, len(patterns), want, mat.Formatted(x))
		}
	}
	if special < 220 {
		t.Errorf("only %d coordinates were tried: none was seen to be special", special)
	}
}

// TestDecider compares integer decisions with determinants by expansion.
func TestDecider(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 1))
	var determinant func(a [][]int64) int64
	determinant = func(a [][]int64) int64 {
		if len(a) == 0 {
			return 1
		}
		sum, sign := int64(0), int64(1)
		for k, v := range a[0] {
			var minor [][]int64
			for _, row := range a[1:] {
				minor = append(minor, append(append([]int64(nil), row[:k]...), row[k+1:]...))
			}
			sum += sign * v * determinant(minor)
			sign = -sign
		}
		return sum
	}
	dependent, zero := 0, 0
	for range 500 {
		r := 2 + rng.IntN(4)
		a := make([][]int64, r)
		whole := make([][]*big.Int, r)
		ids := make([]int32, r)
		for i := range r {
			ids[i] = int32(i)
			for range r {
				v := int64(rng.IntN(3) - 1)
				a[i] = append(a[i], v)
				// A large factor takes several primes.
				b := big.NewInt(v)
				whole[i] = append(whole[i], b.Lsh(b, 70))
			}
		}
		d := newDecider(whole, r)
		d.mixed = whole
		want := determinant(a)
		if got := d.dependent(ids, make([]uint64, r*r)); got != (want == 0) {
			t.Fatalf("dependent is %v, the determinant of %v is %d", got, a, want)
		}
		if want == 0 {
			dependent++
		}
		if got := d.sign(ids); got != big.NewInt(want).Sign() {
			t.Fatalf("sign %d of %v, want %d", got, a, want)
		}
		// A unit vector in the place of the last row.
		k := rng.IntN(r)
		ids[r-1] = int32(-1 - k)
		clear(a[r-1])
		a[r-1][k] = 1
		want = determinant(a)
		if got := d.sign(ids); got != big.NewInt(want).Sign() {
			t.Fatalf("sign %d of %v, want %d", got, a, want)
		}
		// The quotient by the first row: one 2 x 2 minor over the pivot.
		p := rng.IntN(r)
		if a[0][p] == 0 {
			continue
		}
		var rest []int32
		exact, top := make([]float64, 0, r), 0.0
		for c := range r {
			if c != p {
				rest = append(rest, int32(c))
				v := float64(a[1][c]) - float64(a[1][p]*a[0][c])/float64(a[0][p])
				exact = append(exact, v)
				top = max(top, math.Abs(v))
			}
		}
		got := make([]float64, r-1)
		if some := d.quotient(got, []int32{0}, 1%int32(r), r, []int32{int32(p)}, rest); r > 2 && some != (top > 0) {
			t.Fatalf("quotient %v of %v by %v, want %v", got, a[1], a[0], exact)
		}
		if r == 2 {
			continue // row 1 was replaced
		}
		if top == 0 {
			zero++
			continue
		}
		scale := 0.0
		for c, v := range exact {
			if v != 0 {
				scale = got[c] / v
			}
		}
		for c, v := range exact {
			if !(scale > 0) || math.Abs(got[c]-scale*v) > 1e-15 {
				t.Fatalf("quotient %v of %v by %v, want a multiple of %v", got, a[1], a[0], exact)
			}
		}
	}
	// Independent, but not modulo the first prime.
	whole := [][]*big.Int{{big.NewInt(1 << 31), big.NewInt(1)}, {big.NewInt(1), big.NewInt(1 << 30)}}
	if newDecider(whole, 2).dependent([]int32{0, 1}, make([]uint64, 4)) || exactRankAtMost(whole, 1) {
		t.Error("rows with the determinant 2^61 - 1 are taken for dependent")
	}
	if dependent < 50 || zero < 1 {
		t.Errorf("%d dependent, %d zero quotients: the test sees too little", dependent, zero)
	}
}

// What a visit holds when it begins is within the estimate.
func TestMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 1))
	for _, c := range [][2]int{{3, 1}, {30, 2}, {80, 3}, {70, 4}, {30, 5}, {14, 9}} {
		x := mat.NewDense(c[0], c[1], nil)
		x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
		a, err := NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		v, err := a.prepare(context.Background(), true)
		if err != nil {
			t.Fatal(err)
		}
		held := 8*cap(v.below.store) + 4*cap(v.below.table) + 8*cap(v.held)
		for _, s := range v.mx.signs {
			held += cap(s)
		}
		if m := a.Memory(); float64(held) > m || math.IsInf(m, 0) {
			t.Errorf("%v: %d bytes, estimated as %g", c, held, m)
		}
		if cost := a.Cost(); !(cost > 0 && cost < 1) {
			t.Errorf("%v: cost %g s", c, cost)
		}
	}
	x := mat.NewDense(3, 2, []float64{1, 0, 0, 1, 1, 1})
	if a, err := NewArrangement(x); err != nil || a.Memory() > 1<<20 {
		t.Errorf("%g bytes for six cells, %v", a.Memory(), err)
	}
}
