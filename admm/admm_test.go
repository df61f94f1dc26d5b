package admm_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/admm"
)

// dense is the plainest operator: F is an n x (m d) matrix, and each of the m
// blocks is constrained by G u_j >= 0 for one q x d matrix G.
type dense struct {
	n, m, d, q int
	f, g       []float64
}

func (o dense) matrix() blas64.General {
	return blas64.General{Rows: o.n, Cols: o.m * o.d, Stride: o.m * o.d, Data: o.f}
}
func (o dense) Dims() (n, m, d int) { return o.n, o.m, o.d }
func (o dense) Apply(dst, u []float64) {
	blas64.Gemv(blas.NoTrans, 1, o.matrix(), vec(u), 0, vec(dst))
}

func (o dense) Adjoint(dst, r []float64) {
	blas64.Gemv(blas.Trans, 1, o.matrix(), vec(r), 0, vec(dst))
}

func vec(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Data: v, Inc: 1} }

// SolveMetric inverts I + G'G by Gauss-Jordan: d is tiny here.
func (o dense) SolveMetric(dst, b []float64) {
	for j := range o.m {
		a := make([][]float64, o.d)
		for r := range a {
			a[r] = make([]float64, o.d+1)
			a[r][r] = 1
			a[r][o.d] = b[j*o.d+r]
			for c := range o.d {
				for k := range o.q {
					a[r][c] += o.g[k*o.d+r] * o.g[k*o.d+c]
				}
			}
		}
		for c := range o.d {
			floats.Scale(1/a[c][c], a[c])
			for r := range o.d {
				if r != c {
					floats.AddScaled(a[r], -a[r][c], a[c])
				}
			}
		}
		for r := range o.d {
			dst[j*o.d+r] = a[r][o.d]
		}
	}
}

func (o dense) Gram() blas64.General {
	out := blas64.General{Rows: o.n, Cols: o.n, Stride: o.n, Data: make([]float64, o.n*o.n)}
	e, u, col := make([]float64, o.n), make([]float64, o.m*o.d), make([]float64, o.n)
	for i := range o.n {
		clear(e)
		e[i] = 1
		o.Adjoint(u, e)
		o.SolveMetric(u, u)
		o.Apply(col, u)
		for k, v := range col {
			out.Data[k*o.n+i] = v
		}
	}
	return out
}

func (o dense) GramDiagonal() []float64 {
	diag := make([]float64, o.n)
	for i := range diag {
		diag[i] = o.Gram().Data[i*o.n+i]
	}
	return diag
}

func (o dense) GramColumn(dst []float64, i int) {
	copy(dst, o.Gram().Data[i*o.n:(i+1)*o.n])
}

func (o dense) Cones() admm.Cones {
	if o.q == 0 {
		return nil
	}
	return &cones{o, make([]float64, o.m*o.q)}
}

// cones keeps slacks and multipliers in one array: positive and negative parts.
type cones struct {
	dense
	z []float64
}

func (c *cones) Step(dst, u []float64, alpha float64) (r admm.ConeNorms) {
	for j := range c.m {
		for k := range c.q {
			p := floats.Dot(c.g[k*c.d:(k+1)*c.d], u[j*c.d:(j+1)*c.d])
			old, nu := max(c.z[j*c.q+k], 0), min(c.z[j*c.q+k], 0)
			t := alpha*p + (1-alpha)*old + nu
			c.z[j*c.q+k] = t
			s := max(t, 0)
			r.Primal += (p - s) * (p - s)
			r.Dual += (s - old) * (s - old)
			r.Value += p * p
			r.Slack += s * s
			r.Multiplier += (t - s) * (t - s)
		}
	}
	c.Pull(dst)
	return r
}

func (c *cones) Pull(dst []float64) {
	clear(dst)
	for j := range c.m {
		for k := range c.q {
			floats.AddScaled(dst[j*c.d:(j+1)*c.d], math.Abs(c.z[j*c.q+k]), c.g[k*c.d:(k+1)*c.d])
		}
	}
}

func (c *cones) ScaleMultipliers(factor float64) {
	for i, v := range c.z {
		c.z[i] = max(v, 0) + factor*min(v, 0)
	}
}

func (c *cones) Refine() {}

func (c *cones) Take(from admm.Cones) { copy(c.z, from.(*cones).z) }

func random(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// With F = I the group lasso separates: u_j = (1 - beta/|y_j|)_+ y_j.
func TestGroupLassoClosedForm(t *testing.T) {
	const m, d, beta = 6, 3, 1.5
	rng := rand.New(rand.NewPCG(1, 2))
	o := dense{n: m * d, m: m, d: d, f: make([]float64, m*d*m*d)}
	for i := range m * d {
		o.f[i*m*d+i] = 1
	}
	y := random(rng, m*d)
	for _, direct := range []int{1000, -1} { // a factor, and conjugate gradients
		r, err := admm.Solve(context.Background(), admm.Problem{Operator: o, Y: y, Beta: beta}, nil, admm.Settings{Tolerance: 2e-10, DirectLimit: direct})
		if err != nil || r.Status != admm.Converged {
			t.Fatal(r, err)
		}
		for j := range m {
			norm := floats.Norm(y[j*d:(j+1)*d], 2)
			shrink := max(0, 1-beta/norm)
			for l := range d {
				if got, want := r.Weights[j*d+l], shrink*y[j*d+l]; math.Abs(got-want) > 1e-9 {
					t.Errorf("block %d: weight %v, closed form %v", j, got, want)
				}
			}
		}
	}
}

// One block, F = I, tiny beta: the projection of y onto the orthant, less the
// shrinkage, is the solution.
func TestConesClosedForm(t *testing.T) {
	const d, beta = 4, 0.5
	o := dense{n: d, m: 1, d: d, q: d, f: make([]float64, d*d), g: make([]float64, d*d)}
	for i := range d {
		o.f[i*d+i], o.g[i*d+i] = 1, 0.8
	}
	y := []float64{3, -1, 4, -2} // y_+ has norm 5
	for _, direct := range []int{1000, -1} {
		r, err := admm.Solve(context.Background(), admm.Problem{Operator: o, Y: y, Beta: beta}, nil, admm.Settings{Tolerance: 1e-10, DirectLimit: direct})
		if err != nil || r.Status != admm.Converged {
			t.Fatal(r, err)
		}
		for l, want := range []float64{2.7, 0, 3.6, 0} {
			if math.Abs(r.Weights[l]-want) > 1e-8 {
				t.Errorf("weights %v, want 0.9 y_+", r.Weights)
			}
		}
		for l := range r.Residual {
			fit := []float64{2.7, 0, 3.6, 0}[l]
			if math.Abs(r.Residual[l]-(y[l]-fit)) > 1e-7 {
				t.Errorf("residual %v is not y - F u", r.Residual)
			}
		}
	}
}

// The optimality conditions, checked without knowing the solution: for the group
// lasso |F_j'r| <= beta, with F_j'r = beta u_j/|u_j| where u_j is not zero.
func TestRandomGroupLassoSatisfiesKKT(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		o := dense{n: 12, m: 8, d: 3}
		o.f = random(rng, o.n*o.m*o.d)
		y := random(rng, o.n)
		beta := 0.1 + 2*rng.Float64()
		r, err := admm.Solve(context.Background(), admm.Problem{Operator: o, Y: y, Beta: beta}, nil, admm.Settings{Tolerance: 1e-10, MaxIterations: 50000})
		if err != nil || r.Status != admm.Converged {
			t.Fatal(r, err)
		}
		grad := make([]float64, o.m*o.d)
		fit := make([]float64, o.n)
		o.Apply(fit, r.Weights)
		floats.SubTo(fit, y, fit)
		o.Adjoint(grad, fit)
		for j := range o.m {
			g, u := grad[j*o.d:(j+1)*o.d], r.Weights[j*o.d:(j+1)*o.d]
			norm := floats.Norm(u, 2)
			if norm == 0 {
				if floats.Norm(g, 2) > beta*(1+1e-6) {
					t.Errorf("idle block %d: gradient %v over beta %v", j, floats.Norm(g, 2), beta)
				}
				continue
			}
			for l := range g {
				if math.Abs(g[l]-beta*u[l]/norm) > 1e-6*beta {
					t.Errorf("block %d is not stationary", j)
				}
			}
		}
	}
}

func TestInterruptReturnsTheIterate(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := dense{n: 3, m: 1, d: 3, f: []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}}
	r, err := admm.Solve(ctx, admm.Problem{Operator: o, Y: []float64{1, 2, 3}, Beta: 0.1}, nil, admm.Settings{
		Tolerance: 1e-300,
		Progress: func(p admm.Progress) {
			if p.Iteration == 7 {
				cancel()
			}
		},
	})
	if err != nil || r.Status != admm.Interrupted || r.Iterations != 7 {
		t.Errorf("status %v after %d iterations, err %v", r.Status, r.Iterations, err)
	}
	if len(r.Weights) != 3 || r.Weights[2] == 0 {
		t.Errorf("no weights: %v", r.Weights)
	}
}

func TestWarmStartNeedsFewerIterations(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	o := dense{n: 12, m: 8, d: 3}
	o.f = random(rng, o.n*o.m*o.d)
	p := admm.Problem{Operator: o, Y: random(rng, o.n), Beta: 0.5}
	settings := admm.Settings{Tolerance: 1e-6}
	cold, err := admm.Solve(context.Background(), p, nil, settings)
	if err != nil {
		t.Fatal(err)
	}
	p.Beta *= 1.01
	again, err := admm.Solve(context.Background(), p, cold.State, settings)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := admm.Solve(context.Background(), p, nil, settings)
	if err != nil {
		t.Fatal(err)
	}
	if again.Iterations >= fresh.Iterations {
		t.Errorf("%d iterations from a warm start, %d without", again.Iterations, fresh.Iterations)
	}
	if floats.Distance(again.Weights, fresh.Weights, 2) > 1e-3*floats.Norm(fresh.Weights, 2) {
		t.Error("the two ended in different places")
	}
}

// A start comes with slacks and multipliers, not with the constraints that they
// belonged to.
func TestWarmStartKeepsTheNewConstraints(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	o := dense{n: 12, m: 4, d: 3, q: 2}
	o.f, o.g = random(rng, o.n*o.m*o.d), random(rng, o.q*o.d)
	y := random(rng, o.n)
	settings := admm.Settings{Tolerance: 1e-10, MaxIterations: 50000}
	first, err := admm.Solve(context.Background(), admm.Problem{Operator: o, Y: y, Beta: 0.1}, nil, settings)
	if err != nil {
		t.Fatal(err)
	}
	o.g = random(rng, o.q*o.d)
	p := admm.Problem{Operator: o, Y: y, Beta: 0.1}
	warm, err := admm.Solve(context.Background(), p, first.State, settings)
	if err != nil {
		t.Fatal(err)
	}
	cold, err := admm.Solve(context.Background(), p, nil, settings)
	if err != nil {
		t.Fatal(err)
	}
	if far := floats.Distance(warm.Weights, cold.Weights, 2); far > 1e-6 {
		t.Errorf("the weights from a warm start are %v away", far)
	}
}

func TestBrokenOperatorIsAnError(t *testing.T) {
	o := dense{n: 1, m: 1, d: 1, f: []float64{math.NaN()}}
	_, err := admm.Solve(context.Background(), admm.Problem{Operator: o, Y: []float64{1}, Beta: 1}, nil, admm.Settings{})
	if !errors.Is(err, admm.ErrNotPositiveDefinite) {
		t.Errorf("err = %v", err)
	}
}
