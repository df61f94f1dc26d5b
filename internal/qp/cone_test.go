package qp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

func gaussian(rng *rand.Rand, n, d int) blas64.General {
	x := blas64.General{Rows: n, Cols: d, Stride: d, Data: make([]float64, n*d)}
	for i := range x.Data {
		x.Data[i] = rng.NormFloat64()
	}
	return x
}

// ternary has entries in {-1, 0, 1}: for small d full of duplicates, antipodal
// rows, dependent rows and rows of zeros.
func ternary(rng *rand.Rand, n, d int) blas64.General {
	x := gaussian(rng, n, d)
	for i := range x.Data {
		x.Data[i] = float64(rng.IntN(3) - 1)
	}
	return x
}

func vector(rng *rand.Rand, d int) []float64 { return gaussian(rng, 1, d).Data }

func row(x blas64.General, i int) []float64 {
	return x.Data[i*x.Stride : i*x.Stride+x.Cols]
}

func randomSigns(rng *rand.Rand, n int) bitset.Set {
	s := bitset.New(n)
	for i := range n {
		if rng.IntN(2) == 1 {
			s.Add(i)
		}
	}
	return s
}

// signsOf is the pattern of a gate, so that its cone has the gate in it.
func signsOf(x blas64.General, gate []float64) bitset.Set {
	s := bitset.New(x.Rows)
	for i := range x.Rows {
		if floats.Dot(row(x, i), gate) >= 0 {
			s.Add(i)
		}
	}
	return s
}

func signed(x blas64.General, signs bitset.Set, i int) []float64 {
	a := append([]float64(nil), row(x, i)...)
	if !signs.Has(i) {
		floats.Scale(-1, a)
	}
	return a
}

// bruteCone projects g by trying every independent set of active constraints:
// the projection is the longest vector among the projections of g onto their
// null spaces that lie in the cone.
func bruteCone(x blas64.General, g []float64, signs bitset.Set) float64 {
	best := 0.0
	for set := range 1 << x.Rows {
		u := append([]float64(nil), g...)
		var q [][]float64
		for i := range x.Rows {
			if set>>i&1 == 0 {
				continue
			}
			a := signed(x, signs, i)
			for range 2 {
				for _, v := range q {
					floats.AddScaled(a, -floats.Dot(a, v), v)
				}
			}
			if l := floats.Norm(a, 2); l > 1e-9 {
				floats.Scale(1/l, a)
				q = append(q, a)
			}
		}
		for _, v := range q {
			floats.AddScaled(u, -floats.Dot(u, v), v)
		}
		inside := true
		for i := range x.Rows {
			inside = inside && floats.Dot(signed(x, signs, i), u) >= -1e-9
		}
		if inside {
			best = max(best, floats.Norm(u, 2))
		}
	}
	return best
}

// checkKKT verifies the optimality conditions of the projection u of g, and that
// the result is consistent: u = g + A'lambda, lambda > 0, u in K, lambda_i > 0
// only where the constraint is tight, g - u orthogonal to u (Moreau).
func checkKKT(t *testing.T, x blas64.General, u, g []float64, signs bitset.Set, r qp.Projection, tol float64) {
	t.Helper()
	size := floats.Norm(g, 2)
	sum := append([]float64(nil), g...)
	for k, i := range r.Active {
		if r.Lambda[k] <= 0 {
			t.Fatalf("lambda[%d] = %g", i, r.Lambda[k])
		}
		a := signed(x, signs, i)
		floats.AddScaled(sum, r.Lambda[k], a)
		if c := math.Abs(floats.Dot(a, u)); c > tol*size*floats.Norm(a, 2) {
			t.Fatalf("active row %d has a.u = %g", i, c)
		}
	}
	if !floats.EqualApprox(sum, u, tol*size) {
		t.Fatalf("u = %v, g + A'lambda = %v", u, sum)
	}
	if e := math.Abs(floats.Norm(u, 2) - r.Norm); e > tol*size {
		t.Fatalf("Norm is off by %g", e)
	}
	for i := range x.Rows {
		a := signed(x, signs, i)
		if c := floats.Dot(a, u); c < -tol*size*floats.Norm(a, 2) {
			t.Fatalf("row %d violated: %g", i, c)
		}
	}
	if c := math.Abs(floats.Dot(sum, u) - floats.Dot(g, u)); c > tol*size*size {
		t.Fatalf("u.(g-u) = %g", c)
	}
	if !r.Converged {
		t.Fatal("not converged")
	}
}

func TestConeBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	zero, inside := 0, 0
	for trial := range 600 {
		n, d := 1+rng.IntN(7), 1+rng.IntN(4)
		x := gaussian(rng, n, d)
		if trial%2 == 1 {
			x = ternary(rng, n, d)
		}
		g, u := vector(rng, d), make([]float64, d)
		signs := randomSigns(rng, n)
		r := qp.NewConeProjector(x).Project(u, g, signs, nil, 0)
		want := bruteCone(x, g, signs)
		if math.Abs(r.Norm-want) > 1e-8 {
			t.Fatalf("trial %d: norm %.12g, brute force %.12g\nx = %v g = %v", trial, r.Norm, want, x.Data, g)
		}
		checkKKT(t, x, u, g, signs, r, 1e-9)
		if want == 0 {
			zero++
			if r.Norm > 1e-12*floats.Norm(g, 2) {
				t.Fatalf("trial %d: g is polar, norm %g", trial, r.Norm)
			}
		}
		if len(r.Active) == 0 {
			inside++
		}
	}
	if zero < 20 || inside < 20 {
		t.Errorf("too few special cases to mean anything: %d polar, %d inside", zero, inside)
	}
}

func TestConeKKT(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for trial := range 60 {
		n, d := 500, 31
		var x blas64.General
		switch trial % 4 {
		case 0:
			x = gaussian(rng, n, d)
		case 1:
			d = 5
			x = ternary(rng, n, d)
		case 2: // rank 10
			var m mat.Dense
			m.Mul(mat.NewDense(n, 10, gaussian(rng, n, 10).Data), mat.NewDense(10, d, gaussian(rng, 10, d).Data))
			x = m.RawMatrix()
		case 3: // rows of very different lengths
			x = gaussian(rng, n, d)
			for i := range n {
				floats.Scale(math.Pow(10, 8*rng.Float64()-4), row(x, i))
			}
		}
		g, u := vector(rng, d), make([]float64, d)
		signs := signsOf(x, vector(rng, d))
		if trial%8 == 0 {
			signs = randomSigns(rng, n)
		}
		p := qp.NewConeProjector(x)
		r := p.Project(u, g, signs, nil, 0)
		checkKKT(t, x, u, g, signs, r, 1e-10)

		// Idempotence: a point of the cone is its own projection.
		v := make([]float64, d)
		p.Clone().Project(v, u, signs, nil, 0)
		if !floats.EqualApprox(u, v, 1e-9*floats.Norm(g, 2)) {
			t.Fatalf("trial %d: projecting twice moves the point: %v %v", trial, u, v)
		}

		// A warm start changes the way, not the end.
		shuffled := append([]int(nil), r.Active...)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		shuffled = append(shuffled, rng.Perm(n)[:5]...)
		for _, warm := range [][]int{append([]int(nil), r.Active...), shuffled, rng.Perm(n)} {
			w := p.Project(v, g, signs, warm, 0)
			checkKKT(t, x, v, g, signs, w, 1e-10)
			if !floats.EqualApprox(u, v, 1e-9*floats.Norm(g, 2)) {
				t.Fatalf("trial %d: warm start ends elsewhere", trial)
			}
		}
	}
}

func TestConeWarmStartSavesWork(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	x := gaussian(rng, 500, 31)
	g, u := vector(rng, 31), make([]float64, 31)
	signs := signsOf(x, vector(rng, 31))
	p := qp.NewConeProjector(x)
	cold := p.Project(u, g, signs, nil, 0)
	warm := append([]int(nil), cold.Active...)
	floats.AddScaled(g, 1e-3, vector(rng, 31))
	if r := p.Project(u, g, signs, warm, 0); r.Iterations > cold.Iterations/3 {
		t.Errorf("%d iterations warm, %d cold", r.Iterations, cold.Iterations)
	}
}

func TestConeScale(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	x := gaussian(rng, 40, 6)
	g, u, v := vector(rng, 6), make([]float64, 6), make([]float64, 6)
	signs := signsOf(x, vector(rng, 6))
	want := qp.NewConeProjector(x).Project(u, g, signs, nil, 0).Norm
	for _, sx := range []float64{1e-150, 1, 1e150} {
		for _, sg := range []float64{1e-150, 1e150} {
			y := blas64.General{Rows: x.Rows, Cols: x.Cols, Stride: x.Stride, Data: append([]float64(nil), x.Data...)}
			floats.Scale(sx, y.Data)
			h := append([]float64(nil), g...)
			floats.Scale(sg, h)
			r := qp.NewConeProjector(y).Project(v, h, signs, nil, 0)
			floats.Scale(1/sg, v)
			if math.Abs(r.Norm/sg-want) > 1e-12 || !floats.EqualApprox(u, v, 1e-12) {
				t.Errorf("x times %g, g times %g: norm %g, want %g", sx, sg, r.Norm/sg, want)
			}
		}
	}
}

func TestConeNearlyDependent(t *testing.T) {
	// Pairs of rows that differ, or sum to, a tiny vector: multipliers grow and
	// the bound must stay a bound, with u in the cone up to the perturbation.
	rng := rand.New(rand.NewPCG(5, 5))
	for _, eps := range []float64{1e-15, 1e-12, 1e-9, 1e-7, 1e-4} {
		for trial := range 50 {
			x := gaussian(rng, 30, 5)
			for i := 0; i < 30; i += 2 {
				copy(row(x, i+1), row(x, i))
				floats.Scale(float64(1-2*rng.IntN(2)), row(x, i+1))
				floats.AddScaled(row(x, i+1), eps, vector(rng, 5))
			}
			gate := vector(rng, 5)
			g, u := vector(rng, 5), make([]float64, 5)
			signs := signsOf(x, gate)
			r := qp.NewConeProjector(x).Project(u, g, signs, nil, 0)
			sum := append([]float64(nil), g...)
			for k, i := range r.Active {
				floats.AddScaled(sum, r.Lambda[k], signed(x, signs, i))
			}
			if math.Abs(floats.Norm(sum, 2)-r.Norm) > 1e-6 {
				t.Fatalf("eps %g trial %d: norm %g, lambda proves %g", eps, trial, r.Norm, floats.Norm(sum, 2))
			}
			// The gate lies in the cone, hence so does its ray: its value is a
			// lower bound of the norm.
			if low := floats.Dot(g, gate) / floats.Norm(gate, 2); low > r.Norm+1e-9 {
				t.Fatalf("eps %g trial %d: norm %g is below the feasible value %g", eps, trial, r.Norm, low)
			}
		}
	}
}

func TestConeEnough(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	x := gaussian(rng, 300, 20)
	g, u := vector(rng, 20), make([]float64, 20)
	signs := signsOf(x, vector(rng, 20))
	p := qp.NewConeProjector(x)
	full := p.Project(u, g, signs, nil, 0)
	norm, iterations := full.Norm, full.Iterations
	enough := (norm + floats.Norm(g, 2)) / 2
	early := p.Project(u, g, signs, nil, enough)
	if early.Norm > enough || early.Norm < norm-1e-12 || early.Iterations >= iterations || early.Converged {
		t.Errorf("enough %g: norm %g after %d iterations; exact %g after %d",
			enough, early.Norm, early.Iterations, norm, iterations)
	}
	if r := p.Project(u, g, signs, nil, norm*(1-1e-9)); !r.Converged || r.Norm != norm {
		t.Errorf("an unattainable norm: got %g, want %g", r.Norm, norm)
	}
	p.MaxIterations = 2
	if r := p.Project(u, g, signs, nil, 0); r.Converged || r.Iterations != 2 || r.Norm < norm {
		t.Errorf("cap of 2 iterations: %+v", r)
	}
}

func TestConeTrivial(t *testing.T) {
	none := qp.NewConeProjector(blas64.General{Cols: 2, Stride: 2})
	u := make([]float64, 2)
	if r := none.Project(u, []float64{3, 4}, bitset.New(0), nil, 0); r.Norm != 5 || !floats.Equal(u, []float64{3, 4}) {
		t.Errorf("no rows: %v, %v", r, u)
	}
	x := blas64.General{Rows: 3, Cols: 2, Stride: 2, Data: []float64{0, 0, 1, 0, -1, 0}}
	s := bitset.New(3)
	s.Add(1)
	s.Add(2)
	p := qp.NewConeProjector(x)
	if r := p.Project(u, []float64{3, 4}, s, []int{0, 1, 2}, 0); r.Norm != 4 || len(r.Active) != 1 {
		t.Errorf("a line: %+v, %v", r, u)
	}
	if r := p.Project(u, []float64{0, 0}, s, nil, 0); r.Norm != 0 || !r.Converged {
		t.Errorf("zero vector: %+v", r)
	}
	g := []float64{3, -4}
	if p.Project(g, g, s, nil, 0); math.Abs(g[0]) > 1e-15 || g[1] != -4 {
		t.Errorf("in place: %v", g)
	}
}

func TestConeAllocations(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	x := gaussian(rng, 200, 10)
	g, u := vector(rng, 10), make([]float64, 10)
	signs := signsOf(x, vector(rng, 10))
	p := qp.NewConeProjector(x)
	warm := []int{1, 2, 3}
	if a := testing.AllocsPerRun(20, func() { p.Project(u, g, signs, warm, 0) }); a > 0 {
		t.Errorf("%g allocations per call", a)
	}
}

func BenchmarkCone(b *testing.B) {
	for _, size := range [][2]int{{100, 10}, {569, 31}} {
		n, d := size[0], size[1]
		rng := rand.New(rand.NewPCG(8, 8))
		x := gaussian(rng, n, d)
		g, u := vector(rng, d), make([]float64, d)
		signs := signsOf(x, vector(rng, d))
		p := qp.NewConeProjector(x)
		warm := append([]int(nil), p.Project(u, g, signs, nil, 0).Active...)
		b.Run(fmt.Sprintf("cold/n=%d,d=%d", n, d), func(b *testing.B) {
			for b.Loop() {
				p.Project(u, g, signs, nil, 0)
			}
		})
		b.Run(fmt.Sprintf("warm/n=%d,d=%d", n, d), func(b *testing.B) {
			for b.Loop() {
				p.Project(u, g, signs, warm, 0)
			}
		})
	}
}
