package datasets_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/convexnn/convexnn/datasets"
)

// dump writes a table as the names and kinds of its columns, a line feed, and
// its rows; "·" is a missing value.
func dump(t *datasets.Table) string {
	var b strings.Builder
	for j := range t.NumColumns() {
		c := t.At(j)
		fmt.Fprintf(&b, "%s:%s ", c.Name, c.Kind.String()[:1])
	}
	for i := range t.Rows() {
		b.WriteString("\n")
		for j := range t.NumColumns() {
			if t.At(j).Missing(i) {
				b.WriteString("· ")
			} else {
				b.WriteString(t.At(j).Text(i) + " ")
			}
		}
	}
	return b.String()
}

func read(t *testing.T, text string, opt datasets.ReadOptions) *datasets.Table {
	t.Helper()
	table, err := datasets.Read(strings.NewReader(text), "f.csv", opt)
	if err != nil {
		t.Fatalf("Read(%q): %v", text, err)
	}
	return table
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRead(t *testing.T) {
	present, absent := datasets.ReadOptions{Header: datasets.HeaderPresent}, datasets.ReadOptions{Header: datasets.HeaderAbsent}
	for _, tc := range []struct {
		name, text string
		opt        datasets.ReadOptions
		want       string
	}{
		{"comma", "a,b\n1,2\n3,4\n", datasets.ReadOptions{}, "a:n b:n \n1 2 \n3 4 "},
		{"semicolon", "a;b\n1;2\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"tab", "a\tb\n1\t2\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"pipe", "a|b\n1|2\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"comma in quotes", "a;b\n\"x,y,z\";2\nu;3\n", datasets.ReadOptions{}, "a:c b:n \nx,y,z 2 \nu 3 "},
		{"semicolon in text", "a,b\nx;y,2\nu;v,3\n", datasets.ReadOptions{}, "a:c b:n \nx;y 2 \nu;v 3 "},
		{"pipe in first field", "x|y,1,2\nu|v,3,4\n", datasets.ReadOptions{}, "c1:c c2:n c3:n \nx|y 1 2 \nu|v 3 4 "},
		{"forced delimiter", "a b\n1 2\n", datasets.ReadOptions{Delimiter: ' '}, "a:n b:n \n1 2 "},
		{"no final line feed", "a,b\n1,2", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"CRLF", "a,b\r\n1,x\r\n", datasets.ReadOptions{}, "a:n b:c \n1 x "},
		{"BOM", "\xef\xbb\xbfa,b\n1,2\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"BOM before quote", "\xef\xbb\xbf\"a\",b\n1,2\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"blank lines", "\na,b\n\n1,2\n\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"spaces", "a, \"b\"\n 1 , 2\n", datasets.ReadOptions{}, "a:n b:n \n1 2 "},
		{"quotes", "a,b\n\"x \"\"y\"\"\",1\n", datasets.ReadOptions{}, "a:c b:n \nx \"y\" 1 "},
		{"line feed in quotes", "a,b\n\"x\ny\",1\n", datasets.ReadOptions{}, "a:c b:n \nx\ny 1 "},
		{"no header, numbers", "1,2\n3,4\n", datasets.ReadOptions{}, "c1:n c2:n \n1 2 \n3 4 "},
		{"no header, class last", "5.1,3.5,setosa\n4.9,3,virginica\n", datasets.ReadOptions{}, "c1:n c2:n c3:c \n5.1 3.5 setosa \n4.9 3 virginica "},
		{"no header, words repeated", "x,s\nx,t\n", datasets.ReadOptions{}, "c1:c c2:c \nx s \nx t "},
		{"header over words", "color,size\nred,small\nblue,large\n", datasets.ReadOptions{}, "color:c size:c \nred small \nblue large "},
		{"forced header", "1,2\n3,4\n", present, "1:n 2:n \n3 4 "},
		{"forced no header", "a,b\nc,d\n", absent, "c1:c c2:c \na b \nc d "},
		{"unnamed column", ",b\n7,2\n", datasets.ReadOptions{}, "c1:n b:n \n7 2 "},
		{"number formats", "a,b\n-1.5e3,.5\n+2,1.\n", datasets.ReadOptions{}, "a:n b:n \n-1500 0.5 \n2 1 "},
		{"not numbers", "a,b,c\n0x10,1_000,1e\n2,3,4\n", datasets.ReadOptions{}, "a:c b:c c:c \n0x10 1_000 1e \n2 3 4 "},
		{"inf among words", "a,b\ninf,1\nword,2\n", datasets.ReadOptions{}, "a:c b:n \ninf 1 \nword 2 "},
		{"leading zeros kept", "a,b\n007,1\nx,2\n7,3\n", datasets.ReadOptions{}, "a:c b:n \n007 1 \nx 2 \n7 3 "},
		{"categorical by name", "a,b\n1,2\n", datasets.ReadOptions{Categorical: []string{"b"}}, "a:n b:c \n1 2 "},
		{"categorical by position", "a,b\n1,2\n", datasets.ReadOptions{Categorical: []string{"2"}}, "a:n b:c \n1 2 "},
		{"name before position", "2,b\n1,2\n", datasets.ReadOptions{Header: datasets.HeaderPresent, Categorical: []string{"2"}}, "2:c b:n \n1 2 "},
		{"skip", "a,b,c\n1,,3\n", datasets.ReadOptions{Skip: []string{"b"}}, "a:n c:n \n1 3 "},
		{"skip a duplicate", "a,b,b\n1,2,3\n", datasets.ReadOptions{Skip: []string{"3"}}, "a:n b:n \n1 2 "},
		{"schema", "t,b,a,x\n?,1,2,Inf\n?,3,4,y\n", datasets.ReadOptions{Schema: []datasets.Field{
			{Name: "a", Kind: datasets.Categorical}, {Name: "b"}, {Name: "z"},
		}}, "b:n a:c \n1 2 \n3 4 "},
		{"schema finds header", "a,b\na,y\nx,z\n", datasets.ReadOptions{Schema: []datasets.Field{
			{Name: "a", Kind: datasets.Categorical},
		}}, "a:c \na \nx "},
		{"schema of numbers finds header", "0,1,2,3\n4,5,6,7\n", datasets.ReadOptions{Schema: []datasets.Field{
			{Name: "0"}, {Name: "1"}, {Name: "2"}, {Name: "3"},
		}}, "0:n 1:n 2:n 3:n \n4 5 6 7 "},
		{"option finds header", "a,b\na,y\nx,z\n", datasets.ReadOptions{Categorical: []string{"a"}}, "a:c b:c \na y \nx z "},
		{"last line without line feed", "a,b;c\n1;2", datasets.ReadOptions{}, "a,b:n c:n \n1 2 "},
		{"empty tab fields", "a\tb\tc\n\t\t3\n1\t2\t\n", datasets.ReadOptions{Missing: datasets.MissingMean}, "a:n b:n c:n \n· · 3 \n1 2 · "},
		{"schema of positions", "1,2\n3,4\n", datasets.ReadOptions{Schema: []datasets.Field{{Name: "c2"}}}, "c2:n \n2 \n4 "},
		{"empty schema", "a,b\n1,2\n3,4\n", datasets.ReadOptions{Schema: []datasets.Field{}}, "\n\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for form, text := range map[string]string{"plain": tc.text, "gzip": zipped(t, tc.text)} {
				if got := dump(read(t, text, tc.opt)); got != tc.want {
					t.Errorf("%s: got\n%s\nwant\n%s", form, got, tc.want)
				}
			}
		})
	}
}

func TestReadMissing(t *testing.T) {
	for _, word := range []string{"", " ", "NA", "na", "N/A", "NaN", "nan", "NULL", "null", "None", "?", "-", "."} {
		text := "a,b\n1,x\n" + word + ",y\n3,x\n4," + word + "\n"
		_, err := datasets.Read(strings.NewReader(text), "f.csv", datasets.ReadOptions{})
		if !errors.Is(err, datasets.ErrMissing) || !strings.Contains(err.Error(), `f.csv line 3, column "a"`) ||
			!strings.Contains(err.Error(), "--missing drop") || !strings.Contains(err.Error(), "--missing mean") {
			t.Errorf("%q: %v", word, err)
		}
		table := read(t, text, datasets.ReadOptions{Missing: datasets.MissingDrop})
		if got, want := dump(table), "a:n b:c \n1 x \n3 x "; got != want || table.Dropped != 2 {
			t.Errorf("%q: drop gives %d dropped, %s", word, table.Dropped, got)
		}
		if table.Line(1) != 4 {
			t.Errorf("%q: row 2 is on line %d", word, table.Line(1))
		}
		table = read(t, text, datasets.ReadOptions{Missing: datasets.MissingMean})
		if got, want := dump(table), "a:n b:c \n1 x \n· y \n3 x \n4 · "; got != want || table.Dropped != 0 {
			t.Errorf("%q: mean gives %d dropped, %s", word, table.Dropped, got)
		}
	}
}

// The type is fixed by the first 1,000 values that are not missing, so the last
// of them still counts and the next does not.
func TestReadTyping(t *testing.T) {
	numbers := func(n int) string { return "a,b\n" + strings.Repeat("1,2\n?,3\n", n) }
	opt := datasets.ReadOptions{Missing: datasets.MissingMean}
	table := read(t, numbers(999)+"word,2\n5,6\n", opt)
	c := table.At(0)
	if c.Kind != datasets.Categorical || !slices.Equal(c.Levels, []string{"1", "word", "5"}) || c.Len() != 2000 || !c.Missing(1) {
		t.Errorf("word as value 1000: kind %v, levels %v, %d rows", c.Kind, c.Levels, c.Len())
	}
	for _, bad := range []string{"word", "1,5", "Inf"} {
		_, err := datasets.Read(strings.NewReader(numbers(1000)+`"`+bad+`",2`), "f.csv", opt)
		sentinel, remedy := datasets.ErrNotNumber, "--categorical a"
		if bad == "Inf" {
			sentinel, remedy = datasets.ErrNotFinite, "correct it"
		}
		if !errors.Is(err, sentinel) || !strings.Contains(err.Error(), `f.csv line 2002, column "a"`) || !strings.Contains(err.Error(), remedy) {
			t.Errorf("%s as value 1001: %v", bad, err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	wide := "id" + strings.Repeat(",x", 40) + "\n"
	for _, tc := range []struct {
		name, text string
		opt        datasets.ReadOptions
		is         error
		contains   []string
	}{
		{"empty", "", datasets.ReadOptions{}, datasets.ErrEmpty, []string{"f.csv is empty"}},
		{"blank", "\n \n", datasets.ReadOptions{}, datasets.ErrEmpty, []string{"f.csv is empty"}},
		{"header only", "a,b\n", datasets.ReadOptions{}, datasets.ErrEmpty, []string{"2 columns", "--header absent"}},
		{"ragged", "a,b\n1,2\n3,4,5\n", datasets.ReadOptions{}, datasets.ErrRagged, []string{"line 3 has 3 fields where line 1 has 2", "--delimiter"}},
		{"ragged late", "a,b\n" + strings.Repeat("1,2\n", 50) + "3\n", datasets.ReadOptions{}, datasets.ErrRagged, []string{"line 52 has 1 fields"}},
		{"duplicate", "a,b,a\n1,2,3\n", datasets.ReadOptions{}, datasets.ErrDuplicate, []string{"columns 1 and 3", `"a"`}},
		{"bare quote", "a,b\n1,x\"y\n", datasets.ReadOptions{}, datasets.ErrQuoting, []string{"line 2"}},
		{"open quote", "a,b\n1,2\n3,\"y\n4,5\n", datasets.ReadOptions{}, datasets.ErrQuoting, []string{"line 3", "not closed"}},
		{"infinite", "a,b\n1,2\n3,-Infinity\n", datasets.ReadOptions{}, datasets.ErrNotFinite, []string{"line 3", `"b"`, "-Infinity"}},
		{"out of range", "a,b\n1,2\n1e309,4\n", datasets.ReadOptions{}, datasets.ErrNotFinite, []string{"line 3", `"a"`, "1e309"}},
		{"decimal comma", "a;b\n1,5;2\n", datasets.ReadOptions{}, datasets.ErrNotNumber, []string{"line 2", `"1,5"`, "decimal point"}},
		{"decimal comma, no header", "1,5;2,5;3,5\n4,5;5,5;6,5\n", datasets.ReadOptions{}, datasets.ErrNotNumber, []string{`column "c1"`, `"1,5"`}},
		{"forced numeric", "a,b\n1,2\nx,3\n", datasets.ReadOptions{Numeric: []string{"a"}}, datasets.ErrNotNumber, []string{"line 3", "--numeric a", "--categorical a"}},
		{"both types", "a,b\n1,2\n", datasets.ReadOptions{Numeric: []string{"a"}, Categorical: []string{"1"}}, datasets.ErrOption, []string{"--numeric", "--categorical"}},
		{"schema type", "a,b\nx,2\n", datasets.ReadOptions{Schema: []datasets.Field{{Name: "a"}}}, datasets.ErrNotNumber, []string{"line 2", `"x"`, "trained with numbers"}},
		{"schema absent", "a,b\n1,2\n", datasets.ReadOptions{Schema: []datasets.Field{{Name: "c"}}}, datasets.ErrColumn, []string{`no column "c"`, `"a", "b"`}},
		{"unknown name", "price,size\n1,2\n", datasets.ReadOptions{Categorical: []string{"prize"}}, datasets.ErrColumn, []string{`did you mean "price"?`, `"size"`}},
		{"position beyond", "a,b\n1,2\n", datasets.ReadOptions{Skip: []string{"3"}}, datasets.ErrColumn, []string{`"3"`}},
		{"position zero", "a,b\n1,2\n", datasets.ReadOptions{Skip: []string{"0"}}, datasets.ErrColumn, []string{`"0"`}},
		{"long list", strings.ReplaceAll(wide, "x", "y") + strings.ReplaceAll(wide, "id", "1"), datasets.ReadOptions{Skip: []string{"zzzzz"}}, datasets.ErrColumn, []string{"(41 in all)"}},
		{"all skipped", "a,b\n1,2\n", datasets.ReadOptions{Skip: []string{"a", "b"}}, datasets.ErrColumn, []string{"--skip"}},
		{"all missing", "a,b\n1,\n2,\n", datasets.ReadOptions{Missing: datasets.MissingMean}, datasets.ErrAllMissing, []string{`column "b"`, "--skip b"}},
		{"all missing, dropped", "a,b\n1,\n2,\n", datasets.ReadOptions{Missing: datasets.MissingDrop}, datasets.ErrAllMissing, []string{`column "b"`}},
		{"all rows dropped", "a,b\n1,\n,2\n", datasets.ReadOptions{Missing: datasets.MissingDrop}, datasets.ErrEmpty, []string{"each of the 2 rows"}},
		{"unclear header", "year,2019,2020\n1,2,3\n", datasets.ReadOptions{}, datasets.ErrHeader, []string{"line 1", "--header present", "--header absent"}},
		{"counting header", "0,1,2,3\n4,5,6,7\n", datasets.ReadOptions{}, datasets.ErrHeader, []string{"--header present"}},
		{"latin-1 value", "a,b\n1,caf\xe9\n", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"line 2", `"b"`, "UTF-8"}},
		{"latin-1 name", "a,caf\xe9\n1,2\n", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"line 1", "UTF-8"}},
		{"UTF-16", "\xff\xfea\x00,\x00", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"UTF-16"}},
		{"spreadsheet", "PK\x03\x04abc", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"spreadsheet"}},
		{"binary", "a,b\n\x00\x01,2\n", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"binary"}},
		{"carriage returns", "a,b\r1,2\r", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"carriage return"}},
		{"damaged gzip header", "\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00", datasets.ReadOptions{}, datasets.ErrEncoding, []string{"gzip"}},
		{"truncated gzip", zipped(t, strings.Repeat("a,b\n1,2\n", 99))[:30], datasets.ReadOptions{}, datasets.ErrEncoding, []string{"gzip"}},
		{"delimiter", "a,b\n1,2\n", datasets.ReadOptions{Delimiter: '"'}, datasets.ErrDelimiter, []string{"--delimiter"}},
		{"policy", "a,b\n1,2\n", datasets.ReadOptions{Missing: 9}, datasets.ErrOption, []string{"--missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table, err := datasets.Read(strings.NewReader(tc.text), "f.csv", tc.opt)
			if !errors.Is(err, tc.is) {
				t.Fatalf("got table %v, error %v; want %v", table, err, tc.is)
			}
			for _, s := range append(tc.contains, "") {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q lacks %q", err, s)
				}
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "%!") || len(err.Error()) > 400 {
				t.Errorf("not one clear line: %q", err)
			}
		})
	}
}

// A parsed cell has exactly the value that was written, in a table of thousands
// of columns and more rows than detection looks at.
func TestReadWide(t *testing.T) {
	const rows, cols = 60, 3000
	var b strings.Builder
	value := func(i, j int) float64 { return math.Sqrt(float64(1+i*cols+j)) * math.Pow(10, float64(j%40-20)) }
	for i := range rows + 1 {
		for j := range cols {
			if j > 0 {
				b.WriteByte(';')
			}
			if i == 0 {
				fmt.Fprintf(&b, "col %d", j)
			} else {
				fmt.Fprint(&b, value(i-1, j))
			}
		}
		b.WriteByte('\n')
	}
	table := read(t, b.String(), datasets.ReadOptions{})
	if table.Rows() != rows || table.NumColumns() != cols {
		t.Fatalf("%d×%d", table.Rows(), table.NumColumns())
	}
	for i := range rows {
		if table.Line(i) != i+2 {
			t.Fatalf("row %d on line %d", i, table.Line(i))
		}
		for j := range cols {
			if got := table.At(j).Values[i]; got != value(i, j) {
				t.Fatalf("cell %d,%d is %v", i, j, got)
			}
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "named.csv") // gzip data under a plain name
	if err := os.WriteFile(path, []byte(zipped(t, "a,b\n1,2\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := datasets.Open(path, datasets.ReadOptions{})
	if err != nil || dump(table) != "a:n b:n \n1 2 " {
		t.Fatalf("%v, %v", table, err)
	}
	if _, err := datasets.Open(filepath.Join(dir, "none.csv"), datasets.ReadOptions{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.csv") {
		t.Errorf("no file: %v", err)
	}
	if _, err := datasets.Open(dir, datasets.ReadOptions{}); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("directory: %v", err)
	}
}

func TestReadFailingSource(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, text := range []string{"", "a,b\n1,2\n", strings.Repeat("1,2\n", 1<<20)} {
		r := io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))
		if _, err := datasets.Read(r, "f.csv", datasets.ReadOptions{}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "f.csv") {
			t.Errorf("after %d bytes: %v", len(text), err)
		}
	}
}

// A hostile cell is shortened and escaped in an error.
func TestReadLongCell(t *testing.T) {
	long := strings.Repeat("é\x1b", 100000)
	text := "a b,y\n" + strings.Repeat("1,2\n", 1000) + long + ",2\n"
	_, err := datasets.Read(strings.NewReader(text), "f.csv", datasets.ReadOptions{})
	if !errors.Is(err, datasets.ErrNotNumber) || len(err.Error()) > 500 || strings.Contains(err.Error(), "\x1b") ||
		!strings.Contains(err.Error(), `--categorical "a b"`) {
		t.Errorf("%.600v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	const rows, cols = 2000, 100
	text := strings.Repeat(strings.Repeat("-1.234567,", cols-1)+"0.5\n", rows)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := datasets.Read(strings.NewReader(text), "f.csv", datasets.ReadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*cols)*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}
