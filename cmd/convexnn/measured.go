package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/convexnn/baseline"
)

// measured is what was measured of a network, beside a linear model on the same rows.
type measured struct {
	linear *baseline.Model // the first, where there are several outputs

	trainMetrics, testMetrics measures
	linearTrain, linearTest   measures
}

// measure fits the linear model, and measures it and a network.
func (d *prepared) measure(net *convexnn.Network) (m measured, err error) {
	if m.linear, err = baseline.Fit(d.train.x, d.train.y); err != nil {
		return m, err
	}
	for _, part := range []struct {
		sample         sample
		network, plain *measures
	}{
		{d.train, &m.trainMetrics, &m.linearTrain},
		{d.test, &m.testMetrics, &m.linearTest},
	} {
		var scores, linear []float64
		if part.sample.rows() > 0 {
			if scores, err = net.Predict(part.sample.x); err != nil {
				return m, err
			}
			if linear, err = m.linear.Predict(part.sample.x); err != nil {
				return m, err
			}
		}
		*part.network = measure(d.encoding, scores, part.sample.y)
		*part.plain = measure(d.encoding, linear, part.sample.y)
	}
	return m, nil
}

// print prints the table of metrics, beside those of the linear model.
func (m *measured) print(w io.Writer) {
	train, held := m.trainMetrics.lines(), m.testMetrics.lines()
	linear, linearHeld := m.linearTrain.lines(), m.linearTest.lines()
	half := [][]string{{"train", "test"}, {"train", "test"}} // of each line: network, linear model
	for k := range train {
		half = append(half,
			[]string{train[k].value.String(), held[k].value.String()},
			[]string{linear[k].value.String(), linearHeld[k].value.String()})
	}
	width := 8 // of a cell
	names := nameWidth(train)
	for _, cells := range half {
		for _, c := range cells {
			width = max(width, len(c))
		}
	}
	columns := 1
	if m.testMetrics.Rows > 0 {
		columns = 2
	}
	text := func(cells []string) string {
		var b strings.Builder
		for _, c := range cells[:columns] {
			fmt.Fprintf(&b, "%-*s", width+2, c)
		}
		return b.String()
	}
	// One half is followed by a gap, and wide enough for its heading.
	cells := func(name, left, right string) {
		fmt.Fprintf(w, "%-*s%-*s%s\n", names, name, columns*(width+2)+2, left, strings.TrimRight(right, " "))
	}
	cells("", "network", "linear model ("+m.linearText()+")")
	cells("", text(half[0]), text(half[1]))
	for k, l := range train {
		cells(l.name, text(half[2*k+2]), text(half[2*k+3]))
	}
}

func (m *measured) linearText() string {
	return fmt.Sprintf("%s on %s", m.linear.Method, plural(m.linear.Columns, "column"))
}
