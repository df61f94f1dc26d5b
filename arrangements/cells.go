package arrangements

import (
	"context"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

const (
	blockCells  = 256 // cells that are handed over at a time
	aheadBlocks = 32  // blocks that a piece may be ahead of the reader
	aheadPieces = 64  // pieces that hold cells, with the one that is read
	centred     = 1e-9
)

// Cells returns every cell with a witness, including the cell that is active on
// no row but rows of zeros, in an order that depends on x alone. The cells are
// found in parallel, a bounded number ahead of the reader.
//
// The pattern of a cell is right however thin the cell is. If it is so thin that
// float64 cannot show a gate inside, Margin is 0, and the witness need not have
// the pattern.
//
// If ctx ends, or there are too many cells ([ErrTooMany]), the last pair is an
// empty cell and the error.
func (a *Arrangement) Cells(ctx context.Context) iter.Seq2[Cell, error] {
	return func(yield func(Cell, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(Cell{}, err)
			return
		}
		if a.Rank() == 0 {
			all := bitset.New(a.Samples())
			a.expand(all, nil)
			w := make([]float64, a.Dim())
			if len(w) > 0 {
				w[0] = 1
			}
			yield(Cell{Pattern: Pattern{bits: all, n: a.Samples()}, Witness: w, Margin: 1}, nil)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		v, err := a.prepare(ctx, true)
		if err != nil {
			yield(Cell{}, err)
			return
		}
		v.stream(a, cancel, yield)
	}
}

// stream hands the cells of all pieces to yield. Workers take the pieces in
// order, so that the one being read is always at work. In the end it cancels the
// context of v, which stops them.
func (v *visit) stream(a *Arrangement, cancel context.CancelFunc, yield func(Cell, error) bool) {
	firsts := a.firsts(a.Rank())
	pieces := spread + len(firsts)
	ctx := v.ctx
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	// Pieces wait for their turn to start until few are ahead of the reader.
	workers := min(runtime.GOMAXPROCS(0), pieces)
	outs := make(chan chan []Cell, min(4*workers, aheadPieces-1))
	type job struct {
		piece int
		out   chan []Cell
	}
	jobs := make(chan job)
	var failure atomic.Pointer[error]
	wait.Go(func() {
		defer close(jobs)
		defer close(outs)
		for p := range pieces {
			out := make(chan []Cell, aheadBlocks)
			select {
			case outs <- out:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- job{p, out}:
			case <-ctx.Done():
				close(out)
				return
			}
		}
	})
	for range workers {
		wait.Go(func() {
			c := newCloser(a, v.mx)
			for j := range jobs {
				c.ctx, c.out = ctx, j.out
				err := a.pairs(v, j.piece, firsts, c.add)
				if err == nil {
					err = c.flush()
				}
				if err != nil {
					failure.CompareAndSwap(nil, &err)
				}
				close(j.out)
			}
		})
	}
	for out := range outs {
		for block := range out {
			for _, cell := range block {
				if !yield(cell, nil) {
					return
				}
			}
			if failure.Load() != nil {
				break
			}
		}
		if err := failure.Load(); err != nil {
			yield(Cell{}, *err)
			return
		}
	}
	if err := v.ctx.Err(); err != nil {
		yield(Cell{}, err)
	}
}

// A closer turns pairs of opposite cells into Cells, in blocks.
type closer struct {
	a       *Arrangement
	mx      *mixture
	unit    blas64.General
	lengths []float64
	ctx     context.Context
	out     chan []Cell
	block   []Cell
	bits    []uint64
	gates   []float64
	w       []float64
}

func newCloser(a *Arrangement, mx *mixture) *closer {
	unit, lengths := unitSamples(a.x)
	return &closer{a: a, mx: mx, unit: unit.RawMatrix(), lengths: lengths, w: make([]float64, a.Rank())}
}

// add appends a cell and its opposite.
func (c *closer) add(cell bitset.Set, w []float64) error {
	n, d := c.a.x.Dims()
	words := bitset.Words(n)
	if c.block == nil {
		c.block = make([]Cell, 0, blockCells)
		c.bits = make([]uint64, blockCells*words)
		c.gates = make([]float64, blockCells*d)
	}
	gate := c.gates[:d:d]
	pattern := bitset.Set(c.bits[:words:words])
	c.a.expand(pattern, cell)
	c.gate(gate, w)
	margin := c.margin(gate, pattern)
	if margin < centred {
		if better := c.centre(pattern); better != nil {
			if m := c.margin(better, pattern); m > margin {
				margin = m
				copy(gate, better)
			}
		}
	}
	c.block = append(c.block, Cell{Pattern: Pattern{bits: pattern, n: n}, Witness: gate, Margin: margin})
	mirror := c.gates[d : 2*d : 2*d]
	opposite := bitset.Set(c.bits[words : 2*words : 2*words])
	for k, v := range gate {
		mirror[k] = -v
	}
	c.a.invert(opposite, pattern)
	c.block = append(c.block, Cell{Pattern: Pattern{bits: opposite, n: n}, Witness: mirror, Margin: margin})
	c.bits, c.gates = c.bits[2*words:], c.gates[2*d:]
	if len(c.block) == blockCells {
		return c.flush()
	}
	return nil
}

func (c *closer) flush() error {
	if len(c.block) == 0 {
		return nil
	}
	block := c.block
	c.block = nil
	select {
	case c.out <- block:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// gate stores in dst the unit gate in the columns of x for w in mixed
// coordinates, and a unit vector if there is none in float64.
func (c *closer) gate(dst, w []float64) {
	clear(dst)
	r := c.a.Rank()
	top := math.MinInt
	for k := range c.w {
		c.w[k] = floats.Dot(c.mx.q[k*r:(k+1)*r], w)
		if c.w[k] != 0 {
			_, e := math.Frexp(c.w[k])
			top = max(top, e+c.a.red.powers[k])
		}
	}
	for k, col := range c.a.red.columns {
		// Never over 1, whatever the units of the columns.
		dst[col] = math.Ldexp(c.w[k], c.a.red.powers[k]-top)
	}
	if l := norm(dst); l > 0 && !math.IsInf(l, 1) {
		floats.Scale(1/l, dst)
		return
	}
	clear(dst)
	dst[c.a.red.columns[0]] = 1
}

// margin returns the margin of the unit gate g, and 0 if it does not show the
// pattern beyond rounding.
func (c *closer) margin(g []float64, pattern bitset.Set) float64 {
	margin := math.Inf(1)
	d := len(g)
	for i, l := range c.lengths {
		if l == 0 {
			continue
		}
		v := 0.0
		for k, x := range c.unit.Data[i*d : (i+1)*d] {
			v += x * g[k]
		}
		if !pattern.Has(i) {
			v = -v
		}
		// Written so that NaN counts as none.
		if !(v > float64(d+4)*0x1p-52) {
			return 0
		}
		margin = min(margin, v)
	}
	return min(margin, 1)
}

// centre returns the gate of largest margin, or nil.
func (c *closer) centre(pattern bitset.Set) []float64 {
	n, d := c.unit.Rows, c.unit.Cols
	lifted := mat.NewDense(n, d+1, nil)
	all := bitset.New(n)
	for i := range n {
		row := lifted.RawRowView(i)
		if c.lengths[i] == 0 {
			continue
		}
		all.Add(i)
		sign := -1.0
		if pattern.Has(i) {
			sign = 1
		}
		for k, v := range c.unit.Data[i*c.unit.Stride : i*c.unit.Stride+d] {
			row[k] = sign * v
		}
		row[d] = -1
	}
	// The nearest point to (0, 1) of the cone {(w, t) : s_i x_i.w >= t |x_i|} is
	// along the w of norm 1 with the largest t.
	w := make([]float64, d+1)
	w[d] = 1
	qp.NewConeProjector(lifted.RawMatrix()).Project(w, slices.Clone(w), all, nil, 0)
	l := norm(w[:d])
	if l == 0 {
		return nil
	}
	floats.Scale(1/l, w[:d])
	return w[:d:d]
}
