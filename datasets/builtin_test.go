package datasets_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/datasets"
)

func load(t testing.TB, name string, seed uint64) *datasets.Table {
	t.Helper()
	tab, err := datasets.Load(name, seed)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// The counts and means are those that the publishers of the data and scikit-learn
// document.
func TestEmbeddedFacts(t *testing.T) {
	for _, tc := range []struct {
		name    string
		classes string
		means   map[string]float64
		sum     float64 // of all features
	}{
		{
			"iris", "setosa:50 versicolor:50 virginica:50",
			map[string]float64{"sepal length (cm)": 5.843333, "sepal width (cm)": 3.057333, "petal length (cm)": 3.758, "petal width (cm)": 1.199333},
			2078.7,
		},
		{
			"wine", "class_0:59 class_1:71 class_2:48",
			map[string]float64{"alcohol": 13.000618, "malic_acid": 2.336348, "magnesium": 99.741573},
			159975.295999,
		},
		{
			"breast-cancer", "malignant:212 benign:357",
			map[string]float64{"mean radius": 14.127292, "mean texture": 19.289649, "mean area": 654.889104},
			1056474.4596356,
		},
		{
			"diabetes", "",
			map[string]float64{"age": 48.518100, "bmi": 26.375792, "s4": 4.070249, "progression": 152.133484},
			276404.2336,
		},
		{
			"digits", "0:178 1:182 2:177 3:183 4:181 5:182 6:181 7:179 8:174 9:180",
			map[string]float64{"pixel_0_0": 0, "pixel_0_1": 0.303840, "pixel_0_3": 11.835838},
			561718,
		},
	} {
		tab := load(t, tc.name, 0)
		target := tab.At(tab.NumColumns() - 1)
		if tc.classes != "" {
			counts := make([]int, len(target.Levels))
			for _, k := range target.Codes {
				counts[k]++
			}
			var got []string
			for k, l := range target.Levels {
				got = append(got, fmt.Sprintf("%s:%d", l, counts[k]))
			}
			if s := strings.Join(got, " "); s != tc.classes {
				t.Errorf("%s: classes %s", tc.name, s)
			}
		}
		for column, want := range tc.means {
			c, err := tab.Column(column)
			if err != nil {
				t.Fatal(err)
			}
			if m, _ := moments(c.Values, every(tab.Rows())); math.Abs(m-want) > 1e-6 {
				t.Errorf("%s: mean of %s is %v, want %v", tc.name, column, m, want)
			}
		}
		sum := 0.0
		for j := range tab.NumColumns() - 1 {
			for _, v := range tab.At(j).Values {
				sum += v
			}
		}
		if math.Abs(sum-tc.sum) > 1e-4 {
			t.Errorf("%s: features sum to %v, want %v", tc.name, sum, tc.sum)
		}
	}
}

func TestBuiltins(t *testing.T) {
	if got := len(datasets.Builtins()); got != 12 || got != len(datasets.Names()) {
		t.Errorf("%d sets, %d names", got, len(datasets.Names()))
	}
	for _, info := range datasets.Builtins() {
		tab := load(t, info.Name, 1)
		if !datasets.IsBuiltin(info.Name) || info.Description == "" || info.Source == "" {
			t.Errorf("%+v", info)
		}
		target := tab.At(tab.NumColumns() - 1)
		if tab.Rows() != info.Rows || tab.NumColumns() != info.Features+1 || target.Name != info.Target || tab.Name != info.Name {
			t.Errorf("%s: %d×%d, target %s", info.Name, tab.Rows(), tab.NumColumns(), target.Name)
		}
		strata, err := tab.Strata("", datasets.TaskAuto)
		if err != nil {
			t.Fatal(err)
		}
		distinct := 0
		if strata != nil {
			distinct = slices.Max(strata) + 1
		}
		if distinct != info.Classes || (info.Task == datasets.TaskClassification) != (strata != nil) {
			t.Errorf("%s: %d classes", info.Name, distinct)
		}
		opt := datasets.FitOptions{Standardize: true, Bias: true}
		if info.Classes > 2 {
			opt.Positive = target.Text(0)
		}
		pre, _ := fit(t, tab, every(tab.Rows()), opt)
		if pre.Task() != info.Task {
			t.Errorf("%s: task %v", info.Name, pre.Task())
		}
		transform(t, pre, tab)

		same, other := load(t, info.Name, 1), load(t, info.Name, 2)
		if dump(same) != dump(tab) {
			t.Errorf("%s: the same seed gives another table", info.Name)
		}
		if seeded := info.Generated && info.Name != "xor" && info.Name != "rays" && info.Name != "plateau"; (dump(other) != dump(tab)) != seeded {
			t.Errorf("%s: another seed gives another table: %v", info.Name, !seeded)
		}
	}
	if _, err := datasets.Load("irs", 0); !errors.Is(err, datasets.ErrUnknownSet) || !strings.Contains(err.Error(), `did you mean "iris"?`) || !strings.Contains(err.Error(), `"planted"`) {
		t.Errorf("unknown: %v", err)
	}
	if datasets.IsBuiltin("Iris") {
		t.Error("names are exact")
	}
}

func TestXOR(t *testing.T) {
	tab := load(t, "xor", 0)
	if got, want := dump(tab), "x1:n x2:n label:n \n0 0 -1 \n0 1 1 \n1 0 1 \n1 1 -1 "; got != want {
		t.Errorf("got\n%s", got)
	}
	if pre, _ := fit(t, tab, every(4), datasets.FitOptions{}); pre.Label(1) != "1" || pre.Label(-1) != "-1" {
		t.Error("labels of xor")
	}
}

// The classes of quadrants are orthogonally separable, and so are those of rays.
func TestOrthogonallySeparable(t *testing.T) {
	for _, name := range []string{"rays", "quadrants"} {
		for seed := range uint64(20) {
			tab := load(t, name, seed)
			x, y, label := tab.At(0).Values, tab.At(1).Values, tab.At(2).Values
			for i := range x {
				for j := range i {
					if dot := x[i]*x[j] + y[i]*y[j]; (label[i] == label[j]) != (dot > 0) {
						t.Errorf("%s, seed %d: rows %d and %d have the product %v", name, seed, i, j, dot)
					}
				}
			}
		}
	}
}

// The arms are apart: the nearest other point lies on the same one, nearly always.
func TestSpirals(t *testing.T) {
	tab := load(t, "spirals", 3)
	x, y, label := tab.At(0).Values, tab.At(1).Values, tab.At(2).Values
	same := 0
	for i := range x {
		best, at := math.Inf(1), 0
		for j := range x {
			if d := math.Hypot(x[i]-x[j], y[i]-y[j]); j != i && d < best {
				best, at = d, j
			}
		}
		if label[i] == label[at] {
			same++
		}
	}
	if same < 99*len(x)/100 {
		t.Errorf("%d of %d nearest neighbours on the same arm", same, len(x))
	}
}

// What is left after the function, interpolated between its kinks, is the noise.
func TestPiecewise(t *testing.T) {
	tab := load(t, "piecewise", 3)
	x, y := tab.At(0).Values, tab.At(1).Values
	kinks := [][2]float64{{-2, 0}, {-1, 1}, {-0.2, 0.2}, {0.6, 2.2}, {1.4, 1.8}, {2, 2.7}}
	sum := 0.0
	for i := range x {
		k := 1
		for x[i] > kinks[k][0] {
			k++
		}
		a, b := kinks[k-1], kinks[k]
		r := y[i] - (a[1] + (b[1]-a[1])*(x[i]-a[0])/(b[0]-a[0]))
		sum += r * r
	}
	if sd := math.Sqrt(sum / float64(len(x))); math.Abs(sd-0.1) > 0.025 {
		t.Errorf("noise of deviation %v", sd)
	}
}

func TestPlanted(t *testing.T) {
	tab := load(t, "planted", 3)
	for j := range 10 {
		m, sd := moments(tab.At(j).Values, every(tab.Rows()))
		if math.Abs(m) > 5/math.Sqrt(500) || math.Abs(sd-1) > 0.16 {
			t.Errorf("input %d: mean %v, deviation %v", j, m, sd)
		}
	}
}

// With unit weights the five neurons have the means ±1/√(2π), of which one is
// left over, and the outputs are no linear function.
func TestPlantedTeacher(t *testing.T) {
	const seeds = 60
	var level float64
	for seed := range uint64(seeds) {
		tab := load(t, "planted", seed)
		m, sd := moments(tab.At(10).Values, every(tab.Rows()))
		level += m / seeds
		if sd < 0.4 || sd > 3 {
			t.Errorf("seed %d: deviation %v", seed, sd)
		}
	}
	if want := 1 / math.Sqrt(2*math.Pi); math.Abs(level-want) > 0.05 {
		t.Errorf("mean output %v, want %v", level, want)
	}
}
