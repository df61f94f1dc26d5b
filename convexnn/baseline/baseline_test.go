package baseline_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/baseline"
)

// plane returns n rows of d Gaussian features and the target 3 + 2 x0 - x1.
func plane(n, d int) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for j := range d {
			x.Set(i, j, rng.NormFloat64())
		}
		y[i] = 3 + 2*x.At(i, 0) - x.At(i, 1)
	}
	return x, y
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		name    string
		n, d    int
		scale   float64
		change  func(x *mat.Dense)
		method  baseline.Method
		columns int
	}{
		{name: "plain", n: 40, d: 3, scale: 1, method: baseline.LeastSquares, columns: 3},
		{name: "many rows", n: 2500, d: 3, scale: 1, method: baseline.Ridge, columns: 3},
		{name: "more columns than rows", n: 10, d: 15, scale: 1, method: baseline.Ridge, columns: 15},
		{name: "ones in many rows", n: 8000, d: 3, scale: 1, method: baseline.Ridge, columns: 2, change: func(x *mat.Dense) {
			for i := range 8000 {
				x.Set(i, 2, 1)
			}
		}},
		{name: "large values", n: 40, d: 2, scale: 1e200, method: baseline.LeastSquares, columns: 2},
		{name: "two rows", n: 2, d: 2, scale: 1, method: baseline.Ridge, columns: 2},
		{name: "dependent and constant columns", n: 40, d: 5, scale: 1, method: baseline.LeastSquares, columns: 3, change: func(x *mat.Dense) {
			for i := range 40 {
				x.Set(i, 3, x.At(i, 0)+2*x.At(i, 2)+7)
				x.Set(i, 4, 1)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x, y := plane(test.n, test.d)
			if test.change != nil {
				test.change(x)
			}
			x.Scale(test.scale, x)
			for i := range y {
				y[i] *= test.scale
			}
			m, err := baseline.Fit(x, y)
			if err != nil {
				t.Fatal(err)
			}
			if m.Method != test.method || m.Columns != test.columns {
				t.Errorf("%s on %d columns, want %s on %d", m.Method, m.Columns, test.method, test.columns)
			}
			f, err := m.Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			for i := range f {
				if !(math.Abs(f[i]-y[i]) <= 1e-5*test.scale) {
					t.Fatalf("row %d: got %v, want %v", i, f[i], y[i])
				}
			}
		})
	}
}

func TestFitConstantTarget(t *testing.T) {
	x, y := plane(10, 2)
	for i := range y {
		y[i] = -4
	}
	m, err := baseline.Fit(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if b, c := m.Coefficients(); b != -4 || c[0] != 0 || c[1] != 0 {
		t.Errorf("got %v %v", b, c)
	}
}

func TestFitErrors(t *testing.T) {
	x, y := plane(4, 2)
	if _, err := baseline.Fit(x, y[:3]); !errors.Is(err, baseline.ErrShape) {
		t.Errorf("short target: %v", err)
	}
	m, err := baseline.Fit(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Predict(mat.NewDense(1, 3, nil)); !errors.Is(err, baseline.ErrShape) {
		t.Errorf("wide prediction: %v", err)
	}
	x.Set(1, 1, math.NaN())
	if _, err := baseline.Fit(x, y); !errors.Is(err, baseline.ErrNotFinite) {
		t.Errorf("NaN: %v", err)
	}
}

func ExampleFit() {
	x := mat.NewDense(4, 2, []float64{
		0, 0,
		1, 2,
		2, 4, // the second column is twice the first
		3, 6,
	})
	m, err := baseline.Fit(x, []float64{1, 3, 5, 7})
	if err != nil {
		log.Fatal(err)
	}
	intercept, slopes := m.Coefficients()
	fmt.Printf("%s on %d column: %.3f + %.3f x1 + %.3f x2\n", m.Method, m.Columns, intercept, slopes[0], slopes[1])
	// Output: least squares on 1 column: 1.000 + 2.000 x1 + 0.000 x2
}
