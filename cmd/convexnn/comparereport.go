package main

import (
	"math"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// compareReport is the stable JSON report of compare.
type compareReport struct {
	Format           string                 `json:"format"`
	Task             datasets.Task          `json:"task"`
	Loss             string                 `json:"loss"`
	N                int                    `json:"n"`
	D                int                    `json:"d"`
	Rank             int                    `json:"rank"`
	PatternsPossible count                  `json:"patterns_possible"`
	Beta             number                 `json:"beta"`
	BetaMax          number                 `json:"beta_max"`
	BetaMaxKind      string                 `json:"beta_max_kind"`
	BetaRatio        number                 `json:"beta_ratio"`
	Certificate      string                 `json:"certificate"`
	Statement        string                 `json:"statement"`
	LowerBound       number                 `json:"lower_bound"`
	EstimatedBound   number                 `json:"estimated_lower_bound"`
	Withdrawn        *withdrawnReport       `json:"withdrawn"`
	GapsTo           string                 `json:"gaps_to"` // lower_bound or estimated_lower_bound
	Metric           string                 `json:"metric"`
	Rows             []rowReport            `json:"rows"`
	BestTest         []string               `json:"best_test"` // keys of rows
	Verdicts         []string               `json:"verdicts"`
	Runs             []runReport            `json:"runs"`
	Batch            int                    `json:"batch"`
	Schedule         string                 `json:"schedule"`
	TimeLimit        number                 `json:"time_limit"` // seconds of each training by gradients
	ConvexTimeLimit  number                 `json:"convex_time_limit"`
	Epochs           *int                   `json:"epochs"` // asked for
	Planned          int                    `json:"planned_runs"`
	Status           string                 `json:"status"`
	Seconds          float64                `json:"seconds"`
	Seed             uint64                 `json:"seed"`
	Data             string                 `json:"data"`
	Dropped          int                    `json:"dropped"`
	Target           string                 `json:"target"`
	TargetUnits      string                 `json:"target_units"`
	TargetScale      number                 `json:"target_scale"`
	Labels           *labelReport           `json:"labels"`
	Price            *priceReport           `json:"price"`
	Dual             []number               `json:"dual"`
	Intercept        bool                   `json:"intercept"`
	Preprocessing    *datasets.Preprocessor `json:"preprocessing"`
	Matrix           *matrixEncoding        `json:"matrix"`
	Split            pathSplit              `json:"split"`
	Notes            []string               `json:"notes"`
	Version          string                 `json:"version"`
}

// withdrawnReport is an estimated bound that turned out to be false.
type withdrawnReport struct {
	EstimatedBound number `json:"estimated_lower_bound"`
	By             string `json:"by"`
	Objective      number `json:"objective"`
}

// rowReport is a row of the table.
type rowReport struct {
	Key          string   `json:"key"`
	Method       string   `json:"method"`
	Chosen       *string  `json:"chosen"` // by objective or validation
	Status       *string  `json:"status"`
	Objective    number   `json:"objective"`
	TrainingLoss number   `json:"training_loss"`
	RelativeGap  number   `json:"relative_gap"`
	Neurons      *int     `json:"neurons"`
	Seconds      number   `json:"seconds"`
	Rate         number   `json:"rate"`
	Epoch        *int     `json:"epoch"`
	Penalty      number   `json:"penalty"` // of ridge
	Train        measures `json:"train"`
	Validation   measures `json:"validation"`
	Test         measures `json:"test"`
}

// runReport is a training. Those that are not by gradients have no rate, width or epochs.
type runReport struct {
	Method           string        `json:"method"`
	Rate             number        `json:"rate"`
	Width            *int          `json:"width"`
	Status           string        `json:"status"`
	Objective        number        `json:"objective"`
	RelativeGap      number        `json:"relative_gap"`
	Epochs           *int          `json:"epochs"`
	Steps            *int          `json:"steps"`
	Seconds          number        `json:"seconds"`
	ValidationMetric number        `json:"validation_metric"` // the best at any checkpoint
	ValidationEpoch  *int          `json:"validation_epoch"`
	Trace            []pointOfJSON `json:"trace"`
}

// pointOfJSON is a checkpoint of a run.
type pointOfJSON struct {
	Seconds   number `json:"seconds"`
	Epoch     *int   `json:"epoch"`
	Objective number `json:"objective"`
}

func (c *comparison) report() compareReport {
	g, e, f := c.global.result, c.data.encoding, c.flags
	n, d := c.data.train.x.Dims()
	undefined := number(math.NaN())
	out := compareReport{
		Format: "convexnn-compare", Task: e.Task(), Loss: "squared", N: n, D: d, Rank: g.Rank, PatternsPossible: count{g.PatternsPossible},
		Beta: number(c.beta), BetaMax: number(c.betaMax.Value), BetaMaxKind: "estimated", BetaRatio: ratio(c.beta, c.betaMax.Value),
		Certificate: string(g.Certificate.Kind), Statement: g.Certificate.Statement(), LowerBound: number(g.Certificate.LowerBound),
		EstimatedBound: undefined, GapsTo: "lower_bound", Metric: c.metricKey(), BestTest: []string{}, Verdicts: c.verdicts(),
		Batch: c.batch, Schedule: f.plan.schedule.String(), TimeLimit: undefined, ConvexTimeLimit: number(c.convexLimit.Seconds()), Planned: len(f.plan.settings()),
		Status: "done", Seconds: c.seconds, Seed: f.fit.seed, Data: c.data.name, Dropped: c.data.dropped,
		Target: e.TargetName(), TargetUnits: "original", TargetScale: number(e.TargetScale()), Intercept: f.intercept,
		Dual: make([]number, len(g.Certificate.Dual)), Split: pathSplit{*c.data.info(f.fit.seed), c.validation.rows(), c.test.rows(), number(f.validation)},
		Notes: append(append([]string{}, c.data.notices...), c.remarks()...), Version: version(),
	}
	out.Preprocessing, out.Matrix = stored(e)
	for i, v := range g.Certificate.Dual {
		out.Dual[i] = number(v)
	}
	if len(g.Certificate.Dual) > 0 {
		out.Price = newPriceReport(g.Certificate.Price)
	}
	if c.floor.estimate != nil {
		out.EstimatedBound = number(c.floor.estimate.LowerBound)
	}
	if _, estimated := c.floor.bound(); estimated {
		out.GapsTo = "estimated_lower_bound"
	}
	if r := c.floor.refuted; r != nil {
		out.Withdrawn = &withdrawnReport{number(r.LowerBound), c.floor.refuter.method, number(c.floor.refuter.objective)}
	}
	if c.betaMax.Exact {
		out.BetaMaxKind = "exact"
	}
	if c.limit > 0 {
		out.TimeLimit = number(c.limit.Seconds())
	}
	if f.epochs > 0 {
		out.Epochs = &f.epochs
	}
	if c.interrupted {
		out.Status = convexnn.Stopped.String()
	}
	if c.data.standardized() {
		out.TargetUnits = "standardised"
	}
	if e.Task() == datasets.TaskClassification {
		negative, positive := e.Labels()
		out.Labels, out.TargetUnits = &labelReport{negative, positive}, "classes"
	}
	for _, r := range c.rows {
		out.Rows = append(out.Rows, c.rowReport(r))
		if r.best {
			out.BestTest = append(out.BestTest, r.key())
		}
	}
	out.Runs = c.runReports()
	return out
}

// orNull is a text or null.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (c *comparison) rowReport(r *contender) rowReport {
	out := rowReport{
		Key: r.key(), Method: r.method, Chosen: orNull(r.chosen), Status: orNull(r.status), Objective: r.objective, TrainingLoss: r.loss,
		RelativeGap: number(c.floor.gap(float64(r.objective))), Seconds: r.seconds, Rate: number(math.NaN()), Penalty: number(math.NaN()),
		Train: r.train, Validation: r.validation, Test: r.test,
	}
	if r.neurons >= 0 {
		out.Neurons = &r.neurons
	}
	if r.run != nil {
		out.Rate, out.Epoch = number(r.run.rate), &r.epoch
	}
	if r.method == "ridge" {
		out.Penalty = number(r.model.Penalty)
	}
	return out
}

func (c *comparison) runReports() (list []runReport) {
	convex := func(method string, t *convexTraining) runReport {
		out := runReport{
			Method: method, Rate: number(math.NaN()), Status: t.result.Status.String(), Objective: number(t.result.Objective),
			RelativeGap: number(c.floor.gap(t.result.Objective)), Seconds: number(t.seconds), ValidationMetric: number(math.NaN()),
		}
		for _, p := range t.trace {
			out.Trace = append(out.Trace, pointOfJSON{number(p.seconds), nil, number(p.objective)})
		}
		return out
	}
	list = append(list, convex("global", c.global))
	if c.sampled != nil {
		list = append(list, convex("sampled", c.sampled))
	}
	for _, r := range c.runs {
		out := runReport{
			Method: r.method.String(), Rate: number(r.rate), Width: &r.width, Status: string(r.result.Status), Objective: number(r.result.Objective),
			RelativeGap: number(c.floor.gap(r.result.Objective)), Epochs: &r.result.Epochs, Steps: &r.result.Steps, Seconds: number(r.result.Seconds),
			ValidationMetric: r.early.metric, ValidationEpoch: &r.early.Epoch,
		}
		for _, p := range r.result.Trace {
			out.Trace = append(out.Trace, pointOfJSON{number(p.Seconds), &p.Epoch, number(p.Objective)})
		}
		list = append(list, out)
	}
	return list
}
