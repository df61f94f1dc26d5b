package linear_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn/linear"
)

func relaxation(t *testing.T, x, y *mat.Dense, r int, beta float64) *linear.Relaxation {
	t.Helper()
	out, err := linear.NewRelaxation(lifted(t, x, y, r, beta))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Lifted networks are feasible, with the objective of training, and their traces within
// the limits where the network is optimal.
func TestRelaxationHoldsNetworks(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 31))
		d := 1 + rng.IntN(3)
		c := 1 + rng.IntN(4-d+1)
		n := 1 + rng.IntN(6)
		x, y := scaled(gaussian(rng, n, d), math.Exp(3*rng.NormFloat64())), scaled(gaussian(rng, n, c), math.Exp(3*rng.NormFloat64()))
		rank := 1 + rng.IntN(2)
		beta := float64(rng.IntN(2)) * rng.Float64() * mat.Norm(x, 2) * mat.Norm(y, 2)
		if seed == 0 { // XW = Y/2 attains the limit of the trace
			x, y, d, c, rank, beta = eye(2), diag(2, 0), 2, 2, 1, 1
		}
		p := lifted(t, x, y, rank, beta)
		q := relaxation(t, x, y, rank, beta)
		best := train(t, x, y, linear.Settings{Widths: []int{rank}, Beta: beta})
		for k := range 3 {
			w := best.W
			if k > 0 {
				var other mat.Dense
				other.Mul(gaussian(rng, d, p.Rank), gaussian(rng, p.Rank, c))
				w = &other
			}
			point, err := p.Lift(w)
			if err != nil {
				t.Fatal(err)
			}
			v, err := q.Coordinates(point)
			if err != nil {
				t.Fatal(err)
			}
			value, size := 0.0, 0.0
			for i, z := range v {
				value += q.Problem.C[i] * z
				size = max(size, math.Abs(z))
			}
			if want := p.Objective(point); math.Abs(q.Unit*value-want) > 1e-9*(want+q.Unit*size) {
				t.Errorf("seed %d: objective %v, want %v", seed, q.Unit*value, want)
			}
			left := make([]float64, len(q.Problem.B))
			q.Problem.A.AddMul(left, 1, v)
			for i, b := range q.Problem.B {
				if math.Abs(left[i]-b) > 1e-12*(1+size) {
					t.Errorf("seed %d: equation %d is %v, want %v", seed, i, left[i], b)
				}
			}
			at := 0
			for i, cone := range q.Problem.Cones {
				block := conic.Smat(v[at : at+cone.Dim()])
				at += cone.Dim()
				var eigen mat.EigenSym
				eigen.Factorize(block, false)
				if low := eigen.Values(nil)[0]; low < -1e-12*(1+size) {
					t.Errorf("seed %d: block %d has the eigenvalue %v", seed, i, low)
				}
				if k == 0 && mat.Trace(block) > q.Limits[i]*(1+1e-12) {
					t.Errorf("seed %d: block %d has the trace %v at the optimum, its limit is %v", seed, i, mat.Trace(block), q.Limits[i])
				}
			}
		}
	}
}

// Exact for bottleneck one; the optima are known from the closed forms.
func TestRelaxationExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 32))
	for _, test := range []struct {
		name string
		x, y *mat.Dense
		beta float64
		want float64
	}{
		{"diag(2, 1)", eye(2), diag(2, 1), 0, 0.5},
		{"with weight decay", eye(2), diag(2, 1), 0.3, 0.045 + 0.51 + 0.5},
		{"general", gaussian(rng, 8, 2), gaussian(rng, 8, 2), 0, math.NaN()},
		{"three inputs", gaussian(rng, 8, 3), gaussian(rng, 8, 2), 0, math.NaN()},
		{"three inputs, weight decay", gaussian(rng, 8, 3), gaussian(rng, 8, 2), 0.5, math.NaN()},
		{"rank-deficient", mat.NewDense(3, 2, []float64{1, 2, 2, 4, -1, -2}), gaussian(rng, 3, 2), 0, math.NaN()},
	} {
		start := time.Now()
		if math.IsNaN(test.want) {
			test.want = train(t, test.x, test.y, linear.Settings{Widths: []int{1}, Beta: test.beta}).Objective
		}
		p, rest, err := lifted(t, test.x, test.y, 1, test.beta).Reduced()
		if err != nil {
			t.Fatal(err)
		}
		q, err := linear.NewRelaxation(p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := q.Solve(t.Context(), conic.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		r.Bound, r.Value = r.Bound+rest, r.Value+rest
		t.Logf("%s: bound %.9g, value %.9g, want %.9g, %v, %d iterations, %v", test.name, r.Bound, r.Value, test.want, r.Status, r.Iterations, time.Since(start).Round(time.Millisecond))
		if r.Bound > test.want*(1+1e-12) || r.Bound < test.want-1e-4 || math.Abs(r.Value-test.want) > 1e-4 {
			t.Errorf("%s: bound %.9g, value %.9g, want %.9g", test.name, r.Bound, r.Value, test.want)
		}
	}
}

// Weak for r = 2: the optimum is 1/2, and the relaxation proves nothing. Its value is
// zero by hand: M with Z_12 = Y in the mean is feasible.
func TestRelaxationWeak(t *testing.T) {
	r, err := relaxation(t, eye(3), diag(3, 2, 1), 2, 0).Solve(t.Context(), conic.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Bound < 0 || r.Bound > 0.5 || math.Abs(r.Value) > 1e-4 {
		t.Errorf("bound %v, value %v", r.Bound, r.Value)
	}
}

// Not tight for r = 1 with weight decay either: an interior point solver (Clarabel 0.11) on
// the same relaxation, written entry by entry in cvxpy, ends at 0.97946.
func TestRelaxationNotTight(t *testing.T) {
	x, y, beta := diag(1, 4), mat.NewDense(2, 2, []float64{1, 1, 1, -1}), 0.1
	r, err := relaxation(t, x, y, 1, beta).Solve(t.Context(), conic.Settings{MaxIterations: 4000})
	if err != nil {
		t.Fatal(err)
	}
	const outside = 0.97946
	best := train(t, x, y, linear.Settings{Widths: []int{1}, Beta: beta})
	if best.LowerBound < 1.02 || r.Bound > outside+1e-4 || r.Bound < 0.95 || math.Abs(r.Value-outside) > 0.03 {
		t.Errorf("the optimum is at least %v, the relaxation proves %v, value %v", best.LowerBound, r.Bound, r.Value)
	}
}

// The solution holds the network where the relaxation is exact.
func TestRelaxationWeights(t *testing.T) {
	r, err := relaxation(t, eye(2), diag(2, 1), 1, 0.3).Solve(t.Context(), conic.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if !mat.EqualApprox(r.W, diag(1.7, 0), 1e-3) {
		t.Errorf("W is %v", mat.Formatted(r.W))
	}
}

func TestReducedHasTheSameOptimum(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 33))
		var x mat.Dense
		rank := 1 + rng.IntN(3)
		x.Mul(gaussian(rng, 7, rank), gaussian(rng, rank, 4))
		y := gaussian(rng, 7, 2)
		beta := float64(seed%2) * 0.4
		want := train(t, &x, y, linear.Settings{Widths: []int{1}, Beta: beta})
		p, rest, err := lifted(t, &x, y, 1, beta).Reduced()
		if err != nil || p.Inputs != want.RankX {
			t.Fatal(err, p.Inputs)
		}
		// The singular pairs of the optimum, in the new coordinates, by training there.
		small := mat.NewDense(p.Inputs, p.Inputs, nil)
		var svd mat.SVD
		svd.Factorize(&x, mat.SVDThin)
		var u mat.Dense
		svd.UTo(&u)
		for i := range p.Inputs {
			small.Set(i, i, 1)
			if beta > 0 {
				small.Set(i, i, svd.Values(nil)[i])
			}
		}
		var targets mat.Dense
		targets.Mul(u.Slice(0, 7, 0, p.Inputs).T(), y)
		got := train(t, small, &targets, linear.Settings{Widths: []int{1}, Beta: beta})
		k, err := p.Lift(got.W)
		if err != nil {
			t.Fatal(err)
		}
		if value := p.Objective(k) + rest; math.Abs(value-want.Objective) > 1e-9*want.Objective {
			t.Errorf("seed %d: %v in the new coordinates, %v in the old", seed, value, want.Objective)
		}
	}
	if _, _, err := lifted(t, mat.NewDense(2, 2, nil), eye(2), 1, 0).Reduced(); !errors.Is(err, linear.ErrRank) {
		t.Error(err)
	}
}

func TestRelaxationTooLarge(t *testing.T) {
	if _, err := linear.NewRelaxation(lifted(t, eye(4), mat.NewDense(4, 3, nil), 1, 0)); !errors.Is(err, linear.ErrTooLarge) {
		t.Error(err)
	}
}
