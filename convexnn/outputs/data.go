package outputs

import (
	"context"
	"errors"
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/generation"
	"github.com/convexnn/convexnn/internal/kernel"
)

// CheckData refuses x (n x d) and y (n x c) of shapes that do not fit each other
// ([convexnn.ErrShape]), with entries that are not finite, or of a scale at which squares
// leave the range of float64 ([convexnn.ErrNotFinite]).
func CheckData(x, y *mat.Dense) error {
	if y == nil || y.IsEmpty() {
		return fmt.Errorf("%w: Y has no rows or no columns", convexnn.ErrShape)
	}
	_, c := y.Dims()
	for l := range c {
		if err := convexnn.CheckData(x, mat.Col(nil, l, y)); err != nil {
			return fmt.Errorf("output %d: %w", l+1, err)
		}
	}
	if norm := mat.Norm(y, 2); norm > 1e154 {
		return fmt.Errorf("%w: the squares of Y overflow (its norm is %.3g); divide it by a constant", convexnn.ErrNotFinite, norm)
	}
	return nil
}

// stopped reports whether err is nothing but the end of ctx, with which a search returns
// what it has.
func stopped(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err())
}

// features returns (X u)_+ of many directions, one a row.
func features(x *mat.Dense, directions [][]float64) blas64.General {
	n, d := x.Dims()
	out := kernel.Dense(len(directions), n)
	if len(directions) == 0 {
		return out
	}
	u := kernel.Dense(len(directions), d)
	for k, v := range directions {
		copy(u.Data[k*d:(k+1)*d], v)
	}
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, u, x.RawMatrix(), 0, out)
	for i, v := range out.Data {
		out.Data[i] = max(v, 0)
	}
	return out
}

// mostPrice is the largest |V'(Xu)_+|/|u| over directions, for v = V (n x c, row by row).
func mostPrice(features blas64.General, directions [][]float64, v []float64) float64 {
	if len(directions) == 0 {
		return 0
	}
	c := len(v) / features.Cols
	sums := kernel.Dense(features.Rows, c)
	kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, features, blas64.General{Rows: features.Cols, Cols: c, Stride: c, Data: v}, 0, sums)
	most := 0.0
	for k, u := range directions {
		if length := floats.Norm(u, 2); length > 0 {
			most = max(most, floats.Norm(sums.Data[k*c:(k+1)*c], 2)/length)
		}
	}
	return most
}

// scales turn networks into scaled neurons and back.
type scales struct{ generation.Scales }

func newScales(x *mat.Dense, target []float64, beta float64) scales {
	return scales{generation.NewScales(x, target, beta)}
}

// neurons are those of a network, scaled.
func (k scales) neurons(net *Network) []generation.Neuron {
	var out []generation.Neuron
	for _, h := range net.Neurons {
		norm := floats.Norm(h.Weights, 2)
		if h.size() > 0 {
			out = append(out, generation.Neuron{
				Direction: floats.ScaleTo(make([]float64, len(h.Weights)), 1/norm, h.Weights),
				Gain:      floats.ScaleTo(make([]float64, len(h.Gains)), norm*k.X/k.Y, h.Gains),
			})
		}
	}
	return out
}

// network is that of scaled neurons.
func (k scales) network(neurons []generation.Neuron, t *trainer) *Network {
	_, d := t.x.Dims()
	net := &Network{Dim: d, Outputs: t.c}
	for _, h := range neurons {
		net.Neurons = append(net.Neurons, Neuron{
			Weights: append([]float64(nil), h.Direction...), Gains: floats.ScaleTo(make([]float64, t.c), k.Y/k.X, h.Gain),
		})
	}
	net.balance()
	if t.intercept {
		_ = net.fitIntercept(t.x, t.y) // shapes were checked at the door
	}
	return net
}
