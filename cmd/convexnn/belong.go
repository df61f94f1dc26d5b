package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// A scaling says whether the preprocessing of a report is what its rows teach.
type scaling struct {
	given  bool   // there is one
	differ string // in what it differs from that learned anew, empty if in nothing
}

// source is what the rows are scaled by: what they teach themselves, or what the model
// or only the report says; nil where nothing is scaled.
func (s scaling) source(model bool) *string {
	text := "rows"
	switch {
	case !s.given:
		return nil
	case s.differ != "" && model:
		text = "model"
	case s.differ != "":
		text = "report"
	}
	return &text
}

// rescale learns the preprocessing of the report again, from the rows listed of all
// those of the data.
func (c *claim) rescale(all sample, train []int) scaling {
	p := c.Preprocessing
	if p == nil || all.table == nil {
		return scaling{}
	}
	_, positive := p.Labels()
	var several []string
	target := p.TargetName()
	if names := p.TargetNames(); len(names) > 1 {
		target, several = "", names
	}
	again, _, err := datasets.Fit(all.table, train, datasets.FitOptions{
		Target: target, Targets: several, Multiclass: p.Classes() != nil, Task: p.Task(), Positive: positive,
		Standardize: p.Standardized(), Bias: p.Bias(), Impute: p.Imputes(),
	})
	if err != nil {
		return scaling{true, err.Error()}
	}
	x, err := again.Transform(all.table)
	if err != nil {
		return scaling{true, err.Error()}
	}
	y, err := again.Targets(all.table)
	if err != nil {
		return scaling{true, err.Error()}
	}
	// The columns of a table may come in another order.
	names := again.FeatureNames()
	if len(names) != p.Cols() {
		return scaling{true, fmt.Sprintf("it gives %d inputs, not %d", len(names), p.Cols())}
	}
	for j, name := range p.FeatureNames() {
		k := slices.Index(names, name)
		if k < 0 {
			return scaling{true, fmt.Sprintf("it has no input %s", name)}
		}
		if !alike(mat.Col(nil, j, all.x), mat.Col(nil, k, x), train) {
			return scaling{true, fmt.Sprintf("the input %s is scaled in another way", name)}
		}
	}
	known := all.outputs()
	_, count := known.Dims()
	if _, other := y.Dims(); other != count {
		return scaling{true, fmt.Sprintf("it has %s, not %d", plural(other, "target"), count)}
	}
	for k := range count {
		if !alike(mat.Col(nil, k, known), mat.Col(nil, k, y), train) {
			return scaling{true, "the target is scaled in another way"}
		}
	}
	return scaling{given: true}
}

// alike reports whether two columns are the same but for rounding.
func alike(a, b []float64, rows []int) bool {
	const rounding = 1e-9
	most := 0.0
	for _, i := range rows {
		most = max(most, math.Abs(b[i]))
	}
	return !slices.ContainsFunc(rows, func(i int) bool { return !(math.Abs(a[i]-b[i]) <= rounding*most) })
}

// apart is the error of a report and a model of different things.
func apart(format string, args ...any) error {
	return fmt.Errorf("the report and the model do not belong together: %s", fmt.Sprintf(format, args...))
}

// belongs checks that the network of a model file is one that the report speaks of.
// A report of train must agree with the training; certify may have judged the model
// on other rows, or at another beta.
func (c *claim) belongs(m *model) error {
	have := m.encoding().Outputs()
	switch {
	case have != c.outputs():
		return apart("the network has %s, and the report speaks of %d", plural(have, "output"), c.outputs())
	case m.Network != nil && m.Network.Model != convexnn.ReLU && c.global():
		return apart("the network is gated, and the report proves something of ReLU networks")
	case (m.Preprocessing == nil) != (c.Preprocessing == nil):
		return apart("one takes a matrix, and the other a table")
	case m.Preprocessing != nil && !equalJSON(m.Preprocessing, c.Preprocessing):
		return apart("they preprocess the data in different ways")
	case m.Matrix != nil && !equalJSON(m.Matrix, c.Matrix):
		return apart("they read the matrix in different ways")
	case m.dim() != c.D:
		return apart("the network takes %d inputs, and the report speaks of %d", m.dim(), c.D)
	case c.Mode == "" || m.Training == nil:
		return nil
	case !same(float64(m.Training.Beta), *c.Beta):
		return apart("beta was %.9g in the training, and the report has %.9g", float64(m.Training.Beta), *c.Beta)
	case m.Training.Data != nil && *m.Training.Data != *c.Split:
		return apart("the model was trained on %s, and the report speaks of %s", m.Training.Data, c.Split)
	}
	return nil
}

// String names the rows.
func (d *dataInfo) String() string {
	return fmt.Sprintf("%d of %d rows of %s (seed %d)", d.TrainingRows, d.Rows, d.Name, d.Seed)
}

func equalJSON(a, b any) bool {
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && bytes.Equal(x, y)
}

// otherBeta says if a model was trained with another beta than that of the report.
func (v *verification) otherBeta(m *model) []string {
	if m.Training == nil || !positive(float64(m.Training.Beta)) || same(float64(m.Training.Beta), *v.Beta) {
		return nil
	}
	return []string{fmt.Sprintf("the model was trained with beta %.6g, and the report judges it with %.6g", float64(m.Training.Beta), *v.Beta)}
}

// network returns the network of --model, a model or plain weights, checks that the report
// can speak of it, and returns what the user should know of it.
func (v *verification) network(m *model, w *plainWeights, f *verifyFlags) (*convexnn.Network, []string, error) {
	var (
		net   *convexnn.Network
		notes []string
	)
	if w == nil {
		if err := v.belongs(m); err != nil {
			return nil, nil, err
		}
		net, notes = m.Network, v.otherBeta(m)
	} else {
		columns, ones := v.D, v.Preprocessing != nil && v.Preprocessing.Bias() || v.Matrix != nil && v.Matrix.Bias()
		switch {
		case v.scaling.differ != "":
			return nil, nil, apart("the report scales the data in a way of its own, and %s holds plain weights", f.modelPath)
		case w.bias != nil && !ones:
			return nil, nil, apart("%s has hidden biases, and the report speaks of networks without", f.modelPath)
		case w.bias != nil:
			columns--
		}
		var (
			note string
			err  error
		)
		if net, note, err = w.network(columns); err != nil {
			return nil, nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	if net.Intercept != 0 && !*v.Intercept {
		return nil, nil, apart("the network has an output intercept, and the report speaks of networks without")
	}
	return net, notes, nil
}
