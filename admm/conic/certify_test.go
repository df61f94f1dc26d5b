package conic_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
)

// infeasible fails unless r proves that p is: b'y = 1 and -A'y is in the dual cone. outside
// of a second-order cone is up to the root of two times the distance.
func infeasible(t *testing.T, p *conic.Problem, r *conic.Result) {
	t.Helper()
	if r.Status != conic.Infeasible {
		t.Fatalf("%v after %d iterations, want infeasible", r.Status, r.Iterations)
	}
	y := r.Certificate
	if math.Abs(floats.Dot(p.B, y)-1) > 1e-9 {
		t.Errorf("b'y is %.12g", floats.Dot(p.B, y))
	}
	pulled := make([]float64, len(p.C))
	p.A.All(func(i, j int, v float64) { pulled[j] -= v * y[i] })
	if d := outside(p.Cones, pulled, true); d > math.Sqrt2*r.CertificateResidual+1e-12 || d > 1e-5 {
		t.Errorf("-A'y is out of the dual cone by %g, stated %g", d, r.CertificateResidual)
	}
}

// unbounded fails unless r proves that p is, where feasible.
func unbounded(t *testing.T, p *conic.Problem, r *conic.Result) {
	t.Helper()
	if r.Status != conic.Unbounded {
		t.Fatalf("%v after %d iterations, want unbounded", r.Status, r.Iterations)
	}
	d := r.Certificate
	if math.Abs(floats.Dot(p.C, d)+1) > 1e-9 {
		t.Errorf("<c,d> is %.12g", floats.Dot(p.C, d))
	}
	if out := outside(p.Cones, d, false); out > 1e-9*max(1, top(d)) {
		t.Errorf("d is out of the cones by %g", out)
	}
	ad := make([]float64, len(p.B))
	p.A.All(func(i, j int, v float64) { ad[i] += v * d[j] })
	rest := math.Hypot(floats.Norm(ad, 2), floats.Norm(times(p.Q, d, len(d)), 2))
	if rest > r.CertificateResidual*(1+1e-6)+1e-12 || rest > 1e-5 {
		t.Errorf("(Ad, Qd) is %g, stated %g", rest, r.CertificateResidual)
	}
}

var mixtures = [][]conic.Cone{
	{{Kind: conic.NonNegative, Size: 40}, {Kind: conic.Free, Size: 5}},
	{{Kind: conic.Semidefinite, Size: 12}},
	{{Kind: conic.NonNegative, Size: 20}, {Kind: conic.SecondOrder, Size: 6}, {Kind: conic.Semidefinite, Size: 6}, {Kind: conic.Free, Size: 3}},
	{{Kind: conic.SecondOrder, Size: 12}, {Kind: conic.SecondOrder, Size: 12}},
}

// Row 0 of A is -(s + sum y_i a_i) for an s in the dual cone, so that A'y = -s with y_0 = 1,
// and b_0 makes b'y = 1.
func TestInfeasible(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 5))
		const m = 15
		p, _ := random(rng, mixtures[seed%4], m, seed >= 8)
		_, s := split(rng, p.Cones)
		for k := range p.Cones {
			if p.Cones[k].Kind == conic.Semidefinite || p.Cones[k].Kind == conic.SecondOrder {
				// Well inside: certificates on the boundary alone are found slowly.
				s[start(p.Cones, k)] += 3
			}
		}
		a := conic.NewBuilder(m, len(p.C))
		p.A.All(func(i, j int, v float64) {
			if i > 0 {
				a.Add(i, j, v)
				a.Add(0, j, -float64(i%3)*v)
			}
		})
		p.B[0] = 1
		for i := 1; i < m; i++ {
			p.B[0] -= float64(i%3) * p.B[i]
		}
		for j, v := range s {
			a.Add(0, j, -v)
		}
		p.A = a.Matrix()
		r := solve(t, p, conic.Settings{})
		infeasible(t, p, r)
	}
}

func start(cones []conic.Cone, k int) (at int) {
	for _, c := range cones[:k] {
		at += c.Dim()
	}
	return at
}

// A d in the cone with Ad = 0, by projection of the rows, and <c,d> = -1; a feasible x.
func TestUnbounded(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 6))
		const m = 15
		p, _ := random(rng, mixtures[seed%4], m, false)
		d, _ := split(rng, p.Cones)
		x, _ := split(rng, p.Cones)
		square := floats.Dot(d, d)
		ad := make([]float64, m)
		a := conic.NewBuilder(m, len(p.C))
		p.A.All(func(i, j int, v float64) { ad[i] += v * d[j]; a.Add(i, j, v) })
		for i, v := range ad {
			for j, w := range d {
				a.Add(i, j, -v*w/square)
			}
		}
		p.A = a.Matrix()
		clear(p.B)
		p.A.All(func(i, j int, v float64) { p.B[i] += v * x[j] })
		floats.AddScaled(p.C, -(floats.Dot(p.C, d)+1)/square, d)
		unbounded(t, p, solve(t, p, conic.Settings{}))
	}
}

// The same beside a Q with Qd = 0. Some certificates are on the boundary and found slowly;
// most are found.
func TestUnboundedQuadratic(t *testing.T) {
	const trials = 24
	found := 0
	for seed := range uint64(trials) {
		rng := rand.New(rand.NewPCG(seed, 9))
		p, _ := random(rng, mixtures[seed%4], 3, false)
		n := len(p.C)
		d, _ := split(rng, p.Cones)
		x, _ := split(rng, p.Cones)
		// across returns a row orthogonal to d.
		across := func() []float64 {
			row := make([]float64, n)
			for j := range row {
				row[j] = rng.NormFloat64()
			}
			floats.AddScaled(row, -floats.Dot(row, d)/floats.Dot(d, d), d)
			return row
		}
		a, q := conic.NewBuilder(3, n), conic.NewBuilder(n, n)
		for i := range 3 {
			row := across()
			p.B[i] = floats.Dot(row, x)
			for j, v := range row {
				a.Add(i, j, v)
			}
		}
		for range n / 2 {
			row := across()
			for i, v := range row {
				for j := i; j < n; j++ {
					q.Add(i, j, v*row[j])
				}
			}
		}
		p.A, p.Q, p.C = a.Matrix(), q.Matrix(), across()
		floats.AddScaled(p.C, -1/floats.Dot(d, d), d)
		r := solve(t, p, conic.Settings{MaxIterations: 5000})
		if r.Status == conic.Limited {
			continue
		}
		unbounded(t, p, r)
		found++
	}
	if found < trials*3/4 {
		t.Errorf("%d of %d", found, trials)
	}
}

func TestSmallCertificates(t *testing.T) {
	one := func(rows int, v ...float64) *conic.Matrix {
		b := conic.NewBuilder(rows, len(v)/rows)
		for k, x := range v {
			b.Add(k/(len(v)/rows), k%(len(v)/rows), x)
		}
		return b.Matrix()
	}
	// x + y = -1 with x, y >= 0.
	p := &conic.Problem{C: []float64{1, 1}, A: one(1, 1, 1), B: []float64{-1}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 2}}}
	infeasible(t, p, solve(t, p, conic.Settings{}))
	// Rows that contradict each other: no iteration is needed.
	p = &conic.Problem{C: []float64{1, 1}, A: one(3, 1, 1, 1, -1, 2, 0), B: []float64{1, 1, 3}, Cones: []conic.Cone{{Kind: conic.Free, Size: 2}}}
	r := solve(t, p, conic.Settings{})
	infeasible(t, p, r)
	if r.Iterations > 0 {
		t.Errorf("contradicting rows took %d iterations", r.Iterations)
	}
	// A row of zeros with a right side.
	p = &conic.Problem{C: []float64{1}, A: one(1, 0), B: []float64{2}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 1}}}
	infeasible(t, p, solve(t, p, conic.Settings{}))
	// -x with x >= 0, no equations.
	p = &conic.Problem{C: []float64{-1}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 1}}}
	unbounded(t, p, solve(t, p, conic.Settings{}))
	// A free linear form.
	p = &conic.Problem{C: []float64{2, -1}, Cones: []conic.Cone{{Kind: conic.Free, Size: 2}}}
	unbounded(t, p, solve(t, p, conic.Settings{}))
	// Q flattens one direction of two.
	p = &conic.Problem{C: []float64{1, -1}, Q: one(2, 1, 0, 0, 0), Cones: []conic.Cone{{Kind: conic.Free, Size: 2}}}
	unbounded(t, p, solve(t, p, conic.Settings{}))
}

// Whatever the size of the targets, the least squares with a full rank are bounded, and
// so are programs with a solution whose equations have small coefficients.
func TestBoundedBesideLargeNumbers(t *testing.T) {
	for _, kind := range []conic.Kind{conic.Free, conic.NonNegative} {
		for _, size := range []float64{1, 1e6, 1e9} {
			rng := rand.New(rand.NewPCG(7, 7))
			const n = 6
			g := mat.NewDense(2*n, n, nil)
			target := mat.NewVecDense(2*n, nil)
			for i := range 2 * n {
				for j := range n {
					g.Set(i, j, rng.NormFloat64())
				}
				target.SetVec(i, size*rng.NormFloat64())
			}
			var gram mat.Dense
			gram.Mul(g.T(), g)
			q := conic.NewBuilder(n, n)
			for i := range n {
				for j := range n {
					q.Add(i, j, gram.At(i, j))
				}
			}
			c := mat.NewVecDense(n, nil)
			c.MulVec(g.T(), target)
			c.ScaleVec(-1, c)
			p := &conic.Problem{C: c.RawVector().Data, Q: q.Matrix(), Cones: []conic.Cone{{Kind: kind, Size: n}}}
			if r, err := conic.Solve(t.Context(), p, conic.Settings{}); err != nil || r.Status != conic.Solved {
				t.Errorf("%v, targets of size %g: %v, %v", kind, size, r.Status, err)
			}
		}
	}
	a := conic.NewBuilder(1, 1)
	a.Add(0, 0, 1e-16)
	p := &conic.Problem{C: []float64{-1}, A: a.Matrix(), B: []float64{1}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 1}}}
	r, err := conic.Solve(t.Context(), p, conic.Settings{})
	if err != nil || r.Status == conic.Unbounded || r.Status == conic.Infeasible {
		t.Errorf("1e-16 x = 1: %v, %v", r.Status, err)
	}
}
