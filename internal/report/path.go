package report

import (
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A PathPoint is one strength of a path. What is not known is NaN.
type PathPoint struct {
	Beta              float64 // positive
	Objective         float64
	Proved, Estimated float64 // lower bounds on the objective
	Train, Validation float64 // the metric
	Neurons           int
}

// A Path is the picture of a regularisation path.
type Path struct {
	Title, Subtitle string // one line each; what is too long is cut
	Metric          string // name of the metric, at most 1
	Points          []PathPoint
	Chosen          int // index of the point that is marked; negative for none
}

// The size of the picture of a path, in points.
const (
	pageWidth  = 504
	pageHeight = 612
)

// heights are the shares of the panels.
var heights = [...]float64{0.42, 0.36, 0.22}

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f Path) Write(w io.Writer, format string) error {
	return write(w, format, pageWidth, pageHeight, f.paint)
}

func (f Path) paint(p pen) {
	p.title(marginLeft, f.Title, f.Subtitle)
	x := logAxis(f.column(func(q PathPoint) float64 { return q.Beta }), 0.03)
	free := vg.Length(pageHeight - marginTop - marginFoot - panelGap*len(heights))
	top := vg.Length(pageHeight - marginTop)
	for k, panel := range []func() panel{f.objectives, f.metrics, f.neurons} {
		top -= panelGap - 10
		height := free * vg.Length(heights[k])
		c := panel()
		c.pen, c.foot, c.below = p, k == len(heights)-1, "beta, the strength of the weight decay"
		c.x, c.frame = x, vg.Rectangle{
			Min: vg.Point{X: marginLeft, Y: top - height},
			Max: vg.Point{X: pageWidth - marginRight, Y: top},
		}
		c.draw(f.chosenBeta())
		top -= height + 10
	}
}

// chosenBeta is the beta that is marked, NaN for none.
func (f Path) chosenBeta() float64 {
	if f.Chosen < 0 || f.Chosen >= len(f.Points) {
		return math.NaN()
	}
	return f.Points[f.Chosen].Beta
}

// column lists a value of all points.
func (f Path) column(value func(PathPoint) float64) []float64 {
	out := make([]float64, len(f.Points))
	for k, q := range f.Points {
		out[k] = value(q)
	}
	return out
}

// objectives is the panel of objectives and their brackets.
func (f Path) objectives() panel {
	beta := f.column(func(q PathPoint) float64 { return q.Beta })
	objective := f.column(func(q PathPoint) float64 { return q.Objective })
	proved := f.column(func(q PathPoint) float64 { return q.Proved })
	estimated := f.column(func(q PathPoint) float64 { return q.Estimated })
	c := panel{heading: "objective"}
	low, high := extent(objective, func(v float64) bool { return v > 0 })
	if high > 8*low {
		c.y = logAxis(objective, 0.06)
	} else {
		c.y = linearAxis(0, 1.04*high, 4)
	}
	if slices.ContainsFunc(proved, finite) {
		c.series = append(c.series, series{name: "proved bracket", x: beta, y: objective, floor: proved, colour: sky, opacity: 0.35})
	}
	if slices.ContainsFunc(estimated, finite) {
		c.series = append(c.series, series{name: "estimated bracket", x: beta, y: objective, floor: estimated, colour: blue, opacity: 0.35})
	}
	c.series = append(c.series, series{name: "network found", x: beta, y: objective, colour: blue, mark: draw.CircleGlyph{}})
	return c
}

// metrics is the panel of the metric.
func (f Path) metrics() panel {
	beta := f.column(func(q PathPoint) float64 { return q.Beta })
	train := f.column(func(q PathPoint) float64 { return q.Train })
	validation := f.column(func(q PathPoint) float64 { return q.Validation })
	// Far below a constant prediction, how far says nothing.
	const least = -1
	low, high := extent(append(train, validation...), finite)
	low = max(low, least)
	pad := max(0.05*(high-low), 0.005)
	c := panel{heading: f.Metric, y: linearAxis(low-pad, max(low, min(1, high))+pad, 3.5)}
	c.series = []series{
		{name: "training", x: beta, y: train, colour: green, mark: draw.BoxGlyph{}},
		{name: "validation", x: beta, y: validation, colour: vermilion, mark: draw.CircleGlyph{}},
	}
	if f.Chosen >= 0 && f.Chosen < len(f.Points) {
		c.ring = vg.Point{X: vg.Length(beta[f.Chosen]), Y: vg.Length(validation[f.Chosen])}
		c.ringed = finite(validation[f.Chosen])
	}
	return c
}

// neurons is the panel of the sizes.
func (f Path) neurons() panel {
	beta := f.column(func(q PathPoint) float64 { return q.Beta })
	count := f.column(func(q PathPoint) float64 { return float64(q.Neurons) })
	_, high := extent(count, finite)
	c := panel{heading: "neurons", y: linearAxis(0, max(4, 1.08*high), 2.5)}
	c.series = []series{{x: beta, y: count, colour: ink, mark: draw.CircleGlyph{}}}
	return c
}
