package table

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"time"
)

// Median returns the median of a list, the upper one of two, and NaN of none.
func Median(list []float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// MedianOf returns the median of a number of each element.
func MedianOf[T any](list []T, of func(T) float64) float64 {
	numbers := make([]float64, len(list))
	for k, e := range list {
		numbers[k] = of(e)
	}
	return Median(numbers)
}

// A Growth compares each number with the one before. The zero value has seen none.
type Growth struct {
	last float64
	some bool
}

// Next returns v over the number before it, NaN for the first and after zero or NaN.
func (g *Growth) Next(v float64) float64 {
	last, some := g.last, g.some
	g.last, g.some = v, true
	if !some || last == 0 {
		return math.NaN()
	}
	return v / last
}

// Exponent returns p such that numbers that grow like size^p grow by the given ratio
// where the size does by its own. It is NaN where that says nothing.
func Exponent(ratio, sizes float64) float64 {
	if !(ratio > 0) || !(sizes > 0) || sizes == 1 {
		return math.NaN()
	}
	return math.Log(ratio) / math.Log(sizes)
}

// least is how long a measurement takes at least: a clock read twice tells nothing
// about microseconds.
const least = 20 * time.Millisecond

// Seconds returns how long f takes: once if that is long enough to be measured, the
// mean of as many calls as are otherwise. The first error ends it.
func Seconds(f func() error) (float64, error) {
	start := time.Now()
	for calls := 1; ; calls++ {
		if err := f(); err != nil {
			return 0, err
		}
		if passed := time.Since(start); passed >= least {
			return passed.Seconds() / float64(calls), nil
		}
	}
}

// WriteJSON writes v to a file that takes its place once it is complete.
func WriteJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
