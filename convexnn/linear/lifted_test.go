package linear_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/linear"
)

// Brackets by hand from eigenvalues, and weak duality on both sides.
func TestKyFan(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 21))
		c := 2 + rng.IntN(3)
		x, y, r := gaussian(rng, 7, 3), gaussian(rng, 7, c), 1+rng.IntN(c)
		k, err := linear.NewKyFan(x, y, r)
		if err != nil {
			t.Fatal(err)
		}
		want := train(t, x, y, linear.Settings{Widths: []int{r}}).Objective
		s, at := k.Solve()
		if bound := k.Bound(at); math.Abs(bound-want) > 1e-12*want {
			t.Errorf("seed %d: bound %v, optimum %v", seed, bound, want)
		}
		if got := k.Value(s); math.Abs(got-want) > 1e-12*want || k.M.SymmetricDim() != c {
			t.Errorf("seed %d: %v, reduced-rank regression %v", seed, got, want)
		}
		best := 0.0
		for i := range 400 {
			bound := k.Bound(float64(i) / 400 * mat.Norm(k.M, 2))
			best = math.Max(best, bound)
		}
		if best > want*(1+1e-12) || best < want-0.02*mat.Norm(k.M, 2) {
			t.Errorf("seed %d: bound %v of %v", seed, best, want)
		}
		for range 50 { // other points with 0 <= S <= I, tr S = r: projections on random spaces
			var svd mat.SVD
			var u mat.Dense
			svd.Factorize(gaussian(rng, c, k.Rank), mat.SVDThin)
			svd.UTo(&u)
			p := mat.NewSymDense(c, nil)
			p.SymOuterK(1, &u)
			if k.Value(p) < want*(1-1e-12) {
				t.Errorf("seed %d: a projection has %v, the optimum is %v", seed, k.Value(p), want)
			}
		}
	}
}

func lifted(t *testing.T, x, y *mat.Dense, r int, beta float64) *linear.Lifted {
	t.Helper()
	p, err := linear.NewLifted(x, y, r, beta)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The matrix kk' of a point k.
func outer(k linear.Point) *mat.SymDense {
	n := k.Z.SymmetricDim()
	v := []float64{k.T}
	for _, a := range []*mat.SymDense{k.Z, k.S} {
		for j := range n { // lower triangle by columns
			for i := j; i < n; i++ {
				f := math.Sqrt2
				if i == j {
					f = 1
				}
				v = append(v, f*a.At(i, j))
			}
		}
	}
	out := mat.NewSymDense(len(v), nil)
	out.SymRankOne(out, 1, mat.NewVecDense(len(v), v))
	return out
}

func dot(a, b *mat.SymDense) float64 {
	var m mat.Dense
	m.Mul(a, b)
	return m.Trace()
}

// The program at lifted networks: feasible, with the objective of training; its matrices
// agree with what is computed without them.
func TestLiftedNetworks(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 22))
		n, d, c := 3+rng.IntN(5), 1+rng.IntN(3), 1+rng.IntN(3)
		x, y := gaussian(rng, n, d), gaussian(rng, n, c)
		r, beta := 1+rng.IntN(3), float64(rng.IntN(2))*rng.Float64()
		p := lifted(t, x, y, r, beta)
		if s := (d + c) * (d + c + 1) / 2; p.Order() != 1+2*s || p.Equations() != 3 {
			t.Errorf("order %d for %d + %d", p.Order(), d, c)
		}
		var w mat.Dense
		w.Mul(gaussian(rng, d, p.Rank), gaussian(rng, p.Rank, c))
		layers, err := linear.Factor(&w, []int{p.Rank})
		if err != nil {
			t.Fatal(err)
		}
		want := objective(x, y, layers, make([]float64, c), beta)
		k, err := p.Lift(&w)
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Verify(k, 1e-10)
		if err != nil || !v.Feasible || math.Abs(v.Objective-want) > 1e-11*want {
			t.Errorf("seed %d: %+v, %v; the network has %v", seed, v, err, want)
		}
		cost, err := p.C(0)
		if err != nil {
			t.Fatal(err)
		}
		m := outer(k)
		if got := dot(cost, m); math.Abs(got-want) > 1e-9*(1+want) {
			t.Errorf("seed %d: <C, M> is %v, the network has %v", seed, got, want)
		}
		constraints, err := p.Constraints(0)
		if err != nil || len(constraints) != 3 {
			t.Fatal(err)
		}
		for _, e := range constraints {
			if got := dot(e.A, m); math.Abs(got-e.Value) > 1e-10*(1+mat.Trace(k.Z)) {
				t.Errorf("seed %d: %s: %v", seed, e.Name, got)
			}
		}
		// Other points of the cone: the last two equations have non-negative left sides,
		// and C is the objective there, too.
		for range 10 {
			q := linear.Point{T: 0.5 + rng.Float64(), Z: mat.NewSymDense(d+c, nil), S: mat.NewSymDense(d+c, nil)}
			q.Z.SymOuterK(1, gaussian(rng, d+c, 2))
			q.S.SymOuterK(1, gaussian(rng, d+c, 2))
			q.S.ScaleSym(q.T/(mat.Trace(q.S)*(1+rng.Float64())), q.S)
			m := outer(q)
			if got, want := dot(cost, m), p.Objective(q); math.Abs(got-want) > 1e-9*(1+want) {
				t.Errorf("seed %d: <C, M> is %v, the objective %v", seed, got, want)
			}
			for _, e := range constraints[1:] {
				if got := dot(e.A, m); got < -1e-10 {
					t.Errorf("seed %d: %s is %v in the cone", seed, e.Name, got)
				}
			}
			if v, err := p.Verify(q, 1e-6); err != nil || v.Feasible {
				t.Errorf("seed %d: a random point passes: %+v", seed, v)
			}
		}
	}
}

// Each way in which a point can be wrong is found.
func TestVerifyRefuses(t *testing.T) {
	p := lifted(t, eye(2), diag(2, 1), 1, 0)
	good := func() linear.Point {
		k, err := p.Lift(diag(2, 0))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if v, err := p.Verify(good(), 1e-12); err != nil || !v.Feasible || math.Abs(v.Objective-0.5) > 1e-14 {
		t.Errorf("%+v, %v", v, err)
	}
	for name, spoil := range map[string]func(*linear.Point){
		"t":             func(k *linear.Point) { k.T = 1.01 },
		"negative t":    func(k *linear.Point) { k.T = -1 },
		"Z indefinite":  func(k *linear.Point) { k.Z.SetSym(1, 1, -0.1) },
		"Z negative":    func(k *linear.Point) { k.Z.ScaleSym(-1, k.Z) },
		"rank of Z":     func(k *linear.Point) { k.Z.SetSym(1, 1, 0.1) },
		"trace of S":    func(k *linear.Point) { k.S.SetSym(1, 1, 0.1) },
		"S above I":     func(k *linear.Point) { k.S.ScaleSym(1.1, k.S) },
		"another space": func(k *linear.Point) { k.S = mat.NewSymDense(4, nil); k.S.SetSym(1, 1, 1) },
	} {
		k := good()
		spoil(&k)
		if v, err := p.Verify(k, 1e-9); err != nil || v.Feasible {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	if _, err := p.Verify(linear.Point{T: 1, Z: mat.NewSymDense(3, nil), S: mat.NewSymDense(4, nil)}, 1e-9); !errors.Is(err, convexnn.ErrShape) {
		t.Error(err)
	}
	if _, err := p.Lift(diag(2, 1)); !errors.Is(err, convexnn.ErrShape) || !strings.Contains(err.Error(), "rank 2") {
		t.Error(err)
	}
	if _, err := p.Lift(eye(3)); !errors.Is(err, convexnn.ErrShape) {
		t.Error(err)
	}
}

func TestLiftedSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 23))
	few, many := lifted(t, gaussian(rng, 3, 2), gaussian(rng, 3, 2), 1, 0), lifted(t, gaussian(rng, 300, 2), gaussian(rng, 300, 2), 2, 0)
	if few.Order() != 21 || many.Order() != 21 || few.Memory() != many.Memory() {
		t.Errorf("orders %d and %d", few.Order(), many.Order())
	}
	if !strings.Contains(few.Size(), "order 21 (231 distinct entries) and 3 equations") {
		t.Error(few.Size())
	}
	large := lifted(t, gaussian(rng, 3, 60), gaussian(rng, 3, 40), 1, 0)
	if _, err := large.C(1 << 20); !errors.Is(err, convexnn.ErrMemory) || !strings.Contains(err.Error(), "order 10101") {
		t.Error(err)
	}
	if _, err := large.Constraints(1 << 20); !errors.Is(err, convexnn.ErrMemory) {
		t.Error(err)
	}
	for _, err := range []error{
		errOf(linear.NewLifted(eye(2), eye(2), 0, 0)), errOf(linear.NewLifted(eye(2), eye(2), 1, -1)),
		errOf(linear.NewLifted(eye(2), eye(3), 1, 0)), errOf(linear.NewKyFan(eye(2), eye(2), -1)),
	} {
		if err == nil {
			t.Error("no error")
		}
	}
}

func errOf[T any](_ T, err error) error { return err }
