package pricing_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

// pricedOutputs runs OutputsByCells and checks what holds of every result.
func pricedOutputs(t *testing.T, x, v *mat.Dense, s pricing.CellSettings) pricing.Result {
	t.Helper()
	r, err := pricing.OutputsByCells(context.Background(), x, arrangement(t, x), v, s)
	if err != nil {
		t.Fatal(err)
	}
	value := func(u []float64) float64 {
		n, c := v.Dims()
		sum := make([]float64, c)
		for i := range n {
			floats.AddScaled(sum, max(0, mat.Dot(x.RowView(i), mat.NewVecDense(len(u), u))), v.RawRowView(i))
		}
		return floats.Norm(sum, 2)
	}
	consistent(t, r, s, func(u []float64) float64 {
		if a, b := pricing.OutputsValue(x, v, u), value(u); math.Abs(a-b) > 1e-12*(1+b)*(1+mat.Norm(v, 2)) {
			t.Fatalf("OutputsValue %g, want %g", a, b)
		}
		return pricing.OutputsValue(x, v, u)
	})
	for k, f := range r.Found {
		for i := range f.Pattern.Len() {
			z := floats.Dot(x.RawRowView(i), f.Vector)
			z /= 1e-300 + floats.Norm(x.RawRowView(i), 2)
			if z > 1e-8 && !f.Pattern.Active(i) || z < -1e-8 && f.Pattern.Active(i) {
				t.Fatalf("direction %d is not in its cell", k)
			}
		}
	}
	found, err := pricing.LocalOutputs(context.Background(), x, v, pricing.LocalSettings{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if found.Value > r.Upper || found.Value > r.Value*(1+1e-9) {
		t.Fatalf("local search finds %g, by cells [%g, %g]", found.Value, r.Value, r.Upper)
	}
	return r
}

func TestOutputsByCellsOfOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for trial := range 90 {
		x, v := instance(rng, trial)
		plus, minus := priced(t, x, v, pricing.CellSettings{})
		want := max(plus.Value, minus.Value)
		n, d := x.Dims()
		r := pricedOutputs(t, x, mat.NewDense(n, 1, v), pricing.CellSettings{})
		if math.Abs(r.Value-want) > 1e-8*(1+want) || math.Abs(r.Upper-want) > 1e-8*(1+want) {
			t.Errorf("trial %d, n=%d d=%d: [%.12g, %.12g], want %.12g", trial, n, d, r.Value, r.Upper, want)
		}
	}
}

// overAngles maximises a function of period pi by a grid and golden sections.
func overAngles(grid int, f func(angle float64) float64) float64 {
	values := make([]float64, grid)
	best := 0.0
	for k := range values {
		values[k] = f(math.Pi * float64(k) / float64(grid))
		best = max(best, values[k])
	}
	for k, v := range values {
		if v < values[(k+1)%grid] || v < values[(k+grid-1)%grid] || v < 0.95*best {
			continue
		}
		lo, hi := math.Pi*float64(k-1)/float64(grid), math.Pi*float64(k+1)/float64(grid)
		for range 30 {
			a, b := hi-(hi-lo)*(math.Sqrt(5)-1)/2, lo+(hi-lo)*(math.Sqrt(5)-1)/2
			fa, fb := f(a), f(b)
			best = max(best, fa, fb)
			if fa < fb {
				lo = a
			} else {
				hi = b
			}
		}
	}
	return best
}

func TestOutputsByCellsInThePlane(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for trial := range 24 {
		n, c := 1+rng.IntN(12), 2+trial%2
		x, v := gaussian(rng, n, 2), gaussian(rng, n, c)
		if trial%3 == 2 {
			x, v = ternary(rng, n, 2), ternary(rng, n, c)
		}
		want := overAngles(4000, func(a float64) float64 {
			s, c := math.Sincos(a)
			return max(pricing.OutputsValue(x, v, []float64{c, s}), pricing.OutputsValue(x, v, []float64{-c, -s}))
		})
		if r := pricedOutputs(t, x, v, pricing.CellSettings{}); math.Abs(r.Value-want) > 1e-8*(1+want) {
			t.Errorf("trial %d, n=%d c=%d: %.12g, over all angles %.12g", trial, n, c, r.Value, want)
		}
	}
}

// theta(V) is the largest theta(Vw) over unit vectors w.
func TestOutputsByCellsAgainstScalars(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	for trial := range 9 {
		n, d := 4+rng.IntN(6), 3+trial%2
		x, v := gaussian(rng, n, d), gaussian(rng, n, 2)
		if trial%3 == 2 {
			x, v = ternary(rng, n, d), ternary(rng, n, 2)
		}
		a := arrangement(t, x)
		w := make([]float64, n)
		want := overAngles(40, func(angle float64) float64 {
			s, c := math.Sincos(angle)
			for i := range w {
				w[i] = c*v.At(i, 0) + s*v.At(i, 1)
			}
			plus, minus, _, err := pricing.ByCells(context.Background(), x, a, w, pricing.CellSettings{})
			if err != nil {
				t.Fatal(err)
			}
			return max(plus.Value, minus.Value)
		})
		if r := pricedOutputs(t, x, v, pricing.CellSettings{}); math.Abs(r.Value-want) > 1e-8*(1+want) {
			t.Errorf("trial %d, n=%d d=%d: %.12g, over all w %.12g", trial, n, d, r.Value, want)
		}
	}
}

// polished improves a random direction by ever smaller random steps.
func polished(rng *rand.Rand, d int, f func(u []float64) float64) float64 {
	try := func(u []float64, length float64) ([]float64, float64) {
		w := gaussian(rng, 1, d).RawRowView(0)
		floats.Scale(length, w)
		floats.Add(w, u)
		floats.Scale(1/floats.Norm(w, 2), w)
		return w, f(w)
	}
	best := 0.0
	for range 25 {
		u, value := make([]float64, d), 0.0
		for range 400 {
			if w, v := try(make([]float64, d), 1); v > value {
				u, value = w, v
			}
		}
		for length := 0.3; length > 1e-8; {
			if w, v := try(u, length); v > value {
				u, value = w, v
			} else {
				length *= 0.97
			}
		}
		best = max(best, value)
	}
	return best
}

func TestOutputsByCellsBoundsEveryDirection(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for trial := range 8 {
		n, d, c := 6+rng.IntN(15), 3, 2+trial%3
		if trial%4 == 3 {
			n, d = 8, 5
		}
		x, v := gaussian(rng, n, d), gaussian(rng, n, c)
		r := pricedOutputs(t, x, v, pricing.CellSettings{})
		got := polished(rng, d, func(u []float64) float64 { return pricing.OutputsValue(x, v, u) })
		if got > r.Upper || got < r.Value*(1-1e-4) {
			t.Errorf("trial %d, n=%d d=%d c=%d: [%g, %g], random directions reach %g", trial, n, d, c, r.Value, r.Upper, got)
		}
	}
}

// Of orthonormal samples (Xu)_+ is any z >= 0 with |z| <= 1. Where each has one
// output, |V'z|^2 is the sum of (v_k.z_k)^2 over outputs k, which is largest with
// all of z on the positive or on the negative weights of one of them.
func TestOutputsByCellsWhitened(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	for trial := range 12 {
		n, c := 1+rng.IntN(6), 1+rng.IntN(3)
		var qr mat.QR
		qr.Factorize(gaussian(rng, n, n))
		var x mat.Dense
		qr.QTo(&x)
		v := mat.NewDense(n, c, nil)
		squares := make([][2]float64, c)
		want := 0.0
		for i := range n {
			k, w := rng.IntN(c), rng.NormFloat64()
			sign := 0
			if w < 0 {
				sign = 1
			}
			v.Set(i, k, w)
			squares[k][sign] += w * w
			want = max(want, math.Sqrt(squares[k][sign]))
		}
		if r := pricedOutputs(t, &x, v, pricing.CellSettings{}); math.Abs(r.Value-want) > 1e-9*want {
			t.Errorf("trial %d: %.12g, want %.12g", trial, r.Value, want)
		}
	}
}

func TestOutputsByCellsRotated(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 6))
	x, v := gaussian(rng, 14, 4), gaussian(rng, 14, 3)
	var qr mat.QR
	qr.Factorize(gaussian(rng, 3, 3))
	var q, w mat.Dense
	qr.QTo(&q)
	w.Mul(v, &q)
	one, other := pricedOutputs(t, x, v, pricing.CellSettings{}), pricedOutputs(t, x, &w, pricing.CellSettings{})
	if math.Abs(one.Value-other.Value) > 1e-9*one.Value {
		t.Errorf("%.12g, with rotated outputs %.12g", one.Value, other.Value)
	}
	// Scales and a floor.
	for _, scale := range []float64{0x1p-170, 0x1p170} {
		var y mat.Dense
		y.Scale(scale, x)
		if r := pricedOutputs(t, &y, v, pricing.CellSettings{}); math.Abs(r.Value/scale-one.Value) > 1e-12*one.Value {
			t.Errorf("scale %g: %g, want %g", scale, r.Value/scale, one.Value)
		}
	}
	for _, share := range []float64{0.9, 1.1} {
		r := pricedOutputs(t, x, v, pricing.CellSettings{Floor: share * one.Value, Keep: 30})
		if want := max(1, share) * one.Value; math.Abs(r.Upper-want) > 1e-9*want {
			t.Errorf("floor %g: upper bound %g, want %g", share*one.Value, r.Upper, want)
		}
	}
}

func TestOutputsReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rng := rand.New(rand.NewPCG(4, 7))
	x, v := gaussian(rng, 12, 4), gaussian(rng, 12, 2)
	var first []any
	for procs := 1; procs <= 3; procs++ {
		runtime.GOMAXPROCS(procs)
		exact, err := pricing.OutputsByCells(context.Background(), x, arrangement(t, x), v, pricing.CellSettings{Floor: 2})
		found, err2 := pricing.LocalOutputs(context.Background(), x, v, pricing.LocalSettings{})
		got := []any{exact, err, found, err2}
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(first, got) {
			t.Errorf("%d processors give another result than 1", procs)
		}
	}
}

func TestOutputsCancelled(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rng := rand.New(rand.NewPCG(4, 8))
	x, v := gaussian(rng, 10, 4), gaussian(rng, 10, 2)
	a := arrangement(t, x)
	want := pricedOutputs(t, x, v, pricing.CellSettings{})
	stopped := 0
	for _, left := range []int{0, 10, 1000, 3000, 10000, 20000, 40000} {
		r, err := pricing.OutputsByCells(&stopping{context.Background(), left}, x, a, v, pricing.CellSettings{})
		if err == nil {
			continue
		}
		stopped++
		if !errors.Is(err, context.Canceled) || r.Exact || r.Upper < want.Value || r.Value > want.Value*(1+1e-12) {
			t.Errorf("%d questions: %+v, %v", left, r, err)
		}
	}
	if stopped < 2 {
		t.Errorf("stopped %d times", stopped)
	}
}

func TestOutputsErrors(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	a := arrangement(t, x)
	for name, c := range map[string]struct {
		v     *mat.Dense
		given [][]float64
		want  error
	}{
		"weights":   {mat.NewDense(3, 1, nil), nil, pricing.ErrShape},
		"undefined": {mat.NewDense(2, 1, []float64{1, math.NaN()}), nil, arrangements.ErrNonFinite},
		"start":     {mat.NewDense(2, 1, nil), [][]float64{{1, 2}}, pricing.ErrShape},
	} {
		if _, err := pricing.OutputsByCells(context.Background(), x, a, c.v, pricing.CellSettings{Given: c.given}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := pricing.LocalOutputs(context.Background(), x, c.v, pricing.LocalSettings{Given: c.given}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	zero := pricing.Result{Exact: true, Closed: true}
	if r := pricedOutputs(t, x, mat.NewDense(2, 3, nil), pricing.CellSettings{}); !reflect.DeepEqual(r, zero) {
		t.Errorf("no weights: %+v", r)
	}
}

// A negative Polish means none, as for one output.
func TestLocalOutputsWithoutPolish(t *testing.T) {
	x := mat.NewDense(4, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1})
	v := mat.NewDense(4, 2, []float64{1, 2, -1, 0, 3, 1, 0, -2})
	plain, err := pricing.LocalOutputs(t.Context(), x, v, pricing.LocalSettings{Polish: -1})
	if err != nil {
		t.Fatal(err)
	}
	polished, err := pricing.LocalOutputs(t.Context(), x, v, pricing.LocalSettings{})
	if err != nil || plain.Value <= 0 || plain.Value > polished.Value*(1+1e-9) {
		t.Errorf("%g without polish, %g with it, %v", plain.Value, polished.Value, err)
	}
}
