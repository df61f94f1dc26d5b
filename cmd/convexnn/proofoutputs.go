package main

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
)

// outputs returns the targets, a column for each output.
func (s sample) outputs() *mat.Dense {
	if s.targets != nil {
		return s.targets
	}
	return mat.NewDense(len(s.y), 1, s.y)
}

// targets returns the numbers that the dual vector of the claim belongs to, row by row.
func (c *claim) targets(s sample) []float64 { return s.outputs().RawMatrix().Data }

// proveOutputs is prove for several outputs: in the way that the report names, by all cells
// where they are admitted, by branch and bound, or by norms.
func (c *claim) proveOutputs(ctx context.Context, s sample, objective float64, cells cellFlags, limit uint64) (convexnn.Certificate, error) {
	how := outputs.VerifySettings{Intercept: *c.Intercept, Norms: true, Floor: *c.Beta * (1 - sameDigits)}
	if c.Price != nil && c.Price.Method == convexnn.ByCells && cells.allows(arrangements.CellBound(s.x)) {
		a, err := arrangements.NewArrangement(s.x)
		if err != nil {
			return convexnn.Certificate{}, err
		}
		if limit == 0 || a.Memory() <= float64(limit) {
			how.Cells, how.Norms = a, false
		}
	}
	if c.Price != nil && c.Price.Method == convexnn.ByTree && c.Price.Value != nil && len(c.Dual) > 0 {
		how.Value = min(max(*c.Price.Value, 0), *c.Beta)
	}
	return outputs.Verify(ctx, s.x, s.targets, c.dual(), *c.Beta, objective, how)
}

// measureOutputs computes the objective of the network of --model, which has several
// outputs, and returns what the user should know of it.
func (v *verification) measureOutputs(m *model) ([]string, error) {
	if err := v.belongs(m); err != nil {
		return nil, err
	}
	if len(m.Outputs.Intercept) > 0 && !*v.Intercept {
		return nil, apart("the network has an output intercept, and the report speaks of networks without")
	}
	v.neurons = len(m.Outputs.Neurons)
	var err error
	v.objective, v.training, err = m.Outputs.Objective(v.rows.x, v.rows.targets, *v.Beta)
	return v.otherBeta(m), err
}
