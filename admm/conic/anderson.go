package conic

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// anderson is Anderson's acceleration of a fixed-point iteration v -> g(v), of type II
// (Walker and Ni, 2011), with the safeguard of O'Donoghue (SCS 3): the residuals
// f = g(v) - v of the last steps are combined to a smallest one, and the values g in
// the same way. A step after which the residual is larger is taken back.
type anderson struct {
	memory     int
	lastG      []float64 // of the last step
	lastF      []float64
	dg, df     [][]float64 // differences of successive ones, at most memory
	at         int         // where the next goes
	gram       []float64   // memory x memory: inner products of df
	plain      []float64   // what to fall back to, nil after a plain step
	plainNorm  float64
	sinceReset int
}

// accelerateEvery is the number of steps of which one is combined; those between keep
// the information fresh.
const accelerateEvery = 3

func newAnderson(memory int) anderson {
	memory = max(memory, 0)
	return anderson{memory: memory, gram: make([]float64, memory*memory)}
}

// reset forgets all steps.
func (a *anderson) reset() {
	a.lastG, a.lastF, a.plain = nil, nil, nil
	a.dg, a.df, a.at, a.sinceReset = a.dg[:0], a.df[:0], 0, 0
}

// accelerate returns where to go from v, given g(v) and the norm of g(v) - v in which
// the iteration does not expand.
func (a *anderson) accelerate(v, g []float64, norm float64) []float64 {
	if a.memory == 0 {
		return g
	}
	if a.plain != nil && norm > a.plainNorm {
		back := a.plain
		a.reset()
		return back
	}
	a.plain = nil
	f := make([]float64, len(g))
	floats.SubTo(f, g, v)
	if a.lastG != nil {
		a.add(g, f)
	}
	a.lastG, a.lastF = g, f
	a.sinceReset++
	if a.sinceReset%accelerateEvery != 0 || len(a.df) < 2 {
		return g
	}
	next := a.combine(g, f)
	if next == nil {
		return g
	}
	a.plain, a.plainNorm = g, norm
	return next
}

// add stores the differences from the last step over the oldest ones.
func (a *anderson) add(g, f []float64) {
	if len(a.df) < a.memory {
		a.dg, a.df = append(a.dg, make([]float64, len(g))), append(a.df, make([]float64, len(f)))
	}
	df := a.df[a.at]
	floats.SubTo(a.dg[a.at], g, a.lastG)
	floats.SubTo(df, f, a.lastF)
	for k, other := range a.df {
		dot := floats.Dot(df, other)
		a.gram[a.at*a.memory+k], a.gram[k*a.memory+a.at] = dot, dot
	}
	a.at = (a.at + 1) % a.memory
}

// combine returns g - sum gamma_k dg_k, gamma minimising |f - sum gamma_k df_k| with a
// small weight on its own length. It returns nil if rounding is in the way, and if the
// step is longer than g: where v runs off on a line, the df are nothing but rounding.
func (a *anderson) combine(g, f []float64) []float64 {
	const regularisation = 1e-10
	k := len(a.df)
	normal, rhs := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	trace := 0.0
	for i := range k {
		trace += a.gram[i*a.memory+i]
	}
	for i := range k {
		for j := i; j < k; j++ {
			normal.SetSym(i, j, a.gram[i*a.memory+j])
		}
		normal.SetSym(i, i, normal.At(i, i)+regularisation*trace)
		rhs.SetVec(i, floats.Dot(a.df[i], f))
	}
	var chol mat.Cholesky
	var gamma mat.VecDense
	if !chol.Factorize(normal) || chol.SolveVecTo(&gamma, rhs) != nil {
		return nil
	}
	next := make([]float64, len(g))
	for i := range k {
		floats.AddScaled(next, -gamma.AtVec(i), a.dg[i])
	}
	if !(floats.Norm(next, 2) <= floats.Norm(g, 2)) {
		return nil
	}
	floats.Add(next, g)
	return next
}
