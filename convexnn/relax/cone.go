package relax

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

// A cone is the closure of a cell, in coordinates of the row space.
type cone struct {
	active []int       // rows of x on which its neurons are active
	facets [][]float64 // unit normals c_k: the cone is {u : c_k.u >= 0 for all k}
	center []float64   // strictly inside
	// t (r x r) has u = t v for coordinates v in which the cone is not thin: those of the
	// barrier's Hessian at the center or, in the plane, those along its edges.
	t blas64.General
}

// local returns the coordinates v of u.
func (k *cone) local(u []float64) []float64 {
	r := len(u)
	var out mat.VecDense
	if err := out.SolveVec(mat.NewDense(r, r, k.t.Data), mat.NewVecDense(r, u)); err != nil && !errors.As(err, new(mat.Condition)) {
		return u
	}
	return out.RawVector().Data
}

// identity is the t that changes nothing, best where the cone does not matter.
func identity(r int) blas64.General {
	t := zeros(r, r)
	for i := range r {
		t.Data[i*r+i] = 1
	}
	return t
}

// shape sets t.
func (k *cone) shape() {
	r := len(k.center)
	k.t = zeros(r, r)
	var inverse mat.Dense
	if r == 2 && len(k.facets) == 2 {
		c := mat.NewDense(r, r, nil)
		for i, f := range k.facets {
			c.SetRow(i, f)
		}
		inverse.Inverse(c)
	} else {
		h := mat.NewSymDense(r, nil)
		for i := range r {
			h.SetSym(i, i, 1)
		}
		for _, f := range k.facets {
			z := floats.Dot(f, k.center)
			h.SymRankOne(h, 1/(z*z), mat.NewVecDense(r, f))
		}
		var chol mat.Cholesky
		chol.Factorize(h)
		var u mat.TriDense
		chol.UTo(&u)
		inverse.Inverse(&u) // H = U'U, and U^-1 turns H into the identity
	}
	// One scale, so that centers have length one.
	for i := range r {
		copy(rowOf(k.t, i), inverse.RawRowView(i))
	}
	floats.Scale(floats.Norm(k.local(k.center), 2), k.t.Data)
}

// cones lists the cells of x but that on which no neuron is active. Rows that are parallel
// to rounding count as parallel, and cells that float64 shows no direction in are left
// out: their neurons are within rounding of other cells. The error is that of ctx.
func (p *Problem) cones(ctx context.Context, constrained bool) ([]cone, error) {
	lines := p.lines()
	normals := mat.NewDense(len(lines), p.Inputs(), nil)
	for k, l := range lines {
		normals.SetRow(k, p.X.RawRowView(p.rows[l.longest]))
	}
	a, err := arrangements.NewArrangement(normals)
	if err != nil {
		return nil, err
	}
	var out []cone
	finder := newFacetFinder(lines)
	for cell, err := range a.Cells(ctx) {
		if err != nil {
			return nil, err
		}
		k := cone{center: make([]float64, p.x.Cols)}
		for j, l := range lines {
			for e, i := range l.rows {
				if cell.Pattern.Active(j) == (l.factors[e] > 0) {
					k.active = append(k.active, i)
				}
			}
		}
		slices.Sort(k.active)
		p.turn(k.center, cell.Witness)
		k.facets = finder.find(cell.Pattern.Active)
		if len(k.active) == 0 || !k.centre() {
			continue
		}
		if constrained {
			k.shape()
		} else {
			k.t = identity(p.x.Cols)
		}
		out = append(out, k)
	}
	return out, nil
}

// turn sets dst to the coordinates of u in the row space.
func (p *Problem) turn(dst, u []float64) {
	if p.basis == nil {
		copy(dst, u)
		return
	}
	b := p.basis.RawMatrix()
	blas64.Gemv(blas.Trans, 1, b, blas64.Vector{N: len(u), Inc: 1, Data: u}, 0, blas64.Vector{N: len(dst), Inc: 1, Data: dst})
}

// A facetFinder finds the facets of cells.
type facetFinder struct {
	unit [][]float64 // one for each line
}

func newFacetFinder(lines []line) *facetFinder {
	f := new(facetFinder)
	for _, l := range lines {
		f.unit = append(f.unit, l.unit)
	}
	return f
}

// find returns the normals of the facets: of s_i x_i those that are no non-negative
// combination of others. Leaving one out by mistake makes the cone larger and bounds
// weaker, never wrong.
func (f *facetFinder) find(active func(int) bool) [][]float64 {
	const redundant = 1e-9
	var rows [][]float64
	for i, u := range f.unit {
		c := slices.Clone(u)
		if !active(i) {
			floats.Scale(-1, c)
		}
		rows = append(rows, c)
	}
	for k := 0; k < len(rows) && len(rows) > 1; {
		c := rows[k]
		others := slices.Delete(slices.Clone(rows), k, k+1)
		minus := slices.Clone(c)
		floats.Scale(-1, minus)
		// -c in the polar cone of the others: their cone holds c.
		if newProjector(others).project(minus, minus) > redundant {
			k++
			continue
		}
		rows = others
	}
	return rows
}

// A projector projects onto {u : c_k.u >= 0 for all k}.
type projector struct {
	cone  *qp.ConeProjector
	signs bitset.Set
}

func newProjector(rows [][]float64) projector {
	a := zeros(len(rows), len(rows[0]))
	signs := bitset.New(len(rows))
	for k, c := range rows {
		copy(rowOf(a, k), c)
		signs.Add(k)
	}
	return projector{qp.NewConeProjector(a), signs}
}

// project sets dst to the projection of g and returns a bound on its norm, tight but for
// rounding.
func (q projector) project(dst, g []float64) float64 {
	return q.cone.Project(dst, g, q.signs, nil, 0).Norm
}

// centre moves the center to the minimiser of |u|^2/2 - sum log c_k.u, from a point of
// the interior, and reports whether it was one.
func (k *cone) centre() bool {
	r := len(k.center)
	u := k.center
	size := floats.Norm(u, 2)
	if !(size > 0) {
		return false
	}
	floats.Scale(1/size, u)
	for _, c := range k.facets {
		if !(floats.Dot(c, u) > 1e-12) {
			return false
		}
	}
	h := blas64.Symmetric{N: r, Stride: r, Uplo: blas.Upper, Data: make([]float64, r*r)}
	step := make([]float64, r)
	for range 100 {
		clear(h.Data)
		for i := range r {
			h.Data[i*r+i] = 1
			step[i] = -u[i]
		}
		for _, c := range k.facets {
			z := floats.Dot(c, u)
			blas64.Syr(1/(z*z), blas64.Vector{N: r, Inc: 1, Data: c}, h)
			floats.AddScaled(step, 1/z, c)
		}
		gradient := slices.Clone(step)
		t, ok := lapack64.Potrf(h)
		if !ok {
			return false
		}
		lapack64.Potrs(t, blas64.General{Rows: r, Cols: 1, Stride: 1, Data: step})
		decrement := math.Sqrt(floats.Dot(gradient, step))
		// The damped step of a self-concordant function stays inside.
		floats.AddScaled(u, 1/(1+decrement), step)
		if decrement < 1e-3 {
			break
		}
	}
	floats.Scale(1/floats.Norm(u, 2), u)
	return true
}

// tooMany is the error for more cells than allowed.
func tooMany(p *Problem, size Size, most int) error {
	return fmt.Errorf("%w: %d rows of rank %d have up to %.3g activation patterns, and %d is the limit; fewer rows or columns",
		ErrTooLarge, p.x.Rows, p.x.Cols, size.Cells, most)
}

// global returns u = t v.
func (k *cone) global(v []float64) []float64 {
	out := make([]float64, len(v))
	blas64.Gemv(blas.NoTrans, 1, k.t, vector(v), 0, vector(out))
	return out
}
