package main

import (
	"fmt"
	"io"
	"math"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// printData prints what is trained on.
func (p *parts) printData(w io.Writer) {
	p.data.printParts(w, part{"training", p.data.train}, part{"validation", p.validation}, part{"test", p.test})
}

// tidy takes what rounding leaves of a zero for one.
func tidy(x number) number {
	if math.Abs(float64(x)) < 1e-12 {
		return 0
	}
	return x
}

// gapText writes a relative gap with two digits, and never as less than it is.
func gapText(gap float64) string {
	percent := max(100*gap, 1e-3)
	digits := 1 - math.Floor(math.Log10(percent))
	unit := math.Pow(10, -digits)
	percent = min(100, math.Ceil(percent/unit*(1-1e-12))*unit)
	if percent >= 99.5 {
		return "100 %"
	}
	return fmt.Sprintf("%.2g %%", percent)
}

// metricName is what people call the metric that chooses.
func (p *parts) metricName() string {
	if p.data.encoding.Task() == datasets.TaskClassification {
		return "accuracy"
	}
	return "R2"
}

// metricKey is the key of the metric that chooses.
func (p *parts) metricKey() string {
	if p.data.encoding.Task() == datasets.TaskClassification {
		return "accuracy"
	}
	return "r2"
}

// measure compares the outputs of a network with the targets of some rows.
func (p *parts) measure(net *convexnn.Network, s sample) (measures, []float64, error) {
	if s.rows() == 0 {
		return measure(p.data.encoding, nil, nil), nil, nil
	}
	scores, err := net.Predict(s.x)
	if err != nil {
		return measures{}, nil, err
	}
	return measure(p.data.encoding, scores, s.y), scores, nil
}

// first is the metric that networks are compared by: accuracy or R2.
func (m measures) first() number {
	if m.Accuracy != nil {
		return *m.Accuracy
	}
	return *m.R2
}
