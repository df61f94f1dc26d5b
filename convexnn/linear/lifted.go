package linear

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// A Lifted is training of deep linear networks as a linear program over a cone of
// completely positive kind (after Prakhya and Yurtsever, 2026). With N = d+c, symmetric
// N x N matrices Z and S, and s = N(N+1)/2, its cone is
//
//	K = {(t, Z, S): t >= 0, Z >= 0, S >= 0, tI - S >= 0},
//
// its variable a symmetric matrix M of order 1+2s, indexed like k = (t, svec Z, svec S),
// and the program
//
//	minimise    <C, M>
//	subject to  M_00 = 1,  <aa', M> = 0,  <Q, M> = 0,
//	            M in conv {kk' : k in K},
//
// where a'k = tr S - r t and k'Qk = <Z, tI - S>, neither of which can be negative in the
// mean of kk' over K. X and Y enter through G = X'X, H = X'Y and |Y|^2 in C, the
// bottleneck r through the one vector a; depth and samples leave no trace. See [Lifted.Lift]
// for why the optimum is that of training, and [Relaxation] for what can be computed.
//
// The program holds weight decay of two layers, beta/2 (|U|^2+|V|^2) = beta/2 tr Z, and
// none of more.
type Lifted struct {
	Inputs, Outputs int // d and c
	Rank            int // r, at most min(d, c)
	Beta            float64

	yy   float64 // |Y|^2
	x, y *mat.Dense
}

// NewLifted returns the program for x (n x d), y (n x c), the bottleneck r >= 1, of which
// at most min(d, c) counts, and the weight decay beta of two layers; 0 for none, and then
// for any depth. The errors are [ErrRank], [ErrBeta], convexnn.ErrShape and
// convexnn.ErrNotFinite.
func NewLifted(x, y *mat.Dense, r int, beta float64) (*Lifted, error) {
	if err := checkData(x, y); err != nil {
		return nil, err
	}
	if err := checkBeta(beta); err != nil {
		return nil, err
	}
	if r < 1 {
		return nil, fmt.Errorf("%w, got %d", ErrRank, r)
	}
	_, d := x.Dims()
	_, c := y.Dims()
	return &Lifted{Inputs: d, Outputs: c, Rank: min(r, d, c), Beta: beta, yy: sumOfSquares(y), x: x, y: y}, nil
}

// products are G = X'X and H = X'Y.
func (p *Lifted) products() (g *mat.SymDense, h *mat.Dense) {
	g = mat.NewSymDense(p.Inputs, nil)
	g.SymOuterK(1, p.x.T())
	return g, product(p.x.T(), p.y)
}

// Reduced returns the program in coordinates that suit a relaxation, and the constant by
// which its objectives are smaller: of X = U S V' of rank q, q inputs are left. Without
// weight decay the new data are I and U'Y, for weights S V'W, which have the rank of W;
// with weight decay they are S and U'Y, for weights V'W, which have its singular values
// where W is in the row space of X. The optimum is the same up to the constant. The error
// is [ErrRank] where X is zero.
func (p *Lifted) Reduced() (*Lifted, float64, error) {
	data, err := newProblem(p.x, p.y, false)
	if err != nil {
		return nil, 0, err
	}
	if data.q() == 0 {
		return nil, 0, fmt.Errorf("%w: X is zero, and no weights matter", ErrRank)
	}
	x := data.diagonal()
	if p.Beta == 0 {
		for i := range data.s {
			x.Set(i, i, 1)
		}
	}
	out, err := NewLifted(x, data.t, p.Rank, p.Beta)
	return out, data.rest, err
}

// N is d+c, the order of Z and S.
func (p *Lifted) N() int { return p.Inputs + p.Outputs }

// half is s = N(N+1)/2, the number of coordinates of Z.
func (p *Lifted) half() int { return p.N() * (p.N() + 1) / 2 }

// Order is 1+2s, that of M.
func (p *Lifted) Order() int { return 1 + 2*p.half() }

// Entries is the number of distinct entries of M.
func (p *Lifted) Entries() float64 {
	m := float64(p.Order())
	return m * (m + 1) / 2
}

// Equations is the number of linear equations, whatever the data.
func (p *Lifted) Equations() int { return 3 }

// Memory is about how many bytes the matrices of the program take, C, aa' and Q.
func (p *Lifted) Memory() float64 { return 3 * 8 * float64(p.Order()) * float64(p.Order()) }

// Size says in a sentence how large the program is.
func (p *Lifted) Size() string {
	return fmt.Sprintf("a matrix of order %d (%.0f distinct entries) and %d equations, from %d inputs and %d outputs; neither depth nor samples count, and the bottleneck %d is one number in one equation",
		p.Order(), p.Entries(), p.Equations(), p.Inputs, p.Outputs, p.Rank)
}

// place is the index of the entry (i, j) among the coordinates of a symmetric matrix of
// order n, lower triangle by columns, and the factor of the entry in its coordinate.
func place(n, i, j int) (at int, factor float64) {
	if i < j {
		i, j = j, i
	}
	at = j*n - j*(j-1)/2 + i - j
	if i == j {
		return at, 1
	}
	return at, math.Sqrt2
}

// svec returns the coordinates of a symmetric matrix, in which the Euclidean product is
// that of matrices.
func svec(a mat.Symmetric) []float64 {
	n := a.SymmetricDim()
	out := make([]float64, n*(n+1)/2)
	for j := range n {
		for i := j; i < n; i++ {
			at, f := place(n, i, j)
			out[at] = f * a.At(i, j)
		}
	}
	return out
}

// A Constraint is an equation <A, M> = Value of the program.
type Constraint struct {
	Name  string
	A     *mat.SymDense
	Value float64
}

// C returns the matrix of the objective, with <C, kk'> = 1/2 |X Z_12|^2 - t <H, Z_12> +
// t^2/2 |Y|^2 + t beta/2 tr Z. The error is convexnn.ErrMemory where the matrices of the
// program are over a limit in bytes; 0 means no limit.
func (p *Lifted) C(limit uint64) (*mat.SymDense, error) {
	if err := p.admit(limit); err != nil {
		return nil, err
	}
	n, d := p.N(), p.Inputs
	g, h := p.products()
	out := mat.NewSymDense(p.Order(), nil)
	out.SetSym(0, 0, p.yy/2)
	for k := range p.Outputs {
		for i := range d {
			at, f := place(n, i, d+k)
			out.SetSym(0, 1+at, -h.At(i, k)/(2*f)) // twice in the product, M being symmetric
			for j := range i + 1 {
				other, e := place(n, j, d+k)
				out.SetSym(1+at, 1+other, g.At(i, j)/(2*f*e))
			}
		}
	}
	for i := range n {
		at, _ := place(n, i, i)
		out.SetSym(0, 1+at, p.Beta/4)
	}
	return out, nil
}

// Constraints returns the equations. The error is that of [Lifted.C].
func (p *Lifted) Constraints(limit uint64) ([]Constraint, error) {
	if err := p.admit(limit); err != nil {
		return nil, err
	}
	n, s := p.N(), p.half()
	one := mat.NewSymDense(p.Order(), nil)
	one.SetSym(0, 0, 1)
	a := mat.NewVecDense(p.Order(), nil)
	a.SetVec(0, -float64(p.Rank))
	q := mat.NewSymDense(p.Order(), nil)
	for i := range n {
		at, _ := place(n, i, i)
		a.SetVec(1+s+at, 1)
		q.SetSym(0, 1+at, 0.5)
	}
	for k := range s {
		q.SetSym(1+k, 1+s+k, -0.5)
	}
	rank := mat.NewSymDense(p.Order(), nil)
	rank.SymRankOne(rank, 1, a)
	return []Constraint{
		{"M_00 = 1", one, 1},
		{"(tr S - r t)^2 = 0", rank, 0},
		{"<Z, tI - S> = 0", q, 0},
	}, nil
}

func (p *Lifted) admit(limit uint64) error {
	if need := p.Memory(); limit > 0 && need > float64(limit) {
		return fmt.Errorf("%w: matrices of order %d for %d inputs and %d outputs need about %s, the limit is %s",
			convexnn.ErrMemory, p.Order(), p.Inputs, p.Outputs, convexnn.FormatBytes(need), convexnn.FormatBytes(float64(limit)))
	}
	return nil
}

// A Point is a candidate k = (t, Z, S) of the cone K.
type Point struct {
	T    float64
	Z, S *mat.SymDense // N x N
}

// Lift returns the point of weights w (d x c) of rank at most r: t = 1, Z = [U;V][U;V]'
// for balanced factors w = UV', and S the projection on a space of dimension r that holds
// the range of Z. The matrix kk' is then feasible and its objective is that of training at
// w, which bounds the program from above. From below: M = sum k_i k_i' with all k_i in K
// makes each of the non-negative terms of the constraints zero, so that each k_i with
// t_i > 0 is t_i times a point with rank Z_i <= r, and one with t_i = 0 has S_i = 0 and
// a non-negative objective; the squares t_i^2 add up to one. The errors are
// convexnn.ErrShape, also for a rank above r.
func (p *Lifted) Lift(w *mat.Dense) (Point, error) {
	if rows, cols := w.Dims(); rows != p.Inputs || cols != p.Outputs {
		return Point{}, fmt.Errorf("%w: W is %d x %d, want %d x %d", convexnn.ErrShape, rows, cols, p.Inputs, p.Outputs)
	}
	s := decompose(w)
	rank := numericalRank(s.values)
	if rank > p.Rank {
		return Point{}, fmt.Errorf("%w: W has rank %d, the program is for %d", convexnn.ErrShape, rank, p.Rank)
	}
	n := p.N()
	out := Point{T: 1, Z: mat.NewSymDense(n, nil), S: mat.NewSymDense(n, nil)}
	for k := range p.Rank {
		// (u, v)/sqrt 2 are orthonormal, whether or not their singular value is zero.
		column := mat.NewVecDense(n, nil)
		for i := range p.Inputs {
			column.SetVec(i, s.u.At(i, k))
		}
		for j := range p.Outputs {
			column.SetVec(p.Inputs+j, s.v.At(j, k))
		}
		if k < rank {
			out.Z.SymRankOne(out.Z, s.values[k], column)
		}
		out.S.SymRankOne(out.S, 0.5, column)
	}
	return out, nil
}

// Objective is <C, kk'>, computed without C.
func (p *Lifted) Objective(k Point) float64 {
	d := p.Inputs
	corner := mat.DenseCopyOf(k.Z).Slice(0, d, d, p.N()).(*mat.Dense)
	fit := product(p.x, corner)
	yt := mat.DenseCopyOf(p.y)
	yt.Scale(k.T, yt)
	fit.Sub(fit, yt)
	return sumOfSquares(fit)/2 + k.T*p.Beta/2*mat.Trace(k.Z)
}

// A Verification is how far a point is from the cone and the equations; all zero, up to
// rounding, for one that is feasible.
type Verification struct {
	Cone      float64 // most negative of t and of the eigenvalues of Z, S and tI - S; 0 for none
	Scale     float64 // |1 - t^2|
	Rank      float64 // (tr S - r t)^2
	Orthogon  float64 // |<Z, tI - S>|
	Objective float64
	// Feasible says whether all are within the tolerance, relative to the sizes of the
	// terms that should cancel.
	Feasible bool
}

// Verify checks that kk' is feasible for the program: k in K, and the three equations, to
// a relative tolerance. By the argument of [Lifted.Lift] Z then has rank at most r, and
// its block Z_12 is the product of a network with this objective. The error is
// convexnn.ErrShape.
func (p *Lifted) Verify(k Point, tolerance float64) (Verification, error) {
	n := p.N()
	if k.Z == nil || k.S == nil || k.Z.SymmetricDim() != n || k.S.SymmetricDim() != n {
		return Verification{}, fmt.Errorf("%w: Z and S must be %d x %d", convexnn.ErrShape, n, n)
	}
	rest := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			v := -k.S.At(i, j)
			if i == j {
				v += k.T
			}
			rest.SetSym(i, j, v)
		}
	}
	var zr mat.Dense
	zr.Mul(k.Z, rest)
	z, s := math.Abs(mat.Trace(k.Z)), math.Abs(mat.Trace(k.S))
	slack := s - float64(p.Rank)*k.T
	out := Verification{Scale: math.Abs(1 - k.T*k.T), Rank: slack * slack, Orthogon: math.Abs(mat.Trace(&zr)), Objective: p.Objective(k)}
	smallest := func(a *mat.SymDense) float64 { return math.Max(0, -lowest(a)) }
	zOut, sOut := smallest(k.Z), math.Max(smallest(k.S), smallest(rest))
	out.Cone = math.Max(math.Max(0, -k.T), math.Max(zOut, sOut))
	out.Feasible = k.T >= 0 && zOut <= tolerance*z && sOut <= tolerance && out.Scale <= tolerance &&
		math.Abs(slack) <= tolerance*float64(p.Rank) && out.Orthogon <= tolerance*z
	return out, nil
}

// lowest is the smallest eigenvalue.
func lowest(a mat.Symmetric) float64 {
	var eigen mat.EigenSym
	if !eigen.Factorize(a, false) {
		return math.Inf(-1)
	}
	return eigen.Values(nil)[0]
}
