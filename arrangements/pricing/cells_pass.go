package pricing

import (
	"context"
	"math"
	"math/bits"
	"sync"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/qp"
)

// A cellPass is one visit of the cells for v and -v. What a cell is compared with
// is fixed before the visit, or comes from the same piece of it, whose cells are
// visited in a fixed order: so the result does not depend on the number of
// threads.
type cellPass struct {
	*cellData
	settings   CellSettings
	keep       int
	exp        int
	size       float64   // sum |c_i|
	rows       []float64 // c_i y_i, n x d
	total      []float64 // their sum
	side       [2]cellSide
	projectors sync.Pool
	pieces     []*cellPiece
}

// A cellSide is what the pass knows about one of v and -v before the visit.
type cellSide struct {
	v        []float64 // as given
	c        []float64 // scaled
	some     bool      // whether some v_i > 0 has x_i != 0; theta is 0 otherwise
	positive float64   // sum of the positive c_i, 0 if they are lost in underflow
	floor    float64   // as given, scaled
	mark     float64   // cells whose price is at most this are passed over
	found    []candidate
	// slack bounds the difference of the value and the computed g.u in the cell,
	// for unit vectors u: see price.
	slack float64
}

// A cellPiece is the state of one piece of the visit. Projectors are not part of
// it, since there may be many more pieces than threads.
type cellPiece struct {
	seen    bitset.Set // the last cell or its opposite
	base    []float64  // sum of c_i y_i over seen
	updates int        // terms since base was last summed from zero
	g       []float64  // sum of c_i y_i over the cell
	u       []float64
	turned  int         // 1 if the cell is opposite to seen
	warm    [2][2][]int // what last held a projection back, by sign and turned
	upper   [2]float64
	found   [2]shortlist
	cells   int64
}

func newCellPass(data *cellData, pieces int, v []float64, settings CellSettings) (*cellPass, error) {
	c, exp, err := data.weights(v, 1)
	if err != nil {
		return nil, err
	}
	p := &cellPass{cellData: data, settings: settings, exp: exp, keep: keepOf(settings.Keep)}
	p.side[0] = cellSide{v: v, c: c}
	p.side[1] = cellSide{v: negated(v), c: negated(c)}
	p.rows, p.total = make([]float64, data.n*data.d), make([]float64, data.d)
	for i, w := range c {
		p.size += math.Abs(w)
		floats.ScaleTo(p.rows[i*data.d:(i+1)*data.d], w, data.row(i))
		floats.Add(p.total, p.rows[i*data.d:(i+1)*data.d])
	}
	for k := range p.side {
		s := &p.side[k]
		shifted := 0.0
		for i, w := range s.c {
			s.positive += max(w, 0)
			s.some = s.some || s.v[i] > 0 && data.length[i] > 0
			shifted += math.Abs(w) * data.shift[i]
		}
		// g is the difference of sums of at most n and 2n terms. Each addition errs by
		// the unit roundoff times a partial sum, none of which is longer than size,
		// and each term by as much again; see roundoff for the weights.
		s.slack = 2*shifted + p.size*(6*float64(data.n+1)*unitRoundoff+p.roundoff())
	}
	first := qp.NewConeProjector(data.unit)
	p.projectors.New = func() any { return first.Clone() }
	p.pieces = make([]*cellPiece, pieces)
	return p, nil
}

// start finds directions by local search and sets the mark.
func (p *cellPass) start(ctx context.Context, k int) error {
	s := &p.side[k]
	s.floor = math.Ldexp(max(0, p.settings.Floor), -p.exp)
	s.mark = s.floor
	if s.positive == 0 {
		return nil
	}
	local, err := localSearch(ctx, p.matrix(), s.c, LocalSettings{Given: p.settings.Given, Seed: p.settings.Seed, Keep: p.keep})
	starts := local.Found
	if len(starts) == 0 && local.Direction != nil {
		starts = []Direction{{Vector: local.Direction}}
	}
	piece := p.newPiece()
	for _, dir := range starts {
		// The direction stays, should its cell not show its value: see CellAt.
		value := Value(p.matrix(), s.c, dir.Vector)
		active := bitset.Set(nil)
		if cell, err := arrangements.CellAt(p.x, dir.Vector); err == nil {
			active = cell.Pattern.Bits()
			clear(piece.g)
			for i := range p.n {
				if active.Has(i) {
					floats.Add(piece.g, p.rows[i*p.d:(i+1)*p.d])
				}
			}
			if c, _ := p.price(piece, k, active, 0); c.value >= value*(1-1e-9) {
				s.found = append(s.found, c)
				continue
			}
		}
		s.found = append(s.found, candidate{value: value, u: dir.Vector, active: active})
	}
	list := shortlist{keep: p.keep, list: s.found}
	switch s.found = list.best(); {
	case len(s.found) == 0:
	case p.settings.Floor <= 0:
		// Just below the best value, so that the cell that has it is looked into.
		s.mark = s.found[0].value * (1 - 1e-9)
	default:
		s.mark = max(s.mark, s.found[0].value/2, list.bar())
	}
	return err
}

func (p *cellPass) newPiece() *cellPiece {
	piece := &cellPiece{g: make([]float64, p.d), u: make([]float64, p.d)}
	for k := range piece.found {
		piece.found[k].keep = p.keep
	}
	return piece
}

// visit prices a cell for both signs.
func (p *cellPass) visit(index int, active bitset.Set) {
	piece := p.pieces[index]
	if piece == nil {
		piece = p.newPiece()
		p.pieces[index] = piece
	}
	piece.cells++
	p.gradient(piece, active)
	square := 0.0
	for _, e := range piece.g {
		square += e * e
	}
	for k := range p.side {
		s := &p.side[k]
		mark := max(s.mark, piece.found[k].bar())
		// |g| bounds the price.
		if room := mark - s.slack; s.positive == 0 || room > 0 && (square <= room*room*(1-8*p.roundoff()) || p.heldBack(piece, k, active, square, room)) {
			continue
		}
		c, upper := p.price(piece, k, active, mark)
		if upper <= mark {
			continue
		}
		piece.upper[k] = max(piece.upper[k], upper)
		if c.value > mark {
			c.active = active.Clone()
			piece.found[k].add(c)
		}
	}
}

// heldBack reports whether one of the constraints that held the last projection
// back does so well enough: alone it leaves sqrt(|g|^2 - (y_i.g)^2) of g.
func (p *cellPass) heldBack(piece *cellPiece, k int, active bitset.Set, square, room float64) bool {
	for _, i := range piece.warm[k][piece.turned] {
		dot := 0.0
		g := piece.g
		for j, e := range p.row(i)[:len(g)] {
			dot += e * g[j]
		}
		if active.Has(i) != (k == 1) {
			dot = -dot
		}
		// Now dot is the multiplier lambda, if positive: see price.
		if left := room - dot*p.shift[i]; dot > 0 && left > 0 && square-dot*dot <= left*left-8*p.roundoff()*square {
			return true
		}
	}
	return false
}

// gradient sets piece.g to the sum over the active samples, from that of the cell
// at hand or of its opposite by the samples that differ. Visits pass from cells to
// their opposites or to near ones, so that few do.
func (p *cellPass) gradient(piece *cellPiece, active bitset.Set) {
	changed, opposite := p.n, uint64(0)
	piece.turned = 0
	if piece.seen == nil {
		piece.seen, piece.base = bitset.New(p.n), make([]float64, p.d)
	} else {
		changed = 0
		for w, word := range piece.seen {
			changed += bits.OnesCount64(word ^ active[w])
		}
		if 2*changed > p.n {
			changed, opposite, piece.turned = p.n-changed, ^uint64(0), 1
		}
	}
	if piece.updates += changed; piece.updates > p.n {
		clear(piece.seen)
		clear(piece.base)
		piece.updates = 0
	}
	d := p.d
	base := piece.base[:d]
	for w, word := range active {
		word ^= opposite
		diff := word ^ piece.seen[w]
		if left := p.n - w*64; left < 64 {
			diff &= 1<<uint(left) - 1
		}
		piece.seen[w] ^= diff
		for ; diff != 0; diff &= diff - 1 {
			b := bits.TrailingZeros64(diff)
			row := p.rows[(w*64+b)*d:][:len(base)]
			if word>>uint(b)&1 != 0 {
				for k, e := range row {
					base[k] += e
				}
			} else {
				for k, e := range row {
					base[k] -= e
				}
			}
		}
	}
	if opposite == 0 {
		copy(piece.g, base)
	} else {
		floats.SubTo(piece.g, p.total, base)
	}
}

// price projects the gradient of side k onto the cone of a cell. It returns a
// bound of the values in the cell, and the direction of the projection with its
// value; or, as soon as the bound is at most mark, a bound that says so.
//
// The bound allows for y_i being off the row z_i of the arrangement by shift_i. A
// unit vector u of the cell has s_i z_i.u >= 0, hence s_i y_i.u >= -shift_i. There
// the value is g.u + sum c_i ((y_i.u)_+ - D_i y_i.u), where each bracket is
// between 0 and shift_i, and for any lambda >= 0
//
//	g.u <= (g + sum lambda_i s_i y_i).u + sum lambda_i shift_i
//	    <= |g + A'lambda| + sum lambda_i shift_i.
//
// The value at x differs from that at y by sum |c_i| shift_i at most. Both are in
// the slack, with the rounding of g.
func (p *cellPass) price(piece *cellPiece, k int, active bitset.Set, mark float64) (candidate, float64) {
	s := &p.side[k]
	g := piece.u
	copy(g, piece.g)
	if k == 1 {
		floats.Scale(-1, g)
	}
	length := norm(g)
	warm := &piece.warm[k][piece.turned]
	proj := p.projectors.Get().(*qp.ConeProjector)
	defer p.projectors.Put(proj)
	res := proj.Project(g, g, active, *warm, max(0, mark-s.slack))
	terms, shifted := length, 0.0
	for j, i := range res.Active {
		terms += res.Lambda[j]
		shifted += res.Lambda[j] * p.shift[i]
	}
	*warm = append((*warm)[:0], res.Active...)
	upper := min(length, res.Norm+shifted+8*p.roundoff()*terms) + s.slack
	u := g
	l := norm(u)
	if upper <= mark || l <= 1e-13*p.size {
		return candidate{}, upper
	}
	floats.Scale(1/l, u)
	c := candidate{value: Value(p.matrix(), s.c, u)}
	c.u = append(c.u, u...)
	c.active = active
	c.hill = c.value > s.floor
	// A facet that holds the projection back is the foot of a higher cell, unless
	// the value turns down there by more than it rises.
	for j, i := range res.Active {
		if lambda := res.Lambda[j]; lambda > 1e-9*l && lambda > -s.c[i]*(1+1e-9) {
			c.hill = false
		}
	}
	return c, upper
}
