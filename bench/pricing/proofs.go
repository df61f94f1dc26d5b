package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/bench/internal/table"
)

const (
	beta     = 0.3
	nearness = 1e-6 // by how much a near-optimal residual may violate its constraint
)

// A proof is one call of branch and bound.
type proof struct {
	Weights string  `json:"weights"`
	N       int     `json:"n"`
	D       int     `json:"d"`
	Nodes   int     `json:"nodes"`
	Seconds float64 `json:"seconds"`
	Theta   float64 `json:"theta"` // the value found
	Closed  bool    `json:"closed"`
	Missed  bool    `json:"missed"` // local search alone did not find the value
}

// proofs prints the table of proofs and returns them all.
func proofs(ctx context.Context, w io.Writer, s settings) ([]proof, error) {
	random := [][2]int{{20, 5}, {20, 10}, {30, 5}, {30, 10}, {30, 20}, {60, 10}, {100, 5}, {200, 5}}
	near := [][2]int{{20, 5}, {30, 5}, {30, 10}}
	switch {
	case s.quick:
		random, near = random[:2], near[:1]
	case s.large:
		near = append(near, [2]int{60, 10})
	}
	fmt.Fprint(w, "\nProofs by branch and bound, to a relative 1e-8.\n\n")
	rows := table.New(w, "weights", "n", "d", "nodes", "seconds", "nodes/s", "theta", "closed", "missed")
	var all []proof
	add := func(list []proof) {
		all = append(all, list...)
		report(rows, list)
	}
	for _, size := range random {
		var list []proof
		for seed := range s.reps {
			x, v := weighted(size[0], size[1], uint64(seed))
			p, err := prove(ctx, "random", x, v, pricing.TreeSettings{MaxNodes: s.nodes})
			if err != nil {
				return all, err
			}
			list = append(list, p)
		}
		add(list)
	}
	for _, size := range near {
		var free, floor []proof
		for seed := range s.reps {
			if size[0] == 60 && seed == 3 { // training takes minutes
				break
			}
			x, v, err := residual(ctx, size[0], size[1], uint64(seed))
			if err != nil {
				return all, err
			}
			for _, sign := range []float64{1, -1} {
				u := floats.ScaleTo(make([]float64, len(v)), sign, v)
				p, err := prove(ctx, "near-optimal", x, u, pricing.TreeSettings{MaxNodes: s.nodes})
				if err != nil {
					return all, err
				}
				q, err := prove(ctx, "near-optimal, floor beta", x, u, pricing.TreeSettings{MaxNodes: s.nodes, Floor: beta * (1 + nearness)})
				if err != nil {
					return all, err
				}
				free, floor = append(free, p), append(floor, q)
			}
		}
		add(free)
		add(floor)
	}
	return all, nil
}

func prove(ctx context.Context, weights string, x *mat.Dense, v []float64, s pricing.TreeSettings) (proof, error) {
	quick, err := pricing.Local(ctx, x, v, pricing.LocalSettings{})
	if err != nil {
		return proof{}, err
	}
	start := time.Now()
	r, err := pricing.BranchAndBound(ctx, x, v, s)
	if err != nil {
		return proof{}, err
	}
	seconds := time.Since(start).Seconds()
	n, d := x.Dims()
	return proof{weights, n, d, r.Nodes, seconds, r.Value, r.Closed, quick.Value < r.Value*(1-1e-8)}, nil
}

// report prints the row of proofs of one kind and size.
func report(rows *table.Table, list []proof) {
	closed, missed := 0, 0
	for _, p := range list {
		if p.Closed {
			closed++
		}
		if p.Missed {
			missed++
		}
	}
	rows.Row(list[0].Weights, list[0].N, list[0].D, table.MedianOf(list, proof.nodes), table.MedianOf(list, proof.seconds),
		table.MedianOf(list, proof.rate), fmt.Sprintf("%.6f", table.MedianOf(list, proof.theta)),
		share(closed, len(list)), share(missed, len(list)))
}

func share(some, all int) string { return fmt.Sprintf("%d of %d", some, all) }

func (p proof) nodes() float64   { return float64(p.Nodes) }
func (p proof) seconds() float64 { return p.Seconds }
func (p proof) theta() float64   { return p.Theta }

// rate is the number of nodes bounded in a second, local search before them included.
func (p proof) rate() float64 { return float64(p.Nodes) / p.Seconds }
