package conic_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

// trace is an entry of testdata/clarabel.json, made by
// bench/oracles/make_conic_traces.py.
type trace struct {
	Kind                   string
	Cones                  [][2]int
	C, B                   []float64
	A, Q                   [][3]float64
	Primal, Dual, Residual float64
}

func (tr *trace) problem() *conic.Problem {
	p := &conic.Problem{C: tr.C, B: tr.B}
	for _, c := range tr.Cones {
		p.Cones = append(p.Cones, conic.Cone{Kind: conic.Kind(c[0]), Size: c[1]})
	}
	matrix := func(rows int, triplets [][3]float64) *conic.Matrix {
		b := conic.NewBuilder(rows, len(tr.C))
		for _, e := range triplets {
			b.Add(int(e[0]), int(e[1]), e[2])
		}
		return b.Matrix()
	}
	p.A, p.Q = matrix(len(tr.B), tr.A), matrix(len(tr.C), tr.Q)
	return p
}

func replay(t *testing.T, data []byte) {
	var traces []trace
	if err := json.Unmarshal(data, &traces); err != nil {
		t.Fatal(err)
	}
	if len(traces) < 36 {
		t.Fatalf("only %d traces", len(traces))
	}
	for k, tr := range traces {
		size := max(1, math.Abs(tr.Primal))
		if math.Abs(tr.Primal-tr.Dual) > 1e-7*size || tr.Residual > 1e-7 {
			t.Fatalf("trace %d: the outside solver's own answer is loose", k)
		}
		p := tr.problem()
		r := solve(t, p, conic.Settings{Tolerance: 1e-7, MaxIterations: 50000})
		if r.Status != conic.Solved || math.Abs(r.Objective-tr.Primal) > 2e-6*size {
			t.Errorf("trace %d (%s): objective %.12g, Clarabel %.12g (%v after %d iterations)",
				k, tr.Kind, r.Objective, tr.Primal, r.Status, r.Iterations)
		}
	}
}

func TestAgainstClarabelTraces(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "clarabel.json"))
	if err != nil {
		t.Fatal(err)
	}
	replay(t, data)
}

// The same against the solver itself, where Python has it.
func TestAgainstClarabelLive(t *testing.T) {
	python := os.Getenv("CONVEXNN_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import clarabel, scipy").Run() != nil {
		t.Skip("no Python with clarabel and scipy; the stored traces were tested")
	}
	out := filepath.Join(t.TempDir(), "clarabel.json")
	script := filepath.Join("..", "..", "bench", "oracles", "make_conic_traces.py")
	if log, err := exec.Command(python, script, out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	replay(t, data)
}
