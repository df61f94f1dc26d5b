package prune

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Vertex removes neurons where the loss is the hinge,
//
//	sum_i max(0, |y_i| - sign(y_i) f_i) + beta sum_j c_j p_j,   f = sum_j c_j a_j,  c_j >= 0,
//
// or, if hard, where sign(y_i) f_i >= |y_i| is asked for and the penalty alone counts, and
// returns factors c_j >= 0 with an objective that is not larger than that of c = 1. As many
// are positive as there are samples at their margin, sign(y_i) f_i = |y_i|, at most.
//
// The objective is linear but for kinks, where a factor vanishes or a sample is at its
// margin. One neuron after the other is moved, in the direction that does not raise the
// objective, while others keep the samples at their margins there that are, until a factor
// vanishes or one more sample arrives: the purification of linear programming, which leads
// from any point to a vertex that is no worse (Charnes and Cooper; see Megiddo, On finding
// primal- and dual-optimal bases, ORSA J. on Computing 3, 1991). order lists all neurons,
// the ones to keep last.
func (a *Neurons) Vertex(y []float64, beta float64, hard bool, order []int) []float64 {
	p := purifier{Neurons: a, beta: beta, hard: hard, sign: make([]float64, len(y)), scale: make([]float64, len(a.Fits)), at: make([]bool, len(y))}
	for i, t := range y {
		p.sign[i] = math.Copysign(1, t)
	}
	for j := range p.scale {
		p.scale[j] = 1
	}
	p.size = make([]float64, len(y))
	for i := range y {
		p.size[i] = math.Abs(y[i])
		for _, fit := range a.Fits {
			p.size[i] += math.Abs(fit[i])
		}
	}
	p.measure(y)
	const refresh = 50
	for k, j := range order {
		if k%refresh == refresh-1 {
			p.measure(y)
		}
		if !p.push(j) {
			break
		}
	}
	p.settle(y)
	return p.scale
}

// A purifier holds some neurons, the basis, that keep as many samples at their margins.
type purifier struct {
	*Neurons
	beta  float64
	hard  bool
	sign  []float64 // of y
	size  []float64 // of the terms of each slack
	scale []float64

	slack   []float64 // sign(y_i) f_i - |y_i|
	at      []bool    // samples held at their margins
	rows    []int     // these samples
	basis   []int     // as many neurons
	inverse [][]float64
}

// measure computes the slacks anew.
func (p *purifier) measure(y []float64) {
	f := make([]float64, len(y))
	for j, c := range p.scale {
		if c != 0 {
			floats.AddScaled(f, c, p.Fits[j])
		}
	}
	p.slack = f
	for i := range f {
		f[i] = p.sign[i]*f[i] - math.Abs(y[i])
		if p.at[i] {
			f[i] = 0
		}
		p.keep(i)
	}
}

// keep keeps a slack that must not be negative from being so by rounding: such a sample
// would not be held at its margin any more.
func (p *purifier) keep(i int) {
	if p.hard {
		p.slack[i] = max(0, p.slack[i])
	}
}

// settle solves for the factors of the basis anew: the steps on the way leave their rounding
// in them.
func (p *purifier) settle(y []float64) {
	m := len(p.basis)
	if m == 0 {
		return
	}
	matrix, rest := mat.NewDense(m, m, nil), mat.NewVecDense(m, nil)
	others := slices.Clone(p.scale)
	for _, j := range p.basis {
		others[j] = 0
	}
	for s, i := range p.rows {
		sum := y[i]
		for j, c := range others {
			if c != 0 {
				sum -= c * p.Fits[j][i]
			}
		}
		rest.SetVec(s, sum)
		for b, j := range p.basis {
			matrix.Set(s, b, p.Fits[j][i])
		}
	}
	var lu mat.LU
	lu.Factorize(matrix)
	var c mat.VecDense
	_ = lu.SolveVecTo(&c, false, rest) // if only badly conditioned, it is solved nevertheless
	if c.Len() < m || !(floats.Min(c.RawVector().Data) >= 0) || math.IsInf(floats.Max(c.RawVector().Data), 1) {
		return
	}
	for b, j := range p.basis {
		p.scale[j] = c.AtVec(b)
	}
}

// push moves neuron k until it, or one of the basis in its place, is gone, or a sample
// has come to its margin. It reports whether it could.
func (p *purifier) push(k int) bool {
	if p.scale[k] == 0 {
		return true
	}
	d, ok := p.direction(k)
	if !ok {
		return false
	}
	// rate is how the slacks change when factor k rises by one and the basis follows.
	rate := make([]float64, len(p.slack))
	copy(rate, p.Fits[k])
	slope := p.beta * p.Sizes[k]
	for b, j := range p.basis {
		floats.AddScaled(rate, d[b], p.Fits[j])
		slope += p.beta * d[b] * p.Sizes[j]
	}
	floats.Mul(rate, p.sign)
	for i, r := range p.slack {
		if r < 0 {
			slope -= rate[i]
		}
	}
	way := -1.0
	if slope < 0 {
		way = 1
	}
	step, factor, sample := p.limit(k, d, rate, way)
	if math.IsInf(step, 1) {
		return false // nothing but rounding lets the objective fall for ever
	}
	p.scale[k] += way * step
	for b, j := range p.basis {
		p.scale[j] = max(0, p.scale[j]+way*step*d[b])
	}
	for i := range p.slack {
		if !p.at[i] {
			p.slack[i] += way * step * rate[i]
			p.keep(i)
		}
	}
	switch {
	case sample >= 0:
		p.slack[sample], p.at[sample] = 0, true
		p.border(k, sample, d, rate[sample]*p.sign[sample])
	case factor == len(p.basis):
		p.scale[k] = 0
	default:
		p.scale[p.basis[factor]] = 0
		p.exchange(k, factor, d)
	}
	return true
}

// limit returns how far factor k can move one way, and what ends it: the factor of the
// basis at a position, or k itself at the position after the last, or a sample, if that is
// not negative. Of events that nearly come together it takes the one of the largest rate,
// which keeps the basis well-conditioned, and lets the others pass by rounding (Harris,
// Pivot selection methods of the Devex LP code, Mathematical Programming 5, 1973).
func (p *purifier) limit(k int, d, rate []float64, way float64) (step float64, factor, sample int) {
	const negligible, rounding = 1e-10, 1e-13
	most := max(1, floats.Norm(d, math.Inf(1)))
	// each lists the events: how far they are, how far with the rounding that they may
	// pass by, and their rate, relative to others of their kind.
	each := func(do func(at, loose, speed float64, factor, sample int)) {
		if way < 0 {
			do(p.scale[k], p.scale[k], 1/most, len(p.basis), -1)
		}
		for b, j := range p.basis {
			if v := -way * d[b]; v > negligible*most {
				do(p.scale[j]/v, (p.scale[j]+rounding)/v, v/most, b, -1)
			}
		}
		for i, r := range p.slack {
			v := way * rate[i]
			if p.at[i] || math.Abs(v) <= negligible*p.size[i] || r < 0 && v < 0 || r >= 0 && v > 0 {
				continue
			}
			do(-r/v, (math.Abs(r)+rounding*p.size[i])/math.Abs(v), math.Abs(v)/p.size[i], -1, i)
		}
	}
	end := math.Inf(1)
	each(func(_, loose, _ float64, _, _ int) { end = min(end, loose) })
	step, factor, sample = math.Inf(1), len(p.basis), -1
	best := 0.0
	each(func(at, _, speed float64, b, i int) {
		if at <= end && speed > best {
			step, best, factor, sample = at, speed, b, i
		}
	})
	return step, factor, sample
}

// direction returns how the factors of the basis follow factor k: minus the inverse times
// the fit of k at the samples held.
func (p *purifier) direction(k int) ([]float64, bool) {
	for range 2 {
		d := make([]float64, len(p.basis))
		for b := range d {
			for s, i := range p.rows {
				d[b] -= p.inverse[b][s] * p.Fits[k][i]
			}
		}
		if p.solves(k, d) {
			return d, true
		}
		if !p.invert() {
			break
		}
	}
	return nil, false
}

// solves reports whether the samples held stay at their margins.
func (p *purifier) solves(k int, d []float64) bool {
	const accurate = 1e-9
	for _, i := range p.rows {
		sum, size := p.Fits[k][i], p.size[i]
		for b, j := range p.basis {
			sum += d[b] * p.Fits[j][i]
			size += math.Abs(d[b] * p.Fits[j][i])
		}
		if !(math.Abs(sum) <= accurate*size) {
			return false
		}
	}
	return true
}

// invert computes the inverse anew.
func (p *purifier) invert() bool {
	m := len(p.basis)
	if m == 0 {
		return false
	}
	full := mat.NewDense(m, m, nil)
	for s, i := range p.rows {
		for b, j := range p.basis {
			full.Set(s, b, p.Fits[j][i])
		}
	}
	if full.Inverse(full) != nil {
		return false
	}
	for b := range p.inverse {
		p.inverse[b] = mat.Row(p.inverse[b], b, full)
	}
	return true
}

// border takes neuron k into the basis and a sample to the rows. pivot is the rate at which
// its prediction changed along d.
func (p *purifier) border(k, sample int, d []float64, pivot float64) {
	h := make([]float64, len(p.rows)) // the new row times the inverse
	for b, j := range p.basis {
		floats.AddScaled(h, p.Fits[j][sample], p.inverse[b])
	}
	for b := range p.inverse {
		floats.AddScaled(p.inverse[b], -d[b]/pivot, h)
		p.inverse[b] = append(p.inverse[b], d[b]/pivot)
	}
	floats.Scale(-1/pivot, h)
	p.inverse = append(p.inverse, append(h, 1/pivot))
	p.basis, p.rows = append(p.basis, k), append(p.rows, sample)
}

// exchange puts neuron k in the place of the one at position b of the basis.
func (p *purifier) exchange(k, b int, d []float64) {
	pivot := -d[b]
	floats.Scale(1/pivot, p.inverse[b])
	for c := range p.inverse {
		if c != b {
			floats.AddScaled(p.inverse[c], d[c], p.inverse[b])
		}
	}
	p.basis[b] = k
}
