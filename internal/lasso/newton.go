package lasso

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
)

// newton takes Newton steps over the nonzero gains of a program with several
// outputs, where the objective is smooth. Vectors over the gains are c x s, one
// row for each output.
type newton struct {
	*Master
	support []*column
	s       int
	unit    []float64      // c x s: the directions u_k = g_k/|g_k|, 0 for free columns
	bend    []float64      // s: beta/|g_k|, 0 for free columns
	gram    blas64.General // s x s: inner products of the support
	hessian []float64      // n blocks of c x c; unused if the loss is exact
	factor  factor         // of the preconditioner
	ridge   float64        // curvature added along the gains, in units of bend
}

// damping is the ratio of ridge to the violation of the optimality conditions.
// Columns that are nearly equal, or more than n, leave directions in which the
// objective is all but linear. The ridge keeps a step along them to a part
// 1/damping of the gains, and vanishes at the solution.
const (
	firstDamping = 0.1
	leastDamping = 0.01
	mostDamping  = 10
)

// polish takes Newton steps until the gains of the support are stationary within
// tolerance, relative to beta, or the objective falls no more. It returns their
// number.
func (m *Master) polish(ctx context.Context, tolerance float64) (steps int) {
	const enough, more = 10, 4
	nt := &newton{Master: m}
	for steps < enough && ctx.Err() == nil {
		lack, worst := nt.prepare()
		nt.ridge = m.damping * min(1, worst)
		if nt.s == 0 || !(worst > tolerance) || !nt.condition() {
			break
		}
		steps++
		d := nt.solve(lack, min(0.1, worst))
		t := nt.search(d, kernel.Dot(lack, d), worst)
		if t == 0 && m.damping == mostDamping {
			break
		}
		switch {
		case t == 1:
			m.damping = max(m.damping/more, leastDamping)
		case t <= 0.125:
			m.damping = min(m.damping*more, mostDamping)
		}
	}
	return steps
}

// prepare collects the support at the current gains. It returns minus the
// gradient of the objective and the norm of its greatest block, relative to beta.
func (nt *newton) prepare() (lack []float64, worst float64) {
	nt.refresh()
	nt.support = nt.support[:0]
	for i, col := range nt.members.columns {
		if nt.members.row(i)[i] != 0 && (col.free || col.active()) {
			nt.support = append(nt.support, col)
		}
	}
	s, c := len(nt.support), nt.c
	nt.s = s
	nt.unit, nt.bend, lack = make([]float64, c*s), make([]float64, s), make([]float64, c*s)
	planes(nt.plane, nt.dual, c)
	for k, col := range nt.support {
		norm, block := floats.Norm(col.gain, 2), 0.0
		if !col.free {
			nt.bend[k] = nt.beta / norm
		}
		for l, g := range col.gain {
			v := kernel.Dot(col.feature, nt.plane[l*nt.n:(l+1)*nt.n])
			if !col.free {
				nt.unit[l*s+k] = g / norm
				v -= nt.beta * (g / norm)
			}
			lack[l*s+k] = v
			block = math.Hypot(block, v)
		}
		worst = max(worst, block/nt.beta)
	}
	return lack, worst
}

// condition prepares products with the Hessian and the preconditioner
//
//	A_S' W A_S + (1 - 1/c + ridge) diag(beta/|g_k|)
//
// for each output, W the weights of the inner products: the Hessian with the
// curvature of the penalty, beta/|g_k| across a gain and none along it, spread
// evenly over all directions.
func (nt *newton) condition() bool {
	// Against free columns that depend on each other.
	const least = 1e-10
	s, c := nt.s, nt.c
	nt.gram = blas64.General{Rows: s, Cols: s, Stride: s, Data: make([]float64, s*s)}
	for k, col := range nt.support {
		row := nt.members.row(col.slot)
		for j, other := range nt.support {
			nt.gram.Data[k*s+j] = row[other.slot]
		}
	}
	if !nt.exact {
		nt.hessian = make([]float64, nt.n*c*c)
		nt.loss.Hessian(nt.hessian, nt.fit)
	}
	p := blas64.General{Rows: s, Cols: s, Stride: s, Data: append([]float64(nil), nt.gram.Data...)}
	for k, bend := range nt.bend {
		p.Data[k*s+k] += least*p.Data[k*s+k] + bend*(float64(c-1)/float64(c)+nt.ridge)
	}
	nt.factor = factor{n: s, stride: s, data: p.Data}
	return kernel.Cholesky(p)
}

// multiply sets dst to the product of the Hessian of the objective, with the
// ridge, with d.
func (nt *newton) multiply(dst, d []float64) {
	s, c := nt.s, nt.c
	if nt.exact {
		for l := range c {
			kernel.MulVec(dst[l*s:(l+1)*s], nt.gram, d[l*s:(l+1)*s])
		}
	} else {
		nt.multiplyLoss(dst, d)
	}
	for k, bend := range nt.bend {
		along := 0.0
		for l := range c {
			along += nt.unit[l*s+k] * d[l*s+k]
		}
		for l := range c {
			dst[l*s+k] += bend * ((1+nt.ridge)*d[l*s+k] - along*nt.unit[l*s+k])
		}
	}
}

// multiplyLoss sets dst to the product of the Hessian of the loss with d.
func (nt *newton) multiplyLoss(dst, d []float64) {
	n, s, c := nt.n, nt.s, nt.c
	clear(nt.plane)
	for k, col := range nt.support {
		for l := range c {
			kernel.AddScaled(nt.plane[l*n:(l+1)*n], d[l*s+k], col.feature)
		}
	}
	row := make([]float64, c)
	for i := range n {
		for l := range row {
			row[l] = nt.plane[l*n+i]
		}
		block := nt.hessian[i*c*c : (i+1)*c*c]
		for l := range row {
			nt.plane[l*n+i] = kernel.Dot(block[l*c:(l+1)*c], row)
		}
	}
	for k, col := range nt.support {
		for l := range c {
			dst[l*s+k] = kernel.Dot(col.feature, nt.plane[l*n:(l+1)*n])
		}
	}
}

// solve returns the Newton step, to a relative residual of tolerance, by
// conjugate gradients.
func (nt *newton) solve(lack []float64, tolerance float64) []float64 {
	const enough = 200
	size := len(lack)
	d, r, z, hp := make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	copy(r, lack)
	nt.precondition(z, r)
	p := append([]float64(nil), z...)
	rz := kernel.Dot(r, z)
	target := tolerance * floats.Norm(r, 2)
	for range enough {
		nt.multiply(hp, p)
		curvature := kernel.Dot(p, hp)
		if !(curvature > 0) {
			break
		}
		kernel.AddScaled(d, rz/curvature, p)
		kernel.AddScaled(r, -rz/curvature, hp)
		if floats.Norm(r, 2) <= target {
			break
		}
		nt.precondition(z, r)
		next := kernel.Dot(r, z)
		floats.Scale(next/rz, p)
		floats.Add(p, z)
		rz = next
	}
	return d
}

// precondition sets dst to an approximate solution of H dst = r.
func (nt *newton) precondition(dst, r []float64) {
	copy(dst, r)
	for l := range nt.c {
		nt.factor.forward(dst[l*nt.s : (l+1)*nt.s])
		nt.factor.backward(dst[l*nt.s : (l+1)*nt.s])
	}
}

// search moves along d, on which the objective falls by slope at first, as far
// as it falls, or the violation of the optimality conditions does where the
// values of the objective are too close to tell. A gain that turns round is zero
// instead. It returns the part of d that the gains moved by.
func (nt *newton) search(d []float64, slope, worst float64) float64 {
	s := nt.s
	start := make([]float64, len(d))
	for k, col := range nt.support {
		for l, g := range col.gain {
			start[l*s+k] = g
		}
	}
	from := nt.Objective()
	const least = 1e-3
	for t := 1.0; t > least; t /= 2 {
		for k, col := range nt.support {
			along := 0.0
			for l := range col.gain {
				col.gain[l] = start[l*s+k] + t*d[l*s+k]
				along += col.gain[l] * nt.unit[l*s+k]
			}
			if !col.free && along <= 0 {
				clear(col.gain)
			}
		}
		nt.fresh = false
		const share, close = 1e-4, 1e-11
		to := nt.Objective()
		if to <= from-share*t*slope || to <= from+close*math.Abs(from) && nt.fell(start, worst) {
			return t
		}
	}
	for k, col := range nt.support {
		for l := range col.gain {
			col.gain[l] = start[l*s+k]
		}
	}
	nt.fresh = false
	return 0
}

// fell reports whether the violation of the optimality conditions over the
// support is below worst and the gradient proves that the objective has not
// risen since the gains were start. By convexity it has not if a subgradient at
// the new point x has a product with x - start of at most 0. Compare Hager and
// Zhang, SIAM J. Optimization 16, 2005.
func (nt *newton) fell(start []float64, worst float64) bool {
	nt.refresh()
	planes(nt.plane, nt.dual, nt.c)
	sum := 0.0
	p, g0 := make([]float64, nt.c), make([]float64, nt.c)
	for k, col := range nt.support {
		norm := floats.Norm(col.gain, 2)
		for l, g := range col.gain {
			g0[l] = start[l*nt.s+k]
			p[l] = kernel.Dot(col.feature, nt.plane[l*nt.n:(l+1)*nt.n])
			sum -= p[l] * (g - g0[l])
			if !col.free && norm > 0 {
				sum += nt.beta * (g / norm) * (g - g0[l])
			}
		}
		if !col.free && norm == 0 {
			sum -= nt.beta * floats.Norm(g0, 2)
		}
		if violation(p, col, nt.beta) > worst {
			return false
		}
	}
	return sum <= 0
}

// planes sets dst (c x n) to the transpose of src (n x c).
func planes(dst, src []float64, c int) {
	n := len(src) / c
	for i := range n {
		for l := range c {
			dst[l*n+i] = src[i*c+l]
		}
	}
}
