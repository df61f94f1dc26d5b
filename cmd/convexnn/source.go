package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

// sourceFlags say where rows come from and how they are read.
type sourceFlags struct {
	delimiter                  string
	read                       datasets.ReadOptions
	categorical, numeric, skip []string
	x, y                       string
	several                    bool // whether rows may have several targets
}

// register adds the flags; those that choose columns and their types only where
// schema is set, as a model knows them otherwise.
func (f *sourceFlags) register(fs *pflag.FlagSet, schema bool) {
	fs.StringVar(&f.delimiter, "delimiter", "", "character `CHAR` between fields, or tab (default detected)")
	fs.TextVar(&f.read.Header, "header", datasets.HeaderAuto, "whether line 1 holds column names: `auto|present|absent`")
	fs.TextVar(&f.read.Missing, "missing", datasets.MissingError, "what becomes of missing values: `error|drop|mean`")
	fs.StringVar(&f.x, "x", "", "matrix of numbers without a header in `FILE`, in the place of DATA")
	fs.StringVar(&f.y, "y", "", "targets to --x in `FILE`, a line for each row")
	if schema {
		fs.StringSliceVar(&f.categorical, "categorical", nil, "read the columns `COL,..` as categories")
		fs.StringSliceVar(&f.numeric, "numeric", nil, "read the columns `COL,..` as numbers")
		fs.StringSliceVar(&f.skip, "skip", nil, "leave out the columns `COL,..`")
	}
}

// arguments checks that the positional arguments are those named, with DATA last
// unless there is --x.
func (f *sourceFlags) arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		want := names
		if f.x != "" {
			want = names[:len(names)-1]
		}
		switch {
		case len(args) < len(names) && f.x == "" && len(args) == len(names)-1:
			return usagef("missing DATA: give a file or a built-in data set (%s), or a matrix with --x FILE", strings.Join(datasets.Names(), ", "))
		case len(args) < len(want):
			return usagef("missing %s; see %s --help", want[len(args)], cmd.CommandPath())
		case len(args) > len(want) && f.x != "" && len(args) == len(names):
			return usagef("DATA %q and --x %q exclude each other; give one", args[len(args)-1], f.x)
		case len(args) > len(want):
			return usagef("unexpected argument %q; see %s --help", args[len(want)], cmd.CommandPath())
		}
		return f.check(cmd.Flags())
	}
}

// check refuses combinations of flags that cannot be meant.
func (f *sourceFlags) check(flags *pflag.FlagSet) error {
	if f.x == "" && f.y != "" {
		return usagef("--y needs --x")
	}
	if f.x != "" {
		for _, name := range []string{"delimiter", "header", "missing", "categorical", "numeric", "skip", "target"} {
			if flags.Changed(name) {
				return usagef("--%s is for tables, and --x names a matrix", name)
			}
		}
	}
	switch f.delimiter {
	case "":
	case "tab", `\t`:
		f.read.Delimiter = '\t'
	default:
		r, n := utf8.DecodeRuneInString(f.delimiter)
		if n != len(f.delimiter) || r == utf8.RuneError {
			return usagef("--delimiter %q is not one character", f.delimiter)
		}
		f.read.Delimiter = r
	}
	f.read.Categorical, f.read.Numeric, f.read.Skip = trimmed(f.categorical), trimmed(f.numeric), trimmed(f.skip)
	return nil
}

// trimmed returns the words without blanks around them.
func trimmed(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.TrimSpace(w)
	}
	return out
}

// files returns the files that are read, whether or not they exist.
func (f *sourceFlags) files(args ...string) []string {
	return append([]string{f.x, f.y}, args...)
}

// A source is what was read: a table, or the matrix x with its targets y if
// there are any.
type source struct {
	name    string
	table   *datasets.Table
	x       *mat.Dense
	y       *mat.Dense // n x c
	target  string     // how the target was chosen, if nobody named it
	notices []string
}

// unnamedNotice tells what columns are called without a header, if t has none:
// a first line of numbers may have been meant as names.
func unnamedNotice(t *datasets.Table) []string {
	if !t.Unnamed {
		return nil
	}
	names := "the column is c1"
	if t.Width > 1 {
		names = fmt.Sprintf("columns are c1..c%d", t.Width)
	}
	return []string{fmt.Sprintf("no header found in %s: %s; --header present takes line 1 as names", t.Name, names)}
}

// dataName is the name by which a model remembers data: that of a built-in set,
// or of a file without its folder.
func dataName(data string) string {
	if datasets.IsBuiltin(data) {
		return data
	}
	if base := filepath.Base(data); !datasets.IsBuiltin(base) {
		return base
	}
	return "./" + filepath.Base(data) // a file that is called like a built-in set
}

// table reads DATA with the options given. notice is called with what the user
// should know.
func (f *sourceFlags) table(flags *pflag.FlagSet, data string, opt datasets.ReadOptions, seed uint64, notice func(string)) (*datasets.Table, error) {
	if !datasets.IsBuiltin(data) {
		t, err := datasets.Open(data, opt)
		if errors.Is(err, fs.ErrNotExist) {
			_, unknown := datasets.Load(data, 0)
			return nil, fmt.Errorf("no file %s, and %w", data, unknown)
		}
		return t, err
	}
	for _, name := range []string{"delimiter", "header", "missing", "categorical", "numeric", "skip"} {
		if flags.Changed(name) {
			return nil, usagef("--%s is for files, and %s is built in; for a file of that name write ./%[2]s", name, data)
		}
	}
	if _, err := os.Stat(data); err == nil {
		notice(fmt.Sprintf("%s is the built-in data set; for the file of that name write ./%[1]s", data))
	}
	return datasets.Load(data, seed)
}

// matrix reads --x, and one target for each row as matrices does.
func (f *sourceFlags) matrix(last bool) (*mat.Dense, []float64, error) {
	x, y, err := f.matrices(last)
	if err == nil {
		err = f.single(y)
	}
	if err != nil || y == nil {
		return x, nil, err
	}
	return x, mat.Col(nil, 0, y), nil
}

// single refuses several targets for a row.
func (f *sourceFlags) single(y *mat.Dense) error {
	if y == nil {
		return nil
	}
	if rows, cols := y.Dims(); cols != 1 {
		return fmt.Errorf("%s is a %d x %d matrix; --y takes one target per line", f.y, rows, cols)
	}
	return nil
}

// matrices reads --x, and the targets (n x c) from --y or, if last is set and there is no
// --y, from the last column of --x.
func (f *sourceFlags) matrices(last bool) (x, y *mat.Dense, err error) {
	if x, err = datasets.ReadMatrix(f.x); err != nil {
		return nil, nil, err
	}
	n, d := x.Dims()
	if f.y == "" {
		if !last {
			return x, nil, nil
		}
		if d < 2 {
			return nil, nil, fmt.Errorf("%s has one column, and without --y the last one is the target; give the targets with --y FILE", f.x)
		}
		return mat.DenseCopyOf(x.Slice(0, n, 0, d-1)), mat.DenseCopyOf(x.Slice(0, n, d-1, d)), nil
	}
	targets, err := datasets.ReadMatrix(f.y)
	if err != nil {
		return nil, nil, err
	}
	rows, cols := targets.Dims()
	if rows == n && (min(rows, cols) != 1 || n == 1) {
		return x, targets, nil
	}
	if min(rows, cols) != 1 {
		return nil, nil, fmt.Errorf("%s is a %d x %d matrix, and %s has %s; --y takes a line of targets for each row", f.y, rows, cols, f.x, plural(n, "row"))
	}
	if rows*cols != n {
		return nil, nil, fmt.Errorf("%s has %s, and %s has %s", f.y, plural(rows*cols, "target"), f.x, plural(n, "row"))
	}
	return x, mat.NewDense(n, 1, targets.RawMatrix().Data), nil
}

// load reads DATA or --x for training. target is the column to predict.
func (f *sourceFlags) load(flags *pflag.FlagSet, args []string, target string, seed uint64, last bool, notice func(string)) (*source, error) {
	if f.x != "" {
		x, y, err := f.matrices(last)
		if err == nil && !f.several {
			err = f.single(y)
		}
		s := &source{name: f.x, x: x, y: y}
		if f.y == "" && last {
			s.target = fmt.Sprintf(" (the last column of %s; --y FILE takes targets)", f.x)
		}
		return s, err
	}
	opt := f.read
	opt.Target = target
	t, err := f.table(flags, args[0], opt, seed, notice)
	if err != nil {
		return nil, err
	}
	s := &source{name: args[0], table: t, notices: unnamedNotice(t)}
	if target == "" && !datasets.IsBuiltin(s.name) {
		s.target = " (the last column; --target chooses another)"
	}
	return s, nil
}

// tableOf makes a table of a matrix, with the columns x1, x2, ... and, if y (n x c) is not
// nil, y or y1, y2, ... last.
func tableOf(name string, x, y *mat.Dense) (*datasets.Table, error) {
	_, d := x.Dims()
	columns := make([]datasets.Column, 0, d+1)
	for j := range d {
		columns = append(columns, datasets.Column{Name: fmt.Sprintf("x%d", j+1), Values: mat.Col(nil, j, x)})
	}
	for k, target := range targetNames(y) {
		columns = append(columns, datasets.Column{Name: target, Values: mat.Col(nil, k, y)})
	}
	return datasets.NewTable(name, columns...)
}

// targetNames are what the columns of a matrix of targets are called: y, or y1, y2, ...
func targetNames(y *mat.Dense) []string {
	if y == nil {
		return nil
	}
	_, c := y.Dims()
	if c == 1 {
		return []string{"y"}
	}
	out := make([]string, c)
	for k := range out {
		out[k] = fmt.Sprintf("y%d", k+1)
	}
	return out
}
