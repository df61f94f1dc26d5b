package flow

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A Checkpoint is the flow at one moment.
type Checkpoint struct {
	Step int
	// Time is the normalised time, in which the samples share one unit of force; in units
	// of 1 over those of X.
	Time float64
	// LogTime is log(1+t) for the time t of plain gradient flow, which grows like the
	// reciprocal of the loss.
	LogTime float64
	// LogRho is log |w|, w all weights, and Sharpness is |w|^2.
	LogRho, Sharpness float64
	Growth            float64 // the derivative of LogRho by Time
	LogLoss           float64 // the logarithm of the sum of the losses

	Separated   bool    // whether all margins are positive
	Unseparated int     // samples whose margin is not
	Accuracy    float64 // share of samples with a positive margin
	MinMargin   float64 // the smallest y_i f(x_i), divided by |w|^2

	// Upper is sum_j |u_j||alpha_j| once the network is scaled to the smallest margin
	// 1: an upper bound on the optimum of the max-margin program. It is 0, for none,
	// where Separated is false.
	Upper float64
	// Lower is the best lower bound proved by now, of the kind LowerKind, and Estimate
	// what local search suggests, where this is more, and 0 elsewhere.
	Lower     float64
	LowerKind convexnn.CertificateKind
	Estimate  float64
	// Dual (n) is the dual vector nu of this moment, nu_i y_i >= 0: the shares of the samples
	// in the gradient as the weights remember them, and once the samples are separated the
	// multipliers of the KKT conditions, scaled to max(theta(nu), theta(-nu)) <= 1 as far as
	// DualKind says. DualValue is sum |nu_i|, the bound that it gives; other vectors may give
	// Lower. They are not set after a stop.
	Dual      []float64
	DualValue float64
	DualKind  convexnn.CertificateKind
	// Neurons are those of w/|w|.
	Neurons []convexnn.Neuron
}

// A Result is what the flow came to.
type Result struct {
	// Status is Solved where the flow has reached its end, Limited where it has come to a
	// rest before or used its steps up, Stopped where ctx ended.
	Status convexnn.Status
	// Separated reports that the network separates the samples, and SeparatedTime and
	// SeparatedSharpness since when, by the end of the step that did it.
	Separated                         bool
	SeparatedTime, SeparatedSharpness float64
	Unseparated                       []int // rows of X, from 0, whose margin is not positive

	// Program is the solution of the max-margin program; nil without.
	Program     *convexnn.Result
	Checkpoints []*Checkpoint

	// Network is the last one, scaled to the smallest margin 1 if it separates the samples.
	Network *convexnn.Network
	// Upper is its sum_j |u_j||alpha_j|, 0 for none where Separated is false.
	Upper float64
	// Certificate is the best that dual vectors of the flow prove of Upper. Its kind is
	// exact or bounded.
	Certificate convexnn.Certificate
	// Estimate is what local search suggests, where this is more than is proved, and
	// nil elsewhere. It may be wrong.
	Estimate *convexnn.Certificate
	// GloballyOptimal reports that the certificate proves Upper to be within Tolerance
	// of the optimum of the max-margin program. Where it is false, nothing is claimed.
	GloballyOptimal bool

	// Multiplier (n) is lambda >= 0 with u_j = alpha_j X'D_j (y o lambda) for all neurons
	// as nearly as possible, in the units of Network; Residual is how nearly, a root mean
	// square relative to |u_j|. In the limit it is 0, and the sum of lambda is Upper.
	// MultiplierPrice is what is known of its price. In the limit it is never below 1, and
	// the sufficient condition for global optimality is that it is 1; before, the
	// certificate alone proves something. All three are zero where Separated is false, or
	// where they take too much work. It has no Found.
	Multiplier      []float64
	Residual        float64
	MultiplierPrice convexnn.Price
	Neurons         []Neuron // those of Network, in their order

	Warnings []Warning

	Time, LogTime, LogRho, LogLoss float64 // at the end
	Steps, Rejected, Evaluations   int
}

// A Warning is something that a reader of a result should know.
type Warning string

// The warnings.
const (
	// NotSeparated: the flow has come to a rest, to all appearances, with samples on the
	// wrong side.
	NotSeparated Warning = "no neuron moves any more that could separate the samples, or hardly; another seed or more neurons may"
	// OneSign: all outputs have one sign, which the flow never changes.
	OneSign Warning = "all outputs have the same sign, and no such network separates two classes"
	// SignDied: all neurons of one sign are dead.
	SignDied Warning = "all neurons of one sign are dead; another seed or more neurons may help"
	// StepsUsedUp: MaxSteps were not enough.
	StepsUsedUp Warning = "the steps were used up before the end"
	// StepTooSmall: the accuracy cannot be met.
	StepTooSmall Warning = "the steps became too small; a larger accuracy may help"
	// Unproved: there is an Estimate.
	Unproved Warning = "the better lower bound is an estimate, since proving it takes too much work"
)

// Run follows gradient flow on the loss sum_i l(y_i f(x_i)) of a two-layer ReLU network, for
// x (n x d) and labels y (n) of +1 and -1, from small weights until the smallest margin is
// large, and compares it with the max-margin program
//
//	minimise sum_j |u_j||alpha_j|  subject to  y_i f(x_i) >= 1
//
// and its dual (Wang and Pilanci, The convex geometry of backpropagation, ICLR 2022). See
// the package documentation for what is certain. A column of ones in x makes a hidden
// bias.
//
// When ctx ends, Run returns what it has by then with the status Stopped. The errors are
// [ErrLoss], [ErrStep], [ErrStart] and [ErrOption], those of convexnn.CheckData and of
// convexnn.Separable, and convexnn.ErrLabels.
func Run(ctx context.Context, x *mat.Dense, y []float64, options Options) (*Result, error) {
	o, err := options.resolve(x, y)
	if err != nil {
		return nil, err
	}
	r, err := newRun(x, y, o)
	if err != nil {
		return nil, err
	}
	if err := r.program(ctx); err != nil {
		return nil, err
	}
	if err := r.follow(ctx); err != nil {
		return nil, err
	}
	return r.finish(ctx)
}
