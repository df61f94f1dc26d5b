package pricing

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/internal/bitset"
)

// Bounds hold where the cells are those of rows nearby. Usual data hide what is
// off by rounding only: here the rows are off by enough to see.

// shiftedCell returns a pass over the rows y_0 = (0.8, -0.6) with weight 1 and
// y_1 = (0, 1) with weight w, which is off by shift, and its cell where both are
// active, where u = (sqrt(1 - shift^2), -shift) may be and has a value of
// 0.8 sqrt(1 - shift^2) + 0.6 shift.
func shiftedCell(t *testing.T, w, shift float64) (*cellPass, *cellPiece, bitset.Set, float64) {
	t.Helper()
	data := newCellData(mat.NewDense(2, 2, []float64{0.8, -0.6, 0, 1}), nil)
	data.shift[1] = shift
	p, err := newCellPass(data, 1, []float64{1, w}, CellSettings{})
	if err != nil {
		t.Fatal(err)
	}
	both := bitset.New(2)
	both.Add(0)
	both.Add(1)
	piece := p.newPiece()
	p.gradient(piece, both)
	value := 0.8*math.Sqrt(1-shift*shift) + 0.6*shift
	return p, piece, both, math.Ldexp(value, -p.exp)
}

func TestPriceOfShiftedCell(t *testing.T) {
	for _, w := range []float64{0, 0.3, 0.6} {
		for _, shift := range []float64{0, 0.01, 0.1} {
			p, piece, both, value := shiftedCell(t, w, shift)
			_, upper := p.price(piece, 0, both, 0)
			// At most as much as the multiplier, 0.6 - w, and twice the weight give.
			most := math.Ldexp(0.8+(0.6-w)*shift+2*w*shift, -p.exp)
			if upper < value || upper > most*(1+1e-13) {
				t.Errorf("weight %g, shift %g: bound %.16g, want at least %.16g and at most %.16g", w, shift, upper, value, most)
			}
		}
	}
}

func TestHeldBackByShiftedRow(t *testing.T) {
	p, piece, both, value := shiftedCell(t, 0, 0.1)
	piece.warm[0][0] = []int{1}
	square := floats.Dot(piece.g, piece.g)
	for _, c := range []struct {
		room float64
		want bool
	}{
		{value * 0.95, false}, // above 0.8, the price of the cell without shift
		{value * 0.999, false},
		{value * 1.01, true},
	} {
		if got := p.heldBack(piece, 0, both, square, c.room); got != c.want {
			t.Errorf("room %g of %g: held back is %v", c.room, value, got)
		}
	}
	// The same cell of -v has the opposite gradient, which the row does not hold back.
	piece.warm[1][0] = []int{1}
	if p.heldBack(piece, 1, both, square, value*1.01) {
		t.Error("held back on the wrong side")
	}
}

// A visit of the cells of other rows at a known distance bounds the values.
func TestVisitOfShiftedCells(t *testing.T) {
	near := 0
	for trial := range 150 {
		rng := rand.New(rand.NewPCG(6, uint64(trial)))
		n, d := 4+rng.IntN(8), 2+rng.IntN(3)
		distance := []float64{1e-1, 1e-2, 1e-3}[trial%3]
		y, z := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		v, off := make([]float64, n), make([]float64, n)
		for i := range n {
			row, other, e := y.RawRowView(i), z.RawRowView(i), make([]float64, d)
			for k := range d {
				row[k], e[k] = rng.NormFloat64(), distance*rng.NormFloat64()
			}
			floats.Scale(1/norm(row), row)
			floats.AddTo(other, row, e)
			off[i], v[i] = norm(e), rng.NormFloat64()
		}
		a, err := arrangements.NewArrangement(z)
		if err != nil {
			t.Fatal(err)
		}
		data := newCellData(y, a)
		floats.Add(data.shift, off)
		p, err := newCellPass(data, a.Pieces(), v, CellSettings{})
		if err != nil {
			t.Fatal(err)
		}
		var found [2]float64 // values that are attained
		for k := range p.side {
			local, err := Local(context.Background(), y, p.side[k].v, LocalSettings{})
			if err != nil {
				t.Fatal(err)
			}
			found[k] = local.Value
			p.side[k].mark = math.Ldexp(0.3*found[k], -p.exp)
		}
		if err := a.Visit(context.Background(), p.visit); err != nil {
			t.Fatal(err)
		}
		for k, value := range found {
			upper := p.side[k].mark
			for _, piece := range p.pieces {
				if piece != nil {
					upper = max(upper, piece.upper[k])
				}
			}
			if upper = math.Ldexp(upper, p.exp); upper < value {
				t.Errorf("trial %d, sign %d: bound %g, a value of %g", trial, k, upper, value)
			}
			if upper < 1.5*value {
				near++
			}
		}
	}
	if near < 100 {
		t.Errorf("only %d of 300 bounds are near the value", near)
	}
}

// The shift of the arrangement joins the rounding of the rows.
func TestShiftOfCellData(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 200))
	const n = 12
	x := mat.NewDense(n, 4, nil)
	for i := range n {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x.SetRow(i, []float64{a, b, 1, (a+b)/3 - 0.1})
	}
	a, err := arrangements.NewArrangement(x)
	if err != nil {
		t.Fatal(err)
	}
	shift := a.Shift()
	if shift == nil {
		t.Fatal("the rank is exact")
	}
	alone, data := newCellData(x, nil), newCellData(x, a)
	for i, s := range shift {
		want := alone.shift[i] + s/norm(x.RawRowView(i))
		if !(s > 0) || math.Abs(data.shift[i]-want) > 1e-12*want {
			t.Errorf("row %d: %g, want %g", i, data.shift[i], want)
		}
	}
}

// What is passed over counts as the mark in the bound, to the last bit.
func TestUpperCoversTheMark(t *testing.T) {
	x := mat.NewDense(3, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
	for _, mark := range []float64{7, 7.5, 8} { // theta is 7, and sum v_i is 11
		if _, r := visited(t, x, []float64{2, 3, 6}, 4, mark); r[0].Upper < mark || r[0].Upper > mark*(1+1e-13) {
			t.Errorf("mark %g: upper bound %.17g", mark, r[0].Upper)
		}
	}
}

// A flat in which all lines vanish holds no value.
func TestFlatWithoutLines(t *testing.T) {
	f := &flats{c: 1, keep: 1}
	rows := &lines{k: 3, c: 1}
	rows.add([]float64{0, 0, 0}, []float64{1}, []float64{1}, 1, 0)
	found, err := f.flat(context.Background(), rows, 0)
	if err != nil || found.upper != 0 || len(found.list.list) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
