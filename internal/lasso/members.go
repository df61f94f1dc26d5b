package lasso

import (
	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// members are the columns of the working set with their inner products, which
// outlive a solve: a column that comes back costs nothing.
type members struct {
	columns []*column
	weight  []float64 // n: of the samples in the inner products; nil for ones
	stride  int
	data    []float64 // stride x stride: sum_i weight_i a_ik a_il, both triangles
}

func (g *members) len() int { return len(g.columns) }

// row returns the inner products of the member in slot i with all members.
func (g *members) row(i int) []float64 {
	return g.data[i*g.stride : i*g.stride+len(g.columns)]
}

// add lets in columns that are not members.
func (g *members) add(columns []*column) {
	from := len(g.columns)
	for _, col := range columns {
		col.slot = len(g.columns)
		g.columns = append(g.columns, col)
	}
	if size := len(g.columns); size > g.stride {
		stride := max(size+size/2, 64)
		data := make([]float64, stride*stride)
		for i := range from {
			copy(data[i*stride:], g.data[i*g.stride:i*g.stride+from])
		}
		g.stride, g.data = stride, data
	}
	g.fill(from)
}

// reweigh replaces the weights of the samples and every inner product.
func (g *members) reweigh(weight []float64) {
	g.weight = weight
	g.fill(0)
}

// fill computes the inner products of the members from slot from on with all
// others.
func (g *members) fill(from int) {
	size := len(g.columns)
	// A few rows at a time, so that the columns they meet are read from memory
	// once.
	const rows, block = 8, 32
	parallel.Chunks(size-from, rows, func(_, lo, hi int) {
		lo, hi = lo+from, hi+from
		var scaled [rows][]float64
		for i := lo; i < hi; i++ {
			scaled[i-lo] = g.columns[i].feature
			if g.weight != nil {
				scaled[i-lo] = make([]float64, len(g.weight))
				floats.MulTo(scaled[i-lo], g.weight, g.columns[i].feature)
			}
		}
		for j0 := 0; j0 < hi; j0 += block {
			for i := lo; i < hi; i++ {
				for j := j0; j < min(j0+block, i+1); j++ {
					g.data[i*g.stride+j] = kernel.Dot(scaled[i-lo], g.columns[j].feature)
				}
			}
		}
	})
	for i := from; i < size; i++ {
		for j := range i {
			g.data[j*g.stride+i] = g.data[i*g.stride+j]
		}
	}
}

// retain sends out the members that keep refuses. The order of the others stays.
func (g *members) retain(keep func(*column) bool) {
	var stay []int
	for i, col := range g.columns {
		if keep(col) {
			stay = append(stay, i)
		} else {
			col.slot = -1
		}
	}
	if len(stay) == len(g.columns) {
		return
	}
	for i, from := range stay {
		dst, src := g.data[i*g.stride:], g.data[from*g.stride:]
		for j, s := range stay {
			dst[j] = src[s]
		}
		g.columns[i] = g.columns[from]
		g.columns[i].slot = i
	}
	clear(g.columns[len(stay):])
	g.columns = g.columns[:len(stay)]
}
