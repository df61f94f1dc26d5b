package relax

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn"
)

// Program returns the trace form as a semidefinite program, for the conic solver or, by
// its SDPA file, for others:
//
//	minimise  1/2 tr T + beta/2 sum tr U_i,  [T Y'; Y M] >= 0,  M = I + sum D_i X U_i X'D_i/beta,
//
// with U_i >= 0 and, unless Gated, c_k'U_i c_l >= 0 for the facets of cell i. It is
// another way to the value of [Problem.Trace], slower and less accurate.
//
// The limits: as in [Problem.Moments] sum tr U_i <= tau at the minimiser; tr T is
// tr Y'M^-1 Y <= |Y|^2 = 1, and tr M <= n + tau/beta.
//
// limit is a number of bytes, 0 for half of the machine's. The error is
// convexnn.ErrMemory.
func (t *Trace) Program(limit uint64) (*Program, error) {
	p := t.p
	n, c, r := p.x.Rows, p.y.Cols, p.x.Cols
	order := n + c
	pairs := 0
	out := &Program{p: p}
	prog := &conic.Problem{Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: order}}}
	tau := p.tau()
	out.Limits = []float64{1 + float64(n) + tau/p.beta}
	for _, k := range t.cones {
		prog.Cones = append(prog.Cones, conic.Cone{Kind: conic.Semidefinite, Size: r})
		out.Limits = append(out.Limits, tau)
		if !t.Gated {
			pairs += len(k.facets) * (len(k.facets) - 1) / 2
		}
	}
	prog.Cones = append(prog.Cones, conic.Cone{Kind: conic.NonNegative, Size: pairs})
	out.Limits = append(out.Limits, tau)
	q := r * (r + 1) / 2
	first := prog.Cones[0].Dim()
	slack := first + q*len(t.cones)
	total := slack + pairs
	rows := n*c + n*(n+1)/2 + pairs
	if limit == 0 {
		limit = halfOfMemory()
	}
	entries := float64(n) * float64(n+1) / 2 * float64(len(t.cones)) * float64(q) // at most
	if need := 8 * (float64(rows)*float64(rows)/2 + 10*entries + 200*float64(total)); need > float64(limit) {
		return nil, fmt.Errorf("%w: the trace form with %d equations needs about %s, and the limit is %s",
			convexnn.ErrMemory, rows, convexnn.FormatBytes(need), convexnn.FormatBytes(float64(limit)))
	}
	a := conic.NewBuilder(rows, total)
	prog.C, prog.B = make([]float64, total), make([]float64, 0, rows)
	for k := range c {
		prog.C[conic.SvecIndex(order, k, k)] = 0.5
	}
	for i := range n {
		for k := range c {
			a.Add(len(prog.B), conic.SvecIndex(order, k, c+i), 1/math.Sqrt2)
			prog.B = append(prog.B, p.y.Data[i*p.y.Stride+k])
		}
	}
	// Equation of M_ij is n c + its place in the lower triangle by columns.
	for j := range n {
		for i := j; i < n; i++ {
			scale, value := 1/math.Sqrt2, 0.0
			if i == j {
				scale, value = 1, 1
			}
			a.Add(len(prog.B), conic.SvecIndex(order, c+i, c+j), scale)
			prog.B = append(prog.B, value)
		}
	}
	for b, k := range t.cones {
		at := first + b*q
		for i := range r {
			prog.C[at+conic.SvecIndex(r, i, i)] = p.beta / 2
		}
		for e, j := range k.active {
			for _, i := range k.active[e:] {
				form := svecOf(rowOf(p.x, i), rowOf(p.x, j))
				floats.Scale(-1/p.beta, form)
				for l, v := range form {
					a.Add(n*c+conic.SvecIndex(n, i, j), at+l, v)
				}
			}
		}
		if t.Gated {
			continue
		}
		for i, ci := range k.facets {
			for _, cj := range k.facets[:i] {
				for l, v := range svecOf(ci, cj) {
					a.Add(len(prog.B), at+l, v)
				}
				a.Add(len(prog.B), slack, -1)
				slack++
				prog.B = append(prog.B, 0)
			}
		}
	}
	prog.A = a.Matrix()
	out.Problem = prog
	return out, nil
}
