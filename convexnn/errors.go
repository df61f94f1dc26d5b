package convexnn

import (
	"context"
	"errors"
)

// Errors that callers can test for with errors.Is. Each is wrapped with the
// values that it speaks of.
var (
	// ErrShape is returned where dimensions do not fit each other.
	ErrShape = errors.New("shapes do not match")
	// ErrNotFinite is returned for NaN or infinite input, and for input of a scale
	// at which squares leave the range of float64.
	ErrNotFinite = errors.New("value is not finite")
	// ErrBeta is returned for a regularisation strength that is not positive
	// and finite.
	ErrBeta = errors.New("beta must be positive and finite")
	// ErrModel is returned for a model that is neither ReLU nor Gated.
	ErrModel = errors.New("unknown model")
	// ErrLoss is returned for a loss that does not exist or does not fit the rest.
	ErrLoss = errors.New("invalid loss")
	// ErrLabels is returned for targets that are no labels of two classes.
	ErrLabels = errors.New("invalid labels")
	// ErrNotSeparable is returned where no network has the margins asked for.
	ErrNotSeparable = errors.New("no network without output intercept separates the samples")
	// ErrMode is returned for a mode that does not exist or does not fit the rest.
	ErrMode = errors.New("invalid mode")
	// ErrTooManyCells is returned before an enumeration that would not end in a
	// useful time.
	ErrTooManyCells = errors.New("too many activation patterns to enumerate")
	// ErrContradiction is returned where an objective is below what is proved of all
	// networks: data, beta and objective do not belong together.
	ErrContradiction = errors.New("the objective is below a proved bound")
	// ErrTolerance is returned for a tolerance that is negative or NaN.
	ErrTolerance = errors.New("tolerance must be positive")
	// ErrNoPatterns is returned for a program without any pattern.
	ErrNoPatterns = errors.New("no activation patterns")
	// ErrMissingPattern is returned when a network has a neuron that lies in the
	// cone of no pattern of a program.
	ErrMissingPattern = errors.New("a neuron's activation pattern is not in the program")
	// ErrMemory is returned before an amount of memory is allocated that is over
	// the limit.
	ErrMemory = errors.New("not enough memory allowed")
	// ErrNetwork is returned for a stored network that is malformed.
	ErrNetwork = errors.New("invalid network")
)

// failed reports whether err is more than the end of ctx, with which a search
// returns what it has.
func failed(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err()))
}
