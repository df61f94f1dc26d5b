package ipm

import (
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// newton holds the products with F and the cones, and the factors of the
// current Newton system.
type newton struct {
	*Problem
	*geometry
	masked *kernel.Masked // of the patterns of the blocks
	factors
}

func newNewton(p *Problem, g *geometry) *newton {
	bits := make([]bitset.Set, g.k)
	for j, b := range p.Blocks {
		bits[j] = b.Bits
	}
	nt := &newton{Problem: p, geometry: g, masked: kernel.NewMasked(p.X, bits)}
	nt.factors = newFactors(g, nt.masked)
	return nt
}

// forward sets dst (n) to F u, centred if the problem asks for it.
func (nt *newton) forward(dst, u []float64) {
	signed := slices.Clone(u)
	nt.sign(signed)
	nt.masked.Forward(dst, signed)
	if nt.Center {
		kernel.Center(dst)
	}
}

// adjoint sets dst (k x d) to F' r.
func (nt *newton) adjoint(dst, r []float64) {
	v := r
	if nt.Center {
		v = slices.Clone(r)
		kernel.Center(v)
	}
	nt.masked.Adjoint(dst, v)
	nt.sign(dst)
}

// sign multiplies weights (k x d) by the signs of their blocks.
func (nt *newton) sign(u []float64) {
	for j, b := range nt.Blocks {
		if b.Sign < 0 {
			floats.Scale(-1, u[j*nt.d:(j+1)*nt.d])
		}
	}
}

// push returns S_j unit u_j for all blocks (k x r).
func (nt *newton) push(u []float64) []float64 {
	r := len(nt.rows)
	if r == 0 {
		return nil
	}
	out := kernel.Dense(nt.k, r)
	weights := blas64.General{Rows: nt.k, Cols: nt.d, Stride: nt.d, Data: u}
	kernel.Gemm(blas.NoTrans, blas.Trans, 1, weights, nt.unit, 0, out)
	floats.Mul(out.Data, nt.signs)
	return out.Data
}

// pull returns unit' S_j z_j for all blocks (k x d), the adjoint of push.
func (nt *newton) pull(z []float64) []float64 {
	out := kernel.Dense(nt.k, nt.d)
	if r := len(nt.rows); r > 0 {
		signed := blas64.General{Rows: nt.k, Cols: r, Stride: r, Data: make([]float64, len(z))}
		floats.MulTo(signed.Data, z, nt.signs)
		kernel.Gemm(blas.NoTrans, blas.NoTrans, 1, signed, nt.unit, 0, out)
	}
	return out.Data
}

// solve fills step with the solution of
//
//	P dx + G'dz = -res_x,  G dx + ds = -res_z,  W dz + W^-1 ds = target.
//
// Slack steps are computed from the weights' steps, multiplier steps from the
// slacks': in this order rounding stays out of primal feasibility.
func (nt *newton) solve(step, res *state, target *conePair, sc *scaling) {
	d, w := nt.d, nt.d+1
	// Eliminating ds and dz leaves (P + G'W^-2 G) dx = b with
	// b = -res_x - G'(W^-2 res_z + W^-1 target); the linear cones' G is
	// -unit S, the second-order cones' -I.
	linear := make([]float64, len(step.slack))
	for i := range linear {
		linear[i] = (res.slack[i]/sc.w[i] + target.linear[i]) / sc.w[i]
	}
	pulled := nt.pull(linear)
	second := sc.invert(res.q)
	floats.Add(second, target.second)
	second = sc.invert(second)
	b, bt := make([]float64, nt.k*d), make([]float64, nt.k)
	for j := range nt.k {
		bt[j] = -res.t[j] + second[j*w]
		p := sc.point[j*w : (j+1)*w]
		tail := 2 * p[0] * bt[j] / nt.qcoeff[j]
		for l := range d {
			// The last term eliminates t.
			b[j*d+l] = -res.u[j*d+l] + pulled[j*d+l] + second[j*w+1+l] + tail*p[1+l]
		}
	}
	nt.refined(step.u, b, sc)
	for j := range nt.k {
		p := sc.point[j*w : (j+1)*w]
		du := step.u[j*d : (j+1)*d]
		step.t[j] = (bt[j]*sc.eta[j]*sc.eta[j] + 2*p[0]*floats.Dot(p[1:], du)) / nt.qcoeff[j]
		step.q[j*w] = step.t[j] - res.q[j*w]
		for l := range d {
			step.q[j*w+1+l] = du[l] - res.q[j*w+1+l]
		}
	}
	pushed := nt.push(step.u)
	for i := range step.slack {
		step.slack[i] = pushed[i] - res.slack[i]
		step.mul[i] = (target.linear[i] - step.slack[i]/sc.w[i]) / sc.w[i]
	}
	zeta := sc.invert(step.q)
	floats.SubTo(zeta, target.second, zeta)
	copy(step.zeta, sc.invert(zeta))
}

// refined sets x to (H + F'F)^-1 b, with refinement steps as long as they help.
func (nt *newton) refined(x, b []float64, sc *scaling) {
	const steps = 3
	nt.woodbury(x, b)
	trial, r, dx := make([]float64, len(x)), make([]float64, len(b)), make([]float64, len(b))
	last := nt.defect(r, x, b, sc)
	for range steps {
		if last <= 1e-14*floats.Norm(b, 2) {
			return
		}
		nt.woodbury(dx, r)
		floats.AddTo(trial, x, dx)
		now := nt.defect(r, trial, b, sc)
		if !(now < last) {
			return
		}
		copy(x, trial)
		last = now
	}
}

// defect sets r to b - (H + F'F) x and returns its norm.
func (nt *newton) defect(r, x, b []float64, sc *scaling) float64 {
	d, w := nt.d, nt.d+1
	fx := make([]float64, nt.n)
	nt.forward(fx, x)
	nt.adjoint(r, fx)
	weighted := nt.push(x)
	for i := range weighted {
		weighted[i] /= sc.w[i] * sc.w[i]
	}
	pulled := nt.pull(weighted)
	for j := range nt.k {
		p := sc.point[j*w : (j+1)*w]
		inv := 1 / (sc.eta[j] * sc.eta[j])
		inner := 2 / nt.qcoeff[j] * floats.Dot(p[1:], x[j*d:(j+1)*d])
		for l := range d {
			i := j*d + l
			r[i] = b[i] - r[i] - pulled[i] - inv*(x[i]-inner*p[1+l])
		}
	}
	return floats.Norm(r, 2)
}

// woodbury sets x to (H + F'F)^-1 b.
func (nt *newton) woodbury(x, b []float64) {
	copy(x, b)
	nt.solveBlocks(x)
	fx := make([]float64, nt.n)
	nt.forward(fx, x)
	kernel.SolveCholesky(nt.schur, fx)
	corr := make([]float64, len(b))
	nt.adjoint(corr, fx)
	nt.solveBlocks(corr)
	floats.Sub(x, corr)
}

// solveBlocks replaces x by H^-1 x.
func (nt *newton) solveBlocks(x []float64) {
	d := nt.d
	parallel.Work(2*float64(nt.k*d*d), nt.k, 16, func(_, lo, hi int) {
		for j := lo; j < hi; j++ {
			kernel.SolveCholesky(nt.hess[j], x[j*d:(j+1)*d])
		}
	})
}
