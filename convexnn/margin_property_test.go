package convexnn_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/convexnn"
)

// drawLabels is draw with targets for the losses of classifiers: signs of two classes, and
// sometimes margins other than one.
func drawLabels(k int) (p *naive, names []string, hard bool) {
	p, _, names, hard = draw(k)
	rng := rand.New(rand.NewPCG(uint64(k), 20261129))
	p.intercept = false
	// With hard margins a column that is far longer than others asks for neurons closer to
	// each other than rounding lets prices tell apart.
	hard = hard || slices.Contains(names, "scaled column")
	if len(p.y) == 1 {
		p.x, p.y = append(p.x, scaledBy(-2, p.x[0])), append(p.y, 1)
	}
	margins := rng.IntN(3) == 0
	for i, v := range p.y {
		if v == 0 || rng.IntN(8) == 0 {
			v = float64(2*rng.IntN(2) - 1)
		}
		if p.y[i] = math.Copysign(1, v); margins {
			p.y[i] *= math.Exp(2 * rng.NormFloat64())
		}
	}
	if first := p.y[0]; p.y[1]*first > 0 {
		p.y[1] = -p.y[1]
	}
	signs := make([]float64, len(p.y))
	for i, v := range p.y {
		signs[i] = math.Copysign(1, v)
	}
	most := p.price(signs, 0).value
	if p.beta = 1.1 * math.Pow(10, -4*rng.Float64()) * most; most <= 1e-12*p.scale(signs) {
		p.beta = math.Max(p.scale(signs), 1)
	}
	return p, names, hard
}

// marginTally collects what was seen of many instances, by loss.
type marginTally struct {
	trained, refused, unsolved, bounded [3]int
	above, better                       [3][]float64
}

// check trains on instance k and tests every statement made.
func (s *marginTally) check(t *testing.T, k int) {
	p, names, odd := drawLabels(k)
	for _, loss := range []convexnn.Loss{convexnn.Hinge, convexnn.HardMargin} {
		for _, mode := range modes {
			s.checkLoss(t, p, loss, mode, odd, k, func(format string, args ...any) {
				t.Errorf("instance %d, %v, %v (%s, n=%d, d=%d, beta %g): %s", k, loss, mode, strings.Join(names, ", "),
					len(p.x), len(p.x[0]), p.beta, fmt.Sprintf(format, args...))
			})
		}
	}
}

func (s *marginTally) checkLoss(t *testing.T, p *naive, loss convexnn.Loss, mode convexnn.Mode, odd bool, k int, fail func(string, ...any)) {
	hard := loss == convexnn.HardMargin
	const tolerance = 1e-6
	o := convexnn.Options{Loss: loss, Mode: mode, Tolerance: tolerance}
	find := p.harden
	if !hard {
		o.Beta, find = p.beta, p.soften
	}
	r, err := convexnn.Train(t.Context(), dense(p.x...), p.y, o)
	found := find(rand.New(rand.NewPCG(uint64(k), 20260304)))
	if errors.Is(err, convexnn.ErrNotSeparable) {
		if s.refused[loss]++; found != nil && !odd {
			fail("refused, and there is a network of %g: %v", p.marginObjective(found, true), err)
		}
		return
	}
	if err != nil {
		fail("%v", err)
		return
	}
	s.trained[loss]++
	c := r.Certificate
	if c.Kind != convexnn.CertifiedExact {
		if s.bounded[loss]++; c.Kind != convexnn.CertifiedBounded || !odd {
			fail("the certificate is %v", c.Kind)
		}
	}
	// The objective is that of the network.
	if ours := p.marginObjective(r.Network, hard); !(math.Abs(ours-r.Objective) <= (1e-12+p.marginNoise(r.Network))*ours) && !(math.IsInf(ours, 1) && ours == r.Objective) {
		fail("objective %.15g, by definition %.15g", r.Objective, ours)
	}
	// The dual vector satisfies its constraints and has the value it claims.
	beta, sum := p.beta, 0.0
	if hard {
		beta = 1
	}
	if price := p.price(c.Dual, 0).value; price > beta*(1+1e-9) {
		fail("the dual vector's price is beta (1 + %.3g)", price/beta-1)
	}
	for i, v := range c.Dual {
		if q := v * math.Copysign(1, p.y[i]); q < 0 || !hard && q > 1+1e-15 {
			fail("dual variable %d is %.17g", i, q)
		}
		sum += v * p.y[i]
	}
	if c.LowerBound > sum {
		fail("bound %.17g, the dual vector has %.17g", c.LowerBound, sum)
	}
	// Nobody finds a network below a bound, nor, where it counts as solved, one that is
	// much better.
	other := math.Inf(1)
	if found != nil {
		other = p.marginObjective(found, hard)
	}
	for _, b := range []*convexnn.Certificate{&c, r.Estimate} {
		if b != nil && (b.LowerBound > other*(1+1e-12) || b.LowerBound > r.Objective*(1+1e-12)) {
			fail("%v bound %.17g, and there are networks of %.17g, ours of %.17g", b.Kind, b.LowerBound, other, r.Objective)
		}
	}
	if solved := c.RelativeGap <= tolerance; solved != (r.Status == convexnn.Solved) && r.Estimate == nil {
		fail("%v with the gap %.3g", r.Status, c.RelativeGap)
	} else if solved && r.Objective > other*(1+tolerance) {
		fail("objective %.15g, but there is a network with %.15g", r.Objective, other)
	} else if !solved {
		if s.unsolved[loss]++; !odd {
			fail("unsolved: objective %.15g, another %.15g, bound %.15g, %v, %d rounds", r.Objective, other, c.LowerBound, r.Status, r.Rounds)
		}
	} else {
		s.above[loss] = append(s.above[loss], other/c.LowerBound-1)
		s.better[loss] = append(s.better[loss], other/r.Objective-1)
	}
}

// Rows with one column that is far longer than the others ask for neurons 1e-7 apart, which
// are not taken for one.
func TestNeuronsNearbyAreTwo(t *testing.T) {
	p, _, _ := drawLabels(2631)
	var s marginTally
	s.checkLoss(t, p, convexnn.HardMargin, convexnn.Enumerate, false, 2631, t.Errorf)
	if s.trained[convexnn.HardMargin] != 1 {
		t.Error("there was nothing to train")
	}
}

// Whatever the data, what is said of hinge loss and hard margin holds: by the definitions,
// by brute force over the dual constraint, and against networks that a simplex method
// finds. An instance that fails is tested alone with -instance.
func TestNoMarginCertificateIsWrong(t *testing.T) {
	var s marginTally
	if *instance >= 0 {
		s.check(t, *instance)
		return
	}
	count := *instances / 5
	for k := range count {
		s.check(t, k)
	}
	for _, loss := range []convexnn.Loss{convexnn.Hinge, convexnn.HardMargin} {
		t.Logf("%v: %d trainings, %d refused, %d unsolved, %d bounded; another network over the bound -1: %s; over ours -1: %s", loss,
			s.trained[loss], s.refused[loss], s.unsolved[loss], s.bounded[loss], quantiles(s.above[loss]), quantiles(s.better[loss]))
		// An oracle that finds nothing good would let everything pass.
		if n := len(s.better[loss]); n < count/2 || !(s.better[loss][n*9/10] < 1e-6) {
			t.Errorf("%v: the other networks are poor, or the trainings few (%d): a tenth is more than %.1e above ours", loss, n, s.better[loss][n*9/10])
		}
	}
}
