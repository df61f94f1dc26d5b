package pricing

import (
	"context"
	"math"
	"math/bits"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
	"github.com/convexnn/convexnn/internal/parallel"
)

// OutputsByCells computes theta(V), the largest |V'(Xu)_+| over unit vectors u, for
// the rows of x (n x d) and v (n x c) from every cell of a, the arrangement of the
// same x.
//
// On the closure of a cell with pattern D the value is |Bu| with B = V'DX, a
// convex function that may have many local maxima there. But one in the interior
// of the cell is a local maximum over the whole sphere, where |Bu| has no others
// than the leading right singular vectors of B. So the largest value of a cell is
// the norm of B, if a leading vector lies in the cell, and is attained on the
// boundary otherwise. The boundaries of all cells make up the hyperplanes
// {u : x_i.u = 0}, and on each of these the same holds for the arrangement in it:
// theta(V) is found by recursion over the flats of the arrangement, each visited
// once. Flats of dimension two are swept by angle.
//
// The directions found come with the pattern of a cell that contains them. The
// other fields and the errors are as for [ByCells]: about as many faces as cells are
// looked at. If ctx is cancelled, the best directions so far are returned with its
// error, and Upper is a bound that holds without cells, sum |V_i||x_i|.
func OutputsByCells(ctx context.Context, x *mat.Dense, a *arrangements.Arrangement, v *mat.Dense, settings CellSettings) (Result, error) {
	if err := validateOutputs(x, v, settings.Given); err != nil {
		return Result{}, err
	}
	if err := settings.check(x, a); err != nil {
		return Result{}, err
	}
	p, err := newOutputs(newCellData(x, a), v, settings.Seed)
	if err != nil {
		return Result{}, err
	}
	if p.size == 0 {
		return Result{}.finish(0, 0, settings), nil
	}
	keep := keepOf(settings.Keep)
	list := shortlist{keep: keep}
	list.list = p.search(ctx, LocalSettings{Given: settings.Given, Seed: settings.Seed, Keep: keep})
	mark := math.Ldexp(max(0, settings.Floor), -p.exp)
	if len(list.list) > 0 {
		if best := list.list[0].value; settings.Floor <= 0 {
			mark = best * (1 - 1e-9) // the face that has it is looked into
		} else {
			mark = max(mark, best/2)
		}
	}
	f := &flats{c: p.c, keep: keep, mark: mark}
	basis := newRowSpace(p.cellData, a.Rank())
	top := basis.lines(p)
	upper := mark
	if err = ctx.Err(); err == nil {
		var found face
		if found, err = f.all(ctx, a, top); err == nil {
			upper = max(upper, found.upper) + found.slack
		}
		for _, c := range found.list.list {
			c.u = basis.lift(c.u)
			list.list = append(list.list, c)
		}
	}
	if err != nil {
		upper = math.Inf(1)
	}
	// Rows are moved by shift and rest, which moves values, the walls of cells and
	// the flats, and by flatTolerance in each dimension of a flat; and sums round.
	allowance := 3*(floats.Max(p.shift)+floats.Max(basis.rest)) + float64(p.d)*8*flatTolerance + 8*p.roundoff()
	upper = min(upper+p.size*allowance, p.size*(1+4*p.roundoff()))
	r := Result{Found: p.directions(list.best(), p.value)}
	return r.finish(p.scaledUp(upper, p.exp), math.Ldexp(1e-12*p.size, p.exp), settings), err
}

// flatTolerance is the sine of the angle up to which rows count as parallel, or
// as orthogonal to a flat, in the recursion. Moving a unit vector by it moves a
// value by at most that times sum |C_i|.
const flatTolerance = 1e-14

// flats is the recursion over flats.
type flats struct {
	c, keep int
	mark    float64 // values up to this do not matter
}

// A face is what was found in a flat: a bound on the values there, not counting
// those up to the mark, and directions in coordinates of the flat.
type face struct {
	upper float64
	slack float64 // what has to be added to that and to the mark
	list  shortlist
}

func (f *flats) newFace() face { return face{list: shortlist{keep: f.keep}} }

// take notes a maximum of a closed face of the arrangement.
func (e *face) take(upper float64, u []float64, value float64) {
	e.upper = max(e.upper, upper)
	if value > e.list.bar() {
		e.list.add(candidate{value: value, u: append([]float64(nil), u...), hill: true})
	}
}

// merge adds what was found in a part of the flat, lifted by one dimension.
func (e *face) merge(part face, lift func(u []float64) []float64) {
	e.upper, e.slack = max(e.upper, part.upper), max(e.slack, part.slack)
	for _, c := range part.list.list {
		c.u = lift(c.u)
		e.list.add(c)
	}
}

// all searches the space that the lines of all samples span, whose cells are those
// of a.
func (f *flats) all(ctx context.Context, a *arrangements.Arrangement, rows *lines) (face, error) {
	if rows.k <= 2 {
		return f.small(rows), nil
	}
	out, err := f.interior(ctx, a, rows)
	if err == nil {
		err = f.boundary(ctx, &out, rows.merged(), -1)
	}
	return out, err
}

// small searches a space of dimension at most two.
func (f *flats) small(rows *lines) face {
	if rows.k == 2 {
		return f.plane(rows)
	}
	out := f.newFace()
	if rows.k == 0 {
		return out
	}
	for _, u := range []float64{1, -1} {
		s := make([]float64, f.c)
		for j := range rows.first {
			w, scale := rows.plus, rows.y[j]*u
			if scale < 0 {
				w, scale = rows.minus, -scale
			}
			addOuter(s, scale, w[j*f.c:(j+1)*f.c], []float64{1})
		}
		if value := norm(s); value > f.mark {
			out.take(value, []float64{u}, value)
		}
	}
	return out
}

// boundary searches the hyperplanes of the lines after number last, in parallel.
func (f *flats) boundary(ctx context.Context, out *face, all *lines, last int) error {
	parts := make([]face, len(all.first))
	errs := make([]error, len(all.first))
	turns := make([]reflection, len(all.first))
	parallel.For(len(all.first), func(j int) {
		// A flat is reached from each order of lines that cut it out; one counts.
		if all.first[j] <= last {
			return
		}
		if errs[j] = ctx.Err(); errs[j] != nil {
			return
		}
		turns[j] = newReflection(all.row(j))
		parts[j], errs[j] = f.flat(ctx, all.within(turns[j]), all.first[j])
	})
	for j, part := range parts {
		if errs[j] != nil {
			return errs[j]
		}
		out.merge(part, turns[j].lift)
	}
	return nil
}

// flat searches a flat with the given lines in it.
func (f *flats) flat(ctx context.Context, rows *lines, last int) (face, error) {
	if rows.k <= 2 {
		return f.small(rows), nil
	}
	rows = rows.merged()
	if len(rows.first) == 0 {
		return f.newFace(), nil // all lines vanish here, and so does the value
	}
	a, err := arrangements.NewArrangement(rows.matrix())
	if err != nil {
		return f.newFace(), err
	}
	out, err := f.interior(ctx, a, rows)
	if err == nil {
		err = f.boundary(ctx, &out, rows, last)
	}
	if shift := a.Shift(); shift != nil {
		// The cells are those of rows moved by this, their walls and values with them.
		out.slack += 3 * floats.Max(shift) * rows.size()
	}
	return out, err
}

// A facePiece is the state of one piece of a visit.
type facePiece struct {
	face
	*spectrum
	seen    bitset.Set // the last cell or its opposite
	base    []float64  // the matrix B of seen, c x k
	updates int        // terms since base was last summed
	b       []float64  // the matrix B of the cell
}

// interior looks for maxima in the interior of the cells.
func (f *flats) interior(ctx context.Context, a *arrangements.Arrangement, rows *lines) (face, error) {
	pieces := make([]*facePiece, max(1, a.Pieces()))
	whole := rows.whole()
	err := a.Visit(ctx, func(index int, active bitset.Set) {
		p := pieces[index]
		if p == nil {
			p = &facePiece{
				face: f.newFace(), spectrum: newSpectrum(f.c, rows.k),
				base: make([]float64, f.c*rows.k), b: make([]float64, f.c*rows.k),
			}
			pieces[index] = p
		}
		p.move(rows, whole, active)
		mark := max(f.mark, p.list.bar())
		length := p.norm(p.b, mark)
		if length <= mark {
			return
		}
		z := p.direction(p.b)
		if sign := rows.side(z, active); sign != 0 {
			for k := range z {
				z[k] *= sign
			}
			p.take(length, z, length)
		}
	})
	out := f.newFace()
	for _, p := range pieces {
		if p != nil {
			out.merge(p.face, func(u []float64) []float64 { return u })
		}
	}
	return out, err
}

// move sets b to the matrix of a cell, from that of the last one or of its opposite
// as in the scalar case. The matrices of a cell and of its opposite add up to whole.
func (p *facePiece) move(rows *lines, whole []float64, active bitset.Set) {
	n := len(rows.first)
	changed, opposite := n, uint64(0)
	if p.seen == nil {
		p.seen, p.updates = bitset.New(n), n+1
	} else {
		changed = 0
		for w, word := range p.seen {
			changed += bits.OnesCount64(word ^ active[w])
		}
		if 2*changed > n {
			changed, opposite = n-changed, ^uint64(0)
		}
	}
	if p.updates += changed; p.updates > n {
		clear(p.seen)
		p.updates = 0
		rows.inactive(p.base)
	}
	for w, word := range active {
		word ^= opposite
		diff := word ^ p.seen[w]
		if left := n - w*64; left < 64 {
			diff &= 1<<uint(left) - 1
		}
		p.seen[w] ^= diff
		for ; diff != 0; diff &= diff - 1 {
			b := bits.TrailingZeros64(diff)
			scale := -1.0
			if word>>uint(b)&1 != 0 {
				scale = 1
			}
			addOuter(p.base, scale, rows.weight(rows.both, w*64+b), rows.row(w*64+b))
		}
	}
	if opposite == 0 {
		copy(p.b, p.base)
	} else {
		floats.SubTo(p.b, whole, p.base)
	}
}
