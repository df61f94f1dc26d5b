package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/parallel"
)

// tiny is where state is clipped to zero: below it numbers may become
// subnormal, and arithmetic on subnormals is about a hundred times slower.
const tiny = 1e-200

// A ConeReport holds what one [Masked.ConeStep] learned about the slacks, as
// sums of squares over all constraints of all blocks.
type ConeReport struct {
	Primal     float64 // |p - s|^2, p = g S X u: how far u is from its slacks
	Dual       float64 // |s - s_old|^2: how far the slacks moved
	Value      float64 // |p|^2
	Slack      float64 // |s|^2
	Multiplier float64 // |nu|^2
}

func (r *ConeReport) add(t ConeReport) {
	r.Primal += t.Primal
	r.Dual += t.Dual
	r.Value += t.Value
	r.Slack += t.Slack
	r.Multiplier += t.Multiplier
}

// ConeStep does the slack and multiplier update of the over-relaxed ADMM for
// the cone constraints s_j = g S_j X u_j >= 0 of len(u)/d blocks, block j having
// the pattern j mod P and S_j = 2 D_j - I.
//
// The state z (blocks x n) holds both: the slack is its positive part, the
// scaled multiplier its negative part. For every block and sample
//
//	p = g S X u
//	z = alpha p + (1-alpha) max(z, 0) + min(z, 0)
//
// and row j of dst (blocks x d) becomes g X'(S_j |z_j|), the only thing that
// the next weight update needs of z.
func (k *Masked) ConeStep(dst, z, u []float64, g, alpha float64) ConeReport {
	n, d := k.X.Rows, k.X.Cols
	blocks := len(u) / d
	parts := make([]ConeReport, parallel.Count(blocks, blockChunk))
	parallel.Chunks(blocks, blockChunk, func(c, lo, hi int) {
		weights := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: u[lo*d : hi*d]}
		tile := Dense(hi-lo, n)
		blas64.Gemm(blas.NoTrans, blas.NoTrans, g, weights, k.xt, 0, tile)
		for j := lo; j < hi; j++ {
			row := tile.Data[(j-lo)*n : (j-lo+1)*n]
			parts[c].add(coneRow(z[j*n:(j+1)*n], row, k.Bits[j%len(k.Bits)], alpha))
		}
		out := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: dst[lo*d : hi*d]}
		k.pull(g, tile, out)
	})
	var total ConeReport
	for _, p := range parts {
		total.add(p)
	}
	return total
}

// ConePull sets row j of dst (blocks x d) to g X'(S_j |z_j|) for the state z
// (blocks x n) of [Masked.ConeStep], without moving it.
func (k *Masked) ConePull(dst, z []float64, g float64) {
	n, d := k.X.Rows, k.X.Cols
	blocks := len(z) / n
	parallel.Chunks(blocks, blockChunk, func(_, lo, hi int) {
		tile := Dense(hi-lo, n)
		for j := lo; j < hi; j++ {
			row, bits := tile.Data[(j-lo)*n:(j-lo+1)*n], k.Bits[j%len(k.Bits)]
			for i, v := range z[j*n : (j+1)*n] {
				row[i] = max(v, -v)
				if !bits.Has(i) {
					row[i] = -row[i]
				}
			}
		}
		out := blas64.General{Rows: hi - lo, Cols: d, Stride: d, Data: dst[lo*d : hi*d]}
		k.pull(g, tile, out)
	})
}

// coneRow updates z for one block and replaces p, the unsigned g X u, by S |z|.
func coneRow(z, p []float64, bits bitset.Set, alpha float64) (r ConeReport) {
	for w, word := range bits {
		lo := w * 64
		hi := min(lo+64, len(p))
		for i := lo; i < hi; i++ {
			sign := float64(word&1)*2 - 1
			word >>= 1
			v := p[i] * sign
			// Comparisons instead of min and max: these also order NaN and signed
			// zeros, and take twice as long.
			old, t := z[i], z[i]
			if old < 0 {
				old = 0
			} else {
				t = (1 - alpha) * old
			}
			t += alpha * v
			if t < tiny && t > -tiny {
				t = 0
			}
			z[i] = t
			s := t
			if t < 0 {
				s, t = 0, -t
			}
			r.Primal += (v - s) * (v - s)
			r.Dual += (s - old) * (s - old)
			r.Value += v * v
			r.Slack += s * s
			r.Multiplier += (t - s) * (t - s)
			p[i] = sign * t
		}
	}
	return r
}
