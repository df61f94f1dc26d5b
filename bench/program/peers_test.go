package main

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

func TestWeightsOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.bin")
	want := mat.NewDense(2, 3, []float64{1, -2.5, math.Pi, 0, 1e-300, math.Inf(1)})
	if err := os.WriteFile(path, raw(want.RawMatrix().Data), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := readWeights(path, 2, 3); err != nil || !mat.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := readWeights(path, 3, 3); err == nil || !strings.Contains(err.Error(), "48 bytes") {
		t.Errorf("a file of the wrong size: %v", err)
	}
}

// What a peer wrote until it died is read.
func TestEvents(t *testing.T) {
	written := `{"kind": "versions", "versions": {"scs": "3"}}
{"kind": "start", "setting": "1e-02", "threads": 1}
{"kind": "compile", "seconds": 0.5}
{"kind": "weights", "seconds": 2, "file": "w0.bin"}
{"kind": "end", "seconds": 2, "status": "optimal", "reason": "", "iterations": 7}
{"kind": "start", "setting": "1e-03", "threads": 2}
{"kind": "weights", "seconds": 3, "file": "w1.bin"}
`
	var seen []string
	evaluate := func(file string) (point, error) {
		seen = append(seen, file)
		return point{Objective: float64(len(seen))}, nil
	}
	p := &peer{Solver: "scs"}
	if err := p.read(strings.NewReader(written), evaluate); err != nil {
		t.Fatal(err)
	}
	if len(p.Attempts) != 2 || p.Versions["scs"] != "3" || strings.Join(seen, " ") != "w0.bin w1.bin" {
		t.Fatalf("%+v", p)
	}
	a, b := p.Attempts[0], p.Attempts[1]
	if a.Setting != "1e-02" || a.Compile != 0.5 || a.Seconds != 2 || a.Status != "optimal" || a.Iterations != 7 || a.Threads != 1 || a.Points[0] != (point{2, 1, 0}) {
		t.Errorf("%+v", a)
	}
	if b.Status != "" || b.Points[0] != (point{3, 2, 0}) {
		t.Errorf("%+v", b)
	}
	broken := errors.New("no such file")
	if err := p.read(strings.NewReader(written), func(string) (point, error) { return point{}, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	for _, wrong := range []string{"{", `{"kind": "else"}`} {
		if p.read(strings.NewReader(wrong), evaluate) == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}

func TestReasons(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	for _, test := range []struct{ command, log, want string }{
		{"kill -ALRM $$", "", "time"},
		{"kill -KILL $$", "", "memory"},
		{"kill -ABRT $$", "a line\nmemory allocation of 80 bytes failed", "memory"},
		{"exit 1", "Traceback\nValueError: wrong", "ValueError: wrong"},
	} {
		c := exec.Command(shell, "-c", test.command)
		if c.Run() == nil {
			t.Fatalf("%s succeeds", test.command)
		}
		if got := reason(c.ProcessState, test.log); got != test.want {
			t.Errorf("%s: %q, not %q", test.command, got, test.want)
		}
	}
}

// Runs are taken from the file for the same problem and settings only.
func TestArchive(t *testing.T) {
	in, by := instanceOf(t, "reference-1"), solvers()[0]
	s := settings{python: "/no/such/python", threads: 1, limit: time.Minute, memory: 1, peersFile: filepath.Join(t.TempDir(), "peers.json")}
	list, err := newTask(s, in, convexnn.ReLU, by).files(in)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]*peer{"reference-1 relu " + by.name: {Solver: by.name, Fingerprint: fingerprint(list)}}
	if err := table.WriteJSON(s.peersFile, kept); err != nil {
		t.Fatal(err)
	}
	results := func(s settings, in *instance, model convexnn.Model) error {
		a, err := openArchive(s.peersFile)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.results(context.Background(), s, in, model, by)
		return err
	}
	if err := results(s, in, convexnn.ReLU); err != nil {
		t.Errorf("stored runs are not used: %v", err)
	}
	longer, other := s, instanceOf(t, "reference-1")
	longer.limit++
	other.y[0]++
	for name, err := range map[string]error{
		"limit": results(longer, in, convexnn.ReLU), "data": results(s, other, convexnn.ReLU), "model": results(s, in, convexnn.Gated),
	} {
		if err == nil || !strings.Contains(err.Error(), "/no/such/python") {
			t.Errorf("runs with another %s are used: %v", name, err)
		}
	}
}

// The script, where Python has the peers: all but scnn, whose multipliers never fall,
// come to the optimum.
func TestScriptLive(t *testing.T) {
	python := os.Getenv("CONVEXNN_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import scnn, cvxpy, clarabel, scs, threadpoolctl").Run() != nil {
		t.Skip("no Python with the peers")
	}
	in := instanceOf(t, "reference-1")
	s := settings{python: python, threads: 1, limit: 20 * time.Second, memory: 18}
	for _, model := range []convexnn.Model{convexnn.ReLU, convexnn.Gated} {
		o, err := timeOurs(context.Background(), s, in, model, optimumTolerance, 1)
		if err != nil {
			t.Fatal(err)
		}
		optimum := bracket{o.LowerBound, o.Objective}
		for _, by := range solvers() {
			if by.relu && model != convexnn.ReLU {
				continue
			}
			near := 1e-6
			if model == convexnn.ReLU && strings.HasPrefix(by.name, "scnn") {
				near, by.settings = 2e-3, by.settings[:1]
			}
			a, err := openArchive("")
			if err != nil {
				t.Fatal(err)
			}
			p, err := a.results(context.Background(), s, in, model, by)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.arrival(optimum, near); math.IsInf(got.Seconds, 1) || got.Best < -1e-10 {
				t.Errorf("%v, %s: %v", model, by.name, got)
			}
		}
	}
}
