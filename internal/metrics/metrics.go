package metrics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/stat"
)

// R2 returns the coefficient of determination, 1 - sum (y-f)^2 / sum (y-mean)^2,
// of the predictions f of y. It is NaN for fewer than two values and where y is
// constant.
func R2(f, y []float64) float64 {
	sameLength(f, y)
	if len(y) < 2 || slices.Min(y) == slices.Max(y) {
		return math.NaN()
	}
	scale := largest(f, y)
	return defined(stat.RSquaredFrom(scaled(f, scale), scaled(y, scale), nil))
}

// RMSE returns the root of the mean squared difference of f and y, NaN for no
// values.
func RMSE(f, y []float64) float64 {
	sameLength(f, y)
	if len(y) == 0 {
		return math.NaN()
	}
	scale := largest(f, y)
	return defined(scale * (floats.Distance(scaled(f, scale), scaled(y, scale), 2) / math.Sqrt(float64(len(y)))))
}

// Accuracy returns the share of rows on which score and class agree, where a
// score above 0 stands for the positive class and so does a class above 0. It is
// NaN for no rows.
func Accuracy(scores, classes []float64) float64 {
	sameLength(scores, classes)
	if len(classes) == 0 {
		return math.NaN()
	}
	right := 0
	for i, s := range scores {
		if (s > 0) == (classes[i] > 0) {
			right++
		}
	}
	return float64(right) / float64(len(classes))
}

// AUC returns the area under the ROC curve: the probability that a positive row
// scores above a negative one, ties counting half. It is NaN where only one
// class occurs or a score is NaN.
func AUC(scores, classes []float64) float64 {
	sameLength(scores, classes)
	scores = slices.Clone(scores)
	labels := make([]bool, len(classes))
	positive := 0
	for i, c := range classes {
		if labels[i] = c > 0; labels[i] {
			positive++
		}
	}
	if positive == 0 || positive == len(labels) || floats.HasNaN(scores) {
		return math.NaN()
	}
	stat.SortWeightedLabeled(scores, labels, nil)
	tpr, fpr, _ := stat.ROC(nil, scores, labels, nil)
	return defined(integrate.Trapezoidal(fpr, tpr))
}

// RelativeGap returns (upper - lower)/upper for bounds on something that is not negative, 0
// where they meet or cross, 1 where upper is infinite.
func RelativeGap(upper, lower float64) float64 {
	switch {
	case upper <= lower || upper == 0:
		return 0
	case math.IsInf(upper, 1):
		return 1
	}
	return min(1, (upper-lower)/upper)
}

// largest returns the largest absolute value of both slices, 1 if that is 0. A
// value that is not finite gives 1, and a NaN in the end.
func largest(a, b []float64) float64 {
	m := 0.0
	for _, s := range [][]float64{a, b} {
		for _, v := range s {
			m = max(m, math.Abs(v))
		}
	}
	if m == 0 || math.IsNaN(m) || math.IsInf(m, 0) {
		return 1
	}
	return m
}

func scaled(a []float64, scale float64) []float64 {
	out := make([]float64, len(a))
	for i, v := range a {
		out[i] = v / scale
	}
	return out
}

func defined(v float64) float64 {
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func sameLength(a, b []float64) {
	if len(a) != len(b) {
		panic("metrics: slices of unequal length")
	}
}
