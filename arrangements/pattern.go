package arrangements

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/bitset"
)

// A Pattern is an activation pattern: for each of n samples, whether a neuron is
// active on it. It is immutable; the zero value is the pattern of no samples.
type Pattern struct {
	bits bitset.Set
	n    int
}

// PatternOf returns the pattern 1[x_i.gate >= 0] of a gate on the rows of x
// (n x d). The gate has length d.
//
// For a gate on one of the hyperplanes x_i.u = 0 this is the pattern as defined
// but perhaps not that of a full-dimensional cell; see the package comment.
func PatternOf(x *mat.Dense, gate []float64) Pattern {
	n, _ := x.Dims()
	p := Pattern{bits: bitset.New(n), n: n}
	for i := range n {
		if floats.Dot(x.RawRowView(i), gate) >= 0 {
			p.bits.Add(i)
		}
	}
	return p
}

// NewPattern returns the pattern of n samples that is active on the members of
// bits, a set for n elements that the caller must not change afterwards.
func NewPattern(bits bitset.Set, n int) Pattern { return Pattern{bits: bits, n: n} }

// Len returns the number of samples n.
func (p Pattern) Len() int { return p.n }

// Active reports whether sample i is active, for i in 0..n-1.
func (p Pattern) Active(i int) bool { return p.bits.Has(i) }

// Count returns the number of active samples.
func (p Pattern) Count() int { return p.bits.Count() }

// Equal reports whether p and q are the same pattern of the same number of
// samples.
func (p Pattern) Equal(q Pattern) bool { return p.n == q.n && p.bits.Equal(q.bits) }

// Hash returns a 64-bit hash, the same in every run. Equal patterns have equal
// hashes.
func (p Pattern) Hash() uint64 { return p.bits.Hash() }

// Bits returns the pattern as a set of the active samples. The caller must not
// change it.
func (p Pattern) Bits() bitset.Set { return p.bits }

// String returns one character per sample, + for active and - for not.
func (p Pattern) String() string {
	s := make([]byte, p.n)
	for i := range s {
		s[i] = '-'
		if p.Active(i) {
			s[i] = '+'
		}
	}
	return string(s)
}

// A Cell is an activation pattern together with a gate that has it.
type Cell struct {
	Pattern Pattern
	// Witness is a gate of length d with this pattern. From Sample it has unit norm
	// and lies strictly inside the cell.
	Witness []float64
	// Margin is the least sine of the angles between the witness g and the
	// hyperplanes, min |x_i.g| / (|x_i||g|) over the rows that are not zero, and 1 if
	// there are none. It is 0 where it is not known (cells of FromGates) and where
	// float64 cannot show it: see [Arrangement.Cells].
	Margin float64
}

// A cellSet collects distinct cells in the order of first appearance.
type cellSet struct {
	cells []Cell
	index map[uint64][]int // positions in cells by hash
}

func newCellSet() *cellSet { return &cellSet{index: make(map[uint64][]int)} }

// add appends the cell and reports true, unless its pattern is already there.
func (s *cellSet) add(c Cell) bool {
	h := c.Pattern.Hash()
	for _, k := range s.index[h] {
		if s.cells[k].Pattern.Equal(c.Pattern) {
			return false
		}
	}
	s.index[h] = append(s.index[h], len(s.cells))
	s.cells = append(s.cells, c)
	return true
}
