package main

import (
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/datasets"
)

// builtinReport is one entry of the JSON report of datasets.
type builtinReport struct {
	Name        string        `json:"name"`
	Rows        int           `json:"rows"`
	Features    int           `json:"features"`
	Target      string        `json:"target"`
	Task        datasets.Task `json:"task"`
	Classes     int           `json:"classes"`
	Generated   bool          `json:"generated"`
	Description string        `json:"description"`
	Source      string        `json:"source"`
}

func (a *app) datasetsCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "datasets",
		Short: "List the built-in data sets",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			report, err := a.newReport(path)
			if err != nil {
				return err
			}
			var all []builtinReport
			for _, b := range datasets.Builtins() {
				all = append(all, builtinReport(b))
			}
			if err := report.write(all); err != nil || report.stdout != nil {
				return err
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tROWS\tFEATURES\tTASK\tCLASSES\tDESCRIPTION")
			for _, b := range all {
				classes := "-"
				if b.Classes > 0 {
					classes = strconv.Itoa(b.Classes)
				}
				fmt.Fprintf(w, "%s\t%d\t%d\t%v\t%s\t%s\n", b.Name, b.Rows, b.Features, b.Task, classes, b.Description)
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&path, "report", "", "write a JSON report to `FILE`, or - for standard output")
	return cmd
}
