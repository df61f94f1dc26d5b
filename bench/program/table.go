package main

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"strings"
)

// A row is what all solvers did on one instance and model.
type row struct {
	Instance, Model string
	N, D, Patterns  int
	Beta            float64
	Optimum         bracket
	Ours            []*solve // for each level
	Exact           *solve   // from which the optimum is known
	Peers           []*peer
}

// An arrival is when a solver first came within a level of the optimum, or why it never
// did.
type arrival struct {
	Seconds float64 // +Inf for never
	Setting string
	Best    float64 // the least relative distance of its objectives, +Inf without any
	Reason  string  // why the attempt that went furthest was ended early
}

// arrival returns when the peer first came within a level, with the best of its settings.
func (p *peer) arrival(optimum bracket, level float64) arrival {
	a := arrival{Seconds: math.Inf(1), Best: math.Inf(1)}
	for _, attempt := range p.Attempts {
		for _, at := range attempt.Points {
			accuracy := optimum.accuracy(at.Objective)
			a.Best = min(a.Best, accuracy)
			if accuracy <= level && at.Seconds < a.Seconds {
				a.Seconds, a.Setting = at.Seconds, attempt.Setting
			}
		}
		a.Reason = cmp.Or(attempt.Reason, a.Reason)
	}
	return a
}

// String writes the seconds, or a dash with the reason and the best accuracy.
func (a arrival) String() string {
	if !math.IsInf(a.Seconds, 1) {
		return seconds(a.Seconds)
	}
	var why []string
	if a.Reason != "" {
		why = append(why, a.Reason)
	}
	if !math.IsInf(a.Best, 1) {
		why = append(why, fmt.Sprintf("at %.1e", a.Best))
	}
	if len(why) == 0 {
		return "-"
	}
	return "- (" + strings.Join(why, ", ") + ")"
}

// cell writes an arrival with its ratio to our seconds.
func (a arrival) cell(ours float64) string {
	if math.IsInf(a.Seconds, 1) || math.IsInf(ours, 1) {
		return a.String()
	}
	return fmt.Sprintf("%v (%s x)", a, seconds(a.Seconds/ours))
}

// ours returns our arrival at each level: a solve has arrived if it says so.
func (r *row) ours(k int) arrival {
	o := r.Ours[k]
	a := arrival{Seconds: math.Inf(1), Best: r.Optimum.accuracy(o.Objective), Setting: fmt.Sprintf("%.0e", o.Tolerance)}
	switch o.Status {
	case "solved":
		a.Seconds = o.Seconds
	case "stopped":
		a.Reason = "time"
	default:
		a.Reason = o.Status
	}
	return a
}

// header returns the head of the table.
func header(by []solver) string {
	titles := []string{"instance", "n x d, patterns", "model", "beta", "optimum"}
	for _, level := range levels {
		titles = append(titles, fmt.Sprintf("%.0e: convexnn", level))
		for _, s := range by {
			titles = append(titles, s.name)
		}
	}
	return line(titles) + "\n|" + strings.Repeat("---|", len(titles))
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

// String returns the row of the table.
func (r *row) String() string {
	cells := []string{
		r.Instance, fmt.Sprintf("%d x %d, %d", r.N, r.D, r.Patterns), r.Model,
		fmt.Sprintf("%.4g", r.Beta), fmt.Sprintf("%.9g", r.Optimum.Upper),
	}
	for k, level := range levels {
		ours := r.ours(k)
		cells = append(cells, ours.String())
		for _, p := range r.Peers {
			cells = append(cells, p.arrival(r.Optimum, level).cell(ours.Seconds))
		}
	}
	return line(cells)
}

const detailHeader = `| instance | model | solver | setting | threads | seconds | accuracy | violation before repair | iterations | seconds of CVXPY | ended |
|---|---|---|---|---|---|---|---|---|---|---|`

// details returns a line for each solve of ours and each attempt of a peer.
func (r *row) details() []string {
	var lines []string
	for _, o := range append(r.Ours[:len(r.Ours):len(r.Ours)], r.Exact) {
		lines = append(lines, line([]string{
			r.Instance, r.Model, "convexnn", fmt.Sprintf("%.0e", o.Tolerance), fmt.Sprint(runtime.GOMAXPROCS(0)), seconds(o.Seconds),
			fmt.Sprintf("%.1e", r.Optimum.accuracy(o.Objective)), "0", fmt.Sprintf("%d + %d", o.Iterations, o.Rounds), "-", o.Status,
		}))
	}
	for _, p := range r.Peers {
		for _, a := range p.Attempts {
			accuracy, violation := "-", "-"
			if len(a.Points) > 0 {
				last := a.Points[len(a.Points)-1]
				accuracy, violation = fmt.Sprintf("%.1e", r.Optimum.accuracy(last.Objective)), fmt.Sprintf("%.1e", last.Violation)
			}
			spent, compile, ended := seconds(a.Seconds), "-", a.Status
			if a.Seconds == 0 {
				spent = "-"
			}
			if a.Compile > 0 {
				compile = seconds(a.Compile)
			}
			if a.Reason != "" {
				ended += ", " + a.Reason
			}
			lines = append(lines, line([]string{
				r.Instance, r.Model, p.Solver, a.Setting, fmt.Sprint(a.Threads), spent, accuracy, violation, fmt.Sprint(a.Iterations), compile, ended,
			}))
		}
	}
	return lines
}

// refuted names the first solver with a feasible objective below the bracket, beyond
// what rounding explains; none is expected.
func (r *row) refuted() string {
	const rounding = 1e-10
	for _, p := range r.Peers {
		for _, a := range p.Attempts {
			for _, at := range a.Points {
				if at.Objective < r.Optimum.Lower*(1-rounding) {
					return fmt.Sprintf("%s, %s: %s has %.12g, below the proved bound %.12g", r.Instance, r.Model, p.Solver, at.Objective, r.Optimum.Lower)
				}
			}
		}
	}
	return ""
}

// seconds writes a time with two digits at least, or a dash for never.
func seconds(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "-"
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
