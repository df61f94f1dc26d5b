package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// shrinkage is the picture for X = I and the singular values 2, 1.3 and 0.5, from the
// formulas: soft thresholds, and values that stay above beta^(3/4) until they jump.
func shrinkage() Shrinkage {
	f := Shrinkage{Title: "Singular values as the weight decay grows", Subtitle: "X = I, Y = diag(2, 1.3, 0.5)"}
	two, three := ShrinkagePanel{Name: "depth 2"}, ShrinkagePanel{Name: "depth 3"}
	for k := range 81 {
		beta := 2.1 * float64(k) / 80
		var soft, hard []float64
		for _, s := range []float64{2, 1.3, 0.5} {
			soft = append(soft, max(0, s-beta))
			b, v := beta/2, s
			for range 200 {
				v = s - b*math.Pow(v, -1.0/3)
				if !(v > 0) {
					break
				}
			}
			if s <= 2*math.Pow(b, 0.75) || !(v > 0) {
				v = 0
			}
			hard = append(hard, v)
		}
		two.Beta, two.Values = append(two.Beta, beta), append(two.Values, soft)
		three.Beta, three.Values = append(three.Beta, beta/2), append(three.Values, hard)
	}
	f.Panels = []ShrinkagePanel{two, three}
	return f
}

func TestShrinkage(t *testing.T) {
	var svg, again, png bytes.Buffer
	for _, o := range []struct {
		w      *bytes.Buffer
		format string
	}{{&svg, "svg"}, {&again, "svg"}, {&png, "png"}} {
		if err := shrinkage().Write(o.w, o.format); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(svg.Bytes(), again.Bytes()) || !strings.HasPrefix(png.String(), "\x89PNG") {
		t.Error("the same figure gives other bytes, or the PNG is none")
	}
	for _, want := range []string{"depth 2", "depth 3", "value 1", "value 3", "strength of the weight decay"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	// Dashes are where values jump: three times at depth 3 and never at depth 2.
	if got := strings.Count(svg.String(), "stroke-dasharray"); got != 3 {
		t.Errorf("%d dashed lines, want 3", got)
	}
}

func TestShrinkageOfOddInput(t *testing.T) {
	for name, f := range map[string]Shrinkage{
		"nothing":      {},
		"no values":    {Panels: []ShrinkagePanel{{Name: "depth 2", Beta: []float64{0, 1}}}},
		"zeros":        {Panels: []ShrinkagePanel{{Beta: []float64{0, 1}, Values: [][]float64{{0, 0}, {0, 0}}}}},
		"not a number": {Panels: []ShrinkagePanel{{Beta: []float64{0, 1, 2}, Values: [][]float64{{3, math.NaN()}, {math.Inf(1), 1}, {0, 0}}}}},
		"one":          {Panels: []ShrinkagePanel{{Beta: []float64{0}, Values: [][]float64{{3}}}}},
		"ragged":       {Panels: []ShrinkagePanel{{Beta: []float64{0}, Values: [][]float64{{3}, {2}, {1, 1}}}}},
		"huge":         {Panels: []ShrinkagePanel{{Beta: []float64{0, 1e300}, Values: [][]float64{{1e299}, {0}}}}},
		"many":         {Panels: []ShrinkagePanel{{Beta: []float64{0, 1}, Values: [][]float64{make([]float64, 100), make([]float64, 100)}}}},
	} {
		for _, format := range []string{"svg", "png"} {
			var b bytes.Buffer
			if err := f.Write(&b, format); err != nil || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
				t.Errorf("%s, %s: %v", name, format, err)
			}
		}
	}
}
