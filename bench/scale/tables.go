package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

const mebibyte = 1 << 20

// times prints how the time of a solve grows.
func times(ctx context.Context, w io.Writer, l *lab, groups []group) error {
	fmt.Fprintf(w, "\nTime: medians of %d, growth over the row before. The nanoseconds are seconds of the solve.\n\n", l.reps)
	rows := table.New(w, "doubled", "n", "d", "P", "weights by", "seconds", "growth", "CPU seconds", "growth", "iterations",
		"status", "gap", "ns / (n d P)", "ns / (n d P iterations)")
	for _, g := range groups {
		var seconds, cpu table.Growth
		for _, c := range g.sizes {
			list, err := l.outcomes(ctx, c)
			if err != nil {
				return err
			}
			s, u := medianOf(list, outcome.seconds), medianOf(list, outcome.cpu)
			rows.Row(g.doubles, c.N, c.D, c.P, c.system(), s, seconds.Next(s), u, cpu.Next(u),
				medianOf(list, outcome.iterations), statuses(list), gapText(list),
				1e9*s/c.work(), 1e9*medianOf(list, outcome.perIteration)/c.work())
		}
	}
	return nil
}

// memory prints how the peak of memory grows.
func memory(ctx context.Context, w io.Writer, l *lab, groups []group) error {
	fmt.Fprint(w, "\nMemory: the peak of the process, and what EstimateMemory says of training with the default settings.\n\n")
	rows := table.New(w, "doubled", "n", "d", "P", "weights by", "peak MiB", "growth", "bytes / (n P)", "estimated MiB", "peak / estimate")
	for _, g := range groups {
		var growth table.Growth
		for _, c := range g.sizes {
			list, err := l.outcomes(ctx, c)
			if err != nil {
				return err
			}
			p, e := medianOf(list, outcome.peak), convexnn.EstimateMemory(c.N, c.D, c.P, convexnn.ReLU)
			rows.Row(g.doubles, c.N, c.D, c.P, c.system(), p/mebibyte, growth.Next(p), p/float64(c.N)/float64(c.P), e/mebibyte, p/e)
		}
	}
	return nil
}

// systems prints the solves with the factor beside those with conjugate gradients.
func systems(ctx context.Context, w io.Writer, l *lab, list []size) error {
	fmt.Fprintf(w, "\nThe n x n factor against conjugate gradients (CG). The default is the factor up to n=%s.\n\n", whole(directLimit))
	rows := table.New(w, "n", "d", "P", "factor: seconds", "CPU seconds", "iterations", "peak MiB",
		"CG: seconds", "CPU seconds", "iterations", "peak MiB", "CG / factor, seconds", "CG / factor, CPU")
	var ratios []float64
	for _, c := range list {
		cells := []any{c.N, c.D, c.P}
		var both [2][]outcome
		for k, factored := range []bool{true, false} {
			c.Factored = factored
			o, err := l.outcomes(ctx, c)
			if err != nil {
				return err
			}
			both[k] = o
		}
		common := min(len(both[0]), len(both[1])) // seeds that both have
		var seconds, cpu [2]float64
		for k, o := range both {
			o = o[:common]
			seconds[k], cpu[k] = medianOf(o, outcome.seconds), medianOf(o, outcome.cpu)
			cells = append(cells, seconds[k], cpu[k], medianOf(o, outcome.iterations), medianOf(o, outcome.peak)/mebibyte)
		}
		ratios = append(ratios, seconds[1]/seconds[0])
		rows.Row(append(cells, seconds[1]/seconds[0], cpu[1]/cpu[0])...)
	}
	_, err := fmt.Fprint(w, verdict(list, ratios))
	return err
}

// verdict says for each d and P up to which n the factor was faster, from the ratios
// of the seconds of conjugate gradients to its own.
func verdict(list []size, ratios []float64) string {
	var b strings.Builder
	for k := 0; k < len(list); {
		end := k
		for end < len(list) && list[end].D == list[k].D && list[end].P == list[k].P {
			end++
		}
		var factor, cg []string
		for i := k; i < end; i++ {
			if ratios[i] > 1 {
				factor = append(factor, whole(list[i].N))
			} else {
				cg = append(cg, whole(list[i].N))
			}
		}
		fmt.Fprintf(&b, "\nd=%s, P=%s: the factor is faster at n = %s, conjugate gradients at n = %s.\n", whole(list[k].D), whole(list[k].P), listed(factor), listed(cg))
		k = end
	}
	return b.String()
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none of these"
	}
	return strings.Join(names, "; ")
}

// statuses says how the solves ended, briefly if all did in one way.
func statuses(list []outcome) string {
	var names []string
	count := map[string]int{}
	for _, o := range list {
		if count[o.Status] == 0 {
			names = append(names, o.Status)
		}
		count[o.Status]++
	}
	if len(names) == 1 {
		return names[0]
	}
	slices.Sort(names)
	for k, name := range names {
		names[k] = fmt.Sprintf("%d %s", count[name], name)
	}
	return strings.Join(names, ", ")
}

// gapText is the largest gap.
func gapText(list []outcome) string {
	most := 0.0
	for _, o := range list {
		most = max(most, o.Gap)
	}
	return fmt.Sprintf("%.1e", most)
}

func medianOf(list []outcome, of func(outcome) float64) float64 { return table.MedianOf(list, of) }

func (o outcome) seconds() float64    { return o.Seconds }
func (o outcome) cpu() float64        { return o.CPU }
func (o outcome) iterations() float64 { return float64(o.Iterations) }

func (o outcome) perIteration() float64 {
	if o.Iterations == 0 {
		return math.NaN()
	}
	return o.Seconds / float64(o.Iterations)
}

// peak is NaN where it is not known.
func (o outcome) peak() float64 {
	if o.Peak == 0 {
		return math.NaN()
	}
	return o.Peak
}
