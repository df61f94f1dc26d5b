package main

import (
	"encoding/csv"
	"io"

	"github.com/convexnn/convexnn/datasets"
)

// outputPredictions returns the function that writes the predictions of a network with
// several outputs as CSV: the label of the largest output, or a column for each target.
func (m *model) outputPredictions(s sample, withScores bool) (func(io.Writer) error, error) {
	scores, err := m.outputs(s)
	if err != nil {
		return nil, err
	}
	e := m.encoding()
	classes := e.Classes()
	values, names := e.UnscaleOutputs(scores), e.TargetNames()
	header := names
	if e.Task() == datasets.TaskClassification {
		names, header = classes, []string{"prediction"}
	}
	predicted := len(header)
	if withScores {
		header = append([]string{}, header...)
		for _, name := range names {
			header = append(header, "score "+name)
		}
	}
	return func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write(header) // the writer keeps the error
		rows, _ := scores.Dims()
		if s.blank != nil {
			rows = len(s.blank)
		}
		fields := make([]string, len(header))
		for i, line := 0, 0; line < rows; line++ {
			clear(fields)
			if s.blank != nil && s.blank[line] {
				if len(fields) == 1 {
					out.Flush()
					io.WriteString(w, "\"\"\n") // a blank line would be no row to most readers
					continue
				}
				out.Write(fields)
				continue
			}
			f := scores.RawRowView(i)
			if classes != nil {
				fields[0] = classes[largest(f)]
			} else {
				for k, v := range values.RawRowView(i) {
					fields[k] = exact(v)
				}
			}
			if withScores {
				for k, v := range f {
					fields[predicted+k] = exact(v)
				}
			}
			out.Write(fields)
			i++
		}
		out.Flush()
		return out.Error()
	}, nil
}
