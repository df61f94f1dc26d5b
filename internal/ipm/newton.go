package ipm

import (
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// newton holds the products with F and the cones, and the factors of the
// current Newton system.
type newton struct {
	*Problem
	*geometry
	hess   []blas64.General // k of d x d: L_j in the lower triangle
	stack  blas64.General   // n x columns: the B_j' of one group of blocks side by side
	schur  blas64.General   // n x n: upper Cholesky factor of I + sum B_j'B_j
	factU  blas64.Triangular
	qcoeff []float64 // k: 2 a^2 - 1
}

func newNewton(p *Problem, g *geometry) *newton {
	nt := &newton{Problem: p, geometry: g, qcoeff: make([]float64, g.k)}
	nt.hess = make([]blas64.General, g.k)
	for j := range nt.hess {
		nt.hess[j] = kernel.Dense(g.d, g.d)
	}
	nt.stack = kernel.Dense(g.n, min(g.k, groupBlocks(g.d))*g.d)
	nt.schur = kernel.Dense(g.n, g.n)
	return nt
}

// forward sets dst (n) to F u, centred if the problem asks for it.
func (nt *newton) forward(dst, u []float64) {
	n, d := nt.n, nt.d
	xu := kernel.Dense(n, nt.k)
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, nt.X, blas64.General{Rows: nt.k, Cols: d, Stride: d, Data: u}, 0, xu)
	for i := range n {
		sum := 0.0
		for j, v := range xu.Data[i*nt.k : (i+1)*nt.k] {
			if nt.Blocks[j].Bits.Has(i) {
				sum += nt.Blocks[j].Sign * v
			}
		}
		dst[i] = sum
	}
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
	masked := kernel.Dense(nt.k, nt.n)
	for j, b := range nt.Blocks {
		row := masked.Data[j*nt.n : (j+1)*nt.n]
		for i := range row {
			if b.Bits.Has(i) {
				row[i] = b.Sign * v[i]
			}
		}
	}
	out := blas64.General{Rows: nt.k, Cols: nt.d, Stride: nt.d, Data: dst}
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, masked, nt.xT, 0, out)
}

// push returns S_j unit u_j for all blocks (k x r).
func (nt *newton) push(u []float64) []float64 {
	r := len(nt.rows)
	if r == 0 {
		return nil
	}
	out := kernel.Dense(nt.k, r)
	weights := blas64.General{Rows: nt.k, Cols: nt.d, Stride: nt.d, Data: u}
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, weights, nt.unit, 0, out)
	floats.Mul(out.Data, nt.signs)
	return out.Data
}

// pull returns unit' S_j z_j for all blocks (k x d), the adjoint of push.
func (nt *newton) pull(z []float64) []float64 {
	out := kernel.Dense(nt.k, nt.d)
	if r := len(nt.rows); r > 0 {
		signed := blas64.General{Rows: nt.k, Cols: r, Stride: r, Data: make([]float64, len(z))}
		floats.MulTo(signed.Data, z, nt.signs)
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, signed, nt.unitT, 0, out)
	}
	return out.Data
}

// groupBlocks is the number of blocks whose B_j are held at once: enough columns
// to make the product that sums them efficient, few enough to be small beside the
// n x n matrix that they sum into.
func groupBlocks(d int) int { return max(1, 512/d) }

// factor computes the block factors and the Schur complement at a scaling.
func (nt *newton) factor(sc *scaling) bool {
	clear(nt.schur.Data)
	for lo := 0; lo < nt.k; lo += groupBlocks(nt.d) {
		hi := min(lo+groupBlocks(nt.d), nt.k)
		ok := make([]bool, hi-lo)
		parallel.For(hi-lo, func(c int) { ok[c] = nt.factorBlock(sc, lo+c, c) })
		if slices.Contains(ok, false) {
			return false
		}
		nt.addStack((hi - lo) * nt.d)
	}
	mirror(nt.schur)
	if nt.Center {
		kernel.CenterSymmetric(nt.schur)
	}
	for i := range nt.n {
		nt.schur.Data[i*nt.n+i]++
	}
	var good bool
	nt.factU, good = lapack64.Potrf(blas64.Symmetric{N: nt.n, Stride: nt.n, Data: nt.schur.Data, Uplo: blas.Upper})
	return good
}

// factorBlock forms H_j, its factor L_j, and B_j' = D_j X L_j^-T at the
// given place of the stack.
func (nt *newton) factorBlock(sc *scaling, j, place int) bool {
	d, r := nt.d, len(nt.rows)
	h := nt.hess[j]
	clear(h.Data)
	if r > 0 {
		omega := make([]float64, r)
		for c, w := range sc.w[j*r : (j+1)*r] {
			omega[c] = 1 / (w * w)
		}
		weighted := kernel.Dense(d, r)
		for l := range d {
			floats.MulTo(weighted.Data[l*r:(l+1)*r], omega, nt.unitT.Data[l*r:(l+1)*r])
		}
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, weighted, nt.unitT, 0, h)
	}
	p := sc.point[j*(d+1) : (j+1)*(d+1)]
	nt.qcoeff[j] = 2*p[0]*p[0] - 1
	inv := 1 / (sc.eta[j] * sc.eta[j])
	for a := range d {
		for b := range d {
			h.Data[a*d+b] -= inv * 2 / nt.qcoeff[j] * p[1+a] * p[1+b]
		}
		h.Data[a*d+a] += inv
	}
	tri, good := choleskyShifted(h)
	if !good {
		return false
	}
	b := blas64.General{Rows: nt.n, Cols: d, Stride: nt.stack.Stride, Data: nt.stack.Data[place*d:]}
	for i := range nt.n {
		row := b.Data[i*b.Stride : i*b.Stride+d]
		if nt.Blocks[j].Bits.Has(i) {
			copy(row, nt.X.Data[i*nt.X.Stride:])
		} else {
			clear(row)
		}
	}
	blas64.Trsm(blas.Right, blas.Trans, 1, tri, b)
	return true
}

// choleskyShifted factors the lower triangle of h in place. Near the solution
// the condition of h passes what float64 holds; a shift of the size of the
// rounding then keeps the factor, and refinement makes up for the shift.
func choleskyShifted(h blas64.General) (blas64.Triangular, bool) {
	d := h.Rows
	largest := 0.0
	for a := range d {
		largest = max(largest, h.Data[a*d+a])
	}
	work := slices.Clone(h.Data)
	for shift := 0.0; shift < 1e-6; shift = max(10*shift, 1e-16) {
		copy(h.Data, work)
		for a := range d {
			h.Data[a*d+a] += shift * largest
		}
		tri, ok := lapack64.Potrf(blas64.Symmetric{N: d, Stride: d, Data: h.Data, Uplo: blas.Lower})
		if ok {
			return tri, true
		}
	}
	return blas64.Triangular{}, false
}

// addStack adds B'B of the first columns of the stack to the upper tiles of schur.
func (nt *newton) addStack(columns int) {
	const tile = 64
	n := nt.n
	count := parallel.Count(n, tile)
	parallel.For(count*count, func(c int) {
		i0, j0 := c/count*tile, c%count*tile
		if j0 < i0 {
			return
		}
		rows := func(i int) blas64.General {
			return blas64.General{Rows: min(tile, n-i), Cols: columns, Stride: nt.stack.Stride, Data: nt.stack.Data[i*nt.stack.Stride:]}
		}
		left, right := rows(i0), rows(j0)
		out := blas64.General{Rows: left.Rows, Cols: right.Rows, Stride: n, Data: nt.schur.Data[i0*n+j0:]}
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, left, right, 1, out)
	})
}

// mirror copies the upper triangle of a into the lower.
func mirror(a blas64.General) {
	for i := range a.Rows {
		for j := range i {
			a.Data[i*a.Stride+j] = a.Data[j*a.Stride+i]
		}
	}
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
	v := blas64.Vector{N: nt.n, Data: fx, Inc: 1}
	blas64.Trsv(blas.Trans, nt.factU, v)
	blas64.Trsv(blas.NoTrans, nt.factU, v)
	corr := make([]float64, len(b))
	nt.adjoint(corr, fx)
	nt.solveBlocks(corr)
	floats.Sub(x, corr)
}

// solveBlocks replaces x by H^-1 x.
func (nt *newton) solveBlocks(x []float64) {
	d := nt.d
	for j := range nt.k {
		tri := blas64.Triangular{N: d, Stride: d, Data: nt.hess[j].Data, Uplo: blas.Lower, Diag: blas.NonUnit}
		v := blas64.Vector{N: d, Data: x[j*d : (j+1)*d], Inc: 1}
		blas64.Trsv(blas.NoTrans, tri, v)
		blas64.Trsv(blas.Trans, tri, v)
	}
}
