package linear_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/linear"
)

// The minimiser against a fine grid, for depths on both sides of convexity.
func TestShrink(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		depth, beta, s := 1+rng.IntN(7), math.Exp(2*rng.NormFloat64()), math.Exp(1.5*rng.NormFloat64())
		f := func(sigma float64) float64 {
			return (sigma-s)*(sigma-s)/2 + linear.Penalty([]float64{sigma}, beta, depth)
		}
		got := linear.Shrink(s, beta, depth)
		best := math.Inf(1)
		for k := range 20001 {
			best = min(best, f(s*float64(k)/20000))
		}
		if f(got) > best*(1+1e-12) || f(got) < best*(1-1e-6) {
			t.Errorf("depth %d, beta %v, s %v: %v at %v, the grid finds %v", depth, beta, s, f(got), got, best)
		}
	}
}

// At the threshold zero and the jump have the same value, and the jump is stationary.
func TestThreshold(t *testing.T) {
	for _, beta := range []float64{1e-3, 0.3, 1, 50} {
		s, sigma := linear.Threshold(beta, 3)
		if math.Abs(s-2*math.Pow(beta, 0.75)) > 1e-14*s || math.Abs(sigma-s/2) > 1e-14*s {
			t.Errorf("depth 3, beta %v: s %v, sigma %v", beta, s, sigma)
		}
		for depth := 3; depth < 9; depth++ {
			s, sigma := linear.Threshold(beta, depth)
			p := 2 / float64(depth)
			value := (sigma-s)*(sigma-s)/2 + beta/p*math.Pow(sigma, p)
			slope := sigma - s + beta*math.Pow(sigma, p-1)
			if math.Abs(value-s*s/2) > 1e-13*s*s || math.Abs(slope) > 1e-13*s {
				t.Errorf("depth %d, beta %v: value %v and %v, slope %v", depth, beta, value, s*s/2, slope)
			}
			if below, above := linear.Shrink(s*(1-1e-9), beta, depth), linear.Shrink(s*(1+1e-9), beta, depth); below != 0 || math.Abs(above-sigma) > 1e-3*sigma {
				t.Errorf("depth %d, beta %v: from %v to %v at the threshold, want a jump to %v", depth, beta, below, above, sigma)
			}
		}
	}
	if s, sigma := linear.Threshold(0.7, 2); s != 0.7 || sigma != 0 {
		t.Error(s, sigma)
	}
}

// The penalty is that of balanced layers, and no other factors of the product undercut it.
func TestPenalty(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for depth := 1; depth <= 5; depth++ {
		widths := same(depth, 3)
		if depth > 2 {
			widths[1] = 5
		}
		var w mat.Dense
		w.Mul(gaussian(rng, 4, 2), gaussian(rng, 2, 3))
		layers, err := linear.Factor(&w, widths)
		if err != nil {
			t.Fatal(err)
		}
		back, squares := mat.DenseCopyOf(layers[0]), 0.0
		for _, l := range layers[1:] {
			var next mat.Dense
			next.Mul(back, l)
			back = &next
		}
		for _, l := range layers {
			squares += mat.Norm(l, 2) * mat.Norm(l, 2)
		}
		var svd mat.SVD
		svd.Factorize(&w, mat.SVDNone)
		want := linear.Penalty(svd.Values(nil)[:2], 0.7, depth)
		if !mat.EqualApprox(back, &w, 1e-13) || math.Abs(0.35*squares-want) > 1e-12*want {
			t.Errorf("depth %d: decay %v, penalty %v", depth, 0.35*squares, want)
		}
		for l := range len(layers) - 1 { // balanced
			var a, b mat.Dense
			a.Mul(layers[l].T(), layers[l])
			b.Mul(layers[l+1], layers[l+1].T())
			if !mat.EqualApprox(&a, &b, 1e-12) {
				t.Errorf("depth %d: layers %d and %d are not balanced", depth, l+1, l+2)
			}
		}
		if depth == 1 {
			continue
		}
		for range 30 { // W_l G and G^-1 W_{l+1} have the same product
			l := rng.IntN(depth - 1)
			_, k := layers[l].Dims()
			g := gaussian(rng, k, k)
			g.Scale(0.3, g)
			for i := range k {
				g.Set(i, i, g.At(i, i)+1)
			}
			var inverse, a, b mat.Dense
			if inverse.Inverse(g) != nil {
				continue
			}
			a.Mul(layers[l], g)
			b.Mul(&inverse, layers[l+1])
			before := math.Pow(mat.Norm(layers[l], 2), 2) + math.Pow(mat.Norm(layers[l+1], 2), 2)
			if after := math.Pow(mat.Norm(&a, 2), 2) + math.Pow(mat.Norm(&b, 2), 2); after < before*(1-1e-12) {
				t.Errorf("depth %d: other factors have %v, these %v", depth, after, before)
			}
		}
	}
}
