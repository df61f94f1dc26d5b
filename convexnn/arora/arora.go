package arora

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

var (
	// ErrNeurons is returned for a width that is not positive.
	ErrNeurons = errors.New("the number of neurons must be positive")
	// ErrBeta is returned for a regularisation strength that is negative or not
	// finite.
	ErrBeta = errors.New("beta must be at least 0 and finite")
	// ErrTooLarge is returned before a search that may not end in a useful time.
	ErrTooLarge = errors.New("too many networks to search exhaustively")
)

// A Method is the way in which the tuples of cells are searched.
type Method int

const (
	// Branch is the branch and bound over partial tuples.
	Branch Method = iota
	// List goes through all tuples in the order of their bound without signs and
	// cones. It is the plain algorithm that Branch is measured against.
	List
)

// String returns "branch" or "list".
func (m Method) String() string {
	if m == List {
		return "list"
	}
	return "branch"
}

// Settings steer [Train]. The zero value but for Neurons works.
type Settings struct {
	// Neurons is m, the largest number of neurons that the network may have.
	Neurons int
	// Beta is the regularisation strength; 0 is plain least squares.
	Beta float64
	// Intercept adds an output intercept without regularisation.
	Intercept bool
	// Tolerance is the relative gap between objective and bound at which the search
	// ends; 0 means 1e-6.
	Tolerance float64
	// Starts is the number of local searches for the first network; 0 means 50, and a
	// negative number none.
	Starts int
	// Seed of the local searches.
	Seed uint64
	// Method is Branch or List.
	Method Method
	// MaxTuples is the largest number of tuples to search among, as [Cost] counts them;
	// 0 means 1e10. Where the optimum over all widths has few enough neurons, nothing
	// needs to be searched.
	MaxTuples float64
	// MemoryLimit in bytes; 0 means no limit.
	MemoryLimit uint64
	// Progress, if set, is called now and then.
	Progress func(Progress)
}

const (
	defaultTolerance = 1e-6
	defaultStarts    = 50
	defaultMaxTuples = 1e10
	// vanishing is the objective, relative to that of the network without neurons,
	// that counts as zero: what is left of it is rounding.
	vanishing = 1e-13
)

// Counts say how much was searched.
type Counts struct {
	Cells  int     // full-dimensional cells with an active sample
	Tuples float64 // multisets of signed cells that an exhaustive search has
	Nodes  int64   // partial tuples that were branched on
	Bounds int64   // least squares bounds, without signs and cones
	QPs    int64   // convex programs with signs and cones
}

// Progress is what a running search reports.
type Progress struct {
	Objective  float64 // of the best network so far
	LowerBound float64 // proved so far
	Counts     Counts
}

// A Result is the best network found and what is proved of it.
type Result struct {
	Network      *convexnn.Network
	Objective    float64 // of Network, recomputed from its weights
	TrainingLoss float64 // 1/2 sum of squares, its first part
	// Certificate is of the kind convexnn.CertifiedFixedWidth.
	Certificate convexnn.Certificate
	// Global is a proved lower bound for networks of any width.
	Global float64
	Status convexnn.Status // Solved, Limited, or Stopped where ctx ended
	Rank   int
	// NearLines is how many of the lines that the samples span were taken for others
	// that they differ from by an angle of less than 1e-9. That is what decimals leave
	// of parallel samples; the bound does not hold of networks that tell them apart.
	// It is 0 with regularisation, which makes such networks expensive.
	NearLines int
	Counts    Counts
}

// Train finds the best network of at most m neurons for x (n x d) and y (n), with
// squared loss, and proves that it is (Arora, Basu, Mianjy and Mukherjee, 2018,
// theorem 4.1 and algorithm 1; see the package documentation). A column of ones in x
// makes a hidden bias.
//
// When ctx ends, Train returns the best network so far and the bound proved so far,
// with the status Stopped. The errors are [ErrNeurons], [ErrBeta] and [ErrTooLarge],
// and convexnn.ErrShape, convexnn.ErrNotFinite, convexnn.ErrTolerance and
// convexnn.ErrMemory.
func Train(ctx context.Context, x *mat.Dense, y []float64, settings Settings) (*Result, error) {
	if err := settings.check(x, y); err != nil {
		return nil, err
	}
	cost, err := NewCost(x, settings.Neurons)
	if err != nil {
		return nil, err
	}
	if err := cost.admit(settings); err != nil {
		return nil, err
	}
	p, err := newProblem(ctx, x, y, settings)
	if err != nil {
		return nil, err
	}
	s := newSearch(p, cost, settings)
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s.result(ctx)
}

func (s *Settings) check(x *mat.Dense, y []float64) error {
	if s.Neurons < 1 {
		return fmt.Errorf("%w, got %d", ErrNeurons, s.Neurons)
	}
	if !(s.Beta >= 0) || math.IsInf(s.Beta, 1) {
		return fmt.Errorf("%w, got %v", ErrBeta, s.Beta)
	}
	if !(s.Tolerance >= 0) {
		return fmt.Errorf("%w, got %v", convexnn.ErrTolerance, s.Tolerance)
	}
	if s.Tolerance == 0 {
		s.Tolerance = defaultTolerance
	}
	if s.Starts == 0 {
		s.Starts = defaultStarts
	}
	if s.MaxTuples == 0 {
		s.MaxTuples = defaultMaxTuples
	}
	return convexnn.CheckData(x, y)
}
