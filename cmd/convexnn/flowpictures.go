package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
	figures "github.com/convexnn/convexnn/internal/report"
)

// A picture can be written in a format, svg or png.
type picture interface {
	Write(w io.Writer, format string) error
}

// picture is what --plot asks for.
func (c *course) picture() picture {
	if c.plane() {
		return c.steps(planeFrames)
	}
	return c.bracket()
}

// planeFrames is the number of frames of the picture in steps, filmFrames that of the film.
const planeFrames, filmFrames = 6, 48

// film is the plane of weights as a moving picture.
func (c *course) film() figures.FlowFilm { return figures.FlowFilm(c.steps(filmFrames)) }

// subtitle says what the pictures are of.
func (c *course) subtitle() string {
	return fmt.Sprintf("%s: %s, %v loss, seed %d", dataName(c.data.name), plural(len(c.result.Neurons), "neuron"), c.flags.loss, c.flags.fit.seed)
}

// shareOf is that of a neuron of a checkpoint in the squared weights.
func shareOf(h convexnn.Neuron) float64 {
	return min(1, h.Output*h.Output+floats.Dot(h.Weights, h.Weights))
}

// steps is the plane of weights at so many checkpoints, evenly in their order.
func (c *course) steps(most int) figures.Flow {
	train := c.data.train
	negative, positive := c.data.encoding.Labels()
	f := figures.Flow{
		Title:    "Neurons turning, and the prices of the dual vector",
		Subtitle: c.subtitle(),
		Classes:  [2]string{negative, positive},
	}
	if c.result.GloballyOptimal {
		f.Title = "Neurons sliding into the extreme points of the dual"
	}
	for i, y := range train.y {
		f.Samples = append(f.Samples, figures.FlowSample{X: train.x.At(i, 0), Y: train.x.At(i, 1), Positive: y > 0})
	}
	all := c.result.Checkpoints
	count := min(most, len(all))
	for k := range count {
		at := len(all) - 1
		if count > 1 {
			at = k * (len(all) - 1) / (count - 1)
		}
		f.Frames = append(f.Frames, c.frame(all[at]))
	}
	return f
}

// frame is the plane of weights at a checkpoint.
func (c *course) frame(q *flow.Checkpoint) figures.FlowFrame {
	out := figures.FlowFrame{Title: fmt.Sprintf("sharpness %.2g", q.Sharpness), Nu: q.Dual}
	if q.Separated && q.DualValue > 0 {
		// In the limit the multipliers, whose prices are 1 at neurons with weight, add up
		// to the upper bound; Dual is these, scaled.
		out.Level = q.DualValue / q.Upper
	}
	switch wrong := q.Unseparated; {
	case wrong > 0:
		out.Note = fmt.Sprintf("%d of %d not on the right side", wrong, len(c.data.train.y))
	case math.IsInf(c.program.Objective, 1):
	default:
		out.Note = c.aboveBest(q.Upper)
	}
	for _, h := range q.Neurons {
		out.Neurons = append(out.Neurons, figures.FlowNeuron{
			X: h.Weights[0], Y: h.Weights[1], Share: shareOf(h), Positive: h.Output > 0, Dead: c.dead(h.Weights),
		})
	}
	return out
}

// dead reports whether a neuron is active on no row.
func (c *course) dead(u []float64) bool {
	for i := range c.data.train.y {
		if floats.Dot(c.data.train.x.RawRowView(i), u) > 0 {
			return false
		}
	}
	return true
}

// bracket is the picture of the bounds.
func (c *course) bracket() figures.Brackets {
	nan := math.NaN()
	f := figures.Brackets{
		Title:    "The bracket of the largest margin along the flow",
		Subtitle: c.subtitle(),
		Axis:     "sharpness, the sum of all squared weights", YLabel: "sum |u||alpha| at margin 1",
		Before: "not separated", Optimum: nan, OptimumName: "optimum over all networks",
	}
	if !math.IsInf(c.program.Objective, 1) {
		f.Optimum = c.program.Objective
		if c.bestName() != "optimum" {
			f.OptimumName = "best network known"
		}
	}
	var points []figures.BracketPoint
	lengths := make([]figures.Course, len(c.result.Neurons))
	for j, h := range c.result.Neurons {
		lengths[j] = figures.Course{Positive: h.Output > 0, Dead: h.Dead}
	}
	for _, q := range c.result.Checkpoints {
		p := figures.BracketPoint{At: q.Sharpness, Upper: nan, Proved: nan, Estimated: nan}
		if q.Separated {
			p.Upper = q.Upper
		}
		if q.Lower > 0 {
			p.Proved = q.Lower
		}
		if q.Estimate > q.Lower {
			p.Estimated = q.Estimate
		}
		points = append(points, p)
		for j, h := range q.Neurons {
			lengths[j].Points = append(lengths[j].Points, figures.XY{X: q.Sharpness, Y: shareOf(h)})
		}
	}
	f.Runs = [][]figures.BracketPoint{points}
	f.Below = []figures.CoursePanel{{Heading: "share of each neuron in the squared weights", Level: nan, Courses: lengths}}
	return f
}

// shadow is the picture of the dual set, where it can be had in time.
func (c *course) shadow(ctx context.Context) (figures.DualShadow, bool) {
	const directions, most = 24, 200
	train := c.data.train
	if c.solving*directions > 30 || len(train.y) > most || math.IsInf(c.program.Objective, 1) {
		return figures.DualShadow{}, false
	}
	var duals [][]float64
	var path []figures.XY
	for _, q := range c.result.Checkpoints {
		if q.DualValue > 0 && q.DualKind != convexnn.CertifiedEstimate {
			duals = append(duals, q.Dual)
		}
	}
	s, err := flow.NewShadow(ctx, train.x, train.y, directions, append(duals, c.program.Certificate.Dual)...)
	if err != nil {
		return figures.DualShadow{}, false
	}
	for _, nu := range duals {
		p := figures.XY{}
		for _, v := range nu {
			p.X, p.Y = p.X+max(v, 0), p.Y+max(-v, 0)
		}
		path = append(path, p)
	}
	f := figures.DualShadow{
		Title: "The dual set, and the dual vectors of the flow in it", Subtitle: dataName(c.data.name), Path: path,
		Optimum: figures.XY{X: s.Optimum[0], Y: s.Optimum[1]}, PMM: c.program.Objective,
	}
	for _, p := range s.Corners {
		f.Outer = append(f.Outer, figures.XY{X: p[0], Y: p[1]})
	}
	return f, true
}
