package datasets_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

func TestClasses(t *testing.T) {
	three := words("t", "b", "c", "a", "b")
	for _, tc := range []struct {
		name               string
		target             datasets.Column
		opt                datasets.FitOptions
		negative, positive string
		y                  []float64
	}{
		{"words", words("t", "yes", "no", "yes", "no"), datasets.FitOptions{}, "no", "yes", []float64{1, -1, 1, -1}},
		{"other order", words("t", "no", "yes", "no", "yes"), datasets.FitOptions{}, "no", "yes", []float64{-1, 1, -1, 1}},
		{"positive given", words("t", "yes", "no", "yes", "no"), datasets.FitOptions{Positive: "no"}, "yes", "no", []float64{-1, 1, -1, 1}},
		{"0 and 1", numbers("t", 0, 1, 1, 0), datasets.FitOptions{}, "0", "1", []float64{-1, 1, 1, -1}},
		{"9 and 10", numbers("t", 10, 9, 9, 9), datasets.FitOptions{}, "9", "10", []float64{1, -1, -1, -1}},
		{"9 and 10 as words", words("t", "10", "9", "9", "9"), datasets.FitOptions{}, "9", "10", []float64{1, -1, -1, -1}},
		{"positive 1.0", numbers("t", 1, 2, 2, 1), datasets.FitOptions{Positive: "1.0"}, "2", "1", []float64{1, -1, -1, 1}},
		{"one against rest", three, datasets.FitOptions{Positive: "b"}, "not b", "b", []float64{1, -1, -1, 1}},
		{"number against rest", numbers("t", 3, 1, 2, 3), datasets.FitOptions{Positive: "3"}, "not 3", "3", []float64{1, -1, -1, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tab := table(t, numbers("x", 1, 2, 3, 4), tc.target)
			tc.opt.Standardize = true
			pre, _ := fit(t, tab, every(4), tc.opt)
			y, err := pre.Target(tab)
			if err != nil || !slices.Equal(y, tc.y) {
				t.Errorf("targets %v, %v", y, err)
			}
			if n, p := pre.Labels(); n != tc.negative || p != tc.positive || pre.Label(0.1) != p || pre.Label(-0.1) != n || pre.Label(0) != n {
				t.Errorf("labels %q and %q", n, p)
			}
			if pre.Task() != datasets.TaskClassification || pre.TargetMean() != 0 || pre.TargetScale() != 1 {
				t.Errorf("%v, mean %v, scale %v", pre.Task(), pre.TargetMean(), pre.TargetScale())
			}
			if got := pre.Unscale([]float64{0.3}); got[0] != 0.3 {
				t.Errorf("Unscale: %v", got)
			}
		})
	}
}

func TestFitErrors(t *testing.T) {
	x := numbers("x", 1, 2, 3, 4)
	var many, ids []string
	for i := range 3003 {
		many = append(many, fmt.Sprint("v", i/3))
		ids = append(ids, fmt.Sprint("v", i))
	}
	long := numbers("y", make([]float64, len(many))...)
	for i := range long.Values {
		long.Values[i] = float64(i)
	}
	for _, tc := range []struct {
		name     string
		columns  []datasets.Column
		train    []int
		opt      datasets.FitOptions
		is       error
		contains string
	}{
		{"no rows", []datasets.Column{x, numbers("y", 1, 2, 3, 4)}, nil, datasets.FitOptions{}, datasets.ErrRow, "no training rows"},
		{"row beyond", []datasets.Column{x, numbers("y", 1, 2, 3, 4)}, []int{4}, datasets.FitOptions{}, datasets.ErrRow, "row 4"},
		{"one column", []datasets.Column{x}, every(4), datasets.FitOptions{}, datasets.ErrNoFeatures, "--delimiter"},
		{"target", []datasets.Column{x, numbers("y", 1, 2, 3, 4)}, every(4), datasets.FitOptions{Target: "z"}, datasets.ErrColumn, `"z"`},
		{"three classes", []datasets.Column{x, words("t", "a", "b", "c", "a")}, every(4), datasets.FitOptions{}, datasets.ErrClasses, `--positive LABEL (labels: "a", "b", "c")`},
		{"number classes", []datasets.Column{x, numbers("t", 1, 2, 3, 1)}, every(4), datasets.FitOptions{Task: datasets.TaskClassification}, datasets.ErrClasses, `"1", "2", "3"`},
		{"one class", []datasets.Column{x, words("t", "a", "a", "a", "a")}, every(4), datasets.FitOptions{}, datasets.ErrClasses, `single class "a"`},
		{"one class in training", []datasets.Column{x, words("t", "a", "a", "a", "b")}, every(3), datasets.FitOptions{}, datasets.ErrClasses, `"b"`},
		{"no such positive", []datasets.Column{x, words("t", "a", "b", "a", "b")}, every(4), datasets.FitOptions{Positive: "z"}, datasets.ErrClasses, `no class "z"`},
		{"positive of regression", []datasets.Column{x, numbers("t", 1, 2, 3, 1)}, every(4), datasets.FitOptions{Positive: "1", Task: datasets.TaskRegression}, datasets.ErrTask, "--positive"},
		{"regression on words", []datasets.Column{x, words("t", "1", "b", "a", "b")}, every(4), datasets.FitOptions{Task: datasets.TaskRegression}, datasets.ErrTask, `row 2, column "t" holds "b"`},
		{"missing target", []datasets.Column{x, words("t", "a", "b", "", "b")}, every(4), datasets.FitOptions{Impute: true}, datasets.ErrMissing, `row 3, target "t"`},
		{"unknown task", []datasets.Column{x, numbers("t", 1, 2, 3, 1)}, every(4), datasets.FitOptions{Task: 9}, datasets.ErrTask, "9"},
		{"1001 categories", []datasets.Column{words("w", many...), long}, every(9), datasets.FitOptions{}, datasets.ErrCardinality, "1001 categories"},
		{"identifiers", []datasets.Column{words("w", ids[:30]...), numbers("y", long.Values[:30]...)}, every(9), datasets.FitOptions{}, datasets.ErrCardinality, "--skip w"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := datasets.Fit(table(t, tc.columns...), tc.train, tc.opt)
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.contains) || strings.Contains(err.Error(), "%!") {
				t.Errorf("%v; want %v with %q", err, tc.is, tc.contains)
			}
		})
	}
}

// In a small table a category in every row is no sign of an identifier.
func TestFewCategories(t *testing.T) {
	tab := table(t, words("w", "a", "b", "c"), numbers("y", 1, 2, 3))
	if pre, _ := fit(t, tab, every(3), datasets.FitOptions{}); pre.Cols() != 3 {
		t.Errorf("columns %q", pre.FeatureNames())
	}
}

func TestPredict(t *testing.T) {
	train := read(t, "color,code,size,id,t\nred,1,0.5,7,0\nblue,2,1.5,?,1\nred,2,2.5,x,1\n",
		datasets.ReadOptions{Categorical: []string{"code"}, Skip: []string{"id"}})
	pre, _ := fit(t, train, every(3), datasets.FitOptions{Bias: true})
	if got := fmt.Sprint(pre.Inputs()); got != "[{color categorical} {code categorical} {size numeric}]" {
		t.Errorf("inputs %s", got)
	}
	want := transform(t, pre, train)
	// Reordered, with columns that could not be read in training, and no target.
	text := "note,size,code,color\n,0.5,1,red\n\"1,5\",1.5,2,blue\nInf,2.5,2,red\n"
	if got := transform(t, pre, read(t, text, pre.ReadOptions(datasets.ReadOptions{}, false))); !mat.Equal(got, want) {
		t.Errorf("got\n%v", mat.Formatted(got))
	}
	for _, tc := range []struct {
		name, text string
		is         error
		contains   string
	}{
		{"category", "color,code,size\nred,1,1\nteal,1,1\n", datasets.ErrCategory, `f.csv line 3, column "color" holds "teal", which the training table does not have (known: "blue", "red")`},
		{"code", "color,code,size\nred,3,1\n", datasets.ErrCategory, `"3"`},
		{"no column", "color,size\nred,1\n", datasets.ErrColumn, `no column "code"`},
		{"missing", "color,code,size\nred,1,\n", datasets.ErrMissing, `f.csv line 2, column "size"`},
		{"text", "color,code,size\nred,1,1\nred,1,big\n", datasets.ErrNotNumber, `f.csv line 3, column "size" holds "big"`},
	} {
		table, err := datasets.Read(strings.NewReader(tc.text), "f.csv", pre.ReadOptions(datasets.ReadOptions{}, false))
		if err == nil {
			_, err = pre.Transform(table)
		}
		if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.contains) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	// Tables that were read without the schema.
	for text, contains := range map[string]string{
		"color,code,size\nred,1,1\nred,1,2\n":    `--categorical code`,
		"color,code,size\nred,a,1\nred,b,big\n":  `f.csv line 3, column "size" holds "big"`,
		"color,code,size\nred,a,NA\nblue,b,NA\n": "no values",
	} {
		table, err := datasets.Read(strings.NewReader(text), "f.csv", datasets.ReadOptions{Missing: datasets.MissingMean})
		if err == nil {
			_, err = pre.Transform(table)
		}
		if err == nil || !strings.Contains(err.Error(), contains) {
			t.Errorf("%q: %v", text, err)
		}
	}
	// Missing values that reach a model without means.
	table := read(t, "color,code,size\nred,1,\n", pre.ReadOptions(datasets.ReadOptions{Missing: datasets.MissingMean}, false))
	if _, err := pre.Transform(table); !errors.Is(err, datasets.ErrMissing) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("missing: %v", err)
	}
	if _, err := new(datasets.Preprocessor).Transform(table); !errors.Is(err, datasets.ErrPreprocessor) {
		t.Errorf("zero value: %v", err)
	}
}

func TestEvaluate(t *testing.T) {
	pre, _ := fit(t, table(t, numbers("x", 1, 2, 3), words("t", "a", "b", "a")), every(3), datasets.FitOptions{})
	rest, _ := fit(t, table(t, numbers("x", 1, 2, 3), words("t", "a", "b", "c")), every(3), datasets.FitOptions{Positive: "b"})
	opt := pre.ReadOptions(datasets.ReadOptions{}, true)
	tab := read(t, "t,x\na,5\nz,5\n", opt)
	if _, err := pre.Target(tab); !errors.Is(err, datasets.ErrCategory) || !strings.Contains(err.Error(), `f.csv line 3, target "t" is "z"`) {
		t.Errorf("unseen label: %v", err)
	}
	if y, err := rest.Target(tab); err != nil || !slices.Equal(y, []float64{-1, -1}) {
		t.Errorf("unseen label in the rest: %v, %v", y, err)
	}
	if _, err := pre.Target(read(t, "x,u\n1,2\n", opt)); !errors.Is(err, datasets.ErrColumn) {
		t.Errorf("no target: %v", err)
	}
	num, _ := fit(t, table(t, numbers("x", 1, 2, 3), numbers("t", 5, 7, 6)), every(3), datasets.FitOptions{})
	if _, err := num.Target(tab); !errors.Is(err, datasets.ErrKind) || !strings.Contains(err.Error(), "f.csv line 2") {
		t.Errorf("text for numbers: %v", err)
	}
	if num.TargetName() != "t" {
		t.Errorf("TargetName %q", num.TargetName())
	}
}
