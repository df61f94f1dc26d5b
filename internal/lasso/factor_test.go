package lasso

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// After any sequence of columns that enter and leave, R'R is the matrix of inner
// products of those that remain.
func TestFactorFollowsItsList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 90
	var f factor
	var list [][]float64
	for turn := range 600 {
		if len(list) > 0 && rng.IntN(5) < 2 {
			p := rng.IntN(len(list))
			list = slices.Delete(list, p, p+1)
			f.remove(p)
		} else if len(list) < n-10 {
			a := make([]float64, n)
			for i := range a {
				a[i] = rng.NormFloat64()
			}
			w := make([]float64, len(list))
			for p, other := range list {
				w[p] = floats.Dot(a, other)
			}
			if !f.push(w, floats.Dot(a, a)) {
				t.Fatalf("turn %d: an independent column is refused", turn)
			}
			list = append(list, a)
		}
		if f.n != len(list) {
			t.Fatalf("turn %d: %d columns, want %d", turn, f.n, len(list))
		}
		x := make([]float64, len(list))
		for p := range x {
			x[p] = rng.NormFloat64()
		}
		b := make([]float64, len(list))
		for p, a := range list {
			for q, other := range list {
				b[p] += floats.Dot(a, other) * x[q]
			}
		}
		f.forward(b)
		f.backward(b)
		if d := floats.Distance(b, x, math.Inf(1)); !(d < 1e-7) {
			t.Fatalf("turn %d: the solution is off by %g", turn, d)
		}
	}
}

func TestFactorRefusesDependentColumns(t *testing.T) {
	a, b := []float64{1, 2, 3, 4}, []float64{-1, 1, 0, 2}
	var f factor
	for _, test := range []struct {
		column []float64
		taken  bool
	}{
		{a, true},
		{a, false},
		{b, true},
		{[]float64{1, 5, 6, 10}, false}, // 2a + b
		{[]float64{1, 5, 6, 10 + 1e-7}, false},
		{[]float64{1, 5, 6, 11}, true},
		{make([]float64, 4), false},
	} {
		var w []float64
		for _, other := range [][]float64{a, b}[:min(f.n, 2)] {
			w = append(w, floats.Dot(other, test.column))
		}
		if f.n == 3 {
			w = append(w, 0)
		}
		size := f.n
		if taken := f.push(w, floats.Dot(test.column, test.column)); taken != test.taken {
			t.Errorf("%v: taken %v", test.column, taken)
		} else if !taken && f.n != size {
			t.Errorf("%v: refused, but the factor grew", test.column)
		}
	}
}

// Inner products, weighted or not, after members came and went are those of a
// double loop.
func TestMembers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 12
	g := &members{}
	columns := make([]*column, 150)
	for k := range columns {
		a := make([]float64, n)
		for i := range a {
			a[i] = rng.NormFloat64()
		}
		columns[k] = &column{feature: a, slot: -1}
	}
	for turn := range 60 {
		switch rng.IntN(3) {
		case 0:
			var enter []*column
			for _, col := range columns {
				if col.slot < 0 && rng.IntN(4) == 0 {
					enter = append(enter, col)
				}
			}
			g.add(enter)
		case 1:
			g.retain(func(*column) bool { return rng.IntN(3) > 0 })
		case 2:
			w := make([]float64, n)
			for i := range w {
				w[i] = rng.Float64()
			}
			g.reweigh(w)
		}
		inside := 0
		for _, col := range columns {
			if col.slot >= 0 {
				inside++
				if g.columns[col.slot] != col {
					t.Fatalf("turn %d: slot %d belongs to another column", turn, col.slot)
				}
			}
		}
		if inside != g.len() {
			t.Fatalf("turn %d: %d members, %d columns with a slot", turn, g.len(), inside)
		}
		for i, a := range g.columns {
			for j, b := range g.columns {
				want := 0.0
				for k := range n {
					w := 1.0
					if g.weight != nil {
						w = g.weight[k]
					}
					want += w * a.feature[k] * b.feature[k]
				}
				if got := g.row(i)[j]; math.Abs(got-want) > 1e-12 {
					t.Fatalf("turn %d: product %d, %d is %v, want %v", turn, i, j, got, want)
				}
			}
		}
	}
}
