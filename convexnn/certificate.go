package convexnn

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
)

// CertificateKind is what is known of the optimality of a network. Kinds are
// never mixed: each is a statement of its own.
type CertificateKind string

const (
	// CertifiedExact: no two-layer ReLU network of any width has an objective below
	// LowerBound. The price behind it was computed exactly.
	CertifiedExact CertificateKind = "exact"
	// CertifiedBounded: the same statement, from a proved upper bound of the price
	// that is not closed; a better price would give a better bound.
	CertifiedBounded CertificateKind = "bounded"
	// CertifiedEstimate: LowerBound comes from local search and may be wrong. A
	// weaker search gives a better-looking bound.
	CertifiedEstimate CertificateKind = "estimated"
	// CertifiedProgram: the network is optimal up to ProgramGap for the convex
	// program on the patterns that it was given. A network with other patterns
	// can have a lower objective; nothing is said about these.
	CertifiedProgram CertificateKind = "program"
	// CertifiedFixedWidth: no two-layer ReLU network of at most Neurons neurons has an
	// objective below LowerBound. A wider one can have.
	CertifiedFixedWidth CertificateKind = "fixed-width"
)

// A Certificate says what was proved about a network, and the numbers that prove
// it.
type Certificate struct {
	Loss Loss // of the objective that it speaks of
	Kind CertificateKind

	// LowerBound on the objective of all two-layer ReLU networks, of any width or, for
	// CertifiedFixedWidth, of at most Neurons neurons; not set where Kind is
	// CertifiedProgram.
	LowerBound float64
	// RelativeGap is (objective - LowerBound)/objective, 0 if both are 0; not set
	// where Kind is CertifiedProgram.
	RelativeGap float64
	// Neurons is the width that CertifiedFixedWidth speaks of.
	Neurons int
	// Price of Dual: Price.Upper is at most beta, up to rounding, unless Kind is
	// CertifiedEstimate. It has no Found.
	Price Price
	// Dual (n) is the vector whose bound this is: y'v - |v|^2/2 at v = Dual, y'v for
	// Hinge and HardMargin. For CertifiedProgram see Program.DualBound.
	Dual []float64

	// ProgramObjective is the objective of the program's solution. The network's
	// own objective can be lower, after neurons were merged and resized.
	ProgramObjective float64
	// ProgramBound is the proved lower bound on the optimum of the program. It
	// bounds no network outside the program's patterns.
	ProgramBound float64
	// ProgramGap is (ProgramObjective - ProgramBound)/ProgramObjective, 0 if
	// both are 0.
	ProgramGap float64
	Patterns   int  // activation patterns in the program
	Sampled    bool // whether they are a sample, not given ones
}

// NewCertificate is [Loss.Certificate] of the squared loss.
func NewCertificate(y, v []float64, beta, objective float64, price Price) Certificate {
	return Squared.Certificate(y, v, beta, objective, price)
}

// pricedAt returns what is left of an estimate where a neuron attains more than its price.
func (c Certificate) pricedAt(value float64, y []float64, beta, objective float64) Certificate {
	c.Price.Value = value
	return c.Loss.Certificate(y, c.Dual, beta, objective, c.Price)
}

// refuted returns what is left of an estimate when the neurons of a network are priced at
// its vector too: a bound that is not above the objective of the network, which weak
// duality for these neurons alone makes sure. Nil stays nil.
func (c *Certificate) refuted(net *Network, x *mat.Dense, y []float64, beta, objective float64) *Certificate {
	if c == nil || c.Dual == nil {
		return c
	}
	most := 0.0
	for _, h := range net.Neurons {
		if length := floats.Norm(h.Weights, 2); length > 0 {
			most = max(most, math.Abs(pricing.Value(x, c.Dual, h.Weights))/length)
		}
	}
	if most <= c.Price.Value {
		return c
	}
	out := c.pricedAt(most, y, beta, objective)
	return &out
}

// global reports whether the certificate speaks of all networks.
func (c Certificate) global() bool {
	return c.Kind == CertifiedExact || c.Kind == CertifiedBounded || c.Kind == CertifiedEstimate
}

// Statement returns the certificate as one plain sentence.
func (c Certificate) Statement() string {
	switch {
	case c.global():
		return c.globalStatement()
	case c.Kind == CertifiedFixedWidth:
		return c.widthStatement()
	}
	return c.programStatement()
}

func (c Certificate) widthStatement() string {
	width := "at most one neuron"
	if c.Neurons != 1 {
		width = fmt.Sprintf("at most %d neurons", c.Neurons)
	}
	bound, gap := fmt.Sprintf("%.6g", significant(c.LowerBound, 6, math.Floor)), percent(c.RelativeGap)
	switch {
	case c.LowerBound <= 0 && c.RelativeGap == 0:
		return "Optimal: no objective is below zero."
	case c.LowerBound <= 0:
		return fmt.Sprintf("Nothing of networks of %s: no lower bound above zero was found.", width)
	case c.RelativeGap <= globallyOptimal:
		return fmt.Sprintf("Optimal at this width within %s: no two-layer ReLU network of %s has an objective below %s; wider ones may.", gap, width, bound)
	}
	return fmt.Sprintf("No two-layer ReLU network of %s has an objective below %s (gap %s); wider ones may.", width, bound, gap)
}

func (c Certificate) globalStatement() string {
	below := "has an objective below"
	if c.Loss == HardMargin {
		below = "separates the samples with an objective below"
	}
	bound, gap := fmt.Sprintf("%.6g", significant(c.LowerBound, 6, math.Floor)), percent(c.RelativeGap)
	switch {
	case c.Kind == CertifiedEstimate:
		return fmt.Sprintf("Nothing. Local search suggests that no two-layer ReLU network %s ~%s (gap ~%s); the truth may be lower.", below, bound, gap)
	case c.LowerBound <= 0 && c.Kind == CertifiedBounded && c.RelativeGap > 0:
		return "Nothing: no lower bound above zero was found."
	case c.Kind == CertifiedExact && c.RelativeGap <= globallyOptimal:
		return fmt.Sprintf("Globally optimal within %s: no two-layer ReLU network of any width %s %s.", gap, below, bound)
	}
	return fmt.Sprintf("No two-layer ReLU network of any width %s %s (gap %s).", below, bound, gap)
}

// globallyOptimal is the gap up to which a network may be called that.
const globallyOptimal = 1e-4

func (c Certificate) programStatement() string {
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
	if p = significant(p, 2, math.Ceil); p >= 99.5 {
		return fmt.Sprintf("%.3g %%", min(p, 100))
	}
	return fmt.Sprintf("%.2g %%", p)
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
	if whole := math.Round(scaled); math.Abs(scaled-whole) < 2e-15*whole {
		return whole * unit // a number that is short already, but for rounding
	}
	return round(scaled) * unit
}
