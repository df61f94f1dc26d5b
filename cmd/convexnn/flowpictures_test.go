package main

import (
	"math"
	"slices"
	"testing"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
	figures "github.com/convexnn/convexnn/internal/report"
)

// followedCourse follows the flow on a data set.
func followedCourse(t *testing.T, name string, flags ...string) *course {
	t.Helper()
	f := new(flowFlags)
	cmd := new(cobra.Command)
	useGroups(cmd, f.groups())
	if err := cmd.ParseFlags(flags); err != nil {
		t.Fatal(err)
	}
	c := &course{flags: f}
	for _, err := range []error{
		f.check(cmd.Flags()),
		c.load(cmd, []string{name}, func(string) {}),
		c.solve(t.Context(), nil),
		c.run(t.Context(), nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// The frames hold rows, neurons and prices as they are, the last one those of the end: on
// three rays with the neurons where the curves touch the circle, at the level.
func TestFlowFrames(t *testing.T) {
	c := followedCourse(t, "rays")
	f := c.steps(planeFrames)
	want := []figures.FlowSample{{X: 2, Positive: true}, {X: 1, Y: 1, Positive: true}, {X: -1}}
	if !slices.Equal(f.Samples, want) || f.Classes != [2]string{"-1", "1"} {
		t.Errorf("samples %v of classes %v", f.Samples, f.Classes)
	}
	all := c.result.Checkpoints
	first, last := f.Frames[0], f.Frames[len(f.Frames)-1]
	if len(f.Frames) != planeFrames || !slices.Equal(last.Nu, all[len(all)-1].Dual) || !slices.Equal(first.Nu, all[0].Dual) || first.Level != 0 {
		t.Errorf("%d frames, the first at the level %v", len(f.Frames), first.Level)
	}
	if math.Abs(last.Level-1) > 1e-3 {
		t.Errorf("the last level is %v", last.Level)
	}
	shares := 0.0
	for j, n := range last.Neurons {
		shares += n.Share
		if n.Share < 1e-3 {
			continue
		}
		toward := [2]float64{-1, 0}
		if n.Positive {
			toward = [2]float64{math.Sqrt2 / 2, math.Sqrt2 / 2}
		}
		if cosine := (n.X*toward[0] + n.Y*toward[1]) / math.Hypot(n.X, n.Y); cosine < 0.999 || n.Dead || n.Positive != (j%2 == 0) {
			t.Errorf("neuron %d: %+v has the cosine %v", j, n, cosine)
		}
	}
	if math.Abs(shares-1) > 1e-9 {
		t.Errorf("shares add up to %v", shares)
	}
	// The dual falls apart: 1/sqrt 2 for positive rows, 1 for negative ones.
	shadow, ok := c.shadow(t.Context())
	end := shadow.Path[len(shadow.Path)-1]
	if !ok || math.Abs(end.X-math.Sqrt2/2) > 1e-3 || math.Abs(end.Y-1) > 1e-3 || math.Abs(shadow.Optimum.X-math.Sqrt2/2) > 1e-3 {
		t.Errorf("the path ends at %v, the optimum is %v", end, shadow.Optimum)
	}
}

// Of the many vectors with which the neurons would agree, that of the end has its weight on
// rows of margin 1, so that its sum is the upper bound, and the level comes to the circle.
func TestFlowLevel(t *testing.T) {
	c := followedCourse(t, "quadrants")
	r := c.result
	margins, err := r.Network.Predict(c.data.train.x)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, l := range r.Multiplier {
		sum += l
		if m := margins[i] * c.data.train.y[i]; l > 0.01 && m > 1.01 {
			t.Errorf("row %d of the margin %v has the multiplier %v", i, m, l)
		}
	}
	if level := c.steps(1).Frames[0].Level; level < 0.999 || math.Abs(sum/r.Upper-1) > 1e-3 {
		t.Errorf("the level is %v; the sum is %v, the upper bound %v", level, sum, r.Upper)
	}
}

// On a plateau the flow is shown as it is: the level is where its neurons have their price,
// below the circle, and nothing is claimed. From another seed it is not on it.
func TestFlowPlateau(t *testing.T) {
	c := followedCourse(t, "plateau")
	r, best := c.result, c.program.Objective
	if !r.Separated || r.GloballyOptimal || r.Upper < 1.3*best || r.MultiplierPrice.Value < 2 || r.Certificate.LowerBound > best {
		t.Fatalf("upper %v, lower %v, price %v of an optimum of %v", r.Upper, r.Certificate.LowerBound, r.MultiplierPrice.Value, best)
	}
	f := c.steps(1)
	level := f.Frames[0].Level
	if level > 0.5 {
		t.Errorf("the level is %v", level)
	}
	for j, n := range f.Frames[0].Neurons {
		if n.Share < 0.05 {
			continue
		}
		price, norm := 0.0, math.Hypot(n.X, n.Y)
		for i, q := range f.Samples {
			price += f.Frames[0].Nu[i] * max(0, n.X*q.X+n.Y*q.Y) / norm
		}
		if math.Abs(math.Abs(price)-level) > 0.05*level || (price > 0) != n.Positive {
			t.Errorf("neuron %d has the price %v, the level is %v", j, price, level)
		}
	}
	c = followedCourse(t, "plateau", "--seed", "5")
	if r, best := c.result, c.program.Objective; !r.Separated || r.Upper > 1.01*best {
		t.Errorf("seed 5: upper %v of %v", r.Upper, best)
	}
}

// The table has the first checkpoint that separates, and of the neurons those that count.
func TestFlowTables(t *testing.T) {
	c := courseOf(convexnn.Certificate{Kind: convexnn.CertifiedExact}, 1.6)
	for step := range 100 {
		c.result.Checkpoints = append(c.result.Checkpoints, &flow.Checkpoint{Step: step, Time: float64(step), Separated: step >= 43, Upper: 2})
	}
	steps := map[int]bool{}
	for _, q := range c.shown() {
		steps[q.Step] = true
	}
	if !steps[0] || !steps[43] || !steps[99] || len(steps) > checkpointRows+1 {
		t.Errorf("steps %v are shown", steps)
	}
	c.result.Neurons = []flow.Neuron{
		{Output: 1, Share: 0.29},
		{Output: -1, Share: 0.5, Sliding: 1},
		{Output: 1, Share: 0.2},
		{Output: 1, Share: 1e-5, WrongSide: true},
		{Output: 1, Share: 1e-5, Dead: true},
		{Output: -1, Share: 1e-9},
	}
	lines, rest := c.neuronTable()
	var got [][4]string
	for _, l := range lines[1:] {
		got = append(got, [4]string{l[0], l[1], l[2], l[7]})
	}
	want := [][4]string{{"1", "-", "0.5000", "on an edge"}, {"2", "+", "0.4900", ""}, {"1", "+", "0.0000", "shrinks"}, {"1", "+", "0.0000", "dead"}}
	if !slices.Equal(got, want) || rest != "and 1 neuron of smaller shares" {
		t.Errorf("%v, %s", got, rest)
	}
}
