package micro_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/internal/kernel/micro"
)

// versions runs a test for every version that this processor has.
func versions(t *testing.T, run64 func(*testing.T, *micro.Kernels[float64]), run32 func(*testing.T, *micro.Kernels[float32])) {
	for _, k := range micro.Versions64() {
		t.Run(k.Name+"/float64", func(t *testing.T) { run64(t, k) })
	}
	for _, k := range micro.Versions32() {
		t.Run(k.Name+"/float32", func(t *testing.T) { run32(t, k) })
	}
}

// guarded is memory with marks around it, which must not change.
type guarded[T micro.Float] struct{ all []T }

const guard = 7 // odd, so that nothing is aligned

// random returns n numbers that are exact in both types, so that most products are.
func random[T micro.Float](rng *rand.Rand, n int) guarded[T] {
	g := guarded[T]{make([]T, n+2*guard)}
	for i := range g.all {
		g.all[i] = T(rng.IntN(2001)-1000) / 256
	}
	return g
}

func (g guarded[T]) data() []T { return g.all[guard : len(g.all)-guard] }
func (g guarded[T]) ptr() *T   { return &g.all[guard] }
func (g guarded[T]) clone() guarded[T] {
	return guarded[T]{slices.Clone(g.all)}
}

// check compares with what a naive loop made of the same memory, marks included.
func check[T micro.Float](t *testing.T, what string, got, want guarded[T], scale float64) {
	t.Helper()
	epsilon := 1e-14
	if _, single := any(T(0)).(float32); single {
		epsilon = 1e-6
	}
	for i, w := range want.all {
		if !(math.Abs(float64(got.all[i])-float64(w)) <= epsilon*scale) {
			t.Fatalf("%s: number %d of %d is %v, want %v", what, i-guard, len(want.all)-2*guard, got.all[i], w)
		}
	}
}

func bytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func has(masks []byte, width, i, j int) bool { return masks[i*width/8+j/8]>>(j%8)&1 != 0 }

var (
	lengths = []int{1, 2, 3, 7, 8, 31, 64}
	heights = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 31}
)

func products[T micro.Float](t *testing.T, m *micro.Kernels[T]) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rows := range heights {
		for _, k := range lengths {
			scale := 16 * float64(k)
			panel := random[T](rng, k*m.Width)
			p := panel.data()
			ldc := m.Width + rows%3
			for _, add := range []bool{false, true} {
				lda := k + rows%4
				a := random[T](rng, rows*lda)
				got := random[T](rng, rows*ldc)
				want := got.clone()
				for r := range rows {
					for j := range m.Width {
						sum := T(0)
						if add {
							sum = want.data()[r*ldc+j]
						}
						for l := range k {
							sum += a.data()[r*lda+l] * p[l*m.Width+j]
						}
						want.data()[r*ldc+j] = sum
					}
				}
				m.MulN(rows, k, a.ptr(), lda, panel.ptr(), got.ptr(), ldc, add)
				check(t, "MulN", got, want, scale)

				ldt := rows + k%3
				at := random[T](rng, k*ldt)
				for l := range k {
					for r := range rows {
						at.data()[l*ldt+r] = a.data()[r*lda+l]
					}
				}
				got = want.clone()
				if add {
					for i := range got.data() {
						got.data()[i] = want.data()[i] + 1
					}
					for r := range rows {
						for j := range m.Width {
							for l := range k {
								got.data()[r*ldc+j] -= a.data()[r*lda+l] * p[l*m.Width+j]
							}
							want.data()[r*ldc+j]++
						}
					}
					for r := range rows { // what lies between rows stays
						for j := m.Width; j < ldc; j++ {
							want.data()[r*ldc+j]++
						}
					}
				}
				m.MulT(rows, k, at.ptr(), ldt, panel.ptr(), got.ptr(), ldc, add)
				check(t, "MulT", got, want, scale)
			}
			lda := k + 1
			a := random[T](rng, rows*lda)
			masks := bytes(rng, rows*m.Width/8)
			got := random[T](rng, rows*m.Lanes)
			want := got.clone()
			for r := range rows {
				for j := range m.Width {
					for l := range k {
						if has(masks, m.Width, r, j) {
							want.data()[r*m.Lanes+j%m.Lanes] += a.data()[r*lda+l] * p[l*m.Width+j]
						}
					}
				}
			}
			m.Forward(rows, k, a.ptr(), lda, panel.ptr(), &masks[0], got.ptr())
			check(t, "Forward", got, want, 3*scale)
		}
	}
}

func TestProducts(t *testing.T) { versions(t, products[float64], products[float32]) }

func masked[T micro.Float](t *testing.T, m *micro.Kernels[T]) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, rows := range heights {
		masks := bytes(rng, rows*m.Width/8)
		r := random[T](rng, rows)
		got := random[T](rng, rows*m.Width)
		want := got.clone()
		for i := range rows {
			for j := range m.Width {
				want.data()[i*m.Width+j] = 0
				if has(masks, m.Width, i, j) {
					want.data()[i*m.Width+j] = r.data()[i]
				}
			}
		}
		m.Expand(rows, &masks[0], r.ptr(), got.ptr())
		check(t, "Expand", got, want, 0)

		panel := random[T](rng, rows*m.Width)
		for i := range rows {
			for j := range m.Width {
				want.data()[i*m.Width+j] = r.data()[i] * panel.data()[i*m.Width+j]
			}
		}
		m.Weigh(rows, r.ptr(), panel.ptr(), got.ptr())
		check(t, "Weigh", got, want, 0)

		for i := range rows {
			for j := range m.Width {
				want.data()[i*m.Width+j] = 0
				if has(masks, m.Width, 0, j) {
					want.data()[i*m.Width+j] = panel.data()[i*m.Width+j]
				}
			}
		}
		m.Choose(rows, &masks[0], panel.ptr(), got.ptr())
		check(t, "Choose", got, want, 0)

		const alpha, tiny = 1.5, 0.25
		params := []T{alpha, 1 - alpha, tiny, T(math.Copysign(0, -1))}
		z, w, sums := random[T](rng, rows*m.Width), random[T](rng, rows*m.Width), random[T](rng, 5*m.Lanes)
		wantZ, wantW, wantSums := z.clone(), w.clone(), sums.clone()
		for i := range rows {
			for j := range m.Width {
				sign := T(-1)
				if has(masks, m.Width, i, j) {
					sign = 1
				}
				at := i*m.Width + j
				p, slack, multiplier := sign*w.data()[at], max(z.data()[at], 0), min(z.data()[at], 0)
				// Over-relaxation, projection, multiplier: three lines of the paper.
				relaxed := alpha*p + (1-alpha)*slack
				if math.Abs(float64(relaxed+multiplier)) < tiny {
					relaxed = -multiplier
				}
				next := max(relaxed+multiplier, 0)
				multiplier += relaxed - next
				wantZ.data()[at] = next + multiplier
				wantW.data()[at] = sign * (next - multiplier)
				for q, v := range []T{p - next, next - slack, p, next, multiplier} {
					wantSums.data()[q*m.Lanes+j%m.Lanes] += v * v
				}
			}
		}
		m.Cone(rows, &masks[0], z.ptr(), w.ptr(), &params[0], sums.ptr())
		check(t, "Cone state", z, wantZ, 0)
		check(t, "Cone weights", w, wantW, 0)
		check(t, "Cone sums", sums, wantSums, 200*float64(rows))
	}
}

func TestMasked(t *testing.T) { versions(t, masked[float64], masked[float32]) }

func vectors[T micro.Float](t *testing.T, m *micro.Kernels[T]) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := range 150 {
		x, y := random[T](rng, n), random[T](rng, n)
		sum := guarded[T]{make([]T, 2*guard+1)}
		for i, v := range x.data() {
			sum.data()[0] += v * y.data()[i]
		}
		got := guarded[T]{make([]T, 2*guard+1)}
		got.data()[0] = m.Dot(n, x.ptr(), y.ptr())
		check(t, "Dot", got, sum, 16*float64(n+1))

		want := y.clone()
		for i, v := range x.data() {
			want.data()[i] += 0.75 * v
		}
		m.Axpy(n, 0.75, x.ptr(), y.ptr())
		check(t, "Axpy", y, want, 16)

		rows, lda := 1+n%5, n+n%3
		a, product := random[T](rng, rows*lda+1), random[T](rng, rows)
		want = product.clone()
		for r := range rows {
			want.data()[r] = 0
			for l, v := range x.data() {
				want.data()[r] += a.data()[r*lda+l] * v
			}
		}
		m.Dots(rows, n, a.ptr(), lda, x.ptr(), product.ptr())
		check(t, "Dots", product, want, 16*float64(n+1))
	}
}

func TestVectors(t *testing.T) { versions(t, vectors[float64], vectors[float32]) }

// What is inactive is left out, not multiplied by zero: an infinite product that
// no mask selects must not become NaN.
func infinite[T micro.Float](t *testing.T, m *micro.Kernels[T]) {
	a, panel, masks, sums := []T{1}, make([]T, m.Width), make([]byte, m.Width/8), make([]T, m.Lanes)
	panel[0] = T(math.Inf(1))
	m.Forward(1, 1, &a[0], 1, &panel[0], &masks[0], &sums[0])
	for _, s := range sums {
		if s != 0 {
			t.Errorf("sums %v of nothing", sums)
		}
	}
}

func TestInactiveIsLeftOut(t *testing.T) { versions(t, infinite[float64], infinite[float32]) }

func TestEnvironment(t *testing.T) {
	for _, name := range []string{"", "generic"} {
		t.Setenv("CONVEXNN_KERNEL", name)
		if err := micro.CheckEnvironment(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	t.Setenv("CONVEXNN_KERNEL", "avx1024")
	if err := micro.CheckEnvironment(); err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("an unknown version: %v", err)
	}
}
