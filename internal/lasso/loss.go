package lasso

import "fmt"

// Loss is a convex loss of predictions F (n x c, row-major) that is a sum over
// the n samples of twice differentiable functions of one row of F each.
type Loss interface {
	Samples() int // n
	Outputs() int // c

	// Value returns the loss of the predictions f.
	Value(f []float64) float64

	// Residual sets dst (n x c) to minus the gradient at f: the dual point, which
	// is Y - F for the squared loss.
	Residual(dst, f []float64)

	// Hessian sets dst to the n second derivatives at f, symmetric blocks of
	// c x c one after the other (n*c*c numbers).
	Hessian(dst, f []float64)

	// Smoothness returns a bound on the eigenvalues of all blocks of Hessian at
	// any predictions. It must be positive.
	Smoothness() float64
}

// Squared is the squared loss 1/2 sum (F - Y)^2.
type Squared struct {
	y       []float64
	outputs int
}

// NewSquared returns the squared loss of the targets y (n x outputs, row-major),
// which is kept, not copied.
func NewSquared(y []float64, outputs int) *Squared {
	if outputs < 1 || len(y)%outputs != 0 {
		panic(fmt.Sprintf("lasso: %d targets are not rows of %d outputs", len(y), outputs))
	}
	return &Squared{y, outputs}
}

// Samples returns n.
func (s *Squared) Samples() int { return len(s.y) / s.outputs }

// Outputs returns c.
func (s *Squared) Outputs() int { return s.outputs }

// Value returns 1/2 sum (f - Y)^2.
func (s *Squared) Value(f []float64) float64 {
	sum := 0.0
	for i, v := range f {
		sum += (v - s.y[i]) * (v - s.y[i])
	}
	return sum / 2
}

// Residual sets dst to Y - f.
func (s *Squared) Residual(dst, f []float64) {
	for i, v := range f {
		dst[i] = s.y[i] - v
	}
}

// Hessian sets every block of dst to the identity.
func (s *Squared) Hessian(dst, _ []float64) {
	c := s.outputs
	clear(dst)
	for i := 0; i < len(dst); i += c * c {
		for l := range c {
			dst[i+l*c+l] = 1
		}
	}
}

// Smoothness returns 1.
func (s *Squared) Smoothness() float64 { return 1 }
