package relax

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
)

// moments is the program of [Problem.Moments] or [Problem.SignSplit] while it is built.
type moments struct {
	p       *Problem
	lines   []line
	c, n, r int // n lines
	order   int // of M
	a       *conic.Builder
	b       []float64
	slack   int // the next coordinate of a moment
}

// Moments returns a semidefinite relaxation of training that knows no activation
// patterns, for any number of outputs. Neurons enter through their second moments alone:
// with a_j = (X u_j)_+ and the vectors l_j = (g_j, a_j, u_j), M = sum_j l_j l_j' is a
// matrix of order c+n+d in whose blocks the predictions are [ag] and the weight decay is
// beta/2 (tr [gg] + tr [uu]). As b_j = (-X u_j)_+ is a_j - X u_j, its moments are linear
// in M, too:
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
// parallel, there is one, and the optimum is the same. Parallel rows are therefore taken
// together: those of X above are one of length one for each line, and the activations of
// its rows are multiples of its a or b.
//
// The limits of the program hold at some minimiser, for Y of norm one: scaling
// (a, u) by t and g by 1/t changes the weight decay alone, so that tr [uu] = tr [gg] = tau.
// Scaling M does not help, which says <F - Y, F> + beta tau = 0 for F = [ag], hence
//
//	tau <= 1/(4 beta).
//
// Neither does beta tau exceed the optimum, so any objective that is known. As [ab]_ii = 0
// says [aa]_ii + [bb]_ii = x_i'[uu]x_i, the trace of [aa] is at most that of X[uu]X', and
// tr M is at most 2 + |X|^2 times tau. As rows have length one, entries are at most tau.
//
// limit is a number of bytes for the program and its solution, 0 for half of the
// machine's. The error is convexnn.ErrMemory.
func (p *Problem) Moments(limit uint64) (*Program, error) { return p.moments(false, limit) }

// SignSplit returns the relaxation of one output with an M for either sign of the gains,
// M+ and M-. Gains are w >= 0 in both, predictions the difference of the two [aw], and
// two more moments must not be negative: [wa] and [wb] = [wa] - X[wu]. Its optimum is at
// least that of [Problem.Moments], as M+ + M- with the gains of M- negated is feasible
// there. The errors are [ErrOutputs] and convexnn.ErrMemory.
func (p *Problem) SignSplit(limit uint64) (*Program, error) {
	if c := p.Outputs(); c != 1 {
		return nil, fmt.Errorf("%w: Y has %d columns", ErrOutputs, c)
	}
	return p.moments(true, limit)
}

// MomentsSize returns the size of [Problem.Moments], or of [Problem.SignSplit].
func (p *Problem) MomentsSize(split bool) Size {
	c, n, r := float64(p.y.Cols), float64(len(p.lines())), float64(p.x.Cols)
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

func (p *Problem) moments(split bool, limit uint64) (*Program, error) {
	size := p.MomentsSize(split)
	if limit == 0 {
		limit = halfOfMemory()
	}
	if size.Memory > float64(limit) {
		return nil, fmt.Errorf("%w: the relaxation of %d rows has %v, and the limit is %s; fewer rows",
			convexnn.ErrMemory, p.x.Rows, size, convexnn.FormatBytes(float64(limit)))
	}
	out := &Program{p: p, constant: 0.5}
	m := moments{p: p, lines: p.lines(), c: p.y.Cols, r: p.x.Cols, order: size.Order}
	m.n = len(m.lines)
	total := int(size.Coordinates)
	half := m.order * (m.order + 1) / 2
	m.a, m.slack = conic.NewBuilder(int(size.Equations), total), size.Blocks*half
	prog := &conic.Problem{C: make([]float64, total)}
	tau := p.tau()
	trace := (2 + m.spread()) * tau
	for k := range size.Blocks {
		prog.Cones = append(prog.Cones, conic.Cone{Kind: conic.Semidefinite, Size: m.order})
		out.Limits = append(out.Limits, trace)
		m.block(k*half, split)
		for i := range m.order {
			if i < m.c || i >= m.c+m.n {
				prog.C[k*half+conic.SvecIndex(m.order, i, i)] = p.beta / 2
			}
		}
	}
	prog.Cones = append(prog.Cones, conic.Cone{Kind: conic.NonNegative, Size: total - size.Blocks*half})
	out.Limits = append(out.Limits, tau)
	prog.A, prog.B = m.a.Matrix(), m.b
	m.loss(prog, size.Blocks, half)
	out.Problem = prog
	return out, nil
}

// spread is the largest eigenvalue of X'X for the X of unit rows, with room for rounding.
func (m *moments) spread() float64 {
	gram := blas64.Symmetric{N: m.r, Stride: m.r, Uplo: blas.Upper, Data: make([]float64, m.r*m.r)}
	for _, l := range m.lines {
		blas64.Syr(1, vector(l.unit), gram)
	}
	return largestEigenvalue(gram)
}

// loss adds 1/2 |F - Y|^2 without its constant. The activations of a row are those of its
// line times a factor, and the prediction a linear form in M.
func (m *moments) loss(prog *conic.Problem, blocks, half int) {
	q := conic.NewBuilder(len(prog.C), len(prog.C))
	type term struct {
		at int
		v  float64
	}
	for l, line := range m.lines {
		for e, i := range line.rows {
			for k := range m.c {
				var form []term
				f := math.Abs(line.factors[e]) / math.Sqrt2
				for b := range blocks {
					form = append(form, term{b*half + conic.SvecIndex(m.order, k, m.c+l), f})
					if line.factors[e] < 0 {
						for j, x := range line.unit {
							form = append(form, term{b*half + conic.SvecIndex(m.order, k, m.c+m.n+j), -f * x})
						}
					}
					f = -f // predictions of the second block are subtracted
				}
				for _, s := range form {
					prog.C[s.at] -= s.v * m.p.y.Data[i*m.p.y.Stride+k]
					for _, t := range form {
						q.Add(s.at, t.at, s.v*t.v)
					}
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
		for k, x := range m.lines[j].unit {
			m.add(first, a+i, u+k, -v*x)
		}
	}
	for i := range m.n {
		for j := range i {
			m.add(first, a+i, a+j, 1)
			m.close(false)

			ab(i, j, 1)
			for k, x := range m.lines[i].unit {
				m.add(first, u+k, a+j, -x)
				for l, z := range m.lines[j].unit {
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
			for k, x := range m.lines[i].unit {
				m.add(first, 0, u+k, -x)
			}
			m.close(false)
		}
	}
}
