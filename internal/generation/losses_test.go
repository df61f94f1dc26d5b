package generation_test

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/lasso"
)

// A convex is a loss whose conjugate is known: L(F) >= -<V, F> + conjugate(V), with
// equality at V = minus the gradient at F. So conjugate(V) bounds all networks from
// below if |V'(Xu)_+| <= beta for all directions u.
type convex interface {
	lasso.Loss
	conjugate(v []float64) float64
	// balanced returns a point near v in the domain whose sum over samples is zero,
	// as an intercept demands.
	balanced(v []float64) []float64
}

type squared struct {
	*lasso.Squared
	y []float64
}

func newSquared(y []float64, outputs int) squared {
	return squared{lasso.NewSquared(y, outputs), y}
}

func (l squared) conjugate(v []float64) float64 {
	return floats.Dot(l.y, v) - floats.Dot(v, v)/2
}

func (l squared) balanced(v []float64) []float64 {
	out, c := slices.Clone(v), l.Outputs()
	for k := range c {
		mean := 0.0
		for i := k; i < len(v); i += c {
			mean += v[i] * float64(c) / float64(len(v))
		}
		for i := k; i < len(v); i += c {
			out[i] -= mean
		}
	}
	return out
}

// wrapped is a loss that package lasso cannot know to be quadratic.
type wrapped struct{ squared }

// logistic is sum_i log(1 + exp(-y_i f_i)) for labels y_i = -1 or 1. Its dual points
// have v_i = y_i q_i with q_i between 0 and 1.
type logistic struct{ labels []float64 }

func (l logistic) Samples() int        { return len(l.labels) }
func (l logistic) Outputs() int        { return 1 }
func (l logistic) Smoothness() float64 { return 0.25 }

func (l logistic) Value(f []float64) float64 {
	sum := 0.0
	for i, y := range l.labels {
		z := -y * f[i]
		sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
	}
	return sum
}

func (l logistic) Residual(dst, f []float64) {
	for i, y := range l.labels {
		dst[i] = y / (1 + math.Exp(y*f[i]))
	}
}

func (l logistic) Hessian(dst, f []float64) {
	for i, v := range f {
		p := 1 / (1 + math.Exp(-math.Abs(v)))
		dst[i] = p * (1 - p)
	}
}

// entropy is that of probabilities q and 1-q.
func entropy(q float64) float64 { return surprise(q) + surprise(1-q) }

func surprise(q float64) float64 {
	const rounding = 1e-12
	switch {
	case q < -rounding:
		return math.Inf(-1) // outside the domain
	case q <= 0:
		return 0
	}
	return -q * math.Log(q)
}

func (l logistic) conjugate(v []float64) float64 {
	sum := 0.0
	for i, y := range l.labels {
		sum += entropy(y * v[i])
	}
	return sum
}

func (l logistic) balanced(v []float64) []float64 {
	var sums [2]float64
	for _, a := range v {
		if a > 0 {
			sums[1] += a
		} else {
			sums[0] -= a
		}
	}
	least := min(sums[0], sums[1])
	out := slices.Clone(v)
	for i, a := range v {
		if a > 0 {
			out[i] *= least / sums[1]
		} else if a < 0 {
			out[i] *= least / sums[0]
		}
	}
	return out
}

// softmax is sum_i log sum_k exp(f_ik) - f_{i,class_i}. Its dual points are V = Y - P
// with rows of probabilities P, and Y those that are sure of the class.
type softmax struct {
	class   []int
	outputs int
}

func (l softmax) Samples() int        { return len(l.class) }
func (l softmax) Outputs() int        { return l.outputs }
func (l softmax) Smoothness() float64 { return 0.5 }

func (l softmax) Value(f []float64) float64 {
	sum := 0.0
	for i, k := range l.class {
		row := f[i*l.outputs : (i+1)*l.outputs]
		sum += floats.LogSumExp(row) - row[k]
	}
	return sum
}

func (l softmax) Residual(dst, f []float64) {
	for i, class := range l.class {
		row := f[i*l.outputs : (i+1)*l.outputs]
		total := floats.LogSumExp(row)
		for k, v := range row {
			dst[i*l.outputs+k] = -math.Exp(v - total)
		}
		dst[i*l.outputs+class]++
	}
}

func (l softmax) Hessian(dst, f []float64) {
	c := l.outputs
	for i := range l.class {
		row := f[i*c : (i+1)*c]
		total := floats.LogSumExp(row)
		for k, v := range row {
			p := math.Exp(v - total)
			for j, w := range row {
				dst[(i*c+k)*c+j] = -p * math.Exp(w-total)
			}
			dst[(i*c+k)*c+k] += p
		}
	}
}

// probabilities are the P of V = Y - P.
func (l softmax) probabilities(v []float64) []float64 {
	p := floats.ScaleTo(make([]float64, len(v)), -1, v)
	for i, class := range l.class {
		p[i*l.outputs+class]++
	}
	return p
}

func (l softmax) conjugate(v []float64) float64 {
	sum := 0.0
	for _, p := range l.probabilities(v) {
		sum += surprise(p)
	}
	return sum
}

// balanced scales rows and columns of P in turns, until classes have as much
// probability as members.
func (l softmax) balanced(v []float64) []float64 {
	c := l.outputs
	p := l.probabilities(v)
	members := make([]float64, c)
	for _, class := range l.class {
		members[class]++
	}
	for range 200 {
		have := make([]float64, c)
		for i := range l.class {
			floats.Add(have, p[i*c:(i+1)*c])
		}
		for i := range l.class {
			row := p[i*c : (i+1)*c]
			for k := range row {
				row[k] *= members[k] / have[k]
			}
			floats.Scale(1/floats.Sum(row), row)
		}
	}
	floats.Scale(-1, p)
	for i, class := range l.class {
		p[i*c+class]++
	}
	return p
}
