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
		t.Log(beta, got, want, r.Gap, r.Iterations, r.Converged)
		if math.Abs(got-want) > 1e-7*want {
			t.Errorf("beta=%v: objective %.12g, closed form %.12g", beta, got, want)
		}
	}
}
