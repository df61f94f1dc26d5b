package orth

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// vector returns a random one; half of them have small integer entries.
func vector(rng *rand.Rand, d int) []float64 {
	v := make([]float64, d)
	integers := rng.IntN(2) == 0
	for i := range v {
		if v[i] = rng.NormFloat64(); integers {
			v[i] = float64(rng.IntN(5) - 2)
		}
	}
	return v
}

// combination returns sum_k z_k list_k.
func combination(d int, list [][]float64, z []float64) []float64 {
	out := make([]float64, d)
	for k, v := range list {
		floats.AddScaled(out, z[k], v)
	}
	return out
}

// distance returns the distance of v from the span of the list, from scratch, by
// the singular value decomposition.
func distance(t *testing.T, list [][]float64, v []float64) float64 {
	t.Helper()
	if len(list) == 0 {
		return floats.Norm(v, 2)
	}
	a := mat.NewDense(len(v), len(list), nil)
	for k, w := range list {
		a.SetCol(k, w)
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		t.Fatal("no singular value decomposition")
	}
	var u mat.Dense
	svd.UTo(&u)
	rest := slices.Clone(v)
	for k, s := range svd.Values(nil) {
		if s > 1e-11*svd.Values(nil)[0] {
			column := mat.Col(nil, k, &u)
			floats.AddScaled(rest, -floats.Dot(column, v), column)
		}
	}
	return floats.Norm(rest, 2)
}

// orthonormal fails unless Q is, to working precision, and R has a positive
// diagonal.
func orthonormal(t *testing.T, b *Basis) {
	t.Helper()
	for i, q := range b.q[:b.k] {
		if b.r[i][i] <= 0 {
			t.Fatalf("R_%d%d = %g", i, i, b.r[i][i])
		}
		for j, p := range b.q[:i+1] {
			want := 0.0
			if i == j {
				want = 1
			}
			if dot := floats.Dot(p, q); math.Abs(dot-want) > 1e-13 {
				t.Fatalf("rows %d and %d of Q: product %g off", i, j, dot-want)
			}
		}
	}
}

// check holds the basis of a list against the singular value decomposition.
func check(t *testing.T, rng *rand.Rand, b *Basis, d int, list [][]float64) {
	t.Helper()
	if b.Len() != len(list) {
		t.Fatalf("%d vectors, want %d", b.Len(), len(list))
	}
	orthonormal(t, b)
	v := vector(rng, d)
	norm := floats.Norm(v, 2)
	want := distance(t, list, v)

	rest := slices.Clone(v)
	b.Complement(rest)
	if got := floats.Norm(rest, 2); math.Abs(got-want) > 1e-10*norm {
		t.Fatalf("Complement leaves %g, want %g", got, want)
	}
	for _, w := range list {
		if dot := floats.Dot(rest, w); math.Abs(dot) > 1e-12*norm*floats.Norm(w, 2) {
			t.Fatalf("the complement is %g off a right angle", dot)
		}
	}
	z := make([]float64, len(list))
	b.Fit(z, v)
	floats.Sub(v, combination(d, list, z))
	if got := floats.Norm(v, 2); math.Abs(got-want) > 1e-10*norm {
		t.Fatalf("Fit leaves %g, want %g", got, want)
	}
}

func TestBasisAgainstSVD(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		d, limit := 1+rng.IntN(8), 1+rng.IntN(8)
		b := New(d, limit)
		if rng.IntN(2) == 0 {
			b.Grow(rng.IntN(limit + 1))
		}
		var list [][]float64
		for range 60 {
			switch op := rng.IntN(10); {
			case op < 5:
				v := vector(rng, d)
				scale := [...]float64{-1, 1, 0.25}[rng.IntN(3)]
				if len(list) > 0 && rng.IntN(3) == 0 {
					v = slices.Clone(list[rng.IntN(len(list))])
				}
				scaled := floats.ScaleTo(make([]float64, d), scale, v)
				want := len(list) < limit && distance(t, list, scaled) > 1e-9
				if got := b.Push(v, scale, 1e-9); got != want {
					t.Fatalf("Push reports %t, want %t", got, want)
				}
				if want {
					list = append(list, scaled)
				}
			case op < 7 && len(list) > 0:
				j := rng.IntN(len(list))
				b.Remove(j)
				list = slices.Delete(list, j, j+1)
			case op < 9 && len(list) > 0:
				j := rng.IntN(len(list))
				z := make([]float64, len(list))
				for k := range z {
					z[k] = float64(rng.IntN(5) - 2)
				}
				v := combination(d, list, z)
				scale := [...]float64{-1, 1, 0.25}[rng.IntN(3)]
				scaled := floats.ScaleTo(make([]float64, d), scale, v)
				list = slices.Delete(list, j, j+1)
				want := distance(t, list, scaled) > 1e-9
				if got := b.Replace(j, v, scale, 1e-9); got != want {
					t.Fatalf("Replace reports %t, want %t", got, want)
				}
				if want {
					list = append(list, scaled)
				}
			case op == 9 && len(list) > 0 && rng.IntN(3) == 0:
				b.Pop()
				list = list[:len(list)-1]
			case op == 9 && rng.IntN(10) == 0:
				b.Reset()
				list = nil
			}
			check(t, rng, b, d, list)
		}
	}
}

// Of vectors a hair apart little is new, which one pass of Gram-Schmidt leaves
// full of rounding.
func TestBasisOfNearlyEqualVectors(t *testing.T) {
	const d = 12
	rng := rand.New(rand.NewPCG(2, 2))
	for _, apart := range []float64{1e-4, 1e-7, 1e-10} {
		first := vector(rng, d)
		b := New(d, d)
		near := func() []float64 {
			return floats.AddScaledTo(make([]float64, d), first, apart, vector(rng, d))
		}
		for range d / 2 {
			b.Push(near(), 1, 1e-14)
		}
		if b.Len() < 4 {
			t.Fatalf("apart by %g: only %d vectors", apart, b.Len())
		}
		orthonormal(t, b)
		rest := near()
		b.Complement(rest)
		norm := floats.Norm(rest, 2)
		for i, q := range b.q[:b.k] {
			if dot := floats.Dot(q, rest); math.Abs(dot) > 1e-13*norm {
				t.Errorf("apart by %g: the complement is %g off the right angle to row %d", apart, dot/norm, i)
			}
		}
	}
}

// Thousands of changes leave the factors as good as new.
func TestBasisDoesNotDrift(t *testing.T) {
	const d, k = 20, 12
	rng := rand.New(rand.NewPCG(3, 3))
	b := New(d, k)
	var list [][]float64
	for range 20000 {
		if b.Len() == k {
			j := rng.IntN(k)
			b.Remove(j)
			list = slices.Delete(list, j, j+1)
		}
		v := vector(rng, d)
		norm := floats.Norm(v, 2)
		floats.Scale(1/norm, v)
		if b.Push(v, 1, 1e-3) {
			list = append(list, v)
		}
	}
	orthonormal(t, b)
	z := make([]float64, len(list))
	for j, v := range list {
		b.Fit(z, v)
		z[j]--
		if floats.Norm(z, 2) > 1e-11 {
			t.Errorf("vector %d is not its own combination: off by %g", j, floats.Norm(z, 2))
		}
	}
}

func TestGrownBasisDoesNotAllocate(t *testing.T) {
	const d = 6
	rng := rand.New(rand.NewPCG(4, 4))
	b := New(d, d)
	b.Grow(d)
	vectors := make([][]float64, 2*d)
	for j := range vectors {
		vectors[j] = vector(rng, d)
	}
	z := make([]float64, d)
	if n := testing.AllocsPerRun(10, func() {
		b.Reset()
		for _, v := range vectors {
			if !b.Push(v, 1, 1e-10) && b.Len() > 1 {
				b.Replace(0, v, 1, 1e-10)
				b.Remove(b.Len() / 2)
			}
		}
		b.Fit(z[:b.Len()], vectors[0])
	}); n > 0 {
		t.Errorf("%g allocations", n)
	}
}
