package lasso_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/internal/lasso"
)

// One column has the gain (1 - beta/|a'Y|)_+ a'Y/|a|^2.
func TestOneColumn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []int{1, 2, 5} {
		const n = 7
		a, y := gaussian(rng, n), gaussian(rng, n*c)
		p := inner(a, y)
		for _, share := range []float64{0.01, 0.5, 0.999, 1, 1.5} {
			beta := share * norm(p)
			m := lasso.New(lasso.NewSquared(y, c), beta)
			k := m.Add(a)
			solve(t, m, 1e-12)
			for l, g := range m.Gain(k) {
				want := max(0, 1-beta/norm(p)) * p[l] / dot(a, a)
				if math.Abs(g-want) > 1e-12 {
					t.Errorf("c %d, beta %v of the greatest: gain %v, want %v", c, share, g, want)
				}
			}
		}
	}
}

// Orthogonal columns do not see each other.
func TestOrthogonalColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	const n, beta = 8, 0.9
	for _, c := range []int{1, 3} {
		y := gaussian(rng, n*c)
		m := lasso.New(lasso.NewSquared(y, c), beta)
		for k := range n {
			a := make([]float64, n)
			a[k] = float64(k + 1)
			m.Add(a)
		}
		solve(t, m, 1e-12)
		for k := range n {
			size := float64(k + 1)
			p := slices.Clone(y[k*c : (k+1)*c])
			for l, g := range m.Gain(k) {
				want := max(0, 1-beta/(size*norm(p))) * p[l] / size
				if math.Abs(g-want) > 1e-12 {
					t.Errorf("c %d, column %d: gain %v, want %v", c, k, g, want)
				}
			}
		}
	}
}

// All gains are zero from the greatest price at zero on, and not below.
func TestGreatestBeta(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, l := range losses(rng, 30) {
		name, loss := l.name, l.loss
		p := random(rng, loss, 40, 1)
		clear(p.free)
		v := make([]float64, 30*loss.Outputs())
		loss.Residual(v, make([]float64, len(v)))
		top := 0.0
		for _, a := range p.columns {
			top = max(top, norm(inner(a, v)))
		}
		for _, share := range []float64{1 + 1e-9, 1 - 1e-3} {
			p.beta = top * share
			m := p.master()
			solve(t, m, 1e-10)
			sum := 0.0
			for k := range m.Len() {
				sum += norm(m.Gain(k))
			}
			if (sum == 0) != (share > 1) {
				t.Errorf("%s: beta %v of the greatest: sum of gains %v", name, share, sum)
			}
		}
	}
}

// The optimality conditions, from the gains alone, with columns that are equal,
// nearly equal, zero and free.
func TestOptimalityConditions(t *testing.T) {
	for _, beta := range []float64{0.01, 0.1, 1, 10} {
		for seed := range uint64(4) {
			rng := rand.New(rand.NewPCG(seed, 5))
			n := 20 + rng.IntN(60)
			for _, l := range losses(rng, n) {
				name, loss := l.name, l.loss
				p := random(rng, loss, 10+rng.IntN(100), beta)
				m := p.master()
				r := m.Solve(t.Context(), 1e-10)
				if v := p.violation(m.Gain); !r.Converged || !(v < 1.1e-10) || math.Abs(v-r.Violation) > 1e-11 {
					t.Errorf("%s, beta %v, seed %d, %d columns of %d: violation %v, %+v", name, beta, seed, len(p.columns), n, v, r)
				}
				if want := p.objective(m.Gain); math.Abs(m.Objective()-want) > 1e-12*want {
					t.Errorf("%s: objective %v, want %v", name, m.Objective(), want)
				}
				v := make([]float64, n*loss.Outputs())
				loss.Residual(v, p.fit(m.Gain))
				for k, a := range p.columns {
					if got, want := m.Price(k, v), norm(inner(a, v)); math.Abs(got-want) > 1e-12*(1+want) {
						t.Errorf("%s: price %v, want %v", name, got, want)
					}
				}
				for i, got := range m.Residual() {
					if math.Abs(got-v[i]) > 1e-11 {
						t.Errorf("%s: residual %d is %v, want %v", name, i, got, v[i])
					}
				}
			}
		}
	}
}

func TestProximalGradient(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 6))
		const n = 25
		for _, l := range losses(rng, n) {
			name, loss := l.name, l.loss
			p := random(rng, loss, 20, 0.5+2*rng.Float64())
			p.columns[8] = p.columns[6] // for nearly equal ones it takes for ever
			p.columns[19] = p.columns[17]
			m := p.master()
			solve(t, m, 1e-9)
			if want := p.proximal(2000); math.Abs(m.Objective()-want) > 1e-8*want {
				t.Errorf("%s, seed %d: objective %.12g, proximal gradient %.12g", name, seed, m.Objective(), want)
			}
		}
	}
}

// With targets of zero in the second output, two outputs are one. The methods for
// one output and for several share no iteration.
func TestOneOutputAmongTwo(t *testing.T) {
	tab := classes(120, 6, 4)
	var columns [][]float64
	for range 200 {
		columns = append(columns, tab.feature(tab.direction()))
	}
	y2 := make([]float64, 2*len(tab.y))
	for i, v := range tab.y {
		y2[2*i] = v
	}
	for _, beta := range []float64{0.3, 3} {
		one := lasso.New(lasso.NewSquared(tab.y, 1), beta)
		two := lasso.New(lasso.NewSquared(y2, 2), beta)
		for _, a := range columns {
			one.Add(a)
			two.Add(a)
		}
		solve(t, one, 1e-10)
		solve(t, two, 1e-10)
		if a, b := one.Objective(), two.Objective(); math.Abs(a-b) > 1e-9*a {
			t.Errorf("beta %v: objectives %.12g and %.12g", beta, a, b)
		}
		for k := range columns {
			if g := two.Gain(k); g[1] != 0 || math.Abs(g[0]-one.Gain(k)[0]) > 1e-6 {
				t.Errorf("beta %v: column %d has gains %v and %v", beta, k, one.Gain(k), g)
			}
		}
	}
}

// A program with every column several times over has the solution of the one with
// each column once, also where the copies are warm started against each other.
func TestCopies(t *testing.T) {
	tab := classes(80, 5, 7)
	rng := rand.New(rand.NewPCG(7, 1))
	for _, l := range losses(rng, len(tab.y)) {
		name, loss := l.name, l.loss
		c := loss.Outputs()
		for _, shift := range []float64{0, 1e-12, 1e-6} {
			once, many := lasso.New(loss, 0.7), lasso.New(loss, 0.7)
			for range 40 {
				u := tab.direction()
				once.Add(tab.feature(u))
				for range 3 {
					w := slices.Clone(u)
					for l := range w {
						w[l] += shift * rng.NormFloat64()
					}
					many.SetGain(many.Add(tab.feature(w)), gaussian(rng, c))
				}
			}
			solve(t, once, 1e-9)
			solve(t, many, 1e-9)
			if a, b := once.Objective(), many.Objective(); math.Abs(a-b) > (1e-8+10*shift)*a {
				t.Errorf("%s, shift %v: objectives %.12g and %.12g", name, shift, a, b)
			}
			for k := 0; k < many.Len() && c == 1 && shift == 0; k += 3 {
				held := 0
				for j := k; j < k+3; j++ {
					if many.Gain(j)[0] != 0 {
						held++
					}
				}
				if held > 1 {
					t.Errorf("%s: %d copies of a column share a gain", name, held)
				}
			}
		}
	}
}

// A free column of ones is the same as centring targets and columns.
func TestFreeColumnCentres(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	const n, size, beta = 40, 70, 1.5
	centred := func(a []float64, c int) []float64 {
		mean := make([]float64, c)
		for i, v := range a {
			mean[i%c] += v / n
		}
		out := slices.Clone(a)
		for i := range out {
			out[i] -= mean[i%c]
		}
		return out
	}
	for _, c := range []int{1, 3} {
		y := gaussian(rng, n*c)
		for i := range y {
			y[i] += 5
		}
		p := random(rng, lasso.NewSquared(y, c), size, beta)
		clear(p.free)
		free := lasso.New(p.loss, beta)
		centre := lasso.New(lasso.NewSquared(centred(y, c), c), beta)
		ones := slices.Repeat([]float64{1}, n)
		free.AddFree(ones)
		free.AddFree(ones) // the same again must do no harm
		for _, a := range p.columns {
			free.Add(a)
			centre.Add(centred(a, 1))
		}
		solve(t, free, 1e-10)
		solve(t, centre, 1e-10)
		if a, b := free.Objective(), centre.Objective(); math.Abs(a-b) > 1e-9*b {
			t.Errorf("c %d: objective %.12g with a free column, %.12g centred", c, a, b)
		}
	}
}
