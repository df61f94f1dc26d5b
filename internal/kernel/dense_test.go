package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/kernel/micro"
)

func matrix(rng *rand.Rand, r, c int) blas64.General {
	stride := c + r%3
	return blas64.General{Rows: r, Cols: c, Stride: stride, Data: random(rng, r*stride)}
}

// entry returns entry (i, j) of op(a).
func entry(a blas64.General, op blas.Transpose, i, j int) float64 {
	if op == blas.Trans {
		i, j = j, i
	}
	return a.Data[i*a.Stride+j]
}

func TestGemm(t *testing.T) { versions(t, gemm) }

func gemm(t *testing.T, m *micro.Kernels[float64]) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, s := range []struct{ r, c, k int }{{1, 1, 1}, {3, 25, 2}, {8, 24, 8}, {97, 50, 5}, {10, 7, 400}, {200, 100, 193}, {4, 3, 0}} {
		for _, ta := range []blas.Transpose{blas.NoTrans, blas.Trans} {
			for _, tb := range []blas.Transpose{blas.NoTrans, blas.Trans} {
				a, b, c := matrix(rng, s.r, s.k), matrix(rng, s.k, s.c), matrix(rng, s.r, s.c)
				if ta == blas.Trans {
					a = matrix(rng, s.k, s.r)
				}
				if tb == blas.Trans {
					b = matrix(rng, s.c, s.k)
				}
				for _, beta := range []float64{0, 1, -0.5} {
					want := blas64.General{Rows: c.Rows, Cols: c.Cols, Stride: c.Stride, Data: append([]float64(nil), c.Data...)}
					for i := range s.r {
						for j := range s.c {
							sum := 0.0
							for l := range s.k {
								sum += entry(a, ta, i, l) * entry(b, tb, l, j)
							}
							want.Data[i*c.Stride+j] = beta*c.Data[i*c.Stride+j] + 0.7*sum
						}
					}
					got := append([]float64(nil), c.Data...)
					kernel.GemmWith(m, ta, tb, 0.7, a, b, beta, blas64.General{Rows: s.r, Cols: s.c, Stride: c.Stride, Data: got})
					near(t, fmt.Sprint("Gemm ", s, ta, tb, beta), shape{}, got, want.Data)
				}
			}
		}
	}
}

func TestCholesky(t *testing.T) { versions(t, cholesky) }

func cholesky(t *testing.T, m *micro.Kernels[float64]) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{1, 2, 8, 9, 24, 25, 47, 100, 192, 193, 217, 430} {
		// a = b'b + 0.1 I, from its own factor b, and not well conditioned.
		b := matrix(rng, n, n)
		a := blas64.General{Rows: n, Cols: n, Stride: b.Stride, Data: make([]float64, n*b.Stride)}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, b, b, 0, a)
		for i := range n {
			a.Data[i*a.Stride+i] += 0.1
		}
		u := blas64.General{Rows: n, Cols: n, Stride: a.Stride, Data: append([]float64(nil), a.Data...)}
		if !kernel.CholeskyWith(m, u) {
			t.Fatalf("n=%d: not positive definite", n)
		}
		for i := range n {
			for j := range i {
				u.Data[i*u.Stride+j] = 0
			}
		}
		product := blas64.General{Rows: n, Cols: n, Stride: a.Stride, Data: append([]float64(nil), a.Data...)}
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, u, u, 0, product)
		near(t, fmt.Sprint("U'U of order ", n), shape{}, product.Data, a.Data)

		x := random(rng, n)
		rhs := make([]float64, n)
		for i := range n {
			rhs[i] = dot(row(a, i), x)
		}
		kernel.SolveCholesky(u, rhs)
		for i := range n {
			if !(math.Abs(dot(row(a, i), rhs)-dot(row(a, i), x)) <= 1e-10*float64(n)) {
				t.Fatalf("n=%d: the solution leaves a residual", n)
			}
		}
	}
}

func TestCholeskyRefuses(t *testing.T) { versions(t, refuses) }

func refuses(t *testing.T, m *micro.Kernels[float64]) {
	for _, n := range []int{1, 30, 300} {
		for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
			for _, at := range []int{0, n / 2, n - 1} {
				unit := func() blas64.General {
					a := kernel.Dense(n, n)
					for i := range n {
						a.Data[i*n+i] = 1
					}
					return a
				}
				a := unit()
				a.Data[at*n+at] = bad
				if kernel.CholeskyWith(m, a) {
					t.Errorf("n=%d: a matrix with %v on its diagonal was factored", n, bad)
				}
				if at == n-1 || !(math.IsNaN(bad) || math.IsInf(bad, 1)) {
					continue
				}
				a = unit()
				a.Data[at*n+n-1] = bad
				if kernel.CholeskyWith(m, a) {
					t.Errorf("n=%d: a matrix with %v above its diagonal was factored", n, bad)
				}
				a = unit()
				a.Data[(n-1)*n+at] = bad
				if !kernel.CholeskyWith(m, a) {
					t.Errorf("n=%d: %v below the diagonal counts", n, bad)
				}
			}
		}
	}
}

// Matrices without rows, columns or steps are matrices.
func TestNothing(t *testing.T) {
	for _, s := range [][3]int{{0, 0, 0}, {0, 3, 2}, {3, 0, 2}, {3, 2, 0}} {
		a, b, c := kernel.Dense(s[0], s[2]), kernel.Dense(s[2], s[1]), kernel.Dense(s[0], s[1])
		for i := range c.Data {
			c.Data[i] = 1
		}
		kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c)
		for _, v := range c.Data {
			if v != 0 {
				t.Errorf("%v: a product is %v", s, c.Data)
			}
		}
		kernel.MulVec(make([]float64, s[0]), a, make([]float64, s[2]))
		kernel.AddMulTransVec(make([]float64, s[2]), 1, a, make([]float64, s[0]))
	}
}

func TestDenseSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const n = 700
	rng := rand.New(rand.NewPCG(13, 14))
	a := blas64.General{Rows: n, Cols: n, Stride: n, Data: random(rng, n*n)}
	x := random(rng, n)
	run := func(threads int) []float64 {
		runtime.GOMAXPROCS(threads)
		c := kernel.Dense(n, n)
		kernel.Gemm(blas.Trans, blas.NoTrans, 1, a, a, 0, c)
		out := append([]float64(nil), c.Data...)
		for i := range n {
			c.Data[i*n+i]++
		}
		kernel.Cholesky(c)
		for i := range n {
			out = append(out, c.Data[i*n+i:(i+1)*n]...)
		}
		solution := append([]float64(nil), x...)
		kernel.SolveCholesky(c, solution)
		return append(out, solution...)
	}
	one := run(1)
	for _, threads := range []int{2, 5} {
		if !slices.Equal(one, run(threads)) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}

func TestVectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, s := range []struct{ r, c int }{{1, 1}, {5, 3}, {7, 64}, {100, 31}, {0, 4}, {3, 0}} {
		a, x, y := matrix(rng, s.r, s.c), random(rng, s.c), random(rng, s.r)
		product, transposed := make([]float64, s.r), random(rng, s.c)
		want := append([]float64(nil), transposed...)
		for i := range s.r {
			product[i] = dot(row(a, i), x)
			for j := range s.c {
				want[j] -= 0.5 * row(a, i)[j] * y[i]
			}
		}
		got := random(rng, s.r)
		kernel.MulVec(got, a, x)
		near(t, "MulVec", shape{}, got, product)
		kernel.AddMulTransVec(transposed, -0.5, a, y)
		near(t, "AddMulTransVec", shape{}, transposed, want)
		for i := range s.r {
			near(t, "Dot", shape{}, []float64{kernel.Dot(row(a, i), x)}, product[i:i+1])
		}
		kernel.AddScaled(x, 2, make([]float64, s.c))
	}
}
