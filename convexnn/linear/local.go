package linear

import (
	"context"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A local is a local minimiser of the quasi-norm problem
//
//	1/2 |S B - T|^2 + (beta/p) sum sigma_i(B)^p   subject to   rank B <= r,
//
// which is not convex for p < 1, nor with the rank for any p.
type local struct {
	b      *mat.Dense
	value  float64
	status convexnn.Status
	starts int // descents that were run
}

// search descends from starting points of ranks up to r, from those given, and from random
// ones, and keeps the best; it gives up when some of the latter in a row find nothing
// better: matrices of rank k solve the problem without weight
// decay, and which singular values are zero is what descent does not change easily.
//
// proved is called with every new best and its objective; the search ends where it says
// that there is nothing better.
func (p *problem) search(ctx context.Context, beta float64, depth, r int, settings Settings, proved func(*mat.Dense, float64) bool, given ...*mat.Dense) local {
	zero := mat.NewDense(p.q(), p.c, nil)
	best := local{b: zero, value: p.penalised(zero, beta, depth)}
	done := proved(zero, best.value)
	try := func(b *mat.Dense) {
		switch {
		case done:
			return
		case ctx.Err() != nil:
			// No time to descend; a start may still be better than what there is.
			if value := p.penalised(b, beta, depth); value < best.value {
				best.b, best.value = b, value
			}
			return
		}
		best.starts++
		b = p.descend(ctx, b, beta, depth, r)
		if value := p.penalised(b, beta, depth); value < best.value {
			best.b, best.value = b, value
			done = proved(b, value)
		}
	}
	for _, b := range given {
		try(truncated(b, r))
	}
	plain := decompose(p.t)
	const ranks, patience = 8, 4
	top := min(r, len(plain.values))
	for k := top; k >= 1; k -= 1 + (top-1)/ranks {
		b := plain.compose(plain.values[:k])
		for i, s := range p.s {
			row := b.RawRowView(i)
			for j := range row {
				row[j] *= s / (s*s + beta) // the ridge keeps small s from large weights
			}
		}
		try(b)
	}
	rng := rand.New(rand.NewPCG(settings.Seed, 0x11ea5))
	o := newObjective(p.diagonal(), p.t, beta, sameWidths(2, r))
	for since := 0; since < patience && settings.Starts > 0 && ctx.Err() == nil; settings.Starts-- {
		layers, before := o.layers(o.draw(rng, 1)), best.value
		try(product(layers[0], layers[1]))
		if since++; best.value < before*(1-1e-9) {
			since = 0
		}
	}
	if !done && ctx.Err() != nil {
		best.status = convexnn.Stopped
	}
	return best
}

// descend takes proximal gradient steps, which set singular values to zero, and Newton
// steps on the factors of what is left in turn, until neither lowers the objective.
func (p *problem) descend(ctx context.Context, b *mat.Dense, beta float64, depth, r int) *mat.Dense {
	const rounds, steps, done = 20, 100, 1e-12
	value := p.penalised(b, beta, depth)
	for range rounds {
		if ctx.Err() != nil {
			break
		}
		for step := 0; step < steps && ctx.Err() == nil; step++ {
			b = p.proximal(b, beta, depth, r)
		}
		next := p.polish(ctx, b, beta, depth, r)
		if p.penalised(next, beta, depth) <= p.penalised(b, beta, depth) {
			b = next
		}
		now := p.penalised(b, beta, depth)
		if value-now <= done*now {
			break
		}
		value = now
	}
	return b
}

// penalised is the objective of b without rest. What rounding makes of singular values
// that are zero counts as zero: the roots of deep networks make much of little.
func (p *problem) penalised(b *mat.Dense, beta float64, depth int) float64 {
	values := decompose(b).values
	return sumOfSquares(p.residual(b))/2 + Penalty(values[:numericalRank(values)], beta, depth)
}

// truncated is the matrix of rank at most r that is nearest to b.
func truncated(b *mat.Dense, r int) *mat.Dense {
	s := decompose(b)
	return s.compose(s.values[:min(r, len(s.values))])
}
