package pricing

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/qp"
)

// Local search nearly always finds the maximum, and then hides what a visit would
// miss. Here nothing comes before the visit.

// small returns data with n samples, every third set with small integers.
func small(rng *rand.Rand, trial, n, d int) (*mat.Dense, []float64) {
	x, v := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for k := range d {
			x.Set(i, k, rng.NormFloat64())
			if trial%3 == 2 {
				x.Set(i, k, float64(rng.IntN(3)-1))
			}
		}
		if v[i] = rng.NormFloat64(); trial%2 == 1 {
			v[i] -= 0.4 // more concave kinks
		}
	}
	return x, v
}

// visited runs the visit alone, with the given marks.
func visited(t *testing.T, x *mat.Dense, v []float64, keep int, mark float64) (*cellPass, [2]Result) {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newCellPass(newCellData(x, a), a.Pieces(), v, CellSettings{Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	for k := range p.side {
		p.side[k].mark = math.Ldexp(mark, -p.exp)
	}
	if err := a.Visit(context.Background(), p.visit); err != nil {
		t.Fatal(err)
	}
	return p, [2]Result{p.result(0, true), p.result(1, true)}
}

// cellByCell projects the gradient of every cell, without any short cut, and counts
// those with a price above a given one.
func cellByCell(t *testing.T, x *mat.Dense, v []float64, above float64) (best [2]float64, count [2]int) {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	_, d := x.Dims()
	proj := qp.NewConeProjector(x.RawMatrix())
	g, u := make([]float64, d), make([]float64, d)
	for c, err := range a.Cells(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		clear(g)
		for i, w := range v {
			if c.Pattern.Active(i) {
				floats.AddScaled(g, w, x.RawRowView(i))
			}
		}
		for k := range best {
			price := proj.Project(u, g, c.Pattern.Bits(), nil, 0).Norm
			best[k] = max(best[k], price)
			if price > above {
				count[k]++
			}
			floats.Scale(-1, g)
		}
	}
	return best, count
}

func TestVisitAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for trial := range 24 {
		x, v := small(rng, trial, 10+rng.IntN(60), 3)
		if trial%4 == 3 {
			x, v = small(rng, trial, 5+rng.IntN(12), 4)
		}
		want, _ := cellByCell(t, x, v, 0)
		n, d := x.Dims()
		for _, share := range []float64{0, 0.5, 0.99, 1.5} {
			for k, got := range func() [2]Result { _, r := visited(t, x, v, 3, share*want[0]); return r }() {
				mark := share * want[0]
				if got.Upper < want[k]*(1-1e-9)-1e-10 || got.Upper > max(want[k], mark)*(1+1e-9)+1e-10 {
					t.Errorf("trial %d, n=%d d=%d, sign %d, mark %g: upper bound %.12g, cell by cell %.12g", trial, n, d, k, mark, got.Upper, want[k])
				}
				if want[k] > mark*(1+1e-9)+1e-10 && math.Abs(got.Value-want[k]) > 1e-9*want[k] {
					t.Errorf("trial %d, n=%d d=%d, sign %d, mark %g: value %.12g, cell by cell %.12g", trial, n, d, k, mark, got.Value, want[k])
				}
			}
		}
	}
}

// Every cell with a price above the mark is found if there is room for it.
func TestVisitFindsAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 7))
	for trial := range 30 {
		x, v := small(rng, 3*trial+trial%2, 30, 3)
		theta, _ := cellByCell(t, x, v, 0)
		mark := (0.3 + 0.6*rng.Float64()) * max(theta[0], theta[1])
		_, want := cellByCell(t, x, v, mark)
		p, _ := visited(t, x, v, 1e6, mark)
		got := [2]int{}
		for _, piece := range p.pieces {
			for k := range got {
				if piece != nil {
					got[k] += len(piece.found[k].list)
				}
			}
		}
		if got != want {
			t.Errorf("trial %d: %d cells above %g, want %d", trial, got, mark, want)
		}
	}
}

// With a mark in reach most projections are proved useless by few rows.
func TestVisitOfTheBestOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	for trial := range 15 {
		x, v := small(rng, trial, 60, 3)
		want, _ := cellByCell(t, x, v, 0)
		for k := range want {
			if want[k] < 1e-9 {
				continue
			}
			_, r := visited(t, x, v, 16, want[k]*(1-1e-9))
			if math.Abs(r[k].Value-want[k]) > 1e-8*want[k] || len(r[k].Found) > 4 {
				t.Errorf("trial %d, sign %d: %g in %d directions, want %g", trial, k, r[k].Value, len(r[k].Found), want[k])
			}
		}
	}
}

// Hills are the directions from which no small step climbs.
func TestHills(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	hills, others := 0, 0
	for trial := range 16 {
		x, v := small(rng, 3*trial, 14, 3)
		p, _ := visited(t, x, v, 10000, 0.05)
		for _, piece := range p.pieces {
			if piece == nil {
				continue
			}
			for k := range p.side {
				for _, c := range piece.found[k].list {
					at := Value(x, p.side[k].v, c.u)
					up := 0.0
					u := make([]float64, 3)
					for range 300 {
						for j := range u {
							u[j] = c.u[j] + 1e-6*rng.NormFloat64()
						}
						up = max(up, Value(x, p.side[k].v, u)/norm(u)-at)
					}
					if c.hill {
						hills++
					} else {
						others++
					}
					// The way up from a ridge may be narrow; ascent knows it.
					ascent, err := Local(context.Background(), x, p.side[k].v, LocalSettings{Starts: -1, Polish: -1, Kicks: -1, Given: [][]float64{c.u}})
					if err != nil {
						t.Fatal(err)
					}
					up = max(up, ascent.Value-at)
					if climbs := up > 1e-9; climbs == c.hill {
						t.Errorf("trial %d: hill %v at %g, but small steps gain %g", trial, c.hill, at, up)
					}
				}
			}
		}
	}
	if hills < 20 || others < 20 {
		t.Errorf("%d hills and %d others do not say much", hills, others)
	}
}

// A few high hills end the interest in lower ones, but no hill among the best is
// lost for many high cells around another.
func TestShortlist(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 4))
	s := shortlist{keep: 3}
	for k := range 500 {
		u := []float64{1, 0.2 * rng.NormFloat64()}
		floats.Scale(1/norm(u), u)
		s.add(candidate{value: 1 + 0.5*rng.Float64(), u: u})
		switch k {
		case 100:
			s.add(candidate{value: 0.3, u: []float64{0, 1}, hill: true})
		case 200:
			s.add(candidate{value: 0.2, u: []float64{0, -1}, hill: true})
		}
	}
	if s.bar() != 0 {
		t.Errorf("the bar is %g with two hills of three", s.bar())
	}
	best := s.best()
	if len(best) != 3 || best[0].value < 1.4 || best[1].value != 0.3 || best[2].value != 0.2 {
		t.Errorf("%+v", best)
	}
	s.add(candidate{value: 2, u: []float64{-1, 0}, hill: true})
	if best := s.best(); best[0].value != 2 || best[2].value != 0.2 || s.bar() != 0.2 {
		t.Errorf("%+v, bar %g", best, s.bar())
	}
}

// outputsAlone runs the recursion over flats with nothing known.
func outputsAlone(t *testing.T, x, v *mat.Dense) (upper, value float64) {
	t.Helper()
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newOutputs(newCellData(x, a), v, 0)
	if err != nil {
		t.Fatal(err)
	}
	basis := newRowSpace(p.cellData, a.Rank())
	f := &flats{c: p.c, keep: 4}
	found, err := f.all(context.Background(), a, basis.lines(p))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found.list.list {
		value = max(value, OutputsValue(x, v, basis.lift(c.u)))
	}
	return math.Ldexp(found.upper, p.exp), value
}

func TestFlatsAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for trial := range 64 {
		d := 1 + rng.IntN(5)
		x, v := small(rng, trial, 1+rng.IntN(8+4*max(0, 4-d)), d)
		if trial%4 == 1 {
			for i := range v { // maxima in flats of low dimension
				v[i] = -math.Abs(v[i]) * 0.8
			}
			v[0] = 3
		}
		want, _ := cellByCell(t, x, v, 0)
		n := len(v)
		theta := max(want[0], want[1])
		// The outputs 0.6 v and 0.8 v together are v.
		double := mat.NewDense(n, 2, nil)
		for i, w := range v {
			double.SetRow(i, []float64{0.6 * w, -0.8 * w})
		}
		for _, m := range []*mat.Dense{mat.NewDense(n, 1, v), double} {
			upper, value := outputsAlone(t, x, m)
			if math.Abs(value-theta) > 1e-9*(1e-3+theta) || math.Abs(upper-theta) > 1e-9*(1e-3+theta) {
				t.Errorf("trial %d, n=%d d=%d: [%.12g, %.12g], cell by cell %.12g", trial, n, d, value, upper, theta)
			}
		}
		// Independent outputs, against local search.
		_, other := small(rng, trial, n, 1)
		for i, w := range other {
			double.Set(i, 1, w)
		}
		upper, value := outputsAlone(t, x, double)
		local, err := LocalOutputs(context.Background(), x, double, LocalSettings{})
		if err != nil || math.Abs(value-local.Value) > 1e-8*(1e-3+value) || math.Abs(upper-value) > 1e-9*(1e-3+upper) {
			t.Errorf("trial %d, n=%d d=%d: [%.12g, %.12g], local search %.12g, %v", trial, n, d, value, upper, local.Value, err)
		}
	}
}

// Norms and leading vectors against the singular value decomposition.
func TestSpectrum(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for trial := range 200 {
		c, k := 1+rng.IntN(6), 1+rng.IntN(6)
		b := make([]float64, c*k)
		for i := range b {
			if b[i] = rng.NormFloat64(); trial%3 == 0 {
				b[i] = float64(rng.IntN(3) - 1)
			}
		}
		var svd mat.SVD
		svd.Factorize(mat.NewDense(c, k, b), mat.SVDNone)
		want := svd.Values(nil)[0]
		check := func(got float64, z []float64) {
			bz := make([]float64, c)
			for i := range bz {
				bz[i] = floats.Dot(b[i*k:(i+1)*k], z)
			}
			if math.Abs(got-want) > 1e-14*float64(c+k)*want || math.Abs(norm(z)-1) > 1e-14 || math.Abs(norm(bz)-want) > 1e-13*want {
				t.Errorf("%d x %d: norm %.16g, |Bz| %.16g, want %.16g", c, k, got, norm(bz), want)
			}
		}
		if want == 0 {
			continue
		}
		s := newSpectrum(c, k)
		got := s.norm(b, 0)
		check(got, s.direction(b))
		if k == 2 {
			top, x, y := leading(b)
			check(top, []float64{x, y})
		}
		if enough := 1.2 * want; s.norm(b, enough) > enough*math.Sqrt(6) || s.norm(b, enough) < want*(1-1e-14) {
			t.Errorf("%d x %d: a bound of %g for %g", c, k, s.norm(b, enough), want)
		}
	}
}
