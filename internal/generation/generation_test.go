package generation_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/internal/generation"
)

// tight is the relative gap that runs are to reach.
const tight = 1e-6

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// predict is F by its definition.
func predict(p problem, neurons []generation.Neuron, intercept []float64) []float64 {
	n, _ := p.X.Dims()
	c := p.loss.Outputs()
	f := make([]float64, n*c)
	for i := range n {
		copy(f[i*c:(i+1)*c], intercept)
		for _, h := range neurons {
			floats.AddScaled(f[i*c:(i+1)*c], max(0, floats.Dot(p.X.RawRowView(i), h.Direction)), h.Gain)
		}
	}
	return f
}

// objective is that of a network by its definition.
func objective(p problem, neurons []generation.Neuron, intercept []float64) float64 {
	sum := p.loss.Value(predict(p, neurons, intercept))
	for _, h := range neurons {
		sum += p.Beta * floats.Norm(h.Direction, 2) * floats.Norm(h.Gain, 2)
	}
	return sum
}

// valid checks what holds of every result.
func valid(t testing.TB, p problem, r *generation.Result) {
	t.Helper()
	want := objective(p, r.Neurons, r.Intercept)
	if math.Abs(r.Objective-want) > 1e-11*(1+want) || math.IsNaN(r.Objective) {
		t.Errorf("objective %.15g, recomputed %.15g", r.Objective, want)
	}
	for k, h := range r.Neurons {
		if math.Abs(floats.Norm(h.Direction, 2)-1) > 1e-12 || !(floats.Norm(h.Gain, 2) > 0) || math.IsInf(floats.Norm(h.Gain, 2), 0) {
			t.Errorf("neuron %d: %+v", k, h)
		}
	}
	outputs := 0
	if p.Intercept {
		outputs = p.loss.Outputs()
	}
	if len(r.Intercept) != outputs || (r.Intercept == nil) == p.Intercept {
		t.Errorf("intercept %v", r.Intercept)
	}
}

// trained runs to a tight gap and checks every network on the way.
func trained(t testing.TB, p problem, o generation.Oracle, s generation.Settings) *generation.Result {
	t.Helper()
	if s.Tolerance == 0 {
		s.Tolerance = tight
	}
	last := math.Inf(1)
	s.Progress = func(r *generation.Result) {
		valid(t, p, r)
		if r.Objective > last {
			t.Errorf("round %d: objective %g after %g", r.Rounds, r.Objective, last)
		}
		last = r.Objective
	}
	r, err := generation.Run(context.Background(), p.Problem, o, s)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, p, r)
	if !r.Converged {
		t.Errorf("not converged: %d rounds, objective %g", r.Rounds, r.Objective)
	}
	return r
}

// isOptimal checks an objective against a known optimum.
func isOptimal(t testing.TB, name string, r *generation.Result, want float64) {
	t.Helper()
	if r.Objective < want-1e-10*(1+want) || r.Objective > want+tight*(1e-3+want) {
		t.Errorf("%s: objective %.12g, want %.12g", name, r.Objective, want)
	}
}

// overGrid minimises over neurons of fixed directions, and returns an objective
// near the optimum: accelerated proximal gradient steps (Beck and Teboulle 2009).
func overGrid(p problem, directions [][]float64, steps int) float64 {
	n, _ := p.X.Dims()
	c, k := p.loss.Outputs(), len(directions)
	columns := k
	if p.Intercept {
		columns++
	}
	a := mat.NewDense(n, columns, nil)
	for i := range n {
		for j, u := range directions {
			a.Set(i, j, max(0, floats.Dot(p.X.RawRowView(i), u)))
		}
		if p.Intercept {
			a.Set(i, k, math.Sqrt(float64(k)))
		}
	}
	length := mat.Norm(a, 2)
	step := 1 / (length * length * p.loss.Smoothness())
	g, ahead := mat.NewDense(columns, c, nil), mat.NewDense(columns, c, nil)
	f, v := mat.NewDense(n, c, nil), mat.NewDense(n, c, nil)
	var up, next, move mat.Dense
	momentum := 1.0
	for range steps {
		f.Mul(a, ahead)
		p.loss.Residual(v.RawMatrix().Data, f.RawMatrix().Data)
		up.Mul(a.T(), v)
		up.Scale(step, &up)
		next.Add(ahead, &up)
		for j := range k {
			row := next.RawRowView(j)
			floats.Scale(max(0, 1-step*p.Beta/max(floats.Norm(row, 2), 1e-300)), row)
		}
		move.Sub(&next, g)
		g.Copy(&next)
		before := momentum
		momentum = (1 + math.Sqrt(1+4*momentum*momentum)) / 2
		move.Scale((before-1)/momentum, &move)
		ahead.Add(g, &move)
	}
	f.Mul(a, g)
	sum := p.loss.Value(f.RawMatrix().Data)
	for j := range k {
		sum += p.Beta * floats.Norm(g.RawRowView(j), 2)
	}
	return sum
}

// planeProblems are random ones in the plane with all kinds of losses.
func planeProblems(seed uint64) (list []problem, names []string) {
	rng := rand.New(rand.NewPCG(seed, 31))
	const n = 10
	for _, intercept := range []bool{false, true} {
		x := mat.NewDense(n, 2, normals(rng, 2*n))
		labels, class := make([]float64, n), make([]int, n)
		for i := range n {
			labels[i], class[i] = 1, i%3
			if x.At(i, 0)*x.At(i, 1)+0.5*rng.NormFloat64() < 0 {
				labels[i] = -1
			}
		}
		labels[0], labels[1] = 1, -1
		for _, l := range []struct {
			loss convex
			beta float64
		}{
			{newSquared(normals(rng, n), 1), 0.3},
			{wrapped{newSquared(normals(rng, n), 1)}, 0.2},
			{newSquared(normals(rng, 2*n), 2), 0.4},
			{newSquared(normals(rng, 3*n), 3), 0.6},
			{logistic{labels}, 0.2},
			{softmax{class, 3}, 0.3},
		} {
			list = append(list, newProblem(x, l.loss, l.beta, intercept))
			names = append(names, fmt.Sprintf("seed %d, %T of %d outputs, intercept %v", seed, l.loss, l.loss.Outputs(), intercept))
		}
	}
	return list, names
}

// The lists of directions hold the best one.
func TestOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	for trial := range 30 {
		n, c := 1+rng.IntN(10), 1+trial%3
		x, v := mat.NewDense(n, 2, normals(rng, 2*n)), normals(rng, n*c)
		got, want := 0.0, overAngles(x, v)
		for _, p := range inPlane(x, v) {
			got = max(got, p.price)
		}
		cells := 0.0
		for _, p := range byCells(t, x)(x, v) {
			cells = max(cells, p.price)
		}
		if math.Abs(got-want) > 1e-9*want || math.Abs(cells-want) > 1e-9*want {
			t.Errorf("trial %d: theta %.12g, by cells %.12g, over all angles %.12g", trial, got, cells, want)
		}
	}
}

// The gap closes for every loss, and is as small as said: the network's own dual point
// is priced over all angles.
func TestRun(t *testing.T) {
	for seed := range uint64(3) {
		problems, names := planeProblems(seed)
		for k, p := range problems {
			r := trained(t, p, newExact(p, inPlane), generation.Settings{Tolerance: tight / 10})
			v := make([]float64, len(predict(p, nil, nil)))
			p.loss.Residual(v, predict(p, r.Neurons, r.Intercept))
			if p.Intercept {
				v = p.loss.balanced(v)
			}
			_, bound := p.bound(v, overAngles(p.X, v))
			if gap := r.Objective - bound; gap < -1e-10 || !(gap <= 20*tight*r.Objective) {
				t.Errorf("%s: objective %.12g, proved %.12g", names[k], r.Objective, bound)
			}
			if len(r.Neurons) < 2 {
				t.Errorf("%s: %d neurons, an easy problem", names[k], len(r.Neurons))
			}
		}
	}
}

// No network of neurons on a grid, kinks included, is better, and that of a fine grid
// is about as good.
func TestRunAgainstGrid(t *testing.T) {
	const angles = 80
	problems, names := planeProblems(7)
	for k, p := range problems {
		var grid [][]float64
		for k := range angles {
			grid = append(grid, direction(2*math.Pi*float64(k)/angles))
		}
		n, _ := p.X.Dims()
		for i := range n {
			across := math.Atan2(p.X.At(i, 0), -p.X.At(i, 1))
			grid = append(grid, direction(across), direction(across+math.Pi))
		}
		r := trained(t, p, newExact(p, inPlane), generation.Settings{})
		want := overGrid(p, grid, 1500)
		if r.Objective > want*(1+tight) || r.Objective < want*(1-1e-3) {
			t.Errorf("%s: objective %.9g, over the grid %.9g", names[k], r.Objective, want)
		}
	}
}

// Cheap local search with the word of the exact oracle at the end.
func TestRunByLocalSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 2))
	const n, d, c = 8, 3, 2
	x, y := mat.NewDense(n, d, normals(rng, n*d)), normals(rng, n*c)
	p := newProblem(x, newSquared(y, c), 0.3, false)
	cells := byCells(t, x)
	local := newExact(p, cells)
	local.weak = func(q generation.Query) (list []peak) {
		how := pricing.LocalSettings{Starts: 4, Polish: 1, Kicks: -1, Seed: uint64(q.Round)}
		for _, h := range q.Active {
			how.Given = append(how.Given, h.Direction)
		}
		r, err := pricing.LocalOutputs(context.Background(), x, mat.NewDense(n, c, q.Dual), how)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Found {
			list = append(list, peak{f.Vector, value(x, q.Dual, f.Vector)})
		}
		return list
	}
	one := trained(t, p, local, generation.Settings{})
	other := trained(t, p, newExact(p, cells), generation.Settings{})
	if math.Abs(one.Objective-other.Objective) > 2*tight*other.Objective {
		t.Errorf("objective %.9g, with the exact oracle %.9g", one.Objective, other.Objective)
	}
}
