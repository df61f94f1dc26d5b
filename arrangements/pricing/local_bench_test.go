package pricing_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/arrangements/pricing"
)

func BenchmarkLocal(b *testing.B) {
	for _, size := range [][2]int{{100, 10}, {569, 31}, {442, 11}, {300, 3}} {
		n, d := size[0], size[1]
		rng := rand.New(rand.NewPCG(8, 8))
		x := gaussian(rng, n, d)
		random := gaussian(rng, 1, n).RawRowView(0)
		few := slices.Clone(random)
		for i := range few {
			if i%20 > 0 {
				few[i] = math.Abs(few[i])
			}
		}
		for _, c := range []struct {
			name string
			v    []float64
		}{{"random", random}, {"fewNegative", few}, {"level", nil}} {
			b.Run(fmt.Sprintf("n=%d,d=%d/%s", n, d, c.name), func(b *testing.B) {
				if c.v == nil {
					c.v = residual(b, rng, x)
				}
				for b.Loop() {
					if _, err := pricing.Local(context.Background(), x, c.v, pricing.LocalSettings{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
