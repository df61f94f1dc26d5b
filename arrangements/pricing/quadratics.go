package pricing

import "math"

// maxCurvature bounds the curvature of the quadratics, relative to the weight of a
// kink, so that rounding errors stay small in narrow regions.
const maxCurvature = 16

// relax puts a quadratic above each kink on its interval and sums them to
//
//	F(u) <= constant + r.u + u'Qu, r = base + sum_k x_k e_k,
//
// for u in the region and lower_k <= x_k <= upper_k. Each is chosen to be small in
// the mean for the moments of e_k.u at hand.
func (w *relaxer) relax() {
	d := w.dim
	copy(w.base, w.linear)
	clear(w.q)
	w.variable = w.variable[:0]
	w.constant, w.size = 0, 1
	for k, a := range w.weight {
		lo, hi, mean, square := w.lo[k], w.hi[k], w.mean[k], w.square[k]
		constant, slope, curvature := 0.0, 0.0, 0.0
		switch {
		case w.free(k) && a > 0:
			constant, slope, curvature = above(lo, hi, mean, square)
			constant, slope, curvature = a*constant, a*slope, a*curvature
		case w.free(k):
			curvature = below(lo, hi, mean, square)
			// a (t z + curvature z^2) >= a z_+ on the interval for t in the range of
			// 0 + curvature (-lo) and 1 - curvature hi.
			w.lower[k] = a * (1 - curvature*hi)
			w.upper[k] = max(w.lower[k], a*curvature*-lo)
			curvature *= a
			w.variable = append(w.variable, k)
		default:
			// The side is known, so that multiples of z of the right sign may be
			// added to a z or 0.
			if lo >= 0 {
				w.lower[k], w.upper[k] = a, math.Inf(1)
			} else {
				w.lower[k], w.upper[k] = math.Inf(-1), 0
			}
			w.variable = append(w.variable, k)
		}
		w.constant += constant
		w.size += math.Abs(constant) + math.Abs(slope) + math.Abs(curvature)
		e := w.row(k)
		if slope != 0 {
			axpy(slope, e, w.base)
		}
		if curvature != 0 {
			for i, s := range e {
				axpy(curvature*s, e[:i+1], w.q[i*d:i*d+i+1])
			}
		}
	}
}

// above returns a quadratic alpha + beta z + kappa z^2 >= max(z, 0) for z in
// [lo, hi], lo < 0 < hi, with a small mean for the given moments of z.
//
// The candidates touch both branches, (z+s)^2/(4s) with |z| >= s in the interval;
// or meet the nearer end of it and touch the other branch; or are the chord. At
// kappa = 0 the chord is the concave envelope, and all others with points of
// contact at or inside the ends are below it.
func above(lo, hi, mean, square float64) (alpha, beta, kappa float64) {
	if -lo > hi {
		// max(z, 0) = z + max(-z, 0)
		alpha, beta, kappa = above(-hi, -lo, -mean, square)
		return alpha, 1 - beta, kappa
	}
	const least = 1.0 / (4 * maxCurvature)
	s := max(math.Sqrt(square), least)
	if s <= -lo {
		return s / 4, 0.5, 1 / (4 * s)
	}
	// z + kappa (z-t)^2, zero at lo. The mean is least for the t below.
	t := math.Inf(1)
	if mean > lo {
		t = max((square-mean*lo)/(mean-lo), -lo, 0)
	}
	if t >= hi {
		if (lo+hi)*mean-lo*hi <= square {
			slope := hi / (hi - lo)
			return -lo * slope, slope, 0
		}
		t = hi
	}
	if t-lo < least {
		slope := hi / (hi - lo)
		return -lo * slope, slope, 0
	}
	kappa = -lo / ((t - lo) * (t - lo))
	return kappa * t * t, 1 - 2*kappa*t, kappa
}

// below returns a kappa >= 0 with t z + kappa z^2 <= max(z, 0) for z in [lo, hi],
// lo < 0 < hi, and all t in [kappa (-lo), 1 - kappa hi]. It is as large as
// possible, 1/(hi-lo), where the moments of z say that curvature pays more than the
// choice of t, zero where they clearly say the opposite, and between the two in
// between, since the moments are guesses.
func below(lo, hi, mean, square float64) float64 {
	ratio := math.Inf(1)
	switch {
	case mean > 0:
		ratio = square / (hi * mean)
	case mean < 0:
		ratio = square / (lo * mean)
	}
	share := min(max(ratio-0.5, 0), 1)
	// A hair less than the most, for the rounding of the bounds of t.
	return min(share/(hi-lo)*(1-4*epsilon), maxCurvature)
}
