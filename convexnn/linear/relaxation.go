package linear

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
)

// MaxRelaxed is the largest N = d+c that [NewRelaxation] takes: matrices of order N(N+1)
// and N^2 are decomposed in every step of the solver.
const MaxRelaxed = 6

// A Relaxation is a semidefinite relaxation of a [Lifted] program. It replaces the cone
// conv {kk'} by what can be checked: M >= 0, and
//
//	E[Z x S] >= 0,   E[S x S] >= 0,   E[t(tI - S)] >= 0,
//
// where E[A x B] is the Kronecker product of two blocks of k with each product of
// coordinates replaced by its entry in M; products of positive semidefinite matrices are
// positive semidefinite. The equation tr S = r t is imposed in product with every
// coordinate, that is, t is replaced by tr S/r, so that M has the order N(N+1).
//
// Its optimum is a lower bound on training with bottleneck r. For r = 1 without weight decay
// it was exact in all our tests, in the coordinates of [Lifted.Reduced]. In others, and with
// weight decay, it often is and need not be: for X = diag(1, 4), Y = [1 1; 1 -1] and
// beta = 0.1 it is 0.979, and the optimum 1.035. From r = 2 on it can be weak, down to
// nothing (zero for the identity and Y = diag(3, 2, 1) at r = 2).
type Relaxation struct {
	// Problem is the program for [conic.Solve] in units of its own: coordinates are svec M,
	// then those of the localised blocks.
	Problem *conic.Problem
	// Limits are bounds on the traces of the blocks at some point of the optimal value,
	// which make bounds rigorous ([conic.Bound]). With
	// weights w optimal within the row space of X, scaling them up or down does not help,
	// which says <Xw, Xw - Y> + beta|w|_* = 0, so that |Xw| <= |PY|, P the projection on
	// the columns of X, and
	//
	//	tr Z = 2 |w|_* <= tau = min(2 sqrt(r) |PY|/s_q, |PY|^2/(2 beta)),
	//
	// the second as beta|w|_* = <Xw, PY> - |Xw|^2, which no Xw makes more than |PY|^2/4.
	// Then tr M = |Z|^2 + |S|^2 <= tau^2 + r, tr E[Z x S] <= r tau,
	// tr E[S x S] = r^2 and tr E[I - S] = N - r.
	Limits []float64
	// Unit is the objective of training in units of that of Problem.
	Unit float64

	p     *Lifted
	sizeZ float64 // unit of Z; while the problem is built, in data of length one
}

// NewRelaxation builds the relaxation of a program with d + c <= [MaxRelaxed]. The solver
// takes fewest steps for that of [Lifted.Reduced]. The error is
// [ErrTooLarge] for larger ones.
func NewRelaxation(p *Lifted) (*Relaxation, error) {
	n := p.N()
	if n > MaxRelaxed {
		return nil, fmt.Errorf("%w: %d inputs and %d outputs make matrices of order %d and %d in every step, and %d in all is the limit; fewer columns, or the closed form without a relaxation",
			ErrTooLarge, p.Inputs, p.Outputs, n*(n+1), n*n, MaxRelaxed)
	}
	data, err := newProblem(p.x, p.y, false)
	if err != nil {
		return nil, err
	}
	r := &Relaxation{p: p, Unit: 1, sizeZ: 1}
	x, y, beta, tau := 1.0, 1.0, p.Beta, 0.0
	if p.yy > 0 {
		y = math.Sqrt(p.yy)
		r.Unit = p.yy
	}
	if q := data.q(); q > 0 {
		x = data.s[0]
		beta = p.Beta / (x * y)
		tau = 2 * math.Sqrt(float64(p.Rank)) * math.Sqrt(sumOfSquares(data.t)) / y * (x / data.s[q-1])
		for _, sigma := range decompose(data.plain(p.Rank)).values {
			r.sizeZ += 2 * sigma * x / y // Z of the optimum without weight decay is about that
		}
		r.sizeZ = max(1, r.sizeZ-1)
		if beta > 0 {
			tau = math.Min(tau, sumOfSquares(data.t)/(y*y)/(2*beta))
			r.sizeZ = math.Min(r.sizeZ, max(1, tau))
		}
	}
	tau /= r.sizeZ
	rank := float64(p.Rank)
	r.Limits = []float64{tau*tau + rank, rank * tau, rank * rank, float64(n) - rank}
	r.build(x, y, beta)
	r.sizeZ *= y / x
	return r, nil
}

// A form is a linear form on the coordinates of Problem.
type form map[int]float64

func (f form) add(other form, scale float64) {
	for k, v := range other {
		f[k] += scale * v
	}
}

// moment is the entry (a, b) of M, for coordinates of (svec Z, svec S) from 0 on; t is
// tr S/r, the coordinate -1.
func (r *Relaxation) moment(a, b int) form {
	n, s := r.p.N(), r.p.half()
	switch {
	case a < 0:
		out := form{}
		for i := range n {
			at, _ := place(n, i, i)
			out.add(r.moment(s+at, b), 1/float64(r.p.Rank))
		}
		return out
	case b < 0:
		return r.moment(b, a)
	}
	at, f := place(2*s, a, b)
	return form{at: 1 / f}
}

// build writes the program for data divided by x and y.
func (r *Relaxation) build(x, y, beta float64) {
	p := r.p
	n, s, d := p.N(), p.half(), p.Inputs
	order := 2 * s
	cones := []conic.Cone{
		{Kind: conic.Semidefinite, Size: order},
		{Kind: conic.Semidefinite, Size: n * n},
		{Kind: conic.Semidefinite, Size: n * n},
		{Kind: conic.Semidefinite, Size: n},
	}
	total := 0
	var starts []int
	for _, c := range cones {
		starts = append(starts, total)
		total += c.Dim()
	}
	rows := 2 + total - cones[0].Dim()
	a, b, row := conic.NewBuilder(rows, total), make([]float64, rows), 0
	equation := func(f form, value float64) {
		for k, v := range f {
			a.Add(row, k, v)
		}
		b[row] = value
		row++
	}
	equation(r.moment(-1, -1), 1)
	// <Z, tI - S> = 0.
	orthogonal := form{}
	for i := range n {
		at, _ := place(n, i, i)
		orthogonal.add(r.moment(at, -1), 1)
	}
	for k := range s {
		orthogonal.add(r.moment(k, s+k), -1)
	}
	equation(orthogonal, 0)
	// The blocks: entry ((i,k), (j,l)) of E[A x B] is E[A_ij B_kl].
	for block, first := range []int{0, s} {
		for i := range n * n {
			for j := range i + 1 {
				one, f := place(n, i/n, j/n)
				two, g := place(n, i%n, j%n)
				at, h := place(n*n, i, j)
				e := form{starts[1+block] + at: -1}
				e.add(r.moment(first+one, s+two), h/(f*g))
				equation(e, 0)
			}
		}
	}
	for i := range n {
		for j := range i + 1 {
			at, _ := place(n, i, j)
			e := form{starts[3] + at: -1}
			if i == j {
				e.add(r.moment(-1, -1), 1)
			}
			e.add(r.moment(-1, s+at), -1)
			equation(e, 0)
		}
	}
	gram, cross := p.products()
	cost := form{}
	cost.add(r.moment(-1, -1), p.yy/(2*y*y))
	for k := range p.Outputs {
		for i := range d {
			at, f := place(n, i, d+k)
			cost.add(r.moment(-1, at), -r.sizeZ*cross.At(i, k)/(x*y*f))
			for j := range d {
				other, g := place(n, j, d+k)
				cost.add(r.moment(at, other), r.sizeZ*r.sizeZ*gram.At(i, j)/(2*x*x*f*g))
			}
		}
	}
	for i := range n {
		at, _ := place(n, i, i)
		cost.add(r.moment(-1, at), r.sizeZ*beta/2)
	}
	c := make([]float64, total)
	for k, v := range cost {
		c[k] = v
	}
	r.Problem = &conic.Problem{C: c, A: a.Matrix(), B: b, Cones: cones}
}

// Size says in a sentence how large the relaxation is.
func (r *Relaxation) Size() string { return r.Problem.String() }

// Coordinates returns the point of Problem that a point of the cone with t = 1 is lifted
// to. It is feasible where that is feasible for the program, with the same objective.
func (r *Relaxation) Coordinates(k Point) ([]float64, error) {
	n := r.p.N()
	if k.Z == nil || k.S == nil || k.Z.SymmetricDim() != n || k.S.SymmetricDim() != n {
		return nil, fmt.Errorf("%w: Z and S must be %d x %d", convexnn.ErrShape, n, n)
	}
	z := mat.NewSymDense(n, nil)
	z.ScaleSym(1/r.sizeZ, k.Z)
	v := append(svec(z), svec(k.S)...)
	m := mat.NewSymDense(len(v), nil)
	m.SymRankOne(m, 1, mat.NewVecDense(len(v), v))
	out := svec(m)
	for _, a := range []mat.Symmetric{z, k.S} {
		kron := mat.NewSymDense(n*n, nil)
		for i := range n * n {
			for j := range i + 1 {
				kron.SetSym(i, j, a.At(i/n, j/n)*k.S.At(i%n, j%n))
			}
		}
		out = append(out, svec(kron)...)
	}
	rest := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			v := -k.S.At(i, j)
			if i == j {
				v += k.T
			}
			rest.SetSym(i, j, v)
		}
	}
	return append(out, svec(rest)...), nil
}

// A RelaxationResult is what a relaxation proves.
type RelaxationResult struct {
	// Bound is a proved lower bound on training with this bottleneck, from the solver's
	// dual vector repaired with Limits.
	Bound float64
	// Value is the solver's estimate of the relaxation's optimum, good to Residual.
	Value    float64
	Residual float64 // the largest of the solver's relative residuals and gap
	// W (d x c) is read off the solution: its mean of Z_12, cut to rank r. Where the
	// relaxation is exact and the optimum is unique, it is that.
	W          *mat.Dense
	Status     conic.Status
	Iterations int
}

// Solve solves the relaxation. The zero settings do, with a tolerance of 1e-7. The errors
// are those of [conic.Solve].
func (r *Relaxation) Solve(ctx context.Context, s conic.Settings) (*RelaxationResult, error) {
	if s.Tolerance == 0 {
		s.Tolerance = 1e-7
	}
	solved, err := conic.Solve(ctx, r.Problem, s)
	if err != nil {
		return nil, err
	}
	bound, err := conic.Bound(r.Problem, solved.Y, nil, r.Limits)
	if err != nil {
		return nil, err
	}
	out := &RelaxationResult{
		Bound: math.Max(0, r.Unit*bound), Value: r.Unit * solved.Objective, // no objective is negative
		Residual: math.Max(solved.Gap, math.Max(solved.PrimalResidual, solved.DualResidual)),
		Status:   solved.Status, Iterations: solved.Iterations,
		W: mat.NewDense(r.p.Inputs, r.p.Outputs, nil),
	}
	n, d := r.p.N(), r.p.Inputs
	for i := range d {
		for k := range r.p.Outputs {
			at, f := place(n, i, d+k)
			for j, v := range r.moment(-1, at) {
				out.W.Set(i, k, out.W.At(i, k)+v*solved.X[j]*r.sizeZ/f)
			}
		}
	}
	out.W = truncated(out.W, r.p.Rank)
	return out, nil
}
