package baseline

import (
	"errors"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// independent returns the columns of those listed that are not, up to rounding,
// combinations of the ones before them and a constant.
func independent(columns [][]float64, listed []int) []int {
	const tol = 1e-9 // of a column's length
	var kept []int
	var basis [][]float64
	for _, j := range listed {
		rest := append([]float64(nil), columns[j]...)
		length := floats.Norm(rest, 2)
		for range 2 { // the second pass removes what rounding left of the first
			for _, b := range basis {
				floats.AddScaled(rest, -floats.Dot(b, rest), b)
			}
		}
		if left := floats.Norm(rest, 2); left > tol*length {
			floats.Scale(1/left, rest)
			basis, kept = append(basis, rest), append(kept, j)
		}
	}
	return kept
}

// ridge sets the slopes that minimise |Z c - y|^2 + penalty |c|^2 for the listed
// columns Z, through the smaller of Z'Z and ZZ'. Both Z and y have mean 0, and
// so the offset is 0.
func (m *Model) ridge(columns [][]float64, listed []int, y []float64) error {
	n, d := len(y), len(listed)
	z := mat.NewDense(n, d, nil)
	for k, j := range listed {
		z.SetCol(k, columns[j])
	}
	target, slopes := mat.NewVecDense(n, y), mat.NewVecDense(d, nil)
	var gram mat.SymDense
	wide := d > n
	if wide {
		gram.SymOuterK(1, z)
	} else {
		gram.SymOuterK(1, z.T())
	}
	most := 0.0
	for i := range gram.SymmetricDim() {
		most = max(most, gram.At(i, i))
	}
	for penalty := 1e-9 * most; penalty <= most; penalty *= 100 {
		shifted := mat.NewSymDense(gram.SymmetricDim(), nil)
		shifted.CopySym(&gram)
		for i := range shifted.SymmetricDim() {
			shifted.SetSym(i, i, shifted.At(i, i)+penalty)
		}
		var factor mat.Cholesky
		if !factor.Factorize(shifted) {
			continue
		}
		if wide {
			dual := mat.NewVecDense(n, nil)
			if conditioned(factor.SolveVecTo(dual, target)) != nil {
				continue
			}
			slopes.MulVec(z.T(), dual)
		} else {
			right := mat.NewVecDense(d, nil)
			right.MulVec(z.T(), target)
			if conditioned(factor.SolveVecTo(slopes, right)) != nil {
				continue
			}
		}
		for k, j := range listed {
			m.slopes[j] = slopes.AtVec(k)
		}
		return nil
	}
	return errors.New("linear model: the ridge system is singular")
}

// conditioned drops the warning that a system is nearly singular: without the
// penalty it often is.
func conditioned(err error) error {
	var c mat.Condition
	if errors.As(err, &c) {
		return nil
	}
	return err
}
