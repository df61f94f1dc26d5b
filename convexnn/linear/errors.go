package linear

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

var (
	// ErrWidths is returned for hidden widths that are not positive.
	ErrWidths = errors.New("hidden widths must be positive")
	// ErrBeta is returned for a regularisation strength that is negative or not finite.
	ErrBeta = errors.New("beta must be at least 0 and finite")
	// ErrSteps is returned for a number of steps or starts, or a size of the first
	// weights, that is negative.
	ErrSteps = errors.New("steps, starts and part must not be negative")
	// ErrRank is returned for a rank that is not positive.
	ErrRank = errors.New("the rank must be positive")
	// ErrPenalty is returned where the weight decay of so many layers has no form that
	// the program can hold.
	ErrPenalty = errors.New("the weight decay of more than two layers is not in this program")
	// ErrTooLarge is returned before a program is built that would not be solved in a
	// useful time.
	ErrTooLarge = errors.New("the program is too large")
)

// checkData refuses data that no network can be trained on. Fourth powers of them occur, in
// squares of fits of fitted weights.
func checkData(x, y *mat.Dense) error { return convexnn.CheckMatrices(x, y, 1e70) }

func checkBeta(beta float64) error {
	if !(beta >= 0) || math.IsInf(beta, 1) || beta > 1e140 {
		return fmt.Errorf("%w, got %v", ErrBeta, beta)
	}
	return nil
}
