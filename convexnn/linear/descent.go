package linear

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// DescentSettings steer [Descend]. The zero value but for Widths works.
type DescentSettings struct {
	Widths    []int   // of the hidden layers, as in Settings
	Beta      float64 // weight decay
	Intercept bool    // centre the data first
	Steps     int     // gradient steps; 0 means 2000
	Starts    int     // random starting points, the best of which is returned; 0 means 1
	Seed      uint64
	// Part is the size of the first fits in relation to Y; 0 means 0.1: deep linear
	// networks are slow where all weights are near zero, as that is a saddle.
	Part float64
}

// A TracePoint is the objective after so many gradient steps.
type TracePoint struct {
	Step      int
	Objective float64
}

// A Descent is where gradient descent on the factors ended.
type Descent struct {
	Layers    []*mat.Dense
	Objective float64      // recomputed from the layers
	Trace     []TracePoint // of the best start, at steps 0, 1, 2, 4, ... and the last
	Ends      []float64    // objectives where all starts ended
	Status    convexnn.Status
}

// Descend trains the layers as networks usually are: by gradient descent on all factors
// from random Gaussian weights, on all samples at once. The rate is halved where a step
// would raise the objective, and raised by a twentieth otherwise. It is the baseline that
// the other ways are compared with, and knows nothing of optimality. The errors are those
// of [Train].
func Descend(ctx context.Context, x, y *mat.Dense, s DescentSettings) (*Descent, error) {
	if err := checkData(x, y); err != nil {
		return nil, err
	}
	if err := checkWidths(s.Widths); err != nil {
		return nil, err
	}
	if err := checkBeta(s.Beta); err != nil {
		return nil, err
	}
	if s.Steps < 0 || s.Starts < 0 || !(s.Part >= 0) || math.IsInf(s.Part, 1) {
		return nil, fmt.Errorf("%w, got %d, %d and %v", ErrSteps, s.Steps, s.Starts, s.Part)
	}
	if s.Steps == 0 {
		s.Steps = 2000
	}
	if s.Part == 0 {
		s.Part = 0.1
	}
	p, err := newProblem(x, y, s.Intercept)
	if err != nil {
		return nil, err
	}
	var a *mat.Dense
	if p.q() == 0 {
		a, p.t = mat.NewDense(1, p.d, nil), mat.NewDense(1, p.c, nil)
	} else {
		// Gradient steps depend on the data through S V' and T alone.
		a = p.scaled(mat.DenseCopyOf(p.v.T()))
	}
	o := newObjective(a, p.t, s.Beta, s.Widths)
	var best *Descent
	var ends []float64
	for k := range max(1, s.Starts) {
		d := o.gradientDescent(ctx, o.draw(rand.New(rand.NewPCG(s.Seed, uint64(k))), s.Part), s.Steps, p.rest)
		ends = append(ends, d.Objective)
		if best == nil || d.Objective < best.Objective {
			best = d
		}
		if ctx.Err() != nil {
			best.Status = convexnn.Stopped
			break
		}
	}
	best.Ends = ends
	w := best.Layers[0]
	for _, layer := range best.Layers[1:] {
		w = product(w, layer)
	}
	best.Objective = p.loss(w)
	for _, layer := range best.Layers {
		best.Objective += s.Beta / 2 * sumOfSquares(layer)
	}
	return best, nil
}

// gradientDescent descends from w; rest is added to the objectives.
func (o *objective) gradientDescent(ctx context.Context, w []float64, steps int, rest float64) *Descent {
	p := o.at(w)
	out := &Descent{Trace: []TracePoint{{0, rest + p.value}}}
	rate := 1.0
	if g := floats.Dot(p.grad, p.grad); g > 0 {
		rate = 0.1 * math.Max(p.value, 1e-300) / g
	}
	next := make([]float64, len(w))
	for k := 1; k <= steps && ctx.Err() == nil; k++ {
		floats.AddScaledTo(next, p.w, -rate, p.grad)
		if q := o.at(next); q.value <= p.value {
			p, next, rate = q, p.w, 1.05*rate
		} else {
			rate /= 2
		}
		if k&(k-1) == 0 || k == steps {
			out.Trace = append(out.Trace, TracePoint{k, rest + p.value})
		}
	}
	out.Layers, out.Objective = p.layers, rest+p.value
	return out
}
