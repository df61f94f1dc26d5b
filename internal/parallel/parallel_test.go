package parallel_test

import (
	"runtime"
	"testing"

	"github.com/convexnn/convexnn/internal/parallel"
)

func TestChunksCoverEachIndexOnce(t *testing.T) {
	for _, n := range []int{0, 1, 7, 64, 1000} {
		for _, size := range []int{1, 3, 64, 2000} {
			seen := make([]int, n)
			parallel.Chunks(n, size, func(c, lo, hi int) {
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

func TestSumHasTheSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	sum := func() float64 {
		return parallel.Sum(10000, 7, func(lo, hi int) float64 {
			s := 0.0
			for i := lo; i < hi; i++ {
				s += 1 / float64(i+1)
			}
			return s
		})
	}
	runtime.GOMAXPROCS(1)
	one := sum()
	runtime.GOMAXPROCS(4)
	if four := sum(); four != one {
		t.Errorf("sums differ: %v and %v", one, four)
	}
}
