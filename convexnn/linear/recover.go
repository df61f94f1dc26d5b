package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// Factor returns balanced layers W_1 (d x k_1), ..., W_L (k_{L-1} x c) of the hidden
// widths given with the product w (d x c): with w = U diag(sigma) V',
//
//	W_1 = U diag(sigma)^(1/L),   W_l = diag(sigma)^(1/L),   W_L = diag(sigma)^(1/L) V',
//
// each filled up with zeros. Then W_l'W_l = W_{l+1}W_{l+1}' up to the filling, and
// sum |W_l|^2 = L sum sigma^(2/L), which no other factors of w undercut. Without widths w
// itself is the only layer. Singular values below 1e-13 of the largest count as zero.
// The errors are [ErrWidths], and convexnn.ErrShape where the rank of w is above a width.
func Factor(w *mat.Dense, widths []int) ([]*mat.Dense, error) {
	if w == nil || w.IsEmpty() {
		return nil, fmt.Errorf("%w: W has no rows or no columns", convexnn.ErrShape)
	}
	d, c := w.Dims()
	if err := checkWidths(widths); err != nil {
		return nil, err
	}
	s := decompose(w)
	rank := numericalRank(s.values)
	if most := Bottleneck(d, c, widths); rank > most {
		return nil, fmt.Errorf("%w: W has rank %d, and a hidden layer of width %d passes on no more than that", convexnn.ErrShape, rank, most)
	}
	if len(widths) == 0 {
		return []*mat.Dense{mat.DenseCopyOf(w)}, nil
	}
	return factor(s, s.values[:rank], widths), nil
}

// numericalRank counts the singular values that rounding does not explain.
func numericalRank(values []float64) int {
	rank := 0
	for rank < len(values) && values[rank] > 1e-13*values[0] {
		rank++
	}
	return rank
}

func checkWidths(widths []int) error {
	for l, k := range widths {
		if k < 1 {
			return fmt.Errorf("%w: layer %d has width %d", ErrWidths, l+1, k)
		}
	}
	return nil
}

// Bottleneck is the largest rank r = min(d, c, widths) of a product of layers: depth and
// all other widths do not matter for what a linear network can express.
func Bottleneck(d, c int, widths []int) int {
	r := min(d, c)
	for _, k := range widths {
		r = min(r, k)
	}
	return r
}

// factor builds the layers for the first len(values) singular pairs; there is at least one
// hidden layer.
func factor(s spectrum, values []float64, widths []int) []*mat.Dense {
	d, _ := s.u.Dims()
	c, _ := s.v.Dims()
	depth := len(widths) + 1
	out := make([]*mat.Dense, depth)
	from := d
	for l := range out {
		to := c
		if l < len(widths) {
			to = widths[l]
		}
		out[l] = mat.NewDense(from, to, nil)
		from = to
	}
	for k, sigma := range values {
		root := math.Pow(sigma, 1/float64(depth))
		for i := range d {
			out[0].Set(i, k, root*s.u.At(i, k))
		}
		for l := 1; l < depth-1; l++ {
			out[l].Set(k, k, root)
		}
		for j := range c {
			out[depth-1].Set(k, j, root*s.v.At(j, k))
		}
	}
	return out
}
