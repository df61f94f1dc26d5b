package conic

import "fmt"

// Settings steer [Solve]. The zero value works.
type Settings struct {
	// Tolerance of the relative primal residual, dual residual and gap, as they are
	// defined at [Result]; 0 means 1e-6.
	Tolerance float64
	// InfeasibilityTolerance of certificates, see [Result.Certificate]; 0 means 1e-7.
	InfeasibilityTolerance float64
	// MaxIterations; 0 means 20000.
	MaxIterations int
	// Rho is the first penalty parameter, in the units of the equilibrated problem; 0
	// means that of Start, or 0.2. It is adapted as the solve goes on.
	Rho float64
	// Relaxation in (0, 2); 0 means 1.6.
	Relaxation float64
	// MaxFactorisations bounds how often rho may change where that costs a
	// factorisation, which it does if there is a Q; 0 means 20.
	MaxFactorisations int
	// Memory of the Anderson acceleration; 0 means 30, negative switches it off.
	Memory int
	// CheckEvery is the number of iterations from one test of the residuals to the next;
	// 0 means 10.
	CheckEvery int
	// Start, if set, is where to begin: [Result.Start] of a similar problem with the same
	// cones.
	Start *Start
	// MemoryLimit in bytes, with [EstimateMemory]; 0 means half of the machine's.
	MemoryLimit uint64
	// Progress, if set, is called at each test of the residuals.
	Progress func(Progress)
}

// Progress is what each test of the residuals reports, relative as in [Result].
type Progress struct {
	Iteration         int
	Rho               float64
	Primal, Dual, Gap float64
	Objective         float64
}

// A Start is a point to start from. A missing X or S counts as zero.
type Start struct {
	X, S []float64 // n: primal point, and slack in the dual cone
	Rho  float64   // 0 for the default
}

// Status says how a solve ended.
type Status int

const (
	// Solved: residuals and gap are within Tolerance, in the units given and in those of
	// the equilibrated problem.
	Solved Status = iota
	// Infeasible: Certificate shows that no x is feasible.
	Infeasible
	// Unbounded: Certificate is a direction along which the objective falls for ever. If
	// any x is feasible, the problem has no minimum.
	Unbounded
	// Limited: MaxIterations were done first.
	Limited
	// Stopped: the context ended first.
	Stopped
)

// String returns a short name: solved, infeasible, unbounded, limited or stopped.
func (s Status) String() string {
	switch s {
	case Solved:
		return "solved"
	case Infeasible:
		return "infeasible"
	case Unbounded:
		return "unbounded"
	case Limited:
		return "limited"
	default:
		return "stopped"
	}
}

// A Result is the end of a solve. X lies in the cones and S in their duals, and they are
// orthogonal cone by cone, all up to rounding; the residuals say how far the equations
// hold. For Limited and Stopped it is the best point of all tests, by the largest of
// the three numbers.
type Result struct {
	X []float64 // n
	Y []float64 // m: multipliers of Ax = b
	S []float64 // n: slack c + Qx - A'y

	Status Status
	// Objective is <c,x> + 1/2 x'Qx, Dual is b'y - 1/2 x'Qx. As X and Y are feasible up to
	// residuals only, neither bounds the optimum; [Bound] does.
	Objective, Dual float64
	// PrimalResidual is the largest entry of Ax - b over that of Ax and b, DualResidual the
	// same for c + Qx - A'y - s, and Gap is |Objective - Dual| over the larger of the two.
	// What is less than one in a denominator counts as one.
	PrimalResidual, DualResidual, Gap float64
	// Certificate, for Infeasible, is a y (m) with b'y = 1 for which -A'y is in the dual
	// cone up to a distance of CertificateResidual: no feasible x is shorter than its
	// inverse. For Unbounded it is an x (n) in the cones with <c, x> = -1, and
	// CertificateResidual the length of (Ax, Qx). In the units of the equilibrated problem
	// it is at most InfeasibilityTolerance, also relative to the largest entry of each
	// matrix times the sum of absolute values of the certificate.
	Certificate         []float64
	CertificateResidual float64

	Iterations     int
	Factorisations int
	Rho            float64 // the last
}

// Start returns the end of this solve as the start of another.
func (r *Result) Start() *Start { return &Start{X: r.X, S: r.S, Rho: r.Rho} }

func (s Settings) withDefaults() Settings {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	deff := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	deff(&s.Tolerance, 1e-6)
	deff(&s.InfeasibilityTolerance, 1e-7)
	def(&s.MaxIterations, 20000)
	if s.Start != nil {
		deff(&s.Rho, s.Start.Rho)
	}
	deff(&s.Rho, 0.2)
	deff(&s.Relaxation, 1.6)
	def(&s.MaxFactorisations, 20)
	def(&s.Memory, 30)
	def(&s.CheckEvery, 10)
	return s
}

// validate refuses settings that make no sense.
func (s Settings) validate(p *Problem) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch {
	case !(s.Tolerance > 0):
		return fail("Tolerance is %v, which is not positive", s.Tolerance)
	case !(s.InfeasibilityTolerance > 0):
		return fail("InfeasibilityTolerance is %v, which is not positive", s.InfeasibilityTolerance)
	case !(s.Rho > 0) || !finite(s.Rho):
		return fail("Rho is %v, which is not positive", s.Rho)
	case !(s.Relaxation > 0 && s.Relaxation < 2):
		return fail("Relaxation is %v, which is not between 0 and 2", s.Relaxation)
	case s.MaxIterations < 0 || s.CheckEvery < 0:
		return fail("MaxIterations and CheckEvery are %d and %d; neither may be negative", s.MaxIterations, s.CheckEvery)
	}
	if s.Start != nil {
		for k, v := range [][]float64{s.Start.X, s.Start.S} {
			name := string("XS"[k])
			if v != nil && len(v) != len(p.C) {
				return fail("Start.%s has %d entries, the problem has %d coordinates", name, len(v), len(p.C))
			}
			for j, x := range v {
				if !finite(x) {
					return fail("Start.%s[%d] is %v", name, j, x)
				}
			}
		}
	}
	return nil
}
