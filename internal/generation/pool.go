package generation

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

const (
	// idleRounds is how many rounds with progress a direction stays without gain.
	idleRounds = 10
	// sameDirection is the 1 - cosine up to which two directions count as one.
	sameDirection = 1e-12
	// sameColumn is their distance up to which they do so for the hinge loss. With hard
	// margins, rows that nearly coincide ask for neurons that differ by little more, and
	// the master stands them.
	sameColumn = 1e-9
	// violated is the relative excess over beta that makes a direction worth a
	// column: below it rounding decides.
	violated = 1e-12
)

// A pool holds the directions of the restricted master.
type pool struct {
	Problem
	master     master
	free       int         // columns of the master before the directions
	directions [][]float64 // column free+k of the master
	idle       []int       // rounds for which each has been without gain
}

func newPool(p Problem) *pool {
	n, _ := p.X.Dims()
	o := &pool{Problem: p, master: p.master()}
	if p.Intercept {
		ones := make([]float64, n)
		for i := range ones {
			ones[i] = 1
		}
		o.master.AddFree(ones)
		o.free = 1
	}
	return o
}

// features returns (X u)_+ of many directions, one a row.
func (o *pool) features(directions [][]float64) blas64.General {
	n, d := o.X.Dims()
	u := kernel.Dense(len(directions), d)
	for k, v := range directions {
		copy(u.Data[k*d:(k+1)*d], v)
	}
	out := kernel.Dense(len(directions), n)
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, u, o.X.RawMatrix(), 0, out)
	for i, v := range out.Data {
		out.Data[i] = max(v, 0)
	}
	return out
}

// warm puts a network into the master.
func (o *pool) warm(start []Neuron) {
	if len(start) == 0 {
		return
	}
	directions := make([][]float64, len(start))
	for k, h := range start {
		directions[k] = h.Direction
	}
	features, before := o.features(directions), o.free+len(o.directions)
	for k, h := range start {
		o.push(h.Direction, row(features, k))
		o.master.SetGain(before+k, h.Gain)
	}
}

func (o *pool) push(direction, feature []float64) {
	o.master.Add(feature)
	o.directions = append(o.directions, direction)
	o.idle = append(o.idle, 0)
}

// add puts the directions into the master whose price at one of the dual points is above
// beta and that are not there yet, and returns how many these were.
func (o *pool) add(found [][]float64, points ...[]float64) int {
	if len(found) == 0 {
		return 0
	}
	features := o.features(found)
	added := 0
	for k, u := range found {
		feature := slices.Clone(row(features, k))
		if o.violates(feature, points) && !o.has(u) {
			o.push(u, feature)
			added++
		}
	}
	return added
}

func (o *pool) violates(feature []float64, points [][]float64) bool {
	for _, v := range points {
		if price(feature, v) > o.Beta*(1+violated) {
			return true
		}
	}
	return false
}

// price is |V'a| for a feature a (n) and a dual point V (n x c).
func price(feature, v []float64) float64 {
	c := len(v) / len(feature)
	sum := make([]float64, c)
	for i, a := range feature {
		if a > 0 {
			floats.AddScaled(sum, a, v[i*c:(i+1)*c])
		}
	}
	return floats.Norm(sum, 2)
}

func (o *pool) has(u []float64) bool {
	return slices.ContainsFunc(o.directions, func(w []float64) bool {
		if o.Labels != nil {
			return floats.Distance(u, w, 2) <= sameColumn
		}
		return floats.Dot(u, w) >= 1-sameDirection
	})
}

// solve solves the master and returns its objective.
func (o *pool) solve(ctx context.Context, accuracy float64) float64 {
	o.master.Improve(ctx, accuracy)
	return o.master.Objective()
}

// dual returns the dual point of the master's gains.
func (o *pool) dual() []float64 { return slices.Clone(o.master.Residual()) }

// gain returns the gains of direction k.
func (o *pool) gain(k int) []float64 { return o.master.Gain(o.free + k) }

// active lists the neurons with gains. They are views.
func (o *pool) active() []Neuron {
	var out []Neuron
	for k, u := range o.directions {
		if g := o.gain(k); floats.Norm(g, 2) > 0 {
			out = append(out, Neuron{Direction: u, Gain: g})
		}
	}
	return out
}

// network returns a copy of the neurons with gains, and the intercept.
func (o *pool) network() (neurons []Neuron, intercept []float64) {
	neurons = o.active()
	for k := range neurons {
		neurons[k].Gain = slices.Clone(neurons[k].Gain)
	}
	if o.Intercept {
		intercept = slices.Clone(o.master.Gain(0))
	}
	return neurons, intercept
}

// retire ages directions without gain and drops the old ones.
func (o *pool) retire() {
	keep := make([]bool, o.free+len(o.directions))
	for k := range o.free {
		keep[k] = true
	}
	for k := range o.directions {
		o.idle[k]++
		if floats.Norm(o.gain(k), 2) > 0 {
			o.idle[k] = 0
		}
		keep[o.free+k] = o.idle[k] < idleRounds
	}
	o.master.Keep(func(k int) bool { return keep[k] })
	to := 0
	for k := range o.directions {
		if keep[o.free+k] {
			o.directions[to], o.idle[to] = o.directions[k], o.idle[k]
			to++
		}
	}
	o.directions, o.idle = o.directions[:to], o.idle[:to]
}

func row(m blas64.General, k int) []float64 { return m.Data[k*m.Stride : k*m.Stride+m.Cols] }
