package bitset_test

import (
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/internal/bitset"
)

// naive is the obvious representation that the words are checked against.
type naive []bool

func random(rng *rand.Rand, n int) (bitset.Set, naive) {
	s, b := bitset.New(n), make(naive, n)
	for i := range b {
		if rng.IntN(2) == 1 {
			s.Add(i)
			b[i] = true
		}
	}
	return s, b
}

func TestAgainstNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 63, 64, 65, 127, 128, 129, 1000} {
		s, a := random(rng, n)
		u, b := random(rng, n)
		count, and := 0, 0
		for i := range a {
			if s.Has(i) != a[i] {
				t.Fatalf("n=%d: Has(%d) = %v", n, i, s.Has(i))
			}
			if a[i] {
				count++
			}
			if a[i] && b[i] {
				and++
			}
		}
		if s.Count() != count || s.AndCount(u) != and {
			t.Errorf("n=%d: Count %d want %d, AndCount %d want %d", n, s.Count(), count, s.AndCount(u), and)
		}
		c := s.Clone()
		if !c.Equal(s) || c.Hash() != s.Hash() {
			t.Errorf("n=%d: a clone differs", n)
		}
		c.Flip(n - 1)
		if c.Equal(s) || c.Hash() == s.Hash() {
			t.Errorf("n=%d: flipping bit %d changed nothing", n, n-1)
		}
		c.Add(n - 1)
		c.Remove(n - 1)
		if c.Has(n - 1) {
			t.Errorf("n=%d: removed bit is still there", n)
		}
	}
}

func TestTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n, m = 70, 130
	rows := make([]bitset.Set, m)
	for k := range rows {
		rows[k], _ = random(rng, n)
	}
	cols := bitset.Transpose(rows, n)
	for i := range n {
		for k := range m {
			if cols[i].Has(k) != rows[k].Has(i) {
				t.Fatalf("entry (%d, %d) differs", i, k)
			}
		}
	}
	if len(bitset.Transpose(nil, 3)) != 3 {
		t.Error("no rows: want one empty row per bit")
	}
}
