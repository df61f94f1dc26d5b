package linear

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A PathPoint is the network at one strength of the weight decay.
type PathPoint struct {
	Beta      float64
	Singular  []float64 // of W, min(d, c) of them, decreasing
	Objective float64
	Exact     bool // proved to be optimal
}

// A Path is how the singular values of W shrink as the weight decay grows.
type Path struct {
	Points []PathPoint
	// Vanishing is the beta from which on all weights are zero. For depth 2 and for X'X a
	// multiple of a projection it is exact, otherwise where the search found nothing
	// better than zero.
	Vanishing float64
	Status    convexnn.Status // Stopped where ctx ended before all points
}

// Vanishing returns bounds on the smallest beta at which zero weights are optimal for a
// network of depth L >= 2; they are equal for depth 2, and for X'X a multiple of a
// projection. Along the leading singular pair of X'Y, of the value s, the loss curves like
// |X u|^2 <= s_1^2, and along any other weights at least like s_q^2: the thresholds of
// scalar problems of both curvatures ([Threshold]) are on either side. The errors are
// [ErrWidths] for a depth below 2, convexnn.ErrShape and convexnn.ErrNotFinite.
func Vanishing(x, y *mat.Dense, depth int) (low, high float64, err error) {
	if err := checkData(x, y); err != nil {
		return 0, 0, err
	}
	if depth < 2 {
		return 0, 0, fmt.Errorf("%w: without a hidden layer no weight decay makes weights vanish", ErrWidths)
	}
	p, err := newProblem(x, y, false)
	if err != nil || p.q() == 0 {
		return 0, 0, err
	}
	low, high = p.vanishing(depth)
	return low, high, nil
}

func (p *problem) vanishing(depth int) (low, high float64) {
	s := decompose(p.scaled(p.t))
	if s.values[0] == 0 {
		return 0, 0
	}
	if depth == 2 {
		return s.values[0], s.values[0]
	}
	along := 0.0
	for i, v := range p.s {
		along += v * v * s.u.At(i, 0) * s.u.At(i, 0)
	}
	// Of 1/2 a sigma^2 - s sigma + (beta/p) sigma^p the threshold is where
	// s/a = t (beta/a)^(1/(2-p)), t that of beta = 1.
	unit, _ := Threshold(1, depth)
	at := func(a float64) float64 { return a * math.Pow(s.values[0]/a/unit, 2-power(depth)) }
	if p.isotropic() {
		return at(along), at(along) // which rounding would tell apart
	}
	last := p.s[len(p.s)-1]
	return at(along), math.Max(at(along), at(last*last))
}

// NewPath trains at evenly spaced strengths from 0 to a little beyond the one at which all
// weights vanish, at points >= 2 of them, with the other settings of s. Where only local
// search is left, s.Starts random starts are made at each. When ctx ends, the path is that
// of the points so far. The errors are those of [Train].
func NewPath(ctx context.Context, x, y *mat.Dense, points int, s Settings) (*Path, error) {
	if err := s.check(x, y); err != nil {
		return nil, err
	}
	depth := len(s.Widths) + 1
	if points < 2 || depth < 2 {
		return nil, fmt.Errorf("%w: a path needs a hidden layer and two points, got depth %d and %d points", ErrWidths, depth, points)
	}
	p, err := newProblem(x, y, s.Intercept)
	if err != nil {
		return nil, err
	}
	out := &Path{}
	if p.q() > 0 {
		out.Vanishing, err = p.bisect(ctx, s)
		if err != nil {
			return nil, err
		}
	}
	const beyond = 1.06
	for k := range points {
		s.Beta = beyond * out.Vanishing * float64(k) / float64(points-1)
		r, err := p.train(ctx, s)
		if err != nil {
			return nil, err
		}
		if r.Status == convexnn.Stopped {
			out.Status = convexnn.Stopped
			break
		}
		out.Points = append(out.Points, PathPoint{Beta: s.Beta, Singular: r.Singular, Objective: r.Objective, Exact: r.Exact})
	}
	return out, nil
}

// bisect finds the beta at which weights vanish, between its bounds.
func (p *problem) bisect(ctx context.Context, s Settings) (float64, error) {
	low, high := p.vanishing(len(s.Widths) + 1)
	const accuracy = 1e-3
	for low < high*(1-accuracy) && ctx.Err() == nil {
		s.Beta = math.Sqrt(low * high)
		r, err := p.train(ctx, s)
		if err != nil {
			return 0, err
		}
		if r.Rank > 0 {
			low = s.Beta
		} else {
			high = s.Beta
		}
	}
	return high, nil
}
