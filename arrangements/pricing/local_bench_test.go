package pricing_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
)

func BenchmarkLocal(b *testing.B) {
	for _, size := range [][2]int{{100, 10}, {569, 31}, {442, 11}, {300, 3}} {
		n, d := size[0], size[1]
		rng := rand.New(rand.NewPCG(8, 8))
		x := gaussian(rng, n, d)
		random := gaussian(rng, 1, n).RawRowView(0)
		few := slices.Clone(random)
		for i := range few {
			if i%20 > 0 {
				few[i] = math.Abs(few[i])
			}
		}
		for _, c := range []struct {
			name string
			v    []float64
		}{{"random", random}, {"fewNegative", few}, {"level", nil}} {
			b.Run(fmt.Sprintf("n=%d,d=%d/%s", n, d, c.name), func(b *testing.B) {
				if c.v == nil {
					c.v = residual(b, rng, x)
				}
				for b.Loop() {
					if _, err := pricing.Local(context.Background(), x, c.v, pricing.LocalSettings{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The margins and subset sums of 64 ascents, one by one and as products of matrices
// with an ascent in each column, the fastest layout.
func BenchmarkProducts(b *testing.B) {
	const ascents = 64
	for _, size := range [][2]int{{50, 10}, {285, 31}, {221, 11}, {150, 3}} {
		m, d := size[0], size[1]
		rng := rand.New(rand.NewPCG(10, 10))
		x, u := gaussian(rng, m, d), gaussian(rng, d, ascents)
		var xt, ut, st mat.Dense
		xt.CloneFrom(x.T())
		ut.CloneFrom(u.T())
		in := mat.NewDense(m, ascents, nil)
		in.Apply(func(_, _ int, _ float64) float64 { return float64(rng.IntN(2)) }, in)
		st.CloneFrom(in.T())
		margin, sum := mat.NewDense(m, ascents, nil), mat.NewDense(d, ascents, nil)
		name := fmt.Sprintf("m=%d,d=%d/", m, d)
		b.Run(name+"Gemv", func(b *testing.B) {
			to, a := make([]float64, m), make([]float64, d)
			for b.Loop() {
				for k := range ascents {
					blas64.Gemv(blas.NoTrans, 1, x.RawMatrix(), vector(ut.RawRowView(k)), 0, vector(to))
					blas64.Gemv(blas.Trans, 1, x.RawMatrix(), vector(st.RawRowView(k)), 0, vector(a))
				}
			}
		})
		b.Run(name+"Gemm", func(b *testing.B) {
			for b.Loop() {
				blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, x.RawMatrix(), u.RawMatrix(), 0, margin.RawMatrix())
				blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, xt.RawMatrix(), in.RawMatrix(), 0, sum.RawMatrix())
			}
		})
	}
}

func vector(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Data: v, Inc: 1} }
