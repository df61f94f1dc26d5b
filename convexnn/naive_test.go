package convexnn_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/convexnn"
)

// A naive problem is training over all networks, small enough to be solved by the
// definitions. Nothing here shares code with the package or what it imports.
type naive struct {
	x         [][]float64
	y         []float64
	beta      float64
	intercept bool
}

func inner(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func length(a []float64) float64 { return math.Sqrt(inner(a, a)) }

// without returns a less its mean.
func without(a []float64) []float64 {
	mean := 0.0
	for _, v := range a {
		mean += v / float64(len(a))
	}
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - mean
	}
	return out
}

// target is y, centred where the intercept takes the mean.
func (p *naive) target() []float64 {
	if p.intercept {
		return without(p.y)
	}
	return p.y
}

// features are (x_i.u)_+ for all i.
func (p *naive) features(u []float64) []float64 {
	out := make([]float64, len(p.x))
	for i, row := range p.x {
		out[i] = math.Max(0, inner(row, u))
	}
	return out
}

// scale is sum |v_i||x_i|: rounding makes up to some 1e-16 times this of a price.
func (p *naive) scale(v []float64) float64 {
	sum := 0.0
	for i, row := range p.x {
		sum += math.Abs(v[i]) * length(row)
	}
	return sum
}

// objective is that of a network, neuron by neuron, and a bound of what rounding can
// make of it, where the outputs of large weights cancel.
func (p *naive) objective(net *convexnn.Network) (value, noise float64) {
	penalty := 0.0
	for _, h := range net.Neurons {
		penalty += length(h.Weights) * math.Abs(h.Output)
	}
	for i, row := range p.x {
		f := net.Intercept
		for _, h := range net.Neurons {
			f += h.Output * math.Max(0, inner(h.Weights, row))
		}
		value += (f - p.y[i]) * (f - p.y[i]) / 2
		slip := 1e-15 * float64(len(row)+len(net.Neurons)) * (penalty*length(row) + math.Abs(net.Intercept) + math.Abs(p.y[i]))
		noise += slip * (slip + math.Abs(f-p.y[i]))
	}
	return value + p.beta*penalty, noise
}

// exactly is a number with so many digits that the sums below are exact.
func exactly(x float64) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(x) }

// exact is the objective of a network, rounded only in the end, where rounding decides.
func (p *naive) exact(net *convexnn.Network) float64 {
	dot := func(a, b []float64) *big.Float {
		sum := exactly(0)
		for k := range a {
			sum.Add(sum, exactly(0).Mul(exactly(a[k]), exactly(b[k])))
		}
		return sum
	}
	value := exactly(0)
	for i, row := range p.x {
		r := exactly(net.Intercept)
		r.Sub(r, exactly(p.y[i]))
		for _, h := range net.Neurons {
			if z := dot(h.Weights, row); z.Sign() > 0 {
				r.Add(r, z.Mul(z, exactly(h.Output)))
			}
		}
		value.Add(value, exactly(0).Quo(r.Mul(r, r), exactly(2)))
	}
	for _, h := range net.Neurons {
		size := exactly(0).Sqrt(dot(h.Weights, h.Weights))
		value.Add(value, size.Mul(size, exactly(0).Mul(exactly(p.beta), exactly(math.Abs(h.Output)))))
	}
	f, _ := value.Float64()
	return f
}

// bound is y'v - |v|^2/2 without rounding, rounded up in the end.
func (p *naive) bound(v []float64) float64 {
	sum := exactly(0)
	y := p.target()
	for i := range v {
		term := exactly(0).Sub(exactly(y[i]), exactly(v[i]/2))
		sum.Add(sum, term.Mul(term, exactly(v[i])))
	}
	f, accuracy := sum.Float64()
	if accuracy == big.Below {
		f = math.Nextafter(f, math.Inf(1))
	}
	return f
}

// A price is max(theta(v), theta(-v)), theta(v) = max {v'(Xu)_+ : |u| <= 1}, and the
// unit vectors met whose value is above what was enough.
type price struct {
	value      float64
	directions [][]float64
}

// price goes through the finitely many vectors that can be the maximum. The sign
// of each x_i.u there is positive, negative or 0; let F be the rows with 0 and S
// those with a positive sign. On the subspace orthogonal to F the value is linear
// nearby, with gradient g, the projection of sum_S v_i x_i, so that u = g/|g| and the
// value is |g|. So all F of at most d-1 independent rows and all S are tried.
// Whatever u is tried, its value is attained, so that nothing can be too large.
func (p *naive) price(v []float64, enough float64) price {
	best := price{}
	d := len(p.x[0])
	try := func(g []float64) {
		size := length(g)
		if size <= best.value || size <= enough {
			return
		}
		for _, sign := range []float64{1, -1} {
			u := scaledBy(sign/size, g)
			value := sign * inner(p.features(u), v)
			best.value = math.Max(best.value, value)
			if value > enough {
				best.directions = append(best.directions, u)
			}
		}
	}
	var subsets func(rows [][]float64, g []float64)
	subsets = func(rows [][]float64, g []float64) {
		if len(rows) == 0 {
			try(g)
			return
		}
		subsets(rows[1:], g)
		with := append([]float64(nil), g...)
		axpy(with, 1, rows[0])
		subsets(rows[1:], with)
	}
	var flats func(from, rank int, rows [][]float64)
	// rows are v_i x_i, projected, and empty for those of F.
	flats = func(from, rank int, rows [][]float64) {
		var left [][]float64
		for _, row := range rows {
			if length(row) > 0 {
				left = append(left, row)
			}
		}
		subsets(left, make([]float64, d))
		if rank == d-1 {
			return
		}
		for f := from; f < len(rows); f++ {
			if length(rows[f]) == 0 {
				continue
			}
			q := scaledBy(1/length(rows[f]), rows[f])
			projected := make([][]float64, len(rows))
			for i, row := range rows {
				projected[i] = append([]float64(nil), row...)
				if i == f || length(row) == 0 {
					clear(projected[i])
					continue
				}
				for range 2 {
					axpy(projected[i], -inner(projected[i], q), q)
				}
				// A multiple of F but for rounding is in F.
				if length(projected[i]) <= 1e-15*math.Abs(v[i])*length(p.x[i]) {
					clear(projected[i])
				}
			}
			flats(f+1, rank+1, projected)
		}
	}
	rows := make([][]float64, len(p.x))
	for i, row := range p.x {
		rows[i] = scaledBy(v[i], row)
	}
	flats(0, 0, rows)
	return best
}

func axpy(dst []float64, a float64, x []float64) {
	for k := range dst {
		dst[k] += a * x[k]
	}
}

func scaledBy(a float64, x []float64) []float64 {
	out := make([]float64, len(x))
	axpy(out, a, x)
	return out
}

// zonotope is theta(v) again, by another formula and up to the accuracy of as many
// sweeps, never too small: with a_S = sum_S v_i x_i over a set S of samples with
// v_i > 0, and N the samples with v_j < 0,
//
//	theta(v) = max over S of min over 0 <= t <= 1 of |a_S - sum_N t_j |v_j| x_j|,
//
// since the maximum over S of a_S.u is sum_P v_i (x_i.u)_+, the one over t gives what
// N takes off, and over |u| <= 1 maximum and minimum may be exchanged.
func (p *naive) zonotope(v []float64, sweeps int) float64 {
	var on, off [][]float64
	for i, row := range p.x {
		if v[i] > 0 {
			on = append(on, scaledBy(v[i], row))
		} else if scaled := scaledBy(-v[i], row); length(scaled) > 0 {
			off = append(off, scaled)
		}
	}
	most := 0.0
	for s := range 1 << len(on) {
		r, t := make([]float64, len(p.x[0])), make([]float64, len(off))
		for i, a := range on {
			if s>>i&1 == 1 {
				axpy(r, 1, a)
			}
		}
		for range sweeps {
			for j, c := range off {
				next := math.Min(1, math.Max(0, t[j]+inner(c, r)/inner(c, c)))
				axpy(r, t[j]-next, c)
				t[j] = next
			}
		}
		most = math.Max(most, length(r))
	}
	return most
}

// The brute force is tested itself: two formulas for the price agree, and it meets
// closed forms.
func TestBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 50 {
		p := &naive{}
		n, d := 1+rng.IntN(7), 1+rng.IntN(4)
		v, minus := make([]float64, n), make([]float64, n)
		for i := range n {
			row := make([]float64, d)
			for k := range row {
				row[k] = rng.NormFloat64()
			}
			v[i] = rng.NormFloat64()
			minus[i] = -v[i]
			p.x = append(p.x, row)
		}
		value, upper := p.price(v, 0).value, math.Max(p.zonotope(v, 2000), p.zonotope(minus, 2000))
		if value > upper*(1+1e-12) || value < upper*(1-1e-7) {
			t.Errorf("n=%d, d=%d: price %.12g by faces, %.12g by subsets", n, d, value, upper)
		}
	}
	p := &naive{x: xorX, y: []float64{-1, 1, 1, -1}}
	if most := p.price(p.y, 0).value; math.Abs(most-math.Sqrt2/2) > 1e-15 {
		t.Errorf("beta_max of XOR is %.17g", most)
	}
	for _, p.beta = range []float64{0.01, 0.1, 0.5, 0.6, 0.7} {
		value, _ := p.objective(p.solve(rng))
		if want := xorOptimum(p.beta); value < want*(1-1e-14) || value > want*(1+1e-8) {
			t.Errorf("XOR at %g: %.12g, want %.12g", p.beta, value, want)
		}
	}
}
