package arrangements_test

import (
	"math/big"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// wholeRows returns the rows of x times powers of two as integers.
func wholeRows(x *mat.Dense) [][]*big.Int {
	n, d := x.Dims()
	out := make([][]*big.Int, n)
	for i := range n {
		for k := range d {
			f := new(big.Float).SetFloat64(x.At(i, k))
			v, acc := f.SetMantExp(f, 1080).Int(nil)
			if acc != big.Exact {
				panic("not a multiple of 2^-1080")
			}
			out[i] = append(out[i], v)
		}
		var g big.Int
		for _, v := range out[i] {
			g.GCD(nil, nil, &g, new(big.Int).Abs(v))
		}
		if g.Sign() > 0 {
			for _, v := range out[i] {
				v.Quo(v, &g)
			}
		}
	}
	return out
}

// determinant expands by the first row.
func determinant(a [][]*big.Int, cols []int) *big.Int {
	sum := new(big.Int)
	if len(a) == 0 {
		return sum.SetInt64(1)
	}
	for p, k := range cols {
		if a[0][k].Sign() == 0 {
			continue
		}
		rest := slices.Delete(slices.Clone(cols), p, p+1)
		term := determinant(a[1:], rest)
		term.Mul(term, a[0][k])
		if p%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
	}
	return sum
}

// subsets calls f for all k-subsets of 0..n-1.
func subsets(n, k int, f func(s []int)) {
	s := make([]int, k)
	var rec func(p, from int)
	rec = func(p, from int) {
		if p == k {
			f(s)
			return
		}
		for i := from; i < n; i++ {
			s[p] = i
			rec(p+1, i+1)
		}
	}
	rec(0, 0)
}

// topes returns the patterns of all full-dimensional cells by the axioms of
// oriented matroids: the signs on the rays where hyperplanes meet, in integer
// arithmetic, and all that composes from them. n is at most 31.
func topes(x *mat.Dense) map[string]bool {
	n, d := x.Dims()
	rows := wholeRows(x)
	// Some columns span the others.
	var cols []int
	for r := min(n, d); r > 0 && cols == nil; r-- {
		subsets(d, r, func(c []int) {
			subsets(n, r, func(s []int) {
				if cols != nil {
					return
				}
				var a [][]*big.Int
				for _, i := range s {
					a = append(a, rows[i])
				}
				if determinant(a, c).Sign() != 0 {
					cols = slices.Clone(c)
				}
			})
		})
	}
	type covector struct{ plus, minus uint32 }
	rays := map[covector]bool{}
	subsets(n, max(len(cols)-1, 0), func(s []int) {
		a := [][]*big.Int{nil}
		for _, i := range s {
			a = append(a, rows[i])
		}
		var v covector
		for j := range n {
			a[0] = rows[j]
			switch s := determinant(a, cols).Sign(); {
			case len(cols) == 0:
			case s > 0:
				v.plus |= 1 << j
			case s < 0:
				v.minus |= 1 << j
			}
		}
		if v != (covector{}) {
			rays[v] = true
			rays[covector{v.minus, v.plus}] = true
		}
	})
	seen := map[covector]bool{{}: true}
	todo := []covector{{}}
	out := map[string]bool{}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		full := true
		for r := range rays {
			w := covector{v.plus | r.plus&^v.minus, v.minus | r.minus&^v.plus}
			if w != v {
				full = false
			}
			if !seen[w] {
				seen[w] = true
				todo = append(todo, w)
			}
		}
		if full {
			s := make([]byte, n)
			for i := range s {
				s[i] = '+'
				if v.minus>>i&1 == 1 {
					s[i] = '-'
				}
			}
			out[string(s)] = true
		}
	}
	return out
}

func same(a, b map[string]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for s := range a {
		if !b[s] {
			return false
		}
	}
	return true
}
