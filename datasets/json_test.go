package datasets_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/datasets"
)

func decode(t testing.TB, b []byte) *datasets.Preprocessor {
	t.Helper()
	var pre datasets.Preprocessor
	if err := json.Unmarshal(b, &pre); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return &pre
}

func encode(t testing.TB, pre *datasets.Preprocessor) []byte {
	t.Helper()
	b, err := json.Marshal(pre)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestJSONRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	check := func(tab *datasets.Table, opt datasets.FitOptions) {
		t.Helper()
		pre, _ := fit(t, tab, every(tab.Rows()), opt)
		got := decode(t, encode(t, pre))
		if !reflect.DeepEqual(transform(t, got, tab).RawMatrix(), transform(t, pre, tab).RawMatrix()) {
			t.Fatal("another matrix after the round trip")
		}
		y, _ := pre.Target(tab)
		z, err := got.Target(tab)
		if err != nil || !reflect.DeepEqual(y, z) {
			t.Fatalf("another target after the round trip: %v", err)
		}
		if !reflect.DeepEqual(got.ReadOptions(datasets.ReadOptions{}, true), pre.ReadOptions(datasets.ReadOptions{}, true)) ||
			!reflect.DeepEqual(got.FeatureNames(), pre.FeatureNames()) || !reflect.DeepEqual(got.Unscale(y), pre.Unscale(y)) ||
			got.Task() != pre.Task() || got.Bias() != pre.Bias() || got.Standardized() != pre.Standardized() || got.Imputes() != pre.Imputes() {
			t.Fatal("another preprocessor after the round trip")
		}
	}
	for i := range 100 {
		check(randomTable(rng, 20, i%2 == 0), datasets.FitOptions{
			Target: "y", Standardize: i%3 > 0, Bias: i%5 > 0, Impute: i%2 == 0,
		})
	}
	for _, e := range []int{1000, -1050} {
		v := []float64{math.Ldexp(1, e), math.Ldexp(3, e), 0}
		check(table(t, numbers("a", v...), numbers("y", v...)), datasets.FitOptions{Standardize: true})
	}
	for _, target := range []datasets.Column{words("t", "x", "y", "z"), numbers("t", 1, -2, 1e6)} {
		for _, positive := range []string{"x", "1000000"} {
			if tab := table(t, numbers("a", 1, 2, 4), target); strings.Contains(dump(tab), positive) {
				check(tab, datasets.FitOptions{Positive: positive, Standardize: true})
			}
		}
	}
}

// stored is a valid preprocessor with every member in use.
const stored = `{"task":"regression","standardize":true,"bias":true,"impute":true,"features":[` +
	`{"name":"a","kind":"numeric","fill":2,"outputs":[{"mean":2,"scale":1.5}]},` +
	`{"name":"w","kind":"categorical","missing":"u","levels":["u","v","x"],"outputs":[{"level":"u","mean":0.5,"scale":0.5},{"level":"x","mean":0.25,"scale":0.4}]}],` +
	`"target":{"name":"y","kind":"numeric","mean":1,"scale":2,"exponent":3}}`

const storedClasses = `{"task":"classification","standardize":false,"bias":true,"impute":false,"features":[],` +
	`"target":{"name":"y","kind":"numeric","mean":0,"scale":1,"negative":"0","positive":"1"}}`

func TestJSONRefused(t *testing.T) {
	for _, valid := range []string{stored, storedClasses} {
		if got := string(encode(t, decode(t, []byte(valid)))); got != valid {
			t.Fatalf("got\n%s\nwant\n%s", got, valid)
		}
	}
	for _, tc := range []struct{ in, old, repl string }{
		{stored, `"regression"`, `"auto"`},
		{stored, `"regression"`, `"clustering"`},
		{stored, `"regression"`, `"classification"`},
		{stored, `"task":"regression"`, `"task":0`},
		{stored, `"bias":true`, `"bias":1`},
		{stored, `"bias":true`, `"bias":true,"more":1`},
		{stored, `"impute":true`, `"impute":false`},
		{stored, `"kind":"numeric","fill"`, `"kind":"date","fill"`},
		{stored, `"kind":"numeric","fill"`, `"kind":"categorical","fill"`},
		{stored, `"kind":"categorical"`, `"kind":"numeric"`},
		{stored, `"name":"w"`, `"name":"a"`},
		{stored, `"name":"w"`, `"name":"y"`},
		{stored, `"name":"w"`, `"name":""`},
		{stored, `"name":"y"`, `"name":""`},
		{stored, `"fill":2,`, ``},
		{stored, `"fill":2`, `"fill":1e999`},
		{stored, `"missing":"u",`, ``},
		{stored, `"missing":"u"`, `"missing":"q"`},
		{stored, `["u","v","x"]`, `["u","u","x"]`},
		{stored, `["u","v","x"]`, `["u","v",""]`},
		{stored, `["u","v","x"]`, `["u"]`},
		{stored, `["u","v","x"]`, `["u","v"` + strings.Repeat(`,"w"`, 2000) + `]`},
		{stored, `"level":"x"`, `"level":"u"`},
		{stored, `"level":"x"`, `"level":"q"`},
		{stored, `"level":"x",`, ``},
		{stored, `[{"mean":2`, `[{"level":"u","mean":2`},
		{stored, `"scale":1.5`, `"scale":0`},
		{stored, `"scale":1.5`, `"scale":-1`},
		{stored, `"scale":1.5`, `"scale":1e400`},
		{stored, `,"scale":1.5`, ``},
		{stored, `"mean":2,`, ``},
		{stored, `[{"mean":2,"scale":1.5}]`, `[]`},
		{stored, `[{"mean":2,"scale":1.5}]`, `[{"mean":2,"scale":1.5},{"mean":2,"scale":1.5}]`},
		{stored, `"exponent":3`, `"exponent":5000`},
		{stored, `"exponent":3`, `"exponent":1.5`},
		{stored, `"exponent":3`, `"positive":"b"`},
		{storedClasses, `"bias":true`, `"bias":false`},
		{storedClasses, `"positive":"1"`, `"positive":"0"`},
		{storedClasses, `"positive":"1"`, `"positive":""`},
		{storedClasses, `"positive":"1"`, `"positive":"1.0"`},
		{storedClasses, `"positive":"1"`, `"positive":"one"`},
		{storedClasses, `"negative":"0"`, `"negative":"not 1"`},
		{storedClasses, `"mean":0`, `"mean":1`},
	} {
		bad := strings.Replace(tc.in, tc.old, tc.repl, 1)
		if bad == tc.in {
			t.Fatalf("%s does not occur", tc.old)
		}
		before := decode(t, []byte(storedClasses))
		if err := before.UnmarshalJSON([]byte(bad)); !errors.Is(err, datasets.ErrPreprocessor) {
			t.Errorf("%s for %s: %v", tc.repl, tc.old, err)
		}
		if got := string(encode(t, before)); got != storedClasses {
			t.Errorf("%s for %s: the receiver changed to %s", tc.repl, tc.old, got)
		}
	}
	if err := new(datasets.Preprocessor).UnmarshalJSON([]byte("null")); !errors.Is(err, datasets.ErrPreprocessor) {
		t.Errorf("null: %v", err)
	}
}

func FuzzPreprocessorJSON(f *testing.F) {
	f.Add([]byte(stored))
	f.Add([]byte(storedClasses))
	f.Add([]byte(strings.Replace(storedClasses, `"positive":"1"`, `"positive":"1","rest":true`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var pre datasets.Preprocessor
		if err := json.Unmarshal(b, &pre); err != nil {
			return
		}
		again := encode(t, decode(t, encode(t, &pre)))
		if string(again) != string(encode(t, &pre)) {
			t.Fatalf("the round trip is not stable: %s", again)
		}
		if len(pre.FeatureNames()) != pre.Cols() || pre.Cols() == 0 {
			t.Fatalf("%d names of %d columns", len(pre.FeatureNames()), pre.Cols())
		}
		// A table with the columns that it asks for goes through, or is refused
		// because its numbers do not fit the scales.
		columns := []datasets.Column{numbers(pre.TargetName(), 0, -1)}
		for _, in := range pre.Inputs() {
			if in.Kind == datasets.Numeric {
				columns = append(columns, numbers(in.Name, 0, 1))
			} else {
				columns = append(columns, words(in.Name, "u", "v"))
			}
		}
		tab, err := datasets.NewTable("mem", columns...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pre.Target(tab); err != nil && !errors.Is(err, datasets.ErrCategory) && !errors.Is(err, datasets.ErrNotFinite) {
			t.Fatal(err)
		}
		x, err := pre.Transform(tab)
		if err != nil {
			if !errors.Is(err, datasets.ErrCategory) && !errors.Is(err, datasets.ErrNotFinite) {
				t.Fatal(err)
			}
			return
		}
		for _, v := range x.RawMatrix().Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("the matrix holds %v", v)
			}
		}
		for _, v := range pre.Unscale([]float64{0, -1e308, 1e308}) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("a score becomes %v", v)
			}
		}
	})
}
