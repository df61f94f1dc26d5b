package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// outputFlags say what a command writes, besides its summary on standard output. A
// command registers those that it has.
type outputFlags struct {
	modelPath, plotPath, reportOut string
	quiet                          bool
}

// check refuses what cannot be written.
func (f *outputFlags) check() error {
	switch {
	case f.modelPath == "-":
		return usagef("--out takes a file, and standard output is for the summary or --report -")
	case f.plotPath == "-":
		return usagef("--plot takes a file, and standard output is for the summary or --report -")
	case f.plotPath != "" && pictureFormat(f.plotPath) == "":
		return usagef("--plot takes a file that ends in .svg or .png, got %s", f.plotPath)
	}
	return differ(named{"--out", f.modelPath}, named{"--report", f.reportOut}, named{"--plot", f.plotPath})
}

// pictureFormat is the format that the ending of a file names, empty for none.
func pictureFormat(path string) string {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".svg", ".png":
		return ext[1:]
	}
	return ""
}

// results are where what a command finds goes.
type results struct {
	text        io.Writer // the summary
	report      *report
	model, plot *output // nil for none
	others      []named // files that are written already, to be named with the rest
}

// results checks that everything can be written, before the work begins.
func (a *app) results(f *outputFlags, inputs ...string) (*results, error) {
	report, err := a.newReport(f.reportOut, inputs...)
	if err != nil {
		return nil, err
	}
	r := &results{text: a.summary(f.quiet, report), report: report}
	for _, o := range []struct {
		file **output
		path string
	}{{&r.model, f.modelPath}, {&r.plot, f.plotPath}} {
		if o.path == "" {
			continue
		}
		if *o.file, err = newOutput(o.path, inputs...); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// summary is where the summary goes: standard output, or standard error if the report
// takes that.
func (a *app) summary(quiet bool, report *report) io.Writer {
	switch {
	case quiet:
		return io.Discard
	case report.stdout != nil:
		return a.err
	}
	return a.out
}

// idle reports whether nobody is left to work for: standard output is closed, and no
// file was asked for.
func (a *app) idle(r *results) bool {
	return a.out.closed && r.model == nil && r.plot == nil && r.report.file == nil
}

// write writes the files that were asked for, a model, a picture in a format, and the
// report, and names them. It comes after the summary: files can fail.
func (r *results) write(model *model, picture func(w io.Writer, format string) error, report any) error {
	written := r.others
	if r.model != nil && model != nil {
		if err := r.model.write(model.write); err != nil {
			return err
		}
		written = append(written, named{"model", r.model.path})
	}
	if r.plot != nil {
		if err := r.plot.write(func(w io.Writer) error { return picture(w, pictureFormat(r.plot.path)) }); err != nil {
			return err
		}
		written = append(written, named{"plot", r.plot.path})
	}
	if err := r.report.write(report); err != nil {
		return err
	}
	if r.report.file != nil {
		written = append(written, named{"report", r.report.file.path})
	}
	if len(written) > 0 {
		fmt.Fprintln(r.text)
	}
	for _, o := range written {
		row(r.text, o.flag, "%s", o.path)
	}
	return nil
}
