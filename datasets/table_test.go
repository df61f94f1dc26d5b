package datasets_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/datasets"
)

func numbers(name string, v ...float64) datasets.Column {
	return datasets.Column{Name: name, Values: v}
}

// words makes a categorical column; "" is a missing value.
func words(name string, v ...string) datasets.Column {
	c := datasets.Column{Name: name, Kind: datasets.Categorical}
	for _, s := range v {
		if s == "" {
			c.Codes = append(c.Codes, -1)
			continue
		}
		k := slices.Index(c.Levels, s)
		if k < 0 {
			k = len(c.Levels)
			c.Levels = append(c.Levels, s)
		}
		c.Codes = append(c.Codes, int32(k))
	}
	return c
}

func table(t testing.TB, columns ...datasets.Column) *datasets.Table {
	t.Helper()
	tab, err := datasets.NewTable("mem", columns...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestNewTableErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		columns []datasets.Column
		is      error
	}{
		"no columns":     {nil, datasets.ErrTable},
		"no rows":        {[]datasets.Column{numbers("a")}, datasets.ErrEmpty},
		"duplicate":      {[]datasets.Column{numbers("a", 1), numbers("a", 2)}, datasets.ErrDuplicate},
		"lengths":        {[]datasets.Column{numbers("a", 1), numbers("b", 2, 3)}, datasets.ErrTable},
		"infinite":       {[]datasets.Column{numbers("a", math.Inf(-1))}, datasets.ErrNotFinite},
		"code too large": {[]datasets.Column{{Name: "a", Kind: datasets.Categorical, Codes: []int32{1}, Levels: []string{"x"}}}, datasets.ErrTable},
		"code too small": {[]datasets.Column{{Name: "a", Kind: datasets.Categorical, Codes: []int32{-2}, Levels: []string{"x"}}}, datasets.ErrTable},
		"levels repeat":  {[]datasets.Column{{Name: "a", Kind: datasets.Categorical, Codes: []int32{0}, Levels: []string{"x", "x"}}}, datasets.ErrTable},
		"kind":           {[]datasets.Column{{Name: "a", Kind: 7, Values: []float64{1}}}, datasets.ErrTable},
		"name":           {[]datasets.Column{numbers("\xff", 1)}, datasets.ErrTable},
	} {
		if _, err := datasets.NewTable("mem", tc.columns...); !errors.Is(err, tc.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTableColumn(t *testing.T) {
	tab := read(t, "x,2,skipped,last\n1,2,3,4\n5,6,7,8\n", datasets.ReadOptions{Header: datasets.HeaderPresent, Skip: []string{"skipped"}})
	for ref, want := range map[string]int{"x": 0, "1": 0, "2": 1, "last": 2, "4": 2, "": 2} {
		if got, err := tab.Index(ref); err != nil || got != want {
			t.Errorf("Index(%q) = %d, %v; want %d", ref, got, err, want)
		}
	}
	for _, ref := range []string{"3", "skipped", "0", "-1", "5", "X "} {
		if got, err := tab.Index(ref); !errors.Is(err, datasets.ErrColumn) || !strings.Contains(err.Error(), `"x", "2", "last"`) {
			t.Errorf("Index(%q) = %d, %v", ref, got, err)
		}
	}
	if got := tab.Names(); !slices.Equal(got, []string{"x", "2", "last"}) {
		t.Errorf("Names() = %q", got)
	}
}

func TestColumnText(t *testing.T) {
	c := numbers("a", 1e6, 0.1, -2, math.Copysign(0, -1), 1e300, 1e-9, math.NaN())
	for i, want := range []string{"1000000", "0.1", "-2", "0", "1e+300", "1e-09", ""} {
		if got := c.Text(i); got != want {
			t.Errorf("Text of %v is %q, want %q", c.Values[i], got, want)
		}
	}
}

func TestDropMissing(t *testing.T) {
	nan := math.NaN()
	tab := table(t, numbers("a", 1, nan, 3, 4), words("b", "x", "y", "", "x"), numbers("y", nan, 2, 3, 4))
	tab.Dropped = 5
	got, err := tab.DropMissing("")
	if err != nil || dump(got) != "a:n b:c y:n \n· y 2 \n3 · 3 \n4 x 4 " || got.Dropped != 6 {
		t.Errorf("%v\n%v", err, dump(got))
	}
	if tab.Rows() != 4 || tab.Dropped != 5 {
		t.Error("the table itself changed")
	}
	if again, err := got.DropMissing("y"); err != nil || again != got {
		t.Errorf("nothing to drop: %v", err)
	}
	if _, err := tab.DropMissing("z"); !errors.Is(err, datasets.ErrColumn) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := table(t, numbers("a", 1), numbers("b", nan)).DropMissing("b"); !errors.Is(err, datasets.ErrAllMissing) {
		t.Errorf("all missing: %v", err)
	}
}

func TestOptionText(t *testing.T) {
	var (
		kind    datasets.Kind
		missing datasets.MissingPolicy
		header  datasets.Header
		task    datasets.Task
	)
	for _, tc := range []struct {
		word string
		into interface{ UnmarshalText([]byte) error }
		got  func() any
		want any
	}{
		{"categorical", &kind, func() any { return kind }, datasets.Categorical},
		{"mean", &missing, func() any { return missing }, datasets.MissingMean},
		{"absent", &header, func() any { return header }, datasets.HeaderAbsent},
		{"classification", &task, func() any { return task }, datasets.TaskClassification},
	} {
		if err := tc.into.UnmarshalText([]byte(tc.word)); err != nil || tc.got() != tc.want {
			t.Errorf("%s: %v, %v", tc.word, tc.got(), err)
		}
		text, err := tc.want.(interface{ MarshalText() ([]byte, error) }).MarshalText()
		if err != nil || string(text) != tc.word {
			t.Errorf("%v marshals to %q, %v", tc.want, text, err)
		}
		if err := tc.into.UnmarshalText([]byte("Mean ")); !errors.Is(err, datasets.ErrOption) {
			t.Errorf("bad word: %v", err)
		}
	}
	if _, err := datasets.Task(77).MarshalText(); !errors.Is(err, datasets.ErrOption) {
		t.Errorf("bad value: %v", err)
	}
}

func TestReadMatrix(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		rows, cols int
		want       []float64
		is         error
		contains   string
	}{
		{"comma", "1,2\n3,4\n", 2, 2, []float64{1, 2, 3, 4}, nil, ""},
		{"tab, CRLF", "1\t2\r\n3\t4e-3\r\n", 2, 2, []float64{1, 2, 3, 4e-3}, nil, ""},
		{"white space", "  1   2\n\n 3 -4 \n", 2, 2, []float64{1, 2, 3, -4}, nil, ""},
		{"comma and space", "1, 2\n3, 4", 2, 2, []float64{1, 2, 3, 4}, nil, ""},
		{"one column", "1\n2\n3\n", 3, 1, []float64{1, 2, 3}, nil, ""},
		{"one number", "-7", 1, 1, []float64{-7}, nil, ""},
		{"empty", "\n", 0, 0, nil, datasets.ErrEmpty, "empty"},
		{"ragged", "1,2\n\n3\n", 0, 0, nil, datasets.ErrRagged, "line 3 has 1 numbers where line 1 has 2"},
		{"header", "a,b\n1,2\n", 0, 0, nil, datasets.ErrNotNumber, "line 1, column 1 holds \"a\"; a matrix file has no header"},
		{"text", "1,2\n3,x\n", 0, 0, nil, datasets.ErrNotNumber, "line 2, column 2 holds \"x\""},
		{"missing", "1,2\n,4\n", 0, 0, nil, datasets.ErrMissing, "line 2, column 1"},
		{"NaN", "1,NaN\n", 0, 0, nil, datasets.ErrMissing, "line 1, column 2"},
		{"infinite", "1,1e999\n", 0, 0, nil, datasets.ErrNotFinite, "line 1, column 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.csv")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := datasets.ReadMatrix(path)
			if !errors.Is(err, tc.is) {
				t.Fatalf("%v, want %v", err, tc.is)
			}
			if tc.is != nil {
				if !strings.Contains(err.Error(), tc.contains) {
					t.Errorf("%q lacks %q", err, tc.contains)
				}
				return
			}
			if r, c := m.Dims(); r != tc.rows || c != tc.cols || !slices.Equal(m.RawMatrix().Data, tc.want) {
				t.Errorf("%d×%d %v", r, c, m.RawMatrix().Data)
			}
		})
	}
	if _, err := datasets.ReadMatrix(t.TempDir()); err == nil {
		t.Error("a directory is no matrix")
	}
}
