package report

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/interp"
	"gonum.org/v1/plot/vg"
)

// someNeurons leaves only so many neurons in frames, those with the largest shares in the
// last.
func someNeurons(frames []FlowFrame, most int) []FlowFrame {
	count := 0
	for _, q := range frames {
		count = max(count, len(q.Neurons))
	}
	if count <= most {
		return frames
	}
	last := append(slices.Clone(frames[len(frames)-1].Neurons), make([]FlowNeuron, count)...)
	kept := make([]int, count)
	for j := range kept {
		kept[j] = j
	}
	slices.SortStableFunc(kept, func(a, b int) int { return cmp.Compare(last[b].Share, last[a].Share) })
	kept = kept[:most]
	slices.Sort(kept)
	out := slices.Clone(frames)
	for k, q := range frames {
		out[k].Neurons = nil
		for _, j := range kept {
			if j < len(q.Neurons) {
				out[k].Neurons = append(out[k].Neurons, q.Neurons[j])
			}
		}
		out[k].shares = together(out[k].Neurons, q.Neurons)
	}
	return out
}

// largest is the radius of a neuron that has all of the norm.
func (c plane) largest() vg.Length { return 2.5 + 0.065*c.unit }

// radius is that of a mark with a share for its area, unless that is too small to be seen.
func (c plane) radius(share float64) vg.Length {
	if !(share > 0) {
		share = 0
	}
	return max(c.largest()*vg.Length(math.Sqrt(min(1, share))), 1+0.008*c.unit)
}

// marks are the shares that the marks of a frame have.
func (q FlowFrame) marks() []float64 {
	if q.shares != nil {
		return q.shares
	}
	return together(q.Neurons, q.Neurons)
}

// together are the shares that the marks of some of all neurons have: those of neurons of one
// sign that lie on one another are added up, and of those nearby a part, so that nothing
// jumps when they meet.
func together(neurons, all []FlowNeuron) []float64 {
	const near = 0.06 // radians
	out := make([]float64, len(neurons))
	for j, n := range neurons {
		out[j] = n.Share
		angle, ok := n.angle()
		if !ok || n.Dead {
			continue
		}
		out[j] = 0
		for _, other := range all {
			if at, ok := other.angle(); ok && !other.Dead && other.Positive == n.Positive && other.Share > 0 {
				d := turnBetween(angle, at) / near
				out[j] += other.Share * math.Pow(max(0, 1-d*d), 2)
			}
		}
	}
	return out
}

// angle is the direction of a neuron; false if it has none.
func (n FlowNeuron) angle() (float64, bool) {
	ok := finite(n.X) && finite(n.Y) && (n.X != 0 || n.Y != 0)
	return math.Atan2(n.Y, n.X), ok
}

// paintNeurons draws the neurons of the last of some frames on the circle, with tails from
// the others.
func (c plane) paintNeurons(p pen, frames []FlowFrame) {
	neurons := frames[len(frames)-1].Neurons
	tails := [2]vg.Path{}
	last := len(frames) - 1
	for j, n := range neurons {
		if n.Dead || last == 0 {
			continue
		}
		tail := c.tail(newGlide(directions(frames, j)), last, tailFrames, 16*tailFrames)
		for i, at := range simplified(tail, 0.05) {
			if i == 0 {
				tails[signIndex(n.Positive)].Move(at)
			} else {
				tails[signIndex(n.Positive)].Line(at)
			}
		}
	}
	for sign, path := range tails {
		p.stroke(path, faded(classColour[sign], tailOpacity), tailWidth)
	}
	shares := frames[last].marks()
	for _, j := range inOrder(neurons, shares) {
		if angle, ok := neurons[j].angle(); ok {
			c.paintNeuron(p, neurons[j], c.radius(shares[j]), c.at(angle, 1))
		}
	}
}

// signIndex is 0 for negative, 1 for positive.
func signIndex(positive bool) int {
	if positive {
		return 1
	}
	return 0
}

// inOrder lists neurons, the dead first and the small last, that all be seen.
func inOrder(neurons []FlowNeuron, shares []float64) []int {
	out := make([]int, len(neurons))
	for j := range out {
		out[j] = j
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(signIndex(neurons[b].Dead)-signIndex(neurons[a].Dead), cmp.Compare(shares[b], shares[a]))
	})
	return out
}

// paintNeuron draws the mark of a neuron.
func (c plane) paintNeuron(p pen, n FlowNeuron, r vg.Length, at vg.Point) {
	if n.Dead {
		p.marks(ring, grey, r, at)
		return
	}
	var path vg.Path
	neuronMark(n.Positive).outline(&path, at, r)
	p.SetColor(signColour(n.Positive))
	p.Fill(path)
	p.stroke(path, paper, min(0.6, r/6))
}

// directions are the angles of a neuron in all frames, without jumps of a whole turn; NaN
// where it has none.
func directions(frames []FlowFrame, neuron int) []float64 {
	out := make([]float64, len(frames))
	last := math.NaN()
	for k, q := range frames {
		out[k] = math.NaN()
		if neuron >= len(q.Neurons) {
			continue
		}
		if angle, ok := q.Neurons[neuron].angle(); ok {
			if !math.IsNaN(last) {
				angle = last + turnBetween(last, angle)
			}
			out[k], last = angle, angle
		}
	}
	return out
}

// A glide is a smooth line through the angles of a neuron that does not overshoot (Fritsch
// and Butland, 1984).
type glide struct {
	first  int // the frame after the last one without an angle
	angles []float64
	smooth interp.FritschButland
}

func newGlide(angles []float64) glide {
	g := glide{angles: angles}
	for k, a := range angles {
		if math.IsNaN(a) {
			g.first = k + 1
		}
	}
	if g.angles = angles[g.first:]; len(g.angles) > 1 {
		frames := make([]float64, len(g.angles))
		for k := range frames {
			frames[k] = float64(g.first + k)
		}
		if g.smooth.Fit(frames, g.angles) != nil {
			g.angles = g.angles[len(g.angles)-1:]
		}
	}
	return g
}

// at is the angle at a time in frames, of the last moment known before or after.
func (g glide) at(when float64) float64 {
	switch {
	case len(g.angles) == 0:
		return math.NaN()
	case len(g.angles) == 1:
		return g.angles[0]
	}
	return g.smooth.Predict(when)
}

// tail is a line to a neuron in a frame from where it was so many frames before, in steps;
// the older, the farther out.
func (c plane) tail(g glide, frame, back, steps int) []vg.Point {
	var out []vg.Point
	for s := steps; s >= 0; s-- {
		age := min(float64(frame), float64(s)*float64(back)/float64(steps)) // nothing is known before
		if angle := g.at(float64(frame) - age); !math.IsNaN(angle) {
			out = append(out, c.at(angle, 1+tailLength*age/float64(back)))
		}
	}
	return out
}
