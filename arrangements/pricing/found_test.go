package pricing_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/qp"
)

// touching fails unless each direction found comes with a full-dimensional cell, one
// of cells, whose closure contains it, and whose price is its value at least.
func touching(t *testing.T, x *mat.Dense, v []float64, r pricing.Result, cells []arrangements.Pattern) {
	t.Helper()
	n, d := x.Dims()
	p := qp.NewConeProjector(x.RawMatrix())
	g := make([]float64, d)
	for k, f := range r.Found {
		if f.Pattern.Len() != n {
			t.Fatalf("direction %d has a pattern of %d samples", k, f.Pattern.Len())
		}
		clear(g)
		for i := range n {
			off := -floats.Dot(x.RawRowView(i), f.Vector)
			if f.Pattern.Active(i) {
				floats.AddScaled(g, v[i], x.RawRowView(i))
			} else {
				off = -off
			}
			if off > 1e-9*floats.Norm(x.RawRowView(i), 2) {
				t.Fatalf("direction %d is not in its cell: sample %d is off by %g", k, i, off)
			}
		}
		if price := p.Project(g, g, f.Pattern.Bits(), nil, 0).Norm; price < f.Value*(1-1e-9) {
			t.Fatalf("direction %d of value %.12g has a cell of price %.12g", k, f.Value, price)
		}
		if cells != nil && !slices.ContainsFunc(cells, f.Pattern.Equal) {
			t.Fatalf("direction %d: %v is not the pattern of a cell", k, f.Pattern)
		}
		for j, g := range r.Found[:k] {
			if floats.Dot(f.Vector, g.Vector) >= 1-1e-6 {
				t.Fatalf("directions %d and %d are one peak", j, k)
			}
		}
	}
}

func TestFoundPatterns(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	found, walls := 0, 0
	for trial := range 90 {
		n, d := 3+rng.IntN(10), 1+rng.IntN(4)
		x := gaussian(rng, n, d)
		if trial%3 == 1 {
			x = ternary(rng, n, d) // zeros, repeated and opposite rows
		}
		v := gaussian(rng, 1, n).RawRowView(0)
		var cells []arrangements.Pattern
		for c, err := range arrangement(t, x).Cells(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			cells = append(cells, c.Pattern)
		}
		results := []pricing.Result{
			local(t, x, v, pricing.LocalSettings{Seed: uint64(trial)}),
			tree(t, x, v, pricing.TreeSettings{Keep: 5}),
		}
		for _, r := range results {
			touching(t, x, v, r, cells)
			for _, f := range r.Found {
				found++
				for i := range n {
					if row := x.RawRowView(i); floats.Norm(row, 2) > 0 && math.Abs(floats.Dot(row, f.Vector)) < 1e-12 {
						walls++
						break
					}
				}
			}
		}
	}
	if found < 300 || walls < found/4 {
		t.Errorf("%d directions, %d of them on hyperplanes, are too few to tell", found, walls)
	}
	// Larger ones, with many peaks of one height, and in units that overflow squares.
	for trial := range 4 {
		x := gaussian(rng, 40+20*trial, 4+2*trial)
		v := residual(t, rng, x)
		touching(t, x, v, local(t, x, v, pricing.LocalSettings{Keep: 40}), nil)
		var y mat.Dense
		y.Apply(func(_, _ int, s float64) float64 { return math.Ldexp(s, 600) }, x)
		huge := local(t, &y, v, pricing.LocalSettings{Keep: 3})
		plain := local(t, x, v, pricing.LocalSettings{Keep: 3})
		for k, f := range huge.Found {
			if !f.Pattern.Equal(plain.Found[k].Pattern) {
				t.Fatalf("trial %d: the pattern of direction %d depends on the scale", trial, k)
			}
		}
	}
}
