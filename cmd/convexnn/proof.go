package main

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/outputs"
)

// prove prices the dual vector anew, for a network with the given objective: in the
// way and with the effort that the report names, where these are admitted.
func (c *claim) prove(ctx context.Context, s sample, objective float64, cells cellFlags, limit uint64) (convexnn.Certificate, error) {
	if c.outputs() > 1 {
		return c.proveOutputs(ctx, s, objective, cells, limit)
	}
	how, err := c.effort(s, cells, limit)
	if err != nil {
		return convexnn.Certificate{}, err
	}
	verify := func(how *convexnn.PriceSettings) (convexnn.Certificate, error) {
		return convexnn.Verify(ctx, s.x, s.y, c.dual(), *c.Beta, objective, convexnn.VerifySettings{Loss: c.loss, Intercept: *c.Intercept, Price: how})
	}
	if !c.global() || how == nil || how.MaxNodes < 2 {
		return verify(how)
	}
	// Nodes are counted for both signs together. Mostly each had half of them.
	half := *how
	half.MaxNodes /= 2
	proved, err := verify(&half)
	enough := proved.LowerBound >= *c.LowerBound || same(proved.LowerBound, *c.LowerBound)
	if err != nil || ctx.Err() != nil || enough && (c.Certificate != convexnn.CertifiedExact || proved.Kind == convexnn.CertifiedExact) {
		return proved, err
	}
	return verify(how)
}

// mostNodes is the largest tree that a report may ask for.
const mostNodes = 1_000_000

// effort returns how to price the vector of the report, nil where the library may
// choose.
func (c *claim) effort(s sample, cells cellFlags, limit uint64) (*convexnn.PriceSettings, error) {
	p := c.Price
	if p != nil && len(c.Dual) > 0 && p.Method == convexnn.ByTree && p.Value != nil && p.Nodes > 0 {
		// The tree grows as it did for the report if it may pass over what it might
		// then; a quarter more nodes allow for rounding.
		const margin = 64
		floor, nodes := min(max(*p.Value, 0), *c.Beta), min(p.Nodes, mostNodes)
		return &convexnn.PriceSettings{Floor: floor, MaxNodes: nodes + nodes/4 + margin, Seed: c.Seed}, nil
	}
	possible := arrangements.CellBound(s.x)
	if !cells.allows(possible) {
		return c.tree(s), nil
	}
	a, err := arrangements.NewArrangement(s.x)
	switch {
	case err != nil:
		return nil, err
	case limit > 0 && a.Memory() > float64(limit):
		return c.tree(s), nil
	case p != nil && p.Method == convexnn.ByCells:
		// A floor just below beta, so that a price of beta is found and not only
		// bounded.
		return &convexnn.PriceSettings{Floor: *c.Beta * (1 - sameDigits), Cells: a}, nil
	}
	return nil, nil
}

// tree is a price without the cells: sorting, or a branch and bound that takes about
// half a minute.
func (c *claim) tree(s sample) *convexnn.PriceSettings {
	const work, least, most = 50_000_000, 1000, 200_000
	n, d := s.x.Dims()
	return &convexnn.PriceSettings{Floor: *c.Beta, MaxNodes: min(max(work/(n*d), least), most), Seed: c.Seed}
}

// centered returns v, with a number for each row and output, with the mean of each output
// taken off.
func (c *claim) centered(v []float64) []float64 {
	out, width := append([]float64(nil), v...), c.outputs()
	column := make([]float64, len(v)/width)
	for l := range width {
		for i := range column {
			column[i] = v[i*width+l]
		}
		mean := stat.Mean(column, nil)
		for i := range column {
			out[i*width+l] -= mean
		}
	}
	return out
}

// sameDigits is the relative difference up to which numbers of two computations
// count as the same.
const sameDigits = 1e-7

func same(a, b float64) bool { return math.Abs(a-b) <= sameDigits*max(math.Abs(a), math.Abs(b)) }

// contradiction says in what the numbers of the report contradict each other.
func (c *claim) contradiction() string {
	text := c.badBracket()
	if text == "" && c.global() {
		text = c.badPrice()
	}
	if text == "" {
		return ""
	}
	return "the report contradicts itself: " + text
}

// badBracket looks at the objectives and bounds.
func (c *claim) badBracket() string {
	objective, loss := *c.Objective, *c.TrainingLoss
	if !(objective >= 0 && loss >= 0 && loss <= objective*(1+sameDigits)) {
		return fmt.Sprintf("an objective of %.9g with a loss of %.9g", objective, loss)
	}
	if c.BetterObjective != nil && !(*c.BetterObjective < objective) {
		return fmt.Sprintf("a better network with the objective %.9g, which is not below %.9g", *c.BetterObjective, objective)
	}
	if text := c.badBound(); text != "" {
		return text
	}
	return c.badEstimate()
}

// badBound looks at the bound that is claimed to be proved.
func (c *claim) badBound() string {
	if !c.global() {
		return ""
	}
	switch objective, bound, gap := *c.Objective, *c.LowerBound, *c.RelativeGap; {
	case bound > objective*(1+sameDigits):
		return fmt.Sprintf("a lower bound of %.9g above its objective of %.9g", bound, objective)
	case badGap(objective, bound, gap):
		return fmt.Sprintf("from %.9g to %.9g the gap is not %.3g", bound, objective, gap)
	case c.OwnBound != nil && *c.OwnBound > bound*(1+sameDigits):
		return fmt.Sprintf("an own_bound of %.9g above the lower bound of %.9g", *c.OwnBound, bound)
	case c.BetterObjective != nil && *c.BetterObjective < bound*(1-sameDigits):
		return fmt.Sprintf("a better network with the objective %.9g below the lower bound of %.9g", *c.BetterObjective, bound)
	}
	return ""
}

// badEstimate looks at the estimated bound: nothing checks it, but it has a place.
func (c *claim) badEstimate() string {
	switch {
	case (c.EstimatedBound == nil) != (c.EstimatedGap == nil):
		return "an estimated bound without its gap, or the gap without the bound"
	case c.EstimatedBound == nil:
		return ""
	}
	bound, objective := 0.0, *c.Objective
	if c.global() {
		bound = *c.LowerBound
	}
	least := objective
	if c.BetterObjective != nil {
		least = *c.BetterObjective
	}
	switch estimate := *c.EstimatedBound; {
	case !(estimate > bound && estimate <= least*(1+sameDigits)):
		return fmt.Sprintf("an estimated bound of %.9g, which is not between the lower bound of %.9g and the objective %.9g", estimate, bound, least)
	case badGap(objective, estimate, *c.EstimatedGap):
		return fmt.Sprintf("from %.9g to %.9g the estimated gap is not %.3g", estimate, objective, *c.EstimatedGap)
	}
	return ""
}

// badGap reports whether gap is not the relative gap of the bracket.
func badGap(objective, bound, gap float64) bool {
	return math.Abs(gap*objective-max(objective-bound, 0)) > sameDigits*objective
}

// badPrice looks at the price behind a bound on all networks.
func (c *claim) badPrice() string {
	p, beta := c.Price, *c.Beta
	if *c.LowerBound <= 0 {
		return "" // nothing hangs on it
	}
	if p == nil {
		return "a lower bound without the price of its dual vector"
	}
	switch p.Method {
	case convexnn.BySorting, convexnn.ByCells, convexnn.ByTree:
	case outputs.ByNorms:
		if c.outputs() == 1 {
			return "a price by norms, which is for several outputs"
		}
	case convexnn.ByAscent:
		return "a lower bound from local search only, which proves none"
	default:
		return fmt.Sprintf("a price by %.40q, which this program does not know", string(p.Method))
	}
	switch {
	case p.Kind != c.Certificate:
		return fmt.Sprintf("the certificate is %s, and the price behind it is %.40q", c.Certificate, string(p.Kind))
	case p.Value == nil || p.Upper == nil:
		return "a lower bound from a price that is not bounded"
	case *p.Value < 0 || *p.Value > *p.Upper*(1+sameDigits):
		return fmt.Sprintf("a price of at least %.9g and at most %.9g", *p.Value, *p.Upper)
	case *p.Upper > beta*(1+sameDigits):
		return fmt.Sprintf("a dual vector with a price of up to %.9g, which is above beta = %.9g and so proves nothing", *p.Upper, beta)
	}
	return ""
}

// foreign says why the dual vector cannot belong to the data and the bound. A
// report is honest about at least its own numbers, so that a bound which merely
// happens to hold shows that the data are others.
func (c *claim) foreign(s sample, proved convexnn.Certificate) string {
	if !c.global() || len(c.Dual) == 0 {
		return ""
	}
	y, v := c.targets(s), c.dual()
	if *c.Intercept {
		y, v = c.centered(y), c.centered(v)
	}
	// Where beta is tiny, so is V, and what y'V rounds to is more than digits of |V|^2.
	const rounding = 1e-13
	allowed := sameDigits*floats.Dot(v, v) + rounding*floats.Norm(y, 2)*floats.Norm(v, 2)
	if value := c.loss.DualObjective(y, v); math.Abs(value-*c.LowerBound) > allowed {
		return fmt.Sprintf("with these data the dual vector of the report has the value %.9g, not %.9g; are they the data of the report?", value, *c.LowerBound)
	}
	p, now := c.Price, c.found(proved)
	if p == nil || p.Value == nil || p.Upper == nil || !(now.Upper > 0) {
		return ""
	}
	// Below beta a search may pass over what there is.
	switch most := max(now.Upper, *c.Beta); {
	case *p.Value > most*(1+sameDigits):
		return fmt.Sprintf("with these data the price of the dual vector is at most %.9g, not %.9g; are they the data of the report?", now.Upper, *p.Value)
	case *p.Upper < now.Value*(1-sameDigits):
		return fmt.Sprintf("the report bounds the price of its dual vector by %.9g, and a neuron attains %.9g", *p.Upper, now.Value)
	case p.Method == convexnn.ByCells && now.Method == convexnn.ByCells && now.Kind == convexnn.CertifiedExact && p.Cells != now.Cells:
		return fmt.Sprintf("the report priced over %d activation patterns, and there are %d", p.Cells, now.Cells)
	}
	return ""
}

// found returns the price of the vector as the report has it. The one of a
// certificate is scaled along with its vector.
func (c *claim) found(proved convexnn.Certificate) convexnn.Price {
	p, v := proved.Price, c.dual()
	if *c.Intercept {
		v = c.centered(v)
	}
	scale := floats.Norm(proved.Dual, 2) / floats.Norm(v, 2)
	if !(scale > 0) {
		return convexnn.Price{}
	}
	p.Value /= scale
	p.Upper /= scale
	return p
}

// untrue says which other entry of the report is not what the data, and the report's
// own numbers, make it.
func (c *claim) untrue(s sample) string {
	rank, possible := arrangements.Rank(s.x), arrangements.CellBound(s.x)
	switch {
	case c.Rank != nil && *c.Rank != rank:
		return fmt.Sprintf("the report says that the rank is %d, and it is %d", *c.Rank, rank)
	case c.PatternsPossible != nil && c.PatternsPossible.Cmp(possible) != 0:
		return fmt.Sprintf("the report says that %v patterns are possible, and it is %v", count{c.PatternsPossible}, count{possible})
	case c.Price != nil && c.Price.Method == convexnn.BySorting && rank > 2:
		return fmt.Sprintf("the report priced by sorting, and that needs data of rank two, not %d", rank)
	case c.misquoted() && c.Version == version():
		return fmt.Sprintf("the statement of the report is not what its numbers say; they say: %s", c.sentence())
	}
	return ""
}

// sentence is the statement that the numbers of a report on all networks make.
func (c *claim) sentence() string {
	return convexnn.Certificate{Loss: c.loss, Kind: c.Certificate, LowerBound: *c.LowerBound, RelativeGap: *c.RelativeGap}.Statement()
}

// misquoted reports whether the report states something else than its sentence.
func (c *claim) misquoted() bool {
	return c.global() && c.Statement != nil && *c.Statement != c.sentence()
}
