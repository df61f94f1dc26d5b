package conic

import (
	"fmt"
	"math"

	"github.com/pbnjay/memory"
)

// EstimateMemory returns about how many bytes [Solve] takes for the problem, garbage
// included, zero if the problem is invalid. It analyses the structure of the equations, which takes little time and
// memory beside the solution, and sees no values.
func EstimateMemory(p *Problem) float64 {
	if p.Validate() != nil {
		return 0
	}
	q, err := p.Q.symmetric()
	if err != nil {
		return 0
	}
	return memoryOf(p, newPlan(p, q), Settings{}.withDefaults().Memory)
}

func memoryOf(p *Problem, pl *plan, andersonMemory int) float64 {
	const word, garbage = 8, 2
	vectors := float64(20+2*max(andersonMemory, 0))*float64(len(p.C)) + 12*float64(len(p.B))
	entries := 8 * float64(p.A.count()+p.Q.count())
	spectra := 0.0
	for _, c := range p.Cones {
		if c.Kind == Semidefinite {
			square := float64(c.Size) * float64(c.Size)
			spectra += 6 * square // of iterates and of certificates
			if c.Size >= partialOrder {
				spectra += 8 * square
			}
		}
	}
	return garbage * (word*(vectors+entries+spectra) + pl.memory())
}

func (s Settings) memoryLimit() float64 {
	if s.MemoryLimit > 0 {
		return float64(s.MemoryLimit)
	}
	if total := memory.TotalMemory(); total > 0 {
		return float64(total) / 2
	}
	return math.Inf(1) // a system that does not say
}

// check refuses settings that make no sense.
func (s Settings) check(p *Problem) error {
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
		for name, v := range map[string][]float64{"X": s.Start.X, "S": s.Start.S} {
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
