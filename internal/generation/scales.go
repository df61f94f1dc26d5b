package generation

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
)

// LeastBeta is the smallest strength, for scaled data, that neurons are generated for:
// prices below it are rounding. A network for it is as good as one for less.
const LeastBeta = 1e-11

// Scales are the powers of two that bring X and Y to entries of order one, as a [Problem]
// wants them. With X = X~ times Scales.X and Y = Y~ times Scales.Y, beta is beta~ times
// both, a unit direction is itself, its gains are Y/X times the scaled ones, and dual
// points are Y times theirs.
type Scales struct{ X, Y float64 }

// NewScales returns the scales of x (n x d) and of the targets, n x c row by row, for
// training with beta.
func NewScales(x *mat.Dense, targets []float64, beta float64) Scales {
	n, _ := x.Dims()
	k := Scales{
		X: kernel.PowerOfTwo(mat.Norm(x, 2) / math.Sqrt(float64(n))),
		Y: kernel.PowerOfTwo(floats.Norm(targets, 2) / math.Sqrt(float64(n))),
	}
	if math.IsInf(k.Beta(beta), 0) {
		return Scales{1, 1} // beta is past every useful value
	}
	return k
}

// Samples returns x, scaled.
func (k Scales) Samples(x *mat.Dense) *mat.Dense {
	var out mat.Dense
	out.Scale(1/k.X, x)
	return &out
}

// Targets returns y, scaled.
func (k Scales) Targets(y []float64) []float64 {
	return floats.ScaleTo(make([]float64, len(y)), 1/k.Y, y)
}

// Beta returns beta, scaled.
func (k Scales) Beta(beta float64) float64 { return beta / k.X / k.Y }
