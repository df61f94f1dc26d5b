package baseline

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pbnjay/memory"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/descent"
)

var (
	// ErrOptimizer is returned for an optimiser that does not exist.
	ErrOptimizer = errors.New("unknown optimiser")
	// ErrSchedule is returned for a schedule that does not exist.
	ErrSchedule = errors.New("unknown schedule")
	// ErrRate is returned for a rate that is not positive and finite.
	ErrRate = errors.New("the rate must be positive and finite")
	// ErrWidth is returned for a network without neurons.
	ErrWidth = errors.New("the width must be at least 1")
	// ErrBatch is returned for a batch that is negative or larger than the data.
	ErrBatch = errors.New("the batch must be from 1 to the number of samples, or 0 for all")
	// ErrBeta is returned for a weight decay that is negative or not finite.
	ErrBeta = errors.New("beta must be finite and not negative")
	// ErrLimit is returned for a negative number of epochs or restarts, or a negative
	// time limit.
	ErrLimit = errors.New("limits must not be negative")
	// ErrStart is returned for a start that is no ReLU network of the right size.
	ErrStart = errors.New("unusable start")
	// ErrMemory is returned before an amount of memory is allocated that is over the
	// limit.
	ErrMemory = errors.New("not enough memory allowed")
)

const (
	defaultEpochs = 1000
	// exploded is how many times its value at the start the objective may reach.
	exploded = 1e6
)

// Settings steer [Train]. All but the width have defaults.
type Settings struct {
	// Optimizer is Adam, SGD, Momentum or Nesterov.
	Optimizer Optimizer
	// Schedule is Cosine or Constant.
	Schedule Schedule
	// Rate is the learning rate, of the mean objective; 0 means
	// [Optimizer.DefaultRate].
	Rate float64
	// Width is the number of neurons. It may be 0 where Start has some.
	Width int
	// Batch is the number of samples of a step; 0 means all. The last batch of an
	// epoch has what is left.
	Batch int
	// Epochs is how often a run passes over the samples; 0 means 1000, or no limit
	// where there is a TimeLimit.
	Epochs int
	// TimeLimit ends the training, restarts included, which have equal shares of it.
	// What Progress takes does not count. 0 means none.
	TimeLimit time.Duration
	// Restarts is how often training begins anew, from other weights or with other
	// batches; 0 means 1 run in all, as 1 does. The best run counts.
	Restarts int
	// Seed of the weights and batches.
	Seed uint64
	// Beta is the weight decay of the objective, a sum over samples. 0 means none.
	Beta float64
	// Intercept adds an output intercept without weight decay, 0 at the start. It is
	// implied where Start has one.
	Intercept bool
	// Start, if set, holds the weights to begin with. It is not changed.
	Start *convexnn.Network
	// MemoryLimit in bytes is the most that the training may take; 0 means half of
	// the machine's memory.
	MemoryLimit uint64
	// Progress, if set, is called at every checkpoint.
	Progress func(State)
}

// A State is what a training reports at a checkpoint.
type State struct {
	Point
	Loss  float64 // the first part of Objective, 1/2 the sum of squares
	Steps int     // of this run
	// Network is the one at this checkpoint, which is not changed later.
	Network *convexnn.Network
}

// Check returns the error that [Train] would refuse x (n x d) and y (n) with.
func (s Settings) Check(x *mat.Dense, y []float64) error {
	_, err := s.resolve(x, y)
	return err
}

// resolve returns the settings with defaults filled in, or says what is wrong with
// them.
func (s Settings) resolve(x *mat.Dense, y []float64) (Settings, error) {
	n, d := x.Dims()
	if n == 0 || d == 0 || n != len(y) {
		return s, fmt.Errorf("%w: X is %d x %d, y has %d values", ErrShape, n, d, len(y))
	}
	for i := range n {
		for j, v := range append(x.RawRowView(i)[:d:d], y[i]) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				where := fmt.Sprintf("row %d, column %d of X", i, j)
				if j == d {
					where = fmt.Sprintf("row %d of y", i)
				}
				return s, fmt.Errorf("%w: %s holds %v", ErrNotFinite, where, v)
			}
		}
	}
	if err := errors.Join(s.Optimizer.check(), s.Schedule.check()); err != nil {
		return s, err
	}
	if s.Start != nil {
		if err := s.checkStart(d); err != nil {
			return s, err
		}
		s.Width, s.Intercept = len(s.Start.Neurons), s.Intercept || s.Start.Intercept != 0
	}
	if s.Rate == 0 {
		s.Rate = s.Optimizer.DefaultRate()
	}
	switch {
	case s.Width < 1:
		return s, fmt.Errorf("%w, got %d", ErrWidth, s.Width)
	case !(s.Rate > 0) || math.IsInf(s.Rate, 1):
		return s, fmt.Errorf("%w, got %v", ErrRate, s.Rate)
	case s.Batch < 0 || s.Batch > n:
		return s, fmt.Errorf("%w: got %d for %d samples", ErrBatch, s.Batch, n)
	case !(s.Beta >= 0) || math.IsInf(s.Beta, 1):
		return s, fmt.Errorf("%w, got %v", ErrBeta, s.Beta)
	case s.Epochs < 0 || s.Restarts < 0 || s.TimeLimit < 0:
		return s, fmt.Errorf("%w: %d epochs, %d restarts, time limit %v", ErrLimit, s.Epochs, s.Restarts, s.TimeLimit)
	}
	if s.Batch == 0 {
		s.Batch = n
	}
	if s.Epochs == 0 && s.TimeLimit == 0 {
		s.Epochs = defaultEpochs
	}
	s.Restarts = max(s.Restarts, 1)
	return s, s.checkMemory(n, d)
}

func (s Settings) checkStart(d int) error {
	switch net := s.Start; {
	case net.Model != convexnn.ReLU:
		return fmt.Errorf("%w: a %v network, where ReLU networks are trained", ErrStart, net.Model)
	case net.Dim != d:
		return fmt.Errorf("%w: it takes %d inputs, and X has %d columns", ErrStart, net.Dim, d)
	case s.Width != 0 && s.Width != len(net.Neurons):
		return fmt.Errorf("%w: it has %d neurons, and the width is %d", ErrStart, len(net.Neurons), s.Width)
	default:
		sum := net.Intercept
		for j, h := range net.Neurons {
			if len(h.Weights) != d {
				return fmt.Errorf("%w: neuron %d has %d weights, and X has %d columns", ErrStart, j, len(h.Weights), d)
			}
			for _, v := range append(h.Weights[:d:d], h.Output) {
				sum += v * 0 // not finite if v is not
			}
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			return fmt.Errorf("%w: it holds a number that is not finite", ErrStart)
		}
	}
	return nil
}

// EstimateMemory returns about how many bytes [Train] takes for n samples in d
// dimensions, a width, and a batch, 0 for all samples: the hidden units of a batch and
// their gradient, the weights with what the optimiser keeps of them, and copies of the
// samples in a batch.
func EstimateMemory(n, d, width, batch int) float64 {
	const word, garbage = 8, 2
	rows, copies := float64(n), 1.0
	if batch > 0 && batch < n {
		// Two sizes of batches, and two of the blocks in which all are predicted.
		rows, copies = 2*float64(batch)+2*float64(min(n, descent.BlockRows)), 2
	}
	hidden := 2 * rows * float64(width)
	weights := 12 * float64(width) * float64(d+1)
	return garbage * word * (hidden + weights + copies*rows*float64(d+1) + 4*float64(n))
}

func (s Settings) checkMemory(n, d int) error {
	limit := float64(s.MemoryLimit)
	if s.MemoryLimit == 0 {
		limit = float64(memory.TotalMemory() / 2)
	}
	need := EstimateMemory(n, d, s.Width, s.Batch)
	if limit == 0 || need <= limit {
		return nil
	}
	without := EstimateMemory(n, d, 0, s.Batch)
	advice := "no width fits"
	if fits := int((limit - without) / (EstimateMemory(n, d, 1, s.Batch) - without)); fits >= 1 {
		advice = fmt.Sprintf("a width of about %d fits", fits)
	}
	return fmt.Errorf("%w: a width of %d on %d samples in %d dimensions needs about %s, the limit is %s; %s",
		ErrMemory, s.Width, n, d, convexnn.FormatBytes(need), convexnn.FormatBytes(limit), advice)
}
