package convexnn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/convexnn"
)

// marginObjective is the objective of a network by the definitions of the losses of
// classifiers: with the hinge loss, or, if hard, the penalty that it has when scaled to the
// margins asked for.
func (p *naive) marginObjective(net *convexnn.Network, hard bool) float64 {
	penalty, loss, least := 0.0, 0.0, math.Inf(1)
	for _, h := range net.Neurons {
		penalty += length(h.Weights) * math.Abs(h.Output)
	}
	for i, row := range p.x {
		f := 0.0
		for _, h := range net.Neurons {
			f += h.Output * math.Max(0, inner(h.Weights, row))
		}
		if p.y[i] < 0 {
			f = -f
		}
		least = math.Min(least, f/math.Abs(p.y[i]))
		loss += math.Max(0, math.Abs(p.y[i])-f)
	}
	switch {
	case !hard:
		return loss + p.beta*penalty
	case least > 0:
		return penalty / least
	}
	return math.Inf(1)
}

// marginNoise bounds what rounding can make of that, relative to it: what cancels in the
// outputs.
func (p *naive) marginNoise(net *convexnn.Network) float64 {
	most, penalty := 0.0, 0.0
	for _, h := range net.Neurons {
		penalty += length(h.Weights) * math.Abs(h.Output)
	}
	for i, row := range p.x {
		most = math.Max(most, 1e-15*float64(len(row)+len(net.Neurons))*penalty*length(row)/math.Abs(p.y[i]))
	}
	return most
}

// soften returns a network near the optimum of the hinge loss: a linear program over a
// dictionary of directions, whose dual vector asks for further directions.
func (p *naive) soften(rng *rand.Rand) *convexnn.Network {
	n := len(p.y)
	t := &tableau{}
	for i, y := range p.y {
		slack := make([]float64, n)
		slack[i] = 1
		t.columns = append(t.columns, slack, scaledBy(-1, slack)) // what lacks, and what is beyond
		t.costs = append(t.costs, 1, 0)
		t.rest = append(t.rest, math.Abs(y))
		t.basis = append(t.basis, 2*i)
	}
	var units [][]float64
	var scales []float64
	add := func(u []float64) {
		size := length(u)
		if !(size > 0) || math.IsInf(size, 0) {
			return
		}
		u = scaledBy(1/size, u)
		phi, most := p.features(u), 0.0
		for i, v := range phi {
			most = math.Max(most, v)
			if p.y[i] < 0 {
				phi[i] = -v
			}
		}
		if most > 0 {
			units, scales = append(units, u), append(scales, most)
			t.add(scaledBy(1/most, phi), p.beta/most)
			t.add(scaledBy(-1/most, phi), p.beta/most)
		}
	}
	for _, u := range p.dictionary(rng) {
		add(u)
	}
	last := math.Inf(1)
	for stalled := 0; stalled < 3; {
		t.solve()
		if stalled++; t.value < last*(1-1e-9) {
			last, stalled = t.value, 0
		}
		v := t.prices()
		for i, y := range p.y {
			v[i] = math.Copysign(1, y) * math.Min(1, math.Max(0, v[i]))
		}
		found := p.price(v, p.beta*(1+1e-9))
		if len(found.directions) == 0 {
			break
		}
		for _, u := range found.directions {
			add(u)
		}
	}
	net := &convexnn.Network{Dim: len(p.x[0])}
	for i, j := range t.basis {
		if k := j - 2*n; k >= 0 && t.rest[i] > 0 {
			gain := t.rest[i] / scales[k/2]
			net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: units[k/2], Output: gain * float64(1-k%2*2)})
		}
	}
	return net
}

// harden returns a network near that of the largest margin: the one of the hinge loss at
// the largest of a few beta that leaves no slack, and nil if there is none.
func (p *naive) harden(rng *rand.Rand) *convexnn.Network {
	var best *convexnn.Network
	for q, least := *p, math.Inf(1); q.beta > 1e-12*p.beta; q.beta /= 10 {
		net := q.soften(rng)
		if value := q.marginObjective(net, true); value < least*(1-1e-12) {
			best, least = net, value
		} else if best != nil {
			break
		}
	}
	return best
}

// A tableau is min costs'z, sum_j z_j column_j = what it is at first in rest, z >= 0, by
// the simplex method in its plainest form: for a dozen rows and hundreds of columns.
type tableau struct {
	columns [][]float64 // as they are, and not changed
	costs   []float64
	basis   []int
	rest    []float64 // of the basis: its values
	value   float64

	reduced [][]float64 // columns times the inverse of the basis
}

func (t *tableau) add(column []float64, cost float64) {
	t.columns, t.costs = append(t.columns, column), append(t.costs, cost)
}

// solve begins with the basis at hand, which is to be feasible: on the first call that of
// unit vectors.
func (t *tableau) solve() {
	m := len(t.basis)
	for j := len(t.reduced); j < len(t.columns); j++ {
		// The columns of the slacks hold the inverse of the basis.
		c := make([]float64, m)
		if t.reduced == nil || len(t.reduced) < 2*m {
			copy(c, t.columns[j])
		} else {
			for i, v := range t.columns[j] {
				axpy(c, v, t.reduced[2*i])
			}
		}
		t.reduced = append(t.reduced, c)
	}
	for step := range 5000 {
		enter, most := -1, 1e-11
		for j := range t.columns {
			gain := -t.costs[j]
			for i, b := range t.basis {
				gain += t.costs[b] * t.reduced[j][i]
			}
			if gain > most {
				enter, most = j, gain
				if step > 1000 {
					break // the first one, which cannot go round in circles (Bland, 1977)
				}
			}
		}
		leave, least := -1, math.Inf(1)
		for i := range m {
			if enter < 0 || t.reduced[enter][i] <= 1e-11 {
				continue
			}
			if at := t.rest[i] / t.reduced[enter][i]; at < least || at == least && t.basis[i] < t.basis[leave] {
				leave, least = i, at
			}
		}
		if leave < 0 {
			break
		}
		t.pivot(enter, leave)
	}
	t.value = 0
	for i, b := range t.basis {
		t.value += t.costs[b] * t.rest[i]
	}
}

func (t *tableau) pivot(enter, leave int) {
	factors := append([]float64(nil), t.reduced[enter]...)
	change := func(c []float64) {
		c[leave] /= factors[leave]
		for i := range c {
			if i != leave {
				c[i] -= factors[i] * c[leave]
			}
		}
	}
	for _, c := range t.reduced {
		change(c)
	}
	change(t.rest)
	for i, v := range t.rest {
		t.rest[i] = math.Max(0, v)
	}
	t.basis[leave] = enter
}

// prices are the dual variables of the rows.
func (t *tableau) prices() []float64 {
	out := make([]float64, len(t.basis))
	for i := range out {
		for k, b := range t.basis {
			out[i] += t.costs[b] * t.reduced[2*i][k]
		}
	}
	return out
}

// The oracle is tested itself, on XOR, where each sample has a neuron of its own.
func TestNaiveMargins(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	p := &naive{x: xorX, y: []float64{-1, 1, 1, -1}}
	costs := []float64{math.Sqrt2, math.Sqrt2, math.Sqrt(3), math.Sqrt(3)}
	for _, p.beta = range []float64{0.01, 0.1, 0.55, 0.6, 0.65, 0.75} {
		want, hard := 0.0, 0.0
		for _, c := range costs {
			want, hard = want+math.Min(1, p.beta*c), hard+c
		}
		if value := p.marginObjective(p.soften(rng), false); math.Abs(value-want) > 1e-12*want {
			t.Errorf("hinge at %g: %.15g, want %.15g", p.beta, value, want)
		}
		if value := p.marginObjective(p.harden(rng), true); math.Abs(value-hard) > 1e-12*hard {
			t.Errorf("hard margin from %g: %.15g, want %.15g", p.beta, value, hard)
		}
	}
}
