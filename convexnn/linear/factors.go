package linear

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// An objective is that of the factors,
//
//	1/2 |A W_1 ... W_L - T|^2 + beta/2 (|W_1|^2 + ... + |W_L|^2),
//
// with all entries of the factors in one vector, one matrix after the other, by rows.
type objective struct {
	a, t   *mat.Dense // rows x d and rows x c
	beta   float64
	shapes [][2]int // of the factors
}

// newObjective returns the objective of factors from d over the widths to c.
func newObjective(a, t *mat.Dense, beta float64, widths []int) *objective {
	_, d := a.Dims()
	_, c := t.Dims()
	o := &objective{a: a, t: t, beta: beta}
	from := d
	for _, k := range widths {
		o.shapes = append(o.shapes, [2]int{from, k})
		from = k
	}
	o.shapes = append(o.shapes, [2]int{from, c})
	return o
}

// size is the number of entries.
func (o *objective) size() int {
	n := 0
	for _, s := range o.shapes {
		n += s[0] * s[1]
	}
	return n
}

// layers are the factors in w, which they share.
func (o *objective) layers(w []float64) []*mat.Dense {
	out := make([]*mat.Dense, len(o.shapes))
	for l, s := range o.shapes {
		out[l] = mat.NewDense(s[0], s[1], w[:s[0]*s[1]])
		w = w[s[0]*s[1]:]
	}
	return out
}

// A point is the objective at a vector of factors, with all that derivatives need.
type point struct {
	o       *objective
	w       []float64
	layers  []*mat.Dense
	left    []*mat.Dense // A W_1 ... W_l, for l = 0 to L
	right   []*mat.Dense // W_{l+1} ... W_L, for l = 0 to L; the last is nil for I
	left0   *mat.Dense   // the residual A W_1 ... W_L - T
	value   float64
	grad    []float64
	gradMax float64
}

// at evaluates objective and gradient.
func (o *objective) at(w []float64) *point {
	p := &point{o: o, w: w, layers: o.layers(w), grad: make([]float64, len(w))}
	depth := len(p.layers)
	p.left = append(p.left, o.a)
	for l, layer := range p.layers {
		p.left = append(p.left, product(p.left[l], layer))
	}
	p.right = make([]*mat.Dense, depth+1)
	p.right[depth-1] = p.layers[depth-1]
	for l := depth - 2; l >= 1; l-- {
		p.right[l] = product(p.layers[l], p.right[l+1])
	}
	p.left0 = mat.DenseCopyOf(p.left[depth])
	p.left0.Sub(p.left0, o.t)
	p.value = sumOfSquares(p.left0)/2 + o.beta/2*floats.Dot(w, w)
	for l, g := range o.layers(p.grad) {
		g.Mul(p.left[l].T(), timesRight(p.left0, p.right[l+1]))
	}
	floats.AddScaled(p.grad, o.beta, w)
	p.gradMax = floats.Norm(p.grad, math.Inf(1))
	return p
}

// timesRight returns a b', or a where b is nil and stands for I.
func timesRight(a, b *mat.Dense) *mat.Dense {
	if b == nil {
		return a
	}
	return product(a, b.T())
}

// hessian writes the second derivative in a direction to dst: the derivative of each
// factor of the gradient in turn.
func (p *point) hessian(dst, direction []float64) {
	depth := len(p.layers)
	d := p.o.layers(direction)
	// Derivatives of the products from the left; that of A itself is zero.
	left := make([]*mat.Dense, depth+1)
	for l := range depth {
		left[l+1] = product(p.left[l], d[l])
		if left[l] != nil {
			left[l+1].Add(left[l+1], product(left[l], p.layers[l]))
		}
	}
	right := make([]*mat.Dense, depth+1)
	right[depth-1] = d[depth-1]
	for l := depth - 2; l >= 1; l-- {
		right[l] = product(d[l], p.right[l+1])
		right[l].Add(right[l], product(p.layers[l], right[l+1]))
	}
	for l, out := range p.o.layers(dst) {
		out.Mul(p.left[l].T(), timesRight(left[depth], p.right[l+1]))
		if left[l] != nil {
			out.Add(out, product(left[l].T(), timesRight(p.left0, p.right[l+1])))
		}
		if right[l+1] != nil {
			out.Add(out, product(p.left[l].T(), timesRight(p.left0, right[l+1])))
		}
	}
	floats.AddScaled(dst, p.o.beta, direction)
}

// draw returns Gaussian factors whose fit A W_1 ... W_L is about a part of T in size.
func (o *objective) draw(rng *rand.Rand, part float64) []float64 {
	w := make([]float64, o.size())
	for i := range w {
		w[i] = rng.NormFloat64()
	}
	fit := o.at(w).left[len(o.shapes)]
	size, goal := math.Sqrt(sumOfSquares(fit)), part*math.Sqrt(sumOfSquares(o.t))
	if size > 0 && goal > 0 {
		floats.Scale(math.Pow(goal/size, 1/float64(len(o.shapes))), w)
	}
	return w
}
