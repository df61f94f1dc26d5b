package outputs

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// normBound is an upper bound on theta(V) from norms alone. As 2 (z)_+ = z + |z|,
//
//	2 V'(Xu)_+ = V'X u + V'E (E^-1 |Xu|),   |V'(Xu)_+| <= (|V'X| + |V'E| |E^-1 X|)/2
//
// in spectral norms, for any positive diagonal E; here the one for which the rows of EV
// and of E^-1 X have the same length, and E = I.
func normBound(x *mat.Dense, v []float64) float64 {
	n, d := x.Dims()
	c := len(v) / n
	m := mat.NewDense(n, c, v)
	var product mat.Dense
	product.Mul(m.T(), x)
	left, right := mat.NewDense(n, c, nil), mat.NewDense(n, d, nil)
	for i := range n {
		a, b := floats.Norm(m.RawRowView(i), 2), floats.Norm(x.RawRowView(i), 2)
		if a == 0 || b == 0 {
			continue // the row adds nothing to V'(Xu)_+
		}
		e := math.Sqrt(b / a)
		floats.ScaleTo(left.RawRowView(i), e, m.RawRowView(i))
		floats.ScaleTo(right.RawRowView(i), 1/e, x.RawRowView(i))
	}
	const slack = 1e-10 // far above what the singular values lose to rounding
	return (spectral(&product) + min(spectral(m)*spectral(x), spectral(left)*spectral(right))) / 2 * (1 + slack)
}

// priceByNorms is that bound, with what a neuron along a sample attains.
func priceByNorms(x *mat.Dense, v []float64) convexnn.Price {
	n, _ := x.Dims()
	out := convexnn.Price{
		Value: quickPrice(x, mat.NewDense(n, len(v)/n, v)), Upper: normBound(x, v),
		Kind: convexnn.CertifiedBounded, Method: ByNorms,
	}
	if out.Upper == 0 { // X or V is zero, and so is every price
		out.Kind = convexnn.CertifiedExact
	}
	return out
}

// spectral is the largest singular value, by the smaller of M'M and MM', or the Frobenius
// norm where that fails.
func spectral(m *mat.Dense) float64 {
	scale := mat.Norm(m, 2)
	if scale == 0 {
		return 0
	}
	var unit mat.Dense
	unit.Scale(1/scale, m)
	var gram mat.SymDense
	if rows, cols := m.Dims(); cols < rows {
		gram.SymOuterK(1, unit.T())
	} else {
		gram.SymOuterK(1, &unit)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(&gram, false) {
		return scale
	}
	values := eigen.Values(nil)
	return scale * math.Sqrt(max(0, values[len(values)-1]))
}

// proveByNorms returns the best bound on the objective of all networks that norms prove,
// of the given dual vector and of targets with their singular values clipped: V with
// singular values at most t has the norm t, whatever that of Y is.
func proveByNorms(x *mat.Dense, target, dual []float64, beta, objective float64) convexnn.Certificate {
	best := convexnn.Certificate{Kind: convexnn.CertifiedBounded}
	try := func(v []float64) {
		price := priceByNorms(x, v)
		if c := convexnn.NewCertificate(target, v, beta, objective, price); best.Dual == nil || c.LowerBound > best.LowerBound {
			best = c
		}
	}
	if dual != nil {
		try(dual)
	}
	n, _ := x.Dims()
	y := mat.NewDense(n, len(target)/n, target)
	var svd mat.SVD
	if !svd.Factorize(y, mat.SVDThin) {
		try(target)
		return best
	}
	var u, w mat.Dense
	svd.UTo(&u)
	svd.VTo(&w)
	values := svd.Values(nil)
	// A few of the values are enough to clip at.
	for k := 0; k < len(values); k += 1 + len(values)/8 {
		t := values[k]
		if t == 0 {
			break
		}
		clipped := mat.NewDiagDense(len(values), nil)
		for l, s := range values {
			clipped.SetDiag(l, min(s, t))
		}
		var v mat.Dense
		v.Product(&u, clipped, w.T())
		try(flat(&v))
	}
	return best
}
