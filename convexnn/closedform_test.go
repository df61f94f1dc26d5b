package convexnn_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// tight is the relative accuracy to which closed forms are met.
const tight = 1e-6

func checkClosedForm(t *testing.T, name string, x *mat.Dense, y []float64, cells int, beta, want float64) {
	t.Helper()
	s := solve(t, convexnn.Spec{X: x, Y: y, Cells: allCells(t, x, cells), Beta: beta}, tight/10)
	isWithin(t, fmt.Sprintf("%s at beta %g", name, beta), s, want, tight)
}

// One sample: a neuron along x, shrunk.
func TestOneSample(t *testing.T) {
	x, y, norm := dense([]float64{3, 4}), []float64{2}, 5.0
	for _, beta := range []float64{1, 0.01, 5, 9.9} {
		checkClosedForm(t, "one sample", x, y, 2, beta, beta*2/norm-beta*beta/(2*norm*norm))
	}
	checkClosedForm(t, "one sample", x, y, 2, 1, 0.38)
}

// Two opposite samples in one dimension separate.
func TestOppositeSamples(t *testing.T) {
	checkClosedForm(t, "opposite", dense([]float64{1}, []float64{-1}), []float64{2, -3}, 2, 0.5, 2.25)
}

var xorX = [][]float64{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}}

// xorOptimum: four neurons, each active on one sample alone.
func xorOptimum(beta float64) float64 {
	sum := 0.0
	for _, c := range []float64{math.Sqrt2, math.Sqrt2, math.Sqrt(3), math.Sqrt(3)} {
		if beta*c < 1 {
			sum += beta*c - beta*beta*c*c/2
		} else {
			sum += 0.5
		}
	}
	return sum
}

func TestXORWithBias(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	for beta, want := range map[float64]float64{
		0.1: 0.57925287, 0.3: 1.43775862, 0.5: 1.89626437, 0.57: 1.96224138, 0.6: 1.97705628,
	} {
		if math.Abs(xorOptimum(beta)-want) > 1e-8 {
			t.Fatalf("the closed form gives %.9g at beta %g, not %.9g", xorOptimum(beta), beta, want)
		}
		checkClosedForm(t, "XOR", x, y, 14, beta, want)
	}
	for _, beta := range []float64{1e-3, 0.01, 0.69, 0.71, 1} {
		checkClosedForm(t, "XOR", x, y, 14, beta, xorOptimum(beta))
	}
}

// Duplicate, antipodal and zero rows: the samples separate into four groups.
func TestDegenerateRows(t *testing.T) {
	x := dense([]float64{1, 0}, []float64{1, 0}, []float64{-2, 0}, []float64{0, 0}, []float64{0, 1})
	checkClosedForm(t, "degenerate", x, []float64{1, 2, 1, 3, -1}, 4, 0.25, 5.4453125)
}

func TestFourSamplesInThePlane(t *testing.T) {
	x := dense([]float64{1, 0}, []float64{0, 1}, []float64{1, 1}, []float64{1, -1})
	y := []float64{1, -1, 2, 0.5}
	cells := allCells(t, x, 8)
	isWithin(t, "ReLU", solve(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.2}, 1e-8), 0.71161376, 2e-8)
	isWithin(t, "gated", solve(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.2, Model: convexnn.Gated}, 1e-8), 0.47059696, 2e-8)
}

func TestAbsoluteValueOnFivePoints(t *testing.T) {
	x, y := mat.NewDense(5, 2, nil), make([]float64, 5)
	for i := range 5 {
		x.SetRow(i, []float64{float64(i - 2), 1})
		y[i] = math.Abs(float64(i - 2))
	}
	cells := allCells(t, x, 10)
	s := solve(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.1}, 1e-8)
	isWithin(t, "ReLU", s, 0.19643728, 5e-8)
	isWithin(t, "gated", solve(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.1, Model: convexnn.Gated}, 1e-8), 0.17688544, 5e-8)

	// Two neurons are enough: (-0.96439, 0.02604) and its mirror image.
	net := network(t, convexnn.Spec{X: x, Y: y, Cells: cells, Beta: 0.1}, s)
	if len(net.Neurons) != 2 {
		t.Fatalf("%d neurons, want 2", len(net.Neurons))
	}
	for _, h := range net.Neurons {
		slope, bias := h.Output*h.Weights[0], h.Output*h.Weights[1]
		if math.Abs(math.Abs(slope)-0.96439) > 1e-4 || math.Abs(bias-0.02604) > 1e-4 {
			t.Errorf("neuron (%.5f, %.5f), want (-+0.96439, 0.02604)", slope, bias)
		}
	}
}

// With X X' = I each sample is reached on its own, and the positive and the
// negative part of y are fitted by one neuron each.
func TestWhitened(t *testing.T) {
	x := dense([]float64{1, 0, 0, 0}, []float64{0, 0.6, 0.8, 0}, []float64{0, -0.8, 0.6, 0}, []float64{0, 0, 0, 1})
	for _, y := range [][]float64{{1, 1, 1, -1}, {3, -2, 0.5, 1}, {1, 2, 3, 4}} {
		for _, beta := range []float64{0.1, 0.5, 1.5, 2.5} {
			want := 0.0
			for _, sign := range []float64{1, -1} {
				part := 0.0
				for _, v := range y {
					part = math.Hypot(part, max(sign*v, 0))
				}
				if part > beta {
					want += beta*part - beta*beta/2
				} else {
					want += part * part / 2
				}
			}
			checkClosedForm(t, fmt.Sprint("whitened ", y), x, y, 16, beta, want)
		}
	}
}

// X = a q' has two directions, +q and -q, with disjoint supports.
func TestRankOne(t *testing.T) {
	a, q := []float64{1, -2, 0.5, 3, -1}, []float64{0.6, 0, 0.8}
	y := []float64{1, 2, -1, 0.5, -3}
	x := mat.NewDense(5, 3, nil)
	x.Outer(1, mat.NewVecDense(5, a), mat.NewVecDense(3, q))
	for _, beta := range []float64{0.1, 0.5, 1, 2} {
		want := floats.Dot(y, y) / 2
		for _, sign := range []float64{1, -1} {
			inner, energy := 0.0, 0.0
			for i := range a {
				h := max(sign*a[i], 0)
				inner += h * y[i]
				energy += h * h
			}
			shrunk := max(math.Abs(inner)-beta, 0)
			want -= shrunk * shrunk / (2 * energy)
		}
		checkClosedForm(t, "rank one", x, y, 2, beta, want)
	}
}

// Just above beta_max zero is optimal, just below it is not.
func TestBetaMaxIsTheThreshold(t *testing.T) {
	five := mat.NewDense(5, 2, nil)
	for i := range 5 {
		five.SetRow(i, []float64{float64(i - 2), 1})
	}
	for _, c := range []struct {
		name  string
		x     *mat.Dense
		y     []float64
		cells int
		want  float64
	}{
		{"one sample", dense([]float64{3, 4}), []float64{2}, 2, 10},
		{"opposite", dense([]float64{1}, []float64{-1}), []float64{2, -3}, 2, 3},
		{"XOR", dense(xorX...), []float64{-1, 1, 1, -1}, 14, 1 / math.Sqrt2},
		{"plane", dense([]float64{1, 0}, []float64{0, 1}, []float64{1, 1}, []float64{1, -1}), []float64{1, -1, 2, 0.5}, 8, 5 / math.Sqrt2},
		{"absolute value", five, []float64{2, 1, 0, 1, 2}, 10, 6},
	} {
		got, err := convexnn.FindBetaMax(t.Context(), c.x, c.y, false)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Value-c.want) > 1e-9*c.want {
			t.Errorf("%s: beta_max %.12g, want %.12g", c.name, got.Value, c.want)
		}
		half := floats.Dot(c.y, c.y) / 2
		cells := allCells(t, c.x, c.cells)
		above := solve(t, convexnn.Spec{X: c.x, Y: c.y, Cells: cells, Beta: 1.0001 * c.want}, 1e-9)
		if above.Objective != half || above.Gap > 1e-9 || mat.Norm(above.Weights, 2) != 0 {
			t.Errorf("%s: above beta_max: objective %.12g, want %.12g; gap %g", c.name, above.Objective, half, above.Gap)
		}
		below := solve(t, convexnn.Spec{X: c.x, Y: c.y, Cells: cells, Beta: 0.99 * c.want}, 1e-9)
		if !(below.Objective < half*(1-1e-6)) || mat.Norm(below.Weights, 2) == 0 {
			t.Errorf("%s: below beta_max: objective %.12g is not under %.12g", c.name, below.Objective, half)
		}
	}
}

// A solve that is out of time from the beginning prices by norms alone: its bound is
// weaker, and holds.
func TestBoundOfAnInterruptedSolve(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	program, err := convexnn.NewProgram(convexnn.Spec{X: x, Y: y, Cells: allCells(t, x, 14), Beta: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := program.Solve(ctx, convexnn.SolveSettings{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := program.DualBound(y)
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != convexnn.Stopped || !(s.LowerBound > 0) || s.LowerBound >= whole.Value || whole.Value > xorOptimum(0.1) {
		t.Errorf("%v, bounds %v and %v, optimum %v", s.Status, s.LowerBound, whole.Value, xorOptimum(0.1))
	}
}
