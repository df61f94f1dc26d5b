package datasets

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func targetTable(t *testing.T) *Table {
	t.Helper()
	table, err := NewTable("t.csv",
		Column{Name: "a", Values: []float64{1, 2, 3, 4}},
		Column{Name: "b", Values: []float64{10, 30, 10, 50}},
		Column{Name: "c", Values: []float64{7, 7, 7, 9}},
		Column{Name: "d", Values: []float64{0, math.NaN(), 1, 2}},
		Column{Name: "e", Kind: Categorical, Codes: []int32{0, 1, 0, 1}, Levels: []string{"x", "y"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestTargets(t *testing.T) {
	table := targetTable(t)
	g, notices, err := FitTargets(table, []int{0, 1, 2}, []string{"2", "c", "a"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Names(); !reflect.DeepEqual(got, []string{"b", "c", "a"}) {
		t.Error(got)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "same value 7") {
		t.Error(notices)
	}
	y, err := g.Matrix(table)
	if err != nil {
		t.Fatal(err)
	}
	// Mean 50/3 and variance 800/9 of 10, 30, 10; mean 2 and variance 2/3 of 1, 2, 3.
	sd := math.Sqrt(800.0 / 9)
	for i, want := range [][]float64{
		{(10 - 50.0/3) / sd, 0, -math.Sqrt(1.5)},
		{(30 - 50.0/3) / sd, 0, 0},
		{(10 - 50.0/3) / sd, 0, math.Sqrt(1.5)},
		{(50 - 50.0/3) / sd, 2, 2 * math.Sqrt(1.5)},
	} {
		for k, v := range want {
			if math.Abs(y.At(i, k)-v) > 1e-14 {
				t.Errorf("row %d, target %d: %v, want %v", i, k, y.At(i, k), v)
			}
		}
	}
	if s := g.Scales(); math.Abs(s[0]-sd) > 1e-12 || s[1] != 1 {
		t.Error(s)
	}
	plain, _, err := FitTargets(table, []int{0, 1, 2, 3}, []string{"a"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if y, err := plain.Matrix(table); err != nil || y.At(3, 0) != 4 {
		t.Error(y, err)
	}
}

func TestTargetErrors(t *testing.T) {
	table := targetTable(t)
	for _, test := range []struct {
		columns []string
		train   []int
		want    error
		words   string
	}{
		{nil, []int{0}, ErrColumn, "no target is named"},
		{[]string{"a"}, nil, ErrRow, "0 training rows"},
		{[]string{"a"}, []int{4}, ErrRow, "4 rows"},
		{[]string{"z"}, []int{0}, ErrColumn, "z"},
		{[]string{"a", "1"}, []int{0}, ErrDuplicate, "named twice"},
		{[]string{"a", "e"}, []int{0}, ErrTask, "--targets"},
		{[]string{"d"}, []int{0, 1}, ErrMissing, "row 2"},
	} {
		if _, _, err := FitTargets(table, test.train, test.columns, true); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%v: %v", test.columns, err)
		}
	}
	g, _, err := FitTargets(table, []int{0}, []string{"d"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Matrix(table); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
	if less, err := table.Without("d"); err != nil {
		t.Error(err)
	} else if _, err := g.Matrix(less); !errors.Is(err, ErrColumn) {
		t.Error(err)
	}
}

func TestWithout(t *testing.T) {
	table := targetTable(t)
	less, err := table.Without("a", "5")
	if err != nil || !reflect.DeepEqual(less.Names(), []string{"b", "c", "d"}) || table.NumColumns() != 5 || less.Rows() != 4 {
		t.Error(less, err)
	}
	// Positions are still those of the source.
	if i, err := less.Index("4"); err != nil || less.At(i).Name != "d" {
		t.Error(i, err)
	}
	if _, err := table.Without("a", "b", "c", "d", "e"); !errors.Is(err, ErrNoFeatures) {
		t.Error(err)
	}
	if _, err := table.Without("z"); !errors.Is(err, ErrColumn) {
		t.Error(err)
	}
}
