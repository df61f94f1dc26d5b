package relax

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// DefaultMaxCells is the largest number of activation patterns that is taken on unless
// [TraceSettings] says otherwise.
const DefaultMaxCells = 5000

// TraceSettings steer [Problem.Trace] and [Problem.Gated]. The zero value works.
type TraceSettings struct {
	// Tolerance is the gap between the value and the proved bound, relative to the value;
	// 0 means 1e-8.
	Tolerance float64
	// MaxSteps of Newton's method; 0 means 1000.
	MaxSteps int
	// MaxCells is the most activation patterns; 0 means DefaultMaxCells.
	MaxCells int
	// MemoryLimit in bytes; 0 means half of the machine's.
	MemoryLimit uint64
	// Progress, if set, is called now and then with the bracket of the program's optimum.
	Progress func(lower, value float64)
}

// A Trace is the trace form of training (Sahiner, Ergen, Pauly and Pilanci, 2021), with
// its cones relaxed, and its solution. With U_i the second moments sum uu' of the neurons
// in cell i, whose cone is K_i = {u : C_i u >= 0} and on which the active samples are
// D_i, and with the gains eliminated, training is
//
//	minimise  1/2 tr Y'(I + sum_i D_i X U_i X'D_i/beta)^-1 Y + beta/2 sum_i tr U_i
//
// over U_i in conv {uu' : u in K_i}. The relaxation asks for U_i >= 0 with C_i U_i C_i'
// >= 0 entry by entry.
type Trace struct {
	Bound
	// Size as it is, with the cells found.
	Size Size
	// Facets is the largest number of facets of a cell. Up to four the relaxation is exact:
	// C U C' is then doubly non-negative of order four, so completely positive (Maxfield
	// and Minc, 1962), a sum of bb' with b >= 0 in the range of C, and these b = C u are
	// neurons in the cell. In the plane all cells have two.
	Facets int
	// Gated says that the entries were left free, which is the gated network: gates on all
	// cells, one group of weights for each with the nuclear norm as penalty.
	Gated bool

	p      *Problem
	cones  []cone
	blocks []*block
	dual   blas64.General // n x c: the vector that proves Lower
}

// Exact reports whether the relaxation has the optimum of training, whatever the targets.
func (t *Trace) Exact() bool { return !t.Gated && t.Facets <= 4 }

// TraceSize returns the size of the program, with an upper bound on the number of cells.
func (p *Problem) TraceSize() Size {
	if p.trivial() {
		return Size{}
	}
	const most = 1e280 // with room for multiples
	cells, _ := arrangements.CellBound(p.X).Float64()
	return p.traceSize(math.Min(cells, most))
}

func (p *Problem) traceSize(cells float64) Size {
	n, c, r := float64(p.x.Rows), float64(p.y.Cols), float64(p.x.Cols)
	q := r * (r + 1) / 2
	return Size{
		Blocks: int(math.Min(cells, math.MaxInt32)), Order: int(r), Cells: cells, Coordinates: cells * q,
		Memory: 8 * (cells*(2*n*c*q+2*q*q+q*min(n, 2*r)*min(n, 2*r)/2) + 4*n*c*n*c + 4*n*n),
	}
}

// Trace solves the relaxed trace form over all cells. A context that ends leaves a wider
// bracket, with the status convexnn.Stopped. The errors are [ErrTooLarge] and
// convexnn.ErrMemory, before anything large is built, and that of ctx while cells are listed.
func (p *Problem) Trace(ctx context.Context, s TraceSettings) (*Trace, error) {
	return p.trace(ctx, s, true)
}

// Gated solves the program without the entries' signs: a lower bound on that of
// [Problem.Trace], usually a weak one.
func (p *Problem) Gated(ctx context.Context, s TraceSettings) (*Trace, error) {
	return p.trace(ctx, s, false)
}

func (p *Problem) trace(ctx context.Context, s TraceSettings, constrained bool) (*Trace, error) {
	if p.trivial() {
		return p.over(ctx, s, nil, constrained), nil
	}
	if err := p.admit(s); err != nil {
		return nil, err
	}
	cones, err := p.cones(ctx, constrained)
	if err != nil {
		return nil, err
	}
	return p.over(ctx, s, cones, constrained), nil
}

// gated solves the program of [Problem.Gated] over the cells of t, which need not be
// listed again.
func (t *Trace) gated(ctx context.Context, s TraceSettings) *Trace {
	cones := slices.Clone(t.cones)
	for k := range cones {
		cones[k].t = identity(t.p.x.Cols)
	}
	return t.p.over(ctx, s, cones, false)
}

// over solves the trace form over cones.
func (p *Problem) over(ctx context.Context, s TraceSettings, cones []cone, constrained bool) *Trace {
	t := &Trace{p: p, Gated: !constrained, cones: cones}
	if p.trivial() {
		t.Lower, t.Value = p.rest, p.rest
		return t
	}
	t.Size = p.traceSize(float64(len(t.cones)))
	for _, k := range t.cones {
		t.Facets = max(t.Facets, len(k.facets))
	}
	if len(t.cones) == 0 {
		t.Lower, t.Value, t.Status = p.rest, p.back(p.known), convexnn.Limited
		return t
	}
	t.solve(ctx, s, newBarrier(p, t.cones, constrained))
	return t
}

// admit refuses what is too large.
func (p *Problem) admit(s TraceSettings) error {
	most := s.MaxCells
	if most <= 0 {
		most = DefaultMaxCells
	}
	size := p.TraceSize()
	if size.Cells > float64(most) {
		return tooMany(p, size, most)
	}
	limit := s.MemoryLimit
	if limit == 0 {
		limit = halfOfMemory()
	}
	if size.Memory > float64(limit) {
		return fmt.Errorf("%w: the trace form has %v, and the limit is %s; fewer rows or columns",
			convexnn.ErrMemory, size, convexnn.FormatBytes(float64(limit)))
	}
	return nil
}

// solve follows the path until the bracket is closed.
func (t *Trace) solve(ctx context.Context, s TraceSettings, b *barrier) {
	if s.Tolerance <= 0 {
		s.Tolerance = 1e-8
	}
	if s.MaxSteps <= 0 {
		s.MaxSteps = 1000
	}
	t.blocks = b.blocks
	lower, value := 0.0, math.Inf(1)
	// The first mu makes the barrier and the objective about equal.
	b.mu = 0.1 / b.degree
	merit, objective := b.evaluate(0)
	t.Status = convexnn.Limited
	for t.Iterations = 0; t.Iterations < s.MaxSteps; t.Iterations++ {
		if ctx.Err() != nil {
			t.Status = convexnn.Stopped
			break
		}
		decrement, ok := b.newton(ctx)
		if ctx.Err() != nil {
			continue
		}
		if ok {
			ok = b.step(merit, decrement)
			merit, objective = b.evaluate(0)
		}
		// On the path for this mu: its dual point proves a bound. The entries of N are as
		// wrong, relative to themselves, as the decrement after the step, about its square.
		if !ok || decrement < 1e-8 {
			value = objective
			if bound, v := t.prove(b); bound > lower || t.dual.Data == nil {
				lower, t.dual = bound, v
			}
			if s.Progress != nil {
				s.Progress(t.p.back(lower), t.p.back(value))
			}
			if value-lower <= s.Tolerance*value {
				t.Status = convexnn.Solved
				break
			}
			if !ok || b.mu < 1e-16 {
				break
			}
			b.mu /= 20
			merit, objective = b.evaluate(0)
		}
	}
	if t.dual.Data == nil {
		value = objective
		lower, t.dual = t.prove(b)
	}
	t.Lower, t.Value = t.p.back(max(0, lower)), t.p.back(objective)
	if value > lower {
		t.Residual = (t.Value - t.Lower) / t.Value
	}
}

// prove returns a lower bound on the relaxation, thus on training, and the dual vector V
// that proves it. The dual of the relaxation is
//
//	maximise    <Y, V> - 1/2 |V|^2
//	subject to  beta^2 I - G_i G_i' - C_i'N_i C_i >= 0,  N_i >= 0 entry by entry,
//
// with G_i = X'D_i V: for U in the relaxed cone <G_i G_i', U> <= beta^2 tr U then. On the
// path V is the residual of the network, and N_i is mu over the entries of C_i U_i C_i'.
// At any V and N_i, eta the largest eigenvalue of all G_i G_i' + C_i'N_i C_i, the vector
// s V with s <= beta/sqrt(eta) is feasible; the best such s is taken.
func (t *Trace) prove(b *barrier) (float64, blas64.General) {
	eta := 0.0
	r := t.p.x.Cols
	for _, v := range t.blocks {
		b.moments(v)
		m := blas64.Symmetric{N: r, Stride: r, Uplo: blas.Upper, Data: make([]float64, r*r)}
		blas64.Syrk(blas.NoTrans, 1, v.g, 0, m)
		if len(v.pairs) > 0 {
			k := 0
			for i, ci := range v.cone.facets {
				for _, cj := range v.cone.facets[:i] {
					// The gradient is (beta^2 I - GG')/(2 beta) less mu times that of the barrier.
					blas64.Syr2(t.p.beta*b.mu/floats.Dot(v.pairs[k].form, v.u), vector(ci), vector(cj), m)
					k++
				}
			}
		}
		eta = max(eta, largestEigenvalue(m))
	}
	yv, vv := 0.0, 0.0
	for i := range b.w.Rows {
		yv += floats.Dot(rowOf(t.p.y, i), rowOf(b.w, i))
		vv += floats.Dot(rowOf(b.w, i), rowOf(b.w, i))
	}
	if vv == 0 {
		return 0, b.w
	}
	s := max(0, yv/vv)
	if eta > 0 {
		s = min(s, t.p.beta/math.Sqrt(eta))
	}
	dual := zeros(b.w.Rows, b.w.Cols)
	for k, w := range b.w.Data {
		dual.Data[k] = s * w
	}
	return s*yv - s*s*vv/2, dual
}

// moments sets the G of a block to X'D W, in coordinates of the row space.
func (b *barrier) moments(v *block) {
	clear(v.g.Data)
	for _, i := range v.cone.active {
		for k, z := range rowOf(b.p.x, i) {
			floats.AddScaled(rowOf(v.g, k), z, rowOf(b.w, i))
		}
	}
}

// largestEigenvalue returns that of a small matrix, with room for rounding; it destroys m.
func largestEigenvalue(m blas64.Symmetric) float64 {
	values := make([]float64, m.N)
	work := make([]float64, max(1, 4*m.N))
	if !lapack64.Syev(lapack.EVNone, m, values, work, len(work)) {
		return math.Inf(1)
	}
	return values[m.N-1] * (1 + 8*float64(m.N)*0x1p-52)
}

// Moment returns the second moments U_i of cell i in coordinates of the row space.
func (t *Trace) moment(i int) *mat.SymDense {
	v := t.blocks[i]
	turn := mat.NewDense(v.r, v.r, v.cone.t.Data)
	var half, full mat.Dense
	half.Mul(turn, conic.Smat(v.u))
	full.Mul(&half, turn.T())
	out := mat.NewSymDense(v.r, nil)
	for a := range v.r {
		for b := a; b < v.r; b++ {
			out.SetSym(a, b, (full.At(a, b)+full.At(b, a))/2)
		}
	}
	return out
}
