package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

//go:embed peers.py
var script []byte

// A setting is one way to call a peer.
type setting struct {
	Name      string  `json:"name"`
	Tolerance float64 `json:"tolerance"` // 0: the peer's defaults
}

// A solver is a peer with the settings to try, the loosest first.
type solver struct {
	name     string
	settings []setting
	relu     bool // and gated does not differ from another solver's
}

func tolerances(values ...float64) []setting {
	list := make([]setting, len(values))
	for k, v := range values {
		list[k] = setting{Name: fmt.Sprintf("%.0e", v), Tolerance: v}
	}
	return list
}

// solvers returns all peers. R-FISTA stops at its tolerance and does nothing else with
// it, so that the iterates of one tight run tell of all.
func solvers() []solver {
	defaults := setting{Name: "defaults"}
	return []solver{
		{name: "scnn", settings: append([]setting{defaults}, tolerances(1e-13)...)},
		{name: "scnn-mended", settings: append([]setting{defaults}, tolerances(1e-9, 1e-13)...), relu: true},
		{name: "clarabel", settings: tolerances(1e-3, 1e-5, 1e-8)},
		{name: "scs", settings: tolerances(1e-2, 1e-4, 1e-6)},
	}
}

// A peer is what a solver did on a problem.
type peer struct {
	Solver      string
	Fingerprint string
	Versions    map[string]string
	Attempts    []attempt
}

// An attempt is a run with one setting.
type attempt struct {
	Setting    string
	Threads    int     // 1 where more did not help
	Compile    float64 // seconds of CVXPY, counted nowhere
	Seconds    float64 // in all; 0 where it did not come to an end
	Iterations int
	Status     string // the peer's word
	Reason     string // why it was ended early: time, memory or what it said; empty if it was not
	Points     []point
}

// A point is the weights that a peer had after so many seconds.
type point struct {
	Seconds   float64
	Objective float64 // once the weights were repaired
	Violation float64 // of a cone constraint before that, in units of the weights
}

// A task is what peers.py reads.
type task struct {
	N        int       `json:"n"`
	D        int       `json:"d"`
	Patterns int       `json:"patterns"`
	Beta     float64   `json:"beta"`
	Model    string    `json:"model"`
	Threads  int       `json:"threads"`
	Limit    float64   `json:"limit"`  // seconds
	Memory   int64     `json:"memory"` // bytes
	Settings []setting `json:"settings"`
}

func newTask(s settings, in *instance, model convexnn.Model, by solver) task {
	n, d := in.x.Dims()
	return task{
		N: n, D: d, Patterns: len(in.cells), Beta: in.beta, Model: model.String(), Threads: s.threads,
		Limit: s.limit.Seconds(), Memory: s.memory << 30, Settings: by.settings,
	}
}

// files returns what peers.py reads, by name.
func (t task) files(in *instance) (map[string][]byte, error) {
	description, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	var patterns, gates []byte
	for _, c := range in.cells {
		for i := range t.N {
			bit := byte(0)
			if c.Pattern.Active(i) {
				bit = 1
			}
			patterns = append(patterns, bit)
		}
		gates = append(gates, raw(c.Witness)...)
	}
	return map[string][]byte{
		"task.json": description, "x.bin": raw(mat.DenseCopyOf(in.x).RawMatrix().Data), "y.bin": raw(in.y),
		"patterns.bin": patterns, "gates.bin": gates,
	}, nil
}

// fingerprint tells whether stored runs are of these files.
func fingerprint(files map[string][]byte) string {
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintln(hash, name, len(files[name]))
		hash.Write(files[name])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// raw returns the bytes of values.
func raw(values []float64) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic(err) // a slice of float64 has a fixed size
	}
	return b
}

// readWeights reads a matrix that raw wrote.
func readWeights(path string, rows, cols int) (*mat.Dense, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) != 8*rows*cols {
		return nil, fmt.Errorf("%s has %d bytes, %d x %d weights have %d", path, len(b), rows, cols, 8*rows*cols)
	}
	m := mat.NewDense(rows, cols, nil)
	if _, err := binary.Decode(b, binary.LittleEndian, m.RawMatrix().Data); err != nil {
		return nil, err
	}
	return m, nil
}

// compute runs peers.py in a folder of its own and evaluates its weights.
func compute(ctx context.Context, python string, t task, files map[string][]byte, in *instance, model convexnn.Model, name string) (*peer, error) {
	dir, err := os.MkdirTemp("", "program")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for name, content := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "peers.py"), script, 0o644)); err != nil {
		return nil, err
	}
	var log bytes.Buffer
	command := exec.CommandContext(ctx, python, filepath.Join(dir, "peers.py"), dir, name)
	command.Stdout, command.Stderr = &log, &log
	command.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES=", "OMP_WAIT_POLICY=passive")
	for _, library := range []string{"OMP", "OPENBLAS", "MKL", "RAYON"} {
		command.Env = append(command.Env, fmt.Sprintf("%s_NUM_THREADS=%d", library, t.Threads))
	}
	failure := command.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f, err := os.Open(filepath.Join(dir, "results.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", cmp.Or(failure, err), tail(log.String()))
	}
	defer f.Close()
	e, err := newEvaluator(in, model)
	if err != nil {
		return nil, err
	}
	p := &peer{Solver: name}
	err = p.read(f, func(file string) (point, error) { return e.point(filepath.Join(dir, file)) })
	if err != nil {
		return nil, err
	}
	if failure == nil {
		return p, nil
	}
	if p.Versions == nil {
		return nil, fmt.Errorf("%w: %s", failure, tail(log.String()))
	}
	if len(p.Attempts) == 0 {
		p.Attempts = []attempt{{}}
	}
	if a := &p.Attempts[len(p.Attempts)-1]; a.Status == "" {
		a.Status, a.Reason = failure.Error(), reason(command.ProcessState, log.String())
	}
	return p, nil
}

// reason says why a process died.
func reason(state *os.ProcessState, log string) string {
	signal := syscall.Signal(-1)
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		signal = w.Signal()
	}
	switch said := strings.ToLower(log); {
	case signal == syscall.SIGALRM:
		return "time"
	case signal == syscall.SIGKILL, strings.Contains(said, "memory"), strings.Contains(said, "bad_alloc"):
		return "memory"
	}
	return tail(log)
}

// tail returns the last line of a log.
func tail(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return lines[len(lines)-1]
}

// An event is a line of what peers.py writes.
type event struct {
	Kind       string            `json:"kind"`
	Setting    string            `json:"setting"`
	Threads    int               `json:"threads"`
	Seconds    float64           `json:"seconds"`
	File       string            `json:"file"`
	Status     string            `json:"status"`
	Reason     string            `json:"reason"`
	Iterations int               `json:"iterations"`
	Versions   map[string]string `json:"versions"`
}

// read reads what peers.py wrote; evaluate looks at a file of weights.
func (p *peer) read(r io.Reader, evaluate func(file string) (point, error)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("what %s did cannot be read: %w", p.Solver, err)
		}
		switch e.Kind {
		case "versions":
			p.Versions = e.Versions
			continue
		case "start":
			p.Attempts = append(p.Attempts, attempt{Setting: e.Setting, Threads: e.Threads})
			continue
		}
		if len(p.Attempts) == 0 {
			p.Attempts = []attempt{{}}
		}
		a := &p.Attempts[len(p.Attempts)-1]
		switch e.Kind {
		case "compile":
			a.Compile = e.Seconds
		case "weights":
			at, err := evaluate(e.File)
			if err != nil {
				return err
			}
			at.Seconds = e.Seconds
			a.Points = append(a.Points, at)
		case "end":
			a.Seconds, a.Status, a.Reason, a.Iterations = e.Seconds, e.Status, e.Reason, e.Iterations
		default:
			return fmt.Errorf("%s: unknown event %q", p.Solver, e.Kind)
		}
	}
	return lines.Err()
}
