package generation

import (
	"context"

	"github.com/convexnn/convexnn/internal/lasso"
	"github.com/convexnn/convexnn/internal/svm"
)

// A master is the restricted problem: the gains of the directions at hand.
type master interface {
	Add(feature []float64) int
	AddFree(feature []float64) int
	Len() int
	Gain(k int) []float64
	SetGain(k int, g []float64)
	Keep(keep func(k int) bool)
	// Improve improves the gains until they are optimal within a relative accuracy.
	Improve(ctx context.Context, accuracy float64)
	Objective() float64
	Residual() []float64 // the dual point, n x c
	// Price is |a_k'v| for the feature of direction k.
	Price(k int, v []float64) float64
}

func (p Problem) master() master {
	if p.Labels != nil {
		return hinge{svm.New(p.Labels, p.Beta)}
	}
	return smooth{lasso.New(p.Loss, p.Beta)}
}

// smooth is the master of a smooth loss.
type smooth struct{ *lasso.Master }

func (m smooth) Improve(ctx context.Context, accuracy float64) { m.Solve(ctx, accuracy) }

// hinge is the master of the hinge loss. Stopped within accuracy, its dual points lie well
// inside the dual set of the directions at hand, not in a corner of it, which steadies
// the generation (Gondzio, González-Brevis and Munari, New developments in the
// primal-dual column generation technique, European J. Operational Research 224, 2013).
type hinge struct{ *svm.Master }

func (m hinge) Improve(ctx context.Context, accuracy float64) { m.Solve(ctx, accuracy) }

func (m hinge) AddFree([]float64) int { panic("generation: the hinge loss takes no intercept") }
