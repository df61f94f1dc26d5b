package conic_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
)

// shrinkage is 1/2 |X - Y|^2 + beta |X|_* as a semidefinite program: the nuclear norm is
// the least (tr U + tr V)/2 with [U X; X' V] positive semidefinite.
func shrinkage(y *mat.Dense, beta float64) *conic.Problem {
	r, c := y.Dims()
	n := r + c
	p := &conic.Problem{Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: n}}}
	p.C = make([]float64, p.Cones[0].Dim())
	q := conic.NewBuilder(len(p.C), len(p.C))
	for i := range n {
		p.C[conic.SvecIndex(n, i, i)] = beta / 2
	}
	for i := range r {
		for j := range c {
			k := conic.SvecIndex(n, i, r+j) // the root of two times X_ij
			p.C[k] = -y.At(i, j) / math.Sqrt2
			q.Add(k, k, 0.5)
		}
	}
	p.Q = q.Matrix()
	return p
}

func TestSingularValueThresholding(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, size := range [][2]int{{1, 1}, {3, 2}, {4, 4}, {2, 6}} {
		y := mat.NewDense(size[0], size[1], nil)
		for i := range size[0] {
			for j := range size[1] {
				y.Set(i, j, rng.NormFloat64())
			}
		}
		var svd mat.SVD
		svd.Factorize(y, mat.SVDThin)
		values := svd.Values(nil)
		for _, share := range []float64{0.1, 0.5, 1.2} {
			beta := share * values[0]
			want, shrunk := 0.0, make([]float64, len(values))
			for k, s := range values {
				shrunk[k] = max(0, s-beta)
				want += (shrunk[k]-s)*(shrunk[k]-s)/2 + beta*shrunk[k] - s*s/2
			}
			r := optimal(t, shrinkage(y, beta), want)
			var u, v, x mat.Dense
			svd.UTo(&u)
			svd.VTo(&v)
			x.Product(&u, mat.NewDiagDense(len(shrunk), shrunk), v.T())
			got := conic.Smat(r.X)
			for i := range size[0] {
				for j := range size[1] {
					if math.Abs(got.At(i, size[0]+j)-x.At(i, j)) > 1e-5 {
						t.Fatalf("%v, beta %g: X[%d,%d] is %g, thresholding gives %g", size, beta, i, j, got.At(i, size[0]+j), x.At(i, j))
					}
				}
			}
		}
	}
}

// nearestCorrelation is Higham's (2002) method: projections in turn onto the positive
// semidefinite matrices, with Dykstra's correction, and onto those of unit diagonal.
func nearestCorrelation(a *mat.SymDense) *mat.SymDense {
	n := a.SymmetricDim()
	y, correction := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	y.CopySym(a)
	for range 3000 {
		r := minus(y, correction)
		var e mat.EigenSym
		e.Factorize(r, true)
		var z mat.Dense
		e.VectorsTo(&z)
		x := mat.NewSymDense(n, nil)
		for k, v := range e.Values(nil) {
			x.SymRankOne(x, max(0, v), z.ColView(k))
		}
		correction = minus(x, r)
		y.CopySym(x)
		for i := range n {
			y.SetSym(i, i, 1)
		}
	}
	return y
}

func minus(a, b *mat.SymDense) *mat.SymDense {
	var d mat.SymDense
	d.ScaleSym(-1, b)
	d.AddSym(a, &d)
	return &d
}

func TestNearestCorrelationMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	const n = 9
	a := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i {
			a.SetSym(i, j, 2*rng.Float64()-1)
		}
		a.SetSym(i, i, 1)
	}
	p := maxCut(n, nil) // for its equations
	p.C = conic.Svec(nil, a)
	constant := floats.Dot(p.C, p.C) / 2
	floats.Scale(-1, p.C)
	q := conic.NewBuilder(len(p.C), len(p.C))
	for j := range p.C {
		q.Add(j, j, 1)
	}
	p.Q = q.Matrix()
	want := nearestCorrelation(a)
	distance := mat.Norm(minus(want, a), 2)
	r := optimal(t, p, distance*distance/2-constant)
	if off := mat.Norm(minus(want, conic.Smat(r.X)), 2); off > 1e-6 {
		t.Errorf("the matrix is off by %g", off)
	}
}

func TestClosedForms(t *testing.T) {
	row := func(values ...float64) *conic.Matrix {
		b := conic.NewBuilder(1, len(values))
		for j, v := range values {
			b.Add(0, j, v)
		}
		return b.Matrix()
	}
	diagonal := func(values ...float64) *conic.Matrix {
		b := conic.NewBuilder(len(values), len(values))
		for j, v := range values {
			b.Add(j, j, v)
		}
		return b.Matrix()
	}
	for _, test := range []struct {
		name string
		p    conic.Problem
		want float64
		x    []float64
	}{
		{
			"linear form on the simplex", conic.Problem{
				C: []float64{3, 1, 2}, A: row(1, 1, 1), B: []float64{1}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 3}},
			}, 1, []float64{0, 1, 0},
		},
		{
			"linear form on a ball of radius 2", conic.Problem{
				C: []float64{0, 3, 4}, A: row(1, 0, 0), B: []float64{2}, Cones: []conic.Cone{{Kind: conic.SecondOrder, Size: 3}},
			}, -10, []float64{2, -1.2, -1.6},
		},
		{
			"free quadratic", conic.Problem{
				C: []float64{-2, 4}, Q: diagonal(1, 2), Cones: []conic.Cone{{Kind: conic.Free, Size: 2}},
			}, -6, []float64{2, -2},
		},
		{
			"nearest point of a plane", conic.Problem{
				C: []float64{0, 0, 0}, Q: diagonal(1, 1, 1), A: row(1, 2, 2), B: []float64{9}, Cones: []conic.Cone{{Kind: conic.Free, Size: 3}},
			}, 4.5, []float64{1, 2, 2},
		},
		{
			"zeros", conic.Problem{
				C: []float64{-5, 1, 1}, A: row(1, 1, 1), B: []float64{2},
				Cones: []conic.Cone{{Kind: conic.Zero, Size: 1}, {Kind: conic.NonNegative, Size: 2}},
			}, 2, nil,
		},
		{
			"least eigenvalue of [2 1; 1 2]", conic.Problem{
				C: conic.Svec(nil, mat.NewSymDense(2, []float64{2, 1, 1, 2})), A: row(1, 0, 1), B: []float64{1},
				Cones: []conic.Cone{{Kind: conic.Semidefinite, Size: 2}},
			}, 1, []float64{0.5, -0.5 * math.Sqrt2, 0.5},
		},
		{
			"projection onto the orthant", conic.Problem{
				C: []float64{-1, 2, -3}, Q: diagonal(1, 1, 1), Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 3}},
			}, -5, []float64{1, 0, 3},
		},
		{
			// Units of very different sizes; scaled by hand it is min -x-y, x + y <= 1.
			"bad scales", conic.Problem{
				C: []float64{-1e4, -1e-3, 0}, A: row(1e4, 1e-3, 1), B: []float64{1}, Cones: []conic.Cone{{Kind: conic.NonNegative, Size: 3}},
			}, -1, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := optimal(t, &test.p, test.want)
			for j, x := range test.x {
				if math.Abs(r.X[j]-x) > 1e-5 {
					t.Errorf("x is %.8g, want %.8g", r.X, test.x)
					break
				}
			}
		})
	}
}
