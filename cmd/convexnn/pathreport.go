package main

import (
	"fmt"
	"math"

	"github.com/convexnn/convexnn/datasets"
	figures "github.com/convexnn/convexnn/internal/report"
)

// pathReport is the stable JSON report of path.
type pathReport struct {
	Format           string                 `json:"format"`
	Mode             string                 `json:"mode"`
	Task             datasets.Task          `json:"task"`
	Loss             string                 `json:"loss"`
	N                int                    `json:"n"`
	D                int                    `json:"d"`
	Rank             int                    `json:"rank"`
	PatternsPossible count                  `json:"patterns_possible"`
	BetaMax          number                 `json:"beta_max"`
	BetaMaxKind      string                 `json:"beta_max_kind"`
	Betas            []number               `json:"betas"` // asked for
	Points           []pointReport          `json:"points"`
	Metric           string                 `json:"metric"`
	Chosen           int                    `json:"chosen"` // index of a point
	Test             measures               `json:"test"`   // of the chosen one
	Status           string                 `json:"status"`
	Seconds          float64                `json:"seconds"`
	Seed             uint64                 `json:"seed"`
	Data             string                 `json:"data"`
	Dropped          int                    `json:"dropped"`
	Target           string                 `json:"target"`
	TargetUnits      string                 `json:"target_units"`
	TargetScale      number                 `json:"target_scale"`
	Labels           *labelReport           `json:"labels"`
	Intercept        bool                   `json:"intercept"`
	Preprocessing    *datasets.Preprocessor `json:"preprocessing"`
	Matrix           *matrixEncoding        `json:"matrix"`
	Split            pathSplit              `json:"split"`
	Notes            []string               `json:"notes"`
	Version          string                 `json:"version"`
}

// pathSplit says how the rows were split. Its first members are those of a model
// file, for which validation and test rows are held out alike.
type pathSplit struct {
	dataInfo
	ValidationRows     int    `json:"validation_rows"`
	TestRows           int    `json:"test_rows"`
	ValidationFraction number `json:"validation_fraction"`
}

// pointReport is one strength.
type pointReport struct {
	Beta           number       `json:"beta"`
	BetaRatio      number       `json:"beta_ratio"`
	Objective      number       `json:"objective"`
	TrainingLoss   number       `json:"training_loss"`
	Neurons        int          `json:"neurons"`
	Certificate    string       `json:"certificate"`
	Statement      string       `json:"statement"`
	LowerBound     number       `json:"lower_bound"`
	RelativeGap    number       `json:"relative_gap"`
	EstimatedBound number       `json:"estimated_lower_bound"`
	EstimatedGap   number       `json:"estimated_gap"`
	Status         string       `json:"status"`
	Rounds         int          `json:"rounds"`
	Train          measures     `json:"train"`
	Validation     measures     `json:"validation"`
	ValidationLoss number       `json:"validation_loss"` // sum of squares, in training units
	Price          *priceReport `json:"price"`
	Dual           []number     `json:"dual"`
}

func (p *selection) report() pathReport {
	r, e := p.best().result, p.data.encoding
	n, d := p.data.train.x.Dims()
	out := pathReport{
		Format: "convexnn-path", Mode: r.Mode.String(), Task: e.Task(), Loss: "squared", N: n, D: d, Rank: r.Rank, PatternsPossible: count{r.PatternsPossible},
		BetaMax: number(p.result.BetaMax.Value), BetaMaxKind: "estimated", Metric: p.metricKey(), Chosen: p.chosen, Test: p.tested,
		Status: p.result.Status.String(), Seconds: p.seconds, Seed: p.flags.fit.seed, Data: p.data.name, Dropped: p.data.dropped,
		Target: e.TargetName(), TargetUnits: "original", TargetScale: number(e.TargetScale()), Intercept: p.flags.intercept,
		Split: pathSplit{*p.data.info(p.flags.fit.seed), p.validation.rows(), p.test.rows(), number(p.flags.validation)},
		Notes: append(append([]string{}, p.data.notices...), p.remarks()...), Version: version(),
	}
	out.Preprocessing, out.Matrix = stored(e)
	if p.result.BetaMax.Exact {
		out.BetaMaxKind = "exact"
	}
	if p.data.standardized() {
		out.TargetUnits = "standardised"
	}
	if e.Task() == datasets.TaskClassification {
		negative, positive := e.Labels()
		out.Labels, out.TargetUnits = &labelReport{negative, positive}, "classes"
	}
	for _, beta := range p.result.Betas {
		out.Betas = append(out.Betas, number(beta))
	}
	for _, q := range p.points {
		out.Points = append(out.Points, q.report())
	}
	return out
}

func (q pathPoint) report() pointReport {
	r, c := q.result, q.result.Certificate
	out := pointReport{
		Beta: number(r.Beta), BetaRatio: ratio(r.Beta, r.BetaMax.Value), Objective: number(r.Objective), TrainingLoss: number(r.TrainingLoss),
		Neurons: len(r.Network.Neurons), Certificate: string(c.Kind), Statement: c.Statement(), LowerBound: number(c.LowerBound), RelativeGap: number(c.RelativeGap),
		EstimatedBound: number(math.NaN()), EstimatedGap: number(math.NaN()), Status: r.Status.String(), Rounds: r.Rounds,
		Train: q.train, Validation: q.validation, ValidationLoss: number(q.loss), Dual: make([]number, len(c.Dual)),
	}
	for i, v := range c.Dual {
		out.Dual[i] = number(v)
	}
	if len(c.Dual) > 0 {
		out.Price = newPriceReport(c.Price)
	}
	if r.Estimate != nil {
		out.EstimatedBound, out.EstimatedGap = number(r.Estimate.LowerBound), number(r.Estimate.RelativeGap)
	}
	return out
}

// plot is the picture of the path.
func (p *selection) plot() figures.Path {
	q := p.best()
	r := q.result
	metric, units := p.metricName(), ""
	if p.data.standardized() {
		units = "; objective in standardised units"
	}
	out := figures.Path{
		Title:    "Regularisation path of " + dataName(p.data.name),
		Subtitle: fmt.Sprintf("chosen by validation %s (%v): beta %.4g, %s%s", metric, tidy(q.validation.first()), r.Beta, plural(len(r.Network.Neurons), "neuron"), units),
		Metric:   metric, Chosen: p.chosen,
	}
	for _, q := range p.points {
		r := q.result
		point := figures.PathPoint{
			Beta: r.Beta, Objective: r.Objective, Proved: r.Certificate.LowerBound, Estimated: math.NaN(),
			Train: float64(tidy(q.train.first())), Validation: float64(tidy(q.validation.first())), Neurons: len(r.Network.Neurons),
		}
		if c, estimated := p.bound(r); estimated {
			point.Estimated = c.LowerBound
		}
		out.Points = append(out.Points, point)
	}
	return out
}
