package pricing

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/qp"
)

// kinks is the price in the form
//
//	F(u) = linear.u + sum_k weight_k (e_k.u)_+
//
// with one unit vector e_k for each line that samples lie on, in coordinates of
// the space that the samples span. A kink is convex if its weight is positive and
// concave if it is negative. The price of u is scale F(u), up to slack scale.
type kinks struct {
	dim    int
	linear []float64
	rows   []float64 // e_k, count x dim
	weight []float64 // never zero; their sizes and that of linear sum to 2 at most
	scale  float64
	// slack bounds |F(u) - price/scale| over unit vectors u.
	slack float64
	// rounding times the sizes of the numbers in a bound is more than their
	// rounding errors, see [relaxer.search].
	rounding float64
	axes     []float64 // orthonormal rows, dim x d: the coordinates; nil for those of the data

	concave  []int
	zonotope *qp.BoxProjector // of the rows |weight_k| e_k, k in concave
}

const epsilon = 0x1p-52

func (k *kinks) count() int                  { return len(k.weight) }
func (k *kinks) row(i int) []float64         { return k.rows[i*k.dim : (i+1)*k.dim] }
func rowsOf(x []float64, d, i int) []float64 { return x[i*d : (i+1)*d] }

// newKinks brings the price of v at the rows of x into the form of kinks.
func newKinks(x *mat.Dense, v []float64) *kinks {
	_, d := x.Dims()
	k := &kinks{dim: d}
	for i, w := range v {
		l := norm(x.RawRowView(i))
		if w == 0 || l == 0 {
			continue
		}
		k.weight = append(k.weight, w*l)
		k.scale += math.Abs(w) * l
		for _, s := range x.RawRowView(i) {
			k.rows = append(k.rows, s/l)
		}
	}
	for i := range k.weight {
		k.weight[i] /= k.scale
	}
	k.reduce()
	k.merge()
	b := blas64.General{Cols: k.dim, Stride: max(1, k.dim)}
	for i, a := range k.weight {
		if a < 0 {
			k.concave = append(k.concave, i)
			b.Rows++
			for _, s := range k.row(i) {
				b.Data = append(b.Data, -a*s)
			}
		}
	}
	k.zonotope = qp.NewBoxProjector(b)
	k.rounding = 4 * epsilon * float64((d+2)*(len(v)+d+4))
	// What rounding did to the rows and weights above, and will do to prices.
	k.slack += k.rounding
	return k
}

// spanTolerance is the distance from the span of the others, for a unit vector,
// up to which a sample counts as a member of it. What it amounts to is added to
// slack.
const spanTolerance = 1e-14

// reduce goes over to coordinates of the span of the rows if it is not the whole
// space.
func (k *kinks) reduce() {
	d, m := k.dim, k.count()
	rest := slices.Clone(k.rows)
	length := make([]float64, m)
	for i := range length {
		length[i] = 1
	}
	var axes []float64
	for r := 0; r < d; r++ {
		// The row farthest from the span so far gives the next axis.
		pivot := -1
		most := spanTolerance
		for i, l := range length {
			if l > most {
				pivot, most = i, l
			}
		}
		if pivot < 0 {
			break
		}
		axis := slices.Clone(rowsOf(rest, d, pivot))
		for range 2 {
			for j := range r {
				a := rowsOf(axes, d, j)
				axpy(-dot(a, axis), a, axis)
			}
			l := norm(axis)
			for i := range axis {
				axis[i] /= l
			}
		}
		axes = append(axes, axis...)
		for i := range m {
			x := rowsOf(rest, d, i)
			axpy(-dot(x, axis), axis, x)
			length[i] = norm(x)
		}
	}
	r := len(axes) / d
	if r == d {
		k.linear = make([]float64, d)
		return
	}
	for i, a := range k.weight {
		k.slack += math.Abs(a) * length[i]
	}
	rows := make([]float64, m*r)
	for i := range m {
		for j := range r {
			rows[i*r+j] = dot(rowsOf(axes, d, j), rowsOf(k.rows, d, i))
		}
	}
	k.rows, k.dim, k.axes, k.linear = rows, r, axes, make([]float64, r)
}

// merge makes one kink of all that share a line: those of the opposite direction
// turn by (-z)_+ = z_+ - z.
func (k *kinks) merge() {
	d, m := k.dim, k.count()
	// Rows on a common line have nearly equal keys, and others rarely.
	key := make([]float64, m)
	order := make([]int, m)
	for i := range order {
		order[i] = i
		for j, s := range k.row(i) {
			key[i] += s * math.Cos(float64(3*j+1))
		}
		key[i] = math.Abs(key[i])
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(key[i], key[j]) })
	var rows, weight, keys, mass []float64
	off := make([]float64, d)
next:
	for _, i := range order {
		e, a := k.row(i), k.weight[i]
		for j := len(keys) - 1; j >= 0 && key[i]-keys[j] <= 4*float64(d+1)*spanTolerance; j-- {
			f := rowsOf(rows, d, j)
			side := 1.0
			if dot(e, f) < 0 {
				side = -1
			}
			copy(off, e)
			axpy(-side, f, off)
			l := norm(off)
			if l > spanTolerance {
				continue
			}
			weight[j] += a
			mass[j] += math.Abs(a)
			k.slack += math.Abs(a) * l
			if side < 0 {
				axpy(-a, f, k.linear)
			}
			continue next
		}
		rows, weight = append(rows, e...), append(weight, a)
		keys, mass = append(keys, key[i]), append(mass, math.Abs(a))
	}
	k.rows, k.weight = rows[:0], weight[:0]
	for j, a := range weight {
		if math.Abs(a) <= 4*epsilon*mass[j] {
			k.slack += math.Abs(a) // they cancel
			continue
		}
		k.weight = append(k.weight, a)
		k.rows = append(k.rows, rowsOf(rows, d, j)...)
	}
}

// lift returns the unit vector of the data's space in the direction c, or nil if
// there is none.
func (k *kinks) lift(c []float64) []float64 {
	u := slices.Clone(c)
	if k.axes != nil {
		d := len(k.axes) / max(k.dim, 1)
		u = make([]float64, d)
		for j, s := range c {
			axpy(s, rowsOf(k.axes, d, j), u)
		}
	}
	l := norm(u)
	if !(l > 0) || math.IsInf(l, 0) {
		return nil
	}
	for i := range u {
		u[i] /= l
	}
	return u
}

// simple is a bound of F over unit vectors that needs no search.
func (k *kinks) simple() float64 {
	s := norm(k.linear)
	for _, a := range k.weight {
		s += max(a, 0)
	}
	return s
}

func axpy(s float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += s * v
	}
}

func dot(x, y []float64) float64 {
	y = y[:len(x)]
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}
