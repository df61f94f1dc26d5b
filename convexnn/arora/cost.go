package arora

import (
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// A Cost says what an exhaustive search for m neurons would go through. Its counts are
// those of data in general position, upper bounds for others, and are known before
// anything is enumerated.
type Cost struct {
	Neurons int
	Samples int // n
	Lines   int // distinct lines that the samples span
	Rank    int
	Cells   float64 // full-dimensional cells; there may be one without an active sample
	Tuples  float64 // sets of at most m signed cells; 1 where one convex program does
	Memory  float64 // bytes
}

// NewCost returns the cost of a search for m neurons on x (n x d). The errors are
// [ErrNeurons], convexnn.ErrShape and convexnn.ErrNotFinite.
func NewCost(x *mat.Dense, m int) (Cost, error) {
	if m < 1 {
		return Cost{}, fmt.Errorf("%w, got %d", ErrNeurons, m)
	}
	n, _ := x.Dims()
	if err := convexnn.CheckData(x, make([]float64, n)); err != nil {
		return Cost{}, err
	}
	// Exact, like the cells that will be listed.
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		return Cost{}, err
	}
	return newCost(m, n, a.Lines(), a.Rank()), nil
}

func newCost(m, n, lines, rank int) Cost {
	cells, _ := new(big.Float).SetInt(arrangements.MaxCells(lines, rank)).Float64()
	c := Cost{Neurons: m, Samples: n, Lines: lines, Rank: rank, Cells: cells, Tuples: 1}
	if !c.Convex() {
		c.Tuples = subsets(2*cells, m)
	}
	const word = 8
	rays := 2 * binomial(float64(lines), rank-1)
	perCell := 2*word*float64(n) + word*float64(rank*rank)
	// Numbers for each ray, the rays of each cell, and the bounds kept by the search.
	c.Memory = rays*word*float64(n+rank) + cells*perCell + keptBounds*(2*cells*word+word*float64(n))
	return c
}

// keptBounds is a number of bounds that a search hardly ever keeps more of.
const keptBounds = 20000

// Convex reports whether m neurons are no restriction: some best network of any width
// has at most n neurons, as their fits can be made linearly independent (Mishkin and
// Pilanci, 2023), and none has more directions to use than there are signed cells.
func (c Cost) Convex() bool {
	return c.Neurons >= c.Samples || float64(c.Neurons) >= 2*c.Cells
}

func neurons(m int) string {
	if m == 1 {
		return "one neuron"
	}
	return fmt.Sprintf("%d neurons", m)
}

// subsets is the number of subsets of at most m of n things, +Inf if float64 cannot
// hold it.
func subsets(n float64, m int) float64 {
	sum, term := 0.0, 1.0
	for k := 0; k <= m && float64(k) <= n; k++ {
		sum += term
		term *= (n - float64(k)) / float64(k+1)
		if math.IsInf(sum, 1) {
			break
		}
	}
	return sum
}

func binomial(n float64, k int) float64 {
	out := 1.0
	for i := range k {
		out *= (n - float64(i)) / float64(i+1)
	}
	return max(out, 1)
}

// admit refuses more cells than even one program over all of them can take, and more
// memory than the limit.
func (c Cost) admit(s Settings) error {
	if c.Cells > mostCells {
		return c.refuse(s)
	}
	if s.MemoryLimit == 0 || c.Memory <= float64(s.MemoryLimit) {
		return nil
	}
	return fmt.Errorf("%w: %.3g cells on %d samples need about %s, the limit is %s",
		convexnn.ErrMemory, c.Cells, c.Samples, convexnn.FormatBytes(c.Memory), convexnn.FormatBytes(float64(s.MemoryLimit)))
}

// refuse says what is too large, and what would fit.
func (c Cost) refuse(s Settings) error {
	return fmt.Errorf("%w: %d samples of rank %d have up to %.3g cells, and %s in them up to %.3g choices, the limit is %.3g; %s",
		ErrTooLarge, c.Samples, c.Rank, c.Cells, neurons(c.Neurons), c.Tuples, s.MaxTuples, c.advice(s))
}

// mostCells is where even one program over all cells is too much.
const mostCells = 20000

// advice says which width would fit, or how many samples.
func (c Cost) advice(s Settings) string {
	fits := func(m, lines int) bool {
		try := newCost(m, c.Samples, lines, c.Rank)
		return try.Tuples <= s.MaxTuples && try.Cells <= mostCells
	}
	for m := c.Neurons - 1; m >= 1; m-- {
		if fits(m, c.Lines) {
			return fmt.Sprintf("up to %s would fit", neurons(m))
		}
	}
	for lines := c.Lines - 1; lines >= c.Rank; lines-- {
		if fits(c.Neurons, lines) {
			return fmt.Sprintf("%d samples of this rank would fit, or fewer columns", lines)
		}
	}
	return "fewer samples, columns and neurons would fit"
}
