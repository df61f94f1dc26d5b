package linear_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/linear"
)

// train trains, and checks what holds of every result.
func train(t *testing.T, x, y *mat.Dense, s linear.Settings) *linear.Result {
	t.Helper()
	r, err := linear.Train(t.Context(), x, y, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := objective(x, y, r.Layers, r.Intercept, s.Beta); math.Abs(got-r.Objective) > 1e-12*(got+r.Objective)+1e-26*math.Pow(mat.Norm(y, 2), 2) {
		t.Errorf("the layers have the objective %v, the result says %v", got, r.Objective)
	}
	if len(r.Layers) != len(s.Widths)+1 {
		t.Errorf("%d layers, want %d", len(r.Layers), len(s.Widths)+1)
	}
	for l, k := range s.Widths {
		_, to := r.Layers[l].Dims()
		from, _ := r.Layers[l+1].Dims()
		if to != k || from != k {
			t.Errorf("layer %d has the width %d, %d, want %d", l+1, to, from, k)
		}
	}
	for k, v := range r.Singular {
		if (v > 0) != (k < r.Rank) {
			t.Errorf("singular values %v of rank %d", r.Singular, r.Rank)
		}
	}
	if r.LowerBound > r.Objective || r.Rank > r.Bottleneck || r.Exact != (r.RelativeGap <= 1e-9) {
		t.Errorf("bound %v of %v, rank %d at a bottleneck of %d, gap %v", r.LowerBound, r.Objective, r.Rank, r.Bottleneck, r.RelativeGap)
	}
	return r
}

// objective computes the objective of layers entry by entry.
func objective(x, y *mat.Dense, layers []*mat.Dense, intercept []float64, beta float64) float64 {
	n, _ := x.Dims()
	_, c := y.Dims()
	sum := 0.0
	for i := range n {
		z := append([]float64(nil), x.RawRowView(i)...)
		for _, w := range layers {
			_, to := w.Dims()
			next := make([]float64, to)
			for a, v := range z {
				for b := range next {
					next[b] += v * w.At(a, b)
				}
			}
			z = next
		}
		for k := range c {
			e := z[k] + intercept[k] - y.At(i, k)
			sum += e * e / 2
		}
	}
	for _, w := range layers {
		for _, v := range w.RawMatrix().Data {
			sum += beta / 2 * v * v
		}
	}
	return sum
}

func gaussian(rng *rand.Rand, n, d int) *mat.Dense {
	a := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			a.Set(i, j, rng.NormFloat64())
		}
	}
	return a
}

func eye(n int) *mat.Dense {
	a := mat.NewDense(n, n, nil)
	for i := range n {
		a.Set(i, i, 1)
	}
	return a
}

func diag(values ...float64) *mat.Dense {
	a := mat.NewDense(len(values), len(values), nil)
	for i, v := range values {
		a.Set(i, i, v)
	}
	return a
}

// same are the hidden widths of a network of so many layers.
func same(depth, k int) []int {
	w := make([]int, depth-1)
	for l := range w {
		w[l] = k
	}
	return w
}

// The values follow by hand from the singular values.
func TestKnownOptima(t *testing.T) {
	for _, test := range []struct {
		name   string
		y      *mat.Dense
		widths []int
		beta   float64
		want   float64
	}{
		{"two, rank 1", diag(2, 1), []int{1}, 0, 0.5},
		{"two, rank 2", diag(2, 1), []int{2}, 0, 0},
		{"three, rank 2", diag(3, 2, 1), []int{2}, 0, 0.5},
		{"three, rank 1, deep", diag(3, 2, 1), []int{7, 1, 9}, 0, 2.5},
		{"soft threshold", diag(2, 1), []int{2}, 0.3, 0.3*2.4 + 0.09},
		{"soft threshold, rank 1", diag(2, 1), []int{1}, 0.3, 0.3*1.7 + 0.045 + 0.5},
		{"one vanishes", diag(2, 1), []int{2}, 1.5, 1.5*0.5 + 1.125 + 0.5},
		{"all vanish", diag(2, 1), []int{2}, 2, 2.5},
		{"repeated", diag(2, 2, 1), []int{3}, 1, 1*2 + 2*0.5 + 0.5},
		{"repeated, rank 1", diag(2, 2, 1), []int{1}, 1, 1 + 0.5 + 2 + 0.5},
		{"ridge", diag(2, 1), nil, 1, 5.0 / 4},
		// Depth 3: 2 beta^(3/4) = 2 for beta = 1. Below, nothing; the root of
		// sigma - s + sigma^(-1/3) at sigma = 8 is s = 8.5.
		{"below the jump", diag(1.999), []int{1, 1}, 1, 1.999 * 1.999 / 2},
		{"above the jump", diag(8.5), []int{1, 1}, 1, 0.125 + 1.5*4},
		{"both", diag(8.5, 1.9), []int{2, 2}, 1, 0.125 + 1.5*4 + 1.9*1.9/2},
		// Depth 4: sigma = 16, 16^(-1/2) = 1/4.
		{"depth 4", diag(16.25), []int{1, 1, 1}, 1, 1.0/32 + 2*4},
	} {
		n, _ := test.y.Dims()
		r := train(t, eye(n), test.y, linear.Settings{Widths: test.widths, Beta: test.beta})
		if math.Abs(r.Objective-test.want) > 1e-12*(1+test.want) || !r.Exact || r.Status != convexnn.Solved {
			t.Errorf("%s: %.15g, bound %.15g, want %.15g", test.name, r.Objective, r.LowerBound, test.want)
		}
		if !strings.HasPrefix(r.Statement(), "Globally optimal") {
			t.Errorf("%s: %s", test.name, r.Statement())
		}
	}
}

// Without weight decay: alternating least squares from many starts, which shares no code,
// reaches the closed form and does not undercut it; eigenvalues of a matrix of normal
// equations give its value too.
func TestReducedRank(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 2))
		n, d, c := 6+rng.IntN(6), 2+rng.IntN(3), 2+rng.IntN(3)
		x, y := gaussian(rng, n, d), gaussian(rng, n, c)
		r := 1 + rng.IntN(min(d, c))
		got := train(t, x, y, linear.Settings{Widths: []int{r + rng.IntN(2)*5, r}})
		if got.Method != linear.ReducedRank || !got.Exact {
			t.Errorf("%s, gap %v", got.Method, got.RelativeGap)
		}
		best := math.Inf(1)
		for range 6 {
			v := gaussian(rng, r, c)
			for range 300 {
				// U given V solves a least squares problem, and the reverse.
				var target, u, xu mat.Dense
				var right mat.Dense
				right.Mul(v, v.T())
				target.Mul(y, v.T())
				if u.Solve(x, &target) != nil {
					t.Fatal("singular")
				}
				var inverse mat.Dense
				if inverse.Inverse(&right) != nil {
					t.Fatal("singular")
				}
				u.Mul(&u, &inverse)
				xu.Mul(x, &u)
				if v.Solve(&xu, y) != nil {
					t.Fatal("singular")
				}
				var w mat.Dense
				w.Mul(&u, v)
				best = min(best, objective(x, y, []*mat.Dense{&w}, make([]float64, c), 0))
			}
		}
		if best < got.Objective*(1-1e-10) || best > got.Objective*(1+1e-7) {
			t.Errorf("seed %d: alternating least squares %.12g, closed form %.12g", seed, best, got.Objective)
		}
		var gram, cross, solved, m mat.Dense
		gram.Mul(x.T(), x)
		cross.Mul(x.T(), y)
		if solved.Solve(&gram, &cross) != nil {
			t.Fatal("singular")
		}
		m.Mul(cross.T(), &solved)
		sym := mat.NewSymDense(c, nil)
		for i := range c {
			for j := range i + 1 {
				sym.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
			}
		}
		var eigen mat.EigenSym
		eigen.Factorize(sym, false)
		value := mat.Norm(y, 2) * mat.Norm(y, 2) / 2
		for k := range r {
			value -= eigen.Values(nil)[c-1-k] / 2
		}
		if math.Abs(value-got.Objective) > 1e-10*value {
			t.Errorf("seed %d: eigenvalues %.12g, closed form %.12g", seed, value, got.Objective)
		}
	}
}

// Brackets from another solver, see bench/oracles/make_nuclear_traces.py.
func TestNuclearTraces(t *testing.T) {
	raw, err := os.ReadFile("testdata/nuclear.json")
	if err != nil {
		t.Fatal(err)
	}
	var traces []struct {
		Kind               string
		X, Y               [][]float64
		Beta, Primal, Dual float64
	}
	if err := json.Unmarshal(raw, &traces); err != nil || len(traces) < 30 {
		t.Fatal(err, len(traces))
	}
	for k, trace := range traces {
		x, y := dense(trace.X), dense(trace.Y)
		_, d := x.Dims()
		_, c := y.Dims()
		r := train(t, x, y, linear.Settings{Widths: []int{max(d, c)}, Beta: trace.Beta})
		if !r.Exact || r.Objective > trace.Primal*(1+1e-9) || r.LowerBound < trace.Dual*(1-1e-9) || r.Objective < trace.Dual*(1-1e-9) {
			t.Errorf("%d, %s: [%.12g, %.12g] by %s, want [%.12g, %.12g]", k, trace.Kind, r.LowerBound, r.Objective, r.Method, trace.Dual, trace.Primal)
		}
		if r.Dual != nil {
			bound, err := linear.NuclearBound(x, y, r.Dual, trace.Beta)
			if err != nil || math.Abs(bound-r.LowerBound) > 1e-9*trace.Primal {
				t.Errorf("%d, %s: the dual proves %.12g (%v), the result says %.12g", k, trace.Kind, bound, err, r.LowerBound)
			}
		}
		// Weak duality: no matrix proves more than the optimum.
		rng := rand.New(rand.NewPCG(uint64(k), 3))
		n, _ := y.Dims()
		for range 20 {
			v := gaussian(rng, n, c)
			v.Scale(rng.Float64(), v)
			v.Add(v, y)
			if bound, err := linear.NuclearBound(x, y, v, trace.Beta); err != nil || bound > trace.Primal*(1+1e-12) {
				t.Errorf("%d, %s: a bound of %v above the optimum %v (%v)", k, trace.Kind, bound, trace.Primal, err)
			}
		}
	}
}

func dense(rows [][]float64) *mat.Dense {
	a := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, r := range rows {
		a.SetRow(i, r)
	}
	return a
}

// The factors minimised by a library's L-BFGS from many starts: never below the bound,
// hardly ever below the objective, and equal to it where that is proved optimal.
func TestManyStarts(t *testing.T) {
	proved, open := 0, 0
	for seed := range uint64(18) {
		rng := rand.New(rand.NewPCG(seed, 4))
		n, d, c := 4+rng.IntN(6), 2+rng.IntN(3), 1+rng.IntN(3)
		x, y := gaussian(rng, n, d), gaussian(rng, n, c)
		depth, beta := 2+int(seed%3), 0.02+rng.Float64()
		widths := same(depth, 1+rng.IntN(3))
		r := train(t, x, y, linear.Settings{Widths: widths, Beta: beta})
		best := math.Inf(1)
		for range 12 {
			best = min(best, multistart(rng, x, y, widths, beta))
		}
		if best < r.LowerBound*(1-1e-9) {
			t.Errorf("seed %d: a network with %.12g, below the bound %.12g", seed, best, r.LowerBound)
		}
		if best < r.Objective*(1-1e-7) {
			t.Errorf("seed %d, depth %d: L-BFGS finds %.12g, the search %.12g", seed, depth, best, r.Objective)
		}
		if best > r.Objective*(1+1e-3) {
			t.Errorf("seed %d, depth %d: L-BFGS finds only %.12g, the search %.12g", seed, depth, best, r.Objective)
		}
		if r.Exact {
			proved++
		} else {
			open++
			if !strings.Contains(r.Statement(), "local optimum") || r.Method != linear.Local {
				t.Errorf("seed %d: %s", seed, r.Statement())
			}
		}
	}
	t.Logf("%d proved, %d open", proved, open)
	if proved < 9 || open == 0 {
		t.Errorf("%d proved and %d open: this tests only one of them", proved, open)
	}
}

// multistart minimises over the factors with gonum's L-BFGS and numerical derivatives of
// nothing: the gradient is written out for products from the left.
func multistart(rng *rand.Rand, x, y *mat.Dense, widths []int, beta float64) float64 {
	_, d := x.Dims()
	_, c := y.Dims()
	sizes := append(append([]int{d}, widths...), c)
	split := func(w []float64) (out []*mat.Dense) {
		for l := range len(sizes) - 1 {
			k := sizes[l] * sizes[l+1]
			out = append(out, mat.NewDense(sizes[l], sizes[l+1], w[:k]))
			w = w[k:]
		}
		return out
	}
	total := 0
	for l := range len(sizes) - 1 {
		total += sizes[l] * sizes[l+1]
	}
	start := make([]float64, total)
	for i := range start {
		start[i] = rng.NormFloat64()
	}
	f := func(w []float64) float64 { return objective(x, y, split(w), make([]float64, c), beta) }
	grad := func(g, w []float64) {
		layers, out := split(w), split(g)
		before := []mat.Matrix{x}
		for _, l := range layers {
			var next mat.Dense
			next.Mul(before[len(before)-1], l)
			before = append(before, &next)
		}
		var back mat.Dense
		back.Sub(before[len(layers)], y)
		for l := len(layers) - 1; l >= 0; l-- {
			out[l].Mul(before[l].T(), &back)
			var decay, next mat.Dense
			decay.Scale(beta, layers[l])
			out[l].Add(out[l], &decay)
			next.Mul(&back, layers[l].T())
			back.CloneFrom(&next)
		}
	}
	r, err := optimize.Minimize(optimize.Problem{Func: f, Grad: grad}, start, &optimize.Settings{MajorIterations: 2000, GradientThreshold: 1e-9}, &optimize.LBFGS{})
	if r == nil {
		panic(err)
	}
	return r.F
}

// One output: only the length of w matters to the penalty, and a grid over two weights
// with a refinement finds the global optimum at any depth.
func TestGrid(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 5))
		x, y := gaussian(rng, 6, 2), gaussian(rng, 6, 1)
		depth, beta := 2+int(seed%4), 0.1+rng.Float64()
		f := func(a, b float64) float64 {
			sum := 0.0
			for i := range 6 {
				e := x.At(i, 0)*a + x.At(i, 1)*b - y.At(i, 0)
				sum += e * e / 2
			}
			return sum + beta*float64(depth)/2*math.Pow(math.Hypot(a, b), 2/float64(depth))
		}
		best, a, b, width := f(0, 0), 0.0, 0.0, 4.0
		for range 30 {
			p, q := a, b
			for i := -60; i <= 60; i++ {
				for j := -60; j <= 60; j++ {
					u, v := p+width*float64(i)/60, q+width*float64(j)/60
					if g := f(u, v); g < best {
						best, a, b = g, u, v
					}
				}
			}
			width /= 3
		}
		r := train(t, x, y, linear.Settings{Widths: same(depth, 3), Beta: beta})
		if math.Abs(r.Objective-best) > 1e-8*best || r.LowerBound > best*(1+1e-12) {
			t.Errorf("seed %d, depth %d: [%.10g, %.10g], the grid finds %.10g", seed, depth, r.LowerBound, r.Objective, best)
		}
	}
}
