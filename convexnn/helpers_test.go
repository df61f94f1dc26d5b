package convexnn_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

func dense(rows ...[]float64) *mat.Dense {
	x := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, r := range rows {
		x.SetRow(i, r)
	}
	return x
}

func testdata(t testing.TB, name string) *mat.Dense {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(read(t, name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := mat.NewDense(len(records), len(records[0]), nil)
	for i, record := range records {
		for l, field := range record {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				t.Fatal(err)
			}
			m.Set(i, l, v)
		}
	}
	return m
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// allCells returns every cell of a small arrangement but the one that is active
// nowhere, by brute force: so many random gates that none of count is missed.
// count includes the inactive cell where there is one.
func allCells(t testing.TB, x *mat.Dense, count int) []arrangements.Cell {
	t.Helper()
	cells, stats, err := arrangements.Sample(context.Background(), x, 10*count, arrangements.SampleSettings{Seed: 1, Patience: 200000})
	if err != nil {
		t.Fatal(err)
	}
	found := len(cells)
	if stats.Inactive > 0 {
		found++
	}
	if found != count {
		t.Fatalf("%d cells found, there are %d", found, count)
	}
	return cells
}

func solve(t testing.TB, spec convexnn.Spec, tol float64) *convexnn.Solution {
	t.Helper()
	p, err := convexnn.NewProgram(spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Solve(context.Background(), convexnn.SolveSettings{Tolerance: tol})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// isWithin fails unless the proved bracket of s is as narrow as tol relative to
// its top and holds want up to tol.
func isWithin(t testing.TB, what string, s *convexnn.Solution, want, tol float64) {
	t.Helper()
	if s.Gap > tol {
		t.Errorf("%s: gap %.3g, want at most %.3g (%v)", what, s.Gap, tol, s.Status)
	}
	slack := tol * math.Max(want, 1e-12)
	if s.LowerBound > want+slack || s.Objective < want-slack || s.Objective > want+slack {
		t.Errorf("%s: [%.12g, %.12g] against %.12g", what, s.LowerBound, s.Objective, want)
	}
}
