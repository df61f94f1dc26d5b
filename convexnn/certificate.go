package convexnn

import (
	"fmt"
	"math"
)

// CertificateKind is what is known of the optimality of a network. Kinds are
// never mixed: each is a statement of its own.
type CertificateKind string

const (
	// CertifiedProgram: the network is optimal up to ProgramGap for the convex
	// program on the patterns that it was given. A network with other patterns
	// can have a lower objective; nothing is said about these.
	CertifiedProgram CertificateKind = "program"
)

// A Certificate says what was proved about a network, and the numbers that prove
// it.
type Certificate struct {
	Kind CertificateKind
	// ProgramObjective is the objective of the program's solution. The network's
	// own objective can be lower, after neurons were merged and resized.
	ProgramObjective float64
	// ProgramBound is the proved lower bound on the optimum of the program. It
	// bounds no network outside the program's patterns.
	ProgramBound float64
	// ProgramGap is (ProgramObjective - ProgramBound)/ProgramObjective, 0 if
	// both are 0.
	ProgramGap float64
	Patterns   int       // activation patterns in the program
	Sampled    bool      // whether they are a sample, not given ones
	Dual       []float64 // n: the vector that proves ProgramBound, see Program.DualBound
}

// Statement returns the certificate as one plain sentence.
func (c Certificate) Statement() string {
	origin := "given"
	if c.Sampled {
		origin = "sampled"
	}
	switch {
	case c.Patterns == 0 && c.ProgramGap > 0:
		return "Nothing is known of the optimum: training ended before any activation pattern was found."
	case c.Patterns == 0 && !c.Sampled:
		return "The given gates are active on no sample; nothing is known of networks with other patterns."
	case c.Patterns == 0:
		return "Optimal: all samples are zero, so that no neuron can help."
	}
	patterns := fmt.Sprintf("the %d %s activation patterns", c.Patterns, origin)
	if c.Patterns == 1 {
		patterns = fmt.Sprintf("the one %s activation pattern", origin)
	}
	return fmt.Sprintf("No weights on %s have an objective below %.6g (gap %s); networks with other patterns may.",
		patterns, significant(c.ProgramBound, 6, math.Floor), percent(c.ProgramGap))
}

// percent writes a gap with two digits, and never as less than it is.
func percent(gap float64) string {
	p := 100 * gap
	if p <= 1e-3 {
		return "0.001 %"
	}
	return fmt.Sprintf("%.2g %%", significant(p, 2, math.Ceil))
}

// significant rounds v >= 0 to the given number of digits by round, math.Floor or
// math.Ceil.
func significant(v float64, digits int, round func(float64) float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))+1-float64(digits))
	if unit == 0 || math.IsInf(unit, 0) {
		return v
	}
	scaled := v / unit
	if whole := math.Round(scaled); math.Abs(scaled-whole) < 1e-9*whole {
		return whole * unit // a number that is short already, but for rounding
	}
	return round(scaled) * unit
}
