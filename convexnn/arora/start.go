package arora

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/internal/descent"
	"github.com/convexnn/convexnn/internal/lasso"
)

const (
	startSteps = 200 // of L-BFGS for each start
	polished   = 3   // local optima whose programs are solved
)

// start looks for a good network by local search from random weights, and solves the
// programs on the cells of the best few.
func (s *search) start(ctx context.Context) error {
	if s.Starts < 0 {
		return nil
	}
	_, r := s.p.x.Dims()
	objective := descent.New(s.p.x, lasso.NewSquared(s.p.y, 1), s.p.beta, s.Neurons, s.Intercept)
	rng := rand.New(rand.NewPCG(s.Seed, 0x5a))
	type local struct {
		value float64
		tuple []int
	}
	var found []local
	for range s.Starts {
		if ctx.Err() != nil {
			break
		}
		w := make([]float64, objective.Len())
		for k := range w {
			w[k] = rng.NormFloat64() / math.Sqrt(float64(r))
		}
		best, value := objective.Minimise(ctx, w, startSteps)
		tuple, err := s.tuple(best, r)
		if err != nil {
			return err
		}
		found = append(found, local{value, tuple})
	}
	slices.SortStableFunc(found, func(a, b local) int { return cmp.Compare(a.value, b.value) })
	found = slices.CompactFunc(found, func(a, b local) bool { return slices.Equal(a.tuple, b.tuple) })
	for _, l := range found[:min(len(found), polished)] {
		if len(l.tuple) == 0 {
			continue
		}
		s.counts.QPs++
		blocks, _, err := s.program.solve(ctx, l.tuple)
		if err != nil {
			return err
		}
		if err := s.offer(blocks); err != nil {
			return err
		}
	}
	s.report()
	return nil
}

// tuple lists the signed cells of the neurons of a local search's weights, sorted.
func (s *search) tuple(w []float64, r int) ([]int, error) {
	var blocks []block
	for j := range s.Neurons {
		if gain := w[s.Neurons*r+j]; gain != 0 {
			blocks = append(blocks, block{u: w[j*r : (j+1)*r], sign: math.Copysign(1, gain)})
		}
	}
	net, err := s.p.network(blocks)
	if err != nil {
		return nil, err
	}
	return s.p.signedCells(net)
}

// signedCells lists the signed cells of a network's neurons, each once, sorted.
func (p *problem) signedCells(net *convexnn.Network) (out []int, err error) {
	for _, h := range net.Neurons {
		if !finite(h) {
			continue
		}
		cell, err := arrangements.CellAt(p.given, h.Weights)
		if err != nil {
			return nil, err
		}
		k := p.find(cell.Pattern)
		if k < 0 {
			continue // active nowhere
		}
		c := 2 * k
		if h.Output < 0 {
			c++
		}
		out = append(out, c)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func finite(h convexnn.Neuron) bool {
	for _, v := range h.Weights {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
