package datasets

import "math"

// A scaling maps x to (x·2^-exponent - mean) / scale. The exponent is 0 unless
// the numbers are so large that their squares would overflow, or so small that
// their spread has no accurate float64.
type scaling struct {
	mean, scale float64
	exponent    int
}

// identity leaves numbers as they are.
var identity = scaling{scale: 1}

// safeExponent bounds the binary exponents that need no rescaling: the sum of
// 2^200 squares still fits.
const safeExponent = 400

// apply gives the scaled x. For an x far outside the numbers that the scaling
// came from the result can be infinite.
func (s scaling) apply(x float64) float64 {
	if s.exponent != 0 {
		x = math.Ldexp(x, -s.exponent)
	}
	return (x - s.mean) / s.scale
}

// invert undoes apply. A finite z gives a finite number: what float64 cannot
// hold becomes the largest number of its sign.
func (s scaling) invert(z float64) float64 {
	x := math.Ldexp(z*s.scale+s.mean, s.exponent)
	if math.IsInf(x, 0) && !math.IsInf(z, 0) {
		return math.Copysign(math.MaxFloat64, x)
	}
	return x
}

// center and spread are mean and scale in the units of x.
func (s scaling) center() float64 { return math.Ldexp(s.mean, s.exponent) }
func (s scaling) spread() float64 { return math.Ldexp(s.scale, s.exponent) }

// standard returns the scaling to mean 0 and population variance 1 of values,
// which are finite and not all equal.
func standard(values []float64) scaling {
	values, e := tame(values)
	n := float64(len(values))
	m := sum(values) / n
	// The second pass removes what rounding left in the mean, from the variance
	// too (Chan, Golub and LeVeque 1983).
	var first, second float64
	for _, v := range values {
		d := v - m
		first += d
		second += d * d
	}
	return scaling{
		mean:     m + first/n,
		scale:    math.Sqrt(math.Max(second-first*first/n, 0) / n),
		exponent: e,
	}
}

// mean returns the mean of values, finite for finite values.
func mean(values []float64) float64 {
	values, e := tame(values)
	return math.Ldexp(sum(values)/float64(len(values)), e)
}

// tame returns values·2^-e in a range where sums of squares are accurate: the
// values themselves and e = 0 where they are there already.
func tame(values []float64) (scaled []float64, e int) {
	var largest float64
	for _, v := range values {
		largest = math.Max(largest, math.Abs(v))
	}
	_, e = math.Frexp(largest)
	if e > -safeExponent && e < safeExponent {
		return values, 0
	}
	scaled = make([]float64, len(values))
	for i, v := range values {
		scaled[i] = math.Ldexp(v, -e)
	}
	return scaled, e
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// constant reports whether all values are equal.
func constant(values []float64) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
}
