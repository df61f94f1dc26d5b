package datasets

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// again decodes the stored form of p.
func again(t *testing.T, p *Preprocessor) *Preprocessor {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q Preprocessor
	if err := json.Unmarshal(data, &q); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*p, q) {
		t.Errorf("%+v became %+v", *p, q)
	}
	return &q
}

func TestSeveralClasses(t *testing.T) {
	table, err := NewTable("t.csv",
		Column{Name: "a", Values: []float64{1, 2, 3, 4}},
		Column{Name: "k", Kind: Categorical, Codes: []int32{2, 0, 1, 0}, Levels: []string{"x", "y", "z"}},
		Column{Name: "n", Values: []float64{10, 9, 10, 2.5}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]struct {
		classes []string
		y       []float64
	}{
		"k": {[]string{"x", "y", "z"}, []float64{0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0}},
		"n": {[]string{"2.5", "9", "10"}, []float64{0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0}},
	} {
		p, _, err := Fit(table, []int{0, 1, 2, 3}, FitOptions{Target: target, Task: TaskClassification, Multiclass: true, Standardize: true})
		if err != nil {
			t.Fatal(err)
		}
		p = again(t, p)
		y, err := p.Targets(table)
		if err != nil || p.Outputs() != 3 || !reflect.DeepEqual(p.Classes(), want.classes) || !mat.Equal(y, mat.NewDense(4, 3, want.y)) {
			t.Errorf("%s: %v, %v, %v", target, p.Classes(), y, err)
		}
		if f := p.UnscaleOutputs(y); !mat.Equal(f, y) {
			t.Errorf("%s: scores changed", target)
		}
	}
	if _, _, err := Fit(table, []int{0, 1, 3}, FitOptions{Target: "k", Multiclass: true}); !errors.Is(err, ErrClasses) || !strings.Contains(err.Error(), `"y"`) {
		t.Errorf("a class without rows: %v", err)
	}
	p, _, err := Fit(table, []int{0, 1, 2, 3}, FitOptions{Target: "k", Multiclass: true})
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewTable("o.csv", Column{Name: "k", Kind: Categorical, Codes: []int32{0}, Levels: []string{"w"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Targets(other); !errors.Is(err, ErrCategory) {
		t.Errorf("an unknown class: %v", err)
	}
}

func TestSeveralTargets(t *testing.T) {
	table := targetTable(t)
	p, notices, err := Fit(table, []int{0, 1, 2}, FitOptions{Targets: []string{"b", "1"}, Standardize: true, Bias: true, Impute: true})
	if err != nil {
		t.Fatal(err)
	}
	p = again(t, p)
	if p.Outputs() != 2 || p.Classes() != nil || !reflect.DeepEqual(p.TargetNames(), []string{"b", "a"}) || p.Task() != TaskRegression {
		t.Errorf("targets %v", p.TargetNames())
	}
	for _, f := range p.Inputs() {
		if f.Name == "a" || f.Name == "b" {
			t.Errorf("target %s is a feature", f.Name)
		}
	}
	if len(notices) != 1 { // the constant column c
		t.Error(notices)
	}
	y, err := p.Targets(table)
	if err != nil {
		t.Fatal(err)
	}
	back := p.UnscaleOutputs(y)
	for i := range 4 {
		for k, name := range []string{"b", "a"} {
			c, _ := table.Column(name)
			if math.Abs(back.At(i, k)-c.Values[i]) > 1e-12 {
				t.Errorf("row %d: %g, want %g", i, back.At(i, k), c.Values[i])
			}
		}
	}
	if opt := p.ReadOptions(ReadOptions{}, true); len(opt.Schema) != len(p.Inputs())+2 || opt.Target != "b" {
		t.Errorf("%+v", opt)
	}
	one, _, err := Fit(table, []int{0, 1, 2}, FitOptions{Targets: []string{"b"}, Impute: true})
	if err != nil || one.Outputs() != 1 || one.several != nil {
		t.Errorf("%+v, %v", one, err)
	}
	if y, err := one.Targets(table); err != nil || y.At(1, 0) != 30 {
		t.Error(y, err)
	}
	for _, test := range []struct {
		opt  FitOptions
		want error
	}{
		{FitOptions{Targets: []string{"a", "b"}, Target: "c"}, ErrTask},
		{FitOptions{Targets: []string{"a", "e"}}, ErrTask},
		{FitOptions{Targets: []string{"a", "b"}, Task: TaskClassification}, ErrTask},
		{FitOptions{Targets: []string{"a", "1"}}, ErrDuplicate},
		{FitOptions{Targets: []string{"a", "q"}}, ErrColumn},
		{FitOptions{Targets: []string{"a", "b", "c", "d", "e"}}, ErrNoFeatures},
	} {
		test.opt.Impute = true
		if _, _, err := Fit(table, []int{0, 1, 2}, test.opt); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test.opt, err)
		}
	}
}

func TestSeveralStored(t *testing.T) {
	const form = `{"task":"%task","standardize":false,"bias":true,"impute":false,"features":[],"target":{"name":"y","kind":"%kind","mean":0,"scale":1%more}%further}`
	for _, c := range [][4]string{
		{"classification", "categorical", `,"labels":["a","b"]`, ""},
		{"classification", "categorical", `,"labels":["a","b","b"]`, ""},
		{"classification", "categorical", `,"labels":["a","b",""]`, ""},
		{"classification", "numeric", `,"labels":["1","2","x"]`, ""},
		{"classification", "categorical", `,"labels":["a","b","c"],"positive":"a"`, ""},
		{"regression", "numeric", `,"labels":["1","2","3"]`, ""},
		{"regression", "numeric", "", `,"further_targets":[{"name":"y","kind":"numeric","mean":0,"scale":1}]`},
		{"regression", "numeric", "", `,"further_targets":[{"name":"z","kind":"numeric","mean":0,"scale":0}]`},
		{"classification", "categorical", `,"labels":["a","b","c"]`, `,"further_targets":[{"name":"z","kind":"numeric","mean":0,"scale":1}]`},
	} {
		text := strings.NewReplacer("%task", c[0], "%kind", c[1], "%more", c[2], "%further", c[3]).Replace(form)
		var p Preprocessor
		if err := json.Unmarshal([]byte(text), &p); !errors.Is(err, ErrPreprocessor) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
