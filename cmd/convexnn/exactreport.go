package main

import (
	"math"

	"github.com/convexnn/convexnn/datasets"
)

// exactReport is the stable JSON report of exact.
type exactReport struct {
	Format       string        `json:"format"`
	Task         datasets.Task `json:"task"`
	Loss         string        `json:"loss"`
	N            int           `json:"n"`
	D            int           `json:"d"`
	Rank         int           `json:"rank"`
	Beta         number        `json:"beta"`
	BetaMax      number        `json:"beta_max"` // null unless --beta-ratio asked for it
	Intercept    bool          `json:"intercept"`
	MostNeurons  int           `json:"most_neurons"`
	MostCells    number        `json:"most_cells"`   // bounds that were known
	MostChoices  number        `json:"most_choices"` // before the search
	widthReport                // of the last width
	Widths       []widthReport `json:"widths"`
	Metrics      splitMeasures `json:"metrics"`
	Linear       linearReport  `json:"linear"`
	Seed         uint64        `json:"seed"`
	Data         string        `json:"data"`
	Dropped      int           `json:"dropped"`
	Target       string        `json:"target"`
	TargetUnits  string        `json:"target_units"`
	TargetScale  number        `json:"target_scale"`
	Labels       *labelReport  `json:"labels"`
	TrainingRows *dataInfo     `json:"split"`
	Notes        []string      `json:"notes"`
	Version      string        `json:"version"`
}

// widthReport is the result at one width.
type widthReport struct {
	Width        int     `json:"width"`   // most neurons allowed
	Neurons      int     `json:"neurons"` // of the network
	Objective    number  `json:"objective"`
	TrainingLoss number  `json:"training_loss"`
	LowerBound   number  `json:"lower_bound"`
	RelativeGap  number  `json:"relative_gap"`
	Certificate  string  `json:"certificate"`
	Statement    string  `json:"statement"`
	AnyWidth     number  `json:"lower_bound_any_width"`
	Status       string  `json:"status"`
	Cells        int     `json:"cells"`
	Choices      number  `json:"choices"`
	Nodes        int64   `json:"nodes"`
	Bounds       int64   `json:"bounds"`
	Programs     int64   `json:"programs"`
	Seconds      float64 `json:"seconds"`
}

func (v width) report() widthReport {
	r, c := v.result, v.result.Certificate
	return widthReport{
		Width: v.neurons, Neurons: len(r.Network.Neurons), Objective: number(r.Objective), TrainingLoss: number(r.TrainingLoss),
		LowerBound: number(c.LowerBound), RelativeGap: number(c.RelativeGap), Certificate: string(c.Kind), Statement: c.Statement(),
		AnyWidth: number(r.Global), Status: r.Status.String(),
		Cells: r.Counts.Cells, Choices: number(r.Counts.Tuples), Nodes: r.Counts.Nodes, Bounds: r.Counts.Bounds, Programs: r.Counts.QPs,
		Seconds: v.seconds,
	}
}

func (e *exhaustive) report() exactReport {
	encoding := e.data.encoding
	n, d := e.data.train.x.Dims()
	out := exactReport{
		Format: "convexnn-exact", Task: encoding.Task(), Loss: "squared", N: n, D: d, Rank: e.cost.Rank,
		Beta: number(e.beta), BetaMax: number(math.NaN()), Intercept: e.flags.intercept, MostNeurons: e.flags.neurons,
		MostCells: number(e.cost.Cells), MostChoices: number(e.cost.Tuples),
		widthReport: e.last().report(), Widths: []widthReport{},
		Metrics: splitMeasures{e.trainMetrics, e.testMetrics},
		Linear:  linearReport{string(e.linear.Method), e.linear.Columns, splitMeasures{e.linearTrain, e.linearTest}},
		Seed:    e.flags.fit.seed, Data: e.data.name, Dropped: e.data.dropped, Target: encoding.TargetName(), TargetUnits: "original",
		TargetScale: number(encoding.TargetScale()), TrainingRows: e.data.info(e.flags.fit.seed),
		Notes: append(append([]string{}, e.data.notices...), e.remarks()...), Version: version(),
	}
	if e.flags.ratio > 0 {
		out.BetaMax = number(e.most.Value)
	}
	for _, v := range e.widths {
		out.Widths = append(out.Widths, v.report())
	}
	if e.data.standardized() {
		out.TargetUnits = "standardised"
	}
	if encoding.Task() == datasets.TaskClassification {
		negative, positive := encoding.Labels()
		out.Labels, out.TargetUnits = &labelReport{negative, positive}, "classes"
	}
	return out
}
