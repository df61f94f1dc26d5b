package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/convexnn"
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	source          sourceFlags
	cells           cellFlags
	limits          limitFlags
	seed            uint64
	quiet           bool
	modelPath, path string
}

// verificationReport is the stable JSON report of verify.
type verificationReport struct {
	Format      string        `json:"format"`
	Verified    bool          `json:"verified"`
	Statement   string        `json:"statement"`
	Status      string        `json:"status"`
	Data        string        `json:"data"`
	Scaling     *string       `json:"scaling"` // rows, model, report; null where nothing is scaled
	N           int           `json:"n"`
	D           int           `json:"d"`
	Beta        number        `json:"beta"`
	Claimed     claimedReport `json:"claimed"`
	LowerBound  number        `json:"lower_bound"`
	Certificate string        `json:"certificate"`
	Objective   number        `json:"objective"`    // of --model, null without
	RelativeGap number        `json:"relative_gap"` // null without --model
	Price       *priceReport  `json:"price"`
	Seconds     float64       `json:"seconds"`
	Version     string        `json:"version"`
}

// claimedReport is what the report under test says.
type claimedReport struct {
	Certificate string `json:"certificate"`
	LowerBound  number `json:"lower_bound"`
	RelativeGap number `json:"relative_gap"`
	Objective   number `json:"objective"`
}

func (a *app) verifyCommand() *cobra.Command {
	f := new(verifyFlags)
	cmd := &cobra.Command{
		Use:   "verify REPORT DATA",
		Short: "Check the proof in a report again",
		Long: `Verify takes the dual vector that a report of train or certify holds, prices it on
the training rows of DATA, and says which lower bound it proves and whether that is
what the report claims. With --model it checks that report and network belong
together, and computes the objective of the network anew, and so the gap; without,
objective and gap are taken on trust, and nothing is said to be optimal.

The proof is checked without any of the training: from the data, the vector and beta.
Exit status 1 means that the claim is not proved, 3 that the time was too short.`,
		Example: `  convexnn train houses.csv --mode enumerate --out model.json --report report.json
  convexnn verify report.json houses.csv --model model.json`,
		Args: f.source.arguments("REPORT", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.limits.check(cmd.Flags()); err != nil {
				return err
			}
			return a.verify(cmd, f, args)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.modelPath, "model", "", "compute the objective anew from the network in `FILE`, a model or plain weights as JSON")
	fs.StringVar(&f.path, "report", "", "write a JSON report to `FILE`, or - for standard output")
	f.source.register(fs, false)
	registerSeed(fs, &f.seed)
	f.cells.register(fs, "price over all activation patterns, where the report did, if there may be up to `N`")
	f.limits.register(fs)
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	return cmd
}

// verify does the work of the command.
func (a *app) verify(cmd *cobra.Command, f *verifyFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	report, err := a.newReport(f.path, f.source.files(append(args, f.modelPath)...)...)
	if err != nil {
		return err
	}
	c, err := openClaim(args[0])
	if err != nil {
		return err
	}
	v := verification{claim: c, flags: f, objective: math.NaN()}
	v.data = dataArguments{flags: cmd.Flags(), data: cmp.Or(f.source.x, args[len(args)-1]), seed: f.seed, notice: a.noticer(f.quiet)}
	if v.rows, v.scaling, err = c.rows(&f.source, v.data); err != nil {
		return err
	}
	if f.modelPath != "" {
		if err := v.measure(); err != nil {
			return err
		}
	}
	if err := v.run(ctx); err != nil {
		return err
	}
	if err := report.write(v.report()); err != nil {
		return err
	}
	text := a.summary(f.quiet, report)
	v.print(text)
	a.stopped = v.stopped && v.refuted == ""
	if v.refuted != "" {
		return fmt.Errorf("not verified: %s", v.refuted)
	}
	return nil
}

// A verification is a claim and what became of it.
type verification struct {
	*claim
	flags     *verifyFlags
	data      dataArguments
	rows      sample
	scaling   scaling
	objective float64 // of --model, NaN without
	training  float64 // its first part, the loss
	neurons   int     // of --model
	proved    convexnn.Certificate
	seconds   float64
	stopped   bool   // before the claim was proved
	timeout   bool   // by the time limit
	refuted   string // why the claim does not hold, empty if it does
}

// measure computes the objective of the network of --model.
func (v *verification) measure() error {
	m, w, err := openNetwork(v.flags.modelPath, &weightFlags{}, v.data.flags)
	if err != nil {
		return err
	}
	var notes []string
	if w == nil && m.Outputs != nil {
		notes, err = v.measureOutputs(m)
	} else {
		notes, err = v.measureOne(m, w)
	}
	if err != nil {
		return err
	}
	for _, n := range notes {
		v.data.notice(n)
	}
	if v.loss == convexnn.HardMargin && math.IsInf(v.objective, 1) {
		return fmt.Errorf("the network in %s does not separate the training rows, as the loss hard-margin asks", v.flags.modelPath)
	}
	if !number(v.objective).defined() {
		return fmt.Errorf("the objective of %s is too large for a number", v.flags.modelPath)
	}
	return nil
}

// measureOne is measure for a network of one output.
func (v *verification) measureOne(m *model, w *plainWeights) ([]string, error) {
	if v.outputs() > 1 && w != nil {
		return nil, apart("%s holds weights of one output, and the report speaks of %d", v.flags.modelPath, v.outputs())
	}
	net, notes, err := v.network(m, w, v.flags)
	if err != nil {
		return nil, err
	}
	v.neurons = len(net.Neurons)
	v.objective, v.training, err = v.loss.Objective(net, v.rows.x, v.rows.y, *v.Beta)
	return notes, err
}

// measured reports whether the objective was computed anew.
func (v *verification) measured() bool { return !math.IsNaN(v.objective) }

func (v *verification) run(ctx context.Context) (err error) {
	start := time.Now()
	objective := *v.Objective
	if v.measured() {
		objective = v.objective
	}
	v.proved, err = v.prove(ctx, v.rows, objective, v.flags.cells, v.flags.limits.memory.limit())
	below := errors.Is(err, convexnn.ErrContradiction)
	switch {
	case errors.Is(err, convexnn.ErrNotFinite):
		return fmt.Errorf("the dual vector of the report cannot be priced: its numbers are out of range")
	case err != nil && !below:
		return err
	}
	v.seconds = time.Since(start).Seconds()
	v.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)
	v.judge(ctx.Err() != nil && v.proved.Price.Kind != convexnn.CertifiedExact)
	if below && v.refuted == "" {
		v.refuted = fmt.Sprintf("no network has an objective below %.9g on these data, and the report claims %.9g", v.proved.LowerBound, objective)
	}
	return nil
}

// judge compares the claim with what was proved, by a search that may have been cut.
func (v *verification) judge(cut bool) {
	proved := v.proved.LowerBound
	short := v.global() && *v.LowerBound > proved && !same(*v.LowerBound, proved)
	switch {
	case v.contradiction() != "":
		v.refuted = v.contradiction()
	case v.Mode != "" && v.scaling.differ != "":
		v.refuted = "the training rows of the data teach another preprocessing than that of the report: " + v.scaling.differ
	case v.measured() && v.mismatch() != "":
		v.refuted = v.mismatch()
	case short && cut:
		v.stopped = true
	case short && v.optimistic() < *v.LowerBound && !same(v.optimistic(), *v.LowerBound):
		v.refuted = fmt.Sprintf("the report claims lower bound %.9g, its dual vector proves only %.9g", *v.LowerBound, proved)
	case short:
		v.refuted = fmt.Sprintf("the report claims lower bound %.9g, and with this effort its dual vector proves only %.9g; the claim may be true%s", *v.LowerBound, proved, v.harder())
	default:
		if v.refuted = v.foreign(v.rows, v.proved); v.refuted == "" {
			v.refuted = v.untrue(v.rows)
		}
		// Nothing is left to find for a bound of zero.
		idle := v.global() && *v.LowerBound <= 0
		v.stopped = cut && !idle && (v.Certificate == convexnn.CertifiedExact || !v.global())
	}
}

// harder is what the user can do where the effort was too small.
func (v *verification) harder() string {
	if v.Price != nil && v.Price.Method == convexnn.ByCells && v.proved.Price.Method != convexnn.ByCells {
		return ", and a higher --max-cells or --memory-limit lets it be priced over all patterns, as the report did"
	}
	return ""
}

// mismatch says in what the network of --model is not that of the report.
func (v *verification) mismatch() string {
	path := v.flags.modelPath
	switch {
	case !same(v.objective, *v.Objective):
		return fmt.Sprintf("the report claims the objective %.9g, and the network in %s has %.9g", *v.Objective, path, v.objective)
	case math.Abs(v.training-*v.TrainingLoss) > sameDigits*v.objective:
		return fmt.Sprintf("the report claims the loss %.9g, and the network in %s has %.9g", *v.TrainingLoss, path, v.training)
	case v.Neurons != nil && *v.Neurons != v.neurons:
		return fmt.Sprintf("the report speaks of %s, and the network in %s has %d", plural(*v.Neurons, "neuron"), path, v.neurons)
	}
	return ""
}

// optimistic is the bound that the vector would prove if its price were the value
// that some neuron attains: no search can prove more.
func (v *verification) optimistic() float64 {
	p := v.proved.Price
	if !number(p.Upper).defined() {
		return math.Inf(1)
	}
	y, least := v.targets(v.rows), convexnn.Price{Value: p.Value, Upper: p.Value, Kind: convexnn.CertifiedExact}
	if *v.Intercept {
		y = v.centered(y)
	}
	return v.loss.Certificate(y, v.proved.Dual, *v.Beta, *v.Objective, least).LowerBound
}

func (v *verification) status() string {
	switch {
	case v.stopped:
		return "stopped"
	case v.refuted != "":
		return "refuted"
	}
	return "verified"
}

func (v *verification) report() verificationReport {
	optional := func(x *float64) number {
		if x == nil {
			return number(math.NaN())
		}
		return number(*x)
	}
	gap := number(math.NaN()) // of an objective that was not checked
	if v.measured() {
		gap = number(v.proved.RelativeGap)
	}
	return verificationReport{
		Format: "convexnn-verification", Verified: !v.stopped && v.refuted == "", Statement: v.statement(), Status: v.status(),
		Data: v.data.data, Scaling: v.scaling.source(v.measured()), N: v.N, D: v.D, Beta: number(*v.Beta),
		Claimed:    claimedReport{string(v.Certificate), optional(v.LowerBound), optional(v.RelativeGap), optional(v.Objective)},
		LowerBound: number(v.proved.LowerBound), Certificate: string(v.proved.Kind), Objective: number(v.objective),
		RelativeGap: gap, Price: newPriceReport(v.proved.Price), Seconds: v.seconds, Version: version(),
	}
}
