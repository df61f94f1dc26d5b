package pricing

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCrossingsComeInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(36, 1))
	for range 100 {
		h := make([]crossing, rng.IntN(60))
		for k := range h {
			h[k] = crossing{float64(rng.IntN(20)), rng.IntN(1000)}
		}
		want := slices.Clone(h)
		slices.SortFunc(want, func(a, b crossing) int {
			if a.length != b.length {
				return int(a.length - b.length)
			}
			return a.sample - b.sample
		})
		heapify(h)
		for k, w := range want {
			if h[0] != w {
				t.Fatalf("crossing %d is %v, want %v", k, h[0], w)
			}
			h = popped(h)
		}
	}
}
