package lasso

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// groups minimises a quadratic model of a program with several outputs over its
// members by block coordinate descent. The model has the same inner products for
// each output and none across, for which a block has a closed form.
type groups struct {
	members *members
	beta    float64
	c       int
	q       [][]float64 // c, each by slot: minus the gradient of the smooth part
}

// minimise makes passes until the optimality conditions of the model hold within
// tolerance or the set of nonzero gains settles, which is where Newton steps do
// better. Every move lowers the model.
func (g *groups) minimise(tolerance float64) {
	const enough = 30
	settled := 0
	for range enough {
		if g.pass() {
			settled = 0
		}
		if settled++; settled >= 3 || g.violation() <= tolerance {
			return
		}
	}
}

// pass moves every block to where it is best with the others fixed. It reports
// whether the set of nonzero gains changed.
func (g *groups) pass() (changed bool) {
	t := make([]float64, g.c)
	for i, col := range g.members.columns {
		row := g.members.row(i)
		if row[i] == 0 {
			continue
		}
		for l := range t {
			t[l] = g.q[l][i] + row[i]*col.gain[l]
		}
		shrink := 1.0
		if !col.free {
			if shrink = 1 - g.beta/floats.Norm(t, 2); !(shrink > 0) {
				shrink = 0
			}
		}
		was := col.active()
		for l := range t {
			gain := shrink * t[l] / row[i]
			if d := col.gain[l] - gain; d != 0 {
				kernel.AddScaled(g.q[l], d, row)
				col.gain[l] = gain
			}
		}
		changed = changed || was != col.active()
	}
	return changed
}

// violation returns the worst violation of the optimality conditions of the
// model, relative to beta.
func (g *groups) violation() float64 {
	worst := 0.0
	p := make([]float64, g.c)
	for i, col := range g.members.columns {
		for l := range p {
			p[l] = g.q[l][i]
		}
		worst = max(worst, violation(p, col, g.beta))
	}
	return worst
}

// violation returns how far a column with the inner product p with the dual
// point violates its optimality condition, relative to beta. It overwrites p.
func violation(p []float64, col *column, beta float64) float64 {
	switch {
	case col.free:
		return floats.Norm(p, 2) / beta
	case !col.active():
		return max(0, floats.Norm(p, 2)/beta-1)
	}
	norm := floats.Norm(col.gain, 2)
	for l, g := range col.gain {
		p[l] -= beta * (g / norm)
	}
	return math.Abs(floats.Norm(p, 2)) / beta
}
