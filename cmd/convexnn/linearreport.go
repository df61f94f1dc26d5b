package main

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// deepLinearReport is the stable JSON report of linear.
type deepLinearReport struct {
	Format       string       `json:"format"`
	N            int          `json:"n"`
	D            int          `json:"d"`
	Outputs      int          `json:"outputs"`
	Rank         int          `json:"rank"`
	Depth        int          `json:"depth"`
	Widths       []int        `json:"widths"`
	Bottleneck   int          `json:"bottleneck"`
	Beta         number       `json:"beta"`
	Vanishing    []number     `json:"vanishing"` // bounds on the beta at which all weights are zero
	Intercept    bool         `json:"intercept"`
	Objective    number       `json:"objective"`
	TrainingLoss number       `json:"training_loss"`
	LowerBound   number       `json:"lower_bound"`
	RelativeGap  number       `json:"relative_gap"`
	Certificate  string       `json:"certificate"` // exact or local
	Statement    string       `json:"statement"`
	Method       string       `json:"method"`
	Status       string       `json:"status"`
	NetworkRank  int          `json:"network_rank"`
	Singular     []number     `json:"singular_values"`
	Targets      []number     `json:"target_singular_values"`
	Inputs       []string     `json:"input_names"`
	OutputNames  []string     `json:"output_names"`
	Weights      [][]number   `json:"weights"` // d x outputs, the product of the layers
	Layers       [][][]number `json:"layers"`
	Constants    []number     `json:"constants"` // added to the outputs
	Views        viewsReport  `json:"views"`
	Metrics      struct {
		Train []outputMeasures `json:"train"`
		Test  []outputMeasures `json:"test"`
	} `json:"metrics"`
	Seconds      float64  `json:"seconds"`
	Seed         uint64   `json:"seed"`
	Data         string   `json:"data"`
	Dropped      int      `json:"dropped"`
	TargetUnits  string   `json:"target_units"`
	TargetScales []number `json:"target_scales"`
	TestRows     int      `json:"test_rows"`
	TestFraction number   `json:"test_fraction"`
	Notes        []string `json:"notes"`
	Version      string   `json:"version"`
}

// viewsReport are the views of the problem; null where there is none.
type viewsReport struct {
	Factorised *descentReport    `json:"factorised"`
	KyFan      *kyFanReport      `json:"ky_fan"`
	Nuclear    *nuclearReport    `json:"nuclear_norm"`
	Lifted     *liftedReport     `json:"lifted"`
	Relaxation *relaxationReport `json:"relaxation"`
}

type descentReport struct {
	Objective number       `json:"objective"`
	Gap       number       `json:"relative_gap"` // to the lower bound of the report
	Weights   int          `json:"weights"`
	Ends      []number     `json:"ends"`  // objectives of all starts
	Trace     []tracePoint `json:"trace"` // of the best
	Seconds   float64      `json:"seconds"`
}

type tracePoint struct {
	Step      int    `json:"step"`
	Objective number `json:"objective"`
}

type kyFanReport struct {
	Order      int    `json:"order"`
	Objective  number `json:"objective"`
	LowerBound number `json:"lower_bound"`
}

type nuclearReport struct {
	LowerBound number     `json:"lower_bound"`
	Dual       [][]number `json:"dual"` // n x outputs
	Iterations int        `json:"iterations"`
}

type liftedReport struct {
	Order     int    `json:"order"`
	Entries   number `json:"entries"`
	Equations int    `json:"equations"`
	Verified  bool   `json:"verified"`
	Violation number `json:"violation"`
	Objective number `json:"objective"`
}

type relaxationReport struct {
	Size       string  `json:"size"`
	Unit       number  `json:"unit"`     // the whole objective is this times that of the program,
	Constant   number  `json:"constant"` // plus this
	Objective  number  `json:"objective"`
	LowerBound number  `json:"lower_bound"`
	Residual   number  `json:"residual"`
	Status     string  `json:"status"`
	Iterations int     `json:"iterations"`
	Seconds    float64 `json:"seconds"`
}

func (m *deepLinear) report() deepLinearReport {
	r, f := m.result, m.flags
	n, d := m.data.train.x.Dims()
	out := deepLinearReport{
		Format: "convexnn-linear", N: n, D: d, Outputs: len(m.data.targets), Rank: r.RankX, Depth: len(m.widths) + 1,
		Widths: append([]int{}, m.widths...), Bottleneck: r.Bottleneck, Beta: number(f.beta), Vanishing: definedNumbers(m.vanishing[:]), Intercept: f.intercept,
		Objective: number(r.Objective), TrainingLoss: number(r.Loss), LowerBound: number(m.bound()), RelativeGap: number(m.gapTo(r.Objective)),
		Certificate: "local", Statement: m.statement(), Method: string(r.Method), Status: r.Status.String(),
		NetworkRank: r.Rank, Singular: definedNumbers(r.Singular), Targets: definedNumbers(r.Targets),
		Inputs: m.data.inputs, OutputNames: m.data.targets, Weights: matrixRows(r.W), Constants: definedNumbers(r.Intercept),
		Seconds: m.seconds, Seed: f.data.seed, Data: m.data.name, Dropped: m.data.dropped, TargetUnits: "original", TargetScales: definedNumbers(m.data.scales),
		TestRows: m.data.test.rows(), TestFraction: number(f.data.fraction),
		Notes: append(append([]string{}, m.data.notices...), m.remarks()...), Version: version(),
	}
	if r.Exact {
		out.Certificate, out.RelativeGap = "exact", number(r.RelativeGap)
	}
	for _, l := range r.Layers {
		out.Layers = append(out.Layers, matrixRows(l))
	}
	if m.data.standardized {
		out.TargetUnits = "standardised"
	}
	out.Metrics.Train = m.data.measure(m.data.train, r.W, r.Intercept)
	out.Metrics.Test = m.data.measure(m.data.test, r.W, r.Intercept)
	out.Views = m.views()
	return out
}

func (m *deepLinear) views() (out viewsReport) {
	if d := m.descent; d != nil {
		v := &descentReport{Objective: number(d.Objective), Gap: number(m.gapTo(d.Objective)), Weights: m.parameters(), Ends: definedNumbers(d.Ends), Seconds: m.descentSeconds}
		for _, p := range d.Trace {
			v.Trace = append(v.Trace, tracePoint{p.Step, number(p.Objective)})
		}
		out.Factorised = v
	}
	if k := m.kyFan; k != nil {
		out.KyFan = &kyFanReport{len(m.data.targets), number(k.value), number(k.bound)}
	}
	if m.result.Dual != nil {
		out.Nuclear = &nuclearReport{number(m.result.Nuclear), matrixRows(m.result.Dual), m.result.Iterations}
	}
	v := &m.lifted
	if v.program != nil {
		l := &liftedReport{Order: v.program.Order(), Entries: number(v.program.Entries()), Equations: v.program.Equations(), Violation: number(math.NaN()), Objective: number(math.NaN())}
		if c := v.check; c != nil {
			l.Verified, l.Violation, l.Objective = c.Feasible, number(max(c.Cone, c.Scale, c.Rank, c.Orthogon)), number(c.Objective)
		}
		out.Lifted = l
	}
	if x := v.relaxed; x != nil {
		out.Relaxation = &relaxationReport{v.relaxation.Size(), number(v.relaxation.Unit), number(v.rest), number(v.value), number(v.bound), number(x.Residual), x.Status.String(), x.Iterations, v.seconds}
	}
	return out
}

func definedNumbers(values []float64) []number {
	out := make([]number, len(values))
	for k, v := range values {
		out[k] = number(v)
	}
	return out
}

func matrixRows(a *mat.Dense) [][]number {
	n, _ := a.Dims()
	out := make([][]number, n)
	for i := range out {
		out[i] = definedNumbers(a.RawRowView(i))
	}
	return out
}
