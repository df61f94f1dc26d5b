package svm

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// program is a master as a linear program:
//
//	minimise  sum xi + beta'(p + r)  subject to  xi - t + B(p - r) = m,  xi, t, p, r >= 0
//	maximise  m'q  subject to  q + w = 1,  B'q + zp = beta,  -B'q + zr = beta,  w, q, zp, zr >= 0
//
// The signs of the samples are in B. Margins and columns are divided by powers of two,
// which rounds nothing, so that their largest entries are about one; beta differs from
// column to column for that.
//
// Columns that meet the dual constraint wherever q is in its box may have gain 0 in a
// solution, and are not in the program: columns of zeros are such, and all of them are
// if beta is large.
type program struct {
	n, k    int
	rows    blas64.General // k x n: B'
	target  []float64      // n: m
	beta    []float64      // k
	columns []int          // k: their indices in the master
	scale   []float64      // k: a gain of one, in units of the master
}

// newProgram returns the program of m.
func newProgram(m *Master) *program {
	p := &program{n: m.n, target: make([]float64, m.n)}
	unit := 0.0
	for _, v := range m.margin {
		unit = max(unit, v)
	}
	unit = kernel.PowerOfTwo(unit)
	for i, v := range m.margin {
		p.target[i] = v / unit
	}
	for k, col := range m.columns {
		if m.beta/col.scale < col.reach(m.sign) {
			p.columns = append(p.columns, k)
			p.beta = append(p.beta, m.beta/col.scale)
			p.scale = append(p.scale, unit/col.scale)
		}
	}
	p.k = len(p.columns)
	p.rows = kernel.Dense(p.k, p.n)
	const chunk = 16
	parallel.Chunks(p.k, chunk, func(_, lo, hi int) {
		for k := lo; k < hi; k++ {
			col, row := m.columns[p.columns[k]], p.rows.Data[k*p.n:(k+1)*p.n]
			for i, a := range col.feature {
				row[i] = m.sign[i] * a / col.scale
			}
		}
	})
	return p
}

// only returns the rows of the given columns, for a [system] of them alone.
func (p *program) only(columns []int) *program {
	out := &program{n: p.n, k: len(columns), rows: kernel.Dense(len(columns), p.n)}
	for j, k := range columns {
		copy(out.rows.Data[j*p.n:(j+1)*p.n], p.rows.Data[k*p.n:(k+1)*p.n])
	}
	return out
}

// reach returns the largest price, over all q in the box, of the column in units of
// its scale.
func (col *column) reach(sign []float64) float64 {
	up, down := 0.0, 0.0
	for i, a := range col.feature {
		if v := sign[i] * a / col.scale; v > 0 {
			up += v
		} else {
			down -= v
		}
	}
	return max(up, down)
}

// adjoint sets dst (k) to B'q.
func (p *program) adjoint(dst, q []float64) {
	const chunk = 64
	parallel.Work(2*float64(p.n)*float64(p.k), p.k, chunk, func(_, lo, hi int) {
		part := blas64.General{Rows: hi - lo, Cols: p.n, Stride: p.rows.Stride, Data: p.rows.Data[lo*p.rows.Stride:]}
		kernel.MulVec(dst[lo:hi], part, q)
	})
}

// subtract takes B g off dst (n).
func (p *program) subtract(dst, g []float64) {
	if p.k == 0 {
		return
	}
	const chunk = 256
	parallel.Work(2*float64(p.n)*float64(p.k), p.n, chunk, func(_, lo, hi int) {
		part := blas64.General{Rows: p.k, Cols: hi - lo, Stride: p.rows.Stride, Data: p.rows.Data[lo:]}
		kernel.AddMulTransVec(dst[lo:hi], -1, part, g)
	})
}

// objective returns that of gains g, given m - B g.
func (p *program) objective(g, margin []float64) float64 {
	sum := 0.0
	for _, v := range margin {
		sum += max(0, v)
	}
	for k, v := range g {
		sum += p.beta[k] * math.Abs(v)
	}
	return sum
}

// shrink returns the factor not above 1 that makes a q >= 0 dual feasible, given its
// prices B'q.
func (p *program) shrink(q, prices []float64) float64 {
	excess := 1.0
	for _, v := range q {
		excess = max(excess, v)
	}
	for k, v := range prices {
		excess = max(excess, math.Abs(v)/p.beta[k])
	}
	return 1 / excess
}
