package relax

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
)

// A Moments is a semidefinite relaxation of training that knows no activation patterns.
// Neurons enter through their second moments alone: with a_j = (X u_j)_+ and the vectors
// l_j = (g_j, a_j, u_j), M = sum_j l_j l_j' is a matrix of order c+n+d in whose blocks the
// predictions are [ag] and the weight decay is beta/2 (tr [gg] + tr [uu]). As
// b_j = (-X u_j)_+ is a_j - X u_j, its moments are linear in M, too:
//
//	[ab] = [aa] - [au]X',   [bb] = [ab] - X[ua] + X[uu]X'.
//
// What is kept of a and b being two parts of one number is that all moments are at least
// zero and that a_i b_i is zero:
//
//	minimise    1/2 |[ag] - Y|^2 + beta/2 (tr [gg] + tr [uu])
//	subject to  M >= 0, [aa] >= 0, [ab] >= 0, [ab]_ii = 0, [bb] >= 0 entry by entry.
//
// It is the relaxation of Prakhya, Birdal and Yurtsever (2024), whose matrix has also rows
// for b. There the equation a - b = Xu leaves no interior; here, where rows of X are not
// parallel, there is one, and the optimum is the same.
type Moments struct {
	// Problem is the program for [conic.Solve], in units of its own: a matrix M, or two
	// for the sign split, then the moments that must not be negative.
	Problem *conic.Problem
	// Limits are bounds on the traces and entries at some minimiser, which make bounds
	// rigorous ([conic.Bound]). Those of M are what follows, for X and Y of norm one.
	// Scaling (a, u) by t and g by 1/t changes the weight decay alone, so that
	// tr [uu] = tr [gg] = tau. Scaling M does not help, which says
	// <F - Y, F> + beta tau = 0 for F = [ag], hence
	//
	//	tau <= 1/(4 beta),
	//
	// and beta tau is at most the optimum, so at most any objective that is known, such
	// as 1/2. As [ab]_ii = 0 says [aa]_ii + [bb]_ii = x_i'[uu]x_i, the trace of [aa] is
	// at most that of X[uu]X', and tr M <= 3 tau. An entry is at most
	// tau max |x_i|^2 or, for moments of g, tau max |x_i|.
	Limits []float64

	p     *Problem
	split bool
	unit  float64
}

// moments is the program while it is built.
type moments struct {
	*Moments
	c, n, r int
	order   int // of M
	a       *conic.Builder
	b       []float64
	slack   int // the next coordinate of a moment
}

// Moments returns the relaxation with one M, for any number of outputs; limit is a number
// of bytes for it and its solution, 0 for half of the machine's. The error is
// convexnn.ErrMemory.
func (p *Problem) Moments(limit uint64) (*Moments, error) { return p.moments(false, limit) }

// SignSplit returns the relaxation of one output with an M for either sign of the gains,
// M+ and M-. Gains are w >= 0 in both, predictions the difference of the two [aw], and
// two more moments must not be negative: [wa] and [wb] = [wa] - X[wu]. Its optimum is at
// least that of [Problem.Moments], as M+ + M- with the gains of M- negated is feasible
// there. The errors are [ErrOutputs] and convexnn.ErrMemory.
func (p *Problem) SignSplit(limit uint64) (*Moments, error) {
	if c := p.Outputs(); c != 1 {
		return nil, fmt.Errorf("%w: Y has %d columns", ErrOutputs, c)
	}
	return p.moments(true, limit)
}

// A Size is how large a program is, before it is built.
type Size struct {
	Blocks, Order int     // semidefinite blocks, and their largest order
	Cells         float64 // activation patterns; 0 where they do not matter
	Coordinates   float64 // unknowns
	Equations     float64
	Memory        float64 // bytes, about
}

// String is a sentence without a stop.
func (s Size) String() string {
	out := fmt.Sprintf("%.0f matrices of order %d", float64(s.Blocks), s.Order)
	if s.Blocks == 1 {
		out = fmt.Sprintf("a matrix of order %d", s.Order)
	}
	out += fmt.Sprintf(", %.0f unknowns", s.Coordinates)
	if s.Equations > 0 {
		out += fmt.Sprintf(", %.0f equations", s.Equations)
	}
	return out + ", about " + convexnn.FormatBytes(s.Memory)
}

// MomentsSize returns the size of [Problem.Moments], or of [Problem.SignSplit].
func (p *Problem) MomentsSize(split bool) Size {
	c, n, r := float64(p.y.Cols), float64(p.x.Rows), float64(p.x.Cols)
	blocks, signed := 1.0, 0.0
	if split {
		blocks, signed = 2, 2*n
	}
	order := c + n + r
	slacks := n*(n-1)/2*4 + signed
	equations := blocks * (slacks + n)
	unknowns := blocks * (order*(order+1)/2 + slacks)
	// Equations and their normal matrix, which fills in, and the vectors of the solver.
	entries := blocks * (n*n*(3+r)/2 + n*n*(3+2*r+r*r)/2 + n*n*(1+r))
	return Size{
		Blocks: int(blocks), Order: int(order), Coordinates: unknowns, Equations: equations,
		Memory: 8 * (equations*equations/2 + 200*unknowns + 10*entries),
	}
}

// Size returns that of the program as it was built; Memory is now that of the solver.
func (m *Moments) Size() Size {
	s := m.p.MomentsSize(m.split)
	s.Memory = conic.EstimateMemory(m.Problem)
	return s
}

func (p *Problem) moments(split bool, limit uint64) (*Moments, error) {
	size := p.MomentsSize(split)
	if limit == 0 {
		limit = halfOfMemory()
	}
	if size.Memory > float64(limit) {
		return nil, fmt.Errorf("%w: the relaxation of %d rows has %v, and the limit is %s; fewer rows",
			convexnn.ErrMemory, p.x.Rows, size, convexnn.FormatBytes(float64(limit)))
	}
	out := &Moments{p: p, split: split, unit: p.unit}
	m := moments{Moments: out, c: p.y.Cols, n: p.x.Rows, r: p.x.Cols, order: size.Order}
	total := int(size.Coordinates)
	half := m.order * (m.order + 1) / 2
	m.a, m.slack = conic.NewBuilder(int(size.Equations), total), size.Blocks*half
	prog := &conic.Problem{C: make([]float64, total)}
	tau := math.Min(1/(4*p.beta), p.known/p.beta)
	for k := range size.Blocks {
		prog.Cones = append(prog.Cones, conic.Cone{Kind: conic.Semidefinite, Size: m.order})
		out.Limits = append(out.Limits, 3*tau)
		m.block(k*half, split)
		for i := range m.order {
			if i < m.c || i >= m.c+m.n {
				prog.C[k*half+conic.SvecIndex(m.order, i, i)] = p.beta / 2
			}
		}
	}
	prog.Cones = append(prog.Cones, conic.Cone{Kind: conic.NonNegative, Size: total - size.Blocks*half})
	longest := 0.0
	for i := range m.n {
		longest = max(longest, blas64.Nrm2(blas64.Vector{N: m.r, Inc: 1, Data: rowOf(p.x, i)}))
	}
	out.Limits = append(out.Limits, tau*max(longest, longest*longest))
	prog.A, prog.B = m.a.Matrix(), m.b
	m.loss(prog, size.Blocks, half)
	out.Problem = prog
	return out, nil
}

// loss adds 1/2 |F - Y|^2 without its constant.
func (m *moments) loss(prog *conic.Problem, blocks, half int) {
	q := conic.NewBuilder(len(prog.C), len(prog.C))
	sign := []float64{1, -1}
	for i := range m.n {
		for k := range m.c {
			at := conic.SvecIndex(m.order, k, m.c+i)
			for b := range blocks {
				prog.C[b*half+at] = -sign[b] * m.p.y.Data[i*m.p.y.Stride+k] / math.Sqrt2
				for e := range blocks {
					q.Add(b*half+at, e*half+at, sign[b]*sign[e]/2)
				}
			}
		}
	}
	prog.Q = q.Matrix()
}

// add adds v times the entry (i, j) of the M at a coordinate to the equation at hand.
func (m *moments) add(first, i, j int, v float64) {
	if i != j {
		v /= math.Sqrt2
	}
	m.a.Add(len(m.b), first+conic.SvecIndex(m.order, i, j), v)
}

// close ends the equation: the form is zero, or a coordinate that is not negative.
func (m *moments) close(zero bool) {
	if !zero {
		m.a.Add(len(m.b), m.slack, -1)
		m.slack++
	}
	m.b = append(m.b, 0)
}

// block writes the equations of the M at a coordinate.
func (m *moments) block(first int, signed bool) {
	a, u := m.c, m.c+m.n // rows of M
	// ab adds v times E[a_i b_j].
	ab := func(i, j int, v float64) {
		m.add(first, a+i, a+j, v)
		for k, x := range rowOf(m.p.x, j) {
			m.add(first, a+i, u+k, -v*x)
		}
	}
	for i := range m.n {
		for j := range i {
			m.add(first, a+i, a+j, 1)
			m.close(false)

			ab(i, j, 1)
			for k, x := range rowOf(m.p.x, i) {
				m.add(first, u+k, a+j, -x)
				for l, z := range rowOf(m.p.x, j) {
					m.add(first, u+k, u+l, x*z)
				}
			}
			m.close(false)
		}
		for j := range m.n {
			ab(i, j, 1)
			m.close(i == j)
		}
		if signed {
			m.add(first, 0, a+i, 1)
			m.close(false)
			m.add(first, 0, a+i, 1)
			for k, x := range rowOf(m.p.x, i) {
				m.add(first, 0, u+k, -x)
			}
			m.close(false)
		}
	}
}

// A Bound is what a relaxation proves.
type Bound struct {
	// Lower is a proved lower bound on training, from the solver's dual vector, repaired.
	Lower float64
	// Value is the solver's estimate of the relaxation's optimum, good to Residual, the
	// largest of its relative residuals and gap.
	Value, Residual float64
	Status          convexnn.Status
	Iterations      int
}

// Solve solves the relaxation and proves its bound. The zero settings do. A context that
// ends leaves a weaker bound, with the status convexnn.Stopped. The errors are those of
// [conic.Solve].
func (m *Moments) Solve(ctx context.Context, s conic.Settings) (*Bound, error) {
	if m.p.trivial() {
		return &Bound{Lower: m.p.rest, Value: m.p.rest}, nil
	}
	r, err := conic.Solve(ctx, m.Problem, s)
	if err != nil {
		return nil, err
	}
	// Multipliers of the moments are their duals, and are made non-negative: what that
	// costs is in the slack of M, where the limit on the trace pays for it.
	y := append([]float64(nil), r.Y...)
	firstSlack := m.slackStart()
	m.Problem.A.All(func(i, j int, _ float64) {
		if j >= firstSlack {
			y[i] = max(0, y[i])
		}
	})
	lower, err := conic.Bound(m.Problem, y, r.X, m.Limits)
	if err != nil {
		return nil, err
	}
	out := &Bound{
		Lower: m.p.back(math.Max(0, 0.5+lower)), Value: m.p.back(0.5 + r.Objective), Iterations: r.Iterations,
		Residual: math.Max(r.Gap, math.Max(r.PrimalResidual, r.DualResidual)),
	}
	switch r.Status {
	case conic.Solved:
	case conic.Stopped:
		out.Status = convexnn.Stopped
	default:
		out.Status = convexnn.Limited
	}
	return out, nil
}

func (m *Moments) slackStart() int {
	n := len(m.Problem.C)
	return n - m.Problem.Cones[len(m.Problem.Cones)-1].Size
}
