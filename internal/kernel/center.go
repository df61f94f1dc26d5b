package kernel

import (
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// An unpenalised output intercept at its optimum takes the mean off the fit and
// the target: F becomes C F with the projector C = I - 11'/n.

// Center replaces v by C v.
func Center(v []float64) {
	for range 2 { // the second time for what rounding left of a large mean
		floats.AddConst(-floats.Sum(v)/float64(len(v)), v)
	}
}

// CenterSymmetric replaces the symmetric n x n matrix a, both triangles given, by
// C a C.
func CenterSymmetric(a blas64.General) {
	n := a.Rows
	means := make([]float64, n)
	total := 0.0
	for i := range n {
		means[i] = floats.Sum(a.Data[i*a.Stride:i*a.Stride+n]) / float64(n)
		total += means[i] / float64(n)
	}
	for i := range n {
		row := a.Data[i*a.Stride : i*a.Stride+n]
		for j := range row {
			row[j] += total - means[i] - means[j]
		}
	}
}
