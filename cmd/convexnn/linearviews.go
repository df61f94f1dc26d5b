package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/linear"
	figures "github.com/convexnn/convexnn/internal/report"
)

// kyFanView is the small convex program without weight decay.
type kyFanView struct{ value, bound float64 }

func (m *deepLinear) ky(x, y *mat.Dense) (*kyFanView, error) {
	if m.flags.beta > 0 || len(m.widths) == 0 {
		return nil, nil
	}
	k, err := linear.NewKyFan(x, y, m.result.Bottleneck)
	if err != nil {
		return nil, err
	}
	s, t := k.Solve()
	return &kyFanView{k.Value(s), math.Max(0, k.Bound(t))}, nil
}

// liftedView is the completely positive program at the network, and its relaxation.
type liftedView struct {
	program    *linear.Lifted
	check      *linear.Verification // nil where the network was not lifted
	why        string               // what is not done, and why
	relaxation *linear.Relaxation   // nil for none
	rest       float64              // what its objectives lack of the whole one
	relaxed    *linear.RelaxationResult
	bound      float64 // of the relaxation, on the whole objective
	value      float64
	seconds    float64
}

// verified is the tolerance at which a lifted network counts as feasible.
const verified = 1e-9

// mostLifted is the largest d + c whose matrices are decomposed to verify a point.
const mostLifted = 400

// relaxationSteps ends a relaxation that takes long; its bound holds wherever it ends.
const relaxationSteps = 2000

func (m *deepLinear) lift(ctx context.Context, x, y *mat.Dense) error {
	v, beta := &m.lifted, m.flags.beta
	if len(m.widths) != 1 && beta > 0 {
		v.why = "it holds the weight decay of two layers, and of no other number"
		return nil
	}
	program, err := linear.NewLifted(x, y, m.result.Bottleneck, beta)
	if err != nil {
		return err
	}
	v.program = program
	if program.N() > mostLifted {
		v.why = fmt.Sprintf("not verified: its matrices have the order %d, and %d is the limit", program.N(), mostLifted)
		return nil
	}
	point, err := program.Lift(m.result.W)
	if err != nil {
		return err
	}
	check, err := program.Verify(point, verified)
	if err != nil {
		return err
	}
	v.check = &check
	return m.relax(ctx)
}

// relax solves the relaxation where it is small.
func (m *deepLinear) relax(ctx context.Context) error {
	v := &m.lifted
	small, rest, err := v.program.Reduced()
	if errors.Is(err, linear.ErrRank) {
		v.why = "no relaxation: X is zero"
		return nil
	}
	if err != nil {
		return err
	}
	r, err := linear.NewRelaxation(small)
	if errors.Is(err, linear.ErrTooLarge) {
		v.why = fmt.Sprintf("no relaxation: it takes the rank of X and the number of targets to be at most %d together, and they are %d", linear.MaxRelaxed, small.N())
		return nil
	}
	if err != nil {
		return err
	}
	v.relaxation, v.rest = r, rest
	start := time.Now()
	v.relaxed, err = r.Solve(ctx, conic.Settings{MaxIterations: relaxationSteps, MemoryLimit: m.flags.limits.memory.limit()})
	if err != nil {
		return err
	}
	v.seconds = time.Since(start).Seconds()
	v.bound, v.value = v.relaxed.Bound+rest, v.relaxed.Value+rest
	return nil
}

// bound is the best lower bound of all views.
func (m *deepLinear) bound() float64 {
	best := m.result.LowerBound
	if m.lifted.relaxed != nil {
		best = math.Max(best, m.lifted.bound)
	}
	return math.Min(best, m.result.Objective)
}

// gapTo is the relative gap of an objective to the best bound.
func (m *deepLinear) gapTo(objective float64) float64 {
	if bound := m.bound(); objective > bound {
		return (objective - bound) / objective
	}
	return 0
}

// picturePoints is the number of strengths in the picture.
const picturePoints = 81

// picture shows the singular values over beta at depth 2 and at the depth of the
// network, or 3 if that is 2.
func (m *deepLinear) picture(ctx context.Context) (figures.Shrinkage, error) {
	f := m.flags
	out := figures.Shrinkage{
		Title:    "Singular values as the weight decay grows: " + m.data.name,
		Subtitle: fmt.Sprintf("%s, %d inputs, %d outputs, bottleneck %d", plural(m.data.train.rows(), "row"), len(m.data.inputs), len(m.data.targets), m.result.Bottleneck),
	}
	for _, depth := range []int{2, max(3, len(m.widths)+1)} {
		widths := make([]int, depth-1)
		for l := range widths {
			widths[l] = m.result.Bottleneck
		}
		path, err := linear.NewPath(ctx, m.data.train.x, m.data.train.y, picturePoints, linear.Settings{
			Widths: widths, Intercept: f.intercept, Seed: f.data.seed, Starts: -1, MemoryLimit: f.limits.memory.limit(),
		})
		if err != nil {
			return out, err
		}
		exact := 0
		q := figures.ShrinkagePanel{}
		for _, v := range path.Points {
			q.Beta, q.Values = append(q.Beta, v.Beta), append(q.Values, v.Singular)
			if v.Exact {
				exact++
			}
		}
		q.Name = fmt.Sprintf("depth %d", depth)
		if exact < len(path.Points) {
			q.Name += fmt.Sprintf(" (%d of %d points proved optimal, the others by local search)", exact, len(path.Points))
		}
		m.cut = m.cut || path.Status == convexnn.Stopped
		out.Panels = append(out.Panels, q)
	}
	return out, nil
}
