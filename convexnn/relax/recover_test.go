package relax_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/relax"
)

func recovered(t *testing.T, p *relax.Problem) (*relax.Trace, *relax.Recovery) {
	t.Helper()
	trace, err := p.Trace(t.Context(), relax.TraceSettings{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := trace.Recover(t.Context(), relax.RecoverSettings{})
	if err != nil {
		t.Fatal(err)
	}
	return trace, r
}

// objective computes that of training by the formula, one number at a time.
func objective(x, y *mat.Dense, beta float64, neurons []relax.Neuron) float64 {
	n, d := x.Dims()
	_, c := y.Dims()
	sum := 0.0
	for i := range n {
		for k := range c {
			f := 0.0
			for _, v := range neurons {
				z := 0.0
				for j := range d {
					z += x.At(i, j) * v.Weights[j]
				}
				f += math.Max(0, z) * v.Gains[k]
			}
			sum += (f - y.At(i, k)) * (f - y.At(i, k)) / 2
		}
	}
	for _, v := range neurons {
		u, g := 0.0, 0.0
		for _, w := range v.Weights {
			u += w * w
		}
		for _, w := range v.Gains {
			g += w * w
		}
		sum += beta / 2 * (u + g) // the weight decay of balanced neurons
	}
	return sum
}

// multistart is local search from many starts: quasi-Newton steps on all weights of a
// network of a width. It returns the best objective.
func multistart(rng *rand.Rand, x, y *mat.Dense, beta float64, width, starts int) float64 {
	n, d := x.Dims()
	_, c := y.Dims()
	size := d + c
	value := func(theta, gradient []float64) float64 {
		sum := 0.0
		for k, w := range theta {
			sum += beta / 2 * w * w
			if gradient != nil {
				gradient[k] = beta * w
			}
		}
		h := make([]float64, width)
		for i := range n {
			row := x.RawRowView(i)
			r := append([]float64(nil), y.RawRowView(i)...)
			for j := range width {
				v := theta[j*size : (j+1)*size]
				z := 0.0
				for l, a := range row {
					z += a * v[l]
				}
				if h[j] = math.Max(0, z); h[j] > 0 {
					for k := range c {
						r[k] -= h[j] * v[d+k]
					}
				}
			}
			for k := range c {
				sum += r[k] * r[k] / 2
			}
			if gradient == nil {
				continue
			}
			for j := range width {
				if h[j] == 0 {
					continue
				}
				v, g := theta[j*size:(j+1)*size], gradient[j*size:(j+1)*size]
				back := 0.0
				for k := range c {
					g[d+k] -= h[j] * r[k]
					back += r[k] * v[d+k]
				}
				for l, a := range row {
					g[l] -= back * a
				}
			}
		}
		return sum
	}
	best := math.Inf(1)
	for range starts {
		theta := make([]float64, width*size)
		for k := range theta {
			theta[k] = rng.NormFloat64() / math.Sqrt(float64(width))
		}
		result, _ := optimize.Minimize(optimize.Problem{
			Func: func(v []float64) float64 { return value(v, nil) },
			Grad: func(g, v []float64) { value(v, g) },
		}, theta, &optimize.Settings{MajorIterations: 400}, &optimize.LBFGS{})
		if result != nil {
			best = math.Min(best, result.F)
		}
	}
	return best
}

// In the plane the way is exact from the data to the network: the objective of the
// network, computed anew from its weights, is the value of the program and proved
// optimal. Local search is never better, and on some instances measurably worse.
func TestPlane(t *testing.T) {
	worse := 0
	for seed := range uint64(10) {
		start := time.Now()
		n, c := 4+int(seed)%5, 1+int(seed)%3
		x, y := random(seed, n, 2, c)
		beta := []float64{0.02, 0.1, 0.5}[seed%3]
		trace, r := recovered(t, problem(t, x, y, beta))
		got := objective(x, y, beta, r.Network.Neurons)
		if !trace.Exact() {
			t.Errorf("seed %d: cells of %d facets in the plane", seed, trace.Facets)
		}
		if math.Abs(got-r.Objective) > 1e-12*got {
			t.Errorf("seed %d: objective %.15g, by the formula %.15g", seed, r.Objective, got)
		}
		if math.Abs(got-trace.Value) > 1e-6*got || got-r.Lower > 1e-7*got || r.Lower > got*(1+1e-12) {
			t.Errorf("seed %d: network %.12g, program %.12g, proved %.12g", seed, got, trace.Value, r.Lower)
		}
		if most := n * c; len(r.Network.Neurons) > 2*most {
			t.Errorf("seed %d: %d neurons for %d samples and %d outputs", seed, len(r.Network.Neurons), n, c)
		}
		local := multistart(rand.New(rand.NewPCG(seed, 73)), x, y, beta, 14, 12)
		if local < r.Lower*(1-1e-9) {
			t.Errorf("seed %d: local search found %.12g below the proved %.12g", seed, local, r.Lower)
		}
		if local > got*(1+1e-3) {
			worse++
		}
		t.Logf("seed %d (n=%d, c=%d): program %.9g, network %.9g with %d neurons, proved %.9g, local search %.6g, %v",
			seed, n, c, trace.Value, got, len(r.Network.Neurons), r.Lower, local, time.Since(start).Round(time.Millisecond))
	}
	if worse < 2 {
		t.Errorf("local search was worse by a thousandth on %d of 10 instances", worse)
	}
}

// In three and four dimensions, where cells have more facets, the bracket closes as well.
func TestSpace(t *testing.T) {
	for seed, size := range [][3]int{{7, 3, 2}, {9, 3, 3}, {6, 4, 2}, {8, 4, 1}, {7, 5, 1}} {
		x, y := random(uint64(seed), size[0], size[1], size[2])
		trace, r := recovered(t, problem(t, x, y, 0.2))
		t.Logf("%v: %d cells, up to %d facets: program %.9g, network %.9g, gap %.1e after %d rounds", size, int(trace.Size.Cells), trace.Facets, trace.Value, r.Objective, r.Gap(), r.Rounds)
		if got := objective(x, y, 0.2, r.Network.Neurons); math.Abs(got-r.Objective) > 1e-12*got || r.Gap() > 1e-7 || !r.Priced {
			t.Errorf("%v: network %.12g, by the formula %.12g, gap %.2g", size, r.Objective, got, r.Gap())
		}
	}
}

// One output: the optimum is that of the trainer, which knows other programs.
func TestAgainstTrain(t *testing.T) {
	for seed, size := range [][2]int{{6, 2}, {8, 2}, {7, 3}, {6, 4}} {
		x, y := random(uint64(40+seed), size[0], size[1], 1)
		const beta = 0.15
		want, err := convexnn.Train(t.Context(), x, mat.Col(nil, 0, y), convexnn.Options{Mode: convexnn.Enumerate, Beta: beta, Tolerance: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		trace, r := recovered(t, problem(t, x, y, beta))
		if math.Abs(r.Objective-want.Objective) > 1e-6*want.Objective || math.Abs(trace.Value-want.Objective) > 1e-6*want.Objective {
			t.Errorf("%v: network %.10g, program %.10g, trained %.10g", size, r.Objective, trace.Value, want.Objective)
		}
		if r.Lower > want.Objective*(1+1e-12) {
			t.Errorf("%v: proved %.12g above a network with %.12g", size, r.Lower, want.Objective)
		}
		net, err := r.Network.Scalar()
		if err != nil {
			t.Fatal(err)
		}
		if len(net.Neurons) != len(r.Network.Neurons) || net.Dim != size[1] {
			t.Errorf("%v: a network of %d neurons became one of %d", size, len(r.Network.Neurons), len(net.Neurons))
		}
	}
}

// Decimals that are in line on paper are not in binary: the cells between them are thinner
// than rounding, and do no harm.
func TestNearlyParallel(t *testing.T) {
	x, y := mat.NewDense(9, 3, nil), mat.NewDense(9, 2, nil)
	for i := range 9 {
		x.SetRow(i, []float64{0.1 * float64(i%3), 0.3 * float64(i/3), 1})
		y.SetRow(i, []float64{float64((i + i/3) % 2), float64(i % 3)})
	}
	exact := mat.NewDense(9, 3, nil)
	for i := range 9 {
		exact.SetRow(i, []float64{float64(i % 3), float64(3 * (i / 3)), 10})
	}
	trace, r := recovered(t, problem(t, x, y, 0.05))
	same, s := recovered(t, problem(t, exact, y, 0.5))
	t.Logf("%d and %d cells, %.9g and %.9g", int(trace.Size.Cells), int(same.Size.Cells), r.Objective, s.Objective)
	if math.Abs(r.Objective-s.Objective) > 1e-7*s.Objective || r.Gap() > 1e-6 {
		t.Errorf("%.10g of decimals with gap %.2g, %.10g of integers", r.Objective, r.Gap(), s.Objective)
	}
	for _, angle := range []float64{1e-6, 1e-9, 1e-12, 1e-15} {
		x := mat.NewDense(4, 2, []float64{1, 0, 1, angle, 0, 1, -1, 1})
		y := mat.NewDense(4, 1, []float64{1, -1, 2, 1})
		trace, r := recovered(t, problem(t, x, y, 0.1))
		t.Logf("angle %g: %v, program %.9g, network %.9g, gap %.1g", angle, trace.Size, trace.Value, r.Objective, r.Gap())
		if r.Gap() > 1e-6 {
			t.Errorf("angle %g: gap %.2g", angle, r.Gap())
		}
	}
}
