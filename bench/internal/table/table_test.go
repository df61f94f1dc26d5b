package table_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
)

func TestRows(t *testing.T) {
	var b strings.Builder
	rows := table.New(&b, "name", "|u|", "seconds")
	rows.Row("a|b", 1234567, 0.25)
	rows.Row(time.Second, int64(-12), math.NaN())
	want := "| name | \\|u\\| | seconds |\n|---|---|---|\n| a\\|b | 1,234,567 | 0.25 |\n| 1s | -12 | - |\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	defer func() {
		if recover() == nil {
			t.Error("a row that is too short does not panic")
		}
	}()
	rows.Row(1)
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"},
		{7, "7"},
		{-1000, "-1,000"},
		{123456, "123,456"},
		{1e6, "1,000,000"},
		{0.12345, "0.123"},
		{12.345, "12.3"},
		{999.4, "999"},
		{999.7, "1,000"},
		{1234.5, "1,235"},
		{-1234.5, "-1,235"},
		{0.00012345, "0.000123"},
		{1.5e-7, "1.5e-07"},
		{1e300, "1e+300"},
		{math.Inf(1), "+Inf"},
		{math.NaN(), "-"},
	} {
		if got := table.Number(c.v); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	list := []float64{5, 1, 3}
	if m := table.Median(list); m != 3 || list[0] != 5 {
		t.Errorf("median %v of %v", m, list)
	}
	if m := table.Median([]float64{4, 1, 2, 3}); m != 3 {
		t.Errorf("median %v, want the upper one of two", m)
	}
	if m := table.Median(nil); !math.IsNaN(m) {
		t.Errorf("median %v of nothing", m)
	}
	if m := table.MedianOf([]string{"a", "ccc", "bb"}, func(s string) float64 { return float64(len(s)) }); m != 2 {
		t.Errorf("median length %v", m)
	}
}

func TestGrowth(t *testing.T) {
	var g table.Growth
	for k, c := range []struct{ v, want float64 }{{2, math.NaN()}, {8, 4}, {0, 0}, {3, math.NaN()}, {math.NaN(), math.NaN()}, {1, math.NaN()}, {1, 1}} {
		if got := g.Next(c.v); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("number %d: growth %v, want %v", k, got, c.want)
		}
	}
	if p := table.Exponent(8, 2); math.Abs(p-3) > 1e-15 {
		t.Errorf("exponent %v, want 3", p)
	}
	for _, c := range [][2]float64{{0, 2}, {2, 1}, {2, math.NaN()}, {math.NaN(), 2}} {
		if p := table.Exponent(c[0], c[1]); !math.IsNaN(p) {
			t.Errorf("exponent %v of %v", p, c)
		}
	}
}

func TestSeconds(t *testing.T) {
	calls := 0
	s, err := table.Seconds(func() error { calls++; time.Sleep(3 * time.Millisecond); return nil })
	if err != nil || calls < 2 || s < 0.003 {
		t.Errorf("%v s from %d calls (%v)", s, calls, err)
	}
	failed := errors.New("failed")
	if _, err := table.Seconds(func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
}

func TestWriteJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "figures.json")
	for range 2 { // a file that is there is replaced
		if err := table.WriteJSON(path, map[string]int{"n": 1}); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "{\"n\":1}\n" {
		t.Errorf("%q, %v", b, err)
	}
	if err := table.WriteJSON(path, math.Inf(1)); err == nil {
		t.Error("no error for a number that JSON has not")
	}
}
