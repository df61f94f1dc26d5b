package relax

import (
	"context"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/internal/parallel"
)

// A barrier minimises, over one matrix U_i >= 0 for each cone,
//
//	F(U) = 1/2 tr Y'M^-1 Y + beta/2 sum tr U_i,   M = I + sum_i B_i U_i B_i'/beta,
//
// with c_k'U_i c_l >= 0 for the pairs of facets of the cone or, without pairs, for none.
// B_i is D_i X, and its rows that are not zero are those of active samples.
//
// The path of minimisers of F - mu sum (log det U_i + sum log c_k'U_i c_l) is followed
// by Newton steps. F is convex, and its third derivative is bounded by its second and by
// the barrier, so that the sum is self-concordant and damped steps always work (Nesterov
// and Nemirovskii, 1994, section 3.2). In svec coordinates the Hessian is block diagonal
// plus Phi'(I x M^-1)Phi, with n c rows in Phi, and Woodbury's formula leaves a
// factor of order n c.
type barrier struct {
	p      *Problem
	blocks []*block
	degree float64 // of the barrier: mu times this is about the gap
	mu     float64

	chol blas64.Triangular // of M, upper
	w    blas64.General    // n x c: M^-1 Y, the residual of the network, a dual point
	fit  float64           // 1/2 tr Y'W
}

// A block is what belongs to one cone, in coordinates in which this is not thin: U stands
// for T'UT with the T of the cone, and so on.
type block struct {
	cone  *cone
	rows  blas64.General // those of X for active samples
	trace []float64      // q: what <., U> is the trace of
	pairs []pair
	r, q  int
	u     []float64 // q: svec of U
	inv   []float64 // q: svec of its inverse
	g     blas64.General
	grad  []float64 // q: of F + mu barrier
	step  []float64
	psi   blas64.General // nc x q: L^-1 Phi for M = LL'
	chol  blas64.Triangular
	solve blas64.General // nc x q: psi D^-1
}

// A pair of facets, with svec of (c_k c_l' + c_l c_k')/2 and the entry of U there.
type pair struct {
	form  []float64
	value float64
}

func newBarrier(p *Problem, cones []cone, constrained bool) *barrier {
	b := &barrier{p: p}
	r := p.x.Cols
	q := r * (r + 1) / 2
	for k := range cones {
		c := &cones[k]
		v := &block{
			cone: c, r: r, q: q, trace: make([]float64, 0, q), rows: zeros(len(c.active), r), inv: make([]float64, q), grad: make([]float64, q), step: make([]float64, q),
			g: zeros(r, p.y.Cols), psi: zeros(p.x.Rows*p.y.Cols, q), solve: zeros(p.x.Rows*p.y.Cols, q),
		}
		for a, i := range c.active {
			blas64.Gemv(blas.Trans, 1, c.t, vector(rowOf(p.x, i)), 0, vector(rowOf(v.rows, a)))
		}
		gram := mat.NewSymDense(r, nil)
		gram.SymOuterK(1, mat.NewDense(r, r, c.t.Data).T())
		v.trace = conic.Svec(v.trace, gram)
		center := c.local(c.center)
		var facets [][]float64
		for _, f := range c.facets {
			facets = append(facets, make([]float64, r))
			blas64.Gemv(blas.Trans, 1, c.t, vector(f), 0, vector(facets[len(facets)-1]))
		}
		room := math.Inf(1)
		for i, ci := range facets {
			room = min(room, floats.Dot(ci, center)/floats.Norm(ci, 2))
			for _, cj := range facets[:i] {
				if constrained {
					v.pairs = append(v.pairs, pair{form: svecOf(ci, cj)})
				}
			}
		}
		// The center's square and a part of the identity that keeps all entries positive.
		start := mat.NewSymDense(r, nil)
		start.SymRankOne(start, 1, mat.NewVecDense(r, center))
		ridge := 0.5 * floats.Dot(center, center)
		if constrained && len(facets) > 0 {
			ridge = min(ridge, 0.5*room*room)
		}
		for i := range r {
			start.SetSym(i, i, start.At(i, i)+ridge)
		}
		start.ScaleSym(1/float64(len(cones)), start)
		v.u = conic.Svec(nil, start)
		b.blocks = append(b.blocks, v)
		b.degree += float64(r + len(v.pairs))
	}
	return b
}

// svecOf returns svec of (ab' + ba')/2.
func svecOf(a, b []float64) []float64 {
	m := mat.NewSymDense(len(a), nil)
	for i := range a {
		for j := i; j < len(a); j++ {
			m.SetSym(i, j, (a[i]*b[j]+a[j]*b[i])/2)
		}
	}
	return conic.Svec(nil, m)
}

// evaluate factors M at u(t) = u + t step and returns F + mu barrier, or +Inf outside.
// With t = 0 it also leaves the residual and what belongs to it.
func (b *barrier) evaluate(t float64) (merit, objective float64) {
	n, c := b.p.x.Rows, b.p.y.Cols
	m := blas64.Symmetric{N: n, Stride: n, Uplo: blas.Upper, Data: make([]float64, n*n)}
	for i := range n {
		m.Data[i*n+i] = 1
	}
	logs, trace := make([]float64, len(b.blocks)), make([]float64, len(b.blocks))
	points := make([]*mat.SymDense, len(b.blocks))
	parallel.Chunks(len(b.blocks), 64, func(_, lo, hi int) {
		u := make([]float64, b.blocks[0].q)
		for k := lo; k < hi; k++ {
			v := b.blocks[k]
			copy(u, v.u)
			floats.AddScaled(u, t, v.step)
			points[k] = conic.Smat(u)
			logs[k] = v.barrier(u, points[k])
			trace[k] = floats.Dot(v.trace, u)
		}
	})
	value, traces := floats.Sum(logs), floats.Sum(trace)
	if math.IsInf(value, 1) || math.IsNaN(value) {
		return math.Inf(1), 0
	}
	for k, v := range b.blocks {
		v.addTo(m, points[k], 1/b.p.beta)
	}
	chol, ok := lapack64.Potrf(m)
	if !ok {
		return math.Inf(1), 0
	}
	w := blas64.General{Rows: n, Cols: c, Stride: c, Data: make([]float64, n*c)}
	copyMatrix(w, b.p.y)
	blas64.Trsm(blas.Left, blas.Trans, 1, chol, w)
	fit := 0.0
	for _, z := range w.Data {
		fit += z * z / 2
	}
	objective = fit + b.p.beta/2*traces
	if t == 0 {
		blas64.Trsm(blas.Left, blas.NoTrans, 1, chol, w)
		b.chol, b.w, b.fit = chol, w, fit
	}
	return objective + b.mu*value, objective
}

func copyMatrix(dst, src blas64.General) {
	for i := range src.Rows {
		copy(rowOf(dst, i), rowOf(src, i))
	}
}

// barrier returns -log det U - sum log c_k'U c_l.
func (v *block) barrier(u []float64, point *mat.SymDense) float64 {
	var chol mat.Cholesky
	if !chol.Factorize(point) {
		return math.Inf(1)
	}
	sum := -chol.LogDet()
	for _, q := range v.pairs {
		z := floats.Dot(q.form, u)
		if !(z > 0) {
			return math.Inf(1)
		}
		sum -= math.Log(z)
	}
	return sum
}

// addTo adds scale B U B' to the upper triangle of m.
func (v *block) addTo(m blas64.Symmetric, u *mat.SymDense, scale float64) {
	row := make([]float64, v.r)
	for a, i := range v.cone.active {
		for k := range row {
			row[k] = 0
			for l, z := range rowOf(v.rows, a) {
				row[k] += u.At(k, l) * z
			}
		}
		for e, j := range v.cone.active[a:] {
			m.Data[i*m.Stride+j] += scale * floats.Dot(row, rowOf(v.rows, a+e))
		}
	}
}

// prepare computes the gradient and the factor of the block of the Hessian.
func (b *barrier) prepare(v *block) bool {
	beta := b.p.beta
	n, c := b.p.x.Rows, b.p.y.Cols
	clear(v.g.Data)
	for a, i := range v.cone.active {
		for k, z := range rowOf(v.rows, a) {
			floats.AddScaled(rowOf(v.g, k), z, rowOf(b.w, i))
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(conic.Smat(v.u)) {
		return false
	}
	inv := mat.NewSymDense(v.r, nil)
	if err := chol.InverseTo(inv); err != nil {
		return false
	}
	conic.Svec(v.inv[:0], inv)

	h := blas64.Symmetric{N: v.q, Stride: v.q, Uplo: blas.Upper, Data: make([]float64, v.q*v.q)}
	at := 0
	for j := range v.r {
		for i := j; i < v.r; i++ {
			// The coordinate's basis matrix T, e_i e_j' made symmetric with norm one.
			scale := math.Sqrt2 / 2
			if i == j {
				scale = 0.5
			}
			column := svecOf(columnOf(inv, i), columnOf(inv, j))
			floats.Scale(2*scale*b.mu, column)
			copy(h.Data[at*v.q+at:(at+1)*v.q], column[at:])

			v.grad[at] = beta/2*v.trace[at] - b.mu*v.inv[at]
			v.grad[at] -= scale * 2 * floats.Dot(rowOf(v.g, i), rowOf(v.g, j)) / (2 * beta)
			// Phi: B T G/beta, one output below the other.
			for e, s := range v.cone.active {
				xs := rowOf(v.rows, e)
				for k := range c {
					f := scale * (xs[i]*v.g.Data[j*c+k] + xs[j]*v.g.Data[i*c+k]) / beta
					v.psi.Data[(k*n+s)*v.q+at] = f
				}
			}
			at++
		}
	}
	for k := range v.pairs {
		q := &v.pairs[k]
		q.value = floats.Dot(q.form, v.u)
		floats.AddScaled(v.grad, -b.mu/q.value, q.form)
		blas64.Syr(b.mu/(q.value*q.value), blas64.Vector{N: v.q, Inc: 1, Data: q.form}, h)
	}
	for k := range c {
		part := blas64.General{Rows: n, Cols: v.q, Stride: v.q, Data: v.psi.Data[k*n*v.q:]}
		blas64.Trsm(blas.Left, blas.Trans, 1, b.chol, part)
	}
	var ok bool
	v.chol, ok = lapack64.Potrf(h)
	return ok
}

// newton computes the step and returns the square of the decrement in units of mu; false
// where rounding breaks it.
func (b *barrier) newton(ctx context.Context) (float64, bool) {
	bad := make([]bool, len(b.blocks))
	parallel.For(len(b.blocks), func(k int) {
		v := b.blocks[k]
		clear(v.psi.Data)
		bad[k] = !b.prepare(v)
		if bad[k] {
			return
		}
		copyMatrix(v.solve, v.psi)
		blas64.Trsm(blas.Right, blas.NoTrans, 1, v.chol, v.solve) // psi R^-1, for D = R'R
	})
	for _, no := range bad {
		if no || ctx.Err() != nil {
			return 0, false
		}
	}
	size := b.p.x.Rows * b.p.y.Cols
	s := blas64.Symmetric{N: size, Stride: size, Uplo: blas.Upper, Data: make([]float64, size*size)}
	for i := range size {
		s.Data[i*size+i] = 1
	}
	for _, v := range b.blocks {
		blas64.Syrk(blas.NoTrans, 1, v.solve, 1, s)
	}
	factor, ok := lapack64.Potrf(s)
	if !ok {
		return 0, false
	}
	// The step, and once more for what rounding left of the gradient.
	for _, v := range b.blocks {
		clear(v.step)
	}
	for range 2 {
		b.refine(factor)
	}
	slope := 0.0
	for _, v := range b.blocks {
		slope -= floats.Dot(v.step, v.grad)
	}
	return slope / b.mu, slope > 0
}

// step moves along the Newton step, from a merit, and reports whether it could.
func (b *barrier) step(merit, decrement float64) bool {
	step := 1.0
	if root := math.Sqrt(decrement); root > 0.25 {
		step = 1 / (1 + root) // stays inside, and the merit falls
		for longer := min(1, 8*step); longer > step; longer /= 2 {
			if m, _ := b.evaluate(longer); m < merit-0.1*longer*decrement*b.mu {
				step = longer
				break
			}
		}
	}
	next, _ := b.evaluate(step)
	for range 50 {
		if !math.IsInf(next, 1) {
			break
		}
		step /= 2
		next, _ = b.evaluate(step)
	}
	if math.IsInf(next, 1) {
		return false
	}
	for _, v := range b.blocks {
		floats.AddScaled(v.u, step, v.step)
	}
	return true
}

// refine adds to the step the solution for the residual of its equations.
func (b *barrier) refine(factor blas64.Triangular) {
	size := b.p.x.Rows * b.p.y.Cols
	image := blas64.Vector{N: size, Inc: 1, Data: make([]float64, size)} // psi step
	for _, v := range b.blocks {
		blas64.Gemv(blas.NoTrans, 1, v.psi, vector(v.step), 1, image)
	}
	left := make([][]float64, len(b.blocks))
	inner := blas64.Vector{N: size, Inc: 1, Data: make([]float64, size)}
	for k, v := range b.blocks {
		rest := append([]float64(nil), v.step...)
		blas64.Trmv(blas.NoTrans, v.chol, vector(rest))
		blas64.Trmv(blas.Trans, v.chol, vector(rest))
		blas64.Gemv(blas.Trans, 1, v.psi, image, 1, vector(rest))
		for i, g := range v.grad {
			rest[i] = -g - rest[i]
		}
		blas64.Trsv(blas.Trans, v.chol, vector(rest)) // R'^-1
		blas64.Gemv(blas.NoTrans, 1, v.solve, vector(rest), 1, inner)
		left[k] = rest
	}
	lapack64.Potrs(factor, blas64.General{Rows: size, Cols: 1, Stride: 1, Data: inner.Data})
	for k, v := range b.blocks {
		blas64.Gemv(blas.Trans, -1, v.solve, inner, 1, vector(left[k]))
		blas64.Trsv(blas.NoTrans, v.chol, vector(left[k]))
		floats.Add(v.step, left[k])
	}
}

func vector(v []float64) blas64.Vector { return blas64.Vector{N: len(v), Inc: 1, Data: v} }

func columnOf(a *mat.SymDense, j int) []float64 {
	out := make([]float64, a.SymmetricDim())
	for i := range out {
		out[i] = a.At(i, j)
	}
	return out
}
