package main

import (
	"fmt"
	"io"
	"math"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// certifyReport is the stable JSON report of certify. Keys that train has too
// mean the same.
type certifyReport struct {
	Format              string        `json:"format"`
	Task                datasets.Task `json:"task"`
	Data                string        `json:"data"`
	N                   int           `json:"n"`
	D                   int           `json:"d"`
	Rank                int           `json:"rank"`
	PatternsPossible    count         `json:"patterns_possible"`
	Neurons             int           `json:"neurons"`
	Beta                number        `json:"beta"`
	Objective           number        `json:"objective"`
	TrainingLoss        number        `json:"training_loss"`
	LowerBound          number        `json:"lower_bound"`
	RelativeGap         number        `json:"relative_gap"`
	OwnBound            number        `json:"own_bound"`
	Certificate         string        `json:"certificate"`
	Statement           string        `json:"statement"`
	EstimatedLowerBound number        `json:"estimated_lower_bound"`
	EstimatedGap        number        `json:"estimated_gap"`
	BetterObjective     number        `json:"better_objective"`
	BetterNeurons       *int          `json:"better_neurons"`
	Status              string        `json:"status"`
	Rounds              int           `json:"rounds"`
	Seconds             float64       `json:"seconds"`
	Seed                uint64        `json:"seed"`
	Notes               []string      `json:"notes"`
	Version             string        `json:"version"`
	evidence
}

func (c *certifying) report() certifyReport {
	r := c.result
	n, d := c.rows.x.Dims()
	undefined := number(math.NaN())
	out := certifyReport{
		Format: reportFormat, Task: c.encoding.Task(), Data: c.name, N: n, D: d, Rank: r.Rank, PatternsPossible: count{r.PatternsPossible},
		Neurons: len(c.network.Neurons), Beta: number(c.beta), Objective: number(r.Objective), TrainingLoss: number(r.TrainingLoss),
		LowerBound: number(r.Certificate.LowerBound), RelativeGap: number(r.Certificate.RelativeGap), OwnBound: number(r.OwnBound),
		Certificate: string(r.Certificate.Kind), Statement: r.Certificate.Statement(),
		EstimatedLowerBound: undefined, EstimatedGap: undefined, BetterObjective: undefined,
		Status: r.Status.String(), Rounds: r.Rounds, Seconds: c.seconds, Seed: c.seed, Notes: append([]string{}, c.remarks()...), Version: version(),
		evidence: newEvidence(r.Certificate, c.intercept, c.encoding, c.split),
	}
	if r.Estimate != nil {
		out.EstimatedLowerBound, out.EstimatedGap = number(r.Estimate.LowerBound), number(r.Estimate.RelativeGap)
	}
	if c.result.Better != nil {
		neurons := len(c.result.Better.Neurons)
		out.BetterObjective, out.BetterNeurons = number(c.result.BetterObjective), &neurons
	}
	return out
}

// printSubject prints what is going to be certified.
func (c *certifying) printSubject(w io.Writer) {
	row(w, "model", "%s: %s", c.path, plural(len(c.network.Neurons), "neuron"))
	rows := plural(c.total, "row")
	if c.rows.rows() < c.total {
		rows = fmt.Sprintf("the %s of %d; --all-rows takes all", plural(c.rows.rows(), "training row"), c.total)
	}
	row(w, "data", "%s: %s", c.name, rows)
	from := ""
	if c.trained {
		from = ", that of the training"
	}
	row(w, "beta", "%.4g%s", c.beta, from)
}

// printResult prints what is known of the network.
func (c *certifying) printResult(w io.Writer) {
	r := c.result
	row(w, "rank", "%d", r.Rank)
	row(w, "patterns", "at most %v", count{r.PatternsPossible})
	fmt.Fprintln(w)
	row(w, "objective", "%.6g, of which %.6g are the loss", r.Objective, r.TrainingLoss)
	if e := r.Estimate; e != nil {
		paragraph(w, "estimated", estimateText(e, r.Objective, r.BetterObjective))
	}
	paragraph(w, "proved", r.Certificate.Statement())
	if c.result.Better != nil {
		row(w, "better", "a network of %s with objective %.6g", plural(len(c.result.Better.Neurons), "neuron"), c.result.BetterObjective)
	} else {
		row(w, "better", "the search found no network with a lower objective")
	}
	for _, n := range c.remarks() {
		paragraph(w, "note", n)
	}
	row(w, "rounds", "%d", r.Rounds)
	row(w, "time", "%s", seconds(c.seconds))
}

// remarks are what the user should know of the result.
func (c *certifying) remarks() []string {
	var out []string
	switch r := c.result; {
	case r.Status == convexnn.Stopped && c.timeout:
		out = append(out, fmt.Sprintf("stopped early by the time limit of %v; this is what was known by then", c.flags.limits.time))
	case r.Status == convexnn.Stopped:
		out = append(out, "stopped early by an interrupt; this is what was known by then")
	case r.Status == convexnn.Limited && c.flags.rounds > 0 && r.Estimate == nil:
		out = append(out, fmt.Sprintf("the bound and the best network did not meet within --tol %g", c.flags.tol))
	}
	if c.flags.modelPath != "" && c.result.Better == nil {
		out = append(out, fmt.Sprintf("--out: there is no better network to write to %s", c.flags.modelPath))
	}
	return out
}
