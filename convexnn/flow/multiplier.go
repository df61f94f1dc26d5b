package flow

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

const (
	// pulling is the share of a sample in the gradient, relative to the largest, below
	// which its multiplier is 0.
	pulling = 1e-8
	// carrying is the share of a neuron in |w|^2 below which it has no say in the
	// multipliers.
	carrying = 1e-8
	// multiplierWork bounds the smaller side of the least squares problem of the
	// multipliers.
	multiplierWork = 2000
)

// multiplierFits reports whether the multipliers take little work.
func (r *run) multiplierFits() bool {
	n, d := r.x.Dims()
	return min(n, len(r.flow.now.logs)*d) <= multiplierWork
}

// multiplier returns the lambda >= 0 (n) that fulfils the conditions of a KKT point of the
// max-margin problem,
//
//	u_j = alpha_j X'D_j (y o lambda),
//
// best for the neurons as they are, in the least squares sense, and the root mean square of
// what is missing, relative to |u_j|. Divided by alpha_j they speak of directions only, so
// that lambda is that of the network with smallest margin 1. Along lines on which a neuron
// slides the share d_i in [0,1] is free, and so is this part of the condition.
func (r *run) multiplier() ([]float64, float64) {
	f, at := r.flow.field, r.flow.now
	n, d := r.x.Dims()
	most := floats.Max(r.average.remembered())
	var rows []int
	for i, l := range r.average.remembered() {
		if l >= pulling*most {
			rows = append(rows, i)
		}
	}
	var heavy []int
	for j, b := range at.logs {
		if 2*math.Exp(2*(b-r.flow.logRho)) >= carrying {
			heavy = append(heavy, j)
		}
	}
	system := mat.NewDense(len(heavy)*d, len(rows)+1, nil)
	target := len(rows)
	part := make([]float64, d)
	for h, j := range heavy {
		share := math.Sqrt2 * math.Exp(at.logs[j]-r.flow.logRho)
		set := func(col int, scale float64) {
			for k, v := range part {
				system.Set(h*d+k, col, scale*v)
			}
		}
		copy(part, at.dir(j))
		set(target, -share)
		for q, i := range rows {
			if !f.sides.bits[j].Has(i) {
				continue
			}
			copy(part, r.x.RawRowView(i))
			if b := f.sides.bases[j]; b != nil {
				complement(b, part)
			}
			set(q, share*f.signs[j]*r.y[i])
		}
	}
	lambda := make([]float64, n)
	residual := nonNegative(system, func(q int, v float64) { lambda[rows[q]] = v })
	return lambda, residual
}

// nonNegative minimises |A lambda + b| over lambda >= 0, where the last column of the system
// is b, and returns the minimum.
func nonNegative(system *mat.Dense, set func(column int, v float64)) float64 {
	r, c := system.Dims()
	if r > c {
		// Only inner products of the columns count.
		var factor mat.QR
		factor.Factorize(system)
		var upper mat.Dense
		factor.RTo(&upper)
		system = mat.DenseCopyOf(upper.Slice(0, c, 0, c))
		r = c
	}
	columns := blas64.General{Rows: c - 1, Cols: r, Stride: r, Data: make([]float64, (c-1)*r)}
	for q := range c - 1 {
		mat.Col(columns.Data[q*r:(q+1)*r], q, system)
	}
	all := bitset.New(c - 1)
	for q := range c - 1 {
		all.Add(q)
	}
	rest := mat.Col(nil, c-1, system)
	found := qp.NewConeProjector(columns).Project(slices.Clone(rest), rest, all, nil, 0)
	for k, q := range found.Active {
		set(q, found.Lambda[k])
	}
	return found.Norm
}
