package arrangements

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/parallel"
)

// ErrTooMany is the error for an arrangement with so many cells that listing
// them is out of the question.
var ErrTooMany = errors.New("too many cells to list")

// An Arrangement is the central arrangement of the hyperplanes {u : x_i.u = 0},
// ready to list its full-dimensional cells. It is immutable, and may be used
// concurrently.
type Arrangement struct {
	x   *mat.Dense
	red *reduction
	// coordinates returns an invertible matrix of multiples of 2^-60, generic with
	// overwhelming probability.
	coordinates func(r int, seed uint64) []float64
}

// NewArrangement returns the arrangement of the rows of x (n x d), which it
// copies. Rows may be zero, repeated or multiples of each other, and the rank may
// be any; an empty x has rank 0. The error wraps [ErrNonFinite].
func NewArrangement(x *mat.Dense) (*Arrangement, error) {
	if err := finite("data", x); err != nil {
		return nil, err
	}
	return &Arrangement{x: mat.DenseCopyOf(x), red: reduce(x), coordinates: rotation}, nil
}

// Samples returns the number n of rows.
func (a *Arrangement) Samples() int { n, _ := a.x.Dims(); return n }

// Dim returns the number d of columns.
func (a *Arrangement) Dim() int { _, d := a.x.Dims(); return d }

// Of reports whether a is the arrangement of x, that is, whether x is equal to the
// matrix that a was made of. It compares all entries.
func (a *Arrangement) Of(x *mat.Dense) bool { return mat.Equal(a.x, x) }

// Rank returns the rank of the matrix whose cells are listed: that of x, or
// [Rank] of x if Shift is not nil.
func (a *Arrangement) Rank() int { return a.red.rank }

// Lines returns the number of distinct hyperplanes, decided exactly. Other than
// the function [Lines], it tells directions apart however near they are.
func (a *Arrangement) Lines() int { return len(a.red.rows) }

// MaxCells returns an upper bound of the number of cells, that of hyperplanes in
// general position: MaxCells(Lines, Rank).
func (a *Arrangement) MaxCells() *big.Int { return MaxCells(a.Lines(), a.Rank()) }

// Shift returns nil if the cells are exactly those of x. Otherwise the columns
// of x are dependent only up to rounding, and the cells are exactly those of a
// matrix x~ of rank Rank: Rank of the columns are those of x and the others are
// combinations of them. Shift then returns n proved bounds on |x_i - x~_i|. The
// witnesses are zero outside of the columns that are kept, so that they have the
// same products with the rows of x and of x~.
func (a *Arrangement) Shift() []float64 { return append([]float64(nil), a.red.shift...) }

// spread is the number of pieces that share the cells of one rank less.
const spread = 16

// pairsUpTo is the number of lines up to which pieces fix the first two lines of
// a ray, if it has more than three; with more lines, or shorter rays, fixing one
// makes pieces enough.
const pairsUpTo = 256

// firsts returns the beginnings of rays that make the pieces for q coordinates.
func (a *Arrangement) firsts(q int) [][]int {
	m := a.Lines()
	if q <= 2 {
		return [][]int{nil}
	}
	var out [][]int
	for i := range m - q + 2 {
		if q <= 4 || m > pairsUpTo {
			out = append(out, []int{i})
			continue
		}
		for j := i + 1; j < m-q+3; j++ {
			out = append(out, []int{i, j})
		}
	}
	return out
}

// Pieces returns the number of pieces of a visit.
func (a *Arrangement) Pieces() int {
	if a.Rank() == 0 {
		return 1
	}
	return spread + len(a.firsts(a.Rank()))
}

// Memory returns an upper estimate of the bytes that Visit or Cells hold at
// their peak: the cells of generic hyperplane sections, one rank less, with
// witnesses, and a table of signs.
func (a *Arrangement) Memory() float64 {
	m, r := a.Lines(), a.Rank()
	if r == 0 {
		return 0
	}
	below, _ := new(big.Float).SetInt(MaxCells(m, r-1)).Float64()
	cells, _ := new(big.Float).SetInt(a.MaxCells()).Float64()
	table := 1.0
	for k := range max(r-2, 0) {
		table *= float64(m-k) / float64(k+1)
	}
	_, d := a.x.Dims()
	cell := float64(8*(3*bitset.Words(m)+2*r) + 16)
	// A piece holds what it is ahead, the block that it fills and the one that is
	// read; and it has at most one block that is not full.
	blocks := min(aheadPieces*(aheadBlocks+2), cells/blockCells+float64(min(aheadPieces, a.Pieces())))
	block := float64(blockCells) * float64(8*(bitset.Words(a.Samples())+d)+96)
	return below/2*cell + 2*table + float64(m*r)*200 + blocks*block
}

// Cost returns an estimate of the seconds that Visit takes on one processor of
// the year 2025, for lines in general position; Cells takes about four times as
// long. Where many hyperplanes meet, a cell takes up to ten times longer, but there
// are fewer.
func (a *Arrangement) Cost() float64 {
	m, r := float64(a.Lines()), float64(a.Rank())
	rays, term := 0.0, 1.0
	for k := range a.Rank() {
		rays += term
		term *= (m - float64(k)) / float64(k+1)
	}
	// Measured: sorting a plane is shared by its rays, and each copies its signs.
	return rays * (60e-9 + 20e-9*r + 10e-9*r*math.Log2(m+2) + 0.3e-9*m)
}

// A visit holds what the pieces share.
type visit struct {
	ctx     context.Context
	mx      *mixture
	witness bool
	below   wordSet   // the cells of one coordinate less
	held    []float64 // their witnesses
	pool    sync.Pool
}

// prepare lists the cells that meet generic hyperplanes. Once it has succeeded
// nothing is left for the coordinates to be special about: independent lines on a
// ray with c.u = 0 would have been found dependent on the hyperplane.
func (a *Arrangement) prepare(ctx context.Context, witness bool) (*visit, error) {
	// What is held is numbered by int32.
	below := new(big.Int).Rsh(MaxCells(a.Lines(), a.Rank()-1), 1)
	if a.Rank() > 40 || a.Memory() > 1<<40 || below.Cmp(big.NewInt(math.MaxInt32)) > 0 {
		return nil, fmt.Errorf("%w: %d hyperplanes of rank %d have up to %.2g", ErrTooMany, a.Lines(), a.Rank(), new(big.Float).SetInt(a.MaxCells()))
	}
	for seed := uint64(0); ; seed++ {
		v := &visit{ctx: ctx, mx: mix(a.red, a.coordinates(a.Rank(), seed)), witness: witness}
		err := a.fill(v)
		if !errors.Is(err, errNotGeneric) {
			return v, err
		}
	}
}

func (a *Arrangement) fill(v *visit) error {
	if err := v.mx.tabulate(v.ctx, v.run); err != nil {
		return err
	}
	m := a.Lines()
	words := bitset.Words(m)
	v.below.reset(m)
	for q := 1; q < a.Rank(); q++ {
		firsts := a.firsts(q)
		found := make([][]uint64, len(firsts))
		held := make([][]float64, len(firsts))
		err := v.run(len(firsts), func(i int) error {
			return v.piece(q, firsts[i], func(cell bitset.Set, w []float64) error {
				found[i] = append(found[i], cell...)
				if w != nil {
					held[i] = append(held[i], w...)
					// Further coordinates are zero on the sections.
					held[i] = append(held[i], make([]float64, a.Rank()-q)...)
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		for i, cells := range found {
			for k := range len(cells) / words {
				if v.below.add(cells[k*words:(k+1)*words]) && v.witness {
					floats.Scale(-1, held[i][k*a.Rank():(k+1)*a.Rank()])
				}
			}
			v.held = append(v.held, held[i]...)
			found[i], held[i] = nil, nil
		}
	}
	return nil
}

// piece runs one piece in q coordinates.
func (v *visit) piece(q int, first []int, emit emitter) error {
	l, _ := v.pool.Get().(*lister)
	if l == nil {
		l = newLister(v.ctx, v.mx)
	}
	l.witness = v.witness
	err := l.bounded(q, nil, &v.below, first, emit)
	v.pool.Put(l)
	return err
}

// run runs the tasks in parallel and returns the error of the first one that
// failed.
func (v *visit) run(tasks int, task func(i int) error) error {
	var failed atomic.Bool
	errs := make([]error, tasks)
	parallel.For(tasks, func(i int) {
		if failed.Load() {
			return
		}
		if err := v.ctx.Err(); err != nil {
			errs[i] = err
		} else {
			errs[i] = task(i)
		}
		if errs[i] != nil {
			failed.Store(true)
		}
	})
	return errors.Join(errs...)
}

// pairs calls emit for one of each pair of opposite cells of a piece.
func (a *Arrangement) pairs(v *visit, piece int, firsts [][]int, emit emitter) error {
	if piece >= spread {
		return v.piece(a.Rank(), firsts[piece-spread], emit)
	}
	total := v.below.len()
	r := a.Rank()
	for k := piece * total / spread; k < (piece+1)*total/spread; k++ {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		var w []float64
		if v.witness {
			w = v.held[k*r : (k+1)*r]
		}
		if err := emit(v.below.at(k), w); err != nil {
			return err
		}
	}
	return nil
}

// expand stores in dst the pattern of a cell. That of the opposite cell differs
// by invert.
func (a *Arrangement) expand(dst, cell bitset.Set) {
	if a.red.plain {
		copy(dst, cell)
		return
	}
	clear(dst)
	for i, l := range a.red.line {
		if l < 0 || cell.Has(l) != a.red.opposite[i] {
			dst.Add(i)
		}
	}
}

// invert stores in dst the pattern opposite to src, in which rows of zeros stay
// active.
func (a *Arrangement) invert(dst, src bitset.Set) {
	for k, w := range a.red.spanning {
		dst[k] = src[k] ^ w
	}
}

// Count returns the number of cells, including the one that is active on no row
// but rows of zeros, if it is a cell.
func (a *Arrangement) Count(ctx context.Context) (int64, error) {
	if a.Rank() == 0 {
		return 1, ctx.Err()
	}
	v, err := a.prepare(ctx, false)
	if err != nil {
		return 0, err
	}
	firsts := a.firsts(a.Rank())
	counts := make([]int64, len(firsts))
	err = v.run(len(firsts), func(i int) error {
		return v.piece(a.Rank(), firsts[i], func(bitset.Set, []float64) error {
			counts[i] += 2
			return nil
		})
	})
	total := 2 * int64(v.below.len())
	for _, c := range counts {
		total += c
	}
	return total, err
}

// Visit calls body once for every cell, including the one that is active on no
// row but rows of zeros: bit i of active says whether row i is active. The pieces
// 0..Pieces-1 run in parallel; the calls of one piece are sequential, in an order
// that depends on x alone. active is valid during the call only.
//
// If ctx ends, Visit returns its error soon, and not every cell was visited.
// Otherwise the error wraps [ErrTooMany].
func (a *Arrangement) Visit(ctx context.Context, body func(piece int, active bitset.Set)) error {
	if a.Rank() == 0 {
		all := bitset.New(a.Samples())
		a.expand(all, nil)
		body(0, all)
		return ctx.Err()
	}
	v, err := a.prepare(ctx, false)
	if err != nil {
		return err
	}
	firsts := a.firsts(a.Rank())
	return v.run(spread+len(firsts), func(piece int) error {
		active, other := bitset.New(a.Samples()), bitset.New(a.Samples())
		return a.pairs(v, piece, firsts, func(cell bitset.Set, _ []float64) error {
			a.expand(active, cell)
			a.invert(other, active)
			body(piece, active)
			body(piece, other)
			return nil
		})
	})
}
