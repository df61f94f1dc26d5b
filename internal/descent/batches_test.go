package descent_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/lasso"
)

// batchInstance is a problem of the squared loss with some weights.
func batchInstance(rng *rand.Rand, n, d, m, outputs int, intercept bool) (instance, []float64) {
	size := m * (d + outputs)
	if intercept {
		size += outputs
	}
	y := normals(rng, n*outputs)
	x := mat.NewDense(n, d, normals(rng, n*d))
	return instance{x: x, loss: lasso.NewSquared(y, outputs), m: m, intercept: intercept, w: normals(rng, size)}, y
}

// naiveMean is the mean objective on the samples listed, by its definition: the mean of
// their losses, and 1/n of the whole penalty.
func (p instance) naiveMean(w, y []float64, rows []int) float64 {
	n, d := p.x.Dims()
	c := p.loss.Outputs()
	loss := 0.0
	for _, i := range rows {
		for l := range c {
			f := 0.0
			if p.intercept {
				f = w[p.m*(d+c)+l]
			}
			for k := range p.m {
				f += max(0, floats.Dot(p.x.RawRowView(i), w[k*d:(k+1)*d])) * w[p.m*d+k*c+l]
			}
			loss += (f - y[i*c+l]) * (f - y[i*c+l]) / 2
		}
	}
	weights := w[:p.m*(d+c)]
	return loss/float64(len(rows)) + beta/2*floats.Dot(weights, weights)/float64(n)
}

func TestBatchGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 1))
	const n, h = 10, 1e-5
	for _, outputs := range []int{1, 3} {
		for _, intercept := range []bool{false, true} {
			p, y := batchInstance(rng, n, 3, 4, outputs, intercept)
			for p.margin(p.w) < 1e-3 {
				p, y = batchInstance(rng, n, 3, 4, outputs, intercept)
			}
			b := descent.NewBatches(p.x, y, outputs, beta, p.m, intercept)
			all := rng.Perm(n)
			grad := make([]float64, len(p.w))
			for _, rows := range [][]int{nil, all, {3}, {7, 1}, {0, 2, 5}, {9, 8, 6}, {2, 2, 4}} {
				value := b.Mean(grad, p.w, rows)
				list := rows
				if rows == nil {
					list = all
				}
				if want := p.naiveMean(p.w, y, list); math.Abs(value-want) > 1e-12*want || b.Mean(nil, p.w, rows) != value {
					t.Errorf("rows %v: value %.15g, want %.15g", rows, value, want)
				}
				for j, g := range grad {
					up, down := slices.Clone(p.w), slices.Clone(p.w)
					up[j] += h
					down[j] -= h
					if want := (p.naiveMean(up, y, list) - p.naiveMean(down, y, list)) / (2 * h); math.Abs(g-want) > 1e-7*(1+value) {
						t.Errorf("rows %v: derivative %d is %.10g, differences say %.10g", rows, j, g, want)
					}
				}
			}
		}
	}
}

// The penalty is counted once, however the samples are cut: n times the mean of the
// gradients of all batches is the gradient of the objective.
func TestBatchesAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 2))
	const n = 12
	p, y := batchInstance(rng, n, 3, 5, 1, true)
	want := make([]float64, len(p.w))
	p.objective().Value(want, p.w)
	b := descent.NewBatches(p.x, y, 1, beta, p.m, true)
	for _, size := range []int{1, 3, 4, 12} {
		sum, grad := make([]float64, len(p.w)), make([]float64, len(p.w))
		order := rng.Perm(n)
		for rows := range slices.Chunk(order, size) {
			b.Mean(grad, p.w, rows)
			floats.AddScaled(sum, float64(size), grad)
		}
		if d := floats.Distance(sum, want, math.Inf(1)); d > 1e-12*floats.Norm(want, 2) {
			t.Errorf("batches of %d: off by %g", size, d)
		}
	}
}

func TestBatchPredictions(t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 3))
	const n = 2*descent.BlockRows + 5
	p, y := batchInstance(rng, n, 2, 3, 2, true)
	b := descent.NewBatches(p.x, y, 2, beta, p.m, true)
	got, want := make([]float64, 2*n), p.objective().Predict(p.w)
	for _, step := range []string{"in blocks", "at once"} {
		b.Predict(got, p.w)
		if !floats.EqualApprox(got, want, 1e-13) {
			t.Errorf("%s: other predictions", step)
		}
		b.Mean(nil, p.w, nil)
		clear(got)
	}
}
