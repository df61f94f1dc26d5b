package relax_test

import (
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn/relax"
)

func xor() (x, y *mat.Dense) {
	return mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}), mat.NewDense(4, 1, []float64{-1, 1, 1, -1})
}

func problem(t *testing.T, x, y *mat.Dense, beta float64) *relax.Problem {
	t.Helper()
	p, err := relax.New(x, y, beta)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestXOR(t *testing.T) {
	x, y := xor()
	p := problem(t, x, y, 0.1)
	m, err := p.Moments(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, tol := range []float64{1e-6, 1e-8} {
		s := time.Now()
		b, err := m.Solve(t.Context(), conic.Settings{Tolerance: tol, MaxIterations: 50000})
		t.Log(b, err, time.Since(s), m.Size())
		sp, _ := p.SignSplit(0)
		s = time.Now()
		b, err = sp.Solve(t.Context(), conic.Settings{Tolerance: tol, MaxIterations: 50000})
		t.Log(b, err, time.Since(s), 0.2*(math.Sqrt2+math.Sqrt(3))-.05)
	}
}
