package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/convexnn/convexnn/internal/report"
)

// draw writes the picture of a data set, as SVG and PNG.
func draw(dir string, list []*contest) error {
	picture, ok := race(list)
	if !ok {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, format := range []string{"svg", "png"} {
		var b bytes.Buffer
		if err := picture.Write(&b, format); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, list[0].Data+"."+format), b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// race is the picture of one data set, with a panel for each beta where there is a lower
// bound; false where there is none.
func race(list []*contest) (report.Race, bool) {
	r := report.Race{
		Title:    fmt.Sprintf("%s, %d samples in %d dimensions", list[0].Data, list[0].N, list[0].D),
		Subtitle: "best objective so far, relative to the lower bound; thick: best run of a method, thin: its others",
	}
	for _, c := range list {
		if !(c.Ours.LowerBound > 0) {
			continue
		}
		kind := "proved"
		if c.Ours.Estimated {
			kind = "estimated"
		}
		p := report.RacePanel{
			Heading: fmt.Sprintf("objective / lower bound - 1, at beta = %.4g", c.Beta),
			Floor:   fmt.Sprintf("lower bound %.6g for networks of any width, %s", c.Ours.LowerBound, kind),
		}
		for _, l := range c.lines {
			name := l.method
			if name == "" {
				name = "convexnn, " + c.Ours.Mode
			}
			k := slices.Index(r.Methods, name)
			if k < 0 {
				k = len(r.Methods)
				r.Methods = append(r.Methods, name)
			}
			run := report.RaceRun{Method: k, Best: l.best}
			for _, q := range l.trace {
				run.Seconds = append(run.Seconds, q.Seconds)
				run.Distance = append(run.Distance, q.Objective/c.Ours.LowerBound-1)
			}
			p.Runs = append(p.Runs, run)
		}
		r.Panels = append(r.Panels, p)
	}
	return r, len(r.Panels) > 0
}
