package main

import (
	"cmp"
	"fmt"
	"math"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
	"github.com/convexnn/convexnn/internal/metrics"
)

// evaluationReport is the stable JSON report of evaluate.
type evaluationReport struct {
	Model   string        `json:"model"`
	Task    datasets.Task `json:"task"`
	Rows    int           `json:"rows"`
	Neurons int           `json:"neurons"`
	Classes []string      `json:"classes,omitempty"` // where there are more than two
	Metrics measures      `json:"metrics"`
	Version string        `json:"version"`
}

func (a *app) evaluateCommand() *cobra.Command {
	var (
		source          sourceFlags
		seed            uint64
		quiet, testOnly bool
		path            string
	)
	cmd := &cobra.Command{
		Use:   "evaluate MODEL DATA",
		Short: "Measure a model on labelled rows",
		Long: `Evaluate prints how well a model predicts the target of DATA: R2 and RMSE in the
units of the target for a regression, of each where there are several; accuracy and the
area under the ROC curve for two classes; accuracy and a table of the classes and their
predictions for more. With --x the targets come from --y or else from the last
column.

On the table that the model was trained on, --test-only measures the rows that were
held out: it repeats the split of the training.`,
		Example: `  convexnn evaluate model.json labelled.csv --report -`,
		Args:    source.arguments("MODEL", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := a.newReport(path, source.files(args...)...)
			if err != nil {
				return err
			}
			m, err := openModel(args[0])
			if err != nil {
				return err
			}
			c := dataArguments{flags: cmd.Flags(), data: cmp.Or(source.x, args[len(args)-1]), seed: seed, notice: a.noticer(quiet)}
			s, err := m.read(&source, c, true)
			if err != nil {
				return err
			}
			if testOnly {
				if s, err = m.trainedOn().heldOut(c, s); err != nil {
					return err
				}
			} else if text := m.trainedOn().compare(c, s); text != "" {
				c.notice(text)
			}
			result, err := m.evaluate(s)
			if err != nil {
				return err
			}
			if err := report.write(result); err != nil || report.stdout != nil {
				return err
			}
			fmt.Fprintf(a.out, "%-*s%d\n", labelWidth, "rows", result.Rows)
			lines := result.Metrics.lines()
			width := nameWidth(lines)
			for _, line := range lines {
				fmt.Fprintf(a.out, "%-*s%v\n", width, line.name, line.value)
			}
			printConfusion(a.out, m.encoding().Classes(), result.Metrics)
			if report.file != nil {
				fmt.Fprintf(a.out, "%-*s%s\n", labelWidth, "report", path)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&path, "report", "", "write a JSON report to `FILE`, or - for standard output")
	source.register(fs, false)
	registerSeed(fs, &seed)
	fs.BoolVar(&testOnly, "test-only", false, "measure only the rows that the training held out of the same table")
	fs.BoolVar(&quiet, "quiet", false, "print no notices")
	return cmd
}

// evaluate measures the model on labelled rows.
func (m *model) evaluate(s sample) (out evaluationReport, err error) {
	e := m.encoding()
	out = evaluationReport{Model: convexnn.ReLU.String(), Task: e.Task(), Rows: s.rows(), Version: version()}
	if m.Outputs != nil {
		out.Neurons, out.Classes = len(m.Outputs.Neurons), e.Classes()
		var f *mat.Dense
		if f, err = m.outputs(s); err == nil {
			out.Metrics = measureOutputs(e, f, s.targets)
		}
		return out, err
	}
	out.Model, out.Neurons = m.Network.Model.String(), len(m.Network.Neurons)
	scores, err := m.scores(s)
	if err == nil {
		out.Metrics = measure(e, scores, s.y)
	}
	return out, err
}

// measures are the metrics of one task; those of the other are left out.
type measures struct {
	Rows     int     `json:"rows"`
	R2       *number `json:"r2,omitempty"`
	RMSE     *number `json:"rmse,omitempty"`
	Accuracy *number `json:"accuracy,omitempty"`
	AUC      *number `json:"auc,omitempty"`

	// Of more than two classes, and of several targets:
	Confusion [][]int          `json:"confusion,omitempty"` // rows: the class, columns: the prediction
	Targets   []targetMeasures `json:"targets,omitempty"`
}

// measure compares scores with targets, a regression in the user's units.
func measure(e encoding, scores, y []float64) measures {
	defined := func(v float64) *number { return (*number)(&v) }
	if e.Task() == datasets.TaskClassification {
		return measures{Rows: len(y), Accuracy: defined(metrics.Accuracy(scores, y)), AUC: defined(metrics.AUC(scores, y))}
	}
	f, y := e.Unscale(scores), e.Unscale(y)
	return measures{Rows: len(y), R2: defined(metrics.R2(f, y)), RMSE: defined(metrics.RMSE(f, y))}
}

// A line is a metric with its name.
type line struct {
	name  string
	value number
}

func (m measures) lines() []line {
	switch {
	case m.AUC != nil:
		return []line{{"accuracy", *m.Accuracy}, {"AUC", *m.AUC}}
	case m.Accuracy != nil:
		return []line{{"accuracy", *m.Accuracy}}
	case m.Targets != nil:
		return m.targetLines()
	}
	r2 := *m.R2
	if math.Abs(float64(r2)) < 1e-12 {
		r2 = 0 // what rounding leaves of it means nothing to people
	}
	return []line{{"R2", r2}, {"RMSE", *m.RMSE}}
}
