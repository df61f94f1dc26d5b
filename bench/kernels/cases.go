package main

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
)

// cases lists what is measured.
func cases(quick bool) []bench {
	sizes, dims, orders := [][2]int{{1000, 1000}, {1000, 5000}, {10000, 5000}}, []int{10, 30, 100}, []int{500, 2000}
	if quick {
		sizes, dims, orders = [][2]int{{100, 50}}, []int{10}, []int{100}
	}
	var list []bench
	for _, s := range sizes {
		for _, d := range dims {
			list = append(list, masked(s[0], s[1], d)...)
		}
	}
	for _, n := range orders {
		list = append(list, dense(n)...)
	}
	return list
}

// masked lists the products with P patterns of n samples in d dimensions.
func masked(n, patterns, d int) []bench {
	size := fmt.Sprintf("n=%d, P=%d, d=%d", n, patterns, d)
	product := 2 * float64(n) * float64(patterns) * float64(d)
	start := func() (*kernel.Masked, *gonumMasked, *rand.Rand) {
		k, g := kernelsOf(n, patterns, d)
		return k, g, rand.New(rand.NewPCG(uint64(n), uint64(d)))
	}
	return []bench{
		{"forward", size, product, func() (ours, gonum func()) {
			k, g, rng := start()
			u, dst := gaussian(rng, patterns*d), make([]float64, n)
			return func() { k.Forward(dst, u) }, func() { g.forward(dst, u) }
		}},
		{"adjoint", size, product, func() (ours, gonum func()) {
			k, g, rng := start()
			r, dst := gaussian(rng, n), make([]float64, patterns*d)
			return func() { k.Adjoint(dst, r) }, func() { g.adjoint(dst, r) }
		}},
		// Two blocks for each pattern, and to the samples and back.
		{"cone step", size, 4 * product, cone(start, patterns, d, n, true)},
		{"cone step, float32", size, 4 * product, cone(start, patterns, d, n, false)},
	}
}

// cone prepares a step over the cones, in float64 if refined.
func cone(start func() (*kernel.Masked, *gonumMasked, *rand.Rand), patterns, d, n int, refined bool) func() (ours, gonum func()) {
	return func() (ours, gonum func()) {
		k, g, rng := start()
		u, dst := gaussian(rng, 2*patterns*d), make([]float64, 2*patterns*d)
		cones, z := kernel.NewCones(k, 2*patterns, 0.1), make([]float64, 2*patterns*n)
		if refined {
			cones.Refine()
		}
		return func() { cones.Step(dst, u, 1.6) }, func() { g.coneStep(dst, z, u, 0.1, 1.6) }
	}
}

// kernelsOf returns both sides for Gaussian samples and patterns.
func kernelsOf(n, patterns, d int) (*kernel.Masked, *gonumMasked) {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(patterns)))
	x := blas64.General{Rows: n, Cols: d, Stride: d, Data: gaussian(rng, n*d)}
	bits := make([]bitset.Set, patterns)
	for p := range bits {
		bits[p] = bitset.New(n)
		g := gaussian(rng, d)
		for i := range n {
			if kernel.Dot(g, x.Data[i*d:(i+1)*d]) >= 0 {
				bits[p].Add(i)
			}
		}
	}
	return kernel.NewMasked(x, bits), &gonumMasked{x: x, xt: transpose(x), bits: bits}
}

// dense lists what the second-order phases need of order n.
func dense(n int) []bench {
	size := fmt.Sprintf("n=%d", n)
	cube := float64(n) * float64(n) * float64(n)
	start := func() (a, spd blas64.General) {
		rng := rand.New(rand.NewPCG(uint64(n), 3))
		a = blas64.General{Rows: n, Cols: n, Stride: n, Data: gaussian(rng, n*n)}
		spd = kernel.Dense(n, n)
		kernel.Gemm(blas.Trans, blas.NoTrans, 1, a, a, 0, spd)
		for i := range n {
			spd.Data[i*n+i] += float64(n)
		}
		return a, spd
	}
	return []bench{
		{"matrix product", size, 2 * cube, func() (ours, gonum func()) {
			a, b := start()
			c := kernel.Dense(n, n)
			return func() { kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c) }, func() { blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c) }
		}},
		{"Cholesky", size, cube / 3, func() (ours, gonum func()) {
			_, spd := start()
			c := kernel.Dense(n, n)
			ours = func() {
				copy(c.Data, spd.Data)
				kernel.Cholesky(c)
			}
			gonum = func() {
				copy(c.Data, spd.Data)
				lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: c.Data, Uplo: blas.Upper})
			}
			return ours, gonum
		}},
		{"solve with a factor", size, 2 * cube / float64(n), func() (ours, gonum func()) {
			_, spd := start()
			kernel.Cholesky(spd)
			x := gaussian(rand.New(rand.NewPCG(1, 1)), n)
			y := make([]float64, n)
			u := blas64.Triangular{N: n, Stride: n, Data: spd.Data, Uplo: blas.Upper, Diag: blas.NonUnit}
			ours = func() {
				copy(y, x)
				kernel.SolveCholesky(spd, y)
			}
			gonum = func() {
				copy(y, x)
				blas64.Trsv(blas.Trans, u, blas64.Vector{N: n, Data: y, Inc: 1})
				blas64.Trsv(blas.NoTrans, u, blas64.Vector{N: n, Data: y, Inc: 1})
			}
			return ours, gonum
		}},
	}
}

func gaussian(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}
