package main

import (
	"math"

	"github.com/convexnn/convexnn/convexnn/relax"
)

// relaxReport is the stable JSON report of relax.
type relaxReport struct {
	Format      string        `json:"format"`
	N           int           `json:"n"`
	D           int           `json:"d"`
	Outputs     int           `json:"outputs"`
	Rank        int           `json:"rank"`
	Beta        number        `json:"beta"`
	BetaMax     number        `json:"beta_max"` // null where --beta was given
	Objective   number        `json:"objective"`
	LowerBound  number        `json:"lower_bound"`
	RelativeGap number        `json:"relative_gap"`
	Certificate string        `json:"certificate"` // exact or bounded
	Statement   string        `json:"statement"`
	Status      string        `json:"status"`
	Exact       bool          `json:"trace_form_exact"` // no cell has more than four facets
	Cells       int           `json:"cells"`
	Facets      int           `json:"most_facets"`
	Bounds      []relaxBound  `json:"bounds"`
	Neurons     int           `json:"neurons"`
	Network     []relaxNeuron `json:"network"`
	Inputs      []string      `json:"input_names"`
	OutputNames []string      `json:"output_names"`
	Seconds     float64       `json:"seconds"`
	Seed        uint64        `json:"seed"`
	Data        string        `json:"data"`
	Rows        int           `json:"rows_of_data"`
	Dropped     int           `json:"dropped"`
	TargetUnits string        `json:"target_units"`
	Notes       []string      `json:"notes"`
	Version     string        `json:"version"`
}

// relaxBound is one rung.
type relaxBound struct {
	Name       string `json:"name"`
	LowerBound number `json:"lower_bound"`
	Value      number `json:"value"`
	Residual   number `json:"residual"`
	Status     string `json:"status"`
	Iterations int    `json:"iterations"`
	Blocks     int    `json:"blocks"`
	Order      int    `json:"order"`
	Unknowns   number `json:"unknowns"`
	Equations  number `json:"equations"`
}

type relaxNeuron struct {
	Weights []number `json:"weights"`
	Gains   []number `json:"gains"`
}

func (r *relaxed) report() relaxReport {
	l, p := r.ladder, r.data
	n, d := p.x.Dims()
	out := relaxReport{
		Format: "convexnn-relax", N: n, D: d, Outputs: r.problem.Outputs(), Rank: r.problem.Rank(),
		Beta: number(r.beta), BetaMax: number(math.NaN()), Objective: number(l.Objective), LowerBound: number(l.Lower),
		RelativeGap: number(l.Gap()), Certificate: string(l.Kind), Statement: r.statement(), Status: l.Status.String(),
		Exact: l.Trace.Exact(), Cells: int(l.Trace.Size.Cells), Facets: l.Trace.Facets, Bounds: []relaxBound{},
		Neurons: len(l.Network.Neurons), Network: []relaxNeuron{}, Inputs: p.inputs, OutputNames: p.outputs,
		Seconds: r.seconds, Seed: r.flags.data.seed, Data: p.name, Rows: p.all, Dropped: p.dropped, TargetUnits: "original",
		Notes: append(append([]string{}, p.notices...), r.remarks()...), Version: version(),
	}
	if r.flags.beta == 0 {
		out.BetaMax = number(r.most)
	}
	if p.standardized {
		out.TargetUnits = "standardised, or classes"
	}
	for _, v := range rungs {
		b, ok := r.bound(v.rung)
		if !ok {
			continue
		}
		s := r.sizes[v.rung]
		if v.rung == relax.TraceForm || v.rung == relax.Gated {
			s = l.Trace.Size
		}
		out.Bounds = append(out.Bounds, relaxBound{
			Name: string(v.rung), LowerBound: number(b.Lower), Value: number(b.Value), Residual: number(b.Residual), Status: b.Status.String(),
			Iterations: b.Iterations, Blocks: s.Blocks, Order: s.Order, Unknowns: number(s.Coordinates), Equations: number(s.Equations),
		})
	}
	for _, v := range l.Network.Neurons {
		out.Network = append(out.Network, relaxNeuron{definedNumbers(v.Weights), definedNumbers(v.Gains)})
	}
	return out
}
