package datasets

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	peekSize      = 256 << 10 // bytes looked at to find the delimiter
	sampleRecords = 20        // records looked at for delimiter and header
)

// textSource unpacks gzip data, which it knows by its magic bytes, skips a byte
// order mark and refuses what is not text. sample is a prefix of the text, all of
// it when whole is true.
func textSource(r io.Reader, name string) (br *bufio.Reader, sample []byte, whole bool, err error) {
	br = bufio.NewReaderSize(r, peekSize)
	magic, _ := br.Peek(2)
	zipped := bytes.Equal(magic, []byte{0x1f, 0x8b})
	if zipped {
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, nil, false, sourceError(name, err)
		}
		br = bufio.NewReaderSize(zr, peekSize)
	}
	if bom, _ := br.Peek(3); string(bom) == "\xef\xbb\xbf" {
		if _, err := br.Discard(len(bom)); err != nil {
			return nil, nil, false, sourceError(name, err)
		}
	}
	sample, err = br.Peek(peekSize)
	if err != nil && err != io.EOF {
		return nil, nil, false, sourceError(name, err)
	}
	whole = err == io.EOF
	switch {
	case !zipped && len(sample) > 0 && strings.HasSuffix(strings.ToLower(name), ".gz"):
		return nil, nil, false, fmt.Errorf("%w: %s is not gzip data, although its name ends with .gz; compress it, or rename it if it is plain text", ErrEncoding, name)
	case len(bytes.TrimSpace(sample)) == 0 && whole:
		return nil, nil, false, fmt.Errorf("%w: %s is empty", ErrEmpty, name)
	case bytes.HasPrefix(sample, []byte("\xff\xfe")), bytes.HasPrefix(sample, []byte("\xfe\xff")):
		return nil, nil, false, fmt.Errorf("%w: %s is UTF-16 text; save it as UTF-8", ErrEncoding, name)
	case bytes.HasPrefix(sample, []byte("PK\x03\x04")):
		return nil, nil, false, fmt.Errorf("%w: %s is a zip archive or spreadsheet; save the table as CSV", ErrEncoding, name)
	case bytes.IndexByte(sample, 0) >= 0:
		return nil, nil, false, fmt.Errorf("%w: %s holds binary data; save the table as CSV", ErrEncoding, name)
	case bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(bytes.TrimRight(sample, "\r"), '\r') >= 0:
		return nil, nil, false, fmt.Errorf("%w: the lines of %s end with a carriage return alone; save it with line feeds", ErrEncoding, name)
	}
	return br, sample, whole, nil
}

// sourceError wraps a failure of the reader below the parser.
func sourceError(name string, err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &corrupt) {
		return fmt.Errorf("%w: the gzip data of %s is damaged: %w", ErrEncoding, name, err)
	}
	return fmt.Errorf("cannot read %s: %w", name, err)
}

// detectDelimiter returns the delimiter of a table from the beginning of its
// text. A delimiter that gives every record the same number of fields is taken
// before one that does not, and then the one that gives more fields. So that
// "1,5;2,5;3,5" is not split at its decimal commas, another delimiter wins over
// the comma when it leaves such numbers whole.
func detectDelimiter(sample []byte, whole bool) rune {
	const candidates = ",\t;|"
	records := countDelimiters(sample, whole, candidates)
	best, most, even := 0, 0, false
	evenAt := func(k int) bool {
		for _, r := range records {
			if r[k] != records[0][k] {
				return false
			}
		}
		return records[0][k] > 0
	}
	for k := range candidates {
		n, e := records[0][k], evenAt(k)
		if (e && !even) || (e == even && n > most) {
			best, most, even = k, n, e
		}
	}
	if best == 0 {
		for k := 1; k < len(candidates); k++ {
			if evenAt(k) && commasAreDecimal(sample, candidates[k:k+1]) {
				return rune(candidates[k])
			}
		}
	}
	return rune(candidates[best])
}

// commasAreDecimal reports whether splitting the first line at sep leaves only
// numbers, some of them with commas.
func commasAreDecimal(sample []byte, sep string) bool {
	line, _, _ := bytes.Cut(sample, []byte("\n"))
	some := false
	for f := range strings.SplitSeq(string(line), sep) {
		f = strings.TrimSpace(f)
		if commaNumber(f) {
			some = true
		} else if _, kind := parseNumber(f); kind != finite && !isMissing(f) {
			return false
		}
	}
	return some
}

// countDelimiters counts each candidate outside quotes in the first records that
// are not blank. A record that the sample cuts off counts only when it is the
// first.
func countDelimiters(sample []byte, whole bool, candidates string) [][]int {
	var records [][]int
	counts, quoted, blank := make([]int, len(candidates)), false, true
	for _, c := range sample {
		switch {
		case c == '"':
			quoted, blank = !quoted, false
		case c == '\n' && !quoted:
			if !blank {
				records = append(records, counts)
				counts, blank = make([]int, len(candidates)), true
			}
			if len(records) == sampleRecords {
				return records
			}
		case c != '\r' && c != '\n':
			blank = false
			if k := strings.IndexByte(candidates, c); k >= 0 && !quoted {
				counts[k]++
			}
		}
	}
	if len(records) == 0 || (whole && !blank && !quoted) {
		records = append(records, counts)
	}
	return records
}

// A record is one row of text with the line it begins on.
type record struct {
	fields []string
	line   int
}

// detectHeader decides whether the first of the records is a header. Words above
// numbers speak for one, numbers in the first record against it. Where both
// occur it asks rather than guesses: a header taken for data spoils the types of
// its columns, and data taken for a header loses a row.
func detectHeader(name string, records []record, schema []Field) (bool, error) {
	first := records[0].fields
	if namesSchema(first, schema) {
		return true, nil
	}
	words, numbers, column := 0, 0, 0
	for j, f := range first {
		f = strings.TrimSpace(f)
		if isMissing(f) {
			continue
		}
		if numberLike(f) {
			numbers++
		} else if numbersBelow(records, j) {
			if words == 0 {
				column = j
			}
			words++
		}
	}
	switch {
	case words > 0 && numbers > 0:
		return false, fmt.Errorf("%w: %s line %d holds both numbers and a word above numbers (%s); say --header present or --header absent",
			ErrHeader, name, records[0].line, quote(first[column]))
	case numbers > 0 && countsUp(first):
		return false, fmt.Errorf("%w: %s line %d counts up from %s, as column numbers do; say --header present or --header absent",
			ErrHeader, name, records[0].line, first[0])
	case words > 0 || numbers > 0:
		return words > 0, nil
	}
	// Words throughout: names are not repeated below, categories are.
	for j, f := range first {
		for _, r := range records[1:] {
			if f != "" && r.fields[j] == f {
				return false, nil
			}
		}
	}
	return true, nil
}

// namesSchema reports whether the first record holds the column names that a
// model expects: one that is no number, or all of them.
func namesSchema(first []string, schema []Field) bool {
	have := make(map[string]bool, len(first))
	for _, f := range first {
		have[strings.TrimSpace(f)] = true
	}
	found := 0
	for _, s := range schema {
		if !have[s.Name] {
			continue
		}
		if _, kind := parseNumber(s.Name); kind == notNumber {
			return true
		}
		found++
	}
	return found > 1 && found == len(schema)
}

// numbersBelow reports whether column j holds numbers alone after the first
// record.
func numbersBelow(records []record, j int) bool {
	some := false
	for _, r := range records[1:] {
		f := strings.TrimSpace(r.fields[j])
		if isMissing(f) {
			continue
		}
		if !numberLike(f) {
			return false
		}
		some = true
	}
	return some
}

// numberLike reports whether f was meant as a number.
func numberLike(f string) bool {
	_, kind := parseNumber(f)
	return kind != notNumber || commaNumber(f)
}

// countsUp reports whether fields are 0, 1, 2, … or 1, 2, 3, …, long enough not
// to be a row of data.
func countsUp(fields []string) bool {
	const least = 4
	if len(fields) < least || (fields[0] != "0" && fields[0] != "1") {
		return false
	}
	start := int(fields[0][0] - '0')
	for j, f := range fields {
		if f != strconv.Itoa(start+j) {
			return false
		}
	}
	return true
}
