package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// An axis maps values to the unit interval.
type axis struct {
	low, high   float64
	logarithmic bool
	ticks       []tick
}

// blank is an axis of nothing.
var blank = axis{low: 0, high: 1}

// A tick is a place on an axis; a minor one has no label.
type tick struct {
	value float64
	label string
}

// at is the place of v, outside the unit interval if v is outside the axis. Values that
// an axis cannot show are far outside.
func (a axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.logarithmic {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	const far = 1e3
	return max(-far, min(far, (v-low)/(high-low)))
}

// farthest and farthestLog bound what axes reach, for their arithmetic must not overflow.
const farthest, farthestLog = 1e300, 1e250

// logAxis is a logarithmic axis that holds all positive values given, with a margin, a
// part of its length.
func logAxis(values []float64, margin float64) axis {
	low, high := extent(values, func(v float64) bool { return v > 0 })
	low, high = max(low, 1/farthestLog), min(high, farthestLog)
	if !(low < high) {
		low, high = high/2, high*2
	}
	pad := math.Exp(margin * (math.Log(high) - math.Log(low)))
	a := axis{low: low / pad, high: high * pad, logarithmic: true}
	// Fewer than two powers of ten on the axis are no scale: then 2 and 5 are marked, or
	// every digit.
	decades := math.Floor(math.Log10(a.high)) - math.Ceil(math.Log10(a.low)) + 1
	marked := "1"
	switch {
	case decades < 1 || a.high/a.low < 8:
		marked = "123456789"
	case decades < 3:
		marked = "125"
	}
	every := max(1, math.Ceil(decades/8))
	first, last := math.Floor(math.Log10(a.low)), math.Floor(math.Log10(a.high))
	for e := first; e <= last; e++ {
		for digit := 1; digit <= 9; digit++ {
			v := float64(digit) * math.Pow(10, e)
			if v < a.low || v > a.high {
				continue
			}
			if every > 1 && (digit > 1 || every > 5 && math.Mod(e, every) != 0) {
				break // no room for more ticks
			}
			label := ""
			if strings.Contains(marked, strconv.Itoa(digit)) && math.Mod(e, every) == 0 {
				label = powerLabel(digit, int(e))
			}
			a.ticks = append(a.ticks, tick{v, label})
		}
	}
	if len(a.labels()) < 2 { // a range within one digit
		a.ticks = linearTicks(a.low, a.high, 4)
	}
	return a
}

// withFloor makes room below a logarithmic axis, a share of its length, for what is zero
// or negative. The room has a label of its own; those nearer to it than a gap are dropped.
func (a axis) withFloor(share, gap float64) (axis, float64) {
	floor := a.low
	a.low = a.high * math.Pow(a.low/a.high, 1/(1-share))
	for k, t := range a.ticks {
		if a.at(t.value) < share+gap {
			a.ticks[k].label = ""
		}
	}
	a.ticks = append([]tick{{math.Sqrt(a.low * floor), "0"}}, a.ticks...)
	return a, floor
}

// labels lists the labels that there are.
func (a axis) labels() (out []string) {
	for _, t := range a.ticks {
		if t.label != "" {
			out = append(out, t.label)
		}
	}
	return out
}

// powerLabel writes digit times 10^e.
func powerLabel(digit, e int) string {
	if e >= -4 && e <= 4 {
		return strconv.FormatFloat(float64(digit)*math.Pow(10, float64(e)), 'f', max(0, -e), 64)
	}
	// Superscripts would be finer, and the font has no raised minus.
	return fmt.Sprintf("%de%d", digit, e)
}

// linearAxis is an axis from low to high, in at least so many steps.
func linearAxis(low, high, steps float64) axis {
	low, high = max(-farthest, min(farthest, low)), max(-farthest, min(farthest, high))
	// Of values closer than this the labels would differ in their eighth digit.
	const distinct = 1e-7
	if !(high-low > distinct*max(math.Abs(low), math.Abs(high))) {
		half := max(math.Abs(low)/2, 0.5)
		low, high = low-half, high+half
	}
	return axis{low: low, high: high, ticks: linearTicks(low, high, steps)}
}

// linearTicks are at whole multiples of a round step.
func linearTicks(low, high, steps float64) []tick {
	return ticksEvery(niceStep(high-low, steps), low, high)
}

// ticksEvery are at the multiples of a step.
func ticksEvery(step, low, high float64) []tick {
	var out []tick
	for k := math.Ceil(low/step - 1e-9); k*step <= high+1e-9*step; k++ {
		out = append(out, tick{k * step, stepLabel(k*step, step, max(math.Abs(low), math.Abs(high)))})
	}
	return out
}

// stepLabel writes a multiple of a step, with the digits that tell it from the next one
// on an axis that reaches so far.
func stepLabel(v, step, reach float64) string {
	digits := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	label := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 4 || reach >= 1e6 {
		significant := int(math.Floor(math.Log10(reach)+1e-9)-math.Floor(math.Log10(step)+1e-9)) + 1
		short := plainExponent(strconv.FormatFloat(v, 'g', max(4, significant), 64))
		if len(short) < len(label) {
			label = short
		}
	}
	if strings.Trim(label, "-0.") == "" {
		label = "0"
	}
	return label
}

// plainExponent writes e7 for e+07.
func plainExponent(number string) string {
	return strings.NewReplacer("e+0", "e", "e+", "e", "e-0", "e-").Replace(number)
}

// niceStep is the largest of 1, 2 or 5 times a power of ten that makes so many steps.
func niceStep(span, steps float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(span/steps)))
	for _, m := range []float64{5, 2} {
		if span/(m*unit) >= steps {
			return m * unit
		}
	}
	return unit
}

// extent is the range of the values that are finite and wanted, 1 and 1 if there are
// none.
func extent(values []float64, want func(float64) bool) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) && want(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		return 1, 1
	}
	return low, high
}

// finite says whether v is a number that can be drawn.
func finite(v float64) bool { return math.Abs(v) <= farthest }
