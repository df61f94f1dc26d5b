package descent

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/lasso"
)

// Batches is the mean over the samples of the objective with the squared loss,
//
//	1/n (1/2 |F - Y|^2 + beta/2 sum_j (|u_j|^2 + |g_j|^2)),
//
// estimated on some of the samples at a time: the mean of their losses, and the whole
// penalty. Averaged over batches of equal size that have every sample once, its
// gradients are the gradient of the mean objective. It is a workspace for one goroutine.
type Batches struct {
	x         *mat.Dense
	y         []float64
	outputs   int
	beta      float64
	m         int
	intercept bool

	all  *Objective
	some map[int]*batch // by the number of samples
}

// A batch is an objective on copies of rows.
type batch struct {
	x         *mat.Dense
	y         []float64
	objective *Objective
}

// NewBatches returns the objective of m neurons on x (n x d) and y (n x outputs,
// row-major), which are kept, not copied.
func NewBatches(x *mat.Dense, y []float64, outputs int, beta float64, m int, intercept bool) *Batches {
	return &Batches{x: x, y: y, outputs: outputs, beta: beta, m: m, intercept: intercept, some: map[int]*batch{}}
}

// Mean returns the estimate at the weights w on the samples listed, and its gradient in
// grad unless that is nil. No list means all samples.
func (b *Batches) Mean(grad, w []float64, rows []int) float64 {
	n, _ := b.x.Dims()
	if rows == nil {
		if b.all == nil {
			b.all = New(b.x, lasso.NewSquared(b.y, b.outputs), b.beta, b.m, b.intercept)
		}
		return mean(b.all, grad, w, n)
	}
	s := b.of(len(rows))
	c := b.outputs
	for k, i := range rows {
		s.x.SetRow(k, b.x.RawRowView(i))
		copy(s.y[k*c:(k+1)*c], b.y[i*c:(i+1)*c])
	}
	return mean(s.objective, grad, w, len(rows))
}

// BlockRows is the number of samples that [Batches.Predict] takes at a time, so that its
// memory does not grow with their number.
const BlockRows = 512

// Predict sets dst to the n x outputs predictions of the weights w, row-major.
func (b *Batches) Predict(dst, w []float64) {
	if b.all != nil {
		copy(dst, b.all.Predict(w))
		return
	}
	n, _ := b.x.Dims()
	for lo := 0; lo < n; lo += BlockRows {
		hi := min(lo+BlockRows, n)
		s := b.of(hi - lo)
		for i := lo; i < hi; i++ {
			s.x.SetRow(i-lo, b.x.RawRowView(i))
		}
		copy(dst[lo*b.outputs:], s.objective.Predict(w))
	}
}

// of returns the batch of so many samples. Its share of the penalty is as large as its
// share of the samples, so that the mean has all of it.
func (b *Batches) of(size int) *batch {
	if s, ok := b.some[size]; ok {
		return s
	}
	n, d := b.x.Dims()
	s := &batch{x: mat.NewDense(size, d, nil), y: make([]float64, size*b.outputs)}
	share := float64(size) / float64(n)
	s.objective = New(s.x, lasso.NewSquared(s.y, b.outputs), b.beta*share, b.m, b.intercept)
	b.some[size] = s
	return s
}

// mean is the objective over the number of its samples.
func mean(o *Objective, grad, w []float64, samples int) float64 {
	value := o.Value(grad, w) / float64(samples)
	if grad != nil {
		floats.Scale(1/float64(samples), grad)
	}
	return value
}
