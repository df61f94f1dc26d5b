package ipm_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/ipm"
	"github.com/convexnn/convexnn/internal/kernel"
)

// patterns returns the distinct non-zero patterns of many Gaussian gates: all
// cells of a small arrangement.
func patterns(x blas64.General, draws int) []bitset.Set {
	rng := rand.New(rand.NewPCG(1, 1))
	seen := map[string]bool{}
	var out []bitset.Set
	for range draws {
		g := make([]float64, x.Cols)
		for l := range g {
			g[l] = rng.NormFloat64()
		}
		s := bitset.New(x.Rows)
		for i := range x.Rows {
			dot := 0.0
			for l := range g {
				dot += x.Data[i*x.Stride+l] * g[l]
			}
			if dot >= 0 {
				s.Add(i)
			}
		}
		if key := fmt.Sprint(s); !seen[key] && s.Count() > 0 {
			seen[key] = true
			out = append(out, s)
		}
	}
	return out
}

func objective(p *ipm.Problem, r *ipm.Result) float64 {
	sum := 0.0
	for _, v := range r.Residual {
		sum += v * v / 2
	}
	d := p.X.Cols
	for j := range p.Blocks {
		norm := 0.0
		for _, v := range r.U[j*d : (j+1)*d] {
			norm = math.Hypot(norm, v)
		}
		sum += p.Beta * norm
	}
	return sum
}

func xor() (blas64.General, []float64) {
	return blas64.General{Rows: 4, Cols: 3, Stride: 3, Data: []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}}, []float64{-1, 1, 1, -1}
}

func TestXOR(t *testing.T) {
	x, y := xor()
	var blocks []ipm.Block
	for _, b := range patterns(x, 2000) {
		blocks = append(blocks, ipm.Block{Bits: b, Sign: 1}, ipm.Block{Bits: b, Sign: -1})
	}
	for _, beta := range []float64{1e-4, 0.1, 0.3, 0.5, 0.57, 0.6, 0.7} {
		want := 0.0
		for _, c := range []float64{math.Sqrt2, math.Sqrt2, math.Sqrt(3), math.Sqrt(3)} {
			if beta*c < 1 {
				want += beta*c - beta*beta*c*c/2
			} else {
				want += 0.5
			}
		}
		p := &ipm.Problem{X: x, Y: y, Blocks: blocks, Beta: beta, Cones: true}
		r, err := ipm.Solve(context.Background(), p, ipm.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		got := objective(p, r)
		if math.Abs(got-want) > 1e-8*want || !r.Converged {
			t.Errorf("beta=%v: objective %.12g, closed form %.12g (converged %v)", beta, got, want, r.Converged)
		}
	}
}

func random(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// With one pattern that is active everywhere, X = I and no cones, the solution is
// y shrunk as a whole.
func TestOneGroupClosedForm(t *testing.T) {
	const n, beta = 5, 0.7
	x := blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)}
	all := bitset.New(n)
	for i := range n {
		x.Data[i*n+i] = 1
		all.Add(i)
	}
	y := []float64{1, -2, 0.5, 3, -1}
	norm := math.Sqrt(1 + 4 + 0.25 + 9 + 1)
	for _, sign := range []float64{1, -1} {
		p := &ipm.Problem{X: x, Y: y, Blocks: []ipm.Block{{Bits: all, Sign: sign}}, Beta: beta}
		r, err := ipm.Solve(context.Background(), p, ipm.Settings{Tolerance: 1e-11})
		if err != nil {
			t.Fatal(err)
		}
		for l := range y {
			if want := sign * (1 - beta/norm) * y[l]; math.Abs(r.U[l]-want) > 1e-9 {
				t.Errorf("sign %v: weight %d is %v, want %v", sign, l, r.U[l], want)
			}
			if want := beta / norm * y[l]; math.Abs(r.Residual[l]-want) > 1e-9 {
				t.Errorf("sign %v: residual %d is %v, want %v", sign, l, r.Residual[l], want)
			}
		}
	}
}

// The optimality conditions on random programs: weights inside their cones, prices
// at most beta, and a duality gap that closes with the residual as dual point.
func TestOptimalityConditions(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for trial := range 12 {
		n, d := 20+rng.IntN(30), 2+rng.IntN(4)
		blocks := 12
		if trial == 5 {
			n, d, blocks = 40, 5, 400 // more than one group of blocks
		}
		x := blas64.General{Rows: n, Cols: d, Stride: d, Data: random(rng, n*d)}
		if trial%3 == 0 {
			clear(x.Data[:d])                    // a zero row
			copy(x.Data[d:2*d], x.Data[2*d:3*d]) // a duplicate
			for l := range d {                   // an antipode
				x.Data[3*d+l] = -2 * x.Data[2*d+l]
			}
		}
		p := &ipm.Problem{X: x, Y: random(rng, n), Beta: 0.05 + rng.Float64(), Cones: true, Center: trial%2 == 0}
		if p.Center {
			kernel.Center(p.Y)
		}
		for k, b := range patterns(x, blocks) {
			p.Blocks = append(p.Blocks, ipm.Block{Bits: b, Sign: float64(1 - 2*(k%2))})
		}
		const tol = 1e-9
		r, err := ipm.Solve(context.Background(), p, ipm.Settings{Tolerance: tol})
		if err != nil || !r.Converged {
			t.Fatalf("trial %d: gap %v, err %v", trial, r.Gap, err)
		}
		fit := make([]float64, n)
		for j, b := range p.Blocks {
			u := r.U[j*d : (j+1)*d]
			for i := range n {
				dot := 0.0
				for l := range d {
					dot += x.Data[i*d+l] * u[l]
				}
				if b.Bits.Has(i) {
					fit[i] += b.Sign * dot
				} else {
					dot = -dot
				}
				if dot < -1e-7 {
					t.Errorf("trial %d: block %d leaves its cone at sample %d by %g", trial, j, i, -dot)
				}
			}
			if r.Price[j] > p.Beta*(1+1e-7) {
				t.Errorf("trial %d: block %d is priced %g over beta", trial, j, r.Price[j]/p.Beta)
			}
			if active := math.Hypot(u[0], u[1]) > 1e-3; active && r.Price[j] < p.Beta*(1-1e-5) {
				t.Errorf("trial %d: active block %d is priced %g of beta", trial, j, r.Price[j]/p.Beta)
			}
		}
		if p.Center {
			kernel.Center(fit)
		}
		dual := 0.0
		for i := range n {
			if math.Abs(p.Y[i]-fit[i]-r.Residual[i]) > 1e-9 {
				t.Fatalf("trial %d: the residual is not y - F u", trial)
			}
			dual += p.Y[i]*r.Residual[i] - r.Residual[i]*r.Residual[i]/2
		}
		if f := objective(p, r); math.Abs(f-dual) > 1e-7*f {
			t.Errorf("trial %d: primal %.12g, dual %.12g", trial, f, dual)
		}
	}
}

// A cone without interior, here the line x.u = 0, is reached by relaxing it.
func TestFlatCone(t *testing.T) {
	// Samples x and -x, both active: u must be orthogonal to x. What is left of
	// the fit is sample 3 along the second axis.
	x := blas64.General{Rows: 3, Cols: 2, Stride: 2, Data: []float64{1, 0, -1, 0, 0, 1}}
	all := bitset.New(3)
	for i := range 3 {
		all.Add(i)
	}
	p := &ipm.Problem{X: x, Y: []float64{5, 5, 2}, Blocks: []ipm.Block{{Bits: all, Sign: 1}}, Beta: 0.5, Cones: true, Relax: 1e-9}
	r, err := ipm.Solve(context.Background(), p, ipm.Settings{Tolerance: 1e-8})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.U[0]) > 1e-7 || math.Abs(r.U[1]-1.5) > 1e-6 {
		t.Errorf("weights %v, want (0, 1.5)", r.U)
	}
}
