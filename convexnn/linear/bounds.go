package linear

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// localBound is a proved lower bound, without rest, on the objective of depth L at a
// bottleneck of r: the best of
//
//   - the smallest loss at this rank, as the penalty is not negative;
//   - for depth 2 the optimum without the limit on the rank, from the dual, and for depth
//     3 and more the same with the slope of a nuclear norm below the penalty;
//   - lossBound and penaltyBound, which begin at the best weights b that are known and
//     where they meet the objective of b prove that it is optimal.
type localBound struct {
	p        *problem
	depth, r int
	settings Settings
	plain    float64 // the smallest loss
	nuclear  float64
	slope    float64 // of a nuclear norm below the penalty of a minimiser
	best     float64
}

func (p *problem) newLocalBound(depth, r int, nuclear convex, s Settings) *localBound {
	l := &localBound{p: p, depth: depth, r: r, settings: s, plain: p.plainLoss(r)}
	l.best = l.plain
	if depth == 2 {
		l.nuclear, l.slope = nuclear.bound, s.Beta
		l.best = math.Max(l.best, nuclear.bound)
	}
	return l
}

// improve improves the bound with weights b of an objective, and reports whether it meets
// that within the tolerance.
func (l *localBound) improve(ctx context.Context, b *mat.Dense, objective float64) bool {
	l.best = math.Max(l.best, l.lossBound(ctx, b))
	if !l.meets(objective) && l.depth > 2 {
		if slope := l.secant(objective); slope > l.slope {
			l.slope = slope
			l.best = math.Max(l.best, l.p.nuclear(ctx, slope, math.Max(l.settings.Tolerance, 1e-6), l.settings.MaxIterations).bound)
		}
	}
	if !l.meets(objective) {
		l.best = math.Max(l.best, l.penaltyBound(ctx, b))
	}
	return l.meets(objective)
}

func (l *localBound) meets(objective float64) bool {
	return relativeGap(l.p.rest+objective, l.p.rest+l.best) <= l.settings.Tolerance
}

// secant is the slope of a nuclear norm below the penalty sum sigma^p, p < 1. Let a
// minimiser have singular values up to m. As sigma^p is concave, sigma^p >= m^(p-1) sigma
// up to there, so that beta m^(p-1)/p times the nuclear norm is at most its penalty. Two
// such m are known. The penalty of a minimiser is at most an objective that was found less
// the smallest loss. And scaling a minimiser up or down does not help, which says
// <S B, S B - T> + beta sum sigma^p = 0, hence |S B| <= |T| and sigma <= |T|/s_q.
func (l *localBound) secant(objective float64) float64 {
	q, beta := power(l.depth), l.settings.Beta
	most := math.Min(
		math.Pow(q*math.Max(0, objective-l.plain)/beta, 1/q),
		math.Sqrt(sumOfSquares(l.p.t))/l.p.s[len(l.p.s)-1],
	)
	slope := beta / q * math.Pow(most, q-1)
	if !(most > 0) || !(slope > 0) || math.IsInf(slope, 1) {
		return 0
	}
	return slope
}

// The two bounds below improve their tangent in so many steps, fewer where it does not
// help.
const tangents, patience = 300, 40

// lossBound splits the loss into a multiple of |B|^2, with which penalty and rank have a
// closed form, and a convex rest, which is above its tangent at any B_0. With
// a = s_q^2, the smallest squared singular value of X,
//
//	1/2 |S B - T|^2 = a/2 |B|^2 + g(B),   g(B) >= g(B_0) + <G, B - B_0>,  G = g'(B_0),
//
// so that no B of rank r has an objective below
//
//	g(B_0) - <G, B_0> + min over B of  a/2 |B|^2 + <G, B> + (beta/p) sum sigma^p,
//
// where the minimum shrinks the singular values of -G/a. The best B_0 is sought from the
// weights that are known, by moving to the minimisers: the bound is concave in G, with
// the difference of minimiser and B_0 as its slope, and its curvature in row i is about
// that of 1/a and 1/(s_i^2 - a) together. Where minimiser and B_0 agree, the bound
// proves that they are optimal.
func (l *localBound) lossBound(ctx context.Context, b *mat.Dense) float64 {
	at, best, since := mat.DenseCopyOf(b), 0.0, 0
	for k := range tangents {
		bound, minimiser := l.lossTangent(at)
		if since++; bound > best*(1+1e-7) {
			since = 0
		}
		if math.IsNaN(bound) || since > patience || ctx.Err() != nil {
			break
		}
		best = math.Max(best, bound)
		least := l.p.s[len(l.p.s)-1]
		for i, s := range l.p.s {
			row, other := at.RawRowView(i), minimiser.RawRowView(i)
			part := least / s * (least / s) / (1 + 0.1*float64(k))
			for j := range row {
				row[j] += part * (other[j] - row[j])
			}
		}
	}
	return best
}

// towards moves a by a part of the way to b.
func towards(a, b *mat.Dense, part float64) {
	var way mat.Dense
	way.Sub(b, a)
	way.Scale(part, &way)
	a.Add(a, &way)
}

// cancelled is the part of the terms of a bound that rounding may have taken.
const cancelled = 1e-13

// lossTangent is lossBound with B_0 = b, and the minimiser of its last term.
func (l *localBound) lossTangent(b *mat.Dense) (float64, *mat.Dense) {
	p := l.p
	a := p.s[len(p.s)-1] * p.s[len(p.s)-1]
	// g(B) - <g'(B), B> = 1/2 |T|^2 - 1/2 <B, (S^2 - a) B>.
	centre, curved := mat.DenseCopyOf(b), 0.0
	for i, s := range p.s {
		row, t := centre.RawRowView(i), p.t.RawRowView(i)
		for j, v := range row {
			curved += (s*s - a) * v * v / 2
			row[j] = (s*t[j] - (s*s-a)*v) / a
		}
	}
	d := decompose(centre)
	sigma := shrinkAll(d.values, l.settings.Beta/a, l.depth, l.r)
	low, size := Penalty(sigma, l.settings.Beta, l.depth), 0.0
	for k, c := range d.values {
		size += a / 2 * c * c
		if k < len(sigma) {
			low += a * sigma[k] * (sigma[k]/2 - c) // a/2 (sigma - c)^2 - a/2 c^2
		}
	}
	half := sumOfSquares(p.t) / 2
	return half - curved + low - cancelled*(half+curved+size), d.compose(sigma)
}

// penaltyBound keeps the loss and the rank, and replaces the penalty by its tangent: for
// any E with operator norm at most one, |B|_* >= <E, B>, and with C = S B of the same rank
//
//	1/2 |C - T|^2 + slope <S^-1 E, C> >= 1/2 |T|^2 - 1/2 sum over i <= r of sigma_i(D)^2,
//	D = T - slope S^-1 E.
//
// It begins with the E that is the gradient of the nuclear norm at b, and moves to that at
// the minimisers.
func (l *localBound) penaltyBound(ctx context.Context, b *mat.Dense) float64 {
	p := l.p
	half := sumOfSquares(p.t) / 2
	e, best, since := polar(b), 0.0, 0
	for k := range tangents {
		d, lost := mat.DenseCopyOf(p.t), 0.0
		for i, s := range p.s {
			row, other := d.RawRowView(i), e.RawRowView(i)
			for j := range row {
				row[j] -= l.slope / s * other[j]
			}
		}
		spectrum := decompose(d)
		kept := spectrum.values[:min(l.r, len(spectrum.values))]
		for _, v := range kept {
			lost += v * v / 2
		}
		bound := half - lost - cancelled*(half+lost)
		if since++; bound > best*(1+1e-7) {
			since = 0
		}
		best = math.Max(best, bound)
		if since > patience || ctx.Err() != nil {
			break
		}
		minimiser := spectrum.compose(kept)
		for i, s := range p.s {
			row := minimiser.RawRowView(i)
			for j := range row {
				row[j] /= s
			}
		}
		towards(e, polar(minimiser), 1/float64(k+2))
	}
	return best
}

// polar is UV' of the singular vectors of a that are not of the value zero: the gradient
// of the nuclear norm, of operator norm one.
func polar(a *mat.Dense) *mat.Dense {
	s := decompose(a)
	ones := make([]float64, numericalRank(s.values))
	for k := range ones {
		ones[k] = 1 - 1e-14 // at most one whatever the rounding
	}
	return s.compose(ones)
}
