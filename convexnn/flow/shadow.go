package flow

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A Shadow is a part of the set of dual vectors nu = y o lambda that are feasible,
// theta(nu) <= 1 and theta(-nu) <= 1, seen in two coordinates: the sums of lambda over the
// positive samples and over the negative ones, in this order.
type Shadow struct {
	// Corners are those of a convex set, in their order. All of it is feasible: it is
	// the hull of 0, of the vectors given, and of those that maximise a weighted sum.
	Corners [][2]float64
	// Optimum is a corner with the largest sum that was found, the optimum of the dual.
	Optimum [2]float64
}

// NewShadow returns the shadow for x (n x d) and labels y (n). Weights of the two sums are taken
// in so many directions, evenly over the right angle; each costs a max-margin program,
// with the weights as the margins of the two classes. given are feasible vectors (n each)
// to take in. When ctx ends, fewer directions are taken.
func NewShadow(ctx context.Context, x *mat.Dense, y []float64, directions int, given ...[]float64) (*Shadow, error) {
	points := [][2]float64{{}}
	for _, nu := range given {
		points = append(points, sums(nu))
	}
	for k := range directions {
		angle := math.Pi / 2 * (float64(k) + 0.5) / float64(directions)
		margins := make([]float64, len(y))
		for i, label := range y {
			margins[i] = math.Cos(angle)
			if label < 0 {
				margins[i] = -math.Sin(angle)
			}
		}
		r, err := convexnn.Train(ctx, x, margins, convexnn.Options{Loss: convexnn.HardMargin})
		if err != nil {
			return nil, err
		}
		if c := r.Certificate; c.LowerBound > 0 {
			points = append(points, sums(c.Dual))
		}
		if ctx.Err() != nil {
			break
		}
	}
	s := &Shadow{Corners: hull(points)}
	for _, p := range s.Corners {
		if p[0]+p[1] > s.Optimum[0]+s.Optimum[1] {
			s.Optimum = p
		}
	}
	return s, nil
}

// sums are those of |nu| over its positive and its negative entries.
func sums(nu []float64) (s [2]float64) {
	for _, v := range nu {
		if v > 0 {
			s[0] += v
		} else {
			s[1] -= v
		}
	}
	return s
}

// hull returns the corners of the convex hull counterclockwise (Andrew's monotone chain).
func hull(points [][2]float64) [][2]float64 {
	slices.SortFunc(points, func(a, b [2]float64) int { return slices.Compare(a[:], b[:]) })
	points = slices.Compact(points)
	if len(points) < 3 {
		return points
	}
	half := func(list [][2]float64) (chain [][2]float64) {
		for _, p := range list {
			for len(chain) > 1 && !leftTurn(chain[len(chain)-2], chain[len(chain)-1], p) {
				chain = chain[:len(chain)-1]
			}
			chain = append(chain, p)
		}
		return chain[:len(chain)-1]
	}
	lower := half(points)
	slices.Reverse(points)
	return append(lower, half(points)...)
}

func leftTurn(a, b, c [2]float64) bool {
	return (b[0]-a[0])*(c[1]-a[1])-(b[1]-a[1])*(c[0]-a[0]) > 0
}
