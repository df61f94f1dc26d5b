package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/convexnn"
)

// A task is what a child process is to do.
type task struct {
	size
	Ratio     float64       `json:"beta_ratio"` // beta over the estimate of beta_max
	Tolerance float64       `json:"tolerance"`
	Limit     time.Duration `json:"limit"` // most time of the solve, in nanoseconds
	Seed      uint64        `json:"seed"`
}

// A solve is what it found.
type solve struct {
	Beta       float64 `json:"beta"`
	Setup      float64 `json:"setup_seconds"` // data, beta, sampling
	Seconds    float64 `json:"seconds"`       // of the solve
	First      float64 `json:"first_seconds"` // of these, until the first bracket, 0 if there was none
	FirstAfter int     `json:"first_iterations"`
	Iterations int     `json:"iterations"`
	Status     string  `json:"status"`
	Gap        float64 `json:"gap"`
	Objective  float64 `json:"objective"`
	Active     int     `json:"active_blocks"` // blocks with weights
}

// do solves the program of a task.
func (t task) do(ctx context.Context) (solve, error) {
	var out solve
	start := time.Now()
	x, y := planted(t.N, t.D, t.Seed)
	most, err := estimate(ctx, x, y)
	if err != nil {
		return out, err
	}
	out.Beta = t.Ratio * most
	cells, _, err := arrangements.Sample(ctx, x, t.P, arrangements.SampleSettings{Sampler: arrangements.Gaussian, Seed: t.Seed})
	if err != nil {
		return out, err
	}
	if len(cells) < t.P {
		return out, fmt.Errorf("only %d of %d patterns were found", len(cells), t.P)
	}
	program, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: cells, Beta: out.Beta})
	if err != nil {
		return out, err
	}
	out.Setup = time.Since(start).Seconds()

	settings := convexnn.SolveSettings{Tolerance: t.Tolerance, PolishLimit: -1, DirectLimit: -1}
	if t.Factored {
		settings.DirectLimit = t.N
	}
	start = time.Now()
	settings.Progress = func(p convexnn.SolveProgress) {
		if out.FirstAfter == 0 {
			out.First, out.FirstAfter = time.Since(start).Seconds(), p.Iterations
		}
	}
	ctx, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	solution, err := program.Solve(ctx, settings)
	if err != nil {
		return out, err
	}
	out.Seconds = time.Since(start).Seconds()
	out.Iterations, out.Status = solution.Iterations, solution.Status.String()
	out.Gap, out.Objective = solution.Gap, solution.Objective
	for j := range program.Blocks() {
		if floats.Norm(solution.Weights.RawRowView(j), 2) > 0 {
			out.Active++
		}
	}
	return out, nil
}

// planted returns n Gaussian samples in d-1 dimensions with a column of ones, and
// the noisy outputs of a network of eight neurons.
func planted(n, d int, seed uint64) (*mat.Dense, []float64) {
	const neurons, noise = 8, 0.1
	rng := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, d, nil)
	for i := range n {
		row := x.RawRowView(i)
		for k := range d - 1 {
			row[k] = rng.NormFloat64()
		}
		row[d-1] = 1
	}
	y := make([]float64, n)
	for j := range neurons {
		u := make([]float64, d)
		for k := range u {
			u[k] = rng.NormFloat64() / math.Sqrt(float64(d))
		}
		sign := float64(1 - 2*(j%2))
		for i := range y {
			y[i] += sign * max(0, floats.Dot(u, x.RawRowView(i)))
		}
	}
	for i := range y {
		y[i] += noise * rng.NormFloat64()
	}
	return x, y
}

// estimate returns the largest price of y and -y that a short local search finds,
// which is at most beta_max.
func estimate(ctx context.Context, x *mat.Dense, y []float64) (float64, error) {
	most := 0.0
	for _, sign := range []float64{1, -1} {
		v := floats.ScaleTo(make([]float64, len(y)), sign, y)
		r, err := pricing.Local(ctx, x, v, pricing.LocalSettings{Starts: 8, Polish: -1, Kicks: -1, NoPatterns: true})
		if err != nil {
			return 0, err
		}
		most = max(most, r.Value)
	}
	return most, nil
}
