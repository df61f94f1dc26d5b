package convexnn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

func certify(t *testing.T, x *mat.Dense, y []float64, net *convexnn.Network, beta float64, settings convexnn.CertifySettings) *convexnn.Certification {
	t.Helper()
	c, err := convexnn.Certify(t.Context(), x, y, net, beta, settings)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// problem is the same for the brute force.
func problem(x *mat.Dense, y []float64, beta float64, intercept bool) *naive {
	p := &naive{y: y, beta: beta, intercept: intercept}
	n, _ := x.Dims()
	for i := range n {
		p.x = append(p.x, mat.Row(nil, i, x))
	}
	return p
}

// isConsistent fails unless the certification of net holds whatever the optimum is:
// objectives are those of the networks, bounds are below all of them, and the dual
// vector proves what is said.
func isConsistent(t *testing.T, what string, p *naive, net *convexnn.Network, c *convexnn.Certification) {
	t.Helper()
	objective, noise := p.objective(net)
	if math.Abs(c.Objective-objective) > 1e-12*objective+noise {
		t.Errorf("%s: objective %.15g, by definition %.15g", what, c.Objective, objective)
	}
	penalty := 0.0
	for _, h := range net.Neurons {
		penalty += length(h.Weights) * math.Abs(h.Output)
	}
	if math.Abs(c.TrainingLoss+p.beta*penalty-objective) > 1e-12*objective+noise {
		t.Errorf("%s: training loss %.15g of %.15g", what, c.TrainingLoss, objective)
	}
	best := c.Objective
	if c.Better != nil {
		best, _ = p.objective(c.Better)
		if !(best < c.Objective) || c.Better.Intercept != 0 && !p.intercept && net.Intercept == 0 {
			t.Errorf("%s: the better network has %.12g, the given one %.12g", what, best, c.Objective)
		}
	}
	if math.Abs(c.BetterObjective-best) > 1e-12*best+noise {
		t.Errorf("%s: the better network's objective is %.15g, by definition %.15g", what, c.BetterObjective, best)
	}
	bound := c.Certificate.LowerBound
	if c.OwnBound > bound || bound > best*(1+1e-12) || bound < 0 {
		t.Errorf("%s: own bound %.12g, bound %.12g, best network %.12g", what, c.OwnBound, bound, best)
	}
	if gap := (c.Objective - bound) / c.Objective; c.Objective > 0 && math.Abs(c.Certificate.RelativeGap-gap) > 1e-12 {
		t.Errorf("%s: gap %g, by definition %g", what, c.Certificate.RelativeGap, gap)
	}
	if value := p.bound(c.Certificate.Dual); bound > math.Max(0, value) {
		t.Errorf("%s: bound %.17g, the dual vector has %.17g", what, bound, value)
	}
	if c.Estimate != nil && (c.Estimate.LowerBound > best || c.Estimate.LowerBound <= bound || c.Estimate.Kind != convexnn.CertifiedEstimate) {
		t.Errorf("%s: estimate %.12g (%v), bound %.12g, best network %.12g", what, c.Estimate.LowerBound, c.Estimate.Kind, bound, best)
	}
}

// xorNetworks are networks of many kinds on XOR with a bias.
func xorNetworks(t *testing.T, x *mat.Dense, y []float64, beta float64) map[string]*convexnn.Network {
	rng := rand.New(rand.NewPCG(3, 1))
	gaussian := func(width int) *convexnn.Network {
		net := &convexnn.Network{Dim: 3}
		for range width {
			net.Neurons = append(net.Neurons, convexnn.Neuron{
				Weights: []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}, Output: rng.NormFloat64() / float64(width),
			})
		}
		return net
	}
	optimum := train(t, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: beta, Tolerance: 1e-10}).Network
	scaled := &convexnn.Network{Dim: 3}
	for _, h := range optimum.Neurons {
		scaled.Neurons = append(scaled.Neurons, convexnn.Neuron{Weights: h.Weights, Output: 1.1 * h.Output})
	}
	dead := &convexnn.Network{Dim: 3, Neurons: append([]convexnn.Neuron{
		{Weights: []float64{-1, -1, -1}, Output: 5}, // active nowhere
		{Weights: []float64{0, 0, 0}, Output: 1},
		{Weights: []float64{1, 0, 0}, Output: 0},
	}, optimum.Neurons...)}
	return map[string]*convexnn.Network{
		"optimum": optimum, "scaled": scaled, "with dead neurons": dead, "zero": {Dim: 3},
		"one neuron": gaussian(1), "random": gaussian(5), "wide": gaussian(200),
		// (1, 1, -1) is orthogonal to the samples (0, 1, 1) and (1, 0, 1).
		"on two hyperplanes": {Dim: 3, Neurons: []convexnn.Neuron{{Weights: []float64{1, 1, -1}, Output: -1}}},
		"huge":               {Dim: 3, Neurons: []convexnn.Neuron{{Weights: []float64{1e8, 0, 1}, Output: -1e8}}},
	}
}

// Whatever network comes, it is bracketed by the closed form's optimum: bound <= p*
// <= objective.
func TestCertifyOnXOR(t *testing.T) {
	x, y, beta := dense(xorX...), []float64{-1, 1, 1, -1}, 0.1
	want := xorOptimum(beta)
	p := problem(x, y, beta, false)
	for name, net := range xorNetworks(t, x, y, beta) {
		c := certify(t, x, y, net, beta, convexnn.CertifySettings{})
		isConsistent(t, name, p, net, c)
		if c.Certificate.Kind != convexnn.CertifiedExact || c.Status != convexnn.Solved || c.Estimate != nil {
			t.Errorf("%s: %v, %v, estimate %v", name, c.Certificate.Kind, c.Status, c.Estimate)
		}
		if c.Certificate.LowerBound > want || c.Objective < want*(1-1e-12) {
			t.Errorf("%s: [%.12g, %.12g] excludes %.12g", name, c.Certificate.LowerBound, c.Objective, want)
		}
		if c.BetterObjective > want*(1+1e-3) || c.Certificate.LowerBound < want*(1-1e-3)*(1-1e-3) {
			t.Errorf("%s: bracket [%.9g, %.9g] of %.9g", name, c.Certificate.LowerBound, c.BetterObjective, want)
		}
		if c.Rank != 3 || c.PatternsPossible.Int64() != 14 {
			t.Errorf("%s: rank %d, at most %v patterns", name, c.Rank, c.PatternsPossible)
		}
		// Without rounds the network's own residual has to do.
		own := certify(t, x, y, net, beta, convexnn.CertifySettings{MaxRounds: -1})
		isConsistent(t, name+" alone", p, net, own)
		if own.Certificate.LowerBound != own.OwnBound || own.OwnBound != c.OwnBound || own.Better != nil || own.Rounds != 0 {
			t.Errorf("%s: own bound %.12g, then %.12g as bound %.12g after %d rounds", name, c.OwnBound, own.OwnBound, own.Certificate.LowerBound, own.Rounds)
		}
	}
}

// The optimum is known as such by its own residual.
func TestCertifyOptimum(t *testing.T) {
	x, y, beta := dense(xorX...), []float64{-1, 1, 1, -1}, 0.1
	net := train(t, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: beta, Tolerance: 1e-10}).Network
	c := certify(t, x, y, net, beta, convexnn.CertifySettings{Tolerance: 1e-9})
	if c.Certificate.RelativeGap > 1e-6 || c.OwnBound < c.Objective*(1-1e-4) || c.Status != convexnn.Solved {
		t.Errorf("gap %g, own bound %.12g of %.12g, %v", c.Certificate.RelativeGap, c.OwnBound, c.Objective, c.Status)
	}
}

// The zero network is optimal from beta_max on, and its residual, y, says so.
func TestCertifyZeroNetwork(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	for _, beta := range []float64{0.71, 1, 100} {
		c := certify(t, x, y, &convexnn.Network{Dim: 3}, beta, convexnn.CertifySettings{})
		if c.Objective != 2 || c.OwnBound > 2 || c.OwnBound < 2*(1-1e-12) || c.Better != nil {
			t.Errorf("beta %g: objective %g, own bound %.15g", beta, c.Objective, c.OwnBound)
		}
	}
}

// With an intercept the bound is one over networks with one, whose optimum is lower.
func TestCertifyIntercept(t *testing.T) {
	var traces []exactTrace
	if err := json.Unmarshal(read(t, "exact.json"), &traces); err != nil {
		t.Fatal(err)
	}
	for k, tr := range traces {
		x, p := dense(tr.X...), &naive{x: tr.X, y: tr.Y, beta: tr.Beta, intercept: tr.Intercept}
		net := &convexnn.Network{Dim: len(tr.X[0]), Neurons: []convexnn.Neuron{{Weights: tr.X[0], Output: 0.1}}}
		if tr.Intercept && k%2 == 0 {
			net.Intercept = 0.5 // implies the setting
		}
		what := fmt.Sprintf("trace %d (%s, intercept %v)", k, tr.Kind, tr.Intercept)
		c := certify(t, x, tr.Y, net, tr.Beta, convexnn.CertifySettings{Intercept: tr.Intercept, Tolerance: 1e-5})
		isConsistent(t, what, p, net, c)
		if c.Certificate.LowerBound > tr.Primal*(1+1e-9) || c.BetterObjective < tr.Dual*(1-1e-9) || c.BetterObjective > tr.Primal*(1+1e-5) {
			t.Errorf("%s: [%.12g, %.12g] against [%.12g, %.12g]", what, c.Certificate.LowerBound, c.BetterObjective, tr.Dual, tr.Primal)
		}
	}
}

// Where the cells are too many, what is proved and what is found hold all the same.
func TestCertifyWithManyCells(t *testing.T) {
	x, y := sine(8, 60, 12)
	rng := rand.New(rand.NewPCG(8, 2))
	net := &convexnn.Network{Dim: 12}
	for range 10 {
		h := convexnn.Neuron{Weights: make([]float64, 12), Output: 0.1 * rng.NormFloat64()}
		for k := range h.Weights {
			h.Weights[k] = rng.NormFloat64()
		}
		net.Neurons = append(net.Neurons, h)
	}
	most, err := convexnn.FindBetaMax(t.Context(), x, y, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, ratio := range []float64{0.7, 0.1} {
		// The tree is short at the first, and does not close in time at the second.
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		beta := ratio * most.Value
		what := fmt.Sprint("many cells at beta ", beta)
		c, err := convexnn.Certify(ctx, x, y, net, beta, convexnn.CertifySettings{MaxRounds: 4})
		if err != nil {
			t.Fatal(err)
		}
		isConsistent(t, what, problem(x, y, beta, false), net, c)
		if c.Certificate.Kind != convexnn.CertifiedExact && c.Certificate.Kind != convexnn.CertifiedBounded {
			t.Errorf("%s: the certificate is %v", what, c.Certificate.Kind)
		}
		// Another network, by sampled patterns, is no lower than the bound either.
		other := train(t, x, y, convexnn.Options{Beta: beta, Patterns: 60})
		if c.Certificate.LowerBound > other.Objective {
			t.Errorf("%s: bound %.12g, a network has %.12g", what, c.Certificate.LowerBound, other.Objective)
		}
	}
}

func TestCertifyStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	for name, net := range xorNetworks(t, x, y, 0.1) {
		c, err := convexnn.Certify(ctx, x, y, net, 0.1, convexnn.CertifySettings{})
		if err != nil {
			t.Fatal(err)
		}
		isConsistent(t, "stopped "+name, problem(x, y, 0.1, false), net, c)
		if c.Certificate.LowerBound > xorOptimum(0.1) {
			t.Errorf("%s: bound %.12g over the optimum", name, c.Certificate.LowerBound)
		}
		if c.Status != convexnn.Stopped && c.Certificate.RelativeGap > 1e-3 {
			t.Errorf("%s: %v with the gap %g", name, c.Status, c.Certificate.RelativeGap)
		}
	}
}

func TestCertifyAndVerifyRefuse(t *testing.T) {
	x, y := dense(xorX...), []float64{-1, 1, 1, -1}
	nan, inf := math.NaN(), math.Inf(1)
	net := &convexnn.Network{Dim: 3}
	for _, c := range []struct {
		name string
		x    *mat.Dense
		y    []float64
		net  *convexnn.Network
		beta float64
		tol  float64
		want error
	}{
		{"gated", x, y, &convexnn.Network{Dim: 3, Model: convexnn.Gated}, 1, 0, convexnn.ErrModel},
		{"inputs", x, y, &convexnn.Network{Dim: 2}, 1, 0, convexnn.ErrShape},
		{"targets", x, y[:3], net, 1, 0, convexnn.ErrShape},
		{"no data", nil, y, net, 1, 0, convexnn.ErrShape},
		{"NaN in X", dense([]float64{nan, 0, 0}), y[:1], net, 1, 0, convexnn.ErrNotFinite},
		{"infinite y", x, []float64{1, 2, inf, 3}, net, 1, 0, convexnn.ErrNotFinite},
		{"beta 0", x, y, net, 0, 0, convexnn.ErrBeta},
		{"negative beta", x, y, net, -1, 0, convexnn.ErrBeta},
		{"NaN beta", x, y, net, nan, 0, convexnn.ErrBeta},
		{"infinite beta", x, y, net, inf, 0, convexnn.ErrBeta},
		{"tolerance", x, y, net, 1, -1, convexnn.ErrTolerance},
		{"NaN tolerance", x, y, net, 1, nan, convexnn.ErrTolerance},
	} {
		if _, err := convexnn.Certify(t.Context(), c.x, c.y, c.net, c.beta, convexnn.CertifySettings{Tolerance: c.tol}); !errors.Is(err, c.want) {
			t.Errorf("%s: Certify returns %v, want %v", c.name, err, c.want)
		}
	}
	for _, c := range []struct {
		name string
		x    *mat.Dense
		y, v []float64
		beta float64
		want error
	}{
		{"short v", x, y, y[:3], 1, convexnn.ErrShape},
		{"no v", x, y, nil, 1, convexnn.ErrShape},
		{"targets", x, y[:3], y, 1, convexnn.ErrShape},
		{"NaN in v", x, y, []float64{1, nan, 0, 0}, 1, convexnn.ErrNotFinite},
		{"infinite v", x, y, []float64{1, -inf, 0, 0}, 1, convexnn.ErrNotFinite},
		{"beta", x, y, y, -1, convexnn.ErrBeta},
	} {
		if _, err := convexnn.Verify(t.Context(), c.x, c.y, c.v, c.beta, 2, convexnn.VerifySettings{}); !errors.Is(err, c.want) {
			t.Errorf("%s: Verify returns %v, want %v", c.name, err, c.want)
		}
	}
}

// What Train proves, Verify re-derives; and what any other vector proves is what the
// brute force allows.
func TestVerify(t *testing.T) {
	var traces []exactTrace
	if err := json.Unmarshal(read(t, "exact.json"), &traces); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for k, tr := range traces {
		x, p := dense(tr.X...), &naive{x: tr.X, y: tr.Y, beta: tr.Beta, intercept: tr.Intercept}
		what := fmt.Sprintf("trace %d (%s, intercept %v)", k, tr.Kind, tr.Intercept)
		verify := func(v []float64, objective float64) convexnn.Certificate {
			c, err := convexnn.Verify(t.Context(), x, tr.Y, v, tr.Beta, objective, convexnn.VerifySettings{Intercept: tr.Intercept})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		r := train(t, x, tr.Y, convexnn.Options{Mode: convexnn.Enumerate, Beta: tr.Beta, Intercept: tr.Intercept})
		want := r.Certificate
		got := verify(want.Dual, r.Objective)
		if got.Kind != convexnn.CertifiedExact || math.Abs(got.LowerBound-want.LowerBound) > 1e-11*want.LowerBound || math.Abs(got.RelativeGap-want.RelativeGap) > 1e-11 {
			t.Errorf("%s: %v %.15g, Train says %.15g", what, got.Kind, got.LowerBound, want.LowerBound)
		}
		for _, size := range []float64{0, 1e-6, 0.1, 1, 10} {
			v := make([]float64, len(tr.Y))
			for i := range v {
				v[i] = want.Dual[i]*rng.Float64() + size*rng.NormFloat64()
			}
			c := verify(v, r.Objective)
			if c.LowerBound > tr.Primal*(1+1e-9) {
				t.Errorf("%s: a random vector proves %.12g, over the optimum %.12g", what, c.LowerBound, tr.Primal)
			}
			// The best multiple of v under the constraint. A price below beta need not
			// be known, and then v need not be scaled up.
			w := v
			if tr.Intercept {
				w = without(v)
			}
			price := p.price(w, 0).value
			along, energy := inner(p.target(), w), inner(w, w)
			best := func(price float64) float64 {
				s := math.Max(0, math.Min(along/energy, tr.Beta/price))
				return s*along - s*s*energy/2
			}
			slack := 1e-9*best(price) + 1e-13*energy
			if c.LowerBound > best(price)+slack || c.LowerBound < best(math.Max(price, tr.Beta))-slack {
				t.Errorf("%s: a random vector proves %.12g, by brute force %.12g", what, c.LowerBound, best(price))
			}
		}
		if c := verify(make([]float64, len(tr.Y)), r.Objective); c.LowerBound != 0 {
			t.Errorf("%s: the zero vector proves %g", what, c.LowerBound)
		}
	}
}
