package outputs

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A net is a list of unit vectors w in R^c, of which the opposites belong to it too, and
// faces of c of these, whose cones cover the space.
//
// With several outputs theta(V) is the largest h(w) = max over |u| <= 1 of (Vw)'(Xu)_+ over
// unit vectors w, as |a| is the largest w'a. h is what branch and bound of one output
// bounds, and it is convex: for w = sum a_k w_k in the cone of a face, a >= 0,
//
//	h(w) <= sum a_k h(w_k) <= min(|W^-T h|, max_k h(w_k) |W^-T 1|),
//
// where the w_k are the columns of W, and sum a_k h_k = (W^-T h)'w. So upper bounds of h at the vectors of the net give
// one of theta(V). That of the regular nets below is at most 2 % above the largest of them
// for two outputs, and 7 % for three.
type net struct {
	vectors [][]float64
	faces   []face
}

// A face lists vectors of a net by their number, and their signs.
type face struct {
	at    []int
	signs []float64
}

// netOf returns the net for c outputs, and nil for more than three, where nets that are
// worth it have too many vectors.
func netOf(c int) *net {
	switch c {
	case 1:
		return &net{[][]float64{{1}}, []face{{[]int{0}, []float64{1}}, {[]int{0}, []float64{-1}}}}
	case 2:
		const half = 8 // of the circle
		m := &net{}
		for k := range half {
			sin, cos := math.Sincos(math.Pi * float64(k) / half)
			m.vectors = append(m.vectors, []float64{cos, sin})
		}
		for k := range 2 * half {
			m.faces = append(m.faces, face{
				[]int{k % half, (k + 1) % half},
				[]float64{float64(1 - k/half*2), float64(1 - (k+1)%(2*half)/half*2)},
			})
		}
		return m
	case 3:
		return icosahedron().divided()
	}
	return nil
}

// vector returns the number and sign of a unit vector in the net, which joins if it is
// new.
func (m *net) vector(w []float64) (at int, sign float64) {
	for k, v := range m.vectors {
		if dot := floats.Dot(v, w); math.Abs(dot) > 1-1e-9 {
			return k, math.Copysign(1, dot)
		}
	}
	m.vectors = append(m.vectors, w)
	return len(m.vectors) - 1, 1
}

func (m *net) add(corners ...[]float64) {
	var f face
	for _, w := range corners {
		at, sign := m.vector(w)
		f.at, f.signs = append(f.at, at), append(f.signs, sign)
	}
	m.faces = append(m.faces, f)
}

func unitSum(vectors ...[]float64) []float64 {
	out := make([]float64, len(vectors[0]))
	for _, v := range vectors {
		floats.Add(out, v)
	}
	floats.Scale(1/floats.Norm(out, 2), out)
	return out
}

// corner returns vector k of a face.
func (m *net) corner(f face, k int) []float64 {
	w := m.vectors[f.at[k]]
	return floats.ScaleTo(make([]float64, len(w)), f.signs[k], w)
}

// icosahedron is the regular polyhedron of 12 vectors and 20 faces.
func icosahedron() *net {
	golden := (1 + math.Sqrt(5)) / 2
	var all [][]float64
	for _, a := range []float64{1, -1} {
		for _, b := range []float64{golden, -golden} {
			all = append(all, unitSum([]float64{0, a, b}), unitSum([]float64{a, b, 0}), unitSum([]float64{b, 0, a}))
		}
	}
	near := func(v, w []float64) bool { return math.Abs(floats.Dot(v, w)-1/math.Sqrt(5)) < 1e-9 }
	m := &net{}
	for i, u := range all {
		for j, v := range all[:i] {
			for _, w := range all[:j] {
				if near(u, v) && near(v, w) && near(u, w) {
					m.add(u, v, w)
				}
			}
		}
	}
	return m
}

// divided cuts each triangle into four at the middles of its sides.
func (m *net) divided() *net {
	out := &net{}
	for _, f := range m.faces {
		a, b, c := m.corner(f, 0), m.corner(f, 1), m.corner(f, 2)
		ab, bc, ca := unitSum(a, b), unitSum(b, c), unitSum(c, a)
		out.add(a, ab, ca)
		out.add(b, bc, ab)
		out.add(c, ca, bc)
		out.add(ab, bc, ca)
	}
	return out
}

// bound is the bound of theta(V) from upper bounds of max(h(w), h(-w)) for each vector w of
// the net.
func (m *net) bound(upper []float64) float64 {
	const slack = 1e-12 // far above what small systems lose to rounding
	most := 0.0
	for _, f := range m.faces {
		c := len(f.at)
		w, right := mat.NewDense(c, c, nil), mat.NewDense(c, 2, nil)
		top := 0.0
		for k, at := range f.at {
			w.SetRow(k, m.corner(f, k))
			right.Set(k, 0, upper[at])
			right.Set(k, 1, 1)
			top = max(top, upper[at])
		}
		var solved mat.Dense
		if err := solved.Solve(w, right); err != nil || math.IsInf(top, 1) {
			return math.Inf(1)
		}
		most = max(most, min(mat.Norm(solved.ColView(0), 2), top*mat.Norm(solved.ColView(1), 2)))
	}
	return most * (1 + slack)
}

const (
	// netSlack is how far above the value the bounds at the vectors of a net may stay:
	// what is clearly above takes few nodes.
	netSlack = 0.05
	// netWork is the nodes times samples times squares of the dimension of all trees of a
	// net: a few seconds.
	netWork = 2e8
	// leastNetNodes is the number of nodes for each vector below which it is not tried.
	leastNetNodes = 20
)

// netNodes is how many nodes all trees of a net may have, 0 where that would be too few.
func netNodes(n, d, c int) int {
	m := netOf(c)
	if m == nil {
		return 0
	}
	nodes := int(netWork / float64(n) / float64(d*d))
	if nodes < leastNetNodes*len(m.vectors) {
		return 0
	}
	return nodes
}

// priceByNet bounds theta(V) for v = V (n x c, row by row), of which a neuron attains value,
// by trees with so many nodes together. What ctx cuts short has no bound.
func priceByNet(ctx context.Context, x *mat.Dense, v []float64, value float64, nodes int) (convexnn.Price, error) {
	n, _ := x.Dims()
	c := len(v) / n
	m := netOf(c)
	out := convexnn.Price{Value: value, Kind: convexnn.CertifiedBounded, Method: convexnn.ByTree, Upper: math.Inf(1)}
	upper := make([]float64, len(m.vectors))
	for k, w := range m.vectors {
		scalar := make([]float64, n)
		for i := range scalar {
			scalar[i] = floats.Dot(v[i*c:(i+1)*c], w)
		}
		// Most trees are small, so that the first may use more than their share.
		price, err := convexnn.FindPrice(ctx, x, scalar, convexnn.PriceSettings{
			Floor: value * (1 + netSlack), MaxNodes: max((nodes-out.Nodes)/4, leastNetNodes),
		})
		if err != nil {
			if stopped(ctx, err) {
				err = nil
			}
			return out, err
		}
		upper[k] = price.Upper
		out.Nodes += price.Nodes
	}
	out.Upper = m.bound(upper)
	return out, nil
}
