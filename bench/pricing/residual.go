package main

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/convexnn"
)

// residual trains a network over all patterns on the target sin(3 x.w) plus
// noise, by adding the patterns of the directions that price above beta, and
// returns the data and the residual of the last program.
func residual(ctx context.Context, n, d int, seed uint64) (*mat.Dense, []float64, error) {
	x, rng := data(n, d, seed)
	w := make([]float64, d-1)
	for k := range w {
		w[k] = rng.NormFloat64()
	}
	floats.Scale(1/floats.Norm(w, 2), w)
	y := make([]float64, n)
	for i := range y {
		y[i] = math.Sin(3*floats.Dot(w, x.RawRowView(i)[:d-1])) + 0.1*rng.NormFloat64()
	}
	cells, _, err := arrangements.Sample(ctx, x, 5, arrangements.SampleSettings{Seed: seed})
	if err != nil {
		return nil, nil, err
	}
	for {
		program, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: beta})
		if err != nil {
			return nil, nil, err
		}
		solution, err := program.Solve(ctx, convexnn.SolveSettings{Tolerance: 1e-9})
		if err != nil {
			return nil, nil, err
		}
		v, err := program.Residual(solution.Weights)
		if err != nil {
			return nil, nil, err
		}
		added := false
		for _, sign := range []float64{1, -1} {
			w := floats.ScaleTo(make([]float64, n), sign, v)
			// A full tree only where local search has nothing to offer.
			r, err := pricing.Local(ctx, x, w, pricing.LocalSettings{Keep: 24})
			if err == nil && r.Value <= beta*(1+nearness) {
				r, err = pricing.BranchAndBound(ctx, x, w, pricing.TreeSettings{Floor: beta * (1 + nearness), Tolerance: nearness / 10})
			}
			if err != nil {
				return nil, nil, err
			}
			for _, f := range r.Found {
				if f.Value <= beta*(1+nearness) {
					break
				}
				cell, err := arrangements.CellAt(x, f.Vector)
				if err != nil {
					return nil, nil, err
				}
				if !slices.ContainsFunc(cells, func(c arrangements.Cell) bool { return c.Pattern.Equal(cell.Pattern) }) {
					cells, added = append(cells, cell), true
				}
			}
		}
		if !added {
			return x, v, nil
		}
	}
}
