package relax

import (
	"context"
	"fmt"
	"math"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
)

// A Program is a relaxation written for the conic solver.
type Program struct {
	// Problem is the program for [conic.Solve], in units of its own, a constant left out:
	// semidefinite blocks, and last the entries that must not be negative.
	Problem *conic.Problem
	// Limits are bounds on the traces and entries at some minimiser, which make bounds
	// rigorous ([conic.Bound]). Where they come from is said where the program is made.
	Limits []float64

	p        *Problem
	constant float64
}

// tau bounds tr [uu] at some minimiser.
func (p *Problem) tau() float64 { return min(1/(4*p.beta), p.known/p.beta) }

// Size is that of the program; Memory is what the solver takes.
func (m *Program) Size() Size {
	s := Size{Coordinates: float64(len(m.Problem.C)), Equations: float64(len(m.Problem.B)), Memory: conic.EstimateMemory(m.Problem)}
	for _, c := range m.Problem.Cones {
		if c.Kind == conic.Semidefinite {
			s.Blocks++
			s.Order = max(s.Order, c.Size)
		}
	}
	return s
}

// A Size is how large a program is, before it is built.
type Size struct {
	Blocks, Order int     // semidefinite blocks, and their largest order
	Cells         float64 // activation patterns; 0 where they do not matter
	Coordinates   float64 // unknowns
	Equations     float64
	Memory        float64 // bytes, about
}

// String is a sentence without a stop.
func (s Size) String() string {
	out := fmt.Sprintf("%s matrices of order %d", count(max(s.Cells, float64(s.Blocks))), s.Order)
	if s.Blocks == 1 {
		out = fmt.Sprintf("a matrix of order %d", s.Order)
	}
	out += fmt.Sprintf(", %s unknowns", count(s.Coordinates))
	if s.Equations > 0 {
		out += fmt.Sprintf(", %s equations", count(s.Equations))
	}
	const most = 1 << 60 // that have a name
	if s.Memory > most {
		return out + fmt.Sprintf(", about %.2g bytes", s.Memory)
	}
	return out + ", about " + convexnn.FormatBytes(s.Memory)
}

// count writes a whole number, a large one in two digits.
func count(v float64) string {
	if v < 1e7 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// A Bound is what a relaxation proves.
type Bound struct {
	// Lower is a proved lower bound on training, from the solver's dual vector, repaired.
	Lower float64
	// Value is the solver's estimate of the relaxation's optimum, good to Residual, the
	// largest of its residuals and gap, relative to Value and at most 1, and not below Lower.
	Value, Residual float64
	Status          convexnn.Status
	Iterations      int
}

// Solve solves the relaxation and proves its bound. The zero settings do. A context that
// ends leaves a weaker bound, with the status convexnn.Stopped. The errors are those of
// [conic.Solve].
func (m *Program) Solve(ctx context.Context, s conic.Settings) (*Bound, error) {
	if m.p.trivial() {
		return &Bound{Lower: m.p.rest, Value: m.p.rest}, nil
	}
	r, err := conic.Solve(ctx, m.Problem, s)
	if err != nil {
		return nil, err
	}
	// Multipliers of the moments are their duals, and are made non-negative: what that
	// costs is in the slack of M, where the limit on the trace pays for it.
	y := append([]float64(nil), r.Y...)
	first := m.slackStart()
	m.Problem.A.All(func(i, j int, _ float64) {
		if j >= first {
			y[i] = max(0, y[i])
		}
	})
	lower, err := conic.Bound(m.Problem, y, r.X, m.Limits)
	if err != nil {
		return nil, err
	}
	out := &Bound{
		Lower: m.p.back(math.Max(0, m.constant+lower)), Value: m.p.back(m.constant + r.Objective), Iterations: r.Iterations,
	}
	out.Value = math.Max(out.Value, out.Lower)
	out.Residual = m.relative(math.Max(r.Gap, math.Max(r.PrimalResidual, r.DualResidual)), out.Value)
	switch r.Status {
	case conic.Solved:
	case conic.Stopped:
		out.Status = convexnn.Stopped
	default:
		out.Status = convexnn.Limited
	}
	return out, nil
}

// relative turns a residual of the solver into one relative to the value. The solver's are
// relative to its objective, which without the constant is far from zero where the value,
// with it, may be close.
func (m *Program) relative(residual, value float64) float64 {
	size := m.p.unit * 0.5
	if residual*size >= value {
		return 1
	}
	return math.Min(1, residual*math.Max(1, size/value))
}

// slackStart is the coordinate of the first entry that must not be negative.
func (m *Program) slackStart() int {
	n := len(m.Problem.C)
	return n - m.Problem.Cones[len(m.Problem.Cones)-1].Size
}
