package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

//go:embed adam.py
var script []byte

// A runs is what adam.py writes for one data set.
type runs struct {
	Fingerprint string
	Torch       string  `json:"torch"`
	Sweeps      []swept `json:"sweeps"`
}

// A swept is all runs for one beta.
type swept struct {
	Beta      float64          `json:"beta"`
	Runs      []adamRun        `json:"runs"`
	Objective float64          `json:"objective"` // the lowest
	Network   convexnn.Network `json:"network"`   // its
}

// An adamRun is one run of Adam.
type adamRun struct {
	Width       int          `json:"width"`
	Rate        float64      `json:"rate"`
	Seed        int          `json:"seed"`
	Steps       int          `json:"steps"`
	Threads     int          `json:"threads"`      // 1 where more do not help
	Objective   float64      `json:"objective"`    // the best evaluated
	StepSeconds float64      `json:"step_seconds"` // median
	Trace       [][2]float64 `json:"trace"`        // steps and the best objective by then
}

// check recomputes the objective of the best network.
func (a *swept) check(p *problem) error {
	f, _, err := a.Network.Objective(p.x, p.y, a.Beta)
	if err != nil {
		return err
	}
	if !(math.Abs(f-a.Objective) <= 1e-9*f) {
		return fmt.Errorf("%s, beta=%v: Adam's objective is %v, that of its network %v", p.name, a.Beta, a.Objective, f)
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

// level sets the cost of the steps of each width.
func (r *runs) level(cost map[int]float64) error {
	for i := range r.Sweeps {
		for k := range r.Sweeps[i].Runs {
			a := &r.Sweeps[i].Runs[k]
			c, ok := cost[a.Width]
			if !ok {
				return fmt.Errorf("no step of width %d was timed", a.Width)
			}
			a.StepSeconds = c
		}
	}
	return nil
}

// An archive keeps the runs of Adam in a file.
type archive struct {
	path       string
	sets       map[string]runs
	used, made int // data sets found in the file, and computed
}

// openArchive reads the file, if there is one; an empty path keeps nothing.
func openArchive(path string) (*archive, error) {
	a := &archive{path: path, sets: map[string]runs{}}
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
		return nil, fmt.Errorf("%s holds no runs of Adam: %w", path, err)
	}
	return a, nil
}

// results returns the runs on the problem, from the file where it has them. What they
// cost is then measured anew, so that it is of the same machine, at the same time, as
// ours.
func (a *archive) results(ctx context.Context, s settings, p *problem) (*runs, error) {
	t := newTask(s, p)
	fingerprint, err := t.fingerprint(p)
	if err != nil {
		return nil, err
	}
	r, found := a.sets[p.name]
	if found && r.Fingerprint == fingerprint {
		a.used++
		timing := r
		if !s.storedTimes {
			if timing, err = compute(ctx, s.python, t.timing(), p); err != nil {
				return nil, err
			}
		}
		return &r, r.level(timing.stepSeconds())
	}
	if r, err = compute(ctx, s.python, t, p); err != nil {
		return nil, err
	}
	r.Fingerprint = fingerprint
	a.made++
	if a.path != "" {
		a.sets[p.name] = r
		if err := table.WriteJSON(a.path, a.sets); err != nil {
			return nil, err
		}
	}
	return &r, r.level(r.stepSeconds())
}

// compute runs adam.py in a folder of its own.
func compute(ctx context.Context, python string, t task, p *problem) (runs, error) {
	dir, err := os.MkdirTemp("", "adam")
	if err != nil {
		return runs{}, err
	}
	defer os.RemoveAll(dir)
	in := func(name string) string { return filepath.Join(dir, name) }
	t.X, t.Y = in("x.bin"), in("y.bin")
	description, err := json.Marshal(t)
	if err != nil {
		return runs{}, err
	}
	err = errors.Join(
		writeRaw(t.X, p.x.RawMatrix().Data), writeRaw(t.Y, p.y),
		os.WriteFile(in("task.json"), description, 0o644), os.WriteFile(in("adam.py"), script, 0o644))
	if err != nil {
		return runs{}, err
	}
	fmt.Fprintf(os.Stderr, "%s: Adam\n", p.name)
	command := exec.CommandContext(ctx, python, in("adam.py"), in("task.json"), in("results.json"))
	command.Stderr = os.Stderr
	// Threads that spin while they wait are a hundred times slower where another
	// program wants the cores, and hardly faster where none does.
	command.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive")
	if err := command.Run(); err != nil {
		return runs{}, fmt.Errorf("%s: Adam: %w", p.name, err)
	}
	b, err := os.ReadFile(in("results.json"))
	if err != nil {
		return runs{}, err
	}
	var r runs
	if err := json.Unmarshal(b, &r); err != nil {
		return runs{}, fmt.Errorf("%s: Adam's results: %w", p.name, err)
	}
	if len(r.Sweeps) != len(t.Betas) {
		return runs{}, fmt.Errorf("%s: Adam's results are of %d betas, not %d", p.name, len(r.Sweeps), len(t.Betas))
	}
	return r, nil
}
