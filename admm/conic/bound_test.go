package conic_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/admm/conic"
)

// limitsOf returns limits that x respects.
func limitsOf(cones []conic.Cone, x []float64) (limits []float64) {
	for _, c := range cones {
		block := x[:c.Dim()]
		x = x[c.Dim():]
		limit := top(block)
		switch c.Kind {
		case conic.SecondOrder:
			limit = block[0]
		case conic.Semidefinite:
			limit = 0
			for i := range c.Size {
				limit += block[conic.SvecIndex(c.Size, i, i)]
			}
		}
		limits = append(limits, limit*(1+1e-12))
	}
	return limits
}

// No y and no x give a bound above the optimum, and the optimal ones give nearly it. The
// optimum is known by construction.
func TestNoBoundIsAboveTheOptimum(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 8))
		cones := mixtures[seed%4]
		p, want := random(rng, cones, 12, seed%8 >= 4)
		r := solve(t, p, conic.Settings{Tolerance: 1e-7})
		limits := limitsOf(cones, r.X)
		for k := range limits {
			limits[k] += 1e-3
		}
		for trial := range 20 {
			y, x := append([]float64(nil), r.Y...), append([]float64(nil), r.X...)
			spread := math.Pow(10, float64(trial%7)-5)
			if trial == 0 {
				spread = 0
			}
			for i := range y {
				y[i] += spread * rng.NormFloat64()
			}
			for j := range x {
				x[j] += spread * rng.NormFloat64()
			}
			if trial%5 == 4 {
				x = nil
			}
			bound, err := conic.Bound(p, y, x, limits)
			if err != nil {
				t.Fatal(err)
			}
			if bound > want+1e-12*math.Abs(want) {
				t.Errorf("seed %d, trial %d: bound %.12g above the optimum %.12g", seed, trial, bound, want)
			}
			if trial == 0 && bound < want-1e-4*max(1, math.Abs(want)) {
				t.Errorf("seed %d: bound %.12g far below the optimum %.12g", seed, bound, want)
			}
		}
	}
}

// What the bound pays for each cone, by hand.
func TestBoundByHand(t *testing.T) {
	inf := math.Inf(1)
	for _, test := range []struct {
		name         string
		cone         conic.Cone
		slack        []float64
		limit, costs float64
	}{
		{"non-negative", conic.Cone{Kind: conic.NonNegative, Size: 3}, []float64{1, -2, -0.5}, 3, 7.5},
		{"second-order", conic.Cone{Kind: conic.SecondOrder, Size: 3}, []float64{2, 3, 4}, 2, 6},
		{"second-order, inside", conic.Cone{Kind: conic.SecondOrder, Size: 3}, []float64{6, 3, 4}, inf, 0},
		{"semidefinite", conic.Cone{Kind: conic.Semidefinite, Size: 2}, []float64{1, 2 * math.Sqrt2, 1}, 5, 5},
		{"semidefinite, inside", conic.Cone{Kind: conic.Semidefinite, Size: 2}, []float64{1, 0.5, 1}, inf, 0},
		{"semidefinite, no limit", conic.Cone{Kind: conic.Semidefinite, Size: 2}, []float64{1, 2 * math.Sqrt2, 1}, inf, inf},
		{"free", conic.Cone{Kind: conic.Free, Size: 2}, []float64{1, -2}, 3, 9},
		{"zero", conic.Cone{Kind: conic.Zero, Size: 2}, []float64{1, -2}, inf, 0},
		{"limit zero", conic.Cone{Kind: conic.Free, Size: 2}, []float64{1, -2}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &conic.Problem{C: test.slack, Cones: []conic.Cone{test.cone}}
			got, err := conic.Bound(p, nil, nil, []float64{test.limit})
			if err != nil || !(got <= -test.costs) || got < -test.costs-1e-12 {
				t.Errorf("bound %.17g (%v), by hand %.17g", got, err, -test.costs)
			}
		})
	}
}

// min 1/2 |x|^2 - <g, x> over free x: at any u the bound is exact up to the limit times
// |u - g|.
func TestBoundOfQuadratic(t *testing.T) {
	g, u := []float64{3, -4}, []float64{3.25, -4}
	q := conic.NewBuilder(2, 2)
	q.Add(0, 0, 1)
	q.Add(1, 1, 1)
	p := &conic.Problem{C: []float64{-3, 4}, Q: q.Matrix(), Cones: []conic.Cone{{Kind: conic.Free, Size: 2}}}
	got, err := conic.Bound(p, nil, u, []float64{4})
	want := -floats.Dot(u, u)/2 - 4*0.25
	if err != nil || got > want || got < want-1e-12 || got > -floats.Dot(g, g)/2 {
		t.Errorf("bound %.17g (%v), by hand %.17g", got, err, want)
	}
}

// Against the formula in exact arithmetic, with slacks that cancel: the bound is never
// above, and below by rounding only.
func TestBoundRoundsDown(t *testing.T) {
	rational := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	rng := rand.New(rand.NewPCG(9, 9))
	for trial := range 200 {
		const m, n = 6, 9
		a := conic.NewBuilder(m, n)
		y, limit := make([]float64, m), 1+rng.Float64()
		slack := make([]*big.Rat, n)
		p := &conic.Problem{C: make([]float64, n), B: make([]float64, m), Cones: []conic.Cone{{Kind: conic.NonNegative, Size: n}}}
		exact := new(big.Rat)
		for i := range m {
			y[i], p.B[i] = rng.NormFloat64(), rng.NormFloat64()
			if trial%3 == 0 { // the slack alone
				p.B[i] = 0
			}
			exact.Add(exact, new(big.Rat).Mul(rational(y[i]), rational(p.B[i])))
		}
		for j := range n {
			slack[j] = new(big.Rat)
			for i := range m {
				v := rng.NormFloat64()
				a.Add(i, j, v)
				p.C[j] += v * y[i]
				slack[j].Sub(slack[j], new(big.Rat).Mul(rational(v), rational(y[i])))
			}
			switch trial % 3 {
			case 1: // what counts is the sum of the costs
				p.C[j] += rng.NormFloat64()
			case 2: // b'y alone
				p.C[j] += 100
			}
			slack[j].Add(slack[j], rational(p.C[j]))
			if slack[j].Sign() < 0 {
				exact.Add(exact, new(big.Rat).Mul(slack[j], rational(limit)))
			}
		}
		p.A = a.Matrix()
		got, err := conic.Bound(p, y, nil, []float64{limit})
		want, _ := exact.Float64()
		if err != nil || rational(got).Cmp(exact) > 0 || got < want-1e-12 {
			t.Errorf("trial %d: bound %.17g, exactly %.17g (%v)", trial, got, want, err)
		}
	}
}

// Q is the mean of its triangles, which may differ by rounding. With u = (1, 0) and the
// second row of Q the slack is zero; with the mean, x = (1, 1e9) is better than u.
func TestBoundOfAlmostSymmetric(t *testing.T) {
	q := conic.NewBuilder(2, 2)
	q.Add(0, 0, 1)
	q.Add(1, 0, 1e-12)
	q.Add(1, 1, 1e-22)
	p := &conic.Problem{C: []float64{-1, -1e-12}, Q: q.Matrix(), Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 1}, {Kind: conic.NonNegative, Size: 1}}}
	at := func(x []float64) float64 { return floats.Dot(p.C, x) + floats.Dot(x, times(p.Q, x, 2))/2 }
	got, err := conic.Bound(p, nil, []float64{1, 0}, []float64{2, 1e10})
	if value := at([]float64{1, 1e9}); err != nil || got > value {
		t.Errorf("bound %.17g (%v), and there is a value of %.17g", got, err, value)
	}
}

// 1e-200 x = 1e250 has a solution, and the objective is zero: A'y is not, though the
// product of these numbers is.
func TestBoundSeesUnderflow(t *testing.T) {
	for _, cone := range []conic.Cone{{Kind: conic.NonNegative, Size: 1}, {Kind: conic.SecondOrder, Size: 1}, {Kind: conic.Semidefinite, Size: 1}, {Kind: conic.Free, Size: 1}} {
		a := conic.NewBuilder(1, 1)
		a.Add(0, 0, 1e-200)
		p := &conic.Problem{C: []float64{0}, A: a.Matrix(), B: []float64{1e250}, Cones: []conic.Cone{cone}}
		if got, err := conic.Bound(p, []float64{1e-200}, nil, nil); err != nil || got > 0 {
			t.Errorf("%v: bound %g, %v", cone.Kind, got, err)
		}
	}
	p := &conic.Problem{C: []float64{0, 0}, Cones: []conic.Cone{{Kind: conic.Free, Size: 1}, {Kind: conic.SecondOrder, Size: 1}}}
	if got, err := conic.Bound(p, nil, nil, nil); err != nil || got != 0 {
		t.Errorf("without numbers: bound %g, %v", got, err)
	}
}

func TestBoundRefuses(t *testing.T) {
	p := maxCut(4, cycle(4))
	y := make([]float64, 4)
	for name, call := range map[string]func() (float64, error){
		"short y":        func() (float64, error) { return conic.Bound(p, y[:3], nil, nil) },
		"short x":        func() (float64, error) { return conic.Bound(p, y, y, nil) },
		"limits":         func() (float64, error) { return conic.Bound(p, y, nil, y) },
		"negative limit": func() (float64, error) { return conic.Bound(p, y, nil, []float64{-1}) },
		"NaN limit":      func() (float64, error) { return conic.Bound(p, y, nil, []float64{math.NaN()}) },
		"NaN y":          func() (float64, error) { return conic.Bound(p, []float64{0, 0, 0, math.NaN()}, nil, nil) },
	} {
		if _, err := call(); !errors.Is(err, conic.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := conic.Bound(p, y, nil, nil); err != nil || !math.IsInf(got, -1) {
		t.Errorf("without limits: %v, %v", got, err)
	}
}
