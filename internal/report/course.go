package report

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Course is how a number of a neuron goes on during a run. Where Y is NaN it has a gap.
type Course struct {
	Points         []XY
	Positive, Dead bool // the sign of the output weight; whether it is zero at all samples
}

// A CoursePanel shows a number of each neuron. Of very many neurons it shows some.
type CoursePanel struct {
	Heading string
	Level   float64 // where they should end; NaN for nowhere
	Courses []Course
}

// heights is the vertical axis. What differs by little from the level is near it.
func (q CoursePanel) heights() axis {
	const little = 0.05
	values := []float64{q.Level, q.Level * (1 - little), q.Level * (1 + little)}
	for _, course := range q.Courses {
		for _, at := range course.Points {
			values = append(values, at.Y)
		}
	}
	low, high := extent(values, finite)
	pad := 0.08 * (high - low)
	return linearAxis(low-pad, high+pad, 2.5)
}

func (q CoursePanel) paint(c panel) {
	inside := c.inside()
	if finite(q.Level) {
		y := c.point(c.x.low, q.Level).Y
		level := []vg.Point{{X: c.frame.Min.X, Y: y}, {X: c.frame.Max.X, Y: y}}
		inside.StrokeLines(draw.LineStyle{Color: ink, Width: 0.7}, inside.ClipLinesXY(level)...)
	}
	for _, course := range evenly(q.Courses, coursesMost) {
		var run []vg.Point
		flush := func() {
			inside.StrokeLines(course.line(), inside.ClipLinesXY(simplified(run, 0.05))...)
			run = nil
		}
		for _, at := range course.Points {
			if place := c.point(at.X, at.Y); finite(at.X) && finite(at.Y) && !math.IsNaN(float64(place.X)) {
				run = append(run, place)
			} else {
				flush()
			}
		}
		flush()
	}
	if len(q.Courses) == 0 {
		c.drawNothing("no neurons")
	}
}

func (q Course) name() string { return FlowNeuron{Positive: q.Positive, Dead: q.Dead}.name() }

// line is that of a neuron: its colour and dashes tell its sign.
func (q Course) line() draw.LineStyle {
	if q.Dead {
		return draw.LineStyle{Color: grey, Width: 0.8, Dashes: []vg.Length{1, 2}}
	}
	return draw.LineStyle{Color: signColour(q.Positive), Width: 1.1, Dashes: neuronDashes(q.Positive)}
}
