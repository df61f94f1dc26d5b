package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/kernel/micro"
)

type shape struct{ n, d, p int }

// shapes straddle the word, row, panel, group and depth sizes of the kernels.
var shapes = []shape{
	{1, 1, 1},
	{2, 3, 1},
	{63, 2, 5},
	{64, 5, 31},
	{65, 7, 33},
	{130, 1, 64},
	{200, 31, 65},
	{97, 8, 24},
	{96, 9, 25},
	{10, 200, 3},
	{7, 385, 49},
	{33, 6, 1000},
}

// versions runs a test for every version of the kernels that this processor has.
func versions(t *testing.T, test func(*testing.T, *micro.Kernels[float64])) {
	for _, m := range micro.Versions64() {
		t.Run(m.Name, func(t *testing.T) { test(t, m) })
	}
}

func random(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func instance(m *micro.Kernels[float64], s shape) (*kernel.Masked, *rand.Rand) {
	rng := rand.New(rand.NewPCG(uint64(s.n), uint64(s.d*1000+s.p)))
	stride := s.d + s.n%3
	x := blas64.General{Rows: s.n, Cols: s.d, Stride: stride, Data: random(rng, s.n*stride)}
	bits := make([]bitset.Set, s.p)
	for p := range bits {
		bits[p] = bitset.New(s.n)
		for i := range s.n {
			if rng.IntN(2) == 0 {
				bits[p].Add(i)
			}
		}
	}
	return kernel.NewMaskedWith(m, x, bits), rng
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

func row(x blas64.General, i int) []float64 { return x.Data[i*x.Stride : i*x.Stride+x.Cols] }

func near(t *testing.T, name string, s shape, got, want []float64) {
	t.Helper()
	within(t, name, s, 1e-12, got, want)
}

// within compares up to epsilon of the largest number, or of 1.
func within(t *testing.T, name string, s shape, epsilon float64, got, want []float64) {
	t.Helper()
	scale := 1.0
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= epsilon*scale) {
			t.Fatalf("%s %+v: entry %d is %v, want %v", name, s, i, got[i], want[i])
		}
	}
}

func TestForwardAndAdjoint(t *testing.T) { versions(t, forwardAndAdjoint) }

func forwardAndAdjoint(t *testing.T, m *micro.Kernels[float64]) {
	for _, s := range shapes {
		k, rng := instance(m, s)
		u, r := random(rng, s.p*s.d), random(rng, s.n)
		if s.p > 2 {
			clear(u[s.d : 2*s.d]) // an idle block
		}
		forward, adjoint := make([]float64, s.n), make([]float64, s.p*s.d)
		for p, bits := range k.Bits {
			for i := range s.n {
				if bits.Has(i) {
					forward[i] += dot(row(k.X, i), u[p*s.d:(p+1)*s.d])
					for l, v := range row(k.X, i) {
						adjoint[p*s.d+l] += r[i] * v
					}
				}
			}
		}
		got := random(rng, s.n) // stale contents must not matter
		k.Forward(got, u)
		near(t, "Forward", s, got, forward)
		got = random(rng, s.p*s.d)
		k.Adjoint(got, r)
		near(t, "Adjoint", s, got, adjoint)
	}
}

func TestGram(t *testing.T) { versions(t, gram) }

func gram(t *testing.T, m *micro.Kernels[float64]) {
	for _, s := range shapes {
		k, rng := instance(m, s)
		metric := blas64.General{Rows: s.d, Cols: s.d, Stride: s.d, Data: make([]float64, s.d*s.d)}
		for a := range s.d {
			for b := range a + 1 {
				v := rng.NormFloat64()
				metric.Data[a*s.d+b], metric.Data[b*s.d+a] = v, v
			}
		}
		want, diag := make([]float64, s.n*s.n), make([]float64, s.n)
		for i := range s.n {
			for j := range s.n {
				xkx := 0.0
				for a := range s.d {
					xkx += row(k.X, i)[a] * dot(row(metric, a), row(k.X, j))
				}
				for _, bits := range k.Bits {
					if bits.Has(i) && bits.Has(j) {
						want[i*s.n+j] += xkx
					}
				}
			}
			diag[i] = want[i*s.n+i]
		}
		near(t, "Gram", s, k.Gram(metric).Data, want)
		columns := k.GramColumns(metric)
		near(t, "Diagonal", s, columns.Diagonal(), diag)
		col := make([]float64, s.n)
		columns.Column(col, s.n/2)
		near(t, "Column", s, col, want[s.n/2*s.n:(s.n/2+1)*s.n])
	}
}

// coneVersions runs a test for every pair of versions, refined and not.
func coneVersions(t *testing.T, test func(t *testing.T, m *micro.Kernels[float64], m32 *micro.Kernels[float32], refined bool)) {
	for i, m := range micro.Versions64() {
		for _, refined := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/refined=%v", m.Name, refined), func(t *testing.T) { test(t, m, micro.Versions32()[i], refined) })
		}
	}
}

func TestCones(t *testing.T) { coneVersions(t, cones) }

func cones(t *testing.T, m *micro.Kernels[float64], m32 *micro.Kernels[float32], refined bool) {
	const g, alpha = 0.7, 1.6
	epsilon := 1e-5
	if refined {
		epsilon = 1e-12
	}
	for _, s := range shapes {
		k, rng := instance(m, s)
		blocks := 2 * s.p
		c := kernel.NewConesWith(m32, k, blocks, g)
		if refined {
			c.Refine()
		}
		u, want := random(rng, blocks*s.d), make([]float64, blocks*s.d)
		z, wantZ := make([]float64, blocks*s.n), make([]float64, blocks*s.n)
		var report kernel.ConeReport
		for j := range blocks {
			for i := range s.n {
				z[j*s.n+i] = c.SetState(j, i, rng.NormFloat64())
				sign := -1.0
				if k.Bits[j%s.p].Has(i) {
					sign = 1
				}
				p := g * sign * dot(row(k.X, i), u[j*s.d:(j+1)*s.d])
				slack, multiplier := max(z[j*s.n+i], 0), min(z[j*s.n+i], 0)
				// Over-relaxation, projection, multiplier: three lines of the paper.
				relaxed := alpha*p + (1-alpha)*slack
				next := max(relaxed+multiplier, 0)
				multiplier += relaxed - next
				wantZ[j*s.n+i] = next + multiplier
				for l, v := range row(k.X, i) {
					want[j*s.d+l] += g * sign * (next - multiplier) * v
				}
				report.Primal += (p - next) * (p - next)
				report.Dual += (next - slack) * (next - slack)
				report.Value += p * p
				report.Slack += next * next
				report.Multiplier += multiplier * multiplier
			}
		}
		got := random(rng, blocks*s.d)
		r := c.Step(got, u, alpha)
		state := func() []float64 {
			for at := range z {
				z[at] = c.State(at/s.n, at%s.n)
			}
			return z
		}
		within(t, "state", s, epsilon, state(), wantZ)
		within(t, "Step", s, epsilon, got, want)
		within(t, "report", s, epsilon,
			[]float64{r.Primal, r.Dual, r.Value, r.Slack, r.Multiplier},
			[]float64{report.Primal, report.Dual, report.Value, report.Slack, report.Multiplier})
		c.Pull(got)
		within(t, "Pull", s, epsilon, got, want)

		before := slices.Clone(z)
		c.Refine()
		if !slices.Equal(state(), before) {
			t.Fatal("Refine changes the state")
		}
		c.ScaleMultipliers(0.5)
		for i, v := range state() {
			if want := max(before[i], before[i]*0.5); before[i] > 0 && v != before[i] || before[i] <= 0 && v != want {
				t.Fatalf("half of the multiplier %v is %v", before[i], v)
			}
		}
	}
}

// A factor that would take squares out of the range of float32 refines.
func TestConesScaleFar(t *testing.T) {
	k, _ := instance(micro.Float64(), shape{3, 2, 1})
	c := kernel.NewCones(k, 1, 1)
	c.SetState(0, 0, -1)
	c.ScaleMultipliers(1e30)
	c.ScaleMultipliers(1e30)
	if got := c.State(0, 0); math.Abs(got+1e60) > 1e50 {
		t.Errorf("multiplier %v, want -1e60", got)
	}
}

func TestConesClipDenormals(t *testing.T) { coneVersions(t, clipped) }

func clipped(t *testing.T, m *micro.Kernels[float64], m32 *micro.Kernels[float32], refined bool) {
	k, _ := instance(m, shape{3, 2, 1})
	c := kernel.NewConesWith(m32, k, 1, 1)
	if refined {
		c.Refine()
	}
	small := 1e-25
	if refined {
		small = 1e-300
	}
	for i, v := range []float64{small, -small, -1} {
		c.SetState(0, i, v)
	}
	c.Step(make([]float64, 2), make([]float64, 2), 1)
	if c.State(0, 0) != 0 || c.State(0, 1) != 0 || c.State(0, 2) != -1 {
		t.Errorf("state %v, %v, %v holds numbers on their way to becoming subnormal, or lost others", c.State(0, 0), c.State(0, 1), c.State(0, 2))
	}
}

func TestCenter(t *testing.T) {
	const n = 5
	rng := rand.New(rand.NewPCG(1, 1))
	a := blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)}
	for i := range n {
		for j := range i + 1 {
			v := rng.NormFloat64()
			a.Data[i*n+j], a.Data[j*n+i] = v, v
		}
	}
	c := make([]float64, n*n)
	for i := range n {
		for j := range n {
			c[i*n+j] = -1.0 / n
		}
		c[i*n+i]++
	}
	want := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range n {
				for l := range n {
					want[i*n+j] += c[i*n+k] * a.Data[k*n+l] * c[l*n+j]
				}
			}
		}
	}
	kernel.CenterSymmetric(a)
	near(t, "CenterSymmetric", shape{n: n}, a.Data, want)
	v := random(rng, n)
	kernel.Center(v)
	if sum := dot(v, []float64{1, 1, 1, 1, 1}); math.Abs(sum) > 1e-15 {
		t.Errorf("mean times n is %v after centring", sum)
	}
}

func TestSameBitsForAnyNumberOfThreads(t *testing.T) { versions(t, sameBitsForAnyNumberOfThreads) }

func sameBitsForAnyNumberOfThreads(t *testing.T, m *micro.Kernels[float64]) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	s := shape{500, 20, 200}
	k, rng := instance(m, s)
	u, r := random(rng, 2*s.p*s.d), random(rng, s.n)
	run := func(threads int) []float64 {
		runtime.GOMAXPROCS(threads)
		f, g, h := make([]float64, s.n), make([]float64, s.p*s.d), make([]float64, 2*s.p*s.d)
		k.Forward(f, u[:s.p*s.d])
		k.Adjoint(g, r)
		out := slices.Concat(f, g)
		cones := kernel.NewCones(k, 2*s.p, 1)
		for range 2 {
			report := cones.Step(h, u, 1.5)
			out = slices.Concat(out, h, []float64{report.Primal, report.Dual})
			cones.Refine()
		}
		return out
	}
	one := run(1)
	for _, threads := range []int{2, 5} {
		if !slices.Equal(one, run(threads)) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}

// The stack's sum is X D U^-1 U'^-1 D X' over the patterns, and U'U is a weighted
// Gram matrix: each is held against its definition.
func TestStackAndWeightedGram(t *testing.T) {
	for _, s := range shapes {
		if s.d > 40 || s.p > 70 {
			continue
		}
		k, rng := instance(micro.Float64(), s)
		gram := kernel.NewWeightedGram(k.X)
		stack := kernel.NewStack(k, s.p+1)
		got, want := kernel.Dense(s.n, s.n), make([]float64, s.n*s.n)
		for p, bits := range k.Bits {
			w, h := random(rng, s.n), kernel.Dense(s.d, s.d)
			for i := range w {
				w[i] = 1 + math.Abs(w[i])
			}
			gram.Set(h, w)
			naive := make([]float64, s.d*s.d)
			for i := range s.n {
				for a, v := range row(k.X, i) {
					for b, u := range row(k.X, i) {
						naive[a*s.d+b] += w[i] * v * u
					}
				}
			}
			near(t, "WeightedGram", s, h.Data, naive)
			for a := range s.d {
				h.Data[a*s.d+a] += 10
			}
			if !kernel.Cholesky(h) {
				t.Fatal("not positive definite")
			}
			stack.Set(p, p, h)
			for i := range s.n {
				if !bits.Has(i) {
					continue
				}
				x := slices.Clone(row(k.X, i))
				kernel.SolveCholesky(h, x)
				for j := i; j < s.n; j++ {
					if bits.Has(j) {
						want[i*s.n+j] += dot(x, row(k.X, j))
					}
				}
			}
		}
		stack.AddTo(got, s.p)
		for i := range s.n {
			for j := range i {
				got.Data[i*s.n+j] = 0
			}
		}
		near(t, "Stack", s, got.Data, want)
	}
}
