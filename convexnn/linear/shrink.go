package linear

import "math"

// power is p = 2/L, the exponent of the penalty on singular values: over all products
// W = W_1 ... W_L of matrices that are wide enough, the smallest 1/2 sum |W_l|^2 is
// (1/p) sum sigma_i(W)^p.
func power(depth int) float64 { return 2 / float64(depth) }

// Penalty returns the smallest beta/2 (|W_1|^2 + ... + |W_L|^2) among all factors of
// depth L whose product has the singular values given and whose inner widths are at least
// the number of those that are positive: (beta L/2) sum sigma^(2/L) (the variational form
// of Schatten quasi-norms; Shang, Liu and Cheng, 2016).
func Penalty(singular []float64, beta float64, depth int) float64 {
	if beta == 0 {
		return 0
	}
	sum, p := 0.0, power(depth)
	for _, s := range singular {
		if s > 0 {
			sum += math.Pow(s, p)
		}
	}
	return beta / p * sum
}

// Threshold returns where the minimiser over sigma >= 0 of
//
//	1/2 (sigma - s)^2 + (beta/p) sigma^p,   p = 2/L,
//
// becomes positive as s grows: at the value s, to the value sigma. At depth 1 and 2 it
// does so without a jump (sigma = 0), at s = 0 and at s = beta. From depth 3 on it jumps:
// derivative and difference to sigma = 0 vanish together at
//
//	sigma = (2 beta (1-p)/p)^(1/(2-p)),   s = sigma + beta sigma^(p-1),
//
// which for depth 3 is sigma = beta^(3/4) and s = 2 beta^(3/4).
func Threshold(beta float64, depth int) (s, sigma float64) {
	switch p := power(depth); {
	case beta == 0 || depth == 1:
		return 0, 0
	case depth == 2:
		return beta, 0
	default:
		sigma = math.Pow(2*beta*(1-p)/p, 1/(2-p))
		return sigma + beta*math.Pow(sigma, p-1), sigma
	}
}

// Shrink returns the minimiser that [Threshold] speaks of: s/(1+beta) at depth 1, the
// soft threshold max(s-beta, 0) at depth 2, and beyond that zero up to the threshold and
// then the larger root of sigma - s + beta sigma^(p-1) = 0. At the threshold itself, where
// both are minimal, it is zero.
func Shrink(s, beta float64, depth int) float64 {
	switch {
	case s <= 0:
		return 0
	case beta == 0:
		return s
	case depth == 1:
		return s / (1 + beta)
	case depth == 2:
		return math.Max(s-beta, 0)
	}
	least, sigma := Threshold(beta, depth)
	if s <= least {
		return 0
	}
	// The left side is convex and increasing from sigma on, so that Newton steps from
	// the right end do not pass the root.
	p := power(depth)
	x := s
	for range 100 {
		f := x - s + beta*math.Pow(x, p-1)
		slope := 1 + beta*(p-1)*math.Pow(x, p-2)
		next := math.Max(sigma, x-f/slope)
		if !(next < x) {
			break
		}
		x = next
	}
	return x
}

// shrinkAll returns the minimisers for decreasing values, of which at most r may be
// positive: the largest values gain most from theirs.
func shrinkAll(values []float64, beta float64, depth, r int) []float64 {
	out := make([]float64, min(r, len(values)))
	for k := range out {
		out[k] = Shrink(values[k], beta, depth)
	}
	return out
}
