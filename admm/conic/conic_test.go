package conic_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
)

// solve solves p and holds the result against the definitions, computed anew.
func solve(t *testing.T, p *conic.Problem, s conic.Settings) *conic.Result {
	t.Helper()
	r, err := conic.Solve(t.Context(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, p, r)
	return r
}

// optimal fails unless p was solved with the given optimum.
func optimal(t *testing.T, p *conic.Problem, want float64) *conic.Result {
	t.Helper()
	r := solve(t, p, conic.Settings{Tolerance: 1e-8, MaxIterations: 50000})
	if r.Status != conic.Solved || math.Abs(r.Objective-want) > 1e-6*max(1, math.Abs(want)) {
		t.Errorf("%v: objective %.12g, want %.12g (%v after %d iterations)", p, r.Objective, want, r.Status, r.Iterations)
	}
	return r
}

// verify recomputes objectives and residuals by dense loops, and tests membership in
// the cones by code of its own.
func verify(t *testing.T, p *conic.Problem, r *conic.Result) {
	t.Helper()
	n, m := len(p.C), len(p.B)
	if len(r.X) != n || len(r.S) != n || len(r.Y) != m {
		t.Fatalf("X, Y, S have lengths %d, %d, %d for n = %d, m = %d", len(r.X), len(r.Y), len(r.S), n, m)
	}
	ax, qx, aty := make([]float64, m), times(p.Q, r.X, n), make([]float64, n)
	p.A.All(func(i, j int, v float64) { ax[i] += v * r.X[j]; aty[j] += v * r.Y[i] })
	primal, dual := 0.0, 0.0
	for i := range ax {
		primal = max(primal, math.Abs(ax[i]-p.B[i])/max(1, top(ax), top(p.B)))
	}
	for j := range aty {
		dual = max(dual, math.Abs(p.C[j]+qx[j]-aty[j]-r.S[j])/max(1, top(p.C), top(qx), top(aty), top(r.S)))
	}
	objective := floats.Dot(p.C, r.X) + floats.Dot(r.X, qx)/2
	value := floats.Dot(p.B, r.Y) - floats.Dot(r.X, qx)/2
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-10*max(1, math.Abs(want))) {
			t.Errorf("%s is %.12g, recomputed %.12g", what, got, want)
		}
	}
	near("objective", r.Objective, objective)
	near("dual", r.Dual, value)
	near("primal residual", r.PrimalResidual, primal)
	near("dual residual", r.DualResidual, dual)
	near("gap", r.Gap, math.Abs(objective-value)/max(1, math.Abs(objective), math.Abs(value)))
	scale := max(1, top(r.X), top(r.S))
	if d := outside(p.Cones, r.X, false); d > 1e-9*scale {
		t.Errorf("x is outside the cones by %g", d)
	}
	if d := outside(p.Cones, r.S, true); d > 1e-9*scale {
		t.Errorf("s is outside the dual cones by %g", d)
	}
}

func times(q *conic.Matrix, x []float64, n int) []float64 {
	out := make([]float64, n)
	lower := false
	q.All(func(i, j int, _ float64) { lower = lower || i > j })
	q.All(func(i, j int, v float64) {
		out[i] += v * x[j]
		if i != j && !lower {
			out[j] += v * x[i]
		}
	})
	return out
}

func top(v []float64) (norm float64) {
	for _, x := range v {
		norm = max(norm, math.Abs(x))
	}
	return norm
}

// outside returns by how much v is outside the cones, or their duals.
func outside(cones []conic.Cone, v []float64, dual bool) (worst float64) {
	for _, c := range cones {
		block := v[:c.Dim()]
		v = v[c.Dim():]
		if len(block) == 0 {
			continue
		}
		switch {
		case c.Kind == conic.NonNegative:
			worst = max(worst, -floats.Min(block))
		case c.Kind == conic.SecondOrder:
			worst = max(worst, floats.Norm(block[1:], 2)-block[0])
		case c.Kind == conic.Semidefinite:
			worst = max(worst, -eigenvalues(conic.Smat(block))[0])
		case (c.Kind == conic.Zero) != dual:
			worst = max(worst, top(block))
		}
	}
	return worst
}

func eigenvalues(m mat.Symmetric) []float64 {
	var e mat.EigenSym
	e.Factorize(m, false)
	return e.Values(nil)
}

// form adds the row or matrix entry <M, X> of a symmetric M with M_ij = M_ji = v.
func form(b *conic.Builder, row, at, order, i, j int, v float64) {
	if i != j {
		v *= math.Sqrt2
	}
	b.Add(row, at+conic.SvecIndex(order, i, j), v)
}

type edge [2]int

func cycle(n int) (edges []edge) {
	for i := range n {
		edges = append(edges, edge{i, (i + 1) % n})
	}
	return edges
}

// petersen is the graph of that name: an outer and an inner 5-cycle, and spokes.
func petersen() (edges []edge) {
	for i := range 5 {
		edges = append(edges, edge{i, (i + 1) % 5}, edge{i, 5 + i}, edge{5 + i, 5 + (i+2)%5})
	}
	return edges
}

func randomGraph(rng *rand.Rand, n int, density float64) (edges []edge) {
	for i := range n {
		for j := range i {
			if rng.Float64() < density {
				edges = append(edges, edge{i, j})
			}
		}
	}
	return edges
}

// maxCut is the relaxation of Goemans and Williamson: minimise -<L, X>/4, X_ii = 1.
func maxCut(n int, edges []edge) *conic.Problem {
	l := mat.NewSymDense(n, nil)
	for _, e := range edges {
		l.SetSym(e[0], e[0], l.At(e[0], e[0])-0.25)
		l.SetSym(e[1], e[1], l.At(e[1], e[1])-0.25)
		l.SetSym(e[0], e[1], l.At(e[0], e[1])+0.25)
	}
	p := &conic.Problem{C: conic.Svec(nil, l), Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: n}}}
	a := conic.NewBuilder(n, len(p.C))
	for i := range n {
		form(a, i, 0, n, i, i, 1)
		p.B = append(p.B, 1)
	}
	p.A = a.Matrix()
	return p
}

// theta is Lovasz' number: minimise -<J, X>, tr X = 1, X_ij = 0 on edges.
func theta(n int, edges []edge) *conic.Problem {
	p := &conic.Problem{B: make([]float64, 1+len(edges)), Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: n}}}
	j := mat.NewSymDense(n, nil)
	for i := range n {
		for k := range i + 1 {
			j.SetSym(i, k, -1)
		}
	}
	p.C, p.B[0] = conic.Svec(nil, j), 1
	a := conic.NewBuilder(len(p.B), len(p.C))
	for i := range n {
		form(a, 0, 0, n, i, i, 1)
	}
	for k, e := range edges {
		form(a, 1+k, 0, n, e[0], e[1], 1)
	}
	p.A = a.Matrix()
	return p
}

// random makes a problem whose optimum is known by construction: x and s are the parts in
// and out of the cones of a random point, y is random, and b and c are what makes them
// optimal.
func random(rng *rand.Rand, cones []conic.Cone, m int, quadratic bool) (p *conic.Problem, optimum float64) {
	n := 0
	for _, c := range cones {
		n += c.Dim()
	}
	x, s := split(rng, cones)
	a := conic.NewBuilder(m, n)
	for i := range m {
		for j := range n {
			if rng.Float64() < 0.4 {
				a.Add(i, j, rng.NormFloat64())
			}
		}
	}
	p = &conic.Problem{C: s, B: make([]float64, m), A: a.Matrix(), Cones: cones}
	if quadratic {
		q := conic.NewBuilder(n, n)
		k := min(n, 15)
		for range 4 {
			g := make([]float64, k)
			for i := range g {
				g[i] = rng.NormFloat64()
			}
			for i := range k {
				for j := i; j < k; j++ {
					q.Add(i, j, g[i]*g[j])
				}
			}
		}
		p.Q = q.Matrix()
	}
	y := make([]float64, m)
	for i := range y {
		y[i] = rng.NormFloat64()
	}
	p.A.All(func(i, j int, v float64) { p.B[i] += v * x[j]; p.C[j] += v * y[i] })
	qx := times(p.Q, x, n)
	floats.Sub(p.C, qx)
	return p, floats.Dot(p.C, x) + floats.Dot(x, qx)/2
}

// split returns orthogonal points of the cones and of their duals.
func split(rng *rand.Rand, cones []conic.Cone) (x, s []float64) {
	for _, c := range cones {
		d := c.Dim()
		a, b := make([]float64, d), make([]float64, d)
		switch c.Kind {
		case conic.Free, conic.Zero:
			for j := range a {
				a[j] = rng.NormFloat64()
			}
			if c.Kind == conic.Zero {
				a, b = b, a
			}
		case conic.NonNegative:
			for j := range a {
				if v := rng.NormFloat64(); v > 0 {
					a[j] = v
				} else {
					b[j] = -v
				}
			}
		case conic.SecondOrder:
			// (1, u) and (1, -u) for a unit vector u.
			if d < 2 {
				fill(a, 1)
				break
			}
			for j := range d - 1 {
				a[1+j] = rng.NormFloat64()
			}
			floats.Scale(1/floats.Norm(a, 2), a[1:])
			floats.ScaleTo(b, -0.7, a)
			a[0], b[0] = 1, 0.7
		case conic.Semidefinite:
			q := orthogonal(rng, c.Size)
			positive, negative := mat.NewSymDense(c.Size, nil), mat.NewSymDense(c.Size, nil)
			for l := range c.Size {
				part := positive
				if l%2 == 1 {
					part = negative
				}
				part.SymRankOne(part, 0.5+rng.Float64(), q.ColView(l))
			}
			a, b = conic.Svec(nil, positive), conic.Svec(nil, negative)
		}
		x, s = append(x, a...), append(s, b...)
	}
	return x, s
}

func fill(v []float64, x float64) {
	for k := range v {
		v[k] = x
	}
}

func orthogonal(rng *rand.Rand, n int) *mat.Dense {
	g := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			g.Set(i, j, rng.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(g)
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

func TestKnownSemidefinite(t *testing.T) {
	for _, test := range []struct {
		name string
		p    *conic.Problem
		want float64
	}{
		// 5/2 (1 + cos(pi/5)): vertices at angles of 4 pi/5.
		{"max-cut of C5", maxCut(5, cycle(5)), -2.5 * (1 + math.Cos(math.Pi/5))},
		{"max-cut of C6", maxCut(6, cycle(6)), -6},
		// Lovasz (1979): n cos(pi/n) / (1 + cos(pi/n)) for odd cycles.
		{"theta of C5", theta(5, cycle(5)), -math.Sqrt(5)},
		{"theta of C7", theta(7, cycle(7)), -7 * math.Cos(math.Pi/7) / (1 + math.Cos(math.Pi/7))},
		{"theta of Petersen's graph", theta(10, petersen()), -4},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := optimal(t, test.p, test.want)
			limit := float64(test.p.Cones[0].Size) // of the trace
			bound, err := conic.Bound(test.p, r.Y, r.X, []float64{limit})
			if err != nil || bound > test.want+1e-12 || bound < test.want-1e-5 {
				t.Errorf("bound %.12g (%v) of the optimum %.12g", bound, err, test.want)
			}
		})
	}
}

// Problems with optima that are known by construction, in all mixtures of cones.
func TestRandomByConstruction(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := [][]conic.Cone{
		{{Kind: conic.NonNegative, Size: 30}},
		{{Kind: conic.NonNegative, Size: 15}, {Kind: conic.Free, Size: 4}, {Kind: conic.Zero, Size: 2}},
		{{Kind: conic.SecondOrder, Size: 5}, {Kind: conic.SecondOrder, Size: 9}, {Kind: conic.SecondOrder, Size: 2}},
		{{Kind: conic.Semidefinite, Size: 7}, {Kind: conic.Semidefinite, Size: 2}, {Kind: conic.Semidefinite, Size: 1}},
		{{Kind: conic.Free, Size: 3}, {Kind: conic.Semidefinite, Size: 5}, {Kind: conic.NonNegative, Size: 6}, {Kind: conic.SecondOrder, Size: 4}},
	}
	for trial := range 30 {
		cones := kinds[trial%len(kinds)]
		n := 0
		for _, c := range cones {
			n += c.Dim()
		}
		p, want := random(rng, cones, n/2, trial%2 == 1)
		optimal(t, p, want)
	}
}

// Coordinates that Q ties together and A does not touch are a problem of their own.
func TestBlockOutsideEquations(t *testing.T) {
	q, a := conic.NewBuilder(3, 3), conic.NewBuilder(1, 3)
	q.Add(0, 0, 2)
	q.Add(0, 1, 1)
	q.Add(1, 1, 2)
	a.Add(0, 2, 1)
	p := &conic.Problem{
		C: []float64{-3, -3, 1}, Q: q.Matrix(), A: a.Matrix(), B: []float64{4},
		Cones: []conic.Cone{{Kind: conic.Free, Size: 2}, {Kind: conic.NonNegative, Size: 1}},
	}
	r, err := conic.Solve(t.Context(), p, conic.Settings{Tolerance: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range []float64{1, 1, 4} {
		if math.Abs(r.X[j]-want) > 1e-6 {
			t.Errorf("x[%d] = %.9g, want %g", j, r.X[j], want)
		}
	}
}
