package arrangements_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// BenchmarkCells lists all cells with witnesses, BenchmarkCount without.
func BenchmarkCells(b *testing.B) {
	each(b, func(a *arrangements.Arrangement) (cells, thin int64) {
		for c, err := range a.Cells(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			if cells++; c.Margin == 0 {
				thin++
			}
		}
		return cells, thin
	})
}

func BenchmarkCount(b *testing.B) {
	each(b, func(a *arrangements.Arrangement) (int64, int64) {
		cells, err := a.Count(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		return cells, 0
	})
}

func each(b *testing.B, list func(a *arrangements.Arrangement) (cells, thin int64)) {
	rng := rand.New(rand.NewPCG(20, 1))
	whole := func(n, d, low, high int) *mat.Dense {
		x := mat.NewDense(n, d, nil)
		for i := range n {
			for k := range d {
				x.Set(i, k, float64(low+rng.IntN(high-low+1)))
			}
		}
		return x
	}
	grid := mat.NewDense(25, 3, nil)
	for i := range 25 {
		grid.SetRow(i, []float64{float64(i%5 - 2), float64(i/5 - 2), 1})
	}
	// Lengths in centimetres with one decimal, and a bias.
	flowers := func(columns int) *mat.Dense {
		x := mat.NewDense(150, columns+1, nil)
		for i := range 150 {
			kind := float64(i / 50)
			for k, m := range [][2]float64{{1.5 + 2*kind, 0.4}, {0.2 + 0.9*kind, 0.2}, {5 + 0.8*kind, 0.5}}[:columns] {
				x.Set(i, k, math.Round(10*(m[0]+m[1]*rng.NormFloat64()))/10)
			}
			x.Set(i, columns, 1)
		}
		return x
	}
	for _, c := range []struct {
		name string
		x    *mat.Dense
	}{
		{"gaussian200x3", gaussian(rng, 200, 3)},
		{"gaussian500x3", gaussian(rng, 500, 3)},
		{"gaussian100x4", gaussian(rng, 100, 4)},
		{"gaussian60x5", gaussian(rng, 60, 5)},
		{"gaussian16x10", gaussian(rng, 16, 10)},
		{"gaussian16x16", gaussian(rng, 16, 16)},
		{"grid25x3", grid},
		{"signs60x5", whole(60, 5, -1, 1)},
		{"decimals150x3", flowers(2)},
		{"decimals150x4", flowers(3)},
	} {
		b.Run(c.name, func(b *testing.B) {
			a, err := arrangements.NewArrangement(c.x)
			if err != nil {
				b.Fatal(err)
			}
			var cells, thin int64
			for b.Loop() {
				cells, thin = list(a)
			}
			b.ReportMetric(float64(cells), "cells")
			b.ReportMetric(float64(thin), "thin")
		})
	}
}
