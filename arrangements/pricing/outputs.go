package pricing

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/kernel"
	"github.com/convexnn/convexnn/internal/parallel"
)

// OutputsValue returns |V'(Xu)_+|, the price of a neuron with several outputs, for
// the rows of x (n x d), v (n x c) and u of length d.
func OutputsValue(x, v *mat.Dense, u []float64) float64 {
	_, c := v.Dims()
	sum := make([]float64, c)
	for i := range v.RawMatrix().Rows {
		if s := floats.Dot(x.RawRowView(i), u); s > 0 {
			floats.AddScaled(sum, s, v.RawRowView(i))
		}
	}
	return norm(sum)
}

// LocalOutputs searches for the direction of the largest |V'(Xu)_+| over unit
// vectors u, for the rows of x (n x d) and v (n x c): the price of a neuron whose
// outgoing weights are a vector, as in the dual of training with several outputs
// (Sahiner, Ergen, Pauly and Pilanci, ICLR 2021).
//
// With w the unit vector along V'(Xu)_+, the value at u is the scalar value for
// the weights Vw, and at any other direction it is at least that. So each step
// of scalar ascent from u, as in [Local], climbs, and so does the move to the
// direction that is best while no sample changes sides. The settings are those
// of [Local]; half of the starts are ascents for a random w.
//
// The result is a lower bound of theta(V), the largest value; Upper is +Inf
// unless V or x is zero. It is a function of x, v and the settings. If ctx is
// cancelled, the best so far is returned with its error. Other errors wrap
// [ErrShape] or [arrangements.ErrNonFinite].
func LocalOutputs(ctx context.Context, x, v *mat.Dense, settings LocalSettings) (Result, error) {
	if err := validateOutputs(x, v, settings.Given); err != nil {
		return Result{}, err
	}
	p, err := newOutputs(newCellData(x, nil), v, settings.Seed)
	if err != nil {
		return Result{}, err
	}
	if p.size == 0 {
		return Result{Exact: true, Closed: true}, nil
	}
	r := Result{Upper: math.Inf(1)}
	if found := p.search(ctx, settings); settings.NoPatterns {
		r.Found = p.cellData.directions(found, p.value)
		for k := range r.Found {
			r.Found[k].Pattern = arrangements.Pattern{}
		}
	} else {
		r.Found = p.directions(found, p.value)
	}
	if len(r.Found) > 0 {
		r.Value, r.Direction = r.Found[0].Value, r.Found[0].Vector
	}
	return r, ctx.Err()
}

// outputs is the scaled problem: the value is |sum C_i (y_i.u)_+| with rows C_i of
// length c.
type outputs struct {
	*cellData
	v    *mat.Dense // as given
	c    int
	w    []float64 // rows C_i
	exp  int
	size float64 // sum |C_i|
	seed uint64
}

func newOutputs(data *cellData, v *mat.Dense, seed uint64) (*outputs, error) {
	_, c := v.Dims()
	p := &outputs{cellData: data, v: v, c: c, seed: seed}
	var err error
	if p.w, p.exp, err = data.weights(mat.DenseCopyOf(v).RawMatrix().Data, c); err != nil {
		return nil, err
	}
	for i := range data.n {
		p.size += norm(p.weight(i))
	}
	return p, nil
}

func (p *outputs) weight(i int) []float64 { return p.w[i*p.c : (i+1)*p.c] }

// value is the value at u for the data as given.
func (p *outputs) value(u []float64) float64 {
	if p.long {
		return math.Ldexp(p.sum(make([]float64, p.c), u), p.exp)
	}
	return OutputsValue(p.x, p.v, u)
}

// sum stores sum C_i (y_i.u)_+ in s and returns its length.
func (p *outputs) sum(s, u []float64) float64 {
	clear(s)
	z := make([]float64, p.n)
	kernel.MulVec(z, p.unit, u)
	for i, z := range z {
		if z > 0 {
			floats.AddScaled(s, z, p.weight(i))
		}
	}
	return norm(s)
}

// search returns the best distinct candidates of many ascents.
func (p *outputs) search(ctx context.Context, settings LocalSettings) []candidate {
	count := orCount(settings.Starts, 64)
	found := make([]candidate, len(settings.Given)+count)
	parallel.For(len(found), func(k int) {
		if ctx.Err() != nil {
			return
		}
		if k < len(settings.Given) {
			found[k] = p.climb(ctx, settings.Given[k])
			return
		}
		k -= len(settings.Given)
		rng := rand.New(rand.NewPCG(settings.Seed, uint64(k)*0x9e3779b97f4a7c15))
		u := make([]float64, p.d)
		for j := range u {
			u[j] = rng.NormFloat64()
		}
		if k%2 == 1 {
			w := make([]float64, p.c)
			for j := range w {
				w[j] = rng.NormFloat64()
			}
			if k/2 < 2*p.c { // one output, up or down
				clear(w)
				w[k/4] = float64(1 - k/2%2*2)
			}
			few := LocalSettings{Starts: 4, Polish: -1, Kicks: -1, Seed: settings.Seed + uint64(k), Given: [][]float64{u}}
			if r, err := localSearch(ctx, p.matrix(), p.along(w), few); err == nil && r.Direction != nil {
				u = r.Direction
			}
		}
		found[len(settings.Given)+k] = p.climb(ctx, u)
	})
	top := shortlist{keep: orCount(settings.Polish, 4), list: withValue(found)}
	best := top.best()
	kicked := make([]candidate, len(best))
	parallel.For(len(best), func(k int) {
		kicked[k] = p.kick(ctx, best[k], orCount(settings.Kicks, 24), rand.New(rand.NewPCG(settings.Seed^kickStream, uint64(k))))
	})
	list := shortlist{keep: keepOf(settings.Keep), list: append(withValue(kicked), withValue(found)...)}
	return list.best()
}

// along returns the scalar weights Vw.
func (p *outputs) along(w []float64) []float64 {
	out := make([]float64, p.n)
	for i := range out {
		out[i] = floats.Dot(p.weight(i), w)
	}
	return out
}

// climb ascends from u until nothing is gained.
func (p *outputs) climb(ctx context.Context, u []float64) candidate {
	w := make([]float64, p.c)
	if l := norm(u); l > 0 {
		u = floats.ScaleTo(make([]float64, p.d), 1/l, u)
	}
	best := candidate{value: p.sum(w, u), u: u}
	for range 200 {
		if best.value <= 1e-13*p.size || ctx.Err() != nil {
			break
		}
		next := best
		if z := p.inCell(best.u); z != nil {
			for _, u := range [][]float64{z, negated(z)} {
				if value := p.sum(w, u); value > next.value {
					next = candidate{value: value, u: u}
				}
			}
		}
		p.sum(w, next.u)
		if u := p.ascend(ctx, next.u, p.along(w)); u != nil {
			if value := p.sum(w, u); value > next.value {
				next = candidate{value: value, u: u}
			}
		}
		gained := next.value > best.value*(1+1e-13)
		best = next
		if !gained {
			break
		}
	}
	if best.value <= 1e-13*p.size {
		return candidate{}
	}
	return best
}

// ascend returns the end of scalar ascent from u for the weights v, or nil. In space it
// spares localSearch's preparations, as the rows have unit length already.
func (p *outputs) ascend(ctx context.Context, u, v []float64) []float64 {
	scalar := &problem{x: p.matrix(), v: v, unit: p.unit, weight: v, maxIterations: 200 + 10*p.d}
	for i, w := range v {
		switch {
		case w > 0:
			scalar.plus = append(scalar.plus, i)
		case w < 0:
			scalar.minus = append(scalar.minus, i)
		}
		scalar.size += math.Abs(w)
	}
	if len(scalar.plus)+len(scalar.minus) == p.n && scalar.spatial() {
		return scalar.newAscent().climb(u).u
	}
	step := LocalSettings{Starts: -1, Polish: -1, Kicks: -1, Given: [][]float64{u}}
	r, err := localSearch(ctx, p.matrix(), v, step)
	if err != nil {
		return nil
	}
	return r.Direction
}

// inCell returns the unit vector that maximises |V'DXu| for the samples D active
// at u, wherever it lies.
func (p *outputs) inCell(u []float64) []float64 {
	b := make([]float64, p.c*p.d)
	z, column := make([]float64, p.n), make([]float64, p.n)
	kernel.MulVec(z, p.unit, u)
	for l := range p.c {
		for i, z := range z {
			column[i] = 0
			if z > 0 {
				column[i] = p.w[i*p.c+l]
			}
		}
		kernel.AddMulTransVec(b[l*p.d:(l+1)*p.d], 1, p.unit, column)
	}
	s := newSpectrum(p.c, p.d)
	if s.norm(b, 0) == 0 {
		return nil
	}
	return append([]float64(nil), s.direction(b)...)
}

// kick looks for better directions around one: by a full scalar search for its w,
// and by ascents from random directions near the best so far.
func (p *outputs) kick(ctx context.Context, best candidate, kicks int, rng *rand.Rand) candidate {
	w := make([]float64, p.c)
	for kicks > 0 && ctx.Err() == nil {
		p.sum(w, best.u)
		r, err := localSearch(ctx, p.matrix(), p.along(w), LocalSettings{Starts: 8, Polish: 1, Kicks: 8, Seed: rng.Uint64(), Given: [][]float64{best.u}})
		if err != nil || r.Direction == nil {
			break
		}
		to := p.climb(ctx, r.Direction)
		if to.value <= best.value*(1+1e-9) {
			break
		}
		best = to
	}
	u := make([]float64, p.d)
	for k := 0; k < kicks && ctx.Err() == nil; k++ {
		length := 0.2 * float64(1+k%6) // as in the scalar search
		for i := range u {
			u[i] = rng.NormFloat64()
		}
		floats.Scale(length/norm(u), u)
		floats.Add(u, best.u)
		if to := p.climb(ctx, u); to.value > best.value*(1+1e-9) {
			best = to
		}
	}
	return best
}

// directions turns candidates into directions with the patterns of cells that
// contain them.
func (p *outputs) directions(list []candidate, value func(u []float64) float64) []Direction {
	for k := range list {
		if cell, err := arrangements.CellAt(p.x, list[k].u); err == nil {
			list[k].active = cell.Pattern.Bits()
		}
	}
	return p.cellData.directions(list, value)
}

func withValue(list []candidate) []candidate {
	var out []candidate
	for _, c := range list {
		if c.u != nil && c.value > 0 {
			c.hill = true
			out = append(out, c)
		}
	}
	return out
}

// orCount reads a setting of which 0 is the default and negative means none.
func orCount(setting, otherwise int) int {
	if setting == 0 {
		return otherwise
	}
	return max(0, setting)
}

func keepOf(setting int) int {
	if setting <= 0 {
		return 16
	}
	return setting
}

func validateOutputs(x, v *mat.Dense, given [][]float64) error {
	n, _ := x.Dims()
	rows, c := v.Dims()
	if rows != n || c == 0 {
		return fmt.Errorf("pricing: %w: weights of %d x %d for %d rows", ErrShape, rows, c, n)
	}
	for k := range c {
		if err := validate(x, mat.Col(nil, k, v), given); err != nil {
			return fmt.Errorf("output %d: %w", k+1, err)
		}
	}
	return nil
}
