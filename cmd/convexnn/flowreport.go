package main

import (
	"math"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/flow"
)

// flowReport is the stable JSON report of flow.
type flowReport struct {
	Format          string             `json:"format"`
	Data            string             `json:"data"`
	Target          string             `json:"target"`
	Labels          labelReport        `json:"labels"`
	N               int                `json:"n"`
	D               int                `json:"d"`
	Rank            int                `json:"rank"`
	Loss            string             `json:"loss"`
	Seed            uint64             `json:"seed"`
	Program         flowProgram        `json:"program"`
	Status          string             `json:"status"`
	Separated       bool               `json:"separated"`
	Unseparated     []int              `json:"unseparated"` // rows, from 1
	Upper           number             `json:"upper"`
	Above           number             `json:"above"` // upper over the optimum, less 1
	LowerBound      number             `json:"lower_bound"`
	RelativeGap     number             `json:"relative_gap"`
	Certificate     string             `json:"certificate"`
	EstimatedBound  number             `json:"estimated_lower_bound"`
	EstimatedGap    number             `json:"estimated_gap"`
	GloballyOptimal bool               `json:"globally_optimal"`
	Statement       string             `json:"statement"`
	Dual            []number           `json:"dual"`
	Multiplier      []number           `json:"multiplier"`
	MultiplierPrice *priceReport       `json:"multiplier_price"`
	Residual        number             `json:"residual"`
	Neurons         []flowNeuron       `json:"neurons"`
	Checkpoints     []checkpointReport `json:"checkpoints"`
	Steps           int                `json:"steps"`
	Warnings        []string           `json:"warnings"`
	Notes           []string           `json:"notes"`
	Seconds         float64            `json:"seconds"`
	Version         string             `json:"version"`
}

// flowProgram is the optimum over all networks.
type flowProgram struct {
	Objective      number  `json:"objective"`
	LowerBound     number  `json:"lower_bound"`
	RelativeGap    number  `json:"relative_gap"`
	Certificate    string  `json:"certificate"`
	EstimatedBound number  `json:"estimated_lower_bound"`
	Neurons        int     `json:"neurons"`
	Seconds        float64 `json:"seconds"`
}

// flowNeuron is a neuron at the end.
type flowNeuron struct {
	Weights   []number `json:"weights"`
	Output    number   `json:"output"`
	Ratio     number   `json:"ratio"`
	Share     number   `json:"share"`
	Alignment number   `json:"alignment"`
	Length    number   `json:"length"`
	Active    int      `json:"active"`
	Sliding   int      `json:"sliding"`
	Dead      bool     `json:"dead"`
	WrongSide bool     `json:"wrong_side"`
}

// checkpointReport is the flow at one moment.
type checkpointReport struct {
	Step           int        `json:"step"`
	Time           number     `json:"time"`
	Sharpness      number     `json:"sharpness"`
	LogLoss        number     `json:"log_loss"`
	Unseparated    int        `json:"unseparated"`
	MinMargin      number     `json:"min_margin"`
	Upper          number     `json:"upper"`
	LowerBound     number     `json:"lower_bound"`
	Certificate    string     `json:"certificate"`
	EstimatedBound number     `json:"estimated_lower_bound"`
	Dual           []number   `json:"dual"`
	DualValue      number     `json:"dual_value"`
	DualKind       string     `json:"dual_certificate"`
	Weights        [][]number `json:"weights"` // of theta/|theta|, with the output last
}

// numbersOf are those of a vector.
func numbersOf(v []float64) []number {
	out := make([]number, len(v))
	for i, x := range v {
		out[i] = number(x)
	}
	return out
}

// known is v, or what is written as null where there is none.
func known(v float64, have bool) number {
	if !have {
		return number(math.NaN())
	}
	return number(v)
}

func (c *course) report() flowReport {
	r, p, e := c.result, c.program, c.data.encoding
	n, d := c.data.train.x.Dims()
	negative, positive := e.Labels()
	out := flowReport{
		Format: "convexnn-flow", Data: c.data.name, Target: e.TargetName(), Labels: labelReport{negative, positive}, N: n, D: d, Rank: p.Rank,
		Loss: c.flags.loss.String(), Seed: c.flags.fit.seed,
		Program: flowProgram{
			Objective: number(p.Objective), LowerBound: number(p.Certificate.LowerBound), RelativeGap: number(p.Certificate.RelativeGap),
			Certificate: string(p.Certificate.Kind), EstimatedBound: estimatedBound(p.Estimate), Neurons: len(p.Network.Neurons), Seconds: c.solving,
		},
		Status: r.Status.String(), Separated: r.Separated, Unseparated: []int{},
		Upper: known(r.Upper, r.Separated), Above: known(r.Upper/p.Objective-1, r.Separated && !math.IsInf(p.Objective, 1)),
		LowerBound: number(r.Certificate.LowerBound), RelativeGap: known(r.Certificate.RelativeGap, r.Separated), Certificate: string(r.Certificate.Kind),
		EstimatedBound: estimatedBound(r.Estimate), EstimatedGap: number(math.NaN()),
		GloballyOptimal: r.GloballyOptimal, Statement: c.verdict(), Dual: numbersOf(r.Certificate.Dual), Multiplier: nil, Residual: known(r.Residual, r.Multiplier != nil),
		Neurons: []flowNeuron{}, Checkpoints: []checkpointReport{}, Steps: r.Steps, Warnings: []string{}, Notes: append(append([]string{}, c.data.notices...), c.remarks()...),
		Seconds: c.flowing, Version: version(),
	}
	for _, i := range r.Unseparated {
		out.Unseparated = append(out.Unseparated, i+1)
	}
	if r.Estimate != nil {
		out.EstimatedGap = known(r.Estimate.RelativeGap, r.Separated)
	}
	if r.Multiplier != nil {
		out.Multiplier = numbersOf(r.Multiplier)
		if r.MultiplierPrice.Kind != "" { // as it is after a stop
			out.MultiplierPrice = newPriceReport(r.MultiplierPrice)
		}
	}
	for _, h := range r.Neurons {
		out.Neurons = append(out.Neurons, flowNeuron{
			numbersOf(h.Weights), number(h.Output), number(h.Ratio), number(h.Share), number(h.Alignment), known(h.Length, r.Separated), h.Active, h.Sliding, h.Dead, h.WrongSide,
		})
	}
	for _, q := range r.Checkpoints {
		out.Checkpoints = append(out.Checkpoints, newCheckpointReport(q))
	}
	for _, v := range r.Warnings {
		out.Warnings = append(out.Warnings, string(v))
	}
	return out
}

func estimatedBound(e *convexnn.Certificate) number {
	if e == nil {
		return number(math.NaN())
	}
	return number(e.LowerBound)
}

func newCheckpointReport(q *flow.Checkpoint) checkpointReport {
	out := checkpointReport{
		Step: q.Step, Time: number(q.Time), Sharpness: number(q.Sharpness), LogLoss: number(q.LogLoss), Unseparated: q.Unseparated,
		MinMargin: number(q.MinMargin), Upper: known(q.Upper, q.Separated), LowerBound: number(q.Lower), Certificate: string(q.LowerKind),
		EstimatedBound: known(q.Estimate, q.Estimate > q.Lower), Dual: numbersOf(q.Dual), DualValue: known(q.DualValue, q.DualValue > 0), DualKind: string(q.DualKind), Weights: [][]number{},
	}
	for _, h := range q.Neurons {
		out.Weights = append(out.Weights, numbersOf(append(append([]float64(nil), h.Weights...), h.Output)))
	}
	return out
}
