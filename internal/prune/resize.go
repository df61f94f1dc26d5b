package prune

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Resize returns the factors c_j >= 0 of the neurons that minimise the objective for the
// target y, by coordinate descent. It starts from the network as it is and only
// descends.
func (a *Neurons) Resize(y []float64, beta float64) []float64 {
	// Most of what is to be gained comes in the first sweeps.
	const most, least, work = 200, 20, 1e9
	sweeps := min(most, max(least, int(work/(1+float64(len(a.Fits))*float64(len(y))))))
	r := slices.Clone(y)
	scale, energy := make([]float64, len(a.Fits)), make([]float64, len(a.Fits))
	for j, fit := range a.Fits {
		floats.Sub(r, fit)
		scale[j] = 1
		energy[j] = floats.Dot(fit, fit)
	}
	for range sweeps {
		moved := 0.0
		for j, fit := range a.Fits {
			if energy[j] == 0 {
				scale[j] = 0
				continue
			}
			next := max(0, scale[j]+(floats.Dot(fit, r)-beta*a.Sizes[j])/energy[j])
			if step := next - scale[j]; step != 0 {
				floats.AddScaled(r, -step, fit)
				scale[j] = next
				moved = max(moved, math.Abs(step))
			}
		}
		if moved < 1e-12 {
			break
		}
	}
	return scale
}
