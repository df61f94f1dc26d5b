package flow

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// An average is that of the shares l over the past, in windows that forget by powers of
// |theta|. With the power 1 it is what the weights remember: as theta' = |theta| G, the
// weights are the integral of |theta| l_i y_i grad f_i, so that the average fulfils the
// conditions of a KKT point once directions stand still. Longer ones smooth more.
type average struct{ windows [][]float64 }

// powers are those of the windows; infinity is the present.
var powers = [...]float64{math.Inf(1), 2, 1, 0.5}

func newAverage(pull []float64) *average {
	a := new(average)
	for range powers {
		a.windows = append(a.windows, append([]float64(nil), pull...))
	}
	return a
}

// add takes in the shares after a step in which log |theta| has grown by so much.
func (a *average) add(pull []float64, growth float64) {
	for k, p := range powers {
		keep := math.Exp(-p * max(growth, 0))
		if math.IsInf(p, 1) {
			keep = 0
		}
		floats.Scale(keep, a.windows[k])
		floats.AddScaled(a.windows[k], 1-keep, pull)
	}
}
