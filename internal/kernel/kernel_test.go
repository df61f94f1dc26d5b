package kernel_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
)

type shape struct{ n, d, p int }

// shapes straddle the word, row and block sizes of the kernels.
var shapes = []shape{{1, 1, 1}, {2, 3, 1}, {63, 2, 5}, {64, 5, 31}, {65, 7, 33}, {130, 1, 64}, {200, 31, 65}}

func random(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func instance(s shape) (*kernel.Masked, *rand.Rand) {
	rng := rand.New(rand.NewPCG(uint64(s.n), uint64(s.d*1000+s.p)))
	x := blas64.General{Rows: s.n, Cols: s.d, Stride: s.d, Data: random(rng, s.n*s.d)}
	bits := make([]bitset.Set, s.p)
	for p := range bits {
		bits[p] = bitset.New(s.n)
		for i := range s.n {
			if rng.IntN(2) == 0 {
				bits[p].Add(i)
			}
		}
	}
	return kernel.NewMasked(x, bits), rng
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
	scale := 1.0
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-12*scale) {
			t.Fatalf("%s %+v: entry %d is %v, want %v", name, s, i, got[i], want[i])
		}
	}
}

func TestForwardAndAdjoint(t *testing.T) {
	for _, s := range shapes {
		k, rng := instance(s)
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

func TestGram(t *testing.T) {
	for _, s := range shapes {
		k, rng := instance(s)
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

func TestConeStep(t *testing.T) {
	const g, alpha = 0.7, 1.6
	for _, s := range shapes {
		k, rng := instance(s)
		blocks := 2 * s.p
		u, z := random(rng, blocks*s.d), random(rng, blocks*s.n)
		wantZ, want := slices.Clone(z), make([]float64, blocks*s.d)
		var report kernel.ConeReport
		for j := range blocks {
			for i := range s.n {
				sign := -1.0
				if k.Bits[j%s.p].Has(i) {
					sign = 1
				}
				p := g * sign * dot(row(k.X, i), u[j*s.d:(j+1)*s.d])
				slack, multiplier := max(wantZ[j*s.n+i], 0), min(wantZ[j*s.n+i], 0)
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
		r := k.ConeStep(got, z, u, g, alpha)
		near(t, "ConeStep state", s, z, wantZ)
		near(t, "ConeStep", s, got, want)
		near(t, "ConeStep report", s,
			[]float64{r.Primal, r.Dual, r.Value, r.Slack, r.Multiplier},
			[]float64{report.Primal, report.Dual, report.Value, report.Slack, report.Multiplier})
		k.ConePull(got, z, g)
		near(t, "ConePull", s, got, want)
	}
}

func TestConeStepClipsDenormals(t *testing.T) {
	k, _ := instance(shape{3, 2, 1})
	z := []float64{1e-300, -1e-310, 1}
	k.ConeStep(make([]float64, 2), z, make([]float64, 2), 1, 1)
	if z[0] != 0 || z[1] != 0 {
		t.Errorf("state %v holds numbers on their way to becoming subnormal", z)
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

func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	s := shape{500, 20, 200}
	k, rng := instance(s)
	u, r, z := random(rng, 2*s.p*s.d), random(rng, s.n), random(rng, 2*s.p*s.n)
	run := func(threads int) []float64 {
		runtime.GOMAXPROCS(threads)
		f, g, h := make([]float64, s.n), make([]float64, s.p*s.d), make([]float64, 2*s.p*s.d)
		k.Forward(f, u[:s.p*s.d])
		k.Adjoint(g, r)
		state := slices.Clone(z)
		rep := k.ConeStep(h, state, u, 1, 1.5)
		return slices.Concat(f, g, h, state, []float64{rep.Primal, rep.Dual})
	}
	one := run(1)
	for _, threads := range []int{2, 5} {
		if !slices.Equal(one, run(threads)) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}
