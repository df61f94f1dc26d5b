package arrangements_test

import (
	"context"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
)

// byRestriction counts the cells of integer rows: those without the last
// hyperplane, and those that it cuts in two, which are the cells in it.
func byRestriction(rows [][]*big.Int) int64 {
	seen := map[string]bool{}
	var lines [][]*big.Int
	for _, row := range rows {
		// A line has one vector whose first entry that is not zero is 1.
		var lead *big.Int
		key := ""
		for _, v := range row {
			if lead == nil && v.Sign() != 0 {
				lead = v
			}
			if lead != nil {
				key += new(big.Rat).SetFrac(v, lead).String() + " "
			} else {
				key += "0 "
			}
		}
		if lead != nil && !seen[key] {
			seen[key] = true
			lines = append(lines, row)
		}
	}
	if len(lines) < 2 {
		return 1 << len(lines)
	}
	rest, last := lines[:len(lines)-1], lines[len(lines)-1]
	p := 0
	for last[p].Sign() == 0 {
		p++
	}
	var within [][]*big.Int
	for _, row := range rest {
		var cut []*big.Int
		for k, v := range row {
			if k != p {
				a, b := new(big.Int).Mul(v, last[p]), new(big.Int).Mul(row[p], last[k])
				cut = append(cut, a.Sub(a, b))
			}
		}
		within = append(within, cut)
	}
	return byRestriction(rest) + byRestriction(within)
}

// hard returns data of many kinds that are hard for rounding: entries of any size
// and sign of zero or more, dependent rows and rows that are nearly so.
func hard(rng *rand.Rand, trial int) *mat.Dense {
	n, d := 1+rng.IntN(8), 1+rng.IntN(4)
	x := mat.NewDense(n, d, nil)
	units := make([]float64, d)
	for k := range units {
		units[k] = math.Pow(10, float64(rng.IntN(560)-280))
	}
	kinds := []float64{0, 1, -1, 5e-324, -1e-308, 1e308, -math.MaxFloat64, 0x1p-53, 1 + 0x1p-52}
	x.Apply(func(i, k int, _ float64) float64 {
		v := float64(rng.IntN(5) - 2)
		switch trial % 6 {
		case 1:
			v = rng.NormFloat64()
		case 2:
			v += float64(rng.IntN(5)-2) * 0x1p-50
		case 3:
			v *= units[k]
		case 4:
			v = kinds[rng.IntN(len(kinds))]
		case 5:
			v *= math.Ldexp(1, 60*rng.IntN(3))
		}
		return v
	}, x)
	for i := 1; i < n; i++ {
		if rng.IntN(4) == 0 {
			from, by := x.RawRowView(rng.IntN(i)), []float64{1, -1, 0.5}[rng.IntN(3)]
			for k, v := range from {
				if v *= by; rng.IntN(4) == 0 {
					v = math.Nextafter(v, 0)
				}
				x.Set(i, k, v)
			}
		}
	}
	return x
}

// The number of cells is that of deletion and restriction, and where a margin is
// given the witness has the pattern in exact arithmetic.
func TestCellsAgainstRestriction(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 2))
	exact, shown := 0, 0
	for trial := range 600 {
		x := hard(rng, trial)
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		if a.Shift() != nil {
			continue // the cells are those of other data
		}
		exact++
		want := byRestriction(wholeRows(x))
		if got, err := a.Count(context.Background()); err != nil || got != want {
			t.Errorf("trial %d: %d cells, want %d, %v, of\n%v", trial, got, want, err, mat.Formatted(x))
			continue
		}
		patterns := map[string]bool{}
		n, d := x.Dims()
		for c, err := range a.Cells(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			patterns[c.Pattern.String()] = true
			if c.Margin == 0 {
				continue
			}
			shown++
			for i := range n {
				// All bits of a product, and of the sum.
				dot, row := new(big.Float).SetPrec(5000), x.RawRowView(i)
				zero := true
				for k := range d {
					v := new(big.Float).SetPrec(5000).SetFloat64(row[k])
					dot.Add(dot, v.Mul(v, big.NewFloat(c.Witness[k])))
					zero = zero && row[k] == 0
				}
				if !zero && (dot.Sign() == 0 || dot.Sign() > 0 != c.Pattern.Active(i)) {
					t.Fatalf("trial %d: the witness %v of margin %g is not in its cell of\n%v", trial, c.Witness, c.Margin, mat.Formatted(x))
				}
			}
		}
		if int64(len(patterns)) != want {
			t.Errorf("trial %d: %d patterns, want %d, of\n%v", trial, len(patterns), want, mat.Formatted(x))
		}
	}
	if exact < 400 || shown < 4000 {
		t.Errorf("only %d matrices and %d witnesses were compared", exact, shown)
	}
}
