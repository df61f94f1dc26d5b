package lasso_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/convexnn/convexnn/internal/lasso"
)

// logistic is the loss sum log(1 + exp(-y_i f_i)) of labels +1 and -1.
type logistic struct{ y []float64 }

func (l logistic) Samples() int        { return len(l.y) }
func (l logistic) Outputs() int        { return 1 }
func (l logistic) Smoothness() float64 { return 0.25 }

func (l logistic) Value(f []float64) (sum float64) {
	for i, v := range f {
		z := -l.y[i] * v
		sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
	}
	return sum
}

func (l logistic) Residual(dst, f []float64) {
	for i, v := range f {
		dst[i] = l.y[i] / (1 + math.Exp(l.y[i]*v))
	}
}

func (l logistic) Hessian(dst, f []float64) {
	for i, v := range f {
		p := 1 / (1 + math.Exp(-v))
		dst[i] = p * (1 - p)
	}
}

// softmax is the cross entropy of labels 0..c-1.
type softmax struct {
	label []int
	c     int
}

func (s softmax) Samples() int        { return len(s.label) }
func (s softmax) Outputs() int        { return s.c }
func (s softmax) Smoothness() float64 { return 0.5 }

func (s softmax) row(f []float64, i int) (p []float64, logSum float64) {
	p = append(p, f[i*s.c:(i+1)*s.c]...)
	top := math.Inf(-1)
	for _, v := range p {
		top = max(top, v)
	}
	sum := 0.0
	for l := range p {
		p[l] = math.Exp(p[l] - top)
		sum += p[l]
	}
	for l := range p {
		p[l] /= sum
	}
	return p, top + math.Log(sum)
}

func (s softmax) Value(f []float64) (sum float64) {
	for i, label := range s.label {
		_, logSum := s.row(f, i)
		sum += logSum - f[i*s.c+label]
	}
	return sum
}

func (s softmax) Residual(dst, f []float64) {
	for i, label := range s.label {
		p, _ := s.row(f, i)
		for l, v := range p {
			dst[i*s.c+l] = -v
		}
		dst[i*s.c+label]++
	}
}

func (s softmax) Hessian(dst, f []float64) {
	for i := range s.label {
		p, _ := s.row(f, i)
		for l := range p {
			for m := range p {
				v := -p[l] * p[m]
				if l == m {
					v += p[l]
				}
				dst[(i*s.c+l)*s.c+m] = v
			}
		}
	}
}

// plain hides that a loss is the squared one.
type plain struct{ lasso.Loss }

// problem is a program in the simplest form, on which the oracles work.
type problem struct {
	loss    lasso.Loss
	beta    float64
	columns [][]float64
	free    []bool
}

func (p *problem) master() *lasso.Master {
	m := lasso.New(p.loss, p.beta)
	for k, a := range p.columns {
		if p.free[k] {
			m.AddFree(a)
		} else {
			m.Add(a)
		}
	}
	return m
}

func (p *problem) fit(gain func(k int) []float64) []float64 {
	n, c := p.loss.Samples(), p.loss.Outputs()
	f := make([]float64, n*c)
	for k, a := range p.columns {
		for i := range n {
			for l, g := range gain(k) {
				f[i*c+l] += a[i] * g
			}
		}
	}
	return f
}

func norm(v []float64) float64 { return math.Sqrt(dot(v, v)) }

func (p *problem) objective(gain func(k int) []float64) float64 {
	sum := p.loss.Value(p.fit(gain))
	for k, free := range p.free {
		if !free {
			sum += p.beta * norm(gain(k))
		}
	}
	return sum
}

// inner returns a'v for v of n x c.
func inner(a, v []float64) []float64 {
	c := len(v) / len(a)
	p := make([]float64, c)
	for i, ai := range a {
		for l := range p {
			p[l] += ai * v[i*c+l]
		}
	}
	return p
}

// violation returns the worst violation of the optimality conditions, from the
// gains alone.
func (p *problem) violation(gain func(k int) []float64) float64 {
	f := p.fit(gain)
	v := make([]float64, len(f))
	p.loss.Residual(v, f)
	worst := 0.0
	for k, a := range p.columns {
		price, g := inner(a, v), gain(k)
		size := norm(g)
		if !p.free[k] {
			worst = max(worst, norm(price)/p.beta-1)
		}
		if !p.free[k] && size == 0 {
			continue
		}
		for l := range price {
			if !p.free[k] {
				price[l] -= p.beta * g[l] / size
			}
		}
		worst = max(worst, norm(price)/p.beta)
	}
	return worst
}

// proximal returns the least objective that the accelerated proximal gradient
// method with restarts (Beck and Teboulle, SIAM J. Imaging Sciences 2, 2009)
// reaches in the given number of steps.
func (p *problem) proximal(steps int) float64 {
	n, c := p.loss.Samples(), p.loss.Outputs()
	// The greatest eigenvalue of A A', by the power method.
	lipschitz, u := 1.0, make([]float64, n)
	for i := range u {
		u[i] = 1
	}
	for range 200 {
		next := make([]float64, n)
		for _, a := range p.columns {
			w := dot(a, u)
			for i, ai := range a {
				next[i] += w * ai
			}
		}
		lipschitz = norm(next) / norm(u)
		for i := range u {
			u[i] = next[i] / norm(next)
		}
	}
	lipschitz *= 1.01 * p.loss.Smoothness()
	size := len(p.columns)
	gains, ahead := make([][]float64, size), make([][]float64, size)
	for k := range gains {
		gains[k], ahead[k] = make([]float64, c), make([]float64, c)
	}
	at := func(k int) []float64 { return gains[k] }
	v := make([]float64, n*c)
	last, theta := p.objective(at), 1.0
	for range steps {
		p.loss.Residual(v, p.fit(func(k int) []float64 { return ahead[k] }))
		next := (1 + math.Sqrt(1+4*theta*theta)) / 2
		for k, a := range p.columns {
			z := inner(a, v)
			for l := range z {
				z[l] = ahead[k][l] + z[l]/lipschitz
			}
			shrink := 1.0
			if !p.free[k] {
				shrink = max(0, 1-p.beta/lipschitz/norm(z))
			}
			for l := range z {
				z[l] *= shrink
				ahead[k][l] = z[l] + (theta-1)/next*(z[l]-gains[k][l])
			}
			gains[k] = z
		}
		theta = next
		now := p.objective(at)
		if now > last {
			theta = 1
			for k := range ahead {
				copy(ahead[k], gains[k])
			}
		}
		last = now
	}
	return last
}

// random returns a program with positive columns, as neurons have them: an
// intercept, nearly equal columns, equal ones and one of zeros.
func random(rng *rand.Rand, loss lasso.Loss, size int, beta float64) *problem {
	n := loss.Samples()
	p := &problem{loss: loss, beta: beta}
	for k := range size {
		a := make([]float64, n)
		switch {
		case k == 3:
		case k == 5:
			for i := range a {
				a[i] = 1
			}
		case k%11 == 7:
			copy(a, p.columns[k-1])
		case k%11 == 8:
			copy(a, p.columns[k-2])
			a[rng.IntN(n)] += 1e-6
		default:
			for i := range a {
				a[i] = max(0, rng.NormFloat64())
			}
		}
		p.columns, p.free = append(p.columns, a), append(p.free, k == 5)
	}
	return p
}

type named struct {
	name string
	loss lasso.Loss
}

// losses returns one loss of each kind on n samples.
func losses(rng *rand.Rand, n int) []named {
	signs, labels := gaussian(rng, n), make([]int, n)
	for i := range signs {
		signs[i] = math.Copysign(1, signs[i])
		labels[i] = rng.IntN(3)
	}
	return []named{
		{"squared", lasso.NewSquared(gaussian(rng, n), 1)},
		{"squared of 3", lasso.NewSquared(gaussian(rng, 3*n), 3)},
		{"plain", plain{lasso.NewSquared(gaussian(rng, n), 1)}},
		{"plain of 2", plain{lasso.NewSquared(gaussian(rng, 2*n), 2)}},
		{"logistic", logistic{signs}},
		{"softmax", softmax{labels, 3}},
	}
}

func solve(t *testing.T, m *lasso.Master, tolerance float64) lasso.Report {
	t.Helper()
	r := m.Solve(context.Background(), tolerance)
	if !r.Converged {
		t.Errorf("not converged: %+v", r)
	}
	return r
}
