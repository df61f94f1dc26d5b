package datasets

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Open reads the table in the file at path; see [Read]. A path that does not
// exist gives an error that wraps [fs.ErrNotExist].
func Open(path string, opt ReadOptions) (*Table, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, path, opt)
}

func openFile(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a directory; name a file")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return f, nil
}

// Read parses delimited text, plain or compressed with gzip, into a table. The
// text is read as a stream; only the parsed cells are held. name stands for the
// source in errors.
//
// Fields follow RFC 4180: a field in double quotes may hold delimiters, line
// ends and doubled quotes. White space around a field does not count, and blank
// lines are skipped. A column without a name is called c1, c2, … by its
// position, as all columns are where there is no header.
//
// The error wraps [ErrEmpty], [ErrRagged], [ErrQuoting], [ErrEncoding],
// [ErrHeader], [ErrDelimiter], [ErrColumn], [ErrDuplicate], [ErrNotNumber],
// [ErrNotFinite], [ErrMissing], [ErrAllMissing] or [ErrOption], or is that of r.
func Read(r io.Reader, name string, opt ReadOptions) (*Table, error) {
	br, sample, whole, err := textSource(r, name)
	if err != nil {
		return nil, err
	}
	comma := opt.Delimiter
	if comma == 0 {
		comma = detectDelimiter(sample, whole)
	} else if !validDelimiter(comma) {
		return nil, failf(ErrDelimiter, "--delimiter %q cannot separate fields", comma)
	}
	rr := newRecordReader(br, name, comma)
	head, err := rr.head()
	if err != nil {
		return nil, err
	}
	present := opt.Header == HeaderPresent
	if opt.Header == HeaderAuto {
		if present, err = detectHeader(name, head, opt.named()); err != nil {
			return nil, err
		}
	}
	unnamed := !present && opt.Header == HeaderAuto
	var names []string
	if present {
		names, err = headerNamesOf(name, head[0])
		head = head[1:]
	} else {
		names = positionNames(rr.width)
	}
	if err != nil {
		return nil, err
	}
	b, err := newTableBuilder(name, names, unnamed, opt)
	if err != nil {
		return nil, err
	}
	for _, rec := range head {
		if err := b.add(rec); err != nil {
			return nil, err
		}
	}
	for {
		rec, err := rr.next()
		if err == io.EOF {
			return b.finish()
		}
		if err != nil {
			return nil, err
		}
		if err := b.add(rec); err != nil {
			return nil, err
		}
	}
}

// named lists the columns that the options mention: finding one of them in the
// first line makes that line a header.
func (opt *ReadOptions) named() []Field {
	if opt.Schema != nil {
		return opt.Schema
	}
	var fields []Field
	for _, refs := range [][]string{opt.Categorical, opt.Numeric, opt.Skip} {
		for _, r := range refs {
			if _, err := strconv.Atoi(r); err != nil {
				fields = append(fields, Field{Name: r})
			}
		}
	}
	return fields
}

func validDelimiter(r rune) bool {
	return r != '"' && r != '\r' && r != '\n' && utf8.ValidRune(r) && r != utf8.RuneError
}

// headerNamesOf gives the column names in a header.
func headerNamesOf(name string, rec record) ([]string, error) {
	names := make([]string, len(rec.fields))
	for j, f := range rec.fields {
		if !utf8.ValidString(f) {
			return nil, fmt.Errorf("%w: %s line %d, column %d: the name %s is not UTF-8; save the file as UTF-8",
				ErrEncoding, name, rec.line, j+1, quote(f))
		}
		if names[j] = strings.TrimSpace(f); names[j] == "" {
			names[j] = positionName(j)
		}
	}
	return names, nil
}

func positionNames(n int) []string {
	names := make([]string, n)
	for j := range names {
		names[j] = positionName(j)
	}
	return names
}

func positionName(j int) string { return "c" + strconv.Itoa(j+1) }

// A recordReader reads the rows of one source and makes sure that they all have
// as many fields as the first.
type recordReader struct {
	csv   *csv.Reader
	name  string
	width int // fields in the first record
	first int // line of the first record
}

func newRecordReader(br *bufio.Reader, name string, comma rune) *recordReader {
	r := csv.NewReader(br)
	r.Comma = comma
	r.FieldsPerRecord = -1 // counted here, for a better message
	r.ReuseRecord = true
	// Space before a quote is common after ", "; but a tab is both white space
	// and delimiter, and trimming it would swallow empty fields.
	r.TrimLeadingSpace = comma != '\t' && comma != ' '
	return &recordReader{csv: r, name: name}
}

// next returns the next record, valid until the following call, or [io.EOF].
func (r *recordReader) next() (record, error) {
	fields, err := r.csv.Read()
	if err != nil {
		return record{}, r.wrap(err)
	}
	line, _ := r.csv.FieldPos(0)
	if r.width == 0 {
		r.width, r.first = len(fields), line
	}
	if len(fields) != r.width {
		return record{}, fmt.Errorf("%w: %s line %d has %d fields where line %d has %d (delimiter %q; --delimiter changes it)",
			ErrRagged, r.name, line, len(fields), r.first, r.width, r.csv.Comma)
	}
	return record{fields, line}, nil
}

// head returns the first records for detection, at least one of them.
func (r *recordReader) head() ([]record, error) {
	var head []record
	for len(head) < sampleRecords {
		rec, err := r.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		rec.fields = append([]string(nil), rec.fields...)
		head = append(head, rec)
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%w: %s is empty", ErrEmpty, r.name)
	}
	return head, nil
}

func (r *recordReader) wrap(err error) error {
	if err == io.EOF {
		return err
	}
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return sourceError(r.name, err)
	}
	why := `a quote inside a field; put the field in quotes and double the quote, as in "5"" pipe"`
	if errors.Is(pe.Err, csv.ErrQuote) {
		why = "a quoted field is not closed, or text follows its closing quote"
	}
	return failf(ErrQuoting, "%s line %d: %s", r.name, pe.StartLine, why)
}
