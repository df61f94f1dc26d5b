package pricing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/bitset"
)

func BenchmarkByCells(b *testing.B) {
	for _, size := range [][2]int{{200, 3}, {500, 3}, {100, 4}} {
		n, d := size[0], size[1]
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		x := gaussian(rng, n, d)
		for i := range n {
			x.Set(i, d-1, 1)
		}
		v := gaussian(rng, 1, n).RawRowView(0)
		a := arrangement(b, x)
		b.Run(fmt.Sprintf("n=%d,rank=%d", n, d), func(b *testing.B) {
			for b.Loop() {
				if _, _, _, err := pricing.ByCells(context.Background(), x, a, v, pricing.CellSettings{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("n=%d,rank=%d/visit", n, d), func(b *testing.B) {
			for b.Loop() {
				if err := a.Visit(context.Background(), func(int, bitset.Set) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOutputsByCells(b *testing.B) {
	for _, size := range [][3]int{{200, 3, 3}, {500, 3, 3}, {50, 4, 3}} {
		n, d, c := size[0], size[1], size[2]
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		x := gaussian(rng, n, d)
		v := gaussian(rng, n, c)
		a := arrangement(b, x)
		b.Run(fmt.Sprintf("n=%d,rank=%d,outputs=%d", n, d, c), func(b *testing.B) {
			for b.Loop() {
				if _, err := pricing.OutputsByCells(context.Background(), x, a, v, pricing.CellSettings{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("n=%d,rank=%d,outputs=%d/local", n, d, c), func(b *testing.B) {
			for b.Loop() {
				if _, err := pricing.LocalOutputs(context.Background(), x, v, pricing.LocalSettings{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
