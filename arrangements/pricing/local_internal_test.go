package pricing

import (
	"math"
	"testing"
)

// Directions apart by 1e-3 have a cosine of 1 - 5e-7 and are one peak; apart by
// 2e-3, 1 - 2e-6, they are two.
func TestDistinctDropsRepeatedPeaks(t *testing.T) {
	at := func(angle, value float64) point {
		sin, cos := math.Sincos(angle)
		return point{u: []float64{cos, sin}, value: value}
	}
	got := distinct([]point{at(0.001, 3), {}, at(0, 4), at(0.002, 2), at(0.003, 1), at(-0.001, 5), at(3, 6)}, 16)
	want := []float64{6, 5, 3, 1}
	if len(got) != len(want) {
		t.Fatalf("%d directions, want %d: %v", len(got), len(want), got)
	}
	for k, w := range want {
		if got[k].value != w {
			t.Errorf("direction %d has value %g, want %g", k, got[k].value, w)
		}
	}
	if few := distinct(got, 2); len(few) != 2 || few[1].value != 5 {
		t.Errorf("the best two are %v", few)
	}
}
