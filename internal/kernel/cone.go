package kernel

import (
	"math"

	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

// A ConeReport holds what one [Cones.Step] learned about the slacks, as sums of
// squares over all constraints of all blocks.
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

// Cones holds the slacks and scaled multipliers of the cone constraints
// s_j = g S_j X u_j >= 0 of blocks u_j, block j having the pattern j mod P and
// S_j = 2 D_j - I. Both live in one array z: the slack is the positive part of a
// number, the multiplier its negative part.
//
// It works in float32, in half the time and memory, until [Cones.Refine] is called.
// Weights and results are float64. A Cones is not safe for concurrent use.
type Cones struct {
	masked *Masked
	single *cones[float32] // nil once refined
	double *cones[float64] // nil until then
	g      float64
	grown  float64 // factor by which multipliers have been scaled
}

// NewCones returns the slacks and multipliers, all zero, of so many blocks, a
// multiple of P, which is not zero.
func NewCones(k *Masked, blocks int, g float64) *Cones {
	return newCones(micro.Float32(), k, blocks, g)
}

func newCones(m *micro.Kernels[float32], k *Masked, blocks int, g float64) *Cones {
	x := make([]float32, k.X.Rows*k.X.Cols)
	for i := range k.X.Rows {
		for l, v := range k.X.Data[i*k.X.Stride : i*k.X.Stride+k.X.Cols] {
			x[i*k.X.Cols+l] = float32(g * v) // of order one where the constraints are
		}
	}
	c := &Cones{masked: k, g: g, grown: 1}
	c.single = &cones[float32]{
		micro: m, masks: allMasks(m.Width, k.X.Rows, k.Bits), x: x, stride: k.X.Cols,
		n: k.X.Rows, d: k.X.Cols, patterns: len(k.Bits), halves: blocks / len(k.Bits), g: 1, tiny: 1e-18,
	}
	c.single.start()
	return c
}

// Refine makes all further steps in float64, from the state at hand.
func (c *Cones) Refine() {
	if c.single == nil {
		return
	}
	s := c.single
	c.double = newDouble(c.masked, s.halves, c.g)
	c.double.start()
	for half := range s.halves {
		for p := range s.patterns {
			from, to := s.at(half, p, 0), c.double.at(half, p, 0)
			for i := range s.n {
				c.double.z[to+i*c.double.micro.Width] = float64(s.z[from+i*s.micro.Width])
			}
		}
	}
	c.single = nil
}

// Take takes over the state of another Cones of the same numbers of samples, patterns
// and blocks, which is of no use afterwards.
func (c *Cones) Take(from *Cones) {
	c.grown = from.grown
	if from.single != nil {
		c.single.z = from.single.z
		return
	}
	c.double = newDouble(c.masked, from.double.halves, c.g)
	c.double.z = from.double.z
	c.single = nil
}

func newDouble(k *Masked, halves int, g float64) *cones[float64] {
	return &cones[float64]{
		micro: k.micro, masks: k.masks, x: k.X.Data, stride: k.X.Stride,
		n: k.X.Rows, d: k.X.Cols, patterns: len(k.Bits), halves: halves, g: g, tiny: 1e-200,
	}
}

// Step does the slack and multiplier update of the over-relaxed ADMM at weights u
// (blocks x d). For every block and sample
//
//	p = g S X u
//	z = alpha p + (1-alpha) max(z, 0) + min(z, 0)
//
// and row j of dst (blocks x d) becomes g X'(S_j |z_j|), the only thing that
// the next weight update needs of z.
func (c *Cones) Step(dst, u []float64, alpha float64) ConeReport {
	if c.single != nil {
		return c.single.step(dst, u, alpha)
	}
	return c.double.step(dst, u, alpha)
}

// Pull sets row j of dst (blocks x d) to g X'(S_j |z_j|) for z as it is.
func (c *Cones) Pull(dst []float64) {
	if c.single != nil {
		c.single.pull(dst)
	} else {
		c.double.pull(dst)
	}
}

// ScaleMultipliers multiplies all multipliers by a positive factor.
func (c *Cones) ScaleMultipliers(factor float64) {
	// The squares of float32 leave its range early.
	const most = 1e6
	if c.grown *= factor; c.grown > most || c.grown < 1/most {
		c.Refine()
	}
	if c.single != nil {
		scaleNegative(c.single.z, float32(factor))
	} else {
		scaleNegative(c.double.z, factor)
	}
}

func scaleNegative[T micro.Float](z []T, factor T) {
	for i, v := range z {
		if v < 0 {
			z[i] = v * factor
		}
	}
}

// cones is the work of Cones in one type of number. The state is laid out by
// panels of patterns, halves x panels x n x Width.
type cones[T micro.Float] struct {
	micro    *micro.Kernels[T]
	masks    []byte // by panels, as in Masked
	x        []T    // n x d
	stride   int
	n, d     int
	patterns int
	halves   int     // blocks for each pattern
	g        float64 // scale of the constraints
	tiny     T       // below it state is zero: numbers or their squares may be subnormal, and slow
	z        []T
}

func (c *cones[T]) panels() int { return parallel.Count(c.patterns, c.micro.Width) }

func (c *cones[T]) start() { c.z = make([]T, c.halves*c.panels()*c.n*c.micro.Width) }

// at returns where the state of a constraint is.
func (c *cones[T]) at(half, pattern, sample int) int {
	w := c.micro.Width
	return ((half*c.panels()+pattern/w)*c.n+sample)*w + pattern%w
}

func (c *cones[T]) mask(panel, i int) *byte { return &c.masks[(panel*c.n+i)*c.micro.Width/8] }

func (c *cones[T]) step(dst, u []float64, alpha float64) ConeReport {
	m := c.micro
	params := [4]T{T(alpha), T(1 - alpha), c.tiny, T(math.Copysign(0, -1))}
	parts := make([]ConeReport, c.halves*c.panels())
	c.loop(dst, u, func(at, q, lo, rows int, panel *panels[T], z, w []T) {
		for l := 0; l < c.d; l += depth {
			m.MulN(rows, min(depth, c.d-l), &c.x[lo*c.stride+l], c.stride, panel.at(0, l), &w[0], m.Width, l > 0)
		}
		sums := make([]T, 5*m.Lanes)
		m.Cone(rows, c.mask(q, lo), &z[0], &w[0], &params[0], &sums[0])
		total := func(i int) (sum float64) {
			for _, v := range sums[i*m.Lanes : (i+1)*m.Lanes] {
				sum += float64(v)
			}
			return sum
		}
		parts[at].add(ConeReport{Primal: total(0), Dual: total(1), Value: total(2), Slack: total(3), Multiplier: total(4)})
	})
	var report ConeReport
	for _, p := range parts {
		report.add(p)
	}
	return report
}

func (c *cones[T]) pull(dst []float64) {
	width := c.micro.Width
	c.loop(dst, nil, func(_, q, lo, rows int, _ *panels[T], z, w []T) {
		masks := c.masks[(q*c.n+lo)*width/8:]
		for i, v := range z[:rows*width] {
			w[i] = max(v, -v)
			if masks[i/8]>>(i%8)&1 == 0 {
				w[i] = -w[i]
			}
		}
	})
}

// loop calls step for every panel of weights, if there are any, and every chunk of samples, and pulls
// back to the weights what step leaves in w (rows x Width). at counts the panels of
// all blocks, q those of the patterns; lo is the first sample.
func (c *cones[T]) loop(dst, u []float64, step func(at, q, lo, rows int, panel *panels[T], z, w []T)) {
	m, d, count := c.micro, c.d, c.panels()
	operations := 4 * float64(c.n) * float64(c.d) * float64(c.halves*c.patterns)
	parallel.Work(operations, c.halves*count, 1, func(_, at, _ int) {
		q := at % count
		first := (at/count*c.patterns + q*m.Width) * d
		blocks := min(m.Width, c.patterns-q*m.Width)
		weights, out, w := newPanels(m, d, blocks), newPanels(m, d, blocks), scratch[T](rowChunk*m.Width)
		defer weights.free()
		defer out.free()
		defer w.free()
		if u != nil {
			weights.packRows(0, c.g, u[first:first+blocks*d])
		}
		for lo := 0; lo < c.n; lo += rowChunk {
			rows := min(rowChunk, c.n-lo)
			step(at, q, lo, rows, weights, c.z[(at*c.n+lo)*m.Width:], w.data)
			m.MulT(d, rows, &c.x[lo*c.stride], c.stride, &w.data[0], out.at(0, 0), m.Width, lo > 0)
		}
		out.unpackRows(0, c.g, dst[first:first+blocks*d])
	})
}
