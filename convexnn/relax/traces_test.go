package relax_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/admm/conic"
	"github.com/convexnn/convexnn/convexnn/relax"
)

// stored is an instance of testdata/clarabel.json, with the optima of the programs as CVXPY
// and Clarabel found them in other forms; NaN or zero where they were not solved.
type stored struct {
	Name      string      `json:"name"`
	X         [][]float64 `json:"x"`
	Y         [][]float64 `json:"y"`
	Beta      float64     `json:"beta"`
	Moments   float64     `json:"moments"`
	SignSplit float64     `json:"sign_split"`
	Trace     float64     `json:"trace"`
	Gated     float64     `json:"gated"`
}

func dense(rows [][]float64) *mat.Dense {
	a := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, r := range rows {
		a.SetRow(i, r)
	}
	return a
}

func load(t *testing.T) []stored {
	t.Helper()
	data, err := os.ReadFile("testdata/clarabel.json")
	if err != nil {
		t.Fatal(err)
	}
	var out []stored
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// All programs have the optima that CVXPY and Clarabel find.
func TestAgainstClarabel(t *testing.T) {
	const tolerance = 3e-6 // that of the stored numbers
	for _, s := range load(t) {
		l := ladder(t, dense(s.X), dense(s.Y), s.Beta, relax.Settings{MaxIterations: 6000})
		check := func(what string, b relax.Bound, want float64) {
			if want == 0 {
				return
			}
			if math.Abs(b.Value-want) > (tolerance+10*b.Residual)*want || b.Residual > 1e-5 {
				t.Errorf("%s, %s: %.9g, want %.9g, residual %.2g", s.Name, what, b.Value, want, b.Residual)
			}
			if b.Lower > want*(1+tolerance) || b.Lower < want*(1-1e-4) {
				t.Errorf("%s, %s: proved %.9g of %.9g", s.Name, what, b.Lower, want)
			}
		}
		check("moments", *l.Moments, s.Moments)
		check("trace form", l.Trace.Bound, s.Trace)
		check("gated", l.Gated.Bound, s.Gated)
		if l.SignSplit != nil {
			check("sign split", *l.SignSplit, s.SignSplit)
		}
	}
}

// With several outputs the trace form can be below the optimum, which the prices of a
// network's residual prove all the same; local search is not below that.
func TestLoose(t *testing.T) {
	for _, s := range load(t) {
		if s.Name != "loose" {
			continue
		}
		x, y := dense(s.X), dense(s.Y)
		trace, r := recovered(t, problem(t, x, y, s.Beta))
		local := multistart(rand.New(rand.NewPCG(1, 75)), x, y, s.Beta, 14, 12)
		t.Logf("trace form %.9g (Clarabel %.9g), network in [%.9g, %.9g], local search %.9g", trace.Value, s.Trace, r.Lower, r.Objective, local)
		if trace.Exact() || r.Lower < s.Trace*1.005 || r.Gap() > 1e-7 || local < r.Lower {
			t.Errorf("trace form %.9g, network in [%.9g, %.9g], local search %.9g", s.Trace, r.Lower, r.Objective, local)
		}
		if got := objective(x, y, s.Beta, r.Network.Neurons); math.Abs(got-r.Objective) > 1e-12*got {
			t.Errorf("objective %.12g, by the formula %.12g", r.Objective, got)
		}
		return
	}
	t.Error("no such instance")
}

// The interior point method and ADMM on the program written out agree.
func TestTraceBothWays(t *testing.T) {
	for _, s := range load(t) {
		if s.Trace == 0 || len(s.X) > 5 {
			continue
		}
		p := problem(t, dense(s.X), dense(s.Y), s.Beta)
		trace, err := p.Trace(t.Context(), relax.TraceSettings{})
		if err != nil {
			t.Fatal(err)
		}
		program, err := trace.Program(0)
		if err != nil {
			t.Fatal(err)
		}
		b, err := program.Solve(t.Context(), conic.Settings{Tolerance: 1e-6, MaxIterations: 4000})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.8g and %.8g, proved %.8g, %v after %d", s.Name, trace.Value, b.Value, b.Lower, b.Status, b.Iterations)
		if math.Abs(b.Value-trace.Value) > 2e-4*trace.Value {
			t.Errorf("%s: %.8g by ADMM, %.8g by the interior point method", s.Name, b.Value, trace.Value)
		}
		if b.Lower > trace.Value {
			t.Errorf("%s: proved %.12g of a program with %.12g", s.Name, b.Lower, trace.Value)
		}
	}
}

func readCSV(t *testing.T, path string) *mat.Dense {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	a := mat.NewDense(len(records), len(records[0]), nil)
	for i, record := range records {
		for j, field := range record {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				t.Fatal(err)
			}
			a.Set(i, j, v)
		}
	}
	return a
}

// The reference optima of package convexnn, by an interior point method in Python on the
// program over all activation patterns.
func TestReference(t *testing.T) {
	var all []struct {
		Name         string
		Beta         float64
		Primal, Dual float64
	}
	data, err := os.ReadFile("../testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, s := range all {
		if !strings.HasPrefix(s.Name, "exact") {
			continue
		}
		tested++
		x, y := readCSV(t, "../testdata/"+s.Name+"_X.csv"), readCSV(t, "../testdata/"+s.Name+"_y.csv")
		trace, r := recovered(t, problem(t, x, y, s.Beta))
		slack := 1e-6 * s.Primal
		if r.Objective > s.Primal+slack || r.Objective < s.Dual-slack || r.Lower > s.Primal*(1+1e-9) || r.Lower < s.Dual-slack {
			t.Errorf("%s, beta %v: [%.10g, %.10g], want [%.10g, %.10g]", s.Name, s.Beta, r.Lower, r.Objective, s.Dual, s.Primal)
		}
		if math.Abs(trace.Value-s.Primal) > 3*slack {
			t.Errorf("%s, beta %v: trace form %.10g, want %.10g", s.Name, s.Beta, trace.Value, s.Primal)
		}
	}
	if tested < 6 {
		t.Errorf("%d instances", tested)
	}
}
