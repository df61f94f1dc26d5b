package convexnn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// reference is an entry of testdata/values.json: optima bracketed by an interior
// point method (testdata/README.md).
type reference struct {
	Name, Kind         string
	P                  int
	Beta, Primal, Dual float64
}

func TestReferenceInstances(t *testing.T) {
	var list []reference
	if err := json.Unmarshal(read(t, "values.json"), &list); err != nil {
		t.Fatal(err)
	}
	for _, ref := range list {
		t.Run(fmt.Sprintf("%s/%s/%g", ref.Name, strings.Fields(ref.Kind)[0], ref.Beta), func(t *testing.T) {
			spec := convexnn.Spec{X: testdata(t, ref.Name+"_X.csv"), Beta: ref.Beta}
			spec.Y = mat.Col(nil, 0, testdata(t, ref.Name+"_y.csv"))
			if strings.HasPrefix(ref.Kind, "exact") {
				spec.Cells = allCells(t, spec.X, ref.P)
			} else {
				var err error
				if spec.Cells, err = arrangements.FromGates(spec.X, testdata(t, ref.Name+"_G.csv")); err != nil {
					t.Fatal(err)
				}
				if len(spec.Cells) != ref.P {
					t.Fatalf("%d patterns, want %d", len(spec.Cells), ref.P)
				}
			}
			if strings.Contains(ref.Kind, "GReLU") {
				spec.Model = convexnn.Gated
			}
			s := solve(t, spec, 1e-7)
			if s.Objective > ref.Primal+1e-6 || s.Objective < ref.Dual-1e-6 || s.LowerBound > ref.Primal+1e-9 {
				t.Errorf("[%.10f, %.10f] against the reference's [%.10f, %.10f]", s.LowerBound, s.Objective, ref.Dual, ref.Primal)
			}
			if s.Gap > 1e-6 || math.Abs(s.Objective-ref.Primal) > 1e-6*ref.Primal {
				t.Errorf("gap %.2g, relative distance to the reference %.2g", s.Gap, s.Objective/ref.Primal-1)
			}
		})
	}
}

// trace is an entry of testdata/clarabel.json, made by
// bench/oracles/make_traces.py with CVXPY and Clarabel.
type trace struct {
	Kind             string
	X, Gates         [][]float64
	Y                []float64
	Beta             float64
	Gated, Intercept bool
	Primal, Dual     float64
}

func (tr trace) spec(t *testing.T) convexnn.Spec {
	x := dense(tr.X...)
	var gates *mat.Dense
	_, d := x.Dims()
	// One gate a row; transposed, since d x d gates are read by columns.
	gates = mat.DenseCopyOf(dense(tr.Gates...).T())
	if r, _ := gates.Dims(); r != d {
		t.Fatal("malformed trace")
	}
	cells, err := arrangements.FromGates(x, gates)
	if err != nil {
		t.Fatal(err)
	}
	spec := convexnn.Spec{X: x, Y: tr.Y, Cells: cells, Beta: tr.Beta, Intercept: tr.Intercept}
	if tr.Gated {
		spec.Model = convexnn.Gated
	}
	return spec
}

func replay(t *testing.T, data []byte) {
	var traces []trace
	if err := json.Unmarshal(data, &traces); err != nil {
		t.Fatal(err)
	}
	if len(traces) < 40 {
		t.Fatalf("only %d traces", len(traces))
	}
	for k, tr := range traces {
		s := solve(t, tr.spec(t), 1e-7)
		what := fmt.Sprintf("trace %d (%s, gated %v, intercept %v)", k, tr.Kind, tr.Gated, tr.Intercept)
		if tr.Primal-tr.Dual > 1e-7*tr.Primal {
			t.Errorf("%s: the outside solver's own bracket is wide", what)
		}
		isWithin(t, what, s, tr.Primal, 1e-6)
	}
}

func TestAgainstClarabelTraces(t *testing.T) { replay(t, read(t, "clarabel.json")) }

// The same against the solver itself, where Python has it.
func TestAgainstClarabelLive(t *testing.T) {
	python := os.Getenv("CONVEXNN_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import cvxpy, clarabel, scipy").Run() != nil {
		t.Skip("no Python with cvxpy, clarabel and scipy; the stored traces were tested")
	}
	out := filepath.Join(t.TempDir(), "traces.json")
	script := filepath.Join("..", "bench", "oracles", "make_traces.py")
	if log, err := exec.Command(python, script, out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	replay(t, data)
}

// Any vector proves a bound, and no bound is above the optimum.
func TestNoDualBoundIsAboveTheOptimum(t *testing.T) {
	var traces []trace
	if err := json.Unmarshal(read(t, "clarabel.json"), &traces); err != nil {
		t.Fatal(err)
	}
	for k, tr := range traces {
		p, err := convexnn.NewProgram(tr.spec(t))
		if err != nil {
			t.Fatal(err)
		}
		v := make([]float64, len(tr.Y))
		for trial := range 20 {
			for i := range v {
				// From the target itself to far away from it.
				v[i] = tr.Y[i] + float64(trial)/4*math.Sin(float64(7*i+13*trial))
			}
			b, err := p.DualBound(v)
			if err != nil {
				t.Fatal(err)
			}
			if b.Value > tr.Primal*(1+1e-9) {
				t.Errorf("trace %d: bound %.12g over the optimum %.12g", k, b.Value, tr.Primal)
			}
			if b.Scale*b.Price > tr.Beta*(1+1e-12) {
				t.Errorf("trace %d: the scaled vector has the price %g over beta", k, b.Scale*b.Price/tr.Beta)
			}
		}
	}
}
