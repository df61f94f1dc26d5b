package main

import (
	"context"
	"fmt"
	"math"

	figures "github.com/convexnn/convexnn/internal/report"
)

// page is the page of the flow, for a lecture.
func (c *course) page(ctx context.Context) figures.Page {
	p := figures.Page{
		Title: "Gradient flow on " + dataName(c.data.name),
		Lead:  c.verdict(),
		Facts: c.facts(),
		Foot:  fmt.Sprintf("Written by convexnn %s, which trains two-layer ReLU networks by convex optimisation.", version()),
	}
	for _, v := range c.result.Warnings {
		p.Notices = append(p.Notices, figures.Notice{Kind: "warning", Text: sentences(string(v))})
	}
	for _, text := range c.data.notices {
		p.Notices = append(p.Notices, figures.Notice{Kind: "note", Text: sentences(text)})
	}
	p.Sections = append(p.Sections, figures.Section{Title: "Two problems", Paragraphs: c.aboutProblems()})
	if c.plane() {
		p.Sections = append(p.Sections, figures.Section{Title: "The plane of weights", Paragraphs: aboutPlane(), Figures: []figures.Figure{
			{ID: "film", Picture: c.film(), Caption: "The flow from the first checkpoint to the last.", Alt: "A moving picture of the directions of the neurons on the unit circle, with the price of the dual vector in each direction."},
			{ID: "steps", Picture: c.steps(planeFrames), Caption: "The same in steps.", Alt: "The directions of the neurons on the unit circle at some checkpoints, with the price of the dual vector in each direction."},
		}})
	}
	p.Sections = append(p.Sections, figures.Section{
		Title: "The bracket", Paragraphs: c.aboutBracket(), Tables: []figures.PageTable{pageTableOf(c.courseTable(), "Some checkpoints. Above is how far the upper bound is above the optimum, gap how far it is above the flow's own lower bound.")},
		Figures: []figures.Figure{{ID: "bracket", Picture: c.bracket(), Caption: "Upper and lower bounds along the flow, and the share of each neuron in the squared weights.", Alt: "Upper and lower bounds on the optimum over the sharpness."}},
	})
	if f, ok := c.shadow(ctx); ok {
		p.Sections = append(p.Sections, figures.Section{Title: "The dual set", Paragraphs: aboutShadow(), Figures: []figures.Figure{
			{ID: "dual", Picture: f, Caption: "A part of the dual set, and the scaled dual vectors of the flow in it.", Alt: "A convex set in the plane of two sums of dual variables, with the path of the flow to its corner."},
		}})
	}
	lines, rest := c.neuronTable()
	ends := c.aboutNeurons()
	if rest != "" {
		ends = append(ends, sentences(rest))
	}
	p.Sections = append(
		p.Sections,
		figures.Section{Title: "The neurons at the end", Paragraphs: ends, Tables: []figures.PageTable{pageTableOf(lines, "Neurons that are alike, those with the largest shares of the squared weights first.")}},
		figures.Section{Title: "What is certain", Paragraphs: aboutCertainty()},
	)
	return p
}

// pageTableOf makes a table of lines, the first one the header.
func pageTableOf(lines [][]string, caption string) figures.PageTable {
	out := figures.PageTable{Caption: caption, Header: lines[0]}
	for _, line := range lines[1:] {
		cells := make([]figures.Cell, len(line))
		for j, text := range line {
			cells[j].Text = text
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func (c *course) facts() [][2]string {
	r, best := c.result, "not found in time"
	if p := c.program; !math.IsInf(p.Objective, 1) {
		best = fmt.Sprintf("%.7g (%s)", p.Objective, p.Certificate.Kind)
	}
	upper, lower := "none", atLeast(r.Certificate.LowerBound, 6)
	if r.Separated {
		upper = fmt.Sprintf("%.6g", r.Upper)
	}
	return [][2]string{
		{"data", dataName(c.data.name)},
		{"rows", fmt.Sprint(len(c.data.train.y))},
		{"inputs", fmt.Sprint(c.inputs())},
		{c.bestName(), best},
		{"flow, upper", upper},
		{"flow, lower", lower},
		{"loss", c.flags.loss.String()},
		{"neurons", fmt.Sprint(len(r.Neurons))},
		{"seed", fmt.Sprint(c.flags.fit.seed)},
		{"steps", fmt.Sprint(r.Steps)},
		{"version", version()},
	}
}

func (c *course) aboutProblems() []string {
	return []string{
		"A two-layer ReLU network is f(x) = sum of alpha_j max(u_j x, 0). Gradient flow, which is gradient descent with steps of no length, lowers the loss of a classifier from small random weights. Once all rows are on the right side, the weights grow without end, and only their direction matters.",
		"The largest margin is another problem: the least sum |u||alpha| over networks of any width with y f(x) at least 1 on all rows. It is a convex program, with one block of weights for each activation pattern, and is solved here without the flow.",
		"Its dual asks for the largest sum of lambda, where lambda is not negative and no unit vector u has a price |nu'(Xu)+| above 1, for nu = y lambda.",
	}
}

func aboutPlane() []string {
	return []string{
		"Each point of the plane is a vector of weights u. The thin rays are the edges of the cells: within a cell the same rows are active, and the price of u is a scalar product g u with g = X'D nu. The curves show the price in every direction, as the distance from the origin; within a cell that is an arc of a circle. A dual vector is feasible if the curves stay in the unit disc, and each one is scaled so that they just do. Where a curve touches the circle, the ringed place is an extreme point of the dual, a vector X'D nu of length 1 in its own cell or on its edge.",
		"Neurons are on the circle; marks grow with their share in the squared weights. In the limit each neuron with weight is at the tip of a lobe, and all these tips are on the dotted circle: its radius is the value of the dual vector over the upper bound. Where that is 1, neurons are at ringed places, and the network has the largest margin of all. Where it stays below 1, there is a direction with a larger price than that of the neurons, and no neuron in it.",
	}
}

func (c *course) aboutBracket() []string {
	return []string{
		"The upper bound is sum |u||alpha| of the network at the checkpoint, scaled to margin 1. The lower bound needs no optimum: the shares of the rows in the gradient are dual variables, and averaged along the flow and scaled until all prices are at most 1 they are a feasible dual vector. So are, once the rows are separated, the multipliers that suit the neurons best. The value of such a vector, its sum of lambda, is at most the sum |u||alpha| of any network with margin 1.",
	}
}

func aboutShadow() []string {
	return []string{
		"The dual variables are as many as the rows. Here they are seen in two coordinates, the sum over the rows of either class. The dual maximises the sum of both: the line that touches the set. What is drawn is the hull of feasible vectors that were computed, and so a part of the set.",
	}
}

func (c *course) aboutNeurons() []string {
	out := []string{
		"At a stationary point of the margin u_j = alpha_j X'D nu for each neuron with weight: |alpha| and |u| are equal, u points to X'D nu or away from it, by the sign of the output, and X'D nu has length 1.",
	}
	if !c.result.Separated {
		return append(out, "There is no such point without a margin. The table has the shares of the rows in the gradient for nu, which tell where the neurons turn to.")
	}
	return append(out, sentences(c.multiplierText()))
}

func aboutCertainty() []string {
	return []string{
		"Certain: if the flow separates the rows, it converges in direction to a stationary point of the margin (Lyu and Li, 2020; Ji and Telgarsky, 2020), whose neurons with weight are extreme points of the dual pattern by pattern, for a vector nu that other directions may make infeasible (Wang and Pilanci, 2022).",
		"Certain: if the multiplier of this point has no price above 1, the point has the largest margin of all networks. The converse does not hold.",
		"Certain: if rows of one class have positive and rows of different classes no positive scalar products, the classes are orthogonally separable, and the flow from weights that are small enough, with a live neuron of each sign, tends to the largest margin.",
		"Not certain: on other data the flow may end on a plateau above the optimum, and with unlucky signs it may never separate the rows at all.",
	}
}
