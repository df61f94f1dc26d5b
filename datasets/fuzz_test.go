package datasets_test

import (
	"math"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/datasets"
)

// FuzzRead checks that any table Read accepts is rectangular and finite, with
// valid codes and unique names, and can be trained on or is refused by Fit.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n3,4\n", "1;2\n3;4", "a\tb\nx\t\n\"y\"\t2", "\xef\xbb\xbfa|b\r\n1|NA\r\n", "a,\"b\nc\"\n1,\"x\"\"y\"\n",
		"x,y\ninf,1\nword,2\n", "1,5;2,5\n3;4\n", "0,1,2,3\n4,5,6,7\n", "\x1f\x8b\x08", "a,a\n1,2\n", "?,?\n1,2\n",
	} {
		f.Add(s, byte(0), byte(0), rune(0), "")
	}
	f.Add("a,b\n1,2\n", byte(1), byte(1), ',', "a")
	f.Add("a,b\n1,\n", byte(2), byte(2), '\t', "2")
	f.Fuzz(func(t *testing.T, text string, missing, header byte, comma rune, categorical string) {
		opt := datasets.ReadOptions{
			Delimiter: comma, Missing: datasets.MissingPolicy(missing % 3), Header: datasets.Header(header % 3),
		}
		if categorical != "" {
			opt.Categorical = []string{categorical}
		}
		tab, err := datasets.Read(strings.NewReader(text), "f.csv", opt)
		if err != nil {
			if s := err.Error(); strings.ContainsAny(s, "\n\r") || len(s) > 4000 {
				t.Fatalf("not one line: %q", s)
			}
			return
		}
		if tab.Rows() < 1 || tab.NumColumns() < 1 {
			t.Fatalf("%d×%d", tab.Rows(), tab.NumColumns())
		}
		columns := make([]datasets.Column, tab.NumColumns())
		for j := range columns {
			c := tab.At(j)
			columns[j] = *c
			if c.Len() != tab.Rows() || (c.Values == nil) == (c.Codes == nil) {
				t.Fatalf("column %q has %d of %d rows", c.Name, c.Len(), tab.Rows())
			}
			for i := range tab.Rows() {
				if c.Missing(i) && opt.Missing != datasets.MissingMean {
					t.Fatalf("column %q row %d is missing", c.Name, i)
				}
			}
		}
		for i := 1; i < tab.Rows(); i++ {
			if tab.Line(i) <= tab.Line(i-1) {
				t.Fatal("lines out of order")
			}
		}
		if _, err := datasets.NewTable("again", columns...); err != nil {
			t.Fatal(err)
		}
		if tab, err = tab.DropMissing(""); err != nil {
			return
		}
		pre, _, err := datasets.Fit(tab, every(tab.Rows()), datasets.FitOptions{
			Standardize: true, Bias: true, Impute: opt.Missing == datasets.MissingMean,
		})
		if err != nil {
			return
		}
		x, err := pre.Transform(tab)
		if err != nil {
			t.Fatal(err)
		}
		y, err := pre.Target(tab)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range append(x.RawMatrix().Data, y...) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%v after standardising", v)
			}
		}
		decode(t, encode(t, pre))
	})
}
