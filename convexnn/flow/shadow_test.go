package flow_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// Classes that are orthogonally separable have a dual that falls apart: the largest sums
// over either class are the hard margins of the class alone, 1/sqrt 2 and 1.
func TestShadowOfRays(t *testing.T) {
	x, y := mat.NewDense(3, 2, []float64{2, 0, 1, 1, -1, 0}), []float64{1, 1, -1}
	s, err := flow.NewShadow(context.Background(), x, y, 9)
	if err != nil {
		t.Fatal(err)
	}
	want := [2]float64{math.Sqrt2 / 2, 1}
	for k := range want {
		if math.Abs(s.Optimum[k]-want[k]) > 1e-5 {
			t.Errorf("optimum %v, want %v", s.Optimum, want)
		}
		for _, p := range s.Corners {
			if p[k] > want[k]*(1+1e-9) {
				t.Errorf("corner %v", p)
			}
		}
	}
}

// Whatever is feasible lies under every line that a program touches, and every corner is
// the sums of a feasible vector: the optimum of a program in between is the best corner's
// or more, and not much more where directions are many.
func TestShadowIsTouched(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	x, y := mat.NewDense(7, 2, nil), make([]float64, 7)
	for i := range y {
		x.SetRow(i, []float64{rng.NormFloat64(), rng.NormFloat64()})
		y[i] = float64(1 - 2*(i%2))
	}
	nu := []float64{1e-3, -1e-3, 0, 0, 0, 0, 0}
	s, err := flow.NewShadow(context.Background(), x, y, 24, nu)
	if err != nil {
		t.Fatal(err)
	}
	for _, angle := range []float64{0.1, 0.5, math.Pi / 4, 1.2} {
		a, b := math.Cos(angle), math.Sin(angle)
		margins := make([]float64, len(y))
		for i, label := range y {
			if margins[i] = a; label < 0 {
				margins[i] = -b
			}
		}
		r, err := convexnn.Train(context.Background(), x, margins, convexnn.Options{Loss: convexnn.HardMargin})
		if err != nil {
			t.Fatal(err)
		}
		best := 0.0
		for k, p := range s.Corners {
			best = max(best, a*p[0]+b*p[1])
			q, o := s.Corners[(k+1)%len(s.Corners)], s.Corners[(k+2)%len(s.Corners)]
			if (q[0]-p[0])*(o[1]-q[1])-(q[1]-p[1])*(o[0]-q[0]) <= 0 {
				t.Errorf("corners %v, %v, %v do not turn left", p, q, o)
			}
		}
		if best > r.Objective*(1+1e-6) || best < 0.99*r.Objective {
			t.Errorf("angle %v: the best corner has %v, the program %v", angle, best, r.Objective)
		}
	}
}
