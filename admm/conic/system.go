package conic

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// A system finds the x with
//
//	minimise 1/2 x'Hx - r'x  subject to  Ax = b,   H = Q + rho W,
//
// W diagonal, by the normal matrix N = A H^-1 A':
//
//	H x = r + A'y,   N y = b - A H^-1 r.
//
// Rows of A that depend on others are left out: they hold if b is consistent.
type system struct {
	*plan
	a, q *Matrix
	b    []float64
	w    []float64 // diagonal of W

	rho            float64
	scale          float64          // where Q is zero: N belongs to rho = 1, and rho only scales it
	inverse        []float64        // of the diagonal of H outside the blocks
	chol           []blas64.General // of the blocks of H
	normal         interface{ solve(x []float64) }
	factorisations int

	rest, move []float64 // m
	change     []float64 // n
	part       []float64 // of a block
}

// dependent is the pivot of N, relative to its diagonal, below which a row of A counts as
// dependent: the square of the sine of its angle to the span of the others.
const dependent = 1e-12

func newSystem(pl *plan, a, q *Matrix, b, w []float64, rho float64) (*system, error) {
	s := &system{
		plan: pl, a: a, q: q, b: b, w: w,
		inverse: make([]float64, pl.n), rest: make([]float64, pl.m), move: make([]float64, pl.m), change: make([]float64, pl.n),
	}
	longest := 0
	for _, block := range pl.blocks {
		s.chol = append(s.chol, kernel.Dense(len(block), len(block)))
		longest = max(longest, len(block))
	}
	s.part = make([]float64, longest)
	return s, s.refactor(rho)
}

// fixed reports whether a new rho costs no factorisation.
func (s *system) fixed() bool { return s.q == nil }

func (s *system) refactor(rho float64) error {
	s.rho, s.scale = rho, 1
	if s.fixed() {
		s.scale, rho = rho, 1
		if s.normal != nil || s.factorisations > 0 {
			return nil
		}
	}
	s.factorisations++
	if err := s.factorH(rho); err != nil {
		return err
	}
	if s.m > 0 {
		s.factorNormal()
	}
	return nil
}

func (s *system) factorH(rho float64) error {
	for j, w := range s.w {
		s.inverse[j] = rho * w
	}
	for _, u := range s.chol {
		clear(u.Data)
	}
	place := make([]int, s.n)
	for _, block := range s.blocks {
		for c, j := range block {
			place[j] = c
		}
	}
	s.q.All(func(i, j int, v float64) {
		if b := s.of[j]; b >= 0 {
			s.chol[b].Data[place[i]*s.chol[b].Stride+place[j]] = v
		} else {
			s.inverse[j] += v // Q is diagonal there
		}
	})
	for j, h := range s.inverse {
		if b := s.of[j]; b >= 0 {
			s.chol[b].Data[place[j]*(s.chol[b].Stride+1)] += h
		} else if !(h > 0) {
			return ErrNumerical
		}
		s.inverse[j] = 1 / h
	}
	for b, u := range s.chol {
		if !kernel.Cholesky(u) {
			return fmt.Errorf("%w: Q is too large beside the penalty on the %d coordinates that it ties to coordinate %d", ErrNumerical, u.Rows, s.blocks[b][0])
		}
	}
	return nil
}

// applyInverse replaces x by H^-1 x.
func (s *system) applyInverse(x []float64) {
	for j, b := range s.of {
		if b < 0 {
			x[j] *= s.inverse[j] / s.scale
		}
	}
	for b, block := range s.blocks {
		part := s.part[:len(block)]
		for c, j := range block {
			part[c] = x[j]
		}
		kernel.SolveCholesky(s.chol[b], part)
		for c, j := range block {
			x[j] = part[c]
		}
	}
}

// factorNormal factors N = B B', B = A H^(-1/2).
func (s *system) factorNormal() {
	root := s.rootValues()
	byRow := root.transpose()
	column := func(i int, dst []float64) {
		for k := byRow.start[i]; k < byRow.start[i+1]; k++ {
			j, v := byRow.row[k], byRow.val[k]
			for l := root.start[j]; l < root.start[j+1]; l++ {
				dst[root.row[l]] += v * root.val[l]
			}
		}
	}
	if s.sparse != nil {
		s.normal = newSparseFactor(s.sparse, column)
		return
	}
	n := kernel.Dense(s.m, s.m)
	fill := func() {
		if float64(len(root.val)) > fullShare*float64(root.rows)*float64(root.cols) {
			multiplyFull(n, root)
			return
		}
		clear(n.Data)
		parallel.Chunks(s.m, 16, func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				column(i, n.Data[i*s.m:(i+1)*s.m])
			}
		})
	}
	s.normal = newDenseFactor(n, fill)
}

// fullShare is the share of entries past which zeros are multiplied, too: the dense
// kernels are that much faster.
const fullShare = 0.1

// multiplyFull sets n to B B', some columns of B at a time.
func multiplyFull(n blas64.General, root *Matrix) {
	const columns = 512
	clear(n.Data)
	for from := 0; from < root.cols; from += columns {
		to := min(from+columns, root.cols)
		b := kernel.Dense(to-from, root.rows) // transposed
		for j := from; j < to; j++ {
			row := b.Data[(j-from)*b.Stride : (j-from+1)*b.Stride]
			for k := root.start[j]; k < root.start[j+1]; k++ {
				row[root.row[k]] = root.val[k]
			}
		}
		kernel.Gemm(blas.Trans, blas.NoTrans, 1, b, b, 1, n)
	}
}

// rootValues returns B. For a block of H = U'U its columns are those of A U^-1.
func (s *system) rootValues() *Matrix {
	r := *s.root
	r.val = make([]float64, len(r.row))
	for j, b := range s.of {
		if b < 0 {
			scale := math.Sqrt(s.inverse[j])
			for k, v := range s.a.val[s.a.start[j]:s.a.start[j+1]] {
				r.val[r.start[j]+k] = scale * v
			}
		}
	}
	for b, block := range s.blocks {
		rows := r.row[r.start[block[0]]:r.start[block[0]+1]]
		if len(rows) == 0 {
			continue // A does not touch the block
		}
		place := make(map[int]int, len(rows))
		for k, i := range rows {
			place[i] = k
		}
		v := kernel.Dense(len(block), len(rows)) // A', then U'^-1 A'
		for c, j := range block {
			for k := s.a.start[j]; k < s.a.start[j+1]; k++ {
				v.Data[c*v.Stride+place[s.a.row[k]]] = s.a.val[k]
			}
		}
		u := s.chol[b]
		blas64.Trsm(blas.Left, blas.Trans, 1, blas64.Triangular{
			Uplo: blas.Upper, Diag: blas.NonUnit, N: u.Rows, Data: u.Data, Stride: u.Stride,
		}, v)
		for c, j := range block {
			copy(r.val[r.start[j]:r.start[j+1]], v.Data[c*v.Stride:c*v.Stride+len(rows)])
		}
	}
	return &r
}

// solve replaces x, which holds r, by the solution, and y by its multipliers. It solves
// for the change of y, so that the errors of the factor vanish with that change.
func (s *system) solve(x, y []float64) {
	s.a.AddMulTrans(x, 1, y)
	s.applyInverse(x)
	if s.m == 0 {
		return
	}
	copy(s.rest, s.b)
	s.a.AddMul(s.rest, -1, x)
	copy(s.move, s.rest)
	s.normal.solve(s.move)
	clear(s.change)
	for i := range s.move {
		s.move[i] *= s.scale
		y[i] += s.move[i]
	}
	s.a.AddMulTrans(s.change, 1, s.move)
	s.applyInverse(s.change)
	for j, v := range s.change {
		x[j] += v
	}
}

// A denseFactor is a Cholesky factor of N, with infinity on the diagonal at dependent
// rows: what is divided by it is zero.
type denseFactor struct{ u blas64.General }

func newDenseFactor(n blas64.General, fill func()) denseFactor {
	fill()
	diagonal := make([]float64, n.Rows)
	for i := range diagonal {
		diagonal[i] = n.Data[i*(n.Stride+1)]
	}
	ok := kernel.Cholesky(n)
	for i, d := range diagonal {
		pivot := n.Data[i*(n.Stride+1)]
		ok = ok && pivot*pivot > dependent*d
	}
	if !ok {
		fill()
		skipDependent(n, diagonal)
	}
	return denseFactor{n}
}

// skipDependent is Cholesky's method row by row, passing over dependent rows.
func skipDependent(n blas64.General, diagonal []float64) {
	order := n.Rows
	for k, d := range diagonal {
		row := n.Data[k*n.Stride+k : k*n.Stride+order]
		if !(row[0] > dependent*d) {
			clear(row)
			row[0] = math.Inf(1)
			continue
		}
		scale := 1 / math.Sqrt(row[0])
		for j := range row {
			row[j] *= scale
		}
		parallel.Work(float64(len(row))*float64(len(row)), len(row)-1, 64, func(_, lo, hi int) {
			for i := lo + 1; i < hi+1; i++ {
				kernel.AddScaled(n.Data[(k+i)*n.Stride+k+i:(k+i)*n.Stride+order], -row[i], row[i:])
			}
		})
	}
}

func (f denseFactor) solve(x []float64) { kernel.SolveCholesky(f.u, x) }
