package datasets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/datasets"
)

// TestMissingAdvice checks that the advice for a missing value fits the column.
func TestMissingAdvice(t *testing.T) {
	schema := []datasets.Field{{Name: "a"}, {Name: "y"}}
	for _, tc := range []struct {
		name, text string
		opt        datasets.ReadOptions
		want, lack string
	}{
		{"feature", "a,y\n1,2\n,3\n", datasets.ReadOptions{}, "--skip a", "target"},
		{"last column", "a,y\n1,2\n1,\n", datasets.ReadOptions{}, "the target is the last column", "--skip"},
		{"last column that is kept", "a,y,z\n1,2,\n1,,\n", datasets.ReadOptions{Skip: []string{"z"}}, `target "y"`, "--skip"},
		{"named target", "y,a\n1,2\n,3\n", datasets.ReadOptions{Target: "y"}, `target "y"`, "mean"},
		{"target by position", "y,a\n1,2\n,3\n", datasets.ReadOptions{Target: "1"}, `target "y"`, "mean"},
		{"last column is none", "y,a\n1,2\n3,\n", datasets.ReadOptions{Target: "y"}, "--skip a", "target"},
		{"feature of a model", "a,y\n,3\n", datasets.ReadOptions{Schema: schema, Target: "y"}, "train again", "--skip"},
		{"target of a model", "a,y\n3,\n", datasets.ReadOptions{Schema: schema, Target: "y"}, `target "y"`, "train again"},
	} {
		_, err := datasets.Read(strings.NewReader(tc.text), "f.csv", tc.opt)
		if !errors.Is(err, datasets.ErrMissing) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), tc.lack) ||
			!strings.Contains(err.Error(), "--missing drop") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestUnnamed(t *testing.T) {
	for _, tc := range []struct {
		text string
		opt  datasets.ReadOptions
		want bool
	}{
		{"2019,2020\n1,2\n", datasets.ReadOptions{}, true},
		{"a,b\n1,2\n", datasets.ReadOptions{}, false},
		{"2019,2020\n1,2\n", datasets.ReadOptions{Header: datasets.HeaderAbsent}, false},
		{"2019,2020\n1,2\n", datasets.ReadOptions{Header: datasets.HeaderPresent}, false},
		{"2019,2020\n1,2\n", datasets.ReadOptions{Skip: []string{"1"}}, true},
	} {
		table := read(t, tc.text, tc.opt)
		if table.Unnamed != tc.want || table.Width != 2 {
			t.Errorf("%q %+v: Unnamed %v, Width %d", tc.text, tc.opt, table.Unnamed, table.Width)
		}
	}
	table := read(t, "2019,2020\n1,2\n,3\n", datasets.ReadOptions{Missing: datasets.MissingMean})
	table, err := table.DropMissing("c1")
	if err != nil || !table.Unnamed || table.Width != 2 {
		t.Errorf("after DropMissing: %+v, %v", table, err)
	}
	if _, err := table.Column("2019"); !errors.Is(err, datasets.ErrColumn) || !strings.Contains(err.Error(), "from 1 to 2") {
		t.Errorf("a year as position: %v", err)
	}
	if _, err := table.Column("year"); !errors.Is(err, datasets.ErrColumn) || !strings.Contains(err.Error(), "--header present") {
		t.Errorf("a name without header: %v", err)
	}
}

func TestThousands(t *testing.T) {
	for cell, number := range map[string]bool{
		"1,234": true, "12,345.5": true, "1,234,567": true, "-1,234": true, "0,123": false, "1,23": false, "1,2345": false, ",123": false,
	} {
		_, err := datasets.Read(strings.NewReader("a;y\n"+cell+";1\n7;2\n"), "f.csv", datasets.ReadOptions{Delimiter: ';'})
		if got := err != nil && strings.Contains(err.Error(), "thousands"); got != number {
			t.Errorf("%s: %v", cell, err)
		}
	}
}
