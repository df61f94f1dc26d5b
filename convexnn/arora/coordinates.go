package arora

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/kernel"
)

// digits are the bits that [orthonormal] computes with. Columns of float64 numbers that
// are nearly dependent, up to 2^-53 of each other, leave most of them.
const digits = 256

// orthonormal returns a matrix W (d x r) for which the columns of x W (n x r) are
// orthonormal, up to a common factor that brings their entries near one, and x W. The
// columns of W are in the row space of x, of the given rank r.
//
// Cones and fits are the same for x W and the weights W^-1 u as for x and u, and without
// regularisation nothing else counts. So features of any units and offsets can be
// brought to where a tolerance of angles means something.
func orthonormal(x *mat.Dense, r int) (w, q *mat.Dense) {
	n, d := x.Dims()
	scaled, units := mat.DenseCopyOf(x), make([]float64, d)
	for k := range d {
		units[k] = kernel.PowerOfTwo(mat.Norm(x.ColView(k), math.Inf(1)))
		for i := range n {
			scaled.Set(i, k, x.At(i, k)/units[k])
		}
	}
	w, q = gramSchmidt(scaled, r)
	if r < d { // of the weights with the same fits, the smallest
		basis := rowSpace(scaled, r)
		var inside mat.Dense
		inside.Mul(basis.T(), w)
		w.Mul(basis, &inside)
	}
	scale := math.Sqrt(float64(n))
	q.Scale(scale, q)
	for k := range d {
		for j := range r {
			w.Set(k, j, w.At(k, j)*scale/units[k])
		}
	}
	return w, q
}

// gramSchmidt returns a matrix W (d x r), zero but for r rows, for which x W has
// orthonormal columns, and x W.
func gramSchmidt(x *mat.Dense, r int) (w, q *mat.Dense) {
	n, d := x.Dims()
	// The first n entries are what is left of a column, the last r say how much of the
	// pivots makes it.
	columns, full := make([][]*big.Float, d), make([]float64, d)
	for k := range columns {
		columns[k] = make([]*big.Float, n+r)
		for i := range columns[k] {
			columns[k][i] = new(big.Float).SetPrec(digits)
			if i < n {
				columns[k][i].SetFloat64(x.At(i, k))
			}
		}
		full[k], _ = dot(columns[k][:n], columns[k][:n]).Float64()
	}
	w, q = mat.NewDense(d, r, nil), mat.NewDense(n, r, nil)
	var pivots []int
	for j := range r {
		pivot, most := 0, -1.0
		for k, column := range columns {
			if full[k] > 0 {
				if left, _ := dot(column[:n], column[:n]).Float64(); left > most*full[k] {
					pivot, most = k, left/full[k]
				}
			}
		}
		pivots, full[pivot] = append(pivots, pivot), 0
		unit := columns[pivot]
		unit[n+j].SetInt64(1)
		length := new(big.Float).Sqrt(dot(unit[:n], unit[:n]))
		for i, v := range unit {
			f, _ := v.Quo(v, length).Float64()
			switch {
			case i < n:
				q.Set(i, j, f)
			case i-n <= j:
				w.Set(pivots[i-n], j, f)
			}
		}
		for k, column := range columns {
			if full[k] > 0 {
				part := dot(unit[:n], column[:n])
				for i, v := range column {
					v.Sub(v, new(big.Float).Mul(part, unit[i]))
				}
			}
		}
	}
	return w, q
}

func dot(a, b []*big.Float) *big.Float {
	sum := new(big.Float).SetPrec(digits)
	for i := range a {
		sum.Add(sum, new(big.Float).Mul(a[i], b[i]))
	}
	return sum
}

// rowSpace returns an orthonormal basis of the row space of x, of the given rank, as
// the columns of a d x rank matrix.
func rowSpace(x *mat.Dense, rank int) *mat.Dense {
	var svd mat.SVD
	svd.Factorize(x, mat.SVDThin)
	var v mat.Dense
	svd.VTo(&v)
	d, _ := v.Dims()
	return mat.DenseCopyOf(v.Slice(0, d, 0, rank))
}
