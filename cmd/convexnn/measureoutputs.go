package main

import (
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/baseline"
	"github.com/convexnn/convexnn/convexnn/outputs"
	"github.com/convexnn/convexnn/datasets"
	"github.com/convexnn/convexnn/internal/metrics"
)

// targetMeasures are the metrics of one of several targets.
type targetMeasures struct {
	Target string `json:"target"`
	R2     number `json:"r2"`
	RMSE   number `json:"rmse"` // in the units of the target
}

// measureOutputs compares the outputs f of a network with encoded targets y (n x c each).
// It is undefined for no rows, f and y nil.
func measureOutputs(e encoding, f, y *mat.Dense) measures {
	undefined := number(math.NaN())
	out := measures{}
	if e.Task() == datasets.TaskClassification {
		out.Accuracy = &undefined
		if y != nil {
			out.Rows, _ = y.Dims()
			out.Confusion = confusion(f, y)
			right := 0
			for k := range out.Confusion {
				right += out.Confusion[k][k]
			}
			accuracy := number(float64(right) / float64(out.Rows))
			out.Accuracy = &accuracy
		}
		return out
	}
	if y != nil {
		out.Rows, _ = y.Dims()
		f, y = e.UnscaleOutputs(f), e.UnscaleOutputs(y)
	}
	for k, name := range e.TargetNames() {
		m := targetMeasures{name, undefined, undefined}
		if y != nil {
			a, b := mat.Col(nil, k, f), mat.Col(nil, k, y)
			m.R2, m.RMSE = number(metrics.R2(a, b)), number(metrics.RMSE(a, b))
		}
		out.Targets = append(out.Targets, m)
	}
	return out
}

// confusion counts the rows of each class by the class predicted.
func confusion(f, y *mat.Dense) [][]int {
	n, c := y.Dims()
	out := make([][]int, c)
	for k := range out {
		out[k] = make([]int, c)
	}
	for i := range n {
		out[largest(y.RawRowView(i))][largest(f.RawRowView(i))]++
	}
	return out
}

// largest is the place of the largest value, the first of equal ones.
func largest(values []float64) int {
	best := 0
	for k, v := range values {
		if v > values[best] {
			best = k
		}
	}
	return best
}

// targetLines are the metrics of several targets by name.
func (m measures) targetLines() []line {
	var out []line
	for _, t := range m.Targets {
		out = append(out, line{"R2 " + t.Target, tidy(t.R2)}, line{"RMSE " + t.Target, t.RMSE})
	}
	return out
}

// nameWidth is the width of the column of names.
func nameWidth(lines []line) int {
	width := labelWidth
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l.name)+2)
	}
	return width
}

// measureOutputs fits the linear models, one for each output, and measures them and a
// network.
func (d *prepared) measureOutputs(net *outputs.Network) (m measured, err error) {
	_, c := d.train.targets.Dims()
	models := make([]*baseline.Model, c)
	for k := range models {
		if models[k], err = baseline.Fit(d.train.x, mat.Col(nil, k, d.train.targets)); err != nil {
			return m, err
		}
	}
	m.linear = models[0]
	for _, part := range []struct {
		sample         sample
		network, plain *measures
	}{
		{d.train, &m.trainMetrics, &m.linearTrain},
		{d.test, &m.testMetrics, &m.linearTest},
	} {
		var scores, linear *mat.Dense
		if n := part.sample.rows(); n > 0 {
			if scores, err = net.Predict(part.sample.x); err != nil {
				return m, err
			}
			linear = mat.NewDense(n, c, nil)
			for k, model := range models {
				f, err := model.Predict(part.sample.x)
				if err != nil {
					return m, err
				}
				linear.SetCol(k, f)
			}
		}
		*part.network = measureOutputs(d.encoding, scores, part.sample.targets)
		*part.plain = measureOutputs(d.encoding, linear, part.sample.targets)
	}
	return m, nil
}

// printConfusion prints how often rows of each class are predicted as which.
func printConfusion(w io.Writer, classes []string, m measures) {
	if m.Confusion == nil {
		return
	}
	names, width := 0, 0
	for k, label := range classes {
		names = max(names, utf8.RuneCountInString(label))
		width = max(width, utf8.RuneCountInString(label))
		for l := range classes {
			width = max(width, len(fmt.Sprint(m.Confusion[k][l])))
		}
	}
	fmt.Fprintf(w, "%-*s%s", labelWidth, "confusion", pad("", names))
	for _, label := range classes {
		fmt.Fprintf(w, "  %*s", width, label)
	}
	fmt.Fprintln(w, "  <- predicted")
	for k, label := range classes {
		fmt.Fprintf(w, "%-*s%s", labelWidth, "", pad(label, names))
		for l := range classes {
			fmt.Fprintf(w, "  %*d", width, m.Confusion[k][l])
		}
		fmt.Fprintln(w)
	}
}

// pad fills a text up with blanks.
func pad(text string, width int) string { return fmt.Sprintf("%-*s", width, text) }
