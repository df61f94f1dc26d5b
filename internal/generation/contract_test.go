package generation_test

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
)

// hard is a problem that takes several rounds, with its optimum and a network that is
// no good.
func hard(t *testing.T, intercept bool) (p problem, optimum float64, start []generation.Neuron) {
	rng := rand.New(rand.NewPCG(33, 1))
	const n = 25
	x, y := mat.NewDense(n, 2, normals(rng, 2*n)), normals(rng, n)
	for i := range n {
		y[i] += 2*math.Abs(x.At(i, 0)) - x.At(i, 1)
	}
	p = newProblem(x, newSquared(y, 1), 0.2, intercept)
	for range 5 {
		start = append(start, generation.Neuron{Direction: direction(7 * rng.Float64()), Gain: normals(rng, 1)})
	}
	r := trained(t, p, single(p), generation.Settings{Tolerance: 1e-9})
	if r.Rounds < 8 {
		t.Fatalf("solved in %d rounds", r.Rounds)
	}
	return p, r.Objective, start
}

// single gives one direction each time.
func single(p problem) *exact {
	o := newExact(p, inPlane)
	o.keep = 1
	return o
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

func TestCancelled(t *testing.T) {
	for _, intercept := range []bool{false, true} {
		p, optimum, start := hard(t, intercept)
		for _, from := range [][]generation.Neuron{nil, start} {
			var intercepts []float64
			if intercept {
				intercepts = []float64{0}
			}
			before := objective(p, from, intercepts)
			stopped, last := 0, before
			for _, questions := range []int64{0, 1, 2, 4, 8, 16, 32, 64, 128} {
				ctx := &stopping{Context: context.Background()}
				ctx.left.Store(questions)
				r, err := generation.Run(ctx, p.Problem, single(p), generation.Settings{Start: from, Tolerance: tight})
				if err != nil {
					t.Fatal(err)
				}
				valid(t, p, r)
				if r.Objective < optimum*(1-1e-8) || r.Objective > last*(1+1e-12) {
					t.Errorf("%d questions: objective %g, optimum %g, %g before", questions, r.Objective, optimum, last)
				}
				if questions == 0 && (r.Rounds != 0 || math.Abs(r.Objective-before) > 1e-12*before || len(r.Neurons) != len(from)) {
					t.Errorf("ended at once: %+v, objective %g before", r, before)
				}
				last = r.Objective
				if !r.Converged {
					stopped++
				}
			}
			if stopped < 4 {
				t.Errorf("stopped %d times", stopped)
			}
		}
	}
}

func TestMaxRounds(t *testing.T) {
	p, optimum, start := hard(t, false)
	last := objective(p, start, nil)
	for rounds := 1; rounds <= 7; rounds++ {
		r, err := generation.Run(context.Background(), p.Problem, single(p), generation.Settings{Start: start, Tolerance: tight, MaxRounds: rounds})
		if err != nil || r.Rounds != rounds || r.Converged {
			t.Fatalf("%d rounds: %+v, %v", rounds, r, err)
		}
		valid(t, p, r)
		if r.Objective < optimum*(1-1e-8) || r.Objective > last {
			t.Errorf("%d rounds: objective %g, optimum %g, %g before", rounds, r.Objective, optimum, last)
		}
		last = r.Objective
	}
}

func TestTolerance(t *testing.T) {
	p, optimum, _ := hard(t, false)
	last := 0
	for _, tolerance := range []float64{0.1, 0, 1e-5, 1e-8} { // 0 stands for 1e-3
		o := single(p)
		r, err := generation.Run(context.Background(), p.Problem, o, generation.Settings{Tolerance: tolerance})
		if err != nil || !r.Converged {
			t.Fatalf("tolerance %g: %+v, %v", tolerance, r, err)
		}
		if tolerance == 0 {
			tolerance = 1e-3
		}
		_, bound := o.Best(generation.Final)
		if bound < r.Objective*(1-tolerance) || r.Objective > optimum/(1-tolerance) || bound > optimum*(1+1e-12) {
			t.Errorf("tolerance %g: objective %g, bound %g, optimum %g", tolerance, r.Objective, bound, optimum)
		}
		if r.Rounds < last {
			t.Errorf("tolerance %g: %d rounds, %d with a larger one", tolerance, r.Rounds, last)
		}
		last = r.Rounds
	}
}

// From the optimum there is nothing to do but to confirm it.
func TestWarmStart(t *testing.T) {
	problems, names := planeProblems(5)
	for k, p := range problems {
		cold := trained(t, p, newExact(p, inPlane), generation.Settings{})
		warm := trained(t, p, newExact(p, inPlane), generation.Settings{Start: cold.Neurons, Tolerance: 2 * tight})
		if warm.Rounds > 4 || warm.Objective > cold.Objective*(1+tight) || !p.Intercept && warm.Objective > cold.Objective*(1+1e-12) {
			t.Errorf("%s: %d rounds, objective %.12g, %.12g at the start", names[k], warm.Rounds, warm.Objective, cold.Objective)
		}
	}
}

// The same direction again and again, in the start and from the oracle, with lengths
// that differ by rounding.
func TestDuplicates(t *testing.T) {
	p, optimum, start := hard(t, false)
	o := newExact(p, func(x *mat.Dense, v []float64) []peak {
		list := inPlane(x, v)
		for _, q := range slices.Clone(list) {
			u := direction(math.Atan2(q.u[1], q.u[0]) + 1e-9)
			list = append(list, q, peak{u, value(x, v, u)})
		}
		return list
	})
	start = slices.Concat(start, start, start)
	r := trained(t, p, o, generation.Settings{Start: start})
	isOptimal(t, "duplicates", r, optimum)
	plain := trained(t, p, newExact(p, inPlane), generation.Settings{})
	if r.Columns > len(start)+2*plain.Columns {
		t.Errorf("%d columns, %d without duplicates", r.Columns, plain.Columns)
	}
}

func TestReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	problems, names := planeProblems(6)
	for k, p := range problems {
		var first *generation.Result
		for procs := 1; procs <= 3; procs++ {
			runtime.GOMAXPROCS(procs)
			r := trained(t, p, newExact(p, inPlane), generation.Settings{})
			if first == nil {
				first = r
			}
			if !reflect.DeepEqual(first, r) {
				t.Errorf("%s: %d processors give another result than 1", names[k], procs)
			}
		}
	}
}

// Directions that are no longer needed leave the master.
func TestColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 2))
	const n = 40
	x := mat.NewDense(n, 2, normals(rng, 2*n))
	p := newProblem(x, newSquared(normals(rng, n), 1), 0.02, false)
	columns, entered := 0, 0
	r, err := generation.Run(context.Background(), p.Problem, single(p), generation.Settings{Tolerance: 1e-8, Progress: func(r *generation.Result) {
		entered += max(0, r.Columns-columns)
		columns = r.Columns
	}})
	if err != nil || !r.Converged {
		t.Fatalf("%+v, %v", r, err)
	}
	if r.Columns < len(r.Neurons) || r.Columns > entered/2 {
		t.Errorf("%d of %d directions left, for %d neurons", r.Columns, entered, len(r.Neurons))
	}
}

// Data that are fitted without any neuron.
func TestNothingToFit(t *testing.T) {
	x := mat.NewDense(3, 2, []float64{1, 2, -1, 1, 0, 0})
	for _, intercept := range []bool{false, true} {
		p := newProblem(x, newSquared(make([]float64, 6), 2), 0.1, intercept)
		for _, start := range [][]generation.Neuron{nil, {{Direction: []float64{0.6, 0.8}, Gain: []float64{1, 2}}}} {
			r := trained(t, p, newExact(p, inPlane), generation.Settings{Start: start})
			if r.Objective != 0 || len(r.Neurons) != 0 {
				t.Errorf("%+v", r)
			}
		}
	}
}
