package arrangements

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/parallel"
)

// ErrSampler is the error for a name that no sampler has.
var ErrSampler = errors.New("unknown sampler")

// ErrCount is the error for a number of cells that is not positive.
var ErrCount = errors.New("the number of activation patterns must be positive")

// A Sampler is a distribution of random gates.
type Sampler int

const (
	// Mixed alternates between Gaussian and Pairs.
	Mixed Sampler = iota
	// Gaussian draws gates from the standard normal distribution.
	Gaussian
	// Pairs draws gates whose hyperplane bisects a random pair of samples: its
	// normal is x_a - x_b, in a random orientation, and it passes through their
	// midpoint if x has a bias column, through the origin otherwise. The bias
	// column is the last one that is constant and not zero.
	Pairs
)

var samplerNames = [...]string{Mixed: "mixed", Gaussian: "gaussian", Pairs: "pairs"}

// String returns the name of the sampler, as ParseSampler takes it.
func (s Sampler) String() string {
	if s < 0 || int(s) >= len(samplerNames) {
		return fmt.Sprintf("Sampler(%d)", int(s))
	}
	return samplerNames[s]
}

// ParseSampler returns the sampler called mixed, gaussian or pairs. Otherwise
// the error wraps [ErrSampler].
func ParseSampler(name string) (Sampler, error) {
	for s, known := range samplerNames {
		if name == known {
			return Sampler(s), nil
		}
	}
	return 0, fmt.Errorf("%w %q: choose mixed, gaussian or pairs", ErrSampler, name)
}

// SampleSettings are the settings of [Sample]. The zero value is usable.
type SampleSettings struct {
	Sampler Sampler
	// Seed selects the sequence of gates.
	Seed uint64
	// Patience is the number of draws in a row without a new cell after which
	// sampling gives up. 0 means 2000 plus four times the number asked for.
	Patience int
	// Margin is the sine of the angle between a gate and a hyperplane below which
	// the gate counts as lying on it. Such a gate is moved off by a random step so
	// small that it crosses no other hyperplane. 0 means 1e-9.
	Margin float64
}

// SampleStats describes a run of [Sample].
type SampleStats struct {
	// Draws is the number of gates drawn: those that gave a new cell, and the
	// Duplicates, Inactive and Degenerate ones.
	Draws int
	// Duplicates is the number of gates in a cell found before.
	Duplicates int
	// Inactive is the number of gates active on no row, which give no cell.
	Inactive int
	// Degenerate is the number of gates given up because they could not be moved
	// off the hyperplanes that they lay on.
	Degenerate int
	// Nudged is the number of gates that were moved off a hyperplane.
	Nudged int
	// Complete reports that every cell was found: as many as [CellBound].
	Complete bool
}

const (
	sampleRound = 512 // gates drawn before cells are counted
	sampleChunk = 64  // gates per matrix product
)

// Sample draws random gates until their patterns on the rows of x (n x d) show
// count distinct cells, every cell there is, or until Patience is exhausted. It
// returns the cells in the order of first appearance, without the one active on
// no row except rows of zeros; the witness of each lies strictly inside it.
//
// The result is a function of x, count and the settings. If ctx is cancelled,
// the cells found so far are returned with its error. Other errors wrap
// [ErrCount], [ErrSampler] or [ErrNonFinite].
func Sample(ctx context.Context, x *mat.Dense, count int, settings SampleSettings) ([]Cell, SampleStats, error) {
	var stats SampleStats
	if count <= 0 {
		return nil, stats, fmt.Errorf("%w, not %d", ErrCount, count)
	}
	if settings.Sampler < 0 || int(settings.Sampler) >= len(samplerNames) {
		return nil, stats, fmt.Errorf("%w %d", ErrSampler, int(settings.Sampler))
	}
	if err := finite("data", x); err != nil {
		return nil, stats, err
	}
	if x.IsEmpty() {
		return nil, stats, nil
	}
	if settings.Patience <= 0 {
		settings.Patience = 2000 + 4*count
	}
	if settings.Margin <= 0 {
		settings.Margin = 1e-9
	}
	d := newDrawer(x, settings)
	limit := CellBound(x)
	seen, all := newCellSet(), 0 // all counts the inactive cell too
	fruitless, found := 0, false
	for first := uint64(0); ; first += sampleRound {
		if err := ctx.Err(); err != nil {
			return seen.cells, stats, err
		}
		for _, draw := range d.round(first) {
			stats.Draws++
			fruitless++
			if draw.nudged {
				stats.Nudged++
			}
			switch {
			case draw.degenerate:
				stats.Degenerate++
			case draw.inactive:
				stats.Inactive++
				if !found {
					found = true
					all++
				}
			case seen.add(draw.cell):
				all++
				fruitless = 0
			default:
				stats.Duplicates++
			}
			stats.Complete = limit.Cmp(big.NewInt(int64(all))) <= 0
			if len(seen.cells) == count || stats.Complete || fruitless >= settings.Patience {
				return seen.cells, stats, nil
			}
		}
	}
}

// A draw is what became of one random gate.
type draw struct {
	cell                         Cell
	nudged, inactive, degenerate bool
}

// A drawer draws gates, the t-th of which depends on the seed and t alone.
type drawer struct {
	x        *mat.Dense
	unit     blas64.General // rows of x scaled to unit length
	lengths  []float64
	bias     int
	settings SampleSettings
}

func newDrawer(x *mat.Dense, settings SampleSettings) *drawer {
	unit, lengths := unitSamples(x)
	return &drawer{x: x, unit: unit.RawMatrix(), lengths: lengths, bias: biasColumn(x), settings: settings}
}

// round returns the draws first, first+1, ..., first+sampleRound-1.
func (d *drawer) round(first uint64) []draw {
	draws := make([]draw, sampleRound)
	parallel.Chunks(sampleRound, sampleChunk, func(_, lo, hi int) {
		n, dim := d.unit.Rows, d.unit.Cols
		gates := mat.NewDense(hi-lo, dim, nil)
		rngs := make([]*rand.Rand, hi-lo)
		for k := range rngs {
			t := first + uint64(lo+k)
			// Spreading t over all bits keeps the streams of neighbours apart.
			rngs[k] = rand.New(rand.NewPCG(d.settings.Seed, t*0x9e3779b97f4a7c15))
			d.gate(rngs[k], gates.RawRowView(k), t)
		}
		products := blas64.General{Rows: hi - lo, Cols: n, Stride: n, Data: make([]float64, (hi-lo)*n)}
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, gates.RawMatrix(), d.unit, 0, products)
		for k, rng := range rngs {
			draws[lo+k] = d.classify(rng, gates.RawRowView(k), products.Data[k*n:(k+1)*n])
		}
	})
	return draws
}

// gate fills g with the t-th gate, of unit norm.
func (d *drawer) gate(rng *rand.Rand, g []float64, t uint64) {
	pairs := d.settings.Sampler == Pairs || d.settings.Sampler == Mixed && t%2 == 1
	// Pairs of equal samples bisect nothing; where the samples are all equal the
	// Gaussian gates are what is left.
	for try := 0; ; try++ {
		if !pairs || try == 20 {
			gaussianGate(rng, g)
			break
		}
		if pairGate(rng, g, d.x, d.bias) {
			break
		}
	}
	floats.Scale(1/norm(g), g)
}

// classify reads the pattern of the unit gate g off its products with the unit
// rows, after moving it off the hyperplanes that it lies on.
func (d *drawer) classify(rng *rand.Rand, g, products []float64) draw {
	var out draw
	on, gap := d.nearest(products)
	const tries = 8
	step := make([]float64, len(g))
	for try := 0; on; try++ {
		if try == tries {
			return draw{degenerate: true, nudged: true}
		}
		out.nudged = true
		gaussianGate(rng, step)
		floats.Scale(gap/2/norm(step), step)
		moved := make([]float64, len(g))
		floats.AddTo(moved, g, step)
		floats.Scale(1/norm(moved), moved)
		blas64.Gemv(blas.NoTrans, 1, d.unit, blas64.Vector{N: len(g), Data: moved, Inc: 1}, 0,
			blas64.Vector{N: len(products), Data: products, Inc: 1})
		var left float64
		if on, left = d.nearest(products); !on {
			copy(g, moved)
			gap = left
		}
	}
	p := Pattern{bits: bitset.New(len(products)), n: len(products)}
	for i, v := range products {
		if v >= 0 {
			p.bits.Add(i)
		}
	}
	if inactive(p, d.lengths) {
		out.inactive = true
		return out
	}
	if gap <= float64(len(g)+4)*0x1p-52 {
		gap = 0 // with a setting of Margin that is below rounding
	}
	out.cell = Cell{Pattern: p, Witness: append([]float64(nil), g...), Margin: gap}
	return out
}

// nearest reports whether a gate with these products lies on a hyperplane, and
// the distance to the nearest one on which it does not lie, at most 1.
func (d *drawer) nearest(products []float64) (on bool, gap float64) {
	gap = 1
	for i, v := range products {
		switch v = math.Abs(v); {
		case d.lengths[i] == 0:
		case v <= d.settings.Margin:
			on = true
		default:
			gap = min(gap, v)
		}
	}
	return on, gap
}
