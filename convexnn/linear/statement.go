package linear

import (
	"fmt"

	"github.com/convexnn/convexnn/convexnn"
)

// Statement returns what is proved of the result as one plain sentence.
func (r *Result) Statement() string {
	networks := fmt.Sprintf("no linear network of any depth with a bottleneck of %d", r.Bottleneck)
	if len(r.Layers) == 1 {
		networks = "no linear model"
	} else if r.Method != ReducedRank {
		networks = fmt.Sprintf("no linear network of depth %d with a bottleneck of %d", len(r.Layers), r.Bottleneck)
	}
	switch {
	case r.Exact && r.LowerBound == 0:
		return "Globally optimal: the objective is zero, within rounding."
	case r.Exact:
		return fmt.Sprintf("Globally optimal: %s has an objective below %.6g.", networks, r.LowerBound)
	case r.Method == Local && r.Status == convexnn.Stopped:
		return fmt.Sprintf("Stopped early: the best that was found until then, and the problem is not convex. What is proved: %s has an objective below %.6g (gap %.2g %%).",
			networks, r.LowerBound, 100*r.RelativeGap)
	case r.Method == Local:
		return fmt.Sprintf("A local optimum, the best of %d descents; the problem is not convex. What is proved: %s has an objective below %.6g (gap %.2g %%).",
			r.Starts, networks, r.LowerBound, 100*r.RelativeGap)
	}
	return fmt.Sprintf("Not solved to the tolerance: %s has an objective below %.6g (gap %.2g %%).", networks, r.LowerBound, 100*r.RelativeGap)
}
