package flow

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A run is Run at work.
type run struct {
	Options
	x       *mat.Dense
	y       []float64
	flow    *integrator
	average *average
	bracket *bracket
	result  *Result

	begun     float64 // log rho at the start
	separated bool
	change    float64 // since the last checkpoint
}

func newRun(x *mat.Dense, y []float64, o Options) (*run, error) {
	_, d := x.Dims()
	start, signs := o.begin(d)
	if size := 2*start.logRho() + math.Log(longestRow(x)); size > math.Log(mostAtStart) {
		return nil, fmt.Errorf("%w: the network at the start is so large that its outputs may be of the order of %.2g; begin with smaller weights", ErrStart, math.Exp(min(size, 700)))
	}
	f := newField(o.Loss, x, y, signs, newSides(x, len(signs)))
	b, err := newBracket(x, y, o)
	if err != nil {
		return nil, err
	}
	g := newIntegrator(f, start, o.Accuracy, o.Step, longestRow(x))
	if o.Sharpness > 0 && math.Log(o.Sharpness) <= 2*g.logRho {
		return nil, fmt.Errorf("%w: the flow is to end at the sharpness %.4g, and begins at %.4g", ErrOption, o.Sharpness, math.Exp(2*g.logRho))
	}
	r := &run{
		Options: o, x: x, y: y, flow: g, bracket: b, average: newAverage(f.pull), result: new(Result),
		begun: g.logRho, separated: floats.Min(f.margins) > 0,
	}
	if r.separated {
		r.result.SeparatedSharpness = math.Exp(2 * g.logRho)
	}
	return r, nil
}

// mostAtStart bounds the outputs of the network at the start.
const mostAtStart = 1e6

// program finds the solution of the max-margin program, unless it is known or not wanted.
func (r *run) program(ctx context.Context) (err error) {
	r.result.Program = r.Program
	if r.Program == nil && !r.WithoutProgram {
		r.result.Program, err = convexnn.Train(ctx, r.x, r.y, convexnn.Options{Loss: convexnn.HardMargin, Seed: r.Seed})
	}
	if p := r.result.Program; err == nil && p != nil && p.Objective < math.MaxFloat64 {
		r.bracket.optimum = p.Objective
	}
	return err
}

// follow follows the flow to its end, with checkpoints on the way.
func (r *run) follow(ctx context.Context) error {
	if err := r.checkpoint(ctx); err != nil {
		return err
	}
	g, result := r.flow, r.result
	spacing := r.expected() / float64(max(1, r.Checkpoints-1))
	for {
		var over bool
		if result.Status, over = r.step(ctx); over {
			break
		}
		r.change += g.change()
		if r.change >= spacing && len(result.Checkpoints) < 3*r.Checkpoints {
			if err := r.checkpoint(ctx); err != nil {
				return err
			}
		}
	}
	if last := result.Checkpoints[len(result.Checkpoints)-1]; last.Step == g.steps {
		return nil
	}
	return r.checkpoint(ctx)
}

// step takes one step, or says how the flow is over.
func (r *run) step(ctx context.Context) (convexnn.Status, bool) {
	g := r.flow
	switch {
	case r.done():
		return convexnn.Solved, true
	case ctx.Err() != nil:
		return convexnn.Stopped, true
	case r.rests():
		return convexnn.Limited, true
	case g.steps == r.MaxSteps:
		r.result.Warnings = append(r.result.Warnings, StepsUsedUp)
		return convexnn.Limited, true
	case !g.advance(r.left()):
		r.result.Warnings = append(r.result.Warnings, StepTooSmall)
		return convexnn.Limited, true
	}
	r.average.add(g.field.pull, g.logRho-g.before)
	now := floats.Min(g.field.margins) > 0
	if now && !r.separated {
		r.result.SeparatedTime, r.result.SeparatedSharpness = g.time, math.Exp(2*g.logRho)
	}
	r.separated = now
	return convexnn.Solved, false
}

// expected is about how much the network changes in all: log rho from the start to the end,
// and the angles of the neurons by a radian or two.
func (r *run) expected() float64 {
	const turns = 1.5
	end := math.Log(r.Sharpness)
	if r.Sharpness == 0 {
		optimum := r.bracket.optimum
		if optimum == 0 {
			optimum = 4 / longestRow(r.x)
		}
		end = math.Log(2 * optimum * defaultMargin)
	}
	return max(0, end/2-r.begun) + turns
}

// done reports whether the flow has reached its end.
func (r *run) done() bool {
	if r.Sharpness > 0 {
		return 2*r.flow.logRho >= math.Log(r.Sharpness)
	}
	return floats.Min(r.flow.field.margins) >= defaultMargin
}

// left is about how long it takes to the end, and a little more, at the present growth.
func (r *run) left() float64 {
	g := r.flow
	growing := math.Inf(1) // of log rho
	switch least := floats.Min(g.field.margins); {
	case r.Sharpness > 0:
		growing = math.Log(r.Sharpness)/2 - g.logRho
	case least > 0:
		growing = math.Log(defaultMargin/least) / 2
	}
	if growth := g.growth(); growth > 0 {
		return max(1.01*growing/growth, 1e-6/g.scale)
	}
	return math.Inf(1)
}

// rest is the speed, relative to the longest row, below which a neuron neither turns nor
// grows. Of 400 runs on random data one that rests by this measure would have gone on to
// separate its samples.
const rest = 1e-5

// rests reports whether the flow has come to a rest: there are samples whose margin is
// not positive, and no neuron turns or grows that could change it. The shares of the
// samples that have a margin go to zero then, and with them all speeds, like the
// reciprocal of the time.
func (r *run) rests() bool {
	if r.separated {
		return false
	}
	g := r.flow
	for j := range g.now.logs {
		if max(floats.Norm(g.velocity.dir(j), 2), g.velocity.logs[j]) > rest*g.scale {
			return false
		}
	}
	return true
}
