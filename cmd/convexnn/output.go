package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
)

// An output is a file to be written in one piece at the end of the work.
type output struct {
	path   string // as the user gave it
	target string // with symbolic links followed
	mode   fs.FileMode
	direct bool // a device or pipe, which cannot be replaced by renaming
}

// newOutput checks that the file at path can be written and is none of the files
// to be read. It leaves nothing behind.
func newOutput(path string, inputs ...string) (*output, error) {
	o := &output{path: path, target: path, mode: 0o666}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("cannot write %s: it is a directory; name a file", path)
	case err == nil:
		if err := o.existing(info, inputs); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	if o.direct {
		return o, nil
	}
	f, err := o.temporary()
	if err != nil {
		return nil, err
	}
	f.Close()
	return o, os.Remove(f.Name())
}

// existing takes over what is known of a file that is there already.
func (o *output) existing(info fs.FileInfo, inputs []string) error {
	for _, in := range inputs {
		if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
			return fmt.Errorf("cannot write %s: it is the file to be read; name another", o.path)
		}
	}
	if o.direct = !info.Mode().IsRegular(); o.direct {
		return nil // opening and closing a pipe would end it
	}
	o.mode = info.Mode().Perm()
	f, err := os.OpenFile(o.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", o.path, cause(err))
	}
	f.Close()
	if o.target, err = filepath.EvalSymlinks(o.path); err != nil {
		return fmt.Errorf("cannot write %s: %w", o.path, cause(err))
	}
	return nil
}

// temporary creates a file of a new name beside the target.
func (o *output) temporary() (*os.File, error) {
	for try := 0; ; try++ {
		name := fmt.Sprintf("%s.%d-%d.tmp", o.target, os.Getpid(), try)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, o.mode)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) || try == 1000 {
			return nil, fmt.Errorf("cannot write %s: %w", o.path, cause(err))
		}
	}
}

// write writes the file: either all of it, or nothing.
func (o *output) write(fill func(io.Writer) error) (err error) {
	if o.direct {
		f, err := os.OpenFile(o.target, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("cannot write %s: %w", o.path, cause(err))
		}
		defer f.Close()
		return o.wrap(buffered(f, fill))
	}
	f, err := o.temporary()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = o.wrap(err)
		}
	}()
	if err := buffered(f, fill); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), o.target)
}

func (o *output) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write %s: %w", o.path, cause(err))
}

func buffered(w io.Writer, fill func(io.Writer) error) error {
	b := bufio.NewWriter(w)
	if err := fill(b); err != nil {
		return err
	}
	return b.Flush()
}

// cause strips an error of the operation and path that it names.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

// A report is where the JSON report goes: nowhere, to standard output or to a
// file.
type report struct {
	file   *output
	stdout io.Writer
}

// newReport reads the value of --report.
func (a *app) newReport(path string, inputs ...string) (*report, error) {
	switch path {
	case "":
		return &report{}, nil
	case "-":
		return &report{stdout: a.out}, nil
	}
	file, err := newOutput(path, inputs...)
	return &report{file: file}, err
}

func (r *report) write(v any) error {
	fill := func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	switch {
	case r.stdout != nil:
		return fill(r.stdout)
	case r.file != nil:
		return r.file.write(fill)
	}
	return nil
}

// A number is a float64 that is null in JSON, and "-" in text, where it is not
// defined.
type number float64

func (x number) defined() bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

// MarshalJSON implements json.Marshaler.
func (x number) MarshalJSON() ([]byte, error) {
	if !x.defined() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(x))
}

// String returns four significant digits, and four decimals around 1.
func (x number) String() string {
	switch v := math.Abs(float64(x)); {
	case !x.defined():
		return "-"
	case v >= 0.1 && v < 10 || v == 0:
		return strconv.FormatFloat(float64(x), 'f', 4, 64)
	}
	return fmt.Sprintf("%#.4g", float64(x))
}

// A count is a number of patterns that may be past all integer types.
type count struct{ n *big.Int }

// MarshalJSON writes all digits of the number, however many: a type that
// changed with the size would be a trap for readers.
func (c count) MarshalJSON() ([]byte, error) { return []byte(c.n.String()), nil }

// String writes a large count in short, such as "1.2e+31".
func (c count) String() string {
	if c.n.IsInt64() && c.n.Int64() < 1e7 {
		return c.n.String()
	}
	return new(big.Float).SetInt(c.n).Text('g', 2)
}

// named is a flag that names a file.
type named struct{ flag, path string }

// differ refuses two flags that name the same file.
func differ(outputs ...named) error {
	taken := map[string]string{}
	for _, o := range outputs {
		if o.path == "" {
			continue
		}
		path := filepath.Clean(o.path)
		if absolute, err := filepath.Abs(path); err == nil && o.path != "-" {
			path = absolute
		}
		if other, found := taken[path]; found {
			return usagef("%s and %s name the same file %s", other, o.flag, o.path)
		}
		taken[path] = o.flag
	}
	return nil
}
