package metrics

import (
	"math"
	"testing"
)

func TestMeasures(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name    string
		measure func(f, y []float64) float64
		f, y    []float64
		want    float64
	}{
		{"R2 of the truth", R2, []float64{1, 2, 4}, []float64{1, 2, 4}, 1},
		{"R2 of the mean", R2, []float64{2, 2, 2}, []float64{1, 2, 3}, 0},
		{"R2 below the mean", R2, []float64{3, 2, 1}, []float64{1, 2, 3}, -3},
		{"R2 of large values", R2, []float64{2e200, 2e200, 2e200}, []float64{1e200, 2e200, 3e200}, 0},
		{"R2 of a constant", R2, []float64{1, 2}, []float64{3, 3}, nan},
		{"R2 of one row", R2, []float64{1}, []float64{3}, nan},
		{"R2 of nothing", R2, nil, nil, nan},
		{"RMSE", RMSE, []float64{1, 1}, []float64{4, 5}, math.Sqrt(12.5)},
		{"RMSE of large values", RMSE, []float64{0, 0}, []float64{3e300, 3e300}, 3e300},
		{"RMSE of zeros", RMSE, []float64{0}, []float64{0}, 0},
		{"RMSE of nothing", RMSE, nil, nil, nan},
		{"RMSE of infinity", RMSE, []float64{math.Inf(1)}, []float64{0}, nan},
		{"accuracy", Accuracy, []float64{2, -1, 0, 1}, []float64{1, -1, -1, -1}, 0.75},
		{"accuracy of nothing", Accuracy, nil, nil, nan},
		{"AUC of a perfect order", AUC, []float64{3, 1, 2}, []float64{1, -1, 1}, 1},
		{"AUC of a reversed order", AUC, []float64{1, 2}, []float64{1, -1}, 0},
		{"AUC of ties", AUC, []float64{1, 1, 1}, []float64{1, -1, 1}, 0.5},
		{"AUC by pairs", AUC, []float64{4, 2, 3, 1}, []float64{1, 1, -1, -1}, 0.75},
		{"AUC of one class", AUC, []float64{1, 2}, []float64{1, 1}, nan},
		{"AUC of nothing", AUC, nil, nil, nan},
		{"AUC of NaN", AUC, []float64{nan, 1}, []float64{1, -1}, nan},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.measure(test.f, test.y)
			if math.IsNaN(got) != math.IsNaN(test.want) || math.Abs(got-test.want) > 1e-14*math.Max(1, math.Abs(test.want)) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestRelativeGap(t *testing.T) {
	for _, c := range [][3]float64{{2, 1, 0.5}, {2, 2, 0}, {2, 3, 0}, {0, 0, 0}, {2, 0, 1}, {2, -1, 1}} {
		if got := RelativeGap(c[0], c[1]); got != c[2] {
			t.Errorf("from %g to %g: %g, want %g", c[1], c[0], got, c[2])
		}
	}
}
