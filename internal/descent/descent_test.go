package descent_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/lasso"
)

// logistic is sum_i log(1 + exp(-y_i f_i)), as far as descent needs it.
type logistic struct {
	lasso.Loss
	labels []float64 // -1 or 1
}

func (l logistic) Samples() int { return len(l.labels) }
func (l logistic) Outputs() int { return 1 }

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

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func labels(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(2*rng.IntN(2) - 1)
	}
	return v
}

// An instance is a problem with some weights.
type instance struct {
	name      string
	x         *mat.Dense
	loss      lasso.Loss
	m         int
	intercept bool
	w         []float64
}

const beta = 0.3

func (p instance) objective() *descent.Objective {
	return descent.New(p.x, p.loss, beta, p.m, p.intercept)
}

func instances(rng *rand.Rand) (list []instance) {
	const n, d, m = 9, 3, 4
	x := mat.NewDense(n, d, normals(rng, n*d))
	for _, intercept := range []bool{false, true} {
		for _, loss := range []lasso.Loss{
			lasso.NewSquared(normals(rng, n), 1),
			lasso.NewSquared(normals(rng, 3*n), 3),
			logistic{labels: labels(rng, n)},
		} {
			size := m * (d + loss.Outputs())
			if intercept {
				size += loss.Outputs()
			}
			name := fmt.Sprintf("%T, %d outputs, intercept %v", loss, loss.Outputs(), intercept)
			list = append(list, instance{name, x, loss, m, intercept, normals(rng, size)})
		}
	}
	return list
}

// naive is the objective by its definition.
func (p instance) naive(w []float64) float64 {
	n, d := p.x.Dims()
	c := p.loss.Outputs()
	f := make([]float64, n*c)
	penalty := 0.0
	for i := range n {
		if p.intercept {
			copy(f[i*c:(i+1)*c], w[p.m*(d+c):])
		}
		for k := range p.m {
			z := max(0, floats.Dot(p.x.RawRowView(i), w[k*d:(k+1)*d]))
			for l := range c {
				f[i*c+l] += z * w[p.m*d+k*c+l]
			}
		}
	}
	for _, v := range w[:p.m*(d+c)] {
		penalty += v * v
	}
	return p.loss.Value(f) + beta/2*penalty
}

// margin is the least |x_i.u_k|, the distance from a kink.
func (p instance) margin(w []float64) float64 {
	n, d := p.x.Dims()
	least := math.Inf(1)
	for i := range n {
		for k := range p.m {
			least = min(least, math.Abs(floats.Dot(p.x.RawRowView(i), w[k*d:(k+1)*d])))
		}
	}
	return least
}

func TestValueAndGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	const h = 1e-5
	checked := 0
	for range 5 {
		for _, p := range instances(rng) {
			o := p.objective()
			if o.Len() != len(p.w) {
				t.Fatalf("%s: %d weights, want %d", p.name, o.Len(), len(p.w))
			}
			grad := make([]float64, len(p.w))
			value := o.Value(grad, p.w)
			if want := p.naive(p.w); math.Abs(value-want) > 1e-12*want || o.Value(nil, p.w) != value {
				t.Errorf("%s: value %.15g, want %.15g", p.name, value, want)
			}
			if p.margin(p.w) < 1e-3 {
				continue
			}
			checked++
			for j, g := range grad {
				up, down := slices.Clone(p.w), slices.Clone(p.w)
				up[j] += h
				down[j] -= h
				if want := (p.naive(up) - p.naive(down)) / (2 * h); math.Abs(g-want) > 1e-7*(1+value) {
					t.Errorf("%s: derivative %d is %.10g, differences say %.10g", p.name, j, g, want)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d gradients away from kinks", checked)
	}
}

// At a kink of every neuron the samples count as inactive: what is left is the
// penalty, and the loss of the intercept.
func TestKink(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{0, 0})
	o := descent.New(x, lasso.NewSquared([]float64{2, 4}, 1), 1, 1, true)
	grad := make([]float64, 3)
	if v := o.Value(grad, []float64{3, 5, 1}); v != 0.5+4.5+17 || !slices.Equal(grad, []float64{3, 5, -4}) {
		t.Errorf("value %g, gradient %v", v, grad)
	}
}

// One sample x and one neuron. With the squared loss the best gain along x is
// shrunk by beta/|x|. With the logistic loss the slope at the prediction f is
// q = beta/|x|, so that f = log((1-q)/q), and the objective is the entropy of q.
func TestOneNeuron(t *testing.T) {
	x := mat.NewDense(1, 2, []float64{3, 4})
	const q = 0.2
	for name, c := range map[string]struct {
		loss lasso.Loss
		want float64
	}{
		"squared":  {lasso.NewSquared([]float64{2}, 1), 0.38},
		"logistic": {logistic{labels: []float64{1}}, -q*math.Log(q) - (1-q)*math.Log(1-q)},
	} {
		o := descent.New(x, c.loss, 1, 1, false)
		w, value := o.Minimise(context.Background(), []float64{0.5, 0.1, 0.3}, 200)
		if math.Abs(value-c.want) > 1e-9 {
			t.Errorf("%s: objective %.12g, want %.12g", name, value, c.want)
		}
		// Balanced, along x.
		if size := math.Hypot(w[0], w[1]); math.Abs(size-w[2]) > 1e-4 || math.Abs(w[0]/size-0.6) > 1e-4 {
			t.Errorf("%s: weights %v", name, w)
		}
	}
}

// Of orthonormal samples each neuron serves one, with its own sign, for several
// outputs that have nothing in common.
func TestOrthonormalSamples(t *testing.T) {
	x := mat.NewDense(2, 2, []float64{0.6, -0.8, 0.8, 0.6})
	y := []float64{2, 0, 0, -3}
	o := descent.New(x, lasso.NewSquared(y, 2), beta, 2, false)
	start := []float64{0.5, -0.9, 0.7, 0.8, 1, 0.1, -0.1, -1}
	want := beta*2 - beta*beta/2 + beta*3 - beta*beta/2
	if _, value := o.Minimise(context.Background(), start, 500); value < want-1e-12 || value > want*(1+1e-3) {
		t.Errorf("objective %.9g, want %.9g", value, want)
	}
}

// An intercept is not penalised: large targets cost nothing.
func TestInterceptAlone(t *testing.T) {
	x := mat.NewDense(3, 1, []float64{1, 2, 3})
	o := descent.New(x, lasso.NewSquared([]float64{100, 50, 100, 50, 100, 50}, 2), 1, 1, true)
	w, value := o.Minimise(context.Background(), []float64{-1, 0.1, 0.1, 0, 0}, 100)
	if value > 1e-9 || math.Abs(w[3]-100)+math.Abs(w[4]-50) > 1e-3 {
		t.Errorf("objective %g at %v", value, w)
	}
}

func TestMinimiseNeverWorse(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 2))
	for range 10 {
		for _, p := range instances(rng) {
			before := slices.Clone(p.w)
			last := p.naive(p.w)
			for _, steps := range []int{1, 3, 30} {
				w, value := p.objective().Minimise(context.Background(), p.w, steps)
				if !slices.Equal(p.w, before) {
					t.Fatalf("%s: the start was changed", p.name)
				}
				if want := p.naive(w); math.Abs(value-want) > 1e-12*want {
					t.Errorf("%s: %d steps, objective %.15g, want %.15g", p.name, steps, value, want)
				}
				// Longer runs begin with shorter ones.
				if value > last*(1+1e-12) || math.IsNaN(value) {
					t.Errorf("%s: %d steps, objective %g, %g before", p.name, steps, value, last)
				}
				last = value
			}
			if start := p.naive(p.w); last > 0.9*start {
				t.Errorf("%s: objective %g from %g", p.name, last, start)
			}
			// At the end nothing is worse than where one is.
			w, value := p.objective().Minimise(context.Background(), p.w, 2000)
			if _, again := p.objective().Minimise(context.Background(), w, 30); again > value {
				t.Errorf("%s: objective %g from %g", p.name, again, value)
			}
		}
	}
}

// stopping is a context that ends after some questions.
type stopping struct {
	context.Context
	left atomic.Int64
}

func (s *stopping) Err() error {
	if s.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestMinimiseStops(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 3))
	for _, p := range instances(rng) {
		start := p.naive(p.w)
		_, longest := p.objective().Minimise(context.Background(), p.w, 1000)
		for _, questions := range []int64{0, 1, 5, 20} {
			ctx := &stopping{Context: context.Background()}
			ctx.left.Store(questions)
			w, value := p.objective().Minimise(ctx, p.w, 1000)
			if value > start*(1+1e-12) || math.Abs(value-p.naive(w)) > 1e-12*value {
				t.Errorf("%s: objective %g after %d questions, %g before", p.name, value, questions, start)
			}
			if questions == 0 && !slices.Equal(w, p.w) {
				t.Errorf("%s: moved although ctx had ended", p.name)
			}
			if questions <= 5 && value < longest*(1+1e-6) {
				t.Errorf("%s: not stopped after %d questions", p.name, questions)
			}
			if left := ctx.left.Load(); left < -5 {
				t.Errorf("%s: %d questions after the end", p.name, -left)
			}
		}
	}
}

func TestMinimiseReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rng := rand.New(rand.NewPCG(21, 4))
	const n, d, m = 150, 20, 40
	p := instance{"", mat.NewDense(n, d, normals(rng, n*d)), lasso.NewSquared(normals(rng, 2*n), 2), m, true, normals(rng, m*(d+2)+2)}
	var first []float64
	for procs := 1; procs <= 3; procs++ {
		runtime.GOMAXPROCS(procs)
		w, value := p.objective().Minimise(context.Background(), p.w, 20)
		if w = append(w, value); first == nil {
			first = w
		}
		if !slices.Equal(first, w) {
			t.Errorf("%d processors give another result than 1", procs)
		}
	}
}

func BenchmarkValue(b *testing.B) {
	const n, d, m = 569, 31, 100
	rng := rand.New(rand.NewPCG(21, 5))
	x := mat.NewDense(n, d, normals(rng, n*d))
	for _, c := range []int{1, 10} {
		b.Run(fmt.Sprintf("outputs=%d", c), func(b *testing.B) {
			o := descent.New(x, lasso.NewSquared(normals(rng, n*c), c), beta, m, false)
			w := normals(rng, o.Len())
			grad := make([]float64, len(w))
			for b.Loop() {
				o.Value(grad, w)
			}
		})
	}
}
