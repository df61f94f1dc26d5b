package conic

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Errors of a problem that cannot be solved as it stands. They come wrapped, with what
// is wrong and where.
var (
	// ErrInvalid: sizes that do not fit, or numbers that are not finite.
	ErrInvalid = errors.New("conic: invalid problem")
	// ErrNotConvex: Q is not positive semidefinite.
	ErrNotConvex = errors.New("conic: Q is not positive semidefinite")
	// ErrMemory: the problem takes more memory than allowed.
	ErrMemory = errors.New("conic: not enough memory")
	// ErrNumerical: the iteration left what float64 holds; rescale the data.
	ErrNumerical = errors.New("conic: numbers overflow; rescale the problem")
)

// A Kind is a kind of cone.
type Kind int

// The cones. Their duals are Zero, Free, and themselves.
const (
	Free         Kind = iota // all of R^Size
	Zero                     // the origin
	NonNegative              // x >= 0 entry by entry
	SecondOrder              // (t, z) with |z| <= t, t first
	Semidefinite             // svec of a positive semidefinite matrix of order Size
)

var kindNames = [...]string{"free", "zero", "non-negative", "second-order", "semidefinite"}

// String returns a short name, such as non-negative.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// A Cone is one factor of the product of cones that x lives in.
type Cone struct {
	Kind Kind
	// Size is the number of coordinates, but the order k of the matrix for
	// Semidefinite, which takes k(k+1)/2 coordinates; see [Svec].
	Size int
}

// Dim returns the number of coordinates.
func (c Cone) Dim() int {
	if c.Kind == Semidefinite {
		return c.Size * (c.Size + 1) / 2
	}
	return c.Size
}

// A Problem is
//
//	minimise    <c, x> + 1/2 x'Qx
//	subject to  A x = b,  x in K,
//
// K the product of Cones, in the order of the coordinates of x.
type Problem struct {
	C []float64 // n
	// Q is n x n and positive semidefinite, nil for none. Where no entry is below the
	// diagonal, the upper triangle stands for both.
	Q     *Matrix
	A     *Matrix   // m x n; nil where m is zero
	B     []float64 // m
	Cones []Cone    // their dimensions sum to n
}

// Validate returns an error that wraps [ErrInvalid] if sizes do not fit or numbers are
// not finite. [Solve] and [Bound] begin with it.
func (p *Problem) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	n, m := len(p.C), len(p.B)
	sum := 0
	for k, c := range p.Cones {
		if c.Kind < Free || c.Kind > Semidefinite {
			return fail("cone %d has the unknown %v", k, c.Kind)
		}
		if c.Size < 0 || c.Size > math.MaxInt32 {
			return fail("cone %d (%v) has size %d", k, c.Kind, c.Size)
		}
		if c.Dim() > n-sum {
			return fail("cone %d (%v, size %d) has %d coordinates, and %d of the %d of C are left; a semidefinite cone of order k has k(k+1)/2", k, c.Kind, c.Size, c.Dim(), n-sum, n)
		}
		sum += c.Dim()
	}
	if sum != n {
		return fail("the cones have %d coordinates, C has %d; a semidefinite cone of order k has k(k+1)/2", sum, n)
	}
	for _, a := range []*Matrix{p.A, p.Q} {
		if a != nil && a.err != nil {
			return a.err
		}
	}
	if p.A == nil && m > 0 {
		return fail("B has %d entries, A is nil", m)
	}
	if p.A != nil && (p.A.rows != m || p.A.cols != n) {
		return fail("A is %d x %d, but B has %d entries and C has %d", p.A.rows, p.A.cols, m, n)
	}
	if p.Q != nil && (p.Q.rows != n || p.Q.cols != n) {
		return fail("Q is %d x %d, but C has %d entries", p.Q.rows, p.Q.cols, n)
	}
	for j, v := range p.C {
		if !finite(v) {
			return fail("C[%d] is %v", j, v)
		}
	}
	for i, v := range p.B {
		if !finite(v) {
			return fail("B[%d] is %v", i, v)
		}
	}
	if i, j, ok := p.A.finite(); !ok {
		return fail("A[%d,%d] is not finite", i, j)
	}
	if i, j, ok := p.Q.finite(); !ok {
		return fail("Q[%d,%d] is not finite", i, j)
	}
	if _, err := p.Q.symmetric(); err != nil {
		return err
	}
	return nil
}

// String states the size of the problem, such as
// "231 coordinates in 1 semidefinite cone of order 21, 57 equations, 890 non-zeros".
func (p *Problem) String() string {
	type key struct {
		kind Kind
		size int
	}
	var order []key
	count := map[key]int{}
	for _, c := range p.Cones {
		k := key{c.Kind, c.Size}
		if c.Kind < SecondOrder {
			k.size = 0
			count[k] += c.Size
		} else {
			count[k]++
		}
		if count[k] > 0 && !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	parts := make([]string, 0, len(order))
	for _, k := range order {
		switch k.kind {
		case SecondOrder:
			parts = append(parts, fmt.Sprintf("%s of size %d", plural(count[k], "second-order cone"), k.size))
		case Semidefinite:
			parts = append(parts, fmt.Sprintf("%s of order %d", plural(count[k], "semidefinite cone"), k.size))
		default:
			parts = append(parts, fmt.Sprintf("%d %v", count[k], k.kind))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no cones"}
	}
	return fmt.Sprintf("%s in %s; %s, %s", plural(len(p.C), "coordinate"), strings.Join(parts, ", "),
		plural(len(p.B), "equation"), plural(p.A.count()+p.Q.count(), "non-zero"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
