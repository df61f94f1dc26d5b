package kernel

import (
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel/micro"
)

// For tests that run every version of the kernels.
var (
	NewMaskedWith = newMasked
	GemmWith      = gemm
)

// NewConesWith is NewCones with a version of the kernels.
func NewConesWith(m *micro.Kernels[float32], k *Masked, blocks int, g float64) *Cones {
	return newCones(m, k, blocks, g)
}

// State returns z of a constraint.
func (c *Cones) State(block, sample int) float64 {
	if s := c.single; s != nil {
		return float64(s.z[s.at(block/s.patterns, block%s.patterns, sample)])
	}
	d := c.double
	return d.z[d.at(block/d.patterns, block%d.patterns, sample)]
}

// SetState sets it, and returns what it became in the type of number at work.
func (c *Cones) SetState(block, sample int, v float64) float64 {
	if s := c.single; s != nil {
		s.z[s.at(block/s.patterns, block%s.patterns, sample)] = float32(v)
	} else {
		d := c.double
		d.z[d.at(block/d.patterns, block%d.patterns, sample)] = v
	}
	return c.State(block, sample)
}

// CholeskyWith is Cholesky with a version of the kernels.
func CholeskyWith(m *micro.Kernels[float64], a blas64.General) bool {
	return cholesky(m, a, outerBlock)
}
