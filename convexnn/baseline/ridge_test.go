package baseline_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/convexnn/baseline"
)

// normalRidge is ridge regression by the normal equations, with the scaling of the
// columns of all and the fit to the rows listed: intercept first.
func normalRidge(t *testing.T, all *mat.Dense, y []float64, rows []int, penalty float64) []float64 {
	t.Helper()
	_, d := all.Dims()
	gram, right := mat.NewSymDense(d+1, nil), mat.NewVecDense(d+1, nil)
	for _, i := range rows {
		z := mat.NewVecDense(d+1, scaledRow(all, i))
		gram.SymRankOne(gram, 1, z)
		right.AddScaledVec(right, y[i], z)
	}
	for j := 1; j <= d; j++ {
		gram.SetSym(j, j, gram.At(j, j)+penalty)
	}
	var c mat.VecDense
	if err := c.SolveVec(gram, right); err != nil {
		t.Fatal(err)
	}
	return c.RawVector().Data
}

// scaledRow is a one, and row i with columns of mean 0 and variance 1.
func scaledRow(x *mat.Dense, i int) []float64 {
	_, d := x.Dims()
	row := make([]float64, d+1)
	row[0] = 1
	for j := range d {
		mean, deviation := stat.PopMeanStdDev(mat.Col(nil, j, x), nil)
		row[j+1] = (x.At(i, j) - mean) / deviation
	}
	return row
}

func noisyPlane(n, d int) (*mat.Dense, []float64) {
	x, y := plane(n, d)
	rng := rand.New(rand.NewPCG(8, 8))
	for i := range y {
		x.Set(i, 0, 100*x.At(i, 0)+30)
		y[i] = 50*y[i] + 200*rng.NormFloat64()
	}
	return x, y
}

// Coefficients and PRESS are those of explicit fits, to all rows and to all but one.
func TestRidge(t *testing.T) {
	for _, size := range [][2]int{{25, 3}, {12, 9}, {8, 14}} {
		x, y := noisyPlane(size[0], size[1])
		n, d := x.Dims()
		for _, penalty := range []float64{0.01, 2, 300} {
			m, err := baseline.FitRidge(x, y, baseline.RidgeSettings{Penalty: penalty})
			if err != nil {
				t.Fatal(err)
			}
			all := make([]int, n)
			for i := range all {
				all[i] = i
			}
			want := normalRidge(t, x, y, all, penalty)
			got, err := m.Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			press := 0.0
			for i := range n {
				row, f := scaledRow(x, i), 0.0
				for j, v := range row {
					f += v * want[j]
				}
				if math.Abs(f-got[i]) > 1e-8*(1+math.Abs(f)) {
					t.Errorf("n %d, d %d, penalty %g, row %d: %g, want %g", n, d, penalty, i, got[i], f)
				}
				var others []int
				for k := range n {
					if k != i {
						others = append(others, k)
					}
				}
				e := y[i]
				for j, c := range normalRidge(t, x, y, others, penalty) {
					e -= row[j] * c
				}
				press += e * e
			}
			if math.Abs(m.PRESS-press) > 1e-7*press {
				t.Errorf("n %d, d %d, penalty %g: PRESS %g, leaving out each row gives %g", n, d, penalty, m.PRESS, press)
			}
			if m.Method != baseline.Ridge || m.Penalty != penalty || m.Columns != d {
				t.Errorf("%s, penalty %g, %d columns", m.Method, m.Penalty, m.Columns)
			}
		}
	}
}

// The penalty that is chosen has a lower PRESS than others, and is small where there is
// no noise and large where there is nothing else.
func TestRidgeChoice(t *testing.T) {
	x, y := noisyPlane(30, 6)
	best, err := baseline.FitRidge(x, y, baseline.RidgeSettings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, factor := range []float64{1e-4, 0.1, 0.5, 2, 10, 1e4} {
		other, err := baseline.FitRidge(x, y, baseline.RidgeSettings{Penalty: factor * best.Penalty})
		if err != nil || other.PRESS < best.PRESS {
			t.Errorf("penalty %g has PRESS %g, %g times it %g (%v)", best.Penalty, best.PRESS, factor, other.PRESS, err)
		}
	}
	x, y = plane(30, 4)
	exact, err := baseline.FitRidge(x, y, baseline.RidgeSettings{})
	if err != nil || exact.Penalty > 1e-5 {
		t.Errorf("without noise the penalty is %g (%v)", exact.Penalty, err)
	}
	if intercept, slopes := exact.Coefficients(); math.Abs(intercept-3)+math.Abs(slopes[0]-2)+math.Abs(slopes[1]+1) > 1e-5 {
		t.Errorf("without noise %g %v", intercept, slopes)
	}
	rng := rand.New(rand.NewPCG(8, 9))
	for i := range y {
		y[i] = float64(1 - 2*(i%2))
		for j := range 4 {
			x.Set(i, j, rng.NormFloat64())
		}
	}
	noise, err := baseline.FitRidge(x, y, baseline.RidgeSettings{})
	if err != nil || noise.Penalty < 10 {
		t.Errorf("of noise alone the penalty is %g (%v)", noise.Penalty, err)
	}
}

func TestRidgeEdges(t *testing.T) {
	x, y := plane(10, 3)
	for i := range 10 {
		x.Set(i, 2, 7) // constant
		x.Set(i, 1, 2*x.At(i, 0))
		y[i] = 4 * x.At(i, 0)
	}
	m, err := baseline.FitRidge(x, y, baseline.RidgeSettings{Penalty: 1e-9})
	if err != nil || m.Columns != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, c := m.Coefficients(); math.Abs(c[0]-2) > 1e-6 || math.Abs(c[1]-1) > 1e-6 || c[2] != 0 {
		t.Errorf("of equal columns each has half: %v", c)
	}
	one, err := baseline.FitRidge(mat.NewDense(1, 2, []float64{1, 2}), []float64{5}, baseline.RidgeSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if b, c := one.Coefficients(); b != 5 || c[0] != 0 || c[1] != 0 {
		t.Errorf("one row: %g, %v", b, c)
	}
	for _, p := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := baseline.FitRidge(x, y, baseline.RidgeSettings{Penalty: p}); !errors.Is(err, baseline.ErrPenalty) {
			t.Errorf("penalty %g: %v", p, err)
		}
	}
	if _, err := baseline.FitRidge(x, y[1:], baseline.RidgeSettings{}); !errors.Is(err, baseline.ErrShape) {
		t.Error(err)
	}
	y[3] = math.Inf(1)
	if _, err := baseline.FitRidge(x, y, baseline.RidgeSettings{}); !errors.Is(err, baseline.ErrNotFinite) {
		t.Error(err)
	}
}

func ExampleFitRidge() {
	x := mat.NewDense(5, 2, []float64{
		1, 1.1,
		2, 1.9, // nearly the same column twice
		3, 3.1,
		4, 3.9,
		5, 5.0,
	})
	m, err := baseline.FitRidge(x, []float64{2.1, 3.9, 6.1, 8.0, 9.9}, baseline.RidgeSettings{Penalty: 0.1})
	if err != nil {
		log.Fatal(err)
	}
	intercept, slopes := m.Coefficients()
	fmt.Printf("%.2f + %.2f x1 + %.2f x2\n", intercept, slopes[0], slopes[1])
	// Output: 0.09 + 1.00 x1 + 0.97 x2
}
