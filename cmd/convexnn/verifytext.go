package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/convexnn/convexnn/convexnn"
)

// statement says in words what was proved.
func (v *verification) statement() string {
	nothing := v.proved.LowerBound <= 0
	sofar := ""
	if v.stopped {
		sofar = " The search was cut short, so that more may be true."
	}
	switch {
	case v.refuted != "":
		return "Not verified: " + strings.TrimSuffix(strings.TrimSuffix(v.refuted, "."), "?") + "."
	case v.stopped && v.global() && nothing:
		return fmt.Sprintf("Not decided, as the time was short: no bound was proved by then. The report claims %.9g.", *v.LowerBound)
	case v.stopped && v.global() && !same(v.proved.LowerBound, *v.LowerBound):
		return fmt.Sprintf("Not decided, as the time was short. Proved by then: %s The report claims %.9g.", v.bound(), *v.LowerBound)
	case v.global() && nothing:
		return "The report claims no positive lower bound, and none was proved." + v.unchecked()
	case v.global():
		return "Proved again: " + v.bound() + sofar + v.source() + v.unchecked()
	case nothing:
		return "The report claims nothing about all networks, and its dual vector proves nothing about them." + sofar
	case v.Certificate == convexnn.CertifiedEstimate:
		return "The report only estimates a bound. Its dual vector proves: " + v.bound() + sofar + v.source()
	}
	return "The report claims nothing about all networks. Its dual vector proves: " + v.bound() + sofar + v.source() +
		" What the report says of its own patterns was not checked."
}

// unchecked names an estimate that the report has beside its bound.
func (v *verification) unchecked() string {
	if v.EstimatedBound == nil {
		return ""
	}
	return fmt.Sprintf(" Its estimate of ~%.6g is not a proof, and was not checked.", *v.EstimatedBound)
}

// bound is what was proved, as the rest of a sentence. Without the network there is no
// gap, and nothing is optimal.
func (v *verification) bound() string {
	if v.measured() {
		return lowerFirst(v.proved.Statement())
	}
	// The statement of a bound that is not exact never speaks of an optimum.
	c := v.proved
	c.Kind, c.RelativeGap = convexnn.CertifiedBounded, 1
	text, _, _ := strings.Cut(c.Statement(), " (gap")
	return lowerFirst(text) + "."
}

// lowerFirst returns a sentence as it goes on after a colon.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// source says what the statement takes from elsewhere: the objective behind the gap,
// and the scaling of the rows.
func (v *verification) source() string {
	text := fmt.Sprintf(" The objective of %.6g, and with it the gap, are claimed by the report and were not checked; give --model.", *v.Objective)
	if v.measured() {
		text = fmt.Sprintf(" The objective was computed anew from %s.", v.flags.modelPath)
	}
	switch {
	case !v.scaling.given:
	case v.scaling.differ == "":
		text += " The data are scaled as the training rows teach it."
	case v.measured():
		text += " The data are scaled as the model has it, which is not what these rows teach."
	default:
		text += " All this is about the data as the report scales them, which is not what these rows teach."
	}
	return text
}

// print prints what became of the claim.
func (v *verification) print(w io.Writer) {
	rows := plural(v.N, "row")
	if v.N < v.Split.Rows {
		rows = fmt.Sprintf("%s of %d", plural(v.N, "training row"), v.Split.Rows)
	}
	row(w, "data", "%s: %s", v.data.data, rows)
	if v.Preprocessing != nil {
		names := v.Preprocessing.TargetNames()
		row(w, "target", "%s", strings.Join(names, ", "))
	}
	if v.loss != convexnn.Squared {
		row(w, "loss", "%v", v.loss)
	}
	if v.loss != convexnn.HardMargin {
		row(w, "beta", "%.4g", *v.Beta)
	}
	claimed := "no bound on all networks"
	if v.global() {
		claimed = fmt.Sprintf("lower bound %.9g (%s)", *v.LowerBound, v.Certificate)
	}
	row(w, "claimed", "objective %.9g, %s", *v.Objective, claimed)
	row(w, "dual vector", "%s", v.priceText())
	switch {
	case v.refuted != "": // the error says why
	case v.stopped:
		paragraph(w, "stopped", v.statement())
		row(w, "note", "%s", v.cutText())
	default:
		paragraph(w, "proved", v.statement())
	}
	if v.flags.path != "" && v.flags.path != "-" {
		row(w, "report", "%s", v.flags.path)
	}
	row(w, "time", "%s", seconds(v.seconds))
}

// priceText describes the dual vector.
func (v *verification) priceText() string {
	p := v.proved.Price
	switch {
	case !slices.ContainsFunc(v.proved.Dual, func(e float64) bool { return e != 0 }):
		return "zero, which proves no bound"
	case !number(p.Upper).defined():
		return fmt.Sprintf("no bound on its price, by %s", p.Method)
	}
	return fmt.Sprintf("scaled to a price of at most %.9g, by %s", p.Upper, p.Method)
}

// cutText says what ended the search.
func (v *verification) cutText() string {
	if v.timeout {
		return fmt.Sprintf("stopped early by the time limit of %v", v.flags.limits.time)
	}
	return "stopped early by an interrupt"
}
