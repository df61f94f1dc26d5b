package main

import (
	"fmt"
	"math"
	"strings"
)

const header = `| data | beta | method | best objective | above the bound | its run | its seconds (fastest run) | seconds of all runs | ours by then | objective / ours | ours, seconds to within 1e-4 of it | ours, seconds to it | its seconds / ours | ours is |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

// String returns the rows of the table, ours first.
func (c *contest) String() string {
	o := c.Ours
	kind := "proved"
	if o.Estimated {
		kind = "estimated"
	}
	setting := fmt.Sprintf("%d neurons, %s; bound %.7g, %s", o.Neurons, o.Status, o.LowerBound, kind)
	rows := []string{c.line("**convexnn, "+o.Mode+"**", o.alone(setting), "-", "-", "-", "-", "-", "-")}
	for _, r := range c.Others {
		ratio := "-"
		if !math.IsInf(r.Beaten, 1) {
			ratio = fmt.Sprintf("%.2g", r.Best.Own/r.Beaten)
		}
		rows = append(rows, c.line(r.Method, r.Best, number(r.ByThen), fmt.Sprintf("%.6g", r.Best.Objective/o.Objective),
			seconds(r.Near), seconds(r.Beaten), ratio, fmt.Sprintf("%s, %s", r.Level, r.Speed)))
	}
	return strings.Join(rows, "\n")
}

// line writes a row: the cells of the method, and those that compare.
func (c *contest) line(method string, b best, comparison ...string) string {
	cells := []string{
		fmt.Sprintf("%s, %d x %d", c.Data, c.N, c.D), fmt.Sprintf("%.4g", c.Beta), method, fmt.Sprintf("%.7g", b.Objective),
		c.above(b.Objective), b.Setting, fmt.Sprintf("%s (%s)", seconds(b.Own), seconds(b.Fastest)), seconds(b.Total),
	}
	return "| " + strings.Join(append(cells, comparison...), " | ") + " |"
}

// above writes the relative distance of an objective from the lower bound.
func (c *contest) above(objective float64) string {
	if !(c.Ours.LowerBound > 0) {
		return "-"
	}
	return fmt.Sprintf("%.1e", objective/c.Ours.LowerBound-1)
}

// number writes an objective, or a dash where there is none.
func number(v float64) string {
	if math.IsInf(v, 0) {
		return "-"
	}
	return fmt.Sprintf("%.7g", v)
}

// seconds writes a time with two digits at least.
func seconds(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "-"
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// summary says in a sentence for each method how it went.
func summary(list []*contest, kept *archive) string {
	var text []string
	methods := []string{sampled.label}
	for _, m := range peers {
		methods = append(methods, m.label)
	}
	for _, method := range methods {
		count, levels, speeds := 0, map[standing]int{}, map[speed]int{}
		for _, c := range list {
			for _, r := range c.Others {
				if r.Method == method {
					count++
					levels[r.Level]++
					speeds[r.Speed]++
				}
			}
		}
		if count > 0 {
			text = append(text, fmt.Sprintf("%s, %s: ours better in %d, equal in %d, worse in %d; sooner than its best run in %d, of these sooner than all its runs in %d.",
				method, plural(count, "problem"), levels[betterThan], levels[equalTo], levels[worseThan], speeds[sooner]+speeds[soonest], speeds[soonest]))
		}
	}
	for _, c := range list {
		if c.Loose {
			text = append(text, fmt.Sprintf("On %s, beta %.4g, our network is worse than what was reported on the way.", c.Data, c.Beta))
		}
		for _, r := range c.Others {
			if r.Refutes {
				text = append(text, fmt.Sprintf("REFUTED: on %s, beta %.4g, the network of %s has %.9g, and our lower bound is %.9g.", c.Data, c.Beta, r.Method, r.Best.Objective, c.Ours.LowerBound))
			}
		}
	}
	if kept.used > 0 {
		text = append(text, fmt.Sprintf("Of %s of runs of other libraries %d %s from a file.", plural(kept.used+kept.made, "list"), kept.used, be(kept.used)))
	}
	return strings.Join(text, "\n")
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// be is the verb for n things.
func be(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
