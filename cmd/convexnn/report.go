package main

import (
	"math"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// trainReport is the stable JSON report of train.
type trainReport struct {
	Format           string        `json:"format"`
	Mode             string        `json:"mode"`
	Model            string        `json:"model"`
	Task             datasets.Task `json:"task"`
	Loss             string        `json:"loss"`
	N                int           `json:"n"`
	D                int           `json:"d"`
	Rank             int           `json:"rank"`
	Patterns         int           `json:"patterns"`
	PatternsPossible count         `json:"patterns_possible"`
	Cells            *int64        `json:"cells"` // enumerated in each pass; null where none was
	Neurons          int           `json:"neurons"`
	Outputs          int           `json:"outputs"`
	Beta             number        `json:"beta"`
	BetaMax          number        `json:"beta_max"`
	BetaMaxKind      *string       `json:"beta_max_kind"` // null where there is no beta_max
	BetaRatio        number        `json:"beta_ratio"`
	Objective        number        `json:"objective"`
	TrainingLoss     number        `json:"training_loss"`
	ProgramObjective number        `json:"program_objective"`
	ProgramBound     number        `json:"program_bound"`
	ProgramGap       number        `json:"program_gap"`
	LowerBound       number        `json:"lower_bound"`
	RelativeGap      number        `json:"relative_gap"`
	Certificate      string        `json:"certificate"`
	Statement        string        `json:"statement"`
	EstimatedBound   number        `json:"estimated_lower_bound"`
	EstimatedGap     number        `json:"estimated_gap"`
	Status           string        `json:"status"`
	Iterations       int           `json:"iterations"`
	Rounds           int           `json:"rounds"`
	Seconds          float64       `json:"seconds"`
	Seed             uint64        `json:"seed"`
	Metrics          splitMeasures `json:"metrics"`
	Linear           linearReport  `json:"linear"`
	Data             string        `json:"data"`
	Dropped          int           `json:"dropped"`
	Target           string        `json:"target"`
	TargetUnits      string        `json:"target_units"`
	TargetScale      number        `json:"target_scale"`
	Labels           *labelReport  `json:"labels"`
	Classes          []string      `json:"classes,omitempty"` // where there are more than two
	Targets          []string      `json:"targets,omitempty"` // where there are several
	Notes            []string      `json:"notes"`
	Version          string        `json:"version"`
	evidence
}

// splitMeasures are the metrics on the training and on the held-out rows.
type splitMeasures struct {
	Train measures `json:"train"`
	Test  measures `json:"test"`
}

// linearReport describes the linear model.
type linearReport struct {
	Method  string `json:"method"`
	Columns int    `json:"columns"`
	splitMeasures
}

// labelReport names the classes behind -1 and +1.
type labelReport struct {
	Negative string `json:"negative"`
	Positive string `json:"positive"`
}

func kindText(most convexnn.BetaMax) *string {
	kind := "estimated"
	if most.Exact {
		kind = "exact"
	}
	return &kind
}

func (t *training) report() trainReport {
	r, c, e := t.result, t.result.Certificate, t.data.encoding
	n, d := t.data.train.x.Dims()
	undefined := number(math.NaN())
	out := trainReport{
		Format: reportFormat, Mode: r.Mode.String(), Model: t.model().String(), Task: e.Task(), Loss: r.Loss.String(),
		N: n, D: d, Rank: r.Rank, Patterns: r.Patterns, PatternsPossible: count{r.PatternsPossible}, Neurons: t.neurons(),
		Beta: number(r.Beta), BetaMax: number(r.BetaMax.Value), BetaRatio: ratio(r.Beta, r.BetaMax.Value),
		Objective: number(r.Objective), TrainingLoss: number(r.TrainingLoss),
		ProgramObjective: undefined, ProgramBound: undefined, ProgramGap: undefined,
		LowerBound: undefined, RelativeGap: undefined, Certificate: string(c.Kind), Statement: t.statement(),
		EstimatedBound: undefined, EstimatedGap: undefined,
		Status: r.Status.String(), Iterations: r.Iterations, Rounds: r.Rounds, Seconds: t.seconds, Seed: t.flags.fit.seed,
		Metrics: splitMeasures{t.trainMetrics, t.testMetrics},
		Linear:  linearReport{string(t.linear.Method), t.linear.Columns, splitMeasures{t.linearTrain, t.linearTest}},
		Data:    t.data.name, Dropped: t.data.dropped, Target: e.TargetName(), TargetUnits: "original", TargetScale: number(e.TargetScale()),
		Notes: append(append([]string{}, t.data.notices...), t.remarks()...), Version: version(),
		evidence: newEvidence(c, t.flags.intercept, e, t.data.info(t.flags.fit.seed)),
	}
	if r.Loss == convexnn.HardMargin {
		out.BetaMax, out.BetaRatio = undefined, undefined
	}
	if r.Cells > 0 {
		out.Cells = &r.Cells
	}
	if c.Kind == convexnn.CertifiedProgram {
		out.ProgramObjective, out.ProgramBound, out.ProgramGap = number(c.ProgramObjective), number(c.ProgramBound), number(c.ProgramGap)
	} else {
		out.LowerBound, out.RelativeGap = number(c.LowerBound), number(c.RelativeGap)
	}
	if e := r.Estimate; e != nil {
		out.EstimatedBound, out.EstimatedGap = number(e.LowerBound), number(e.RelativeGap)
	}
	if r.Loss != convexnn.HardMargin {
		out.BetaMaxKind = kindText(r.BetaMax)
	}
	if t.data.standardized() {
		out.TargetUnits = "standardised"
	}
	if out.Outputs = e.Outputs(); out.Outputs > 1 {
		t.reportOutputs(&out)
	}
	if e.Task() == datasets.TaskClassification {
		out.TargetUnits = "classes"
		if negative, positive := e.Labels(); out.Outputs == 1 {
			out.Labels = &labelReport{negative, positive}
		}
	}
	return out
}
