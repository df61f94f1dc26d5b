package main

import (
	"fmt"
	"io"
	"math"

	"github.com/convexnn/convexnn/convexnn/baseline"
	figures "github.com/convexnn/convexnn/internal/report"
)

// A figure is a picture with the words around it.
type figure struct {
	id      string // also the name of its files
	picture interface {
		Write(w io.Writer, format string) error
	}
	caption, alt string
}

// figures are the pictures of the comparison in their order; those of the functions are
// there where there are one or two features.
func (c *comparison) figures() []figure {
	if c.drawn == nil {
		c.drawn = append(c.drawn, c.race(), c.spread(), c.scores())
		if f, ok := c.functions(); ok {
			c.drawn = append(c.drawn, f)
		}
	}
	return c.drawn
}

// A ground is the number above which objectives are drawn, and what it is.
type ground struct {
	value     float64
	text      string // what it is, for a picture
	words     string // and in a sentence
	unbounded bool   // it is no bound
}

// ground is the lower bound, or the lowest objective that was seen where the bound is so
// weak that nothing could be told apart above it.
func (c *comparison) ground() ground {
	const weak = 0.5 // of the gap
	value, estimated := c.floor.bound()
	lowest := math.Inf(1)
	for _, r := range c.rows {
		if r.objective.defined() {
			lowest = min(lowest, float64(r.objective))
		}
	}
	if value > 0 && c.floor.gap(lowest) <= weak {
		kind := "proved"
		if estimated {
			kind = "estimated"
		}
		return ground{value, fmt.Sprintf("lower bound %.6g, %s", value, kind), fmt.Sprintf("the lower bound %.6g (%s)", value, kind), false}
	}
	for _, r := range c.runs {
		lowest = min(lowest, r.lowest())
	}
	return ground{lowest, fmt.Sprintf("lowest objective seen, %.6g", lowest), fmt.Sprintf("the lowest objective seen (%.6g)", lowest), true}
}

// distance is how far an objective is above the ground, as a part of it.
func (g ground) distance(objective float64) float64 {
	if g.value <= 0 {
		return math.NaN()
	}
	return objective/g.value - 1
}

// what names the distance.
func (g ground) what() string {
	if g.unbounded {
		return "objective / lowest seen - 1"
	}
	return "objective / lower bound - 1"
}

// looks are the names of the methods with a mark, in their order.
func (c *comparison) looks() []string {
	names := []string{"global", "sampled"}
	for _, m := range c.flags.plan.methods {
		names = append(names, m.String())
	}
	return names
}

// lookOf is the mark of a method by gradients.
func (c *comparison) lookOf(m baseline.Optimizer) int {
	for k, o := range c.flags.plan.methods {
		if o == m {
			return lookGradient + k
		}
	}
	return lookGradient
}

// race shows objectives over time.
func (c *comparison) race() figure {
	g := c.ground()
	panel := figures.RacePanel{Heading: g.what(), Floor: g.text}
	add := func(look int, best bool, trace []point) {
		run := figures.RaceRun{Method: look, Best: best}
		low := math.Inf(1)
		for _, p := range trace {
			low = min(low, p.objective)
			run.Seconds, run.Distance = append(run.Seconds, p.seconds), append(run.Distance, g.distance(low))
		}
		panel.Runs = append(panel.Runs, run)
	}
	add(lookGlobal, true, c.global.trace)
	if c.sampled != nil {
		add(lookSampled, true, c.sampled.trace)
	}
	for _, r := range c.runs {
		var trace []point
		for _, p := range r.result.Trace {
			trace = append(trace, point{p.Seconds, p.Objective})
		}
		// The line goes on to where the run ended.
		trace = append(trace, point{r.result.Seconds, r.result.Objective})
		add(c.lookOf(r.method), r.first, trace)
	}
	return figure{
		id: "race",
		picture: figures.Race{
			Title:    "Training objective over time, " + dataName(c.data.name),
			Subtitle: fmt.Sprintf("best so far; thick: best run of a method, thin: its others; beta = %.4g", c.beta),
			Methods:  c.looks(), Panels: []figures.RacePanel{panel},
		},
		caption: "How far the training objective is above " + g.words + ", over the seconds of each training. Both axes are logarithmic: a step down by one label is a distance ten times smaller. " +
			"The grey strip at the bottom is the floor: there a run is as good as that, or nearer than the axis shows. " +
			"Thin lines are other rates and widths of the same method, which somebody who uses it has to try as well.",
		alt: fmt.Sprintf("Lines of objective over time for %s.", englishList(c.looks())),
	}
}

// spread shows where all runs ended.
func (c *comparison) spread() figure {
	g := c.ground()
	out := figures.Spread{
		Title:    "Where every training ended, " + dataName(c.data.name),
		Subtitle: "one mark for each rate and width", Floor: g.text, Axis: g.what(),
	}
	single := func(name string, look int, t *convexTraining) {
		out.Rows = append(out.Rows, figures.SpreadRow{
			Label: name, Method: look,
			Points: []figures.SpreadPoint{{Distance: g.distance(t.result.Objective), Chosen: true}},
		})
	}
	single("global", lookGlobal, c.global)
	if c.sampled != nil {
		single("sampled", lookSampled, c.sampled)
	}
	for k, m := range c.flags.plan.methods {
		rows := figures.SpreadRow{Label: m.String(), Method: lookGradient + k}
		for _, r := range c.runs {
			if r.method == m {
				rows.Points = append(rows.Points, figures.SpreadPoint{
					Distance: g.distance(r.result.Objective), Chosen: r.first, Diverged: r.result.Status == baseline.Diverged,
				})
			}
		}
		if len(rows.Points) > 0 {
			out.Rows = append(out.Rows, rows)
		}
	}
	return figure{
		id: "spread", picture: out,
		caption: "The distance above " + g.words + " at which each training ended, farther to the left being better. The marks of one row are runs of one method with different rates and widths: a wide row is a method whose result depends on finding the right ones. " +
			"The ringed mark is the run that the table has as the best by objective. Runs that diverged have no place, and are counted at the right.",
		alt: "Rows of marks, one for each training, by distance from the optimum.",
	}
}

// scores shows the metric on the three parts.
func (c *comparison) scores() figure {
	out := figures.Scores{
		Title:    fmt.Sprintf("%s on three parts of the rows, %s", capital(c.metricName()), dataName(c.data.name)),
		Subtitle: fmt.Sprintf("%d training, %d validation and %d test rows", c.data.train.rows(), c.validation.rows(), c.test.rows()),
		Metric:   c.metricName(),
	}
	for _, r := range c.rows {
		out.Rows = append(out.Rows, figures.ScoreRow{
			Label: r.name(), Method: r.look,
			Train: float64(tidy(r.train.first())), Validation: float64(tidy(r.validation.first())), Test: float64(tidy(r.test.first())),
		})
	}
	return figure{
		id: "scores", picture: out,
		caption: fmt.Sprintf("The %s of each row of the table, farther to the right being better. A network that is far better on the training rows than on the others has learned their noise. "+
			"The rows “by validation” were chosen by their validation rows, on which they therefore look a little better than they are; the test rows chose nothing.", c.metricName()),
		alt: "Rows of three marks, the metric on training, validation and test rows.",
	}
}

// capital begins with a capital letter.
func capital(word string) string {
	if word == "" || word[0] < 'a' || word[0] > 'z' {
		return word
	}
	return string(word[0]-'a'+'A') + word[1:]
}

// englishList joins words with commas and "and".
func englishList(words []string) string { return listed(append([]string{}, words...)) }
