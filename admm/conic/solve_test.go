package conic_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

func TestDegenerate(t *testing.T) {
	empty := func(rows, cols int) *conic.Matrix { return conic.NewBuilder(rows, cols).Matrix() }
	for _, test := range []struct {
		name string
		p    conic.Problem
		want float64
	}{
		{"nothing", conic.Problem{}, 0},
		{"nothing, with matrices", conic.Problem{A: empty(0, 0), Q: empty(0, 0)}, 0},
		{"empty cones", conic.Problem{
			C: []float64{1}, Cones: []conic.Cone{{Kind: conic.Semidefinite}, {Kind: conic.NonNegative, Size: 1}, {Kind: conic.SecondOrder}, {}},
		}, 0},
		{"no equations", conic.Problem{C: []float64{2, 1}, Cones: []conic.Cone{{Kind: conic.SecondOrder, Size: 2}}}, 0},
		{"equations without entries", conic.Problem{
			C: []float64{1, 1}, A: empty(2, 2), B: []float64{0, 0}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 2}},
		}, 0},
		{"equations without coordinates", conic.Problem{A: empty(2, 0), B: []float64{0, 0}}, 0},
		{"all zero", conic.Problem{
			C: make([]float64, 3), Q: empty(3, 3), A: empty(1, 3), B: []float64{0}, Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: 2}},
		}, 0},
		{"zero cone alone", conic.Problem{C: []float64{3}, Cones: []conic.Cone{{Kind: conic.Zero, Size: 1}}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) { optimal(t, &test.p, test.want) })
	}
}

// Rows that repeat and combine others change nothing, dense or sparse.
func TestRedundantRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, density := range []float64{1, 0.02} {
		const n, m = 120, 40
		p, want := random(rng, []conic.Cone{{Kind: conic.NonNegative, Size: n}}, m, false)
		if density < 1 {
			a := conic.NewBuilder(m, n)
			b := make([]float64, m)
			p.A.All(func(i, j int, v float64) {
				if j%m == i || j%m == i+1 {
					a.Add(i, j, v)
				}
			})
			p.A = a.Matrix()
			// A feasible point of the thinned rows, and a cost that keeps it bounded.
			for j := range p.C {
				p.C[j] = 1 + float64(j%7)
			}
			p.A.All(func(i, j int, v float64) { b[i] += v * float64(j%5) })
			p.B = b
			r := solve(t, p, conic.Settings{Tolerance: 1e-8})
			if r.Status != conic.Solved {
				t.Fatal(r.Status)
			}
			want = r.Objective
		}
		a := conic.NewBuilder(m+30, n)
		b := append(slices.Clone(p.B), make([]float64, 30)...)
		p.A.All(func(i, j int, v float64) {
			a.Add(i, j, v)
			if i < 30 {
				a.Add(m+i, j, -2*v)
			}
			if i > 0 && i <= 30 {
				a.Add(m+i-1, j, v)
			}
		})
		for i := range 30 {
			b[m+i] = p.B[i+1] - 2*p.B[i]
		}
		optimal(t, &conic.Problem{C: p.C, A: a.Matrix(), B: b, Cones: p.Cones}, want)
		b[m+7]++
		bad := &conic.Problem{C: p.C, A: a.Matrix(), B: b, Cones: p.Cones}
		infeasible(t, bad, solve(t, bad, conic.Settings{}))
	}
}

func TestWarmStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	problems := []*conic.Problem{maxCut(20, randomGraph(rng, 20, 0.3)), theta(7, cycle(7)), shrinkage(orthogonal(rng, 4), 0.3)}
	for k := range 6 {
		problems = append(problems, maxCut(10+2*k, randomGraph(rng, 10+2*k, 0.4)), theta(9+2*k, cycle(9+2*k)))
	}
	coldSum, warmSum := 0, 0
	for k, p := range problems {
		cold := solve(t, p, conic.Settings{})
		again := solve(t, p, conic.Settings{Start: cold.Start()})
		if again.Status != conic.Solved || again.Iterations > 10 {
			t.Errorf("problem %d: from its solution %d iterations, %v", k, again.Iterations, again.Status)
		}
		// A little further on.
		next := *p
		next.C = slices.Clone(p.C)
		for j := range next.C {
			next.C[j] *= 1 + 1e-5*rng.NormFloat64()
		}
		cold = solve(t, &next, conic.Settings{})
		warm := solve(t, &next, conic.Settings{Start: again.Start()})
		if math.Abs(warm.Objective-cold.Objective) > 1e-4*max(1, math.Abs(cold.Objective)) || warm.Status != conic.Solved {
			t.Errorf("problem %d: warm %.10g (%v), cold %.10g", k, warm.Objective, warm.Status, cold.Objective)
		}
		coldSum += cold.Iterations
		warmSum += warm.Iterations
	}
	if warmSum > coldSum/2 {
		t.Errorf("%d iterations warm, %d cold", warmSum, coldSum)
	}
}

// The bits do not depend on the number of threads.
func TestThreads(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	mixed, _ := random(rng, []conic.Cone{{Kind: conic.Semidefinite, Size: 20}, {Kind: conic.Semidefinite, Size: 25}, {Kind: conic.NonNegative, Size: 200}}, 250, true)
	for _, p := range []*conic.Problem{mixed, maxCut(110, randomGraph(rng, 110, 0.1))} {
		var first *conic.Result
		for _, threads := range []int{1, 2, 5} {
			before := runtime.GOMAXPROCS(threads)
			r, err := conic.Solve(t.Context(), p, conic.Settings{MaxIterations: 60})
			runtime.GOMAXPROCS(before)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = r
			} else if !slices.Equal(r.X, first.X) || !slices.Equal(r.Y, first.Y) || !slices.Equal(r.S, first.S) {
				t.Errorf("%v: other bits with %d threads", p, threads)
			}
		}
	}
}

func TestStops(t *testing.T) {
	p := maxCut(20, cycle(20))
	ctx, cancel := context.WithCancel(t.Context())
	reported := math.Inf(1)
	r, err := conic.Solve(ctx, p, conic.Settings{Tolerance: 1e-15, Progress: func(q conic.Progress) {
		reported = min(reported, max(q.Primal, q.Dual, q.Gap))
		if q.Iteration >= 40 {
			cancel()
		}
	}})
	if err != nil || r.Status != conic.Stopped || r.Iterations != 40 {
		t.Fatalf("%v after %d iterations, %v", r.Status, r.Iterations, err)
	}
	verify(t, p, r)
	if worst := max(r.PrimalResidual, r.DualResidual, r.Gap); worst != reported {
		t.Errorf("residuals %g, the best reported were %g", worst, reported)
	}
	r, err = conic.Solve(ctx, p, conic.Settings{})
	if err != nil || r.Status != conic.Stopped || r.Iterations != 0 {
		t.Fatalf("begun after the end: %v after %d iterations, %v", r.Status, r.Iterations, err)
	}
	verify(t, p, r)
	// The best of all tests, not the last.
	best, last := math.Inf(1), 0.0
	r, err = conic.Solve(t.Context(), theta(10, petersen()), conic.Settings{
		Tolerance: 1e-15, MaxIterations: 25, CheckEvery: 1, Rho: 1e-2, Memory: -1,
		Progress: func(q conic.Progress) {
			last = max(q.Primal, q.Dual, q.Gap)
			best = min(best, last)
		},
	})
	if worst := max(r.PrimalResidual, r.DualResidual, r.Gap); err != nil || worst != best || best == last {
		t.Errorf("residuals %g, the best %g, the last %g, %v", worst, best, last, err)
	}
	if r := solve(t, p, conic.Settings{Tolerance: 1e-15, MaxIterations: 7}); r.Status != conic.Limited || r.Iterations != 7 {
		t.Errorf("%v after %d iterations, want limited after 7", r.Status, r.Iterations)
	}
}

// Without a Q one factorisation serves every rho; with one their number is bounded.
func TestFactorisations(t *testing.T) {
	if r := solve(t, maxCut(10, petersen()), conic.Settings{Rho: 100, Tolerance: 1e-9}); r.Factorisations != 1 || r.Rho == 100 {
		t.Errorf("%d factorisations, rho %g", r.Factorisations, r.Rho)
	}
	p := shrinkage(orthogonal(rand.New(rand.NewPCG(1, 1)), 4), 0.5)
	r := solve(t, p, conic.Settings{Rho: 1e-5})
	if r.Factorisations < 2 || r.Status != conic.Solved {
		t.Errorf("%d factorisations from a bad rho, %v", r.Factorisations, r.Status)
	}
	if r := solve(t, p, conic.Settings{Rho: 1e-5, MaxFactorisations: 1}); r.Factorisations != 1 || r.Rho != 1e-5 {
		t.Errorf("%d factorisations, rho %g", r.Factorisations, r.Rho)
	}
}

func TestRefuses(t *testing.T) {
	good := func() *conic.Problem { return maxCut(4, cycle(4)) }
	bad := conic.NewBuilder(1, 10)
	bad.Add(1, 0, 1)
	lopsided := conic.NewBuilder(10, 10)
	lopsided.Add(1, 0, 1)
	lopsided.Add(0, 1, 2)
	concave := conic.NewBuilder(10, 10)
	concave.Add(3, 3, -1)
	saddle := conic.NewBuilder(10, 10)
	saddle.Add(2, 3, 1)
	for _, test := range []struct {
		name   string
		change func(p *conic.Problem, s *conic.Settings)
		want   error
		says   string
	}{
		{"short C", func(p *conic.Problem, _ *conic.Settings) { p.C = p.C[1:] }, conic.ErrInvalid, "10 coordinates"},
		{"long B", func(p *conic.Problem, _ *conic.Settings) { p.B = append(p.B, 1) }, conic.ErrInvalid, "A is 4 x 10"},
		{"no A", func(p *conic.Problem, _ *conic.Settings) { p.A = nil }, conic.ErrInvalid, "A is nil"},
		{"NaN", func(p *conic.Problem, _ *conic.Settings) { p.C[3] = math.NaN() }, conic.ErrInvalid, "C[3]"},
		{"infinite b", func(p *conic.Problem, _ *conic.Settings) { p.B[2] = math.Inf(1) }, conic.ErrInvalid, "B[2]"},
		{"entry outside", func(p *conic.Problem, _ *conic.Settings) { p.A, p.B = bad.Matrix(), p.B[:1] }, conic.ErrInvalid, "(1, 0)"},
		{"kind", func(p *conic.Problem, _ *conic.Settings) { p.Cones[0].Kind = 9 }, conic.ErrInvalid, "kind 9"},
		{"size", func(p *conic.Problem, _ *conic.Settings) { p.Cones[0].Size = -1 }, conic.ErrInvalid, "size -1"},
		{"sizes that overflow", func(p *conic.Problem, _ *conic.Settings) {
			// Their sum is 2^64, and zero in an int.
			huge := conic.Cone{Kind: conic.Semidefinite, Size: math.MaxInt32}
			p.Cones = append(p.Cones, slices.Repeat([]conic.Cone{huge}, 8)...)
			p.Cones = append(p.Cones, slices.Repeat([]conic.Cone{{Kind: conic.Free, Size: math.MaxInt32}}, 4)...)
			p.Cones = append(p.Cones, conic.Cone{Kind: conic.Free, Size: 4})
		}, conic.ErrInvalid, "cone 1 (semidefinite, size 2147483647)"},
		{"negative size of A", func(p *conic.Problem, _ *conic.Settings) { p.A = conic.NewBuilder(4, -10).Matrix() }, conic.ErrInvalid, "4 x -10"},
		{"asymmetric Q", func(p *conic.Problem, _ *conic.Settings) { p.Q = lopsided.Matrix() }, conic.ErrInvalid, "symmetric"},
		{"concave", func(p *conic.Problem, _ *conic.Settings) { p.Q = concave.Matrix() }, conic.ErrNotConvex, "Q[3,3]"},
		{"saddle", func(p *conic.Problem, _ *conic.Settings) { p.Q = saddle.Matrix() }, conic.ErrNotConvex, "coordinate 2"},
		{"memory", func(_ *conic.Problem, s *conic.Settings) { s.MemoryLimit = 1000 }, conic.ErrMemory, "order 4"},
		{"memory of the acceleration", func(_ *conic.Problem, s *conic.Settings) { s.Memory = 1 << 18 }, conic.ErrMemory, "order 4"},
		{"relaxation", func(_ *conic.Problem, s *conic.Settings) { s.Relaxation = 2 }, conic.ErrInvalid, "Relaxation"},
		{"tolerance", func(_ *conic.Problem, s *conic.Settings) { s.Tolerance = math.NaN() }, conic.ErrInvalid, "Tolerance"},
		{"start", func(_ *conic.Problem, s *conic.Settings) { s.Start = &conic.Start{X: []float64{1}} }, conic.ErrInvalid, "Start.X"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, s := good(), conic.Settings{}
			test.change(p, &s)
			_, err := conic.Solve(t.Context(), p, s)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %v with %q", err, test.want, test.says)
			}
		})
	}
	p := good()
	p.Q = concave.Matrix()
	if _, err := conic.Bound(p, make([]float64, 4), nil, nil); !errors.Is(err, conic.ErrNotConvex) {
		t.Errorf("Bound with a concave Q: %v", err)
	}
}

// The estimate is of the size of what is allocated and kept.
func TestEstimateMemory(t *testing.T) {
	p := maxCut(45, cycle(45))
	small, large := conic.EstimateMemory(p), conic.EstimateMemory(maxCut(90, cycle(90)))
	if ratio := large / small; ratio < 3.5 || ratio > 4.5 {
		t.Errorf("twice the order takes %.3g times the memory; nearly all is coordinates", ratio)
	}
	a := conic.NewBuilder(500, 600)
	for i := range 500 {
		for j := range 600 {
			a.Add(i, j, 1/float64(1+i+j))
		}
	}
	dense := &conic.Problem{C: make([]float64, 600), A: a.Matrix(), B: make([]float64, 500), Cones: []conic.Cone{{Kind: conic.Free, Size: 600}}}
	if need := conic.EstimateMemory(dense); need < 8*500*500+16*500*600 {
		t.Errorf("%.3g bytes do not hold the factor and the matrix", need)
	}
	if got := p.String(); got != "1035 coordinates in 1 semidefinite cone of order 45; 45 equations, 45 non-zeros" {
		t.Error(got)
	}
}

// What does not fit is refused before it is taken, the analysis of the structure included.
func TestRefusesInTime(t *testing.T) {
	const m, limit = 4000, 12 << 20
	// A full column ties all equations together, a chain in Q all coordinates.
	column, diagonal := conic.NewBuilder(m, m+1), conic.NewBuilder(m, m+1)
	chain := conic.NewBuilder(m+1, m+1)
	for i := range m {
		column.Add(i, i, 1)
		column.Add(i, m, 1)
		diagonal.Add(i, i, 1)
		chain.Add(i, i, 2)
		chain.Add(i, i+1, -1)
	}
	chain.Add(m, m, 2)
	cones := []conic.Cone{{Kind: conic.Free, Size: m + 1}}
	for name, p := range map[string]*conic.Problem{
		"full column": {C: make([]float64, m+1), A: column.Matrix(), B: make([]float64, m), Cones: cones},
		"chain":       {C: make([]float64, m+1), A: diagonal.Matrix(), B: make([]float64, m), Q: chain.Matrix(), Cones: cones},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := conic.Solve(t.Context(), p, conic.Settings{MemoryLimit: limit}); !errors.Is(err, conic.ErrMemory) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 3*limit { // with garbage
			t.Errorf("%s: %d MiB were allocated, and the limit is %d MiB", name, took>>20, limit>>20)
		}
	}
}
