package descent

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/lasso"
)

// An Objective is the training objective of networks of m neurons. It is a workspace for
// one goroutine.
//
// The weights are one vector: the m x d matrix of the u_j, the m x c matrix of the g_j,
// and the c intercepts if there are any.
type Objective struct {
	x         *mat.Dense
	loss      lasso.Loss
	beta      float64
	m         int
	intercept bool

	z, back blas64.General // n x m: X U', and the gradient with respect to it, if any was asked for
	f, v    []float64      // n x c: predictions, minus the gradient of the loss
}

// New returns the objective of m neurons on x (n x d).
func New(x *mat.Dense, loss lasso.Loss, beta float64, m int, intercept bool) *Objective {
	n, _ := x.Dims()
	c := loss.Outputs()
	return &Objective{
		x: x, loss: loss, beta: beta, m: m, intercept: intercept,
		z: kernel.Dense(n, m), f: make([]float64, n*c), v: make([]float64, n*c),
	}
}

// Len is the number of weights.
func (o *Objective) Len() int {
	_, d := o.x.Dims()
	size := o.m * (d + o.loss.Outputs())
	if o.intercept {
		size += o.loss.Outputs()
	}
	return size
}

// split returns views of the parts of w.
func (o *Objective) split(w []float64) (u, g blas64.General, b []float64) {
	_, d := o.x.Dims()
	c := o.loss.Outputs()
	u = blas64.General{Rows: o.m, Cols: d, Stride: d, Data: w[:o.m*d]}
	g = blas64.General{Rows: o.m, Cols: c, Stride: c, Data: w[o.m*d : o.m*(d+c)]}
	return u, g, w[o.m*(d+c):]
}

// Predict returns the n x c predictions of the weights w, row-major, which are valid
// until the next call of a method.
func (o *Objective) Predict(w []float64) []float64 {
	u, g, b := o.split(w)
	n, c := o.z.Rows, o.loss.Outputs()
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, o.x.RawMatrix(), u, 0, o.z)
	for i, z := range o.z.Data {
		o.z.Data[i] = max(z, 0)
	}
	clear(o.f)
	if o.intercept {
		for i := range n {
			copy(o.f[i*c:(i+1)*c], b)
		}
	}
	kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, o.z, g, 1, blas64.General{Rows: n, Cols: c, Stride: c, Data: o.f})
	return o.f
}

// Value returns the objective at w, and its gradient in grad unless that is nil. At a
// kink it takes the side of the inactive neuron.
func (o *Objective) Value(grad, w []float64) float64 {
	u, g, _ := o.split(w)
	n, c := o.z.Rows, o.loss.Outputs()
	weights := w[:o.m*(u.Cols+c)]
	value := o.loss.Value(o.Predict(w)) + o.beta/2*floats.Dot(weights, weights)
	if grad == nil {
		return value
	}
	if o.back.Rows == 0 {
		o.back = kernel.Dense(n, o.m)
	}
	o.loss.Residual(o.v, o.f)
	v := blas64.General{Rows: n, Cols: c, Stride: c, Data: o.v}
	du, dg, db := o.split(grad)
	floats.ScaleTo(grad[:len(weights)], o.beta, weights)
	kernel.Gemm(blas.Trans, blas.NoTrans, -1, o.z, v, 1, dg)
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, v, g, 0, o.back)
	for i, z := range o.z.Data {
		if z == 0 {
			o.back.Data[i] = 0
		}
	}
	kernel.Gemm(blas.Trans, blas.NoTrans, -1, o.back, o.x.RawMatrix(), 1, du)
	if o.intercept {
		clear(db)
		for i := range n {
			floats.Sub(db, o.v[i*c:(i+1)*c])
		}
	}
	return value
}

// Minimise goes down from w by at most steps iterations of L-BFGS and returns the best
// weights found and their objective. It ends where a kink stops it, or ctx does.
func (o *Objective) Minimise(ctx context.Context, w []float64, steps int) ([]float64, float64) {
	best, value := append([]float64(nil), w...), o.Value(nil, w)
	problem := optimize.Problem{
		Func: func(w []float64) float64 {
			f := o.Value(nil, w)
			if f < value {
				value = f
				copy(best, w)
			}
			return f
		},
		Grad: func(grad, w []float64) { o.Value(grad, w) },
		Status: func() (optimize.Status, error) {
			if ctx.Err() != nil {
				return optimize.RuntimeLimit, nil
			}
			return optimize.NotTerminated, nil
		},
	}
	settings := &optimize.Settings{MajorIterations: steps, GradientThreshold: math.SmallestNonzeroFloat64, Converger: optimize.NeverTerminate{}}
	// An error is a line search that a kink stopped: what was found until then is good.
	_, _ = optimize.Minimize(problem, w, settings, &optimize.LBFGS{Store: 20})
	return best, value
}
