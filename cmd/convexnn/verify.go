package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
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
	N           int           `json:"n"`
	D           int           `json:"d"`
	Beta        number        `json:"beta"`
	Claimed     claimedReport `json:"claimed"`
	LowerBound  number        `json:"lower_bound"`
	Certificate string        `json:"certificate"`
	Objective   number        `json:"objective"` // of --model, null without
	RelativeGap number        `json:"relative_gap"`
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
what the report claims. With --model it computes the objective of the network anew,
and so the gap.

The proof is checked without any of the training: from the data, the vector and beta.
Exit status 1 means that the claim is not proved.`,
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
	d := dataArguments{flags: cmd.Flags(), data: cmp.Or(f.source.x, args[len(args)-1]), seed: f.seed, notice: a.noticer(f.quiet)}
	if v.rows, err = c.rows(&f.source, d); err != nil {
		return err
	}
	v.data = d.data
	if f.modelPath != "" {
		if err := v.measure(cmd, d.notice); err != nil {
			return err
		}
	}
	if err := v.run(ctx); err != nil {
		return err
	}
	if err := report.write(v.report()); err != nil {
		return err
	}
	text := io.Writer(a.out)
	switch {
	case f.quiet:
		text = io.Discard
	case report.stdout != nil:
		text = a.err
	}
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
	data      string
	rows      sample
	objective float64 // of --model, NaN without
	proved    convexnn.Certificate
	seconds   float64
	stopped   bool   // before the claim was proved
	refuted   string // why the claim does not hold, empty if it does
}

// measure computes the objective of the network of --model.
func (v *verification) measure(cmd *cobra.Command, notice func(string)) error {
	m, w, err := openNetwork(v.flags.modelPath, &weightFlags{}, cmd.Flags())
	if err != nil {
		return err
	}
	var net *convexnn.Network
	if w == nil {
		net = m.Network
	} else {
		columns := v.D
		if v.Matrix != nil && v.Matrix.OnesColumn && w.bias != nil {
			columns--
		}
		var note string
		if net, note, err = w.network(columns); err != nil {
			return err
		}
		if note != "" {
			notice(note)
		}
	}
	if v.objective, _, err = net.Objective(v.rows.x, v.rows.y, *v.Beta); err != nil {
		return err
	}
	if !number(v.objective).defined() {
		return fmt.Errorf("the objective of %s is too large for a number", v.flags.modelPath)
	}
	return nil
}

func (v *verification) run(ctx context.Context) (err error) {
	start := time.Now()
	if v.proved, err = v.prove(ctx, v.rows, v.flags.cells, v.flags.limits.memory.limit()); err != nil {
		if errors.Is(err, convexnn.ErrNotFinite) {
			return fmt.Errorf("the dual vector of the report cannot be priced: its numbers are out of range")
		}
		return err
	}
	v.seconds = time.Since(start).Seconds()
	v.judge(ctx.Err() != nil)
	return nil
}

// judge compares the claim with what was proved.
func (v *verification) judge(cut bool) {
	proved := v.proved.LowerBound
	short := v.global() && *v.LowerBound > proved && !same(*v.LowerBound, proved)
	switch {
	case v.contradiction() != "":
		v.refuted = v.contradiction()
	case !math.IsNaN(v.objective) && !same(v.objective, *v.Objective):
		v.refuted = fmt.Sprintf("the report claims the objective %.9g, and the network in %s has %.9g", *v.Objective, v.flags.modelPath, v.objective)
	case short && cut:
		v.stopped = true
	case short && v.optimistic() < *v.LowerBound && !same(v.optimistic(), *v.LowerBound):
		v.refuted = fmt.Sprintf("the report claims lower bound %.9g, its dual vector proves only %.9g", *v.LowerBound, proved)
	case short:
		v.refuted = fmt.Sprintf("the report claims lower bound %.9g, and with this effort its dual vector proves only %.9g; the claim may be true", *v.LowerBound, proved)
	default:
		v.refuted = v.foreign(v.rows, v.proved)
	}
}

// optimistic is the bound that the vector would prove if its price were the value
// that some neuron attains: no search can prove more.
func (v *verification) optimistic() float64 {
	p := v.proved.Price
	if !number(p.Upper).defined() {
		return math.Inf(1)
	}
	y, least := v.rows.y, convexnn.Price{Value: p.Value, Upper: p.Value, Kind: convexnn.CertifiedExact}
	if *v.Intercept {
		y = centered(y)
	}
	return convexnn.NewCertificate(y, v.proved.Dual, *v.Beta, *v.Objective, least).LowerBound
}

// statement says in words what was proved.
func (v *verification) statement() string {
	all := lowerFirst(v.proved.Statement())
	nothing := v.proved.LowerBound <= 0
	switch {
	case v.refuted != "":
		return "Not verified: " + v.refuted + "."
	case v.stopped:
		return fmt.Sprintf("Not decided, as the time was short. Proved by then: %s The report claims %.9g.", all, *v.LowerBound)
	case v.global() && nothing:
		return "The report claims no positive lower bound, and none was proved."
	case v.global():
		return "Proved again: " + all + v.source()
	case nothing:
		return "The report claims nothing about all networks, and its dual vector proves nothing about them."
	case v.Certificate == convexnn.CertifiedEstimate:
		return "The report only estimates a bound. Its dual vector proves: " + all
	}
	return "The report claims nothing about all networks. Its dual vector proves: " + all + " What the report says of its own patterns was not checked."
}

// lowerFirst returns a sentence as it goes on after a colon.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// source says where the objective behind the gap comes from.
func (v *verification) source() string {
	if math.IsNaN(v.objective) {
		return " The objective is as the report says; --model computes it anew."
	}
	return fmt.Sprintf(" The objective was computed anew from %s.", v.flags.modelPath)
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
	return verificationReport{
		Format: "convexnn-verification", Verified: !v.stopped && v.refuted == "", Statement: v.statement(), Status: v.status(),
		Data: v.data, N: v.N, D: v.D, Beta: number(*v.Beta),
		Claimed:    claimedReport{string(v.Certificate), optional(v.LowerBound), optional(v.RelativeGap), optional(v.Objective)},
		LowerBound: number(v.proved.LowerBound), Certificate: string(v.proved.Kind), Objective: number(v.objective),
		RelativeGap: number(v.proved.RelativeGap), Price: newPriceReport(v.proved.Price), Seconds: v.seconds, Version: version(),
	}
}

func (v *verification) print(w io.Writer) {
	row(w, "data", "%s: %s", v.data, plural(v.N, "row"))
	row(w, "beta", "%.4g", *v.Beta)
	claimed := "no bound on all networks"
	if v.global() {
		claimed = fmt.Sprintf("lower bound %.9g (%s)", *v.LowerBound, v.Certificate)
	}
	row(w, "claimed", "objective %.9g, %s", *v.Objective, claimed)
	p := v.proved.Price
	price := "no bound on its price"
	if number(p.Upper).defined() {
		price = fmt.Sprintf("scaled to a price of at most %.9g", p.Upper)
	}
	row(w, "dual vector", "%s, by %s", price, p.Method)
	paragraph(w, "proved", v.statement())
	if v.flags.path != "" && v.flags.path != "-" {
		row(w, "report", "%s", v.flags.path)
	}
	row(w, "time", "%s", seconds(v.seconds))
}
