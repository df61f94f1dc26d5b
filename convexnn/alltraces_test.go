package convexnn_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// exactTrace is an entry of testdata/exact.json, made by
// bench/oracles/make_exact_traces.py: the optimum of training over all networks, by
// SciPy's linear programs for the cells and by CVXPY and Clarabel for the program on
// all of them.
type exactTrace struct {
	Kind         string
	X            [][]float64
	Y            []float64
	Beta         float64
	Intercept    bool
	Cells        int64
	Primal, Dual float64
}

func replayExact(t *testing.T, data []byte) {
	var traces []exactTrace
	if err := json.Unmarshal(data, &traces); err != nil {
		t.Fatal(err)
	}
	if len(traces) < 60 {
		t.Fatalf("only %d traces", len(traces))
	}
	for k, tr := range traces {
		what := fmt.Sprintf("trace %d (%s, intercept %v, beta %g)", k, tr.Kind, tr.Intercept, tr.Beta)
		if tr.Primal-tr.Dual > 1e-7*tr.Primal {
			t.Fatalf("%s: the outside solver's own bracket is wide", what)
		}
		x := dense(tr.X...)
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		if cells, err := a.Count(t.Context()); err != nil || cells != tr.Cells {
			t.Errorf("%s: %d cells (%v), linear programs find %d", what, cells, err, tr.Cells)
		}
		r := train(t, x, tr.Y, convexnn.Options{Mode: convexnn.Enumerate, Beta: tr.Beta, Intercept: tr.Intercept})
		c := r.Certificate
		if c.Kind != convexnn.CertifiedExact || r.Status != convexnn.Solved || c.RelativeGap > 1e-6 {
			t.Errorf("%s: %v, %v, gap %.3g", what, c.Kind, r.Status, c.RelativeGap)
		}
		// A bound above what somebody reached is wrong, and so is an objective
		// below what somebody proved; the outer solver rounds, too.
		if c.LowerBound > tr.Primal*(1+1e-9) || r.Objective < tr.Dual*(1-1e-9) || r.Objective > tr.Primal*(1+1e-6) {
			t.Errorf("%s: [%.12g, %.12g] against [%.12g, %.12g]", what, c.LowerBound, r.Objective, tr.Dual, tr.Primal)
		}
	}
}

func TestAllNetworksAgainstClarabelTraces(t *testing.T) { replayExact(t, read(t, "exact.json")) }

// The same against the solvers themselves, where Python has them.
func TestAllNetworksAgainstClarabelLive(t *testing.T) {
	python := os.Getenv("CONVEXNN_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import cvxpy, clarabel, scipy").Run() != nil {
		t.Skip("no Python with cvxpy, clarabel and scipy; the stored traces were tested")
	}
	out := filepath.Join(t.TempDir(), "exact.json")
	script := filepath.Join("..", "bench", "oracles", "make_exact_traces.py")
	if log, err := exec.Command(python, script, out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	replayExact(t, data)
}
