package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

// A Stack holds the masked samples of a few patterns in the metrics of Cholesky
// factors U_j, B_j = U_j'^-1 X' D_j, and sums B_j'B_j, the Gram matrices of the
// samples. It serves Newton systems of one d x d block for each pattern.
type Stack struct {
	masked *Masked
	x      operand // X', samples as columns
	b      operand // the B_j one below the other
}

// NewStack returns a stack with so many places for patterns of k.
func NewStack(k *Masked, places int) *Stack {
	n, d := k.X.Rows, k.X.Cols
	s := &Stack{masked: k, x: operand{kept(k.micro, d, n)}, b: operand{kept(k.micro, places*d, n)}}
	for q := range s.x.count {
		s.x.packBlock(q, blas.Trans, 1, k.X, 0)
	}
	return s
}

// Set fills a place with B_j of pattern j and the factor u (d x d). Different
// places may be set at the same time.
func (s *Stack) Set(place, j int, u blas64.General) {
	m, d, bits := s.x.micro, s.x.k, s.masked.Bits[j]
	t := newTriangle(m, u)
	defer t.free()
	mask := make([]byte, m.Width/8)
	for q := range s.x.count {
		for b := range mask {
			mask[b] = 0
			if at := q*len(mask) + b; at/8 < len(bits) {
				mask[b] = byte(bits[at/8] >> (8 * (at % 8)))
			}
		}
		to := s.b.at(q, place*d)
		m.Choose(d, &mask[0], s.x.at(q, 0), to)
		data, _, _ := s.b.panel(q)
		t.solve(data[place*d*m.Width : (place+1)*d*m.Width])
	}
}

// AddTo adds the sum of B_j'B_j over the first places to the upper triangle of a
// (n x n), and anything to what is below the diagonal.
func (s *Stack) AddTo(a blas64.General, places int) {
	if places == 0 {
		return
	}
	w, rows := s.b.micro.Width, places*s.x.k
	n := float64(s.b.columns)
	parallel.Work(n*n*float64(rows), s.b.count, 1, func(_, p, _ int) {
		_, from, to := s.b.panel(p)
		for q := p; q < s.b.count; q++ {
			s.b.multiplyRows(q, rows, s.b.micro.MulT, to-from, s.b.at(p, 0), w, a, from)
		}
	})
}

// A WeightedGram computes X' diag(w) X for many w.
type WeightedGram struct {
	x      blas64.General
	panels operand // X by columns
}

// NewWeightedGram prepares x (n x d), which may not change afterwards.
func NewWeightedGram(x blas64.General) *WeightedGram {
	g := &WeightedGram{x: x, panels: operand{kept(micro.Float64(), x.Rows, x.Cols)}}
	for q := range g.panels.count {
		g.panels.packBlock(q, blas.NoTrans, 1, x, 0)
	}
	return g
}

// Set sets dst (d x d, both triangles) to X' diag(w) X.
func (g *WeightedGram) Set(dst blas64.General, w []float64) {
	m, n, d := g.panels.micro, g.x.Rows, g.x.Cols
	if n == 0 {
		scale(0, dst)
		return
	}
	weighed, out := scratch[float64](rowChunk*m.Width), scratch[float64](d*m.Width)
	defer weighed.free()
	defer out.free()
	for q := range g.panels.count {
		_, from, to := g.panels.panel(q)
		// The lower triangle.
		for lo := 0; lo < n; lo += rowChunk {
			rows := min(rowChunk, n-lo)
			m.Weigh(rows, &w[lo], g.panels.at(q, lo), &weighed.data[0])
			m.MulT(d-from, rows, &g.x.Data[lo*g.x.Stride+from], g.x.Stride, &weighed.data[0], &out.data[0], m.Width, lo > 0)
		}
		for i := from; i < d; i++ {
			for j := from; j < min(to, i+1); j++ {
				v := out.data[(i-from)*m.Width+j-from]
				dst.Data[i*dst.Stride+j], dst.Data[j*dst.Stride+i] = v, v
			}
		}
	}
}
