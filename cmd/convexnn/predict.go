package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/datasets"
)

func (a *app) predictCommand() *cobra.Command {
	var (
		source        sourceFlags
		seed          uint64
		scores, quiet bool
		out           string
	)
	cmd := &cobra.Command{
		Use:   "predict MODEL DATA",
		Short: "Predict the targets of each row",
		Long: `Predict prints one prediction per row of DATA as CSV with the header "prediction":
the label of the class, or the value in the units of the target. With --scores a
column "score" follows, the output of the network. A model of several targets gives a
column for each, named like the target, and one of several outputs has a score for each,
in columns like "score setosa". With --missing drop a row with a
missing value gets an empty prediction, so that predictions and rows still pair up.

Columns are matched by name: their order and further columns do not matter. A
model that was trained with --x is given its rows with --x, without targets.`,
		Example: `  convexnn predict model.json new.csv > predictions.csv
  convexnn predict model.json --x X.csv`,
		Args: source.arguments("MODEL", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var file *output
			if out != "" && out != "-" {
				var err error
				if file, err = newOutput(out, source.files(args...)...); err != nil {
					return err
				}
			}
			m, err := openModel(args[0])
			if err != nil {
				return err
			}
			source.y = "" // targets are not needed
			c := dataArguments{flags: cmd.Flags(), data: cmp.Or(source.x, args[len(args)-1]), seed: seed, notice: a.noticer(quiet)}
			s, err := m.read(&source, c, false)
			if err != nil {
				return err
			}
			fill, err := m.predictions(s, scores)
			switch {
			case err != nil:
				return err
			case file != nil:
				return file.write(fill)
			}
			return buffered(a.out, fill)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVar(&scores, "scores", false, "add the output of the network")
	fs.StringVar(&out, "out", "", "write the predictions to `FILE`")
	source.register(fs, false)
	registerSeed(fs, &seed)
	fs.BoolVar(&quiet, "quiet", false, "print no notices")
	return cmd
}

// noticer returns the function that tells the user what is worth knowing.
func (a *app) noticer(quiet bool) func(string) {
	return func(text string) {
		if !quiet {
			fmt.Fprintf(a.err, "note: %s\n", text)
		}
	}
}

// predictions returns the function that writes the predictions as CSV.
func (m *model) predictions(s sample, withScores bool) (func(io.Writer) error, error) {
	if m.Outputs != nil {
		return m.outputPredictions(s, withScores)
	}
	scores, err := m.scores(s)
	if err != nil {
		return nil, err
	}
	e := m.encoding()
	values := e.Unscale(scores)
	empty := "\"\"\n" // a blank line would be no row to most readers
	if withScores {
		empty = ",\n"
	}
	return func(w io.Writer) error {
		out := csv.NewWriter(w)
		fields := []string{"prediction", "score"}
		if !withScores {
			fields = fields[:1]
		}
		out.Write(fields) // the writer keeps the error
		fields = slices.Clone(fields)
		rows := len(scores)
		if s.blank != nil {
			rows = len(s.blank)
		}
		for i, line := 0, 0; line < rows; line++ {
			if s.blank != nil && s.blank[line] {
				out.Flush()
				io.WriteString(w, empty)
				continue
			}
			f := scores[i]
			if e.Task() == datasets.TaskClassification {
				fields[0] = e.Label(f)
			} else {
				fields[0] = exact(values[i])
			}
			if withScores {
				fields[1] = exact(f)
			}
			out.Write(fields)
			i++
		}
		out.Flush()
		return out.Error()
	}, nil
}

// exact writes a number with the fewest digits that give it back.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
