package convexnn

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
)

// units are the powers of two that bring a program to entries of order one.
// With X = x X~ and y = t y~, weights u = (t/x) u~ and beta = x t beta~, every
// objective is t^2 times the scaled one. Powers of two make it exact.
type units struct {
	x, y float64
	// space has orthonormal columns that span the rows of X, if X has more
	// columns than rows: weights outside the span reach no sample and only cost.
	// Scaled weights are coordinates in it.
	space *mat.Dense // d x n, or nil
}

func (k units) objective(scaled float64) float64 { return scaled * k.y * k.y }

// restore brings a solution of the scaled program back.
func (k units) restore(s *Solution) {
	if k.space != nil {
		var full mat.Dense
		full.Mul(s.Weights, k.space.T())
		s.Weights = &full
	}
	s.Weights.Scale(k.y/k.x, s.Weights)
	floats.Scale(k.y, s.Dual)
	s.Objective = k.objective(s.Objective)
	s.LowerBound = k.objective(s.LowerBound)
}

// scaled returns the program in units that make the mean square of a row of X
// and of y about one, and in the row space of X if that has fewer dimensions.
func (p *Program) scaled() (*Program, units) {
	n, d := p.spec.X.Dims()
	k := units{
		x: kernel.PowerOfTwo(mat.Norm(p.spec.X, 2) / math.Sqrt(float64(n))),
		y: kernel.PowerOfTwo(floats.Norm(p.target, 2) / math.Sqrt(float64(n))),
	}
	spec := p.spec
	spec.X = mat.NewDense(n, d, nil)
	spec.X.Scale(1/k.x, p.spec.X)
	if d > n {
		k.space = rowSpace(spec.X)
		var reduced mat.Dense
		reduced.Mul(spec.X, k.space)
		spec.X = &reduced
		spec.Cells = slices.Clone(spec.Cells)
		for c := range spec.Cells {
			if w := spec.Cells[c].Witness; len(w) == d {
				var g mat.VecDense
				g.MulVec(k.space.T(), mat.NewVecDense(d, w))
				spec.Cells[c].Witness = g.RawVector().Data
			}
		}
	}
	spec.Y = floats.ScaleTo(make([]float64, n), 1/k.y, p.target)
	spec.Beta = p.spec.Beta / k.x / k.y
	scaled, err := NewProgram(spec)
	if err != nil {
		// Only a beta that leaves the range of float64 next to the data gets
		// here: past every useful value, or without any effect.
		return p, units{x: 1, y: 1}
	}
	return scaled, k
}

// rowSpace returns n orthonormal columns (d x n) whose span holds the rows of x
// (n x d), d > n.
func rowSpace(x *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	q := mat.DenseCopyOf(x.T()).RawMatrix()
	tau := make([]float64, n)
	size := []float64{0}
	lapack64.Geqrf(q, tau, size, -1)
	work := make([]float64, int(size[0])+n)
	lapack64.Geqrf(q, tau, work, len(work))
	lapack64.Orgqr(q, tau, work, len(work))
	return mat.NewDense(q.Rows, q.Cols, q.Data)
}
