package pricing_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/arrangements/pricing"
)

func TestByCellsScales(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	x := gaussian(rng, 12, 3)
	v := gaussian(rng, 1, 12).RawRowView(0)
	want, _ := priced(t, x, v, pricing.CellSettings{})
	for _, scale := range [][2]float64{{0x1p-170, 1}, {0x1p170, 1}, {1, 0x1p-170}, {0x1p500, 0x1p-480}, {0x1p-500, 0x1p480}, {0x1p-400, 0x1p-400}} {
		y := mat.DenseCopyOf(x)
		y.Scale(scale[0], x)
		w := floats.ScaleTo(make([]float64, 12), scale[1], v)
		got, _ := priced(t, y, w, pricing.CellSettings{})
		if got.Value != want.Value*scale[0]*scale[1] || !floats.Equal(got.Direction, want.Direction) {
			t.Errorf("scale %g: %g, want %g", scale, got.Value, want.Value)
		}
	}
	// Rows of very different lengths, with the same products.
	y := mat.DenseCopyOf(x)
	w := append([]float64(nil), v...)
	for i := range w {
		s := math.Ldexp(1, 40*(i-6))
		floats.Scale(s, y.RawRowView(i))
		w[i] /= s
	}
	if got, _ := priced(t, y, w, pricing.CellSettings{}); math.Abs(got.Value-want.Value) > 1e-12*want.Value {
		t.Errorf("rows scaled: %g, want %g", got.Value, want.Value)
	}
	// A weight that does not matter next to the others.
	w = append([]float64(nil), v...)
	w[11] = 0
	want, _ = priced(t, x, w, pricing.CellSettings{})
	w[11] = 0x1p-600
	if got, _ := priced(t, x, w, pricing.CellSettings{}); math.Abs(got.Value-want.Value) > 1e-12*want.Value {
		t.Errorf("one weight of 1e-180: %g, want %g", got.Value, want.Value)
	}
}

func TestByCellsErrors(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	a := arrangement(t, x)
	for name, c := range map[string]struct {
		x     *mat.Dense
		v     []float64
		given [][]float64
		want  error
	}{
		"weights":     {x, []float64{1}, nil, pricing.ErrShape},
		"undefined":   {x, []float64{1, math.NaN()}, nil, arrangements.ErrNonFinite},
		"start":       {x, []float64{1, 1}, [][]float64{{1, 2}}, pricing.ErrShape},
		"arrangement": {mat.NewDense(1, 1, []float64{1}), []float64{1}, nil, pricing.ErrShape},
		"other data":  {mat.NewDense(2, 1, []float64{1, 3}), []float64{1, 1}, nil, pricing.ErrShape},
	} {
		if _, _, _, err := pricing.ByCells(context.Background(), c.x, a, c.v, pricing.CellSettings{Given: c.given}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := mat.NewDense(2, 1, []float64{1e200, 2})
	if _, _, _, err := pricing.ByCells(context.Background(), long, arrangement(t, long), []float64{1e200, 1}, pricing.CellSettings{}); !errors.Is(err, arrangements.ErrNonFinite) {
		t.Errorf("overflow: %v", err)
	}
	if _, err := pricing.OutputsByCells(context.Background(), long, a, x, pricing.CellSettings{}); !errors.Is(err, pricing.ErrShape) {
		t.Errorf("outputs, other data: %v", err)
	}
	for _, s := range []pricing.CellSettings{{Floor: -1}, {Floor: math.NaN()}, {Tolerance: math.Inf(1)}} {
		if _, _, _, err := pricing.ByCells(context.Background(), x, a, []float64{1, 1}, s); !errors.Is(err, pricing.ErrSetting) {
			t.Errorf("%+v: %v", s, err)
		}
		if _, err := pricing.OutputsByCells(context.Background(), x, a, x, s); !errors.Is(err, pricing.ErrSetting) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// Data that have their rank only up to rounding: the bound holds for the data as
// they are.
func TestByCellsShifted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 8))
	for trial := range 20 {
		n := 8
		var x mat.Dense
		x.Mul(gaussian(rng, n, 2), gaussian(rng, 2, 4))
		v := gaussian(rng, 1, n).RawRowView(0)
		plus, minus := priced(t, &x, v, pricing.CellSettings{})
		for k, r := range []pricing.Result{plus, minus} {
			w := v
			if k == 1 {
				w = negated(v)
			}
			if want := bySubsets(&x, w); math.Abs(r.Value-want) > 1e-9*(1+want) || r.Upper < want-1e-11*(1+want) || r.Upper > want+1e-9*(1+want) {
				t.Errorf("trial %d: [%.12g, %.12g], want %.12g", trial, r.Value, r.Upper, want)
			}
		}
	}
}

// Data whose sizes differ by more than float64 can show: the bounds are numbers,
// and hold.
func TestCellsOfExtremeData(t *testing.T) {
	const top = math.MaxFloat64
	less := math.Nextafter(top, 0)
	for name, c := range map[string]struct {
		x *mat.Dense
		v []float64
		// What theta(v) and theta(-v) are at least, and at most up to rounding.
		plus, minus float64
	}{
		// With u = 1 only the first sample is active; theta(-v) is at u = -1.
		"lost weight": {mat.NewDense(2, 1, []float64{1e-120, -1e270}), []float64{1, -1}, 1e-120, 1e270},
		// At u = 1 the second sample decides, and at u = -1 none is active.
		"weak sign": {mat.NewDense(2, 1, []float64{1, 1e300}), []float64{1e-14, -1}, 0, 1e300},
		// Orthogonal rows: along one the other is on its line.
		"long rows": {mat.NewDense(2, 2, []float64{1.5e308, 1.5e308, 1.5e308, -1.5e308}), []float64{1e-5, -1e-5}, 1.5e303 * math.Sqrt2, 1.5e303 * math.Sqrt2},
		"longest rows": {mat.NewDense(4, 4, []float64{
			less, 0, 0, top, -less, top, 0, top, top, less, less, 0, -top, 0, 0, -less,
		}), []float64{0, 1e-10, -1e-10, 0}, 0, 0},
		"far columns": {mat.NewDense(5, 3, []float64{
			1.6901910924351494e+43, 1.7715576252746478e+261, 0,
			1.6901910924351497e+43, 1.771557625274648e+261, 0,
			1.6901910937794654e+43, 1.7715576252746478e+261, 0,
			1.6901910937794654e+43, -1.7715576252746478e+261, 0,
			-1.0087580323913807e-120, -1.701251817863496e-23, -2.736691928030717e-227,
		}), []float64{-1, 0, 1, -1, 0}, 0, 0},
		"a large column": {mat.NewDense(4, 3, []float64{1, 2, 1e200, 2, 1, 1e200, 3, 1, 1e200, 1, 5, 2e200}), []float64{-1, 0, 1, -1}, 0, 0},
		"subnormal":      {mat.NewDense(2, 2, []float64{1e175, 2e-147, -5e174, -2e-147}), []float64{1, 1}, 1e175, 1e175},
	} {
		a := arrangement(t, c.x)
		plus, minus, _, err := pricing.ByCells(context.Background(), c.x, a, c.v, pricing.CellSettings{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for k, r := range []pricing.Result{plus, minus} {
			want := []float64{c.plus, c.minus}[k]
			if name == "subnormal" && k == 1 {
				want = 0 // no positive weight
			}
			if !(r.Upper >= want) || math.IsInf(r.Upper, 0) || !(r.Value >= 0 && r.Value <= r.Upper) {
				t.Errorf("%s, sign %d: [%g, %g], theta is at least %g", name, k, r.Value, r.Upper, want)
			}
			if want > 0 && r.Exact && math.Abs(r.Value-want) > 1e-8*want {
				t.Errorf("%s, sign %d: [%g, %g], theta is %g", name, k, r.Value, r.Upper, want)
			}
		}
		// The same as outputs, alone and twice.
		n := len(c.v)
		double := mat.NewDense(n, 2, nil)
		for i, w := range c.v {
			double.SetRow(i, []float64{0.6 * w, 0.8 * w})
		}
		for _, v := range []*mat.Dense{mat.NewDense(n, 1, c.v), double} {
			r, err := pricing.OutputsByCells(context.Background(), c.x, a, v, pricing.CellSettings{})
			if want := max(plus.Value, minus.Value); err != nil || !(r.Upper >= want*(1-1e-15)) || math.IsInf(r.Upper, 0) || !(r.Value >= want*(1-1e-9)) {
				t.Errorf("%s, outputs: [%g, %g], theta is at least %g, %v", name, r.Value, r.Upper, want, err)
			}
		}
	}
}

// Flats in which all lines vanish, next to a column that outweighs the others.
func TestOutputsWhereLinesVanish(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	x := mat.NewDense(5, 4, []float64{1, 2, 3, 1e18, 2, 1, 1, 1e18, 3, 1, 5, 1e18, 1, 1, 4, 1e18, 7, 1, 3, 1e18})
	v := gaussian(rng, 5, 2)
	r := pricedOutputs(t, x, v, pricing.CellSettings{})
	// Up to rounding all samples are the last unit vector.
	sum := []float64{1e18 * mat.Sum(v.ColView(0)), 1e18 * mat.Sum(v.ColView(1))}
	if want := floats.Norm(sum, 2); math.Abs(r.Value-want) > 1e-9*want {
		t.Errorf("%g, want %g", r.Value, want)
	}
}
