package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

const (
	quadrantRows  = 24
	spiralRows    = 400
	piecewiseRows = 200
	plantedRows   = 500
	plantedInputs = 10
	plantedUnits  = 5
	noise         = 0.1 // standard deviation
)

// source returns the random numbers of one generated set: sets of the same seed
// do not share a stream.
func source(seed, set uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, set)) }

func numeric(name string, values []float64) Column {
	return Column{Name: name, Kind: Numeric, Values: values}
}

func xorColumns(uint64) []Column {
	return []Column{
		numeric("x1", []float64{0, 0, 1, 1}),
		numeric("x2", []float64{0, 1, 0, 1}),
		numeric("label", []float64{-1, 1, 1, -1}),
	}
}

func rayColumns(uint64) []Column {
	return []Column{
		numeric("x1", []float64{2, 1, -1}),
		numeric("x2", []float64{0, 1, 0}),
		numeric("label", []float64{1, 1, -1}),
	}
}

// plateauColumns gives rows that are not orthogonally separable: random ones, rounded.
func plateauColumns(uint64) []Column {
	return []Column{
		numeric("x1", []float64{-0.7, 1.7, -1.6, -0.6, -1.6, 0.2}),
		numeric("x2", []float64{-0.2, 0.7, 0, 0.1, 0.2, 1.6}),
		numeric("label", []float64{1, -1, -1, 1, 1, 1}),
	}
}

// quadrantColumns gives points in the first quadrant and in the third: the inner products of
// two of one class are positive, those of two of different classes negative.
func quadrantColumns(seed uint64) []Column {
	rng := source(seed, 4)
	x, y, label := make([]float64, quadrantRows), make([]float64, quadrantRows), make([]float64, quadrantRows)
	for i := range quadrantRows {
		label[i] = float64(1 - 2*(i%2))
		length := label[i] * (0.5 + rng.Float64())
		sin, cos := math.Sincos(math.Pi / 2 * rng.Float64())
		x[i], y[i] = length*cos, length*sin
	}
	return []Column{numeric("x1", x), numeric("x2", y), numeric("label", label)}
}

// spiralColumns gives two spirals that wind one and a half times around the
// origin, one the mirror image of the other through it.
func spiralColumns(seed uint64) []Column {
	rng := source(seed, 1)
	x, y, label := make([]float64, spiralRows), make([]float64, spiralRows), make([]float64, spiralRows)
	for i := range spiralRows {
		side := float64(2*(i%2) - 1)
		t := 0.1 + 0.9*rng.Float64()
		sin, cos := math.Sincos(3 * math.Pi * t)
		x[i] = side*t*cos + 0.02*rng.NormFloat64()
		y[i] = side*t*sin + 0.02*rng.NormFloat64()
		label[i] = side
	}
	return []Column{numeric("x1", x), numeric("x2", y), numeric("label", label)}
}

// piecewiseColumns samples a continuous function with four kinks, evenly spread
// on [-2, 2] up to jitter so that no piece goes without rows.
func piecewiseColumns(seed uint64) []Column {
	rng := source(seed, 2)
	x, y := make([]float64, piecewiseRows), make([]float64, piecewiseRows)
	for i := range piecewiseRows {
		x[i] = -2 + 4*(float64(i)+rng.Float64())/piecewiseRows
		y[i] = piecewise(x[i]) + noise*rng.NormFloat64()
	}
	return []Column{numeric("x", x), numeric("y", y)}
}

// piecewise is the noiseless function, a sum of ReLUs.
func piecewise(x float64) float64 {
	kinks := [...]struct{ at, slope float64 }{{-2, 1}, {-1, -2}, {-0.2, 3.5}, {0.6, -3}, {1.4, 2}}
	y := 0.0
	for _, k := range kinks {
		y += k.slope * math.Max(x-k.at, 0)
	}
	return y
}

// plantedColumns gives the outputs of a teacher network with unit input weights
// in random directions and output weights of ±1.
func plantedColumns(seed uint64) []Column {
	rng := source(seed, 3)
	var weights [plantedUnits][plantedInputs]float64
	for u := range weights {
		norm := 0.0
		for j := range weights[u] {
			weights[u][j] = rng.NormFloat64()
			norm += weights[u][j] * weights[u][j]
		}
		for j := range weights[u] {
			weights[u][j] /= math.Sqrt(norm)
		}
	}
	columns := make([]Column, plantedInputs)
	for j := range columns {
		columns[j] = numeric(fmt.Sprintf("x%d", j+1), make([]float64, plantedRows))
	}
	y := make([]float64, plantedRows)
	for i := range plantedRows {
		for j := range columns {
			columns[j].Values[i] = rng.NormFloat64()
		}
		for u := range weights {
			s := 0.0
			for j, w := range weights[u] {
				s += w * columns[j].Values[i]
			}
			y[i] += float64(1-2*(u%2)) * math.Max(s, 0)
		}
		y[i] += noise * rng.NormFloat64()
	}
	return append(columns, numeric("y", y))
}
