package parallel_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/convexnn/convexnn/internal/parallel"
)

func TestChunksCoverEachIndexOnce(t *testing.T) {
	for _, n := range []int{0, 1, 7, 64, 1000} {
		for _, size := range []int{1, 3, 64, 2000} {
			for _, operations := range []float64{0, math.Inf(1)} {
				seen := make([]int, n)
				parallel.Work(operations, n, size, func(c, lo, hi int) {
					if lo != c*size || hi <= lo || hi > n {
						t.Errorf("n=%d size=%d: piece %d is [%d, %d)", n, size, c, lo, hi)
					}
					for i := lo; i < hi; i++ {
						seen[i]++
					}
				})
				for i, s := range seen {
					if s != 1 {
						t.Fatalf("n=%d size=%d: index %d visited %d times", n, size, i, s)
					}
				}
			}
		}
	}
}

// A sum over pieces that is merged in their order does not depend on the number of
// processors.
func TestPiecesDoNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	sum := func() (total float64) {
		parts := make([]float64, parallel.Count(10000, 7))
		parallel.Chunks(10000, 7, func(c, lo, hi int) {
			for i := lo; i < hi; i++ {
				parts[c] += 1 / float64(i+1)
			}
		})
		for _, p := range parts {
			total += p
		}
		return total
	}
	runtime.GOMAXPROCS(1)
	one := sum()
	runtime.GOMAXPROCS(4)
	if four := sum(); four != one {
		t.Errorf("sums differ: %v and %v", one, four)
	}
}

func TestForVisitsEachIndexOnce(t *testing.T) {
	seen := make([]int, 1000)
	parallel.For(len(seen), func(i int) { seen[i]++ })
	for i, s := range seen {
		if s != 1 {
			t.Fatalf("index %d visited %d times", i, s)
		}
	}
}
