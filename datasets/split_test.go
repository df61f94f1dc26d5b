package datasets_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/convexnn/convexnn/datasets"
)

func TestSplitProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 1 + rng.IntN(60)
		k := 1 + rng.IntN(5)
		fraction := rng.Float64()
		if rng.IntN(8) == 0 {
			fraction = 0
		}
		var groups []int
		counts := map[int]int{0: n}
		if k > 1 {
			groups, counts = make([]int, n), map[int]int{}
			for i := range groups {
				groups[i] = 7 * (rng.IntN(k) - 2)
				counts[groups[i]]++
			}
		}
		seed := rng.Uint64()
		train, test, err := datasets.Split(groups, n, fraction, seed)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Concat(train, test)
		slices.Sort(all)
		for i := range n {
			if len(all) != n || all[i] != i {
				t.Fatalf("train %v and test %v do not divide %d rows", train, test, n)
			}
		}
		if !slices.IsSorted(train) || !slices.IsSorted(test) {
			t.Fatal("rows not sorted")
		}
		want := int(math.Round(fraction * float64(n)))
		if fraction > 0 {
			want = max(want, 1)
		}
		if want = min(want, n-len(counts)); len(test) != want {
			t.Fatalf("n %d, %d classes, fraction %v: %d held out, want %d", n, len(counts), fraction, len(test), want)
		}
		held := map[int]int{}
		for _, i := range test {
			if groups == nil {
				held[0]++
			} else {
				held[groups[i]]++
			}
		}
		for g, c := range counts {
			if held[g] >= c {
				t.Fatalf("no training row of class %d", g)
			}
			// Singletons that cannot be held out shift at most one row each onto
			// other classes.
			if ideal := float64(want*c) / float64(n); math.Abs(float64(held[g])-ideal) > float64(len(counts)) {
				t.Fatalf("class %d of %d rows: %d held out, ideally %v", g, c, held[g], ideal)
			}
		}
		train2, test2, _ := datasets.Split(groups, n, fraction, seed)
		if !slices.Equal(train, train2) || !slices.Equal(test, test2) {
			t.Fatal("the same arguments give another split")
		}
	}
}

func TestSplitStratified(t *testing.T) {
	groups := make([]int, 100) // 80 of one class and 20 of the other
	for i := range 20 {
		groups[5*i] = 1
	}
	_, test, err := datasets.Split(groups, 100, 0.25, 3)
	if err != nil {
		t.Fatal(err)
	}
	ones := 0
	for _, i := range test {
		ones += groups[i]
	}
	if len(test) != 25 || ones != 5 {
		t.Errorf("%d of %d test rows are of the class", ones, len(test))
	}
	_, other, _ := datasets.Split(groups, 100, 0.25, 4)
	if slices.Equal(test, other) {
		t.Error("another seed gives the same split")
	}
}

// Every row is equally likely to be held out.
func TestSplitUniform(t *testing.T) {
	const n, runs = 10, 6000
	var held [n]int
	for seed := range uint64(runs) {
		_, test, err := datasets.Split(nil, n, 0.3, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range test {
			held[i]++
		}
	}
	for i, h := range held {
		// Five standard deviations of a binomial count.
		if p := 0.3; math.Abs(float64(h)-p*runs) > 5*math.Sqrt(p*(1-p)*runs) {
			t.Errorf("row %d is held out %d times of %d", i, h, runs)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	for _, f := range []float64{-0.1, 1, 1.5, math.NaN(), math.Inf(1)} {
		if _, _, err := datasets.Split(nil, 4, f, 0); !errors.Is(err, datasets.ErrFraction) {
			t.Errorf("fraction %v: %v", f, err)
		}
	}
	if _, _, err := datasets.Split(nil, 0, 0.5, 0); !errors.Is(err, datasets.ErrRow) {
		t.Errorf("no rows: %v", err)
	}
	if _, _, err := datasets.Split([]int{1}, 2, 0.5, 0); !errors.Is(err, datasets.ErrRow) {
		t.Errorf("short groups: %v", err)
	}
}

func TestStrata(t *testing.T) {
	tab := table(t, numbers("n", 3, 1, 2, 3), words("w", "b", "a", "b", ""), numbers("two", 5, -5, 5, 5))
	for _, tc := range []struct {
		target string
		task   datasets.Task
		want   []int
	}{
		{"n", datasets.TaskAuto, nil},
		{"n", datasets.TaskClassification, []int{2, 0, 1, 2}},
		{"w", datasets.TaskAuto, []int{1, 0, 1, -1}},
		{"", datasets.TaskAuto, []int{1, 0, 1, 1}},
		{"two", datasets.TaskRegression, nil},
	} {
		got, err := tab.Strata(tc.target, tc.task)
		if err != nil || !slices.Equal(got, tc.want) || (got == nil) != (tc.want == nil) {
			t.Errorf("%s, %v: %v, %v", tc.target, tc.task, got, err)
		}
	}
	if _, err := tab.Strata("x", datasets.TaskAuto); !errors.Is(err, datasets.ErrColumn) {
		t.Error(err)
	}
}
