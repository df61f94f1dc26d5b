package conic_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
)

// walk is a sequence of matrices such as an iteration makes: eigenvectors that turn less
// and less, and so many eigenvalues that are positive.
func walk(rng *rand.Rand, order, positive, steps int) [][]float64 {
	q := orthogonal(rng, order)
	a := mat.NewSymDense(order, nil)
	for l := range order {
		v := 0.2 + rng.Float64()
		if l >= positive {
			v = -v
		}
		a.SymRankOne(a, v, q.ColView(l))
	}
	out := make([][]float64, 0, steps)
	size := 0.02
	for range steps {
		out = append(out, conic.Svec(nil, a))
		for i := range order {
			for j := range i + 1 {
				a.SetSym(i, j, a.At(i, j)+size*rng.NormFloat64()/math.Sqrt(float64(order)))
			}
		}
		size *= 0.7
	}
	return out
}

// Against the decomposition of another code, at once and along a walk, with either side
// the smaller one, and with the zero matrix and definite ones.
func TestSpectrum(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for _, order := range []int{1, 2, 7, 40, conic.PartialOrder + 5} {
		for _, share := range []float64{0, 0.1, 0.5, 0.9, 1} {
			positive := int(share * float64(order))
			for _, follow := range []bool{false, true} {
				s := conic.NewSpectrum(order, follow)
				followed := 0
				for step, v := range walk(rng, order, positive, 6) {
					dst := make([]float64, len(v))
					kept, ok := s.Project(dst, v, 1e-9)
					if !ok {
						t.Fatal("no decomposition")
					}
					if kept {
						followed++
					}
					var e mat.EigenSym
					e.Factorize(conic.Smat(v), true)
					var z mat.Dense
					e.VectorsTo(&z)
					want := mat.NewSymDense(order, nil)
					for l, x := range e.Values(nil) {
						want.SymRankOne(want, max(0, x), z.ColView(l))
					}
					if d := floats.Distance(dst, conic.Svec(nil, want), 2); d > 2e-9 {
						t.Errorf("order %d, %d positive, step %d, followed %v: off by %g", order, positive, step, kept, d)
					}
				}
				if follow && order > 100 && share != 0.5 && followed < 3 {
					t.Errorf("order %d, %d positive: followed in %d of 6 steps", order, positive, followed)
				}
				if !follow && followed > 0 && order > 2 {
					t.Errorf("order %d: followed though not asked to", order)
				}
			}
		}
	}
}

// An eigenvalue that changes sides unseen must not be missed: the matrix jumps.
func TestSpectrumSeesJumps(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	const order = 120
	s := conic.NewSpectrum(order, true)
	for trial := range 8 {
		v := walk(rng, order, 10+trial*3, 1)[0]
		dst := make([]float64, len(v))
		if _, ok := s.Project(dst, v, 1e-8); !ok {
			t.Fatal("no decomposition")
		}
		rest := make([]float64, len(v))
		floats.SubTo(rest, dst, v)
		// Moreau: both parts are in the cone, and orthogonal.
		if a, b := eigenvalues(conic.Smat(dst))[0], eigenvalues(conic.Smat(rest))[0]; min(a, b) < -1e-8 || math.Abs(floats.Dot(dst, rest)) > 1e-7 {
			t.Errorf("trial %d: parts have eigenvalues from %g and %g, product %g", trial, a, b, floats.Dot(dst, rest))
		}
	}
}

// One that is exactly orthogonal to all that is followed shows in the check alone.
func TestSpectrumSeesOrthogonalOnes(t *testing.T) {
	const order = 120
	a := mat.NewSymDense(order, nil)
	for i := range order {
		a.SetSym(i, i, -1)
		switch {
		case i < 10:
			a.SetSym(i, i, 1)
		case i < 30:
			a.SetSym(i, i, -0.1)
		}
	}
	s := conic.NewSpectrum(order, true)
	dst := make([]float64, conic.Cone{Kind: conic.Semidefinite, Size: order}.Dim())
	for step, last := range []float64{-1, -1, 0.5} {
		a.SetSym(order-1, order-1, last)
		followed, ok := s.Project(dst, conic.Svec(nil, a), 1e-8)
		if !ok || followed != (step == 1) {
			t.Errorf("step %d: followed %v", step, followed)
		}
		if got := dst[len(dst)-1]; math.Abs(got-max(0, last)) > 1e-8 {
			t.Errorf("an entry of %g became %g", last, got)
		}
		a.SetSym(0, 0, 2)
	}
}

func TestSvec(t *testing.T) {
	m := mat.NewSymDense(3, []float64{1, 2, 3, 2, 4, 5, 3, 5, 6})
	v := conic.Svec([]float64{7}, m)
	want := []float64{7, 1, 2 * math.Sqrt2, 3 * math.Sqrt2, 4, 5 * math.Sqrt2, 6}
	if !floats.EqualApprox(v, want, 1e-15) {
		t.Errorf("svec is %v, want %v", v, want)
	}
	if back := conic.Smat(v[1:]); !mat.EqualApprox(back, m, 1e-14) {
		t.Errorf("smat of svec is %v", back)
	}
	for i := range 3 {
		for j := range 3 {
			scale := math.Sqrt2
			if i == j {
				scale = 1
			}
			if got := v[1+conic.SvecIndex(3, i, j)]; math.Abs(got-scale*m.At(i, j)) > 1e-15 {
				t.Errorf("coordinate of (%d, %d) holds %g", i, j, got)
			}
		}
	}
	if conic.Smat(make([]float64, 4)) != nil {
		t.Error("four coordinates are a matrix")
	}
	if conic.Smat(nil) == nil {
		t.Error("none are not the matrix of order zero")
	}
}

// The sparse factor against the dense one, rows of full rank and dependent ones.
func TestSparseFactor(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	for trial := range 10 {
		m := 150 + rng.IntN(100)
		columns := 4 * m
		if trial%2 == 1 {
			columns = m / 2 // N is singular
		}
		root := conic.RandomSparse(rng, m, columns, 3)
		// A right side in the range.
		w, b := make([]float64, m), make([]float64, m)
		for i := range w {
			w[i] = rng.NormFloat64()
		}
		t1 := make([]float64, columns)
		root.AddMulTrans(t1, 1, w)
		root.AddMul(b, 1, t1)
		for _, dense := range []bool{false, true} {
			x := append([]float64(nil), b...)
			if sparse := conic.SparseSolve(root, dense, x); sparse == dense {
				t.Fatalf("trial %d: sparse is %v", trial, sparse)
			}
			clear(t1)
			root.AddMulTrans(t1, 1, x)
			got := make([]float64, m)
			root.AddMul(got, 1, t1)
			if d := floats.Distance(got, b, 2); d > 1e-7*floats.Norm(b, 2) {
				t.Errorf("trial %d, dense %v: the solution leaves %g of %g", trial, dense, d, floats.Norm(b, 2))
			}
			zeros := 0
			for _, v := range x {
				if v == 0 {
					zeros++
				}
			}
			// A pivot of nothing but rounding may pass for one that counts.
			if zeros < m-columns-5 || columns > m && zeros > 0 {
				t.Errorf("trial %d, dense %v: %d of %d multipliers are zero, %d columns", trial, dense, zeros, m, columns)
			}
		}
	}
}

// One row that combines others, whose pivot rounding may leave positive.
func TestOneDependentRow(t *testing.T) {
	for trial := range 20 {
		rng := rand.New(rand.NewPCG(uint64(trial), 14))
		const m, n = 30, 60
		b := conic.NewBuilder(m, n)
		for j := range n {
			u, v := rng.NormFloat64(), rng.NormFloat64()
			b.Add(0, j, u)
			b.Add(1, j, v)
			b.Add(m-1, j, 0.3*u+0.7*v)
			for i := 2; i < m-1; i++ {
				b.Add(i, j, rng.NormFloat64())
			}
		}
		x := make([]float64, m)
		x[0], x[5], x[m-1] = 1, 2, 0.3
		conic.SparseSolve(b.Matrix(), true, x)
		if x[m-1] != 0 {
			t.Errorf("trial %d: the multiplier of the dependent row is %g", trial, x[m-1])
		}
	}
}

// Times of projections along a walk, all of the spectrum and its smaller side followed.
func BenchmarkProjection(b *testing.B) {
	for _, order := range []int{50, 100, 200, 400} {
		for _, share := range []float64{0.1, 0.3, 0.5} {
			points := walk(rand.New(rand.NewPCG(14, 1)), order, int(share*float64(order)), 20)
			dst := make([]float64, len(points[0]))
			for _, follow := range []bool{false, true} {
				b.Run(fmt.Sprintf("order=%d/positive=%.0f%%/follow=%v", order, 100*share, follow), func(b *testing.B) {
					s := conic.NewSpectrum(order, follow)
					for _, v := range points[:5] {
						s.Project(dst, v, 1e-6)
					}
					for k := 0; b.Loop(); k++ {
						s.Project(dst, points[5+k%15], 1e-6)
					}
				})
			}
		}
	}
}
