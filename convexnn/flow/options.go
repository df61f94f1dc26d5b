package flow

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// Errors that callers can test for with errors.Is, beside those of package convexnn.
var (
	// ErrLoss is returned for a loss that does not exist.
	ErrLoss = errors.New("unknown loss")
	// ErrStep is returned for a step with which the flow cannot be followed.
	ErrStep = errors.New("the step is too large")
	// ErrStart is returned for neurons to begin with that cannot be used.
	ErrStart = errors.New("unusable start")
	// ErrOption is returned for an option that is out of range.
	ErrOption = errors.New("option out of range")
)

// Options steer [Run]. The zero value works.
type Options struct {
	// Neurons is the width m; 0 means 20, or that of Signs or Start.
	Neurons int
	// Loss is Exponential or Logistic.
	Loss Loss
	// Init is |w| at the start, w all weights together. The theory is about
	// small ones. 0 means 1e-3, divided by the root of the length of the rows of X (root
	// mean square), so that units do not matter.
	Init float64
	// Signs are the signs of the outputs, +1 or -1, which the flow never changes; nil
	// means +1, -1, +1, ... in turn.
	Signs []int
	// Seed of the weights at the start, which are Gaussian.
	Seed uint64
	// Start, if set, holds the neurons to begin with instead. Each is balanced first,
	// |u_j| = |alpha_j|, which does not change what it computes.
	Start *convexnn.Network
	// Sharpness is |w|^2 at which the flow ends; 0 means to end where the smallest
	// margin y_i f(x_i) is 1000. Margins that differ by a few units look the same to
	// the loss, so that the largest margin is then told to about a tenth of a percent.
	Sharpness float64
	// Step, if not 0, is the longest step, in the normalised time of [Checkpoint.Time].
	// Steps are as long as Accuracy allows in any case.
	Step float64
	// Accuracy is the error allowed in a step, in the angles of the neurons and the
	// logarithms of their sizes; 0 means 1e-5.
	Accuracy float64
	// MaxSteps bounds the number of steps; 0 means 100,000.
	MaxSteps int
	// Checkpoints is about how many are taken, at equal changes of the network: of
	// log |w| and of the angles of the neurons, which show the early phase; 0
	// means 50.
	Checkpoints int
	// Tolerance is the relative gap between upper and proved lower bound up to which
	// the network counts as globally optimal; 0 means 0.01.
	Tolerance float64
	// Program, if set, is the solution of the max-margin program on the same data, as
	// convexnn.Train finds it with the loss convexnn.HardMargin. Otherwise it is found
	// before the flow begins, unless WithoutProgram is set.
	Program        *convexnn.Result
	WithoutProgram bool
	// Price says how to price the final dual vectors; nil means the strongest way that
	// takes about a second for each. Those of checkpoints are priced with less work.
	Price *convexnn.PriceSettings
	// Progress, if set, is called at each checkpoint. It may read it until it returns.
	Progress func(*Checkpoint)
}

const (
	defaultNeurons     = 20
	defaultInit        = 1e-3
	defaultMargin      = 1000
	defaultAccuracy    = 1e-5
	defaultMaxSteps    = 100_000
	defaultCheckpoints = 50
	defaultTolerance   = 0.01
	maxNeurons         = 1_000_000
)

// Check returns the error that [Run] would return for x (n x d) and y (n), in no time.
func (o Options) Check(x *mat.Dense, y []float64) error {
	o, err := o.resolve(x, y)
	if err == nil {
		_, err = newRun(x, y, o)
	}
	return err
}

// resolve returns the options with their defaults for x and y, or says what is wrong.
func (o Options) resolve(x *mat.Dense, y []float64) (Options, error) {
	if err := convexnn.CheckData(x, y); err != nil {
		return o, err
	}
	for i, v := range y {
		if v != 1 && v != -1 {
			return o, fmt.Errorf("%w: that of row %d is %v, and the flow takes +1 and -1", convexnn.ErrLabels, i+1, v)
		}
	}
	if err := convexnn.Separable(x, y); err != nil {
		return o, err
	}
	if o.Loss < Exponential || o.Loss > Logistic {
		return o, fmt.Errorf("%w %d", ErrLoss, int(o.Loss))
	}
	for _, v := range []struct {
		name  string
		value *float64
		usual float64
	}{
		{"the size at the start", &o.Init, defaultInit / math.Sqrt(rootMeanSquare(x))},
		{"the sharpness", &o.Sharpness, 0},
		{"the step", &o.Step, 0},
		{"the accuracy", &o.Accuracy, defaultAccuracy},
		{"the tolerance", &o.Tolerance, defaultTolerance},
	} {
		if !(*v.value >= 0) || math.IsInf(*v.value, 1) {
			return o, fmt.Errorf("%w: %s must be positive and finite, got %v", ErrOption, v.name, *v.value)
		}
		if *v.value == 0 {
			*v.value = v.usual
		}
	}
	if o.Accuracy > 0.1 {
		return o, fmt.Errorf("%w: the accuracy is an error in radians and must be at most 0.1, got %v", ErrOption, o.Accuracy)
	}
	if o.Program != nil && o.Program.Loss != convexnn.HardMargin {
		return o, fmt.Errorf("%w: the program is that of the loss %v, and the flow is compared with %v", ErrOption, o.Program.Loss, convexnn.HardMargin)
	}
	if o.MaxSteps < 0 || o.Checkpoints < 0 {
		return o, fmt.Errorf("%w: %d steps and %d checkpoints", ErrOption, o.MaxSteps, o.Checkpoints)
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = defaultMaxSteps
	}
	if o.Checkpoints == 0 {
		o.Checkpoints = defaultCheckpoints
	}
	if err := o.checkNeurons(x); err != nil {
		return o, err
	}
	return o, o.checkStep(x)
}

// checkNeurons settles the width and the signs.
func (o *Options) checkNeurons(x *mat.Dense) error {
	_, d := x.Dims()
	width := 0
	switch {
	case o.Start != nil && o.Signs != nil:
		return fmt.Errorf("%w: the neurons to begin with have signs of their own, so give no others", ErrStart)
	case o.Start != nil:
		if err := checkStart(o.Start, d); err != nil {
			return err
		}
		width = len(o.Start.Neurons)
	case o.Signs != nil:
		width = len(o.Signs)
		for j, s := range o.Signs {
			if s != 1 && s != -1 {
				return fmt.Errorf("%w: the sign of neuron %d must be +1 or -1, got %d", ErrOption, j+1, s)
			}
		}
	}
	switch {
	case width > 0 && o.Neurons != 0 && o.Neurons != width:
		return fmt.Errorf("%w: %d neurons asked for, and %d given", ErrOption, o.Neurons, width)
	case width > 0:
		o.Neurons = width
	case o.Signs != nil || o.Neurons < 0 || o.Neurons > maxNeurons:
		return fmt.Errorf("%w: the number of neurons must be from 1 to %d, got %d", ErrOption, maxNeurons, o.Neurons)
	case o.Neurons == 0:
		o.Neurons = defaultNeurons
	}
	return nil
}

func checkStart(net *convexnn.Network, d int) error {
	switch {
	case net.Model != convexnn.ReLU || net.Intercept != 0:
		return fmt.Errorf("%w: the flow is about ReLU networks without output intercept", ErrStart)
	case net.Dim != d:
		return fmt.Errorf("%w: it takes %d inputs, and X has %d columns", ErrStart, net.Dim, d)
	case len(net.Neurons) == 0:
		return fmt.Errorf("%w: it has no neurons", ErrStart)
	}
	for j, h := range net.Neurons {
		if len(h.Weights) != d {
			return fmt.Errorf("%w: neuron %d has %d weights, and X has %d columns", ErrStart, j+1, len(h.Weights), d)
		}
		size := floats.Norm(h.Weights, 2) * math.Abs(h.Output)
		if !(size > 0) || math.IsInf(size, 1) {
			return fmt.Errorf("%w: weights and output of neuron %d must be finite and not zero", ErrStart, j+1)
		}
	}
	return nil
}

// checkStep refuses steps in which a neuron may turn by more than a radian, or grow by
// more than a factor of e: the force on it is at most the length of the longest row.
func (o *Options) checkStep(x *mat.Dense) error {
	if longest := longestRow(x); o.Step*longest > 1 {
		return fmt.Errorf("%w: with rows of length up to %.4g, a step of %.4g can turn a neuron by %.3g radians, far from any flow; use one of at most %.4g",
			ErrStep, longest, o.Step, o.Step*longest, 1/longest)
	}
	return nil
}

// begin returns the neurons at the start and the signs of their outputs.
func (o *Options) begin(d int) (state, []float64) {
	if o.Start != nil {
		return stateOf(o.Start)
	}
	signs := make([]float64, o.Neurons)
	for j := range signs {
		signs[j] = float64(1 - 2*(j%2))
		if o.Signs != nil {
			signs[j] = float64(o.Signs[j])
		}
	}
	return draw(rand.New(rand.NewPCG(o.Seed, 0)), o.Neurons, d, o.Init), signs
}

func longestRow(x *mat.Dense) float64 {
	n, _ := x.Dims()
	longest := 0.0
	for i := range n {
		longest = max(longest, floats.Norm(x.RawRowView(i), 2))
	}
	return longest
}

func rootMeanSquare(x *mat.Dense) float64 {
	n, _ := x.Dims()
	return mat.Norm(x, 2) / math.Sqrt(float64(n))
}
