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

// checkData refuses empty, mismatched and non-finite data, and scales at which squares
// leave the range of float64.
func checkData(x, y *mat.Dense) error {
	if x == nil || x.IsEmpty() {
		return fmt.Errorf("%w: X has no rows or no columns", convexnn.ErrShape)
	}
	if y == nil || y.IsEmpty() {
		return fmt.Errorf("%w: Y has no rows or no columns", convexnn.ErrShape)
	}
	n, _ := x.Dims()
	if m, _ := y.Dims(); m != n {
		return fmt.Errorf("%w: X has %d rows, Y has %d", convexnn.ErrShape, n, m)
	}
	for _, a := range []struct {
		name string
		data *mat.Dense
	}{{"X", x}, {"Y", y}} {
		for i := range n {
			for j, v := range a.data.RawRowView(i) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					return fmt.Errorf("%w: %s at row %d, column %d is %v", convexnn.ErrNotFinite, a.name, i+1, j+1, v)
				}
			}
		}
		// Fourth powers of the data occur, in squares of fits of fitted weights.
		const least, most = 1e-70, 1e70
		if norm := mat.Norm(a.data, 2); norm != 0 && (norm < least || norm > most) {
			return fmt.Errorf("%w: powers of %s leave the range of float64 (its norm is %.3g); multiply it by a constant", convexnn.ErrNotFinite, a.name, norm)
		}
	}
	return nil
}

func checkBeta(beta float64) error {
	if !(beta >= 0) || math.IsInf(beta, 1) || beta > 1e140 {
		return fmt.Errorf("%w, got %v", ErrBeta, beta)
	}
	return nil
}
