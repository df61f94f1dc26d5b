package kernel

import (
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

const (
	// rowChunk is the number of samples that one piece of work sums into, and that a
	// panel of masked numbers holds: the panel stays in the first-level cache. Tiles
	// of 6 and of 8 rows divide it.
	rowChunk = 96
	// depth is the number of steps of an inner product after which its sums go to
	// memory: so much of a panel stays in the first-level cache.
	depth = 192
	// groupPanels is the number of panels that share the samples they read.
	groupPanels = 4
)

// A Masked is the stacked operator [D_1 X, ..., D_P X] of n samples in d
// dimensions. It is immutable and safe for concurrent use.
type Masked struct {
	X    blas64.General // n x d
	Bits []bitset.Set   // D_p over the n samples

	micro *micro.Kernels[float64]
	masks []byte // of the patterns as columns of panels: panel by panel, n rows each
}

// NewMasked returns the operator of x (n x d) and the patterns bits, each over
// n samples. Neither is copied; neither may change afterwards.
func NewMasked(x blas64.General, bits []bitset.Set) *Masked {
	return newMasked(micro.Float64(), x, bits)
}

func newMasked(m *micro.Kernels[float64], x blas64.General, bits []bitset.Set) *Masked {
	return &Masked{X: x, Bits: bits, micro: m, masks: allMasks(m.Width, x.Rows, bits)}
}

// allMasks returns the bits of n samples as columns of panels, panel by panel.
func allMasks(width, n int, bits []bitset.Set) []byte {
	size, count := n*width/8, parallel.Count(len(bits), width)
	masks := make([]byte, count*size)
	parallel.For(count, func(q int) {
		packMasks(masks[q*size:(q+1)*size], width/8, bits[q*width:min((q+1)*width, len(bits))])
	})
	return masks
}

// panels is the number of panels that hold one column for each pattern.
func (k *Masked) panels() int { return parallel.Count(len(k.Bits), k.micro.Width) }

// operations is how many a product with all patterns takes.
func (k *Masked) operations() float64 {
	return 2 * float64(k.X.Rows) * float64(k.X.Cols) * float64(len(k.Bits))
}

// mask returns the masks of a panel from sample i on.
func (k *Masked) mask(panel, i int) *byte {
	return &k.masks[(panel*k.X.Rows+i)*k.micro.Width/8]
}

func (k *Masked) row(i int) *float64 { return &k.X.Data[i*k.X.Stride] }

// Forward sets dst (n) to sum_p D_p X u_p, where u (P x d) holds u_p in row p:
//
//	for p, for i in D_p: dst[i] += x_i . u_p
func (k *Masked) Forward(dst, u []float64) {
	n, d, m := k.X.Rows, k.X.Cols, k.micro
	panels := newPanels(m, d, len(k.Bits))
	defer panels.free()
	empty := make([]bool, panels.count)
	parallel.Work(float64(len(u)), panels.count, 1, func(_, q, _ int) { empty[q] = panels.packRows(q, 1, u) })
	parallel.Work(k.operations(), n, rowChunk, func(_, lo, hi int) {
		sums := scratch[float64](rowChunk * m.Lanes)
		defer sums.free()
		clear(sums.data)
		for q := range panels.count {
			if empty[q] {
				continue
			}
			// The sum over patterns is linear: it may be taken of parts of the inner
			// products.
			for l := 0; l < d; l += depth {
				m.Forward(hi-lo, min(depth, d-l), &k.X.Data[lo*k.X.Stride+l], k.X.Stride, panels.at(q, l), k.mask(q, lo), &sums.data[0])
			}
		}
		for i := lo; i < hi; i++ {
			dst[i] = 0
			for _, v := range sums.data[(i-lo)*m.Lanes : (i-lo+1)*m.Lanes] {
				dst[i] += v
			}
		}
	})
}

// Adjoint sets row p of dst (P x d) to X' D_p r for r (n):
//
//	for p, for i in D_p: dst[p] += r[i] * x_i
func (k *Masked) Adjoint(dst, r []float64) {
	n, d, m := k.X.Rows, k.X.Cols, k.micro
	if n == 0 {
		clear(dst)
		return
	}
	count := k.panels()
	group := max(1, min(groupPanels, count/8))
	parallel.Work(k.operations(), count, group, func(_, from, to int) {
		out := newPanels(m, d, (to-from)*m.Width)
		defer out.free()
		panel := scratch[float64](rowChunk * m.Width)
		defer panel.free()
		for lo := 0; lo < n; lo += rowChunk {
			rows := min(rowChunk, n-lo)
			for q := from; q < to; q++ {
				m.Expand(rows, k.mask(q, lo), &r[lo], &panel.data[0])
				m.MulT(d, rows, k.row(lo), k.X.Stride, &panel.data[0], out.at(q-from, 0), m.Width, lo > 0)
			}
		}
		for q := from; q < to; q++ {
			out.unpackRows(q-from, 1, dst[q*m.Width*d:min((q+1)*m.Width, len(k.Bits))*d])
		}
	})
}

// packMasks writes the bits of at most 8*stride patterns as columns: row i of dst
// has bit i of each.
func packMasks(dst []byte, stride int, bits []bitset.Set) {
	n := len(dst) / stride
	for p := 0; p < len(bits); p += 8 {
		octet := bits[p:min(p+8, len(bits))]
		for i := 0; i < n; i += 8 {
			var block uint64 // byte b holds 8 samples of pattern b
			for b, set := range octet {
				block |= set[i/64] >> (uint(i) % 64) & 0xff << (8 * b)
			}
			block = transpose8(block)
			for b := range min(8, n-i) {
				dst[(i+b)*stride+p/8] = byte(block >> (8 * b))
			}
		}
	}
}

// transpose8 transposes an 8 x 8 matrix of bits (Warren, Hacker's Delight, section
// 7-3).
func transpose8(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}
