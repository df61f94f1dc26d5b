package flow

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// An average is that of the shares l over the past, in windows that forget by powers of
// |w|. With the power 1 it is what the weights remember: as w' = |w| G, they are
// the integral of |w| l_i y_i grad f_i, so that the average fulfils the conditions of a KKT
// point once directions stand still. Longer ones smooth more.
type average struct{ windows [][]float64 }

// powers are those of the windows; infinity is the present.
var powers = [...]float64{1, math.Inf(1), 2, 0.5}

// remembered is the average with the power 1.
func (a *average) remembered() []float64 { return a.windows[0] }

func newAverage(pull []float64) *average {
	a := new(average)
	for range powers {
		a.windows = append(a.windows, append([]float64(nil), pull...))
	}
	return a
}

// add takes in the shares after a step in which log |w| has grown by so much.
func (a *average) add(pull []float64, growth float64) {
	for k, p := range powers {
		keep := 0.0
		if !math.IsInf(p, 1) {
			keep = math.Exp(-p * max(growth, 0))
		}
		floats.Scale(keep, a.windows[k])
		floats.AddScaled(a.windows[k], 1-keep, pull)
	}
}
