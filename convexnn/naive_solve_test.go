package convexnn_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/convexnn/convexnn/convexnn"
)

// solve returns a network near the optimum: the lasso over a dictionary of
// directions, whose residual asks for further directions.
func (p *naive) solve(rng *rand.Rand) *convexnn.Network {
	l := &lasso{y: p.target(), beta: p.beta}
	var units [][]float64
	add := func(u []float64) {
		size := length(u)
		if !(size > 0) || math.IsInf(size, 0) {
			return
		}
		u = scaledBy(1/size, u)
		phi := p.features(u)
		if p.intercept {
			phi = without(phi)
		}
		units, l.atoms = append(units, u), append(l.atoms, phi)
	}
	for _, u := range p.dictionary(rng) {
		add(u)
	}
	last := math.Inf(1)
	for stalled := 0; stalled < 3; {
		l.solve()
		r := l.residual()
		value := inner(r, r)/2 + p.beta*l.penalty()
		if stalled++; value < last*(1-1e-9) {
			last, stalled = value, 0
		}
		// A direction with a price above beta improves the lasso that has it.
		found := p.price(r, p.beta*(1+1e-9))
		if len(found.directions) == 0 {
			break
		}
		for _, u := range found.directions {
			add(u)
		}
	}
	net := &convexnn.Network{Dim: len(p.x[0])}
	f := make([]float64, len(p.y))
	for k, j := range l.used {
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: units[j], Output: l.sign[k] * l.c[k]})
		axpy(f, l.sign[k]*l.c[k], p.features(units[j]))
	}
	if p.intercept {
		for i := range f {
			net.Intercept += (p.y[i] - f[i]) / float64(len(f))
		}
	}
	return net
}

// A lasso is min 1/2 |sum_k sign_k c_k atom_used(k) - y|^2 + beta sum c_k over c >= 0
// and all signs, by active sets as in the non-negative least squares of Lawson and
// Hanson (1974): exact, with as many atoms in use as samples at most.
type lasso struct {
	y     []float64
	beta  float64
	atoms [][]float64
	used  []int
	sign  []float64
	c     []float64
}

func (l *lasso) residual() []float64 {
	r := append([]float64(nil), l.y...)
	for k, j := range l.used {
		axpy(r, -l.sign[k]*l.c[k], l.atoms[j])
	}
	return r
}

func (l *lasso) penalty() float64 {
	sum := 0.0
	for _, c := range l.c {
		sum += c
	}
	return sum
}

func (l *lasso) drop(k int) {
	l.used = append(l.used[:k], l.used[k+1:]...)
	l.sign = append(l.sign[:k], l.sign[k+1:]...)
	l.c = append(l.c[:k], l.c[k+1:]...)
}

func (l *lasso) solve() {
	for range 500 {
		r := l.residual()
		worst, most := -1, l.beta*(1+1e-12)
		for j, a := range l.atoms {
			if s := math.Abs(inner(a, r)); s > most && !slices.Contains(l.used, j) {
				worst, most = j, s
			}
		}
		if worst < 0 {
			return
		}
		l.used, l.c = append(l.used, worst), append(l.c, 0)
		l.sign = append(l.sign, math.Copysign(1, inner(l.atoms[worst], r)))
		for len(l.used) > 0 && !l.step() {
		}
	}
}

// step moves to the minimum over the atoms in use, or until one of them reaches 0
// and is dropped. It reports whether it got to the minimum.
func (l *lasso) step() bool {
	to, free := l.minimum()
	// Without a minimum the new atom is a combination of the others: to is the
	// direction along which only the penalty changes, and it falls.
	move, at := math.Inf(1), -1
	for k := range to {
		change := to[k]
		if !free {
			change -= l.c[k]
		}
		if change < 0 && (!free && to[k] <= 0 || free) {
			if m := l.c[k] / -change; m < move {
				move, at = m, k
			}
		}
	}
	if at < 0 {
		if !free {
			copy(l.c, to)
		}
		return true
	}
	for k := range to {
		if free {
			l.c[k] += move * to[k]
		} else {
			l.c[k] += move * (to[k] - l.c[k])
		}
		l.c[k] = math.Max(0, l.c[k])
	}
	l.drop(at)
	return false
}

// minimum solves the normal equations of the atoms in use by orthogonalisation; or,
// if the last depends on the others, returns the change of coefficients by which it
// replaces them, and true.
func (l *lasso) minimum() ([]float64, bool) {
	m := len(l.used)
	q, upper := make([][]float64, m), make([][]float64, m)
	for k, j := range l.used {
		a := scaledBy(l.sign[k], l.atoms[j])
		size := length(a)
		upper[k] = make([]float64, m) // column k
		for range 2 {
			for i := range k {
				h := inner(q[i], a)
				upper[k][i] += h
				axpy(a, -h, q[i])
			}
		}
		rest := length(a)
		if rest <= 1e-10*size {
			eta := back(upper, append([]float64(nil), upper[k][:k]...))
			change := scaledBy(-1, eta)
			change = append(change, 1)
			return append(change, make([]float64, m-k-1)...), true
		}
		upper[k][k], q[k] = rest, scaledBy(1/rest, a)
	}
	// R z = Q'y - beta R^-T 1.
	rhs := make([]float64, m)
	for k := range rhs {
		w := 1.0
		for i := range k {
			w -= upper[k][i] * rhs[i]
		}
		rhs[k] = w / upper[k][k]
	}
	for k := range rhs {
		rhs[k] = inner(q[k], l.y) - l.beta*rhs[k]
	}
	return back(upper, rhs), false
}

// back solves R z = b, R given by columns.
func back(upper [][]float64, b []float64) []float64 {
	for k := len(b) - 1; k >= 0; k-- {
		b[k] /= upper[k][k]
		for i := range k {
			b[i] -= upper[k][i] * b[k]
		}
	}
	return b
}

// dictionary lists directions: the rays of the arrangement, where d-1 hyperplanes
// meet; random ones; the gradients X'Dy of their cells; and a grid of the plane.
func (p *naive) dictionary(rng *rand.Rand) [][]float64 {
	d := len(p.x[0])
	var list [][]float64
	both := func(u []float64) { list = append(list, u, scaledBy(-1, u)) }
	var choose func(from int, rows [][]float64)
	choose = func(from int, rows [][]float64) {
		if len(rows) == d-1 {
			both(normal(rows, d))
			return
		}
		for i := from; i < len(p.x); i++ {
			choose(i+1, append(rows[:len(rows):len(rows)], p.x[i]))
		}
	}
	choose(0, nil)
	for range 20 {
		u, g := make([]float64, d), make([]float64, d)
		for k := range u {
			u[k] = rng.NormFloat64()
		}
		for i, row := range p.x {
			if inner(row, u) > 0 {
				axpy(g, p.target()[i], row)
			}
		}
		both(u)
		both(g)
	}
	if d == 2 {
		for k := range 32 {
			sin, cos := math.Sincos(math.Pi * float64(k) / 32)
			both([]float64{cos, sin})
		}
	}
	return list
}

// normal is the vector orthogonal to d-1 rows by cofactors, 0 if they are dependent.
func normal(rows [][]float64, d int) []float64 {
	unit := make([][]float64, len(rows))
	for i, row := range rows {
		unit[i] = scaledBy(1/math.Max(length(row), math.SmallestNonzeroFloat64), row)
	}
	u := make([]float64, d)
	for k := range u {
		minor := make([][]float64, len(unit))
		for i, row := range unit {
			minor[i] = append(append([]float64{}, row[:k]...), row[k+1:]...)
		}
		u[k] = determinant(minor)
		if k%2 == 1 {
			u[k] = -u[k]
		}
	}
	return u
}

func determinant(m [][]float64) float64 {
	if len(m) == 0 {
		return 1
	}
	sum, sign := 0.0, 1.0
	for k := range m {
		minor := make([][]float64, len(m)-1)
		for i, row := range m[1:] {
			minor[i] = append(append([]float64{}, row[:k]...), row[k+1:]...)
		}
		sum += sign * m[0][k] * determinant(minor)
		sign = -sign
	}
	return sum
}
