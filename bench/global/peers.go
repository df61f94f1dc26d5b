package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

//go:embed *.py
var scripts embed.FS

// A runs is what one method came to on one data set.
type runs struct {
	Fingerprint string
	Versions    map[string]string `json:"versions"` // of libraries
	Sweeps      []swept           `json:"sweeps"`
}

// A swept is all runs of a method for one beta.
type swept struct {
	Beta      float64           `json:"beta"`
	Runs      []peerRun         `json:"runs"`
	Objective float64           `json:"objective"` // the lowest
	Network   *convexnn.Network `json:"network"`   // its
}

// A peerRun is one run.
type peerRun struct {
	Width       int          `json:"width"`
	Rate        float64      `json:"rate"`
	Biases      biases       `json:"biases"`
	Seed        int          `json:"seed"`
	Steps       int          `json:"steps"`
	Threads     int          `json:"threads"`      // 1 where more do not help
	Objective   float64      `json:"objective"`    // the best evaluated
	StepSeconds float64      `json:"step_seconds"` // median
	Trace       [][2]float64 `json:"trace"`        // steps and the best objective by then
}

// check recomputes the objective of the best network.
func (a *swept) check(p *problem, m method) error {
	f, _, err := a.Network.Objective(p.x, p.y, a.Beta)
	if err != nil {
		return err
	}
	if !(math.Abs(f-a.Objective) <= 1e-9*f) {
		return fmt.Errorf("%s, beta=%v: the objective of %s is %v, that of its network %v", p.name, a.Beta, m.label, a.Objective, f)
	}
	return nil
}

// of returns the runs for a beta, nil if there are none.
func (r *runs) of(beta float64) *swept {
	if k := slices.IndexFunc(r.Sweeps, func(a swept) bool { return a.Beta == beta }); k >= 0 {
		return &r.Sweeps[k]
	}
	return nil
}

// stepSeconds returns what a step costs at each width. All runs of a width do the same
// work, so the least is that of the run which other programs disturbed the least.
func (r *runs) stepSeconds() map[int]float64 {
	cost := map[int]float64{}
	for _, s := range r.Sweeps {
		for _, a := range s.Runs {
			if c, ok := cost[a.Width]; !ok || a.StepSeconds < c {
				cost[a.Width] = a.StepSeconds
			}
		}
	}
	return cost
}

// level sets the cost of the steps of each width, on copies of the runs.
func (r *runs) level(cost map[int]float64) error {
	r.Sweeps = slices.Clone(r.Sweeps)
	for i := range r.Sweeps {
		list := slices.Clone(r.Sweeps[i].Runs)
		r.Sweeps[i].Runs = list
		for k := range list {
			a := &list[k]
			c, ok := cost[a.Width]
			if !ok {
				return fmt.Errorf("no step of width %d was timed", a.Width)
			}
			a.StepSeconds = c
		}
	}
	return nil
}

// An archive keeps the runs of all methods in a file, by data set and method.
type archive struct {
	path       string
	sets       map[string]map[string]runs
	used, made int // lists of runs found in the file, and computed
}

// openArchive reads the file, if there is one; an empty path keeps nothing.
func openArchive(path string) (*archive, error) {
	a := &archive{path: path, sets: map[string]map[string]runs{}}
	if path == "" {
		return a, nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &a.sets); err != nil {
		return nil, fmt.Errorf("%s holds no runs of other libraries: %w", path, err)
	}
	return a, nil
}

// results returns the runs of a method on the problem, from the file for the betas that
// it has. What stored ones cost is then measured anew, so that it is of the same machine,
// at the same time, as ours.
func (a *archive) results(ctx context.Context, s settings, m method, p *problem) (*runs, error) {
	t := newTask(s, m, p)
	fingerprint, err := t.fingerprint(p)
	if err != nil {
		return nil, err
	}
	r := a.sets[p.name][m.name]
	if r.Fingerprint != fingerprint {
		r = runs{Fingerprint: fingerprint}
	}
	t.Betas = slices.DeleteFunc(slices.Clone(p.betas), func(beta float64) bool { return r.of(beta) != nil })
	if len(t.Betas) == 0 {
		a.used++
		t.Betas = p.betas
		timing := &r
		if !s.storedTimes {
			if timing, err = compute(ctx, s.python, t.timing(), p); err != nil {
				return nil, err
			}
		}
		return &r, r.level(timing.stepSeconds())
	}
	added, err := compute(ctx, s.python, t, p)
	if err != nil {
		return nil, err
	}
	a.made++
	r.Versions, r.Sweeps = added.Versions, append(slices.Clone(r.Sweeps), added.Sweeps...)
	if err := a.keep(p.name, m.name, r); err != nil {
		return nil, err
	}
	return &r, r.level(added.stepSeconds())
}

// keep adds runs to the file, if there is one.
func (a *archive) keep(name, method string, r runs) error {
	if a.path == "" {
		return nil
	}
	if a.sets[name] == nil {
		a.sets[name] = map[string]runs{}
	}
	a.sets[name][method] = r
	return table.WriteJSON(a.path, a.sets)
}

// compute runs peers.py in a folder of its own.
func compute(ctx context.Context, python string, t task, p *problem) (*runs, error) {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, scripts); err != nil {
		return nil, err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	t.X, t.Y = in("x.bin"), in("y.bin")
	description, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		writeRaw(t.X, p.x.RawMatrix().Data), writeRaw(t.Y, p.y),
		os.WriteFile(in("task.json"), description, 0o644))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", p.name, t.Method)
	command := exec.CommandContext(ctx, python, in("peers.py"), in("task.json"), in("results.json"))
	command.Stderr = os.Stderr
	// Threads that spin while they wait are a hundred times slower where another
	// program wants the cores, and hardly faster where none does.
	command.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive")
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", p.name, t.Method, err)
	}
	b, err := os.ReadFile(in("results.json"))
	if err != nil {
		return nil, err
	}
	r, err := parse(b, t, p)
	if err != nil {
		return nil, fmt.Errorf("%s: the results of %s: %w", p.name, t.Method, err)
	}
	return r, nil
}

// parse reads what peers.py wrote.
func parse(b []byte, t task, p *problem) (*runs, error) {
	var results struct {
		Versions map[string]string `json:"versions"`
		Sweeps   []struct {
			Beta      float64   `json:"beta"`
			Runs      []peerRun `json:"runs"`
			Objective float64   `json:"objective"`
			Network   layers    `json:"network"`
		} `json:"sweeps"`
	}
	if err := json.Unmarshal(b, &results); err != nil {
		return nil, err
	}
	if len(results.Sweeps) != len(t.Betas) {
		return nil, fmt.Errorf("they are of %d betas, not %d", len(results.Sweeps), len(t.Betas))
	}
	r := &runs{Versions: results.Versions}
	_, d := p.x.Dims()
	for _, a := range results.Sweeps {
		net, err := a.Network.network(d)
		if err != nil {
			return nil, err
		}
		r.Sweeps = append(r.Sweeps, swept{a.Beta, a.Runs, a.Objective, net})
	}
	return r, nil
}
