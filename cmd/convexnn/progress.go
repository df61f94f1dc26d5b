package main

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/convexnn/convexnn/convexnn"
)

// A progress is the bar shown while a network is trained; nil shows nothing.
type progress struct {
	bar *progressbar.ProgressBar
}

const progressSteps = 1000

// newProgress returns a bar on w if that is a terminal.
func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{progressbar.NewOptions(progressSteps,
		progressbar.OptionSetWriter(f),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	)}
}

// update shows what the training reports: the part of the way that the gap has
// gone, on a logarithmic scale, from 1 to the tolerance.
func (p *progress) update(u convexnn.Progress) {
	if p == nil {
		return
	}
	switch u.Stage {
	case "beta_max":
		p.bar.Describe("beta_max")
	case "patterns", "solve":
		p.bar.Describe(preparing(u))
	case "generate":
		p.bar.Describe(roundText(u.Solve))
		p.bar.Set(way(u.Solve.Gap, u.Tolerance))
		return
	default:
		p.bar.Describe(fmt.Sprintf("objective %-9.5g gap %-8.2g", u.Solve.Objective, u.Solve.Gap))
		p.bar.Set(way(u.Solve.Gap, u.Tolerance)) // a display that fails is no reason to stop
		return
	}
	p.bar.RenderBlank()
}

// preparing says what is done before the first bracket is known.
func preparing(u convexnn.Progress) string {
	switch {
	case u.Known.Mode != convexnn.Sampled:
		return "generating neurons"
	case u.Stage == "patterns":
		return "sampling patterns"
	}
	return "building the program"
}

// roundText describes the bracket over all networks, with a tilde where it is an
// estimate.
func roundText(s convexnn.SolveProgress) string {
	tilde := ""
	if s.Estimated {
		tilde = "~"
	}
	return fmt.Sprintf("round %-3d objective %-9.5g bound %-10s gap %-9s", s.Rounds, s.Objective,
		fmt.Sprintf("%s%.5g", tilde, s.LowerBound), fmt.Sprintf("%s%.2g", tilde, s.Gap))
}

func way(gap, tolerance float64) int {
	share := math.Log(gap) / math.Log(tolerance)
	if !(share > 0) {
		return 0
	}
	return int(min(share, 0.999) * progressSteps) // a full bar would be final
}

// hide takes the bar off the screen until the next update.
func (p *progress) hide() {
	if p != nil {
		p.bar.Clear()
	}
}

// clear removes the bar for good.
func (p *progress) clear() {
	if p != nil {
		p.bar.Finish()
	}
}

// updateCompare shows which of several trainings runs, and what it reports.
func (p *progress) updateCompare(at, of int, share float64, text string) {
	if p == nil {
		return
	}
	p.bar.Describe(fmt.Sprintf("%d/%d %s", at+1, of, text))
	p.bar.Set(int(progressSteps * min((float64(at)+share)/float64(of), 0.999)))
}
