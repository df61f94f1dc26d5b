package arora

import (
	"context"
	"math"

	"github.com/convexnn/convexnn/convexnn"
)

// A search looks for the best tuple of at most m signed cells. Objectives and bounds
// are in scaled units.
type search struct {
	Settings
	p       *problem
	program program
	cost    Cost
	counts  Counts

	network *convexnn.Network // the best so far
	value   float64           // its objective
	zero    float64           // that of the network without neurons
	bound   float64           // proved for m neurons
	global  float64           // proved for any number
}

func newSearch(p *problem, cost Cost, settings Settings) *search {
	s := &search{Settings: settings, p: p, value: math.Inf(1), cost: cost}
	s.counts = Counts{Cells: len(p.cells), Tuples: subsets(float64(p.signed()), settings.Neurons)}
	if p.beta > 0 {
		s.program = newPenalised(p)
	} else {
		s.program = newPlain(p)
	}
	return s
}

// run narrows the bracket until it is closed or ctx ends.
func (s *search) run(ctx context.Context) error {
	if err := s.offer(nil); err != nil {
		return err
	}
	s.zero = s.value
	if len(s.p.cells) == 0 && ctx.Err() == nil {
		s.bound, s.global = s.value, s.value // no neuron is active on any sample
	}
	if s.done(ctx) {
		return nil
	}
	tooMany := s.cost.Tuples > s.MaxTuples
	if !s.cost.Convex() && !tooMany {
		// First, so that an interrupt of what follows leaves a network.
		if err := s.start(ctx); err != nil || s.done(ctx) {
			return err
		}
	}
	if err := s.relaxWidth(ctx); err != nil || s.done(ctx) || s.cost.Convex() {
		return err
	}
	if tooMany {
		return s.cost.refuse(s.Settings)
	}
	if s.Method == List {
		return s.list(ctx)
	}
	return s.branch(ctx)
}

// done reports whether nothing is left to do.
func (s *search) done(ctx context.Context) bool {
	return ctx.Err() != nil || s.vanished() || s.bound >= s.goal()
}

// vanished reports whether the objective is zero but for rounding.
func (s *search) vanished() bool { return s.value <= vanishing*s.zero }

// goal is the bound that closes the bracket within the tolerance.
func (s *search) goal() float64 { return s.value * (1 - 0.9*s.Tolerance) }

// offer takes over the network of some blocks if it is the best.
func (s *search) offer(blocks []block) error {
	net, err := s.p.network(blocks)
	if err != nil {
		return err
	}
	return s.offerNetwork(net)
}

func (s *search) offerNetwork(net *convexnn.Network) error {
	objective, _, err := net.Objective(s.p.given, s.p.targets, s.Beta)
	if err == nil && objective/s.p.units(1) < s.value {
		s.network, s.value = net, objective/s.p.units(1)
	}
	return err
}

// report tells the progress.
func (s *search) report() {
	if s.Progress != nil {
		s.Progress(Progress{Objective: s.p.units(s.value), LowerBound: s.p.units(min(s.bound, s.value)), Counts: s.counts})
	}
}

// relaxWidth solves the convex program over all cells, whose value bounds that of every
// width. If its network has few enough neurons, nothing is left to search.
func (s *search) relaxWidth(ctx context.Context) error {
	var net *convexnn.Network
	if s.p.beta > 0 {
		r, err := s.overAll(ctx)
		if err != nil {
			return err
		}
		net = r.Network
		s.global = r.Certificate.LowerBound / s.p.units(1)
	} else {
		all := make([]int, s.p.signed())
		for c := range all {
			all[c] = c
		}
		s.counts.QPs++
		blocks, residual, err := s.program.solve(ctx, all)
		if err != nil {
			return err
		}
		root := newCut(s.program, s.p.y, residual, len(all), 0, nil)
		s.global = s.program.bound(root.yv, root.vv, root.top(all))
		if net, err = s.p.network(blocks); err != nil {
			return err
		}
		if net, err = net.Simplify(s.p.given, s.p.targets, s.Beta, s.Intercept); err != nil {
			return err
		}
	}
	s.bound = s.global
	if len(net.Neurons) <= s.Neurons {
		if err := s.offerNetwork(net); err != nil {
			return err
		}
	}
	s.report()
	return nil
}

// overAll trains over all widths. The last digits can take long where beta is small, so
// that they are asked for only where they may settle the width asked for.
func (s *search) overAll(ctx context.Context) (*convexnn.Result, error) {
	const rough = 1e-5
	fine := s.Tolerance / 4
	o := convexnn.Options{
		Mode: convexnn.Enumerate, Beta: s.Beta, Intercept: s.Intercept, Seed: s.Seed, Tolerance: max(fine, rough),
	}
	r, err := convexnn.Train(ctx, s.p.given, s.p.targets, o)
	if err != nil || o.Tolerance == fine {
		return r, err
	}
	tuple, err := s.p.signedCells(r.Network)
	if err != nil {
		return nil, err
	}
	if needless := len(tuple) > s.Neurons && !s.cost.Convex() && s.cost.Tuples <= s.MaxTuples; needless {
		return r, nil
	}
	o.Tolerance = fine
	again, err := convexnn.Train(ctx, s.p.given, s.p.targets, o)
	if err == nil && ctx.Err() != nil && again.Certificate.LowerBound < r.Certificate.LowerBound {
		return r, nil // it began anew, and did not come as far
	}
	return again, err
}

// result is the network with what is proved of it.
func (s *search) result(ctx context.Context) (*Result, error) {
	net, err := s.network.Simplify(s.p.given, s.p.targets, s.Beta, s.Intercept)
	if err != nil {
		return nil, err
	}
	r := &Result{Network: net, Rank: s.p.rank, Counts: s.counts, Status: convexnn.Solved, NearLines: s.p.near}
	if r.Objective, r.TrainingLoss, err = net.Objective(s.p.given, s.p.targets, s.Beta); err != nil {
		return nil, err
	}
	bound := s.p.units(s.bound)
	gap := 0.0
	switch {
	case s.vanished():
		bound = 0
	case bound < r.Objective:
		gap = (r.Objective - bound) / r.Objective
	default:
		bound = r.Objective // they differ by rounding
	}
	switch {
	case gap <= s.Tolerance:
	case ctx.Err() != nil:
		r.Status = convexnn.Stopped
	default:
		r.Status = convexnn.Limited
	}
	r.Global = min(s.p.units(s.global), bound)
	r.Certificate = convexnn.Certificate{Kind: convexnn.CertifiedFixedWidth, Neurons: s.Neurons, LowerBound: bound, RelativeGap: gap}
	return r, nil
}
