package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

// An archive keeps what the peers did in a file, by instance, model and solver.
type archive struct {
	path       string
	peers      map[string]*peer
	used, made int
}

// openArchive reads the file, if there is one; an empty path keeps nothing.
func openArchive(path string) (*archive, error) {
	a := &archive{path: path, peers: map[string]*peer{}}
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
	if err := json.Unmarshal(b, &a.peers); err != nil {
		return nil, fmt.Errorf("%s holds no runs of peers: %w", path, err)
	}
	return a, nil
}

// results returns what the solver does on the program, from the file where that has it.
func (a *archive) results(ctx context.Context, s settings, in *instance, model convexnn.Model, by solver) (*peer, error) {
	t := newTask(s, in, model, by)
	files, err := t.files(in)
	if err != nil {
		return nil, err
	}
	print := fingerprint(files)
	key := strings.Join([]string{in.name, model.String(), by.name}, " ")
	if p := a.peers[key]; p != nil && p.Fingerprint == print {
		a.used++
		return p, nil
	}
	fmt.Fprintf(os.Stderr, "%s: %s, %s\n", time.Now().Format("15:04:05"), key, s.python)
	p, err := compute(ctx, s.python, t, files, in, model, by.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	p.Fingerprint = print
	a.made++
	if a.path != "" {
		a.peers[key] = p
		err = table.WriteJSON(a.path, a.peers)
	}
	return p, err
}
