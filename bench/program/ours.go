package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/parallel"
	"github.com/convexnn/convexnn/internal/qp"
)

// levels are the relative accuracies that are timed.
var levels = []float64{1e-2, 1e-4, 1e-6}

const (
	// optimumTolerance is the gap to which the optimum is bracketed.
	optimumTolerance = 1e-9
	// repeats is the number of solves of which the median counts, where one takes less
	// than repeatBelow.
	repeats     = 3
	repeatBelow = 10 * time.Second
)

// A bracket holds an optimum.
type bracket struct{ Lower, Upper float64 }

// accuracy returns how far an objective is above the lower end, relative to that.
func (b bracket) accuracy(objective float64) float64 { return (objective - b.Lower) / b.Lower }

// A solve is what convexnn did for one tolerance.
type solve struct {
	Tolerance  float64
	Seconds    float64   // median
	All        []float64 // of each repetition
	Objective  float64
	LowerBound float64
	Status     string
	Iterations int
	Rounds     int
	Trace      []point // objectives reported on the way, of the last repetition
}

// timeOurs solves the program to a tolerance, up to most times if it is soon done.
func timeOurs(ctx context.Context, s settings, in *instance, model convexnn.Model, tolerance float64, most int) (*solve, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	out := &solve{Tolerance: tolerance}
	for range most {
		runtime.GC()
		out.Trace = nil
		start := time.Now()
		program, err := in.program(model)
		if err != nil {
			return nil, err
		}
		solution, err := program.Solve(ctx, convexnn.SolveSettings{Tolerance: tolerance, Progress: func(p convexnn.SolveProgress) {
			out.Trace = append(out.Trace, point{Seconds: time.Since(start).Seconds(), Objective: p.Objective})
		}})
		if err != nil {
			return nil, err
		}
		spent := time.Since(start)
		out.All = append(out.All, spent.Seconds())
		out.Objective, out.LowerBound, out.Status = solution.Objective, solution.LowerBound, solution.Status.String()
		out.Iterations, out.Rounds = solution.Iterations, solution.Rounds
		if spent >= repeatBelow {
			break
		}
	}
	sorted := slices.Sorted(slices.Values(out.All))
	out.Seconds = sorted[len(sorted)/2]
	return out, nil
}

// An evaluator computes objectives of weights that violate the cone constraints, once
// they are repaired, which is the same for all solvers.
type evaluator struct {
	in      *instance
	program *convexnn.Program
	model   convexnn.Model
	first   *qp.ConeProjector
}

func newEvaluator(in *instance, model convexnn.Model) (*evaluator, error) {
	program, err := in.program(model)
	if err != nil {
		return nil, err
	}
	return &evaluator{in: in, program: program, model: model, first: qp.NewConeProjector(in.x.RawMatrix())}, nil
}

// point evaluates a file of weights.
func (e *evaluator) point(path string) (point, error) {
	_, d := e.in.x.Dims()
	u, err := readWeights(path, e.program.Blocks(), d)
	if err != nil {
		return point{}, err
	}
	if floats.HasNaN(u.RawMatrix().Data) {
		return point{}, fmt.Errorf("%s: weights are not numbers", path)
	}
	var p point
	if p.Violation, err = e.program.Violation(u); err != nil {
		return point{}, err
	}
	if err := e.repair(u); err != nil {
		return point{}, err
	}
	p.Objective, err = e.program.Objective(u)
	return p, err
}

// repair projects each block onto its cone, and scales all weights as is best.
func (e *evaluator) repair(u *mat.Dense) error {
	if e.model == convexnn.ReLU {
		const chunk = 4
		cells := e.in.cells
		parallel.Chunks(e.program.Blocks(), chunk, func(_, lo, hi int) {
			projector := e.first.Clone()
			for j := lo; j < hi; j++ {
				projector.Project(u.RawRowView(j), u.RawRowView(j), cells[j%len(cells)].Pattern.Bits(), nil, 0)
			}
		})
	}
	fit, err := e.program.Residual(u)
	if err != nil {
		return err
	}
	floats.SubTo(fit, e.in.y, fit)
	if energy := floats.Dot(fit, fit); energy > 0 {
		rows, _ := u.Dims()
		penalty := 0.0
		for j := range rows {
			penalty += e.in.beta * floats.Norm(u.RawRowView(j), 2)
		}
		u.Scale(max(0, (floats.Dot(fit, e.in.y)-penalty)/energy), u)
	}
	return nil
}
