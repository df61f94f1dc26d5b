package conic

import (
	"math"

	"github.com/pbnjay/memory"
)

// EstimateMemory returns about how many bytes [Solve] takes for the problem, garbage
// included, zero if the problem is invalid. It analyses the structure of the equations,
// which takes little time and memory beside the solution, and sees no values.
func EstimateMemory(p *Problem) float64 {
	if p.Validate() != nil {
		return 0
	}
	q, err := p.Q.symmetric()
	if err != nil {
		return 0
	}
	s := Settings{}.withDefaults()
	return memoryOf(p, newPlan(p, q, s.memoryLimit()), s.Memory)
}

const (
	word    = 8
	garbage = 2 // as much memory again, which waits to be collected
)

func memoryOf(p *Problem, pl *plan, andersonMemory int) float64 {
	steps := float64(max(andersonMemory, 0))
	vectors := (20+2*steps)*float64(len(p.C)) + 12*float64(len(p.B)) + 3*steps*steps
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
