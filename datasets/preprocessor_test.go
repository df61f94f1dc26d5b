package datasets_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

func every(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

func fit(t testing.TB, tab *datasets.Table, train []int, opt datasets.FitOptions) (*datasets.Preprocessor, []string) {
	t.Helper()
	pre, notices, err := datasets.Fit(tab, train, opt)
	if err != nil {
		t.Fatal(err)
	}
	return pre, notices
}

func transform(t testing.TB, pre *datasets.Preprocessor, tab *datasets.Table) *mat.Dense {
	t.Helper()
	x, err := pre.Transform(tab)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// randomTable has numeric and categorical columns, some with missing values,
// and a numeric target y.
func randomTable(rng *rand.Rand, n int, missing bool) *datasets.Table {
	var columns []datasets.Column
	for j := range 1 + rng.IntN(4) {
		v := make([]float64, n)
		size, offset := math.Pow(10, float64(rng.IntN(9)-4)), rng.NormFloat64()*100
		for i := range v {
			v[i] = size * (offset + rng.NormFloat64())
			if missing && rng.IntN(6) == 0 {
				v[i] = math.NaN()
			}
		}
		columns = append(columns, numbers(fmt.Sprintf("n%d", j), v...))
	}
	for j := range rng.IntN(3) {
		v, k := make([]string, n), 2+rng.IntN(4)
		for i := range v {
			v[i] = string(rune('a' + rng.IntN(k)))
			if missing && rng.IntN(6) == 0 {
				v[i] = ""
			}
		}
		columns = append(columns, words(fmt.Sprintf("w%d", j), v...))
	}
	y := make([]float64, n)
	for i := range y {
		y[i] = rng.ExpFloat64()
	}
	columns = append(columns, numbers("y", y...))
	rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	tab, err := datasets.NewTable("mem", columns...)
	if err != nil {
		panic(err)
	}
	return tab
}

// moments returns mean and population standard deviation of z over rows.
func moments(z []float64, rows []int) (mean, sd float64) {
	for _, i := range rows {
		mean += z[i] / float64(len(rows))
	}
	for _, i := range rows {
		sd += (z[i] - mean) * (z[i] - mean) / float64(len(rows))
	}
	return mean, math.Sqrt(sd)
}

func TestStandardizedOnTrainingRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for trial := range 300 {
		n := 8 + rng.IntN(60)
		missing := trial%2 == 1
		tab := randomTable(rng, n, missing)
		train, _, err := datasets.Split(nil, n, 0.3*rng.Float64(), rng.Uint64())
		if err != nil {
			t.Fatal(err)
		}
		pre, _ := fit(t, tab, train, datasets.FitOptions{
			Target: "y", Task: datasets.TaskRegression, Standardize: true, Bias: true, Impute: missing,
		})
		x := transform(t, pre, tab)
		rows, d := x.Dims()
		if rows != n || d != pre.Cols() || d != len(pre.FeatureNames()) {
			t.Fatalf("matrix is %d×%d, Cols %d, %d names", rows, d, pre.Cols(), len(pre.FeatureNames()))
		}
		y, err := pre.Target(tab)
		if err != nil {
			t.Fatal(err)
		}
		for j := range d {
			m, sd := moments(mat.Col(nil, j, x), train)
			wantMean, wantSD := 0.0, 1.0
			if j == d-1 {
				wantMean, wantSD = 1, 0 // the bias is never scaled
			}
			if math.Abs(m-wantMean) > 1e-9 || math.Abs(sd-wantSD) > 1e-9 {
				t.Fatalf("%s: mean %g, deviation %g", pre.FeatureNames()[j], m, sd)
			}
		}
		if m, sd := moments(y, train); math.Abs(m) > 1e-9 || math.Abs(sd-1) > 1e-9 {
			t.Fatalf("target: mean %g, deviation %g", m, sd)
		}
		for i, v := range pre.Unscale(y) {
			c, _ := tab.Column("y")
			if math.Abs(v-c.Values[i]) > 1e-12*(1+c.Values[i]) {
				t.Fatalf("Unscale gives %v for %v", v, c.Values[i])
			}
		}
	}
}

// What Fit learns does not change with the held-out rows or the order of columns.
func TestFitSeesTrainingRowsOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		n := 12 + rng.IntN(30)
		tab := randomTable(rng, n, false)
		train, test, _ := datasets.Split(nil, n, 0.3, rng.Uint64())
		opt := datasets.FitOptions{Target: "y", Standardize: true, Bias: true}
		pre, _ := fit(t, tab, train, opt)
		want := transform(t, pre, tab)

		columns := make([]datasets.Column, tab.NumColumns())
		for j := range columns {
			columns[j] = *tab.At(j)
			if columns[j].Kind == datasets.Numeric {
				columns[j].Values = slices.Clone(columns[j].Values)
				for _, i := range test {
					columns[j].Values[i] = 1e6 * rng.NormFloat64()
				}
			}
		}
		changed := table(t, columns...)
		pre2, _ := fit(t, changed, train, opt)
		got := transform(t, pre2, tab)
		if !mat.Equal(got, want) || pre.TargetMean() != pre2.TargetMean() || pre.TargetScale() != pre2.TargetScale() {
			t.Fatal("held-out rows change the statistics")
		}

		columns = append(columns[:0], numbers("extra", make([]float64, n)...))
		for _, j := range rng.Perm(tab.NumColumns()) {
			columns = append(columns, *tab.At(j))
		}
		if got := transform(t, pre, table(t, columns...)); !mat.Equal(got, want) {
			t.Fatal("the order of columns changes the matrix")
		}
	}
}

func TestTransformByHand(t *testing.T) {
	tab := table(t,
		words("color", "red", "blue", "green", "red"),
		numbers("size", 1, 3, 5, 7),
		words("sex", "m", "f", "m", "m"),
		numbers("same", 4, 4, 4, 4),
		numbers("y", 1, 2, 3, 6),
	)
	pre, notices := fit(t, tab, every(4), datasets.FitOptions{Bias: true})
	if got, want := fmt.Sprint(pre.FeatureNames()), "[color=blue color=green color=red size sex=m (bias)]"; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], `"same"`) {
		t.Errorf("notices %q", notices)
	}
	want := mat.NewDense(4, 6, []float64{
		0, 0, 1, 1, 1, 1,
		1, 0, 0, 3, 0, 1,
		0, 1, 0, 5, 1, 1,
		0, 0, 1, 7, 1, 1,
	})
	if got := transform(t, pre, tab); !mat.Equal(got, want) {
		t.Errorf("got\n%v", mat.Formatted(got))
	}
	if y, err := pre.Target(tab); err != nil || !slices.Equal(y, []float64{1, 2, 3, 6}) {
		t.Errorf("target %v, %v", y, err)
	}
	// size has mean 4 and variance 5 on all rows; on rows 0 and 1, 2 and 1.
	pre, notices = fit(t, tab, []int{0, 1}, datasets.FitOptions{Standardize: true})
	x := transform(t, pre, tab)
	if got, want := fmt.Sprint(pre.FeatureNames()), "[color=blue color=red size sex=m]"; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	if !strings.Contains(strings.Join(notices, "\n"), `"green"`) {
		t.Errorf("no notice of the category without a training row: %q", notices)
	}
	want = mat.NewDense(4, 4, []float64{
		-1, 1, -1, 1,
		1, -1, 1, -1,
		-1, -1, 3, 1,
		-1, 1, 5, 1,
	})
	if !mat.EqualApprox(x, want, 1e-14) {
		t.Errorf("got\n%v", mat.Formatted(x))
	}
}

func TestImpute(t *testing.T) {
	nan := math.NaN()
	tab := table(t, numbers("a", 1, nan, 5, 100), words("w", "v", "u", "u", "v"), words("x", "q", "p", "", "r"), numbers("y", 1, 2, 3, 4))
	pre, _ := fit(t, tab, []int{0, 1, 2}, datasets.FitOptions{Impute: true})
	// The training mean of a is 3; p and q tie in x, and p sorts first.
	want := mat.NewDense(4, 4, []float64{
		1, 1, 0, 1,
		3, 0, 1, 0,
		5, 0, 1, 0,
		100, 1, 0, 0,
	})
	if got := transform(t, pre, tab); !mat.Equal(got, want) {
		t.Errorf("%v\n%v", pre.FeatureNames(), mat.Formatted(got))
	}
	opt := pre.ReadOptions(datasets.ReadOptions{}, false)
	got := transform(t, pre, read(t, "x,w,a\n?,,NA\nr,u,7\n", opt))
	if want := mat.NewDense(2, 4, []float64{3, 0, 1, 0, 7, 0, 0, 0}); !mat.Equal(got, want) {
		t.Errorf("prediction\n%v", mat.Formatted(got))
	}
	if _, _, err := datasets.Fit(tab, every(3), datasets.FitOptions{}); !errors.Is(err, datasets.ErrMissing) || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("without Impute: %v", err)
	}
}

// Magnitudes at which sums of squares overflow or vanish are standardised like
// the same numbers at magnitude one.
func TestStandardizeExtremes(t *testing.T) {
	base := []float64{-0.75, 0.5, 1, 0.25, -1, 0.875}
	reference := make([]float64, len(base))
	m, sd := moments(base, every(len(base)))
	for i, v := range base {
		reference[i] = (v - m) / sd
	}
	for _, e := range []int{1023, 600, 500, 300, 0, -300, -500, -600, -1022, -1070} {
		v := make([]float64, len(base))
		for i := range v {
			v[i] = math.Ldexp(base[i], e) // exact, but for -1070 a multiple of 8 ulps
		}
		tab := table(t, numbers("a", v...), numbers("y", v...))
		pre, _ := fit(t, tab, every(len(base)), datasets.FitOptions{Standardize: true})
		y, err := pre.Target(tab)
		if err != nil {
			t.Fatal(err)
		}
		for i, z := range mat.Col(nil, 0, transform(t, pre, tab)) {
			if math.Abs(z-reference[i]) > 1e-12 || y[i] != z {
				t.Errorf("2^%d: %v and target %v, want %v", e, z, y[i], reference[i])
			}
		}
		for i, u := range pre.Unscale(y) {
			if math.Abs(u-v[i]) > math.Max(1e-12*math.Abs(v[i]), 5e-324) {
				t.Errorf("2^%d: Unscale gives %v for %v", e, u, v[i])
			}
		}
		if e > -1000 && math.Abs(math.Ldexp(pre.TargetScale(), -e)-sd) > 1e-12 {
			t.Errorf("2^%d: scale %v", e, pre.TargetScale())
		}
		if u := pre.Unscale([]float64{1e308, -1e308}); math.IsInf(u[0], 0) || math.IsInf(u[1], 0) {
			t.Errorf("2^%d: Unscale gives %v", e, u)
		}
	}
	// The full range of float64 at once.
	tab := table(t, numbers("a", -math.MaxFloat64, math.MaxFloat64, 5e-324), numbers("y", 1, 2, 3))
	pre, _ := fit(t, tab, every(3), datasets.FitOptions{Standardize: true})
	want := math.Sqrt(1.5)
	for i, z := range mat.Col(nil, 0, transform(t, pre, tab)) {
		if w := []float64{-want, want, 0}[i]; math.Abs(z-w) > 1e-15 {
			t.Errorf("row %d: %v, want %v", i, z, w)
		}
	}
	// A far value in a row that was not trained on is an error, not an infinity.
	pre, _ = fit(t, table(t, numbers("a", 1e-9, 2e-9), numbers("y", 1, 2)), every(2), datasets.FitOptions{Standardize: true})
	if _, err := pre.Transform(read(t, "a,b\n1,1\n1e300,1\n", datasets.ReadOptions{})); !errors.Is(err, datasets.ErrNotFinite) || !strings.Contains(err.Error(), `f.csv line 3, column "a"`) {
		t.Errorf("far value: %v", err)
	}
}

// Mean and deviation are accurate to the last bits for many values far from 0.
func TestStandardizeAccuracy(t *testing.T) {
	const n, bits = 20000, 200
	rng := rand.New(rand.NewPCG(9, 9))
	v := make([]float64, n)
	sum, squares := new(big.Float).SetPrec(bits), new(big.Float).SetPrec(bits)
	for i := range v {
		v[i] = 1e8 + rng.NormFloat64()
		x := new(big.Float).SetPrec(bits).SetFloat64(v[i])
		sum.Add(sum, x)
		squares.Add(squares, x.Mul(x, x))
	}
	count := new(big.Float).SetPrec(bits).SetInt64(n)
	m := new(big.Float).SetPrec(bits).Quo(sum, count)
	variance := new(big.Float).SetPrec(bits).Quo(squares, count)
	variance.Sub(variance, new(big.Float).SetPrec(bits).Mul(m, m))
	wantMean, _ := m.Float64()
	wantSD, _ := variance.Sqrt(variance).Float64()
	pre, _ := fit(t, table(t, numbers("x", v...), numbers("y", v...)), every(n), datasets.FitOptions{Standardize: true})
	if math.Abs(pre.TargetMean()-wantMean) > 2e-8 || math.Abs(pre.TargetScale()-wantSD) > 1e-14 {
		t.Errorf("mean %v, deviation %v; want %v, %v", pre.TargetMean(), pre.TargetScale(), wantMean, wantSD)
	}
}

func TestConstant(t *testing.T) {
	tab := table(t, numbers("a", 1, 1, 2), words("w", "u", "u", "v"), numbers("y", 3, 3, 4))
	pre, notices := fit(t, tab, []int{0, 1}, datasets.FitOptions{Bias: true, Standardize: true, Task: datasets.TaskRegression})
	if got := transform(t, pre, tab); !mat.Equal(got, mat.NewDense(3, 1, []float64{1, 1, 1})) {
		t.Errorf("bias alone: %v", mat.Formatted(got))
	}
	if pre.TargetMean() != 3 || pre.TargetScale() != 1 || len(notices) != 2 || !strings.Contains(notices[0], `"y"`) || !strings.Contains(notices[1], "bias") {
		t.Errorf("mean %v, scale %v, notices %q", pre.TargetMean(), pre.TargetScale(), notices)
	}
	// Such a model predicts for any table.
	got := transform(t, pre, read(t, "q,r\n1,x\n2,\n", pre.ReadOptions(datasets.ReadOptions{}, false)))
	if !mat.Equal(got, mat.NewDense(2, 1, []float64{1, 1})) {
		t.Errorf("prediction: %v", mat.Formatted(got))
	}
	if _, _, err := datasets.Fit(tab, []int{0}, datasets.FitOptions{Task: datasets.TaskRegression}); !errors.Is(err, datasets.ErrNoFeatures) {
		t.Errorf("no bias: %v", err)
	}
	if pre, _ = fit(t, tab, []int{2}, datasets.FitOptions{Bias: true, Task: datasets.TaskRegression}); pre.Cols() != 1 || pre.TargetScale() != 1 {
		t.Errorf("one training row: %d columns, scale %v", pre.Cols(), pre.TargetScale())
	}
}

// FeatureValue undoes Transform, column by column.
func TestFeatureValue(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	for range 30 {
		tab := randomTable(rng, 20, false)
		for _, standardize := range []bool{false, true} {
			pre, _ := fit(t, tab, every(20), datasets.FitOptions{Target: "y", Standardize: standardize, Bias: true})
			x := transform(t, pre, tab)
			for j, name := range pre.FeatureNames() {
				column, level, indicator := strings.Cut(name, "=")
				for i := range 20 {
					got := pre.FeatureValue(j, x.At(i, j))
					want := 1.0
					for k := range tab.NumColumns() {
						switch c := tab.At(k); {
						case name == datasets.BiasName || c.Name != column:
						case !indicator:
							want = c.Values[i]
						case c.Text(i) != level:
							want = 0
						}
					}
					if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
						t.Fatalf("row %d of %s: %v, want %v", i, name, got, want)
					}
				}
			}
		}
	}
}
